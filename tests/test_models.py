"""Model files written for torch run unchanged under an alias of torch: they show, compute and learn what torch's do."""

from __future__ import annotations

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import minitorch
from tests.model_runs import NAMES, run
from tests.torch_alias import torch_is_minitorch

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "models.json").read_text())


@pytest.fixture(scope="module", autouse=True)
def alias() -> Iterator[None]:
    with torch_is_minitorch():
        yield


def near(got: list[float], wanted: list[float], floor: float) -> bool:
    """Compare sum, sum of magnitudes and elements, in units of what the tensor is made of."""
    size = 1e-4 * max(wanted[1], floor)
    return all(abs(a - b) <= size for a, b in zip(got, wanted, strict=True))


@pytest.mark.parametrize("name", NAMES)
def test_a_model_written_for_torch_computes_and_learns_what_it_does_with_torch(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got, wanted = run(minitorch, name), RECORDED[name]
    assert (got["repr"], got["keys"]) == (wanted["repr"], wanted["keys"])
    assert got["losses"] == pytest.approx(wanted["losses"], rel=1e-4)
    for part in ("initial", "before", "gradients", "final", "after"):
        assert len(got[part]) == len(wanted[part])
        # A bias before a normalisation has a gradient of zero, which rounding makes something else.
        floor = 0.01 * max(theirs[1] for theirs in wanted[part])
        for i, (mine, theirs) in enumerate(zip(got[part], wanted[part])):
            assert near(mine, theirs, floor), f"{part} {i}: {mine} instead of {theirs}"


def test_every_model_file_is_recorded() -> None:
    assert list(RECORDED) == NAMES
