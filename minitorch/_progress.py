"""What was compiled and what was loaded, counted and, where someone is looking, shown while it happens."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .config import settings

__all__ = ["CacheInfo", "CompileEvent", "cache_info", "on_compile"]


@dataclass(frozen=True)
class CacheInfo:
    """Specialisations of kernels that this process compiled, and loaded from the disk cache.

    Attributes
    ----------
    compiled, loaded : int
    seconds : float
        Time spent compiling.
    """

    compiled: int = 0
    loaded: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class CompileEvent:
    """A specialisation whose compilation starts, or (`done`) has ended.

    Attributes
    ----------
    kernel : str
        Name and element type: ``conv_forward[float32]``.
    done : bool
    count : int
        Specialisations compiled so far in this process, this one included.
    seconds : float
        Time spent compiling them.
    """

    kernel: str
    done: bool
    count: int
    seconds: float


_lock = threading.RLock()
_info = CacheInfo()
_callbacks: list[Callable[[CompileEvent], None]] = []
_running: dict[int, tuple[str, float]] = {}  # by thread


def cache_info() -> CacheInfo:
    """Return the counts of this process so far.

    >>> cache_info().compiled >= 0
    True
    """
    return _info


def on_compile(callback: Callable[[CompileEvent], None]) -> Callable[[], None]:
    """Have `callback` told of every compilation, in place of the line on the terminal.

    Returns
    -------
    callable
        Undoes it.

    >>> stop = on_compile(lambda event: None)
    >>> stop()
    """
    _callbacks.append(callback)
    return lambda: _callbacks.remove(callback) if callback in _callbacks else None


def loaded() -> None:
    """Count a specialisation found in the cache."""
    global _info
    with _lock:
        _info = CacheInfo(_info.compiled, _info.loaded + 1, _info.seconds)


def started(name: str, argtypes: Any) -> None:
    """Note that a specialisation is about to be compiled by this thread."""
    label = f"{name}[{_element(argtypes)}]"
    _running[threading.get_ident()] = label, time.perf_counter()
    _tell(CompileEvent(label, False, _info.compiled + 1, _info.seconds))


def finished() -> None:
    """Note the end of what this thread was compiling, if it was."""
    global _info
    label, start = _running.pop(threading.get_ident(), ("", 0.0))
    if label:
        with _lock:
            spent = _info.seconds + time.perf_counter() - start
            _info = CacheInfo(_info.compiled + 1, _info.loaded, spent)
        _tell(CompileEvent(label, True, _info.compiled, _info.seconds))


def _element(argtypes: Any) -> str:
    """Return the element type of the first array, or the first argument's type."""
    own = list(argtypes)[4:]  # after state, tasks, span, grain
    arrays = [argument.dtype for argument in own if hasattr(argument, "dtype")]
    return str((arrays or own or [""])[0])


def _tell(event: CompileEvent) -> None:
    for callback in list(_callbacks):
        callback(event)
    if not _callbacks and settings.verbose is not False and sys.stderr is not None:
        if sys.stderr.isatty():
            _rewrite_line(event)
        elif settings.verbose and event.done:
            print(f"minitorch: compiled {event.kernel}, {event.seconds:.1f} s so far", file=sys.stderr)


def _rewrite_line(event: CompileEvent) -> None:
    plural = "" if event.count == 1 else "s"
    text = f"minitorch: compiling {event.kernel}... {event.count} kernel{plural}, {event.seconds:.1f} s"
    sys.stderr.write("\r\033[K" + ("" if event.done else text))
    sys.stderr.flush()
