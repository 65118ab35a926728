"""Larger tensors of several: stacks of rows, columns and depth, block diagonals, combinations, broadcasts."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..convert import cast
from ..memory import Array
from ..op import Failure, Make, Op, Sample, broadcast_error, register, result_dtype
from ..tensor import Size, wrap
from ._common import Tensor, apply
from .create import meshgrid
from .expand import expand
from .gather import index_select
from .join import cat, stack
from .parts import narrow
from .shape import reshape, unsqueeze

__all__ = ["atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "broadcast_shapes", "broadcast_tensors",
           "cartesian_prod", "column_stack", "combinations", "dstack", "hstack", "vstack"]  # fmt: skip


def _tensors(given: Any) -> tuple[Tensor, ...]:
    """Return tensors given one by one or as one sequence; TypeError with torch's text for others."""
    found = tuple(given[0]) if len(given) == 1 and isinstance(given[0], (list, tuple)) else tuple(given)
    for i, x in enumerate(found):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
    return found


# ---- at least so many dimensions -----------------------------------------------------------------------------------


def _raise_1d(x: Tensor) -> Tensor:
    return x if x._data.ndim else reshape(x, (1,))


def _raise_2d(x: Tensor) -> Tensor:
    return x if x._data.ndim > 1 else unsqueeze(_raise_1d(x), 0)


def _raise_3d(x: Tensor) -> Tensor:
    return x if x._data.ndim > 2 else unsqueeze(_raise_2d(x), -1)


def _at_least(n: int, one: Callable[[Tensor], Tensor]) -> Callable[..., Any]:
    def fn(*tensors: Any) -> Any:
        if len(tensors) == 1 and isinstance(tensors[0], Tensor):
            return one(tensors[0])
        if len(tensors) == 1 and not isinstance(tensors[0], (list, tuple)):
            raise TypeError(
                f"{fn.__name__}() received an invalid combination of arguments - got ({type(tensors[0]).__name__}), "
                "but expected one of:\n * (Tensor input)\n * (tuple of Tensors tensors)\n"
            )
        return tuple(one(x) for x in _tensors(tensors))

    fn.__name__ = fn.__qualname__ = f"atleast_{n}d"
    fn.__doc__ = f"""Return views of tensors with at least {n} dimension{"s" * (n > 1)}, the others of size 1.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.atleast_{n}d(minitorch.tensor(1.0)).shape
    torch.Size({[1] * n})
    """
    return fn


atleast_1d, atleast_2d, atleast_3d = _at_least(1, _raise_1d), _at_least(2, _raise_2d), _at_least(3, _raise_3d)


# ---- stacks --------------------------------------------------------------------------------------------------------


def _stack(name: str, place: Callable[[Tensor], Tensor], dim: int, what: str, shown: str) -> Callable[..., Tensor]:
    def fn(tensors: Any, *, out: Tensor | None = None) -> Tensor:
        given = [place(x) for x in _tensors((tensors,))]
        if not given:
            raise RuntimeError(f"{name} expects a non-empty TensorList")
        return cat(given, 0 if name == "hstack" and given[0]._data.ndim == 1 else dim, out=out)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"""Join tensors {what}.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.{name}([minitorch.tensor([1, 2]), minitorch.tensor([3, 4])])
    {shown}
    """
    return fn


def _as_columns(x: Tensor) -> Tensor:
    return x if x._data.ndim > 1 else reshape(x, (x._data.size, 1))


_ROWS = "tensor([[1, 2],\n            [3, 4]])"
_COLUMNS = "tensor([[1, 3],\n            [2, 4]])"
_DEPTH = "tensor([[[1, 3],\n             [2, 4]]])"
hstack = _stack("hstack", _raise_1d, 1, "side by side, vectors end to end", "tensor([1, 2, 3, 4])")
vstack = _stack("vstack", _raise_2d, 0, "one below the other, vectors as rows", _ROWS)
dstack = _stack("dstack", _raise_3d, 2, "along the third dimension", _DEPTH)
column_stack = _stack("column_stack", _as_columns, 1, "side by side, vectors as columns", _COLUMNS)


def _block_fwd(*values: Any) -> Array:
    *arrays, _ = values
    kind = result_dtype(arrays)
    shapes = [(1,) * (2 - a.ndim) + a.shape for a in arrays]
    out = np.zeros([sum(s[d] for s in shapes) for d in (0, 1)], kind.numpy)
    row = column = 0
    for a, (m, n) in zip(arrays, shapes):
        out[row : row + m, column : column + n] = cast(a, kind)
        row, column = row + m, column + n
    return out


def _block_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, ...]:
    (shapes,), grads = node.params, []
    row = column = 0
    for shape, needed in zip(shapes, node.needs):
        m, n = (1,) * (2 - len(shape)) + shape
        grads.append(reshape(narrow(narrow(g, 0, row, m), 1, column, n), shape) if needed else None)
        row, column = row + m, column + n
    return tuple(grads)


BLOCK_DIAG: Op = Op("block_diag", _block_fwd, _block_vjp)


def block_diag(*tensors: Tensor) -> Tensor:
    """Return zeros with matrices along the diagonal; vectors are rows.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.block_diag(minitorch.tensor([[1, 2]]), minitorch.tensor(3))
    tensor([[1, 2, 0],
            [0, 0, 3]])
    """
    given = _tensors(tensors)
    for i, x in enumerate(given):
        if x._data.ndim > 2:
            raise RuntimeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has {x._data.ndim} "
                "dimensions"
            )
    if not given:
        return wrap(np.zeros((1, 0), np.float32))
    return apply(BLOCK_DIAG, given, (tuple(x._data.shape for x in given),))


# ---- products and combinations -------------------------------------------------------------------------------------


def _check_vector(x: Tensor) -> None:
    if x._data.ndim != 1:
        raise RuntimeError(f"Expect a 1D vector, but got shape {list(x._data.shape)}")


def cartesian_prod(*tensors: Any) -> Tensor:
    """Return all tuples of one element from each vector, as rows; a single vector is returned as it is.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.cartesian_prod(minitorch.tensor([1, 2]), minitorch.tensor([3]))
    tensor([[1, 3],
            [2, 3]])
    """
    given = _tensors(tensors)
    for x in given:
        _check_vector(x)
    if not given:
        raise RuntimeError("meshgrid expects a non-empty TensorList")
    if len(given) == 1:
        return given[0]
    return stack([reshape(x, (-1,)) for x in meshgrid(*given, indexing="ij")], 1)


def combinations(input: Tensor, r: int = 2, with_replacement: bool = False) -> Tensor:
    """Return all combinations of ``r`` elements of a vector, as rows.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.combinations(minitorch.tensor([1, 2, 3]))
    tensor([[1, 2],
            [1, 3],
            [2, 3]])
    """
    _check_vector(input)
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return wrap(np.empty(0, input._data.dtype))
    choose = itertools.combinations_with_replacement if with_replacement else itertools.combinations
    rows = np.array(list(choose(range(input._data.size), r)), np.int64).reshape(-1, r)
    return reshape(index_select(input, 0, wrap(rows.reshape(-1))), rows.shape)


# ---- broadcasts ----------------------------------------------------------------------------------------------------


def broadcast_tensors(*tensors: Any) -> tuple[Tensor, ...]:
    """Return views of tensors expanded to their common shape; a tensor that has it already is returned itself.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.broadcast_tensors(minitorch.tensor([[1], [2]]), minitorch.tensor([3]))[1]
    tensor([[3],
            [3]])
    """
    given = _tensors(tensors)
    error = broadcast_error([x._data for x in given])
    if error:
        raise error
    shape = np.broadcast_shapes(*(x._data.shape for x in given))
    return tuple(x if x._data.shape == shape else expand(x, shape) for x in given)


def broadcast_shapes(*shapes: Any) -> Size:
    """Return the shape that tensors of these shapes broadcast to.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.broadcast_shapes((2, 1), (3,))
    torch.Size([2, 3])
    """
    given = [(s,) if isinstance(s, int) else tuple(s) for s in shapes]
    result = [1] * max((len(s) for s in given), default=0)
    for k, shape in enumerate(given):
        if min(shape, default=0) < 0:
            raise ValueError("Attempting to broadcast a dimension with negative length!")
        for back in range(1, len(shape) + 1):
            if shape[-back] not in (1, result[-back]) and result[-back] != 1:
                raise RuntimeError(
                    f"Attempting to broadcast a dimension of length {shape[-back]} at -{back}! Mismatching argument at "
                    f"index {k} had {shape}; but expected shape should be broadcastable to {result}"
                )
            result[-back] = shape[-back] if result[-back] == 1 else result[-back]
    return Size(result)


# ---- records -------------------------------------------------------------------------------------------------------


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrices", ([make(2, 2), make(2, 2)],))
    yield Sample("vectors", ((make(3), make(3)),))
    yield Sample("0-d", ([make(), make()],))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure(([],), RuntimeError, "expects a non-empty TensorList")
    yield Failure(([make(2), 3],), TypeError, "expected Tensor as element 1 in argument 0, but got int")


def _starred(*shapes: tuple[int, ...]) -> Callable[[Make], Iterator[Sample]]:
    return lambda make: iter([Sample("several", tuple(make(*s) for s in shapes)), Sample("one", (make(*shapes[-1]),))])


def _product_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 2),), RuntimeError, r"Expect a 1D vector, but got shape \[2, 2\]")


def _block_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(1, 1, 1),), RuntimeError, "must have 2 or fewer dimensions. Input 0 has 3")


def _broadcast_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2), make(3)), RuntimeError, r"The size of tensor a \(2\) must match the size of tensor b \(3\)")


def _combination_samples(make: Make) -> Iterator[Sample]:
    yield Sample("pairs", (make(4),))
    yield Sample("with replacement", (make(3), 3, True))
    yield Sample("none", (make(1),))


for _fn in (hstack, vstack, dstack, column_stack):
    register(_fn, samples=_samples, failures=_failures, methods=())
for _fn in (atleast_1d, atleast_2d, atleast_3d):
    register(_fn, samples=_starred((), (2,), (2, 3), (2, 1, 2)), methods=())
register(block_diag, samples=_starred((2, 3), (), (2,)), failures=_block_failures, methods=())
register(cartesian_prod, samples=_starred((2,), (3,), (1,)), failures=_product_failures, methods=())
register(combinations, samples=_combination_samples, failures=_product_failures, methods=())
register(broadcast_tensors, samples=_starred((2, 1), (3,), ()), failures=_broadcast_failures, methods=())
register(broadcast_shapes, methods=(), differentiable=False)
