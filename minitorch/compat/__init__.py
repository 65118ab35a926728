"""Names that programs written for torch ask for: devices that are not there, mixed precision, compilers, flags.

They behave as in torch's CPU build. `names` are the attributes for the top package, `modules` those that
``import minitorch.cuda`` should find.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from . import accelerator as accelerator
from . import amp as amp
from . import hub as hub
from . import library as library
from . import multiprocessing as multiprocessing
from . import quantization as quantization
from . import settings as settings
from . import torch_jit as torch_jit
from . import torch_onnx as torch_onnx
from . import torch_types as torch_types
from . import torch_version as torch_version
from .accelerator import absent_device
from .backends import PARTS, backends, version
from .checks import CHECKS
from .foreach import foreach_functions
from .missing import missing as missing
from .surroundings import DISTRIBUTED, config, extension, profiler
from .torch_jit import compile, jit_names

__all__ = ["install", "jit_names", "missing", "modules", "names"]


def _cuda() -> ModuleType:
    module = absent_device("minitorch.cuda")
    module.amp = amp  # type: ignore[attr-defined]
    return module


def modules() -> dict[str, ModuleType]:
    """Return the modules by their names below the top package."""
    found = {"accelerator": accelerator, "amp": amp, "backends": backends, "version": version, "library": library,
             "_custom_ops": library}  # fmt: skip
    found |= {"cuda": _cuda(), "cuda.amp": amp, "amp.autocast_mode": amp, "amp.grad_scaler": amp}
    found |= {name: absent_device(f"minitorch.{name}") for name in ("xpu", "mps", "mtia")}
    found |= {"_C": extension, "hub": hub, "utils.model_zoo": hub, "__config__": config, "torch_version": torch_version,
              "profiler": profiler}  # fmt: skip
    found |= {"autograd.profiler": profiler, "types": torch_types, "multiprocessing": multiprocessing}
    found |= {f"backends.{name}": part for name, part in PARTS.items()}
    return found | torch_jit.modules() | torch_onnx.modules() | quantization.modules() | DISTRIBUTED


def install(package: str) -> None:
    """Let the import system find every module below the package, and attributes lead to them as well."""
    for name, module in modules().items():
        sys.modules[f"{package}.{name}"] = module
        above, _, short = f"{package}.{name}".rpartition(".")
        parent = sys.modules[above]
        if not hasattr(parent, "__path__"):
            parent.__path__ = []  # a package, as far as the import system is concerned
        setattr(parent, short, module)


def names() -> dict[str, Any]:
    """Return the functions, classes and constants for the top package."""
    found: dict[str, Any] = {name: getattr(settings, name) for name in settings.__all__ if name != "TENSOR_TYPES"}
    found |= settings.TENSOR_TYPES | settings.method_functions() | foreach_functions() | CHECKS
    found |= {"_assert": settings._assert, "autocast": amp.autocast, "compile": compile, "newaxis": None}
    return found | {
        "GradScaler": amp.GradScaler,
        "is_autocast_enabled": amp.is_autocast_enabled,
        "get_autocast_dtype": amp.get_autocast_dtype,
    }
