"""How values travel between the main process and a worker: a small pickle, and arrays as they are in memory.

Large arrays go through an arena, memory that both processes see, so that a worker never waits for the main process
to read them. It is an anonymous file of the kernel's: it has no name that could be left behind, whoever is killed.
"""

from __future__ import annotations

import mmap
import os
import pickle
from collections import deque
from multiprocessing import reduction
from typing import Any

import numpy as np

__all__ = ["Arena", "arena", "receive", "send"]

_LARGE = 1 << 15  # bytes from which the arena is used
_LINE = 64  # bytes: where arrays begin
_PAGE = mmap.PAGESIZE


def arena(slots: int) -> Arena | None:
    """Return an arena for as many values on the way; None where the system has no anonymous files, or gives none."""
    try:
        return Arena(os.memfd_create("minitorch-loader"), slots)
    except (AttributeError, OSError):
        return None


class Arena:
    """Equally large slots, which the worker fills and the main process reads, oldest first.

    The main process counts at the beginning of the memory what it has read, so the worker knows which slots are free
    and takes the first of them: two that stay in the cache mostly do. For a larger value the slots begin anew, larger,
    behind the old ones, which may still be read.
    """

    def __init__(self, handle: int, slots: int) -> None:
        self._handle, self._slots = handle, slots
        self._begin, self._size = _PAGE, 0
        self._flying: deque[int] = deque()  # slots that hold what has not been read; -1 for those of old rings
        self._read = 0  # how many the worker knows to have been read
        os.ftruncate(handle, _PAGE)
        self._count = np.frombuffer(mmap.mmap(handle, _PAGE), np.int64, 1)
        self._memory: mmap.mmap | None = None

    def __reduce__(self) -> Any:
        return _attached, (reduction.DupFd(self._handle), self._slots)

    def close(self) -> None:
        """Give the file up; arrays that were taken out stay."""
        if self._handle >= 0:
            os.close(self._handle)
            self._handle, self._memory = -1, None

    def put(self, views: list[memoryview], total: int) -> int:
        """Copy bytes into a free slot and return where it begins."""
        if total > self._size:
            self._enlarge(total)
        slot = self._free()
        place = start = self._begin + slot * self._size
        for view in views:
            self._bytes(place, view.nbytes)[:] = np.frombuffer(view, np.uint8)
            place += _lines(view.nbytes)
        self._flying.append(slot)
        return start

    def _enlarge(self, total: int) -> None:
        self._begin += self._size * self._slots
        self._size = -(-total * 5 // 4 // _PAGE) * _PAGE
        os.ftruncate(self._handle, self._begin + self._size * self._slots)
        self._memory = None
        self._flying = deque([-1] * len(self._flying))

    def _free(self) -> int:
        """Return the first slot that is not on the way; there is one, since tasks are limited."""
        while self._read < self._count[0]:
            self._flying.popleft()
            self._read += 1
        return next(slot for slot in range(self._slots) if slot not in self._flying)

    def take(self, start: int, sizes: list[int]) -> list[Any]:
        """Return copies of the bytes in a slot, which is free again."""
        arrays = []
        for size in sizes:
            arrays.append(self._bytes(start, size).copy())
            start += _lines(size)
        self._count[0] += 1
        return arrays

    def _bytes(self, start: int, size: int) -> Any:
        if self._memory is None or start + size > len(self._memory):
            self._memory = mmap.mmap(self._handle, os.fstat(self._handle).st_size)
        return np.frombuffer(self._memory, np.uint8, size, start)


def _attached(duplicate: Any, slots: int) -> Arena:
    return Arena(duplicate.detach(), slots)


def _lines(size: int) -> int:
    return -(-size // _LINE) * _LINE


def send(connection: Any, value: Any, through: Arena | None = None) -> None:
    """Send a value; its arrays go through the arena, or follow in the pipe."""
    buffers: list[pickle.PickleBuffer] = []
    head = pickle.dumps(value, protocol=5, buffer_callback=buffers.append)
    views = [buffer.raw() for buffer in buffers]
    sizes = [view.nbytes for view in views]
    total = sum(map(_lines, sizes))
    if through is not None and total >= _LARGE:
        connection.send_bytes(pickle.dumps((through.put(views, total), sizes, head)))
        return
    connection.send_bytes(pickle.dumps((None, sizes, head)))
    for view in views:
        if view.nbytes:
            connection.send_bytes(view)


def receive(connection: Any, through: Arena | None = None) -> Any:
    """Receive what `send` sent; EOFError if the other side has closed."""
    start, sizes, head = pickle.loads(connection.recv_bytes())
    if start is not None and through is not None:
        return pickle.loads(head, buffers=through.take(start, sizes))
    buffers = [np.empty(size, np.uint8) for size in sizes]
    for buffer in buffers:
        if buffer.size:
            connection.recv_bytes_into(buffer)
    return pickle.loads(head, buffers=buffers)
