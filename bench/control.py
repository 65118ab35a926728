"""A fixed piece of NumPy work: when its time varies, the machine is doing something else."""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np

__all__ = ["Control"]


class Control:
    """Arithmetic within the cache and a copy beyond it, on as many threads as the libraries may use.

    No BLAS: its threads would go on spinning into the next measurement.
    """

    def __init__(self, threads: int) -> None:
        self.work = [(np.ones(1 << 14), np.ones(1 << 14), np.ones(1 << 18), np.ones(1 << 18)) for _ in range(threads)]
        self.run()

    def run(self) -> float:
        """Return the mean seconds of three: a disturbance must show."""
        return sum(self._once() for _ in range(3)) / 3

    def _once(self) -> float:
        start = time.perf_counter()
        others = [threading.Thread(target=_work, args=arrays) for arrays in self.work[1:]]
        for other in others:
            other.start()
        _work(*self.work[0])
        for other in others:
            other.join()
        return time.perf_counter() - start


def _work(x: Any, y: Any, large: Any, copy: Any) -> None:
    for _ in range(40):
        np.sqrt(x, out=y)
        np.multiply(y, x, out=y)
    np.copyto(copy, large)
