"""Promises of codegen/math.py: errors in units of the last place, ends of the ranges, infinities, NaN."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from minitorch.codegen.math import erf, exp, expm1, log, log1p, sigmoid, tanh
from minitorch.jit import kernel, set_flush_denormal

Array = Any
DTYPES = [np.float32, np.float64]


@kernel
def run(lo, hi, which, x, out):  # type: ignore[no-untyped-def]
    """One of the functions over an array."""
    a, b = x[lo:hi], out[lo:hi]
    for i in range(a.size):
        v = a[i]
        if which == 0:
            b[i] = exp(v)
        elif which == 1:
            b[i] = expm1(v)
        elif which == 2:
            b[i] = log(v)
        elif which == 3:
            b[i] = log1p(v)
        elif which == 4:
            b[i] = tanh(v)
        elif which == 5:
            b[i] = sigmoid(v)
        else:
            b[i] = erf(v)


def _sigmoid(x: Array) -> Array:
    z = np.exp(-np.abs(x))
    return np.where(x < 0, z, 1) / (1 + z)


NAMES = ["exp", "expm1", "log", "log1p", "tanh", "sigmoid", "erf"]
BUDGET = {"exp": 1.5, "log": 1.5, "erf": 1.5, "expm1": 2.5, "log1p": 2.5, "tanh": 2.5, "sigmoid": 2.5}
REFERENCE: dict[str, Callable[[Array], Array]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "erf": np.vectorize(math.erf, otypes=[np.float64]),
}


@pytest.fixture(autouse=True)
def _denormals_stay() -> Iterator[None]:
    set_flush_denormal(False)
    yield
    set_flush_denormal(True)


def apply(name: str, x: Array) -> Array:
    out = np.empty_like(x)
    run(x.size, x.size, NAMES.index(name), x, out)
    return out


def ends(dtype: Any) -> Array:
    info = np.finfo(dtype)
    edges = [0.0, 1, math.inf, math.nan, info.tiny, info.max, info.eps, info.smallest_subnormal]
    near = [0.55, 0.85, 0.34657359, 88.72, 88.73, 87.33, 103.97, 104, 709.78, 745.13]
    values = np.array([*edges, *near], dtype)
    return np.concatenate([values, -values])


def samples(dtype: Any, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    bits = rng.integers(0, 2**32, (20000, 2), dtype=np.uint32).view(dtype).ravel()  # every exponent, NaN, inf
    spans = [(-1, 1), (-8, 8), (-110, 95), (-750, 715), (0.5, 2)]
    parts = [rng.uniform(lo, hi, 20000).astype(dtype) for lo, hi in spans]
    return np.concatenate([bits, ends(dtype), *parts])


def ulps(got: Array, want: Array) -> Array:
    """Distance in units of the last place of the exact value; infinities and NaN must be the same."""
    with np.errstate(over="ignore"):
        rounded = want.astype(got.dtype)
    special = ~np.isfinite(rounded)
    np.testing.assert_array_equal(got[special], rounded[special])
    with np.errstate(invalid="ignore"):
        distance = np.abs(got.astype(want.dtype) - want) / np.spacing(np.abs(rounded))
    return np.where(special, 0, distance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_the_error_stays_within_the_stated_units_of_the_last_place(name: str, dtype: Any) -> None:
    x = samples(dtype, seed=NAMES.index(name))
    wide: Any = np.float64 if dtype == np.float32 or name == "erf" else np.longdouble
    with np.errstate(all="ignore"):
        want = REFERENCE[name](x.astype(wide))
    worst = ulps(apply(name, x), want)
    at = int(np.argmax(worst))
    slack = 0.5 if wide == dtype else 0  # the reference itself is rounded
    assert worst[at] <= BUDGET[name] + slack, (name, x[at], worst[at])


def _exact_erf(x: float) -> float:
    with decimal.localcontext() as context:
        context.prec = 60
        z = decimal.Decimal(x)
        term = total = z
        for n in range(1, 300):
            term = -term * z * z / n
            total += term / (2 * n + 1)
        pi = decimal.Decimal("3.14159265358979323846264338327950288419716939937510582097494")
        return float(2 * total / pi.sqrt())


def test_erf_in_float64_agrees_with_its_power_series() -> None:
    x = np.concatenate([np.linspace(0.01, 6.2, 150), [0.8499, 0.85, 0.8501, 5.9, 6.0]])
    assert ulps(apply("erf", x), np.array([_exact_erf(v) for v in x])).max() <= 2


@pytest.mark.parametrize("dtype", DTYPES)
def test_odd_functions_keep_the_sign_of_zero(dtype: Any) -> None:
    x = np.array([-0.0, 0.0], dtype)
    for name in ("expm1", "log1p", "tanh", "erf"):
        np.testing.assert_array_equal(np.signbit(apply(name, x)), [True, False])


@pytest.mark.parametrize("dtype", DTYPES)
def test_exp_underflows_through_the_denormals_to_zero(dtype: Any) -> None:
    edge = math.log(np.finfo(dtype).tiny)
    x = np.linspace(edge - 40, edge + 1, 4001).astype(dtype)
    want = np.exp(x.astype(np.longdouble))
    assert ulps(apply("exp", x), want).max() <= 1
    assert apply("exp", x)[0] == 0


def test_flushed_denormals_are_zeros_not_garbage() -> None:
    set_flush_denormal(True)
    x = np.array([-90.0, -100.0, -87.4], np.float32)
    np.testing.assert_array_equal(apply("exp", x), 0)
    tiny = np.array([1e-40], np.float32)
    np.testing.assert_array_equal(apply("log", tiny), -np.inf)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", NAMES)
def test_neighbours_in_the_array_do_not_matter(name: str, dtype: Any) -> None:
    x = samples(dtype, seed=3)[:999]
    whole = apply(name, x)
    pieces = np.concatenate([apply(name, x[i : i + 7].copy()) for i in range(0, x.size, 7)])
    np.testing.assert_array_equal(pieces.view(np.uint8), whole.view(np.uint8))
