"""Running a snippet of `nn_snippets` with torch or with minitorch."""

from __future__ import annotations

import re
import warnings
from collections import OrderedDict
from collections.abc import Callable
from typing import Any


def outcome(lib: Any, code: str) -> list[str]:
    """Run a snippet and return what it showed."""
    log: list[str] = []

    def show(*values: Any) -> None:
        log.extend(plain(repr(value)) for value in values)

    def fails(call: Callable[[], Any]) -> None:
        try:
            log.append("no error: " + plain(repr(call())))
        except Exception as error:
            log.append(plain(f"{type(error).__name__}: {error}"))

    names = {"torch": lib, "nn": lib.nn, "show": show, "fails": fails, "OrderedDict": OrderedDict}
    lib.manual_seed(0)
    exec(code, {**names, "warnings": warnings})
    return log


def plain(text: str) -> str:
    """Leave out where a class is defined and at what address an object stands."""
    text = re.sub(r"\b(?:torch|minitorch)\.nn\.(?:\w+\.)*(\w+)", r"nn.\1", text)
    return re.sub(r" at 0x[0-9a-f]+", "", text)
