"""Removable hooks of Modules: the hook tables that all of them share."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

from ..handles import Hook as Hook
from ..handles import HookTable as HookTable
from ..handles import RemovableHandle as RemovableHandle
from ..handles import add_hook as add_hook


class Globals:
    """Hooks that run for every Module; one instance, ``shared``."""

    def __init__(self) -> None:
        self.forward_pre: HookTable = OrderedDict()
        self.forward: HookTable = OrderedDict()
        self.forward_with_kwargs: OrderedDict[int, bool] = OrderedDict()
        self.forward_always: OrderedDict[int, bool] = OrderedDict()
        self.backward_pre: HookTable = OrderedDict()
        self.backward: HookTable = OrderedDict()
        self.backward_is_full: bool | None = None
        self.registration: dict[str, HookTable] = {
            "buffer": OrderedDict(),
            "module": OrderedDict(),
            "parameter": OrderedDict(),
        }


shared = Globals()


def on_registration(kind: str, module: Any, name: str, value: Any) -> Any:
    """Show a new parameter, buffer or module to the shared hooks; each may return a replacement."""
    for hook in shared.registration[kind].values():
        replacement = hook(module, name, value)
        if replacement is not None:
            value = replacement
    return value


def register_module_parameter_registration_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, name, parameter)`` whenever any Module registers a parameter."""
    return add_hook(shared.registration["parameter"], hook)


def register_module_buffer_registration_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, name, buffer)`` whenever any Module registers a buffer."""
    return add_hook(shared.registration["buffer"], hook)


def register_module_module_registration_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, name, submodule)`` whenever any Module registers a child."""
    return add_hook(shared.registration["module"], hook)


def register_module_forward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, args)`` before every Module's forward."""
    return add_hook(shared.forward_pre, hook)


def register_module_forward_hook(
    hook: Hook, *, with_kwargs: bool = False, always_call: bool = False
) -> RemovableHandle:
    """Call ``hook(module, args, output)`` after every Module's forward."""
    flags = [(shared.forward_with_kwargs, with_kwargs), (shared.forward_always, always_call)]
    return add_hook(shared.forward, hook, flags=flags)


def register_module_full_backward_pre_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, grad_output)`` before the gradients of every Module's inputs are computed."""
    return add_hook(shared.backward_pre, hook)


def register_module_full_backward_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` when the gradients of any Module's inputs are known.

    RuntimeError if ``register_module_backward_hook`` was used before.
    """
    return _add_global_backward_hook(hook, full=True)


def register_module_backward_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(module, grad_input, grad_output)`` at the last op of every Module (deprecated in torch).

    RuntimeError if ``register_module_full_backward_hook`` was used before.
    """
    return _add_global_backward_hook(hook, full=False)


def _add_global_backward_hook(hook: Hook, full: bool) -> RemovableHandle:
    if shared.backward_is_full is (not full):
        raise RuntimeError(
            "Cannot use both regular backward hooks and full backward hooks as a global Module hook. "
            "Please use only one of them."
        )
    shared.backward_is_full = full
    return add_hook(shared.backward, hook)
