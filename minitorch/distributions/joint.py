"""Distributions over vectors, and several distributions seen as one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..linalg import cholesky, solve
from ..ops.create import eye
from ..tensor import Size, Tensor
from . import constraints
from .discrete import Categorical
from .distribution import Distribution

__all__ = ["Independent", "MixtureSameFamily", "MultivariateNormal"]


class MultivariateNormal(Distribution):
    """Gauss's distribution over vectors, by one of a covariance, its inverse, and its Cholesky factor.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.distributions import MultivariateNormal
    >>> MultivariateNormal(minitorch.zeros(2), minitorch.eye(2)).entropy()
    tensor(2.8379)
    """

    arg_constraints = {
        "loc": constraints.real_vector,
        "covariance_matrix": constraints.positive_definite,
        "precision_matrix": constraints.positive_definite,
        "scale_tril": constraints.lower_cholesky,
    }
    support = constraints.real_vector
    has_rsample = True

    def __init__(
        self,
        loc: Tensor,
        covariance_matrix: Tensor | None = None,
        precision_matrix: Tensor | None = None,
        scale_tril: Tensor | None = None,
        validate_args: bool | None = None,
    ) -> None:
        names = ("covariance_matrix", "precision_matrix", "scale_tril")
        given = [(n, m) for n, m in zip(names, (covariance_matrix, precision_matrix, scale_tril)) if m is not None]
        if loc.dim() < 1:
            raise ValueError("loc must be at least one-dimensional.")
        if len(given) != 1:
            raise ValueError("Exactly one of covariance_matrix or precision_matrix or scale_tril may be specified.")
        name, matrix = given[0]
        if matrix.dim() < 2:
            raise ValueError(f"{name} must be at least two-dimensional, with optional leading batch dimensions")
        batch = Size((matrix[..., 0, 0] + loc[..., 0]).shape)
        self.loc = loc.expand((*batch, -1))
        self.__dict__[name] = matrix.expand((*batch, -1, -1))
        super().__init__(batch, self.loc.shape[-1:], validate_args)
        self._factor = self._factored(name, matrix).expand((*batch, -1, -1))

    @staticmethod
    def _factored(name: str, matrix: Tensor) -> Tensor:
        """Return the Cholesky factor of the covariance."""
        if name == "scale_tril":
            return matrix
        if name == "covariance_matrix":
            return cholesky(matrix)
        turned = cholesky(matrix.flip((-2, -1))).flip((-2, -1)).mT  # inverse of the wanted factor
        return solve(turned, eye(matrix.shape[-1], dtype=matrix.dtype).expand(matrix.shape))

    def __getattr__(self, name: str) -> Tensor:
        """Compute the two matrices that were not given."""
        if "_factor" in vars(self):
            if name == "scale_tril":
                return self._factor
            if name == "covariance_matrix":
                return self._factor @ self._factor.mT
            if name == "precision_matrix":
                return (self._factor @ self._factor.mT).inverse()
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def mean(self) -> Tensor:
        """The expected vector."""
        return self.loc

    @property
    def mode(self) -> Tensor:
        """The most likely vector."""
        return self.loc

    @property
    def variance(self) -> Tensor:
        """The diagonal of the covariance."""
        return self._factor.pow(2).sum(-1).expand((*self._batch_shape, *self._event_shape))

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return vectors through which a gradient reaches the parameters."""
        eps = self._empty(sample_shape).normal_()
        return self.loc + (self._factor @ eps.unsqueeze(-1)).squeeze(-1)

    def _half_log_det(self) -> Tensor:
        return self._factor.diagonal(dim1=-2, dim2=-1).log().sum(-1)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the density."""
        self._check_sample(value)
        away = value - self.loc
        factor = self._factor.expand((*away.shape, away.shape[-1]))
        distance = solve(factor, away.unsqueeze(-1)).squeeze(-1).pow(2).sum(-1)
        return -0.5 * (self._event_shape[0] * math.log(2 * math.pi) + distance) - self._half_log_det()

    def entropy(self) -> Tensor:
        """Return the entropy in nats."""
        return 0.5 * self._event_shape[0] * (1.0 + math.log(2 * math.pi)) + self._half_log_det()


class Independent(Distribution):
    """Distributions whose last batch dimensions are taken as one value.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.distributions import Independent, Normal
    >>> Independent(Normal(minitorch.zeros(3), 1.0), 1).log_prob(minitorch.zeros(3))
    tensor(-2.7568)
    """

    def __init__(
        self, base_distribution: Distribution, reinterpreted_batch_ndims: int, validate_args: bool | None = None
    ) -> None:
        batch, count = base_distribution.batch_shape, reinterpreted_batch_ndims
        if count > len(batch):
            raise ValueError(
                "Expected reinterpreted_batch_ndims <= len(base_distribution.batch_shape), "
                f"actual {count} vs {len(batch)}"
            )
        self.base_dist, self.reinterpreted_batch_ndims = base_distribution, count
        cut = len(batch) - count
        super().__init__(batch[:cut], (*batch[cut:], *base_distribution.event_shape), validate_args)

    @property
    def has_rsample(self) -> bool:  # type: ignore[override]
        """Whether a gradient goes through values."""
        return self.base_dist.has_rsample

    @property
    def support(self) -> Any:
        """What a value can be."""
        count = self.reinterpreted_batch_ndims
        return constraints.independent(self.base_dist.support, count) if count else self.base_dist.support

    @property
    def mean(self) -> Tensor:
        """The expected value."""
        return self.base_dist.mean

    @property
    def mode(self) -> Tensor:
        """The most likely value."""
        return self.base_dist.mode

    @property
    def variance(self) -> Tensor:
        """The expected squared distance from the mean, element by element."""
        return self.base_dist.variance

    def _summed(self, values: Tensor) -> Tensor:
        count = self.reinterpreted_batch_ndims
        return values.sum(dim=tuple(range(-count, 0))) if count else values

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return values without a gradient."""
        return self.base_dist.sample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return values through which a gradient reaches the parameters."""
        return self.base_dist.rsample(sample_shape)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the density of whole values."""
        return self._summed(self.base_dist.log_prob(value))

    def entropy(self) -> Tensor:
        """Return the entropy in nats."""
        return self._summed(self.base_dist.entropy())

    def expand(self, batch_shape: Sequence[int]) -> Independent:
        """Return the distribution with its parameters expanded to a batch shape."""
        inner = (*batch_shape, *self._event_shape[: self.reinterpreted_batch_ndims])
        return Independent(self.base_dist.expand(inner), self.reinterpreted_batch_ndims, validate_args=False)

    def __repr__(self) -> str:
        return f"Independent({self.base_dist!r}, {self.reinterpreted_batch_ndims})"


class MixtureSameFamily(Distribution):
    """A value of one of several distributions of a kind, chosen at random."""

    def __init__(
        self, mixture_distribution: Categorical, component_distribution: Distribution,
        validate_args: bool | None = None,
    ) -> None:  # fmt: skip
        if not isinstance(mixture_distribution, Categorical):
            raise ValueError(
                "The Mixture distribution needs to be an instance of torch.distributions.Categorical"
            )
        if not isinstance(component_distribution, Distribution):
            raise ValueError(
                "The Component distribution need to be an instance of torch.distributions.Distribution"
            )
        self.mixture_distribution, self.component_distribution = mixture_distribution, component_distribution
        event = component_distribution.event_shape
        super().__init__(component_distribution.batch_shape[:-1], event, validate_args)

    @property
    def support(self) -> Any:
        """What a value can be."""
        return self.component_distribution.support

    def _weighted(self, values: Tensor) -> Tensor:
        probs = self.mixture_distribution.probs
        probs = probs.reshape((*probs.shape, *(1 for _ in self._event_shape)))
        return (probs * values).sum(-1 - len(self._event_shape))

    @property
    def mean(self) -> Tensor:
        """The expected value."""
        return self._weighted(self.component_distribution.mean)

    @property
    def variance(self) -> Tensor:
        """The expected squared distance from the mean."""
        component = self.component_distribution
        away = component.mean - self.mean.unsqueeze(-1 - len(self._event_shape))
        return self._weighted(component.variance) + self._weighted(away.pow(2))

    def expand(self, batch_shape: Sequence[int]) -> MixtureSameFamily:
        """Return the distribution with its parameters expanded to a batch shape."""
        count = self.component_distribution.batch_shape[-1:]
        components = self.component_distribution.expand((*batch_shape, *count))
        return MixtureSameFamily(self.mixture_distribution.expand(batch_shape), components, validate_args=False)  # type: ignore[arg-type]

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probability of values up to the given ones."""
        return (self.component_distribution.cdf(value.unsqueeze(-1)) * self.mixture_distribution.probs).sum(-1)

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return values without a gradient."""
        dim = len(sample_shape) + len(self._batch_shape)
        chosen = self.mixture_distribution.sample(sample_shape)
        values = self.component_distribution.sample(sample_shape)
        index = chosen.reshape((*chosen.shape, 1, *(1 for _ in self._event_shape)))
        shape = (*chosen.shape, 1, *self._event_shape)
        return values.gather(dim, index.expand(shape)).squeeze(dim)

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the density."""
        self._check_sample(value)
        each = self.component_distribution.log_prob(value.unsqueeze(-1 - len(self._event_shape)))
        return (each + self.mixture_distribution.logits.log_softmax(-1)).logsumexp(-1)

    def __repr__(self) -> str:
        return f"MixtureSameFamily(\n  {self.mixture_distribution!r},\n  {self.component_distribution!r})"
