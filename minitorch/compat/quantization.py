"""`torch.ao.quantization`, as far as models use it that stay in floating point: places that quantise nothing."""

from __future__ import annotations

from types import ModuleType
from typing import Any, NoReturn

from ..nn.module import Module
from ..ops.join import cat
from ..tensor import Tensor

__all__ = ["modules"]


class QuantStub(Module):
    """Where values would become integers: they stay as they are."""

    def __init__(self, qconfig: Any = None) -> None:
        super().__init__()
        if qconfig:
            self.qconfig = qconfig

    def forward(self, x: Tensor) -> Tensor:
        """Return the input."""
        return x


class DeQuantStub(QuantStub):
    """Where integers would become floating-point numbers again."""


class FloatFunctional(Module):
    """Operations as methods, so that the ranges of their results could be observed: they only compute."""

    def forward(self, x: Tensor) -> NoReturn:
        """Raise: the methods are what is called."""
        raise RuntimeError("FloatFunctional is not intended to use the 'forward'. Please use the underlying operation")

    def add(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the sum."""
        return x + y

    add_scalar = add

    def mul(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the product."""
        return x * y

    mul_scalar = mul

    def matmul(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the product of matrices."""
        return x @ y

    def cat(self, x: list[Tensor], dim: int = 0) -> Tensor:
        """Return the tensors one after the other."""
        return cat(x, dim)

    def add_relu(self, x: Tensor, y: Tensor) -> Tensor:
        """Return the sum where it is positive, else 0."""
        return (x + y).relu()


def _quantise(*args: Any, **kwargs: Any) -> NoReturn:
    raise NotImplementedError("quantisation of models is left out of minitorch: use float32")


_STEPS = "convert fuse_modules fuse_modules_qat get_default_qat_qconfig get_default_qconfig prepare prepare_qat"


def _module(name: str, **names: Any) -> ModuleType:
    module = ModuleType(f"minitorch.{name}", "A part of torch's quantisation, which is left out but for its places.")
    module.__dict__.update(names)
    return module


def modules() -> dict[str, ModuleType]:
    """Return the modules by their names below the top package."""
    stubs = {"QuantStub": QuantStub, "DeQuantStub": DeQuantStub} | dict.fromkeys(_STEPS.split(), _quantise)
    quantized = _module("nn.quantized", FloatFunctional=FloatFunctional)
    return {
        "ao": _module("ao"), "ao.quantization": _module("ao.quantization", **stubs), "ao.nn": _module("ao.nn"),
        "ao.nn.quantized": quantized, "nn.quantized": quantized, "quantization": _module("quantization", **stubs),
    }  # fmt: skip
