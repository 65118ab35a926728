"""Automatic mixed precision. minitorch computes in the dtype it is given, so `autocast` casts nothing.

`GradScaler` scales losses against underflow of half-precision gradients; it works on the CPU as in torch, and is off
where the device that it is made for does not exist.
"""

from __future__ import annotations

import contextlib
import threading
import warnings
from typing import Any

import numpy as np

from .. import dtypes
from ..device import device
from ..tensor import Tensor

__all__ = ["GradScaler", "autocast", "custom_bwd", "custom_fwd", "is_autocast_available"]


class _State(threading.local):
    enabled: dict[str, bool]
    dtype: dict[str, dtypes.dtype]
    cache = True

    def __init__(self) -> None:
        self.enabled, self.dtype = {}, {"cpu": dtypes.bfloat16}


state = _State()


def is_autocast_available(device_type: str) -> bool:
    """Return whether the device type is one that autocast is for."""
    return device(device_type).type in ("cpu", "cuda", "xpu", "mps")


def is_autocast_enabled(device_type: str = "cuda") -> bool:
    """Return whether the block is inside an `autocast` for the device type.

    >>> import minitorch
    >>> minitorch.is_autocast_enabled("cpu")
    False
    """
    return state.enabled.get(device_type, False)


def get_autocast_dtype(device_type: str) -> dtypes.dtype:
    """Return the dtype that `autocast` stands for on a device type.

    >>> import minitorch
    >>> minitorch.get_autocast_dtype("cpu")
    torch.bfloat16
    """
    return state.dtype.get(device_type, dtypes.float16)


class autocast(contextlib.ContextDecorator):
    """A block in which torch would compute some operations in half precision. Here they keep their dtype.

    Examples
    --------
    >>> import minitorch
    >>> with minitorch.autocast("cpu", dtype=minitorch.bfloat16):
    ...     print((minitorch.ones(2, 2) @ minitorch.ones(2, 2)).dtype)
    torch.float32
    """

    def __init__(
        self,
        device_type: str,
        dtype: dtypes.dtype | None = None,
        enabled: bool = True,
        cache_enabled: bool | None = None,
    ) -> None:
        if not isinstance(device_type, str):
            raise ValueError(f"Expected `device_type` of type `str`, got: `{type(device_type)}`")
        if not is_autocast_available(device_type):
            raise RuntimeError(f"User specified an unsupported autocast device_type '{device_type}'")
        self.device, self.fast_dtype = device_type, dtype or get_autocast_dtype(device_type)
        if enabled and device_type != "cpu":
            warnings.warn("CUDA is not available or torch_xla is imported. Disabling autocast.", stacklevel=2)
            enabled = False
        self._enabled, self._before = enabled, [False]

    def __enter__(self) -> autocast:
        self._before.append(is_autocast_enabled(self.device))
        state.enabled[self.device] = self._enabled
        return self

    def __exit__(self, *exc: object) -> None:
        state.enabled[self.device] = self._before.pop()


def custom_fwd(fwd: Any = None, *, device_type: str = "cpu", cast_inputs: Any = None) -> Any:
    """Return the forward function of an `autograd.Function` as it is: nothing is cast."""
    return (lambda f: f) if fwd is None else fwd


def custom_bwd(bwd: Any = None, *, device_type: str = "cpu") -> Any:
    """Return the backward function of an `autograd.Function` as it is: nothing is cast."""
    return (lambda f: f) if bwd is None else bwd


# ---- gradient scaling ----------------------------------------------------------------------------------------------


class GradScaler:
    """Multiplies losses by a scale, so that small gradients in half precision do not vanish, and adapts the scale.

    A step whose gradients hold infinities or NaN is left out, and the scale is reduced by ``backoff_factor``; after
    ``growth_interval`` steps without any it grows by ``growth_factor``.

    After: Micikevicius et al., "Mixed Precision Training" (ICLR 2018), section 3.2.

    Examples
    --------
    >>> import minitorch
    >>> scaler = minitorch.amp.GradScaler("cpu", init_scale=8.0)
    >>> scaler.scale(minitorch.tensor(2.0))
    tensor(16.)
    """

    def __init__(self, device: str = "cuda", init_scale: float = 65536.0, growth_factor: float = 2.0,
                 backoff_factor: float = 0.5, growth_interval: int = 2000, enabled: bool = True) -> None:  # fmt: skip
        if enabled and device != "cpu":
            warnings.warn(
                f"torch.{device}.amp.GradScaler is enabled, but {device.upper()} is not available.  Disabling.",
                stacklevel=2,
            )
            enabled = False
        if enabled and growth_factor <= 1.0:
            raise ValueError(f"GradScaler: growth_factor={growth_factor} must be above 1")
        if enabled and backoff_factor >= 1.0:
            raise ValueError(f"GradScaler: backoff_factor={backoff_factor} must be below 1")
        self._enabled, self._device = enabled, device
        self._scale, self._growth_factor, self._backoff_factor = init_scale, growth_factor, backoff_factor
        self._growth_interval, self._growth_tracker = growth_interval, 0
        self._found: dict[int, bool] = {}  # optimizers unscaled in this step: whether a gradient was not finite
        self._stepped: set[int] = set()

    def scale(self, outputs: Any) -> Any:
        """Return a tensor, or tensors in lists and tuples, multiplied by the scale."""
        if not self._enabled:
            return outputs
        if isinstance(outputs, Tensor):
            return outputs * self._scale
        if isinstance(outputs, (list, tuple)):
            return type(outputs)(self.scale(each) for each in outputs)
        raise ValueError("outputs must be a Tensor or an iterable of Tensors")

    def unscale_(self, optimizer: Any) -> None:
        """Divide the gradients of an optimizer's parameters by the scale, once a step; to clip them, for example."""
        if not self._enabled:
            return
        if id(optimizer) in self._found:
            done = "step()" if id(optimizer) in self._stepped else "unscale_()"
            raise (
                RuntimeError(f"unscale_() is being called after {done}.")
                if done == "step()"
                else RuntimeError("unscale_() has already been called on this optimizer since the last update().")
            )
        bad = False
        for group in optimizer.param_groups:
            for p in group["params"]:
                if p.grad is not None:
                    p.grad._data *= p.grad._data.dtype.type(1.0 / self._scale)
                    p.grad._storage.version += 1
                    bad = bad or not bool(np.isfinite(p.grad._data).all())
        self._found[id(optimizer)] = bad

    def step(self, optimizer: Any, *args: Any, **kwargs: Any) -> Any:
        """Run ``optimizer.step`` on unscaled gradients, unless one of them is infinite or NaN."""
        if not self._enabled:
            return optimizer.step(*args, **kwargs)
        if "closure" in kwargs:
            raise RuntimeError("Closure use is not currently supported if GradScaler is enabled.")
        if id(optimizer) in self._stepped:
            raise RuntimeError("step() has already been called since the last update().")
        if id(optimizer) not in self._found:
            self.unscale_(optimizer)
        self._stepped.add(id(optimizer))
        return None if self._found[id(optimizer)] else optimizer.step(*args, **kwargs)

    def update(self, new_scale: Any = None) -> None:
        """Adapt the scale to what the steps since the last call found."""
        if not self._enabled:
            return
        if new_scale is not None:
            self._scale = float(new_scale)
        elif not self._found:
            raise RuntimeError("No inf checks were recorded prior to update.")
        elif any(self._found.values()):
            self._scale, self._growth_tracker = self._scale * self._backoff_factor, 0
        else:
            self._growth_tracker += 1
            if self._growth_tracker == self._growth_interval:
                self._scale, self._growth_tracker = self._scale * self._growth_factor, 0
        self._found, self._stepped = {}, set()

    def get_scale(self) -> float:
        """Return the scale; 1 if scaling is off."""
        return self._scale if self._enabled else 1.0

    def is_enabled(self) -> bool:
        """Return whether losses are scaled."""
        return self._enabled

    def get_growth_factor(self) -> float:
        """Return the factor by which the scale grows."""
        return self._growth_factor

    def set_growth_factor(self, new_factor: float) -> None:
        """Set the factor by which the scale grows."""
        self._growth_factor = new_factor

    def get_backoff_factor(self) -> float:
        """Return the factor by which the scale is reduced."""
        return self._backoff_factor

    def set_backoff_factor(self, new_factor: float) -> None:
        """Set the factor by which the scale is reduced."""
        self._backoff_factor = new_factor

    def get_growth_interval(self) -> int:
        """Return after how many good steps the scale grows."""
        return self._growth_interval

    def set_growth_interval(self, new_interval: int) -> None:
        """Set after how many good steps the scale grows."""
        self._growth_interval = new_interval

    def state_dict(self) -> dict[str, Any]:
        """Return the scale and its settings; an empty dict if scaling is off."""
        if not self._enabled:
            return {}
        names = ("growth_factor", "backoff_factor", "growth_interval", "_growth_tracker")
        return {"scale": self._scale} | {n: getattr(self, "_" + n.lstrip("_")) for n in names}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned."""
        if not self._enabled:
            return
        if not state_dict:
            raise RuntimeError(
                "The source state dict is empty, possibly because it was saved from a disabled instance of GradScaler."
            )
        for name, value in state_dict.items():
            setattr(self, "_" + name.lstrip("_"), value)
