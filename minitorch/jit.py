"""The one door to Numba: ``@kernel``, ``@helper``, their flags, their cache and their threads.

A kernel is a plain function of a range of independent items and the arrays that they live in::

    @kernel
    def square(lo, hi, x, out):
        for i in range(lo, hi):
            out[i] = x[i] * x[i]

    square(x.size, x.nbytes + out.nbytes, x, out)

Nothing is compiled, and Numba is not imported, before the first call.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Callable
from types import FunctionType
from typing import Any, overload

from . import _parallel
from ._parallel import get_num_threads, set_flush_denormal, set_num_threads
from ._progress import CacheInfo, CompileEvent, cache_info, on_compile

__all__ = [
    "CacheInfo", "CompileEvent", "Helper", "Kernel", "cache_info", "get_num_threads", "helper", "kernel",
    "on_compile", "set_flush_denormal", "set_num_threads",
]  # fmt: skip

_STATE = _parallel.ADDRESS
_SERIAL_WORK = _parallel.SERIAL_WORK
_layer = _parallel.layer
_launch_arguments = 4  # state, tasks, span, grain come before the kernel's own


class Kernel:
    """A function of a range, compiled on its first call for the types of its arguments; see `kernel`.

    Attributes
    ----------
    body, reference : function
        The Python function: ``k.reference(lo, hi, *args)`` runs it as Python.
    """

    def __init__(self, body: FunctionType, exact: bool) -> None:
        self.body = self.py_func = self.reference = body
        self.exact = exact
        self.__name__, self.__qualname__ = body.__name__, body.__qualname__
        self.__module__, self.__doc__ = body.__module__, body.__doc__
        self.__wrapped__ = body
        self._lock = threading.Lock()
        self._entry: Any = self._first_call

    def __call__(self, span: int, work: int, *args: Any) -> None:
        """Run the body over ``range(span)``, `work` elementary operations in all."""
        if work < _SERIAL_WORK:
            self._entry(_STATE, 1, span, span, *args)
        else:
            self._launch(span, work, args)

    def in_turn(self, span: int, work: int, *args: Any) -> None:
        """Run the items one by one in their order, spread over threads: one may wait for those before it (`wait`)."""
        if work < _SERIAL_WORK:
            self._entry(_STATE, 1, span, span, *args)
        else:
            _parallel.load_layer()
            self._spread(_parallel.STATE.threads, 1, span, args)

    def _launch(self, span: int, work: int, args: tuple[Any, ...]) -> None:
        _parallel.load_layer()
        self._spread(*_parallel.plan(span, work), span, args)

    def _spread(self, tasks: int, grain: int, span: int, args: tuple[Any, ...]) -> None:
        lock = _layer.lock
        if lock is None or tasks == 1:
            self._entry(_STATE, tasks, span, grain, *args)
        elif lock.acquire(blocking=False):
            try:
                self._entry(_STATE, tasks, span, grain, *args)
            finally:
                lock.release()
        else:
            self._entry(_STATE, 1, span, span, *args)

    def _first_call(self, *args: Any) -> None:
        with self._lock:
            if self._entry == self._first_call:
                self._entry = self._make_entry(cached=True)
        self._entry(*args)

    def _make_entry(self, cached: bool) -> Any:
        from . import _launch

        if _launch.interpreted():
            return self._interpret
        return _launch.entry_dispatcher(self.body, self.exact, cached)

    def _interpret(self, state: int, tasks: int, span: int, grain: int, *args: Any) -> None:
        self.body(0, span, *args)

    @property
    def signatures(self) -> list[Any]:
        """Argument types that this process has compiled or loaded, as Numba's types."""
        compiled = getattr(self._entry, "signatures", [])
        return [signature[_launch_arguments:] for signature in compiled]

    def inspect_asm(self) -> dict[Any, str]:
        """Return the assembly of each signature called so far (compiled again: the cache holds none)."""
        return self._inspect("inspect_asm")

    def inspect_llvm(self) -> dict[Any, str]:
        """Return the optimised LLVM IR of each signature called so far (compiled again)."""
        return self._inspect("inspect_llvm")

    def _inspect(self, how: str) -> dict[Any, str]:
        entry = self._make_entry(cached=False)
        for signature in getattr(self._entry, "signatures", []):
            entry.compile(signature)
        return {key[_launch_arguments:]: text for key, text in getattr(entry, how)().items()}

    def __reduce__(self) -> Any:
        return _find, (self.__module__, self.__qualname__)

    def __repr__(self) -> str:
        return f"<kernel {self.__module__}.{self.__qualname__}>"


class Helper:
    """A function that kernels call; from Python it runs as Python. See `helper`."""

    def __init__(self, func: FunctionType, exact: bool) -> None:
        self.py_func = func
        self.exact = exact
        self.__name__, self.__qualname__ = func.__name__, func.__qualname__
        self.__module__, self.__doc__ = func.__module__, func.__doc__
        self._dispatcher: Any = None

    def __call__(self, *args: Any) -> Any:
        """Run the Python function."""
        return self.py_func(*args)

    @property
    def dispatcher(self) -> Any:
        """Numba's dispatcher (built on first use)."""
        if self._dispatcher is None:
            from ._launch import helper_dispatcher

            self._dispatcher = helper_dispatcher(self.py_func, self.exact)
        return self._dispatcher

    @property
    def _numba_type_(self) -> Any:
        # Numba asks this of a global that it does not know: so a name stays lazy until a kernel compiles.
        return self.dispatcher._numba_type_

    def __reduce__(self) -> Any:
        return _find, (self.__module__, self.__qualname__)

    def __repr__(self) -> str:
        return f"<helper {self.__module__}.{self.__qualname__}>"


def _find(module: str, qualname: str) -> Any:
    found = importlib.import_module(module)
    for name in qualname.split("."):
        found = getattr(found, name)
    return found


@overload
def kernel(body: Callable[..., None]) -> Kernel: ...
@overload
def kernel(*, exact: bool = ...) -> Callable[[Callable[..., None]], Kernel]: ...
def kernel(body: Any = None, *, exact: bool = False) -> Any:
    """Make a kernel of ``body(lo, hi, *args)``, called as ``kernel(span, work, *args)``.

    Parameters
    ----------
    body : function
        Handles items `lo` to `hi` (half open), writes into its last arguments, returns None. Which items come
        together in one call is not its business: an item's result must not depend on it.
    exact : bool
        Leave out the licence to reorder sums (``reassoc``).

    Notes
    -----
    ``span`` is the number of items, ``work`` the total of elementary operations: floating-point operations or
    bytes moved, whichever is more; a transcendental counts 10. Little work runs in the calling thread.
    """
    if body is None:
        return lambda function: Kernel(function, exact)
    return Kernel(body, exact)


@overload
def helper(func: Callable[..., Any]) -> Helper: ...
@overload
def helper(*, exact: bool = ...) -> Callable[[Callable[..., Any]], Helper]: ...
def helper(func: Any = None, *, exact: bool = False) -> Any:
    """Make a function that kernels (and other helpers) can call; it is compiled into them."""
    if func is None:
        return lambda function: Helper(function, exact)
    return Helper(func, exact)
