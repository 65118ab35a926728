"""Factorisations of matrices by LAPACK through NumPy.

Sources of the gradients: Murray, arXiv 1602.07527 (Cholesky); Walter & Lehmann, arXiv 1001.1654, and Liao et al., arXiv
1903.09650 (QR); Townsend, "Differentiating the singular value decomposition" (2016); Giles (2008) for eigenvectors.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..memory import Array
from ..op import Failure, Make, Op, Sample, register
from ..tensor import wrap
from ._common import Tensor, apply, deliver
from ._returns import returns
from .linalg import adjoint, eye_like, inv, matrices, regular, solved
from .matmul import matmul

__all__ = ["cholesky", "eigh", "eigvalsh", "matrix_rank", "qr", "svd", "svdvals"]

QR, SVD = returns("linalg_qr", "Q", "R"), returns("linalg_svd", "U", "S", "Vh")
EIGH = returns("linalg_eigh", "eigenvalues", "eigenvectors")
OLD_QR, OLD_SVD = returns("qr", "Q", "R"), returns("svd", "U", "S", "V")


def _zeros(x: Tensor, g: Tensor | None) -> Tensor:
    return wrap(np.zeros_like(x._data)) if g is None else g


def _lower(x: Tensor, diagonal: float) -> Tensor:
    """Return the lower triangles, their diagonals times a factor."""
    n = x._data.shape[-1]
    mask = np.tril(np.ones((n, n)), -1) + diagonal * np.eye(n)
    return x * wrap(mask.astype(x._data.real.dtype))


def _mirrored(x: Tensor) -> Tensor:
    """Return the Hermitian matrices that have the lower triangles of others."""
    low = _lower(x, 0.5)
    return low + adjoint(low)


# ---- Cholesky ------------------------------------------------------------------------------------------------------


def _cholesky_fwd(a: Array) -> Array:
    return solved(
        "linalg.cholesky: The factorization could not be completed because the input is not positive-definite.",
        np.linalg.cholesky, a,
    )  # fmt: skip


def _cholesky_vjp(node: Any, g: Tensor) -> Tensor:
    # dA = L^-H Phi(L^H dL) L^-1, made Hermitian; Phi takes the lower triangle with half of the diagonal
    low = node.output()
    back = inv(low)
    s = matmul(adjoint(back), matmul(_lower(matmul(adjoint(low), g), 0.5), back))
    return (s + adjoint(s)) * 0.5


CHOLESKY: Op = Op("linalg_cholesky_ex", _cholesky_fwd, _cholesky_vjp, keeps=(0,))


def cholesky(input: Tensor, *, upper: bool = False, out: Tensor | None = None) -> Tensor:
    """Return lower triangular L with ``L L^H`` equal to positive-definite matrices (..., N, N); L^H with ``upper``.

    Raises
    ------
    LinAlgError : a matrix that is not positive-definite.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.cholesky(minitorch.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    low = apply(CHOLESKY, (matrices("linalg.cholesky", input, True, "cholesky_cpu"),))
    return deliver(adjoint(low) if upper else low, out)


# ---- QR ------------------------------------------------------------------------------------------------------------


def _tall_qr_grad(q: Tensor, r: Tensor, gq: Tensor, gr: Tensor) -> Tensor:
    # M = R dR^H - dQ^H Q: dA = (dQ + Q mirror(M)) R^-H
    m = matmul(r, adjoint(gr)) - matmul(adjoint(gq), q)
    return matmul(gq + matmul(q, _mirrored(m)), adjoint(inv(r)))


def _qr_vjp(node: Any, gq: Tensor | None, gr: Tensor | None) -> Tensor:
    q, r = node.output(0), node.output(1)
    m, n = node.in_shape(0)[-2:]
    if node.params[0] == "complete" and m > n:
        raise RuntimeError(
            "linalg.qr: no gradient of mode='complete' for matrices with more rows than columns; use mode='reduced'"
        )
    gq, gr = _zeros(q, gq), _zeros(r, gr)
    if m >= n:
        return _tall_qr_grad(q, r, gq, gr)
    # A = [X Y], R = [U V] with X = Q U, Y = Q V: the gradient of V goes through Q as Y = Q V
    y = matmul(q, r[..., m:])
    gx = _tall_qr_grad(q, r[..., :m], gq + matmul(y, adjoint(gr[..., m:])), gr[..., :m])
    from .join import cat

    return cat([gx, matmul(q, gr[..., m:])], -1)


def _qr_fwd(a: Array, mode: str) -> tuple[Array, Array]:
    q, r = np.linalg.qr(a, "complete" if mode == "complete" else "reduced")
    return q, r


QR_OP: Op = Op("linalg_qr", _qr_fwd, _qr_vjp, keeps=(0, 1))


def qr(A: Tensor, mode: str = "reduced", *, out: Any = None) -> Any:
    """Return ``(Q, R)`` with ``Q R = A`` for matrices (..., M, N), Q of orthonormal columns and R upper triangular.

    Parameters
    ----------
    mode : "reduced", "complete" (Q is square) or "r" (R alone, Q empty).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.qr(minitorch.tensor([[2.0, 1.0], [0.0, 3.0]])).Q.abs()
    tensor([[1., 0.],
            [0., 1.]])
    """
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', or 'complete'"
        )
    q, r = apply(QR_OP, (matrices("linalg.qr", A, kernel="geqrf_cpu"),), (mode,))
    return QR(wrap(np.empty(0, A._data.dtype)) if mode == "r" else q, r)


def _qr(input: Tensor, some: bool = True) -> Any:
    """Return ``(Q, R)``; with all columns of Q unless ``some``. See `linalg.qr`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.qr(minitorch.tensor([[2.0, 1.0], [0.0, 3.0]])).R.abs()
    tensor([[2., 1.],
            [0., 3.]])
    """
    return OLD_QR(*qr(input, "reduced" if some else "complete"))


# ---- singular values -----------------------------------------------------------------------------------------------


def _svd_fwd(a: Array, full: bool) -> tuple[Array, Array, Array]:
    u, s, vh = solved("linalg.svd: The algorithm failed to converge.", np.linalg.svd, a, full)
    return u, s, vh


def _skew(x: Tensor) -> Tensor:
    return x - adjoint(x)


def _svd_vjp(node: Any, gu: Tensor | None, gs: Tensor | None, gvh: Tensor | None) -> Tensor:
    # dA = U [(skew(U^H dU) / E) S + S (skew(V^H dV) / E) + diag(dS)] V^H + (1 - U U^H) dU S^-1 V^H
    #      + U S^-1 dV^H (1 - V V^H), with E[i, j] = s[j]^2 - s[i]^2
    u, s, vh = (node.output(i) for i in range(3))
    m, n = node.in_shape(0)[-2:]
    if node.params[0] and m != n:
        if gu is not None or gvh is not None:
            raise RuntimeError("svd_backward: the gradient of U and V exists for full_matrices=False alone")
        k = min(m, n)
        u, vh = u[..., :k], vh[..., :k, :]
    k = s._data.shape[-1]
    middle = (_zeros(s, gs).unsqueeze(-1)) * eye_like(s, k)
    if gu is None and gvh is None:
        return matmul(matmul(u, middle.to(u.dtype)), vh)
    square = s * s
    gap = square.unsqueeze(-2) - square.unsqueeze(-1) + eye_like(s, k)
    gu, gvh = _zeros(u, gu), _zeros(vh, gvh)
    middle = middle + _skew(matmul(adjoint(u), gu)) / gap * s.unsqueeze(-2)
    middle = middle + s.unsqueeze(-1) * (_skew(matmul(vh, adjoint(gvh))) / gap)
    result = matmul(matmul(u, middle), vh)
    if m > k:
        result = result + matmul((gu - matmul(u, matmul(adjoint(u), gu))) / s.unsqueeze(-2), vh)
    if n > k:
        result = result + matmul(u, (gvh - matmul(matmul(gvh, adjoint(vh)), vh)) / s.unsqueeze(-1))
    return result


SVD_OP: Op = Op("linalg_svd", _svd_fwd, _svd_vjp, keeps=(0, 1, 2))


def svd(A: Tensor, full_matrices: bool = True, *, driver: Any = None, out: Any = None) -> Any:
    """Return ``(U, S, Vh)`` with ``U diag(S) Vh = A`` for matrices (..., M, N), singular values in descending order.

    Raises
    ------
    RuntimeError : in backward, gradients of U or Vh of matrices that are not square with ``full_matrices``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.svd(minitorch.tensor([[3.0, 0.0], [0.0, 2.0]])).S
    tensor([3., 2.])
    """
    return SVD(*apply(SVD_OP, (matrices("linalg.svd", A, kernel="linalg_svd_cpu"),), (full_matrices,)))


def _svd(input: Tensor, some: bool = True, compute_uv: bool = True) -> Any:
    """Return ``(U, S, V)`` with ``U diag(S) V^H`` equal to the matrices; see `linalg.svd`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.svd(minitorch.tensor([[3.0, 0.0], [0.0, 2.0]])).S
    tensor([3., 2.])
    """
    u, s, vh = svd(input, not some)
    return OLD_SVD(u, s, adjoint(vh))


def svdvals(A: Tensor, *, driver: Any = None, out: Tensor | None = None) -> Tensor:
    """Return the singular values of matrices (..., M, N), in descending order.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.svdvals(minitorch.tensor([[3.0, 0.0], [0.0, 2.0]]))
    tensor([3., 2.])
    """
    return deliver(svd(A, False).S, out)


def matrix_rank(A: Tensor, *, atol: Any = None, rtol: Any = None, hermitian: bool = False) -> Tensor:
    """Return the numbers of singular values above ``rtol`` (the dtype's epsilon times the size) of the largest one.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.matrix_rank(minitorch.ones(3, 2))
    tensor(1)
    """
    s = svdvals(A)._data
    limit = (0.0 if atol is not None else max(A._data.shape[-2:]) * np.finfo(s.dtype).eps) if rtol is None else rtol
    return wrap(np.asarray((s > np.maximum(s[..., :1] * limit, atol or 0.0)).sum(-1)))


# ---- eigenvalues ---------------------------------------------------------------------------------------------------


def _eigh_fwd(a: Array, uplo: str) -> tuple[Array, Array]:
    values, vectors = solved("linalg.eigh: The algorithm failed to converge.", np.linalg.eigh, a, uplo)
    return values, vectors


def _eigh_vjp(node: Any, gw: Tensor | None, gv: Tensor | None) -> Tensor:
    # dA = V (diag(dw) + (V^H dV) / E) V^H, with E[i, j] = w[j] - w[i]
    w, v = node.output(0), node.output(1)
    n = w._data.shape[-1]
    one = eye_like(w, n)
    middle = _zeros(w, gw).unsqueeze(-1) * one
    if gv is not None:
        gap = w.unsqueeze(-2) - w.unsqueeze(-1) + one
        middle = middle + matmul(adjoint(v), gv) / gap * (1 - one)
    return matmul(matmul(v, middle.to(v.dtype)), adjoint(v))


EIGH_OP: Op = Op("linalg_eigh", _eigh_fwd, _eigh_vjp, keeps=(0, 1))


def eigh(A: Tensor, UPLO: str = "L", *, out: Any = None) -> Any:
    """Return ``(eigenvalues, eigenvectors)`` of Hermitian matrices (..., N, N), in ascending order, from one triangle.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.eigh(minitorch.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    tensor([1., 2.])
    """
    if UPLO.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {UPLO}")
    return EIGH(*apply(EIGH_OP, (matrices("linalg.eigh", A, True, "linalg_eigh_cpu"),), (UPLO.upper(),)))


def eigvalsh(A: Tensor, UPLO: str = "L", *, out: Tensor | None = None) -> Tensor:
    """Return the eigenvalues of Hermitian matrices (..., N, N), in ascending order; see `eigh`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.eigvalsh(minitorch.tensor([[2.0, 0.0], [0.0, 1.0]]))
    tensor([1., 2.])
    """
    return deliver(eigh(A, UPLO).eigenvalues, out)


# ---- samples -------------------------------------------------------------------------------------------------------


def _factor_samples(make: Make) -> Iterator[Sample]:
    yield Sample("square", (regular(make),))
    yield Sample("tall", (make(4, 2, low=0.5, apart=0.3),))
    yield Sample("batch", (regular(make, 2, n=2),))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make.ints(2, 3),), RuntimeError, "Expected a floating point or complex tensor as input. Got Long")


_QUIET = {"methods": (), "top": False, "budget": 100.0}
register(svdvals, samples=_factor_samples, failures=_failures, name="linalg_svdvals", **_QUIET)  # type: ignore[arg-type]
register(qr, samples=_factor_samples, failures=_failures, name="linalg_qr", **_QUIET)  # type: ignore[arg-type]
register(_qr, name="qr", samples=_factor_samples, budget=100.0)
register(_svd, name="svd", differentiable=False)  # signs are LAPACK's; tests/test_linalg.py has its gradients
register(cholesky, name="cholesky", differentiable=False)  # symmetric matrices alone; see there, too
