"""Whether two libraries gave the same answers to the same question."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["TOLERANCE", "compare"]

# Largest difference relative to the largest value. float32 allows for Winograd's algorithm and long sums.
TOLERANCE = {"float32": 1e-4, "float64": 1e-10}


def compare(mine: Path, reference: Path, dtype: str) -> dict[str, Any]:
    """Return the largest relative error over all outputs and gradients, where it is, and whether it is allowed."""
    worst, where = 0.0, ""
    with np.load(mine) as a, np.load(reference) as b:
        if set(a.files) != set(b.files):
            return {"error": None, "where": f"answers {sorted(a.files)} for {sorted(b.files)}", "same": False}
        for name in a.files:
            if a[name].shape != b[name].shape:
                return {"error": None, "where": f"{name}: shape {a[name].shape} for {b[name].shape}", "same": False}
            error = _relative(a[name], b[name])
            if not error <= worst:
                worst, where = error, name
    return {"error": worst, "where": where, "same": bool(worst <= TOLERANCE[dtype])}


def _relative(a: Any, b: Any) -> float:
    if a.size == 0 or np.array_equal(a, b, equal_nan=a.dtype.kind == "f"):
        return 0.0
    a, b = a.astype(np.float64), b.astype(np.float64)
    largest = float(np.max(np.abs(b)))
    difference = float(np.max(np.abs(a - b)))
    return difference / largest if largest else float("inf")
