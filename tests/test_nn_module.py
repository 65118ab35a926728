"""Module, containers and parameters behave and complain as torch's do."""

import json
import warnings
from pathlib import Path

import pytest

import minitorch
from tests.nn_outcome import outcome
from tests.nn_snippets import SNIPPETS

RECORDED = json.loads((Path(__file__).parent / "data" / "nn_module.json").read_text())


@pytest.mark.parametrize("name", SNIPPETS)
def test_a_snippet_shows_what_it_shows_with_torch(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = outcome(minitorch, SNIPPETS[name])
    for i, (ours, theirs) in enumerate(zip(got, RECORDED[name])):
        assert ours == theirs, f"{name}, entry {i}"
    assert len(got) == len(RECORDED[name])


def test_python_types_of_numbers_are_dtypes() -> None:
    assert minitorch.nn.Linear(2, 2).to(float).weight.dtype is minitorch.float64
    assert minitorch.ones(2).to("cpu", int, copy=True).dtype is minitorch.int64


@pytest.mark.parametrize("name", ["abs", "relu"])
def test_slopes_that_do_not_change_have_second_gradients_of_zero(name: str) -> None:
    x = minitorch.tensor([-1.0, 2.0], requires_grad=True)
    (slope,) = minitorch.autograd.grad(getattr(minitorch, name)(x).sum(), x, create_graph=True)
    assert minitorch.autograd.grad(slope.sum(), x)[0].tolist() == [0.0, 0.0]
