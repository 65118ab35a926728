"""`device` and `lazy_intrinsic`: device functions that do not import Numba before a kernel compiles."""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any, cast

from ..jit import Helper

__all__ = ["Device", "LazyIntrinsic", "device", "lazy_intrinsic", "rounded"]


class Device(Helper):
    """A helper that is always inlined and free of fast-math, but for fused multiply-add; see `device`."""

    def __init__(self, func: FunctionType, fused: bool) -> None:
        super().__init__(func, exact=True)
        self.targetoptions = {
            "nopython": True, "nogil": True, "error_model": "numpy", "fastmath": {"contract"} if fused else False,
            "forceinline": True, "no_cpython_wrapper": True, "no_cfunc_wrapper": True,
        }  # fmt: skip

    @property
    def dispatcher(self) -> Any:
        """Numba's dispatcher (built on first use)."""
        if self._dispatcher is None:
            from numba.core.registry import CPUDispatcher

            self._dispatcher = CPUDispatcher(self.py_func, targetoptions=self.targetoptions)
        return self._dispatcher


class LazyIntrinsic:
    """A Numba intrinsic that is made when a kernel that names it compiles; see `lazy_intrinsic`."""

    def __init__(self, emitter: FunctionType) -> None:
        self.py_func = emitter  # the name under which the kernel cache looks for what code depends on
        self.__name__, self.__module__, self.__doc__ = emitter.__name__, emitter.__module__, emitter.__doc__
        self._type: Any = None

    def __call__(self, *args: Any) -> Any:
        """Fail: the function exists in compiled code only."""
        raise NotImplementedError(f"{self.__name__}() can be called from kernels only")

    @property
    def _numba_type_(self) -> Any:
        if self._type is None:
            from numba.core.registry import cpu_target
            from numba.extending import intrinsic

            real = intrinsic(prefer_literal=True)(self.py_func)
            cpu_target.typing_context.refresh()  # what was defined since its last look: the new intrinsic
            cpu_target.target_context.refresh()
            self._type = cpu_target.typing_context.resolve_value_type(real)
        return self._type


def device(func: Callable[..., Any]) -> Device:
    """Make a scalar function of kernels: inlined, so that their loops vectorise, and free of fast-math.

    Multiplications may be fused with additions, wherever the CPU can.
    """
    return Device(cast(FunctionType, func), fused=True)


def rounded(func: Callable[..., Any]) -> Device:
    """Make a `device` function each of whose operations is rounded, in whatever it is inlined into."""
    return Device(cast(FunctionType, func), fused=False)


def lazy_intrinsic(emitter: Callable[..., Any]) -> LazyIntrinsic:
    """Make an intrinsic of ``emitter(typingctx, *types) -> (signature, codegen)`` on first use."""
    return LazyIntrinsic(cast(FunctionType, emitter))
