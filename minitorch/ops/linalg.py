"""Linear algebra on small matrices, by LAPACK through NumPy: inverses, determinants, solutions, norms.

The gradients are written with operations. Sources: Giles, "Collected matrix derivative results" (2008); Golub and
Pereyra, SIAM J. Numer. Anal. 10 (1973), for the pseudo-inverse. The factorisations are in `decompositions`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..memory import Array
from ..op import Failure, Make, Op, Sample, register
from ..tensor import wrap
from ._common import Tensor, apply, deliver, tensor_arg
from ._returns import returns
from .matmul import matmul

__all__ = ["LinAlgError", "det", "inv", "logdet", "matrix_power", "pinv", "slogdet", "solve"]

SLOGDET, LINALG_SLOGDET = returns("slogdet", "sign", "logabsdet"), returns("linalg_slogdet", "sign", "logabsdet")


class _LinAlgError(RuntimeError):
    """A matrix that the operation is not defined for."""


LinAlgError = _LinAlgError

# ---- checks --------------------------------------------------------------------------------------------------------


def matrices(fn: str, x: Any, square: bool = False, kernel: str = "") -> Tensor:
    """Return a tensor (..., M, N) of a dtype that LAPACK has; torch's errors otherwise."""
    kind = tensor_arg(fn, x, "A").dtype
    if kind.category < dtypes.FLOAT:
        raise RuntimeError(f"{fn}: Expected a floating point or complex tensor as input. Got {kind.scalar_type}")
    if kind.itemsize < 4 and kernel:
        raise NotImplementedError(f"\"{kernel}\" not implemented for '{kind.scalar_type}'")
    if kind.itemsize < 4:
        raise RuntimeError(f"{fn}: Low precision dtypes not supported. Got {kind.scalar_type}")
    shape = x._data.shape
    if len(shape) < 2:
        raise RuntimeError(f"{fn}: The input tensor A must have at least 2 dimensions.")
    if square and shape[-1] != shape[-2]:
        raise RuntimeError(
            f"{fn}: A must be batches of square matrices, but they are {shape[-2]} by {shape[-1]} matrices"
        )
    return x


def solved(message: str, fn: Callable[..., Any], *args: Any, **kw: Any) -> Any:
    """Return ``fn(*args)``; a matrix that LAPACK gives up on raises torch's error."""
    try:
        with np.errstate(all="ignore"):
            return fn(*args, **kw)
    except np.linalg.LinAlgError:
        raise LinAlgError(message) from None


def adjoint(x: Tensor) -> Tensor:
    """Return the conjugate transposes."""
    return x.mT.conj()


def eye_like(x: Tensor, n: int) -> Tensor:
    """Return the identity (n, n) in the dtype of ``x``, off the tape."""
    return wrap(np.eye(n, dtype=x._data.dtype))


# ---- inverse, solution ---------------------------------------------------------------------------------------------


def _inv_fwd(a: Array) -> Array:
    try:
        return np.linalg.inv(a)
    except np.linalg.LinAlgError:
        raise LinAlgError(
            f"linalg.inv: The diagonal element {_zero_pivot(a)} is zero, the inversion could not be completed because "
            "the input matrix is singular."
        ) from None


def _zero_pivot(a: Array) -> int:
    """Return where elimination with pivots meets the first 0, counted from 1, in the first singular matrix."""
    for matrix in a.reshape(-1, *a.shape[-2:]).copy():
        for i in range(len(matrix)):
            best = i + int(np.abs(matrix[i:, i]).argmax())
            if matrix[best, i] == 0:
                return i + 1
            matrix[[i, best]] = matrix[[best, i]]
            matrix[i + 1 :] -= np.outer(matrix[i + 1 :, i] / matrix[i, i], matrix[i])
    return a.shape[-1]


def _inv_vjp(node: Any, g: Tensor) -> Tensor:
    # d(A^-1) = -A^-1 dA A^-1
    b = adjoint(node.output())
    return -matmul(matmul(b, g), b)


INV: Op = Op("linalg_inv_ex", _inv_fwd, _inv_vjp, keeps=(0,))


def inv(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the inverses of matrices (..., N, N).

    Raises
    ------
    LinAlgError : a singular matrix. RuntimeError : matrices that are not square, a dtype that is not floating-point.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.inv(minitorch.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return deliver(apply(INV, (matrices("linalg.inv", A, True),)), out)


def _solve_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor]:
    # X = A^-1 B: dB = A^-T dX, dA = -dB X^T
    gb = apply(SOLVE, (adjoint(node.input(0)), g))
    return -matmul(gb, adjoint(node.output())) if node.needs[0] else None, gb


def _solve_fwd(a: Array, b: Array) -> Array:
    lead = np.broadcast_shapes(a.shape[:-2], b.shape[:-2])
    wide = np.broadcast_to(a, (*lead, *a.shape[-2:])), np.broadcast_to(b, (*lead, *b.shape[-2:]))
    return solved("torch.linalg.solve: The solver failed because the input matrix is singular.", np.linalg.solve, *wide)


SOLVE: Op = Op("linalg_solve_ex", _solve_fwd, _solve_vjp, saves=((0,), (0,)), keeps=(0,))


def solve(A: Tensor, B: Tensor, *, left: bool = True, out: Tensor | None = None) -> Tensor:
    """Return X with ``A X = B`` (``X A = B`` without ``left``) for matrices (..., N, N), and (..., N) or (..., N, K).

    Raises
    ------
    LinAlgError : a singular matrix. RuntimeError : shapes that do not fit.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.solve(minitorch.tensor([[2.0, 0.0], [0.0, 4.0]]), minitorch.tensor([2.0, 2.0]))
    tensor([1.0000, 0.5000])
    """
    a, b = matrices("linalg.solve", A, True), tensor_arg("linalg.solve", B, "B", 2)
    m, n = a._data.shape, b._data.shape
    vector = len(n) == 1 or (len(n) == len(m) - 1 and n == m[:-1])
    b = b.unsqueeze(-1) if vector else b
    if not left:
        a, b = a.mT, b if vector else b.mT
    if b._data.shape[-2] != m[-1]:
        text = "AX = B" if left else "XA = B"
        shape = b._data.shape if left else b._data.shape[:-2] + b._data.shape[:-3:-1]
        raise RuntimeError(
            f"linalg.solve: Incompatible shapes of A and B for the equation {text} ({m[-2]}x{m[-1]} and "
            f"{shape[-2]}x{shape[-1]})"
        )
    x = apply(SOLVE, (a, b))
    return deliver(x.squeeze(-1) if vector else x if left else x.mT, out)


# ---- determinants --------------------------------------------------------------------------------------------------


def _adjugate(a: Array) -> Array:
    """Return the adjugates, by singular values, which singular matrices have too."""
    u, s, vh = np.linalg.svd(a)
    n = s.shape[-1]
    others = np.stack([np.prod(np.delete(s, i, -1), axis=-1) for i in range(n)], -1)
    sign = np.linalg.det(u) * np.linalg.det(vh)
    return sign[..., None, None] * (np.swapaxes(vh, -1, -2) * others[..., None, :]) @ np.swapaxes(u, -1, -2)


def _det_vjp(node: Any, g: Tensor) -> Tensor:
    # d det = tr(adj(A) dA), with adj(A) = det(A) A^-1 where that exists
    a, d = node.input(0), node.output()
    if np.all(d._data != 0):
        return (g * d.conj()).unsqueeze(-1).unsqueeze(-1) * adjoint(inv(a))
    return g.unsqueeze(-1).unsqueeze(-1) * wrap(np.conj(np.swapaxes(_adjugate(a._data), -1, -2)).copy())


DET: Op = Op("linalg_det", lambda a: np.asarray(np.linalg.det(a)), _det_vjp, saves=((0,),), keeps=(0,))


def det(A: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the determinants of matrices (..., N, N).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.det(minitorch.tensor([[2.0, 1.0], [1.0, 3.0]]))
    tensor(5.)
    """
    return deliver(apply(DET, (matrices("linalg.det", A, True, "lu_cpu"),)), out)


def _slogdet_fwd(a: Array) -> tuple[Array, Array]:
    sign, size = np.linalg.slogdet(a)
    return np.asarray(sign), np.asarray(size)


def _slogdet_vjp(node: Any, gs: Any, g: Tensor) -> Tensor:
    return g.unsqueeze(-1).unsqueeze(-1) * adjoint(inv(node.input(0)))


SLOG: Op = Op("linalg_slogdet", _slogdet_fwd, _slogdet_vjp, saves=((0,),), nondifferentiable=(0,))


def slogdet(input: Tensor) -> Any:
    """Return the signs and the logarithms of the absolute values of determinants, as ``(sign, logabsdet)``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.slogdet(minitorch.tensor([[2.0, 1.0], [1.0, 3.0]])).logabsdet
    tensor(1.6094)
    """
    return SLOGDET(*apply(SLOG, (matrices("linalg.slogdet", input, True, "lu_cpu"),)))


def linalg_slogdet(A: Tensor, *, out: Any = None) -> Any:
    """Return the signs and the logarithms of the absolute values of determinants, as ``(sign, logabsdet)``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.slogdet(minitorch.tensor([[2.0, 1.0], [1.0, 3.0]])).sign
    tensor(1.)
    """
    return LINALG_SLOGDET(*slogdet(A))


def logdet(input: Tensor) -> Tensor:
    """Return the logarithms of determinants; NaN where they are negative.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.logdet(minitorch.tensor([[2.0, 1.0], [1.0, 3.0]]))
    tensor(1.6094)
    """
    sign, size = slogdet(input)
    return size + sign.log()


# ---- pseudo-inverse, powers ----------------------------------------------------------------------------------------


def _pinv_fwd(a: Array, rtol: float | None) -> Array:
    limit = max(a.shape[-2:]) * np.finfo(a.dtype).eps if rtol is None else rtol
    return solved("linalg.pinv: The decomposition failed to converge.", np.linalg.pinv, a, limit)


def _pinv_vjp(node: Any, g: Tensor) -> Tensor:
    # dP = -P dA P + P P^T dA^T (1 - A P) + (1 - P A) dA^T P^T P
    a, p = node.input(0), node.output()
    ph, gh = adjoint(p), adjoint(g)
    m, n = a._data.shape[-2:]
    left = matmul(eye_like(a, m) - matmul(a, p), matmul(matmul(gh, p), ph))
    right = matmul(matmul(ph, matmul(p, gh)), eye_like(a, n) - matmul(p, a))
    return left + right - matmul(matmul(ph, g), ph)


PINV: Op = Op("linalg_pinv", _pinv_fwd, _pinv_vjp, saves=((0,),), keeps=(0,))


def pinv(A: Tensor, *, atol: Any = None, rtol: float | None = None, hermitian: bool = False,
         out: Tensor | None = None) -> Tensor:  # fmt: skip
    """Return the pseudo-inverses (..., N, M) of matrices; singular values below ``rtol`` of the largest count 0.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.pinv(minitorch.tensor([[2.0], [0.0]]))
    tensor([[0.5000, 0.0000]])
    """
    return deliver(apply(PINV, (matrices("linalg.pinv", A),), (rtol,)), out)


def pinverse(input: Tensor, rcond: float = 1e-15) -> Tensor:
    """Return the pseudo-inverses of matrices; see `linalg.pinv`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.pinverse(minitorch.tensor([[2.0], [0.0]]))
    tensor([[0.5000, 0.0000]])
    """
    return pinv(input, rtol=rcond)


def matrix_power(input: Tensor, n: int, *, out: Tensor | None = None) -> Tensor:
    """Return the ``n``-th powers of matrices (..., N, N), by repeated squaring; of their inverses for negative ``n``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.matrix_power(minitorch.tensor([[1.0, 1.0], [0.0, 1.0]]), 3)
    tensor([[1., 3.],
            [0., 1.]])
    """
    shape = tensor_arg("matrix_power", input)._data.shape
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise RuntimeError(
            "linalg.matrix_power: A must be batches of square matrices, but they are "
            f"{' by '.join(map(str, shape[-2:]))} matrices"
        )
    base, result = inv(input) if n < 0 else input, None
    for bit in range(abs(n).bit_length()):
        base = matmul(base, base) if bit else base
        if abs(n) >> bit & 1:
            result = base if result is None else matmul(result, base)
    if result is None:
        result = eye_like(input, shape[-1]).expand(shape).clone()
    return deliver(result.clone() if result is input else result, out)


# ---- samples -------------------------------------------------------------------------------------------------------


def regular(make: Make, *lead: int, n: int = 3) -> Tensor:
    """Return matrices (..., n, n) far from singular."""
    x = make(*lead, n, n, low=-0.5, high=0.5)
    x._data[...] += np.diag(np.arange(2.0, 2.0 + n)).astype(x._data.dtype)
    return x


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (regular(make, 1),))
    yield Sample("batch", (regular(make, 2, n=2),))


def _solve_samples(make: Make) -> Iterator[Sample]:
    yield Sample("vector", (regular(make, 1), make(1, 3)))
    yield Sample("matrix", (regular(make, 1), make(3, 2)))
    yield Sample("batch", (regular(make, 2, n=2), make(2, 2, 3)))
    yield Sample("from the right", (regular(make, 1), make(1, 2, 3)), {"left": False})


def _pinv_samples(make: Make) -> Iterator[Sample]:
    yield Sample("tall", (make(4, 2),))
    yield Sample("wide", (make(2, 3),))


def _power_samples(make: Make) -> Iterator[Sample]:
    for n in (3, -2, 0, 1):
        yield Sample(f"power {n}", (regular(make, 1), n))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3),), RuntimeError, "must be batches of square matrices, but they are 2 by 3 matrices")
    yield Failure((make(3),), RuntimeError, "must have at least 2 dimensions")


def _solve_failures(make: Make) -> Iterator[Failure]:
    yield Failure((regular(make), make(2)), RuntimeError, r"Incompatible shapes of A and B .* \(3x3 and 2x1\)")
    yield Failure((wrap(np.zeros((2, 2))), make(2)), LinAlgError, "the input matrix is singular")


_ROUGH = 64.0 * math.sqrt(2)  # float32 against float64: the condition of the samples' matrices
register(inv, samples=_samples, failures=_failures, name="linalg_inv", methods=(), top=False, budget=_ROUGH)
register(inv, name="inverse", samples=_samples, budget=_ROUGH)
register(
    solve, samples=_solve_samples, failures=_solve_failures, name="linalg_solve", methods=(), top=False, budget=_ROUGH
)
register(det, samples=_samples, failures=_failures, budget=_ROUGH)
register(slogdet, samples=_samples, failures=_failures, budget=_ROUGH)
register(logdet, samples=_samples, failures=_failures, budget=_ROUGH)
register(pinv, samples=_pinv_samples, name="linalg_pinv", methods=(), top=False, budget=_ROUGH)
register(pinverse, samples=_pinv_samples, budget=_ROUGH)
register(matrix_power, samples=_power_samples, budget=_ROUGH)
