"""Hooks around `step`, `state_dict` and `load_state_dict`, for one optimizer or for all."""

from __future__ import annotations

import functools
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ..nn._handles import Hook, HookTable, RemovableHandle, add_hook

__all__ = ["Hooked", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook"]

_before_any_step: HookTable = OrderedDict()
_after_any_step: HookTable = OrderedDict()


def register_optimizer_step_pre_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` before every optimizer's step; it may return new ones.

    Examples
    --------
    >>> from minitorch.optim import optimizer
    >>> handle = optimizer.register_optimizer_step_pre_hook(lambda opt, args, kwargs: None)
    >>> handle.remove()
    """
    return add_hook(_before_any_step, hook)


def register_optimizer_step_post_hook(hook: Hook) -> RemovableHandle:
    """Call ``hook(optimizer, args, kwargs)`` after every optimizer's step.

    Examples
    --------
    >>> from minitorch.optim import optimizer
    >>> handle = optimizer.register_optimizer_step_post_hook(lambda opt, args, kwargs: None)
    >>> handle.remove()
    """
    return add_hook(_after_any_step, hook)


def _replaced(hook_result: Any, func: Callable[..., Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(hook_result, tuple) and len(hook_result) == 2:
        return hook_result
    raise RuntimeError(f"{func} must return None or a tuple of (new_args, new_kwargs), but got {hook_result}.")


def hooked_step(func: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a `step` method so that hooks run around it, once even where it calls its parent's step."""

    @functools.wraps(func)
    def step(*args: Any, **kwargs: Any) -> Any:
        self = args[0]
        if self._stepping:
            return func(*args, **kwargs)
        self._stepping = True
        try:
            own = vars(self).get  # a subclass may leave the base's __init__ out
            for hook in (*_before_any_step.values(), *own("_optimizer_step_pre_hooks", {}).values()):
                result = hook(self, args, kwargs)
                if result is not None:
                    args, kwargs = _replaced(result, func)
            out = func(*args, **kwargs)
            for hook in (*own("_optimizer_step_post_hooks", {}).values(), *_after_any_step.values()):
                hook(self, args, kwargs)
            return out
        finally:
            self._stepping = False

    return step


class Hooked:
    """The hook tables of one optimizer; a subclass's `step` is wrapped when the class is made."""

    _stepping = False
    _optimizer_step_pre_hooks: HookTable
    _optimizer_step_post_hooks: HookTable
    _optimizer_state_dict_pre_hooks: HookTable
    _optimizer_state_dict_post_hooks: HookTable
    _optimizer_load_state_dict_pre_hooks: HookTable
    _optimizer_load_state_dict_post_hooks: HookTable

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = hooked_step(cls.__dict__["step"])  # type: ignore[attr-defined]

    def _new_hook_tables(self) -> None:
        for name in ("step", "state_dict", "load_state_dict"):
            setattr(self, f"_optimizer_{name}_pre_hooks", OrderedDict())
            setattr(self, f"_optimizer_{name}_post_hooks", OrderedDict())

    def register_step_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` before each step; it may return new ``(args, kwargs)``."""
        return add_hook(self._optimizer_step_pre_hooks, hook)

    def register_step_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(optimizer, args, kwargs)`` after each step."""
        return add_hook(self._optimizer_step_post_hooks, hook)

    def register_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` before `state_dict` gathers anything."""
        return add_hook(self._optimizer_state_dict_pre_hooks, hook, prepend=prepend)

    def register_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` after `state_dict`; it may return a replacement."""
        return add_hook(self._optimizer_state_dict_post_hooks, hook, prepend=prepend)

    def register_load_state_dict_pre_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer, state_dict)`` before `load_state_dict`; it may return a replacement."""
        return add_hook(self._optimizer_load_state_dict_pre_hooks, hook, prepend=prepend)

    def register_load_state_dict_post_hook(self, hook: Hook, prepend: bool = False) -> RemovableHandle:
        """Call ``hook(optimizer)`` after `load_state_dict`."""
        return add_hook(self._optimizer_load_state_dict_post_hooks, hook, prepend=prepend)
