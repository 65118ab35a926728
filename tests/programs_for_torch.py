"""Programs that are written for torch (tests/programs), loaded to run with minitorch: only their imports change."""

import re
from pathlib import Path
from typing import Any

import numpy as np

PROGRAMS = Path(__file__).parent / "programs"


def with_minitorch(name: str) -> dict[str, Any]:
    """Return the names of a program whose every `torch` that is imported is minitorch."""
    path = PROGRAMS / f"{name}.py"
    text = re.sub(r"^import torch$", "import minitorch as torch", path.read_text(), flags=re.M)
    text = re.sub(r"^(import|from) torch\b", r"\1 minitorch", text, flags=re.M)
    names: dict[str, Any] = {"__name__": name}
    exec(compile(text, str(path), "exec"), names)
    return names


def digest(array: Any) -> dict[str, Any]:
    """Return the shape, sum and sum of magnitudes of an array, and up to twelve of its elements."""
    flat = np.asarray(array, dtype=np.float64).ravel()
    places = np.unique(np.linspace(0, max(flat.size - 1, 0), 12).astype(int))[: flat.size]
    return {
        "shape": list(np.shape(array)),
        "sum": float(flat.sum()),
        "magnitude": float(np.abs(flat).sum()),
        "elements": flat[places].tolist(),
    }
