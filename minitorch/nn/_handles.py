"""Removable hooks: the handle that registration returns, and the hook tables that all Modules share."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

Hook = Callable[..., Any]
HookTable = OrderedDict[int, Hook]


class RemovableHandle:
    """Takes a hook away again: ``handle.remove()``, or use the handle in a ``with`` statement.

    Parameters
    ----------
    hooks_dict : dict
        The table that holds the hook under ``handle.id``; only a weak reference is kept.
    extra_dict : dict or list of dict, optional
        Tables of flags that belong to the hook and go with it.

    Examples
    --------
    >>> from minitorch import nn
    >>> layer = nn.Identity()
    >>> handle = layer.register_forward_hook(lambda module, args, output: None)
    >>> handle.remove()
    >>> len(layer._forward_hooks)
    0
    """

    next_id = 0

    def __init__(self, hooks_dict: Any, *, extra_dict: Any = None) -> None:
        extras = extra_dict if isinstance(extra_dict, list) else [] if extra_dict is None else [extra_dict]
        self._tables = [weakref.ref(table) for table in (hooks_dict, *extras)]
        self.id = RemovableHandle.next_id
        RemovableHandle.next_id += 1

    def remove(self) -> None:
        """Remove the hook; a second call does nothing."""
        for reference in self._tables:
            table = reference()
            if table is not None:
                table.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.remove()

    def __getstate__(self) -> tuple[Any, ...]:
        return self.id, [reference() for reference in self._tables]

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.id, tables = state
        # A table that died before pickling is replaced by an empty one that dies at once.
        self._tables = [weakref.ref(OrderedDict() if table is None else table) for table in tables]
        RemovableHandle.next_id = max(RemovableHandle.next_id, self.id + 1)


def add_hook(table: HookTable, hook: Hook, *, prepend: bool = False, flags: Any = None) -> RemovableHandle:
    """Put ``hook`` in ``table`` (first if ``prepend``) and return its handle.

    ``flags`` is a list of (flag table, bool): hooks whose flag is set are named in the flag table.
    """
    flags = flags or []
    handle = RemovableHandle(table, extra_dict=[flag_table for flag_table, _ in flags])
    table[handle.id] = hook
    for flag_table, is_set in flags:
        if is_set:
            flag_table[handle.id] = True
    if prepend:
        table.move_to_end(handle.id, last=False)
    return handle


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
