"""Batches in slabs: where an operand has to be copied before it is read, the copies stay small, and in the caches."""

from __future__ import annotations

import numpy as np

from .layout import Array, is_channels_last

SLAB_BYTES = 1 << 22  # of copies at a time
SHARE = 8  # or so many times the weight, which every slab packs anew


def copied(x: Array, padded: bool = False) -> int:
    """Return the bytes of logical `x` (N, C, *spatial) that a channels-last kernel, or its padding, has to copy.

    >>> copied(np.zeros((2, 3, 4, 4), np.float32)), copied(np.zeros((2, 4, 4, 3), np.float32).transpose(0, 3, 1, 2))
    (384, 0)
    """
    return x.nbytes if padded or not is_channels_last(x) else 0


def padded(x: Array, padding: tuple[int, int]) -> Array:
    """Return (N, ..., W, C) with zeros around W."""
    before, after = padding
    if before == after == 0:
        return x
    width = x.shape[-2]
    out = np.empty((*x.shape[:-2], before + width + after, x.shape[-1]), x.dtype)
    out[..., :before, :] = 0
    out[..., before : before + width, :] = x
    out[..., before + width :, :] = 0
    return out


def slabs(images: int, nbytes: int, weight: int) -> list[slice]:
    """Cut a batch with `nbytes` to copy into slabs, all of about the same size.

    >>> slabs(5, 3 * SLAB_BYTES, 0)
    [slice(0, 1, None), slice(1, 3, None), slice(3, 5, None)]
    """
    count = max(1, min(images, -(-nbytes // max(SLAB_BYTES, SHARE * weight))))
    return [slice(images * i // count, images * (i + 1) // count) for i in range(count)]
