"""Promises of kernels/winograd.py: right within a stated bound, only where permitted, the same bits for any
threads.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minitorch import jit
from minitorch.codegen.winograd import AT, BT, G
from minitorch.kernels import winograd, winograd_weight, winograd_wide
from minitorch.kernels.conv import by_winograd, conv_forward, conv_input_grad
from minitorch.kernels.conv_ref import conv_forward_ref, conv_input_grad_ref, conv_weight_grad_ref
from minitorch.kernels.conv_weight import conv_weight_grad
from minitorch.kernels.window import window3d

# Norm of the error by norm of the sums' own scale, the root of the sum of their squared terms, against
# float64: a sum whose terms cancel is no less exact for being small.
ERROR = 1e-5
ERROR_64 = 2e-14


@pytest.fixture(autouse=True)
def wherever_it_is_right(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Drop the cost model's limits, so that small cases are computed by Winograd too."""
    by_winograd.cache_clear()
    for limit in ("LEAST_CHANNELS", "LEAST_PATCHES", "LEAST_USE"):
        monkeypatch.setattr(winograd, limit, 0)
    yield
    by_winograd.cache_clear()


def operands(images: int, channels: int, filters: int, size: Any, padding: Any) -> tuple[Any, Any, Any, Any]:
    rng = np.random.default_rng(channels * 71 + filters)
    outputs = [n + sum(p) - 2 for n, p in zip(size, padding)]
    x = rng.standard_normal((images, channels, *size)).astype(np.float32)
    w = rng.standard_normal((filters, channels, 3, 3)).astype(np.float32)
    gy = rng.standard_normal((images, filters, *outputs)).astype(np.float32)
    return x, w, rng.standard_normal(max(channels, filters)).astype(np.float32), gy


def triad(x: Any, w: Any, bias: Any, gy: Any, padding: Any, **how: Any) -> list[Any]:
    rest = ((1, 1), padding, (1, 1), 1)
    return [
        conv_forward(x, w, bias[: w.shape[0]], *rest, **how),
        conv_input_grad(gy, w, x.shape[2:], *rest, bias[: x.shape[1]], **how),
        conv_weight_grad(gy, x, (3, 3), *rest, **how),
    ]


def error(got: Any, want: Any, squares: Any = None) -> float:
    scale = np.linalg.norm(want) if squares is None else np.sqrt(squares.sum())
    return float(np.linalg.norm(got - want) / max(scale, 1e-30))


def references(x: Any, w: Any, bias: Any, gy: Any, padding: Any) -> list[Any]:
    rest = ((1, 1), padding, (1, 1), 1)
    return [
        conv_forward_ref(x, w, bias[: w.shape[0]], *rest),
        conv_input_grad_ref(gy, w, x.shape[2:], *rest, bias[: x.shape[1]]),
        conv_weight_grad_ref(gy, x, (3, 3), *rest),
    ]


@settings(max_examples=60)
@given(
    images=st.integers(1, 3), channels=st.integers(1, 70), filters=st.integers(1, 70),
    size=st.tuples(st.integers(3, 19), st.integers(3, 19)),
    padding=st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 2))] * 2),
)  # fmt: skip
def test_all_three_directions_stay_within_the_stated_error(
    images: int, channels: int, filters: int, size: Any, padding: Any
) -> None:
    x, w, bias, gy = operands(images, channels, filters, size, padding)
    got = triad(x, w, bias, gy, padding, winograd=True)
    exact = [a.astype(np.float64) for a in (x, w, bias, gy)]
    want, squares = references(*exact, padding), references(*(a**2 for a in exact), padding)
    assert [error(*each) < ERROR for each in zip(got, want, squares)] == [True] * 3


@settings(max_examples=20)
@given(
    images=st.integers(1, 3), channels=st.integers(8, 40), filters=st.integers(8, 40),
    size=st.tuples(st.integers(3, 19), st.integers(3, 19)),
)  # fmt: skip
def test_float64_stays_within_the_stated_error(images: int, channels: int, filters: int, size: Any) -> None:
    padding = ((1, 1), (1, 1))
    x, w, bias, gy = (a.astype(np.float64) for a in operands(images, channels, filters, size, padding))
    want, squares = references(x, w, bias, gy, padding), references(x**2, w**2, bias**2, gy**2, padding)
    got = triad(x, w, bias, gy, padding, winograd=True)
    assert [error(*each) < ERROR_64 for each in zip(got, want, squares)] == [True] * 3


def test_three_dimensions_with_flat_kernels() -> None:
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((2, 8, 3, 9, 9)), rng.standard_normal((20, 8, 1, 3, 3))
    x, w = x.astype(np.float32), w.astype(np.float32)
    rest = ((1, 1, 1), ((0, 0), (1, 1), (1, 1)), (1, 1, 1), 1)
    y = conv_forward(x, w, None, *rest, winograd=True)
    assert error(y, conv_forward_ref(x.astype(np.float64), w.astype(np.float64), None, *rest)) < ERROR
    gw = conv_weight_grad(y, x, (1, 3, 3), *rest, winograd=True)
    assert error(gw, conv_weight_grad_ref(y.astype(np.float64), x.astype(np.float64), (1, 3, 3), *rest)) < ERROR


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    images=st.integers(1, 9), channels=st.integers(16, 150), filters=st.integers(16, 80),
    size=st.tuples(st.integers(3, 19), st.integers(3, 19)), dtype=st.sampled_from([np.float32, np.float64]),
)  # fmt: skip
def test_wide_filters_stay_within_the_stated_error(
    monkeypatch: pytest.MonkeyPatch, images: int, channels: int, filters: int, size: Any, dtype: Any
) -> None:
    monkeypatch.setattr(winograd_wide, "FILTER_BYTES", 0)
    padding = ((1, 1), (1, 1))
    x, w, bias, gy = (a.astype(dtype) for a in operands(images, channels, filters, size, padding))
    got = triad(x, w, bias, gy, padding, winograd=True)
    exact = [a.astype(np.float64) for a in (x, w, bias, gy)]
    want, squares = references(*exact, padding), references(*(a**2 for a in exact), padding)
    bound = ERROR if dtype == np.float32 else ERROR_64
    assert [error(*each) < bound for each in zip(got, want, squares)] == [True] * 3


def test_chunks_of_patches_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    for limit, value in (("LEAST_CHUNK", 5), ("CHUNK_BYTES", 0), ("SHARE", 0)):
        monkeypatch.setattr(winograd_weight, limit, value)
    monkeypatch.setattr(winograd, "BLOCK_BYTES", 0)
    padding = ((1, 1), (1, 1))
    x, w, bias, gy = operands(2, 17, 33, (13, 14), padding)
    for got, want in zip(triad(x, w, bias, gy, padding, winograd=True), triad(x, w, bias, gy, padding)):
        assert error(got, want) < ERROR


@pytest.mark.parametrize("most", [0, 1 << 24])
def test_one_thread_and_many_give_the_same_bits(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(winograd_wide, "FILTER_BYTES", most)
    padding = ((1, 1), (1, 1))
    x, w, bias, gy = operands(4, 80, 50, (21, 22), padding)
    before, seen = jit.get_num_threads(), set()
    try:
        for threads in (1, 2, 3, 5):
            jit.set_num_threads(threads)
            seen.add(tuple(a.tobytes() for a in triad(x, w, bias, gy, padding, winograd=True)))
    finally:
        jit.set_num_threads(before)
    assert len(seen) == 1


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["x", "w", "gy"])
@pytest.mark.parametrize("most", [0, 1 << 24])
def test_nan_and_infinity_reach_what_sees_them_and_nothing_else(
    most: int, where: str, odd: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(winograd_wide, "FILTER_BYTES", most)
    padding = ((1, 1), (1, 1))
    x, w, bias, gy = operands(2, 18, 20, (16, 15), padding)
    {"x": x[1, 0], "w": w[1, 0], "gy": gy[1, 0]}[where][1, 2] = odd
    for got, want in zip(triad(x, w, bias, gy, padding, winograd=True), triad(x, w, bias, gy, padding)):
        np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
        np.testing.assert_array_equal(np.isposinf(got), np.isposinf(want))
        np.testing.assert_array_equal(np.isneginf(got), np.isneginf(want))


def test_sums_that_only_the_transforms_overflow_are_computed_directly() -> None:
    padding = ((1, 1), (1, 1))
    x, w, _, _ = operands(1, 16, 16, (8, 8), padding)
    y = conv_forward(x * np.float32(2e36), w, None, (1, 1), padding, (1, 1), 1, winograd=True)
    assert np.isfinite(y).all()


@pytest.mark.parametrize(
    "change",
    [
        {"dtype": np.dtype(np.float16)}, {"groups": 2}, {"stride": (2, 1)}, {"dilation": (1, 2)},
        {"kernel": (3, 1)}, {"kernel": (5, 5)}, {"padding": ((3, 3), (1, 1))},
    ],
)  # fmt: skip
def test_it_applies_to_nothing_else(change: dict[str, Any]) -> None:
    case: dict[str, Any] = {
        "size": (16, 16), "kernel": (3, 3), "stride": (1, 1), "padding": ((1, 1), (1, 1)), "dilation": (1, 1),
    }  # fmt: skip
    plain = {"groups": 1, "dtype": np.dtype(np.float32)}
    assert winograd.applies(8, 32, 32, window=window3d(**case), **plain)
    where = {name: change.get(name, value) for name, value in case.items()}
    rest = {name: change.get(name, value) for name, value in plain.items()}
    assert not winograd.applies(8, 32, 32, window=window3d(**where), **rest)


def test_the_matrices_compute_a_correlation() -> None:
    rng = np.random.default_rng(0)
    d, g = rng.standard_normal(6), rng.standard_normal(3)
    y = np.array(AT) @ ((np.array(G) @ g) * (np.array(BT) @ d))
    np.testing.assert_allclose(y, np.correlate(d, g, "valid"), rtol=1e-12)
