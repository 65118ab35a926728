"""What a random function refuses: torch's exception and text, and a stream that has not moved."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from minitorch import dtypes
from minitorch.random import Generator

FAILURES: list[tuple[Callable[[Generator], Any], type[Exception], str]] = [
    (lambda g: g.uniform((3,), low=2.0, high=1.0), RuntimeError, "found from=2 > to=1"),
    (lambda g: g.uniform((3,), low=-3e38, high=3e38), RuntimeError, "exceed the limit"),
    (lambda g: g.uniform((3,), high=1e39), RuntimeError, "to is out of bounds for float"),
    (lambda g: g.uniform((3,), low=float("nan")), RuntimeError, "from is out of bounds for float"),
    (
        lambda g: g.uniform((3,), dtypes.int64),
        NotImplementedError,
        "\"check_uniform_bounds\" not implemented for 'Long'",
    ),
    (lambda g: g.normal((3,), std=-1.0), RuntimeError, "normal expects std >= 0.0, but found std -1"),
    (
        lambda g: g.normal((3,), dtypes.int32),
        NotImplementedError,
        "\"normal_kernel_cpu\" not implemented for 'Int'",
    ),
    (lambda g: g.normal_of(np.zeros(2), np.array([1.0, -1])), RuntimeError, "all elements of std >= 0.0"),
    (lambda g: g.normal_of(np.zeros(2), np.ones(3)), RuntimeError, r"\[2\] and \[3\]"),
    (lambda g: g.randint(5, 5, (3,)), RuntimeError, "from=5 >= to=5"),
    (lambda g: g.randint(5, 5, (0,)), RuntimeError, "from=5 >= to=5"),
    (
        lambda g: g.randint(0, 300, (3,), dtypes.uint8),
        RuntimeError,
        "to - 1 is out of bounds for unsigned char",
    ),
    (lambda g: g.randint(0, 3, (3,), dtypes.bool_), RuntimeError, "to - 1 is out of bounds for bool"),
    (lambda g: g.randint(-200, 3, (3,), dtypes.int8), RuntimeError, "from is out of bounds for signed char"),
    (lambda g: g.randint(0, 2**24, (3,), dtypes.float16), RuntimeError, "out of bounds for c10::Half"),
    (lambda g: g.randint(0, 2**63, (3,)), ValueError, "Overflow when unpacking long long"),
    (lambda g: g.randint(0, 3, (3,), dtypes.complex64), RuntimeError, "handles only integral"),
    (lambda g: g.random_(np.empty(3, np.uint16)), NotImplementedError, "UInt16"),
    (lambda g: g.randperm(-1), RuntimeError, "negative dimension -1"),
    (lambda g: g.randperm(300, dtypes.uint8), RuntimeError, "uint8_t without overflow"),
    (lambda g: g.randperm(3, dtypes.bool_), NotImplementedError, "Bool"),
    (
        lambda g: g.randperm(3000, dtypes.float16),
        RuntimeError,
        "n cannot be greater than 2049 for Half type.",
    ),
    (
        lambda g: g.bernoulli(1.5, (3,)),
        RuntimeError,
        r"bernoulli_ expects p to be in \[0, 1\], but got p=1.5",
    ),
    (lambda g: g.bernoulli(float("nan"), (3,)), RuntimeError, "p=nan"),
    (lambda g: g.bernoulli(np.array([0.0, 2.0])), RuntimeError, "p_in >= 0 && p_in <= 1"),
    (lambda g: g.bernoulli(np.array([np.nan])), RuntimeError, "p_in >= 0 && p_in <= 1"),
    (lambda g: g.bernoulli(np.array([1, 0])), NotImplementedError, "'Long'"),
    (lambda g: g.bernoulli(np.ones(2), (3,)), RuntimeError, r"\[2\] does not expand to \[3\]"),
    (lambda g: g.dropout_mask((3,), 1.5), ValueError, "between 0 and 1, but got 1.5"),
    (lambda g: g.exponential_(np.empty(3), 0.0), RuntimeError, "lambda=0"),
    (lambda g: g.exponential_(np.empty(3, np.int64)), RuntimeError, "you specified Long"),
    (lambda g: g.cauchy_(np.empty(3), 0.0, 0.0), RuntimeError, "sigma=0"),
    (lambda g: g.cauchy_(np.empty(3, np.int64)), RuntimeError, "you specified long int"),
    (lambda g: g.log_normal_(np.empty(3), 0.0, 0.0), RuntimeError, "std=0"),
    (lambda g: g.geometric_(np.empty(3), 1.0), RuntimeError, r"p to be in \(0, 1\), but got p=1"),
    (lambda g: g.geometric_(np.empty(3, bool), 0.5), NotImplementedError, "Bool"),
    (lambda g: g.multinomial(np.ones((2, 2, 2)), 1), RuntimeError, "1 or 2 dim"),
    (lambda g: g.multinomial(np.ones(2, int), 1), RuntimeError, "got: Long"),
    (lambda g: g.multinomial(np.ones(3), 0), RuntimeError, "n_sample <= 0"),
    (lambda g: g.multinomial(np.ones(3), 4), RuntimeError, "without replacement"),
    (lambda g: g.multinomial(np.array([1.0, -1.0]), 1), RuntimeError, "`inf`, `nan` or element < 0"),
    (lambda g: g.multinomial(np.array([np.nan, 1.0]), 3, True), RuntimeError, "infinity or NaN"),
    (lambda g: g.multinomial(np.zeros(3), 2), RuntimeError, "sum of probabilities <= 0"),
    (lambda g: g.uniform_(np.broadcast_to(np.empty((1, 3)), (2, 3))), RuntimeError, "read-only"),
    (
        lambda g: g.uniform_(np.lib.stride_tricks.as_strided(np.empty(3), (2, 3), (0, 8))),
        RuntimeError,
        "single memory",
    ),
]


@pytest.mark.parametrize("call, error, message", FAILURES)
def test_a_failed_call_leaves_the_stream_where_it_was(
    call: Callable[[Generator], Any], error: type[Exception], message: str
) -> None:
    gen = Generator().manual_seed(0)
    gen.normal((3,))
    before = gen.state_array()
    with pytest.raises(error, match=message):
        call(gen)
    np.testing.assert_array_equal(gen.state_array(), before)
