"""The case list, a family a file; `ALL` is every row in the order of the tables."""

from __future__ import annotations

from ..case import Case
from . import conv, elementwise, layers, linear, models, overhead, window

__all__ = ["ALL", "select"]

ALL: tuple[Case, ...] = (
    *conv.CASES, *window.CASES, *linear.CASES, *elementwise.CASES, *layers.CASES, *overhead.CASES, *models.CASES,
)  # fmt: skip


def select(pattern: str, excluded: str = "") -> list[Case]:
    """Return the cases whose "group: name" the regular expression `pattern` finds and `excluded` does not."""
    import re

    found = [case for case in ALL if re.search(pattern, f"{case.group}: {case.name}")]
    return [case for case in found if not excluded or not re.search(excluded, f"{case.group}: {case.name}")]
