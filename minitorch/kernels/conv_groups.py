"""Weights of neighbouring groups as one wider weight, so that narrow groups fill vectors."""

from __future__ import annotations

import numpy as np

from .layout import Array


def block_diagonal(w: Array, groups: int, merged: int) -> Array:
    """Return the weight (O, merged * C / groups, *kernel) of `merged` neighbouring groups as one."""
    if merged == 1:
        return w
    outputs, inputs = w.shape[0] // groups, w.shape[1]
    wide = np.zeros((groups // merged, merged, outputs, merged, *w.shape[1:]), w.dtype)
    each = np.arange(merged)
    wide[:, each, :, each] = w.reshape(groups // merged, merged, outputs, *w.shape[1:]).swapaxes(0, 1)
    return wide.reshape(w.shape[0], merged * inputs, *w.shape[2:])


def is_finite(x: Array) -> bool:
    """Whether dense `x` holds no NaN and no infinity, which a merged group would hand on to its neighbours.

    Zeros beside the blocks make NaN of them. One pass, without a temporary; squares that overflow say no, too.

    >>> is_finite(np.ones((2, 2))), is_finite(np.array([1, np.inf]))
    (True, False)
    """
    flat = x.reshape(-1)
    return bool(np.isfinite(np.vdot(flat, flat)))


def diagonal_blocks(gw: Array, groups: int, merged: int) -> Array:
    """Undo `block_diagonal`: return the blocks (O, C / groups, *kernel) of a merged weight's gradient."""
    if merged == 1:
        return gw
    outputs, inputs = gw.shape[0] // groups, gw.shape[1] // merged
    wide = gw.reshape(groups // merged, merged, outputs, merged, inputs, *gw.shape[2:])
    each = np.arange(merged)
    blocks = wide[:, each, :, each].swapaxes(0, 1)
    return np.ascontiguousarray(blocks).reshape(gw.shape[0], inputs, *gw.shape[2:])
