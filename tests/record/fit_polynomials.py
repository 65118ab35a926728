"""Fit the polynomials of minitorch/codegen/_polynomials.py (needs mpmath): the exchange algorithm of Remez.

Run it to print every table with the error of its fit, before the coefficients are rounded.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np

mp.mp.prec = 300
ZERO = mp.mpf(10) ** -16
Function = Callable[[Any], Any]


class Fit(NamedTuple):
    """Minimise max |weight (p - target)| on [low, high], for float32 and float64."""

    target: Function
    weight: Function
    low: tuple[Any, Any]
    high: tuple[Any, Any]
    degree: tuple[int, int]


def remez(fit: Fit, which: int) -> tuple[list[Any], Any]:
    """Coefficients, low order first, and the error."""
    n = fit.degree[which] + 2
    low, high = mp.mpf(fit.low[which]), mp.mpf(fit.high[which])

    def nodes(count: int) -> list[Any]:
        return [(low + high) / 2 - (high - low) / 2 * mp.cos(mp.pi * k / count) for k in range(count + 1)]

    grid, points = nodes(40 * n), nodes(n - 1)
    values, weights = [fit.target(x) for x in grid], [fit.weight(x) for x in grid]
    for _ in range(30):
        c = solve(fit, points)
        error = [w * (mp.polyval(c[-2::-1], x) - f) for x, f, w in zip(grid, values, weights)]
        worst = max(abs(e) for e in error)
        extrema = alternation(error, n)
        if len(extrema) < n or worst < abs(c[-1]) * mp.mpf("1.02"):
            break
        points = [grid[i] for i in extrema]
    return c[:-1], worst


def solve(fit: Fit, points: list[Any]) -> list[Any]:
    """Coefficients and levelled error of the polynomial whose weighted error alternates on `points`."""
    n = len(points)
    rows = [[x**k for k in range(n - 1)] + [(-1) ** i / fit.weight(x)] for i, x in enumerate(points)]
    return list(mp.lu_solve(mp.matrix(rows), mp.matrix([fit.target(x) for x in points])))


def alternation(error: list[Any], n: int) -> list[int]:
    """Indices of the largest error of each sign run, the weaker end dropped until `n` are left."""
    extrema: list[int] = []
    for i, e in enumerate(error):
        if extrema and (e > 0) == (error[extrema[-1]] > 0):
            if abs(e) > abs(error[extrema[-1]]):
                extrema[-1] = i
        else:
            extrema.append(i)
    while len(extrema) > n:
        extrema.pop(0 if abs(error[extrema[0]]) < abs(error[extrema[-1]]) else -1)
    return extrema


def _exp(r: Any) -> Any:
    return mp.mpf(1) / 2 if abs(r) < ZERO else (mp.expm1(r) - r) / r**2


def _log(z: Any) -> Any:
    s = mp.sqrt(z)
    return mp.mpf(2) / 3 if z < ZERO else (mp.log1p(s) - mp.log1p(-s) - 2 * s) / (s * z)


def _tanh(z: Any) -> Any:
    x = mp.sqrt(z)
    return -mp.mpf(1) / 3 if z < ZERO else (mp.tanh(x) / x - 1) / z


def _erf(z: Any) -> Any:
    x = mp.sqrt(z)
    return 2 / mp.sqrt(mp.pi) - 1 if z < ZERO else mp.erf(x) / x - 1


def _near(z: Any) -> Any:
    return max(z, mp.mpf(10) ** -8)


R = mp.log(2) / 2 * mp.mpf("1.001")
S = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1)) ** 2 * mp.mpf("1.001")
T = mp.mpf("0.5501") ** 2
E = mp.mpf("0.85")
FITS = {
    "exp": Fit(_exp, lambda r: max(abs(r), ZERO), (-R, -R), (R, R), (5, 10)),
    "log": Fit(_log, lambda z: _near(z) / 2, (0, 0), (S, S), (2, 6)),
    "tanh": Fit(_tanh, lambda z: _near(z) / (1 + z * _tanh(z)), (0, 0), (T, T), (4, 10)),
    "erf": Fit(_erf, lambda z: 1 / (1 + _erf(z)), (0, 0), (E**2, E**2), (5, 11)),
    "-log erfc": Fit(lambda t: -mp.log(mp.erfc(t)), lambda t: mp.erfc(t) / mp.erf(t), (E, E), (4, 6), (6, 18)),
}


def rational_cdf(end: float = 5.5, degree: int = 5, rounds: int = 400) -> tuple[list[float], list[float], float]:
    """Fit (cdf(x) - 1/2) / x by top(x**2) / bottom(x**2), the error of the product with x minimised on |x| <= end.

    Lawson's weights over linearised least squares (I. Sanathanan, J. Koerner, 1963); returns both and the error.
    """
    x = end * np.sin(np.linspace(0.001, np.pi / 2, 6000))
    target = np.array([0.5 * math.erf(v / math.sqrt(2)) / v for v in x])
    powers = np.vander(np.square(x / end), degree + 1, increasing=True)
    weight: Any = np.ones_like(x)
    bottom, best, found = weight, 1.0, np.zeros(2 * degree + 1)
    for _ in range(rounds):
        rows = np.concatenate([powers, -target[:, None] * powers[:, 1:]], axis=1)
        scale = np.sqrt(weight) * x / bottom
        c = np.linalg.lstsq(rows * scale[:, None], target * scale, rcond=None)[0]
        bottom = 1 + powers[:, 1:] @ c[degree + 1 :]
        error = np.abs(x * (powers @ c[: degree + 1] / bottom - target))
        if error.max() < best and bottom.min() > 0:
            best, found = float(error.max()), c
        weight = weight * np.sqrt(error / error.max() + 1e-3)
        weight /= weight.sum()
    shrink = end ** (-2.0 * np.arange(degree + 1))
    top, rest = found[: degree + 1] * shrink, found[degree + 1 :] * shrink[1:]
    return top.tolist(), [1.0, *rest.tolist()], best


def main() -> None:
    """Print the tables."""
    top, bottom, error = rational_cdf()
    print(f"normal cdf: error {error:.1g}", *([f"{c:.9g}" for c in each] for each in (top, bottom)), sep="\n    ")
    for name, fit in FITS.items():
        for which in (0, 1):
            coefficients, error = remez(fit, which)
            print(f'"{name}", float{32 + 32 * which}: error 2**{float(mp.log(error, 2)):.1f}')
            rounded = [float(c) for c in coefficients]
            if which == 0:
                rounded = [struct.unpack("f", struct.pack("f", c))[0] for c in rounded]
            print("    " + ", ".join(f"{c:.{(9, 17)[which]}g}" for c in rounded))


if __name__ == "__main__":
    main()
