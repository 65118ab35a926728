"""Which layer of a model is running: for reports that name the place where something went wrong."""

from __future__ import annotations

import threading
from typing import Any

__all__ = ["LayerStack", "layer_text"]


class _Running(threading.local):
    """Each thread's modules that are being called, the outermost first."""

    def __init__(self) -> None:
        self.modules: list[Any] = []


class LayerStack:
    """While this context is open, `current` tells the modules whose forward passes are under way."""

    def __init__(self) -> None:
        self.running = _Running()

    def current(self) -> tuple[Any, ...]:
        """Return the modules that are being called, the outermost first."""
        return tuple(self.running.modules)

    def __enter__(self) -> LayerStack:
        from ..nn import _handles  # nn stands beside autograd: it is asked when a model is run

        self.handles = [
            _handles.register_module_forward_pre_hook(self._enter),
            _handles.register_module_forward_hook(self._leave, always_call=True),
        ]
        return self

    def __exit__(self, *exc: object) -> None:
        for handle in self.handles:
            handle.remove()
        self.running.modules.clear()

    def _enter(self, module: Any, args: Any) -> None:
        self.running.modules.append(module)

    def _leave(self, module: Any, args: Any, output: Any) -> None:
        modules = self.running.modules
        if module in modules:  # not if the context was opened while the module ran
            del modules[len(modules) - 1 - modules[::-1].index(module) :]


def layer_text(modules: tuple[Any, ...]) -> str:
    """Return the path of the innermost module in the outermost one, such as ``features.3 (Conv2d) of Net``."""
    if not modules:
        return ""
    root, layer = modules[0], modules[-1]
    path = next((path for path, part in root.named_modules() if part is layer), "")
    name = type(layer).__name__
    return f"{path} ({name}) of {type(root).__name__}" if path else name
