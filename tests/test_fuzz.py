"""Two thousand random programs give NumPy's values, and the gradients that complex steps through NumPy give."""

import pytest

from tests.fuzz import Writer, failures
from tests.fuzz_ops import ENTRIES


@pytest.mark.parametrize("first", range(0, 1500, 250))
def test_random_programs_give_the_values_and_gradients_of_numpy(first: int) -> None:
    assert list(failures(range(first, first + 250))) == []


@pytest.mark.parametrize("first", range(0, 500, 250))
def test_programs_that_overwrite_what_gradients_need_are_refused_or_right(first: int) -> None:
    assert list(failures(range(first, first + 250), 20, wild=True)) == []


def test_the_programs_use_every_operation() -> None:
    used = {line.entry.name for seed in range(1500) for line in Writer(seed).write(14).lines}
    assert used == {entry.name for entry in ENTRIES}
