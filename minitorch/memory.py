"""Storages: what views share, and the engine's freedom to lay arrays out as its kernels like them.

A tensor's `_data` is a NumPy view with the shape the user sees. Its memory order is the engine's business:
the convolution family returns channels-last arrays for tensors that torch would lay out contiguously. Such a
storage is *private*. When a caller needs the layout torch would have (`view`, `numpy`, `stride`),
`Storage.reveal` re-lays the storage once and renews every living alias, so that aliasing is kept.
"""

from __future__ import annotations

import ctypes
import os
import sys
import threading
import weakref
from typing import Any

import numpy as np

from .config import settings
from .kernels.copies import LARGE, copy_of

__all__ = ["Array", "Storage", "caller_line", "keep_freed_memory"]

Array = np.ndarray[Any, Any]

_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3  # <malloc.h>


def keep_freed_memory() -> bool:
    """Ask the C library to keep freed arrays for the next step instead of returning them to the system.

    By default glibc gives every large array back when it dies, and the next one faults its pages in again, zeroed
    one by one: a quarter to a third of a training step. Returns whether the library listened (glibc does).
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    return bool(mallopt(_M_MMAP_THRESHOLD, 1 << 30) and mallopt(_M_TRIM_THRESHOLD, (1 << 31) - 1))


if settings.keep_memory:
    keep_freed_memory()

_PACKAGE = os.path.dirname(os.path.abspath(__file__)) + os.sep


class Storage:
    """What all views of one buffer share: the write counter, and the private layout, if there is one."""

    __slots__ = ("version", "rebases", "array", "__dict__", "__weakref__")
    writer: tuple[str, int] | None = None  # file and line of the last in-place write
    aliases: tuple[weakref.ref[Any], ...] = ()  # private storages: the tensors on it
    of_inference = False  # made in inference mode: barred from the tape, and from writes outside of that mode

    def __init__(self) -> None:
        self.version = 0  # writes so far; saved values remember the count they saw
        self.rebases = 0  # times that an in-place write changed the autograd history of the family
        self.array: Array | None = None  # private storages: the whole buffer in its logical shape

    @property
    def private(self) -> bool:
        """Whether the memory order differs from the one torch would show."""
        return self.array is not None

    def written(self) -> None:
        """Count an in-place write and remember who wrote."""
        self.version += 1
        self.writer = caller_line()

    def join(self, tensor: Any) -> None:
        """Remember a tensor on a private storage, whose array is renewed when the layout is given up."""
        self.aliases = (*[alias for alias in self.aliases if alias() is not None], weakref.ref(tensor))

    def reveal(self) -> None:
        """Bring a private storage into the layout torch would have, for all its aliases."""
        if self.array is None:
            return
        whole = np.ascontiguousarray(self.array)
        self.array = None
        for alias in self.aliases:
            tensor = alias()
            if tensor is not None:
                tensor._data = replay(whole, tensor._chain)
        self.aliases = ()


class InferenceStorage(Storage):
    """The storage of tensors that were made in inference mode: it counts no writes, so nothing on it can be saved."""

    of_inference = True

    @property
    def version(self) -> int:  # type: ignore[override]
        """RuntimeError: writes are not counted."""
        raise RuntimeError("Inference tensors do not track version counter.")

    def written(self) -> None:
        """Raise torch's error outside of inference mode."""
        if not inference.on:
            raise RuntimeError(
                "Inplace update to inference tensor outside InferenceMode is not allowed.You can make a clone to get a "
                "normal tensor before doing inplace update.See https://github.com/pytorch/rfcs/pull/17 for more "
                "details."
            )


class Inference(threading.local):
    """Whether this thread is in inference mode; while no thread is, new storages cost one look at `inferring`."""

    on = False


inference = Inference()
inferring = 0  # how many blocks of inference mode are open, in all threads
_counting = threading.Lock()


def switch_inference(on: bool, change: int) -> None:
    """Set this thread's inference mode, and count the blocks that are open."""
    global inferring
    with _counting:
        inferring += change
    inference.on = on


def infer(storage: Storage) -> Storage:
    """Make a new storage one of inference if this thread is in inference mode."""
    if inference.on:
        storage.__class__ = InferenceStorage
    return storage


def alike(tensor: Any, model: Any) -> Any:
    """Return a new tensor, its storage of inference if and only if that of ``model`` is."""
    tensor._storage.__class__ = type(model._storage)
    return tensor


def is_dense(array: Array) -> bool:
    """Return whether the elements fill one block of memory, each place once, in some order of dimensions."""
    flags = array.flags
    if flags.c_contiguous or flags.f_contiguous:
        return True
    if 0 in array.strides:
        return False
    expected = array.itemsize
    for stride, n in sorted((s, n) for s, n in zip(array.strides, array.shape) if n != 1):
        if stride != expected:
            return False
        expected *= n
    return True


def copied(array: Array) -> Array:
    """Return a copy as torch lays it out: in the same order of dimensions if that is dense, else in C order."""
    if array.nbytes >= LARGE:
        found = copy_of(array)
        if found is not None:
            return found
    return array.copy(order="K" if is_dense(array) else "C")


def replay(array: Array, chain: tuple[tuple[Any, tuple[Any, ...]], ...]) -> Array:
    """Apply a chain of view operations, each an (op, parameters) pair, to an array."""
    for op, params in chain:
        array = op.fwd(array, *params)
    return array


def caller_line() -> tuple[str, int] | None:
    """Return file and line of the nearest frame outside the package, where the user's call stands."""
    frame = sys._getframe(1)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(_PACKAGE):
            return frame.f_code.co_filename, frame.f_lineno
        frame = frame.f_back  # type: ignore[assignment]
    return None
