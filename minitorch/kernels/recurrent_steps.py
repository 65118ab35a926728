"""All time steps of a recurrent layer in one launch: the state's product with its weights, and the gates behind it.

An item is one step for one block of sequences and one slice of hidden units (`slice_width`, two vectors); it waits for
all slices of the step before, which costs a hundredth of a launch. Forward, it multiplies the state by the slice's
weights of every gate, and finishes the slice: gates, cell, state. Backward, it multiplies the gradients of the gates
of the step after, of all units, by the slice's weights: the gradient of the slice's state, from which those of its
gates follow. So both directions have one meeting a step.

What only these kernels read lies by slices, in *planes* (sequences of a block, units of a slice): one after the other,
where the loops are long and the rows of a matrix would meet in the cache. Forward leaves planes (T, blocks, slices,
kinds, elements) for backward (T = 1 where there will be none); a cell, and what passes a state by, is carried in
planes (blocks, slices, elements).

`steps` (T + 1, 2) has first row and number of rows of every step in the order of computing, a row of zeros after.
`done` (T + 1, blocks), zeros, counts the slices that are finished. Weights are packed in panels: panel g * slices + p
has slice p of gate g (`panels_of`).
"""

from __future__ import annotations

import numpy as np

from ..codegen.gemm import ADD, ZERO, lanes_of, rows_of, size_of
from ..codegen.math import sigmoid, tanh
from ..jit import kernel
from .recurrent_parts import BLOCK, Array, add_bias, finish, gather, hand_on, place, product, scatter

# ---- LSTM ----------------------------------------------------------------------------------------------------------


@kernel
def lstm_steps(
    lo: int, hi: int, panels: Array, gi: Array, h_prev: Array, cell: Array, planes: Array, y: Array, h_last: Array,
    steps: Array, done: Array, idle: int,
) -> None:  # fmt: skip
    """Every step's c, in place, and h = o tanh(c), from the input's part of the gates (rows, 4H).

    The planes are left with the gates i f g o, the c before and tanh(c).
    """
    zero, lowest = gi.dtype.type(0), gi.dtype.type(-np.inf)
    size, width, hidden, terms = size_of(zero), 2 * lanes_of(zero), gi.shape[1] // 4, h_prev.shape[1]
    slices = cell.shape[1]
    h = np.empty(BLOCK * width, gi.dtype)
    tables = np.empty(3 + 2 * rows_of(zero), np.int64)
    for item in range(lo, hi):
        s, block, p = place(item, done, slices, idle)
        r0, col = block * BLOCK, p * width
        first, rows, live = steps[s, 0] + r0, min(BLOCK, steps[s, 1] - r0), min(width, hidden - col)
        if rows > 0:
            own = planes[s % planes.shape[0], block, p]
            for gate in range(4):
                plane = own[gate]
                gather(gi, first, gate * hidden + col, rows, live, plane, 0, zero)
                product(h_prev.ctypes.data + first * terms * size, terms * size, rows, terms,
                        panels.ctypes.data + (gate * slices + p) * terms * width * size, plane.ctypes.data, ADD,
                        tables, lowest)  # fmt: skip
            i, f, g, o, before, t = own[0], own[1], own[2], own[3], own[4], own[5]
            c, n = cell[block, p], np.uint64(rows * width)
            for k in range(n):
                i[k] = sigmoid(i[k])
            for k in range(n):
                f[k] = sigmoid(f[k])
            for k in range(n):
                g[k] = tanh(g[k])
            for k in range(n):
                before[k] = c[k]
                c[k] = f[k] * c[k] + i[k] * g[k]
            for k in range(n):
                t[k] = tanh(c[k])
            for k in range(n):
                o[k] = sigmoid(o[k])
                h[k] = o[k] * t[k]
            scatter(h, 0, rows, live, y, first, col, zero)
            if terms == hidden:
                hand_on(h, rows, live, r0, col, steps[s + 1, 1], steps[s + 1, 0], h_prev, h_last, zero)
        finish(s, block, done)


@kernel
def lstm_back_steps(
    lo: int, hi: int, panels: Array, gy: Array, planes: Array, dgates: Array, dh: Array, dc: Array, dh_first: Array,
    steps: Array, done: Array, idle: int,
) -> None:  # fmt: skip
    """Gradients of the gates' sums (rows, 4H) of every step, last to first; dh and dc those of the last states.

    The planes are forward's, in its order. dc becomes the gradient of the first c; that of the first h goes to
    dh_first (B, R).
    """
    zero, lowest = gy.dtype.type(0), gy.dtype.type(-np.inf)
    one = gy.dtype.type(1)
    size, width, hidden, out = size_of(zero), 2 * lanes_of(zero), gy.shape[1], dh_first.shape[1]
    terms, slices = 4 * hidden, dc.shape[1]
    scratch = np.empty((5, BLOCK * width), gy.dtype)
    d, di, df, dg, do = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
    tables = np.empty(3 + 2 * rows_of(zero), np.int64)
    for item in range(lo, hi):
        s, block, p = place(item, done, slices, idle)
        r0, col = block * BLOCK, p * width
        first, rows, live = steps[s, 0] + r0, max(0, min(BLOCK, steps[s, 1] - r0)), min(width, hidden - col)
        after = 0 if s == 0 else max(0, min(BLOCK, steps[s - 1, 1] - r0))
        if after > 0 and col < out:
            product(dgates.ctypes.data + (steps[s - 1, 0] + r0) * terms * size, terms * size, after, terms,
                    panels.ctypes.data + p * terms * width * size, d.ctypes.data, ZERO, tables, lowest)  # fmt: skip
            ended = min(rows, after)  # of others there is no earlier step
            scatter(d, ended, after - ended, min(width, out - col), dh_first, r0 + ended, col, zero)
        if rows > 0:
            gather(dh, r0 + after, col, rows - after, live, d, after, zero)
            gather(gy, first, col, rows, live, do, 0, zero)
            own = planes[planes.shape[0] - 1 - s, block, p]
            i, f, g, o, before, t = own[0], own[1], own[2], own[3], own[4], own[5]
            c, n = dc[block, p], np.uint64(rows * width)
            for k in range(n):
                d[k] += do[k]
            for k in range(n):
                c[k] += d[k] * (o[k] * (one - t[k] * t[k]))
            for k in range(n):
                do[k] = d[k] * (o[k] * (one - o[k]) * t[k])
            for k in range(n):
                df[k] = c[k] * (f[k] * (one - f[k]) * before[k])
            for k in range(n):
                di[k] = c[k] * (i[k] * (one - i[k]) * g[k])
            for k in range(n):
                dg[k] = c[k] * (i[k] * (one - g[k] * g[k]))
            for k in range(n):
                c[k] *= f[k]
            for gate in range(4):
                scatter(scratch[1 + gate], 0, rows, live, dgates, first, gate * hidden + col, zero)
        finish(s, block, done)


# ---- GRU -----------------------------------------------------------------------------------------------------------


@kernel
def gru_steps(
    lo: int, hi: int, panels: Array, gi: Array, bias: Array, h_prev: Array, planes: Array, y: Array, h_last: Array,
    steps: Array, done: Array, idle: int,
) -> None:  # fmt: skip
    """Every step's h from the input's part of the gates (rows, 3H).

    The planes are left with the gates r z n and the state's part of n.
    """
    zero, lowest = gi.dtype.type(0), gi.dtype.type(-np.inf)
    size, width, hidden = size_of(zero), 2 * lanes_of(zero), h_prev.shape[1]
    slices = planes.shape[2]
    h = np.empty(BLOCK * width, gi.dtype)
    tables = np.empty(3 + 2 * rows_of(zero), np.int64)
    for item in range(lo, hi):
        s, block, p = place(item, done, slices, idle)
        r0, col = block * BLOCK, p * width
        first, rows, live = steps[s, 0] + r0, min(BLOCK, steps[s, 1] - r0), min(width, hidden - col)
        if rows > 0:
            own = planes[s % planes.shape[0], block, p]
            reset, z, new, hn = own[0], own[1], own[2], own[3]
            for gate in range(3):
                plane, start = hn, ZERO
                gather(gi, first, gate * hidden + col, rows, live, own[gate], 0, zero)
                if gate < 2:
                    plane, start = own[gate], ADD
                product(h_prev.ctypes.data + first * hidden * size, hidden * size, rows, hidden,
                        panels.ctypes.data + (gate * slices + p) * hidden * width * size, plane.ctypes.data, start,
                        tables, lowest)  # fmt: skip
                add_bias(plane, rows, live, bias, gate * hidden + col, width)
            gather(h_prev, first, col, rows, live, h, 0, zero)
            n = np.uint64(rows * width)
            for k in range(n):
                reset[k] = sigmoid(reset[k])
            for k in range(n):
                z[k] = sigmoid(z[k])
            for k in range(n):
                new[k] = tanh(new[k] + reset[k] * hn[k])
            for k in range(n):
                h[k] = new[k] + z[k] * (h[k] - new[k])
            scatter(h, 0, rows, live, y, first, col, zero)
            hand_on(h, rows, live, r0, col, steps[s + 1, 1], steps[s + 1, 0], h_prev, h_last, zero)
        finish(s, block, done)


@kernel
def gru_back_steps(
    lo: int, hi: int, panels: Array, gy: Array, planes: Array, h_prev: Array, dstate: Array, dinput: Array,
    dh: Array, steps: Array, done: Array, idle: int,
) -> None:  # fmt: skip
    """Gradients of the state's and of the input's parts of the gates (rows, 3H) of every step, last to first.

    The planes are forward's, in its order. dh (planes), the gradient of the last h, becomes that of the first.
    """
    zero, lowest = gy.dtype.type(0), gy.dtype.type(-np.inf)
    one = gy.dtype.type(1)
    size, width, hidden = size_of(zero), 2 * lanes_of(zero), h_prev.shape[1]
    terms, slices = 3 * hidden, dh.shape[1]
    scratch = np.empty((5, BLOCK * width), gy.dtype)
    dr, dz, dhn, dn, h = scratch[0], scratch[1], scratch[2], scratch[3], scratch[4]
    tables = np.empty(3 + 2 * rows_of(zero), np.int64)
    for item in range(lo, hi):
        s, block, p = place(item, done, slices, idle)
        r0, col = block * BLOCK, p * width
        first, rows, live = steps[s, 0] + r0, max(0, min(BLOCK, steps[s, 1] - r0)), min(width, hidden - col)
        after = 0 if s == 0 else max(0, min(BLOCK, steps[s - 1, 1] - r0))
        d = dh[block, p]
        if after > 0:
            product(dstate.ctypes.data + (steps[s - 1, 0] + r0) * terms * size, terms * size, after, terms,
                    panels.ctypes.data + p * terms * width * size, d.ctypes.data, ADD, tables, lowest)  # fmt: skip
        if rows > 0:
            gather(gy, first, col, rows, live, dn, 0, zero)
            gather(h_prev, first, col, rows, live, h, 0, zero)
            own = planes[planes.shape[0] - 1 - s, block, p]
            reset, z, new, hn, n = own[0], own[1], own[2], own[3], np.uint64(rows * width)
            for k in range(n):
                d[k] += dn[k]
            for k in range(n):
                dz[k] = d[k] * (z[k] * (one - z[k]) * (h[k] - new[k]))
            for k in range(n):
                dn[k] = d[k] * ((one - z[k]) * (one - new[k] * new[k]))
            for k in range(n):
                d[k] *= z[k]
            for k in range(n):
                dr[k] = dn[k] * (reset[k] * (one - reset[k]) * hn[k])
            for k in range(n):
                dhn[k] = dn[k] * reset[k]
            for gate in range(3):
                scatter(scratch[gate], 0, rows, live, dstate, first, gate * hidden + col, zero)
                scatter(scratch[gate if gate < 2 else 3], 0, rows, live, dinput, first, gate * hidden + col, zero)
        finish(s, block, done)


# ---- plain ---------------------------------------------------------------------------------------------------------


@kernel
def rnn_steps(
    lo: int, hi: int, panels: Array, gi: Array, h_prev: Array, y: Array, h_last: Array, relu: bool, steps: Array,
    done: Array, idle: int,
) -> None:  # fmt: skip
    """Write h = tanh(gi + W h), or its ReLU, of every step."""
    zero, lowest = gi.dtype.type(0), gi.dtype.type(-np.inf)
    size, width, hidden = size_of(zero), 2 * lanes_of(zero), h_prev.shape[1]
    slices = (hidden + width - 1) // width
    h = np.empty(BLOCK * width, gi.dtype)
    tables = np.empty(3 + 2 * rows_of(zero), np.int64)
    for item in range(lo, hi):
        s, block, p = place(item, done, slices, idle)
        r0, col = block * BLOCK, p * width
        first, rows, live = steps[s, 0] + r0, min(BLOCK, steps[s, 1] - r0), min(width, hidden - col)
        if rows > 0:
            gather(gi, first, col, rows, live, h, 0, zero)
            product(h_prev.ctypes.data + first * hidden * size, hidden * size, rows, hidden,
                    panels.ctypes.data + p * hidden * width * size, h.ctypes.data, ADD, tables, lowest)  # fmt: skip
            if relu:
                for k in range(np.uint64(rows * width)):
                    h[k] = zero if h[k] < zero else h[k]
            else:
                for k in range(np.uint64(rows * width)):
                    h[k] = tanh(h[k])
            scatter(h, 0, rows, live, y, first, col, zero)
            hand_on(h, rows, live, r0, col, steps[s + 1, 1], steps[s + 1, 0], h_prev, h_last, zero)
        finish(s, block, done)


@kernel
def rnn_back_steps(
    lo: int, hi: int, panels: Array, gy: Array, y: Array, dgates: Array, dh: Array, dh_first: Array, relu: bool,
    steps: Array, done: Array, idle: int,
) -> None:  # fmt: skip
    """Gradients of the sums (rows, H) of every step, last to first, and of the first h; dh is that of the last h."""
    zero, lowest = gy.dtype.type(0), gy.dtype.type(-np.inf)
    one = gy.dtype.type(1)
    size, width, hidden = size_of(zero), 2 * lanes_of(zero), y.shape[1]
    slices = (hidden + width - 1) // width
    scratch = np.empty((3, BLOCK * width), gy.dtype)
    d, h, w = scratch[0], scratch[1], scratch[2]
    tables = np.empty(3 + 2 * rows_of(zero), np.int64)
    for item in range(lo, hi):
        s, block, p = place(item, done, slices, idle)
        r0, col = block * BLOCK, p * width
        first, rows, live = steps[s, 0] + r0, max(0, min(BLOCK, steps[s, 1] - r0)), min(width, hidden - col)
        after = 0 if s == 0 else max(0, min(BLOCK, steps[s - 1, 1] - r0))
        if after > 0:
            product(dgates.ctypes.data + (steps[s - 1, 0] + r0) * hidden * size, hidden * size, after, hidden,
                    panels.ctypes.data + p * hidden * width * size, d.ctypes.data, ZERO, tables, lowest)  # fmt: skip
            ended = min(rows, after)  # of others there is no earlier step
            scatter(d, ended, after - ended, live, dh_first, r0 + ended, col, zero)
        if rows > 0:
            gather(dh, r0 + after, col, rows - after, live, d, after, zero)
            gather(gy, first, col, rows, live, w, 0, zero)
            gather(y, first, col, rows, live, h, 0, zero)
            n = np.uint64(rows * width)
            if relu:
                for k in range(n):
                    d[k] = d[k] + w[k] if h[k] > zero else zero
            else:
                for k in range(n):
                    d[k] = (d[k] + w[k]) * (one - h[k] * h[k])
            scatter(d, 0, rows, live, dgates, first, col, zero)
        finish(s, block, done)
