"""Distributions that are moved and stretched along the whole line. Densities: Johnson, Kotz and Balakrishnan, 1994."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..dtypes import finfo
from ..ops.random import rand
from ..tensor import Tensor
from . import constraints
from .distribution import Distribution

__all__ = ["Cauchy", "Gumbel", "Laplace", "LogNormal", "Normal"]

EULER = 0.57721566490153286060


class _LocationScale(Distribution):
    """A shape that ``loc`` moves and ``scale`` stretches."""

    has_rsample = True
    arg_constraints = {"loc": constraints.real, "scale": constraints.positive}
    support: Any = constraints.real

    loc: Tensor
    scale: Tensor

    def __init__(self, loc: Any, scale: Any, validate_args: bool | None = None) -> None:
        self._set(validate_args, loc=loc, scale=scale)

    @property
    def mean(self) -> Tensor:
        """The expected value."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """The most likely value."""
        return self.loc

    def _standard(self, value: Tensor) -> Tensor:
        return (value - self.loc) / self.scale


class Normal(_LocationScale):
    """Gauss's distribution.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.distributions import Normal
    >>> Normal(0.0, 1.0).log_prob(minitorch.tensor(0.0))
    tensor(-0.9189)
    """

    @property
    def stddev(self) -> Tensor:
        """The scale."""
        return self.scale

    @property
    def variance(self) -> Tensor:
        """The square of the scale."""
        return self.scale.pow(2)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return values without a gradient: one draw of torch's stream each."""
        return self._empty(sample_shape).normal_() * self.scale.detach() + self.loc.detach()

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return values through which a gradient reaches ``loc`` and ``scale``."""
        return self.loc + self._empty(sample_shape).normal_() * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the density."""
        self._check_sample(value)
        return -((value - self.loc) ** 2) / (2 * self.variance) - self.scale.log() - math.log(math.sqrt(2 * math.pi))

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probability of values up to the given ones."""
        self._check_sample(value)
        return 0.5 * (1 + (self._standard(value) / math.sqrt(2)).erf())

    def icdf(self, value: Tensor) -> Tensor:
        """Return the quantiles of probabilities."""
        return self.loc + self.scale * (2 * value - 1).erfinv() * math.sqrt(2)

    def entropy(self) -> Tensor:
        """Return the entropy in nats."""
        return 0.5 + 0.5 * math.log(2 * math.pi) + self.scale.log()


class Laplace(_LocationScale):
    """Two exponential distributions back to back."""

    @property
    def variance(self) -> Tensor:
        """Twice the square of the scale."""
        return 2 * self.scale.pow(2)

    @property
    def stddev(self) -> Tensor:
        """The square root of 2 times the scale."""
        return 2**0.5 * self.scale

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return values through which a gradient reaches ``loc`` and ``scale``."""
        u = self._empty(sample_shape)
        u.uniform_(finfo(u.dtype).eps - 1, 1)
        return self.loc - self.scale * u.sign() * (-u.abs()).log1p()

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the density."""
        self._check_sample(value)
        return -(2 * self.scale).log() - (value - self.loc).abs() / self.scale

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probability of values up to the given ones."""
        self._check_sample(value)
        away = value - self.loc
        return 0.5 - 0.5 * away.sign() * (-away.abs() / self.scale).expm1()

    def icdf(self, value: Tensor) -> Tensor:
        """Return the quantiles of probabilities."""
        term = value - 0.5
        return self.loc - self.scale * term.sign() * (-2 * term.abs()).log1p()

    def entropy(self) -> Tensor:
        """Return the entropy in nats."""
        return 1 + (2 * self.scale).log()


class Cauchy(_LocationScale):
    """The distribution without a mean: the ratio of two normal numbers, moved and stretched."""

    @property
    def mean(self) -> Tensor:
        """NaN: there is none."""
        return self.loc.new_full(self.loc.shape, math.nan)

    @property
    def variance(self) -> Tensor:
        """Infinity."""
        return self.loc.new_full(self.loc.shape, math.inf)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return values through which a gradient reaches ``loc`` and ``scale``."""
        return self.loc + self._empty(sample_shape).cauchy_() * self.scale

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the density."""
        self._check_sample(value)
        return -math.log(math.pi) - self.scale.log() - self._standard(value).pow(2).log1p()

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probability of values up to the given ones."""
        self._check_sample(value)
        return self._standard(value).atan() / math.pi + 0.5

    def icdf(self, value: Tensor) -> Tensor:
        """Return the quantiles of probabilities."""
        return (math.pi * (value - 0.5)).tan() * self.scale + self.loc

    def entropy(self) -> Tensor:
        """Return the entropy in nats."""
        return math.log(4 * math.pi) + self.scale.log()


class Gumbel(_LocationScale):
    """The distribution of the largest of many numbers."""

    @property
    def mean(self) -> Tensor:
        """The expected value."""
        return self.loc + self.scale * EULER

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return math.pi / math.sqrt(6) * self.scale

    @property
    def variance(self) -> Tensor:
        """The square of the standard deviation."""
        return self.stddev.pow(2)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return values through which a gradient reaches ``loc`` and ``scale``."""
        kind = self.loc.dtype
        limits = finfo(kind)
        u = rand(self._shape(sample_shape), dtype=kind) * ((1 - limits.eps) - limits.tiny) + limits.tiny
        return self.loc - self.scale * (-u.log()).log()

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the density."""
        self._check_sample(value)
        y = (self.loc - value) / self.scale
        return (y - y.exp()) - self.scale.log()

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probability of values up to the given ones."""
        self._check_sample(value)
        return (-(-self._standard(value)).exp()).exp()

    def icdf(self, value: Tensor) -> Tensor:
        """Return the quantiles of probabilities."""
        return self.loc - self.scale * (-value.log()).log()

    def entropy(self) -> Tensor:
        """Return the entropy in nats."""
        return self.scale.log() + (1 + EULER)


class LogNormal(_LocationScale):
    """The exponential of a normal number with mean ``loc`` and standard deviation ``scale``."""

    support = constraints.positive

    @property
    def mean(self) -> Tensor:
        """The expected value."""
        return (self.loc + self.scale.pow(2) / 2).exp()

    @property
    def mode(self) -> Tensor:
        """The most likely value."""
        return (self.loc - self.scale.square()).exp()

    @property
    def variance(self) -> Tensor:
        """The expected squared distance from the mean."""
        square = self.scale.pow(2)
        return square.expm1() * (2 * self.loc + square).exp()

    @property
    def _normal(self) -> Normal:
        return Normal(self.loc, self.scale, validate_args=False)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return values through which a gradient reaches ``loc`` and ``scale``."""
        return self._normal.rsample(sample_shape).exp()

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the density."""
        self._check_sample(value)
        return self._normal.log_prob(value.log()) - value.log()

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probability of values up to the given ones."""
        self._check_sample(value)
        return self._normal.cdf(value.log())

    def icdf(self, value: Tensor) -> Tensor:
        """Return the quantiles of probabilities."""
        return self._normal.icdf(value).exp()

    def entropy(self) -> Tensor:
        """Return the entropy in nats."""
        return self._normal.entropy() + self.loc
