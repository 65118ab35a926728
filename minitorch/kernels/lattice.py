"""Convolutions cut into parts of 3x3 or 2x2 neighbouring taps, on which Winograd's algorithm works.

Along an axis, a convolution or its input gradient falls into *lines*: the outputs ``out + out_step q``, `length` of
them, see the inputs ``start + step (q + t)`` through the kernel elements ``taps[t]``.  A dilation makes several lines
of outputs, a stride several runs of taps of one line (or, in the input gradient, several lines).  A run longer than a
side is cut.  What two axes have of it together is a *part*: a square of taps with the place where its input begins.

A long one-dimensional filter is folded into a square: with q = 3 a + b and t = 3 i + j, tap (i, j) sees 3 (a + i) +
(b + j), so a patch has rows that overlap (R. Agarwal, J. Cooley, "New algorithms for digital convolution", IEEE
Transactions on Acoustics, Speech and Signal Processing 25, 1977).
"""

from __future__ import annotations

from functools import lru_cache
from math import gcd
from typing import Any, NamedTuple

import numpy as np

from .window import Window, residues

FILTER_BYTES = 1 << 24  # of a transformed filter, which should stay in the caches
LEAST_CHANNELS = 16
VECTOR_BYTES = 64  # that the estimates are made for; narrower vectors make all the steps slower
FLOATS = (np.dtype(np.float32), np.dtype(np.float64))

Run = tuple[int, tuple[int, ...]]  # the first input, the kernel elements along the axis; -1: none


class Line(NamedTuple):
    """Outputs of one axis that see their inputs in the same way."""

    out: int
    length: int
    runs: list[Run]


class Lines(NamedTuple):
    """All outputs of one axis, with the steps that its lines share."""

    out_step: int
    step: int
    lines: list[Line]


class Part(NamedTuple):
    """A square of taps, numbers into the flat kernel (-1: none), and the input that output (0, 0, 0) meets first."""

    start: tuple[int, int, int]
    taps: tuple[int, ...]


class Phase(NamedTuple):
    """Outputs out + out_step * (0 .. size - 1) along (D, H, W), and the parts that they sum."""

    out: tuple[int, int, int]
    size: tuple[int, int, int]
    parts: list[Part]


class Lattice(NamedTuple):
    """A convolution as phases of parts with `side` x `side` taps; `fold` is 3 where one axis is folded, else 0."""

    side: int
    fold: int
    out_step: tuple[int, int, int]
    step: tuple[int, int, int]
    phases: list[Phase]


def forward_lines(window: Window, axis: int) -> Lines | None:
    """Return the lines of a convolution along an axis; None where taps of a stride are not neighbours.

    >>> from .window import window3d
    >>> forward_lines(window3d((6,), (4,), (2,), ((1, 1),), (1,)), 2).lines
    [Line(out=0, length=3, runs=[(-1, (0, 2)), (0, (1, 3))])]
    """
    kernel, stride, dilation = window.kernel[axis], window.stride[axis], window.dilation[axis]
    before, outputs = window.padding[axis][0], window.output[axis]
    if stride == 1:
        found = range(min(dilation, outputs))
        return Lines(
            dilation, dilation,
            [Line(r, -(-(outputs - r) // dilation), [(r - before, tuple(range(kernel)))]) for r in found],
        )  # fmt: skip
    if dilation > 1 and kernel > 1:
        return None
    runs = [(r - before, tuple(range(r, kernel, stride))) for r in range(min(stride, kernel))]
    return Lines(1, stride, [Line(0, outputs, runs)])


def inverse_lines(window: Window, axis: int) -> Lines:
    """Return the lines of an input gradient along an axis: its outputs are the convolution's inputs.

    >>> from .window import window3d
    >>> inverse_lines(window3d((6,), (4,), (2,), ((1, 1),), (1,)), 2).lines
    [Line(out=0, length=3, runs=[(-1, (3, 1))]), Line(out=1, length=3, runs=[(0, (2, 0))])]
    """
    stride, dilation = window.stride[axis], window.dilation[axis]
    step = dilation // gcd(stride, dilation)
    lines = []
    for residue in residues(window, axis):
        found = sorted((offset, tap) for tap, offset in residue.taps)
        first = found[0][0] if found else 0
        for r in range(min(step, residue.length)):
            count = -(-(residue.length - r) // step)
            lines.append(Line(residue.residue + stride * r, count, [(first + r, tuple(t for _, t in found))]))
    return Lines(stride * step, step, lines)


def single_lines(window: Window, axis: int, inverse: bool) -> Lines:
    """Return the lines of an axis whose taps are parts of their own: no taps need to be neighbours.

    >>> from .window import window3d
    >>> single_lines(window3d((6,), (2,), (1,), ((0, 0),), (3,)), 2, False).lines
    [Line(out=0, length=3, runs=[(0, (0,)), (3, (1,))])]
    """
    if inverse:
        lines = [Line(r.residue, r.length, [(o, (t,)) for t, o in r.taps]) for r in residues(window, axis)]
        return Lines(window.stride[axis], 1, lines)
    taps, dilation, before = range(window.kernel[axis]), window.dilation[axis], window.padding[axis][0]
    return Lines(1, window.stride[axis], [Line(0, window.output[axis], [(t * dilation - before, (t,)) for t in taps])])


def cut(lines: Lines, side: int) -> Lines:
    """Cut the lines' runs into pieces of `side` taps, the same number for each line; -1 fills up.

    >>> cut(Lines(1, 1, [Line(0, 4, [(-1, (0, 1, 2))])]), 2).lines
    [Line(out=0, length=4, runs=[(-1, (0, 1)), (1, (2, -1))])]
    """
    pieces = []
    for line in lines.lines:
        runs: list[Run] = []
        for start, taps in line.runs:
            for t in range(0, len(taps), side):
                piece = taps[t : t + side]
                runs.append((start + lines.step * t, piece + (-1,) * (side - len(piece))))
        pieces.append(runs)
    most = max(1, *map(len, pieces))
    nothing: Run = (0, (-1,) * side)
    full = [runs + [nothing] * (most - len(runs)) for runs in pieces]
    return lines._replace(lines=[line._replace(runs=runs) for line, runs in zip(lines.lines, full)])


def lattice(window: Window, inverse: bool, side: int) -> Lattice | None:
    """Return a convolution, or its input gradient, as parts; None where it does not fall into them."""
    fold = 3 if window.kernel[1] == 1 else 0
    if fold and (side != 3 or window.size[:2] != (1, 1) or window.output[:2] != (1, 1)):
        return None
    axes: list[Lines] = [single_lines(window, 0, inverse)]
    for axis in (1, 2):
        found = inverse_lines(window, axis) if inverse else forward_lines(window, axis)
        if found is None:
            return None
        axes.append(cut(found, 1 if fold and axis == 1 else side * side if fold else side))
    axes[0] = cut(axes[0], 1)
    d, h, w = axes
    phases = [
        Phase((a.out, b.out, c.out), (a.length, b.length, c.length), _parts(window, a, b, c))
        for a in d.lines
        for b in h.lines
        for c in w.lines
    ]
    return Lattice(
        side, fold, (d.out_step, h.out_step, w.out_step), (d.step, h.step, w.step), [p for p in phases if min(p.size)]
    )


def _parts(window: Window, depth: Line, height: Line, width: Line) -> list[Part]:
    _, kh, kw = window.kernel
    parts = []
    for d0, (td,) in depth.runs:
        for h0, rows in height.runs:
            for w0, cols in width.runs:
                taps = [(td, th, tw) for th in rows for tw in cols]
                flat = tuple((a * kh + b) * kw + c if min(a, b, c) >= 0 else -1 for a, b, c in taps)
                parts.append(Part((d0, h0, w0), flat))
    return parts


# ---- when it pays ----


def patches_of(how: Lattice, phase: Phase) -> tuple[int, int]:
    """Return how many patches a phase has along height and width."""
    edge = 7 - how.side
    if how.fold:
        return -(-phase.size[2] // (how.fold * edge)), 1
    return -(-phase.size[1] // edge), -(-phase.size[2] // edge)


def _cost(how: Lattice, images: int, channels: int, filters: int, lanes: int) -> float:
    """Estimate the algorithm's cycles on one core from those of its steps."""
    parts, sets = len(how.phases[0].parts), len({p.parts[0].taps for p in how.phases})
    count = sum(images * p.size[0] * rows * cols for p in how.phases for rows, cols in [patches_of(how, p)])
    ins, outs = -(-channels // lanes), -(-filters // lanes)
    products = 36 * parts * channels * outs / 2 / 0.9
    return count * (products + 300 * parts * ins + 280 * outs) + sets * 36 * parts * channels * outs * 4


@lru_cache(maxsize=512)
def best_lattice(
    images: int, channels: int, filters: int, window: Window, dtype: np.dtype[Any], inverse: bool
) -> Lattice | None:
    """Return how a convolution (of `channels` to `filters`; `inverse`: its input gradient) is cut, if that pays.

    >>> from .window import window3d
    >>> five = window3d((28, 28), (5, 5), (1, 1), ((2, 2), (2, 2)), (1, 1))
    >>> len(best_lattice(16, 64, 64, five, np.dtype("float32"), False).phases[0].parts)
    4
    """
    size, lanes = dtype.itemsize, VECTOR_BYTES // dtype.itemsize
    if dtype not in FLOATS or min(channels, filters) < LEAST_CHANNELS:
        return None
    source, result = (filters, channels) if inverse else (channels, filters)
    a, b, c = window.output
    direct = images * a * b * c * window.taps * source * -(-result // lanes) / 2 / 0.9
    best, least = None, 0.87 * direct
    for side in (2, 3):
        how = lattice(window, inverse, side)
        if how is None or 36 * size * source * result * _filters(how) > FILTER_BYTES:
            continue
        cost = _cost(how, images, source, result, lanes)
        if cost < least:
            best, least = how, cost
    return best


def _filters(how: Lattice) -> int:
    """Return how many squares of taps there are in all."""
    return len({part.taps for phase in how.phases for part in phase.parts})
