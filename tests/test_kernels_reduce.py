"""Reduction kernels against NumPy in float64, over any axes and memory order, on any number of threads."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch
from minitorch.jit import get_num_threads, set_num_threads
from minitorch.kernels import reduce as kr

Array = Any


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = get_num_threads()
    yield
    set_num_threads(before)


@st.composite
def cases(draw: Any) -> tuple[Array, tuple[int, ...]]:
    shape = draw(st.lists(st.sampled_from([1, 2, 3, 7, 33, 150]), min_size=1, max_size=3))
    x = np.random.default_rng(draw(st.integers(0, 99))).normal(1, 2, shape)
    x = x.astype(draw(st.sampled_from([np.float32, np.float64])))
    x = x.transpose(draw(st.permutations(range(x.ndim))))
    if draw(st.booleans()):
        x = x[::2]
    axes = draw(st.lists(st.integers(0, x.ndim - 1), min_size=1, unique=True))
    return x, tuple(axes)


@given(cases())
def test_sums_means_and_extrema_agree_with_float64(case: Any) -> None:
    x, axes = case
    wide = x.astype(np.float64)
    limit = 2e-7 if x.dtype == np.float32 else 1e-14
    scale = np.abs(wide).sum(axes)
    got = kr.reduce_sum(x, axes)
    assert got.dtype == x.dtype and got.shape == scale.shape
    assert np.all(np.abs(got - wide.sum(axes)) <= 4 * limit * scale)
    assert np.all(np.abs(kr.reduce_mean(x, axes) - wide.mean(axes)) <= 4 * limit * scale)
    np.testing.assert_array_equal(kr.reduce_max(x, axes), x.max(axes))
    np.testing.assert_array_equal(kr.reduce_min(x, axes), x.min(axes))


@given(cases(), st.booleans(), st.booleans())
def test_positions_are_the_first_and_nan_comes_first(case: Any, largest: bool, holes: bool) -> None:
    x, (axis, *_) = case
    x = np.round(x)
    if holes:
        x[np.random.default_rng(0).random(x.shape) < 0.01] = np.nan
    values, index = kr.reduce_extreme(x, axis, largest)
    want = (np.argmax if largest else np.argmin)(x, axis=axis)
    np.testing.assert_array_equal(index, want)
    np.testing.assert_array_equal(values, (np.max if largest else np.min)(x, axis=axis))
    assert index.dtype == np.int64


@pytest.mark.parametrize("n", [4095, 4097, 1_000_003])
def test_long_float32_sums_stay_accurate(n: int) -> None:
    x = np.random.default_rng(n).uniform(0, 1, n).astype(np.float32)
    exact = x.astype(np.longdouble).sum()
    assert abs(kr.reduce_sum(x, (0,)) - exact) <= 2e-7 * exact
    columns = np.ascontiguousarray(np.broadcast_to(x[: n // 3, None], (n // 3, 3)))
    assert np.all(np.abs(kr.reduce_sum(columns, (0,)) - x[: n // 3].sum(dtype=float)) <= 2e-7 * exact)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_and_infinity_travel(dtype: Any) -> None:
    x = np.ones((300, 70), dtype)
    x[5, 3], x[7, 4], x[250, 4], x[9, 5] = np.nan, np.inf, -np.inf, np.inf
    for axes in itertools.chain([(0,), (1,), (0, 1)]):
        with np.errstate(invalid="ignore"):
            np.testing.assert_array_equal(kr.reduce_sum(x, axes), x.sum(axes))
        np.testing.assert_array_equal(kr.reduce_max(x, axes), x.max(axes))
        np.testing.assert_array_equal(kr.reduce_min(x, axes), x.min(axes))


def test_nothing_sums_to_zero_and_has_no_mean() -> None:
    x = np.zeros((3, 0), np.float32)
    assert kr.reduce_sum(x, (1,)).tolist() == [0, 0, 0] and kr.reduce_sum(x, (0,)).shape == (0,)
    assert np.isnan(kr.reduce_mean(x, (1,))).all()


def test_the_number_of_threads_does_not_change_a_bit() -> None:
    x = np.random.default_rng(0).standard_normal((7, 1001, 301)).astype(np.float32)
    results = []
    for threads in (1, 2, 3, 5):
        set_num_threads(threads)
        found = [kr.reduce_sum(x, axes) for axes in ((0,), (1,), (2,), (0, 2), (0, 1, 2))]
        results.append([*found, *kr.reduce_extreme(x, 1, True), *kr.reduce_extreme(x, 2, False)])
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(7, 5), (3, 40, 33), (300, 1), (0, 4), (70, 3000)])
def test_gradients_of_extrema_are_shared_by_equals_and_by_nan(shape: tuple[int, ...], dtype: Any) -> None:
    rng = np.random.default_rng(0)
    x, g = np.round(rng.normal(size=shape)).astype(dtype), rng.normal(size=(*shape[:-1], 1)).astype(dtype)
    x[rng.random(shape) < 0.02] = np.nan
    y = x.max(-1, keepdims=True)
    chosen = (x == y) | (np.isnan(x) & np.isnan(y))
    results = []
    for threads in (1, 2, 3, 5):
        set_num_threads(threads)
        got = kr.reduce_extreme_gradient(g, x, y)
        assert got.dtype == dtype
        np.testing.assert_allclose(got, g * chosen / chosen.sum(-1, keepdims=True), rtol=1e-6)
        results.append(got.tobytes())
    assert all(r == results[0] for r in results)


@pytest.mark.parametrize("name", ["amax", "amin"])
def test_large_extrema_have_the_gradients_of_small_ones(name: str) -> None:
    torch: Any = minitorch
    values = np.round(np.random.default_rng(0).normal(size=(64, 300)))
    found = []
    for whole in (True, False):
        x = torch.tensor(values, requires_grad=True)
        parts = [x] if whole else list(x.split(8))
        torch.cat([getattr(part, name)(1) for part in parts]).square().sum().backward()
        assert x.grad is not None
        found.append(x.grad.numpy())
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)
