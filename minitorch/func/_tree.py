"""Nested containers as trees of leaves, in short names; see `utils._pytree`."""

from __future__ import annotations

from ..utils._pytree import TreeSpec as Spec
from ..utils._pytree import _broadcast_to_and_flatten as prefix
from ..utils._pytree import tree_flatten as flatten
from ..utils._pytree import tree_map as map_tree
from ..utils._pytree import tree_unflatten as unflatten

__all__ = ["Spec", "flatten", "map_tree", "prefix", "same", "unflatten"]


def same(one: Spec, other: Spec) -> bool:
    """Return whether two structures are equal.

    >>> same(flatten([1])[1], flatten([2])[1])
    True
    """
    return one == other
