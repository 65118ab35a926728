"""Promises of kernels/layout.py."""

from __future__ import annotations

import numpy as np
import pytest

from minitorch.kernels.layout import (
    as_channels_last,
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
