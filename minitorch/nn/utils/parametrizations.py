"""Ready parametrisations: weight norm and spectral norm."""

from __future__ import annotations

from typing import Any, TypeVar

from ...tape import recording
from ...tensor import Tensor
from .. import functional as F
from ..module import Module
from .parametrize import register_parametrization
from .spectral_norm import as_matrix, output_dim, random_direction
from .weight_norm import norm_except_dim

__all__ = ["spectral_norm", "weight_norm"]

M = TypeVar("M", bound=Module)


class _WeightNorm(Module):
    """From lengths and directions to a weight: ``v * g / |v|``."""

    def __init__(self, dim: int | None = 0) -> None:
        super().__init__()
        self.dim = -1 if dim is None else dim

    def forward(self, weight_g: Tensor, weight_v: Tensor) -> Tensor:
        """Return the weight."""
        return weight_v * (weight_g / norm_except_dim(weight_v, 2, self.dim))

    def right_inverse(self, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return the lengths and directions of a weight."""
        return norm_except_dim(weight, 2, self.dim), weight


class _SpectralNorm(Module):
    """From a weight to the weight over its largest singular value."""

    _u: Tensor
    _v: Tensor

    def __init__(self, weight: Tensor, n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        super().__init__()
        ndim = weight.dim()
        if not -ndim <= dim < ndim:
            raise IndexError(f"Dimension out of range (expected to be in range of [-{ndim}, {ndim - 1}] but got {dim})")
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.dim, self.eps = dim % ndim, eps
        if ndim > 1:
            self.n_power_iterations = n_power_iterations
            matrix = as_matrix(weight, self.dim)
            # both are drawn before either is normalised, as torch's stream has it
            u, v = random_direction(weight, matrix.shape[0], eps), random_direction(weight, matrix.shape[1], eps)
            self.register_buffer("_u", u)
            self.register_buffer("_v", v)
            self._power_method(matrix, 15)

    def _power_method(self, matrix: Tensor, iterations: int) -> None:
        with recording(False):
            for _ in range(iterations):
                self._u.copy_(F.normalize(matrix.mv(self._v), dim=0, eps=self.eps))
                self._v.copy_(F.normalize(matrix.t().mv(self._u), dim=0, eps=self.eps))

    def forward(self, weight: Tensor) -> Tensor:
        """Return the weight over its norm; in training the norm is improved first."""
        if weight.dim() == 1:
            return F.normalize(weight, dim=0, eps=self.eps)
        matrix = as_matrix(weight, self.dim)
        if self.training:
            self._power_method(matrix, self.n_power_iterations)
        return weight / self._u.clone().dot(matrix.mv(self._v.clone()))

    def right_inverse(self, value: Tensor) -> Tensor:
        """Return the value: it is taken to have norm 1."""
        return value


def _tensor(module: Module, name: str, what: str) -> Any:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


def weight_norm(module: M, name: str = "weight", dim: int | None = 0) -> M:
    """Parametrise a weight by its lengths along ``dim`` and its directions (Salimans & Kingma, arXiv:1602.07868).

    Raises ValueError for a name that is no tensor of the module.

    >>> from minitorch import nn
    >>> list(nn.utils.parametrizations.weight_norm(nn.Linear(2, 3)).state_dict())
    ['bias', 'parametrizations.weight.original0', 'parametrizations.weight.original1']
    """
    _tensor(module, name, "weight_norm")
    return register_parametrization(module, name, _WeightNorm(dim), unsafe=True)


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Parametrise a weight by its quotient with its largest singular value (Miyato et al., arXiv:1802.05957).

    Raises ValueError for a name that is no tensor of the module, or iterations that are not positive; IndexError for
    a ``dim`` that the weight does not have.

    >>> from minitorch import nn
    >>> list(nn.utils.parametrizations.spectral_norm(nn.Linear(2, 3, bias=False)).state_dict())
    ['parametrizations.weight.original', 'parametrizations.weight.0._u', 'parametrizations.weight.0._v']
    """
    weight = _tensor(module, name, "spectral_norm")
    found = _SpectralNorm(weight, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    return register_parametrization(module, name, found)
