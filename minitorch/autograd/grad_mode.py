"""Switches for recording: contexts that are decorators too."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from ..memory import inference, switch_inference
from ..tape import is_grad_enabled, mode

__all__ = ["enable_grad", "inference_mode", "is_grad_enabled", "no_grad", "set_grad_enabled"]


class _Switch:
    """A context manager over `mode.enabled` that can decorate functions and generators."""

    _on = True

    def __init__(self, fn: Any = None) -> None:
        self._before: list[bool] = []

    def __new__(cls, fn: Any = None, *args: Any, **kwargs: Any) -> Any:
        if callable(fn):  # @no_grad without parentheses
            return object.__new__(cls)._decorate(fn)
        return object.__new__(cls)

    def __enter__(self) -> None:
        if not hasattr(self, "_before"):
            self._before = []
        self._before.append(mode.enabled)
        mode.enabled = self._on and not inference.on

    def __exit__(self, *exc: object) -> None:
        mode.enabled = self._before.pop()

    def __call__(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        return self._decorate(fn)

    def _decorate(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        if inspect.isgeneratorfunction(fn):
            return self._decorate_generator(fn)

        @functools.wraps(fn)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            with self:
                return fn(*args, **kwargs)

        return wrapped

    def _decorate_generator(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(fn)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            generator, sent = fn(*args, **kwargs), None
            while True:
                try:
                    with self:
                        item = generator.send(sent)
                except StopIteration as stop:
                    return stop.value
                sent = yield item

        return wrapped


class no_grad(_Switch):
    """Do not record operations in this block or decorated function.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.ones(2, requires_grad=True)
    >>> with minitorch.no_grad():
    ...     y = x * 2
    >>> y.requires_grad
    False
    """

    _on = False


class enable_grad(_Switch):
    """Record operations in this block or decorated function, inside a `no_grad` too.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.ones(2, requires_grad=True)
    >>> with minitorch.no_grad(), minitorch.enable_grad():
    ...     y = x * 2
    >>> y.requires_grad
    True
    """


class set_grad_enabled(_Switch):
    """Turn recording on or off: as a function, at once; as a context, until its end.

    Examples
    --------
    >>> import minitorch
    >>> with minitorch.set_grad_enabled(False):
    ...     minitorch.is_grad_enabled()
    False
    """

    def __new__(cls, mode: bool) -> Any:  # noqa: D102
        return object.__new__(cls)

    def __init__(self, mode: bool) -> None:
        from ..tape import mode as switches

        self._on = bool(mode)
        self._before = [switches.enabled]
        self._called_now = True
        switches.enabled = self._on

    def __enter__(self) -> None:
        if self._called_now:  # the constructor has switched already
            self._called_now = False
            mode.enabled = self._on
        else:
            super().__enter__()

    def __call__(self, fn: Callable[..., Any]) -> Callable[..., Any]:
        """Decorate: the switch made by the constructor is undone, and holds inside ``fn`` only."""
        mode.enabled = self._before.pop()
        self._called_now = False
        return self._decorate(fn)


class inference_mode(_Switch):
    """Do not record operations, and bar the new tensors from recording: for code that never asks for gradients.

    Outside of the block a tensor made in it can be read and cloned, but RuntimeError is raised where it is written in
    place, is to require a gradient, or would have to be saved for a backward pass.

    Examples
    --------
    >>> import minitorch
    >>> with minitorch.inference_mode():
    ...     minitorch.is_inference_mode_enabled()
    True
    """

    _on = False

    def __new__(cls, mode: Any = True) -> Any:  # noqa: D102
        return super().__new__(cls, mode)

    def __init__(self, mode: Any = True) -> None:
        super().__init__()
        self._active = bool(mode)
        self._inference: list[bool] = []

    def __enter__(self) -> None:
        if not hasattr(self, "_inference"):
            self._inference, self._active = [], True
        self._before = getattr(self, "_before", [])
        self._before.append(mode.enabled)
        self._inference.append(inference.on)
        mode.enabled = not self._active
        switch_inference(self._active, 1)

    def __exit__(self, *exc: object) -> None:
        mode.enabled = self._before.pop()
        switch_inference(self._inference.pop(), -1)


def is_inference_mode_enabled() -> bool:
    """Return whether an `inference_mode` block is active in this thread.

    >>> import minitorch
    >>> minitorch.is_inference_mode_enabled()
    False
    """
    return inference.on
