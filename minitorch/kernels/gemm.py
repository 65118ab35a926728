"""Matrix products: any strides, batches, bias, accumulation and ReLU in the same pass."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..codegen.gemm import ADD, BIAS, ZERO
from . import tiles
from .layout import Array
from .tiles import Plan, aligned, make_plan, multiply, pack, panel_width, start_of

TERMS = 256  # block of the sum: rows of a tile and the panel they meet stay in the L1 cache
PACKED_BYTES = 1 << 22  # bound of the packed operand; larger ones are taken in slabs
# multiply-adds up to which NumPy's product (one thread at that size) costs less than two launches
SMALL = 1 << 18
FEW_ROWS = 4  # with so few rows a product only reads its operands once, which NumPy's library does well


def gemm(
    a: Array, b: Array, out: Array, bias: Array | None = None, accumulate: bool = False, relu: bool = False
) -> None:
    """Write a @ b (+ bias, or + out) to `out`, through ReLU if asked; results do not depend on the threads.

    Parameters
    ----------
    a, b, out
        (..., M, K), (..., K, N) and (..., M, N) of one float dtype, any strides; batch axes of `a` and `b`
        broadcast.
    bias
        (N,), contiguous; not together with `accumulate`.
    accumulate
        Add to what `out` holds.
    relu
        Replace negative results by zero.

    >>> out = np.empty((2, 2), np.float32)
    >>> gemm(np.eye(2, dtype=np.float32), np.ones((2, 2), np.float32), out, bias=np.float32([1, 0]))
    >>> out.tolist()
    [[2.0, 1.0], [2.0, 1.0]]

    """
    if out.size == 0:
        return
    batch = out.shape[:-2]
    if a.shape[:-2] != batch:
        a = np.broadcast_to(a, (*batch, *a.shape[-2:]))
    if b.shape[:-2] != batch:
        b = np.broadcast_to(b, (*batch, *b.shape[-2:]))
    if a.shape[-1] == 0:
        _finish(np.zeros_like(out), out, bias, accumulate, relu)
    elif out.size * a.shape[-1] <= SMALL or min(out.shape[-2:]) <= FEW_ROWS:
        _finish(np.matmul(a, b) if accumulate else np.matmul(a, b, out=out), out, bias, accumulate, relu)
    else:
        _direct(a, b, out, bias, accumulate, relu)


def _finish(product: Array, out: Array, bias: Array | None, accumulate: bool, relu: bool) -> None:
    if bias is not None:
        product += bias
    if accumulate:
        product += out
    if relu:
        np.maximum(product, 0, out=product)
    if product is not out:
        out[...] = product


def _direct(a: Array, b: Array, out: Array, bias: Array | None, accumulate: bool, relu: bool) -> None:
    size = out.itemsize
    if out.strides[-1] != size and out.shape[-1] != 1:
        if bias is None and (out.strides[-2] == size or out.shape[-2] == 1):
            return _direct(b.swapaxes(-1, -2), a.swapaxes(-1, -2), out.swapaxes(-1, -2), None, accumulate, relu)
        dense = np.array(out) if accumulate else np.empty(out.shape, out.dtype)
        _direct(a, b, dense, bias, accumulate, relu)
        out[...] = dense
        return None
    shared = not any(b.strides[:-2]) or b.ndim == 2
    matrices = 1 if shared else int(np.prod(out.shape[:-2]))
    terms, cols = b.shape[-2:]
    if matrices * terms * cols * size > PACKED_BYTES and _by_slabs(a, b, out, bias, accumulate, relu, matrices):
        return None
    _product(a, b, out, bias, accumulate, relu, shared)
    return None


def _by_slabs(a: Array, b: Array, out: Array, bias: Array | None, accumulate: bool, relu: bool, matrices: int) -> bool:
    """Halve the batch, the columns or the sum; False if nothing can be halved."""
    terms, cols = b.shape[-2:]
    width = panel_width(out.itemsize)
    if matrices > 1:
        if out.shape[0] == 1:
            _direct(a[0], b[0], out[0], bias, accumulate, relu)
        else:
            h = out.shape[0] // 2
            _direct(a[:h], b[:h], out[:h], bias, accumulate, relu)
            _direct(a[h:], b[h:], out[h:], bias, accumulate, relu)
    elif cols > 4 * width or (cols > width and terms <= 4 * TERMS):
        h = -(-cols // (2 * width)) * width
        _direct(a, b[..., :h], out[..., :h], None if bias is None else bias[:h], accumulate, relu)
        _direct(a, b[..., h:], out[..., h:], None if bias is None else bias[h:], accumulate, relu)
    elif terms > 4 * TERMS:
        h = -(-terms // (2 * TERMS)) * TERMS
        _direct(a[..., :h], b[..., :h, :], out, bias, accumulate, False)
        _direct(a[..., h:], b[..., h:, :], out, None, True, relu)
    else:
        return False
    return True


def _product(a: Array, b: Array, out: Array, bias: Array | None, accumulate: bool, relu: bool, shared: bool) -> None:
    size, (terms, cols) = out.itemsize, b.shape[-2:]
    plan, sources, places = _plan(out.shape, terms, a.strides, b.strides, out.strides, shared, out.dtype)
    width = panel_width(size)
    panels = -(-cols // width)
    packed = aligned(sources.size * panels * terms * width, out.dtype)
    row, col = b.strides[-2:]
    # contiguous columns are copied as vectors, contiguous terms are transposed in squares
    pack(sources.size * panels, packed.size, start_of(b), sources, 1, 0, cols, col, row, places, terms, packed)
    start = ADD if accumulate else ZERO if bias is None else BIAS
    floor = out.dtype.type(0 if relu else -np.inf)
    first = start_of(out)
    multiply(
        plan.span, plan.work, start_of(a), packed, first if bias is None else bias, start, floor,
        plan.zeros, plan.phases, plan.taps, plan.frame, first,
    )  # fmt: skip


@lru_cache(maxsize=512)
def _plan(
    shape: tuple[int, ...], terms: int, a: tuple[int, ...], b: tuple[int, ...], out: tuple[int, ...],
    shared: bool, dtype: np.dtype[Any],
) -> tuple[Plan, Array, Array]:  # fmt: skip
    """Return the plan, the byte offsets of b's matrices, and the packed places of its rows."""
    batch, (m, n) = shape[:-2], shape[-2:]
    width, size = panel_width(dtype.itemsize), dtype.itemsize
    images = int(np.prod(batch))
    one_phase = shared and _uniform(batch, a[:-2]) and _uniform(batch, out[:-2])
    count = 1 if one_phase else images
    phases = np.zeros((count, tiles.PHASE), np.int64)
    phases[:, tiles.GRID_D] = phases[:, tiles.GRID_H] = phases[:, tiles.IMAGES] = 1
    phases[:, tiles.GRID_W] = m
    starts = -(-terms // TERMS)
    phases[:, tiles.TAPS] = starts
    frame = np.zeros(tiles.FRAME, np.int64)
    if one_phase:
        phases[:, tiles.IMAGES] = images
        frame[tiles.X_N], frame[tiles.Y_N] = (a[-3], out[-3]) if batch else (0, 0)
    else:
        phases[:, tiles.X_OFF], phases[:, tiles.Y_OFF] = _offsets(batch, a), _offsets(batch, out)
        phases[:, tiles.W_OFF] = 0 if shared else np.arange(images) * (-(-n // width) * width * terms * size)
    frame[[tiles.X_W, tiles.X_TERM, tiles.Y_W]] = a[-2], a[-1], out[-2]
    frame[[tiles.STEP_W, tiles.SIZE_D, tiles.SIZE_H, tiles.SIZE_W]] = 1, 1, 1, m
    frame[[tiles.COLS, tiles.PANEL, tiles.GROUPS]] = n, terms * width * size, 1
    taps = np.zeros((starts, tiles.TAP_FIELDS), np.int64)
    first = np.arange(starts) * TERMS
    taps[:, tiles.TERMS] = np.minimum(TERMS, terms - first)
    taps[:, tiles.ROW_OFF], taps[:, tiles.PANEL_OFF] = first * a[-1], first * width * size
    sources = np.zeros(1, np.int64) if shared else _offsets(batch, b)
    return make_plan(phases, taps, frame, dtype), sources, np.arange(terms)


def _uniform(batch: tuple[int, ...], strides: tuple[int, ...]) -> bool:
    """Whether one stride steps through all batch items in order."""
    return all(strides[i] == strides[i + 1] * batch[i + 1] for i in range(len(batch) - 1))


def _offsets(batch: tuple[int, ...], strides: tuple[int, ...]) -> Array:
    """Byte offset of every batch item."""
    total = np.zeros(batch, np.int64)
    for axis, (count, stride) in enumerate(zip(batch, strides)):
        total += (np.arange(count) * stride).reshape([-1 if i == axis else 1 for i in range(len(batch))])
    return total.reshape(-1)
