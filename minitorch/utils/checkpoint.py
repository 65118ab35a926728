"""Activation checkpointing: forget what a part of a model saves, compute it again in the backward pass.

Source: Chen et al., "Training Deep Nets with Sublinear Memory Cost" (arXiv:1604.06174).
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Callable, Iterable
from typing import Any

from ..autograd.engine import backward
from ..autograd.function import Function
from ..autograd.grad_mode import enable_grad
from ..backward import current_walk
from ..tensor import Tensor
from ._recompute import (
    CheckpointError,
    Frame,
    Surroundings,
    detached,
    set_checkpoint_debug_enabled,
    set_checkpoint_early_stop,
)

__all__ = [
    "CheckpointError",
    "CheckpointFunction",
    "check_backward_validity",
    "checkpoint",
    "checkpoint_sequential",
    "detach_variable",
    "noop_context_fn",
    "set_checkpoint_debug_enabled",
    "set_checkpoint_early_stop",
]

Contexts = tuple[contextlib.AbstractContextManager[Any], contextlib.AbstractContextManager[Any]]


def noop_context_fn() -> Contexts:
    """Return two contexts that do nothing: for the forward pass, and for the recomputation.

    >>> len(noop_context_fn())
    2
    """
    return contextlib.nullcontext(), contextlib.nullcontext()


def checkpoint(
    function: Callable[..., Any],
    *args: Any,
    use_reentrant: bool | None = None,
    context_fn: Callable[[], Contexts] = noop_context_fn,
    determinism_check: str = "default",
    debug: bool = False,
    early_stop: bool = True,
    **kwargs: Any,
) -> Any:
    """Return ``function(*args, **kwargs)`` without keeping what its backward pass needs; that is computed again.

    Parameters
    ----------
    use_reentrant : False (recommended): saved values are recomputed when they are asked for. True: the whole part is
        run again, with a backward pass of its own.
    context_fn : gives two contexts, for the forward pass and for the recomputation.
    determinism_check : "default" compares shapes and dtypes of the two runs, "none" does not.
    debug : name the operations of both runs where they differ.
    early_stop : end the recomputation as soon as everything is there.
    preserve_rng_state : (keyword) draw the same random numbers again; True by default.

    Raises
    ------
    CheckpointError : (in the backward pass) the recomputation saved other values than the forward pass.
    ValueError : unknown arguments. RuntimeError : ``use_reentrant=True`` under `autograd.grad`.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.tensor([1.0, 2.0], requires_grad=True)
    >>> minitorch.utils.checkpoint.checkpoint(lambda x: (x * x).sum(), x, use_reentrant=False).backward()
    >>> x.grad
    tensor([2., 4.])
    """
    if use_reentrant is None:
        warnings.warn(_NOT_SAID.format(name="checkpoint"), stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs and use_reentrant:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    if use_reentrant:
        if context_fn is not noop_context_fn or debug is not False:
            raise ValueError("Passing `context_fn` or `debug` is only supported when use_reentrant=False.")
        return CheckpointFunction.apply(function, preserve, *args)
    frame = Frame(function, args, kwargs, preserve, determinism_check, debug, early_stop)
    return frame.forward(*context_fn())


_NOT_SAID = (
    "torch.utils.checkpoint.{name}: the use_reentrant parameter should be passed explicitly. use_reentrant=False is "
    "recommended; without the argument it is True, as in torch 2.8 and before."
)


def checkpoint_sequential(
    functions: Any, segments: int, input: Any, use_reentrant: bool | None = None, **kwargs: Any
) -> Any:
    """Run a `nn.Sequential` (or a list of functions) in ``segments`` parts, each but the last checkpointed.

    Raises
    ------
    ValueError : unknown keyword arguments.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.tensor([1.0], requires_grad=True)
    >>> parts = [minitorch.sin, minitorch.exp, minitorch.cos]
    >>> minitorch.utils.checkpoint.checkpoint_sequential(parts, 2, x, use_reentrant=False).shape
    torch.Size([1])
    """
    if use_reentrant is None:
        warnings.warn(_NOT_SAID.format(name="checkpoint_sequential"), stacklevel=2)
        use_reentrant = True
    preserve = kwargs.pop("preserve_rng_state", True)
    if kwargs:
        raise ValueError("Unexpected keyword arguments: " + ",".join(kwargs))
    parts = list(functions.children()) if hasattr(functions, "children") else list(functions)
    size = len(parts) // segments
    for start in range(0, size * (segments - 1), size) if size else ():
        run = _chain(parts[start : start + size])
        input = checkpoint(run, input, use_reentrant=use_reentrant, preserve_rng_state=preserve)
    return _chain(parts[size * (segments - 1) :])(input)


def _chain(parts: list[Callable[[Any], Any]]) -> Callable[[Any], Any]:
    def run(value: Any) -> Any:
        for part in parts:
            value = part(value)
        return value

    return run


# ---- the reentrant way ---------------------------------------------------------------------------------------------


def detach_variable(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the tensors of a tuple as new leaves of the same values; RuntimeError if it is no tuple.

    >>> import minitorch
    >>> detach_variable((minitorch.ones(1, requires_grad=True) * 2,))[0].is_leaf
    True
    """
    if not isinstance(inputs, tuple):
        raise RuntimeError(f"Only tuple of tensors is supported. Got Unsupported input type: {type(inputs).__name__}")
    return tuple([detached(x) for x in inputs])


def check_backward_validity(inputs: Iterable[Any]) -> None:
    """Warn if no input requires a gradient.

    >>> import minitorch
    >>> check_backward_validity([minitorch.ones(1, requires_grad=True)])
    """
    if not any(x.requires_grad for x in inputs if isinstance(x, Tensor)):
        warnings.warn("None of the inputs have requires_grad=True. Gradients will be None", stacklevel=2)


class CheckpointFunction(Function):
    """A part of a model as one operation, whose backward pass runs the part again.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.tensor([1.0, 2.0], requires_grad=True)
    >>> CheckpointFunction.apply(lambda x: x * x, True, x).sum().backward()
    >>> x.grad
    tensor([2., 4.])
    """

    @staticmethod
    def forward(ctx: Any, run_function: Callable[..., Any], preserve_rng_state: bool, *args: Any) -> Any:
        """Run the part with recording off."""
        check_backward_validity(args)
        ctx.run_function, ctx.surroundings = run_function, Surroundings(preserve_rng_state)
        ctx.values = [None if isinstance(x, Tensor) else x for x in args]
        ctx.places = [i for i, x in enumerate(args) if isinstance(x, Tensor)]
        ctx.save_for_backward(*[args[i] for i in ctx.places])
        return run_function(*args)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        """Run the part again with recording on, and carry the gradients back through it."""
        if current_walk().restricted:
            raise RuntimeError(
                "When use_reentrant=True, torch.utils.checkpoint is incompatible with .grad() or passing an `inputs` "
                "parameter to .backward(). To resolve this error, you can either set use_reentrant=False, or call "
                ".backward() without passing the `inputs` argument."
            )
        inputs = list(ctx.values)
        for place, tensor in zip(ctx.places, ctx.saved_tensors):
            inputs[place] = detached(tensor)
        with ctx.surroundings.again(), enable_grad():
            found = ctx.run_function(*inputs)
        _carry_back(found if isinstance(found, tuple) else (found,), grads)
        return (None, None, *[x.grad if isinstance(x, Tensor) else None for x in inputs])


def _carry_back(outputs: tuple[Any, ...], grads: tuple[Any, ...]) -> None:
    pairs = [(out, g) for out, g in zip(outputs, grads) if isinstance(out, Tensor) and out.requires_grad]
    if not pairs:
        raise RuntimeError("none of output has requires_grad=True, this checkpoint() is not necessary")
    backward([out for out, _ in pairs], [g for _, g in pairs])


def get_device_states(*args: Any) -> tuple[list[int], list[Any]]:
    """Return the devices of the arguments and the states of their random generators: there are none but the CPU's."""
    return [], []


def set_device_states(devices: Any, states: Any, *, device_type: str | None = None) -> None:
    """Set the states that `get_device_states` returned: there are none."""
