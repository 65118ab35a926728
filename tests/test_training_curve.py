"""Fifty training steps follow torch's loss curve: initialisation, data, shuffle, dropout, layers, optimizer."""

from collections.abc import Callable
from typing import Any

import pytest

import minitorch as torch
from tests.programs_for_torch import with_minitorch

PROGRAM = with_minitorch("training_curve")


@pytest.mark.parametrize("optimizer", PROGRAM["OPTIMIZERS"])
def test_the_loss_curve_is_torchs(optimizer: str, recorded: Callable[[str], Any]) -> None:
    wanted = recorded("training_curve")[optimizer]
    losses = PROGRAM["run"](optimizer)
    assert len(losses) == PROGRAM["STEPS"] + 1
    assert losses == pytest.approx(wanted, abs=1e-4, rel=0)


def test_the_recorded_curves_learn_something(recorded: Callable[[str], Any]) -> None:
    for losses in recorded("training_curve").values():
        assert losses[-1] < losses[0] / 3


def test_the_curve_does_not_depend_on_the_number_of_threads() -> None:
    before = torch.get_num_threads()
    try:
        curves = [torch.set_num_threads(n) or PROGRAM["run"]("Adam") for n in (1, 2, 3)]
    finally:
        torch.set_num_threads(before)
    assert curves[0] == curves[1] == curves[2]
