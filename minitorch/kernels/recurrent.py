"""Recurrent layers over packed rows: one direction of one layer, all time steps, forward and backward.

The state's weights are packed once for all steps, and what a step does besides its product is one kernel over rows,
in short loops over few arrays: of many LLVM does not check the overlaps, and would not vectorise.

Rows stand in time order: the first ``sizes[0]`` belong to step 0, the next ``sizes[1]`` to step 1, ...; the sizes never
grow, so that row ``j`` of every step belongs to sequence ``j``. The input's part of the gates is computed for all rows
beforehand; here a step adds the state's part, and what the backward needs is laid down for all rows, so that the
gradients of the weights are one product over all steps.

After: Elman, Cognitive Science 14 (1990); Hochreiter & Schmidhuber, Neural Computation 9 (1997), with the forget gate
of Gers et al. (2000) and the projection of Sak et al. (arXiv 1402.1128); Cho et al. (arXiv 1406.1078), with the
reset gate after the product, as cuDNN has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..codegen.math import const, sigmoid, tanh
from ..jit import kernel
from ..memory import Array
from .gemm import gemm
from .packed import Packed

__all__ = ["gru_backward", "gru_forward", "lstm_backward", "lstm_forward", "rnn_backward", "rnn_forward"]

Sizes = tuple[int, ...]
TWO, THREE, FOUR = np.uint64(2), np.uint64(3), np.uint64(4)  # an index that could be negative would not vectorise


def _steps(sizes: Sizes, backwards: bool) -> Iterator[tuple[int, slice]]:
    """Yield the number of sequences and the rows of every step."""
    starts = np.concatenate([[0], np.cumsum(sizes)]).tolist()
    order = range(len(sizes) - 1, -1, -1) if backwards else range(len(sizes))
    for t in order:
        yield sizes[t], slice(starts[t], starts[t + 1])


def _times(a: Array, b: Array, bias: Array | None = None) -> Array:
    out = np.empty((a.shape[0], b.shape[1]), a.dtype)
    gemm(a, b, out, bias)
    return out


def _zeros_for(b: Array | None, size: int, like: Array) -> Array:
    return np.zeros(size, like.dtype) if b is None else np.ascontiguousarray(b)


def _state_gradients(dgates: Array, h_prev: Array, w: Array, b: Array | None) -> tuple[Array, Array | None]:
    """Return the gradients of the state's weight and bias: one product, one sum over all steps."""
    return _times(dgates.T, h_prev), None if b is None else dgates.sum(0)


# ---- plain ---------------------------------------------------------------------------------------------------------


def rnn_forward(
    gi: Array, w: Array, b: Array | None, h0: Array, relu: bool, sizes: Sizes, reverse: bool
) -> tuple[Array, ...]:
    """Return outputs (rows, H), last state (B, H) and the state before each row, from gates (rows, H)."""
    y, h, weights = np.array(gi, order="C"), np.array(h0, order="C"), Packed(w.T)
    h_prev = np.empty_like(y)
    if b is not None:
        y += b
    for n, rows in _steps(sizes, reverse):
        h_prev[rows] = h[:n]
        a = y[rows]
        weights.times(h[:n], a, accumulate=True)
        np.maximum(a, 0, out=a) if relu else np.tanh(a, out=a)
        h[:n] = a
    return y, h, h_prev


def rnn_backward(
    grads: tuple[Array, Array], w: Array, b: Array | None, saved: Any, relu: bool, sizes: Sizes, reverse: bool
) -> tuple[Array | None, ...]:
    """Return the gradients of the input's gates, weight, bias and first state."""
    y, h_prev = saved
    slope = (y > 0).astype(y.dtype) if relu else 1 - y * y
    gy, dh, weights = grads[0], np.array(grads[1], order="C"), Packed(w)
    dgates = np.empty_like(y)
    for n, rows in _steps(sizes, not reverse):
        np.multiply(dh[:n] + gy[rows], slope[rows], out=dgates[rows])
        weights.times(dgates[rows], dh[:n])
    return dgates, *_state_gradients(dgates, h_prev, w, b), dh


# ---- LSTM ----------------------------------------------------------------------------------------------------------


@kernel
def lstm_step(
    lo: int, hi: int, gi: Array, gh: Array, c: Array, acts: Array, c_prev: Array, tanh_c: Array, out: Array
) -> None:
    """Gates i f g o from the sums gi + gh (B, 4H), the new c in place, and out = o tanh(c); items are rows."""
    size = np.uint64(c.shape[1])
    for r in range(lo, hi):
        for k in range(TWO * size):
            acts[r, k] = sigmoid(gi[r, k] + gh[r, k])
        for k in range(TWO * size, THREE * size):
            acts[r, k] = tanh(gi[r, k] + gh[r, k])
        for k in range(THREE * size, FOUR * size):
            acts[r, k] = sigmoid(gi[r, k] + gh[r, k])
        for k in range(size):
            before = c[r, k]
            c_prev[r, k] = before
            c[r, k] = acts[r, size + k] * before + acts[r, k] * acts[r, TWO * size + k]
        for k in range(size):
            t = tanh(c[r, k])
            tanh_c[r, k] = t
            out[r, k] = acts[r, THREE * size + k] * t


@kernel
def lstm_back_step(
    lo: int, hi: int, d: Array, dc: Array, acts: Array, c_prev: Array, tanh_c: Array, dgates: Array
) -> None:
    """Gradients of the gates' sums (B, 4H) from that of o tanh(c), `d`; dc in place; items are rows."""
    size = np.uint64(d.shape[1])
    one = const(d[0, 0], "1")
    for r in range(lo, hi):
        for k in range(size):
            o, t = acts[r, THREE * size + k], tanh_c[r, k]
            dc[r, k] += d[r, k] * (o * (one - t * t))
        for k in range(size):
            o = acts[r, THREE * size + k]
            dgates[r, THREE * size + k] = d[r, k] * (o * (one - o) * tanh_c[r, k])
        for k in range(size):
            f = acts[r, size + k]
            dgates[r, size + k] = dc[r, k] * (f * (one - f) * c_prev[r, k])
        for k in range(size):
            i, g = acts[r, k], acts[r, TWO * size + k]
            dgates[r, k] = dc[r, k] * (i * (one - i) * g)
            dgates[r, TWO * size + k] = dc[r, k] * (i * (one - g * g))
        for k in range(size):
            dc[r, k] *= acts[r, size + k]


def lstm_forward(
    gi: Array,
    w: Array,
    b: Array | None,
    h0: Array,
    c0: Array,
    w_hr: Array | None,
    sizes: Sizes,
    reverse: bool,
) -> tuple[Array, ...]:
    """Return outputs, last h and c, and per row: the h before, the gates i f g o, the c before, tanh(c)."""
    total, size = gi.shape[0], c0.shape[1]
    gi, h, c = np.ascontiguousarray(gi), np.array(h0, order="C"), np.array(c0, order="C")
    weights, bias, gh = Packed(w.T), _zeros_for(b, 4 * size, gi), np.empty((len(c), 4 * size), gi.dtype)
    h_prev, acts = np.empty((total, h.shape[1]), gi.dtype), np.empty((total, 4 * size), gi.dtype)
    c_prev, tanh_c = np.empty((total, size), gi.dtype), np.empty((total, size), gi.dtype)
    y = np.empty((total, h.shape[1]), gi.dtype)
    out = y if w_hr is None else np.empty((total, size), gi.dtype)
    for n, rows in _steps(sizes, reverse):
        h_prev[rows] = h[:n]
        weights.times(h[:n], gh[:n], bias)
        lstm_step(n, 130 * n * size, gi[rows], gh, c, acts[rows], c_prev[rows], tanh_c[rows], out[rows])
        if w_hr is not None:
            y[rows] = _times(out[rows], w_hr.T)
        h[:n] = y[rows]
    return y, h, c, h_prev, acts, c_prev, tanh_c


def lstm_backward(
    grads: tuple[Array, Array, Array],
    w: Array,
    b: Array | None,
    w_hr: Array | None,
    saved: Any,
    sizes: Sizes,
    reverse: bool,
) -> tuple[Array | None, ...]:
    """Return the gradients of the input's gates, weight, bias, first h, first c and projection."""
    h_prev, acts, c_prev, tanh_c = saved
    size, weights = tanh_c.shape[1], Packed(w)
    gy, dh, dc = grads[0], np.array(grads[1], order="C"), np.array(grads[2], order="C")
    dgates, dy = np.empty_like(acts), np.empty_like(h_prev)
    for n, rows in _steps(sizes, not reverse):
        d = np.add(dh[:n], gy[rows], out=dy[rows])
        d = d if w_hr is None else _times(d, w_hr)
        lstm_back_step(n, 130 * n * size, d, dc, acts[rows], c_prev[rows], tanh_c[rows], dgates[rows])
        weights.times(dgates[rows], dh[:n])
    projection = None if w_hr is None else _times(dy.T, acts[:, 3 * size :] * tanh_c)
    return dgates, *_state_gradients(dgates, h_prev, w, b), dh, dc, projection


# ---- GRU -----------------------------------------------------------------------------------------------------------


@kernel
def gru_step(lo: int, hi: int, gi: Array, gh: Array, h: Array, acts: Array, state: Array, y: Array) -> None:
    """Gates r z n from the input's and the state's parts (B, 3H), the new h in place and in y; items are rows."""
    size = np.uint64(h.shape[1])
    for r in range(lo, hi):
        for k in range(TWO * size):
            acts[r, k] = sigmoid(gi[r, k] + gh[r, k])
        for k in range(size):
            state[r, k] = gh[r, TWO * size + k]
        for k in range(size):
            acts[r, TWO * size + k] = tanh(gi[r, TWO * size + k] + acts[r, k] * state[r, k])
        for k in range(size):
            new = acts[r, TWO * size + k]
            h[r, k] = new + acts[r, size + k] * (h[r, k] - new)
            y[r, k] = h[r, k]


@kernel
def gru_back_step(
    lo: int, hi: int, d: Array, acts: Array, state: Array, h_prev: Array, dstate: Array, dnew: Array, dh: Array
) -> None:
    """Gradients of the state's sums (B, 3H) and of the input's part of n from that of h; items are rows.

    What passes h by, d z, goes to dh.
    """
    size = np.uint64(d.shape[1])
    one = const(d[0, 0], "1")
    for r in range(lo, hi):
        for k in range(size):
            new = acts[r, TWO * size + k]
            dnew[r, k] = d[r, k] * ((one - acts[r, size + k]) * (one - new * new))
        for k in range(size):
            reset = acts[r, k]
            dstate[r, TWO * size + k] = dnew[r, k] * reset
            dstate[r, k] = dnew[r, k] * (reset * (one - reset) * state[r, k])
        for k in range(size):
            z = acts[r, size + k]
            dstate[r, size + k] = d[r, k] * (z * (one - z) * (h_prev[r, k] - acts[r, TWO * size + k]))
        for k in range(size):
            dh[r, k] = d[r, k] * acts[r, size + k]


def gru_forward(gi: Array, w: Array, b: Array | None, h0: Array, sizes: Sizes, reverse: bool) -> tuple[Array, ...]:
    """Return outputs, last h, and per row: the h before, the gates r z n, the state's part of n."""
    total, size = gi.shape[0], h0.shape[1]
    gi, h = np.ascontiguousarray(gi), np.array(h0, order="C")
    weights, bias, gh = Packed(w.T), _zeros_for(b, 3 * size, gi), np.empty((len(h), 3 * size), gi.dtype)
    y, h_prev, state = (np.empty((total, size), gi.dtype) for _ in range(3))
    acts = np.empty((total, 3 * size), gi.dtype)
    for n, rows in _steps(sizes, reverse):
        h_prev[rows] = h[:n]
        weights.times(h[:n], gh[:n], bias)
        gru_step(n, 100 * n * size, gi[rows], gh, h, acts[rows], state[rows], y[rows])
    return y, h, h_prev, acts, state


def gru_backward(
    grads: tuple[Array, Array], w: Array, b: Array | None, saved: Any, sizes: Sizes, reverse: bool
) -> tuple[Array | None, ...]:
    """Return the gradients of the input's gates, weight, bias and first state."""
    h_prev, acts, state = saved
    size, weights = state.shape[1], Packed(w)
    gy, dh = grads[0], np.array(grads[1], order="C")
    dstate, dnew, dy = np.empty_like(acts), np.empty_like(h_prev), np.empty_like(h_prev)
    for n, rows in _steps(sizes, not reverse):
        d = np.add(dh[:n], gy[rows], out=dy[rows])
        gru_back_step(n, 100 * n * size, d, acts[rows], state[rows], h_prev[rows], dstate[rows], dnew[rows], dh)
        weights.times(dstate[rows], dh[:n], accumulate=True)
    dinput = dstate.copy()
    dinput[:, 2 * size :] = dnew
    return dinput, *_state_gradients(dstate, h_prev, w, b), dh
