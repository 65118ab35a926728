"""Values that are saved by forgetting them: a frame remembers how to compute them again."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable, Iterator
from typing import Any

from .. import interception, tape
from ..autograd._saving import special_keeping
from ..autograd.grad_mode import enable_grad
from ..autograd.graph import saved_tensors_hooks
from ..backward import current_walk
from ..compat import amp
from ..dispatch import apply, edge_of
from ..inplace import apply_
from ..random import default_generator, fork_rng
from ..tape import Node, Saved, mode
from ..tensor import Tensor

__all__ = [
    "CheckpointError",
    "Frame",
    "Surroundings",
    "detached",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
]


class CheckpointError(RuntimeError):
    """The recomputation of a checkpointed part differs from its forward pass.

    >>> issubclass(CheckpointError, RuntimeError)
    True
    """


class _Stop(BaseException):
    """Everything that was saved has been computed again."""


_early_stop, _debug = True, None


@contextlib.contextmanager
def set_checkpoint_early_stop(enable: bool) -> Iterator[None]:
    """Set for this block whether recomputations end as soon as everything is there.

    >>> with set_checkpoint_early_stop(False):
    ...     pass
    """
    global _early_stop
    before, _early_stop = _early_stop, enable
    try:
        yield
    finally:
        _early_stop = before


@contextlib.contextmanager
def set_checkpoint_debug_enabled(enabled: bool | None) -> Iterator[None]:
    """Set for this block whether checkpoints name the operations of both runs where they differ.

    >>> with set_checkpoint_debug_enabled(True):
    ...     pass
    """
    global _debug
    before, _debug = _debug, enabled
    try:
        yield
    finally:
        _debug = before


class Surroundings:
    """What a part of a model finds around it: the random numbers' state, and autocast."""

    def __init__(self, preserve_rng_state: bool) -> None:
        self.state = default_generator.get_state() if preserve_rng_state else None
        self.autocast = dict(amp.state.enabled)

    @contextlib.contextmanager
    def again(self) -> Iterator[None]:
        """Bring them back for a block."""
        with fork_rng(enabled=self.state is not None):
            if self.state is not None:
                default_generator.set_state(self.state)
            before, amp.state.enabled = amp.state.enabled, dict(self.autocast)
            try:
                yield
            finally:
                amp.state.enabled = before


def detached(value: Any) -> Any:
    """Return a tensor as a new leaf of the same values; anything else as it is."""
    if not isinstance(value, Tensor):
        return value
    leaf = value.detach()
    leaf.requires_grad = value.requires_grad
    return leaf


class _Holder:
    """The place of one saved value: empty until a backward pass asks for it."""

    __slots__ = ("meta", "value", "walk", "__weakref__")

    def __init__(self, tensor: Tensor) -> None:
        self.meta = _meta(tensor)
        self.value: Tensor | None = None
        self.walk: Any = None  # the pass that the value was computed for


def _meta(tensor: Tensor) -> dict[str, Any]:
    return {"shape": tensor.shape, "dtype": tensor.dtype, "device": tensor.device}


class _Names(interception.Handler):
    """Notes the names of operations."""

    transforms = False

    def __init__(self) -> None:
        self.names: list[str] = []

    def apply(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        self.names.append(op.name)
        return apply(op, inputs, params)

    def apply_(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        self.names.append(op.name + "_")
        return apply_(op, inputs, params)


class Frame:
    """One checkpointed call: the function, its arguments, and the holders of what it saved.

    Tensors among the arguments are themselves saved values, so that a checkpoint inside another one keeps nothing.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        preserve_rng_state: bool,
        determinism_check: str,
        debug: bool,
        early_stop: bool,
    ) -> None:
        if determinism_check not in ("default", "none"):
            raise ValueError(f"determinism_check should be one of ['default', 'none'], but got {determinism_check}")
        self.function, self.args, self.kwargs = function, args, kwargs
        self.preserve, self.checks = preserve_rng_state, determinism_check == "default"
        self.debug = debug if _debug is None else _debug
        self.early_stop = early_stop and _early_stop
        self.holders: list[weakref.ref[_Holder]] = []
        self.traces: list[_Names] = []

    def forward(self, around: Any, around_again: Any) -> Any:
        """Run the function, keeping holders instead of values."""
        args, kwargs = self.args, self.kwargs
        self.surroundings, self.around_again = Surroundings(self.preserve), around_again
        if not mode.enabled:
            with around:
                return self.function(*args, **kwargs)
        with special_keeping():
            self.args, self.kwargs = tuple([_kept(x) for x in args]), {k: _kept(x) for k, x in kwargs.items()}
        with saved_tensors_hooks(self._pack, self._unpack), around, self._traced():
            return self.function(*args, **kwargs)

    def _traced(self) -> contextlib.AbstractContextManager[Any]:
        if not self.debug:
            return contextlib.nullcontext()
        self.traces = [*self.traces[:1], _Names()]
        return self.traces[-1]

    def _pack(self, tensor: Tensor) -> _Holder:
        holder = _Holder(tensor)
        self.holders.append(weakref.ref(holder))
        return holder

    def _unpack(self, holder: _Holder) -> Tensor:
        walk = current_walk()
        if holder.value is None or walk is None or holder.walk() is not walk:
            self._recompute()
        if holder.value is None:
            raise CheckpointError(
                "torch.utils.checkpoint: Unpack is being triggered for a tensor that was not recomputed: the function "
                "saved fewer values than in the forward pass."
            )
        return holder.value

    def _recompute(self) -> None:
        run = _Run(self)
        args, kwargs = [_again(x) for x in self.args], {k: _again(x) for k, x in self.kwargs.items()}
        hooks, stopping = saved_tensors_hooks(run.pack, run.unpack), contextlib.suppress(_Stop)
        with self.surroundings.again(), enable_grad(), hooks, stopping, self._traced(), self.around_again:
            self.function(*args, **kwargs)
        run.check()


class _Run:
    """One recomputation of a frame."""

    def __init__(self, frame: Frame) -> None:
        walk = current_walk()
        self.frame, self.walk = frame, (lambda: None) if walk is None else weakref.ref(walk)
        self.count = 0
        self.wrong: list[tuple[int, dict[str, Any], dict[str, Any]]] = []

    def pack(self, tensor: Tensor) -> Tensor:
        """Fill the holder whose turn it is."""
        place, holders = self.count, self.frame.holders
        self.count += 1
        holder = holders[place]() if place < len(holders) else None
        if holder is not None:
            holder.value, holder.walk = tensor.detach(), self.walk
            if holder.meta != _meta(tensor):
                self.wrong.append((place, holder.meta, _meta(tensor)))
        if self.count == len(holders) and self.frame.early_stop:
            raise _Stop
        return tensor.detach()

    @staticmethod
    def unpack(tensor: Tensor) -> Tensor:
        """Give back what a nested part saved."""
        return tensor

    def check(self) -> None:
        """Raise `CheckpointError` where the two runs differ."""
        if not self.frame.checks:
            return
        saved = len(self.frame.holders)
        if self.count != saved:
            raise CheckpointError(
                "torch.utils.checkpoint: A different number of tensors was saved during the original forward and "
                f"recomputation.\nNumber of tensors saved during forward: {saved}\n"
                f"Number of tensors saved during recomputation: {self.count}.{self._names()}"
            )
        if self.wrong:
            lines = [
                f"tensor at position {place}:\nsaved metadata: {was}\nrecomputed metadata: {now}\n"
                for place, was, now in self.wrong
            ]
            raise CheckpointError(
                "torch.utils.checkpoint: Recomputed values for the following tensors have different metadata than "
                f"during the forward pass.\n{''.join(lines)}.{self._names()}"
            )

    def _names(self) -> str:
        if len(self.frame.traces) < 2:
            return (
                "\n\nTip: pass `debug=True` to `torch.utils.checkpoint.checkpoint(...)` to see the operations of both."
            )
        first, second = (", ".join(trace.names) for trace in self.frame.traces)
        return f"\n\nOperations of the forward pass: {first}\nOperations of the recomputation: {second}"


# ---- arguments as saved values -------------------------------------------------------------------------------------


_HOME = Node(None, (), ())  # names no operation: arguments are saved by none


def _kept(value: Any) -> Any:
    return (tape.keep(value, edge_of(value)), value.requires_grad) if isinstance(value, Tensor) else value


def _again(value: Any) -> Any:
    if not (isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], Saved)):
        return value
    saved, requires_grad = value
    leaf = saved.unpack(_HOME, "argument of a checkpoint").detach()
    leaf.requires_grad = requires_grad
    return leaf
