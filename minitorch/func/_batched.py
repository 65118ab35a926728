"""Tensors with a hidden dimension: what a function under `vmap` computes with.

A `Batched` shows the shape of one example; its elements are in ``_phys``, whose first dimension counts the examples.
Operations on it go to the `Level` of its `vmap`, which applies a rule to the whole. Code that looks at the elements
themselves cannot be served that way: it raises `NeedsLoop`, and the `vmap` runs the function example by example.
"""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any, NamedTuple, NoReturn

from .. import interception, tape
from ..autograd.function import Function
from ..dispatch import apply, record
from ..inplace import apply_, check_writable, rebase
from ..memory import Storage
from ..ops._indices import parse
from ..ops.index import ASSIGN, ITEM
from ..tape import Edge, Node, Saved, mode
from ..tensor import Tensor
from ._rules import batched

__all__ = ["Batched", "Level", "NeedsLoop"]


class NeedsLoop(BaseException):
    """The elements of a batched tensor are asked for; ``level`` is the `vmap` that can give them one by one."""

    def __init__(self, level: Level) -> None:
        super().__init__("vmap: the function must be run example by example")
        self.level = level


class _Logical:
    """What stands for the array of a batched tensor: its shape and dtype, but no elements."""

    def __init__(self, whole: Any, has: bool, level: Level) -> None:
        self.shape, self.strides = whole.shape[has:], whole.strides[has:]
        self.dtype, self.level, self.base = whole.dtype, level, None
        self.ndim, self.size, self.itemsize = len(self.shape), math.prod(self.shape), whole.dtype.itemsize

    @property
    def nbytes(self) -> int:
        return self.size * self.itemsize

    @property
    def flags(self) -> Any:
        step, dense = self.itemsize, True
        for n, stride in zip(reversed(self.shape), reversed(self.strides)):
            dense, step = dense and (n == 1 or stride == step), step * n
        dense = dense or not self.size
        return SimpleNamespace(c_contiguous=dense, f_contiguous=dense and self.ndim < 2, writeable=True, owndata=True)

    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise NeedsLoop(self.level)

    __getattr__ = __array__ = __array_ufunc__ = __array_function__ = _refuse
    __getitem__ = __setitem__ = __len__ = __iter__ = __bool__ = __float__ = __int__ = __index__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse
    __eq__ = __ne__ = __lt__ = __le__ = __gt__ = __ge__ = __neg__ = __invert__ = __and__ = __or__ = _refuse
    __iadd__ = __imul__ = __isub__ = __itruediv__ = __pow__ = __matmul__ = __abs__ = _refuse


class Batched(Tensor):
    """One example of many, as the function under `vmap` sees it."""

    _phys: Tensor
    _level: Level
    _has: bool  # whether the first dimension of `_phys` counts examples; else all examples share the elements

    def __init__(self, level: Level, phys: Tensor, has: bool = True) -> None:
        self._level, self._phys, self._has = level, phys, has
        self._data: Any = _Logical(phys._data, has, level)
        self._storage = Storage()

    def __repr__(self, **options: Any) -> str:  # type: ignore[override]
        value = repr(self._phys).replace("\n", "\n    ")
        place = "bdim=0, " if self._has else ""
        return f"BatchedTensor(lvl={self._level.number}, {place}value=\n    {value}\n)"

    def detach(self) -> Tensor:
        """Return the same elements off the tape."""
        return Batched(self._level, self._phys.detach(), self._has)

    def _off_tape(self) -> Tensor:
        return Batched(self._level, self._phys, self._has)

    @property  # type: ignore[misc]
    def data(self) -> Any:
        """The same elements, off the tape and with a write counter of its own."""
        return Batched(self._level, self._phys.data, self._has)

    def item(self) -> Any:
        """Refuse: there is one number for every example."""
        raise RuntimeError(
            "vmap: It looks like you're calling .item() on a Tensor. We don't support vmap over calling .item() on a "
            "Tensor, please try to rewrite what you're doing with other operations."
        )

    def __bool__(self) -> bool:
        raise RuntimeError(
            "vmap: It looks like you're attempting to use a Tensor in some data-dependent control flow. "
            "We don't support that: use where()."
        )

    def __setitem__(self, index: Any, value: Any) -> None:
        basic, tensors = parse(self, index)
        if tensors:
            raise NeedsLoop(self._level)
        apply_(ASSIGN, (apply(ITEM, (self,), (basic,)), value))

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return Batched(self._level, self._phys.clone(), self._has)

    def _held(self, edge: Edge | None) -> Saved:
        return _SavedBatched(self, edge)

    def __hash__(self) -> int:
        return id(self)


class _SavedBatched(Saved):
    """A batched tensor that a gradient needs."""

    __slots__ = ("parts",)

    def __init__(self, tensor: Batched, edge: Edge | None) -> None:
        super().__init__(tensor, edge)
        self.parts = tensor._level, tensor._phys, tensor._has
        self.storage = tensor._phys._storage
        self.version = self.storage.version

    def unpack(self, node: Node, what: str | int) -> Tensor:
        """Return the value in its place on the tape; RuntimeError if it was overwritten."""
        if self.storage.version != self.version:
            raise RuntimeError(self._overwritten(node, what))
        if self.edge is not None and isinstance(self.edge[0], Tensor):
            return self.edge[0]
        tensor = Batched(*self.parts)
        if self.edge is not None:
            (tensor._node, tensor._index), tensor._requires = self.edge, True
        return tensor


class Level(interception.Handler):
    """One `vmap` under way: operations on its batched tensors are applied to all examples at once."""

    def __init__(self, size: int, randomness: str, number: int) -> None:
        self.size, self.randomness, self.number = size, randomness, number

    def owns(self, x: Any) -> bool:
        """Return whether a value is a batched tensor of this level."""
        return isinstance(x, Batched) and x._level is self

    def function(self, cls: Any, args: tuple[Any, ...]) -> Any:
        """Apply a user's function to all examples by its own rule, or have it run example by example."""
        if not any(self.owns(x) for x in args):
            return cls.apply(*args)
        own_rule = cls.vmap is not Function.vmap
        _check_support(cls, own_rule)
        if not own_rule:
            raise NeedsLoop(self)
        if mode.enabled and any(self.owns(x) and x.requires_grad for x in args):
            return cls._applied(args, lambda *values: self._by_rule(cls, values))[0]
        return self._by_rule(cls, args)

    def _by_rule(self, cls: Any, args: tuple[Any, ...]) -> Any:
        in_dims = tuple([0 if self.owns(x) and x._has else None for x in args])
        phys = [x._phys if self.owns(x) else x for x in args]
        found = cls.vmap(VmapInfo(self.size, self.randomness), in_dims, *phys)
        if not (isinstance(found, tuple) and len(found) == 2):
            raise RuntimeError(
                "Expected the vmap staticmethod to have two returns, an output and out_dims with pytree structure "
                f"compatible with the output. Got a {type(found)} instead"
            )
        output, out_dims = found
        if not isinstance(output, tuple):
            return self._wrapped(output, out_dims)
        dims = out_dims if isinstance(out_dims, tuple) else (out_dims,) * len(output)
        return tuple([self._wrapped(x, d) for x, d in zip(output, dims)])

    def _wrapped(self, x: Any, dim: int | None) -> Any:
        if not isinstance(x, Tensor):
            return x
        return Batched(self, x, False) if dim is None else Batched(self, x.movedim(dim, 0))

    def lift(self, x: Tensor, inner: list[interception.Handler]) -> Tensor:
        """Return a tensor as one that all examples share, for gradients inside of the `vmap`."""
        if self.owns(x):
            return x
        out = Batched(self, x, has=False)
        out._tangents = {h: t for h, t in (x._tangents or {}).items() if h in inner} or None
        return out

    def draw(self) -> None:
        """Answer a request for random numbers."""
        refuse_draw(self.randomness)
        if self.randomness == "different":
            raise NeedsLoop(self)

    def apply(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        """Apply an operation to all examples, and record it for the gradients inside of the `vmap`."""
        if not any(self.owns(x) for x in inputs):
            return apply(op, inputs, params)
        has, found = self._computed(op, inputs, params)
        outs = tuple([Batched(self, r, has) for r in (found if isinstance(found, tuple) else (found,))])
        if op.view:
            _join(outs[0], inputs[0], op, params)
        if mode.enabled and op.vjp is not None and any(self.owns(x) and x.requires_grad for x in inputs):
            record(op, self._own_history(inputs), params, outs)
        return outs if isinstance(found, tuple) else outs[0]

    def _computed(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> tuple[bool, Any]:
        flags = [self.owns(x) and x._has for x in inputs]
        phys = tuple([_elements(x) if self.owns(x) else x for x in inputs])
        if not any(flags):
            return False, apply(op, phys, params)
        return True, batched(op, phys, flags, params, self.size)

    def _own_history(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return the inputs with those of other levels as constants here: their gradients are followed further out."""
        return tuple([Batched(self, x, False) if isinstance(x, Tensor) and not self.owns(x) else x for x in inputs])

    def apply_(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        """Write the result of an operation over its first input."""
        x = inputs[0]
        if not any(self.owns(i) for i in inputs):
            return apply_(op, inputs, params)
        recorded = mode.enabled and op.vjp is not None and any(self.owns(i) and i.requires_grad for i in inputs)
        if not self.owns(x) or (recorded and x._base is not None):
            raise NeedsLoop(self)
        check_writable(x, recorded)
        has, result = self._computed(op, inputs, params)
        if has and not x._has:
            raise NeedsLoop(self)
        if recorded:
            value = Batched(self, result, has)
            node = record(op, (self._old(x), *self._own_history(inputs[1:])), params, (value,))
        apply_(ASSIGN, (_elements(x), result))
        x._storage.version += 1
        if recorded:
            if node._outputs is not None:
                node._outputs = [tape.keep(x, None)]
            rebase(x, node)
        return x

    def _old(self, x: Batched) -> Batched:
        """Return a copy of what will be overwritten, in its place on the tape."""
        old = Batched(self, _elements(x).clone(), x._has)
        old._node, old._index, old._requires = x._node, x._index, x.requires_grad
        return old


class VmapInfo(NamedTuple):
    """What the vmap staticmethod of a user's function is told.

    >>> VmapInfo(3, "error").batch_size
    3
    """

    batch_size: int
    randomness: str


def _check_support(cls: Any, own_rule: bool) -> None:
    """Raise torch's errors for user's functions that do not say how they are mapped."""
    more = "For more details, please see https://pytorch.org/docs/main/notes/extending.func.html"
    if cls.setup_context is Function.setup_context:
        raise RuntimeError(
            "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, ...), it must "
            f"override the setup_context staticmethod. {more}"
        )
    if cls.generate_vmap_rule and own_rule:
        raise RuntimeError(
            f"You tried to vmap over {cls.__name__}, but it has both generate_vmap_rule=True and an overridden vmap "
            f"staticmethod. Please set generate_vmap_rule=False or delete the overridden vmap staticmethod to avoid "
            f"ambiguity. {more}"
        )
    if not (cls.generate_vmap_rule or own_rule):
        raise RuntimeError(
            f"You tried to vmap over {cls.__name__}, but it does not have vmap support. Please override and implement "
            f"the vmap staticmethod or set generate_vmap_rule=True. {more}"
        )


def _elements(x: Batched) -> Tensor:
    return x._phys


def _join(view: Batched, base: Any, op: Any, params: tuple[Any, ...]) -> None:
    """Let in-place writes see that a result shares memory with its input."""
    view._base = base if base._base is None else base._base
    view._chain, view._storage = (*base._chain, (op, params)), base._storage
    view._seen = base._storage.rebases


def refuse_draw(randomness: str) -> None:
    """Raise torch's error for random numbers under a `vmap` that was not told which ones."""
    if randomness == "error":
        raise RuntimeError(
            "vmap: called random operation while in randomness error mode. Please either use the 'same' or "
            "'different' randomness flags on vmap or perform the randomness operation out of vmap"
        )
