"""Normalisation kernels against float64 NumPy, on hard means, and any number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch.jit import get_num_threads, set_num_threads
from minitorch.kernels import group_norm, norm
from minitorch.kernels import layer_norm as ln
from minitorch.kernels.layout import logical

Array = Any
SHAPES = [(7, 5), (1, 3, 4), (2, 1, 5, 3), (3, 17, 9, 11), (2, 70, 3, 4, 5), (5, 64, 16, 16)]
TOLERANCE = {np.float32: 3e-6, np.float64: 1e-13}


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = get_num_threads()
    yield
    set_num_threads(before)


def axes(x: Array) -> tuple[int, ...]:
    return (0, *range(2, x.ndim))


def spread(table: Array, x: Array) -> Array:
    return table.reshape(1, -1, *[1] * (x.ndim - 2))


def close(got: Array, want: Array, dtype: Any, scale: float = 1.0) -> None:
    limit = TOLERANCE[dtype] * scale
    np.testing.assert_allclose(got, want, rtol=limit, atol=limit * max(1.0, float(np.abs(want).max(initial=0))))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("last", [False, True])
def test_batch_norm_and_its_gradients_agree_with_float64(shape: Any, dtype: Any, last: bool) -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(1, 2, shape).astype(dtype)
    if last:
        x = logical(np.ascontiguousarray(np.moveaxis(x, 1, -1)))
    w, b = rng.normal(size=(2, shape[1])).astype(dtype)
    gy = rng.normal(size=shape).astype(dtype)
    y, mean, var, invstd = norm.batch_norm_forward(x, w, b, 1e-5)
    wide = x.astype(np.float64)
    m, v = wide.mean(axes(x)), wide.var(axes(x))
    xhat = (wide - spread(m, x)) / np.sqrt(spread(v, x) + 1e-5)
    close(mean, m, dtype)
    close(var, v, dtype)
    close(y, xhat * spread(w, x) + spread(b, x), dtype)
    assert y.dtype == mean.dtype == invstd.dtype == dtype and y.shape == x.shape
    relu = norm.batch_norm_forward(x, w, b, 1e-5, relu=True)[0]
    np.testing.assert_array_equal(relu, np.maximum(y, 0))
    gx, gw, gb = norm.batch_norm_backward(gy, x, mean, invstd, w)
    g = gy.astype(np.float64)
    close(gb, g.sum(axes(x)), dtype, 3)
    close(gw, (g * xhat).sum(axes(x)), dtype, 3)
    inner = g - spread(g.mean(axes(x)), x) - xhat * spread((g * xhat).mean(axes(x)), x)
    close(gx, inner * spread(w / np.sqrt(v + 1e-5), x), dtype, 3)
    given_stats = norm.batch_norm_backward(gy, x, mean, invstd, w, training=False)[0]
    close(given_stats, g * spread(w / np.sqrt(v + 1e-5), x), dtype, 3)


@pytest.mark.parametrize("offset", [0, 1e3, -1e5])
def test_a_large_mean_does_not_spoil_the_variance(offset: float) -> None:
    x = np.random.default_rng(1).normal(offset, 1, (8, 6, 40, 40)).astype(np.float32)
    mean, var = norm.channel_moments(x)
    wide = x.astype(np.float64)
    np.testing.assert_allclose(mean[0], wide.mean(axes(x)), rtol=1e-8, atol=2e-8)
    np.testing.assert_allclose(var[0], wide.var(axes(x)), rtol=1e-6)


def test_moments_of_each_image_are_its_own() -> None:
    x = np.random.default_rng(2).normal(size=(4, 5, 6, 7)).astype(np.float32)
    mean, var = norm.channel_moments(x, per_image=True)
    np.testing.assert_allclose(mean, x.mean((2, 3), np.float64), atol=1e-7)
    np.testing.assert_allclose(var, x.astype(np.float64).var((2, 3)), rtol=1e-6)
    y = norm.channel_affine(x, mean, 1 / np.sqrt(var), 0.0, per_image=True)
    np.testing.assert_allclose(norm.channel_moments(y, per_image=True)[1], 1, rtol=1e-5)


@given(st.integers(1, 9), st.integers(1, 2500), st.sampled_from([np.float32, np.float64]), st.booleans())
def test_layer_norm_and_its_gradients_agree_with_float64(rows: int, n: int, dtype: Any, affine: bool) -> None:
    rng = np.random.default_rng(n)
    x, gy = rng.normal(3, 2, (2, rows, n)).astype(dtype)
    w, b = rng.normal(size=(2, n)).astype(dtype) if affine else (None, None)
    y, mean, invstd = ln.layer_norm_forward(x, w, b, 1e-3)
    wide, g = x.astype(np.float64), gy.astype(np.float64)
    m, s = wide.mean(1, keepdims=True), 1 / np.sqrt(wide.var(1, keepdims=True) + 1e-3)
    xhat = (wide - m) * s
    weight, bias = (1.0, 0.0) if w is None else (w, b)
    close(y, xhat * weight + bias, dtype, 10)
    gx, gw, gb = ln.layer_norm_backward(gy, x, mean, invstd, w)
    gw_want = g * weight
    inner = gw_want - gw_want.mean(1, keepdims=True) - xhat * (gw_want * xhat).mean(1, keepdims=True)
    close(gx, inner * s, dtype, 30)
    close(gw, (g * xhat).sum(0), dtype, 10)
    close(gb, g.sum(0), dtype, 10)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_nan_stays_in_its_channel_and_its_row(dtype: Any) -> None:
    x = np.random.default_rng(3).normal(size=(4, 20, 5)).astype(dtype)
    x[1, 7, 2] = np.nan
    x[2, 3, 1] = np.inf
    y, mean, _, _ = norm.batch_norm_forward(x, None, None, 1e-5)
    assert np.flatnonzero(~np.isfinite(mean)).tolist() == [3, 7]
    assert np.isnan(y[:, 7]).all() and np.isnan(y[2, 3, 1]) and np.isfinite(np.delete(y, [3, 7], 1)).all()
    z = ln.layer_norm_forward(x.reshape(4, 100), None, None, 1e-5)[0]
    assert np.isnan(z[1]).all() and np.isfinite(z[[0, 3]]).all()


@pytest.mark.parametrize("shape", [(0, 3, 2), (2, 0, 2), (2, 3, 0)])
def test_empty_arrays_have_empty_results(shape: Any) -> None:
    x = np.zeros(shape, np.float32)
    y, mean, var, invstd = norm.batch_norm_forward(x, None, None, 1e-5)
    assert y.shape == shape and mean.shape == var.shape == (shape[1],)
    gx, gw, gb = norm.batch_norm_backward(y, x, mean, invstd, None)
    assert gx.shape == shape and not np.any(gb) and gw.shape == gb.shape
    for rows, n in ((0, 3), (3, 0)):
        z, m, s = ln.layer_norm_forward(np.zeros((rows, n)), None, None, 1e-5)
        assert z.shape == (rows, n) and m.shape == (rows,)
        assert ln.layer_norm_backward(z, z, m, s, None)[1].shape == (n,)


def test_the_number_of_threads_does_not_change_a_bit() -> None:
    rng = np.random.default_rng(0)
    x, gy = rng.normal(size=(2, 13, 37, 31, 29)).astype(np.float32)
    results = []
    for threads in (1, 2, 3, 5):
        set_num_threads(threads)
        y, mean, var, invstd = norm.batch_norm_forward(x, None, None, 1e-5)
        rows = x.reshape(x.shape[0] * 37, -1)
        z, m, s = ln.layer_norm_forward(rows, None, None, 1e-5)
        back = norm.batch_norm_backward(gy, x, mean, invstd, None)
        results.append(
            (
                y,
                mean,
                var,
                *back,
                z,
                m,
                s,
                *ln.layer_norm_backward(gy.reshape(rows.shape), rows, m, s, None),
            )
        )
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("planar", [True, False])
@pytest.mark.parametrize("shape", [(4, 3, 7, 5), (300, 20), (2, 70, 6, 6)])
def test_gradients_behind_a_relu_are_those_of_what_it_lets_through(shape: Any, planar: bool, dtype: Any) -> None:
    rng = np.random.default_rng(0)
    x, gy = (rng.normal(size=shape).astype(dtype) for _ in range(2))
    if not planar and x.ndim > 2:
        x, gy = (np.ascontiguousarray(np.moveaxis(a, 1, -1)) for a in (x, gy))
        x, gy = np.moveaxis(x, -1, 1), np.moveaxis(gy, -1, 1)
    w, b = rng.normal(size=(2, shape[1])).astype(dtype)
    for weight, bias in ((w, b), (None, None), (w, None)):
        y, mean, _, invstd = norm.batch_norm_forward(x, weight, bias, 1e-5)
        clear = np.where(np.abs(y) < 1e-5, 0, gy).astype(dtype)  # where rounding decides the sign of y
        want = norm.batch_norm_backward(np.where(y > 0, clear, 0).astype(dtype), x, mean, invstd, weight)
        for threads in (1, 2, 5):
            set_num_threads(threads)
            got = norm.batch_norm_backward(clear, x, mean, invstd, weight, behind=0.0 if bias is None else bias)
            for found, expected in zip(got, want):
                np.testing.assert_allclose(found, expected, rtol=1e-5 if dtype == np.float32 else 1e-12, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape, groups", [((8, 6, 5, 7), 3), ((4, 4, 50, 60), 4), ((16, 8, 17), 1), ((2, 6, 9), 3)])
@pytest.mark.parametrize("affine", [True, False])
def test_group_norm_and_its_gradients_agree_with_float64(shape: Any, groups: int, affine: bool, dtype: Any) -> None:
    rng = np.random.default_rng(0)
    x, gy = rng.normal(3, 2, shape).astype(dtype), rng.normal(size=shape).astype(dtype)
    w: Any = rng.normal(size=shape[1]).astype(dtype) if affine else None
    b: Any = rng.normal(size=shape[1]).astype(dtype) if affine else None
    rows = x.astype(np.float64).reshape(shape[0], groups, -1)
    scale = 1 / np.sqrt(rows.var(2, keepdims=True) + 1e-3)
    xhat = ((rows - rows.mean(2, keepdims=True)) * scale).reshape(shape)
    spread = (1, -1) + (1,) * (len(shape) - 2)
    factor = w.reshape(spread).astype(np.float64) if affine else 1.0
    want = xhat * factor + (b.reshape(spread) if affine else 0.0)
    g = (gy * factor).reshape(rows.shape)
    h = xhat.reshape(rows.shape)
    gx = scale * (g - g.mean(2, keepdims=True) - h * (g * h).mean(2, keepdims=True))
    pixels = (0, *range(2, len(shape)))
    expected = [want, gx.reshape(shape), (gy * xhat).sum(pixels), gy.astype(np.float64).sum(pixels)]
    limit, results = (2e-5 if dtype == np.float32 else 1e-11), []
    for threads in (1, 2, 3, 5):
        set_num_threads(threads)
        y, mean, invstd = group_norm.group_norm_forward(x, w, b, groups, 1e-3)
        found = [y, *group_norm.group_norm_backward(gy, x, mean, invstd, w)]
        results.append([a.tobytes() for a in found])
        for got, exact in zip(found, expected):
            np.testing.assert_allclose(got, exact, rtol=limit, atol=limit * 10)
    assert all(r == results[0] for r in results)


def test_nan_spoils_its_group_alone() -> None:
    x = np.random.default_rng(0).normal(size=(8, 4, 5, 5)).astype(np.float32)
    x[3, 1, 2, 2] = np.nan
    y, mean, invstd = group_norm.group_norm_forward(x, None, None, 2, 1e-5)
    spoilt: Any = np.isnan(y).any((2, 3))
    assert spoilt[3].tolist() == [True, True, False, False] and spoilt.sum() == 2
    assert np.isnan(group_norm.group_norm_backward(x, x, mean, invstd, None)[0]).any((2, 3)).sum() == 2
