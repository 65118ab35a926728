"""An import hook under which `torch` and its submodules are minitorch: files written for torch run as they are."""

from __future__ import annotations

import contextlib
import importlib
import importlib.abc
import importlib.machinery
import sys
from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import Any


class _Loader(importlib.abc.Loader):
    """Gives the import system a module that exists, and leaves the module as it was."""

    def __init__(self, module: ModuleType) -> None:
        self.module, self.spec, self.loader = module, module.__spec__, getattr(module, "__loader__", None)

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return self.module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__, module.__loader__ = self.spec, self.loader  # type: ignore[assignment]


class _Finder(importlib.abc.MetaPathFinder):
    """Finds minitorch's module under torch's name."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        top, _, rest = fullname.partition(".")
        if top != "torch":
            return None
        name = f"minitorch.{rest}" if rest else "minitorch"
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as error:
            raise ModuleNotFoundError(f"No module named {fullname!r}: {error}", name=fullname) from error
        return importlib.machinery.ModuleSpec(fullname, _Loader(module), is_package=hasattr(module, "__path__"))


@contextlib.contextmanager
def torch_is_minitorch() -> Iterator[None]:
    """Let every import of torch inside the block give minitorch."""
    finder = _Finder()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if name.partition(".")[0] == "torch"]:
            del sys.modules[name]
