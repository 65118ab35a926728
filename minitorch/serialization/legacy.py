"""Checkpoints from before torch 1.6: a row of pickles followed by raw storages, and before that tar archives."""

from __future__ import annotations

import io
import struct
import tarfile
from typing import IO, Any

import numpy as np

from ..memory import Array
from ..tensor import Tensor
from .names import Names
from .pickles import UnpicklingError, read_pickle
from .rebuild import StorageKind, _rebuild_tensor
from .storages import Storages, other_byte_order, part

__all__ = ["Damaged", "read"]

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001


class Damaged(Exception):
    """A file that ends early or is none of ours."""


def read(file: IO[bytes], names: Names, place: Any, encoding: str) -> Any:
    """Return the object of a file in one of the old formats."""
    start = file.tell()
    if _is_tar(file, start):
        return _read_tar(file, names, place, encoding)
    file.seek(start)
    if _plain(file) != _MAGIC:
        raise Damaged("Invalid magic number; corrupt file?")
    if (protocol := _plain(file)) != _PROTOCOL:
        raise Damaged(f"Invalid protocol version: {protocol}")
    system = _plain(file)
    order = "little" if system.get("little_endian", True) else "big"
    return _read_row(file, names, place, encoding, other_byte_order(order))


def _plain(file: IO[bytes]) -> Any:
    """Read one of the small pickles, which hold numbers, strings and lists."""
    try:
        return read_pickle(file, Names())
    except UnpicklingError as error:
        raise Damaged(f"it is no checkpoint: {error}") from error


# ---- the row of pickles ------------------------------------------------------------------------------------


def _read_row(file: IO[bytes], names: Names, place: Any, encoding: str, swap: bool) -> Any:
    """Read the object, whose storages come after it: their memory is there first and is filled then."""
    memory: dict[Any, Array] = {}
    widths: dict[Any, int] = {}

    def prepare(key: Any, nbytes: int) -> Array:
        if nbytes > _remaining(file):
            raise Damaged(f"storage {key} is cut short")
        memory[key] = np.zeros(nbytes, np.uint8)
        return memory[key]

    storages = Storages(prepare, place)

    def persistent(saved: Any) -> Any:
        if saved[0] == "storage":
            widths[saved[2]] = saved[1].dtype.to_real().itemsize
        return storages.persistent(saved)

    content = read_pickle(file, names, persistent, encoding)
    for key in _plain(file):
        if key not in memory:
            raise Damaged(f"storage {key!r} belongs to no tensor")
        _fill_storage(file, key, memory[key])
        if swap:
            memory[key][:] = memory[key].reshape(-1, widths[key])[:, ::-1].reshape(-1)
    return content


def _fill_storage(file: IO[bytes], key: Any, memory: Array) -> None:
    """Read a storage's bytes after its number of elements."""
    file.read(8)
    raw = file.read(memory.nbytes)
    if len(raw) != memory.nbytes:
        raise Damaged(f"storage {key} is cut short")
    memory[:] = np.frombuffer(raw, np.uint8)


def _remaining(file: IO[bytes]) -> int:
    here = file.tell()
    end = file.seek(0, io.SEEK_END)
    file.seek(here)
    return end - here


# ---- tar archives ------------------------------------------------------------------------------------------


def _is_tar(file: IO[bytes], start: int) -> bool:
    head = file.read(512)
    file.seek(start)
    return head[257:262] == b"ustar"


def _read_tar(file: IO[bytes], names: Names, place: Any, encoding: str) -> Any:
    """Read the members ``storages``, ``tensors`` and ``pickle``, which refer to each other by number."""
    try:
        with tarfile.open(fileobj=file, mode="r:") as archive:
            members = {name: _member(archive, name) for name in ("storages", "tensors", "pickle")}
    except tarfile.TarError as error:
        raise Damaged(str(error)) from error
    found: dict[int, Any] = _tar_storages(members["storages"], names, place)
    _tar_tensors(members["tensors"], names, found)

    def persistent(saved: Any) -> Any:
        return saved[0] if isinstance(saved, tuple) else found[int(saved)]

    return read_pickle(members["pickle"], names, persistent, encoding)


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    member = archive.extractfile(name) if name in archive.getnames() else None
    if member is None:
        raise Damaged(f"{name} is missing")
    return io.BytesIO(member.read())


def _tar_storages(file: IO[bytes], names: Names, place: Any) -> dict[int, Tensor]:
    pending: list[Array] = []
    storages = Storages(lambda key, nbytes: pending.pop(), place)
    found: dict[int, Tensor] = {}
    for _ in range(read_pickle(file, names)):
        key, location, kind = read_pickle(file, names)
        if not isinstance(kind, StorageKind):
            raise Damaged(f"storage {key} has no type")
        (numel,) = _numbers(file, "<q")
        raw = file.read(numel * kind.dtype.itemsize)
        pending.append(np.frombuffer(bytearray(raw), np.uint8))
        found[key] = storages.get(kind, key, location, numel)
    for target, root, offset, numel in read_pickle(file, names):
        found[target] = part(found[root], offset, numel)
    return found


def _tar_tensors(file: IO[bytes], names: Names, found: dict[int, Any]) -> None:
    for _ in range(read_pickle(file, names)):
        key, storage, _kind = read_pickle(file, names)
        (ndim, _) = _numbers(file, "<ii")
        size, stride = _numbers(file, f"<{ndim}q"), _numbers(file, f"<{ndim}q")
        (offset,) = _numbers(file, "<q")
        found[key] = _rebuild_tensor(found[storage], offset, size, stride)


def _numbers(file: IO[bytes], form: str) -> tuple[Any, ...]:
    raw = file.read(struct.calcsize(form))
    if len(raw) != struct.calcsize(form):
        raise Damaged("it ends early")
    return struct.unpack(form, raw)
