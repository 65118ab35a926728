"""Names that programs written for torch ask for: devices that are not there, mixed precision, compilers, flags.

They behave as in torch's CPU build. `names` are the attributes for the top package, `modules` those that
``import minitorch.cuda`` should find.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any

from . import accelerator as accelerator
from . import amp as amp
from . import hub as hub
from . import settings as settings
from .accelerator import absent_device
from .backends import PARTS, backends, version
from .missing import missing as missing
from .surroundings import distributed, extension, onnx, profiler
from .torch_jit import compile, compiler, fx, jit_names

__all__ = ["jit_names", "missing", "modules", "names"]


def _cuda() -> ModuleType:
    module = absent_device("minitorch.cuda")
    module.amp = amp  # type: ignore[attr-defined]
    return module


def modules() -> dict[str, ModuleType]:
    """Return the modules by their names below the top package."""
    found = {"accelerator": accelerator, "amp": amp, "backends": backends, "version": version, "fx": fx}
    found |= {"compiler": compiler, "cuda": _cuda(), "cuda.amp": amp, "amp.autocast_mode": amp, "amp.grad_scaler": amp}
    found |= {name: absent_device(f"minitorch.{name}") for name in ("xpu", "mps", "mtia")}
    found |= {"_C": extension, "hub": hub, "distributed": distributed, "onnx": onnx, "profiler": profiler}
    return found | {f"backends.{name}": part for name, part in PARTS.items()}


def names() -> dict[str, Any]:
    """Return the functions, classes and constants for the top package."""
    found: dict[str, Any] = {name: getattr(settings, name) for name in settings.__all__ if name != "TENSOR_TYPES"}
    found |= settings.TENSOR_TYPES | settings.method_functions()
    found |= {"_assert": settings._assert, "autocast": amp.autocast, "compile": compile, "newaxis": None}
    return found | {
        "GradScaler": amp.GradScaler,
        "is_autocast_enabled": amp.is_autocast_enabled,
        "get_autocast_dtype": amp.get_autocast_dtype,
    }
