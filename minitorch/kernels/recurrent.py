"""Recurrent layers over packed rows: one direction of one layer, all time steps, forward and backward.

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

from ..memory import Array
from .gemm import gemm

__all__ = ["gru_backward", "gru_forward", "lstm_backward", "lstm_forward", "rnn_backward", "rnn_forward"]

Sizes = tuple[int, ...]


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


def _sigmoid(a: Array) -> None:
    """Replace values by their logistic function, ``(1 + tanh(a/2)) / 2``: one transcendental, no overflow."""
    a *= 0.5
    np.tanh(a, out=a)
    a *= 0.5
    a += 0.5


def _state_gradients(dgates: Array, h_prev: Array, w: Array, b: Array | None) -> tuple[Array, Array | None]:
    """Return the gradients of the state's weight and bias: one product, one sum over all steps."""
    return _times(dgates.T, h_prev), None if b is None else dgates.sum(0)


# ---- plain ---------------------------------------------------------------------------------------------------------


def rnn_forward(
    gi: Array, w: Array, b: Array | None, h0: Array, relu: bool, sizes: Sizes, reverse: bool
) -> tuple[Array, ...]:
    """Return outputs (rows, H), last state (B, H) and the state before each row, from gates (rows, H)."""
    y, h, wt = np.empty_like(gi, order="C"), h0.copy(), np.ascontiguousarray(w.T)
    h_prev = np.empty_like(y)
    for n, rows in _steps(sizes, reverse):
        h_prev[rows] = h[:n]
        a = _times(h[:n], wt, b)
        a += gi[rows]
        np.maximum(a, 0, out=y[rows]) if relu else np.tanh(a, out=y[rows])
        h[:n] = y[rows]
    return y, h, h_prev


def rnn_backward(
    grads: tuple[Array, Array], w: Array, b: Array | None, saved: Any, relu: bool, sizes: Sizes, reverse: bool
) -> tuple[Array | None, ...]:
    """Return the gradients of the input's gates, weight, bias and first state."""
    y, h_prev = saved
    slope = (y > 0).astype(y.dtype) if relu else 1 - y * y
    gy, dh = grads[0], grads[1].copy()
    dgates = np.empty_like(y)
    for n, rows in _steps(sizes, not reverse):
        np.multiply(dh[:n] + gy[rows], slope[rows], out=dgates[rows])
        dh[:n] = _times(dgates[rows], w)
    return dgates, *_state_gradients(dgates, h_prev, w, b), dh


# ---- LSTM ----------------------------------------------------------------------------------------------------------


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
    h, c, wt = h0.copy(), c0.copy(), np.ascontiguousarray(w.T)
    h_prev, acts = np.empty((total, h0.shape[1]), gi.dtype), np.empty((total, 4, size), gi.dtype)
    c_prev, tanh_c = np.empty((total, size), gi.dtype), np.empty((total, size), gi.dtype)
    y = np.empty((total, h0.shape[1]), gi.dtype)
    for n, rows in _steps(sizes, reverse):
        h_prev[rows], c_prev[rows] = h[:n], c[:n]
        a = acts[rows]
        np.add(_times(h[:n], wt, b), gi[rows], out=a.reshape(n, 4 * size))
        _sigmoid(a[:, :2])
        np.tanh(a[:, 2], out=a[:, 2])
        _sigmoid(a[:, 3])
        c[:n] *= a[:, 1]
        c[:n] += a[:, 0] * a[:, 2]
        np.tanh(c[:n], out=tanh_c[rows])
        out = a[:, 3] * tanh_c[rows]
        y[rows] = out if w_hr is None else _times(out, w_hr.T)
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
    i, f, g, o = (acts[:, k] for k in range(4))
    # how the gates' sums move c (for i, f, g) and h (for o), and how c moves h
    slopes = acts * (1 - acts)
    slopes[:, 2] = i * (1 - g * g)
    slopes[:, 0] *= g
    slopes[:, 1] *= c_prev
    slopes[:, 3] *= tanh_c
    through = o * (1 - tanh_c * tanh_c)
    gy, dh, dc = grads[0], grads[1].copy(), grads[2].copy()
    dgates, dy = np.empty_like(acts), np.empty_like(h_prev)
    for n, rows in _steps(sizes, not reverse):
        np.add(dh[:n], gy[rows], out=dy[rows])
        d = dy[rows] if w_hr is None else _times(dy[rows], w_hr)
        dc[:n] += d * through[rows]
        np.multiply(dc[:n, None], slopes[rows, :3], out=dgates[rows, :3])
        np.multiply(d, slopes[rows, 3], out=dgates[rows, 3])
        dc[:n] *= f[rows]
        dh[:n] = _times(dgates[rows].reshape(n, -1), w)
    flat = dgates.reshape(len(acts), -1)
    projection = None if w_hr is None else _times(dy.T, o * tanh_c)
    return flat, *_state_gradients(flat, h_prev, w, b), dh, dc, projection


# ---- GRU -----------------------------------------------------------------------------------------------------------


def gru_forward(gi: Array, w: Array, b: Array | None, h0: Array, sizes: Sizes, reverse: bool) -> tuple[Array, ...]:
    """Return outputs, last h, and per row: the h before, the gates r z n, the state's part of n."""
    total, size = gi.shape[0], h0.shape[1]
    h, wt, gates = h0.copy(), np.ascontiguousarray(w.T), gi.reshape(total, 3, size)
    y, h_prev, state = (np.empty((total, size), gi.dtype) for _ in range(3))
    acts = np.empty((total, 3, size), gi.dtype)
    for n, rows in _steps(sizes, reverse):
        h_prev[rows] = h[:n]
        a, own = acts[rows], _times(h[:n], wt, b).reshape(n, 3, size)
        state[rows] = own[:, 2]
        np.add(own[:, :2], gates[rows, :2], out=a[:, :2])
        _sigmoid(a[:, :2])
        np.multiply(a[:, 0], own[:, 2], out=a[:, 2])
        a[:, 2] += gates[rows, 2]
        np.tanh(a[:, 2], out=a[:, 2])
        h[:n] -= a[:, 2]  # h = n + z (h - n)
        h[:n] *= a[:, 1]
        h[:n] += a[:, 2]
        y[rows] = h[:n]
    return y, h, h_prev, acts, state


def gru_backward(
    grads: tuple[Array, Array], w: Array, b: Array | None, saved: Any, sizes: Sizes, reverse: bool
) -> tuple[Array | None, ...]:
    """Return the gradients of the input's gates, weight, bias and first state."""
    h_prev, acts, state = saved
    r, z, n_ = (acts[:, k] for k in range(3))
    # every gate's gradient is the state's times a slope
    new = (1 - z) * (1 - n_ * n_)
    slopes = np.stack([new * state * r * (1 - r), (h_prev - n_) * z * (1 - z), new * r], 1)
    gy, dh = grads[0], grads[1].copy()
    dstate, dy = np.empty_like(acts), np.empty_like(h_prev)
    for n, rows in _steps(sizes, not reverse):
        d = np.add(dh[:n], gy[rows], out=dy[rows])
        np.multiply(d[:, None], slopes[rows], out=dstate[rows])
        dh[:n] = _times(dstate[rows].reshape(n, -1), w)
        dh[:n] += d * z[rows]
    flat = dstate.reshape(len(acts), -1)
    of_weights = _state_gradients(flat, h_prev, w, b)
    dinput = dstate.copy()
    np.multiply(dy, new, out=dinput[:, 2])
    return dinput.reshape(len(acts), -1), *of_weights, dh
