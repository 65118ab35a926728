"""Running sums against NumPy in float64: chunks, groups of rows, both directions, any number of threads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from minitorch.jit import get_num_threads, set_num_threads
from minitorch.kernels.scan import CHUNK, LANES, TILE, running_sum


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = get_num_threads()
    yield
    set_num_threads(before)


SHAPES = [
    ((1,), 0), ((CHUNK,), 0), ((2 * CHUNK + 1,), 0), ((LANES + 1, 5), 1), ((2 * LANES - 1, CHUNK + 3), 1),
    ((3, 7, 2), 1), ((5, TILE + 1), 0), ((0, 3), 1), ((3, 0), 1),
]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("shape, dim", SHAPES)
def test_running_sums_agree_with_float64(shape: tuple[int, ...], dim: int, back: bool, dtype: Any) -> None:
    x = np.random.default_rng(len(shape)).normal(size=shape).astype(dtype)
    turned = np.flip(x, dim) if back else x
    want = np.cumsum(turned, dim, dtype=np.longdouble)
    got = running_sum(x, dim, back)
    assert got.dtype == dtype and got.shape == shape
    added = np.finfo(np.float64).eps * 10 * x.size  # float64 additions, one after the other
    np.testing.assert_allclose(got, np.flip(want, dim) if back else want, rtol=2 * np.finfo(dtype).eps, atol=added)


def test_nan_and_infinity_stay_from_where_they_stand() -> None:
    x = np.ones((6, 5), np.float32)
    x[1, 2], x[4, 3] = np.nan, np.inf
    assert np.isnan(running_sum(x, 1)[1]).tolist() == [False, False, True, True, True]
    assert np.isnan(running_sum(x, 1, back=True)[1]).tolist() == [True, True, True, False, False]
    assert np.isinf(running_sum(x, 0)[:, 3]).tolist() == [False] * 4 + [True] * 2


@pytest.mark.parametrize("shape, dim", [((3, 3 * CHUNK), 1), ((70, 900), 1), ((40, 3000), 0)])
def test_the_number_of_threads_does_not_change_a_bit(shape: tuple[int, ...], dim: int) -> None:
    x = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    results = []
    for threads in (1, 2, 3, 5):
        set_num_threads(threads)
        results.append([running_sum(x, dim, back).tobytes() for back in (False, True)])
    assert all(r == results[0] for r in results)
