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
