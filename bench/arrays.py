"""The numbers that cases run on: made by NumPy alone, the same in every process and for every library."""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np

from .case import Arg, Case, Shape

__all__ = ["Array", "channels_last", "digest", "make", "uniform"]

Array = Any  # of any dtype
_BLOCK = 1 << 22


def uniform(shape: Shape, dtype: str, seed: int) -> Array:
    """Return numbers of mean 0 and standard deviation 1 from a stream that NumPy promises not to change."""
    stream = np.random.RandomState(seed)
    out = np.empty(int(np.prod(shape)), dtype)
    for at in range(0, out.size, _BLOCK):  # float64 draws: a block at a time keeps memory low
        part = out[at : at + _BLOCK]
        part[...] = (stream.random_sample(part.size) - 0.5) * 12**0.5
    return out.reshape(shape)


def make(case: Case, arg: Arg, number: int) -> Array:
    """Return the array of tensor `number` of a case."""
    seed = zlib.crc32(f"{arg.shape} {arg.kind} {number}".encode())
    if arg.kind != "float":
        drawn = np.random.RandomState(seed).randint(0, arg.high, arg.shape)
        return np.asarray(drawn, arg.kind)
    values = uniform(arg.shape, case.dtype, seed)
    if arg.positive:
        values = np.abs(values) + values.dtype.type(0.1)
    values *= values.dtype.type(arg.scale)
    return values


def channels_last(array: Array) -> Array:
    """Return the array in channels-last memory order, its shape unchanged."""
    if array.ndim < 3:
        return array
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)


def digest(arrays: list[Array]) -> int:
    """Return a checksum of arrays' values, whatever their memory order."""
    total = 0
    for array in arrays:
        total = zlib.crc32(np.ascontiguousarray(array).data, total)
    return total
