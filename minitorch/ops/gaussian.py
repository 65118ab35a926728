"""The normal distribution's functions of `minitorch.special`: scaled errors, probabilities, quantiles; entropies."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ._common import Tensor
from ._special import of_one, of_two
from .arithmetic import positive_samples
from .pointwise import where
from .unary import UNARY, exp, log

__all__ = ["entr", "erfcx", "log_ndtr", "ndtr", "ndtri", "xlog1py"]

_ROOT_HALF, _ROOT_PI = math.sqrt(0.5), math.sqrt(math.pi)
_erf, _erfc = UNARY["erf"].fwd, UNARY["erfc"].fwd
_FAR = 6.5  # the asymptotic series of the error function is exact to float64 beyond
_SPLIT = 2.0**27 + 1


def _exp_square(x: Any) -> Any:
    """Return exp(x**2), the square in two parts (Dekker), as the exponential of a rounded square loses digits."""
    high = x * _SPLIT
    high = high - (high - x)
    square = x * x
    rest = ((high * high - square) + 2 * high * (x - high)) + (x - high) ** 2
    return np.exp(square) * (1 + np.where(np.isfinite(rest), rest, 0.0))


def _np_erfcx(x: Any) -> Any:
    """Abramowitz & Stegun 7.1.2 near 0, 7.1.23 far above."""
    near, far = np.minimum(x, _FAR), np.maximum(np.where(np.isnan(x), 1.0, x), _FAR)
    term = total = np.ones_like(far)
    for k in range(1, 24):
        term = term * -(2 * k - 1) / (2 * far * far)
        total = total + term
    low = x < -27  # where the result is beyond the largest number
    value = np.where(low, np.inf, _exp_square(np.where(low, 0.0, near)) * _erfc(near))
    return np.where(x > _FAR, total / (far * _ROOT_PI), value)


def _np_ndtr(x: Any) -> Any:
    z = x * _ROOT_HALF
    small = np.abs(z) < _ROOT_HALF
    return np.where(small, 0.5 + 0.5 * _erf(np.where(small, z, 0.0)), 0.5 * _erfc(-z))


def _np_log_ndtr(x: Any) -> Any:
    z = x * _ROOT_HALF
    low = np.minimum(z, -_ROOT_HALF)
    return np.where(x < -1, np.log(_np_erfcx(-low) / 2) - low * low, np.log1p(-_erfc(np.maximum(z, -_ROOT_HALF)) / 2))


def _np_ndtri(p: Any) -> Any:
    """Return quantiles: in the middle by `erfinv`, else by Newton's method on the logarithm of the probability."""
    inside = (p > 0) & (p < 1)
    q = np.where(inside, np.minimum(p, 1 - p), 0.25)
    log_q = np.log(q)
    x = -np.sqrt(-2 * log_q)
    for _ in range(8):
        x = x - (_np_log_ndtr(x) - log_q) * _np_erfcx(-x * _ROOT_HALF) * (_ROOT_PI * _ROOT_HALF)
    middle = UNARY["erfinv"].fwd(np.clip(2 * np.where(inside, p, 0.5) - 1, -0.9, 0.9)) / _ROOT_HALF
    x = np.where((p > 0.1) & (p < 0.9), middle, np.where(p < 0.5, x, -x))
    return np.where(inside, x, np.where(p == 0, -np.inf, np.where(p == 1, np.inf, np.nan)))


def _np_entr(x: Any) -> Any:
    return np.where(x < 0, -np.inf, np.where(x == 0, 0.0, -x * np.log(x)))


def _ndtr_vjp(node: Any, g: Tensor) -> Tensor:
    x = node.input(0)
    return g * (exp(x * x * -0.5) * (_ROOT_HALF / _ROOT_PI))


def _log_ndtr_vjp(node: Any, g: Tensor) -> Tensor:
    # the density over the probability is sqrt(2 / pi) / erfcx(-x / sqrt(2))
    return g / erfcx(node.input(0) * -_ROOT_HALF) * (2 * _ROOT_HALF / _ROOT_PI)


def _ndtri_vjp(node: Any, g: Tensor) -> Tensor:
    z = node.output()
    return g * exp(z * z * 0.5) * (_ROOT_PI / _ROOT_HALF)


erfcx = of_one(
    "erfcx", _np_erfcx, lambda n, g: g * (n.input(0) * n.output() * 2 - 2 / _ROOT_PI),
    "``exp(x**2) * erfc(x)``", ("minitorch.tensor([0.0, 1.0])", "tensor([1.0000, 0.4276])"), half=False, keeps=True,
)  # fmt: skip
ndtr = of_one(
    "ndtr", _np_ndtr, _ndtr_vjp, "the probabilities that a standard normal number is smaller",
    ("minitorch.tensor([0.0, 1.0])", "tensor([0.5000, 0.8413])"), kernel="erf_vml_cpu", grad_name="MulBackward1",
)  # fmt: skip
log_ndtr = of_one(
    "log_ndtr", _np_log_ndtr, _log_ndtr_vjp, "the logarithms of `ndtr`, without cancellation",
    ("minitorch.tensor([0.0, -10.0])", "tensor([ -0.6931, -53.2313])"), half=False,
)  # fmt: skip
ndtri = of_one(
    "ndtri", _np_ndtri, _ndtri_vjp, "the inverses of `ndtr`, NaN outside of [0, 1]",
    ("minitorch.tensor([0.5, 0.975])", "tensor([0.0000, 1.9600])"), low=0.02, high=0.98, half=False, keeps=True,
)  # fmt: skip
entr = of_one(
    "entr", _np_entr, lambda n, g: -g * (1 + log(n.input(0))),
    "``-x * log(x)``, 0 at 0 and minus infinity below", ("minitorch.tensor([0.0, 0.5])", "tensor([0.0000, 0.3466])"),
    low=0.3, high=3.0,
)  # fmt: skip


def _np_xlog1py(x: Any, y: Any) -> Any:
    return np.where((x == 0) & ~np.isnan(y), 0.0, x * np.log1p(y))


def _xlog1py_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    # log(1 + y), which counts 0 where x = 0 and 1 + y has no logarithm; x / (1 + y)
    x, y = node.input(0), node.input(1)
    gx = None
    if node.needs[0]:
        at = y if isinstance(y, Tensor) else x.detach() * 0 + y
        flat = (x == 0) & (at <= -1)
        gx = where(flat, 0.0, g * where(flat, 0.0, at).log1p())
    return gx, g * x / (y + 1) if node.needs[1] else None


xlog1py = of_two(
    "xlog1py", _np_xlog1py, _xlog1py_vjp, "``input * log1p(other)``, 0 where ``input`` is 0 and ``other`` is not NaN",
    ("minitorch.tensor([0.0, 2.0]), minitorch.tensor([-1.0, 1.0])", "tensor([0.0000, 1.3863])"), positive_samples,
    grad_name="SpecialXlog1PyBackward0",
)  # fmt: skip
