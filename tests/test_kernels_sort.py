"""Sorted indices against NumPy's stable sort: every type, ties, special values, few and many, any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minitorch.jit import get_num_threads, set_num_threads
from minitorch.kernels.sort import FEW, applies, argsort

DTYPES = [np.float32, np.float64, np.int32, np.int64]
SPECIAL = [0.0, -0.0, np.inf, -np.inf, np.nan, -np.nan, 1e-45, -1e-45, 1.0, -1.0, 3.5]


def numbers(shape: tuple[int, ...], dtype: Any, kind: str) -> Any:
    rng = np.random.default_rng(shape[-1])
    if kind == "ties":
        return rng.integers(-3, 4, shape).astype(dtype)
    if np.issubdtype(dtype, np.integer):
        return rng.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, shape, dtype, endpoint=True)
    if kind == "special":
        return rng.choice(np.array(SPECIAL), shape).astype(dtype)
    return rng.normal(size=shape).astype(dtype)


def stable(x: Any, axis: int, descending: bool) -> Any:
    if not descending:
        return np.argsort(x, axis, kind="stable")
    last = x.shape[axis] - 1
    return last - np.flip(np.argsort(np.flip(x, axis), axis, kind="stable"), axis)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("kind", ["plain", "ties", "special"])
@pytest.mark.parametrize("shape, axis", [((FEW,), 0), ((FEW + 1,), 0), ((5, 1), 1), ((40, 7), 0), ((3, 300, 2), 1)])
@pytest.mark.parametrize("descending", [False, True])
def test_indices_are_those_of_a_stable_sort(shape: Any, axis: int, kind: str, dtype: Any, descending: bool) -> None:
    x = numbers(shape, dtype, kind)
    assert applies(x)
    got = argsort(x, axis, descending)
    assert got.dtype == np.int64
    np.testing.assert_array_equal(got, stable(x, axis, descending))


def test_other_types_and_empty_arrays() -> None:
    assert not any(applies(np.zeros(3, dtype)) for dtype in (np.float16, np.uint8, bool, np.complex64, ">f4"))
    assert argsort(np.zeros((0, 3)), 1).shape == (0, 3) and argsort(np.zeros((3, 0)), 1).shape == (3, 0)


def test_the_number_of_threads_does_not_change_the_order() -> None:
    x = numbers((64, 3000), np.float32, "ties")
    before, results = get_num_threads(), []
    try:
        for threads in (1, 2, 3, 5):
            set_num_threads(threads)
            results.append(argsort(x, 1).tobytes())
    finally:
        set_num_threads(before)
    assert all(r == results[0] for r in results)
