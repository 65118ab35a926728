"""Point-wise kernels over flat arrays: what large tensors use where small ones use NumPy's ufuncs.

Arrays are one-dimensional, contiguous, of one dtype (float32 or float64) and equal length; items are elements.
`run` takes arrays of any shape whose elements lie in memory in the same dense order.

Loops run over unsigned indices: those that could be negative Numba would wrap, and LLVM would not vectorise (a slice
would do, but costs an atomic count of references).  Division and roots round as IEEE says (`divide`, `sqrt`), for
the kernels' fast-math flags would allow reciprocals.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..codegen import math as m
from ..codegen.lazy import device
from ..codegen.math import const, divide, poly
from ..jit import Kernel, kernel
from .layout import is_channels_last

Array = NDArray[Any]

# ---- one operand -----------------------------------------------------------------------------------------


@kernel
def relu(lo: int, hi: int, x: Array, out: Array) -> None:
    """max(x, 0); NaN stays."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = const(x[i], "0") if x[i] <= const(x[i], "0") else x[i]


@kernel
def exp(lo: int, hi: int, x: Array, out: Array) -> None:
    """e**x."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = m.exp(x[i])


@kernel
def expm1(lo: int, hi: int, x: Array, out: Array) -> None:
    """e**x - 1."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = m.expm1(x[i])


@kernel
def log(lo: int, hi: int, x: Array, out: Array) -> None:
    """Natural logarithm."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = m.log(x[i])


@kernel
def log1p(lo: int, hi: int, x: Array, out: Array) -> None:
    """log(1 + x)."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = m.log1p(x[i])


@kernel
def sigmoid(lo: int, hi: int, x: Array, out: Array) -> None:
    """1 / (1 + e**-x)."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = m.sigmoid(x[i])


@kernel
def tanh(lo: int, hi: int, x: Array, out: Array) -> None:
    """Hyperbolic tangent."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = m.tanh(x[i])


@kernel
def erf(lo: int, hi: int, x: Array, out: Array) -> None:
    """Error function."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = m.erf(x[i])


@device
def normal_cdf(x: Any) -> Any:
    """Standard normal distribution function, to 2e-7 in float32: a third of what the error function costs."""
    if const(x, "digits") > const(x, "2**5"):
        return const(x, "1/2") * (const(x, "1") + m.erf(x * const(x, "sqrt(1/2)")))
    z = x * x
    inner = x * (poly(z, "normal cdf top") / poly(z, "normal cdf bottom"))
    half = m.copysign(const(x, "1/2"), x) if abs(x) > const(x, "normal cdf end") else inner
    return const(x, "1/2") + half


@kernel
def gelu(lo: int, hi: int, x: Array, out: Array) -> None:
    """Gaussian error linear unit: x times the normal distribution function of x."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = x[i] * normal_cdf(x[i])


@kernel
def silu(lo: int, hi: int, x: Array, out: Array) -> None:
    """Sigmoid linear unit: x sigmoid(x)."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = x[i] * m.sigmoid(x[i])


@kernel
def sqrt(lo: int, hi: int, x: Array, out: Array) -> None:
    """Square root."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = m.sqrt(x[i])


@kernel
def copy(lo: int, hi: int, x: Array, out: Array) -> None:
    """The same elements."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = x[i]


# ---- two operands ----------------------------------------------------------------------------------------


@kernel
def add(lo: int, hi: int, x: Array, y: Array, out: Array) -> None:
    """Sum."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = x[i] + y[i]


@kernel
def sub(lo: int, hi: int, x: Array, y: Array, out: Array) -> None:
    """Difference."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = x[i] - y[i]


@kernel
def mul(lo: int, hi: int, x: Array, y: Array, out: Array) -> None:
    """Product."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = x[i] * y[i]


@kernel
def div(lo: int, hi: int, x: Array, y: Array, out: Array) -> None:
    """Quotient."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = divide(x[i], y[i])


@kernel
def maximum(lo: int, hi: int, x: Array, y: Array, out: Array) -> None:
    """The larger; NaN if either is."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = m.maximum(x[i], y[i])


@kernel
def minimum(lo: int, hi: int, x: Array, y: Array, out: Array) -> None:
    """The smaller; NaN if either is."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = m.minimum(x[i], y[i])


# ---- a number as operand ---------------------------------------------------------------------------------


@kernel
def scale(lo: int, hi: int, x: Array, factor: float, shift: float, out: Array) -> None:
    """Multiply by a factor and add a shift, both in the array's precision."""
    f, s = x.dtype.type(factor), x.dtype.type(shift)
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = x[i] * f + s


@kernel
def add_scaled(lo: int, hi: int, x: Array, y: Array, alpha: float, out: Array) -> None:
    """Sum of x and alpha times y."""
    f = x.dtype.type(alpha)
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = x[i] + f * y[i]


@kernel
def dropout(lo: int, hi: int, x: Array, keep: Array, factor: float, out: Array) -> None:
    """Multiply by factor where keep (bool), by 0 elsewhere (NaN stays NaN, as in torch)."""
    f = x.dtype.type(factor)
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = x[i] * (f if keep[i] else const(x[i], "0"))


@kernel
def where(lo: int, hi: int, x: Array, y: Array, condition: Array, out: Array) -> None:
    """One of two: x where the condition (bool) holds, else y."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        a, b = x[i], y[i]
        out[i] = a if condition[i] else b


@kernel
def fill(lo: int, hi: int, x: Array, mask: Array, value: float, when: float, out: Array) -> None:
    """The value where the mask (bool) is `when` (0 or 1), else x."""
    v, wanted = x.dtype.type(value), when != 0.0
    for i in range(np.uint64(lo), np.uint64(hi)):
        a = x[i]
        out[i] = v if mask[i] == wanted else a


# ---- gradients: the first operand is the gradient of the result ------------------------------------------


@kernel
def threshold_backward(lo: int, hi: int, g: Array, x: Array, threshold: float, out: Array) -> None:
    """The gradient where not x <= threshold, else 0; with threshold 0, ReLU's, from its input or output."""
    t = x.dtype.type(threshold)
    for i in range(np.uint64(lo), np.uint64(hi)):
        v = g[i]  # read in any case: a load that depends on a comparison becomes a masked one, which waits for it
        out[i] = const(v, "0") if x[i] <= t else v


@kernel
def sigmoid_backward(lo: int, hi: int, g: Array, y: Array, out: Array) -> None:
    """Gradient through sigmoid, from its output: g (1 - y) y."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = g[i] * (const(y[i], "1") - y[i]) * y[i]


@kernel
def tanh_backward(lo: int, hi: int, g: Array, y: Array, out: Array) -> None:
    """Gradient through tanh, from its output: g (1 - y**2)."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        out[i] = g[i] * (const(y[i], "1") - y[i] * y[i])


@kernel
def gelu_backward(lo: int, hi: int, g: Array, x: Array, out: Array) -> None:
    """Gradient through GELU: g (cdf(x) + x pdf(x))."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        density = m.exp(-const(x[i], "1/2") * x[i] * x[i]) * const(x[i], "1/sqrt(2 pi)")
        out[i] = g[i] * (normal_cdf(x[i]) + x[i] * density)


@kernel
def silu_backward(lo: int, hi: int, g: Array, x: Array, out: Array) -> None:
    """Gradient through SiLU: g s (1 + x (1 - s)), s = sigmoid(x)."""
    for i in range(np.uint64(lo), np.uint64(hi)):
        s = m.sigmoid(x[i])
        out[i] = g[i] * s * (const(s, "1") + x[i] * (const(s, "1") - s))


# ---- the table -------------------------------------------------------------------------------------------


class Entry(NamedTuple):
    """A kernel, how many arrays it reads, and its work an element (see `minitorch.jit.kernel`)."""

    kernel: Kernel
    arrays: int
    work: int


def entry(body: Kernel, arrays: int, transcendentals: int = 0) -> Entry:
    """Return the table's entry of a kernel that reads so many arrays."""
    return Entry(body, arrays, max(4 * (arrays + 1), 10 * transcendentals))


KERNELS: dict[str, Entry] = {
    each.kernel.__name__: each
    for each in (
        *(entry(k, 1) for k in (relu, sqrt, copy, scale)),
        *(entry(k, 1, 1) for k in (exp, expm1, log, log1p, sigmoid, tanh, silu)),
        *(entry(k, 1, 2) for k in (erf, gelu)),
        *(entry(k, 2) for k in (add, sub, mul, div, maximum, minimum, add_scaled, dropout, fill)),
        entry(where, 3),
        *(entry(k, 2) for k in (threshold_backward, sigmoid_backward, tanh_backward)),
        *(entry(k, 2, 2) for k in (gelu_backward, silu_backward)),
    )
}

_REAL = (np.dtype(np.float32), np.dtype(np.float64))


def applies(*arrays: Array) -> bool:
    """Tell whether `run` can take these arrays: float32 or float64, one shape, one dense memory order."""
    first = arrays[0]
    return (
        first.dtype in _REAL
        and all(a.dtype == first.dtype for a in arrays)
        and all(same_order(a, first) for a in arrays)
    )


def same_order(a: Array, b: Array) -> bool:
    """Tell whether two arrays have one shape and lie in memory in the same dense order."""
    order = flattener(a)
    return order is not None and a.shape == b.shape and flattener(b) is order


def _straight(x: Array) -> Array:
    return x.reshape(-1)


def _channels_last(x: Array) -> Array:
    return x.transpose(0, *range(2, x.ndim), 1).reshape(-1)


def flattener(x: Array) -> Callable[[Array], Array] | None:
    """Return how `x` is flattened without a copy, if it can be."""
    if x.flags.c_contiguous:
        return _straight
    return _channels_last if x.ndim > 2 and is_channels_last(x) else None


def run(name: str, *operands: Any, out: Array | None = None) -> Array:
    """Apply the kernel `name` of `KERNELS`: arrays for which `applies`, then its numbers.

    `out` may be one of the arrays; the loop is then scalar, as the compiler cannot know that they coincide exactly.

    >>> run("relu", np.array([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    entry, first = KERNELS[name], operands[0]
    flatten = flattener(first)
    if flatten is None:
        raise ValueError(f"{name}: strides {first.strides} of shape {first.shape} are not dense")
    result = np.empty_like(first) if out is None else out
    flat = [flatten(x) for x in operands[: entry.arrays]]
    numbers = [float(v) for v in operands[entry.arrays :]]
    entry.kernel(first.size, entry.work * first.size, *flat, *numbers, flatten(result))
    return result
