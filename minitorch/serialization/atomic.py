"""Files that are there whole or not at all: written beside their place, forced to disk, then moved there."""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

__all__ = ["replacing", "whole_or_not"]


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[IO[bytes]]:
    """Open a binary file whose content takes the place of ``path`` when the block ends without an error.

    Until then the old file stays as it is, whatever happens to the process or the machine. A link keeps
    pointing to the file that it names; devices and pipes, which cannot be replaced, are written directly.

    Raises
    ------
    OSError
        If the folder is missing or the file cannot be written.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "x")
    >>> with replacing(path) as file:
    ...     _ = file.write(b"all of it")
    >>> path.read_bytes()
    b'all of it'
    """
    with whole_or_not(path) as beside, open(beside, "wb") as file:
        yield file


@contextmanager
def whole_or_not(path: str | os.PathLike[str]) -> Iterator[str]:
    """Do what `replacing` does for writers that open files themselves: yield the path they should write to.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "x")
    >>> with whole_or_not(path) as beside:
    ...     _ = pathlib.Path(beside).write_bytes(b"all of it")
    >>> [file.name for file in path.parent.iterdir()]
    ['x']
    """
    target = os.path.realpath(path)
    if os.path.exists(target) and not stat.S_ISREG(os.stat(target).st_mode):
        yield target
        return
    beside = f"{target}.{uuid.uuid4().hex[:8]}.part"  # the same folder, so that the move is one step
    try:
        yield beside
        _sync(beside, os.O_RDWR)
        if os.path.exists(target):
            shutil.copymode(target, beside)
        os.replace(beside, target)
        with suppress(OSError):  # some systems cannot force folders to the disk
            _sync(os.path.dirname(target), os.O_RDONLY)
    finally:
        with suppress(OSError):
            os.unlink(beside)


def _sync(path: str, flags: int) -> None:
    """Force a file, or the names in a folder, to the disk."""
    handle = os.open(path, flags)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
