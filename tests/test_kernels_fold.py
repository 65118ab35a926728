"""Unfold and fold kernels against loops, as each other's adjoint, and on any number of threads."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch.jit import get_num_threads, set_num_threads
from minitorch.kernels import fold as kf
from minitorch.kernels.layout import logical

Array = Any


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = get_num_threads()
    yield
    set_num_threads(before)


def reference(x: Array, k: Any, d: Any, p: Any, s: Any) -> Array:
    padded = np.pad(x, [(0, 0), (0, 0), *((q, q) for q in p)])
    outs = [(n + 2 * q - (a - 1) * b - 1) // c + 1 for n, q, a, b, c in zip(x.shape[2:], p, k, d, s)]
    taps = []
    for tap in itertools.product(*map(range, k)):
        places = [slice(t * b, t * b + (o - 1) * c + 1, c) for t, b, o, c in zip(tap, d, outs, s)]
        taps.append(padded[(..., *places)].reshape(*x.shape[:2], -1))
    return np.stack(taps, 2).reshape(x.shape[0], -1, int(np.prod(outs)))


@st.composite
def cases(draw: Any) -> Any:
    dims = draw(st.integers(1, 3))
    several = lambda s: tuple(draw(st.lists(s, min_size=dims, max_size=dims)))  # noqa: E731
    k, s, d = several(st.integers(1, 3)), several(st.integers(1, 3)), several(st.integers(1, 3))
    p = several(st.integers(0, 3))
    size = tuple(draw(st.integers(max(1, (a - 1) * b + 1 - 2 * c), 9)) for a, b, c in zip(k, d, p))
    rng = np.random.default_rng(draw(st.integers(0, 999)))
    x = rng.integers(-4, 5, (draw(st.integers(1, 2)), draw(st.integers(1, 5)), *size))
    x = x.astype(draw(st.sampled_from([np.float32, np.float64])))
    if draw(st.booleans()):
        x = logical(np.ascontiguousarray(np.moveaxis(x, 1, -1)))
    return x, k, d, p, s


@given(cases())
def test_unfold_lays_out_the_blocks_and_fold_is_its_adjoint(case: Any) -> None:
    x, *geometry = case
    y = kf.unfold(x, *geometry)
    np.testing.assert_array_equal(y, reference(x, *geometry))
    assert y.flags.c_contiguous and y.dtype == x.dtype
    g = np.random.default_rng(1).integers(-4, 5, y.shape).astype(x.dtype)
    back = kf.fold(g, x.shape[2:], *geometry)
    assert back.shape == x.shape and back.flags.c_contiguous
    v = np.random.default_rng(2).integers(-4, 5, x.shape).astype(x.dtype)
    assert np.vdot(back, v) == np.vdot(g, kf.unfold(v, *geometry))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_and_infinity_reach_their_places_only(dtype: Any) -> None:
    x = np.zeros((1, 1, 4, 4), dtype)
    x[0, 0, 0, 0], x[0, 0, 3, 3] = np.nan, np.inf
    y = kf.unfold(x, (3, 3), (1, 1), (1, 1), (1, 1))
    np.testing.assert_array_equal(y, reference(x, (3, 3), (1, 1), (1, 1), (1, 1)))
    back = kf.fold(y, (4, 4), (3, 3), (1, 1), (1, 1), (1, 1))
    assert np.isnan(back).sum() == 1 and np.isinf(back).sum() == 1


@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (2, 0, 4, 4)])
def test_empty_batches_and_channels_give_empty_results(shape: Any) -> None:
    y = kf.unfold(np.zeros(shape), (2, 2), (1, 1), (0, 0), (1, 1))
    assert y.shape == (shape[0], shape[1] * 4, 9)
    assert kf.fold(y, (4, 4), (2, 2), (1, 1), (0, 0), (1, 1)).shape == shape


def test_the_number_of_threads_does_not_change_a_bit() -> None:
    x = np.random.default_rng(0).standard_normal((3, 13, 41, 39)).astype(np.float32)
    geometry = ((3, 3), (1, 1), (1, 1), (1, 1))
    results = []
    for threads in (1, 2, 3, 5):
        set_num_threads(threads)
        y = kf.unfold(x, *geometry)
        results.append((y, kf.fold(y, x.shape[2:], *geometry)))
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)
