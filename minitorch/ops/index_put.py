"""Writing by index tensors, by masks and into views: index_put, put, masked_scatter, select_scatter and the like."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..convert import wrap_dim
from ..errors import shape_text
from ..op import Failure, Make, Op, Sample, _scatter_view_fwd, _scatter_view_vjp, register
from ..tensor import method, wrap
from ._common import Tensor, apply, apply_, tensor_arg
from ._indices import Index, parse
from .diagonal import DIAGONAL, _two_dims
from .expand import expand
from .gather import flat_places
from .index import INDEX, INDEX_ADD, INDEX_PUT, _mask, _put_fwd, _put_vjp
from .parts import SELECT, select
from .shape import reshape
from .strided import AS_STRIDED, as_strided

__all__ = ["as_strided_scatter", "diagonal_scatter", "index_put", "masked_scatter", "put", "select_scatter",
           "slice_scatter"]  # fmt: skip

MASKED_SCATTER: Op = Op("masked_scatter", _put_fwd, _put_vjp)


# ---- several dimensions --------------------------------------------------------------------------------------------


def _index_places(fn: str, input: Tensor, indices: Any) -> Index:
    for i, each in enumerate(indices):
        if not isinstance(each, Tensor):
            raise TypeError(f"expected Tensor as element {i} in argument 0, but got {type(each).__name__}")
    at_least_1d = tuple(reshape(i, (1,)) if not i._data.ndim else i for i in indices)
    return parse(input, at_least_1d)[1]


def _index_put(run: Any, fn: str, input: Tensor, indices: Any, values: Any, accumulate: bool) -> Tensor:
    tensor_arg(fn, values, "values", 2)
    if input._data.dtype != values._data.dtype:
        raise RuntimeError(
            f"Index put requires the source and destination dtypes match, got {input.dtype.scalar_type} for the "
            f"destination and {values.dtype.scalar_type} for the source."
        )
    where = _index_places(fn, input, indices)
    shape = INDEX.fwd(input._data, where).shape
    try:
        wide = np.broadcast_shapes(values._data.shape, shape) == shape
    except ValueError:
        wide = False
    if not wide:
        raise RuntimeError(
            f"shape mismatch: value tensor of shape {shape_text(values._data.shape)} cannot be broadcast to indexing "
            f"result of shape {shape_text(shape)}"
        )
    return run(INDEX_ADD if accumulate else INDEX_PUT, (input, values), (where,))


def index_put(input: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """Return ``input`` with ``values`` written (or added) at the places that a tuple of index tensors names.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(3).index_put((minitorch.tensor([2]),), minitorch.tensor([5.0]))
    tensor([0., 0., 5.])
    """
    return _index_put(apply, "index_put", input, indices, values, accumulate)


@method
def index_put_(self: Tensor, indices: Any, values: Tensor, accumulate: bool = False) -> Tensor:
    """Write (or add) ``values`` at the places that a tuple of index tensors names."""
    return _index_put(apply_, "index_put_", self, indices, values, accumulate)


@method
def index(self: Tensor, indices: Any) -> Tensor:
    """Return the elements at the places that a tuple of index tensors names, as ``self[indices]``."""
    return self[tuple(indices)]


def _put(run: Any, input: Tensor, index: Tensor, source: Tensor, accumulate: bool) -> Tensor:
    if index._data.size != source._data.size:
        raise IndexError(
            "put_(): Expected source and index to have the same number of elements, but got source.numel() = "
            f"{source._data.size}, index.numel() = {index._data.size}"
        )
    if input._data.dtype != source._data.dtype:
        raise RuntimeError(
            "put_(): self and source expected to have the same dtype, but got self.dtype = "
            f"{input.dtype.scalar_type} and source.dtype = {source.dtype.scalar_type}"
        )
    where = flat_places("put_", input, index)
    values = reshape(source, index._data.shape) if where else reshape(source, ())
    return run(INDEX_ADD if accumulate else INDEX_PUT, (input, values), (where,))


def put(input: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """Return ``input`` with ``source`` written (or added) at indices into the flattened tensor.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.put(minitorch.zeros(2, 2), minitorch.tensor([3]), minitorch.tensor([5.0]))
    tensor([[0., 0.],
            [0., 5.]])
    """
    return _put(apply, input, index, source, accumulate)


@method
def put_(self: Tensor, index: Tensor, source: Tensor, accumulate: bool = False) -> Tensor:
    """Write (or add) ``source`` at indices into the flattened tensor."""
    return _put(apply_, self, index, source, accumulate)


# ---- masks ---------------------------------------------------------------------------------------------------------


def _masked(run: Any, input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    true = _mask("masked_scatter_ only supports boolean masks, but got mask with dtype {}", mask)
    if input._data.dtype != source._data.dtype:
        raise RuntimeError(
            f"masked_scatter: expected self and source to have same dtypes but got {input.dtype.scalar_type} and "
            f"{source.dtype.scalar_type}"
        )
    where = np.broadcast_to(true, input._data.shape)
    count = int(np.count_nonzero(where))
    if source._data.size < count:
        raise RuntimeError("Number of elements of source < number of ones in mask")
    values = reshape(source, (-1,))[:count]
    if not where.ndim:
        return run(MASKED_SCATTER, (input, values), ((np.asarray(where),),))
    return run(MASKED_SCATTER, (input, values), (where.nonzero(),))


def masked_scatter(input: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """Return ``input`` with the elements of ``source``, in order, where the mask is true.

    Examples
    --------
    >>> import minitorch
    >>> mask = minitorch.tensor([True, False, True])
    >>> minitorch.zeros(3).masked_scatter(mask, minitorch.tensor([1.0, 2.0]))
    tensor([1., 0., 2.])
    """
    shape = np.broadcast_shapes(input._data.shape, mask._data.shape)
    return _masked(apply, input if input._data.shape == shape else expand(input, shape), mask, source)


@method
def masked_scatter_(self: Tensor, mask: Tensor, source: Tensor) -> Tensor:
    """Write the elements of ``source``, in order, where the mask is true."""
    return _masked(apply_, self, mask, source)


# ---- into views ----------------------------------------------------------------------------------------------------


def _into(name: str, input: Tensor, part: Tensor, src: Tensor, *chain: tuple[Op, tuple[Any, ...]]) -> Tensor:
    """Return ``input`` with ``src`` in the place of a view, which a chain of view operations describes."""
    if part._data.shape != src._data.shape:
        raise RuntimeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{shape_text(src._data.shape)}, slice size = {shape_text(part._data.shape)}"
        )
    return apply(_INTO[name], (input, src.to(input.dtype)), (chain,))


_INTO = {
    name: Op(name, _scatter_view_fwd, _scatter_view_vjp)
    for name in ("select_scatter", "slice_scatter", "diagonal_scatter", "as_strided_scatter")
}


def select_scatter(input: Tensor, src: Tensor, dim: int, index: int) -> Tensor:
    """Return ``input`` with ``src`` in the place of ``input.select(dim, index)``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 2).select_scatter(minitorch.ones(2), 0, 1)
    tensor([[0., 0.],
            [1., 1.]])
    """
    part = select(input.detach(), dim, index)
    return _into("select_scatter", input, part, src, (SELECT, (wrap_dim(dim, input._data.ndim), int(index))))


def slice_scatter(input: Tensor, src: Tensor, dim: int = 0, start: int | None = None, end: int | None = None,
                  step: int = 1) -> Tensor:  # fmt: skip
    """Return ``input`` with ``src`` in the place of the slice ``start:end:step`` along ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(3).slice_scatter(minitorch.ones(2), 0, 1)
    tensor([0., 1., 1.])
    """
    dim = wrap_dim(dim, input._data.ndim)
    if step <= 0:
        raise RuntimeError("slice step must be positive")
    part = input.detach()[(slice(None),) * dim + (slice(start, end, step),)]
    return _into("slice_scatter", input, part, src, *part._chain[-1:])


def diagonal_scatter(input: Tensor, src: Tensor, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Tensor:
    """Return ``input`` with ``src`` on the diagonal between two dimensions.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 2).diagonal_scatter(minitorch.ones(2))
    tensor([[1., 0.],
            [0., 1.]])
    """
    params = (offset, *_two_dims(dim1, dim2, input._data.ndim))
    return _into("diagonal_scatter", input, apply(DIAGONAL, (input.detach(),), params), src, (DIAGONAL, params))


def as_strided_scatter(input: Tensor, src: Tensor, size: Any, stride: Any, storage_offset: int | None = None) -> Tensor:
    """Return ``input`` with ``src`` in the place of ``input.as_strided(size, stride, storage_offset)``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(4).as_strided_scatter(minitorch.ones(2), (2,), (2,))
    tensor([1., 0., 1., 0.])
    """
    whole = input.contiguous()
    part = as_strided(whole.detach(), size, stride, storage_offset)
    return _into("as_strided_scatter", whole, part, src, (AS_STRIDED, part._chain[-1][1]))


# ---- records -------------------------------------------------------------------------------------------------------


def _places(*places: int) -> Tensor:
    return wrap(np.array(places, np.int64))


def _put_samples(make: Make) -> Iterator[Sample]:
    yield Sample("pairs", (make(2, 3), (_places(0, 1), _places(2, 0)), make(2)))
    yield Sample("rows", (make(2, 3), [_places(1)], make(3)))
    yield Sample("added", (make(2, 3), (_places(0, 0), _places(1, 1)), make(2), True))


def _put_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3), (_places(0, 1),), 5.0), TypeError, r"'values' \(position 2\) must be Tensor, not float")
    yield Failure((make(2, 3), (_places(0, 1),), make(5)), RuntimeError, r"value tensor of shape \[5\] cannot be")
    yield Failure((make(2, 3), (_places(0, 2),), make(3)), IndexError, "index 2 is out of bounds for dimension 0")
    yield Failure((make(2, 3), (None,), make(3)), TypeError, "expected Tensor as element 0")


def _flat_samples(make: Make) -> Iterator[Sample]:
    yield Sample("two", (make(2, 3), _places(5, -6), make(2)))
    yield Sample("added", (make(2, 3), _places(1, 1), make(2), True))


def _flat_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2), _places(0), make(2)), IndexError, "same number of elements")
    yield Failure((make(2), _places(2), make(1)), IndexError, "tried to access index 2 on a tensor of 2 elements")


def _masked_samples(make: Make) -> Iterator[Sample]:
    yield Sample("same shape", (make(2, 3), make.bools(2, 3), make(6)))
    yield Sample("broadcast", (make(2, 3), make.bools(3), make(2, 4)))


def _masked_failures(make: Make) -> Iterator[Failure]:
    true = wrap(np.ones(3, bool))
    yield Failure((make(3), true, make(2)), RuntimeError, "Number of elements of source < number of ones in mask")
    yield Failure((make(3), make(3), make(3)), RuntimeError, "only supports boolean masks")


def _select_samples(make: Make) -> Iterator[Sample]:
    yield Sample("column", (make(2, 3), make(2), 1, -1))


def _slice_samples(make: Make) -> Iterator[Sample]:
    yield Sample("columns", (make(2, 3), make(2, 2), 1, 1))
    yield Sample("every second", (make(3, 2), make(2, 2), 0, 0, 3, 2))


def _diagonal_samples(make: Make) -> Iterator[Sample]:
    yield Sample("above", (make(2, 3), make(2), 1))


def _into_failures(*args: Any) -> Any:
    return lambda make: iter([Failure((make(2, 3), make(5), *args), RuntimeError, "size equal to the slice of self")])


register(index_put, samples=_put_samples, failures=_put_failures)
register(put, samples=_flat_samples, failures=_flat_failures)
register(masked_scatter, samples=_masked_samples, failures=_masked_failures)
register(select_scatter, samples=_select_samples, failures=_into_failures(1, 0))
register(slice_scatter, samples=_slice_samples, failures=_into_failures(1, 0, 2))
register(diagonal_scatter, samples=_diagonal_samples, failures=_into_failures())
register(as_strided_scatter, differentiable=False)
