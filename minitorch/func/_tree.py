"""Nested containers as trees of leaves: tuples, named tuples, lists and dicts; everything else is a leaf."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

__all__ = ["Spec", "flatten", "map_tree", "prefix", "unflatten"]

Spec = Any  # None for a leaf, else (container class, keys or None, specs of the children)


def _children(tree: Any) -> tuple[list[Any], Any] | None:
    if isinstance(tree, (tuple, list)):
        return list(tree), None
    if type(tree) in (dict, OrderedDict):
        return list(tree.values()), list(tree)
    return None


def flatten(tree: Any) -> tuple[list[Any], Spec]:
    """Return the leaves of a tree and its structure.

    >>> flatten({"a": 1, "b": (2, 3)})[0]
    [1, 2, 3]
    """
    found = _children(tree)
    if found is None:
        return [tree], None
    parts = [flatten(child) for child in found[0]]
    return [leaf for leaves, _ in parts for leaf in leaves], (type(tree), found[1], tuple([spec for _, spec in parts]))


def unflatten(leaves: list[Any], spec: Spec) -> Any:
    """Return the tree of a structure with these leaves.

    >>> unflatten([1, 2, 3], flatten({"a": 0, "b": (0, 0)})[1])
    {'a': 1, 'b': (2, 3)}
    """
    return _grown(iter(leaves), spec)


def _grown(leaves: Any, spec: Spec) -> Any:
    if spec is None:
        return next(leaves)
    kind, keys, parts = spec
    children = [_grown(leaves, part) for part in parts]
    if keys is not None:
        return kind(zip(keys, children))
    return kind(*children) if hasattr(kind, "_fields") else kind(children)


def map_tree(fn: Callable[[Any], Any], tree: Any) -> Any:
    """Return the tree with ``fn`` applied to every leaf.

    >>> map_tree(abs, [-1, (2, -3)])
    [1, (2, 3)]
    """
    leaves, spec = flatten(tree)
    return unflatten([fn(leaf) for leaf in leaves], spec)


def prefix(given: Any, spec: Spec) -> list[Any] | None:
    """Return a leaf of ``given`` for every leaf of a structure that ``given`` begins; None if it does not.

    >>> prefix((0, None), flatten(((1, 2), 3))[1])
    [0, 0, None]
    """
    found = _children(given)
    if found is None:
        return [given] * _count(spec)
    if spec is None or spec[0] is not type(given) or len(spec[2]) != len(found[0]) or spec[1] != found[1]:
        return None
    parts = [prefix(child, part) for child, part in zip(found[0], spec[2])]
    return None if None in parts else [leaf for part in parts for leaf in part or ()]


def _count(spec: Spec) -> int:
    return 1 if spec is None else sum(_count(part) for part in spec[2])


def same(one: Spec, other: Spec) -> bool:
    """Return whether two structures are equal.

    >>> same(flatten([1])[1], flatten([2])[1])
    True
    """
    return bool(one == other)
