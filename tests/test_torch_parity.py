"""The same lines of code give what torch 2.13 gave: dtypes, shapes, values, exception types and messages."""

import json
import math
from pathlib import Path
from typing import Any

import pytest

import minitorch
from tests.parity import evaluate
from tests.parity_cases import SUBJECTS

# Deliberate differences, each with its reason.
DIFFERENT: dict[str, str] = {}
# Values that kernels round in another way than torch's; everything else is compared bit for bit.
TOLERANCE = {"float16": 2e-3, "bfloat16": 1e-2, "float32": 1e-6, "complex64": 1e-6}
EXACT = ("creation", "casts", "indexing", "views", "promotion")


def recorded(subject: str) -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "data" / f"ops_{subject}.json").read_text())


CASES = [(subject, case, answer) for subject in SUBJECTS for case, answer in recorded(subject).items()]


def same(found: Any, expected: Any, tolerance: float) -> bool:
    if isinstance(expected, dict):
        if not isinstance(found, dict) or found.keys() != expected.keys():
            return False
        if tolerance and "dtype" in expected:
            tolerance = TOLERANCE.get(expected["dtype"], tolerance)
        return all(same(found[key], value, tolerance) for key, value in expected.items() if key != "message")
    if isinstance(expected, list):
        return isinstance(found, list) and len(found) == len(expected) and all(
            same(f, e, tolerance) for f, e in zip(found, expected)
        )  # fmt: skip
    if isinstance(expected, float) and isinstance(found, float):
        if math.isnan(expected) or math.isinf(expected) or expected == 0:
            # the sign of zero counts, too
            return repr(found) == repr(expected) or (expected == 0 and abs(found) < tolerance)
        return abs(found - expected) <= tolerance * max(abs(expected), 1e-30)
    return type(found) is type(expected) and found == expected


def test_the_recorded_cases_are_the_ones_that_are_compared() -> None:
    for subject, cases in SUBJECTS.items():
        assert list(recorded(subject)) == list(dict.fromkeys(cases())), "run tests/record/record_ops.py"


@pytest.mark.parametrize("subject, case, expected", [pytest.param(*c, id=f"{c[0]}: {c[1]}") for c in CASES])
def test_a_line_of_code_gives_what_torch_gives(subject: str, case: str, expected: Any) -> None:
    if case in DIFFERENT:
        pytest.skip(DIFFERENT[case])
    found = evaluate(minitorch, case)
    assert same(found, expected, 0.0 if subject in EXACT else 1e-12), f"torch: {expected}\nhere:  {found}"
