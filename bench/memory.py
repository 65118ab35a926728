"""Peak resident memory of one call above the tensors that it is given and gives back."""

from __future__ import annotations

import ctypes
import gc
from pathlib import Path
from typing import Any

from .case import Case
from .prepared import Prepared

__all__ = ["above_tensors"]

_STATUS, _CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")


def _resident(field: str) -> int:
    """Return VmRSS or VmHWM in bytes."""
    for line in _STATUS.read_text().splitlines():
        if line.startswith(field):
            return int(line.split()[1]) * 1024
    raise OSError(f"{_STATUS} has no {field}")


def _give_back() -> None:
    """Return freed memory to the system, so that it is not counted as used."""
    gc.collect()
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError):  # another C library
        return


def _first_call(torch: Any, case: Case, layout: str) -> Any:
    """Load the code; return the output's gradient, which belongs to the measurement and not to the case."""
    first = Prepared(torch, case, layout)
    with first.recording():
        first.step()
    return first.seeds


def above_tensors(torch: Any, case: Case, layout: str) -> dict[str, int]:
    """Return bytes: ``tensors`` (given and made), ``above`` (peak beyond them), ``kept`` (not given back afterwards).

    A first call loads code. It is dropped, and a second one, on fresh tensors, is measured; ``kept`` is what the first
    left behind (code, pools, caches), so that nothing is hidden in the base line.

    Raises
    ------
    OSError
        Where the system does not tell a process's memory (anything but Linux).
    """
    _give_back()
    before = _resident("VmRSS")
    seeds = _first_call(torch, case, layout)
    _give_back()
    kept = _resident("VmRSS") - before
    ready = Prepared(torch, case, layout)
    ready.seeds = seeds
    given = sum(t.numel() * t.element_size() for t in ready.tensors)
    _give_back()
    base = _resident("VmRSS")
    with ready.recording():
        _CLEAR.write_text("5")  # the high-water mark starts again from here
        out = ready.step()
        peak = _resident("VmHWM") - base
    made = [*(out if isinstance(out, tuple | list) else (out,)), *(leaf.grad for leaf in ready.leaves)]
    extra = sum(t.numel() * t.element_size() for t in made if t is not None)
    return {"tensors": given + extra, "above": peak - extra, "kept": max(0, kept)}
