"""Reductions made of others: sums and means that pass over NaN, both extrema or moments at once, distances, renorm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..dtypes import dtype
from ..op import Failure, Make, Op, Sample, Widening, register
from ..tensor import method, wrap
from ._common import Tensor, apply, deliver, normal_dims, tensor_arg
from ._returns import returns
from ._titles import titled
from .extrema import amax, amin
from .pointwise import where
from .reduce import mean, spread, std, var
from .reduce import sum as total

__all__ = ["aminmax", "count_nonzero", "dist", "nanmean", "nansum", "renorm", "std_mean", "var_mean"]

AMINMAX = returns("aminmax", "min", "max")

# ---- passing over NaN ----------------------------------------------------------------------------------------------


def _nansum_fwd(x: Any, dims: tuple[int, ...], keepdim: bool) -> Any:
    if x.dtype.kind == "c":
        raise RuntimeError("nansum on CPU does not support complex inputs")
    return np.nansum(x, axis=dims, keepdims=keepdim, dtype=x.dtype if x.dtype.kind == "f" else np.int64)


def _nansum_vjp(node: Any, g: Tensor) -> Tensor:
    return where(node.input(0).isnan(), 0.0, spread(node, g, node.params[0]))


NANSUM: Op = Widening("nansum", _nansum_fwd, _nansum_vjp, saves=((0,),))


def nansum(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None,
           out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Return the sum over dimensions ``dim`` (all by default) of the elements that are not NaN.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nansum(minitorch.tensor([1.0, float("nan"), 2.0]))
    tensor(3.)
    """
    x = tensor_arg("nansum", input) if dtype is None else input.to(dtype)
    return deliver(apply(NANSUM, (x,), (normal_dims(dim, x._data.ndim), keepdim)), out)


def nanmean(input: Tensor, dim: Any = None, keepdim: bool = False, *, dtype: dtype | None = None,
            out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Return the mean over dimensions ``dim`` (all by default) of the elements that are not NaN.

    Raises
    ------
    RuntimeError : an integer or bool tensor.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nanmean(minitorch.tensor([1.0, float("nan"), 2.0]))
    tensor(1.5000)
    """
    kind = tensor_arg("nanmean", input).dtype
    if kind.category < dtypes.FLOAT:
        raise RuntimeError(
            f"nanmean(): expected input to have floating point or complex dtype but got {kind.scalar_type}"
        )
    summed = nansum(input, dim, keepdim, dtype=dtype)
    return deliver(summed / total(input.isnan().logical_not(), dim, keepdim), out)


def count_nonzero(input: Tensor, dim: Any = None) -> Tensor:
    """Return the numbers of elements that are not 0, over dimensions ``dim`` (all by default).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.count_nonzero(minitorch.tensor([[0, 1], [2, 3]]), 0)
    tensor([1, 2])
    """
    return total(tensor_arg("count_nonzero", input) != 0, dim)


# ---- two results ---------------------------------------------------------------------------------------------------


def aminmax(input: Tensor, *, dim: int | None = None, keepdim: bool = False, out: Any = None) -> Any:
    """Return the smallest and the largest elements, of all or along ``dim``, as ``(min, max)``.

    Raises
    ------
    RuntimeError : no elements. IndexError : an empty dimension.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.aminmax(minitorch.tensor([3, 1, 2]))
    torch.return_types.aminmax(
    min=tensor(1),
    max=tensor(3))
    """
    shape = tensor_arg("aminmax", input)._data.shape
    if dim is None and 0 in shape:
        raise RuntimeError(
            "aminmax(): cannot compute aminmax over an empty dimension as the operation has no identity."
        )
    over = () if dim is None else normal_dims(dim, len(shape))
    if dim is not None and 0 in [shape[d] for d in over]:
        raise IndexError(f"aminmax(): Expected reduction dim {over[0]} to have non-zero size.")
    low, high = amin(input, over, keepdim), amax(input, over, keepdim)
    if dim is None and keepdim and shape:
        low, high = (v.reshape((1,) * len(shape)) for v in (low, high))
    result = AMINMAX(low, high) if out is None else AMINMAX(deliver(low, out[0]), deliver(high, out[1]))
    return titled("AminmaxBackward0", result)


def _moments(name: str, moment: Any, input: Tensor, dim: Any, unbiased: bool | None, keepdim: bool,
             correction: float | None) -> tuple[Tensor, Tensor]:  # fmt: skip
    if tensor_arg(name, input).dtype.category < dtypes.FLOAT:
        raise RuntimeError(f"{name} only support floating point and complex dtypes")
    spread_out = moment(input, dim, unbiased, keepdim, correction=correction)
    return spread_out, mean(input, None if isinstance(dim, bool) else dim, keepdim)


def std_mean(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: float | None = None) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Return the standard deviation and the mean over dimensions ``dim``; see `std`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.std_mean(minitorch.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """
    return titled("StdMeanBackward0", _moments("std_mean", std, input, dim, unbiased, keepdim, correction))


def var_mean(input: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: float | None = None) -> tuple[Tensor, Tensor]:  # fmt: skip
    """Return the variance and the mean over dimensions ``dim``; see `var`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.var_mean(minitorch.tensor([1.0, 2.0, 3.0]))
    (tensor(1.), tensor(2.))
    """
    return titled("VarMeanBackward0", _moments("var_mean", var, input, dim, unbiased, keepdim, correction))


# ---- distances -----------------------------------------------------------------------------------------------------


def dist(input: Tensor, other: Tensor, p: float = 2) -> Tensor:
    """Return the p-norm of ``input - other``, broadcast together.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.dist(minitorch.tensor([0.0, 3.0]), minitorch.tensor([4.0, 0.0]))
    tensor(5.)
    """
    return titled("DistBackward0", (tensor_arg("dist", input) - tensor_arg("dist", other, "other", 2)).norm(p))


def renorm(input: Tensor, p: float, dim: int, maxnorm: float, *, out: Tensor | None = None) -> Tensor:
    """Return the tensor with the slices along ``dim`` scaled down to a p-norm of at most ``maxnorm``.

    Raises
    ------
    RuntimeError : ``p`` not positive, ``maxnorm`` negative, fewer than 2 dimensions.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.renorm(minitorch.tensor([[3.0, 4.0], [0.5, 0.5]]), 2, 0, 1)
    tensor([[0.6000, 0.8000],
            [0.5000, 0.5000]])
    """
    ndim = tensor_arg("renorm", input)._data.ndim
    if p <= 0:
        raise RuntimeError(f"renorm: non-positive-norm not supported, got p={p}")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    if ndim < 2:
        raise RuntimeError(f"renorm: input needs at least 2 dimensions, got {ndim} dimensions")
    (dim,) = normal_dims(dim, ndim)
    norms = input.norm(p, [d for d in range(ndim) if d != dim], True)
    scale = where(norms > maxnorm, maxnorm / (norms + 1e-7), wrap(np.ones((), norms._data.dtype)))
    return titled("RenormBackward0", deliver(input * scale, out))


@method
def renorm_(self: Tensor, p: float, dim: int, maxnorm: float) -> Tensor:
    """Scale the slices along ``dim`` down to a p-norm of at most ``maxnorm`` in place."""
    return self.copy_(renorm(self.clone(), p, dim, maxnorm))


# ---- samples -------------------------------------------------------------------------------------------------------


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("all", (make(3, 4),))
    yield Sample("one dim", (make(3, 4), 1))
    yield Sample("two dims", (make(2, 3, 2), (0, -1)))


def _kept_samples(make: Make) -> Iterator[Sample]:
    yield from _samples(make)
    yield Sample("kept", (make(2, 3, 2), 1), {"keepdim": True})


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3, 4), (0, 0)), RuntimeError, "dim 0 appears multiple times in the list of dims")


def _extrema_samples(make: Make) -> Iterator[Sample]:
    yield Sample("all", (make(3, 4, apart=0.3),))
    yield Sample("one dim", (make(3, 4, apart=0.3),), {"dim": 1, "keepdim": True})


def _extrema_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(0),), RuntimeError, "over an empty dimension")
    yield Failure((make(0, 3),), IndexError, "Expected reduction dim 0 to have non-zero size", {"dim": 0})


def _dist_samples(make: Make) -> Iterator[Sample]:
    for p in (2, 1, 3.0):
        yield Sample(f"p {p}", (make(3, 4, low=1.0), make(3, 4, low=-2.0, high=-1.0), p))
    yield Sample("broadcast", (make(3, 4, low=1.0), make(4, low=-2.0, high=-1.0)))


def _renorm_samples(make: Make) -> Iterator[Sample]:
    yield Sample("rows", (make(3, 4, low=0.5), 2, 0, 1.0))
    yield Sample("columns", (make(3, 4, low=0.5), 1, 1, 2.0))


def _renorm_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3), 2, 0, 1.0), RuntimeError, "needs at least 2 dimensions, got 1")
    yield Failure((make(3, 4), -1, 0, 1.0), RuntimeError, "non-positive-norm not supported")


register(nansum, samples=_kept_samples, failures=_failures)
register(nanmean, samples=_kept_samples, failures=_failures)
register(count_nonzero, samples=_samples, failures=_failures, differentiable=False)
register(aminmax, samples=_extrema_samples, failures=_extrema_failures)
register(std_mean, samples=_kept_samples, failures=_failures, methods=())
register(var_mean, samples=_kept_samples, failures=_failures, methods=())
register(dist, samples=_dist_samples)
register(renorm, samples=_renorm_samples, failures=_renorm_failures)
