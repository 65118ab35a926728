"""3x3 convolution with a quarter of the multiplications: Winograd's F(4x4, 3x3), in all three directions.

The output is cut into 4x4 patches, numbered through all images. A patch needs 36 products of channel vectors
with 36 transformed filters, which are 36 small matrix products over a block of patches. Forward and input
gradient go block by block: transformed input, products and results of a block stay in the L2 cache. The
weight gradient sums over patches: chunks of patches are transformed, then 36 products add each chunk to the
transformed gradient, in order.

A NaN or an infinity makes the whole 4x4 patches that read it NaN, where direct convolution marks 3x3 pixels.

Scratch: `BLOCK_BYTES` a thread going forward (more when 12 patches alone need more), `CHUNK_BYTES` in all for
the weight gradient, and the transformed filter, four times the size of the filter.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..codegen.gemm import ADD, ZERO, host_tile, lanes_of, rows_of, tile
from ..codegen.winograd import FILTER, FILTER_GRAD, INPUT, OUTPUT, OUTPUT_GRAD, convert, gather, scatter
from ..jit import helper, kernel
from .layout import Array
from .tiles import aligned, panel_width, start_of
from .window import Window

BLOCK_BYTES = 3 << 18
CHUNK_BYTES = 1 << 22
LEAST_CHUNK = 96  # patches: a shorter sum would mostly load and store the gradient
FILTER_BYTES = 1 << 24  # a larger transformed filter leaves the caches, and takes longer than it saves
LEAST_CHANNELS = 16
LEAST_PATCHES = 12  # with fewer, transforming the filter costs more than the multiplications saved
LEAST_USE = 0.4  # share of the patches' pixels that are in the output

# Fields of the frame; sizes in elements.
# A plane is one of the 36 matrices: inputs (or the filter gradient's sums), results (or output gradients),
# filter.
IMAGES, IN_H, IN_W, IN_C, OUT_H, OUT_W, OUT_C, PAD_H, PAD_W, ROWS, COLS, BLOCK, V_PLANE, M_PLANE, F_PLANE = range(15)


def applies(images: int, channels: int, filters: int, groups: int, window: Window, dtype: np.dtype[Any]) -> bool:
    """Whether a convolution is a float32 3x3 with stride 1 for which fewer multiplications take less time."""
    flat = window.kernel == (1, 3, 3) and window.padding[0] == (0, 0)
    if not flat or groups > 1 or dtype != np.float32 or window.stride != (1, 1, 1):
        return False
    if window.dilation[1:] != (1, 1) or max(max(pair) for pair in window.padding) > 2:
        return False
    depth, height, width = window.output
    rows, cols = -(-height // 4), -(-width // 4)
    if 36 * 4 * channels * filters > FILTER_BYTES:
        return False
    if min(channels, filters) < LEAST_CHANNELS or images * depth * rows * cols < LEAST_PATCHES:
        return False
    return height * width >= LEAST_USE * 16 * rows * cols


def _plane(elements: int) -> int:
    """Round up to an odd number of cache lines, so that the 36 planes do not fall into the same sets of the
    cache.
    """
    return (-(-elements // 16) | 1) * 16


@lru_cache(maxsize=256)
def _frame(
    images: int, size: tuple[int, int, int], out: tuple[int, int, int], pad: tuple[int, int], block: int
) -> Array:
    """Describe a convolution from (H, W, C) to (H', W', C') maps; `block` patches are taken together."""
    rows, cols = -(-out[0] // 4), -(-out[1] // 4)
    width = panel_width(4)
    panels = -(-out[2] // width)
    planes = [_plane(block * size[2]), _plane(block * panels * width), _plane(panels * size[2] * width)]
    return np.array([images, *size, *out, *pad, rows, cols, block, *planes], np.int64)


def correlate(x: Array, packed: Array, flip: bool, bias: Array | None, pad: tuple[int, int], y: Array) -> None:
    """Write to dense `y` (images, H', W', O) the correlation of `x` (images, H, W, C) with a packed filter.

    `packed` is (panels, 9 * C, panel width), tap by tap (back to front if `flip`), as `tiles.pack` leaves it.
    """
    images, height, width, channels = x.shape
    filters = y.shape[3]
    rows = host_tile(4)[0]
    panels = -(-filters // panel_width(4))
    block = min(48, BLOCK_BYTES // (36 * 4 * (channels + filters))) // rows * rows
    out = (y.shape[1], y.shape[2], filters)
    patches = images * -(-out[0] // 4) * -(-out[1] // 4)
    block = min(max(block, rows), -(-patches // rows) * rows)
    frame = _frame(images, (height, width, channels), out, pad, block)
    zeros = _zeros(channels, x.dtype)
    plane = int(frame[F_PLANE])
    filter36 = aligned(36 * plane, x.dtype)
    transform_filter(panels * channels, 200 * filters * channels, packed, channels, flip, plane, filter36)
    given = 0 if bias is None else 1
    work = patches * channels * filters * 18
    forward(
        -(-patches // block), work, start_of(x), filter36, start_of(y) if bias is None else bias, given,
        x.dtype.type(-np.inf), zeros, frame, start_of(y),
    )  # fmt: skip


def weight_grad(x: Array, gy: Array, pad: tuple[int, int]) -> Array:
    """Return the gradient (9, C, O) of `correlate` by its filter, from (images, H, W, C) and (images, H', W',
    O).
    """
    images, height, width, channels = x.shape
    out = (gy.shape[1], gy.shape[2], gy.shape[3])
    patches = images * -(-out[0] // 4) * -(-out[1] // 4)
    rows = -(-channels // host_tile(4)[0])
    chunk = min(patches, max(LEAST_CHUNK, CHUNK_BYTES // (36 * 4 * (channels + out[2]))))
    frame = _frame(images, (height, width, channels), out, pad, chunk)
    inputs = aligned(36 * int(frame[V_PLANE]), x.dtype)
    grads = aligned(36 * int(frame[M_PLANE]), x.dtype)
    plane = _plane(channels * out[2])
    sums = aligned(36 * plane, x.dtype)
    zeros = _zeros(max(channels, out[2]), x.dtype)
    for first in range(0, patches, chunk):
        count = min(chunk, patches - first)
        transform_patches(
            count, 60 * count * (channels + out[2]), start_of(x), start_of(gy), first, zeros, frame, inputs, grads
        )
        products = 18 * count * channels * out[2]
        add_products(36 * rows, products, inputs, grads, count, ADD if first else ZERO, frame, plane, sums)
    gw = np.empty((9, channels, out[2]), x.dtype)
    transform_sums(channels, 200 * channels * out[2], sums, plane, gw)
    return gw


@lru_cache(maxsize=64)
def _zeros(channels: int, dtype: np.dtype[Any]) -> Array:
    return np.zeros(channels, dtype)


@kernel
def transform_filter(lo: int, hi: int, packed: Any, channels: int, flip: bool, plane: int, out: Any) -> None:
    """out[36, panel, c, :] = G g G^T of packed[panel, tap, c, :]; an item is one c of a panel."""
    like = packed.dtype.type(0)
    lanes, size = lanes_of(like), packed.itemsize
    for item in range(lo, hi):
        j, c = divmod(item, channels)
        for half in range(2):
            src = packed.ctypes.data + ((j * 9 * channels + c) * 2 + half) * lanes * size
            dst = out.ctypes.data + (item * 2 + half) * lanes * size
            step, far = channels * 2 * lanes * size, plane * size
            if flip:
                convert(FILTER, 1, src, step, dst, far, lanes, like)
            else:
                convert(FILTER, 0, src, step, dst, far, lanes, like)


@helper
def _origin(patch: int, frame: Any) -> tuple[int, int, int]:
    """Return a patch's image and first output row and column."""
    image, rest = divmod(patch, frame[ROWS] * frame[COLS])
    row, col = divmod(rest, frame[COLS])
    return image, row * 4, col * 4


@helper
def _pixels(
    base: int, n: int, row: int, col: int, side: int, height: int, width: int, pixel: int, absent: int, table: Any
) -> None:
    """Write the addresses of a side x side patch of pixels; those outside the map are `absent`."""
    for i in range(side):
        for j in range(side):
            h, w = row + i, col + j
            inside = 0 <= h < height and 0 <= w < width
            table[i * side + j] = base + ((n * height + h) * width + w) * pixel if inside else absent


@kernel
def forward(
    lo: int, hi: int, x: Any, filter36: Any, bias: Any, given: int, floor: Any, zeros: Any, frame: Any, y: Any
) -> None:
    """Y = AT [filter36 * (BT x BT^T)] AT^T + bias, patch by patch; an item is a block of patches."""
    like = y.dtype.type(0)
    lowest = y.dtype.type(-np.inf)
    size, mr, lanes = y.itemsize, rows_of(like), lanes_of(like)
    width, block = 2 * lanes, frame[BLOCK]
    inputs, outputs = frame[IN_C], frame[OUT_C]
    panels = (outputs + width - 1) // width
    patches = frame[IMAGES] * frame[ROWS] * frame[COLS]
    v36 = np.empty(36 * frame[V_PLANE], y.dtype)
    m36 = np.empty(36 * frame[M_PLANE], y.dtype)
    v_plane, m_plane, f_plane = frame[V_PLANE] * size, frame[M_PLANE] * size, frame[F_PLANE] * size
    table, spare = np.empty(36, np.int64), np.empty(outputs, y.dtype)
    segment = np.array([inputs, 0, 0])
    rows, outs = np.empty(block, np.int64), np.empty(block, np.int64)
    for item in range(lo, hi):
        first = item * block
        count = min(block, patches - first)
        for q in range(count):
            n, row, col = _origin(first + q, frame)
            _pixels(
                x.ctypes.data, n, row - frame[PAD_H], col - frame[PAD_W], 6, frame[IN_H], frame[IN_W],
                inputs * size, zeros.ctypes.data, table,
            )  # fmt: skip
            for c in range(0, inputs, lanes):
                gather(INPUT, table.ctypes.data, c * size, v36.ctypes.data + (q * inputs + c) * size,
                       v_plane, inputs - c, like)  # fmt: skip
        for q in range(block):  # rows past the end repeat the last
            rows[q] = v36.ctypes.data + min(q, count - 1) * inputs * size
            outs[q] = m36.ctypes.data + min(q, count - 1) * outputs * size
        for k in range(36):
            for j in range(panels):
                b = filter36.ctypes.data + k * f_plane + j * inputs * width * size
                cols = min(width, outputs - j * width)
                for q in range(0, count, mr):
                    at, out = rows.ctypes.data + q * 8, outs.ctypes.data + q * 8
                    shift, out_shift = k * v_plane, k * m_plane + j * width * size
                    if cols > lanes:
                        tile(2, 2, 1, segment.ctypes.data, at, 0, shift, size, b, width * size,
                             out, out_shift, ZERO, 0, cols, lowest)  # fmt: skip
                    else:
                        tile(2, 1, 1, segment.ctypes.data, at, 0, shift, size, b, width * size,
                             out, out_shift, ZERO, 0, cols, lowest)  # fmt: skip
        for q in range(count):
            n, row, col = _origin(first + q, frame)
            _pixels(y.ctypes.data, n, row, col, 4, frame[OUT_H], frame[OUT_W], outputs * size, spare.ctypes.data, table)
            for c in range(0, outputs, lanes):
                # pixels outside the output go to one spare row
                scatter(OUTPUT, m36.ctypes.data + (q * outputs + c) * size, m_plane,
                        table.ctypes.data, c * size, bias.ctypes.data + c * size if given else m36.ctypes.data, given,
                        floor, outputs - c, like)  # fmt: skip


@kernel
def transform_patches(
    lo: int, hi: int, x: Any, gy: Any, first: int, zeros: Any, frame: Any, inputs36: Any, grads36: Any
) -> None:
    """inputs36[36, q, C] = BT x BT^T and grads36[36, panel, q, :] = AT^T gy AT of patch first + q, the item."""
    like = x.dtype.type(0)
    size, lanes = x.itemsize, lanes_of(like)
    inputs, outputs, block = frame[IN_C], frame[OUT_C], frame[BLOCK]
    table = np.empty(36, np.int64)
    for q in range(lo, hi):
        n, row, col = _origin(first + q, frame)
        _pixels(
            x.ctypes.data, n, row - frame[PAD_H], col - frame[PAD_W], 6, frame[IN_H], frame[IN_W], inputs * size,
            zeros.ctypes.data, table,
        )  # fmt: skip
        for c in range(0, inputs, lanes):
            gather(INPUT, table.ctypes.data, c * size, inputs36.ctypes.data + (q * inputs + c) * size,
                   frame[V_PLANE] * size, inputs - c, like)  # fmt: skip
        _pixels(gy.ctypes.data, n, row, col, 4, frame[OUT_H], frame[OUT_W], outputs * size, zeros.ctypes.data, table)
        for c in range(0, outputs, lanes):
            j, half = divmod(c // lanes, 2)
            dst = grads36.ctypes.data + (((j * block + q) * 2) + half) * lanes * size
            gather(OUTPUT_GRAD, table.ctypes.data, c * size, dst, frame[M_PLANE] * size,
                   outputs - c, like)  # fmt: skip


@kernel
def add_products(
    lo: int, hi: int, inputs36: Any, grads36: Any, count: int, start: int, frame: Any, plane: int, sums: Any
) -> None:
    """sums[36, C, O] (+)= sum over patches of inputs36[36, q, C] * grads36[36, panel, q, O].

    An item is one of the 36 and a tile of channels.
    """
    like = sums.dtype.type(0)
    lowest = sums.dtype.type(-np.inf)
    size, mr, width = sums.itemsize, rows_of(like), 2 * lanes_of(like)
    inputs, outputs, block = frame[IN_C], frame[OUT_C], frame[BLOCK]
    panels, steps = (outputs + width - 1) // width, (inputs + mr - 1) // mr
    rows, outs = np.empty(mr, np.int64), np.empty(mr, np.int64)
    segment = np.array([count, 0, 0])
    for item in range(lo, hi):
        k, step = divmod(item, steps)
        for i in range(mr):
            c = min(step * mr + i, inputs - 1)
            rows[i] = inputs36.ctypes.data + (k * frame[V_PLANE] + c) * size
            outs[i] = sums.ctypes.data + (k * plane + c * outputs) * size
        for j in range(panels):
            b = grads36.ctypes.data + (k * frame[M_PLANE] + j * block * width) * size
            cols, shift = min(width, outputs - j * width), j * width * size
            if cols > width // 2:
                tile(2, 2, 1, segment.ctypes.data, rows.ctypes.data, 0, 0, inputs * size, b, width * size,
                     outs.ctypes.data, shift, start, 0, cols, lowest)  # fmt: skip
            else:
                tile(2, 1, 1, segment.ctypes.data, rows.ctypes.data, 0, 0, inputs * size, b, width * size,
                     outs.ctypes.data, shift, start, 0, cols, lowest)  # fmt: skip


@kernel
def transform_sums(lo: int, hi: int, sums: Any, plane: int, gw: Any) -> None:
    """gw[tap, c, :] = G^T sums[36, c, :] G; an item is one c."""
    like = sums.dtype.type(0)
    lanes, size, channels, outputs = lanes_of(like), sums.itemsize, gw.shape[1], gw.shape[2]
    for c in range(lo, hi):
        for o in range(0, outputs, lanes):
            at = (c * outputs + o) * size
            step = channels * outputs * size
            convert(FILTER_GRAD, 0, sums.ctypes.data + at, plane * size, gw.ctypes.data + at, step, outputs - o, like)
