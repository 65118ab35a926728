"""The making of `minitorch.signal.windows`: checks, documentation, sums of cosines."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import convert, dtypes
from ..device import check_device
from ..dtypes import dtype
from ..ops.windows import cosines
from ..tensor import Tensor, wrap

__all__ = ["cosine_sum", "doc", "plain", "window"]

Shape = Callable[[Any, int], Any]


def window(name: str, shape: Shape, m: int, sym: bool, kind: Any, layout: Any, device: Any, needs: bool) -> Tensor:
    """Return a window; ``shape`` gives it at 0, 1, ... of so many steps."""
    kind = kind or dtypes.get_default_dtype()
    check_device(device)
    if m < 0:
        raise ValueError(f"{name} requires non-negative window length, got M={m}")
    if layout not in (None, "torch.strided"):
        raise ValueError(f"{name} is implemented for strided tensors only, got: {layout}")
    if kind not in (dtypes.float32, dtypes.float64):
        raise ValueError(f"{name} expects float32 or float64 dtypes, got: {kind}")
    steps = m - 1 if sym else m
    values = shape(np.arange(m, dtype=np.float64), steps) if m > 1 else np.ones(m)
    out = wrap(convert.cast(np.asarray(values), kind))
    out._requires = bool(needs)
    return out


def doc(name: str, what: str, raises: str, call: str, shown: str) -> str:
    return f"""Return {what}.

    Raises
    ------
    ValueError : a negative ``M``, a dtype other than float32 and float64{raises}.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.signal.windows.{name}({call})
    {shown}
    """


def plain(name: str, what: str, shape: Shape, shown: str, asks: str = "") -> Callable[..., Tensor]:
    """Make and document a window without further arguments; ``asks`` is the name in its errors."""

    def fn(M: int, *, sym: bool = True, dtype: dtype | None = None, layout: Any = None, device: Any = None,
           requires_grad: bool = False) -> Tensor:  # fmt: skip
        return window(asks or name, shape, M, sym, dtype, layout, device, requires_grad)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = doc(name, what, "", "5", shown)
    return fn


def cosine_sum(*weights: float) -> Shape:
    return lambda k, steps: cosines(2 * math.pi * np.minimum(k, steps - k) / steps, *weights)
