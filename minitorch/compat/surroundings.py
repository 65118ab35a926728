"""What model code asks of torch's surroundings: `torch.onnx`, `torch.distributed`, `torch.profiler`, `torch._C`.

Nothing is exported, no process group exists, nothing is profiled; the questions have torch's answers for that case.
"""

from __future__ import annotations

import contextlib
from types import ModuleType
from typing import Any

__all__ = ["distributed", "extension", "onnx", "profiler"]


def _module(name: str, doc: str, *functions: Any) -> ModuleType:
    module = ModuleType(f"minitorch.{name}", doc)
    module.__dict__.update({fn.__name__: fn for fn in functions})
    return module


def _log_api_usage_once(event: str) -> None:
    """Do nothing: usage is not logged."""


def is_in_onnx_export() -> bool:
    """Return whether a model is being exported: False."""
    return False


def is_available() -> bool:
    """Return whether process groups can be made: False."""
    return False


def is_initialized() -> bool:
    """Return whether there is a process group: False."""
    return False


def _no_group(group: Any = None) -> int:
    raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")


class record_function(contextlib.ContextDecorator):
    """A named block that torch's profiler would show; it only runs."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args

    def __enter__(self) -> record_function:
        return self

    def __exit__(self, *exc: object) -> None:
        return None


extension = _module("_C", "The one name of torch's extension module that model code calls.", _log_api_usage_once)
onnx = _module("onnx", "The parts of `torch.onnx` that model code uses.", is_in_onnx_export)
distributed = _module("distributed", "The parts of `torch.distributed` that model code uses.")
distributed.__dict__.update(
    is_available=is_available, is_initialized=is_initialized, get_rank=_no_group, get_world_size=_no_group
)
profiler = _module("profiler", "The part of `torch.profiler` that model code uses.", record_function)
