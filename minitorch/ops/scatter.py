"""Writing by an index along one dimension: scatter, scatter_add, scatter_reduce, index_reduce."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..convert import wrap_dim
from ..memory import Array
from ..op import Failure, Make, Op, Sample, Widening, register
from ..tensor import method, wrap
from ._common import Tensor, apply, apply_, deliver, zeros_like
from ._indices import Index
from ._pick import full
from .gather import along, check_range
from .index import INDEX, INDEX_ADD, INDEX_PUT, _index_add_fwd, _index_add_vjp, _put_fwd, _put_vjp

__all__ = ["index_reduce", "scatter", "scatter_add", "scatter_reduce"]

SCATTER: Op = Op("scatter", _put_fwd, _put_vjp)
SCATTER_NUMBER: Op = Op("scatter", _put_fwd, _put_vjp, grad_name="ScatterBackward1")
SCATTER_ADD: Op = Widening("scatter_add", _index_add_fwd, _index_add_vjp)


# ---- scatter -------------------------------------------------------------------------------------------------------


def _corner(src: Tensor, index: Tensor) -> Tensor:
    """Return the part of ``src`` that ``index`` has a place for."""
    return src if src._data.shape == index._data.shape else src[tuple(slice(n) for n in index._data.shape)]


def _same_dtype(input: Tensor, src: Tensor) -> None:
    if input._data.dtype != src._data.dtype:
        raise RuntimeError("scatter(): Expected self.dtype to be equal to src.dtype")


def _scattered(run: Any, input: Tensor, dim: int, index: Tensor, src: Any, value: Any, reduce: str | None) -> Tensor:
    src = value if src is None else src
    given = src if isinstance(src, Tensor) and (value is None) else None
    where = along("scatter", input, dim, index, given)
    if given is not None:
        _same_dtype(input, given)
        src = _corner(given, index)
    if not index._data.size:
        where = (np.zeros(0, np.int64),) * max(input._data.ndim, 1) if input._data.ndim else ()
        return run(INDEX_PUT, (input, 0), (where,)) if where else input.clone()
    if reduce is None:
        return run(SCATTER_NUMBER if given is None else SCATTER, (input, src), (where,))
    if reduce not in ("add", "multiply"):
        raise RuntimeError("reduce argument must be either add or multiply.")
    if given is None:
        src = wrap(np.full(index._data.shape, src, input._data.dtype))
    return run(SCATTER_REDUCE, (input, src), (where, "sum" if reduce == "add" else "prod", True))


def scatter(input: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None,
            out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Return ``input`` with the elements of ``src`` (or a number) written at the places that ``index`` names.

    Raises
    ------
    RuntimeError : an index out of bounds, larger than ``src`` or (apart from ``dim``) than ``input``; unequal dtypes.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(3).scatter(0, minitorch.tensor([2, 0]), 5.0)
    tensor([5., 0., 5.])
    """
    return deliver(_scattered(apply, input, dim, index, src, value, reduce), out)


@method
def scatter_(
    self: Tensor, dim: int, index: Tensor, src: Any = None, *, value: Any = None, reduce: str | None = None
) -> Tensor:
    """Write the elements of ``src`` (or a number) at the places that ``index`` names along ``dim``."""
    return _scattered(apply_, self, dim, index, src, value, reduce)


def _added(run: Any, input: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    where = along("scatter", input, dim, index, src)
    _same_dtype(input, src)
    return run(SCATTER_ADD, (input, _corner(src, index)), (where,))


def scatter_add(input: Tensor, dim: int, index: Tensor, src: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return ``input`` with the elements of ``src`` added at the places that ``index`` names along ``dim``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(3).scatter_add(0, minitorch.tensor([0, 0, 2]), minitorch.ones(3))
    tensor([2., 0., 1.])
    """
    return deliver(_added(apply, input, dim, index, src), out)


@method
def scatter_add_(self: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Add the elements of ``src`` at the places that ``index`` names along ``dim``."""
    return _added(apply_, self, dim, index, src)


# ---- reductions ----------------------------------------------------------------------------------------------------

_UFUNC: dict[str, Any] = {"sum": np.add, "mean": np.add, "prod": np.multiply, "amax": np.maximum, "amin": np.minimum}


def _identity(reduce: str, kind: Any) -> Any:
    """Return the number that a reduction starts from where the tensor itself does not take part."""
    if reduce in ("sum", "mean", "prod"):
        return int(reduce == "prod")
    low, high = (-np.inf, np.inf) if kind.kind == "f" else (False, True)
    if kind.kind in "iu":
        low, high = np.iinfo(kind).min, np.iinfo(kind).max
    return low if reduce == "amax" else high


def _reduce_fwd(x: Array, src: Array, where: Index, reduce: str, include_self: bool) -> Array:
    out, at = x.copy(order="K"), full(where)
    if not include_self:
        out[at] = _identity(reduce, x.dtype)
    _UFUNC[reduce].at(out, at, src)
    if reduce == "mean":
        count = np.full(x.shape, int(include_self))
        np.add.at(count, at, 1)
        count = count.clip(min=1)
        out = out / count.astype(x.dtype) if x.dtype.kind in "fc" else out // count
    return out.astype(x.dtype, copy=False)


def _reduce_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    where, reduce, include_self = node.params
    gx, gs = _REDUCE_VJP[reduce](node, g, where, include_self)
    if gx is not None and not include_self:
        gx = apply(INDEX_PUT, (gx, 0.0), (where,))
    return gx if node.needs[0] else None, gs if node.needs[1] else None


def _sum_vjp(node: Any, g: Tensor, where: Index, include_self: bool) -> tuple[Tensor, Tensor]:
    return g, INDEX(g, params=(where,))


def _mean_vjp(node: Any, g: Tensor, where: Index, include_self: bool) -> tuple[Tensor, Tensor]:
    count = np.full(g._data.shape, float(include_self))
    np.add.at(count, full(where), 1.0)
    each = g / wrap(count.clip(min=1.0).astype(g._data.dtype))
    return each, INDEX(each, params=(where,))


def _prod_vjp(node: Any, g: Tensor, where: Index, include_self: bool) -> tuple[Tensor, Tensor]:
    # d prod / d factor = the product of the others: the whole over the factor, unless the factor is 0; then the product
    # with 1 in its place, if no other factor there is 0
    x, src = node.input(0), node.input(1)
    ones, zero = x.masked_fill(x == 0, 1.0), src == 0
    gx = g * apply(SCATTER_REDUCE, (ones, src), (where, "prod", include_self)) / ones
    zeros = INDEX_ADD(zeros_like(x), zero.to(x.dtype), params=(where,))
    if include_self:
        zeros = zeros + (x == 0).to(x.dtype)
    alone = zero & (INDEX(zeros, params=(where,)) == 1)
    result = apply(SCATTER_REDUCE, (x, src), (where, "prod", include_self))
    others = apply(SCATTER_REDUCE, (x, src.masked_fill(alone, 1.0)), (where, "prod", include_self))
    plain = INDEX(g * result, params=(where,)) / src.masked_fill(zero, 1.0)
    return gx, alone.where(INDEX(g * others, params=(where,)), plain) if zero._data.any() else plain


def _extremum_vjp(node: Any, g: Tensor, where: Index, include_self: bool) -> tuple[Tensor, Tensor]:
    # equal shares for all elements that equal the extremum
    x, src, result = node.input(0).detach(), node.input(1).detach(), node.output(0).detach()
    own, theirs = (x == result).to(g.dtype), (src == INDEX(result, params=(where,))).to(g.dtype)
    if not include_self:
        own = apply(INDEX_PUT, (own, 0.0), (where,))
    count = INDEX_ADD(own, theirs, params=(where,))
    share = g / count.masked_fill(count == 0, 1.0)
    full_share = share if include_self else g  # untouched places keep all of it; touched ones are cleared after
    return own * share if include_self else full_share, theirs * INDEX(share, params=(where,))


_REDUCE_VJP: dict[str, Callable[..., tuple[Tensor, Tensor]]] = {
    "sum": _sum_vjp, "mean": _mean_vjp, "prod": _prod_vjp, "amax": _extremum_vjp, "amin": _extremum_vjp}  # fmt: skip
SCATTER_REDUCE: Op = Widening("scatter_reduce", _reduce_fwd, _reduce_vjp, saves=((0, 1), (0, 1)), keeps=(0,))
INDEX_REDUCE: Op = Widening("index_reduce", _reduce_fwd, _reduce_vjp, saves=((0, 1), (0, 1)), keeps=(0,))
_OLD_NAMES = {"max": "amax", "min": "amin", "add": "sum", "multiply": "prod"}


def _scatter_reduced(run: Any, input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, own: bool) -> Tensor:
    where = along("scatter", input, dim, index, src)
    _same_dtype(input, src)
    reduce = _OLD_NAMES.get(reduce, reduce)
    if reduce not in _UFUNC:
        raise RuntimeError(f"reduce argument must be either sum, prod, mean, amax or amin, got {reduce}")
    if reduce == "mean" and input._data.dtype == bool:
        raise NotImplementedError("\"scatter_gather_tensor_cpu_reduce_mean\" not implemented for 'Bool'")
    return run(SCATTER_REDUCE, (input, _corner(src, index)), (where, reduce, own))


def scatter_reduce(input: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True,
                   out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Return ``input`` with the elements of ``src`` reduced into the places that ``index`` names along ``dim``.

    ``reduce`` is "sum", "prod", "mean", "amax" or "amin"; without ``include_self`` the elements of ``input`` that are
    written to take no part.

    Examples
    --------
    >>> import minitorch
    >>> index = minitorch.tensor([0, 0, 1])
    >>> minitorch.zeros(3).scatter_reduce(0, index, minitorch.tensor([1.0, 5.0, 2.0]), "amax")
    tensor([5., 2., 0.])
    """
    return deliver(_scatter_reduced(apply, input, dim, index, src, reduce, include_self), out)


@method
def scatter_reduce_(
    self: Tensor, dim: int, index: Tensor, src: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Reduce the elements of ``src`` into the places that ``index`` names along ``dim``."""
    return _scatter_reduced(apply_, self, dim, index, src, reduce, include_self)


def slices(fn: str, input: Tensor, dim: int, index: Tensor, source: Tensor) -> Index:
    """Return the places of slices along ``dim`` that a vector names; torch's errors of index_add and index_reduce."""
    dim, array, shape = wrap_dim(dim, input._data.ndim), index._data, source._data.shape
    if array.ndim > 1:
        raise IndexError(
            f"{fn}_(): Index is supposed to be a vector, but got dim: {array.ndim} with type: "
            f"{index.dtype.scalar_type} and size: {list(array.shape)}"
        )
    if array.dtype not in (np.int64, np.int32):
        raise RuntimeError(f"{fn}_(): Expected dtype int32/int64 for index but got: {index.dtype.scalar_type}")
    if input._data.dtype != source._data.dtype:
        raise RuntimeError(
            f"{fn}_(): self ({input.dtype.scalar_type}) and source ({source.dtype.scalar_type}) must have the same "
            "scalar type"
        )
    if dim and dim >= len(shape):
        raise RuntimeError(f"{fn}_(): Indexing dim {dim} is out of bounds of the source tensor with dim {len(shape)}")
    _check_source(fn, input._data.shape, dim, array.size, shape)
    n = input._data.shape[dim] if input._data.ndim else 1
    text = f"index {{i}} is out of bounds for dimension {dim} with size {{n}}"
    if fn == "index_reduce":
        check_range(array, 0, n, "index out of range in self", IndexError)
    check_range(array, 0, n, text, RuntimeError)
    return (None,) * dim + (array.reshape(-1),) if input._data.ndim else ()


def _check_source(fn: str, own: tuple[int, ...], dim: int, count: int, shape: tuple[int, ...]) -> None:
    size = shape[dim] if shape else 1
    if count != size:
        raise RuntimeError(
            f"{fn}_(): Number of indices ({count}) should be equal to source.size(dim): ({size}), for dim: {dim}"
        )
    if len(own) != len(shape) or own[:dim] != shape[:dim] or own[dim + 1 :] != shape[dim + 1 :]:
        raise RuntimeError(
            "source tensor shape must match self tensor shape, excluding the specified dimension. Got self.shape = "
            f"{list(own)} source.shape = {list(shape)}"
        )


def _index_reduced(run: Any, input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, own: bool) -> Tensor:
    if reduce not in ("prod", "mean", "amax", "amin"):
        raise RuntimeError(f"index_reduce(): Expected reduce to be one of prod, mean, amax or amin but got {reduce}.")
    where = slices("index_reduce", input, dim, index, source)
    return run(INDEX_REDUCE, (input, source), (where, reduce, own))


def index_reduce(input: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True,
                 out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Return ``input`` with the slices of ``source`` reduced into those that ``index`` names along ``dim``.

    ``reduce`` is "prod", "mean", "amax" or "amin".

    Examples
    --------
    >>> import minitorch
    >>> index = minitorch.tensor([0, 0])
    >>> minitorch.ones(2).index_reduce(0, index, minitorch.tensor([2.0, 3.0]), "prod")
    tensor([6., 1.])
    """
    return deliver(_index_reduced(apply, input, dim, index, source, reduce, include_self), out)


@method
def index_reduce_(
    self: Tensor, dim: int, index: Tensor, source: Tensor, reduce: str, *, include_self: bool = True
) -> Tensor:
    """Reduce the slices of ``source`` into those that ``index`` names along ``dim``."""
    return _index_reduced(apply_, self, dim, index, source, reduce, include_self)


# ---- records -------------------------------------------------------------------------------------------------------


def _scatter_samples(make: Make) -> Iterator[Sample]:
    yield Sample("distinct", (make(3, 4), 0, wrap(np.array([[2, 0, 1, 2]])), make(1, 4)))
    yield Sample("number", (make(3), 0, wrap(np.array([2, 0])), 1.5))


def _add_samples(make: Make) -> Iterator[Sample]:
    yield Sample("rows", (make(3, 4), 1, make.ints(3, 2, high=4), make(3, 2)))
    yield Sample("repeated", (make(3), 0, make.ints(5, high=3), make(5)))
    yield Sample("larger source", (make(3, 4), 0, make.ints(2, 3, high=3), make(4, 4)))


def _reduce_samples(make: Make) -> Iterator[Sample]:
    for reduce in _UFUNC:
        index = make.ints(3, 2, high=4)
        yield Sample(reduce, (make(3, 4, apart=0.1), 1, index, make(3, 2, apart=0.13), reduce))
        yield Sample(
            f"{reduce} of the source",
            (make(3, 4, apart=0.1), 1, index, make(3, 2, apart=0.13), reduce),
            {"include_self": False},
        )


def _index_samples(make: Make) -> Iterator[Sample]:
    for reduce in ("prod", "mean", "amax", "amin"):
        yield Sample(reduce, (make(3, 4, apart=0.1), 1, make.ints(2, high=4), make(3, 2, apart=0.13), reduce))


def _failures(make: Make) -> Iterator[Failure]:
    index = wrap(np.zeros((2, 2), np.int64))
    sum_ = ("sum",)
    yield Failure(
        (make(2, 3), 1, index + 3, make(2, 2), *sum_), RuntimeError, "index 3 is out of bounds for dimension 1"
    )
    yield Failure((make(2, 3), 1, index, make(1, 2), *sum_), RuntimeError, "to be no larger size than src")
    yield Failure(
        (make(2, 3), 1, index, make(2, 2).float(), *sum_), RuntimeError, "self.dtype to be equal to src.dtype"
    )
    yield Failure((make(2, 3), 1, index[0], make(2), *sum_), RuntimeError, "same number of dimensions as self")


def _plain_failures(make: Make) -> Iterator[Failure]:
    for failure in _failures(make):
        yield Failure(failure.args[:-1], failure.error, failure.match)


def _index_failures(make: Make) -> Iterator[Failure]:
    index = wrap(np.zeros(2, np.int64))
    yield Failure(
        (make(2, 3), 1, index, make(2, 2), "sum"), RuntimeError, "one of prod, mean, amax or amin but got sum"
    )
    yield Failure((make(2, 3), 1, index + 3, make(2, 2), "prod"), IndexError, "index out of range in self")
    yield Failure((make(2, 3), 1, index, make(2, 3), "prod"), RuntimeError, r"Number of indices \(2\) should be equal")


register(scatter, samples=_scatter_samples, failures=_plain_failures)
register(scatter_add, samples=_add_samples, failures=_plain_failures)
register(scatter_reduce, samples=_reduce_samples, failures=_failures)
register(index_reduce, samples=_index_samples, failures=_index_failures)
