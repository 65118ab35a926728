"""Parameter updates, one pass over memory, in place: SGD, Adam and AdamW with torch's order of operations.

Arrays are flat, contiguous and of one dtype; numbers come in float64 and are rounded to the arrays' precision
where torch rounds them.  Each step takes arrays of any shape that share a dense memory order (see
`elementwise.applies`) and changes them.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..codegen.lazy import device
from ..codegen.math import const, divide, fused, maximum, product, sqrt
from ..jit import kernel
from .elementwise import flattener

Array = NDArray[Any]

BLOCK = 1024  # elements that pass through the first-level cache together


@device
def lerp(a: Any, b: Any, weight: Any) -> Any:
    """Return ``a + weight * (b - a)``, exact at both ends."""
    near = a + weight * (b - a)
    return near if weight < const(a, "1/2") else b - (b - a) * (const(a, "1") - weight)


@device
def blend(buffer: Any, g: Any, keep: Any, take: Any) -> Any:
    """Return ``keep * buffer + take * g``, the first product rounded, as torch rounds it."""
    return fused(take, g, buffer * keep)


@device
def coupled(g: Any, p: Any, sign: Any, decay: Any) -> Any:
    """The gradient, its sign turned to climb, plus the L2 penalty's."""
    return fused(decay, p, sign * g)


@device
def stepped(p: Any, m: Any, v: Any, step: Any, correction: Any, eps: Any) -> Any:
    """Return ``p - step * m / (sqrt(v) / correction + eps)``."""
    return p - divide(step * m, divide(sqrt(v), correction) + eps)


@kernel
def sgd(
    lo: int, hi: int, p: Array, g: Array, buffer: Array, first: bool, lr: float, momentum: float,
    take: float, decay: float, nesterov: bool, sign: float,
) -> None:  # fmt: skip
    """One step of gradient descent; `buffer` is not read without momentum or on the first step."""
    real = p.dtype.type
    rate, keep, part, weight, s = real(lr), real(momentum), real(take), real(decay), real(sign)
    one = real(1.0)
    if momentum == 0.0:
        for i in range(np.uint64(lo), np.uint64(hi)):
            p[i] = blend(p[i], coupled(g[i], p[i], s, weight), one, -rate)
    else:
        for i in range(np.uint64(lo), np.uint64(hi)):
            d = coupled(g[i], p[i], s, weight)
            b = d if first else blend(buffer[i], d, keep, part)
            buffer[i] = b
            p[i] = blend(p[i], blend(d, b, one, keep) if nesterov else b, one, -rate)


@kernel
def adam(
    lo: int, hi: int, p: Array, g: Array, m: Array, v: Array, top: Array, amsgrad: bool, step: float,
    correction: float, eps: float, take1: float, beta2: float, decay: float, shrink: float, sign: float,
) -> None:  # fmt: skip
    """One step of Adam; `top`, the largest second moments, is not read without amsgrad."""
    real = p.dtype.type
    rate, root, small, t1 = real(step), real(correction), real(eps), real(take1)
    k2, t2, weight, factor, s = real(beta2), real(1.0 - beta2), real(decay), real(shrink), real(sign)
    for start in range(lo, hi, BLOCK):
        first, last = np.uint64(start), np.uint64(min(start + BLOCK, hi))
        # short loops over few arrays: of many LLVM does not check the overlaps, and would not vectorise
        for i in range(first, last):
            w = coupled(g[i], p[i], s, weight)
            m[i] = lerp(m[i], w, t1)
            v[i] = blend(v[i], w, k2, t2 * w)
        if amsgrad:
            for i in range(first, last):
                top[i] = maximum(top[i], v[i])
            for i in range(first, last):
                p[i] = stepped(product(p[i], factor), m[i], top[i], rate, root, small)
        else:
            for i in range(first, last):
                p[i] = stepped(product(p[i], factor), m[i], v[i], rate, root, small)


# ---- array functions -------------------------------------------------------------------------------------


def _flat(name: str, *arrays: Array) -> list[Array]:
    flatten = flattener(arrays[0])
    if flatten is None or any(flattener(a) is not flatten or a.dtype != arrays[0].dtype for a in arrays):
        raise ValueError(f"{name}: arrays of dtypes {[str(a.dtype) for a in arrays]} share no dense order")
    return [flatten(a) for a in arrays]


def sgd_step(
    p: Array,
    g: Array,
    buffer: Array | None,
    *,
    first: bool,
    lr: float,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    maximize: bool = False,
) -> None:
    """Change `p` and the momentum `buffer` in place; on the `first` step the buffer takes the gradient as it is.

    >>> p = np.array([1.0, 2.0])
    >>> sgd_step(p, np.array([2.0, 4.0]), None, first=True, lr=0.5)
    >>> p.tolist()
    [0.0, 0.0]
    """
    if buffer is None and momentum:
        raise ValueError(f"sgd_step: momentum={momentum} needs a buffer")
    flat = _flat("sgd_step", p, g, p if buffer is None else buffer)
    numbers = float(lr), float(momentum), 1.0 - dampening, float(weight_decay)
    sgd(p.size, 20 * p.size, *flat, bool(first), *numbers, bool(nesterov), -1.0 if maximize else 1.0)


def adam_step(
    p: Array,
    g: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    max_exp_avg_sq: Array | None,
    *,
    step: float,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float = 0.0,
    decoupled: bool = False,
    maximize: bool = False,
) -> None:
    """Change `p`, the moments and (amsgrad) their maximum in place; `step` counts from 1 and includes this one.

    `decoupled` weight decay shrinks the parameter (AdamW, arXiv:1711.05101) instead of joining the gradient
    (Adam, arXiv:1412.6980).
    """
    amsgrad = max_exp_avg_sq is not None
    flat = _flat("adam_step", p, g, exp_avg, exp_avg_sq, exp_avg_sq if max_exp_avg_sq is None else max_exp_avg_sq)
    beta1, beta2 = betas
    rate, root = lr / (1.0 - beta1**step), float(np.sqrt(1.0 - beta2**step))
    decay, shrink = (0.0, 1.0 - lr * weight_decay) if decoupled else (float(weight_decay), 1.0)
    numbers = float(rate), root, float(eps), 1.0 - beta1, float(beta2), decay, shrink, -1.0 if maximize else 1.0
    adam(p.size, 40 * p.size, *flat, amsgrad, *numbers)
