"""Pooling: maximum with indices, average, adaptive, in one, two or three dimensions, forward and backward.

Arrays come and go in logical order (N, C, *spatial) and are channels last inside, so that every inner loop
runs over contiguous channels.  Windows are tables: for each output position of each axis, the range of
inputs that it covers. Plain and adaptive pooling differ in their tables only; the gradient of an average is
the same window sum with the tables turned round.  Gradients gather (each input row collects from the
windows that cover it), so no two threads write one place and no sum depends on how the rows were shared
out.

Indices follow torch: the flattened position in the spatial part of the input.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..codegen.math import const, divide
from ..jit import kernel
from .layout import as_channels_last, logical

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

    `inputs` (outputs, 2): the inputs of each window, every `step`-th of the range · `outputs` (inputs, 2):
    the windows that may cover each input · `divisor` (outputs,): divisor of an average.
    """

    inputs: Array
    outputs: Array
    divisor: Array
    step: int


@lru_cache(maxsize=1024)
def sliding_axis(
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
    clipped = np.maximum(inside - first, 0)
    inputs = np.stack([first, np.maximum(inside, first)], 1)
    return Axis(inputs, _covering(size, start, stop), padded if include_pad else clipped, dilation)


@lru_cache(maxsize=1024)
def adaptive_axis(size: int, outputs: int) -> Axis:
    """Windows that share `size` inputs out among `outputs`, as evenly as torch does."""
    o = np.arange(outputs, dtype=np.int64)
    first, stop = o * size // max(outputs, 1), -((-(o + 1) * size) // max(outputs, 1))
    return Axis(np.stack([first, stop], 1), _covering(size, first, stop), stop - first, 1)


def _covering(size: int, start: Array, stop: Array) -> Array:
    """Ranges of the windows over each input: ranges they are, because start and stop rise along the axis."""
    i = np.arange(size)
    ends = np.searchsorted(stop, i, "right"), np.searchsorted(start, i, "right")
    return np.stack(ends, 1).astype(np.int64)


def _three(axes: Sequence[Axis]) -> list[Axis]:
    return [adaptive_axis(1, 1)] * (3 - len(axes)) + list(axes)


def _sliding(
    shape: Ints, kernel: Ints, stride: Ints, padding: Ints, dilation: Ints, *flags: bool
) -> list[Axis]:
    sizes = zip(shape[2:], kernel, stride, padding, dilation)
    return _three([sliding_axis(*map(int, each), *flags) for each in sizes])


def _adaptive(shape: Ints, output_size: Ints) -> list[Axis]:
    return _three([adaptive_axis(int(i), int(o)) for i, o in zip(shape[2:], output_size)])


def _rows(x: Array) -> Array:
    """Channels-last x as (pixels, C)."""
    return x.reshape(-1, x.shape[-1]) if x.size else x.reshape(int(np.prod(x.shape[:-1])), x.shape[-1])


def _sizes(axes: list[Axis]) -> tuple[Array, tuple[int, ...]]:
    inputs = np.array([len(a.outputs) for a in axes], np.int64)
    return inputs, tuple(len(a.inputs) for a in axes)


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
            flat = (rd[od, 0] * size[1] + rh[oh, 0]) * size[2] + rw[ow, 0]
            for c in range(x.shape[1]):
                out[o, c] = -const(out[o, c], "inf")
                index[o, c] = flat
            for d in range(rd[od, 0], rd[od, 1], step[0]):
                for h in range(rh[oh, 0], rh[oh, 1], step[1]):
                    for w in range(rw[ow, 0], rw[ow, 1], step[2]):
                        flat = (d * size[1] + h) * size[2] + w
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


def _max_pool(x: Array, axes: list[Axis]) -> tuple[Array, Array]:
    y = as_channels_last(x)
    size, outs = _sizes(axes)
    shape = (x.shape[0], *outs[3 - (x.ndim - 2) :], x.shape[1])
    out, index = np.empty(shape, x.dtype), np.empty(shape, np.int64)
    steps = np.array([a.step for a in axes], np.int64)
    span = x.shape[0] * outs[0] * outs[1]
    if out.size:
        work = 4 * out.size * max(1, y.size // out.size) + index.nbytes
        tables = (a.inputs for a in axes)
        max_windows(span, work, _rows(y), size, steps, *tables, _rows(out), _rows(index))
    return logical(out), logical(index)


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


def _max_backward(gy: Array, indices: Array, shape: Ints, axes: list[Axis]) -> Array:
    size, outs = _sizes(axes)
    gx = np.empty((shape[0], *shape[2:], shape[1]), gy.dtype)
    if gx.size and gy.size:
        span = int(shape[0] * size[0] * size[1])
        work = gx.nbytes + 3 * gy.nbytes + indices.nbytes
        gy, indices = as_channels_last(gy), as_channels_last(indices)
        tables = (a.outputs for a in axes)
        max_gather(span, work, _rows(gy), _rows(indices), size, *tables, np.array(outs, np.int64), _rows(gx))
    else:
        gx[...] = 0
    return logical(gx)


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
    axes = _sliding(input_shape, kernel, stride, padding, dilation, ceil_mode, False)
    return _max_backward(gy, indices, input_shape, axes)


def adaptive_max_pool_backward(gy: Array, indices: Array, input_shape: Ints) -> Array:
    """Return the gradient of the input of `adaptive_max_pool_forward`."""
    return _max_backward(gy, indices, input_shape, _adaptive(input_shape, gy.shape[2:]))


# ---- average ---------------------------------------------------------------------------------------------


@kernel
def window_sums(
    lo: int, hi: int, x: Array, sd: Array, sh: Array, sw: Array, rd: Array, rh: Array, rw: Array,
    qd: Array, qh: Array, qw: Array, out: Array,
) -> None:  # fmt: skip
    """Sum x / s over each window, divide by q; x (pixels, C), divisors by axis; items are rows of windows."""
    carry = np.empty(x.shape[1], x.dtype)
    for item in range(lo, hi):
        oh = item % rh.shape[0]
        od = item // rh.shape[0] % rd.shape[0]
        image = item // rh.shape[0] // rd.shape[0] * sd.size
        for ow in range(rw.shape[0]):
            o = item * rw.shape[0] + ow
            for c in range(x.shape[1]):
                out[o, c] = const(out[o, c], "0")
            for d in range(rd[od, 0], rd[od, 1]):
                for h in range(rh[oh, 0], rh[oh, 1]):
                    # each row of the window has a sum of its own: fewer roundings in a row of additions
                    for c in range(x.shape[1]):
                        carry[c] = const(carry[c], "0")
                    for w in range(rw[ow, 0], rw[ow, 1]):
                        i = ((image + d) * sh.size + h) * sw.size + w
                        factor = divide(const(sd[d], "1"), sd[d] * sh[h] * sw[w])
                        for c in range(x.shape[1]):
                            carry[c] += x[i, c] * factor
                    for c in range(x.shape[1]):
                        out[o, c] += carry[c]
            q = qd[od] * qh[oh] * qw[ow]
            for c in range(x.shape[1]):
                out[o, c] = divide(out[o, c], q)


def _window_sums(x: Array, tables: list[Array], before: list[Array], after: list[Array]) -> Array:
    y = as_channels_last(x)
    outs = tuple(len(t) for t in tables)
    out = np.empty((x.shape[0], *outs[5 - x.ndim :], x.shape[1]), x.dtype)
    if out.size and y.size:
        span = x.shape[0] * outs[0] * outs[1]
        taps = sum(int((t[:, 1] - t[:, 0]).max()) for t in tables)
        args = [*before, *tables, *after]
        window_sums(span, (taps + 4) * out.nbytes + y.nbytes, _rows(y), *args, _rows(out))
    else:
        out[...] = 0
    return logical(out)


def _counts(axes: list[Axis], dtype: Any, override: int | None = None) -> list[Array]:
    if override is None:  # an empty window sums to zero, whatever divides it
        return [np.where(a.divisor == 0, 1, a.divisor).astype(dtype) for a in axes]
    return [np.full(len(a.divisor), override if i == 0 else 1, dtype) for i, a in enumerate(axes)]


def _average(x: Array, axes: list[Axis], override: int | None = None) -> Array:
    ones = [np.ones(len(a.outputs), x.dtype) for a in axes]
    return _window_sums(x, [a.inputs for a in axes], ones, _counts(axes, x.dtype, override))


def _average_backward(gy: Array, axes: list[Axis], override: int | None = None) -> Array:
    ones = [np.ones(len(a.outputs), gy.dtype) for a in axes]
    return _window_sums(gy, [a.outputs for a in axes], _counts(axes, gy.dtype, override), ones)


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
    axes = _sliding(x.shape, kernel, stride, padding, (1, 1, 1), ceil_mode, count_include_pad)
    return _average(x, axes, divisor_override)


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
    axes = _sliding(input_shape, kernel, stride, padding, (1, 1, 1), ceil_mode, count_include_pad)
    return _average_backward(gy, axes, divisor_override)


def adaptive_avg_pool_forward(x: Array, output_size: Ints) -> Array:
    """Return the mean over each of `output_size` windows of x (N, C, *spatial)."""
    return _average(x, _adaptive(x.shape, output_size))


def adaptive_avg_pool_backward(gy: Array, input_shape: Ints) -> Array:
    """Return the gradient of the input of `adaptive_avg_pool_forward`."""
    return _average_backward(gy, _adaptive(input_shape, gy.shape[2:]))
