"""Pooling kernels against loops over windows, torch's corner cases, and any number of threads."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch.jit import get_num_threads, set_num_threads
from minitorch.kernels import pool, unpool
from minitorch.kernels.layout import logical

Array = Any


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = get_num_threads()
    yield
    set_num_threads(before)


def positions(start: int, count: int, step: int, size: int) -> list[int]:
    return [p for p in range(start, start + count * step, step) if 0 <= p < size]


def each_window(shape: Any, out: Any, ranges: Callable[[int, int], list[int]]) -> Iterator[Any]:
    for o in itertools.product(*map(range, out)):
        yield o, list(itertools.product(*(ranges(axis, p) for axis, p in enumerate(o))))


def naive(x: Array, out: Any, ranges: Any, choose: Any) -> Array:
    """choose(values of one window, their positions) for each window."""
    y = np.empty((*x.shape[:2], *out), object)
    for n, c in itertools.product(range(x.shape[0]), range(x.shape[1])):
        for o, places in each_window(x.shape, out, ranges):
            y[(n, c, *o)] = choose(x[n, c], places)
    return y


def first_max(image: Array, places: Any) -> Any:
    best, at = -np.inf, None
    for p in places:
        if image[p] > best or np.isnan(image[p]) or at is None:
            best, at = image[p], p
    return best, np.ravel_multi_index(at, image.shape) if at else -1


def sliding(k: Any, s: Any, p: Any, d: Any, size: Any) -> Callable[[int, int], list[int]]:
    return lambda axis, o: positions(o * s[axis] - p[axis], k[axis], d[axis], size[axis])


def adaptive(size: Any, out: Any) -> Callable[[int, int], list[int]]:
    return lambda a, o: list(range(o * size[a] // out[a], -(-(o + 1) * size[a] // out[a])))


@st.composite
def cases(draw: Any, dilate: bool) -> Any:
    dims = draw(st.integers(1, 3))
    several = lambda s: tuple(draw(st.lists(s, min_size=dims, max_size=dims)))  # noqa: E731
    k, s = several(st.integers(1, 3)), several(st.integers(1, 3))
    d = several(st.integers(1, 2)) if dilate else (1,) * dims
    p = tuple(draw(st.integers(0, v // 2)) for v in k)
    size = tuple(draw(st.integers(max(1, (a - 1) * b + 1 - 2 * c), 7)) for a, b, c in zip(k, d, p))
    ceil, last = draw(st.booleans()), draw(st.booleans())
    dtype = draw(st.sampled_from([np.float32, np.float64]))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    x = rng.integers(-4, 5, (draw(st.integers(1, 2)), draw(st.integers(1, 18)), *size)).astype(dtype)
    if last:
        x = logical(np.ascontiguousarray(np.moveaxis(x, 1, -1)))
    return x, k, s, p, d, ceil


def plan_of(x: Array, k: Any, s: Any, p: Any, d: Any, *flags: Any) -> pool.Plan:
    return pool.sliding(x.shape[2:], k, s, p, d, *flags)


@given(cases(dilate=True))
def test_max_pool_takes_the_first_maximum_of_each_window(case: Any) -> None:
    x, k, s, p, d, ceil = case
    plan = plan_of(x, k, s, p, d, ceil)
    y, place = pool.max_forward(x, plan)
    index = pool.flat_indices(place, plan)
    want = naive(x, y.shape[2:], sliding(k, s, p, d, x.shape[2:]), first_max)
    inside = np.vectorize(lambda w: w[1] >= 0)(want)  # a dilated window may miss the input
    np.testing.assert_array_equal(y, np.vectorize(lambda w: w[0])(want))
    np.testing.assert_array_equal(index[inside], np.vectorize(lambda w: w[1])(want)[inside])
    assert y.dtype == x.dtype and index.dtype == np.int64 and place.dtype == np.uint8
    assert y.flags.c_contiguous or not x.flags.c_contiguous
    np.testing.assert_array_equal(pool.max_forward(x, plan, places=False)[0], y)


@given(cases(dilate=True))
def test_max_pool_backward_is_the_adjoint_of_the_gather(case: Any) -> None:
    x, k, s, p, d, ceil = case
    plan = plan_of(x, k, s, p, d, ceil)
    y, place = pool.max_forward(x, plan)
    gy = np.random.default_rng(1).integers(-3, 4, y.shape).astype(x.dtype)
    gy[np.isinf(y)] = 0
    index = np.where(np.isinf(y), 0, pool.flat_indices(place, plan))
    gx = pool.max_backward(gy, place, plan)
    np.testing.assert_array_equal(gx, unpool.scatter_spatial(gy, index, x.shape[2:]))
    v = np.random.default_rng(2).integers(-3, 4, x.shape).astype(x.dtype)
    assert np.vdot(gx, v) == np.vdot(gy, unpool.gather_spatial(v, index))


@pytest.mark.parametrize("last", [False, True])
@pytest.mark.parametrize(
    "window", [(2, 2, 0, 1), (3, 2, 1, 1), (3, 1, 1, 1), (5, 3, 2, 1), (3, 2, 2, 3), (17, 4, 8, 1)]
)
@pytest.mark.parametrize("channels", [3, 37, 100])
def test_places_lead_to_the_same_indices_in_both_layouts(channels: int, window: Any, last: bool) -> None:
    k, s, p, d = ((v, v) for v in window)
    x = np.random.default_rng(3).integers(-9, 9, (2, channels, 23, 41)).astype(np.float32)
    plan = plan_of(x, k, s, p, d)
    want, where = naive_torch(x, plan)
    if last:
        x = logical(np.ascontiguousarray(np.moveaxis(x, 1, -1)))
    y, place = pool.max_forward(x, plan)
    index = pool.flat_indices(place, plan)
    np.testing.assert_array_equal(y, want)
    np.testing.assert_array_equal(index, where)
    gx = pool.max_backward(y, place, plan)
    np.testing.assert_array_equal(gx, unpool.scatter_spatial(y, where, x.shape[2:]))
    mean = pool.average(x, pool.sliding((23, 41), k, s, p, (1, 1)))
    np.testing.assert_allclose(mean, window_means(x, window[0], window[1], window[2]), rtol=1e-5, atol=1e-5)


def naive_torch(x: Array, plan: pool.Plan) -> Any:
    """Maxima and flat indices, by tables of the windows."""
    best = np.full((*x.shape[:2], *plan.out_shape), -np.inf, x.dtype)
    where = np.zeros(best.shape, np.int64)
    rows, columns = plan.windows[1 : 1 + plan.out_shape[0]], plan.windows[1 + plan.out_shape[0] :]
    step = plan.frame[7], plan.frame[8]
    for (i, r), (j, c) in itertools.product(enumerate(rows), enumerate(columns)):
        places = [(a, b) for a in range(r[0], r[1], step[0]) for b in range(c[0], c[1], step[1])]
        values = np.stack([x[:, :, a, b] for a, b in places])
        first = values.argmax(0)
        best[:, :, i, j] = values.max(0)
        where[:, :, i, j] = np.array([a * x.shape[3] + b for a, b in places])[first]
    return best, where


def window_means(x: Array, k: int, s: int, p: int) -> Array:
    padded = np.pad(np.ascontiguousarray(x), ((0, 0), (0, 0), (p, p), (p, p))).astype(float)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (k, k), (2, 3))[:, :, ::s, ::s]
    return windows.mean((-1, -2))


def means(k: Any, s: Any, p: Any, size: Any, include: bool, override: int | None) -> Any:
    def divisor(o: Any) -> int:
        stop = [min(a * b - c + w, n + c) for a, b, c, w, n in zip(o, s, p, k, size)]
        return int(np.prod([e - (a * b - c) for e, a, b, c in zip(stop, o, s, p)]))

    return divisor


@given(cases(dilate=False), st.booleans(), st.sampled_from([None, 3, -2]))
def test_avg_pool_divides_the_sum_of_each_window(case: Any, include: bool, override: Any) -> None:
    x, k, s, p, _, ceil = case
    y = pool.average(x, plan_of(x, k, s, p, (1,) * 3, ceil, include, override))
    total = naive(x, y.shape[2:], sliding(k, s, p, (1,) * 3, x.shape[2:]), lambda v, q: sum(v[a] for a in q))
    count = naive(x, y.shape[2:], sliding(k, s, p, (1,) * 3, x.shape[2:]), lambda v, q: max(len(q), 1))
    if include:
        divisor = means(k, s, p, x.shape[2:], include, override)
        for o in itertools.product(*map(range, y.shape[2:])):
            count[(..., *o)] = max(divisor(o), 1)
    if override:
        count[...] = override
    want = total.astype(x.dtype) / count.astype(x.dtype)
    np.testing.assert_array_equal(y, want)


@given(cases(dilate=False), st.booleans(), st.sampled_from([None, 3]))
def test_avg_pool_backward_is_the_adjoint(case: Any, include: bool, override: Any) -> None:
    x, k, s, p, _, ceil = case
    y = pool.average(x, plan_of(x, k, s, p, (1,) * 3, ceil, include, override))
    gy = np.random.default_rng(1).integers(-3, 4, y.shape).astype(x.dtype)
    gx = pool.average_backward(gy, plan_of(x, k, s, p, (1,) * 3, ceil, include, override))
    assert gx.shape == x.shape and gx.dtype == x.dtype
    np.testing.assert_allclose(np.vdot(gx, x), np.vdot(gy, y), rtol=1e-4, atol=1e-3)


@pytest.mark.parametrize("size, out", [((7,), (3,)), ((5, 8), (2, 8)), ((2, 3), (4, 5)), ((4, 5, 6), (1, 2, 4))])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_adaptive_pools_use_torchs_bins(size: Any, out: Any, dtype: Any) -> None:
    x = np.random.default_rng(0).integers(-9, 9, (2, 17, *size)).astype(dtype)
    ranges = adaptive(size, out)
    plan = pool.adaptive(size, out)
    y, place = pool.max_forward(x, plan)
    index = pool.flat_indices(place, plan)
    want = naive(x, out, ranges, first_max)
    np.testing.assert_array_equal(y, np.vectorize(lambda w: w[0])(want))
    np.testing.assert_array_equal(index, np.vectorize(lambda w: w[1])(want))
    gx = pool.max_backward(y, place, plan)
    np.testing.assert_array_equal(gx, unpool.scatter_spatial(y, index, size))
    mean = pool.average(x, plan)
    want = naive(x, out, ranges, lambda v, q: np.mean([float(v[a]) for a in q]))
    np.testing.assert_allclose(mean, want.astype(float), rtol=1e-6)
    back = pool.average_backward(mean, plan)
    np.testing.assert_allclose(np.vdot(back, x), np.vdot(mean, mean), rtol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_and_infinity_travel(dtype: Any) -> None:
    images = np.array([[[[1, np.nan, 3, -np.inf], [2, 0, -np.inf, -np.inf]]]], dtype)
    for x in (images, logical(np.ascontiguousarray(np.repeat(np.moveaxis(images, 1, -1), 3, -1)))):
        plan = plan_of(x, (2, 2), (2, 2), (0, 0), (1, 1))
        y, place = pool.max_forward(x, plan)
        np.testing.assert_array_equal(y[:, :1], [[[[np.nan, 3]]]])
        np.testing.assert_array_equal(pool.max_forward(x, plan, places=False)[0], y)
        assert pool.flat_indices(place, plan)[:, -1].ravel().tolist() == [1, 2]
        np.testing.assert_array_equal(pool.average(x, plan)[:, :1], [[[[np.nan, -np.inf]]]])
        gx = pool.max_backward(np.full_like(y, np.nan), place, plan)[:, :1]
        assert np.isnan(gx).sum() == 2 and (gx == 0).sum() == 6  # a gradient's NaN reaches the chosen input alone
    line = pool.sliding((4,), (2,), (2,), (0,), (1,))
    low, at = pool.max_forward(np.full((1, 1, 4), -np.inf, dtype), line)
    assert low.ravel().tolist() == [-np.inf, -np.inf] and pool.flat_indices(at, line).ravel().tolist() == [0, 2]


@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (2, 0, 4, 4)])
def test_empty_batches_and_channels_give_empty_results(shape: Any) -> None:
    x = np.zeros(shape, np.float32)
    plan = plan_of(x, (2, 2), (2, 2), (0, 0), (1, 1))
    y, place = pool.max_forward(x, plan)
    assert y.shape == place.shape == pool.flat_indices(place, plan).shape == (*shape[:2], 2, 2)
    assert pool.max_backward(y, place, plan).shape == shape
    assert pool.average(x, plan).shape == y.shape
    assert pool.average_backward(y, plan).shape == shape
    assert pool.average(x, pool.adaptive((4, 4), (1, 1))).shape == (*shape[:2], 1, 1)


@pytest.mark.parametrize("last", [False, True])
def test_the_number_of_threads_does_not_change_a_bit(last: bool) -> None:
    x = np.random.default_rng(0).standard_normal((5, 37, 33, 29)).astype(np.float32)
    x = logical(np.ascontiguousarray(np.moveaxis(x, 1, -1))) if last else x
    plan, whole = plan_of(x, (3, 3), (2, 2), (1, 1), (1, 1)), pool.adaptive((33, 29), (1, 1))
    results = []
    for threads in (1, 2, 3, 5):
        set_num_threads(threads)
        y, place = pool.max_forward(x, plan)
        index = pool.flat_indices(place, plan)
        means = pool.average(x, plan), pool.average(x, whole)
        back = pool.max_backward(y, place, plan)
        spread = pool.average_backward(y, plan), pool.average_backward(means[1], whole)
        scattered = unpool.scatter_spatial(y, index, x.shape[2:])
        gathered = unpool.gather_spatial(x, index)
        results.append((y, index, *means, back, *spread, scattered, gathered))
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("args, want", [((5, 2, 2, 1), 3), ((6, 3, 2, 0), 2), ((1, 1, 3, 0), 1), ((7, 3, 2, 1, 2), 3)])
def test_output_sizes(args: Any, want: int) -> None:
    assert pool.pool_output_size(*args) == want


def test_unpool_keeps_the_last_of_equal_indices() -> None:
    x = np.array([[[1.0, 2.0, 3.0]]])
    index = np.array([[[1, 1, 0]]])
    assert unpool.scatter_spatial(x, index, (4,), add=False).tolist() == [[[3, 2, 0, 0]]]
    assert unpool.scatter_spatial(x, index, (4,)).tolist() == [[[3, 3, 0, 0]]]
