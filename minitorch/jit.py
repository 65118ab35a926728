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
from collections.abc import Callable
from types import FunctionType
from typing import Any, overload

from . import _cache, _parallel
from ._parallel import get_num_threads, set_num_threads
from .config import settings

__all__ = ["Helper", "Kernel", "get_num_threads", "helper", "kernel", "set_num_threads"]

_STATE = _parallel.ctypes.addressof(_parallel.STATE)
_SERIAL_WORK = _parallel.SERIAL_WORK


class Kernel:
    """A function of a range, compiled on its first call for the types of its arguments; see `kernel`."""

    def __init__(self, body: FunctionType, exact: bool) -> None:
        self.body = self.py_func = self.reference = body
        self.exact = exact
        self.__name__, self.__qualname__ = body.__name__, body.__qualname__
        self.__module__, self.__doc__ = body.__module__, body.__doc__
        self._entry: Any = self._first_call

    def __call__(self, span: int, work: int, *args: Any) -> None:
        """Run the body over ``range(span)``, `work` elementary operations in all."""
        if work < _SERIAL_WORK:
            self._entry(_STATE, 1, span, span, *args)
        else:
            self._launch(span, work, args)

    def _launch(self, span: int, work: int, args: tuple[Any, ...]) -> None:
        _parallel.load_layer()
        tasks, grain = _parallel.plan(span, work)
        lock = _parallel.launch_lock
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
        self._entry = self.dispatcher
        self._entry(*args)

    @property
    def dispatcher(self) -> Any:
        """Numba's dispatcher of the entry (built on first use)."""
        if self._entry != self._first_call:
            return self._entry
        from ._launch import entry_dispatcher

        arity = self.body.__code__.co_argcount - 2
        digest = _cache.fingerprint(self.body)
        body = _renamed(self.body, digest)
        found = entry_dispatcher(body, f"{self.__name__}_{digest[:12]}", arity, self.exact, settings.debug)
        return found

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

            func = _renamed(self.py_func, _cache.fingerprint(self.py_func))
            self._dispatcher = helper_dispatcher(func, self.exact, settings.debug)
        return self._dispatcher

    @property
    def _numba_type_(self) -> Any:
        # Numba asks this of a global that it does not know: the way for a name to stay lazy until a kernel compiles.
        return self.dispatcher._numba_type_

    def __reduce__(self) -> Any:
        return _find, (self.__module__, self.__qualname__)

    def __repr__(self) -> str:
        return f"<helper {self.__module__}.{self.__qualname__}>"


def _renamed(func: FunctionType, digest: str) -> FunctionType:
    """Copy `func` under a name of its own.

    Numba numbers symbols by process; two variants of one function, one loaded from the cache and one compiled, would
    otherwise be able to share a symbol, and the linker keeps the first.
    """
    copy = FunctionType(func.__code__, func.__globals__, func.__name__, func.__defaults__, func.__closure__)
    copy.__qualname__ = f"{func.__qualname__}_{digest[:12]}"
    copy.__module__ = func.__module__
    return copy


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
        Handles items `lo` to `hi` (half open), writes into its last arguments, returns None. Which items come together
        in one call is not its business: an item's result must not depend on it.
    exact : bool
        Leave out the licence to reorder sums (``reassoc``).

    Notes
    -----
    ``span`` is the number of items, ``work`` the total of elementary operations: floating-point operations or bytes
    moved, whichever is more; a transcendental counts 10. Little work runs at once in the calling thread.
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
