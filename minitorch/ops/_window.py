"""Arguments of the window family (convolution, pooling, unfold): one number or one per axis, batched or not."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Any, TypeVar

import numpy as np

from ..errors import shape_text
from ._common import Tensor

__all__ = ["axes", "batched", "conv_output", "remembered", "wants_positive"]

F = TypeVar("F", bound=Callable[..., Any])


def remembered(check: F) -> F:
    """Keep the answers of a check of arguments, as layers ask it again and again with the same ones.

    What it raises is not kept. Lists, tensors and the like, which may change, are checked anew.
    """

    @lru_cache(maxsize=512, typed=True)
    def known(*args: Any) -> Any:
        if not _fixed(args):
            raise TypeError
        return check(*args)

    @wraps(check)
    def ask(*args: Any) -> Any:
        try:
            return known(*args)
        except TypeError:
            return check(*args)

    return ask  # type: ignore[return-value]


def _fixed(value: Any) -> bool:
    if isinstance(value, tuple):
        return all(map(_fixed, value))
    return value is None or type(value) in (int, bool, str) or isinstance(value, np.dtype)


def axes(op: str, name: str, value: Any, n: int) -> tuple[int, ...]:
    """Return one int per spatial axis; RuntimeError for another count."""
    if isinstance(value, (int, np.integer)):
        return (int(value),) * n
    found = tuple([int(v) for v in value])
    if len(found) == 1:
        return found * n
    if len(found) != n:
        raise RuntimeError(
            f"{op}: expected {name} to be a single integer value or a list of {n} values to match the convolution "
            f"dimensions, but got {name}={list(found)}"
        )
    return found


def wants_positive(op: str, name: str, values: tuple[int, ...], text: str = "") -> None:
    """Raise RuntimeError unless all values are above 0."""
    if min(values, default=1) <= 0:
        raise RuntimeError(text or f"{op}: {name} should be greater than zero, but got {list(values)}")


def batched(op: str, x: Tensor, n: int, run: Callable[[Tensor], Any]) -> Any:
    """Run on (N, C, *spatial); an input (C, *spatial) gets a batch axis for the call."""
    ndim = x._data.ndim
    if ndim == n + 2:
        return run(x)
    if ndim != n + 1:
        raise RuntimeError(
            f"{op}: Expected {n + 1}D (unbatched) or {n + 2}D (batched) input to {op}, but got input of size: "
            f"{shape_text(x._data.shape)}"
        )
    result = run(x.unsqueeze(0))
    if isinstance(result, tuple):
        return tuple(r.squeeze(0) for r in result)
    return result.squeeze(0)


def conv_output(
    op: str,
    size: tuple[int, ...],
    kernel: tuple[int, ...],
    stride: tuple[int, ...],
    padding: tuple[tuple[int, int], ...],
    dilation: tuple[int, ...],
) -> tuple[int, ...]:
    """Return the output's spatial sizes; RuntimeError where the kernel does not fit into the padded input."""
    padded = [n + a + b for n, (a, b) in zip(size, padding)]
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, dilation)]
    if any(p < r for p, r in zip(padded, reach)):
        have, want = " x ".join(map(str, padded)), " x ".join(map(str, reach))
        raise RuntimeError(
            f"{op}: Calculated padded input size per channel: ({have}). Kernel size: ({want}). Kernel size can't be "
            "greater than actual input size"
        )
    return tuple((p - r) // s + 1 for p, r, s in zip(padded, reach, stride))
