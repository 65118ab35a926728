"""Promises of kernels/small*.py: small convolutions equal their references wherever operands lie, and stay small."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from minitorch import jit
from minitorch.kernels import small, small_weight
from minitorch.kernels.conv import conv_forward, conv_input_grad
from minitorch.kernels.conv_ref import conv_forward_ref, conv_input_grad_ref, conv_weight_grad_ref
from minitorch.kernels.conv_weight import conv_weight_grad
from minitorch.kernels.window import output_size

SAME = ((1, 1), ((1, 1), (1, 1)), (1, 1))


def laid_out(array: Any, layout: str) -> Any:
    """Return the same values in another physical order."""
    if layout == "last":
        return np.moveaxis(np.ascontiguousarray(np.moveaxis(array, 1, -1)), -1, 1)
    if layout == "strided":
        return np.repeat(array, 2, -1)[..., ::2]
    if layout == "reversed":
        return array[::-1, ..., ::-1].copy()[::-1, ..., ::-1]
    return array


def answers(x: Any, w: Any, bias: Any, gy: Any, how: Any) -> list[Any]:
    """Return what the small kernels compute, None for what they leave to others."""
    both = small_weight.gradients(gy, x, w.shape[2:], *how, True) or (None, None)
    return [small.forward(x, w, bias, *how), small.input_grad(gy, w, x.shape[2:], *how), *both]


LAYOUTS = st.sampled_from(["plain", "last", "strided", "reversed"])


@settings(max_examples=150)
@given(data=st.data(), dtype=st.sampled_from([np.float32, np.float64]), biased=st.booleans())
def test_the_triad_equals_its_reference(data: Any, dtype: Any, biased: bool) -> None:
    rank, groups = data.draw(st.integers(1, 3)), data.draw(st.sampled_from([1, 1, 2, 3, 8]))

    def draw(low: int, high: int) -> tuple[int, ...]:
        return data.draw(st.tuples(*[st.integers(low, high)] * rank))

    kernel, stride, dilation = draw(1, 4), draw(1, 3), draw(1, 3)
    padding = tuple(zip(draw(0, 3), draw(0, 3)))
    spatial = tuple(
        max(n, d * (k - 1) + 1 - a - b, 1) for n, k, d, (a, b) in zip(draw(1, 9), kernel, dilation, padding)
    )
    images, inputs, filters = data.draw(st.tuples(st.integers(1, 3), st.integers(1, 9), st.integers(1, 15)))
    outputs = [output_size(*axis) for axis in zip(spatial, kernel, stride, padding, dilation)]
    rng = np.random.default_rng(0)
    channels, outer = inputs * groups, filters * groups
    shapes = (images, channels, *spatial), (outer, inputs, *kernel), (images, outer, *outputs)
    x, w, gy = (laid_out(rng.standard_normal(s).astype(dtype), data.draw(LAYOUTS)) for s in shapes)
    bias = np.repeat(rng.standard_normal(len(w)).astype(dtype), 2)[::2] if biased else None
    how = (stride, padding, dilation, groups)
    found = answers(x, w, bias, gy, how)
    assume(any(a is not None for a in found))
    wanted = [
        conv_forward_ref(x, w, bias, *how), conv_input_grad_ref(gy, w, spatial, *how),
        conv_weight_grad_ref(gy, x, kernel, *how), gy.sum((0, *range(2, gy.ndim))),
    ]  # fmt: skip
    bound = 1e-4 if dtype is np.float32 else 1e-11
    for got, want in ((a, b) for a, b in zip(found, wanted) if a is not None):
        np.testing.assert_allclose(got, want, rtol=bound, atol=bound)


def triad(x: Any, w: Any, gy: Any, groups: int = 1) -> list[Any]:
    how = (*SAME, groups)
    return [conv_forward(x, w, None, *how), conv_input_grad(gy, w, x.shape[2:], *how),
            conv_weight_grad(gy, x, (3, 3), *how)]  # fmt: skip


def operands(channels: int, groups: int = 1, size: int = 8) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    x, gy = (rng.uniform(1, 2, (1, channels, size, size)).astype(np.float32) for _ in range(2))
    return x, rng.uniform(1, 2, (channels, channels // groups, 3, 3)).astype(np.float32), gy


def test_results_follow_the_layout_of_the_operand() -> None:
    x, w, gy = operands(8)
    assert all(a.flags.c_contiguous for a in triad(x, w, gy))
    y, gx, gw = triad(laid_out(x, "last"), w, laid_out(gy, "last"))
    assert all(np.moveaxis(a, 1, -1).flags.c_contiguous for a in (y, gx)) and gw.flags.c_contiguous


def test_large_and_empty_problems_are_left_to_others() -> None:
    x, w, gy = operands(64, size=64)
    assert answers(x, w, None, gy, (*SAME, 1)) == [None] * 4
    x, w, gy = (a[:0] for a in operands(8))
    assert answers(x, operands(8)[1], None, gy, (*SAME, 1)) == [None] * 4


def test_operands_without_own_memory_for_each_element() -> None:
    x, w, gy = operands(8)
    flat = np.lib.stride_tricks.as_strided(np.ones(1, np.float32), gy.shape, (0, 0, 0, 0))
    wanted = triad(x, w, np.ones_like(gy))
    for got, want in zip(triad(x, w, flat), wanted):
        assert np.array_equal(got, want)
    compiled = len(small.correlate.signatures)
    for got, want in zip(triad(x, w, np.broadcast_to(np.float32(1), gy.shape)), wanted):
        np.testing.assert_allclose(got, want, rtol=1e-4)
    assert len(small.correlate.signatures) == compiled  # memory that must not be written is no type of its own


def test_one_thread_and_many_give_the_same_bits() -> None:
    x, w, gy = (np.repeat(a, 5, 0) if a.ndim and len(a) == 1 else a for a in operands(8))
    before, seen = jit.get_num_threads(), set()
    try:
        for threads in (1, 2, 3, 5):
            jit.set_num_threads(threads)
            seen.add(tuple(a.tobytes() for a in triad(x, w, gy)))
    finally:
        jit.set_num_threads(before)
    assert len(seen) == 1


@pytest.mark.parametrize("groups", [1, 8])
def test_nan_and_infinity_pass(groups: int) -> None:
    x, w, gy = operands(8, groups)
    x[0, 0, 5, 5], gy[0, 0, 3, 3] = np.nan, np.inf
    y, gx, gw = triad(x, w, gy, groups)
    met = 8 if groups == 1 else 1
    assert np.isnan(y).sum() == 9 * met and np.isnan(y[0, :met, 4:7, 4:7]).all()
    assert np.isposinf(gx).sum() == 9 * met and np.isposinf(gx[0, :met, 2:5, 2:5]).all()
    assert np.isnan(gw[:, 0]).all() if groups == 1 else np.isfinite(gw[1:]).all()


def test_groups_leave_out_the_padding_where_weights_or_gradients_are_infinite() -> None:
    x, w, gy = operands(8, 8)
    w[:, :, 0, 0] = np.inf
    y, gx, _ = triad(laid_out(x, "last"), w, laid_out(gy, "last"), 8)
    assert np.isfinite(y[:, :, 0]).all() and np.isposinf(y[:, :, 1:, 1:]).all()
    assert np.isfinite(gx[:, :, -1]).all() and np.isposinf(gx[:, :, :-1, :-1]).all()
    x, w, gy = operands(8, 8)
    gy[:, :, 0, 0] = np.inf
    gw = triad(laid_out(x, "last"), w, laid_out(gy, "last"), 8)[2]
    assert np.isfinite(gw[:, 0, 0]).all() and np.isposinf(gw[:, 0, 1:, 1:]).all()
