"""Joining tensors: cat and stack."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..convert import cast, wrap_dim
from ..memory import Array
from ..op import Failure, Make, Op, Sample, register, result_dtype
from ._common import Tensor, apply, deliver
from .parts import narrow, select

__all__ = ["cat", "stack"]


def _cat_fwd(*values: Any) -> Array:
    *arrays, dim = values
    for array in arrays:
        if array.dtype is not arrays[0].dtype:
            kind = result_dtype(arrays)
            arrays = [cast(a, kind) for a in arrays]
            break
    joined = np.concatenate(arrays, dim)
    if joined.flags.c_contiguous or (joined.ndim > 3 and np.moveaxis(joined, 1, -1).flags.c_contiguous):
        return joined
    return np.ascontiguousarray(joined)  # NumPy follows the inputs' order, torch only channels last


def _cat_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, ...]:
    (dim, sizes), start, grads = node.params, 0, []
    for n, needed in zip(sizes, node.needs):
        grads.append(narrow(g, dim, start, n) if needed else None)
        start += n
    return tuple(grads)


class _Cat(Op):
    def run(self, arrays: list[Any], params: tuple[Any, ...]) -> Any:
        """Join arrays; the sizes in ``params`` serve the gradient."""
        return self.fwd(*arrays, params[0])


CAT: Op = _Cat("cat", _cat_fwd, _cat_vjp)


def cat(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Join tensors along an existing dimension; their other sizes must agree. Empty 1-d tensors are skipped.

    Raises
    ------
    ValueError : no tensors. RuntimeError : sizes that do not agree.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.cat([minitorch.zeros(2), minitorch.ones(1)])
    tensor([0., 0., 1.])
    """
    given = _tensors("cat", tensors)
    if not given:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    shapes = [x._data.shape for x in given]
    if () in shapes:
        raise RuntimeError(f"zero-dimensional tensor (at position {shapes.index(())}) cannot be concatenated")
    if (0,) in shapes:
        given = tuple([x for x, shape in zip(given, shapes) if shape != (0,)]) or given[:1]
        shapes = [x._data.shape for x in given]
    dim = wrap_dim(dim, len(shapes[0]))
    _check_sizes(shapes, dim)
    result: Tensor = apply(CAT, given, (dim, tuple([shape[dim] for shape in shapes])))
    return result if out is None else deliver(result, out)


def _tensors(fn: str, tensors: Any) -> tuple[Tensor, ...]:
    if isinstance(tensors, Tensor) or not isinstance(tensors, (tuple, list)):
        raise TypeError(
            f"{fn}(): argument 'tensors' (position 1) must be tuple of Tensors, not {type(tensors).__name__}"
        )
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(x).__name__}")
    return tuple(tensors)


def _check_sizes(shapes: list[tuple[int, ...]], dim: int) -> None:
    first = shapes[0]
    for i, shape in enumerate(shapes):
        if shape == first:
            continue
        if len(shape) != len(first):
            raise RuntimeError(f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}")
        for d, (m, n) in enumerate(zip(first, shape)):
            if d != dim and m != n:
                raise RuntimeError(
                    f"Sizes of tensors must match except in dimension {dim}. Expected size {m} but got size {n} for "
                    f"tensor number {i} in the list."
                )


def _stack_fwd(*values: Any) -> Array:
    *arrays, dim = values
    kind = result_dtype(arrays)
    stacked = np.empty((*arrays[0].shape[:dim], len(arrays), *arrays[0].shape[dim:]), kind.numpy)
    parts = np.moveaxis(stacked, dim, 0)
    for i, array in enumerate(arrays):
        parts[i] = cast(array, kind)
    return stacked


def _stack_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, ...]:
    (dim,) = node.params
    return tuple([select(g, dim, i) if needed else None for i, needed in enumerate(node.needs)])


STACK: Op = Op("stack", _stack_fwd, _stack_vjp)


def stack(tensors: Sequence[Tensor], dim: int = 0, *, out: Tensor | None = None) -> Tensor:
    """Join tensors of one shape along a new dimension.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.stack([minitorch.zeros(2), minitorch.ones(2)])
    tensor([[0., 0.],
            [1., 1.]])
    """
    given = _tensors("stack", tensors)
    if not given:
        raise RuntimeError("stack expects a non-empty TensorList")
    for i, x in enumerate(given):
        if x._data.shape != given[0]._data.shape:
            raise RuntimeError(
                f"stack expects each tensor to be equal size, but got {list(given[0]._data.shape)} at entry 0 and "
                f"{list(x._data.shape)} at entry {i}"
            )
    return deliver(apply(STACK, given, (wrap_dim(dim, given[0]._data.ndim + 1),)), out)


def _cat_samples(make: Make) -> Iterator[Sample]:
    yield Sample("rows", ([make(2, 3), make(1, 3)],))
    yield Sample("columns", ([make(2, 3), make(2, 1), make(2, 2)], 1))
    yield Sample("negative dim", ([make(2, 3), make(2, 1)], -1))
    yield Sample("zero size", ([make(0, 3), make(2, 3)],))
    yield Sample("empty vector", ([make(0), make(2, 3)],))


def _stack_samples(make: Make) -> Iterator[Sample]:
    yield Sample("front", ([make(2, 3), make(2, 3)],))
    yield Sample("back", ([make(2, 3), make(2, 3)], -1))
    yield Sample("0-d", ([make(), make()],))


def _cat_failures(make: Make) -> Iterator[Failure]:
    yield Failure(([],), ValueError, "non-empty list")
    yield Failure(([make(2, 3), make(2, 4)],), RuntimeError, "Sizes of tensors must match except in dimension 0")


def _stack_failures(make: Make) -> Iterator[Failure]:
    yield Failure(([make(2), make(3)],), RuntimeError, "stack expects each tensor to be equal size")


for _name in ("cat", "concat", "concatenate"):
    register(cat, name=_name, samples=_cat_samples, failures=_cat_failures, methods=())
register(stack, samples=_stack_samples, failures=_stack_failures, methods=())
