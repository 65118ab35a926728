"""Indices that sort rows: a stable sort by digits, from the least significant one.

H. Hollerith's card sorter; D. E. Knuth, The Art of Computer Programming 3 (1973), 5.2.5. Numbers become unsigned
integers in the same order: both zeros are one key, and every NaN is the largest.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..jit import helper, kernel

__all__ = ["applies", "argsort"]

Array = NDArray[Any]

FEW = 24  # elements of a row up to which insertion is quicker than counting digits
_DIGIT = np.uint64(255)
_EIGHT = np.uint64(8)
_ONE = np.uint64(1)
# for each type, its bits and the largest number's: infinity, of which integers have none
_WORDS: dict[str, tuple[Any, int]] = {
    "f4": (np.uint32, 0x7F800000), "f8": (np.uint64, 0x7FF0000000000000), "i4": (np.uint32, 0), "i8": (np.uint64, 0),
}  # fmt: skip


@helper
def key_of(word: Any, infinity: Any, sign: Any, every: Any) -> Any:
    """Return the bits of a number as an unsigned integer in the numbers' order; `infinity` is 0 for integers."""
    if infinity == 0:
        return word ^ sign
    size = word & ~sign
    if size > infinity:
        return every
    if size == 0:
        return sign
    return (word ^ every) & every if word & sign else word | sign


@kernel
def sort_rows(lo: int, hi: int, words: Array, infinity: int, descending: bool, index: Array) -> None:
    """Indices (M, n) that sort the rows of the numbers with these bits (M, n), equal ones in order; items are rows."""
    n, digits = words.shape[1], words.itemsize
    bits = _EIGHT * np.uint64(digits)
    sign = _ONE << (bits - _ONE)
    every = (sign - _ONE) | sign
    limit = np.uint64(infinity)
    keys, moved = np.empty(n, words.dtype), np.empty(n, words.dtype)
    places, others = np.empty(n, np.int64), np.empty(n, np.int64)
    counts = np.empty((digits, 256), np.int64)
    for r in range(lo, hi):
        for j in range(n):
            key = key_of(np.uint64(words[r, j]), limit, sign, every)
            keys[j] = every - key if descending else key
            places[j] = j
        if n <= FEW:
            insert(keys, places)
        else:
            counts[:, :] = 0
            for j in range(n):
                key = np.uint64(keys[j])
                for d in range(digits):
                    counts[d, np.intp(key & _DIGIT)] += 1
                    key = key >> _EIGHT
            for d in range(digits):
                shift = _EIGHT * np.uint64(d)
                if counts[d, np.intp((np.uint64(keys[0]) >> shift) & _DIGIT)] == n:
                    continue  # one digit in all of them
                before = 0
                for b in range(256):
                    count = counts[d, b]
                    counts[d, b] = before
                    before += count
                for j in range(n):
                    digit = np.intp((np.uint64(keys[j]) >> shift) & _DIGIT)
                    at = counts[d, digit]
                    counts[d, digit] = at + 1
                    moved[at], others[at] = keys[j], places[j]
                keys, moved = moved, keys
                places, others = others, places
        for j in range(n):
            index[r, j] = places[j]


@helper
def insert(keys: Any, places: Any) -> None:
    """Sort a few keys and their places by insertion."""
    for j in range(1, keys.size):
        key, place, i = keys[j], places[j], j
        while i > 0 and keys[i - 1] > key:
            keys[i], places[i] = keys[i - 1], places[i - 1]
            i -= 1
        keys[i], places[i] = key, place


def applies(x: Array) -> bool:
    """Tell whether `argsort` can take the array: 32 or 64-bit numbers in the machine's byte order."""
    return x.dtype.isnative and x.dtype.str[1:] in _WORDS


def argsort(x: Array, axis: int, descending: bool = False) -> Array:
    """Return the indices (int64) that sort x along `axis`, equal elements in their order, NaN the largest.

    >>> argsort(np.array([2.0, np.nan, 1.0, 2.0]), 0, descending=True).tolist()
    [1, 0, 3, 2]
    """
    rows = np.ascontiguousarray(np.moveaxis(x, axis, -1))
    word, infinity = _WORDS[x.dtype.str[1:]]
    index = np.empty(rows.shape, np.int64)
    if x.size:
        n = rows.shape[-1]
        words = rows.view(word).reshape(-1, n)
        sort_rows(len(words), 40 * x.size, words, infinity, descending, index.reshape(-1, n))
    return np.moveaxis(index, -1, axis)
