"""Hooks of a Module's forward and backward passes: registration, and the call that runs them."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from typing import Any

from ..op import Op
from ..tape import is_grad_enabled
from ..tensor import Tensor
from ._handles import Hook, RemovableHandle, add_hook, shared
from ._state_dict import StateDict


class Hooks(StateDict):
    """The storey of ``Module`` where hooks are registered."""

    def register_forward_pre_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args)`` before forward; what it returns, if anything, replaces ``args``.

        With ``with_kwargs`` the hook gets ``(module, args, kwargs)`` and returns None or ``(args, kwargs)``.

        >>> from minitorch import nn
        >>> layer = nn.Identity()
        >>> _ = layer.register_forward_pre_hook(lambda module, args: (args[0] + 1,))
        >>> layer(1)
        2
        """
        flags = [(self._forward_pre_hooks_with_kwargs, with_kwargs)]
        return add_hook(self._forward_pre_hooks, hook, prepend=prepend, flags=flags)

    def register_forward_hook(
        self, hook: Hook, *, prepend: bool = False, with_kwargs: bool = False, always_call: bool = False
    ) -> RemovableHandle:
        """Call ``hook(module, args, output)`` after forward; what it returns, if anything, replaces
        ``output``.

        With ``with_kwargs`` the hook gets ``(module, args, kwargs, output)``; with ``always_call`` it runs
        even when forward raises.

        >>> from minitorch import nn
        >>> layer = nn.Identity()
        >>> _ = layer.register_forward_hook(lambda module, args, output: output * 10)
        >>> layer(1)
        10
        """
        flags = [
            (self._forward_hooks_with_kwargs, with_kwargs),
            (self._forward_hooks_always_called, always_call),
        ]
        return add_hook(self._forward_hooks, hook, prepend=prepend, flags=flags)

    def register_full_backward_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_output)`` when the outputs' gradients are known; it may replace them."""
        return add_hook(self._backward_pre_hooks, hook, prepend=prepend)

    def register_full_backward_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` when the inputs' gradients are known.

        The hook may return new input gradients. RuntimeError if ``register_backward_hook`` was used before.
        """
        self._choose_backward_kind(full=True)
        return add_hook(self._backward_hooks, hook, prepend=prepend)

    def register_backward_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(module, grad_input, grad_output)`` at the module's last op (deprecated in torch).

        RuntimeError if ``register_full_backward_hook`` was used before.
        """
        self._choose_backward_kind(full=False)
        return add_hook(self._backward_hooks, hook)

    def _choose_backward_kind(self, full: bool) -> None:
        if self._is_full_backward_hook is (not full):
            raise RuntimeError(
                "Cannot use both regular backward hooks and full backward hooks on a single Module. "
                "Please use only one of them."
            )
        self._is_full_backward_hook = full


class HookedCall:
    """One call of a Module that has hooks, from the forward pre-hooks to the set-up of the backward ones."""

    def __init__(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.module, self.args, self.kwargs = module, args, kwargs
        self.result: Any = None
        self.done: set[int] = set()

    def run(self) -> Any:
        try:
            return self._run()
        except Exception:
            self._run_always_hooks()
            raise

    def _run(self) -> Any:
        full, plain = self._backward_hooks()
        before = [*shared.backward_pre.values(), *self.module._backward_pre_hooks.values()]
        self._run_pre_hooks()
        gates = Gates(self.module, full, before) if full or before else None
        if gates is not None:
            self.args = gates.enter(self.args)
        self.result = self.module.forward(*self.args, **self.kwargs)
        for hook_id, hook in self._forward_hooks():
            self._run_forward_hook(hook_id, hook)
        if gates is not None:
            self.result = gates.leave(self.result)
        if plain:
            _hook_last_op(self.module, plain, self.result)
        return self.result

    def _backward_hooks(self) -> tuple[list[Hook], list[Hook]]:
        own = (self.module._is_full_backward_hook, self.module._backward_hooks)
        tables: list[tuple[Any, Any]] = [(shared.backward_is_full, shared.backward), own]
        full = [hook for is_full, table in tables if is_full is True for hook in table.values()]
        plain = [hook for is_full, table in tables if is_full is False for hook in table.values()]
        return full, plain

    def _run_pre_hooks(self) -> None:
        module = self.module
        for hook_id, hook in (*shared.forward_pre.items(), *module._forward_pre_hooks.items()):
            if hook_id in module._forward_pre_hooks_with_kwargs:
                changed = hook(module, self.args, self.kwargs)
                if changed is not None:
                    self.args, self.kwargs = _args_and_kwargs(changed)
            else:
                changed = hook(module, self.args)
                if changed is not None:
                    self.args = changed if isinstance(changed, tuple) else (changed,)

    def _forward_hooks(self) -> list[tuple[int, Hook]]:
        return [*shared.forward.items(), *self.module._forward_hooks.items()]

    def _run_forward_hook(self, hook_id: int, hook: Hook) -> None:
        if self._is_always(hook_id):
            self.done.add(hook_id)
        if hook_id in self.module._forward_hooks_with_kwargs or hook_id in shared.forward_with_kwargs:
            changed = hook(self.module, self.args, self.kwargs, self.result)
        else:
            changed = hook(self.module, self.args, self.result)
        if changed is not None:
            self.result = changed

    def _is_always(self, hook_id: int) -> bool:
        return hook_id in self.module._forward_hooks_always_called or hook_id in shared.forward_always

    def _run_always_hooks(self) -> None:
        for hook_id, hook in self._forward_hooks():
            if not self._is_always(hook_id) or hook_id in self.done:
                continue
            try:
                self._run_forward_hook(hook_id, hook)
            except Exception as error:
                kind = "global module" if hook_id in shared.forward_always else "module"
                warnings.warn(
                    f"{kind} forward hook with ``always_call=True`` raised an exception that was silenced as "
                    f"another error was raised in forward: {error}",
                    stacklevel=4,
                )


def _args_and_kwargs(changed: Any) -> tuple[Any, Any]:
    if isinstance(changed, tuple) and len(changed) == 2:
        return changed
    raise RuntimeError(f"forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got {changed}.")


# ---- backward ---------------------------------------------------------------------------------------------


def _gate_fwd(*arrays: Any) -> tuple[Any, ...]:
    # Copies: a module that works in place must not write through the gate into the caller's tensor.
    return tuple(array.copy(order="K") for array in arrays[:-1])


def _gate_vjp(node: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
    (callback,) = node.params
    return callback(grads)


# The identity on some tensors; their gradients pass through a callback, all together.
GATE = Op("module_hook", _gate_fwd, _gate_vjp)


class Gates:
    """A gate before a module's inputs and one after its outputs, for the full backward hooks.

    The output gate is reached first in backward: it runs the pre-hooks and notes the output gradients. The
    input gate then has both sides and runs the hooks. Where no input needs a gradient, the output gate
    runs them.
    """

    def __init__(self, module: Any, hooks: list[Hook], pre_hooks: list[Hook]) -> None:
        self.module, self.hooks, self.pre_hooks = module, hooks, pre_hooks
        self.n_inputs = 0
        self.has_input_gate = False
        self.grad_output: tuple[Any, ...] | None = None

    def enter(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """Put the gate before the inputs."""
        self.n_inputs = len(args)
        gated, self.has_input_gate = _through_gate(args, self._at_input)
        return gated

    def leave(self, result: Any) -> Any:
        """Put the gate after the outputs."""
        if not isinstance(result, (Tensor, tuple)):
            warnings.warn(
                "For backward hooks to be called, module output should be a Tensor or a tuple of Tensors "
                f"but received {type(result)}",
                stacklevel=5,
            )
        if isinstance(result, tuple):
            return _through_gate(result, self._at_output)[0]
        return _through_gate((result,), self._at_output)[0][0]

    def _at_output(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        for hook in self.pre_hooks:
            changed = hook(self.module, grads)
            if changed is not None:
                grads = _same_length(changed, grads, "pre hook", "grad_output")
        self.grad_output = grads
        if not self.has_input_gate:
            self._without_input_grads()
        return grads

    def _without_input_grads(self) -> None:
        warnings.warn(
            "Full backward hook is firing when gradients are computed with respect to module "
            "outputs since no "
            "inputs require gradients.",
            stacklevel=5,
        )
        for hook in self.hooks:
            changed = hook(self.module, (None,) * self.n_inputs, self.grad_output)
            if changed is not None and not (isinstance(changed, tuple) and all(g is None for g in changed)):
                raise RuntimeError(
                    "Backward hook for Modules where no input requires gradient should always return None or "
                    "None for all gradients."
                )
        self.grad_output = None

    def _at_input(self, grads: tuple[Any, ...]) -> tuple[Any, ...]:
        if self.grad_output is None:
            return grads
        for hook in self.hooks:
            changed = hook(self.module, grads, self.grad_output)
            if changed is not None:
                grads = _same_length(changed, grads, "hook", "grad_input")
        self.grad_output = None
        return grads


def _same_length(changed: Any, grads: tuple[Any, ...], kind: str, what: str) -> tuple[Any, ...]:
    if len(changed) != len(grads):
        raise RuntimeError(
            f"Backward {kind} returned an invalid number of {what}, got {len(changed)}, but expected {len(grads)}"
        )
    return tuple(changed)


def _through_gate(values: tuple[Any, ...], callback: Any) -> tuple[tuple[Any, ...], bool]:
    """Pass the tensors among ``values`` through one Gate; the callback sees None for everything else."""
    places = [i for i, value in enumerate(values) if isinstance(value, Tensor) and value.requires_grad]
    if not is_grad_enabled() or not places:
        return values, False

    def at_gate(grads: tuple[Any, ...]) -> tuple[Any, ...]:
        padded: list[Any] = [None] * len(values)
        for place, grad in zip(places, grads):
            padded[place] = grad
        changed = callback(tuple(padded))
        return tuple(changed[place] for place in places)

    gated = list(values)
    for place, tensor in zip(places, GATE(*(values[i] for i in places), params=(at_gate,))):
        gated[place] = tensor
    return (tuple(gated) if type(values) is tuple else type(values)(*gated)), True


class _ModuleHook:
    """Gives a module's hook to a tape node, with the module in front."""

    def __init__(self, hook: Hook, module: Any) -> None:
        self.hook, self.module = hook, module

    def __call__(self, *args: Any) -> Any:
        return self.hook(self.module, *args)


def _hook_last_op(module: Any, hooks: list[Hook], result: Any) -> None:
    """Put non-full backward hooks on the op that made ``result``'s first tensor."""
    while not isinstance(result, Tensor):
        result = next(v for v in result.values() if isinstance(v, Tensor)) if isinstance(result, dict) else result[0]
    if result.grad_fn is not None:
        node: Any = result.grad_fn
        node.hooks, node.watched = OrderedDict() if node.hooks is None else node.hooks, True
        for hook in hooks:
            add_hook(node.hooks, _ModuleHook(hook, module))
