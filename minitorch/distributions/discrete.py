"""Distributions over classes, counts, and yes or no; by probabilities, or by their logarithms up to a constant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..autograd.grad_mode import no_grad
from ..dtypes import finfo
from ..ops.binary_loss import binary_cross_entropy_with_logits
from ..ops.create import arange, eye
from ..ops.random import bernoulli, multinomial
from ..tensor import Size, Tensor
from . import constraints
from .distribution import Distribution

__all__ = ["Bernoulli", "Categorical", "Geometric", "OneHotCategorical", "OneHotCategoricalStraightThrough"]


def _clamped(probs: Tensor) -> Tensor:
    """Keep probabilities away from 0 and 1, so that their logarithms are finite."""
    eps = finfo(probs.dtype).eps
    return probs.clamp(min=eps, max=1 - eps)


class _ByProbability(Distribution):
    """A distribution that takes either ``probs`` or ``logits``, and computes the other when it is asked for."""

    arg_constraints = {"probs": constraints.unit_interval, "logits": constraints.real}

    def _set_one(self, validate_args: bool | None, probs: Any, logits: Any) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        given = {"probs": probs} if logits is None else {"logits": logits}
        self._set(validate_args, **given)

    def __getattr__(self, name: str) -> Tensor:
        """Compute what was not given of ``probs`` and ``logits``."""
        if name == "logits" and "probs" in vars(self):
            clamped = _clamped(self.probs)
            return clamped.log() - (-clamped).log1p()
        if name == "probs" and "logits" in vars(self):
            return self.logits.sigmoid()
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


class Bernoulli(_ByProbability):
    """One with a probability, otherwise zero.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.distributions import Bernoulli
    >>> Bernoulli(probs=minitorch.tensor([0.25, 0.5])).variance
    tensor([0.1875, 0.2500])
    """

    support = constraints.boolean
    has_enumerate_support = True

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._set_one(validate_args, probs, logits)

    @property
    def mean(self) -> Tensor:
        """The probability of one."""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """The likelier of zero and one; NaN if they are alike."""
        mode = (self.probs >= 0.5).to(self.probs.dtype)
        return mode.masked_fill(self.probs == 0.5, float("nan"))

    @property
    def variance(self) -> Tensor:
        """The expected squared distance from the mean."""
        return self.probs * (1 - self.probs)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return zeros and ones."""
        with no_grad():
            return bernoulli(self.probs.expand(self._shape(sample_shape)))

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the probability."""
        self._check_sample(value)
        shape = Size((self.logits + value).shape)
        return -binary_cross_entropy_with_logits(self.logits.expand(shape), value.expand(shape), reduction="none")

    def entropy(self) -> Tensor:
        """Return the entropy in nats."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none")

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """Return zero and one along a new first dimension."""
        values = arange(2, dtype=self._like().dtype).view((-1, *(1 for _ in self._batch_shape)))
        return values.expand((-1, *self._batch_shape)) if expand else values


class Geometric(_ByProbability):
    """How often one fails before the first success."""

    support = constraints.nonnegative_integer

    def __init__(self, probs: Any = None, logits: Any = None, validate_args: bool | None = None) -> None:
        self._set_one(validate_args, probs, logits)

    @property
    def mean(self) -> Tensor:
        """The expected number of failures."""
        return 1.0 / self.probs - 1.0

    @property
    def mode(self) -> Tensor:
        """Zero."""
        return self.probs.new_zeros(self.probs.shape)

    @property
    def variance(self) -> Tensor:
        """The expected squared distance from the mean."""
        return (1.0 / self.probs - 1.0) / self.probs

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return numbers of failures."""
        with no_grad():
            u = self._empty(sample_shape)
            u.uniform_(finfo(u.dtype).tiny, 1)
            return (u.log() / (-self.probs).log1p()).floor()

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the probability."""
        self._check_sample(value)
        probs = self.probs.masked_fill((self.probs == 1) & (value == 0), 0)
        return value * (-probs).log1p() + self.probs.log()

    def entropy(self) -> Tensor:
        """Return the entropy in nats."""
        return binary_cross_entropy_with_logits(self.logits, self.probs, reduction="none") / self.probs


class _OverClasses(Distribution):
    """Shares or scores of classes along the last dimension, shares brought to a sum of one."""

    arg_constraints = {"probs": constraints.simplex, "logits": constraints.real_vector}
    has_enumerate_support = True

    def _set_one(self, validate_args: bool | None, probs: Tensor | None, logits: Tensor | None) -> None:
        if (probs is None) == (logits is None):
            raise ValueError("Either `probs` or `logits` must be specified, but not both.")
        if probs is not None:
            if probs.dim() < 1:
                raise ValueError("`probs` parameter must be at least one-dimensional.")
            self.probs = probs / probs.sum(-1, keepdim=True)
        elif logits is not None:
            if logits.dim() < 1:
                raise ValueError("`logits` parameter must be at least one-dimensional.")
            self.logits = logits - logits.logsumexp(dim=-1, keepdim=True)
        self._classes = self._like().shape[-1]

    def __getattr__(self, name: str) -> Tensor:
        """Compute what was not given of ``probs`` and ``logits``."""
        if name == "logits" and "probs" in vars(self):
            return _clamped(self.probs).log()
        if name == "probs" and "logits" in vars(self):
            return self.logits.softmax(-1)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def param_shape(self) -> Size:
        """The shape of ``probs`` and ``logits``."""
        return Size(self._like().shape)

    def _drawn(self, sample_shape: Sequence[int]) -> Tensor:
        """Return numbers of classes: sample_shape + batch_shape."""
        count = Size(sample_shape).numel()
        drawn = multinomial(self.probs.detach().reshape(-1, self._classes), count, True).mT
        return drawn.reshape((*sample_shape, *self._batch_shape))

    def entropy(self) -> Tensor:
        """Return the entropy in nats."""
        logits = self.logits.clamp(min=finfo(self.logits.dtype).min)
        return -(logits * self.probs).sum(-1)


class Categorical(_OverClasses):
    """The number of a class, from shares or scores (..., classes).

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.distributions import Categorical
    >>> Categorical(probs=minitorch.tensor([1.0, 3.0])).log_prob(minitorch.tensor(1)).exp()
    tensor(0.7500)
    """

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        self._set_one(validate_args, probs, logits)
        Distribution.__init__(self, self._like().shape[:-1], validate_args=validate_args)

    @property
    def support(self) -> constraints.Constraint:
        """What a value can be."""
        return constraints.integer_interval(0, self._classes - 1)

    @property
    def mean(self) -> Tensor:
        """NaN: classes have no order."""
        return self.probs.new_full(self._batch_shape, float("nan"))

    @property
    def mode(self) -> Tensor:
        """The likeliest class."""
        return self.probs.argmax(dim=-1)

    @property
    def variance(self) -> Tensor:
        """NaN: classes have no order."""
        return self.mean

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return numbers of classes."""
        return self._drawn(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the probability."""
        self._check_sample(value)
        index = value.long().unsqueeze(-1)
        shape = (*(index[..., 0] + self.logits[..., 0]).shape, self._classes)
        return self.logits.expand(shape).gather(-1, index.expand((*shape[:-1], 1))).squeeze(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """Return the numbers of all classes along a new first dimension."""
        values = arange(self._classes).view((-1, *(1 for _ in self._batch_shape)))
        return values.expand((-1, *self._batch_shape)) if expand else values


class OneHotCategorical(_OverClasses):
    """A class as a vector of zeros with one 1."""

    support = constraints.one_hot

    def __init__(
        self, probs: Tensor | None = None, logits: Tensor | None = None, validate_args: bool | None = None
    ) -> None:
        self._set_one(validate_args, probs, logits)
        shape = self._like().shape
        Distribution.__init__(self, shape[:-1], shape[-1:], validate_args)

    @property
    def mean(self) -> Tensor:
        """The probabilities."""
        return self.probs

    @property
    def mode(self) -> Tensor:
        """The likeliest class, as a vector."""
        return self._vectors(self.probs.argmax(dim=-1))

    @property
    def variance(self) -> Tensor:
        """The expected squared distance from the mean, element by element."""
        return self.probs * (1 - self.probs)

    def _vectors(self, numbers: Tensor) -> Tensor:
        return eye(self._classes, dtype=self._like().dtype)[numbers]

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return vectors of zeros with one 1."""
        return self._vectors(self._drawn(sample_shape))

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the probability."""
        self._check_sample(value)
        return (self.logits * value).sum(-1)

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """Return the vectors of all classes along a new first dimension."""
        values = self._vectors(arange(self._classes)).view((-1, *(1 for _ in self._batch_shape), self._classes))
        return values.expand((-1, *self._batch_shape, -1)) if expand else values


class OneHotCategoricalStraightThrough(OneHotCategorical):
    """Vectors of one 1 whose gradient is that of the probabilities (Bengio et al., arXiv 1308.3432)."""

    has_rsample = True

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return vectors through which a gradient reaches the probabilities."""
        return self.sample(sample_shape) + (self.probs - self.probs.detach())
