"""Random numbers: the Mersenne Twister's 32-bit draws and what is made of them.

Drawing is serial by nature (one recurrence over 624 words), so `draw` has one item; what follows goes to
every core and works in place: an array of floats is first filled with the draws that its elements are made
of.

Sources: M. Matsumoto and T. Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998; G. E. P. Box and M. E.
Muller, "A Note on the Generation of Random Normal Deviates", Ann. Math. Statist. 29(2), 1958; the float32
logarithm, sine and cosine are those of S. L. Moshier's Cephes library (logf, sinf, cosf), which torch's
vector code also follows: with the products fused into the sums as there, float32 normals agree with torch's
to the last bit.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..codegen.math import sqrt
from ..jit import helper, kernel

__all__ = ["draw", "normal_float32", "normal_float64", "shuffle", "uniform_float32", "uniform_float64"]

_WORDS, _SHIFT = 624, 397  # n and m of the recurrence
_TOP, _REST = np.uint32(0x80000000), np.uint32(0x7FFFFFFF)
_MATRIX = np.uint32(0x9908B0DF)
_0, _1, _7, _11, _15, _18 = (np.uint32(n) for n in (0, 1, 7, 11, 15, 18))
_MASK_B, _MASK_C = np.uint32(0x9D2C5680), np.uint32(0xEFC60000)
_24_BITS, _SCALE_24 = np.uint32(0xFFFFFF), np.float32(2.0**-24)
_53_BITS, _SCALE_53, _32 = np.uint64((1 << 53) - 1), 2.0**-53, np.uint64(32)


# ---- draws -------------------------------------------------------------------------------------------------


@helper
def twist(word: Any, following: Any) -> Any:
    """Return the recurrence's linear map of a word's top bit and the following word's other bits."""
    mixed = (word & _TOP) | (following & _REST)
    return (mixed >> _1) ^ ((_0 - (mixed & _1)) & _MATRIX)


@kernel(exact=True)
def draw(lo: int, hi: int, state: Any, position: Any, out: Any) -> None:
    """Fill `out` (n uint32) with draws; `state` (624 uint32) and `position` (1 int64, words used) move on."""
    used, done = position[0], 0
    while done < out.size:
        if used == _WORDS:
            # three ranges, so that each reads at a fixed distance from where it writes and runs on vectors
            for i in range(_WORDS - _SHIFT):
                state[i] = state[i + _SHIFT] ^ twist(state[i], state[i + 1])
            for i in range(_WORDS - _SHIFT, _WORDS - 1):
                state[i] = state[i + _SHIFT - _WORDS] ^ twist(state[i], state[i + 1])
            state[_WORDS - 1] = state[_SHIFT - 1] ^ twist(state[_WORDS - 1], state[0])
            used = 0
        n = min(out.size - done, _WORDS - used)
        for i in range(n):
            y = state[used + i]
            y ^= y >> _11
            y ^= (y << _7) & _MASK_B
            y ^= (y << _15) & _MASK_C
            out[done + i] = y ^ (y >> _18)
        done += n
        used += n
    position[0] = used


@kernel
def shuffle(lo: int, hi: int, bits: Any, out: Any) -> None:
    """Shuffle `out` (n) in place: element i changes places with i + bits[i] % (n - i), for i below n - 1."""
    n = out.size
    for i in range(n - 1):
        j = i + bits[i] % np.uint32(n - i)
        out[i], out[j] = out[j], out[i]


# ---- uniform -----------------------------------------------------------------------------------------------


@helper
def unit_float32(word: Any) -> Any:
    """Return the low 24 bits as a float32 in [0, 1)."""
    return np.float32(np.int32(word & _24_BITS)) * _SCALE_24


@helper
def unit_float64(pair: Any) -> Any:
    """Return the low 53 bits of two draws, the first of which is the high word, as a float64 in [0, 1)."""
    word = (pair << _32) | (pair >> _32)  # in memory the first draw stands in the low word
    return np.float64(np.int64(word & _53_BITS)) * _SCALE_53


@kernel(exact=True)
def uniform_float32(lo: int, hi: int, low: Any, high: Any, out: Any) -> None:
    """Turn draws in the memory of `out` (n float32) into uniform numbers in [low, high).

    One that rounds to `high` becomes `low`.
    """
    bits, width = out.view(np.uint32), high - low
    for i in range(lo, hi):
        x = unit_float32(bits[i]) * width + low  # fused: rounded once, as in torch
        out[i] = low if x >= high else x


@kernel(exact=True)
def uniform_float64(lo: int, hi: int, low: Any, high: Any, out: Any) -> None:
    """Turn draws in the memory of `out` (n float64) into uniform numbers in [low, high).

    One that rounds to `high` becomes `low`.
    """
    pairs, width = out.view(np.uint64), high - low
    for i in range(lo, hi):
        x = unit_float64(pairs[i]) * width + low
        out[i] = low if x >= high else x


# ---- normal ------------------------------------------------------------------------------------------------

_L0, _L1, _L2, _L3, _L4, _L5, _L6, _L7, _L8 = (
    np.float32(c)
    for c in (7.0376836292e-2, -1.1514610310e-1, 1.1676998740e-1, -1.2420140846e-1, 1.4249322787e-1,
              -1.6668057665e-1, 2.0000714765e-1, -2.4999993993e-1, 3.3333331174e-1)
)  # fmt: skip
_LOG2_HIGH, _LOG2_LOW = np.float32(0.693359375), np.float32(-2.12194440e-4)
_S0, _S1, _S2 = np.float32(-1.9515295891e-4), np.float32(8.3321608736e-3), np.float32(-1.6666654611e-1)
_C0, _C1, _C2 = (
    np.float32(2.443315711809948e-5),
    np.float32(-1.388731625493765e-3),
    np.float32(4.166664568298827e-2),
)
# pi / 4 in three parts, the first two short enough for exact products
_PI4_A, _PI4_B, _PI4_C = (
    np.float32(-0.78515625),
    np.float32(-2.4187564849853515625e-4),
    np.float32(-3.77489497744594108e-8),
)
_4_OVER_PI, _TWO_PI = np.float32(4.0 / math.pi), np.float32(2.0 * math.pi)
_HALF, _ONE, _MINUS_TWO = np.float32(0.5), np.float32(1.0), np.float32(-2.0)
_TO_EXPONENT = np.int32(0x3F800000 - 0x3F3504F3)  # the bits of 1 and of sqrt(1/2)
_I1, _I2, _I4, _EVEN = np.int32(1), np.int32(2), np.int32(4), np.int32(-2)
_CHUNK = 32  # blocks of 16: 256 pairs at a time stay in the first-level cache


@helper(exact=True)
def cephes_log(m: Any, e: Any) -> Any:
    """Return log(m 2**e) of a float32 mantissa in [sqrt(1/2), sqrt(2)) and exponent."""
    f = m - _ONE
    z = f * f
    y = _L0 * f + _L1
    y = y * f + _L2
    y = y * f + _L3
    y = y * f + _L4
    y = y * f + _L5
    y = y * f + _L6
    y = y * f + _L7
    y = y * f + _L8
    y = (y * f) * z
    y = e * _LOG2_LOW + y
    y = y - z * _HALF
    return (f + y) + e * _LOG2_HIGH


@helper(exact=True)
def cephes_sin_cos(x: Any) -> Any:
    """Return (sin x, cos x) of a float32 in [0, 2 pi]."""
    octant = np.int32(np.int32(np.int32(x * _4_OVER_PI) + _I1) & _EVEN)
    n = np.float32(octant)
    r = ((x + n * _PI4_A) + n * _PI4_B) + n * _PI4_C
    z = r * r
    c = (((_C0 * z + _C1) * z + _C2) * z) * z
    c = (c - z * _HALF) + _ONE
    s = (((_S0 * z + _S1) * z + _S2) * z) * r + r
    swap = (octant & _I2) != 0
    sine = c if swap else s
    cosine = s if swap else c
    sine = -sine if (octant & _I4) != 0 else sine
    return sine, (-cosine if ((octant + _I2) & _I4) != 0 else cosine)


@kernel(exact=True)
def normal_float32(lo: int, hi: int, mean: Any, std: Any, out: Any) -> None:
    """Turn draws in the memory of `out` (16 n float32) into normal numbers, in blocks of 16.

    The words j and j + 8 of a block give radius and angle of the point whose coordinates take their places.
    """
    bits = out.view(np.uint32)
    radius = np.empty(8 * _CHUNK, np.float32)
    radius_bits = radius.view(np.int32)
    exponent = np.empty(8 * _CHUNK, np.float32)
    angle = np.empty(8 * _CHUNK, np.uint32)
    cosines = np.empty(8 * _CHUNK, np.float32)
    sines = np.empty(8 * _CHUNK, np.float32)
    for first in range(lo, hi, _CHUNK):
        blocks = min(_CHUNK, hi - first)
        for b in range(blocks):
            for j in range(8):
                radius[8 * b + j] = _ONE - unit_float32(bits[16 * (first + b) + j])
                angle[8 * b + j] = bits[16 * (first + b) + 8 + j]
        for i in range(8 * blocks):
            word = radius_bits[i]
            e = np.int32(np.int32(word + _TO_EXPONENT) >> 23) - 127
            exponent[i] = np.float32(np.int32(e))
            radius_bits[i] = word - (e << 23)
        for i in range(8 * blocks):
            r = sqrt(_MINUS_TWO * cephes_log(radius[i], exponent[i]))
            s, c = cephes_sin_cos(_TWO_PI * unit_float32(angle[i]))
            cosines[i] = (r * c) * std + mean
            sines[i] = (r * s) * std + mean
        for b in range(blocks):
            for j in range(8):
                out[16 * (first + b) + j] = cosines[8 * b + j]
                out[16 * (first + b) + 8 + j] = sines[8 * b + j]


@kernel(exact=True)
def normal_float64(lo: int, hi: int, mean: Any, std: Any, out: Any) -> None:
    """Turn draws in the memory of `out` (16 n float64) into normal numbers, paired as in `normal_float32`."""
    pairs = out.view(np.uint64)
    for b in range(lo, hi):
        for j in range(16 * b, 16 * b + 8):
            angle = 2.0 * math.pi * unit_float64(pairs[j + 8])
            radius = sqrt(-2.0 * math.log(1.0 - unit_float64(pairs[j])))
            out[j] = radius * math.cos(angle) * std + mean
            out[j + 8] = radius * math.sin(angle) * std + mean
