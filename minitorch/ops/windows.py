"""Windows for spectra: `hann_window` and its like, periodic by default."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import convert, dtypes
from ..device import check_device
from ..dtypes import dtype
from ..op import register
from ..tensor import wrap
from ._bessel import i_scaled
from ._common import Tensor

__all__ = ["bartlett_window", "blackman_window", "hamming_window", "hann_window", "kaiser_window"]

_NAMES = {"int64": "long int", "int32": "int", "int16": "short int", "int8": "signed char", "uint8": "unsigned char"}


def cosines(x: Any, *weights: float) -> Any:
    """Return ``a0 - a1 cos(x) + a2 cos(2 x) - ...``, the smallest weights first, so that ends of 0 are 0."""
    return sum((-1) ** k * weights[k] * np.cos(k * x) for k in reversed(range(len(weights))))


def kaiser(place: Any, beta: float) -> Any:
    """Return Kaiser's window at places from -1 to 1 (Kaiser & Schafer 1980)."""
    inner = beta * np.sqrt(np.maximum(0.0, 1 - place * place))
    return i_scaled(inner, 0) / i_scaled(np.asarray(beta), 0) * np.exp(inner - beta)


def _window(
    name: str, shape: Callable[..., Any], n: Any, periodic: bool, dtype: Any, device: Any, needs: bool
) -> Tensor:  # fmt: skip
    """Return a window of ``n`` places; ``shape`` gives it at 0 to 1/2, and is mirrored."""
    kind = dtype or dtypes.get_default_dtype()
    check_device(device)
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)):
        raise TypeError(f"{name}(): argument 'window_length' (position 1) must be int, not {type(n).__name__}")
    if not kind.is_floating_point and not kind.is_complex:
        raise RuntimeError(
            f"{name} expects floating point dtypes, got: TensorOptions(dtype={_NAMES.get(kind.name, kind.name)}, "
            "device=cpu, layout=Strided (default), requires_grad=false (default), pinned_memory=false, "
            "memory_format=(nullopt))"
        )
    if kind.is_complex:
        raise NotImplementedError(f"\"arange_cpu\" not implemented for '{kind.scalar_type}'")
    if n < 0:
        raise RuntimeError(f"{name} requires non-negative window_length, got window_length={n}")
    steps = n if periodic else n - 1
    k = np.arange(n)
    values = shape(np.minimum(k, steps - k) / steps) if n > 1 else np.ones(n)
    out = wrap(convert.cast(np.asarray(values, np.float64), kind))
    out._requires = bool(needs)
    return out


def _made(name: str, what: str, shape: Callable[..., Any], shown: str) -> Callable[..., Tensor]:
    def fn(window_length: int, periodic: bool = True, *, dtype: dtype | None = None, layout: Any = None,
           device: Any = None, pin_memory: bool = False, requires_grad: bool = False) -> Tensor:  # fmt: skip
        return _window(name, shape, window_length, periodic, dtype, device, requires_grad)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"""Return {what} of ``window_length`` places; with ``periodic``, one that is repeated without a seam.

    Raises
    ------
    RuntimeError : a negative length, a dtype of whole numbers.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.{name}(4)
    {shown}
    """
    return register(fn, methods=(), differentiable=False)


hann_window = _made("hann_window", "Hann's window ``sin(pi x)**2``",
                    lambda x: np.sin(math.pi * x) ** 2, "tensor([0.0000, 0.5000, 1.0000, 0.5000])")  # fmt: skip
blackman_window = _made("blackman_window", "Blackman's window",
                        lambda x: cosines(2 * math.pi * x, 0.42, 0.5, 0.08),
                        "tensor([0.0000, 0.3400, 1.0000, 0.3400])")  # fmt: skip
bartlett_window = _made("bartlett_window", "Bartlett's window, a triangle",
                        lambda x: 2 * x, "tensor([0.0000, 0.5000, 1.0000, 0.5000])")  # fmt: skip


def hamming_window(window_length: int, periodic: bool = True, alpha: float = 0.54, beta: float = 0.46, *,
                   dtype: dtype | None = None, layout: Any = None, device: Any = None, pin_memory: bool = False,
                   requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Return Hamming's window ``alpha - beta cos(2 pi x)``; with ``periodic``, one that is repeated without a seam.

    Raises
    ------
    RuntimeError : a negative length, a dtype of whole numbers.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.hamming_window(4)
    tensor([0.0800, 0.5400, 1.0000, 0.5400])
    """
    return _window("hamming_window", lambda x: cosines(2 * math.pi * x, alpha, beta), window_length, periodic, dtype,
                   device, requires_grad)  # fmt: skip


def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, *, dtype: dtype | None = None,
                  layout: Any = None, device: Any = None, pin_memory: bool = False,
                  requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Return Kaiser's window; with ``periodic``, one that is repeated without a seam (Kaiser & Schafer 1980).

    Raises
    ------
    RuntimeError : a negative length, a dtype of whole numbers.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.kaiser_window(4, beta=4.0)
    tensor([0.0885, 0.6334, 1.0000, 0.6334])
    """
    return _window("kaiser_window", lambda x: kaiser(2 * x - 1, beta), window_length, periodic, dtype, device,
                   requires_grad)  # fmt: skip


register(hamming_window, methods=(), differentiable=False)
register(kaiser_window, methods=(), differentiable=False)
