"""Pooling: maximum with indices, average, adaptive, in one, two or three dimensions, forward and backward.

Arrays come and go in logical order (N, C, *spatial) and are channels last inside, so that every inner loop runs over
contiguous channels (but see `_images`).  Windows are tables: for each output position of each axis, the range of inputs
that it covers. Plain and adaptive pooling differ in their tables only; the gradient of an average is the same window
sum with the tables turned round.  Gradients gather (each input row collects from the windows that cover it), so no two
threads write one place and no sum depends on how the rows were shared out.

Indices follow torch: the flattened position in the spatial part of the input.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..codegen.math import const, divide
from ..jit import kernel
from .layout import as_channels_last, as_contiguous, logical

Array = NDArray[Any]
Ints = Sequence[int]

# ---- geometry --------------------------------------------------------------------------------------------


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
    """Windows along one axis: tables of half-open ranges, and divisors.

    `inputs` (outputs, 2): the inputs of each window, every `step`-th of the range · `outputs` (inputs, 2): the
    windows that may cover each input · `divisor` (outputs,): what an average divides by.
    """

    inputs: Array
    outputs: Array
    divisor: Array
    step: int


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
    inputs = np.stack([first, np.maximum(inside, first)], 1)
    divisor = padded if include_pad else clipped
    return Axis(inputs, _covering(size, start, stop), divisor.astype(float), dilation)


def _adaptive_axis(size: int, outputs: int) -> Axis:
    """Windows that share `size` inputs out among `outputs`, as evenly as torch does."""
    o = np.arange(outputs, dtype=np.int64)
    first, stop = o * size // max(outputs, 1), -((-(o + 1) * size) // max(outputs, 1))
    return Axis(np.stack([first, stop], 1), _covering(size, first, stop), (stop - first).astype(float), 1)


def _covering(size: int, start: Array, stop: Array) -> Array:
    """Ranges of the windows over each input: ranges they are, because start and stop rise along the axis."""
    i = np.arange(size)
    ends = np.searchsorted(stop, i, "right"), np.searchsorted(start, i, "right")
    return np.stack(ends, 1).astype(np.int64)


class Plan:
    """Windows over one, two or three axes, as kernels want them: three axes, leading ones added."""

    def __init__(self, axes: list[Axis]) -> None:
        self.out_shape = tuple(len(a.inputs) for a in axes)
        axes = [_adaptive_axis(1, 1)] * (3 - len(axes)) + axes
        self.inputs = [a.inputs for a in axes]
        self.outputs = [a.outputs for a in axes]
        self.divisors = [a.divisor for a in axes]
        self.ones_in = [np.ones(len(a.outputs)) for a in axes]
        self.ones_out = [np.ones(len(a.inputs)) for a in axes]
        self.size = np.array([len(a.outputs) for a in axes], np.int64)
        self.outs = np.array([len(a.inputs) for a in axes], np.int64)
        self.steps = np.array([a.step for a in axes], np.int64)
        self.rows = int(self.size[0] * self.size[1])
        self.out_rows = int(self.outs[0] * self.outs[1])
        self.places = self.out_rows * int(self.outs[2])

    def divided_by(self, number: int | None) -> list[Array]:
        """Return the divisors of an average, or what stands for one number."""
        if number is None:
            return self.divisors
        return [np.full(self.outs[0], float(number)), *self.ones_out[1:]]


@lru_cache(maxsize=256)
def _sliding_plan(
    size: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, flags: tuple[bool, bool]
) -> Plan:
    axes = zip(size, kernel, stride, padding, dilation)
    return Plan([_sliding_axis(int(n), int(k), int(s), int(p), int(d), *flags) for n, k, s, p, d in axes])


@lru_cache(maxsize=256)
def _adaptive_plan(spatial: Ints, output_size: Ints) -> Plan:
    return Plan([_adaptive_axis(int(i), int(o)) for i, o in zip(spatial, output_size)])


def _sliding(shape: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, *flags: bool) -> Plan:
    return _sliding_plan((*shape[2:],), (*kernel,), (*stride,), (*padding,), (*dilation,), (flags[0], flags[1]))


def _adaptive(shape: Ints, output_size: Ints) -> Plan:
    return _adaptive_plan((*shape[2:],), (*output_size,))


# ---- layout ----------------------------------------------------------------------------------------------

FEW = 1 << 12  # elements up to which a conversion's fixed cost is more than vectors gain
LONG = 1 << 10  # elements of a plane from which its sums are long enough without a second channel


def _images(x: Array, places: int) -> Array:
    """Return logical x (N, C, *spatial) as (images, *spatial, channels), planes being images of one channel.

    Channels last, unless planes can stay as they are: of small arrays, and where a few places sum up long planes.
    """
    plane = math.prod(x.shape[2:])
    small = x.shape[0] * x.shape[1] * max(plane, places) <= FEW
    if x.flags.c_contiguous and (small or plane >= max(LONG, 16 * places)):
        return x.reshape(x.shape[0] * x.shape[1], *x.shape[2:], 1)
    return as_channels_last(x)


def _like(y: Array, shape: Ints) -> Array:
    """Return (images, *spatial, channels), either of the two, as logical (N, C, *spatial) for N, C of `shape`."""
    if y.shape[-1] == shape[1]:
        return logical(y)
    return y.reshape(shape[0], shape[1], *y.shape[1:-1])


def _rows(x: Array) -> Array:
    """Channels-last x as (pixels, C)."""
    return x.reshape(-1, x.shape[-1]) if x.size else x.reshape(math.prod(x.shape[:-1]), x.shape[-1])


# ---- maximum ---------------------------------------------------------------------------------------------


@kernel
def max_windows(
    lo: int, hi: int, x: Array, size: Array, step: Array, rd: Array, rh: Array, rw: Array,
    out: Array, index: Array,
) -> None:  # fmt: skip
    """Maximum of each window and its flat place; x (pixels, C), out, index (windows, C); items are rows."""
    for item in range(lo, hi):
        oh = item % rh.shape[0]
        od = item // rh.shape[0] % rd.shape[0]
        image = item // rh.shape[0] // rd.shape[0] * size[0] * size[1] * size[2]
        for ow in range(rw.shape[0]):
            o = item * rw.shape[0] + ow
            first = (rd[od, 0] * size[1] + rh[oh, 0]) * size[2] + rw[ow, 0]
            empty = rd[od, 0] >= rd[od, 1] or rh[oh, 0] >= rh[oh, 1] or rw[ow, 0] >= rw[ow, 1]
            for c in range(x.shape[1]):
                out[o, c] = -const(out[o, c], "inf") if empty else x[image + first, c]
                index[o, c] = first
            for d in range(rd[od, 0], rd[od, 1], step[0]):
                for h in range(rh[oh, 0], rh[oh, 1], step[1]):
                    for w in range(rw[ow, 0], rw[ow, 1], step[2]):
                        flat = (d * size[1] + h) * size[2] + w
                        if flat == first:
                            continue
                        for c in range(x.shape[1]):
                            v = x[image + flat, c]
                            take = (v > out[o, c]) | (v != v)  # the first of equals, the last NaN: as torch
                            out[o, c] = v if take else out[o, c]
                            index[o, c] = flat if take else index[o, c]


@kernel
def max_gather(
    lo: int, hi: int, gy: Array, index: Array, size: Array, rd: Array, rh: Array, rw: Array,
    outs: Array, gx: Array,
) -> None:  # fmt: skip
    """Sum for each input the gradients of the windows that chose it; items are input rows."""
    for item in range(lo, hi):
        h = item % size[1]
        d = item // size[1] % size[0]
        first = item // size[1] // size[0] * outs[0]
        for w in range(size[2]):
            i = item * size[2] + w
            flat = (d * size[1] + h) * size[2] + w
            for c in range(gx.shape[1]):
                gx[i, c] = const(gx[i, c], "0")
            for od in range(rd[d, 0], rd[d, 1]):
                for oh in range(rh[h, 0], rh[h, 1]):
                    for ow in range(rw[w, 0], rw[w, 1]):
                        o = ((first + od) * outs[1] + oh) * outs[2] + ow
                        for c in range(gx.shape[1]):
                            gx[i, c] += gy[o, c] if index[o, c] == flat else const(gy[o, c], "0")


def _max_pool(x: Array, plan: Plan) -> tuple[Array, Array]:
    y = _images(x, plan.places)
    shape = (y.shape[0], *plan.out_shape, y.shape[-1])
    out, index = np.empty(shape, x.dtype), np.empty(shape, np.int64)
    if out.size:
        work = 4 * out.size * max(1, y.size // out.size) + index.nbytes
        rows = (_rows(out), _rows(index))
        max_windows(y.shape[0] * plan.out_rows, work, _rows(y), plan.size, plan.steps, *plan.inputs, *rows)
    return _like(out, x.shape), _like(index, x.shape)


def max_pool_forward(
    x: Array, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, ceil_mode: bool = False
) -> tuple[Array, Array]:
    """Return the maximum over each window and its index (int64, flattened spatial position).

    x (N, C, *spatial); NaN wins, padding never does.

    >>> y, i = max_pool_forward(np.arange(16.0).reshape(1, 1, 4, 4), (2, 2), (2, 2), (0, 0), (1, 1))
    >>> y.ravel().tolist(), i.ravel().tolist()
    ([5.0, 7.0, 13.0, 15.0], [5, 7, 13, 15])
    """
    return _max_pool(x, _sliding(x.shape, kernel, stride, padding, dilation, ceil_mode, False))


def adaptive_max_pool_forward(x: Array, output_size: Ints) -> tuple[Array, Array]:
    """Return the maximum over each of `output_size` windows, and its index."""
    return _max_pool(x, _adaptive(x.shape, output_size))


def _max_backward(gy: Array, indices: Array, shape: Ints, plan: Plan) -> Array:
    planar = indices.flags.c_contiguous and math.prod(shape) <= FEW
    images, channels = (shape[0] * shape[1], 1) if planar else (shape[0], shape[1])
    gx = np.empty((images, *shape[2:], channels), gy.dtype)
    if gx.size and gy.size:
        work = gx.nbytes + 3 * gy.nbytes + indices.nbytes
        gy, indices = (as_contiguous(v).reshape(-1, 1) if planar else _rows(as_channels_last(v)) for v in (gy, indices))
        max_gather(images * plan.rows, work, gy, indices, plan.size, *plan.outputs, plan.outs, _rows(gx))
    else:
        gx[...] = 0
    return _like(gx, shape)


def max_pool_backward(
    gy: Array,
    indices: Array,
    input_shape: Ints,
    kernel: Ints,
    stride: Ints,
    padding: Ints,
    dilation: Ints,
    ceil_mode: bool = False,
) -> Array:
    """Return the gradient of the input (N, C, *spatial) for `gy` and the `indices` of the forward pass.

    The adjoint of ``gather_spatial(., indices)``, which is therefore its own gradient.
    """
    plan = _sliding(input_shape, kernel, stride, padding, dilation, ceil_mode, False)
    return _max_backward(gy, indices, input_shape, plan)


def adaptive_max_pool_backward(gy: Array, indices: Array, input_shape: Ints) -> Array:
    """Return the gradient of the input of `adaptive_max_pool_forward`."""
    return _max_backward(gy, indices, input_shape, _adaptive(input_shape, gy.shape[2:]))


# ---- average ---------------------------------------------------------------------------------------------


@kernel
def window_sums(
    lo: int, hi: int, x: Array, sd: Array, sh: Array, sw: Array, rd: Array, rh: Array, rw: Array,
    qd: Array, qh: Array, qw: Array, out: Array,
) -> None:  # fmt: skip
    """Sum x / s over each window, divide by q; x (rows, W C), out (windows, C), divisors by axis.

    Items are rows of windows: their input rows are summed first, in long loops, then the sum along the row.
    """
    channels = out.shape[1]
    carry = np.empty((sw.size, channels), x.dtype)
    line = carry.reshape(carry.size)
    for item in range(lo, hi):
        oh = item % rh.shape[0]
        od = item // rh.shape[0] % rd.shape[0]
        image = item // rh.shape[0] // rd.shape[0] * sd.size
        for j in range(line.size):
            line[j] = const(line[j], "0")
        for d in range(rd[od, 0], rd[od, 1]):
            for h in range(rh[oh, 0], rh[oh, 1]):
                factor = x.dtype.type(1.0 / (sd[d] * sh[h]))
                for j in range(line.size):
                    line[j] += x[(image + d) * sh.size + h, j] * factor
        for ow in range(rw.shape[0]):
            o = item * rw.shape[0] + ow
            w, last = rw[ow, 0], rw[ow, 1]
            q = x.dtype.type(qd[od] * qh[oh] * qw[ow])
            if last - w == 1 and q == const(q, "1"):
                f = x.dtype.type(1.0 / sw[w])
                for c in range(channels):
                    out[o, c] = carry[w, c] * f
            elif last - w == 2:
                f, g = x.dtype.type(1.0 / sw[w]), x.dtype.type(1.0 / sw[w + 1])
                for c in range(channels):
                    out[o, c] = divide(carry[w, c] * f + carry[w + 1, c] * g, q)
            else:
                for c in range(channels):
                    out[o, c] = const(out[o, c], "0")
                for k in range(w, last):
                    f = x.dtype.type(1.0 / sw[k])
                    for c in range(channels):
                        out[o, c] += carry[k, c] * f
                for c in range(channels):
                    out[o, c] = divide(out[o, c], q)


def _window_sums(x: Array, spatial: Ints, ranges: list[Array], before: list[Array], after: list[Array]) -> Array:
    rows = len(ranges[0]) * len(ranges[1])
    y = _images(x, rows * len(ranges[2]))
    out = np.empty((y.shape[0], *spatial, y.shape[-1]), x.dtype)
    if out.size and y.size:
        flat = y.reshape(-1, y.shape[-2] * y.shape[-1])
        window_sums(y.shape[0] * rows, 6 * max(out.nbytes, y.nbytes), flat, *before, *ranges, *after, _rows(out))
    else:
        out[...] = 0
    return _like(out, x.shape)


def _average(x: Array, plan: Plan, override: int | None = None) -> Array:
    return _window_sums(x, plan.out_shape, plan.inputs, plan.ones_in, plan.divided_by(override))


def _average_backward(gy: Array, shape: Ints, plan: Plan, override: int | None = None) -> Array:
    return _window_sums(gy, shape[2:], plan.outputs, plan.divided_by(override), plan.ones_in)


def avg_pool_forward(
    x: Array,
    kernel: Ints,
    stride: Ints,
    padding: Ints,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Return the mean over each window of x (N, C, *spatial).

    >>> avg_pool_forward(np.arange(16.0).reshape(1, 1, 4, 4), (2, 2), (2, 2), (0, 0)).ravel().tolist()
    [2.5, 4.5, 10.5, 12.5]
    """
    plan = _sliding(x.shape, kernel, stride, padding, (1, 1, 1), ceil_mode, count_include_pad)
    return _average(x, plan, divisor_override)


def avg_pool_backward(
    gy: Array,
    input_shape: Ints,
    kernel: Ints,
    stride: Ints,
    padding: Ints,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
) -> Array:
    """Return the gradient of the input (N, C, *spatial); its own gradient is `avg_pool_forward`."""
    plan = _sliding(input_shape, kernel, stride, padding, (1, 1, 1), ceil_mode, count_include_pad)
    return _average_backward(gy, input_shape, plan, divisor_override)


def adaptive_avg_pool_forward(x: Array, output_size: Ints) -> Array:
    """Return the mean over each of `output_size` windows of x (N, C, *spatial)."""
    return _average(x, _adaptive(x.shape, output_size))


def adaptive_avg_pool_backward(gy: Array, input_shape: Ints) -> Array:
    """Return the gradient of the input of `adaptive_avg_pool_forward`."""
    return _average_backward(gy, input_shape, _adaptive(input_shape, gy.shape[2:]))
