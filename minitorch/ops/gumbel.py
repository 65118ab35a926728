"""Random choices that have a gradient: softmax of scores with Gumbel noise."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..op import Failure, Make, Sample, register
from ..tensor import wrap
from ._common import Tensor, tensor_arg
from .softmax import softmax

__all__ = ["gumbel_softmax"]


def gumbel_softmax(logits: Tensor, tau: float = 1, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """Draw from the Gumbel-softmax distribution (Jang et al., arXiv 1611.01144; Maddison et al., arXiv 1611.00712).

    Parameters
    ----------
    logits : (..., classes), unnormalised log-probabilities along ``dim``.
    tau : temperature; small values come close to a choice of one class.
    hard : return one-hot vectors, with the gradient of the soft ones.
    eps : has no effect, as in torch.

    Raises
    ------
    RuntimeError : logits that are not floating-point.

    Examples
    --------
    >>> import minitorch, minitorch.nn.functional as F
    >>> F.gumbel_softmax(minitorch.tensor([0.0, 90.0]), hard=True)
    tensor([0., 1.])
    """
    x = tensor_arg("gumbel_softmax", logits, "logits")
    if not x.is_floating_point():
        raise RuntimeError(
            "Exponential distribution is a continuous probability distribution. dtype must be a floating point but "
            f"you specified {x.dtype.scalar_type}"
        )
    noise = wrap(np.empty(x._data.shape, x._data.dtype)).exponential_().log()
    soft = softmax((x - noise) / tau, dim)
    if not hard:
        return soft
    chosen = np.zeros_like(soft._data)
    np.put_along_axis(chosen, np.expand_dims(soft._data.argmax(dim), dim), 1, dim)
    return wrap(chosen) - soft.detach() + soft


def _samples(make: Make) -> Iterator[Sample]:
    # large scores and a small temperature leave nothing to chance
    scores = wrap(100.0 * np.eye(3, dtype=make.dtype.numpy))
    yield Sample("one certain class", (scores, 0.01, True))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make.ints(3, 2),), RuntimeError, "dtype must be a floating point but you specified Long")


register(
    gumbel_softmax,
    samples=_samples,
    failures=_failures,
    methods=(),
    functional=True,
    top=False,
    differentiable=False,  # random: tests/test_nn_calls.py compares values and gradients with recorded ones
)
