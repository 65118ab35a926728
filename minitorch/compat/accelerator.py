"""`torch.accelerator` and the device modules of torch's CPU build: there is no accelerator."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from ..device import check_device

__all__ = ["absent_device"]


def is_available() -> bool:
    """Return whether there is an accelerator: False."""
    return False


def current_accelerator(check_available: bool = False) -> None:
    """Return the accelerator's device: None."""


def device_count() -> int:
    """Return the number of accelerators: 0."""
    return 0


def _none(*args: Any, **kwargs: Any) -> Any:
    """Raise: there is no accelerator."""
    raise RuntimeError("Cannot access accelerator device when none is available.")


current_device_index = current_device_idx = current_stream = set_stream = synchronize = _none
set_device_index = set_device_idx = _none


def _no_cuda(*args: Any, **kwargs: Any) -> Any:
    """Raise as torch's CPU build does."""
    check_device("cuda")


def _constant(value: Any) -> Callable[..., Any]:
    def constant(*args: Any, **kwargs: Any) -> Any:
        return value

    constant.__doc__ = f"Return {value!r}, as torch's CPU build does."
    return constant


def _seed(seed: int) -> None:
    """Seed the CPU's generator in place of the device's, which does not exist: do nothing, as torch."""
    int(seed)


def _absent_class(name: str) -> type:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        raise RuntimeError(f"torch.cuda.{name} requires CUDA support")

    return type(name, (), {"__init__": __init__, "__doc__": "A class of the device's; making one raises."})


_FALSE = ("is_available", "is_initialized", "is_bf16_supported", "is_built", "is_current_stream_capturing")
_ZERO = ("device_count", "memory_allocated", "max_memory_allocated", "memory_reserved", "max_memory_reserved")
_NOTHING = ("empty_cache", "reset_peak_memory_stats", "reset_max_memory_allocated")
_RAISES = ("current_device", "get_device_name", "get_device_capability", "get_device_properties", "set_device", "init",
           "synchronize", "ipc_collect", "current_stream", "default_stream", "mem_get_info")  # fmt: skip


def absent_device(name: str) -> ModuleType:
    """Return a module such as `torch.cuda` for a device that does not exist; asking for it raises torch's errors."""
    module = ModuleType(name, f"The {name.rpartition('.')[2]} device, which minitorch does not compute on.")
    names: dict[str, Any] = dict.fromkeys(_FALSE, _constant(False)) | dict.fromkeys(_ZERO, _constant(0))
    names |= dict.fromkeys(_NOTHING, _constant(None)) | dict.fromkeys(_RAISES, _no_cuda)
    names |= dict.fromkeys(("manual_seed", "manual_seed_all"), _seed)
    names |= {each: _absent_class(each) for each in ("Stream", "Event", "CUDAGraph")}
    module.__dict__.update(names)
    return module
