"""Convolution and its two gradients, in one, two or three spatial dimensions, channels last.

The three are a closed triad: each one's derivative is the other two, and the input gradient is the transposed
convolution. With d the dilation, s the stride and p the padding in front::

    y[n, q, o]  = sum over c, t of x[n, q s - p + t d, c] w[o, c, t]
    gx[n, i, c] = sum over o, t of gy[n, (i + p - t d) / s, o] w[o, c, t]     where the division has no
    remainder gw[o, c, t] = sum over n, q of gy[n, q, o] x[n, q s - p + t d, c]

Inputs and results are logical (N, C, *spatial) arrays; the work is done on (N, D, H, W, C).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..codegen.gemm import BIAS, ZERO
from . import conv_lanes, conv_planes, small, tiles, winograd_parts, winograd_wide
from . import winograd as winograd_kernels
from .conv_groups import block_diagonal, is_finite
from .lattice import Lattice, best_lattice
from .layout import Array, as_channels_last, empty_channels_last, logical
from .slabs import SLAB_BYTES, copied, padded, slabs
from .tiles import Plan, aligned, make_plan, multiply, pack, panel_width, start_of, streams
from .window import Pairs, Window, residues, window3d

ALIGNED = 1 << 16  # bytes from which results start at a cache line, so that no vector is stored across two
SPARE = 1 << 12  # elements up to which packed weights keep their memory: allocating it would take as long as packing
FEW_CHANNELS = 16  # with fewer, a row of the kernel is one run of terms, if need be on a copy padded along W


class Case(NamedTuple):
    """What the kernels' tables depend on."""

    images: int
    channels: int  # of the input
    filters: int  # channels of the output
    groups: int
    window: Window
    dtype: np.dtype[Any]
    turns: int = 0  # channels of a group where lanes are channels (`conv_lanes`), else 0


class Packing(NamedTuple):
    """How the weight becomes panels: see `tiles.pack`."""

    sources: Array
    outer: int
    outer_step: int
    cols: int
    col_step: int
    inner_step: int
    places: Array
    total: int
    spare: list[Array]  # memory of packed weights that nobody uses now


def conv_forward(
    x: Array,
    w: Array,
    bias: Array | None,
    stride: Sequence[int],
    padding: Pairs,
    dilation: Sequence[int],
    groups: int,
    winograd: bool = False,
    out: Array | None = None,
) -> Array:
    """Return the convolution of `x` (N, C, *spatial) with `w` (O, C / groups, *kernel), stored channels last.

    `padding` holds a (before, after) pair for each axis. The caller has checked that shapes agree. `winograd`
    permits the faster, slightly less accurate algorithm where it applies (`winograd.applies`). `out` is a slab of
    a larger result.

    >>> conv_forward(np.ones((1, 1, 4)), np.ones((1, 1, 3)), None, (1,), ((1, 1),), (1,), 1).tolist()
    [[[2.0, 3.0, 3.0, 2.0]]]
    """
    if out is None and (y := small.forward(x, w, bias, stride, padding, dilation, groups)) is not None:
        return y
    case, merged, outputs = settle(
        x.shape[0], x.shape[1], w.shape[0], groups, x.shape[2:], w.shape[2:], tuple(stride), tuple(padding),
        tuple(dilation), x.dtype,
    )  # fmt: skip
    window = case.window
    if conv_planes.is_planar(x, window, x.shape[1], w.shape[0], groups):
        return conv_planes.forward(x, w, bias, window, groups, outputs)
    y = _result((x.shape[0], w.shape[0], *outputs), x.dtype) if out is None else out
    if out is None and x.nbytes > SLAB_BYTES:
        cuts = slabs(len(x), copied(x, folds(case) and any(window.padding[2])), w.nbytes)
        if len(cuts) > 1:
            for cut in cuts:
                conv_forward(x[cut], w, bias, stride, padding, dilation, groups, winograd, y[cut])
            return y
    if not _nothing_to_sum(y, w, bias):
        rows = as_channels_last(x)
        if case.turns:
            conv_lanes.correlate(lanes_plan(case, False), rows, w, bias, case.turns, y)
            return y
        before = (window.padding[1][0], window.padding[2][0])
        if winograd and by_winograd(case) and _correlate(rows, w, bias, forward_plan(case)[1], False, before, case, y):
            return y
        parts = in_parts(case, False) if winograd else None
        if parts and _sum_parts(rows, w, bias, forward_plan(case)[1], parts, False, case, y):
            return y
        if merged > 1 and not is_finite(rows):
            case, merged = case._replace(groups=groups), 1
        if folds(case):
            rows = padded(rows, window.padding[2])
        _run(rows, block_diagonal(w, groups, merged), bias, forward_plan(case), y)
    return y


def conv_input_grad(
    gy: Array,
    w: Array,
    spatial: Sequence[int],
    stride: Sequence[int],
    padding: Pairs,
    dilation: Sequence[int],
    groups: int,
    bias: Array | None = None,
    winograd: bool = False,
    out: Array | None = None,
) -> Array:
    """Return the gradient (N, C, *spatial) of `conv_forward` by its input; with `bias`, a transposed
    convolution.

    >>> conv_input_grad(np.ones((1, 1, 4)), np.ones((1, 1, 3)), (4,), (1,), ((1, 1),), (1,), 1).tolist()
    [[[2.0, 3.0, 3.0, 2.0]]]
    """
    if out is None and (gx := small.input_grad(gy, w, spatial, stride, padding, dilation, groups, bias)) is not None:
        return gx
    channels = w.shape[1] * groups
    case, merged, _ = settle(
        gy.shape[0], channels, w.shape[0], groups, tuple(spatial), w.shape[2:], tuple(stride), tuple(padding),
        tuple(dilation), gy.dtype,
    )  # fmt: skip
    window = case.window
    if conv_planes.is_planar(gy, window, channels, w.shape[0], groups):
        return conv_planes.input_grad(gy, w, bias, window, groups, spatial)
    gx = _result((gy.shape[0], channels, *spatial), gy.dtype) if out is None else out
    if out is None and gy.nbytes > SLAB_BYTES:
        cuts = slabs(len(gy), copied(gy), w.nbytes)
        if len(cuts) > 1:
            for cut in cuts:
                conv_input_grad(gy[cut], w, spatial, stride, padding, dilation, groups, bias, winograd, gx[cut])
            return gx
    if not _nothing_to_sum(gx, w, bias, gy.size):
        if case.turns:
            conv_lanes.correlate(lanes_plan(case, True), as_channels_last(gy), w, bias, case.turns, gx)
            return gx
        rows, before = as_channels_last(gy), (2 - window.padding[1][0], 2 - window.padding[2][0])
        if winograd and by_winograd(case) and _correlate(rows, w, bias, _input_plan(case)[1], True, before, case, gx):
            return gx
        parts = in_parts(case, True) if winograd else None
        if parts and _sum_parts(rows, w, bias, _tap_by_tap(case), parts, True, case, gx):
            return gx
        if merged > 1 and not is_finite(rows):
            case, merged = case._replace(groups=groups), 1
        _run(rows, block_diagonal(w, groups, merged), bias, _input_plan(case), gx)
    return gx


def _result(shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array:
    """Return uninitialised memory for a logical result (N, C, *spatial), stored channels last."""
    count = prod(shape)
    if count * dtype.itemsize < ALIGNED:
        return empty_channels_last(shape, dtype)
    return logical(aligned(count, dtype).reshape(shape[0], *shape[2:], shape[1]))


def _nothing_to_sum(out: Array, w: Array, bias: Array | None, terms: int = 1) -> bool:
    """Settle empty results and empty sums."""
    if out.size and w.size and terms:
        return False
    out[...] = 0 if bias is None else bias.reshape(-1, *(1,) * (out.ndim - 2))
    return True


@lru_cache(maxsize=1024)
def settle(
    images: int, channels: int, filters: int, groups: int, spatial: tuple[int, ...], kernel: tuple[int, ...],
    stride: tuple[int, ...], padding: Pairs, dilation: tuple[int, ...], dtype: np.dtype[Any],
) -> tuple[Case, int, tuple[int, ...]]:  # fmt: skip
    """Return the case, how many groups are merged, and the outputs' size; remembered, as layers ask again and
    again.
    """
    window = window3d(spatial, kernel, stride, padding, dilation)
    return *regroup(Case(images, channels, filters, groups, window, dtype)), window.output[3 - len(spatial) :]


def regroup(case: Case) -> tuple[Case, int]:
    """Return the case as it is computed: small groups by lanes, or so many merged that they fill a vector."""
    if case.groups == 1:
        return case, 1
    turns = conv_lanes.turns_of(case.channels, case.filters, case.groups, case.dtype.itemsize)
    if turns:
        return case._replace(turns=turns), 1
    lanes = panel_width(case.dtype.itemsize) // 2
    widest = max(case.channels, case.filters) // case.groups
    merged = max(m for m in range(1, lanes + 1) if m == 1 or (case.groups % m == 0 and m * widest <= lanes))
    return case._replace(groups=case.groups // merged), merged


@lru_cache(maxsize=512)
def by_winograd(case: Case) -> bool:
    """Whether Winograd's algorithm takes less time for this case."""
    return case.turns == 0 and winograd_kernels.applies(
        case.images, case.channels, case.filters, case.groups, case.window, case.dtype
    )


def _correlate(
    rows: Array, w: Array, bias: Array | None, how: Packing, flip: bool, before: tuple[int, int], case: Case,
    y: Array,
) -> bool:  # fmt: skip
    """Run Winograd's algorithm from dense channels-last `rows` to logical `y`; depth is one more batch axis.

    Returns whether the result stands: see `winograd.correlate`.
    """
    maps = case.images * case.window.output[0]
    dense = as_channels_last(y)
    shared = None if bias is None else np.ascontiguousarray(bias)
    wide = winograd_wide.pays(case.channels, case.filters, case.dtype.itemsize)
    return (winograd_wide if wide else winograd_kernels).correlate(
        rows.reshape(maps, *rows.shape[-3:]),
        _packed(w, how),
        flip,
        shared,
        before,
        dense.reshape(maps, *dense.shape[-3:]),
    )


def in_parts(case: Case, inverse: bool) -> Lattice | None:
    """Return how the convolution, or its input gradient, is cut for Winograd's algorithm, if that takes less time."""
    if case.turns or case.groups > 1:
        return None
    return best_lattice(case.images, case.channels, case.filters, case.window, case.dtype, inverse)


def _sum_parts(
    rows: Array, w: Array, bias: Array | None, how: Packing, parts: Lattice, inverse: bool, case: Case, y: Array
) -> bool:
    """Run Winograd's algorithm on the parts; return whether the result stands: see `winograd.correlate`."""
    shared = None if bias is None else np.ascontiguousarray(bias)
    return winograd_parts.correlate(
        rows, _packed(w, how), shared, case.images, case.channels, case.filters, case.window, parts, inverse,
        as_channels_last(y),
    )  # fmt: skip


@lru_cache(maxsize=512)
def _tap_by_tap(case: Case) -> Packing:
    """Return the input gradient's packing with the taps in the weight's order."""
    return _input_plan(case)[1]._replace(places=np.arange(case.window.taps) * case.filters, spare=[])


def lanes_plan(case: Case, inverse: bool) -> conv_lanes.LanePlan:
    """Plan the convolution, or its input gradient, by lanes."""
    plan = conv_lanes.input_plan if inverse else conv_lanes.forward_plan
    return plan(case.images, case.channels, case.window, case.turns, case.dtype.itemsize)


def _packed(w: Array, how: Packing) -> Array:
    weight = np.ascontiguousarray(w)
    panels = how.sources.size * -(-how.cols // panel_width(w.itemsize))
    try:
        packed = how.spare.pop()
    except IndexError:
        packed = aligned(panels * how.total * panel_width(w.itemsize), w.dtype)
    pack(panels, packed.size, start_of(weight), *how[:-1], packed)
    return packed


def _run(rows: Array, w: Array, bias: Array | None, planned: tuple[Plan, Packing], out: Array) -> None:
    plan, how = planned
    packed = _packed(w, how)
    y = start_of(out)
    start = streams(out, int(plan.frame[tiles.COLS])) + (ZERO if bias is None else BIAS)
    multiply(
        plan.span, plan.work, start_of(rows), packed, y if bias is None else np.ascontiguousarray(bias), start,
        w.dtype.type(-np.inf), plan.zeros, plan.phases, plan.taps, plan.frame, y,
    )  # fmt: skip
    if packed.size <= SPARE:
        how.spare.append(packed)


def folds(case: Case) -> bool:
    """Whether a kernel row's taps and channels, neighbours in memory, are taken as one run of terms."""
    window = case.window
    if case.groups > 1 or window.kernel[2] == 1 or window.dilation[2] != 1:
        return False
    return window.padding[2] == (0, 0) or case.channels < FEW_CHANNELS


def dense_strides(size: Sequence[int], channels: int, itemsize: int) -> list[int]:
    """Byte strides of a dense (N, D, H, W, C) array along N, D, H and W."""
    w = channels * itemsize
    h = w * size[2]
    d = h * size[1]
    return [d * size[0], d, h, w]


@lru_cache(maxsize=512)
def forward_plan(case: Case) -> tuple[Plan, Packing]:
    """Plan one phase; a tap is a kernel position, or a kernel row where its taps are one run."""
    window, size = case.window, case.dtype.itemsize
    inputs, outputs = case.channels // case.groups, case.filters // case.groups
    width = panel_width(size)
    folded = folds(case)
    kd, kh, kw = window.kernel
    extent = list(window.size)
    if folded:
        extent[2] += sum(window.padding[2])
        kw = 1
    frame = np.zeros(tiles.FRAME, np.int64)
    frame[tiles.X_N : tiles.X_W + 1] = dense_strides(extent, case.channels, size)
    frame[tiles.STEP_D : tiles.STEP_W + 1] = window.stride
    frame[tiles.SIZE_D : tiles.SIZE_W + 1] = extent
    frame[tiles.X_TERM] = size
    frame[tiles.Y_N : tiles.Y_W + 1] = dense_strides(window.output, case.filters, size)
    total = window.taps * inputs
    taps = np.zeros((kd * kh * kw, tiles.TAP_FIELDS), np.int64)
    position = np.stack(np.unravel_index(np.arange(len(taps)), (kd, kh, kw)), 1)
    before = [pair[0] for pair in window.padding]
    taps[:, :3] = position * window.dilation - before
    if folded:
        taps[:, tiles.TAP_W] = 0
    taps[:, tiles.TERMS] = total // len(taps)
    taps[:, tiles.PANEL_OFF] = np.arange(len(taps)) * (total // len(taps)) * width * size
    _set_groups(frame, case.groups, inputs, outputs, total * width * size, size)
    phases = _phases(case, [window.output], len(taps))
    # the weight's rows are (channel, tap) pairs, contiguous; panels want them tap by tap
    channel, tap = np.divmod(np.arange(total), window.taps)
    sources = np.arange(case.groups) * outputs * total * size
    packing = Packing(sources, 1, 0, outputs, total * size, size, tap * inputs + channel, total, [])
    return make_plan(phases, taps, frame, case.dtype), packing


def _phases(case: Case, grids: Sequence[Sequence[int]], taps: int) -> Array:
    """Return a phase for every grid."""
    phases = np.zeros((len(grids), tiles.PHASE), np.int64)
    phases[:, tiles.GRID_D : tiles.GRID_W + 1] = grids
    phases[:, tiles.IMAGES] = case.images
    phases[:, tiles.TAPS] = taps
    return phases


def _set_groups(frame: Array, groups: int, terms: int, cols: int, panel: int, size: int) -> None:
    """Set the steps from one group's input, packed weight and result to the next's."""
    width = panel_width(size)
    frame[tiles.GROUPS], frame[tiles.COLS], frame[tiles.PANEL] = groups, cols, panel
    frame[tiles.X_GROUP], frame[tiles.W_GROUP] = terms * size, -(-cols // width) * panel


@lru_cache(maxsize=512)
def _input_plan(case: Case) -> tuple[Plan, Packing]:
    """Plan a phase for each residue of the stride: its pixels see the same taps, so nothing is scattered."""
    window, size = case.window, case.dtype.itemsize
    inputs, outputs = case.channels // case.groups, case.filters // case.groups
    width = panel_width(size)
    axes = [residues(window, axis) for axis in range(3)]
    frame = np.zeros(tiles.FRAME, np.int64)
    frame[tiles.X_N : tiles.X_W + 1] = dense_strides(window.output, case.filters, size)
    frame[tiles.STEP_D : tiles.STEP_W + 1] = 1
    frame[tiles.SIZE_D : tiles.SIZE_W + 1] = window.output
    frame[tiles.X_TERM] = size
    out = np.array(dense_strides(window.size, case.channels, size))
    frame[tiles.Y_N : tiles.Y_W + 1] = out * (1, *window.stride)
    total = window.taps * outputs
    _set_groups(frame, case.groups, outputs, inputs, total * width * size, size)
    found = [(d, h, w) for d in axes[0] for h in axes[1] for w in axes[2]]
    taps: list[tuple[int, ...]] = []
    places, first = np.full(window.taps, -1), []
    for residue in found:
        first.append(len(taps))
        for (td, od), (th, oh), (tw, ow) in _product(*(r.taps for r in residue)):
            places[(td * window.kernel[1] + th) * window.kernel[2] + tw] = len(taps) * outputs
            taps.append((od, oh, ow, outputs, 0, len(taps) * outputs * width * size))
    phases = _phases(case, [[r.length for r in residue] for residue in found], 0)
    start = np.array([[r.residue for r in residue] for residue in found])
    phases[:, tiles.TAP], phases[:, tiles.TAPS] = first, np.diff([*first, len(taps)])
    phases[:, tiles.Y_OFF] = start @ out[1:]
    sources = np.arange(case.groups) * outputs * inputs * window.taps * size
    packing = Packing(
        sources, outputs, inputs * window.taps * size, inputs, window.taps * size, size, places, total, []
    )
    table = np.array(taps, np.int64).reshape(-1, tiles.TAP_FIELDS)
    return make_plan(phases, table, frame, case.dtype), packing


def _product(a: list[Any], b: list[Any], c: list[Any]) -> list[tuple[Any, Any, Any]]:
    return [(i, j, k) for i in a for j in b for k in c]
