"""Files that are there whole or not at all: written beside their place, forced to disk, then moved there."""

from __future__ import annotations

import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO, Any

__all__ = ["replacing"]


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
    target = os.path.realpath(path)
    if os.path.exists(target) and not stat.S_ISREG(os.stat(target).st_mode):
        with open(target, "wb") as direct:
            yield direct
        return
    beside = f"{target}.{uuid.uuid4().hex[:8]}.part"  # the same folder, so that the move is one step
    try:
        with open(beside, "xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(target):
            shutil.copymode(target, beside)
        os.replace(beside, target)
        _sync_folder(os.path.dirname(target))
    finally:
        with suppress(OSError):
            os.unlink(beside)


def _sync_folder(folder: str) -> None:
    """Force the move itself to disk, where the system can."""
    with suppress(OSError):
        handle: Any = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
