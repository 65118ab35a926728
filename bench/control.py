"""A fixed piece of NumPy work: when its time varies, the machine is doing something else."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

__all__ = ["Control"]


class Control:
    """Arithmetic within the cache and a copy beyond it, on as many threads as the libraries may use.

    No BLAS: its threads would go on spinning into the next measurement. Few and long calls, because between them the
    threads take turns at the interpreter's lock, which varies by itself.
    """

    def __init__(self, threads: int) -> None:
        self.work = [(np.ones(1 << 16), np.empty(1 << 16), np.ones(1 << 18), np.empty(1 << 18)) for _ in range(threads)]
        self.others = ThreadPoolExecutor(max(1, threads - 1))
        self.run()

    def run(self) -> float:
        """Return the mean seconds of three: a disturbance must show."""
        start = time.perf_counter()
        for _ in range(3):
            others = [self.others.submit(_work, *arrays) for arrays in self.work[1:]]
            _work(*self.work[0])
            for other in others:
                other.result()
        return (time.perf_counter() - start) / 3


def _work(x: Any, y: Any, large: Any, copy: Any) -> None:
    for _ in range(6):
        np.sqrt(x, out=y)
    np.copyto(copy, large)
