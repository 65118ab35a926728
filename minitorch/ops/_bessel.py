"""Bessel functions of the orders 0 and 1, and Airy's function, in float64.

Near 0 the power series (Abramowitz & Stegun 9.1.10 to 9.1.13, 9.6.10 to 9.6.13) are exact; far out the asymptotic ones
(9.2.5, 9.2.6, 9.7.1, 9.7.2). Between, J comes from Miller's backward recurrence (9.12, example 1), Y from Neumann's
series of J (9.1.88, 9.1.89), and K from the trapezoidal rule on its integral (9.6.24), which converges geometrically.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["airy", "i_scaled", "j", "k_scaled", "y"]

_EULER = 0.5772156649015329
_NEAR, _FAR = 2.0, 25.0  # below: power series; above: asymptotic series
_ORDERS = 80  # where Miller's recurrence begins
# Ai and its derivative at 0, -1, -2, ... , from which Taylor's series reach half a step
_AIRY = ((0.3550280538878172, -0.2588194037928068),
         (0.5355608832923521, -0.01016056711664521),
         (0.22740742820168558, 0.618259020741691),
         (-0.37881429367765806, 0.3145837692165988),
         (-0.07026553294928951, -0.7906285753685813),
         (0.35076100902411433, 0.32719281855444315),
         (-0.3291451736298231, 0.3459354872813429),
         (0.18428083525050565, -0.7710081684101265),
         (-0.0527050503563862, 0.9355609381983065),
         (-0.022133721547341403, -0.9756639809263316),
         (0.04024123848644319, 0.99626504413279),
         (-0.008759589255702381, -1.0273278736645794),
         (-0.06655517505437313, 1.0231104533679707))


def _power_series(z: Any, order: int, weights: Any = None, terms: int = 30) -> Any:
    """Return the sum over k of ``w_k z**k / (k! (k + order)!)``."""
    term, total = np.ones_like(z), np.zeros_like(z)
    for k in range(terms):
        if k:
            term = term * z / (k * (k + order))
        total = total + (term if weights is None else term * weights[k])
    return total


def _asymptotic(x: Any, order: int) -> list[Any]:
    """Return the terms ``a_k(order) / x**k`` of Hankel's expansions."""
    terms = [np.ones_like(x)]
    for k in range(1, 24):
        terms.append(terms[-1] * (4 * order * order - (2 * k - 1) ** 2) / (8 * k * x))
    return terms


def _harmonic(terms: int) -> list[float]:
    """Return 0, 1, 1 + 1/2, ..."""
    return [sum(1 / j for j in range(1, k + 1)) for k in range(terms)]


_H = _harmonic(32)
_PSI = [_H[k] + _H[k + 1] - 2 * _EULER for k in range(30)]  # digamma(k + 1) + digamma(k + 2)


def _miller(x: Any) -> list[Any]:
    """Return J_0(x), J_1(x), ... for x between the near and the far."""
    values = [np.zeros_like(x)] * (_ORDERS + 2)
    values[_ORDERS] = np.full_like(x, 1e-250)
    for n in range(_ORDERS, 0, -1):
        values[n - 1] = 2 * n / x * values[n] - values[n + 1]
    scale = values[0] + 2 * sum(values[2::2])
    return [v / scale for v in values]


def _parts(x: Any) -> tuple[Any, Any, Any]:
    """Return |x| limited to the near, to the middle and to the far, so that every formula is safe everywhere."""
    size = np.abs(x)
    size = np.where(np.isnan(size), 1.0, size)
    return np.minimum(size, _NEAR), np.clip(size, _NEAR, _FAR), np.maximum(size, _FAR)


def _chosen(x: Any, near: Any, middle: Any, far: Any) -> Any:
    size = np.abs(x)
    return np.where(np.isnan(x), np.nan, np.where(size < _NEAR, near, np.where(size < _FAR, middle, far)))


def _phase(x: Any, order: int) -> tuple[Any, Any, Any, Any]:
    """Return P, Q and the cosine and sine of ``x - order pi / 2 - pi / 4``."""
    terms = _asymptotic(x, order)
    signs = [(-1) ** (k // 2) for k in range(len(terms))]
    p, q = (sum(s * t for s, t in zip(signs[i::2], terms[i::2])) for i in (0, 1))
    c, s = (np.cos(x) + np.sin(x)) / math.sqrt(2), (np.sin(x) - np.cos(x)) / math.sqrt(2)
    return (p, q, c, s) if order == 0 else (p, q, s, -c)


def j(x: Any, order: int) -> Any:
    """Return J, of the first kind; NaN at infinity."""
    a, b, c = _parts(x)
    near = _power_series(-a * a / 4, order) * (a / 2) ** order
    p, q, cos, sin = _phase(c, order)
    value = _chosen(x, near, _miller(b)[order], np.sqrt(2 / (math.pi * c)) * (p * cos - q * sin))
    return np.where(np.signbit(x), -value, value) if order else value


def y(x: Any, order: int) -> Any:
    """Return Y, of the second kind: minus infinity at 0, NaN below and at infinity."""
    a, b, c = _parts(x)
    a = np.where(a == 0, 1.0, a)
    middle = _neumann(_miller(b), b, order)
    p, q, cos, sin = _phase(c, order)
    value = _chosen(x, _y_near(a, order), middle, np.sqrt(2 / (math.pi * c)) * (p * sin + q * cos))
    return np.where(x < 0, np.nan, np.where(x == 0, -np.inf, value))


def _y_near(x: Any, order: int) -> Any:
    z = -x * x / 4
    if order == 0:
        log = (np.log(x / 2) + _EULER) * _power_series(z, 0)
        return (log - _power_series(z, 0, _H)) * (2 / math.pi)
    log = 2 * np.log(x / 2) * _power_series(z, 1) * (x / 2)
    return (log - _power_series(z, 1, _PSI) * (x / 2) - 2 / x) / math.pi


def _neumann(values: list[Any], x: Any, order: int) -> Any:
    log = np.log(x / 2) + _EULER
    if order == 0:
        rest = sum((-1) ** k * values[2 * k] / k for k in range(1, _ORDERS // 2))
        return (log * values[0] - 2 * rest) * (2 / math.pi)
    rest = sum((-1) ** k * (2 * k + 1) * values[2 * k + 1] / (k * (k + 1)) for k in range(1, _ORDERS // 2))
    return ((log - 1) * values[1] - values[0] / x - rest) * (2 / math.pi)


def i_scaled(x: Any, order: int) -> Any:
    """Return ``exp(-|x|) I(x)``, modified and of the first kind."""
    size = np.where(np.isnan(x), 1.0, np.abs(x))
    near, far = np.minimum(size, _FAR), np.maximum(size, _FAR)
    series = _power_series(near * near / 4, order, terms=60) * (near / 2) ** order * np.exp(-near)
    terms = _asymptotic(far, order)
    tail = sum(-t if k % 2 else t for k, t in enumerate(terms)) / np.sqrt(2 * math.pi * far)
    value = np.where(np.isnan(x), np.nan, np.where(size < _FAR, series, tail))
    return np.copysign(value, x) if order else value


def k_scaled(x: Any, order: int) -> Any:
    """Return ``exp(x) K(x)``, modified and of the second kind: infinity at 0, NaN below."""
    a, b, c = _parts(x)
    a = np.where(a == 0, 1.0, a)
    far = sum(_asymptotic(c, order)) * np.sqrt(math.pi / (2 * c))
    value = _chosen(x, _k_near(a, order) * np.exp(a), _k_integral(b, float(order)), far)
    return np.where(x < 0, np.nan, np.where(x == 0, np.inf, value))


def _k_near(x: Any, order: int) -> Any:
    z = x * x / 4
    if order == 0:
        return _power_series(z, 0, _H) - (np.log(x / 2) + _EULER) * _power_series(z, 0)
    return 1 / x + (np.log(x / 2) * _power_series(z, 1) - _power_series(z, 1, _PSI) / 2) * (x / 2)


def _k_integral(x: Any, order: float, step: float = 0.125) -> Any:
    """Return the trapezoidal sum of ``exp(x (1 - cosh t)) cosh(order t)``."""
    total = np.full_like(x, 0.5)
    for n in range(1, 48):
        t = n * step
        total = total + np.exp(-2 * x * math.sinh(t / 2) ** 2) * math.cosh(order * t)
    return total * step


def airy(x: Any) -> Any:
    """Return Ai(x) (Abramowitz & Stegun 10.4); NaN at infinity, as torch has it."""
    ok = np.where(np.isfinite(x), x, 0.0)
    above, below = np.maximum(ok, 1.0), np.minimum(ok, -1.0)
    zeta = 2 / 3 * above**1.5
    third = np.where(zeta < _FAR, _k_integral(np.minimum(zeta, _FAR), 1 / 3), _airy_tail(np.maximum(zeta, _FAR)))
    right = np.sqrt(above / 3) / math.pi * third * np.exp(-zeta)
    value = np.where(ok > 1, right, np.where(ok < -12, _airy_waves(below), _airy_taylor(ok)))
    return np.where(np.isfinite(x), value, np.nan)


def _airy_terms(zeta: Any) -> list[Any]:
    """Return ``u_k / zeta**k`` of the asymptotic series (10.4.58)."""
    terms = [np.ones_like(zeta)]
    for k in range(1, 20):
        terms.append(terms[-1] * ((6 * k - 5) * (6 * k - 3) * (6 * k - 1)) / (216 * k * (2 * k - 1) * zeta))
    return terms


def _airy_tail(zeta: Any) -> Any:
    return sum(-t if k % 2 else t for k, t in enumerate(_airy_terms(zeta))) * np.sqrt(math.pi / (2 * zeta))


def _airy_waves(x: Any) -> Any:
    zeta = 2 / 3 * (-x) ** 1.5
    terms = _airy_terms(zeta)
    signs = [(-1) ** (k // 2) for k in range(len(terms))]
    even, odd = (sum(s * t for s, t in zip(signs[i::2], terms[i::2])) for i in (0, 1))
    phase = zeta + math.pi / 4
    return (np.sin(phase) * even - np.cos(phase) * odd) / (math.sqrt(math.pi) * (-x) ** 0.25)


def _airy_taylor(x: Any) -> Any:
    """Return Ai between -12 and 1 by Taylor's series at the nearest integer: ``y'' = x y`` gives its terms."""
    place = np.clip(np.rint(-x), 0, len(_AIRY) - 1).astype(int)
    center, h = -place.astype(float), np.clip(x + place, -1.0, 1.0)
    table = np.asarray(_AIRY)
    before, low, high = np.zeros_like(h), table[place, 0], table[place, 1]
    total, power = low + high * h, h
    for n in range(2, 40):
        before, low, high = low, high, (center * low + before) / (n * (n - 1))
        power = power * h
        total = total + high * power
    return total
