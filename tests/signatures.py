"""The arguments of functions and classes as text: names, kinds and defaults, without types. For torch and minitorch."""

from __future__ import annotations

import inspect
import re
from typing import Any

_KINDS = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}


def arguments(value: Any) -> list[str] | None:
    """Return the arguments, with a bare ``*`` or ``/`` between kinds; None where Python cannot say."""
    try:
        parameters = list(inspect.signature(value).parameters.values())
    except (TypeError, ValueError):
        return None
    shown: list[str] = []
    for before, p in zip([None, *parameters], parameters):
        if p.kind is p.KEYWORD_ONLY and (before is None or before.kind not in (p.KEYWORD_ONLY, p.VAR_POSITIONAL)):
            shown.append("*")
        if before is not None and before.kind is p.POSITIONAL_ONLY and p.kind is not p.POSITIONAL_ONLY:
            shown.append("/")
        shown.append(_KINDS.get(p.kind, "") + p.name + ("" if p.default is p.empty else f"={plain(p.default)}"))
    return shown


def plain(default: Any) -> str:
    """Return a default without addresses and module paths."""
    text = re.sub(r" at 0x[0-9a-f]+", "", repr(default))
    return re.sub(r"\b(?:torch|minitorch)\.(?:\w+\.)*(\w+)", r"\1", text)
