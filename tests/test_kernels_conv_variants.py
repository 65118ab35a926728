"""Every implementation of convolution, forced one by one, is right on random problems, whatever it meets.

The problems and what they have to answer are in `conv_variants`; a longer run is
``python -m tests.conv_variants FIRST LAST [MULTIPLICATIONS]``.
"""

from __future__ import annotations

from itertools import count, islice
from typing import Any

import numpy as np
import pytest

from tests.conv_variants import VARIANTS, differing, forced, planted, problems, wrong, wrongly_passed

every_variant = pytest.mark.parametrize("name", VARIANTS)


def some(name: str, number: int) -> list[Any]:
    """Return the first problems that a variant applies to, small ones: its limits are forced anyway."""
    return list(islice(problems(name, count(), 5e5), number))


@every_variant
def test_a_variant_is_right_wherever_it_applies(name: str) -> None:
    assert [f"seed {seed}: {said}, {p}" for seed, p in some(name, 24) if (said := wrong(p, name))] == []


@every_variant
def test_a_variant_passes_nan_and_infinity_on_and_leaves_the_rest_alone(name: str) -> None:
    met = [(seed, planted(p, seed)) for seed, p in some(name, 20)]
    assert [f"seed {seed}: {said}, {p}" for seed, p in met if (said := wrongly_passed(p, name))] == []


@every_variant
def test_one_thread_and_many_give_the_same_bits(name: str) -> None:
    assert [f"seed {seed}: {said}, {p}" for seed, p in some(name, 10) if (said := differing(p, name))] == []


@pytest.mark.slow
@every_variant
def test_a_variant_is_right_on_many_and_larger_problems(name: str) -> None:
    for seed, p in problems(name, range(1000, 1400)):
        for said in (wrong(p, name), wrongly_passed(planted(p, seed), name), differing(p, name)):
            assert said == "", f"seed {seed}: {p}"


def test_the_harness_notices_what_is_wrong() -> None:
    _, p = some("winograd", 1)[0]
    with forced(VARIANTS["winograd"]) as ran:
        pass
    assert ran == [] and not VARIANTS["lanes"].applies(p)
    assert "did not run" in wrong(p, "lanes")
    assert "is nan" in wrong(p._replace(x=np.where(p.x == p.x.max(), np.nan, p.x)), "direct")
