"""3x3 convolution with a quarter of the multiplications: Winograd's F(4x4, 3x3), forward and input gradient.

The output is cut into 4x4 patches, numbered through all images. A patch needs 36 products of channel vectors
with 36 transformed filters, which are 36 small matrix products over a block of patches. The filter is transformed
once; an item takes a block of patches through transform, products and back while they stay in the L2 cache, where
the results of a product take the place of the inputs of the one before. During the products it fetches the next
block's pixels. `winograd_wide` is for filters that would leave the caches, `winograd_weight` the weight gradient.

A NaN or an infinity in a patch makes all its results NaN. So results are watched: if one is not finite, `correlate`
says so, and its caller computes the convolution directly, which marks the pixels that see it and no others.

Scratch: `BLOCK_BYTES` a thread (more when 12 patches alone need more), and the transformed filter, four times the
size of the filter.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ..codegen.gemm import ZERO, host_tile, lanes_of, rows_of, size_of, tile
from ..codegen.move import prefetch
from ..codegen.winograd import FILTER, INPUT, OUTPUT, WHOLE, convert, gather, scatter
from ..jit import helper, kernel
from .layout import Array
from .tiles import aligned, panel_width, start_of
from .window import Window

BLOCK_BYTES = 1 << 19
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))
LEAST_CHANNELS = 16
LEAST_PATCHES = 12  # with fewer, transforming the filter costs more than the multiplications saved
LEAST_USE = 0.4  # share of the patches' pixels that are in the output

# Fields of the frame. A plane is one of the 36 matrices: of inputs V (rows are patches), results M (likewise),
# filters. In bytes: from one plane to the next, from patch to patch, from one vector of a patch to the next, and the
# place of its last vector.
(
    PATCHES, ROWS, COLS, IN_H, IN_W, IN_C, OUT_H, OUT_W, OUT_C, PAD_H, PAD_W, BLOCK,
    V_PLANE, V_ROW, V_STEP, V_LAST, M_PLANE, M_ROW, F_PLANE, FRAME,
) = range(20)  # fmt: skip


def applies(images: int, channels: int, filters: int, groups: int, window: Window, dtype: np.dtype[Any]) -> bool:
    """Whether a convolution is a 3x3 with stride 1 for which fewer multiplications take less time."""
    flat = window.kernel == (1, 3, 3) and window.padding[0] == (0, 0)
    if not flat or groups > 1 or window.stride != (1, 1, 1) or dtype not in FLOATS:
        return False
    if window.dilation[1:] != (1, 1) or max(max(pair) for pair in window.padding) > 2:
        return False
    if min(channels, filters) < max(LEAST_CHANNELS, host_tile(dtype.itemsize)[1]):  # transforms take whole vectors
        return False
    depth, height, width = window.output
    rows, cols = -(-height // 4), -(-width // 4)
    if images * depth * rows * cols < LEAST_PATCHES:
        return False
    return height * width >= LEAST_USE * 16 * rows * cols


def plane(count: int, row: int) -> int:
    """Bytes of `count` rows, as an odd number of cache lines: the 36 planes share no sets of the cache."""
    return (-(-count * row // 64) | 1) * 64


@lru_cache(maxsize=256)
def frame_of(
    images: int, size: tuple[int, int, int], out: tuple[int, int, int], pad: tuple[int, int], block: int,
    layout: tuple[int, ...],
) -> Array:  # fmt: skip
    """Describe a convolution from (H, W, C) to (H', W', C') maps, `block` patches taken together."""
    down, across = -(-out[0] // 4), -(-out[1] // 4)
    return np.array([images * down * across, down, across, *size, *out, *pad, block, *layout], np.int64)


def correlate(x: Array, packed: Array, flip: bool, bias: Array | None, pad: tuple[int, int], y: Array) -> bool:
    """Write to dense `y` (images, H', W', O) the correlation of `x` (images, H, W, C) with a packed filter.

    `packed` is (panels, 9 * C, panel width), tap by tap (back to front if `flip`), as `tiles.pack` leaves it.
    Returns whether all results are finite; else those in the patches of one that is not are wrong.
    """
    offset = zeros_of(y.shape[3], x.dtype) if bias is None else bias
    odd = np.zeros(1, np.int64)
    _forward(x, packed, flip, offset, pad, odd, y)
    return not odd[0]


def _forward(x: Array, packed: Array, flip: bool, bias: Array, pad: tuple[int, int], odd: Array, y: Array) -> None:
    """Take blocks of patches through all the planes."""
    images, height, width, channels = x.shape
    filters, size = y.shape[3], x.itemsize
    out = (y.shape[1], y.shape[2], filters)
    patches = images * -(-out[0] // 4) * -(-out[1] // 4)
    panels = -(-filters // panel_width(size)) * channels
    block = _block(patches, channels, filters, size)
    row = max(channels, filters) * size
    far, far_filter = plane(block, row), plane(panels, panel_width(size) * size)
    lanes = host_tile(size)[1]
    layout = (far, row, lanes * size, (channels - lanes) * size, far, row, far_filter)
    frame = frame_of(images, (height, width, channels), out, pad, block, layout)
    filter36 = aligned(36 * far_filter // size, x.dtype)
    transform_filter(panels, 200 * filters * channels, packed, channels, flip, far_filter, filter36)
    forward(
        -(-patches // block), patches * channels * filters * 18, start_of(x), filter36, bias,
        zeros_of(channels, x.dtype), frame, odd, start_of(y),
    )  # fmt: skip


def _block(patches: int, channels: int, filters: int, size: int) -> int:
    """Return how many patches, a multiple of a tile's rows, are taken together."""
    rows = host_tile(size)[0]
    block = min(48, BLOCK_BYTES // (36 * size * (channels + filters))) // rows * rows
    return min(max(block, rows), -(-patches // rows) * rows)


@lru_cache(maxsize=64)
def zeros_of(channels: int, dtype: np.dtype[Any]) -> Array:
    """Return the zeros that pixels in the padding are read from; nobody writes to them."""
    return np.zeros(channels, dtype)


@kernel
def transform_filter(lo: int, hi: int, packed: Any, channels: int, flip: bool, plane: int, out: Any) -> None:
    """out[36, panel, c, :] = G g G^T of packed[panel, tap, c, :]; an item is one c of a panel."""
    like = packed.dtype.type(0)
    row = 2 * lanes_of(like) * packed.itemsize
    for item in range(lo, hi):
        j, c = divmod(item, channels)
        src, dst = packed.ctypes.data + (j * 9 * channels + c) * row, out.ctypes.data + item * row
        transform_taps(src, channels * row, flip, dst, plane, like)


@helper
def transform_taps(src: int, step: int, flip: bool, dst: int, plane: int, like: Any) -> None:
    """Transform a panel's filters of one channel."""
    for half in range(2):
        shift = half * lanes_of(like) * size_of(like)
        if flip:
            convert(FILTER, 1, src + shift, step, dst + shift, plane, like)
        else:
            convert(FILTER, 0, src + shift, step, dst + shift, plane, like)


@helper
def origin(patch: int, frame: Any) -> tuple[int, int, int]:
    """Return a patch's image and first output row and column."""
    image, rest = divmod(patch, frame[ROWS] * frame[COLS])
    row, col = divmod(rest, frame[COLS])
    return image, row * 4, col * 4


@helper
def pixels(
    base: int, n: int, row: int, col: int, side: int, height: int, width: int, pixel: int, absent: int, table: Any
) -> None:
    """Write the addresses of a side x side patch of pixels; those outside the map are `absent`."""
    at = base + ((n * height + row) * width + col) * pixel
    if row >= 0 and col >= 0 and row + side <= height and col + side <= width:
        for i in range(side):
            for j in range(side):
                table[i * side + j] = at + (i * width + j) * pixel
    else:
        for i in range(side):
            for j in range(side):
                inside = 0 <= row + i < height and 0 <= col + j < width
                table[i * side + j] = at + (i * width + j) * pixel if inside else absent


@helper
def fetch(base: int, n: int, row: int, col: int, height: int, width: int, pixel: int) -> None:
    """Prefetch 4x4 pixels of a map, as far as they lie in it."""
    left, right = max(0, col) * pixel, min(col + 4, width) * pixel
    for i in range(max(0, row), min(row + 4, height)):
        begin = base + (n * height + i) * width * pixel
        for at in range(begin + left, begin + right, 64):
            prefetch(at)


@helper
def fetch_inputs(patch: int, frame: Any, x: int, size: int) -> None:
    """Prefetch the pixels that a patch is the first to read: the last four of its six rows and columns."""
    n, row, col = origin(patch, frame)
    row, col = row - frame[PAD_H] + 2, col - frame[PAD_W] + 2
    fetch(x, n, row, col, frame[IN_H], frame[IN_W], frame[IN_C] * size)


@helper
def fetch_outputs(patch: int, frame: Any, y: int, size: int) -> None:
    """Prefetch the pixels of a patch's results."""
    n, row, col = origin(patch, frame)
    fetch(y, n, row, col, frame[OUT_H], frame[OUT_W], frame[OUT_C] * size)


@helper
def transform_inputs(
    first: int, count: int, x: int, zeros: int, frame: Any, like: Any, size: int, table: Any, v: int
) -> None:
    """v[36, q, :] = BT x BT^T of the patches from `first`."""
    channels, lanes = frame[IN_C], lanes_of(like)
    for q in range(count):
        n, row, col = origin(first + q, frame)
        pixels(x, n, row - frame[PAD_H], col - frame[PAD_W], 6, frame[IN_H], frame[IN_W], channels * size, zeros, table)
        if q + 2 < count:
            fetch_inputs(first + q + 2, frame, x, size)
        for c in range(0, channels, lanes):
            at = min(c, channels - lanes) * size  # the last vector overlaps the one before
            dst = v + q * frame[V_ROW] + min(c // lanes * frame[V_STEP], frame[V_LAST])
            gather(INPUT, table.ctypes.data, at, dst, frame[V_PLANE], WHOLE, like)


@kernel
def forward(lo: int, hi: int, x: Any, filter36: Any, bias: Any, zeros: Any, frame: Any, odd: Any, y: Any) -> None:
    """Y = AT [filter36 * (BT x BT^T)] AT^T + bias, patch by patch; an item is a block of patches."""
    like = y.dtype.type(0)
    lowest = y.dtype.type(-np.inf)
    size, mr, lanes = y.itemsize, rows_of(like), lanes_of(like)
    width, block, patches = 2 * lanes, frame[BLOCK], frame[PATCHES]
    inputs, outputs = frame[IN_C], frame[OUT_C]
    panels = (outputs + width - 1) // width
    memory = np.empty(37 * frame[V_PLANE] + 64, np.uint8)
    table, spare = np.empty(36, np.int64), np.empty(outputs, y.dtype)
    segment = np.array([inputs, 0, 0])
    rows, outs = np.empty(block, np.int64), np.empty(block, np.int64)
    for item in range(lo, hi):
        m36 = memory.ctypes.data + (-memory.ctypes.data) % 64
        v36 = m36 + frame[V_PLANE]  # the results of a plane take the place of the inputs of the one before
        first = item * block
        count = min(block, patches - first)
        transform_inputs(first, count, x.ctypes.data, zeros.ctypes.data, frame, like, size, table, v36)
        for q in range(block):  # rows past the end repeat the last
            rows[q], outs[q] = v36 + min(q, count - 1) * frame[V_ROW], m36 + min(q, count - 1) * frame[M_ROW]
        after = min(block, patches - first - block) if item + 1 < hi else 0
        for k in range(36):
            for q in range(max(0, k - 24) * after // 12, max(0, k - 23) * after // 12):
                fetch_inputs(first + block + q, frame, x.ctypes.data, size)
            for q in range(k * count // 36, (k + 1) * count // 36):
                fetch_outputs(first + q, frame, y.ctypes.data, size)
            for j in range(panels):
                b = filter36.ctypes.data + k * frame[F_PLANE] + j * inputs * width * size
                shift, out_shift = k * frame[V_PLANE], k * frame[M_PLANE] + j * width * size
                cols = min(width, outputs - j * width)
                for q in range(0, count, mr):
                    at, out = rows.ctypes.data + q * 8, outs.ctypes.data + q * 8
                    if cols > lanes:
                        tile(2, 2, 1, segment.ctypes.data, at, 0, shift, size, b, width * size,
                             out, out_shift, ZERO, 0, cols, lowest)  # fmt: skip
                    else:
                        tile(2, 1, 1, segment.ctypes.data, at, 0, shift, size, b, width * size,
                             out, out_shift, ZERO, 0, cols, lowest)  # fmt: skip
        strange = False
        for q in range(count):
            n, row, col = origin(first + q, frame)
            pixels(y.ctypes.data, n, row, col, 4, frame[OUT_H], frame[OUT_W], outputs * size, spare.ctypes.data, table)
            for c in range(0, outputs, lanes):
                at = min(c, outputs - lanes) * size
                # pixels outside the output go to one spare row
                strange |= scatter(OUTPUT, m36 + q * frame[M_ROW] + at, frame[M_PLANE], table.ctypes.data, at,
                                   bias.ctypes.data + at, WHOLE, like)  # fmt: skip
        if strange:
            odd[0] = 1
