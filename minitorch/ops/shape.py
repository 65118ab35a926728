"""Views and rearrangements: view, reshape, permute, expand, slices along one dimension, cat, stack.

View ops share memory. Each one's gradient is again a view or a scatter, so every order of derivative exists.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..convert import wrap_dim, wrap_dims
from ..device import channels_last, channels_last_3d, contiguous_format, preserve_format
from ..errors import shape_text
from ..memory import Array
from ..op import SCATTER_VIEW, Failure, Make, Op, Sample, register
from ..tensor import method, wrap
from ._common import Tensor, apply, ints

__all__ = ["chunk", "expand", "flatten", "movedim", "narrow", "permute", "reshape", "select", "split", "squeeze",
           "t", "transpose", "unbind", "unflatten", "unsqueeze", "view"]  # fmt: skip


# ---- view and reshape ----------------------------------------------------------------------------------------------


def _view_fwd(x: Array, shape: tuple[int, ...]) -> Array:
    return np.reshape(x, shape, copy=False)


def _view_vjp(node: Any, g: Tensor) -> Tensor:
    return reshape(g, node.in_shape(0))


VIEW: Op = Op("view", _view_fwd, _view_vjp, view=True)


def infer_size(shape: tuple[int, ...], numel: int) -> tuple[int, ...]:
    """Return the shape with its -1 replaced; RuntimeError if it cannot hold ``numel`` elements."""
    unknown = [i for i, n in enumerate(shape) if n == -1]
    if len(unknown) > 1:
        raise RuntimeError("only one dimension can be inferred")
    if any(n < -1 for n in shape):
        raise RuntimeError(f"invalid shape dimension {min(shape)}")
    known = 1
    for n in shape:
        known *= n if n != -1 else 1
    if not unknown and known == numel:
        return shape
    if unknown and known == 0:
        if numel == 0:
            raise RuntimeError(
                f"cannot reshape tensor of 0 elements into shape {shape_text(shape)} because the unspecified dimension "
                "size -1 can be any value and is ambiguous"
            )
    elif unknown and numel % known == 0:
        return tuple(numel // known if n == -1 else n for n in shape)
    raise RuntimeError(f"shape '{shape_text(shape)}' is invalid for input of size {numel}")


def _try_view(x: Tensor, shape: tuple[int, ...]) -> Tensor | None:
    try:
        return apply(VIEW, (x,), (shape,))
    except ValueError:
        if not x._storage.private:
            return None
        x._storage.reveal()
        return _try_view(x, shape)


def view(self: Tensor, *shape: Any) -> Tensor:
    """Return the same elements under another shape, sharing memory; one size may be -1. Or a dtype, to reread the bits.

    Raises
    ------
    RuntimeError : sizes that do not fit, or a memory order that no strides can describe.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(6).view(2, -1)
    tensor([[0, 1, 2],
            [3, 4, 5]])
    """
    if len(shape) == 1 and isinstance(shape[0], dtypes.dtype):
        return wrap(self._visible().view(shape[0].numpy))
    found = _try_view(self, infer_size(ints(shape), self._data.size))
    if found is None:
        raise RuntimeError(
            "view size is not compatible with input tensor's size and stride (at least one dimension spans across two "
            "contiguous subspaces). Use .reshape(...) instead."
        )
    return found


def reshape(input: Tensor, *shape: Any) -> Tensor:
    """Return the elements under another shape: a view where strides allow it, else a copy.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(4).reshape(2, 2).t().reshape(-1)
    tensor([0, 2, 1, 3])
    """
    sizes = infer_size(ints(shape), input._data.size)
    found = _try_view(input, sizes)
    return found if found is not None else apply(VIEW, (contiguous(input),), (sizes,))


@method
def view_as(self: Tensor, other: Tensor) -> Tensor:
    """View the tensor under the shape of ``other``."""
    return view(self, other._data.shape)


@method
def reshape_as(self: Tensor, other: Tensor) -> Tensor:
    """Reshape the tensor to the shape of ``other``."""
    return reshape(self, other._data.shape)


def flatten(input: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Merge the dimensions from ``start_dim`` to ``end_dim`` into one.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 3, 4).flatten(1).shape
    torch.Size([2, 12])
    """
    shape = input._data.shape
    start, end = wrap_dim(start_dim, len(shape)), wrap_dim(end_dim, len(shape))
    if start > end:
        raise RuntimeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if start == end and shape:
        return input
    merged = int(np.prod(shape[start : end + 1]))
    return reshape(input, (*shape[:start], merged, *shape[end + 1 :]))


def unflatten(input: Tensor, dim: int, sizes: Sequence[int]) -> Tensor:
    """Split one dimension into several; one of ``sizes`` may be -1.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 12).unflatten(1, (3, -1)).shape
    torch.Size([2, 3, 4])
    """
    shape = input._data.shape
    dim = wrap_dim(dim, len(shape))
    try:
        inner = infer_size(tuple(sizes), shape[dim])
    except RuntimeError:
        raise RuntimeError(
            f"unflatten: Provided sizes {shape_text(tuple(sizes))} don't multiply up to the size of dim {dim} "
            f"({shape[dim]}) in the input tensor"
        ) from None
    return reshape(input, (*shape[:dim], *inner, *shape[dim + 1 :]))


# ---- memory order --------------------------------------------------------------------------------------------------

COPY: Op = Op("clone", lambda x, order: np.array(x, order=order, copy=True), lambda node, g: g)


def clone(input: Tensor, *, memory_format: Any = preserve_format) -> Tensor:
    """Return a copy on the tape.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.ones(2).clone()
    tensor([1., 1.])
    """
    if memory_format in (channels_last, channels_last_3d):
        return _channels_last(input)
    return apply(COPY, (input,), ("C" if memory_format is contiguous_format else "K",))


@method
def contiguous(self: Tensor, memory_format: Any = contiguous_format) -> Tensor:
    """Return the tensor itself if its memory is in the order of ``memory_format``, else a copy that is."""
    if self.is_contiguous(memory_format):
        return self
    return clone(self, memory_format=memory_format)


def _channels_last(x: Tensor) -> Tensor:
    order = (0, *range(2, x._data.ndim), 1)
    return permute(apply(COPY, (permute(x, order),), ("C",)), tuple(np.argsort(order)))


# ---- permutations --------------------------------------------------------------------------------------------------


def _permute_vjp(node: Any, g: Tensor) -> Tensor:
    (order,) = node.params
    return permute(g, tuple(int(i) for i in np.argsort(order)))


PERMUTE: Op = Op("permute", lambda x, order: x.transpose(order), _permute_vjp, view=True)
TRANSPOSE: Op = Op(
    "transpose", lambda x, a, b: x.swapaxes(a, b), lambda node, g: transpose(g, *node.params), view=True
)
T_OP: Op = Op("t", lambda x: x.T, lambda node, g: t(g), view=True, grad_name="TBackward0")


def permute(input: Tensor, *dims: Any) -> Tensor:
    """Return a view with the dimensions in another order.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 3, 4).permute(2, 0, 1).shape
    torch.Size([4, 2, 3])
    """
    order = ints(dims)
    ndim = input._data.ndim
    if len(order) != ndim:
        raise RuntimeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the length of the desired "
            f"ordering of dimensions i.e. input.dim() = {ndim} is not equal to len(dims) = {len(order)}"
        )
    found = tuple([wrap_dim(d, ndim) for d in order])
    if len(set(found)) != ndim:
        raise RuntimeError("permute(): duplicate dims are not allowed.")
    return apply(PERMUTE, (input,), (found,))


def transpose(input: Tensor, dim0: int, dim1: int) -> Tensor:
    """Return a view with two dimensions swapped.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 3).transpose(0, 1).shape
    torch.Size([3, 2])
    """
    ndim = input._data.ndim
    a, b = wrap_dim(dim0, ndim), wrap_dim(dim1, ndim)
    return apply(TRANSPOSE, (input,), (a, b)) if ndim else input


def t(input: Tensor) -> Tensor:
    """Return the transpose of a matrix; vectors and 0-d tensors as they are. RuntimeError above 2-d.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 3).t().shape
    torch.Size([3, 2])
    """
    if input._data.ndim > 2:
        raise RuntimeError(f"t() expects a tensor with <= 2 dimensions, but self is {input._data.ndim}D")
    return apply(T_OP, (input,))


def movedim(input: Tensor, source: Any, destination: Any) -> Tensor:
    """Move dimensions to new places, keeping the order of the others.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 3, 4).movedim(1, -1).shape
    torch.Size([2, 4, 3])
    """
    ndim = input._data.ndim
    src, dst = wrap_dims(source, ndim), wrap_dims(destination, ndim)
    if len(src) != len(dst):
        raise RuntimeError(
            f"movedim: Invalid source or destination dims: source ({shape_text(src)} dims) should contain the same "
            f"number of dims as destination ({shape_text(dst)} dims)"
        )
    rest = iter([d for d in range(ndim) if d not in src])
    placed = dict(zip(dst, src))
    return permute(input, tuple(placed[i] if i in placed else next(rest) for i in range(ndim)))


Tensor.T = property(  # type: ignore[attr-defined]
    lambda self: t(self) if self._data.ndim == 2 else permute(self, tuple(reversed(range(self._data.ndim)))),
    doc="The tensor with its dimensions reversed.",
)
Tensor.mT = property(
    lambda self: transpose(self, -2, -1), doc="The tensor with its last two dimensions swapped."
)  # type: ignore[attr-defined]


# ---- sizes of 1 ----------------------------------------------------------------------------------------------------

SQUEEZE: Op = Op(
    "squeeze", lambda x, dims: x.squeeze(dims), lambda node, g: reshape(g, node.in_shape(0)), view=True
)
UNSQUEEZE: Op = Op(
    "unsqueeze", lambda x, dim: np.expand_dims(x, dim), lambda node, g: squeeze(g, node.params[0]), view=True
)


def squeeze(input: Tensor, dim: Any = None) -> Tensor:
    """Return a view without the dimensions of size 1, or without those of ``dim`` that have size 1.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 1, 3, 1).squeeze(1).shape
    torch.Size([2, 3, 1])
    """
    shape = input._data.shape
    dims = range(len(shape)) if dim is None else wrap_dims(dim, len(shape))
    return apply(SQUEEZE, (input,), (tuple([d for d in dims if shape and shape[d] == 1]),))


def unsqueeze(input: Tensor, dim: int) -> Tensor:
    """Return a view with a dimension of size 1 inserted at ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 3).unsqueeze(-1).shape
    torch.Size([2, 3, 1])
    """
    return apply(UNSQUEEZE, (input,), (wrap_dim(dim, input._data.ndim + 1),))


# ---- expand and its adjoint ----------------------------------------------------------------------------------------

EXPAND: Op = Op(
    "expand",
    lambda x, shape: np.broadcast_to(x, shape),
    lambda node, g: sum_to_size(g, node.in_shape(0)),
    view=True,
)


def _sum_to_fwd(x: Array, shape: tuple[int, ...]) -> Array:
    lead = x.ndim - len(shape)
    axes = tuple(range(lead)) + tuple(
        lead + i for i, n in enumerate(shape) if n == 1 and x.shape[lead + i] != 1
    )
    return np.sum(x, axis=axes, keepdims=True, dtype=x.dtype).reshape(shape)


SUM_TO: Op = Op("sum_to_size", _sum_to_fwd, lambda node, g: expand(g, node.in_shape(0)), grad_name="SumBackward1")


def expand(input: Tensor, *sizes: Any, implicit: bool = False) -> Tensor:
    """Return a view with dimensions of size 1 repeated without a copy; -1 keeps a size.

    Raises
    ------
    RuntimeError : a size that the existing one cannot become.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.ones(3, 1).expand(-1, 4).shape
    torch.Size([3, 4])
    """
    want, shape = ints(sizes), input._data.shape
    lead = len(want) - len(shape)
    if lead < 0:
        raise RuntimeError(
            f"expand(torch.{_type_name(input)}{{{shape_text(shape)}}}, size={list(want)}): the number of sizes provided "
            f"({len(want)}) must be greater or equal to the number of dimensions in the tensor ({len(shape)})"
        )
    full = []
    for i, n in enumerate(want):
        have = shape[i - lead] if i >= lead else 1
        if n == -1 and i < lead:
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing dimension {i}"
            )
        if n != -1 and have not in (1, n):
            raise RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({have}) at non-singleton "
                f"dimension {i}.  Target sizes: {shape_text(want)}.  Tensor sizes: {shape_text(shape)}"
            )
        full.append(have if n == -1 else n)
    return apply(EXPAND, (input,), (tuple(full),))


def _type_name(x: Tensor) -> str:
    return {"float32": "FloatTensor", "float64": "DoubleTensor", "int64": "LongTensor"}.get(
        x.dtype.name, "Tensor"
    )


@method
def expand_as(self: Tensor, other: Tensor) -> Tensor:
    """Expand the tensor to the shape of ``other``."""
    return expand(self, other._data.shape)


@method
def sum_to_size(self: Tensor, *size: Any) -> Tensor:
    """Sum away broadcast dimensions until the tensor has shape ``size``."""
    want = ints(size)
    return self if self._data.shape == want else apply(SUM_TO, (self,), (want,))


# ---- parts along one dimension -------------------------------------------------------------------------------------


def _embed(node: Any, g: Tensor) -> Tensor:
    """The adjoint of any view op that picks elements: zeros with the gradient in the picked places."""
    target, index = node.edges[0]
    kind = target._data.dtype if isinstance(target, Tensor) else target.metas[index][1]
    zeros = wrap(np.zeros(node.in_shape(0), kind))
    return SCATTER_VIEW(zeros, g, params=(((node.op, node.params),),))


def _along(dim: int, part: Any) -> tuple[Any, ...]:
    return (slice(None),) * dim + (part,)


NARROW: Op = Op("slice", lambda x, dim, start, stop: x[_along(dim, slice(start, stop))], _embed, view=True)
SELECT: Op = Op("select", lambda x, dim, index: x[(*_along(dim, index), ...)], _embed, view=True)


def narrow(input: Tensor, dim: int, start: int, length: int) -> Tensor:
    """Return a view of ``length`` elements from ``start`` along ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(5).narrow(0, 1, 3)
    tensor([1, 2, 3])
    """
    dim, start, length = wrap_dim(dim, input._data.ndim), int(start), int(length)
    n = input._data.shape[dim]
    if length < 0:
        raise RuntimeError("narrow(): length must be non-negative.")
    if not -n <= start <= n:
        raise IndexError(f"start out of range (expected to be in range of [{-n}, {n}], but got {start})")
    start += n if start < 0 else 0
    if start + length > n:
        raise RuntimeError(f"start ({start}) + length ({length}) exceeds dimension size ({n}).")
    return apply(NARROW, (input,), (dim, start, start + length))


def select(input: Tensor, dim: int, index: int) -> Tensor:
    """Return a view of element ``index`` along ``dim``, without that dimension.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(6).view(2, 3).select(1, 0)
    tensor([0, 3])
    """
    if not input._data.ndim:
        raise IndexError("select() cannot be applied to a 0-dim tensor.")
    dim, index = wrap_dim(dim, input._data.ndim), int(index)
    n = input._data.shape[dim]
    if not -n <= index < n:
        raise IndexError(
            f"select(): index {index} out of range for tensor of size {shape_text(input._data.shape)} at dimension {dim}"
        )
    return apply(SELECT, (input,), (dim, index))


def unbind(input: Tensor, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of all elements along ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 2], [3, 4]]).unbind(1)
    (tensor([1, 3]), tensor([2, 4]))
    """
    if not input._data.ndim:
        raise IndexError("Dimension specified as 0 but tensor has no dimensions")
    dim = wrap_dim(dim, input._data.ndim)
    return tuple(apply(SELECT, (input,), (dim, i)) for i in range(input._data.shape[dim]))


def split(tensor: Tensor, split_size_or_sections: Any, dim: int = 0) -> tuple[Tensor, ...]:
    """Return views of parts along ``dim``: of equal size (the last may be smaller) or of the listed sizes.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(5).split(2)
    (tensor([0, 1]), tensor([2, 3]), tensor([4]))
    """
    dim = wrap_dim(dim, tensor._data.ndim)
    n = tensor._data.shape[dim]
    if isinstance(split_size_or_sections, (list, tuple)):
        sizes = [int(s) for s in split_size_or_sections]
        if sum(sizes) != n or min(sizes, default=0) < 0:
            raise RuntimeError(
                f"split_with_sizes expects split_sizes to sum exactly to {n} (input tensor's size at dimension {dim}), "
                f"but got split_sizes={sizes}"
            )
    else:
        size = int(split_size_or_sections)
        if size < 0 or (size == 0 and n):
            raise RuntimeError(f"split expects split_size be non-negative, but got split_size={size}")
        sizes = [min(size, n - start) for start in range(0, n, size)] if n else [0]
    starts = np.cumsum([0, *sizes[:-1]]).tolist()
    return tuple(apply(NARROW, (tensor,), (dim, s, s + k)) for s, k in zip(starts, sizes))


def chunk(input: Tensor, chunks: int, dim: int = 0) -> tuple[Tensor, ...]:
    """Return at most ``chunks`` views of equal size along ``dim`` (the last may be smaller).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(5).chunk(2)
    (tensor([0, 1, 2]), tensor([3, 4]))
    """
    if chunks <= 0:
        raise RuntimeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    dim = wrap_dim(dim, input._data.ndim)
    return split(input, max(1, -(-input._data.shape[dim] // chunks)), dim)


# ---- samples -------------------------------------------------------------------------------------------------------


def _register(
    fn: Any, *calls: tuple[str, tuple[int, ...], tuple[Any, ...]], fails: Any = (), methods: Any = None
) -> None:
    def samples(make: Make) -> Iterator[Sample]:
        for name, shape, args in calls:
            yield Sample(name, (make(*shape), *args))

    def failures(make: Make) -> Iterator[Failure]:
        for shape, args, error, match in fails:
            yield Failure((make(*shape), *args), error, match)

    register(fn, samples=samples, failures=failures if fails else None, methods=methods)


_INVALID = (RuntimeError, "is invalid for input of size 12")
_RANGE = (IndexError, "Dimension out of range")
_register(view, ("merge", (2, 3, 4), (6, 4)), ("infer", (2, 6), (-1, 3)), ("0-d", (1,), ((),)), ("zero size", (0, 3), (3, 0)),
          fails=[((3, 4), (5, 2), *_INVALID), ((3, 4), (-1, -1), RuntimeError, "only one dimension")])  # fmt: skip
_register(reshape, ("split", (2, 6), (2, 2, 3)), ("tuple", (2, 6), ((4, 3),)), ("zero size", (0, 3), (0,)),
          fails=[((3, 4), (5, 2), *_INVALID)])  # fmt: skip
_register(flatten, ("all", (2, 3, 4), ()), ("from 1", (2, 3, 4), (1,)), ("middle", (2, 3, 4, 2), (1, 2)), ("0-d", (), ()),
          fails=[((3, 4), (1, 0), RuntimeError, "start_dim cannot come after end_dim")])  # fmt: skip
_register(unflatten, ("split", (2, 6), (1, (2, 3))), ("infer", (2, 6), (-1, (-1, 2))),
          fails=[((3, 4), (1, (3, 3)), RuntimeError, "don't multiply up to the size of dim 1")])  # fmt: skip
_register(clone, ("matrix", (2, 3), ()), ("0-d", (), ()))
_register(permute, ("three", (2, 3, 4), (2, 0, 1)), ("tuple", (2, 3), ((1, 0),)), ("zero size", (0, 3), (1, 0)),
          fails=[((3, 4), (0,), RuntimeError, "number of dimensions"), ((3, 4), (0, 0), RuntimeError, "duplicate dims")])  # fmt: skip
_register(transpose, ("three", (2, 3, 4), (0, 2)), ("negative", (2, 3, 4), (-1, -2)), fails=[((3, 4), (0, 2), *_RANGE)],
          methods=("transpose", "swapaxes", "swapdims"))  # fmt: skip
_register(
    t,
    ("matrix", (2, 3), ()),
    ("vector", (3,), ()),
    fails=[((2, 2, 2), (), RuntimeError, "expects a tensor with <= 2")],
)
_register(
    movedim,
    ("one", (2, 3, 4), (0, 2)),
    ("two", (2, 3, 4), ((0, 1), (-1, 0))),
    methods=("movedim", "moveaxis"),
)
_register(
    squeeze,
    ("all", (1, 3, 1), ()),
    ("one", (1, 3, 1), (0,)),
    ("not 1", (2, 3), (0,)),
    ("two", (1, 3, 1), ((0, 2),)),
)
_register(
    unsqueeze,
    ("front", (2, 3), (0,)),
    ("back", (2, 3), (-1,)),
    ("0-d", (), (0,)),
    fails=[((3, 4), (4,), *_RANGE)],
)
_register(expand, ("column", (3, 1), (3, 4)), ("lead", (3,), (2, 3)), ("keep", (2, 1), (-1, 3)), ("zero size", (1, 3), (0, 3)),
          fails=[((3, 4), (3, 5), RuntimeError, "The expanded size of the tensor")], methods=("expand", "broadcast_to"))  # fmt: skip
_register(narrow, ("rows", (4, 3), (0, 1, 2)), ("columns", (4, 3), (1, 0, 2)), ("zero size", (4, 3), (0, 2, 0)),
          fails=[((4, 3), (0, 3, 2), RuntimeError, "exceeds dimension size")])  # fmt: skip
_register(
    select,
    ("row", (4, 3), (0, 1)),
    ("last", (4, 3), (1, -1)),
    fails=[((4, 3), (0, 4), IndexError, "out of range")],
)
_register(unbind, ("rows", (2, 3), ()), ("columns", (2, 3), (1,)))
_register(split, ("equal", (5, 2), (2,)), ("listed", (5, 2), ([1, 4],)), ("columns", (2, 4), (3, 1)),
          fails=[((5, 2), ([1, 2],), RuntimeError, "expects split_sizes to sum exactly to 5")])  # fmt: skip
_register(
    chunk,
    ("two", (5, 2), (2,)),
    ("columns", (2, 4), (3, 1)),
    fails=[((5,), (0,), RuntimeError, "greater than 0")],
)
