"""Indexing: ``x[...]`` read and written, masks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import convert, dtypes, interception
from ..dispatch import requires
from ..errors import shape_text
from ..inplace import check_elements_apart, check_writable
from ..memory import Array, Storage, copied
from ..op import Make, Op, Sample, Widening, broadcast_error, register
from ..tape import Node, mode
from ..tensor import method, wrap
from ._common import NUMBER, Tensor, apply, apply_, apply_view, zeros_like
from ._embed import embed
from ._indices import Index, is_plain, is_whole, parse, plain
from ._pick import FEW, add_at, full, pick
from ._titles import titled
from .expand import expand
from .parts import SELECT
from .shape import unsqueeze

__all__ = ["masked_fill", "masked_select", "nonzero"]

# ---- reading -------------------------------------------------------------------------------------------------------

ITEM: Op = Op("slice", lambda x, index: x[(*index, ...)], embed, view=True)


def _index_vjp(node: Any, g: Tensor) -> Tensor:
    (tensors,) = node.params
    return apply(INDEX_BACK, (g,), (tensors, node.in_shape(0)))


def _index_back_fwd(g: Array, tensors: Index, shape: tuple[int, ...]) -> Array:
    out = np.zeros(shape, g.dtype)
    if len(tensors) == 1 and tensors[0].dtype.char == "?":
        out[tensors[0]] = g
    else:
        add_at(out, tensors, g)
    return out


def _index_back_vjp(node: Any, g: Tensor) -> Tensor:
    return INDEX(g, params=(node.params[0],))


def _index_add_fwd(x: Array, value: Array, tensors: Index) -> Array:
    out = copied(x)
    add_at(out, tensors, value)
    return out


def _index_add_vjp(node: Any, g: Tensor) -> tuple[Tensor, Tensor | None]:
    return g, INDEX(g, params=node.params) if node.needs[1] else None


INDEX: Op = Op("index", pick, _index_vjp)
INDEX_BACK: Op = Widening("index_backward", _index_back_fwd, _index_back_vjp)
INDEX_ADD: Op = Widening("index_put", _index_add_fwd, _index_add_vjp)


@method
def __getitem__(self: Tensor, index: Any) -> Tensor:
    """Return the part of the tensor that an index names: a view for ints and slices, a copy for index tensors."""
    kind = type(index)
    if kind is int and self._data.ndim:
        return _row(self, index)
    if kind is slice and self._data.ndim and is_plain(index):
        return apply_view(ITEM, self, ((index,),))
    if index is None:
        return unsqueeze(self, 0)
    where = _lone(index)
    if where is None:
        basic = plain(index, self._data.shape)
        if basic is not None:
            return apply_view(ITEM, self, (basic,))
    elif where.dtype.char == "l" or self._data.size <= FEW or not (mode.enabled and requires(self)):
        try:  # large masks that are recorded become coordinates, small ones are copied, as they may be written
            return apply(INDEX, (self,), ((where if where.dtype.char == "l" else where.copy(),),))
        except IndexError:
            parse(self, index)  # says it in torch's words
            raise
    basic, tensors = parse(self, index)
    if not tensors:
        return apply_view(ITEM, self, (basic,))
    part = self if is_whole(basic) else apply_view(ITEM, self, (basic,))
    return apply(INDEX, (part,), (tensors,))


def _lone(index: Any) -> Array | None:
    """Return the array of an index tensor that is the whole index and that NumPy understands as torch does."""
    if type(index) is Tensor and index._data.ndim and index._data.dtype.char in "l?" and not interception.active:
        return index._data
    return None


def _row(x: Tensor, index: int) -> Tensor:
    n = x._data.shape[0]
    if not -n <= index < n:
        raise IndexError(f"index {index} is out of bounds for dimension 0 with size {n}")
    return apply_view(SELECT, x, (0, index))


# ---- writing -------------------------------------------------------------------------------------------------------


def _put_fwd(x: Array, value: Any, tensors: Index) -> Array:
    out = copied(x)
    out[full(tensors)] = value if isinstance(value, np.ndarray) else convert.scalar(value, dtypes.of(x))
    return out


def _put_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    (tensors,) = node.params
    cleared = apply(INDEX_PUT, (g, 0.0), (tensors,)) if node.needs[0] else None
    return cleared, INDEX(g, params=(tensors,)) if node.needs[1] else None


def _assign_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    before = node.edges[0]
    # what a view showed before gets no gradient through it: its base, rewritten, has zeros there
    part = before is not None and isinstance(before[0], Node) and before[0].op.view
    return None if part or before is None else zeros_like(g), g if node.needs[1] else None


INDEX_PUT: Op = Op("index_put", _put_fwd, _put_vjp)
ASSIGN: Op = Op("copy", lambda x, value: _assigned(x, value), _assign_vjp, grad_name="CopyBackwards")


def _assigned(x: Array, value: Any) -> Array:
    """Return ``value`` broadcast to the shape and dtype of ``x``."""
    array = convert.cast(value, dtypes.of(x)) if isinstance(value, np.ndarray) else convert.number(value, dtypes.of(x))
    if array.shape == x.shape:
        return array
    lead = array.ndim - x.ndim
    if lead > 0 and array.shape[:lead] == (1,) * lead:
        array = array.reshape(array.shape[lead:])
    try:
        return np.broadcast_to(array, x.shape)
    except ValueError:
        raise _does_not_fit(x.shape, array.shape) from None


def _does_not_fit(want: tuple[int, ...], have: tuple[int, ...]) -> RuntimeError:
    for back in range(1, len(have) + 1):
        n = want[-back] if back <= len(want) else 1
        if have[-back] not in (1, n):
            return RuntimeError(
                f"The expanded size of the tensor ({n}) must match the existing size ({have[-back]}) at non-singleton "
                f"dimension {len(want) - back}.  Target sizes: {shape_text(want)}.  Tensor sizes: {shape_text(have)}"
            )
    return RuntimeError(f"shape {shape_text(have)} cannot be assigned to shape {shape_text(want)}")


_LARGEST = 3e38  # numbers below it fit into float32; others take the way that says so


@method
def __setitem__(self: Tensor, index: Any, value: Any) -> None:
    """Write a number or a tensor into the part that an index names."""
    tracked = (self._requires or (self._base is not None and requires(self))) and mode.enabled
    if type(value) is float and -_LARGEST < value < _LARGEST and not tracked and not interception.active:
        where: Any = _lone(index)
        if where is None:
            where = plain(index, self._data.shape)
        free = where is not None and type(self._storage) is Storage  # not of inference
        if free and self._data.dtype.char in "fd" and 0 not in self._data.strides:
            try:
                self._data[where] = value
            except IndexError:
                parse(self, index)  # says it in torch's words
                raise
            self._storage.written()
            return
    value = _as_value(self, value)
    basic, tensors = parse(self, index)
    fills = isinstance(value, Tensor) and value._data.size == 1 and _is_mask(index)
    if tensors and isinstance(value, Tensor) and value.dtype is not self.dtype and not fills:
        raise RuntimeError(
            "Index put requires the source and destination dtypes match, got "
            f"{self.dtype.scalar_type} for the destination and {value.dtype.scalar_type} for the source."
        )
    tracked = tracked or (mode.enabled and requires(value))
    if not tracked and not interception.active:
        _write_plain(self, basic, tensors, value)
        return
    if tracked and (is_whole(basic) or self._base is not None):
        check_writable(self)  # else the part that is written says that it is a view of a leaf
    part = self if is_whole(basic) else apply_view(ITEM, self, (basic,))
    if tensors:
        apply_(INDEX_PUT, (part, value), (tensors,))
    else:
        apply_(ASSIGN, (part, value))


def _as_value(x: Tensor, value: Any) -> Any:
    if isinstance(value, (Tensor, *NUMBER)):
        return value
    if isinstance(value, np.ndarray):
        return wrap(value)
    raise TypeError(f"can't assign a {type(value).__name__} to a torch.{x.dtype.scalar_type}Tensor")


def _write_plain(x: Tensor, basic: Index, tensors: Index, value: Any) -> None:
    part = x._data[(*basic, ...)]
    source = value._data if isinstance(value, Tensor) else value
    if tensors:
        where: Any = full(tensors)
        values = _assigned(pick(part, tensors), source)
    else:
        check_elements_apart(part)
        where, values = ..., _assigned(part, source)
    x._storage.written()
    part[where] = values


@method
def copy_(self: Tensor, src: Any = None, non_blocking: bool = False, *, other: Any = None) -> Tensor:
    """Copy the elements of ``src``, broadcast and cast, into the tensor."""
    src = other if src is None else src
    source = src if isinstance(src, Tensor) else wrap(convert.as_array(src))
    mismatch = broadcast_error([self._data, source._data])
    if mismatch is not None:
        raise mismatch
    return apply_(ASSIGN, (self, source))


@method
def fill_(self: Tensor, value: Any) -> Tensor:
    """Set all elements to a number or a 0-d tensor."""
    if isinstance(value, Tensor) and value._data.ndim:
        raise RuntimeError(
            f"fill_ only supports 0-dimension value tensor but got tensor with {value._data.ndim} dimensions."
        )
    if interception.active or (mode.enabled and (requires(self) or requires(value))):
        return apply_(ASSIGN, (self, value))
    check_elements_apart(self._data)
    number = convert.to_python(value._data) if isinstance(value, Tensor) else value
    number = convert.number(number, self.dtype)
    self._storage.written()
    self._data[...] = number
    return self


@method
def zero_(self: Tensor) -> Tensor:
    """Set all elements to 0."""
    return fill_(self, 0)


# ---- masks ---------------------------------------------------------------------------------------------------------


def _mask(message: str, mask: Tensor) -> Array:
    if not isinstance(mask, Tensor) or mask._data.dtype != bool:
        raise RuntimeError(message.format(_C_NAMES.get(mask.dtype.name, mask.dtype.name)))
    return mask._data


_C_NAMES = {"int64": "long int", "int32": "int", "uint8": "unsigned char", "int8": "signed char", "float32": "float",
            "float64": "double", "int16": "short int"}  # fmt: skip


def _fill_mask(value: Any, mask: Tensor) -> Array:
    if isinstance(value, Tensor) and value._data.ndim:
        raise RuntimeError(
            "masked_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._data.ndim} dimension(s)."
        )
    return _mask("masked_fill_ only supports boolean masks, but got mask with dtype {}", mask)


def _masked_fill_fwd(x: Array, value: Any, mask: Array) -> Array:
    mismatch = broadcast_error([mask, x])
    if mismatch is not None:
        raise mismatch
    kind = dtypes.of(x)
    value = convert.cast(value, kind) if isinstance(value, np.ndarray) else convert.number(value, kind)
    return np.where(mask, value, x)


def _masked_fill_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    (mask,) = node.params
    gx = apply(MASKED_FILL, (g, 0.0), (mask,)) if node.needs[0] else None
    return gx, apply(MASKED_FILL, (g, 0.0), (~mask,)) if node.needs[1] else None


MASKED_FILL: Op = Op("masked_fill", _masked_fill_fwd, _masked_fill_vjp)


def masked_fill(input: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Return the tensor with ``value`` where the mask is true; the mask broadcasts.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(3).masked_fill(minitorch.tensor([True, False, True]), 1.0)
    tensor([1., 0., 1.])
    """
    return apply(MASKED_FILL, (input, value), (_fill_mask(value, mask),))


@method
def masked_fill_(self: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Write ``value`` where the mask is true."""
    return apply_(MASKED_FILL, (self, value), (_fill_mask(value, mask),))


def _is_mask(index: Any) -> bool:
    """Whether an index is one mask: a single value fills what it selects, whatever their dtypes."""
    return isinstance(index, Tensor) and index._data.dtype == bool


def masked_select(input: Tensor, mask: Tensor) -> Tensor:
    """Return the elements where the mask is true, as a vector.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(3).masked_select(minitorch.tensor([True, False, True]))
    tensor([0, 2])
    """
    mismatch = broadcast_error([input._data, mask._data])
    if mismatch is not None:
        raise mismatch
    shape = np.broadcast_shapes(input._data.shape, mask._data.shape)
    wide = np.broadcast_to(_mask("masked_select: expected BoolTensor for mask", mask), shape)
    return titled("MaskedSelectBackward0", expand(input, shape)[wrap(wide)])


def nonzero(input: Tensor, *, as_tuple: bool = False) -> Any:
    """Return the indices of nonzero elements: a matrix of one row each, or a tuple of one vector per dimension.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nonzero(minitorch.tensor([0, 3, 5]))
    tensor([[1],
            [2]])
    """
    array = input._data
    if as_tuple:
        return tuple(wrap(np.ascontiguousarray(i)) for i in np.atleast_1d(array).nonzero())
    if not array.ndim:
        return wrap(np.empty((int(array != 0), 0), np.int64))
    return wrap(np.asfortranarray(np.argwhere(array), np.int64))  # column by column, as torch finds them


def _mask_samples(make: Make) -> Iterator[Sample]:
    yield Sample("same shape", (make(3, 4), make.bools(3, 4), 2.0))
    yield Sample("broadcast", (make(3, 4), make.bools(4), -1))
    yield Sample("tensor value", (make(3, 4), make.bools(4), make()))


def _masked_select_samples(make: Make) -> Iterator[Sample]:
    yield Sample("same shape", (make(3, 4), make.bools(3, 4)))
    yield Sample("broadcast", (make(3, 4), make.bools(4)))


register(masked_fill, samples=_mask_samples)
register(masked_select, samples=_masked_select_samples)
register(nonzero, samples=lambda make: iter([Sample("matrix", (make.ints(3, 4, high=2),))]), differentiable=False)
