"""Promises of kernels/conv*.py: the triad equals its references for every shape, layout, type and thread
count.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minitorch import jit
from minitorch.codegen.ir import AVX2, AVX512, I64, NEON, SSE2, Target, dump
from minitorch.codegen.walk import USUAL, emit_walk_outer, emit_walk_sum, walks
from minitorch.kernels import small, small_weight, tiles
from minitorch.kernels.conv import conv_forward, conv_input_grad
from minitorch.kernels.conv_ref import conv_forward_ref, conv_input_grad_ref, conv_weight_grad_ref
from minitorch.kernels.conv_weight import conv_weight_grad
from minitorch.kernels.layout import conversions, empty_channels_last, is_channels_last
from minitorch.kernels.window import output_size

TOLERANCE = {np.float32: 3e-5, np.float64: 1e-12}
MOST = {1: 40, 2: 14, 3: 7}  # sizes of the maps by number of spatial axes


@pytest.fixture(autouse=True, scope="module")
def large_only() -> Iterator[None]:
    """Keep the kernels of small maps away, which `test_kernels_small` is about."""
    plans = (small.forward_plan, small.input_plan, small_weight.plan)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(small, "exceeded", lambda *_: True)
        for plan in plans:
            plan.cache_clear()
        yield
    for plan in plans:
        plan.cache_clear()


class Problem(NamedTuple):
    x: Any
    w: Any
    bias: Any
    gy: Any
    how: tuple[Any, ...]  # stride, padding, dilation, groups


def as_layout(array: Any, layout: str) -> Any:
    """Return the same values in another physical order."""
    if layout == "last":
        out = empty_channels_last(array.shape, array.dtype)
    elif layout == "strided":
        out = np.empty([2 * n for n in array.shape], array.dtype)[tuple(slice(0, None, 2) for _ in array.shape)]
    elif layout == "reversed":
        out = np.empty(array.shape, array.dtype)[..., ::-1]
    else:
        out = np.empty(array.shape, array.dtype)
    out[...] = array
    return out


def problem(
    spatial: Any, kernel: Any, stride: Any, padding: Any, dilation: Any, groups: int, sizes: Any, dtype: Any,
    layouts: Any = ("last", "plain", "last"), seed: int = 0,
) -> Problem:  # fmt: skip
    """Random operands; `sizes` is (images, channels and filters of a group)."""
    rng = np.random.default_rng(seed)
    images, channels, filters = sizes
    outputs = [output_size(*axis) for axis in zip(spatial, kernel, stride, padding, dilation)]
    draw = [
        rng.standard_normal(shape).astype(dtype)
        for shape in (
            (images, channels * groups, *spatial),
            (filters * groups, channels, *kernel),
            (filters * groups,),
            (images, filters * groups, *outputs),
        )
    ]
    x, w, gy = (as_layout(a, layout) for a, layout in zip((draw[0], draw[1], draw[3]), layouts))
    return Problem(x, w, draw[2], gy, (stride, padding, dilation, groups))


def answers(p: Problem, bias: bool = True, winograd: bool = False) -> list[Any]:
    b = p.bias if bias else None
    gb = np.ones(p.x.shape[1], p.x.dtype) if bias else None
    return [
        conv_forward(p.x, p.w, b, *p.how, winograd),
        conv_input_grad(p.gy, p.w, p.x.shape[2:], *p.how, gb, winograd),
        conv_weight_grad(p.gy, p.x, p.w.shape[2:], *p.how, winograd),
    ]


def references(p: Problem, bias: bool = True) -> list[Any]:
    x, w, gy = (a.astype(np.float64) for a in (p.x, p.w, p.gy))
    return [
        conv_forward_ref(x, w, p.bias if bias else None, *p.how),
        conv_input_grad_ref(gy, w, x.shape[2:], *p.how, np.ones(x.shape[1]) if bias else None),
        conv_weight_grad_ref(gy, x, w.shape[2:], *p.how),
    ]


def check(p: Problem, bias: bool = True, winograd: bool = False) -> None:
    taps = p.w[0].size
    terms = (taps, p.w.size // p.w.shape[1], p.gy.size // p.gy.shape[1])
    for got, want, count in zip(answers(p, bias, winograd), references(p, bias), terms):
        bound = TOLERANCE[p.x.dtype.type] * np.sqrt(max(count, 1))
        np.testing.assert_allclose(got, want, rtol=bound, atol=bound)


LAYOUTS = st.sampled_from(["last", "plain", "strided", "reversed"])


@settings(max_examples=150)
@given(data=st.data(), dtype=st.sampled_from([np.float32, np.float64]), bias=st.booleans())
def test_the_triad_equals_its_reference(data: Any, dtype: Any, bias: bool) -> None:
    rank = data.draw(st.integers(1, 3))
    groups = data.draw(st.sampled_from([1, 1, 1, 2, 3, 5]))

    def draw(low: int, high: int) -> tuple[int, ...]:
        return data.draw(st.tuples(*[st.integers(low, high)] * rank))

    kernel, stride, dilation = draw(1, 5), draw(1, 3), draw(1, 2)
    padding = tuple(zip(draw(0, 3), draw(0, 3)))
    spatial = tuple(
        max(n, d * (k - 1) + 1 - a - b, 1) for n, k, d, (a, b) in zip(draw(1, MOST[rank]), kernel, dilation, padding)
    )
    sizes = data.draw(st.tuples(st.integers(0, 3), st.integers(1, 40), st.integers(1, 40)))
    layouts = [data.draw(LAYOUTS) for _ in range(3)]
    check(problem(spatial, kernel, stride, padding, dilation, groups, sizes, dtype, layouts), bias)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "channels, filters, groups",
    [(1, 1, 40), (1, 3, 17), (2, 2, 6), (4, 4, 32), (70, 70, 1), (1, 70, 1), (70, 1, 1)],
)
def test_depthwise_groups_and_extremes(channels: int, filters: int, groups: int, dtype: Any) -> None:
    for stride in (1, 2):
        check(problem((9, 8), (3, 3), (stride,) * 2, ((1, 1), (1, 1)), (1, 1), groups, (2, channels, filters), dtype))


@settings(max_examples=80)
@given(data=st.data(), dtype=st.sampled_from([np.float32, np.float64]), bias=st.booleans())
def test_groups_by_lanes_equal_their_reference(data: Any, dtype: Any, bias: bool) -> None:
    rank = data.draw(st.integers(1, 3))

    def draw(low: int, high: int) -> tuple[int, ...]:
        return data.draw(st.tuples(*[st.integers(low, high)] * rank))

    width, groups = data.draw(st.sampled_from([1, 2, 4, 8])), data.draw(st.integers(2, 37))
    kernel, stride, dilation = draw(1, 4), draw(1, 3), draw(1, 2)
    padding = tuple(zip(draw(0, 4), draw(0, 4)))
    spatial = tuple(
        max(n, d * (k - 1) + 1 - a - b, 1) for n, k, d, (a, b) in zip(draw(1, MOST[rank]), kernel, dilation, padding)
    )
    sizes = (data.draw(st.integers(1, 3)), width, width)
    layouts = [data.draw(LAYOUTS) for _ in range(3)]
    check(problem(spatial, kernel, stride, padding, dilation, groups, sizes, dtype, layouts), bias)


@pytest.mark.parametrize("width, groups", [(1, 40), (2, 20), (4, 32), (8, 4), (16, 2), (3, 6)])
def test_groups_never_go_to_winograd(width: int, groups: int) -> None:
    same = ((16, 16), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1))
    check(problem(*same, groups, (2, width, width), np.float32), winograd=True)


@settings(max_examples=60)
@given(data=st.data(), dtype=st.sampled_from([np.float32, np.float64]), bias=st.booleans())
def test_walked_rows_equal_their_reference(data: Any, dtype: Any, bias: bool) -> None:
    usual = [((3, 3), (1, 1)), ((3, 3), (2, 2)), ((1, 3), (1, 1)), ((1, 4), (1, 1)), ((3, 4), (2, 1))]
    kernel, stride = data.draw(st.sampled_from(usual))
    padding = tuple(data.draw(st.tuples(*[st.tuples(st.integers(0, 2), st.integers(0, 3))] * 2)))
    spatial = data.draw(st.tuples(st.integers(5, 20), st.integers(5, 40)))
    sizes, channels = (data.draw(st.integers(1, 3)), 1, 1), data.draw(st.integers(8, 53))
    layouts = [data.draw(LAYOUTS) for _ in range(3)]
    check(problem(spatial, kernel, stride, padding, (1, 1), channels, sizes, dtype, layouts), bias)


@pytest.mark.parametrize("depth", [((1, 1), (1, 1, 1)), ((2, 2), (2, 1, 1)), ((0, 1), (1, 2, 2))])
def test_walked_rows_of_volumes(depth: Any) -> None:
    pads, stride = depth
    check(problem((5, 9, 12), (1, 3, 3), stride, (pads, (1, 1), (1, 1)), (1, 1, 1), 24, (2, 1, 1), np.float32))


@pytest.mark.parametrize("target", [AVX512, AVX2, SSE2, NEON])
def test_walks_can_be_emitted_for_any_cpu(target: Target) -> None:
    for walk in USUAL:
        assert walks(walk, target)
        rows = walk.rows(target)
        sums = dump(lambda v, *a, w=walk, r=rows: emit_walk_sum(v, w, r, *a), 4, target, [I64] * 11)
        outer = dump(lambda v, *a, w=walk, r=rows: emit_walk_outer(v, w, r, *a), 4, target, [I64] * 9)
        products = rows * walk.lines * walk.taps
        found = [text.count("llvm.fma.") - 1 if target.fma else text.count("fmul") for text in (sums, outer)]
        # the loop, and before and after it together once for each further output that a step meets
        assert found == [products * walk.depth] * 2


@pytest.mark.parametrize("width", [1, 2, 4, 8])
def test_nan_and_infinity_stay_in_their_group(width: int) -> None:
    p = problem((12, 12), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 8, (1, width, width), np.float32)
    p.x[0, 0, 5, 5], p.gy[0, 0, 6, 6] = np.nan, np.inf
    y = conv_forward(p.x, p.w, None, *p.how)
    assert np.isnan(y[0, :width, 4:7, 4:7]).all() and np.isfinite(y[0, width:]).all()
    assert np.isnan(y[0, :width]).sum() == 9 * width
    gx = conv_input_grad(p.gy, p.w, (12, 12), *p.how)
    assert np.isinf(gx[0, :width, 5:8, 5:8]).all() and np.isfinite(gx[0, width:]).all()
    gw = conv_weight_grad(p.gy, p.x, (3, 3), *p.how)
    assert np.isnan(gw[:width, 0]).all() and np.isfinite(gw[width:]).all()


def test_padding_is_skipped_where_weights_are_infinite() -> None:
    p = problem((12, 12), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 20, (1, 1, 1), np.float32)
    p.w[:, :, 0, 0] = np.inf
    y, gx = conv_forward(np.abs(p.x), p.w, None, *p.how), conv_input_grad(np.abs(p.gy), p.w, (12, 12), *p.how)
    assert np.isfinite(y[:, :, 0]).all() and np.isfinite(y[..., 0]).all() and np.isposinf(y[:, :, 1:, 1:]).all()
    assert np.isfinite(gx[:, :, -1]).all() and np.isfinite(gx[..., -1]).all() and np.isposinf(gx[:, :, :-1, :-1]).all()


@pytest.mark.parametrize("case", ["same", "stride", "stem", "depthwise", "depthwise 14", "groups", "deep"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_one_thread_and_many_give_the_same_bits(case: str, dtype: Any) -> None:
    pad = ((1, 1), (1, 1))
    p = {
        "same": lambda: problem((20, 20), (3, 3), (1, 1), pad, (1, 1), 1, (5, 33, 40), dtype),
        "stride": lambda: problem((21, 20), (3, 3), (2, 2), pad, (1, 1), 1, (5, 33, 40), dtype),
        "stem": lambda: problem((40, 41), (7, 7), (2, 2), ((3, 3), (3, 3)), (1, 1), 1, (4, 3, 20), dtype),
        "depthwise": lambda: problem((30, 30), (3, 3), (1, 1), pad, (1, 1), 60, (4, 1, 1), dtype),
        "depthwise 14": lambda: problem((14, 14), (3, 3), (2, 2), pad, (1, 1), 72, (9, 1, 1), dtype),
        "groups": lambda: problem((30, 30), (3, 3), (2, 2), pad, (1, 1), 16, (4, 4, 4), dtype),
        "deep": lambda: problem((7, 7), (3, 3), (1, 1), pad, (1, 1), 1, (1, 150, 150), dtype),
    }[case]()
    before, seen = jit.get_num_threads(), set()
    try:
        for threads in (1, 2, 3, 5):
            jit.set_num_threads(threads)
            seen.add(tuple(a.tobytes() for a in answers(p)))
    finally:
        jit.set_num_threads(before)
    assert len(seen) == 1


def test_results_are_channels_last_and_such_inputs_are_not_converted() -> None:
    p = problem((9, 8), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 1, (2, 20, 24), np.float32)
    conversions.reset()
    y, gx, gw = answers(p)
    assert is_channels_last(y) and is_channels_last(gx) and gw.flags.c_contiguous
    assert conversions.count == 0
    conv_forward(np.ascontiguousarray(p.x), p.w, None, *p.how)
    assert conversions.count == 1


def test_nan_and_infinity_pass() -> None:
    p = problem((12, 12), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), 1, (1, 8, 20), np.float32)
    p.x[0, 0, 5, 5], p.x[0, 1, 9, 2] = np.nan, np.inf
    y = conv_forward(p.x, p.w, None, *p.how)
    assert np.isnan(y[0, :, 4:7, 4:7]).all() and np.isinf(y[0, :, 8:11, 1:4]).all()
    assert np.isfinite(y[0, :, :3]).all()
    p.gy[0, 2, 6, 6] = np.nan
    assert np.isnan(conv_input_grad(p.gy, p.w, (12, 12), *p.how)[0, :, 5:8, 5:8]).all()
    assert np.isnan(conv_weight_grad(p.gy, p.x, (3, 3), *p.how)[2]).all()


@pytest.mark.parametrize("shape", [(0, 4, 6, 6), (2, 0, 6, 6)])
def test_empty_batches_and_channels(shape: tuple[int, ...]) -> None:
    x, w, bias = (
        np.zeros(shape, np.float32),
        np.zeros((5, shape[1], 3, 3), np.float32),
        np.ones(5, np.float32),
    )
    how = ((1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    y = conv_forward(x, w, bias, *how)
    assert y.shape == (shape[0], 5, 4, 4) and (y == 1).all()
    assert conv_input_grad(y, w, (6, 6), *how).shape == shape
    gw = conv_weight_grad(y, x, (3, 3), *how)
    assert gw.shape == w.shape and not gw.any()


@pytest.mark.parametrize("channels", [64, 48, 80, 65])
@pytest.mark.parametrize("bias", [True, False])
def test_results_written_past_the_caches_are_the_same(
    channels: int, bias: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(channels)
    x, w = rng.standard_normal((2, 40, 21, 22)), rng.standard_normal((channels, 40, 3, 3))
    b = rng.standard_normal(channels) if bias else None
    rest = ((1, 1), ((1, 1), (1, 1)), (1, 1), 1)
    plain = conv_forward(x, w, b, *rest)
    monkeypatch.setattr(tiles, "STREAM_BYTES", 0)
    assert np.array_equal(conv_forward(x, w, b, *rest), plain)


@pytest.mark.parametrize("filters", [8, 24, 40, 36, 64])
def test_groups_that_begin_within_a_cache_line_are_not_written_past_the_caches(
    filters: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "STREAM_BYTES", 0)
    for dtype in (np.float32, np.float64):
        for groups in (2, 4, 8):
            sizes = (2, filters, filters)
            check(problem((17, 18), (3, 3), (1, 1), ((1, 1), (1, 1)), (1, 1), groups, sizes, dtype))
