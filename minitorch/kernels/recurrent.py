"""Recurrent layers over packed rows: one direction of one layer, all time steps, forward and backward.

Rows stand in time order: the first ``sizes[0]`` belong to step 0, the next ``sizes[1]`` to step 1, ...; the sizes never
grow, so that row ``j`` of every step belongs to sequence ``j``. The input's part of the gates is computed for all rows
beforehand; `recurrent_steps` does all steps in one launch; what the backward needs is laid down for all rows, so that
the gradients of the weights are one product over all steps. A projection of the state makes a launch a step.

After: Elman, Cognitive Science 14 (1990); Hochreiter & Schmidhuber, Neural Computation 9 (1997), with the forget gate
of Gers et al. (2000) and the projection of Sak et al. (arXiv 1402.1128); Cho et al. (arXiv 1406.1078), with the
reset gate after the product, as cuDNN has it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..memory import Array
from . import recurrent_steps as kernels
from .gemm import gemm
from .recurrent_parts import from_planes, panels_of, planes_for, run, to_planes

__all__ = ["gru_backward", "gru_forward", "lstm_backward", "lstm_forward", "rnn_backward", "rnn_forward"]

Sizes = tuple[int, ...]


def _steps(sizes: Sizes, backwards: bool) -> Array:
    """Return first row and number of rows of every step in the order of computing, and a row of zeros."""
    count = np.array(sizes)
    table = np.stack([np.cumsum(count) - count, count], 1)
    return np.concatenate([table[::-1] if backwards else table, np.zeros((1, 2), np.int64)])


def _each(steps: Array) -> Iterator[tuple[int, slice]]:
    """Yield the number of sequences and the rows of every step."""
    for first, n in steps[:-1].tolist():
        yield n, slice(first, first + n)


def _begun(state: Array, steps: Array, rows: int) -> Array:
    """Return memory (rows, H) for the state before each row, filled in for the rows with which a sequence starts."""
    before = np.empty((rows, state.shape[1]), state.dtype)
    known = 0
    for first, n in steps[:-1].tolist():
        if n > known:
            before[first + known : first + n] = state[known:n]
            known = n
        if known == len(state):
            break
    return before


def _times(a: Array, b: Array) -> Array:
    out = np.empty((a.shape[0], b.shape[1]), a.dtype)
    gemm(a, b, out)
    return out


def _sums(gi: Array, b: Array | None) -> Array:
    return np.ascontiguousarray(gi) if b is None else gi + b


def _state_gradients(dgates: Array, h_prev: Array, b: Array | None) -> tuple[Array, Array | None]:
    """Return the gradients of the state's weight and bias: one product, one sum over all steps."""
    return _times(dgates.T, h_prev), None if b is None else dgates.sum(0)


def _work(terms: int, gates: int, size: int, transcendentals: int) -> int:
    """Return the work of a row of a step."""
    return size * (gates * terms // 4 + 10 * transcendentals)


# ---- plain ---------------------------------------------------------------------------------------------------------


def rnn_forward(
    gi: Array, w: Array, b: Array | None, h0: Array, relu: bool, sizes: Sizes, reverse: bool
) -> tuple[Array, ...]:
    """Return outputs (rows, H), last state (B, H) and the state before each row, from gates (rows, H)."""
    gi, steps, size = _sums(gi, b), _steps(sizes, reverse), h0.shape[1]
    h_prev, y, h = _begun(h0, steps, len(gi)), np.empty_like(gi), np.empty_like(h0, order="C")
    run(kernels.rnn_steps, steps[:-1], steps, size, _work(size, 1, size, 2), panels_of(w.T), gi, h_prev, y, h, relu)
    return y, h, h_prev


def rnn_backward(
    grads: tuple[Array, Array], w: Array, b: Array | None, saved: Any, relu: bool, sizes: Sizes, reverse: bool
) -> tuple[Array | None, ...]:
    """Return the gradients of the input's gates, weight, bias and first state."""
    y, h_prev = saved
    (gy, dh), steps, size = map(np.ascontiguousarray, grads), _steps(sizes, not reverse), y.shape[1]
    dgates, dh_first = np.empty_like(y), np.empty_like(dh)
    arrays = panels_of(w), gy, y, dgates, dh, dh_first
    run(kernels.rnn_back_steps, steps, steps, size, _work(size, 1, size, 1), *arrays, relu)
    return dgates, *_state_gradients(dgates, h_prev, b), dh_first


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
    keep: bool = True,
) -> tuple[Array, ...]:
    """Return outputs, last h and c, the h before each row, and planes for the backward (if these are to be kept)."""
    gi, steps, size = _sums(gi, b), _steps(sizes, reverse), c0.shape[1]
    panels, work = panels_of(w.T, 4), _work(h0.shape[1], 4, size, 8)
    cell, planes, out = to_planes(c0), planes_for(c0, len(sizes) if keep else 1, 6), np.empty((len(gi), size), gi.dtype)
    if w_hr is None:
        h_prev, h = _begun(h0, steps, len(gi)), np.empty_like(c0, order="C")
        run(kernels.lstm_steps, steps[:-1], steps, size, work, panels, gi, h_prev, cell, planes, out, h)
        return out, h, from_planes(cell, c0.shape), h_prev, planes
    y, h = np.empty((len(gi), h0.shape[1]), gi.dtype), np.array(h0, order="C")
    h_prev = np.empty_like(y)
    for s, (n, rows) in enumerate(_each(steps)):
        h_prev[rows] = h[:n]
        single = _steps((n,), False)
        own = panels, gi[rows], h_prev[rows], cell, planes[s % len(planes) :][:1], out[rows], out[rows]
        run(kernels.lstm_steps, single[:-1], single, size, work, *own)
        h[:n] = y[rows] = _times(out[rows], w_hr.T)
    return y, h, from_planes(cell, c0.shape), h_prev, planes


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
    h_prev, planes = saved
    panels, steps, size = panels_of(w), _steps(sizes, not reverse), grads[2].shape[1]
    work = _work(4 * size, 1, h_prev.shape[1], 3)
    gy, dh, dc = np.ascontiguousarray(grads[0]), np.array(grads[1], order="C"), to_planes(grads[2])
    dgates = np.empty((len(gy), 4 * size), gy.dtype)
    if w_hr is None:
        dh_first = np.empty_like(dh)
        run(kernels.lstm_back_steps, steps, steps, size, work, panels, gy, planes, dgates, dh, dc, dh_first)
        cell = from_planes(dc, grads[2].shape)
        return dgates, *_state_gradients(dgates, h_prev, b), dh_first, cell, None
    dy, nothing, projection = np.empty_like(h_prev), np.zeros((len(dh), size), gy.dtype), np.zeros_like(w_hr)
    for s, (n, rows) in enumerate(_each(steps)):
        np.add(dh[:n], gy[rows], out=dy[rows])
        single, own = _steps((n,), False), planes[len(sizes) - 1 - s :][:1]
        projection += _times(dy[rows].T, from_planes(own[0, :, :, 3] * own[0, :, :, 5], (n, size)))
        arrays = panels, _times(dy[rows], w_hr), own, dgates[rows], nothing, dc, dh
        run(kernels.lstm_back_steps, single, single, size, work, *arrays)
    cell = from_planes(dc, grads[2].shape)
    return dgates, *_state_gradients(dgates, h_prev, b), dh, cell, projection


# ---- GRU -----------------------------------------------------------------------------------------------------------


def gru_forward(
    gi: Array, w: Array, b: Array | None, h0: Array, sizes: Sizes, reverse: bool, keep: bool = True
) -> tuple[Array, ...]:
    """Return outputs, last h, the h before each row, and planes for the backward (if these are to be kept)."""
    gi, steps, size = np.ascontiguousarray(gi), _steps(sizes, reverse), h0.shape[1]
    h_prev, h = _begun(h0, steps, len(gi)), np.empty_like(h0, order="C")
    planes = planes_for(h0, len(sizes) if keep else 1, 4)
    y, bias = np.empty_like(h_prev), np.zeros(3 * size, gi.dtype) if b is None else np.ascontiguousarray(b)
    arrays = panels_of(w.T, 3), gi, bias, h_prev, planes, y, h
    run(kernels.gru_steps, steps[:-1], steps, size, _work(size, 3, size, 6), *arrays)
    return y, h, h_prev, planes


def gru_backward(
    grads: tuple[Array, Array], w: Array, b: Array | None, saved: Any, sizes: Sizes, reverse: bool
) -> tuple[Array | None, ...]:
    """Return the gradients of the input's gates, weight, bias and first state."""
    h_prev, planes = saved
    steps, size = _steps(sizes, not reverse), h_prev.shape[1]
    gy, dh = np.ascontiguousarray(grads[0]), to_planes(grads[1])
    dstate, dinput = np.empty((2, len(gy), 3 * size), gy.dtype)
    arrays = panels_of(w), gy, planes, h_prev, dstate, dinput, dh
    run(kernels.gru_back_steps, steps, steps, size, _work(3 * size, 1, size, 3), *arrays)
    first = from_planes(dh, grads[1].shape)
    return dinput, *_state_gradients(dstate, h_prev, b), first
