"""The models of a torch.nn tutorial run unchanged but for the import, and show, compute and learn what torch does."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.programs_for_torch import digest, with_minitorch

PROGRAM = with_minitorch("tutorial_models")
each_model = pytest.mark.parametrize("name", PROGRAM["MODELS"])


@each_model
def test_a_model_shows_what_torchs_shows(name: str, recorded: Callable[[str], Any]) -> None:
    shown, _ = PROGRAM["run"](name)
    wanted = recorded("tutorial_models")[name]
    assert shown == {key: wanted[key] for key in shown}


@each_model
def test_outputs_and_gradients_are_torchs(name: str, recorded: Callable[[str], Any]) -> None:
    _, tensors = PROGRAM["run"](name)
    wanted = recorded("tutorial_models")[name]["tensors"]
    assert list(tensors) == list(wanted)
    for key, tensor in tensors.items():
        got, expected = digest(tensor.numpy()), wanted[key]
        assert got["shape"] == expected["shape"], key
        size = max(1, len(tensor.flatten()))
        near = 2e-5 * expected["magnitude"] / size + 1e-7  # gradients of biases before normalisation are rounding
        assert got["elements"] == pytest.approx(expected["elements"], rel=2e-5, abs=near), key
        for total in ("sum", "magnitude"):
            near = 2e-6 * expected["magnitude"] + 1e-7 * size
            assert got[total] == pytest.approx(expected[total], abs=near, rel=0), key
