"""`load`: read what `save`, here or in torch, has written, without running anything of it."""

from __future__ import annotations

import io
import os
import pickle
import struct
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from mmap import ACCESS_COPY, mmap
from typing import IO, Any

import numpy as np

from ..memory import Array
from ..nn.module import Module
from . import legacy
from .names import Names
from .pickles import UnpicklingError, read_pickle
from .storages import Storages, other_byte_order, placer

__all__ = ["load"]

_ZIP = b"PK\x03\x04"
_HEADER = struct.Struct("<4s5H3L2H")  # of a zip entry: signature first, lengths of name and extra field last


def load(
    f: Any,
    map_location: Any = None,
    pickle_module: Any = None,
    *,
    weights_only: bool | None = None,
    mmap: bool | None = None,
    **pickle_load_args: Any,
) -> Any:
    """Return the object that a file of `save`, or of ``torch.save``, holds.

    Files of every version of torch are read: zip archives, the older pickles and the first tar archives. Nothing
    that a file says is run: it may hold tensors, numbers, strings, containers, NumPy arrays and what
    `serialization.add_safe_globals` lists.

    Parameters
    ----------
    f : str, path or binary file
        The file; a file object must be able to seek.
    map_location : None, str, device, dict or callable, optional
        Where storages of other devices go: "cpu", a dict from saved to new names, or a function of the storage (as
        a tensor of shape ``(N,)``) and the saved name.
    pickle_module : module, optional
        Accepted if it is ``pickle``, whose reading is always replaced by the one that runs nothing.
    weights_only : bool, optional
        False also lets the file make instances of `nn.Module` classes that the program has imported.
    mmap : bool, optional
        Whether tensors are mapped from the file, which is then read when they are used; for paths only.
    **pickle_load_args
        ``encoding``: of strings that Python 2 wrote.

    Raises
    ------
    OSError
        If the file cannot be opened.
    EOFError
        If it is empty.
    UnpicklingError
        If it names something that is not allowed, or its pickle is damaged.
    RuntimeError
        If it is cut short or damaged elsewhere, or holds tensors of a device and no ``map_location`` says where to.

    Examples
    --------
    >>> import io, minitorch
    >>> file = io.BytesIO()
    >>> minitorch.save({"x": minitorch.arange(3)}, file)
    >>> _ = file.seek(0)
    >>> minitorch.load(file)
    {'x': tensor([0, 1, 2])}
    """
    if pickle_module not in (None, pickle):
        raise ValueError(f"load: pickle_module={pickle_module!r}, expected None: no other module reads the files")
    encoding = pickle_load_args.pop("encoding", "utf-8")
    if pickle_load_args:
        raise TypeError(f"load: unexpected arguments {sorted(pickle_load_args)}")
    names = Names(_imported_module if weights_only is False else None)
    place = placer(map_location)
    with _opened(f, bool(mmap)) as (file, mapped), _naming(f):
        return _read(file, mapped, names, place, encoding)


def _imported_module(module: str, name: str) -> Any:
    """Return a Module class of this program by its name; None if there is none, without importing anything."""
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found if isinstance(found, type) and issubclass(found, Module) else None


# ---- the file ----------------------------------------------------------------------------------------------


@contextmanager
def _opened(f: Any, mapped: bool) -> Iterator[tuple[IO[bytes], Any]]:
    """Open a path; yield the file and, if asked for, its bytes mapped into memory."""
    if isinstance(f, (str, os.PathLike)):
        with open(f, "rb") as file:
            yield file, _map(file) if mapped else None
        return
    if mapped:
        raise ValueError("f must be a file path in order to use the mmap argument")
    if not all(hasattr(f, name) for name in ("read", "readline", "tell", "seek")):
        raise AttributeError(
            f"'{type(f).__name__}' object has no attribute 'read' and 'seek'. You can only load from a path or from a "
            "file that is seekable: read it into an io.BytesIO first"
        )
    yield f, None


def _map(file: IO[bytes]) -> Any:
    """Return a file's bytes in memory that may be written without changing the file; None if it is empty."""
    return mmap(file.fileno(), 0, access=ACCESS_COPY) if os.fstat(file.fileno()).st_size else None


@contextmanager
def _naming(f: Any) -> Iterator[None]:
    """Say in every error which file is meant."""
    name = repr(os.fspath(f)) if isinstance(f, (str, os.PathLike)) else repr(getattr(f, "name", f))
    try:
        yield
    except UnpicklingError as error:
        raise UnpicklingError(f"load: Weights only load failed for {name}: {error}") from error
    except EOFError as error:
        raise EOFError(f"load: {name}: {error}") from error
    except (zipfile.BadZipFile, legacy.Damaged, zlib.error, struct.error) as error:
        raise RuntimeError(f"load: {name} is damaged or cut short: {error}") from error
    except RuntimeError as error:
        raise RuntimeError(f"load: {name}: {error}") from error


def _read(file: IO[bytes], mapped: Any, names: Names, place: Any, encoding: str) -> Any:
    start = file.tell()
    head = file.read(4)
    file.seek(start)
    if not head:
        raise EOFError("Ran out of input: the file is empty")
    if head == _ZIP:
        return _read_zip(_Archive(file, mapped), names, place, encoding)
    if mapped is not None:
        raise RuntimeError("mmap can only be used with files saved with `minitorch.save` in the zip format")
    return legacy.read(file, names, place, encoding)


# ---- zip archives ------------------------------------------------------------------------------------------


def _read_zip(archive: _Archive, names: Names, place: Any, encoding: str) -> Any:
    if archive.has("constants.pkl"):
        raise RuntimeError("this is a TorchScript archive, a program; minitorch reads files of torch.save")
    order = bytes(archive.bytes("byteorder")).decode() if archive.has("byteorder") else "little"
    storages = Storages(lambda key, _: archive.bytes(f"data/{key}"), place, other_byte_order(order))
    content = io.BytesIO(archive.bytes("data.pkl").tobytes())
    return read_pickle(content, names, storages.persistent, encoding)


def _directory(file: IO[bytes]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (ValueError, OverflowError, OSError, NotImplementedError, struct.error) as error:
        raise zipfile.BadZipFile(f"its table of contents is wrong: {error}") from error


class _Archive:
    """The records of a checkpoint's zip archive. They are stored as they are, so that they can be mapped."""

    def __init__(self, file: IO[bytes], mapped: Any) -> None:
        self._file, self._mapped = file, mapped
        self._zip = _directory(file)
        found = [name for name in self._zip.namelist() if name.split("/", 1)[-1] == "data.pkl"]
        if len(found) != 1:
            raise zipfile.BadZipFile("it has no data.pkl, so it is not a file of torch.save")
        self._prefix = found[0].removesuffix("data.pkl")

    def has(self, record: str) -> bool:
        return self._prefix + record in self._zip.NameToInfo

    def bytes(self, record: str) -> Array:
        """Return a record's bytes in memory of its own, or mapped; BadZipFile if its checksum is wrong."""
        if not self.has(record):
            raise zipfile.BadZipFile(f"{record} is missing")
        info = self._zip.getinfo(self._prefix + record)
        if info.compress_type != zipfile.ZIP_STORED:
            return np.frombuffer(bytearray(self._zip.read(info)), np.uint8)
        start = self._start(info)
        if self._mapped is not None and start % 16 == 0:
            return np.frombuffer(self._mapped, np.uint8, info.file_size, start)
        return self._checked(info, start)

    def _start(self, info: zipfile.ZipInfo) -> int:
        """Return where a record's bytes begin in the file."""
        self._file.seek(info.header_offset)
        signature, *_, name, extra = _HEADER.unpack(self._file.read(_HEADER.size))
        if signature != _ZIP or self._file.read(name) != info.orig_filename.encode():
            raise zipfile.BadZipFile(f"the header of {info.filename} is wrong")
        return info.header_offset + _HEADER.size + int(name) + int(extra)

    def _checked(self, info: zipfile.ZipInfo, start: int) -> Array:
        content = np.empty(min(info.file_size, self._size() - start), np.uint8)
        self._file.seek(start)
        got = _fill(self._file, content)
        if got != info.file_size or zlib.crc32(content.data) != info.CRC:
            raise zipfile.BadZipFile(f"the checksum of {info.filename} is wrong")
        return content

    def _size(self) -> int:
        return self._file.seek(0, io.SEEK_END)


def _fill(file: IO[bytes], content: Array) -> int:
    """Read until an array is full or the file ends; return the number of bytes."""
    readinto: Callable[[Any], int] | None = getattr(file, "readinto", None)
    if readinto is None:
        piece = np.frombuffer(file.read(content.size), np.uint8)
        content[: piece.size] = piece
        return piece.size
    total = 0
    while total < content.size and (count := readinto(content.data[total:])):
        total += count
    return total
