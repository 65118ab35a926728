"""Nested containers as trees: their leaves, their structure, functions of every leaf. torch keeps it at this path.

Tuples, named tuples, lists, dicts, ordered dicts, default dicts, deques and registered classes are nodes; everything
else, None too, is a leaf.
"""

from __future__ import annotations

import itertools
from collections import OrderedDict, defaultdict, deque, namedtuple
from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

__all__ = ["LeafSpec", "PyTree", "TreeSpec", "register_pytree_node", "tree_all", "tree_all_only", "tree_any",
           "tree_any_only", "tree_flatten", "tree_is_leaf", "tree_iter", "tree_leaves", "tree_map", "tree_map_",
           "tree_map_only", "tree_map_only_", "tree_structure", "tree_unflatten"]  # fmt: skip

PyTree = Any
Context = Any
IsLeaf = Callable[[Any], bool] | None


class NodeDef(NamedTuple):
    """How the nodes of a class are taken apart and put together."""

    flatten_fn: Callable[[Any], tuple[list[Any], Context]]
    unflatten_fn: Callable[[Iterable[Any], Context], Any]


def _flatten_dict(tree: dict[Any, Any]) -> tuple[list[Any], Context]:
    return list(tree.values()), list(tree)


def _flatten_default(tree: Any) -> tuple[list[Any], Context]:
    return list(tree.values()), [tree.default_factory, list(tree)]


SUPPORTED_NODES: dict[type, NodeDef] = {
    tuple: NodeDef(lambda tree: (list(tree), None), lambda leaves, context: tuple(leaves)),
    list: NodeDef(lambda tree: (list(tree), None), lambda leaves, context: list(leaves)),
    dict: NodeDef(_flatten_dict, lambda leaves, context: dict(zip(context, leaves))),
    namedtuple: NodeDef(lambda tree: (list(tree), type(tree)), lambda leaves, context: context(*leaves)),  # type: ignore[dict-item]
    OrderedDict: NodeDef(_flatten_dict, lambda leaves, context: OrderedDict(zip(context, leaves))),
    defaultdict: NodeDef(_flatten_default, lambda leaves, context: defaultdict(context[0], zip(context[1], leaves))),
    deque: NodeDef(lambda tree: (list(tree), tree.maxlen), lambda leaves, context: deque(leaves, maxlen=context)),
}


def register_pytree_node(
    cls: type,
    flatten_fn: Callable[[Any], tuple[list[Any], Context]],
    unflatten_fn: Callable[[Iterable[Any], Context], Any],
    **names: Any,
) -> None:
    """Let the instances of a class be nodes. ValueError if they are already.

    ``flatten_fn(node)`` returns its children and what else rebuilds it; ``unflatten_fn(children, rest)`` does.
    """
    if cls in SUPPORTED_NODES:
        raise ValueError(f"{cls} is already registered as pytree node.")
    SUPPORTED_NODES[cls] = NodeDef(flatten_fn, unflatten_fn)


_register_pytree_node = register_pytree_node


def _kind(tree: Any) -> Any:
    """Return the class that a node is treated as; None for a leaf."""
    cls = type(tree)
    if cls in SUPPORTED_NODES:
        return cls
    return namedtuple if issubclass(cls, tuple) and hasattr(cls, "_fields") else None


class TreeSpec:
    """A tree without its leaves.

    Attributes
    ----------
    type : class of the node, None for a leaf. ``context``: its keys and the like. ``num_leaves``, ``num_children``.
    """

    __slots__ = ("_children", "context", "num_leaves", "type")

    def __init__(self, type: Any, context: Context, children_specs: Iterable[TreeSpec]) -> None:
        self.type, self.context, self._children = type, context, list(children_specs)
        self.num_leaves: int = sum(child.num_leaves for child in self._children)

    def children(self) -> list[TreeSpec]:
        """Return the specs of the node's children."""
        return list(self._children)

    children_specs = property(children)

    @property
    def num_children(self) -> int:
        """How many children the node has."""
        return len(self._children)

    def is_leaf(self) -> bool:
        """Return whether the tree is a leaf."""
        return self.type is None

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """Return the tree of this structure with these leaves."""
        leaves = list(leaves)
        if len(leaves) != self.num_leaves:
            raise ValueError(
                f"treespec.unflatten(leaves): `leaves` has length {len(leaves)} but the spec refers to a pytree "
                f"that holds {self.num_leaves} items ({self})."
            )
        return self._grown(iter(leaves))

    def _grown(self, leaves: Iterator[Any]) -> Any:
        if self.type is None:
            return next(leaves)
        return SUPPORTED_NODES[self.type].unflatten_fn([c._grown(leaves) for c in self._children], self.context)

    def flatten_up_to(self, tree: Any) -> list[Any]:
        """Return the parts of a tree that begins like this one, in place of this one's leaves."""
        if self.type is None:
            return [tree]
        if _kind(tree) is not self.type:
            raise ValueError(f"Node type mismatch; expected {self.type}, but got {type(tree)}.")
        children, context = SUPPORTED_NODES[self.type].flatten_fn(tree)
        if len(children) != len(self._children):
            raise ValueError(f"Node arity mismatch; expected {len(self._children)}, but got {len(children)}.")
        if isinstance(tree, dict):
            children, context = [tree.get(key) for key in self._keys()], self.context
        if context != self.context:
            raise ValueError(f"Node context mismatch for custom node type {self.type}.")
        return [part for spec, child in zip(self._children, children) for part in spec.flatten_up_to(child)]

    def _keys(self) -> list[Any]:
        return list(self.context[1] if self.type is defaultdict else self.context)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, TreeSpec):
            return NotImplemented
        return (self.type, self.context, self._children) == (other.type, other.context, other._children)

    def __hash__(self) -> int:
        return hash((self.type, str(self.context), tuple(self._children)))

    def __repr__(self, indent: int = 0) -> str:
        if self.type is None:
            return "*"
        name = getattr(self.type, "__name__", "namedtuple")
        head, inner = f"TreeSpec({name}, {self.context!r}, [", " " * (indent + 2)
        parts = [child.__repr__(indent + 2) for child in self._children]
        return head + f",\n{inner}".join(parts[:1] + parts[1:]) + "])" if parts else head + "])"


class LeafSpec(TreeSpec):
    """The spec of a leaf."""

    __slots__ = ()

    def __init__(self) -> None:
        super().__init__(None, None, [])
        self.num_leaves = 1


_LEAF = LeafSpec()


def tree_is_leaf(tree: Any, is_leaf: IsLeaf = None) -> bool:
    """Return whether a tree is a leaf, by its class or as ``is_leaf`` says."""
    return _kind(tree) is None or (is_leaf is not None and is_leaf(tree))


def tree_flatten(tree: Any, is_leaf: IsLeaf = None) -> tuple[list[Any], TreeSpec]:
    """Return the leaves of a tree and its structure.

    >>> tree_flatten({"a": 1, "b": (2, 3)})[0]
    [1, 2, 3]
    """
    kind = None if is_leaf is not None and is_leaf(tree) else _kind(tree)
    if kind is None:
        return [tree], _LEAF
    children, context = SUPPORTED_NODES[kind].flatten_fn(tree)
    parts = [tree_flatten(child, is_leaf) for child in children]
    return [leaf for leaves, _ in parts for leaf in leaves], TreeSpec(kind, context, [spec for _, spec in parts])


def tree_unflatten(leaves: Iterable[Any], treespec: TreeSpec) -> Any:
    """Return the tree of a structure with these leaves. ValueError if their number is another.

    >>> tree_unflatten([1, 2, 3], tree_flatten({"a": 0, "b": (0, 0)})[1])
    {'a': 1, 'b': (2, 3)}
    """
    if not isinstance(treespec, TreeSpec):
        raise TypeError(f"tree_unflatten(leaves, treespec): Expected `treespec` to be TreeSpec, got {type(treespec)}.")
    return treespec.unflatten(leaves)


def tree_iter(tree: Any, is_leaf: IsLeaf = None) -> Iterator[Any]:
    """Yield the leaves of a tree."""
    yield from tree_flatten(tree, is_leaf)[0]


def tree_leaves(tree: Any, is_leaf: IsLeaf = None) -> list[Any]:
    """Return the leaves of a tree."""
    return tree_flatten(tree, is_leaf)[0]


def tree_structure(tree: Any, is_leaf: IsLeaf = None) -> TreeSpec:
    """Return the structure of a tree."""
    return tree_flatten(tree, is_leaf)[1]


def tree_map(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: IsLeaf = None) -> Any:
    """Return the tree with ``func`` applied to every leaf, and to what stands in its place in the ``rests``.

    ValueError if a tree of the rests does not begin like the first.

    >>> tree_map(abs, [-1, (2, -3)])
    [1, (2, 3)]
    """
    leaves, spec = tree_flatten(tree, is_leaf)
    return spec.unflatten(map(func, leaves, *[spec.flatten_up_to(rest) for rest in rests]))


def tree_map_(func: Callable[..., Any], tree: Any, *rests: Any, is_leaf: IsLeaf = None) -> Any:
    """Call ``func`` with every leaf; return the tree."""
    tree_map(func, tree, *rests, is_leaf=is_leaf)
    return tree


def _only(kinds: Any, func: Callable[[Any], Any], otherwise: Callable[[Any], Any]) -> Callable[[Any], Any]:
    chosen = kinds if not isinstance(kinds, (type, tuple)) and callable(kinds) else None
    return lambda leaf: (
        func(leaf) if (chosen(leaf) if chosen else isinstance(leaf, kinds)) else otherwise(leaf)
    )


def tree_map_only(
    type_or_types_or_pred: Any, func: Any = None, tree: Any = None, is_leaf: IsLeaf = None
) -> Any:
    """Return the tree with ``func`` applied to the leaves of some classes (or that a predicate chooses).

    >>> tree_map_only(int, lambda x: -x, [1, "a"])
    [-1, 'a']
    """
    return tree_map(_only(type_or_types_or_pred, func, lambda leaf: leaf), tree, is_leaf=is_leaf)


def tree_map_only_(type_or_types_or_pred: Any, func: Any, tree: Any, is_leaf: IsLeaf = None) -> Any:
    """Call ``func`` with the leaves of some classes; return the tree."""
    return tree_map_(_only(type_or_types_or_pred, func, lambda leaf: leaf), tree, is_leaf=is_leaf)


def tree_all(pred: Callable[[Any], bool], tree: Any, is_leaf: IsLeaf = None) -> bool:
    """Return whether all leaves are chosen."""
    return all(map(pred, tree_iter(tree, is_leaf)))


def tree_any(pred: Callable[[Any], bool], tree: Any, is_leaf: IsLeaf = None) -> bool:
    """Return whether any leaf is chosen."""
    return any(map(pred, tree_iter(tree, is_leaf)))


def tree_all_only(type_or_types: Any, pred: Callable[[Any], bool], tree: Any, is_leaf: IsLeaf = None) -> bool:
    """Return whether all leaves of some classes are chosen."""
    return all(map(_only(type_or_types, pred, lambda leaf: True), tree_iter(tree, is_leaf)))


def tree_any_only(type_or_types: Any, pred: Callable[[Any], bool], tree: Any, is_leaf: IsLeaf = None) -> bool:
    """Return whether any leaf of some classes is chosen."""
    return any(map(_only(type_or_types, pred, lambda leaf: False), tree_iter(tree, is_leaf)))


def _broadcast_to_and_flatten(tree: Any, treespec: TreeSpec, is_leaf: IsLeaf = None) -> list[Any] | None:
    """Return a leaf of the tree for every leaf of a structure that the tree begins; None if it does not."""
    if tree_is_leaf(tree, is_leaf):
        return [tree] * treespec.num_leaves
    if treespec.type is not _kind(tree):
        return None
    children, context = SUPPORTED_NODES[treespec.type].flatten_fn(tree)
    if len(children) != treespec.num_children or context != treespec.context:
        return None
    parts = [_broadcast_to_and_flatten(c, spec, is_leaf) for c, spec in zip(children, treespec.children())]
    return None if None in parts else list(itertools.chain.from_iterable(part or () for part in parts))
