"""Reading and adding by index tensors: the common cases by kernels, the others by NumPy.

An index is a tuple with an integer array, or None for a whole dimension, for each dimension.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..errors import shape_text
from ..kernels import scatter as kernels
from ..memory import Array

__all__ = ["FEW", "Along", "add_at", "full", "pick"]

Index = tuple[Any, ...]


class Along(tuple[Any, ...]):
    """An index that walks ``index`` along ``dim`` and counts along the other dimensions."""

    dim: int
    picks: Array

    @classmethod
    def of(cls, index: Array, dim: int) -> Along:
        """Return the index, usable by NumPy, too."""
        places: list[Any] = list(np.ogrid[tuple(slice(n) for n in index.shape)])
        places[dim] = index
        made = cls(places)
        made.dim, made.picks = dim, index
        return made

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Return whether the other dimensions are walked from end to end."""
        own, dim = self.picks.shape, self.dim
        return own[:dim] == shape[:dim] and own[dim + 1 :] == shape[dim + 1 :]


_FEWER = 1 << 8  # values up to which NumPy adds one by one before a kernel is called
FEW = 1 << 12  # elements up to which NumPy is done before a kernel is called


def full(tensors: Index) -> Index:
    """Return the index as NumPy takes it."""
    return tuple([slice(None) if t is None else t for t in tensors])


def pick(x: Array, tensors: Index) -> Array:
    """Return the elements that an index names, in new memory."""
    if len(tensors) == 1 and x.size <= FEW:
        return x.take(tensors[0], 0) if tensors[0].dtype.char == "l" and x.ndim else _picked(x, tensors)
    tensors = _coordinates(x, tensors)
    if x.size and type(tensors) is Along and x.dtype.char in "fd" and tensors.fits(x.shape) and tensors.picks.size:
        parts = _split(x.shape, tensors.dim, tensors.dim + 1)
        index = np.ascontiguousarray(tensors.picks, np.int64)
        seen = kernels.take_along(np.ascontiguousarray(x).reshape(parts), index.reshape(parts[0], -1, parts[2]))
        return seen.reshape(index.shape)
    rows = _rows(x.shape, tensors)
    if rows is None:
        return _picked(x, tensors)
    first, stop, index = rows
    seen = kernels.take(np.ascontiguousarray(x).reshape(_split(x.shape, first, stop)), index.ravel())
    return seen.reshape(x.shape[:first] + index.shape + x.shape[stop:])


def _coordinates(x: Array, tensors: Index) -> Index:
    """Return an index with a mask, which can only be the last of it, as coordinates."""
    mask = tensors[-1] if tensors else None
    if mask is None or mask.dtype.char != "?":
        return tensors
    if x.shape[len(tensors) - 1 :][: mask.ndim] != mask.shape:
        raise IndexError
    return (*tensors[:-1], *mask.nonzero())


def _picked(x: Array, tensors: Index) -> Array:
    try:
        return x[full(tensors)]
    except IndexError as error:
        shapes = ", ".join(shape_text(t.shape) for t in tensors if t is not None)
        raise IndexError(
            f"shape mismatch: indexing tensors could not be broadcast together with shapes {shapes}"
        ) from error


def add_at(out: Array, tensors: Index, value: Array) -> None:
    """Add a value to the places that an index names; places named twice get both, in order."""
    tensors = _coordinates(out, tensors)
    known = (
        value.size > _FEWER
        and out.dtype.char in "fd"
        and out.flags.c_contiguous
        and value.dtype == out.dtype
        and out.size
    )
    if known and type(tensors) is Along and tensors.fits(out.shape) and tensors.picks.size:
        parts = _split(out.shape, tensors.dim, tensors.dim + 1)
        index = np.ascontiguousarray(tensors.picks, np.int64).reshape(parts[0], -1, parts[2])
        values = np.ascontiguousarray(np.broadcast_to(value, tensors.picks.shape)).reshape(index.shape)
        kernels.add_along(out.reshape(parts), values, index)
        return
    rows = _rows(out.shape, tensors) if known else None
    if rows is None:
        np.add.at(out, full(tensors), value)
        return
    first, stop, index = rows
    parts = _split(out.shape, first, stop)
    wide = np.broadcast_to(value, out.shape[:first] + index.shape + out.shape[stop:])
    kernels.add(out.reshape(parts), np.ascontiguousarray(wide).reshape(parts[0], -1, parts[2]), index.ravel())


def _split(shape: tuple[int, ...], first: int, stop: int) -> tuple[int, int, int]:
    return math.prod(shape[:first]), math.prod(shape[first:stop]), math.prod(shape[stop:])


def _rows(shape: tuple[int, ...], tensors: Index) -> tuple[int, int, Array] | None:
    """Return dimensions [first, stop) and indices into them taken as one, from 0; None if it is not that simple."""
    places = [d for d, t in enumerate(tensors) if t is not None]
    if not places:
        return None
    first, stop = places[0], places[-1] + 1
    sizes = shape[first:stop]
    if len(places) != stop - first or 0 in shape or stop > len(shape):
        return None
    arrays = tensors[first:stop]
    try:
        if len(arrays) > 1:
            found = np.ravel_multi_index(arrays, sizes, mode="wrap")
            return (first, stop, np.asarray(found)) if found.size else None
    except ValueError:  # shapes that do not broadcast: NumPy's own indexing says so
        return None
    index = np.ascontiguousarray(arrays[0], np.int64)
    if not index.size:
        return None
    return first, stop, np.where(index < 0, index + sizes[0], index) if index.min() < 0 else index
