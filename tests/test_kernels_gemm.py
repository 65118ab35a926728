"""Promises of kernels/gemm.py and codegen: right for any strides, the same bits for any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llvmlite import ir

from minitorch import jit
from minitorch.codegen.gemm import emit_tile, tile_rows
from minitorch.codegen.ir import AVX2, AVX512, I64, NEON, SCALARS, SSE2, Target, dump, parse_target
from minitorch.codegen.move import emit_transpose
from minitorch.kernels import gemm as module
from minitorch.kernels.gemm import gemm

DTYPES = [np.float32, np.float64]
TOLERANCE = {np.float32: 2e-5, np.float64: 1e-13}


@pytest.fixture(autouse=True)
def always_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small products too go through the tiles."""
    monkeypatch.setattr(module, "SMALL", 0)
    monkeypatch.setattr(module, "FEW_ROWS", 0)


def matrix(rng: Any, shape: tuple[int, ...], dtype: Any, layout: str) -> Any:
    """Random matrices of `shape` with the named strides."""
    *batch, m, n = shape
    if layout == "transposed":
        return rng.standard_normal((*batch, n, m)).astype(dtype).swapaxes(-1, -2)
    if layout == "strided":
        return rng.standard_normal((*batch, 2 * m, 3 * n)).astype(dtype)[..., ::2, ::3]
    if layout == "reversed":
        return rng.standard_normal(shape).astype(dtype)[..., ::-1, ::-1]
    return rng.standard_normal(shape).astype(dtype)


def reference(a: Any, b: Any, out: Any, bias: Any, accumulate: bool, relu: bool) -> Any:
    y = np.matmul(a.astype(np.float64), b.astype(np.float64))
    y = y + (0 if bias is None else bias) + (out if accumulate else 0)
    return np.maximum(y, 0) if relu else y


LAYOUTS = st.sampled_from(["plain", "transposed", "strided", "reversed"])


@settings(max_examples=60)
@given(data=st.data(), dtype=st.sampled_from(DTYPES), epilogue=st.sampled_from(["", "bias", "add", "relu"]))
def test_any_shape_and_strides(data: Any, dtype: Any, epilogue: str) -> None:
    m, n, k = (data.draw(st.integers(1, 70)) for _ in range(3))
    batch = data.draw(st.sampled_from([(), (3,), (2, 2), (1, 3)]))
    a_batch, b_batch = data.draw(st.sampled_from([(batch, batch), (batch, ()), ((), batch)]))
    rng = np.random.default_rng(m * 71 + n)
    a = matrix(rng, (*a_batch, m, k), dtype, data.draw(LAYOUTS))
    b = matrix(rng, (*b_batch, k, n), dtype, data.draw(LAYOUTS))
    out = matrix(rng, (*batch, m, n), dtype, data.draw(LAYOUTS))
    bias = rng.standard_normal(n).astype(dtype) if epilogue == "bias" else None
    expected = reference(a, b, out, bias, epilogue == "add", epilogue == "relu")
    gemm(a, b, out, bias, epilogue == "add", epilogue == "relu")
    np.testing.assert_allclose(out, expected, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * np.sqrt(k) * 4)


@pytest.mark.parametrize("shape", [(40, 1300, 2100), (70, 9000, 40), (3, 700, 33)])
def test_operands_beyond_the_bound_are_taken_in_slabs(
    shape: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PACKED_BYTES", 1 << 18)
    m, k, n = shape
    rng = np.random.default_rng(0)
    a, b = matrix(rng, (3, m, k), np.float32, "plain"), matrix(rng, (3, k, n), np.float32, "plain")
    bias, out = np.ones(n, np.float32), np.empty((3, m, n), np.float32)
    gemm(a, b, out, bias, relu=True)
    expected = reference(a, b, out, bias, False, True)
    np.testing.assert_allclose(out, expected, rtol=2e-5, atol=2e-3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_one_thread_and_many_give_the_same_bits(dtype: Any) -> None:
    rng = np.random.default_rng(1)
    a, b = matrix(rng, (4, 150, 700), dtype, "plain"), matrix(rng, (4, 700, 131), dtype, "transposed")
    answers = []
    before = jit.get_num_threads()
    try:
        for threads in (1, 2, 3, 5):
            jit.set_num_threads(threads)
            out = np.empty((4, 150, 131), dtype)
            gemm(a, b, out)
            answers.append(out.tobytes())
    finally:
        jit.set_num_threads(before)
    assert len(set(answers)) == 1


@pytest.mark.parametrize("relu", [False, True])
def test_nan_and_infinity_pass(relu: bool) -> None:
    a = np.ones((30, 20), np.float32)
    b = np.ones((20, 40), np.float32)
    a[3, 4], a[5, 6], a[7, 8] = np.nan, np.inf, -np.inf
    out = np.empty((30, 40), np.float32)
    gemm(a, b, out, relu=relu)
    assert np.isnan(out[3]).all() and (out[5] == np.inf).all()
    assert (out[7] == (0 if relu else -np.inf)).all() and np.isfinite(out[[0, 1, 2, 4, 6]]).all()


def test_empty_sums_give_the_bias_and_empty_results_nothing() -> None:
    out = np.full((3, 2), 7.0, np.float32)
    gemm(
        np.ones((3, 0), np.float32),
        np.ones((0, 2), np.float32),
        out,
        bias=np.array([1, -1], np.float32),
        relu=True,
    )
    assert out.tolist() == [[1, 0]] * 3
    gemm(np.ones((0, 4), np.float32), np.ones((4, 2), np.float32), out[:0])


@pytest.mark.parametrize("target", [AVX512, AVX2, SSE2, NEON])
@pytest.mark.parametrize("itemsize", [4, 8])
def test_emitters_need_no_machine(target: Target, itemsize: int) -> None:
    rows, lanes = tile_rows(target), target.lanes(itemsize)
    text = dump(lambda v, *args: emit_tile(v, rows, 2, *args), itemsize, target, [I64] * 13 + [SCALARS[itemsize]])
    kind = f"<{lanes} x {'float' if itemsize == 4 else 'double'}>"
    products = text.count('@"llvm.fma') - 1 if target.fma else text.count("fmul " + kind)
    assert products == 2 * rows and kind in text
    square = dump(emit_transpose, itemsize, target, [I64] * 4)
    assert square.count("shufflevector") == lanes * int(np.log2(lanes))


def test_targets_are_read_from_feature_strings() -> None:
    assert parse_target("x86_64-pc", "znver5", "+avx512f,+avx2,+fma") == AVX512
    assert parse_target("x86_64-pc", "haswell", "+avx2,+fma,-avx512f") == AVX2
    assert parse_target("x86_64-pc", "generic", "") == SSE2
    assert parse_target("x86_64-pc", "haswell", "") == AVX2
    assert parse_target("arm64-apple-darwin", "apple-m1", "") == NEON
    assert isinstance(ir.Module("m"), ir.Module)
