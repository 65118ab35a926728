"""The library under test, bound to the name `torch` whichever it is."""

from __future__ import annotations

import importlib
import os
import platform
from typing import Any

__all__ = ["Missing", "describe", "load", "pin", "resolve"]


class Missing(Exception):
    """The library does not have (yet) what a case calls."""


# Every runtime that may start threads reads its number before the first import.
THREAD_VARIABLES = (
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS", "MINITORCH_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)  # fmt: skip


def pin(threads: int) -> None:
    """Bind this process to its first cores, as many as threads; where the system cannot, leave it."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))[:threads]
        os.sched_setaffinity(0, cores)


def load(name: str, threads: int) -> Any:
    """Import the library and set its threads."""
    library = importlib.import_module(name)
    for part in ("nn", "nn.functional", "optim"):  # a library in the making may lack some
        try:
            importlib.import_module(f"{name}.{part}")
        except ImportError:
            continue
    if hasattr(library, "set_num_threads"):
        library.set_num_threads(threads)
    return library


def resolve(library: Any, path: str) -> Any:
    """Return ``library.path``.

    Raises
    ------
    Missing
        If there is no such name.
    """
    found = library
    for part in path.split("."):
        if not hasattr(found, part):
            raise Missing(f"no {path}")
        found = getattr(found, part)
    return found


def describe(library: Any) -> dict[str, str]:
    """Return the versions of what does the work."""
    versions = {"python": platform.python_version(), library.__name__: str(getattr(library, "__version__", "?"))}
    for name in ("numpy", "numba", "llvmlite"):
        try:
            versions[name] = importlib.import_module("importlib.metadata").version(name)
        except ImportError:  # PackageNotFoundError is one
            continue
    return versions
