"""Matrix exponentials and products of Householder reflections, both written with operations and so differentiable.

Sources: Higham, SIAM J. Matrix Anal. Appl. 26 (2005), for scaling and squaring; Golub and Van Loan, "Matrix
Computations", section 5.1, for reflections.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..op import Failure, Make, Sample, register
from ..tensor import wrap
from ._common import Tensor, deliver, tensor_arg
from ._returns import returns
from ._titles import titled
from .linalg import eye_like, matrices, regular, solve
from .matmul import matmul

__all__ = ["geqrf", "householder_product", "matrix_exp", "orgqr"]

GEQRF = returns("geqrf", "a", "tau")
# Coefficients of the diagonal Pade approximant of degree 13 of exp, and the largest norm that it is exact for.
_PADE = [math.comb(13, k) * math.factorial(26 - k) / math.factorial(26) for k in range(14)]
_LARGEST = 5.37


def matrix_exp(input: Tensor) -> Tensor:
    """Return the exponentials ``1 + A + A A / 2 + ...`` of matrices (..., N, N).

    Raises
    ------
    RuntimeError : matrices that are not square, or of an integer dtype.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.matrix_exp(minitorch.tensor([[0.0, 1.0], [0.0, 0.0]]))
    tensor([[1., 1.],
            [0., 1.]])
    """
    a = matrices("linalg.matrix_exp", input, square=True)
    if not a.numel():
        return a.clone()
    norm = float(np.abs(a._data).sum(-2).max())
    halvings = max(0, math.ceil(math.log2(norm / _LARGEST))) if 0 < norm < math.inf else 0
    result = _pade(a * 0.5**halvings)
    for _ in range(halvings):
        result = matmul(result, result)
    return titled("LinalgMatrixExpBackward0", result)


def _pade(a: Tensor) -> Tensor:
    """Return ``(v - u)^-1 (v + u)``, with the odd powers of ``a`` in ``u`` and the even ones in ``v``."""
    b = _PADE
    one, a2 = eye_like(a, a._data.shape[-1]), matmul(a, a)
    a4 = matmul(a2, a2)
    a6 = matmul(a4, a2)
    u = matmul(a6, a6 * b[13] + a4 * b[11] + a2 * b[9]) + a6 * b[7] + a4 * b[5] + a2 * b[3] + one * b[1]
    v = matmul(a6, a6 * b[12] + a4 * b[10] + a2 * b[8]) + a6 * b[6] + a4 * b[4] + a2 * b[2] + one * b[0]
    u = matmul(a, u)
    return solve(v - u, v + u)


def geqrf(input: Tensor, *, out: Any = None) -> Any:
    """Return QR factorisations of matrices as LAPACK packs them: R and reflections in ``a``, their factors in ``tau``.

    There is no gradient, as in torch; `linalg.qr` has one.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.geqrf(minitorch.tensor([[3.0, 1.0], [4.0, 2.0]])).tau
    tensor([1.6000, 0.0000])
    """
    if tensor_arg("geqrf", input).dim() < 2:
        raise RuntimeError("torch.geqrf: input must have at least 2 dimensions.")
    packed, tau = np.linalg.qr(matrices("geqrf", input, kernel="geqrf_cpu")._data, mode="raw")
    dtype = input._data.dtype
    return GEQRF(wrap(np.swapaxes(packed, -1, -2).astype(dtype, order="C")), wrap(tau.astype(dtype)))


def householder_product(input: Tensor, tau: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the first N columns of ``H_1 H_2 ... H_k``, with ``H_i = 1 - tau_i v_i v_i^H`` and v_i in (..., M, N).

    ``v_i`` is column i below the diagonal, with 1 on it and 0 above, as `geqrf` packs it; tau is (..., k).

    Raises
    ------
    RuntimeError : M < N, k > N, or other dtypes or batch shapes of ``input`` and ``tau``.

    Examples
    --------
    >>> import minitorch
    >>> a = minitorch.tensor([[3.0, 1.0], [4.0, 2.0]])
    >>> minitorch.linalg.householder_product(*minitorch.geqrf(a))
    tensor([[-0.6000, -0.8000],
            [-0.8000,  0.6000]])
    """
    _check_reflections(input, tau)
    m, n = input._data.shape[-2:]
    vectors = input.tril(-1) + eye_like(input, m)[:, :n]
    result = eye_like(input, m)[:, :n].expand(*input._data.shape[:-2], m, n)
    for i in reversed(range(tau._data.shape[-1])):
        v = vectors[..., i : i + 1]
        result = result - tau[..., i : i + 1].unsqueeze(-1) * matmul(v, matmul(v.mH, result))
    return deliver(result if result.requires_grad else result.clone(), out)


def _check_reflections(input: Tensor, tau: Tensor) -> None:
    name = "torch.linalg.householder_product"
    a, t = tensor_arg(name, input)._data, tensor_arg(name, tau, "tau")._data
    if a.ndim < 2:
        raise RuntimeError(f"{name}: input must have at least 2 dimensions.")
    if a.shape[-2] < a.shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]")
    if t.ndim and a.shape[-1] < t.shape[-1]:
        raise RuntimeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if t.ndim != a.ndim - 1:
        raise RuntimeError(
            f"{name}: Expected tau to have one dimension less than input, but got tau.ndim equal to {t.ndim} and "
            f"input.ndim is equal to {a.ndim}"
        )
    if t.shape[:-1] != a.shape[:-2]:
        raise RuntimeError(
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got {list(t.shape[:-1])}"
        )
    if a.dtype != t.dtype:
        kinds = (tau.dtype.scalar_type, input.dtype.scalar_type)
        raise RuntimeError(f"{name}: tau dtype {kinds[0]} does not match input dtype {kinds[1]}")
    matrices("linalg.householder_product", input, kernel="orgqr_cpu")


def orgqr(input: Tensor, input2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return products of Householder reflections: `linalg.householder_product` under its older name.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.orgqr(*minitorch.geqrf(minitorch.tensor([[2.0], [0.0]])))
    tensor([[1.],
            [0.]])
    """
    return householder_product(input, input2, out=out)


# ---- samples -------------------------------------------------------------------------------------------------------


def _exp_samples(make: Make) -> Iterator[Sample]:
    yield Sample("small", (make(3, 3, low=-0.5, high=0.5),))
    yield Sample("batch", (make(2, 2, 2),))
    yield Sample("large", (regular(make, n=4),))


def _exp_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3),), RuntimeError, "must be batches of square matrices, but they are 2 by 3 matrices")
    yield Failure((make(3),), RuntimeError, "must have at least 2 dimensions")


def _product_samples(make: Make) -> Iterator[Sample]:
    yield Sample("square", (make(3, 3), make(3)))
    yield Sample("tall", (make(4, 2), make(2)))
    yield Sample("fewer factors", (make(3, 3), make(1)))
    yield Sample("batch", (make(2, 3, 2), make(2, 2)))


def _product_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3), make(2)), RuntimeError, r"input.shape\[-2\] must be greater than or equal")
    yield Failure((make(3, 2), make(3)), RuntimeError, r"greater than or equal to tau.shape\[-1\]")
    yield Failure((make(2, 3, 2), make(2)), RuntimeError, "Expected tau to have one dimension less than input")


def _geqrf_samples(make: Make) -> Iterator[Sample]:
    yield Sample("tall", (make(3, 2).detach(),))


register(matrix_exp, samples=_exp_samples, failures=_exp_failures, budget=256.0)
register(
    householder_product, samples=_product_samples, failures=_product_failures, name="linalg_householder_product",
    methods=(), top=False, budget=64.0,
)  # fmt: skip
register(orgqr, samples=_product_samples, budget=64.0)
register(geqrf, samples=_geqrf_samples, budget=64.0, differentiable=False)
