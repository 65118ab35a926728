"""No name of torch's tensor methods and functions is missing, nor any argument: torch's answers to calls by keyword."""

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

import minitorch
from tests.parity import evaluate
from tests.test_torch_parity import same

DATA = Path(__file__).parent / "data"
NAMES = (DATA / "names.txt").read_text().split()
RECORDED = json.loads((DATA / "names.json").read_text())


def owner_of(path: str) -> Any:
    return minitorch.Tensor if path.startswith("Tensor.") else minitorch


def test_every_name_of_the_list_was_looked_for_in_torch() -> None:
    assert len(NAMES) == 412
    assert {path.split(".")[1] for path in RECORDED["parameters"]} == set(NAMES)


@pytest.mark.parametrize("path", RECORDED["parameters"])
def test_a_name_exists_where_torch_has_it(path: str) -> None:
    assert hasattr(owner_of(path), path.split(".")[1])


def parameters_of(function: Any) -> set[str]:
    """Return the names that a function answers to, "**" if it takes any."""
    found = inspect.signature(function, follow_wrapped=True).parameters
    names = {"**" if p.kind is p.VAR_KEYWORD else name for name, p in found.items()}
    if inspect.unwrap(function) is not function:
        names |= {"out", "size", "dims", "repeats", "split_size"}  # what `keywords.answering` adds
    return names


@pytest.mark.parametrize("path", [p for p, wanted in RECORDED["parameters"].items() if wanted])
def test_a_function_has_the_arguments_that_torch_has(path: str) -> None:
    function = getattr(owner_of(path), path.split(".")[1])
    known = parameters_of(function)
    called = {line for line in RECORDED["calls"] if f".{path.split('.')[1]}(" in line}
    missing = [n for n in RECORDED["parameters"][path] if n not in known and n not in ("input", "self")]
    untested = [n for n in missing if not any(f"{n}=" in line for line in called)]
    assert "**" in known or not untested


@pytest.mark.parametrize("line", RECORDED["calls"])
def test_a_call_by_keyword_gives_what_torch_gives(line: str) -> None:
    found, expected = evaluate(minitorch, line), RECORDED["calls"][line]
    assert same(found, expected, 1e-6), f"torch: {expected}\nhere:  {found}"
