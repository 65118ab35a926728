"""Threads: which layer runs them, how many, and when a kernel is worth spreading."""

# mypy: disable-error-code="no-untyped-call,attr-defined"
# (Numba is typed in part)

from __future__ import annotations

import ctypes
import os
import site
import sys
import threading
from pathlib import Path
from typing import Any

from .config import settings
from .cpu import Cpu, usable_cores

__all__ = ["STATE", "get_num_threads", "layer", "load_layer", "plan", "set_flush_denormal", "set_num_threads"]

# Work is counted in elementary operations (see `minitorch.jit.kernel`), of which a core does 10 to 100 in a
# nanosecond: 10 out of memory, 100 in registers. A launch costs the caller 2 microseconds, and 5 to 10 when it has
# to wake the workers: two threads broke even at 20 microseconds of one, so nothing smaller is spread.
SERIAL_WORK = 1 << 20
# More chunks than threads even out cores of unequal speed, as long as none is a matter of nanoseconds.
CHUNK_WORK = 1 << 18
CHUNKS_PER_THREAD = 8
# Large grains are multiples of this, so that chunks meet at cache lines and vector loops keep their lanes.
ALIGN = 64


class State(ctypes.Structure):
    """What compiled entries read at every launch; its address is passed to them (`_launch._load_state`)."""

    _fields_ = [("parallel_for", ctypes.c_int64), ("threads", ctypes.c_int64), ("flush", ctypes.c_int64)]


class _Layer:
    """Numba's threading layer, as far as this process has it."""

    tried = False
    name = ""  # tbb, omp or workqueue
    wanted = settings.num_threads or usable_cores()
    most = 1 << 30  # threads that may be asked for
    lock: threading.Lock | None = None
    forked_by_worker = False


layer = _Layer()
STATE = State(parallel_for=0, threads=layer.wanted, flush=1)
ADDRESS = ctypes.addressof(STATE)


def set_num_threads(n: int) -> None:
    """Set how many threads a kernel may use. Results do not depend on it.

    Raises
    ------
    RuntimeError
        If `n` is not a positive integer, as in torch.

    >>> before = get_num_threads()
    >>> set_num_threads(3)
    >>> get_num_threads()
    3
    >>> set_num_threads(before)
    """
    if isinstance(n, bool) or not isinstance(n, int):
        raise RuntimeError(f"set_num_threads expects an int, but got {type(n).__name__}")
    if n < 1:
        raise RuntimeError(f"set_num_threads expects a positive integer, but got n={n}")
    layer.wanted = n
    STATE.threads = min(n, layer.most)


def get_num_threads() -> int:
    """Return how many threads a kernel may use.

    >>> import minitorch
    >>> minitorch.get_num_threads() >= 1
    True
    """
    return layer.wanted


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


def set_flush_denormal(mode: bool) -> bool:
    """Say whether kernels flush denormal numbers to zero (they do unless told otherwise).

    Only kernels are affected: the processor's mode is put back before anyone else computes on their threads.

    Returns
    -------
    bool
        Whether the processor can.

    >>> set_flush_denormal(True) in (True, False)
    True
    """
    STATE.flush = int(bool(mode))
    return Cpu.current().arch in FLUSH_ARCHS


# Where `_launch` knows the control register.
FLUSH_ARCHS = ("x86_64", "aarch64")


def idle_address() -> int:
    """Return the address of the system's function that offers the caller's core to other threads; 0 without one."""
    try:
        system: Any = ctypes.windll.kernel32 if sys.platform == "win32" else ctypes.CDLL(None)
        call = system.SwitchToThread if sys.platform == "win32" else system.sched_yield
    except (OSError, AttributeError):
        return 0
    return ctypes.cast(call, ctypes.c_void_p).value or 0


def load_layer() -> None:
    """Start Numba's threading layer, once, and note its entry point; without one, kernels run serially."""
    if layer.tried:
        return
    with _loading:
        if not (layer.tried or settings.debug):
            _load_layer()
        layer.tried = True


_loading = threading.Lock()


def _load_layer() -> None:
    _preload_tbb()
    from llvmlite import binding
    from numba import config
    from numba.np.ufunc import parallel

    try:
        parallel.get_num_threads()  # launches the one the environment names, or the first found
    except ValueError:
        return
    layer.name = parallel.threading_layer()
    if layer.name == "workqueue":
        # It aborts the process when a second thread launches: whoever does not get the lock runs alone. And it
        # waits for ever for more threads than it has.
        layer.lock = threading.Lock()
        layer.most = config.NUMBA_NUM_THREADS
        STATE.threads = min(layer.wanted, layer.most)
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before_fork, after_in_child=_after_fork)
    STATE.parallel_for = binding.address_of_symbol("numba_parallel_for")


def _before_fork() -> None:
    layer.forked_by_worker = threading.current_thread() is not threading.main_thread()


def _after_fork() -> None:
    """Give up threads in a child that cannot have them, and locks that another thread may have held.

    libgomp's threads do not survive a fork, and Numba ends the child at its first launch. tbb comes back to
    life, unless it was not the main thread that forked.
    """
    if layer.name == "omp" or (layer.name == "tbb" and layer.forked_by_worker):
        STATE.parallel_for = 0
    layer.lock = threading.Lock() if layer.lock else None


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
