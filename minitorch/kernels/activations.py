"""The activations' kernels: functions of one array and some numbers, and their gradients from the input.

As in `elementwise`, whose table they join: flat contiguous arrays of float32 or float64, items are elements.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codegen import math as m
from ..codegen.lazy import device
from ..codegen.math import const, divide
from ..jit import kernel
from .elementwise import KERNELS, Entry, entry

__all__ = ["KERNELS", "Entry"]

Array = NDArray[Any]

# ---- piecewise linear --------------------------------------------------------------------------------------


@kernel
def leaky_relu(lo: int, hi: int, x: Array, slope: float, out: Array) -> None:
    """The positive part, and slope times the rest."""
    s = x.dtype.type(slope)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = x[i]
        out[i] = v if v > const(v, "0") else v * s


@kernel
def leaky_relu_backward(lo: int, hi: int, g: Array, x: Array, slope: float, out: Array) -> None:
    """Gradient through leaky ReLU."""
    s = x.dtype.type(slope)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = g[i]
        out[i] = v if x[i] > const(v, "0") else v * s


@kernel
def hardtanh(lo: int, hi: int, x: Array, low: float, high: float, out: Array) -> None:
    """Limit to [low, high]; NaN stays."""
    a, b = x.dtype.type(low), x.dtype.type(high)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = x[i]
        v = a if v < a else v
        out[i] = b if v > b else v


@kernel
def hardtanh_backward(lo: int, hi: int, g: Array, x: Array, low: float, high: float, out: Array) -> None:
    """0 where x <= low or x >= high, else the gradient."""
    a, b = x.dtype.type(low), x.dtype.type(high)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = g[i]
        out[i] = const(v, "0") if (x[i] <= a) | (x[i] >= b) else v


@kernel
def clamp_backward(lo: int, hi: int, g: Array, x: Array, low: float, high: float, out: Array) -> None:
    """The gradient where low <= x <= high, else 0."""
    a, b = x.dtype.type(low), x.dtype.type(high)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = g[i]
        out[i] = v if (x[i] >= a) & (x[i] <= b) else const(v, "0")


@kernel
def reciprocal(lo: int, hi: int, x: Array, out: Array) -> None:
    """1 / x."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = divide(const(x[i], "1"), x[i])


@kernel
def rsqrt(lo: int, hi: int, x: Array, out: Array) -> None:
    """1 / sqrt(x)."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = divide(const(x[i], "1"), m.sqrt(x[i]))


@kernel
def hardsigmoid(lo: int, hi: int, x: Array, out: Array) -> None:
    """Limit x + 3 to [0, 6], over 6."""
    three, six = x.dtype.type(3), x.dtype.type(6)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = x[i] + three
        v = const(v, "0") if v < const(v, "0") else v
        out[i] = divide(six if v > six else v, six)


@kernel
def hardsigmoid_backward(lo: int, hi: int, g: Array, x: Array, out: Array) -> None:
    """A sixth of the gradient where -3 < x < 3, else 0."""
    three, sixth = x.dtype.type(3), x.dtype.type(1 / 6)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = g[i] * sixth
        out[i] = v if (x[i] > -three) & (x[i] < three) else const(v, "0")


@kernel
def hardswish(lo: int, hi: int, x: Array, out: Array) -> None:
    """Write x times `hardsigmoid` of x."""
    three, six = x.dtype.type(3), x.dtype.type(6)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = x[i] + three
        v = const(v, "0") if v < const(v, "0") else v
        out[i] = divide(x[i] * (six if v > six else v), six)


@kernel
def hardswish_backward(lo: int, hi: int, g: Array, x: Array, out: Array) -> None:
    """The gradient times 0 up to -3, x / 3 + 1 / 2 up to 3, 1 beyond."""
    three = x.dtype.type(3)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = x[i]
        inner = divide(v, three) + const(v, "1/2")
        slope = inner if v < three else const(v, "1")
        out[i] = g[i] * (const(v, "0") if v <= -three else slope)


@kernel
def softshrink(lo: int, hi: int, x: Array, away: float, out: Array) -> None:
    """Move towards 0 by `away`; 0 where the sign would change, NaN stays."""
    d = x.dtype.type(away)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = x[i]
        near = v * const(v, "0")
        low = v + d if v < -d else near
        out[i] = v - d if v > d else low


@kernel
def hardshrink(lo: int, hi: int, x: Array, away: float, out: Array) -> None:
    """Write 0 where abs(x) <= `away`, else x."""
    d = x.dtype.type(away)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = x[i]
        out[i] = const(v, "0") if abs(v) <= d else v


@kernel
def shrink_backward(lo: int, hi: int, g: Array, x: Array, away: float, out: Array) -> None:
    """Gradient through both: 0 where abs(x) <= `away`."""
    d = x.dtype.type(away)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = g[i]
        out[i] = const(v, "0") if abs(x[i]) <= d else v


@kernel
def absolute(lo: int, hi: int, x: Array, out: Array) -> None:
    """Absolute value."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = abs(x[i])


@kernel
def absolute_backward(lo: int, hi: int, g: Array, x: Array, out: Array) -> None:
    """The gradient times the sign of x: 1, -1, or 0 for zeros and NaN."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        v, one, zero = x[i], const(x[i], "1"), const(x[i], "0")
        out[i] = g[i] * (one if v > zero else -one if v < zero else zero)


# ---- smooth ------------------------------------------------------------------------------------------------


@kernel
def elu(lo: int, hi: int, x: Array, alpha: float, scale: float, rate: float, out: Array) -> None:
    """Write scale x where positive, else scale alpha (e**(rate x) - 1)."""
    a, s, r = x.dtype.type(alpha * scale), x.dtype.type(scale), x.dtype.type(rate)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = x[i]
        low = m.expm1(v * r) * a
        out[i] = v * s if v > const(v, "0") else low


@kernel
def elu_backward(lo: int, hi: int, g: Array, x: Array, alpha: float, scale: float, rate: float, out: Array) -> None:
    """Gradient through ELU: scale where positive, else scale alpha rate e**(rate x)."""
    a, s, r = x.dtype.type(alpha * scale * rate), x.dtype.type(scale), x.dtype.type(rate)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = x[i]
        low = m.exp(v * r) * a
        out[i] = g[i] * (low if v <= const(v, "0") else s)


@device
def softplus_of(x: Any) -> Any:
    """log(1 + e**x), without overflow."""
    top = x if x > const(x, "0") else const(x, "0")
    return top + m.log1p(m.exp(-abs(x))) if x == x else x


@kernel
def softplus(lo: int, hi: int, x: Array, beta: float, threshold: float, out: Array) -> None:
    """log(1 + e**(beta x)) / beta; x itself where beta x is above the threshold."""
    b, t = x.dtype.type(beta), x.dtype.type(threshold)
    for i in range(np.uint64(lo), np.uint64(hi)):
        z = x[i] * b
        soft = divide(softplus_of(z), b)
        out[i] = x[i] if z > t else soft


@kernel
def softplus_backward(lo: int, hi: int, g: Array, x: Array, beta: float, threshold: float, out: Array) -> None:
    """Gradient through softplus: sigmoid(beta x), or 1 above the threshold."""
    b, t = x.dtype.type(beta), x.dtype.type(threshold)
    for i in range(np.uint64(lo), np.uint64(hi)):
        z = x[i] * b
        slope = m.sigmoid(z)
        out[i] = g[i] if z > t else g[i] * slope


@kernel
def log_sigmoid(lo: int, hi: int, x: Array, out: Array) -> None:
    """Logarithm of sigmoid."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = -softplus_of(-x[i])


@kernel
def log_sigmoid_backward(lo: int, hi: int, g: Array, x: Array, out: Array) -> None:
    """Gradient through log-sigmoid: g sigmoid(-x)."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = g[i] * m.sigmoid(-x[i])


@kernel
def mish(lo: int, hi: int, x: Array, out: Array) -> None:
    """Write x tanh(softplus(x))."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = x[i] * m.tanh(softplus_of(x[i]))


@kernel
def mish_backward(lo: int, hi: int, g: Array, x: Array, out: Array) -> None:
    """Gradient through Mish: t + x sigmoid(x) (1 - t**2), t = tanh(softplus(x))."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        t = m.tanh(softplus_of(x[i]))
        out[i] = g[i] * (t + x[i] * m.sigmoid(x[i]) * (const(t, "1") - t * t))


@device
def _bent(x: Any, cubic: Any, slope: Any) -> Any:
    return slope * (x + cubic * x * x * x)


@kernel
def gelu_tanh(lo: int, hi: int, x: Array, out: Array) -> None:
    """GELU by tanh(sqrt(2 / pi) (x + 0.044715 x**3))."""
    cubic, slope = x.dtype.type(0.044715), x.dtype.type(0.7978845608028654)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = x[i]
        out[i] = const(v, "1/2") * v * (const(v, "1") + m.tanh(_bent(v, cubic, slope)))


@kernel
def gelu_tanh_backward(lo: int, hi: int, g: Array, x: Array, out: Array) -> None:
    """Gradient through it: (1 + t + x (1 - t**2) u') / 2, t = tanh(u)."""
    cubic, slope, three = x.dtype.type(0.044715), x.dtype.type(0.7978845608028654), x.dtype.type(3)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = x[i]
        one = const(v, "1")
        t = m.tanh(_bent(v, cubic, slope))
        rise = slope * (one + three * cubic * v * v)
        out[i] = g[i] * const(v, "1/2") * (one + t + v * (one - t * t) * rise)


KERNELS |= {
    each.kernel.__name__: each
    for each in (
        *(
            entry(k, 1)
            for k in (leaky_relu, hardtanh, hardsigmoid, hardswish, softshrink, hardshrink, absolute, reciprocal, rsqrt)
        ),
        *(entry(k, 2) for k in (leaky_relu_backward, hardtanh_backward, hardsigmoid_backward, hardswish_backward)),
        *(entry(k, 2) for k in (shrink_backward, absolute_backward, clamp_backward)),
        *(entry(k, 1, 2) for k in (elu, softplus, log_sigmoid, mish, gelu_tanh)),
        *(
            entry(k, 2, 2)
            for k in (elu_backward, softplus_backward, log_sigmoid_backward, mish_backward, gelu_tanh_backward)
        ),
    )
}
