"""Point-wise kernels against NumPy: special values, dense orders, in place, any number of threads."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from minitorch.jit import get_num_threads, set_flush_denormal, set_num_threads
from minitorch.kernels import activations, gamma
from minitorch.kernels import elementwise as ew
from minitorch.kernels.layout import logical
from minitorch.ops.unary import UNARY

Array = Any
NUMBERS = {"scale": (1.7, -0.3), "add_scaled": (-2.5,), "dropout": (1.25,), "threshold_backward": (0.0,)}
NUMBERS |= {"fill": (-2.5, 0.0), "shrink_backward": (0.5,), "clamp_backward": (-1.0, 1.0)}
for _name, _numbers in {
    "leaky_relu": (0.01,),
    "hardtanh": (-1.5, 2.0),
    "elu": (1.5, 1.05, 0.8),
    "softplus": (2.0, 9.0),
    "softshrink": (0.5,),
    "hardshrink": (0.5,),
}.items():
    NUMBERS[_name] = NUMBERS[_name + "_backward"] = _numbers
_erf = np.vectorize(math.erf, otypes=[np.float64])


def _cdf(x: Array) -> Array:
    return 0.5 * (1 + _erf(x * math.sqrt(0.5)))


def _sigmoid(x: Array) -> Array:
    z = np.exp(-np.abs(x))
    return np.where(x < 0, z, 1) / (1 + z)


def _silu_backward(g: Array, x: Array) -> Array:
    s = _sigmoid(x)
    return g * s * (1 + x * (1 - s))


def _softplus(x: Array) -> Array:
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def _mish_slope(x: Array) -> Array:
    t = np.tanh(_softplus(x))
    return t + x * _sigmoid(x) * (1 - t * t)


def _gelu_tanh(x: Array) -> Array:
    return 0.5 * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def _gelu_tanh_slope(x: Array) -> Array:
    t = 2 * _gelu_tanh(x) - 1
    return 0.5 * (1 + t + x * (1 - t * t) * math.sqrt(2 / math.pi) * (1 + 3 * 0.044715 * x * x))


def _lgamma(x: float) -> float:
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):  # a pole, or beyond the largest number
        return math.inf


REFERENCE: dict[str, Callable[..., Array]] = {
    "relu": lambda x: np.maximum(x, 0),
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sigmoid": _sigmoid,
    "tanh": np.tanh,
    "erf": _erf,
    "gelu": lambda x: x * _cdf(x),
    "silu": lambda x: x * _sigmoid(x),
    "sqrt": np.sqrt,
    "copy": np.copy,
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "scale": lambda x, a, b: x * a + b,
    "add_scaled": lambda x, y, a: x + a * y,
    "dropout": lambda x, k, f: x * np.where(k, f, 0),
    "where": lambda x, y, c: np.where(c, x, y),
    "fill": lambda x, c, v, when: np.where(c == bool(when), v, x),
    "threshold_backward": lambda g, x, t: np.where(x <= t, 0, g),
    "sigmoid_backward": lambda g, y: g * (1 - y) * y,
    "tanh_backward": lambda g, y: g * (1 - y * y),
    "gelu_backward": lambda g, x: g * (_cdf(x) + x * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)),
    "silu_backward": _silu_backward,
    "leaky_relu": lambda x, s: np.where(x > 0, x, x * s),
    "leaky_relu_backward": lambda g, x, s: np.where(x > 0, g, g * s),
    "hardtanh": lambda x, a, b: np.clip(x, a, b),
    "hardtanh_backward": lambda g, x, a, b: np.where((x <= a) | (x >= b), 0, g),
    "hardsigmoid": lambda x: np.clip(x + 3, 0, 6) / 6,
    "hardsigmoid_backward": lambda g, x: np.where((x > -3) & (x < 3), g / 6, 0),
    "hardswish": lambda x: x * np.clip(x + 3, 0, 6) / 6,
    "hardswish_backward": lambda g, x: g * np.where(x <= -3, 0, np.where(x < 3, x / 3 + 0.5, 1)),
    "elu": lambda x, a, s, r: np.where(x > 0, x * s, np.expm1(np.minimum(x, 0) * r) * a * s),
    "elu_backward": lambda g, x, a, s, r: g * np.where(x <= 0, np.exp(np.minimum(x, 0) * r) * a * s * r, s),
    "softplus": lambda x, b, t: np.where(x * b > t, x, _softplus(x * b) / b),
    "softplus_backward": lambda g, x, b, t: np.where(x * b > t, g, g * _sigmoid(x * b)),
    "log_sigmoid": lambda x: -_softplus(-x),
    "log_sigmoid_backward": lambda g, x: g * _sigmoid(-x),
    "mish": lambda x: x * np.tanh(_softplus(x)),
    "mish_backward": lambda g, x: g * _mish_slope(x),
    "softshrink": lambda x, d: np.where(x > d, x - d, np.where(x < -d, x + d, x * 0)),
    "hardshrink": lambda x, d: np.where(np.abs(x) <= d, 0, x),
    "shrink_backward": lambda g, x, d: np.where(np.abs(x) <= d, 0, g),
    "clamp_backward": lambda g, x, a, b: np.where((x >= a) & (x <= b), g, 0),
    "reciprocal": np.reciprocal,
    "rsqrt": lambda x: np.reciprocal(np.sqrt(x)),
    "absolute": np.abs,
    "absolute_backward": lambda g, x: g * np.where(np.isnan(x), 0, np.sign(x)),
    "lgamma": np.vectorize(_lgamma, otypes=[np.float64]),
    "digamma": UNARY["digamma"].fwd,
    "erfinv": UNARY["erfinv"].fwd,
    "erfc": np.vectorize(math.erfc, otypes=[np.float64]),
    "gelu_tanh": lambda x: x * _gelu_tanh(x),
    "gelu_tanh_backward": lambda g, x: g * _gelu_tanh_slope(x),
}
EXACT = ["relu", "sqrt", "copy", "add", "sub", "mul", "div", "maximum", "minimum", "threshold_backward"]
EXACT += [
    "where",
    "fill",
    "leaky_relu",
    "leaky_relu_backward",
    "hardtanh",
    "hardtanh_backward",
    "hardsigmoid",
    "hardswish",
]


@pytest.fixture(autouse=True)
def _settings() -> Iterator[None]:
    before = get_num_threads()
    set_flush_denormal(False)
    yield
    set_flush_denormal(True)
    set_num_threads(before)


def operands(name: str, dtype: Any, size: int) -> list[Array]:
    rng = np.random.default_rng(size)
    special = [0.0, -0.0, np.inf, -np.inf, np.nan, np.finfo(dtype).tiny / 8, np.finfo(dtype).max, 1.0, -1.0]
    arrays = []
    for _ in range(ew.KERNELS[name].arrays):
        x = rng.normal(0, 3, size).astype(dtype)
        at = rng.random(size) < 0.2
        x[at] = rng.choice(np.array(special, dtype), at.sum())
        arrays.append(x)
    if name.endswith("_backward"):  # gradients that do not overflow, outputs in their range
        arrays = [np.clip(a, -9, 9) for a in arrays]
    if name == "erfinv":
        arrays = [np.where(np.abs(a) > 1.5, a, a / 1.5) for a in arrays]
    if name in ("sigmoid_backward", "tanh_backward"):
        arrays[1] = np.clip(arrays[1], -1, 1)
    if name in ("dropout", "fill", "where"):
        arrays[-1] = rng.random(size) < 0.5
    return arrays


def test_every_kernel_of_the_table_has_a_reference() -> None:
    assert set(REFERENCE) == set(ew.KERNELS)
    assert activations.KERNELS is gamma.KERNELS is ew.KERNELS


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", REFERENCE)
@pytest.mark.parametrize("size", [0, 1, 17, 1003])
def test_kernels_agree_with_numpy(name: str, dtype: Any, size: int) -> None:
    arrays, numbers = operands(name, dtype, size), [dtype(v) for v in NUMBERS.get(name, ())]
    got = ew.run(name, *arrays, *numbers)
    assert got.dtype == dtype
    with np.errstate(all="ignore"):
        wide = arrays if name in EXACT else [a.astype(np.float64) if a.dtype != bool else a for a in arrays]
        want = REFERENCE[name](*wide, *numbers).astype(dtype)
    if name in EXACT:
        np.testing.assert_array_equal(got, want)
    else:
        limit = 4e-6 if dtype == np.float32 else 1e-13
        np.testing.assert_allclose(got, want, rtol=limit, atol=limit)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", REFERENCE)
def test_the_number_of_threads_does_not_change_a_bit(name: str, dtype: Any) -> None:
    arrays, numbers = operands(name, dtype, 200_003), NUMBERS.get(name, ())
    results = []
    for threads in (1, 2, 3, 5):
        set_num_threads(threads)
        results.append(ew.run(name, *arrays, *numbers))
    for other in results[1:]:
        np.testing.assert_array_equal(results[0].view(np.uint8), other.view(np.uint8))


@pytest.mark.parametrize("name", ["exp", "add", "tanh", "div"])
def test_in_place_gives_the_same_bits(name: str) -> None:
    arrays = operands(name, np.float32, 5001)
    want = ew.run(name, *arrays)
    got = ew.run(name, *arrays, out=arrays[0])
    assert got is arrays[0]
    np.testing.assert_array_equal(got.view(np.uint8), want.view(np.uint8))


def test_dense_orders_are_kept_and_others_refused() -> None:
    x = np.random.default_rng(0).normal(size=(2, 5, 4, 3)).astype(np.float32)
    last = logical(x)
    assert ew.applies(x, x) and ew.applies(last, last) and not ew.applies(last, np.ascontiguousarray(last))
    y = ew.run("add", last, last)
    assert y.strides == last.strides
    np.testing.assert_array_equal(y, 2 * last)
    assert not ew.applies(x[:, ::2]) and not ew.applies(x.astype(np.int64)) and not ew.applies(x.T)
    with pytest.raises(ValueError, match="not dense"):
        ew.run("relu", x[:, ::2])


def test_flushed_denormals_become_zeros() -> None:
    set_flush_denormal(True)
    x = np.full(100, 1e-40, np.float32)
    assert not ew.run("relu", x).any() and not ew.run("mul", x, np.ones_like(x)).any()
