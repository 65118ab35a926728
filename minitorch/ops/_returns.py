"""The named tuples of functions with several results, under torch's names and with torch's printed form."""

from __future__ import annotations

from collections import namedtuple
from typing import Any

__all__ = ["returns"]


def _text(self: Any) -> str:
    fields = ",\n".join(f"{name}={value!r}" for name, value in zip(self._fields, self))
    return f"torch.return_types.{type(self).__name__}(\n{fields})"


def returns(name: str, *fields: str) -> Any:
    """Return the result type of a function: a named tuple of ``values`` and ``indices``, or of other fields."""
    fields = fields or ("values", "indices")
    kind = type(name, (namedtuple(name, fields),), {"__slots__": (), "__repr__": _text, "__module__": __name__})
    globals()[name] = kind  # where pickle looks for it
    return kind
