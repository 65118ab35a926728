"""Layers with several inputs and outputs show what torch's show: recurrent layers, attention, reparametrisations."""

import importlib
import json
import warnings
from pathlib import Path
from typing import Any

import pytest

import minitorch
from tests.nn_calls import probe_call
from tests.nn_outcome import outcome
from tests.test_nn_layers import same, same_all

HERE = Path(__file__).parent
FAMILIES = [path.stem for path in sorted(HERE.glob("nn_*_cases.py"))]
MODULES = {name: importlib.import_module(f"tests.{name}") for name in FAMILIES}
RECORDED: dict[str, Any] = {
    name: json.loads((HERE / "data" / f"{name.removesuffix('_cases')}.json").read_text()) for name in FAMILIES
}
CASES = [pytest.param(family, name, id=name) for family in FAMILIES for name in MODULES[family].CASES]
SNIPPETS = [pytest.param(family, name, id=name) for family in FAMILIES for name in MODULES[family].SNIPPETS]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family, name", CASES)
def test_a_layer_shows_what_torchs_shows(family: str, name: str) -> None:
    got, wanted = probe_call(minitorch, *MODULES[family].CASES[name]), RECORDED[family][name]
    assert got.get("repr") == wanted.get("repr")
    for key, (dtype, values) in wanted.get("initial", {}).items():
        assert got["initial"][key][0] == dtype
        same(got["initial"][key][1], values, 5e-6, key)
    assert list(got.get("initial", ())) == list(wanted.get("initial", ()))
    for part in ("train", "eval"):
        if part in wanted:
            same_all(got[part], wanted[part], 1e-6, part)


@pytest.mark.parametrize("family, name", SNIPPETS)
def test_a_snippet_shows_what_it_shows_with_torch(family: str, name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = outcome(minitorch, MODULES[family].SNIPPETS[name])
    assert got == RECORDED[family][name]
