"""Writing slices by a vector of indices along one dimension: index_add, index_copy, index_fill."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..convert import wrap_dim
from ..op import Failure, Make, Op, Sample, Widening, register
from ..tensor import method, wrap
from ._common import Tensor, apply, apply_, deliver
from .gather import check_range
from .index import _index_add_fwd, _index_add_vjp, _put_fwd, _put_vjp
from .scatter import slices

__all__ = ["index_add", "index_copy", "index_fill"]

ADD: Op = Widening("index_add", _index_add_fwd, _index_add_vjp)
COPY: Op = Op("index_copy", _put_fwd, _put_vjp)
FILL: Op = Op("index_fill", _put_fwd, _put_vjp)


def _index_added(run: Any, input: Tensor, dim: int, index: Tensor, source: Tensor, alpha: Any) -> Tensor:
    where = slices("index_add", input, dim, index, source)
    return run(ADD, (input, source if alpha == 1 else source * alpha), (where,))


def index_add(input: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1,
              out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Return ``input`` with ``alpha`` times the slices of ``source`` added to those that ``index`` names along ``dim``.

    Raises
    ------
    RuntimeError : shapes or dtypes that do not match, an index out of bounds. IndexError : an index with dimensions.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(3).index_add(0, minitorch.tensor([0, 0, 2]), minitorch.ones(3))
    tensor([2., 0., 1.])
    """
    return deliver(_index_added(apply, input, dim, index, source, alpha), out)


@method
def index_add_(self: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: Any = 1) -> Tensor:
    """Add ``alpha`` times the slices of ``source`` to those that ``index`` names along ``dim``."""
    return _index_added(apply_, self, dim, index, source, alpha)


def _copied(run: Any, input: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    own, shape, array = input._data.shape, source._data.shape, index._data
    dim = wrap_dim(dim, len(own))
    if array.ndim > 1:
        raise IndexError(f"index_copy_(): Index should have dimension 1 or 0 (got {array.ndim})")
    if not shape and array.size != 1:
        raise IndexError(f"index_copy_(): When source is scalar, index should have one element (got {array.size})")
    if own and shape and len(own) != len(shape):
        raise IndexError(
            "index_copy_(): When source and destination are not scalars, their dimensionality must match. Source "
            f"dimensionality ({len(shape)}), destination dimensionality ({len(own)})"
        )
    if array.dtype != np.int64:
        raise RuntimeError(f"index_copy_(): Expected a long tensor for index, but got {index.dtype.scalar_type}")
    if input._data.dtype != source._data.dtype:
        raise RuntimeError(
            "index_copy_(): self and source expected to have the same dtype, but got (self) "
            f"{input.dtype.scalar_type} and (source) {source.dtype.scalar_type}"
        )
    _check_slices(own, shape, dim, array.size)
    n = own[dim] if own else 1
    text = f"index_copy_(): index {{i}} is out of bounds for dimension {dim} with size {{n}}"
    check_range(array, 0, n, text, IndexError)
    return run(COPY, (input, source), ((None,) * dim + (array.reshape(-1),) if own else (),))


def _check_slices(own: tuple[int, ...], shape: tuple[int, ...], dim: int, count: int) -> None:
    mine, theirs = own[:dim] + own[dim + 1 :], shape[:dim] + shape[dim + 1 :]
    if mine != theirs:
        raise RuntimeError(
            "index_copy_(): Source/destination tensor must have same slice shapes. Destination slice shape: "
            f"{' '.join(map(str, mine))} at dimension {dim} and source slice shape: {' '.join(map(str, theirs))} at "
            "dimension 0."
        )
    size = shape[dim] if shape else 1
    if count != size:
        raise IndexError(f"index_copy_(): Number of indices ({count}) should be equal to source.size(dim) ({size})")


def index_copy(input: Tensor, dim: int, index: Tensor, source: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return ``input`` with the slices of ``source`` written over those that ``index`` names along ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(3).index_copy(0, minitorch.tensor([2, 0]), minitorch.tensor([1.0, 2.0]))
    tensor([2., 0., 1.])
    """
    return deliver(_copied(apply, input, dim, index, source), out)


@method
def index_copy_(self: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """Write the slices of ``source`` over those that ``index`` names along ``dim``."""
    return _copied(apply_, self, dim, index, source)


def _filled(run: Any, input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    dim, array = wrap_dim(dim, input._data.ndim), index._data
    if isinstance(value, Tensor) and value._data.ndim:
        raise RuntimeError(
            "index_fill_ only supports a 0-dimensional value tensor, but got tensor with "
            f"{value._data.ndim} dimension(s)."
        )
    if isinstance(value, complex) and not input.is_complex():
        raise RuntimeError("index_fill_(): Converting complex Scalar to non-complex type is not supported")
    if array.dtype != np.int64:
        raise IndexError("index_fill_(): Expected dtype int64 for index.")
    if array.ndim > 1:
        raise RuntimeError("Index has to be a vector/scalar")
    n = input._data.shape[dim] if input._data.ndim else 1
    check_range(array, -n, n, f"index {{i}} is out of bounds for dimension {dim} with size {{n}}", IndexError)
    return run(FILL, (input, value), ((None,) * dim + (array.reshape(-1),) if input._data.ndim else (),))


def index_fill(input: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """Return ``input`` with one number in the slices that ``index`` names along ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(3).index_fill(0, minitorch.tensor([0, 2]), 7)
    tensor([7., 0., 7.])
    """
    return _filled(apply, input, dim, index, value)


@method
def index_fill_(self: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """Write a number into the slices that ``index`` names along ``dim``."""
    return _filled(apply_, self, dim, index, value)


# ---- records -------------------------------------------------------------------------------------------------------


def _places(*places: int) -> Tensor:
    return wrap(np.array(places, np.int64))


def _add_samples(make: Make) -> Iterator[Sample]:
    yield Sample("columns", (make(2, 3), 1, _places(2, 0), make(2, 2)))
    yield Sample("repeated", (make(3, 2), 0, _places(1, 1, 0), make(3, 2)), {"alpha": 2})
    yield Sample("0-d", (make(), 0, _places(0)[0], make()))


def _copy_samples(make: Make) -> Iterator[Sample]:
    yield Sample("columns", (make(2, 3), 1, _places(2, 0), make(2, 2)))
    yield Sample("nothing", (make(2, 3), 0, _places(), make(0, 3)))


def _slice_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3), 1, _places(0, 3), make(2, 2)), (RuntimeError), "index 3 is out of bounds")
    yield Failure((make(2, 3), 1, _places(0, 2), make(2, 3)), RuntimeError, r"Number of indices \(2\) should be equal")
    yield Failure((make(2, 3), 1, _places(0, 2), make(2, 2).float()), RuntimeError, "must have the same scalar type")


def _copy_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3), 1, _places(0, 3), make(2, 2)), IndexError, "index 3 is out of bounds for dimension 1")
    yield Failure((make(2, 3), 1, _places(0, 2), make(2, 3)), IndexError, r"Number of indices \(2\) should be equal")
    yield Failure((make(2, 3), 1, _places(0, 2), make(2)), IndexError, "their dimensionality must match")


def _fill_samples(make: Make) -> Iterator[Sample]:
    yield Sample("number", (make(2, 3), 1, _places(-1, 0), 7))
    yield Sample("tensor", (make(2, 3), 0, _places(1), make()))


def _fill_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3), 1, _places(3), 7), IndexError, "index 3 is out of bounds for dimension 1 with size 3")
    yield Failure((make(2, 3), 1, _places(0), make(1)), RuntimeError, "only supports a 0-dimensional value tensor")
    yield Failure((make(2, 3), 1, make(1), 7), IndexError, "Expected dtype int64 for index")


register(index_add, samples=_add_samples, failures=_slice_failures)
register(index_copy, samples=_copy_samples, failures=_copy_failures)
register(index_fill, samples=_fill_samples, failures=_fill_failures)
