"""What the transforms share: how they print and how their sizes are checked."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum
from typing import Any

from ... import nn

__all__ = ["Shown", "interval", "pair"]


class Shown(nn.Module):
    """A module that prints as its name with the attributes that `_shown` lists."""

    _shown: tuple[str, ...] = ()

    def __repr__(self) -> str:
        values = {name: getattr(self, name) for name in self._shown}
        texts = [f"{name}={value.value if isinstance(value, Enum) else value}" for name, value in values.items()]
        return f"{type(self).__name__}({', '.join(texts)})"


def pair(size: Any) -> tuple[int, int]:
    """Return a height and a width; ValueError for more numbers than two."""
    if isinstance(size, int):
        return size, size
    if len(size) == 1:
        return size[0], size[0]
    if len(size) != 2:
        raise ValueError("Please provide only two dimensions (h, w) for size.")
    return size[0], size[1]


def interval(value: Any, name: str) -> Any:
    """Return a sequence of two numbers; TypeError for anything else."""
    if not isinstance(value, Sequence):
        raise TypeError(f"{name} should be a sequence")
    return value
