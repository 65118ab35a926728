"""`torch.backends` and `torch.version`: flags that programs set and ask for. They change nothing here."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

from ..cpu import Cpu
from ..precision import get_float32_matmul_precision, set_float32_matmul_precision
from .torch_version import __version__

__all__ = ["backends", "version"]


def _answer(value: Any) -> Callable[..., Any]:
    def answer(*args: Any, **kwargs: Any) -> Any:
        return value

    answer.__doc__ = f"Return {value!r}, as torch's CPU build does."
    return answer


class Flags(ModuleType):
    """A module of switches: what is set can be read again; ``flags(...)`` sets some for a block."""

    def __init__(self, name: str, **values: Any) -> None:
        super().__init__(name, "Switches of a library that minitorch does not use.")
        self.__dict__.update(values)

    @contextlib.contextmanager
    def flags(self, **values: Any) -> Iterator[None]:
        """Set switches for a block."""
        before = {name: getattr(self, name) for name in values}
        self.__dict__.update(values)
        try:
            yield
        finally:
            self.__dict__.update(before)


class _Matmul(Flags):
    @property
    def fp32_precision(self) -> str:
        """What `set_float32_matmul_precision` says, in the terms of this switch."""
        return "ieee" if get_float32_matmul_precision() == "highest" else "tf32"

    @fp32_precision.setter
    def fp32_precision(self, value: str) -> None:
        set_float32_matmul_precision("highest" if value == "ieee" else "high")


_HERE, _ABSENT = {"is_available": _answer(True)}, {"is_available": _answer(False), "is_built": _answer(False)}
_CUDNN = {"enabled": True, "benchmark": False, "deterministic": False, "allow_tf32": True, "benchmark_limit": 10}
_MATMUL = {"allow_tf32": False, "allow_fp16_reduced_precision_reduction": True}
_SDP = {f"{kind}_sdp_enabled": _answer(True) for kind in ("flash", "mem_efficient", "math", "cudnn")}
_SDP |= {f"enable_{kind}_sdp": _answer(None) for kind in ("flash", "mem_efficient", "math", "cudnn")}

backends = ModuleType("minitorch.backends", "Flags of the libraries that torch computes with.")
PARTS: dict[str, ModuleType] = {
    "cudnn": Flags(
        "minitorch.backends.cudnn", **_ABSENT, **_CUDNN, version=_answer(None), is_acceptable=_answer(False)
    ),
    "cuda": Flags("minitorch.backends.cuda", **_ABSENT, **_SDP, matmul=_Matmul("matmul", **_MATMUL)),
    "mps": Flags("minitorch.backends.mps", **_ABSENT),
    "mkl": Flags("minitorch.backends.mkl", is_available=_answer(False)),
    "mkldnn": Flags("minitorch.backends.mkldnn", is_available=_answer(False), enabled=True, allow_tf32=False),
    "openmp": Flags("minitorch.backends.openmp", is_available=_answer(False)),
    "opt_einsum": Flags("minitorch.backends.opt_einsum", **_HERE, enabled=True, strategy="auto"),
    "quantized": Flags("minitorch.backends.quantized", engine="none", supported_engines=["none"]),
    "cpu": Flags("minitorch.backends.cpu", get_cpu_capability=lambda: _capability()),
}
backends.__dict__.update(PARTS)


def _capability() -> str:
    """Return the vector instruction set that kernels are compiled for, in torch's words."""
    bits = Cpu.current().vector_bits
    return {512: "AVX512", 256: "AVX2"}.get(bits, "DEFAULT")


version = ModuleType("minitorch.version", "The version, and that of libraries that torch may be built with: none.")
version.__dict__.update(
    __version__=__version__, cuda=None, hip=None, rocm=None, xpu=None, debug=False, git_version=None
)
