"""Whether two libraries gave the same answers to the same question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from .case import Case

__all__ = ["TOLERANCE", "compare"]

# Largest difference relative to the largest value. float32 allows for Winograd's algorithm and long sums.
TOLERANCE = {"float32": 1e-4, "float64": 1e-10}
# A ReLU whose input is zero within rounding lets a gradient through in one library and not in the other (torch differs
# from itself in another memory order). So gradients of such cases are compared as a whole: root mean squares.
KINKS = 1e-2


def compare(mine: Path, reference: Path, case: Case) -> dict[str, Any]:
    """Return the largest relative error over all outputs and gradients, where it is, and whether it is allowed."""
    worst, where, same = 0.0, "", True
    with np.load(mine) as a, np.load(reference) as b:
        if set(a.files) != set(b.files):
            return {"error": None, "where": f"answers {sorted(a.files)} for {sorted(b.files)}", "same": False}
        for name in a.files:
            if a[name].shape != b[name].shape:
                return {"error": None, "where": f"{name}: shape {a[name].shape} for {b[name].shape}", "same": False}
            whole = case.kinks and name.startswith("gradient")
            error = _relative(a[name], b[name], whole)
            same &= error <= (KINKS if whole else TOLERANCE[case.dtype])
            if not error <= worst:
                worst, where = error, name
    return {"error": worst, "where": where, "same": same}


def _relative(a: Any, b: Any, whole: bool) -> float:
    if a.size == 0 or np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
        return 0.0
    a, b = a.astype(np.float64), b.astype(np.float64)
    size, difference = (np.sqrt(np.mean(x**2)) if whole else np.max(np.abs(x)) for x in (b, a - b))
    return float(difference / size) if size else float("inf")
