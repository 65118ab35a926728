"""A tensor's text is torch's, character for character."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minitorch import dtypes
from minitorch._printing import format_tensor, get_printoptions, printoptions, set_printoptions
from minitorch.convert import cast

CASES: list[dict[str, Any]] = json.loads((Path(__file__).parent / "data" / "printing.json").read_text())


@pytest.fixture(autouse=True)
def _default_settings() -> Iterator[None]:
    before = dtypes.get_default_dtype()
    set_printoptions(profile="default")
    yield
    set_printoptions(profile="default")
    dtypes.set_default_dtype(before)


def build(case: dict[str, Any]) -> Any:
    """Return the array that a recorded case describes."""
    dtype, values = dtypes.by_name(case["dtype"]), case["values"]
    if "step" in case:
        size = int(np.prod(case["shape"]))
        values = [values[0] + i * case["step"] for i in range(size)]
    elif dtype.is_complex:
        values = [complex(*pair) for pair in values]
    kind = np.dtype(np.float64) if dtype.is_floating_point else dtype.numpy
    with np.errstate(over="ignore"):
        return cast(np.array(values, dtype=kind).reshape(case["shape"]), dtype)


def printed(case: dict[str, Any]) -> str:
    """Return our text of a recorded case."""
    grad = case.get("grad")
    dtypes.set_default_dtype(dtypes.by_name(case.get("default", "float32")))
    with printoptions(**case.get("options", {})):
        node = "AddBackward0" if grad == "add" else None
        text = format_tensor(build(case), dtypes.by_name(case["dtype"]), grad is not None, node)
    return "Parameter containing:\n" + text if grad == "parameter" else text


def describe(case: dict[str, Any]) -> str:
    parts = [case["dtype"], case["shape"], case.get("grad", ""), case.get("options", "")]
    return "-".join(str(part) for part in parts if part != "").replace(" ", "")


@pytest.mark.parametrize("case", CASES, ids=describe)
def test_text_is_torchs(case: dict[str, Any]) -> None:
    assert printed(case) == case["text"]


def test_an_option_that_is_not_given_keeps_its_value_but_sci_mode_does_not() -> None:
    set_printoptions(precision=2, sci_mode=True)
    set_printoptions(edgeitems=5)
    now = get_printoptions()
    assert (now.precision, now.edgeitems, now.sci_mode) == (2, 5, None)


@pytest.mark.parametrize("precision", [-1, 2.5, "4"])
def test_a_wrong_precision_is_refused_and_changes_nothing(precision: Any) -> None:
    before = get_printoptions()
    with pytest.raises(ValueError, match=r"set_printoptions: precision=.* must be an integer of at least 0"):
        set_printoptions(precision=precision, linewidth=10)
    assert get_printoptions() == before


def test_options_come_back_after_an_error_inside_the_block() -> None:
    before = get_printoptions()
    with pytest.raises(KeyError), printoptions(precision=1):
        raise KeyError
    assert get_printoptions() == before


def test_only_the_shown_numbers_are_converted() -> None:
    x = np.broadcast_to(np.float32(1.5), (1_000_000, 1000))  # a whole copy would not fit in memory
    assert format_tensor(x, dtypes.float32).count("1.5000") == 36
