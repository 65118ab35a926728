"""Windows under torch's names: `minitorch.signal.windows.hann` and its like, symmetric by default.

``M`` is the number of places; with ``sym=False`` the window is one period of a repeated one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from ..dtypes import dtype
from ..ops.windows import kaiser as kaiser_shape
from ..tensor import Tensor
from ._made import cosine_sum, doc, plain, window

__all__ = ["bartlett", "blackman", "cosine", "exponential", "gaussian", "general_cosine", "general_hamming", "hamming",
           "hann", "kaiser", "nuttall"]  # fmt: skip

bartlett = plain("bartlett", "Bartlett's window, a triangle", lambda k, steps: 1 - np.abs(2 * k / steps - 1),
                  "tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])")  # fmt: skip
blackman = plain("blackman", "Blackman's window", cosine_sum(0.42, 0.5, 0.08),
                  "tensor([0.0000, 0.3400, 1.0000, 0.3400, 0.0000])")  # fmt: skip
cosine = plain("cosine", "half a period of a sine", lambda k, steps: np.sin(math.pi * (k + 0.5) / (steps + 1)),
                "tensor([0.3090, 0.8090, 1.0000, 0.8090, 0.3090])")  # fmt: skip
hamming = plain("hamming", "Hamming's window", cosine_sum(0.54, 0.46),
                "tensor([0.0800, 0.5400, 1.0000, 0.5400, 0.0800])", "general_cosine")  # fmt: skip
hann = plain("hann", "Hann's window", cosine_sum(0.5, 0.5), "tensor([0.0000, 0.5000, 1.0000, 0.5000, 0.0000])",
              "general_cosine")  # fmt: skip
nuttall = plain("nuttall", "the minimum four-term Blackman-Harris window of Nuttall (1981)",
                 cosine_sum(0.3635819, 0.4891775, 0.1365995, 0.0106411),
                 "tensor([3.6280e-04, 2.2698e-01, 1.0000e+00, 2.2698e-01, 3.6280e-04])", "general_cosine")  # fmt: skip


def exponential(M: int, *, center: float | None = None, tau: float = 1.0, sym: bool = True,
                dtype: dtype | None = None, layout: Any = None, device: Any = None,
                requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Return ``exp(-|k - center| / tau)``, about the middle by default."""
    if tau <= 0:
        raise ValueError(f"Tau must be positive, got: {tau} instead.")
    if sym and center is not None:
        raise ValueError("Center must be None for symmetric windows")

    def shape(k: Any, steps: int) -> Any:
        return np.exp(-np.abs(k - (steps / 2 if center is None else center)) / tau)

    return window("exponential", shape, M, sym, dtype, layout, device, requires_grad)


def gaussian(M: int, *, std: float = 1.0, sym: bool = True, dtype: dtype | None = None, layout: Any = None,
             device: Any = None, requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Return ``exp(-((k - middle) / std)**2 / 2)``."""
    if std <= 0:
        raise ValueError(f"Standard deviation must be positive, got: {std} instead.")
    return window("gaussian", lambda k, steps: np.exp(-(((k - steps / 2) / std) ** 2) / 2), M, sym, dtype, layout,
                   device, requires_grad)  # fmt: skip


def kaiser(M: int, *, beta: float = 12.0, sym: bool = True, dtype: dtype | None = None, layout: Any = None,
           device: Any = None, requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Return Kaiser's window."""
    if beta < 0:
        raise ValueError(f"beta must be non-negative, got: {beta} instead.")
    return window("kaiser", lambda k, steps: kaiser_shape(2 * k / steps - 1, beta), M, sym, dtype, layout, device,
                   requires_grad)  # fmt: skip


def general_cosine(M: int, *, a: Iterable[float], sym: bool = True, dtype: dtype | None = None, layout: Any = None,
                   device: Any = None, requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Return ``a[0] - a[1] cos(x) + a[2] cos(2 x) - ...`` over a period of x."""
    if not isinstance(a, Iterable):
        raise TypeError("Coefficients must be a list/tuple")
    weights = list(a)
    if not weights:
        raise ValueError("Coefficients cannot be empty")
    return window("general_cosine", cosine_sum(*weights), M, sym, dtype, layout, device, requires_grad)


def general_hamming(M: int, *, alpha: float = 0.54, sym: bool = True, dtype: dtype | None = None, layout: Any = None,
                    device: Any = None, requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Return ``alpha - (1 - alpha) cos(x)`` over a period of x."""
    return general_cosine(M, a=[alpha, 1 - alpha], sym=sym, dtype=dtype, layout=layout, device=device,
                          requires_grad=requires_grad)  # fmt: skip


exponential.__doc__ = doc("exponential", "``exp(-|k - center| / tau)``, about the middle by default",
                           ", ``tau`` not above 0, a ``center`` of a symmetric window", "5, tau=2.0",
                           "tensor([0.3679, 0.6065, 1.0000, 0.6065, 0.3679])")  # fmt: skip
gaussian.__doc__ = doc("gaussian", "``exp(-((k - middle) / std)**2 / 2)``", ", ``std`` not above 0", "5",
                        "tensor([0.1353, 0.6065, 1.0000, 0.6065, 0.1353])")  # fmt: skip
kaiser.__doc__ = doc("kaiser", "Kaiser's window (Kaiser & Schafer 1980)", ", ``beta`` below 0", "5, beta=3.0",
                      "tensor([0.2049, 0.7269, 1.0000, 0.7269, 0.2049])")  # fmt: skip
general_cosine.__doc__ = doc("general_cosine", "``a[0] - a[1] cos(x) + a[2] cos(2 x) - ...`` over a period of x",
                              ", no coefficients", "5, a=[0.46, 0.23, 0.31]",
                              "tensor([0.5400, 0.1500, 1.0000, 0.1500, 0.5400])")  # fmt: skip
general_hamming.__doc__ = doc("general_hamming", "``alpha - (1 - alpha) cos(x)`` over a period of x", "",
                               "5, alpha=0.6", "tensor([0.2000, 0.6000, 1.0000, 0.6000, 0.2000])")  # fmt: skip
