"""Distributions over a part of the line: what is not negative, and what lies between two bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..ops.random import rand
from ..tensor import Tensor
from . import constraints
from .continuous import Normal
from .distribution import Distribution

__all__ = ["Exponential", "HalfNormal", "Uniform"]


class HalfNormal(Distribution):
    """The absolute value of a normal number around zero."""

    has_rsample = True
    arg_constraints = {"scale": constraints.positive}
    support = constraints.nonnegative

    scale: Tensor

    def __init__(self, scale: Any, validate_args: bool | None = None) -> None:
        self._set(validate_args, scale=scale)
        self._normal = Normal(0, self.scale, validate_args=False)

    @property
    def mean(self) -> Tensor:
        """The expected value."""
        return self.scale * math.sqrt(2 / math.pi)

    @property
    def mode(self) -> Tensor:
        """Zero."""
        return self.scale.new_zeros(self.scale.shape)

    @property
    def variance(self) -> Tensor:
        """The expected squared distance from the mean."""
        return self.scale.pow(2) * (1 - 2 / math.pi)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return values through which a gradient reaches ``scale``."""
        return self._normal.rsample(sample_shape).abs()

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the density."""
        self._check_sample(value)
        return self._normal.log_prob(value) + math.log(2)

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probability of values up to the given ones."""
        self._check_sample(value)
        return 2 * self._normal.cdf(value) - 1

    def icdf(self, value: Tensor) -> Tensor:
        """Return the quantiles of probabilities."""
        return self._normal.icdf((value + 1) / 2)

    def entropy(self) -> Tensor:
        """Return the entropy in nats."""
        return self._normal.entropy() - math.log(2)


class Exponential(Distribution):
    """The waiting time for something that happens ``rate`` times in a unit of time."""

    has_rsample = True
    arg_constraints = {"rate": constraints.positive}
    support = constraints.nonnegative

    rate: Tensor

    def __init__(self, rate: Any, validate_args: bool | None = None) -> None:
        self._set(validate_args, rate=rate)

    @property
    def mean(self) -> Tensor:
        """One over the rate."""
        return self.rate.reciprocal()

    @property
    def mode(self) -> Tensor:
        """Zero."""
        return self.rate.new_zeros(self.rate.shape)

    @property
    def stddev(self) -> Tensor:
        """One over the rate."""
        return self.rate.reciprocal()

    @property
    def variance(self) -> Tensor:
        """One over the square of the rate."""
        return self.rate.pow(-2)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return values through which a gradient reaches ``rate``."""
        return self._empty(sample_shape).exponential_() / self.rate

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the density."""
        self._check_sample(value)
        return self.rate.log() - self.rate * value

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probability of values up to the given ones."""
        self._check_sample(value)
        return 1 - (-self.rate * value).exp()

    def icdf(self, value: Tensor) -> Tensor:
        """Return the quantiles of probabilities."""
        return -(-value).log1p() / self.rate

    def entropy(self) -> Tensor:
        """Return the entropy in nats."""
        return 1.0 - self.rate.log()


class Uniform(Distribution):
    """Every value from ``low`` to ``high`` alike."""

    has_rsample = True
    arg_constraints = {"low": constraints.real, "high": constraints.real}

    low: Tensor
    high: Tensor

    def __init__(self, low: Any, high: Any, validate_args: bool | None = None) -> None:
        self._set(validate_args, low=low, high=high)
        if self._checked and not bool((self.low < self.high).all()):
            raise ValueError(f"Uniform is not defined when low >= high: low={self.low}, high={self.high}")

    @property
    def support(self) -> constraints.Constraint:
        """What a value can be."""
        return constraints.interval(self.low, self.high)

    @property
    def mean(self) -> Tensor:
        """The middle."""
        return (self.high + self.low) / 2

    @property
    def mode(self) -> Tensor:
        """NaN: no value is likelier than another."""
        return self.high * float("nan")

    @property
    def stddev(self) -> Tensor:
        """The standard deviation."""
        return (self.high - self.low) / 12**0.5

    @property
    def variance(self) -> Tensor:
        """The square of the standard deviation."""
        return (self.high - self.low).pow(2) / 12

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return values through which a gradient reaches ``low`` and ``high``."""
        u = rand(self._shape(sample_shape), dtype=self.low.dtype)
        return self.low + u * (self.high - self.low)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the density."""
        self._check_sample(value)
        inside = (self.low <= value) & (self.high > value)
        return inside.type_as(self.low).log() - (self.high - self.low).log()

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probability of values up to the given ones."""
        self._check_sample(value)
        return ((value - self.low) / (self.high - self.low)).clamp(min=0, max=1)

    def icdf(self, value: Tensor) -> Tensor:
        """Return the quantiles of probabilities."""
        return value * (self.high - self.low) + self.low

    def entropy(self) -> Tensor:
        """Return the entropy in nats."""
        return (self.high - self.low).log()
