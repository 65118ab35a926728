"""Every environment variable that minitorch itself reads, in one place.

===========================  =========================================================================
``MINITORCH_CACHE_DIR``      Folder of the compiled kernels (default: the platform's user cache folder).
``MINITORCH_DEBUG``          ``1``: kernels check array bounds, run in one thread, and raise what they hit.
``MINITORCH_VERBOSE``        ``1``: say what is being compiled, terminal or not; ``0``: never.
``MINITORCH_FORCE``          ``op=variant`` pairs parted by commas: use that implementation (``conv2d=ref``).
``MINITORCH_KEEP_MEMORY``    ``0``: freed arrays go back to the system at once (default: kept for the next step).
``MINITORCH_NUM_THREADS``    Threads (else ``NUMBA_NUM_THREADS``, ``OMP_NUM_THREADS``, the usable cores).
===========================  =========================================================================

Numba's own variables (``NUMBA_THREADING_LAYER``, ``NUMBA_CPU_NAME``, ``NUMBA_NUM_THREADS``, ...) keep their
meaning; minitorch never writes to the environment.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Config", "settings"]


@dataclass(frozen=True)
class Config:
    """What the environment asked for; ``settings`` is the record of this process.

    >>> Config.read({"MINITORCH_FORCE": "conv2d=ref"}).force
    {'conv2d': 'ref'}
    """

    cache_dir: Path
    debug: bool
    verbose: bool | None
    force: dict[str, str]
    num_threads: int | None
    keep_memory: bool

    @classmethod
    def read(cls, environ: Mapping[str, str]) -> Config:
        """Read the variables above from `environ`.

        Raises
        ------
        ValueError
            If a variable does not say what it should.
        """
        verbose = environ.get("MINITORCH_VERBOSE", "")
        return cls(
            cache_dir=_cache_dir(environ),
            debug=_flag(environ, "MINITORCH_DEBUG"),
            verbose=None if not verbose else _flag(environ, "MINITORCH_VERBOSE"),
            force=_pairs(environ, "MINITORCH_FORCE"),
            num_threads=_threads(environ),
            keep_memory=not environ.get("MINITORCH_KEEP_MEMORY") or _flag(environ, "MINITORCH_KEEP_MEMORY"),
        )


def _flag(environ: Mapping[str, str], name: str) -> bool:
    text = environ.get(name, "").strip().lower()
    if text in {"", "0", "false", "off", "no"}:
        return False
    if text in {"1", "true", "on", "yes"}:
        return True
    raise ValueError(f"{name}={text!r} is neither on nor off; set it to 0 or 1")


def _pairs(environ: Mapping[str, str], name: str) -> dict[str, str]:
    items = [item.strip() for item in environ.get(name, "").split(",") if item.strip()]
    for item in items:
        if item.count("=") != 1 or item.startswith("=") or item.endswith("="):
            raise ValueError(f"{name}: {item!r} is not of the form op=variant, for example conv2d=ref")
    return {op.strip(): variant.strip() for op, variant in (item.split("=") for item in items)}


def _threads(environ: Mapping[str, str]) -> int | None:
    text = environ.get("MINITORCH_NUM_THREADS", "").strip()
    if text:
        if not text.isdecimal() or int(text) < 1:
            raise ValueError(f"MINITORCH_NUM_THREADS={text!r} is not a positive integer")
        return int(text)
    for name in ("NUMBA_NUM_THREADS", "OMP_NUM_THREADS"):  # a bad value there is not ours to judge
        first = environ.get(name, "").split(",")[0].strip()  # OpenMP allows a list, one for each level of nesting
        if first.isdecimal() and int(first) > 0:
            return int(first)
    return None


def _cache_dir(environ: Mapping[str, str]) -> Path:
    if environ.get("MINITORCH_CACHE_DIR"):
        return Path(environ["MINITORCH_CACHE_DIR"]).expanduser().absolute()
    home = Path(os.path.expanduser("~"))  # unlike Path.home(), never raises
    if sys.platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local") / "minitorch" / "Cache"
    if sys.platform == "darwin":
        return home / "Library" / "Caches" / "minitorch"
    return Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "minitorch"


settings = Config.read(os.environ)
