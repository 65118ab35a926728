"""Promises of kernels/conv_planes.py: small groups in (N, C, *spatial) order equal their references, unconverted."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minitorch import jit
from minitorch.codegen.ir import AVX2, AVX512, I64, NEON, SSE2, Target, dump
from minitorch.codegen.planes import emit_plane_outer, emit_plane_tile
from minitorch.kernels import plane_plan, small, small_weight
from minitorch.kernels.layout import conversions
from tests.test_kernels_conv import answers, check, problem

PLAIN = ("plain", "plain", "plain")
FLOATS = [np.float32, np.float64]


@pytest.fixture(autouse=True, scope="module")
def _nothing_is_small() -> Iterator[None]:
    def forget() -> None:
        for value in (*vars(small).values(), *vars(small_weight).values()):
            if hasattr(value, "cache_clear"):
                value.cache_clear()

    forget()
    with mock.patch.object(small, "exceeded", return_value=True):
        yield
    forget()


@settings(max_examples=60)
@given(data=st.data(), dtype=st.sampled_from(FLOATS), bias=st.booleans())
def test_planes_of_any_shape_equal_the_reference(data: Any, dtype: Any, bias: bool) -> None:
    kernel, stride, dilation = (
        data.draw(st.tuples(*[st.integers(1, high)] * 2), label=name)
        for name, high in (("kernel", 7), ("stride", 4), ("dilation", 3))
    )
    padding = data.draw(st.tuples(*[st.tuples(st.integers(0, 4), st.integers(0, 4))] * 2))
    drawn = data.draw(st.tuples(st.integers(1, 40), st.integers(1, 70)))
    spatial = tuple(max(n, d * (k - 1) + 1 - a - b, 1) for n, k, d, (a, b) in zip(drawn, kernel, dilation, padding))
    sizes = data.draw(st.sampled_from([(1, 1, 1), (2, 1, 1), (3, 1, 4), (2, 3, 1), (2, 2, 2)]))
    groups = data.draw(st.integers(2, 7))
    check(problem(spatial, kernel, stride, padding, dilation, groups, sizes, dtype, PLAIN), bias)


@pytest.mark.parametrize("dtype", FLOATS)
def test_one_axis_and_planes_of_a_volume(dtype: Any) -> None:
    check(problem((131,), (5,), (2,), ((2, 2),), (1,), 6, (2, 1, 1), dtype, PLAIN))
    check(problem((3, 9, 21), (1, 3, 3), (1, 2, 2), ((0, 0), (1, 1), (1, 1)), (1, 1, 1), 4, (2, 1, 2), dtype, PLAIN))
    check(problem((3, 9, 21), (2, 3, 3), (1, 1, 1), ((0, 0), (1, 1), (1, 1)), (1, 1, 1), 4, (2, 1, 1), dtype, PLAIN))


@pytest.mark.parametrize("stride", [(1, 1), (2, 2), (3, 2)])
def test_nothing_is_converted(stride: Any) -> None:
    p = problem((20, 33), (3, 3), stride, ((1, 1), (1, 1)), (1, 1), 12, (2, 1, 1), np.float32, PLAIN)
    conversions.reset()
    y, gx, _ = answers(p)
    assert conversions.count == 0
    assert y.flags.c_contiguous
    assert gx.flags.c_contiguous


def test_bands_of_rows_equal_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    p = problem((61, 40), (5, 3), (2, 1), ((2, 2), (1, 1)), (1, 1), 5, (2, 1, 1), np.float32, PLAIN)
    whole = answers(p)
    for plan in (plane_plan.forward_plan, plane_plan.input_plan):
        plan.cache_clear()
    monkeypatch.setattr(plane_plan, "BUFFER_BYTES", 1)
    try:
        for a, b in zip(answers(p), whole):
            np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-4)
    finally:
        for plan in (plane_plan.forward_plan, plane_plan.input_plan):
            plan.cache_clear()


@pytest.mark.parametrize("stride", [1, 2])
def test_threads_do_not_change_a_bit(stride: int) -> None:
    p = problem((57, 56), (3, 3), (stride,) * 2, ((1, 1),) * 2, (1, 1), 24, (3, 1, 1), np.float32, PLAIN)
    before, found = jit.get_num_threads(), []
    try:
        for threads in (1, 2, 3, 5):
            jit.set_num_threads(threads)
            found.append([a.tobytes() for a in answers(p)])
    finally:
        jit.set_num_threads(before)
    assert found[1:] == found[:1] * 3


@pytest.mark.parametrize("stride", [1, 2])
def test_one_odd_pixel_reaches_its_windows_only(stride: int) -> None:
    p = problem((19, 37), (3, 3), (stride,) * 2, ((1, 1),) * 2, (1, 1), 3, (2, 1, 1), np.float32, PLAIN)
    p.x[1, 2, 7, 36] = np.nan
    for got, want in zip(
        answers(p),
        answers(
            p._replace(
                x=p.x.astype(np.float64),
                w=p.w.astype(np.float64),
                bias=p.bias.astype(np.float64),
                gy=p.gy.astype(np.float64),
            )
        ),
    ):
        np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    y, gx, gw = answers(p)
    assert np.isnan(y[1, 2]).any() and not np.isnan(y[0]).any() and not np.isnan(y[1, :2]).any()
    assert not np.isnan(gx).any()
    assert np.isnan(gw[2]).any() and not np.isnan(gw[:2]).any()


@pytest.mark.parametrize("target", [AVX512, AVX2, SSE2, NEON])
@pytest.mark.parametrize("itemsize", [4, 8])
def test_tiles_are_emitted_for_any_cpu(target: Target, itemsize: int) -> None:
    outer = dump(emit_plane_outer, itemsize, target, [I64] * 8)
    assert outer.count("phi") == 3 + 10
    assert "masked.load" in outer

    def tile(v: Any, *args: Any) -> None:
        emit_plane_tile(v, *args[:5], v.builder.sitofp(args[5], v.scalar), args[6])

    text = dump(tile, itemsize, target, [I64] * 7)
    assert text.count("phi") == 3 + 8
    assert ("llvm.fma" in text) == target.fma
