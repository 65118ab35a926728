"""Update kernels against torch's formulas, operation by operation, and any number of threads."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from minitorch.jit import get_num_threads, set_num_threads
from minitorch.kernels import optim as ko
from minitorch.kernels.layout import logical

Array = Any
LIMIT = {np.float32: 4e-7, np.float64: 1e-15}


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = get_num_threads()
    yield
    set_num_threads(before)


def sgd(p: Array, grads: Array, h: Any) -> list[Array]:
    buffer = None
    for g in grads:
        g = -g if h["maximize"] else g
        g = g + h["weight_decay"] * p if h["weight_decay"] else g
        if h["momentum"]:
            buffer = g if buffer is None else h["momentum"] * buffer + (1 - h["dampening"]) * g
            g = g + h["momentum"] * buffer if h["nesterov"] else buffer
        p = p - h["lr"] * g
    return [p, np.zeros_like(p) if buffer is None else buffer]


def adam(p: Array, grads: Array, h: Any, amsgrad: bool) -> list[Array]:
    m, v, top = np.zeros((3, p.size))
    beta1, beta2 = h["betas"]
    for step, g in enumerate(grads, 1):
        g = -g if h["maximize"] else g
        if h["decoupled"]:
            p = p * (1 - h["lr"] * h["weight_decay"])
        else:
            g = g + h["weight_decay"] * p
        m = m + (1 - beta1) * (g - m) if 1 - beta1 < 0.5 else g - (g - m) * beta1
        v = v * beta2 + (1 - beta2) * g * g
        top = np.maximum(top, v)
        denominator = np.sqrt(top if amsgrad else v) / math.sqrt(1 - beta2**step) + h["eps"]
        p = p - h["lr"] / (1 - beta1**step) * m / denominator
    return [p, m, v, top if amsgrad else np.zeros_like(p)]


def draw(dtype: Any, size: int) -> tuple[Array, Array]:
    rng = np.random.default_rng(size)
    return rng.normal(size=size).astype(dtype), rng.normal(size=(4, size)).astype(dtype)


def close(got: list[Array], want: list[Array], dtype: Any) -> None:
    for a, b in zip(got, want):
        assert a.dtype == dtype
        np.testing.assert_allclose(a, b, rtol=0, atol=8 * LIMIT[dtype] * max(1, np.abs(b).max(initial=0)))


def run_sgd(p: Array, grads: Array, h: Any) -> list[Array]:
    p = p.copy(order="K")
    buffer = np.full_like(p, np.nan) if h["momentum"] else None
    for step, g in enumerate(grads):
        ko.sgd_step(p, g, buffer, first=step == 0, **h)
    return [p, np.zeros_like(p) if buffer is None else buffer]


def run_adam(p: Array, grads: Array, h: Any, amsgrad: bool) -> list[Array]:
    p, m, v, top = p.copy(), np.zeros_like(p), np.zeros_like(p), np.zeros_like(p)
    for step, g in enumerate(grads, 1):
        ko.adam_step(p, g, m, v, top if amsgrad else None, step=step, **h)
    return [p, m, v, top]


SGD = [
    {"lr": 0.1, "momentum": m, "dampening": d, "weight_decay": w, "nesterov": n, "maximize": up}
    for m, d, w, n, up in itertools.product((0.0, 0.9), (0.0, 0.3), (0.0, 0.01), (False, True), (False, True))
    if not (n and (d or not m))
]
ADAM = [
    {"lr": 0.01, "betas": b, "eps": 1e-8, "weight_decay": w, "decoupled": d, "maximize": up}
    for b, w, d, up in itertools.product(((0.9, 0.999), (0.3, 0.5)), (0.0, 0.1), (False, True), (False, True))
]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("h", SGD)
def test_sgd_follows_torchs_formula(h: Any, dtype: Any) -> None:
    for size in (0, 1, 33, 1027):
        p, grads = draw(dtype, size)
        close(run_sgd(p, grads, h), sgd(p.astype(float), grads.astype(float), h), dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("amsgrad", [False, True])
@pytest.mark.parametrize("h", ADAM)
def test_adam_follows_torchs_formula(h: Any, amsgrad: bool, dtype: Any) -> None:
    for size in (0, 1, 33, 2049):
        p, grads = draw(dtype, size)
        close(run_adam(p, grads, h, amsgrad), adam(p.astype(float), grads.astype(float), h, amsgrad), dtype)


def test_nan_and_infinity_travel() -> None:
    g = np.array([np.nan, np.inf, 0, 1], np.float32)
    p, _ = run_sgd(np.ones(4, np.float32), g[None], SGD[0])
    np.testing.assert_array_equal(np.isfinite(p), [False, False, True, True])
    q, *_ = run_adam(np.ones(4, np.float32), g[None], ADAM[0], True)
    np.testing.assert_array_equal(q[:3], [np.nan, np.nan, 1])


def test_channels_last_arrays_step_together_and_mixed_orders_are_refused() -> None:
    p, grads = draw(np.float32, 2 * 3 * 4 * 5)
    want = run_sgd(p, grads, SGD[-1])[0]
    shape = (2, 4, 5, 3)
    got = run_sgd(logical(p.reshape(shape)), [logical(g.reshape(shape)) for g in grads], SGD[-1])[0]
    np.testing.assert_array_equal(np.moveaxis(got, 1, -1).ravel(), want)
    with pytest.raises(ValueError, match="share no dense order"):
        ko.sgd_step(p.reshape(2, 3, 4, 5), logical(grads[0].reshape(shape)), None, first=True, lr=1.0)
    with pytest.raises(ValueError, match="needs a buffer"):
        ko.sgd_step(p, p, None, first=True, lr=1.0, momentum=0.5)


def test_the_number_of_threads_does_not_change_a_bit() -> None:
    p, grads = draw(np.float32, 300_007)
    results = []
    for threads in (1, 2, 3, 5):
        set_num_threads(threads)
        results.append([*run_sgd(p, grads, SGD[-1]), *run_adam(p, grads, ADAM[-1], True)])
    for other in results[1:]:
        for a, b in zip(results[0], other):
            np.testing.assert_array_equal(a, b)
