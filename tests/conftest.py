"""What every test may use: recorded torch answers, and settings that suit compiled code."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# A first call compiles, so wall time says nothing about an example. In CI the same examples run every time.
settings.register_profile(
    "minitorch",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("minitorch")


@pytest.fixture(scope="session")
def recorded() -> Callable[[str], Any]:
    """Return a reader of tests/data/NAME.json, answers of torch that a script in tests/record/ wrote down."""

    def read(name: str) -> Any:
        return json.loads((Path(__file__).parent / "data" / f"{name}.json").read_text())

    return read
