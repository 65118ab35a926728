"""Softmax kernels against float64 NumPy, in rows and along other axes, and any number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch.jit import get_num_threads, set_num_threads
from minitorch.kernels import softmax as sm

Array = Any
DTYPES = st.sampled_from([np.float32, np.float64])


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = get_num_threads()
    yield
    set_num_threads(before)


def reference(x: Array, axis: int, logs: bool) -> Array:
    wide = x.astype(np.float64)
    wide = wide - wide.max(axis, keepdims=True)
    return (
        wide - np.log(np.exp(wide).sum(axis, keepdims=True))
        if logs
        else np.exp(wide) / np.exp(wide).sum(axis, keepdims=True)
    )


def close(got: Array, want: Array, dtype: Any, scale: float = 1.0) -> None:
    assert got.dtype == dtype and got.shape == want.shape
    limit = scale * (1e-6 if dtype == np.float32 else 2e-15)
    np.testing.assert_allclose(got, want, rtol=limit, atol=limit)


@given(st.integers(1, 5), st.integers(1, 140), st.integers(1, 140), st.integers(0, 2), DTYPES, st.booleans())
def test_softmax_and_its_gradient_agree_with_float64(
    outer: int, n: int, inner: int, axis: int, dtype: Any, logs: bool
) -> None:
    rng = np.random.default_rng(n)
    x = rng.normal(0, 4, (outer, n, inner)).astype(dtype)
    y, want = sm.softmax_forward(x, axis, logs), reference(x, axis, logs)
    close(y, want, dtype, 10)
    gy = rng.normal(size=x.shape).astype(dtype)
    g = gy.astype(np.float64)
    if logs:
        back = g - np.exp(want) * g.sum(axis, keepdims=True)
    else:
        back = (g - (g * want).sum(axis, keepdims=True)) * want
    close(sm.softmax_backward(gy, y, axis, logs), back, dtype, 30)


@given(st.integers(1, 30), st.integers(1, 200), DTYPES, st.booleans())
def test_cross_entropy_is_minus_the_log_of_softmax_at_the_target(rows: int, n: int, dtype: Any, weighted: bool) -> None:
    rng = np.random.default_rng(rows)
    x = rng.normal(0, 5, (rows, n)).astype(dtype)
    target = rng.integers(-1, n, rows)
    weight = rng.uniform(0.5, 2, n).astype(dtype) if weighted else None
    loss, lse = sm.cross_entropy_forward(x, target, weight)
    w = np.where(target < 0, 0, 1.0 if weight is None else weight[target].astype(float))
    want = -w * reference(x, 1, True)[np.arange(rows), target]
    close(loss, want, dtype, 20)
    g = rng.normal(size=rows).astype(dtype)
    onehot = np.eye(n)[target]
    back = (g * w)[:, None] * (reference(x, 1, False) - onehot)
    close(sm.cross_entropy_backward(g, x, target, weight, lse), back, dtype, 20)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("logs", [False, True])
@pytest.mark.parametrize("axis", [0, 1])
def test_infinities_and_nan_give_what_the_formula_gives(dtype: Any, logs: bool, axis: int) -> None:
    inf = np.inf
    x = np.array([[0, -inf, 1], [-inf] * 3, [inf, 0, 0], [np.nan, 0, 0], [1e30, 0, -1e30], [-inf, 5, -inf]], dtype)
    x = x if axis else np.ascontiguousarray(x.T)
    with np.errstate(invalid="ignore", divide="ignore"):
        want = reference(x, axis, logs)
    np.testing.assert_allclose(sm.softmax_forward(x, axis, logs), want, rtol=1e-5)


@pytest.mark.parametrize("shape, axis", [((0, 3), 1), ((3, 0), 1), ((3, 0), 0), ((2, 0, 4), 2)])
def test_empty_arrays_have_empty_results(shape: Any, axis: int) -> None:
    x = np.zeros(shape, np.float32)
    y = sm.softmax_forward(x, axis)
    assert y.shape == shape and sm.softmax_backward(x, y, axis).shape == shape
    loss, lse = sm.cross_entropy_forward(np.zeros((0, 3)), np.zeros(0, int))
    assert loss.shape == lse.shape == (0,)


def test_the_number_of_threads_does_not_change_a_bit() -> None:
    rng = np.random.default_rng(0)
    x, gy = rng.normal(size=(2, 301, 1003)).astype(np.float32)
    target = rng.integers(0, 1003, 301)
    results = []
    for threads in (1, 2, 3, 5):
        set_num_threads(threads)
        found: list[Array] = []
        for axis in (0, 1):
            for logs in (False, True):
                y = sm.softmax_forward(x, axis, logs)
                found += [y, sm.softmax_backward(gy, y, axis, logs)]
        loss, lse = sm.cross_entropy_forward(x, target)
        results.append([*found, loss, lse, sm.cross_entropy_backward(loss, x, target, None, lse)])
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)


DIMS = [(0,), (1,), (2,), (0, 1), (1, 2), (0, 2), (0, 1, 2)]


@given(st.integers(1, 5), st.integers(1, 300), st.integers(1, 5), st.sampled_from(DIMS), DTYPES)
def test_logsumexp_and_its_gradient_agree_with_float64(outer: int, n: int, inner: int, dims: Any, dtype: Any) -> None:
    rng = np.random.default_rng(n)
    x = rng.normal(0, 4, (outer, n, inner)).astype(dtype)
    wide = x.astype(np.float64)
    want = np.log(np.exp(wide).sum(dims, keepdims=True))
    got = sm.logsumexp_forward(x, dims)
    close(got, want, dtype, 10)
    g = rng.normal(size=want.shape).astype(dtype)
    close(sm.logsumexp_backward(g, x, got, dims), g * np.exp(wide - want), dtype, 30)


@pytest.mark.parametrize("axis", [0, 1])
def test_logsumexp_of_infinities_and_nan(axis: int) -> None:
    inf, nan = np.inf, np.nan
    rows = np.array([[-inf, -inf], [inf, 1], [-inf, 3], [inf, -inf], [nan, 1], [200, 200]], np.float32)
    x = rows if axis else rows.T
    y = sm.logsumexp_forward(x, (axis,))
    np.testing.assert_allclose(y.ravel(), [-inf, inf, 3, inf, nan, 200 + np.log(2)], rtol=1e-6)
    g = sm.logsumexp_backward(np.ones_like(y), x, y, (axis,))
    np.testing.assert_allclose(
        g if axis else g.T, [[0, 0], [inf, np.e], [0, 1], [inf, 0], [nan, nan], [0.5, 0.5]], rtol=1e-5
    )


def test_the_number_of_threads_does_not_change_a_bit_of_logsumexp() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(301, 1003)).astype(np.float32)
    results = []
    for threads in (1, 2, 3, 5):
        set_num_threads(threads)
        found = []
        for dims in ((0,), (1,), (0, 1)):
            y = sm.logsumexp_forward(x, dims)
            found += [y.tobytes(), sm.logsumexp_backward(y, x, y, dims).tobytes()]
        results.append(found)
    assert all(r == results[0] for r in results)
