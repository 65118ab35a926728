"""Sizes as layers take them: one number for all spatial dimensions, or one for each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def ntuple(value: Any, n: int) -> tuple[Any, ...]:
    """Return ``value`` as a tuple of ``n``: an iterable as it is, anything else repeated.

    >>> ntuple(3, 2), ntuple([1, 2], 2)
    ((3, 3), (1, 2))
    """
    return tuple(value) if isinstance(value, Iterable) else (value,) * n


def per_side(sizes: tuple[Any, ...]) -> list[Any]:
    """Return sizes in the order that ``pad`` takes: last dimension first, each for both sides.

    >>> per_side((1, 2))
    [2, 2, 1, 1]
    """
    return [size for size in reversed(sizes) for _ in range(2)]
