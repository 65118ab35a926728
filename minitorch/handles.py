"""Removable hooks: the handle that registration returns, of tensors, nodes, modules and optimizers alike."""

from __future__ import annotations

import weakref
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

__all__ = ["Hook", "HookTable", "RemovableHandle", "add_hook"]

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
