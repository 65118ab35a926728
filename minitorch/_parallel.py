"""Threads: which layer runs them, how many, and when a kernel is worth spreading."""

from __future__ import annotations

import ctypes
import os
import site
import sys
import threading
from pathlib import Path

from .config import settings

__all__ = ["STATE", "get_num_threads", "load_layer", "plan", "set_num_threads"]

# Work is counted in elementary operations (see `minitorch.jit.kernel`): a core does some 10 to 50 of them per
# nanosecond. A launch costs 2 to 3 microseconds, so nothing under about 20 microseconds is spread ...
SERIAL_WORK = 1 << 18
# ... and no thread is woken for less than about 10. More chunks than threads even out cores of unequal speed.
CHUNK_WORK = 1 << 17
CHUNKS_PER_THREAD = 4
# Large grains start at a multiple of this, so that chunks meet at cache lines and vector loops keep their lanes.
ALIGN = 64


class State(ctypes.Structure):
    """What compiled entries read at every launch; its address is passed to them (`_launch._load_state`)."""

    _fields_ = [("parallel_for", ctypes.c_int64), ("threads", ctypes.c_int64), ("flush", ctypes.c_int64)]


def _usable_cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


STATE = State(parallel_for=0, threads=settings.num_threads or _usable_cores(), flush=1)


def set_num_threads(n: int) -> None:
    """Set how many threads a kernel may use. Results do not depend on it.

    Raises
    ------
    RuntimeError
        If `n` is not a positive integer, as in torch.

    >>> set_num_threads(2)
    >>> get_num_threads()
    2
    """
    if isinstance(n, bool) or not isinstance(n, int):
        raise RuntimeError(f"set_num_threads expects an int, but got {type(n).__name__}")
    if n < 1:
        raise RuntimeError(f"set_num_threads expects a positive integer, but got n={n}")
    STATE.threads = n


def get_num_threads() -> int:
    """Return how many threads a kernel may use."""
    return int(STATE.threads)


def plan(span: int, work: int) -> tuple[int, int]:
    """Return (tasks, grain): how many threads take chunks of how many items.

    >>> plan(4, 10)
    (1, 4)
    """
    threads = STATE.threads
    chunks = min(span, work // CHUNK_WORK, threads * CHUNKS_PER_THREAD)
    if work < SERIAL_WORK or threads < 2 or chunks < 2 or not STATE.parallel_for:
        return 1, span
    if chunks > threads:
        chunks -= chunks % threads
    grain = -(-span // chunks)
    if grain >= 8 * ALIGN:
        grain = -(-grain // ALIGN) * ALIGN
    return min(threads, -(-span // grain)), grain


def load_layer() -> None:
    """Start Numba's threading layer (once) and note its entry point; without one, kernels run serially."""
    if STATE.parallel_for or settings.debug:
        return
    _preload_tbb()
    import numba
    from llvmlite import binding

    try:
        numba.get_num_threads()  # launches the layer
    except ValueError:  # none could be loaded
        return
    STATE.parallel_for = binding.address_of_symbol("numba_parallel_for")
    _guard_layer(numba.threading_layer())


# workqueue aborts the process when a second thread launches; whoever does not get the lock runs alone instead.
launch_lock: threading.Lock | None = None


def _guard_layer(name: str) -> None:
    global launch_lock
    if name == "workqueue":
        launch_lock = threading.Lock()
    if name == "omp" and hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_run_serially)  # libgomp's threads do not survive, and it kills the child


def _run_serially() -> None:
    STATE.parallel_for = 0


def _preload_tbb() -> None:
    """Load the ``tbb`` wheel's library, which is not on the loader's path in a virtual environment."""
    name = {"win32": "tbb12.dll", "darwin": "libtbb.12.dylib"}.get(sys.platform, "libtbb.so.12")
    roots = [sys.prefix, sys.base_prefix, site.getuserbase() or ""]
    for path in (Path(root) / folder / name for root in roots for folder in ("lib", "Library/bin")):
        if path.is_file():
            try:
                ctypes.CDLL(str(path), mode=ctypes.RTLD_GLOBAL)
            except OSError:
                continue
            return
