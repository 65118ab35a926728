"""Recurrent kernels against plain NumPy in float64, one step at a time; any number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from minitorch.jit import get_num_threads, set_num_threads
from minitorch.kernels import recurrent as rk

Array = Any
# (rows of each step, hidden size): parts of slices and tiles, whole slices, several blocks of sequences
SIZES = [((3, 3, 2), 4), ((40, 40, 33, 9, 1), 64), ((100, 97, 5), 21)]


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = get_num_threads()
    yield
    set_num_threads(before)


def sigmoid(a: Array) -> Array:
    return 1 / (1 + np.exp(-a))


def rows_of(sizes: tuple[int, ...]) -> list[slice]:
    ends = np.cumsum(sizes).tolist()
    return [slice(end - n, end) for end, n in zip(ends, sizes)]


def lstm_run(gi: Array, w: Array, b: Array, h: Array, c: Array, w_hr: Array, sizes: Any, reverse: bool) -> Array:
    """Outputs, last h and c, one after the other in a vector, so that differences give gradients."""
    h, c, outputs = h.copy(), c.copy(), {}
    for rows in reversed(rows_of(sizes)) if reverse else rows_of(sizes):
        n = rows.stop - rows.start
        i, f, g, o = np.split(gi[rows] + h[:n] @ w.T + b, 4, axis=1)
        c[:n] = sigmoid(f) * c[:n] + sigmoid(i) * np.tanh(g)
        new = sigmoid(o) * np.tanh(c[:n])
        h[:n] = new if w_hr is None else new @ w_hr.T
        outputs[rows.start] = h[:n].copy()
    return np.concatenate([*(outputs[k].ravel() for k in sorted(outputs)), h.ravel(), c.ravel()])


def gru_run(gi: Array, w: Array, b: Array, h: Array, sizes: Any, reverse: bool) -> Array:
    h, outputs = h.copy(), {}
    for rows in reversed(rows_of(sizes)) if reverse else rows_of(sizes):
        n = rows.stop - rows.start
        (r, z, a), (hr, hz, ha) = np.split(gi[rows], 3, axis=1), np.split(h[:n] @ w.T + b, 3, axis=1)
        new, keep = np.tanh(a + sigmoid(r + hr) * ha), sigmoid(z + hz)
        h[:n] = new + keep * (h[:n] - new)
        outputs[rows.start] = h[:n].copy()
    return np.concatenate([*(outputs[k].ravel() for k in sorted(outputs)), h.ravel()])


def rnn_run(gi: Array, w: Array, b: Array, h: Array, relu: bool, sizes: Any, reverse: bool) -> Array:
    h, outputs = h.copy(), {}
    for rows in reversed(rows_of(sizes)) if reverse else rows_of(sizes):
        n = rows.stop - rows.start
        a = gi[rows] + h[:n] @ w.T + b
        h[:n] = np.maximum(a, 0) if relu else np.tanh(a)
        outputs[rows.start] = h[:n].copy()
    return np.concatenate([*(outputs[k].ravel() for k in sorted(outputs)), h.ravel()])


def operands(gates: int, sizes: Any, size: int, out: int, dtype: Any) -> tuple[Array, ...]:
    rng = np.random.default_rng(size)
    shapes = [(sum(sizes), gates * size), (gates * size, out), (gates * size,), (sizes[0], out)]
    return tuple((rng.normal(size=s) / (1 if s[-1] != out else out**0.5)).astype(dtype) for s in shapes)


def slope(run: Any, arrays: tuple[Array, ...], way: list[Array], seed: Array) -> float:
    """Derivative of seed . run(arrays) along `way`, by central differences."""
    far = [run(*(a + sign * 1e-5 * d for a, d in zip(arrays, way))) @ seed for sign in (1, -1)]
    return float(far[0] - far[1]) / 2e-5


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("projected", [False, True])
@pytest.mark.parametrize("sizes, size", SIZES)
def test_lstm_and_its_gradients(sizes: Any, size: int, projected: bool, reverse: bool) -> None:
    out = size // 2 if projected else size
    gi, w, b, h = operands(4, sizes, size, out, np.float64)
    rng = np.random.default_rng(1)
    c, w_hr = rng.normal(size=(sizes[0], size)), rng.normal(size=(out, size)) / 8 if projected else None
    y, last, cell, *saved = rk.lstm_forward(gi, w, b, h, c, w_hr, sizes, reverse)
    found = np.concatenate([y.ravel(), last.ravel(), cell.ravel()])
    np.testing.assert_allclose(found, lstm_run(gi, w, b, h, c, w_hr, sizes, reverse), rtol=1e-11, atol=1e-12)
    seed = rng.normal(size=found.size)
    grads = np.split(seed, [y.size, y.size + last.size])
    shaped = tuple(g.reshape(a.shape) for g, a in zip(grads, (y, last, cell)))
    dgi, dw, db, dh, dc, dp = rk.lstm_backward(shaped, w, b, w_hr, saved, sizes, reverse)  # type: ignore[arg-type]
    arrays: Any = (gi, w, b, h, c) + ((w_hr,) if projected else ())
    way = [rng.normal(size=a.shape) for a in arrays]
    along = sum(float((d * v).sum()) for d, v in zip((dgi, dw, db, dh, dc, dp), way))

    def run(*values: Any) -> Array:
        gi, w, b, h, c, *rest = values
        return lstm_run(gi, w, b, h, c, rest[0] if projected else None, sizes, reverse)

    assert along == pytest.approx(slope(run, arrays, way, seed), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("sizes, size", SIZES)
def test_gru_and_its_gradients(sizes: Any, size: int, reverse: bool) -> None:
    arrays: Any = operands(3, sizes, size, size, np.float64)
    gi, w, b, h = arrays
    y, last, *saved = rk.gru_forward(gi, w, b, h, sizes, reverse)
    found = np.concatenate([y.ravel(), last.ravel()])
    np.testing.assert_allclose(found, gru_run(gi, w, b, h, sizes, reverse), rtol=1e-11, atol=1e-12)
    rng = np.random.default_rng(1)
    seed = rng.normal(size=found.size)
    grads = (seed[: y.size].reshape(y.shape), seed[y.size :].reshape(last.shape))
    got = rk.gru_backward(grads, arrays[1], arrays[2], saved, sizes, reverse)
    way = [rng.normal(size=a.shape) for a in arrays]
    along = sum(float((d * v).sum()) for d, v in zip(got, way))
    assert along == pytest.approx(
        slope(lambda gi, w, b, h: gru_run(gi, w, b, h, sizes, reverse), arrays, way, seed), rel=1e-6, abs=1e-6
    )


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("relu", [False, True])
@pytest.mark.parametrize("sizes, size", SIZES)
def test_plain_recurrence_and_its_gradients(sizes: Any, size: int, relu: bool, reverse: bool) -> None:
    arrays: Any = operands(1, sizes, size, size, np.float64)
    if relu:  # away from the kink: half of the units are on, half off
        arrays[1][:] /= 10
        arrays[2][:] = np.where(np.arange(size) % 2, 30, -30)
    y, last, h_prev = rk.rnn_forward(*arrays, relu, sizes, reverse)
    found = np.concatenate([y.ravel(), last.ravel()])
    np.testing.assert_allclose(found, rnn_run(*arrays, relu, sizes, reverse), rtol=1e-11, atol=1e-12)
    rng = np.random.default_rng(1)
    seed = rng.normal(size=found.size)
    grads = (seed[: y.size].reshape(y.shape), seed[y.size :].reshape(last.shape))
    got = rk.rnn_backward(grads, arrays[1], arrays[2], (y, h_prev), relu, sizes, reverse)
    way = [rng.normal(size=a.shape) for a in arrays]
    along = sum(float((d * v).sum()) for d, v in zip(got, way))
    want = slope(lambda *a: rnn_run(*a, relu, sizes, reverse), arrays, way, seed)
    assert along == pytest.approx(want, rel=1e-6, abs=1e-6)


def test_a_forward_pass_that_keeps_nothing_gives_the_same_values() -> None:
    sizes, size = (40, 40, 33), 64
    gi, w, b, h = operands(4, sizes, size, size, np.float64)
    kept = rk.lstm_forward(gi, w, b, h, h, None, sizes, False)
    for a, c in zip(kept[:3], rk.lstm_forward(gi, w, b, h, h, None, sizes, False, keep=False)[:3]):
        np.testing.assert_array_equal(a, c)


def test_the_number_of_threads_does_not_change_a_bit() -> None:
    sizes, size = (40, 40, 33), 256
    gi, w, b, h = operands(4, sizes, size, size, np.float32)
    results = []
    for threads in (1, 2, 3, 5):
        set_num_threads(threads)
        y, last, cell, *saved = rk.lstm_forward(gi, w, b, h, h, None, sizes, False)
        back = rk.lstm_backward((y, last, cell), w, b, None, saved, sizes, False)
        gru = rk.gru_forward(gi[:, : 3 * size], w[: 3 * size], b[: 3 * size], h, sizes, False)
        back += rk.gru_backward(gru[:2], w[: 3 * size], b, gru[2:], sizes, False)  # type: ignore[arg-type]
        plain = rk.rnn_forward(gi[:, :size], w[:size], b[:size], h, False, sizes, True)
        back += rk.rnn_backward(plain[:2], w[:size], b, (plain[0], plain[2]), False, sizes, True)
        results.append([a.tobytes() for a in (y, last, cell, *back, *gru[:2], *plain) if a is not None])
    assert all(r == results[0] for r in results)
