"""Kernels of special functions: of the gamma family, and the inverse error function; they join `elementwise`'s table.

They compute in float64 whatever the arrays' type is.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codegen import math as m
from ..codegen.lazy import device
from ..codegen.math import const
from ..jit import kernel
from .elementwise import KERNELS, entry

__all__ = ["BERNOULLI", "FAR", "KERNELS"]

Array = NDArray[Any]

# Bernoulli numbers B_2, B_4, ...
BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510)
FAR = 10.0  # the asymptotic series are exact to float64 beyond
_TERMS = tuple(b / (2 * k) for k, b in enumerate(BERNOULLI, 1))


@kernel(exact=True)
def lgamma(lo: int, hi: int, x: Array, out: Array) -> None:
    """Logarithm of the gamma function's absolute value, by the C library."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = math.lgamma(np.float64(x[i]))


@device
def _digamma(z: Any) -> Any:
    """Abramowitz & Stegun 6.3.5 to 6.3.18: reflection, recurrence up to FAR, asymptotic series."""
    up = 1.0 - z if z < 0.0 else z
    total = 0.0
    while up < FAR:
        total -= 1.0 / up
        up += 1.0
    q = 1.0 / (up * up)
    series = 0.0
    for k in range(8):
        series = (series + _TERMS[7 - k]) * q
    total += m.log(up) - 0.5 / up - series
    if z < 0.0:  # the tangent of the fraction alone, as that of large numbers loses their digits
        total -= math.pi / math.tan(math.pi * (z - np.trunc(z)))
    return total


@kernel(exact=True)
def digamma(lo: int, hi: int, x: Array, out: Array) -> None:
    """Derivative of the logarithm of the gamma function."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        z = np.float64(x[i])
        if z == 0.0:
            out[i] = np.copysign(np.inf, -z)
        elif z < 0.0 and z == np.floor(z):
            out[i] = np.nan
        else:
            out[i] = _digamma(z)


@device
def _guess(size: Any) -> Any:
    """M. Giles, "Approximating the erfinv function", GPU Computing Gems 2 (2011): to a few units of float32."""
    w = -m.log((1.0 - size) * (1.0 + size))
    a, b = w - 2.5, math.sqrt(w) - 3.0
    p, q = 2.81022636e-08, -0.000200214257
    p, q = p * a + 3.43273939e-07, q * b + 0.000100950558
    p, q = p * a - 3.5233877e-06, q * b + 0.00134934322
    p, q = p * a - 4.39150654e-06, q * b - 0.00367342844
    p, q = p * a + 0.00021858087, q * b + 0.00573950773
    p, q = p * a - 0.00125372503, q * b - 0.0076224613
    p, q = p * a - 0.00417768164, q * b + 0.00943887047
    p, q = p * a + 0.246640727, q * b + 1.00167406
    p, q = p * a + 1.50140941, q * b + 2.83297682
    return size * (p if w < 5.0 else q)


@device
def _nearer(z: Any, error: Any) -> Any:
    """One step of Halley's method for erf(z) = erf(z) + error."""
    step = error / (m.exp(-z * z) * (2.0 / math.sqrt(math.pi)))
    return z - step / (1.0 + z * step)


@kernel(exact=True)
def erfinv(lo: int, hi: int, x: Array, out: Array) -> None:
    """Inverse error function: a guess and one step, for float64 two that take erfc where erf is near 1."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        y = np.float64(x[i])
        size = abs(y)
        inside = size if size < 1.0 else 0.0
        z = _guess(inside)
        if const(x[i], "digits") > const(x[i], "2**5"):
            for _ in range(2):
                far = inside > 0.5
                z = _nearer(z, (1.0 - inside) - math.erfc(z) if far else math.erf(z) - inside)
        else:
            z = _nearer(z, m.erf(z) - inside)
        limit = np.inf if size == 1.0 else np.nan
        out[i] = m.copysign(z if size < 1.0 else limit, y)


@kernel(exact=True)
def erfc(lo: int, hi: int, x: Array, out: Array) -> None:
    """1 - erf(x), by the C library."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = math.erfc(np.float64(x[i]))


KERNELS |= {each.kernel.__name__: each for each in (entry(k, 1, 10) for k in (lgamma, digamma, erfinv, erfc))}
