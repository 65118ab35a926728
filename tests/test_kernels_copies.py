"""Copies of large arrays: every dtype, dense orders, repetition along any neighbouring axes, any number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from minitorch.jit import get_num_threads, set_num_threads
from minitorch.kernels.copies import LARGE, copy_into, copy_of

DTYPES = [np.float32, np.float64, np.int64, np.int32, np.complex64]


def numbers(shape: tuple[int, ...], dtype: Any) -> Any:
    bits = np.random.default_rng(0).integers(0, 256, (*shape, np.dtype(dtype).itemsize), np.uint8)
    return bits.view(dtype)[..., 0]


@pytest.mark.parametrize("dtype", DTYPES)
def test_bits_of_dense_arrays_are_copied_in_their_order(dtype: Any) -> None:
    x = numbers((4, 300, 301), dtype)
    for y in (x, x.transpose(2, 0, 1), x[:, ::-1].copy()):
        out = copy_of(y)
        assert out is not None and out.strides == y.strides and not np.may_share_memory(out, y)
        assert out.tobytes() == y.tobytes()


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(
    "shape, want",
    [((), (700, 801)), ((700, 1), (700, 801)), ((1, 801), (700, 801)), ((7, 1, 1, 90), (7, 60, 70, 90)),
     ((7, 1, 50), (7, 3000, 50)), ((600, 1000, 1), (600, 1000, 2))],
)  # fmt: skip
def test_repeated_elements_are_laid_out(shape: tuple[int, ...], want: tuple[int, ...], dtype: Any) -> None:
    x = np.broadcast_to(numbers((*shape, 1), dtype)[..., 0], want)
    before = get_num_threads()
    try:
        for threads in (1, 2, 3, 5):
            set_num_threads(threads)
            out = copy_of(x)
            assert out is not None and out.flags.c_contiguous and out.tobytes() == x.tobytes()
    finally:
        set_num_threads(before)


def test_what_is_left_to_numpy() -> None:
    small, large = np.ones(3), np.ones((600, 700))
    half = np.ones((1000, 1000), np.float16)
    assert copy_of(small) is copy_of(half) is copy_of(large[:, ::2]) is copy_of(large[::-1]) is None
    assert copy_of(np.broadcast_to(np.ones((9, 1, 300, 1)), (9, 20, 300, 20))) is None  # two runs
    assert not copy_into(large, large.T) and not copy_into(large, large) and not copy_into(large, large.astype("f"))


def test_copies_over_an_array() -> None:
    a, b = np.zeros((600, 700), np.float32), numbers((600, 700), np.float32)
    assert a.nbytes > LARGE and copy_into(a, b) and a.tobytes() == b.tobytes()
    assert copy_into(a.T, np.asfortranarray(np.ones((700, 600), np.float32))) and (a == 1).all()
