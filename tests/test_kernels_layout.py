"""Promises of kernels/layout.py."""

from __future__ import annotations

import numpy as np
import pytest

from minitorch.jit import get_num_threads, set_num_threads
from minitorch.kernels.layout import (
    as_channels_last,
    as_contiguous,
    conversions,
    empty_channels_last,
    is_channels_last,
    logical,
)


@pytest.mark.parametrize("spatial", [(), (5,), (4, 5), (3, 4, 5)])
def test_a_round_trip_is_the_identity_and_converts_once(spatial: tuple[int, ...]) -> None:
    x = np.arange(6 * int(np.prod(spatial)), dtype=np.float32).reshape(2, 3, *spatial)
    conversions.reset()
    y = as_channels_last(x)
    assert y.flags.c_contiguous and y.shape == (2, *spatial, 3)
    np.testing.assert_array_equal(logical(y), x)
    again = as_channels_last(logical(y))
    assert again.base is y or np.shares_memory(again, y)
    assert conversions.count == (1 if spatial else 0)


def test_strided_and_broadcast_arrays_are_made_dense() -> None:
    x = np.broadcast_to(np.float32(3), (2, 3, 4, 4))
    assert as_channels_last(x).flags.c_contiguous
    y = np.zeros((2, 6, 8, 8))[:, ::2, 1:, ::3]
    assert as_channels_last(y).shape == (2, 7, 3, 3)


@pytest.mark.parametrize("shape", [(0, 3, 4, 4), (2, 0, 4, 4), (2, 3, 0, 4), (2, 1, 4, 4), (2, 3, 1, 1)])
def test_degenerate_sizes_never_copy(shape: tuple[int, ...]) -> None:
    conversions.reset()
    x = np.zeros(shape)
    assert as_channels_last(x).size == x.size
    assert conversions.count == 0


def test_empty_channels_last_is_dense_in_that_order() -> None:
    x = empty_channels_last((2, 3, 4, 5), np.dtype(np.float64))
    assert x.shape == (2, 3, 4, 5) and is_channels_last(x)
    assert not is_channels_last(np.zeros((2, 3, 4, 5)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64, np.int32, np.int16])
@pytest.mark.parametrize("shape", [(2, 3, 71, 67), (3, 65, 90), (1, 33, 8, 9, 10), (5, 257, 16, 16), (2, 40, 1, 301)])
def test_large_conversions_move_every_element(shape: tuple[int, ...], dtype: type) -> None:
    x = np.arange(int(np.prod(shape))).astype(dtype).reshape(shape)
    y = as_channels_last(x)
    assert y.flags.c_contiguous
    np.testing.assert_array_equal(y, np.moveaxis(x, 1, -1))
    z = as_contiguous(logical(y))
    assert z.flags.c_contiguous
    np.testing.assert_array_equal(z, x)


def test_conversions_do_not_depend_on_threads() -> None:
    x = np.random.default_rng(0).standard_normal((4, 100, 70, 70)).astype(np.float32)
    before = get_num_threads()
    for threads in (1, 2, 3, 5):
        set_num_threads(threads)
        np.testing.assert_array_equal(as_channels_last(x), np.moveaxis(x, 1, -1))
    set_num_threads(before)
