"""Parameter updates beside those of `optim`, which says how their arguments are laid out.

Every kernel's numbers end with those of `minitorch.optim._fused.decays`: penalty, factor, sign. Each is a few short
loops over few arrays: of many LLVM does not check the overlaps, and would not vectorise.
"""

from __future__ import annotations

import numpy as np

from ..codegen.math import const, divide, fused, maximum, minimum, product, sqrt
from ..jit import kernel
from .optim import PIECE, STATE, Array, G, P, blend, coupled, lerp, numbers_of, part


@kernel
def rmsprop(lo: int, hi: int, table: Array, pieces: Array, numbers: Array) -> None:
    """One step of RMSprop; state: mean square, buffer (with momentum), mean (if centered).

    Numbers: rate, alpha, 1 - alpha, eps, momentum, centered.
    """
    zero = numbers.dtype.type(0.0)
    d = np.empty(PIECE, numbers.dtype)
    for item in range(lo, hi):
        p, g = part(P, item, table, pieces, zero), part(G, item, table, pieces, zero)
        v = part(STATE, item, table, pieces, zero)
        n = numbers_of(item, table, pieces, numbers)
        rate, keep, take, eps, momentum, penalty, sign = n[0], n[1], n[2], n[3], n[4], n[6], n[8]
        for i in range(np.uint64(p.size)):
            w = coupled(g[i], p[i], sign, penalty)
            v[i] = blend(v[i], w, keep, take * w)
            d[i] = v[i]
        if n[5] != zero:
            mean = part(STATE + (1 if momentum == zero else 2), item, table, pieces, zero)
            for i in range(np.uint64(p.size)):
                mean[i] = lerp(mean[i], coupled(g[i], p[i], sign, penalty), take)
                d[i] = v[i] - product(mean[i], mean[i])
        first = -rate if momentum == zero else const(zero, "1")
        for i in range(np.uint64(p.size)):
            d[i] = divide(first * coupled(g[i], p[i], sign, penalty), sqrt(d[i]) + eps)
        if momentum != zero:
            buffer = part(STATE + 1, item, table, pieces, zero)
            for i in range(np.uint64(p.size)):
                buffer[i] = product(momentum, buffer[i]) + d[i]
                d[i] = product(-rate, buffer[i])
        for i in range(np.uint64(p.size)):
            p[i] += d[i]


@kernel
def adagrad(lo: int, hi: int, table: Array, pieces: Array, numbers: Array) -> None:
    """One step of Adagrad; state: sum of squares; numbers: rate, eps."""
    zero = numbers.dtype.type(0.0)
    for item in range(lo, hi):
        p, g = part(P, item, table, pieces, zero), part(G, item, table, pieces, zero)
        total = part(STATE, item, table, pieces, zero)
        n = numbers_of(item, table, pieces, numbers)
        rate, eps, penalty, sign = n[0], n[1], n[2], n[4]
        for i in range(np.uint64(p.size)):
            w = coupled(g[i], p[i], sign, penalty)
            square = fused(w, w, total[i])
            total[i] = square
            p[i] = fused(-rate, divide(w, sqrt(square) + eps), p[i])


@kernel
def adadelta(lo: int, hi: int, table: Array, pieces: Array, numbers: Array) -> None:
    """One step of Adadelta; state: mean squares of gradients and of steps; numbers: rate, rho, 1 - rho, eps."""
    zero = numbers.dtype.type(0.0)
    d = np.empty(PIECE, numbers.dtype)
    for item in range(lo, hi):
        p, g = part(P, item, table, pieces, zero), part(G, item, table, pieces, zero)
        square, moved = part(STATE, item, table, pieces, zero), part(STATE + 1, item, table, pieces, zero)
        n = numbers_of(item, table, pieces, numbers)
        rate, keep, take, eps, penalty, sign = n[0], n[1], n[2], n[3], n[4], n[6]
        for i in range(np.uint64(p.size)):
            d[i] = coupled(g[i], p[i], sign, penalty)
        for i in range(np.uint64(p.size)):
            square[i] = blend(square[i], d[i], keep, take * d[i])
        for i in range(np.uint64(p.size)):
            step = divide(sqrt(moved[i] + eps), sqrt(square[i] + eps)) * d[i]
            moved[i] = blend(moved[i], step, keep, take * step)
            d[i] = step
        for i in range(np.uint64(p.size)):
            p[i] = fused(-rate, d[i], p[i])


@kernel
def adamax(lo: int, hi: int, table: Array, pieces: Array, numbers: Array) -> None:
    """One step of Adamax; state: mean, largest magnitude; numbers: rate, 1 - beta1, beta2, eps."""
    zero = numbers.dtype.type(0.0)
    for item in range(lo, hi):
        p, g = part(P, item, table, pieces, zero), part(G, item, table, pieces, zero)
        m, top = part(STATE, item, table, pieces, zero), part(STATE + 1, item, table, pieces, zero)
        n = numbers_of(item, table, pieces, numbers)
        rate, take, keep, eps, penalty, sign = n[0], n[1], n[2], n[3], n[4], n[6]
        for i in range(np.uint64(p.size)):
            w = coupled(g[i], p[i], sign, penalty)
            m[i] = lerp(m[i], w, take)
            top[i] = maximum(product(keep, top[i]), abs(w) + eps)
        for i in range(np.uint64(p.size)):
            p[i] = fused(-rate, divide(m[i], top[i]), p[i])


@kernel
def nadam(lo: int, hi: int, table: Array, pieces: Array, numbers: Array) -> None:
    """One step of NAdam; state: both moments.

    Numbers: rates of gradient and mean, correction, eps, 1 - beta1, beta2, 1 - beta2.
    """
    zero = numbers.dtype.type(0.0)
    for item in range(lo, hi):
        p, g = part(P, item, table, pieces, zero), part(G, item, table, pieces, zero)
        m, v = part(STATE, item, table, pieces, zero), part(STATE + 1, item, table, pieces, zero)
        n = numbers_of(item, table, pieces, numbers)
        rate, ahead, correction, eps, take1, keep2, take2 = n[0], n[1], n[2], n[3], n[4], n[5], n[6]
        penalty, factor, sign = n[7], n[8], n[9]
        for i in range(np.uint64(p.size)):
            w = coupled(g[i], p[i], sign, penalty)
            m[i] = lerp(m[i], w, take1)
            v[i] = blend(v[i], w, keep2, take2 * w)
        for i in range(np.uint64(p.size)):
            deviation = sqrt(divide(v[i], correction)) + eps
            w = coupled(g[i], p[i], sign, penalty)
            near = fused(-rate, divide(w, deviation), product(p[i], factor))
            p[i] = fused(-ahead, divide(m[i], deviation), near)


@kernel
def radam(lo: int, hi: int, table: Array, pieces: Array, numbers: Array) -> None:
    """One step of RAdam; state: both moments.

    Numbers: rate, both corrections (the second's root), eps, rectification (0: none), 1 - beta1, beta2, 1 - beta2.
    """
    zero = numbers.dtype.type(0.0)
    for item in range(lo, hi):
        p, g = part(P, item, table, pieces, zero), part(G, item, table, pieces, zero)
        m, v = part(STATE, item, table, pieces, zero), part(STATE + 1, item, table, pieces, zero)
        n = numbers_of(item, table, pieces, numbers)
        rate, correction1, root, eps, rectified, take1, keep2, take2 = n[0], n[1], n[2], n[3], n[4], n[5], n[6], n[7]
        penalty, factor, sign = n[8], n[9], n[10]
        for i in range(np.uint64(p.size)):
            w = coupled(g[i], p[i], sign, penalty)
            m[i] = lerp(m[i], w, take1)
            v[i] = blend(v[i], w, keep2, take2 * w)
        for i in range(np.uint64(p.size)):
            step = divide(m[i], correction1)
            if rectified > zero:
                step = step * divide(root, sqrt(v[i]) + eps) * rectified
            p[i] = fused(-rate, step, product(p[i], factor))


@kernel
def asgd(lo: int, hi: int, table: Array, pieces: Array, numbers: Array) -> None:
    """One step of averaged gradient descent; state: average; numbers: shrinking factor, rate, weight of the new."""
    zero = numbers.dtype.type(0.0)
    for item in range(lo, hi):
        p, g = part(P, item, table, pieces, zero), part(G, item, table, pieces, zero)
        mean = part(STATE, item, table, pieces, zero)
        n = numbers_of(item, table, pieces, numbers)
        shrink, rate, weight, penalty, sign = n[0], n[1], n[2], n[3], n[5]
        for i in range(np.uint64(p.size)):
            p[i] = fused(-rate, coupled(g[i], p[i], sign, penalty), product(p[i], shrink))
        for i in range(np.uint64(p.size)):
            mean[i] = p[i] if weight == const(zero, "1") else fused(p[i] - mean[i], weight, mean[i])


@kernel
def rprop(lo: int, hi: int, table: Array, pieces: Array, numbers: Array) -> None:
    """One step of Rprop; state: gradient before, step sizes; numbers: factors down and up, shortest, longest, sign."""
    zero, one = numbers.dtype.type(0.0), numbers.dtype.type(1.0)
    for item in range(lo, hi):
        p, g = part(P, item, table, pieces, zero), part(G, item, table, pieces, zero)
        before, size = part(STATE, item, table, pieces, zero), part(STATE + 1, item, table, pieces, zero)
        n = numbers_of(item, table, pieces, numbers)
        down, up, shortest, longest, sign = n[0], n[1], n[2], n[3], n[4]
        for i in range(np.uint64(p.size)):
            w = sign * g[i]
            agreement = w * before[i]
            rest = agreement * zero + one  # NaN stays
            factor = up if agreement > zero else (down if agreement < zero else rest)
            length = minimum(maximum(product(size[i], factor), shortest), longest)
            w = zero if agreement < zero else w  # after a change of sign the next step stands still
            size[i], before[i] = length, w
            p[i] = fused(-(one if w > zero else (-one if w < zero else w)), length, p[i])
