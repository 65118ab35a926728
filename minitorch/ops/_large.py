"""The compiled variants of point-wise ops: worth their launch, and their compilation, on large arrays only."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..kernels import elementwise
from ..op import Variant

__all__ = ["LARGE", "compiled"]

# elements from which a kernel on one thread is as fast as NumPy's loop; below, nothing needs to be compiled
LARGE = 1 << 14


def compiled(name: str, operands: int = 1) -> tuple[Variant, ...]:
    """Return the variant that runs the kernel ``name`` of `elementwise.KERNELS` on ``operands`` arrays."""

    def applies(*values: Any) -> bool:
        arrays = values[:operands]
        return all(type(a) is np.ndarray for a in arrays) and elementwise.applies(*arrays)

    return (Variant("compiled", applies, lambda *values: elementwise.run(name, *values), LARGE),)
