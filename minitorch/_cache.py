"""The disk cache of compiled kernels: one file a kernel and signature, named by all that it depends on.

There is no index, so nothing to keep in step between processes: a file is written under another name and
moved into place, is read whole, and carries its own digest. Whatever goes wrong (no room, no permission, a
torn or foreign file) means compiling again, never an error.
"""

# mypy: disable-error-code="no-untyped-call,attr-defined,misc"
# (Numba is typed in part)

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import sys
import time
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import llvmlite
import numba
import numpy
from llvmlite.binding import address_of_symbol
from numba.core import config
from numba.core.caching import _Cache
from numba.core.compiler import CompileResult
from numba.core.runtime import rtsys
from numba.core.serialize import dumps

from . import _progress
from .config import settings
from .cpu import Cpu

__all__ = ["KernelCache"]

_DIGEST = hashlib.sha256().digest_size
_UNUSED_DAYS = 60
_DAY = 86400.0


class KernelCache(_Cache):
    """Numba's cache interface for the entry of one kernel, whose dependencies are summed up in `digest`."""

    def __init__(self, name: str, digest: str) -> None:
        self._name = name
        self._digest = digest

    @property
    def cache_path(self) -> str:
        """The folder."""
        return str(settings.cache_dir)

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Return the compiled entry for a signature, or None."""
        try:
            symbols, parts = pickle.loads(_read(self._path(sig, target_context.codegen())))
            _provide(symbols, target_context)
            found = CompileResult._rebuild(target_context, *parts)
        except Exception:  # a file of another making can fail in any way
            _progress.started(self._name, sig)
            return None
        _progress.loaded()
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        """Write a compiled entry."""
        if data.lifted or data.library.has_dynamic_globals:
            return  # holds addresses of this process
        with contextlib.suppress(OSError, pickle.PicklingError):
            _write(self._path(sig, data.codegen), dumps((_symbols(data.library), data._reduce())))

    def enable(self) -> None:
        """Part of Numba's interface; the cache is always on."""

    def disable(self) -> None:
        """Part of Numba's interface; the cache is always on."""

    def flush(self) -> None:
        """Forget every specialisation of this kernel."""
        for path in settings.cache_dir.glob(f"{self._name}-*.nbc"):
            with contextlib.suppress(OSError):
                path.unlink()

    def _path(self, sig: Any, codegen: Any) -> Path:
        types = repr(tuple(sig))
        if " at 0x" in types:
            raise ValueError(f"{types} means nothing in another process")
        key = "\n".join([self._digest, types, repr(codegen.magic_tuple()), _platform()])
        return settings.cache_dir / f"{self._name}-{hashlib.sha256(key.encode()).hexdigest()[:32]}.nbc"


def _symbols(library: Any) -> list[str]:
    """Return what the code expects of its process: the names that it uses and does not define."""
    module = library._final_module
    names = [found.name for found in (*module.functions, *module.global_variables) if found.is_declaration]
    return [name for name in names if not name.startswith("llvm.")]


def _provide(symbols: list[str], target_context: Any) -> None:
    """Make sure of the names before the linker looks for them: it ends the process when one is missing.

    Most kernels need Numba's memory runtime and libc alone. Only where that is not enough is all of Numba
    loaded, which takes 0.2 s and imports SciPy where there is one.
    """
    rtsys.initialize(target_context)
    if any(address_of_symbol(name) is None for name in symbols):
        target_context.refresh()


def _platform() -> str:
    """Return what machine code depends on besides its source and Numba's own description of the target."""
    versions = (sys.version_info[:2], numba.__version__, llvmlite.__version__, numpy.__version__)
    options = ("OPT", "LOOP_VECTORIZE", "SLP_VECTORIZE", "ENABLE_AVX", "DEBUGINFO_DEFAULT", "BOUNDSCHECK")
    flags = [str(getattr(config, name, None)) for name in options]
    return repr((versions, flags, settings.debug, replace(Cpu.current(), cores=1)))


def _read(path: Path) -> bytes:
    data = path.read_bytes()
    digest, payload = data[:_DIGEST], data[_DIGEST:]
    if hashlib.sha256(payload).digest() != digest:
        raise ValueError(f"{path} is torn")
    with contextlib.suppress(OSError):
        if time.time() - path.stat().st_mtime > _DAY:
            os.utime(path)  # the day of its last use
    return payload


def _write(path: Path, payload: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    _prune(path.parent)
    part = path.with_name(f"{path.name}.{uuid.uuid4().hex[:12]}")
    try:
        part.write_bytes(hashlib.sha256(payload).digest() + payload)
        os.replace(part, path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def _prune(folder: Path) -> None:
    """Remove, at most once a day, what was not used for two months (and parts left by a crash)."""
    stamp, now = folder / "pruned", time.time()
    with contextlib.suppress(OSError):
        if now - stamp.stat().st_mtime < _DAY:
            return
    stamp.touch()
    for path in folder.glob("*.nbc*"):
        with contextlib.suppress(OSError):
            if now - path.stat().st_mtime > (_UNUSED_DAYS if path.suffix == ".nbc" else 1) * _DAY:
                path.unlink()
