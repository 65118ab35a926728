"""Ready parametrisations: orthogonal matrices, weight norm and spectral norm."""

from __future__ import annotations

from typing import Any, TypeVar

from ...dtypes import finfo
from ...ops.create import eye, zeros_like
from ...ops.join import cat
from ...ops.linalg import solve
from ...ops.random import randn
from ...ops.reflections import geqrf, householder_product, matrix_exp
from ...tape import recording
from ...tensor import Tensor
from .. import functional as F
from ..module import Module
from .parametrize import register_parametrization
from .spectral_norm import as_matrix, output_dim, random_direction
from .weight_norm import norm_except_dim

__all__ = ["orthogonal", "spectral_norm", "weight_norm"]

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


class _Orthogonal(Module):
    """From a matrix (..., N, K) to one with orthonormal columns, or rows if there are fewer of them.

    The matrix exponential and the Cayley map take a skew-symmetric matrix, made of the lower triangle, to an
    orthogonal one; Householder's reflections are packed below the diagonal. With a base, the result is the base times
    what the parameter says, so that the parameter can start anywhere (Lezcano-Casado, arXiv:1909.09501).
    """

    base: Tensor | None

    def __init__(self, weight: Tensor, orthogonal_map: str, use_trivialization: bool = True) -> None:
        super().__init__()
        if weight.is_complex() and orthogonal_map == "householder":
            raise ValueError("The householder parametrization does not support complex tensors.")
        self.shape, self.orthogonal_map, self.has_base = weight.shape, orthogonal_map, use_trivialization
        if use_trivialization:
            self.register_buffer("base", None)

    def forward(self, X: Tensor) -> Tensor:
        """Return the orthogonal matrix."""
        wide = X.size(-2) < X.size(-1)
        x = X.mT if wide else X
        q = self._reflected(x) if self.orthogonal_map == "householder" else self._rotated(x)
        if self.has_base and self.base is not None:
            q = self.base @ q
        return q.mT if wide else q

    def _reflected(self, x: Tensor) -> Tensor:
        a = x.tril(diagonal=-1)
        q = householder_product(a, 2.0 / (1.0 + (a * a.conj()).sum(dim=-2)))
        return q * x.diagonal(dim1=-2, dim2=-1).int().unsqueeze(-2)

    def _rotated(self, x: Tensor) -> Tensor:
        n, k = x.size(-2), x.size(-1)
        lower = x.tril()
        if n != k:
            lower = cat([lower, lower.new_zeros(n, n - k).expand(*lower.shape[:-2], -1, -1)], dim=-1)
        skew = lower - lower.mH
        if self.orthogonal_map == "matrix_exp":
            q = matrix_exp(skew)
        else:
            one = eye(n, dtype=skew.dtype)
            q = solve(one - 0.5 * skew, one + 0.5 * skew)
        return q if n == k else q[..., :k]

    def right_inverse(self, Q: Tensor) -> Tensor:
        """Return what ``forward`` makes ``Q`` of; a matrix that is not orthogonal is made so first."""
        if Q.shape != self.shape:
            raise ValueError(
                f"Expected a matrix or batch of matrices of shape {self.shape}. Got a tensor of shape {Q.shape}."
            )
        wide = Q.size(-2) < Q.size(-1)
        q = Q.mT if wide else Q
        if not self.has_base:
            return self._packed(q, wide)
        self.base = _full(q)
        start = zeros_like(Q)
        start.diagonal(dim1=-2, dim2=-1).fill_(-1.0)
        return start

    def _packed(self, q: Tensor, wide: bool) -> Tensor:
        if self.orthogonal_map != "householder":
            raise NotImplementedError(
                "It is not possible to assign to the matrix exponential or the Cayley parametrizations when "
                "use_trivialization=False."
            )
        a, tau = geqrf(q)
        signs = a.diagonal(dim1=-2, dim2=-1)
        signs.sign_()  # the diagonal of R, of which only the sign is not settled by orthogonality
        signs[tau == 0.0] *= -1
        return a.mT if wide else a


def _full(q: Tensor) -> Tensor:
    """Return an orthogonal matrix (..., N, N) that begins with the columns (..., N, K), made orthonormal."""
    n, k = q.size(-2), q.size(-1)
    if n != k:
        q = cat([q, randn(*q.shape[:-2], n, n - k, dtype=q.dtype)], dim=-1)
    elif _is_orthogonal(q):
        return q.clone()
    a, tau = geqrf(q)
    return householder_product(a, tau) * a.diagonal(dim1=-2, dim2=-1).sgn().unsqueeze(-2)


def _is_orthogonal(q: Tensor) -> bool:
    n = q.size(-1)
    return (q.mH @ q).allclose(eye(n, dtype=q.dtype), atol=10.0 * n * finfo(q.dtype).eps)


def _tensor(module: Module, name: str, what: str) -> Any:
    weight = getattr(module, name, None)
    if not isinstance(weight, Tensor):
        raise ValueError(f"Module '{module}' has no parameter or buffer with name '{name}'")
    return weight


def orthogonal(
    module: M, name: str = "weight", orthogonal_map: str | None = None, *, use_trivialization: bool = True
) -> M:
    """Parametrise a weight (..., N, K) to be orthogonal, or to have orthonormal rows or columns.

    ``orthogonal_map`` is 'matrix_exp', 'cayley' or 'householder' (default: the first for square matrices, else the
    last). Without ``use_trivialization`` there is no base matrix in the state, and with the first two maps
    ``module.weight = value`` raises NotImplementedError.

    Raises ValueError for a name that is no tensor of the module, an unknown map, or a tensor of one dimension.

    >>> import minitorch
    >>> layer = minitorch.nn.utils.parametrizations.orthogonal(minitorch.nn.Linear(3, 3))
    >>> minitorch.allclose(layer.weight @ layer.weight.T, minitorch.eye(3), atol=1e-5)
    True
    """
    weight = _tensor(module, name, "orthogonal")
    if weight.ndim < 2:
        raise ValueError(f"Expected a matrix or batch of matrices. Got a tensor of {weight.ndim} dimensions.")
    if orthogonal_map is None:
        square = weight.size(-2) == weight.size(-1) or weight.is_complex()
        orthogonal_map = "matrix_exp" if square else "householder"
    if orthogonal_map not in ("matrix_exp", "cayley", "householder"):
        raise ValueError(
            f'orthogonal_map has to be one of "matrix_exp", "cayley", "householder". Got: {orthogonal_map}'
        )
    return register_parametrization(module, name, _Orthogonal(weight, orthogonal_map, use_trivialization), unsafe=True)


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
