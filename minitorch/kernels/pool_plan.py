"""Where the windows of a pooling lie: tables that its kernels walk, made once for a geometry and remembered.

For each output position of each axis, the range of inputs that it covers; for each input, the windows that may cover
it.  Plain and adaptive pooling differ in their tables only.  The place of an element in its window is its flat offset
in a *box*, the largest window with its gaps: a byte, for all but large windows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Ints = Sequence[int]

# The integers of `Plan.frame`: sizes of inputs and outputs, distances of taps, sizes of the box; along rows, whether
# windows are alike, their distance, the padding before them, their taps, and (row buffers of `pool_planes`) by how many
# places taps of one residue are apart at most, and how many places a buffer has.
SIZE_D, SIZE_H, SIZE_W, OUT_D, OUT_H, OUT_W, TAP_D, TAP_H, TAP_W, BOX_H, BOX_W = range(11)
UNIFORM, STRIDE, PADDING, TAPS, REACH, LENGTH = range(11, 17)
FIRST, STOP, SKIP = range(3)  # of a window: its first input, the end, what padding took from its front


def pool_output_size(
    size: int, kernel: int, stride: int, padding: int, dilation: int = 1, ceil_mode: bool = False
) -> int:
    """Return the number of windows along one axis.

    With `ceil_mode` a window may hang over the end, but must start inside the input or its left padding.

    >>> pool_output_size(6, 3, 2, 0), pool_output_size(6, 3, 2, 0, ceil_mode=True)
    (2, 3)
    """
    spare = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (spare + (stride - 1 if ceil_mode else 0)) // stride + 1
    if ceil_mode and (count - 1) * stride >= size + padding:
        count -= 1
    return count


class Axis(NamedTuple):
    """Windows along one axis: tables, and divisors.

    `windows` (outputs, 3): FIRST, STOP, SKIP, every `step`-th of the range · `covers` (inputs, 2): the range of
    windows that may cover each input · `divisor` (outputs,): what an average divides by · `box`: the largest extent ·
    `row`: distance of windows, padding and taps, where they are the same for all.
    """

    windows: Array
    covers: Array
    divisor: Array
    step: int
    box: int
    row: tuple[int, int, int] | None


def _sliding_axis(
    size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool, include_pad: bool
) -> Axis:
    """Windows of equal size at equal distances."""
    count = pool_output_size(size, kernel, stride, padding, dilation, ceil_mode)
    start = np.arange(count, dtype=np.int64) * stride - padding
    stop = start + dilation * (kernel - 1) + 1
    padded = np.minimum(stop, size + padding) - start
    skipped = np.maximum(-(start // dilation), 0)  # taps to the left of the input
    inside = np.minimum(stop, size)
    first = start + skipped * dilation
    clipped = np.maximum(inside - first, 1)  # an empty window sums to zero, whatever divides it
    windows = np.stack([first, np.maximum(inside, first), first - start], 1)
    divisor = (padded if include_pad else clipped).astype(float)
    box, row = dilation * (kernel - 1) + 1, (stride, padding, kernel)
    return Axis(windows, _covering(size, start, stop), divisor, dilation, box, row)


def _adaptive_axis(size: int, outputs: int) -> Axis:
    """Windows that share `size` inputs out among `outputs`, as evenly as torch does."""
    o = np.arange(outputs, dtype=np.int64)
    first, stop = o * size // max(outputs, 1), -((-(o + 1) * size) // max(outputs, 1))
    widths = stop - first
    box = int(widths.max(initial=1))
    windows = np.stack([first, stop, np.zeros_like(first)], 1)
    return Axis(windows, _covering(size, first, stop), widths.astype(float), 1, box, None)


def _covering(size: int, start: Array, stop: Array) -> Array:
    """Ranges of the windows over each input: ranges they are, because start and stop rise along the axis."""
    i = np.arange(size)
    ends = np.searchsorted(stop, i, "right"), np.searchsorted(start, i, "right")
    return np.stack(ends, 1).astype(np.int64)


class Plan:
    """Windows over one, two or three axes, as kernels want them: three axes, leading ones added.

    Attributes
    ----------
    in_shape, out_shape : spatial sizes
    windows, covers, divisors, shares : the axes' tables, one after the other; `shares` are divisors of inputs
    frame : the numbers above
    index : dtype of a place in a window; `offsets` (places,) says how far it is from the window's first input
    divisor : of all averages, None where they differ
    uniform : whether all windows are alike, so that rows can be taken apart by residues of their distance
    """

    def __init__(self, axes: list[Axis], divisor: int | None = None) -> None:
        self.in_shape, self.out_shape = (tuple(len(getattr(a, t)) for a in axes) for t in ("covers", "windows"))
        if divisor is None and not any(a.row for a in axes) and math.prod(self.out_shape) == 1:
            axes = [_adaptive_axis(math.prod(self.in_shape), 1)]  # all elements of an image, in one row
        axes = [_adaptive_axis(1, 1)] * (3 - len(axes)) + axes
        size, outs = ([len(getattr(a, t)) for a in axes] for t in ("covers", "windows"))
        self.windows, self.covers = (np.concatenate([getattr(a, t) for a in axes]) for t in ("windows", "covers"))
        self.divisors, self.shares = np.concatenate([a.divisor for a in axes]), np.ones(sum(size))
        if divisor is not None:
            self.divisors = np.ones(sum(outs))
            self.divisors[: outs[0]] = divisor
        box = [a.box for a in axes]
        self.frame = np.array([*size, *outs, *[a.step for a in axes], *box[1:], *_row(axes[2])], np.int64)
        self.uniform = axes[2].row is not None
        spread = [set(a.divisor.tolist()) for a in axes]
        self.divisor = math.prod(map(min, spread)) if divisor is None and max(map(len, spread)) == 1 else divisor
        self.shares[: size[0]] = self.divisor or 1
        self.inputs, self.outputs = self.frame[SIZE_D : SIZE_W + 1], self.frame[OUT_D : OUT_W + 1]
        self.rows, self.out_rows = size[0] * size[1], outs[0] * outs[1]
        self.pixels, self.places, self.taps = self.rows * size[2], self.out_rows * outs[2], math.prod(box)
        self.index = np.dtype(np.uint8 if self.taps <= 256 else np.int32)
        place = np.indices(box).reshape(3, -1)
        self.offsets = (place[0] * size[1] + place[1]) * size[2] + place[2]

    def divisor_table(self, dtype: Any) -> Array:
        """Return what the average at each place (*out_shape) divides by."""
        parts = np.split(self.divisors, np.cumsum(self.outputs)[:-1])
        return (parts[0][:, None, None] * parts[1][:, None] * parts[2]).reshape(self.out_shape).astype(dtype)


def _row(axis: Axis) -> list[int]:
    """Return UNIFORM to LENGTH of an axis."""
    if axis.row is None:
        return [0] * 6
    stride, padding, taps = axis.row
    reach = (axis.box - 1) // stride
    length = max(reach + len(axis.windows), -(-(len(axis.covers) + padding) // stride) + 1)
    return [1, stride, padding, taps, reach, length]


@lru_cache(maxsize=512)
def sliding(
    spatial: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool = False,
    include_pad: bool = True, divisor: int | None = None,
) -> Plan:  # fmt: skip
    """Return the plan of windows of equal size at equal distances (tuples of one int an axis).

    >>> sliding((4, 4), (2, 2), (2, 2), (0, 0), (1, 1)).out_shape
    (2, 2)
    """
    flags = ceil_mode, include_pad
    axes = zip(spatial, kernel, stride, padding, dilation)
    return Plan([_sliding_axis(int(n), int(k), int(s), int(p), int(d), *flags) for n, k, s, p, d in axes], divisor)


@lru_cache(maxsize=512)
def adaptive(spatial: Ints, output_size: Ints) -> Plan:
    """Return the plan of windows that share the inputs out.

    >>> adaptive((5,), (2,)).windows[-2:].tolist()
    [[0, 3, 0], [2, 5, 0]]
    """
    return Plan([_adaptive_axis(int(i), int(o)) for i, o in zip(spatial, output_size)])
