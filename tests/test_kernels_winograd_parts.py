"""Promises of kernels/lattice.py and winograd_parts.py: every convolution that falls into 3x3 or 2x2 parts is their
sum, within a stated bound, in all three directions, with the same bits for any threads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from minitorch import jit
from minitorch.codegen.winograd import AT_5, BT, G_2
from minitorch.kernels import conv, winograd_parts
from minitorch.kernels.conv import conv_forward, conv_input_grad
from minitorch.kernels.conv_ref import conv_forward_ref, conv_input_grad_ref, conv_weight_grad_ref
from minitorch.kernels.conv_weight import conv_weight_grad
from minitorch.kernels.lattice import best_lattice, lattice
from minitorch.kernels.window import output_size, window3d

# Norm of the error by the root of the sum of squared terms; F(5x5, 2x2) evaluates fourth powers.
ERROR = {3: {np.float32: 1e-5, np.float64: 2e-14}, 2: {np.float32: 3e-5, np.float64: 6e-14}}
MOST = {1: 60, 2: 17, 3: 8}


@pytest.fixture
def force(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """Return a function that has every convolution cut into parts of one side, whatever that costs."""

    def to(side: int) -> None:
        def chosen(images: int, channels: int, filters: int, window: Any, dtype: Any, inverse: bool) -> Any:
            return lattice(window, inverse, side)

        monkeypatch.setattr(conv, "best_lattice", chosen)

    return to


def operands(spatial: Any, kernel: Any, how: Any, sizes: Any, dtype: Any = np.float32) -> tuple[Any, Any, Any, Any]:
    images, channels, filters = sizes
    rng = np.random.default_rng(channels * 71 + filters)
    outputs = [output_size(*axis) for axis in zip(spatial, kernel, *how[:3])]
    shapes = ((images, channels, *spatial), (filters, channels, *kernel), (70,), (images, filters, *outputs))
    x, w, bias, gy = (rng.standard_normal(shape).astype(dtype) for shape in shapes)
    return x, w, bias, gy


def triad(x: Any, w: Any, bias: Any, gy: Any, how: Any, winograd: bool = True) -> list[Any]:
    return [
        conv_forward(x, w, bias[: w.shape[0]], *how, winograd),
        conv_input_grad(gy, w, x.shape[2:], *how, bias[: x.shape[1]], winograd),
        conv_weight_grad(gy, x, w.shape[2:], *how, winograd),
    ]


def references(x: Any, w: Any, bias: Any, gy: Any, how: Any) -> list[Any]:
    return [
        conv_forward_ref(x, w, bias[: w.shape[0]], *how),
        conv_input_grad_ref(gy, w, x.shape[2:], *how, bias[: x.shape[1]]),
        conv_weight_grad_ref(gy, x, w.shape[2:], *how),
    ]


def errors(given_: tuple[Any, ...], how: Any) -> list[float]:
    exact = [a.astype(np.float64) for a in given_]
    want, squares = references(*exact, how), references(*(a**2 for a in exact), how)
    found = triad(*given_, how)
    return [float(np.linalg.norm(g - w) / max(np.sqrt(s.sum()), 1e-30)) for g, w, s in zip(found, want, squares)]


@pytest.mark.parametrize("side", [2, 3])
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), dtype=st.sampled_from([np.float32, np.float64]))
def test_every_window_is_the_sum_of_its_parts(side: int, force: Callable[[int], None], data: Any, dtype: Any) -> None:
    force(side)
    rank = data.draw(st.integers(1, 3))

    def draw(low: int, high: int) -> tuple[int, ...]:
        return data.draw(st.tuples(*[st.integers(low, high)] * rank))

    kernel, stride, dilation = draw(1, 11 if rank == 1 else 6), draw(1, 3), draw(1, 3)
    padding = tuple(zip(draw(0, 4), draw(0, 4)))
    spatial = tuple(
        max(n, d * (k - 1) + 1 - a - b, 1) for n, k, d, (a, b) in zip(draw(1, MOST[rank]), kernel, dilation, padding)
    )
    how = (stride, padding, dilation, 1)
    given_ = operands(spatial, kernel, how, data.draw(st.tuples(*[st.integers(1, n) for n in (3, 40, 40)])), dtype)
    assert max(errors(given_, how)) < ERROR[side][dtype]


CASES = {
    "5x5 dilated": ((28, 28), (5, 5), ((1, 1), ((4, 4),) * 2, (2, 2), 1)),
    "4x4 stride 2": ((40, 40), (4, 4), ((2, 2), ((1, 1),) * 2, (1, 1), 1)),
    "nine in a row": ((512,), (9,), ((1,), ((4, 4),), (1,), 1)),
    "3x3x3": ((8, 16, 16), (3, 3, 3), ((1,) * 3, ((1, 1),) * 3, (1,) * 3, 1)),
}


@pytest.mark.parametrize("case", CASES)
def test_large_layers_choose_it_and_one_thread_and_many_give_the_same_bits(case: str) -> None:
    spatial, kernel, how = CASES[case]
    window = window3d(spatial, kernel, *how[:3])
    for inverse in (False, True):
        assert best_lattice(4, 64, 64, window, np.dtype(np.float32), inverse) is not None
    given_ = operands(spatial, kernel, how, (4, 64, 64))
    before, seen = jit.get_num_threads(), set()
    try:
        for threads in (1, 2, 3, 5):
            jit.set_num_threads(threads)
            seen.add(tuple(a.tobytes() for a in triad(*given_, how)))
    finally:
        jit.set_num_threads(before)
    assert len(seen) == 1
    plain = triad(*given_, how, winograd=False)
    assert not any(np.array_equal(a, b) for a, b in zip(triad(*given_, how), plain))


def test_never_where_it_does_not_pay() -> None:
    five = window3d((28, 28), (5, 5), (1, 1), ((2, 2),) * 2, (1, 1))
    one = window3d((28, 28), (1, 1), (1, 1), ((0, 0),) * 2, (1, 1))
    assert best_lattice(16, 64, 64, five, np.dtype(np.float16), False) is None
    assert best_lattice(16, 64, 3, five, np.dtype(np.float32), False) is None
    assert best_lattice(16, 64, 64, one, np.dtype(np.float32), False) is None


def test_chunks_and_blocks_add_up(force: Callable[[int], None], monkeypatch: pytest.MonkeyPatch) -> None:
    force(3)
    for name in ("LEAST_CHUNK", "CHUNK_BYTES", "BLOCK_BYTES"):
        monkeypatch.setattr(winograd_parts, name, 5 if name == "LEAST_CHUNK" else 0)
    winograd_parts._plan.cache_clear()
    for spatial, kernel, how in (CASES["5x5 dilated"], CASES["nine in a row"]):
        assert max(errors(operands(spatial, kernel, how, (2, 17, 33)), how)) < ERROR[3][np.float32]
    winograd_parts._plan.cache_clear()


@pytest.mark.parametrize("case", CASES)
def test_nan_and_infinity_pass(case: str, force: Callable[[int], None]) -> None:
    spatial, kernel, how = CASES[case]
    force(3)
    x, w, bias, gy = operands(spatial, kernel, how, (1, 17, 20))
    middle = tuple(n // 2 for n in spatial)
    x[(0, 3, *middle)], gy[(0, 2, *(n // 2 for n in gy.shape[2:]))] = np.nan, np.inf
    y, gx, gw = triad(x, w, bias, gy, how)
    exact = [a.astype(np.float64) for a in (x, w, bias, gy)]
    with np.errstate(invalid="ignore"):
        want_y, want_gx, want_gw = references(*exact, how)
    for got, want in ((y, want_y), (gx, want_gx), (gw, want_gw)):
        assert not np.isfinite(got[~np.isfinite(want)]).any()
    assert np.isfinite(y).any() and np.isfinite(gx).any()  # others' patches are not touched


def test_the_transforms_of_two_taps_are_exact() -> None:
    rng = np.random.default_rng(0)
    d, g = rng.integers(-9, 9, 6).astype(float), rng.integers(-9, 9, 2).astype(float)
    got = np.array(AT_5) @ ((np.array(G_2) @ g) * (np.array(BT) @ d))
    np.testing.assert_allclose(got, [d[i] * g[0] + d[i + 1] * g[1] for i in range(5)], atol=1e-12)
