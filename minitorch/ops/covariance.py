"""Covariances and correlations of variables, one a row."""

from __future__ import annotations

from collections.abc import Iterator

from ..op import Failure, Make, Sample, register
from ._common import Tensor, conj, tensor_arg
from .matmul import matmul

__all__ = ["corrcoef", "cov"]


def cov(
    input: Tensor, *, correction: int = 1, fweights: Tensor | None = None, aweights: Tensor | None = None
) -> Tensor:
    """Return the covariances of variables (rows) over observations (columns); of one variable, the variance.

    ``fweights`` says how often each observation occurs, ``aweights`` how much it counts.

    Raises
    ------
    RuntimeError : more than two dimensions, or weights that do not fit.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.cov(minitorch.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    x = _variables("cov", input)
    weights = _weights(x, fweights, aweights)
    if weights is None:
        count, centred = x.shape[1] - correction, x - x.mean(1, keepdim=True)
        return (matmul(centred, conj(centred.t())) / max(count, 0)).squeeze()
    total = weights.sum()
    free = total - correction
    if aweights is not None and correction:
        free = total - correction * (weights * aweights).sum() / total
    centred = x - (x * weights).sum(1, keepdim=True) / total
    return (matmul(centred * weights, conj(centred.t())) / free.clamp(min=0)).squeeze()


def _variables(name: str, input: Tensor) -> Tensor:
    if tensor_arg(name, input)._data.ndim > 2:
        raise RuntimeError(
            f"{name}(): expected input to have two or fewer dimensions but got an input with {input._data.ndim} "
            "dimensions"
        )
    x = input if input.is_floating_point() or input.is_complex() else input.float()
    return x if x._data.ndim == 2 else x.reshape(1, -1)


def _weights(x: Tensor, often: Tensor | None, much: Tensor | None) -> Tensor | None:
    """Return the product of the weights that are given."""
    for name, w in (("fweights", often), ("aweights", much)):
        if w is not None and w._data.shape != (x.shape[1],):
            raise RuntimeError(
                f"cov(): expected {name} to have the same numel as there are observations in the input but got "
                f"{w._data.size} != {x.shape[1]}"
            )
    given = [w for w in (often, much) if w is not None]
    return (given[0] * given[1] if len(given) == 2 else given[0]) if given else None


def corrcoef(input: Tensor) -> Tensor:
    """Return Pearson's correlations of variables (rows) over observations (columns).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.corrcoef(minitorch.tensor([[0.0, 1.0, 2.0], [2.0, 1.0, 0.0]]))
    tensor([[ 1., -1.],
            [-1.,  1.]])
    """
    _variables("corrcoef", input)
    c = cov(input)
    if not c._data.ndim:
        return c / c
    deviations = c.diagonal().sqrt()
    scaled = c / deviations.unsqueeze(1) / deviations.unsqueeze(0)
    return scaled if scaled.is_complex() else scaled.clamp(-1, 1)


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("two", (make(2, 5),))
    yield Sample("three", (make(3, 4),))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 2, 2),), RuntimeError, "expected input to have two or fewer dimensions but got an input")


register(cov, samples=_samples, failures=_failures)
# the clamp has a kink at the correlations of a variable with itself
register(corrcoef, samples=_samples, failures=_failures, differentiable=False)
