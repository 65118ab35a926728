"""torch's wrappers for many devices, as they are where there is no device but the CPU: kernels use all cores anyway."""

from __future__ import annotations

from typing import Any, NoReturn

from .module import Module

__all__ = ["DataParallel", "DistributedDataParallel", "data_parallel"]


class DataParallel(Module):
    """A module that is called as it is; parameters are named ``module.*`` in the state dict, as in torch.

    Examples
    --------
    >>> from minitorch import nn
    >>> model = nn.DataParallel(nn.Linear(2, 1))
    >>> list(model.state_dict())
    ['module.weight', 'module.bias']
    """

    def __init__(self, module: Module, device_ids: Any = None, output_device: Any = None, dim: int = 0) -> None:
        super().__init__()
        self.module = module
        self.device_ids: list[int] = []

    def forward(self, *inputs: Any, **kwargs: Any) -> Any:
        """Call the module."""
        return self.module(*inputs, **kwargs)


def data_parallel(module: Module, inputs: Any, device_ids: Any = None, output_device: Any = None, dim: int = 0,
                  module_kwargs: dict[str, Any] | None = None) -> Any:  # fmt: skip
    """Call the module; ``inputs`` is its argument or the tuple of them."""
    return module(*(inputs if isinstance(inputs, tuple) else (inputs,)), **(module_kwargs or {}))


class DistributedDataParallel(Module):
    """A module whose gradients are averaged over processes. ValueError: there is no process group to average over."""

    def __init__(self, module: Module, *args: Any, **kwargs: Any) -> None:
        super().__init__()
        no_process_group()


def no_process_group(*args: Any, **kwargs: Any) -> NoReturn:
    """Raise torch's error for a call that needs a process group."""
    raise ValueError("Default process group has not been initialized, please make sure to call init_process_group.")
