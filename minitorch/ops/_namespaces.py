"""`torch.ops`: operations by the name of the library that they come from, ``minitorch.ops.aten.relu`` for our own."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ..op import RECORDS

__all__ = ["OpNamespace", "load_library", "namespace"]


class Overload:
    """An operation of our own by torch's name; its overloads (``.default``, ``.Tensor``) are the function itself."""

    def __init__(self, name: str, fn: Callable[..., Any]) -> None:
        self.__name__, self._fn = name, fn

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._fn(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __repr__(self) -> str:
        return f"aten.{self.__name__}"


class OpNamespace:
    """The operations of one library, by name."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __getattr__(self, name: str) -> Any:
        record = RECORDS.get(name) if self.name == "aten" else None
        if record is None:
            raise AttributeError(f"'_OpNamespace' '{self.name}' object has no attribute '{name}'", name=name)
        found = self.__dict__[name] = Overload(name, record.fn)
        return found


_namespaces: dict[str, OpNamespace] = {}


def namespace(name: str) -> OpNamespace:
    """Return the namespace of a library, which is made when it is first asked for."""
    return _namespaces.setdefault(name, OpNamespace(name))


def load_library(path: str | os.PathLike[str]) -> None:
    """Raise OSError: libraries of torch's operations in machine code cannot be loaded."""
    raise OSError(f"Could not load this library: {os.fspath(path)}")
