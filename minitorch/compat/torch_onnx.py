"""`torch.onnx`: nothing is exported; what modules tell the exporter when they are imported is accepted."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any, NoReturn

__all__ = ["modules"]


def is_in_onnx_export() -> bool:
    """Return whether a model is being exported: False."""
    return False


def export(*args: Any, **kwargs: Any) -> NoReturn:
    """Raise: models are not exported."""
    raise RuntimeError("onnx.export: minitorch writes no ONNX files; save the state_dict, and export it with torch")


def register_custom_op_symbolic(symbolic_name: str, symbolic_fn: Callable[..., Any], opset_version: int) -> None:
    """Accept the exporter's form of an operation; nothing is exported."""


def parse_args(*descriptors: Any) -> Callable[[Any], Any]:
    """Return a decorator that leaves a form of the exporter's as it is."""
    return lambda fn: fn


def _module(name: str, *functions: Any) -> ModuleType:
    module = ModuleType(f"minitorch.{name}", "A part of `torch.onnx`, which exports nothing here.")
    module.__dict__.update({fn.__name__: fn for fn in functions})
    return module


def modules() -> dict[str, ModuleType]:
    """Return the modules by their names below the top package."""
    found = {"onnx": _module("onnx", is_in_onnx_export, export, register_custom_op_symbolic)}
    found["onnx.symbolic_helper"] = _module("onnx.symbolic_helper", parse_args)
    return found | {f"onnx.symbolic_opset{n}": _module(f"onnx.symbolic_opset{n}") for n in range(7, 21)}
