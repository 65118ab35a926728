"""Connectionist temporal classification: the likelihood of a label sequence under all alignments.

Source: Graves et al., "Connectionist Temporal Classification", ICML 2006. The forward recursion over time is a
composite, so its gradient is the backward recursion, and every order of derivative exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..memory import Array
from ..op import Failure, Make, Sample, register
from ..tensor import wrap
from ._common import Tensor, float_arg
from .gather import gather
from .join import cat, stack
from .pointwise import where
from .unary import exp

__all__ = ["ctc_loss"]

_NEVER = -1e30  # the logarithm of an impossible alignment; not -inf, whose differences would be NaN


def ctc_loss(
    log_probs: Tensor,
    targets: Tensor,
    input_lengths: Any,
    target_lengths: Any,
    blank: int = 0,
    reduction: str = "mean",
    zero_infinity: bool = False,
) -> Tensor:
    """Return the negative log-likelihood of label sequences under log-probabilities (T, N, C) or (T, C).

    Parameters
    ----------
    targets : labels (N, S), or those of all samples one after the other.
    input_lengths, target_lengths : lengths (N), as tensors or tuples.
    blank : the class that stands for no label.
    reduction : 'mean' divides by the target lengths first; 'sum', 'none'.
    zero_infinity : count samples whose target does not fit into the input as 0.

    Raises
    ------
    RuntimeError : lengths that do not fit, or a blank that is not a class.
    ValueError : an unknown reduction.

    Notes
    -----
    As in torch, the gradient is the one for log-probabilities that come from a log-softmax.

    Examples
    --------
    >>> import minitorch
    >>> log_probs = minitorch.full((2, 1, 2), 0.5).log()
    >>> minitorch.nn.functional.ctc_loss(log_probs, minitorch.tensor([[1]]), (2,), (1,))
    tensor(0.2877)
    """
    lp = float_arg("ctc_loss", log_probs, "ctc_loss_cpu")
    batched = lp._data.ndim == 3
    lp = lp if batched else lp.unsqueeze(1)
    steps, n, classes = lp._data.shape
    times = _lengths(input_lengths, n, "input_lengths")
    sizes = _lengths(target_lengths, n, "target_lengths")
    _check(times, sizes, steps, classes, blank, reduction)
    labels = _padded(targets._data, sizes, n)
    losses = _losses(lp, _with_blanks(labels, sizes, blank), times, sizes)
    losses = losses + _softmax_term(lp, times)
    impossible = losses._data > -_NEVER / 2
    losses = where(wrap(impossible), 0.0 if zero_infinity else float("inf"), losses)
    return _finish(losses if batched else losses.reshape(()), sizes, reduction)


def _finish(losses: Tensor, sizes: Array, reduction: str) -> Tensor:
    if reduction == "sum":
        return losses.sum()
    if reduction == "mean":
        return (losses.reshape(-1) / wrap(np.maximum(sizes, 1).astype(losses._data.dtype))).mean()
    return losses


# ---- arguments -----------------------------------------------------------------------------------------------------


def _lengths(given: Any, n: int, name: str) -> Array:
    values = np.asarray(given._data if isinstance(given, Tensor) else given).astype(np.int64).reshape(-1)
    if values.size != n:
        raise RuntimeError(f"{name} must be of size batch_size")
    return values


def _check(times: Array, sizes: Array, steps: int, classes: int, blank: int, reduction: str) -> None:
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    if not 0 <= blank < classes:
        raise RuntimeError("blank must be in label range")
    if times.size and int(times.max()) > steps:
        raise RuntimeError(f"Expected input_lengths to have value at most {steps}, but got value {times.max()} "
                           "(while checking arguments for ctc_loss_allocate_outputs)")  # fmt: skip
    if min(times.min(initial=0), sizes.min(initial=0)) < 0:
        raise RuntimeError("ctc_loss: lengths must not be negative")


def _padded(targets: Array, sizes: Array, n: int) -> Array:
    """Return labels as rows (N, longest)."""
    longest = int(sizes.max(initial=0))
    if targets.ndim == 2:
        if targets.shape[1] < longest:
            raise RuntimeError(
                f"Expected tensor to have size at least {longest} at dimension 1, but got size {targets.shape[1]} for "
                "argument #2 'targets' (while checking arguments for ctc_loss_allocate_outputs)"
            )
        return targets[:, :longest].astype(np.int64)
    rows = np.zeros((n, longest), np.int64)
    ends = np.cumsum(sizes)
    for i, (end, size) in enumerate(zip(ends, sizes)):
        rows[i, :size] = targets.ravel()[end - size : end]
    return rows


def _with_blanks(labels: Array, sizes: Array, blank: int) -> Array:
    """Return the labels with a blank before, between and after: (N, 2*S + 1)."""
    states = np.full((labels.shape[0], 2 * labels.shape[1] + 1), blank, np.int64)
    states[:, 1::2] = np.where(np.arange(labels.shape[1]) < sizes[:, None], labels, blank)
    return states


# ---- the recursion -------------------------------------------------------------------------------------------------


def _losses(lp: Tensor, states: Array, times: Array, sizes: Array) -> Tensor:
    """Return -log of the probability of each sample's label sequence: (N)."""
    n, width = states.shape
    # a label may follow another one directly, unless they are equal
    skips = np.zeros(states.shape, bool)
    skips[:, 2:] = (states[:, 2:] != states[:, :-2]) & (np.arange(2, width) % 2 == 1)
    start = np.arange(width) < np.minimum(2, 2 * sizes[:, None] + 1)
    index = wrap(states)
    never = lp.new_full((n, 2), _NEVER)
    alpha = where(wrap(start), gather(lp[0], 1, index), _NEVER) if lp._data.shape[0] else lp.new_zeros(states.shape)
    for t in range(1, int(times.max(initial=0))):
        shifted = cat([never, alpha], 1)
        paths = stack([alpha, shifted[:, 1:-1], where(wrap(skips), shifted[:, :-2], _NEVER)])
        moved = paths.logsumexp(0) + gather(lp[t], 1, index)
        alpha = where(wrap((t < times)[:, None]), moved, alpha)
    last = np.stack([2 * sizes, np.maximum(2 * sizes - 1, 0)], 1)
    ends = where(wrap(np.stack([sizes >= 0, sizes > 0], 1)), gather(alpha, 1, wrap(last)), _NEVER)
    return -ends.logsumexp(1)


def _softmax_term(lp: Tensor, times: Array) -> Tensor:
    """Return zeros whose gradient is that of the normalisation: exp(log_probs) within each sample's length."""
    within = np.arange(lp._data.shape[0])[:, None] < times
    mass = (exp(lp) * wrap(within.astype(lp._data.dtype)[..., None])).sum((0, 2))
    return mass - mass.detach()


def _samples(make: Make) -> Iterator[Sample]:
    x = make(5, 2, 4, high=-1.0)
    yield Sample("rows", (x, wrap(np.array([[1, 2], [3, 3]])), (5, 4), (2, 2)))
    yield Sample("one row", (x, wrap(np.array([1, 2, 3])), (5, 5), (1, 2)), {"reduction": "none"})


def _failures(make: Make) -> Iterator[Failure]:
    x, rows = make(4, 2, 3), wrap(np.array([[1, 2], [1, 1]]))
    yield Failure((x, rows, (4, 4), (2, 3)), RuntimeError, "size at least 3 at dimension 1, but got size 2")
    yield Failure((x, rows, (5, 4), (2, 2)), RuntimeError, "input_lengths to have value at most 4, but got value 5")
    yield Failure((x, rows, (4,), (2, 2)), RuntimeError, "input_lengths must be of size batch_size")
    yield Failure((x, rows, (4, 4), (2, 2), 5), RuntimeError, "blank must be in label range")


# The gradient includes the normalisation's, so it is not the derivative that differences would find.
register(ctc_loss, samples=_samples, failures=_failures, methods=(), functional=True, differentiable=False)
