"""Means over windows of 1, 2 and 3 spatial axes; the gradient of the gradient is the mean itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from ..kernels import pool as kernels
from ..op import Op, Widening
from ._common import Tensor, apply
from ._pool import (
    _adaptive_doc,
    _adaptive_failures,
    _adaptive_samples,
    _doc,
    _floats,
    _named,
    _through_float,
    _window_failures,
    _window_samples,
    adaptive_plan,
    layout_of,
    sliding_plan,
)
from ._window import batched

__all__ = [
    "adaptive_avg_pool1d",
    "adaptive_avg_pool2d",
    "adaptive_avg_pool3d",
    "avg_pool1d",
    "avg_pool2d",
    "avg_pool3d",
]


def _average(name: str, grad_name: str) -> Op:
    """Return the mean over the windows of a plan; its gradient, which is linear, has it for its own."""
    back: Op = Widening(
        name + "_backward",
        kernels.average_backward,
        lambda node, g: apply(mean, (g,), node.params),
        physical=True,
    )
    mean: Op = Widening(
        name,
        kernels.average,
        lambda node, g: apply(back, (g,), node.params),
        physical=True,
        grad_name=grad_name,
    )
    return mean


AVG = _average("avg_pool", "AvgPool2DBackward0")
ADAPTIVE_AVG = _average("adaptive_avg_pool", "AdaptiveAvgPool2DBackward0")


def _run(op: str, n: int, primitive: Op, input: Tensor, plan: Any) -> Tensor:
    if len(input._data.shape) == n + 2 and input._data.dtype.char in "fd":
        return cast(Tensor, apply(primitive, (input,), layout_of(input, plan)))
    return _through_float(input, lambda x: batched(op, x, n, lambda b: apply(primitive, (b,), layout_of(b, plan))))


def _avg_pool(n: int) -> Callable[..., Tensor]:
    op = f"avg_pool{n}d"

    def fn(
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Tensor:
        if divisor_override == 0:
            raise RuntimeError(f"{op}: divisor must be not zero")
        average = bool(count_include_pad), divisor_override
        plan = sliding_plan(op, n, input, kernel_size, stride, padding, 1, ceil_mode, *average)
        _floats(op, input)
        return _run(op, n, AVG, input, plan)

    mean = (4**n - 1) / 2
    fn.__doc__ = _doc(
        op,
        n,
        "Return the mean of every window",
        """
    padding : zeros around the input, at most half of the kernel. ceil_mode : keep a window that hangs over the end.
    count_include_pad : padding counts in the divisor. divisor_override : divide by this instead.""",
        "4",
        f"{mean:g}" if mean % 1 else f"{mean:g}.",
    )
    return _named(fn if n > 1 else _undivided(fn), op, n, _window_samples(n, "avg"), _window_failures(n))


def _undivided(avg_pool: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Return the function without ``divisor_override``, which torch's in one dimension does not take."""

    def fn(
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
    ) -> Tensor:
        return avg_pool(input, kernel_size, stride, padding, ceil_mode, count_include_pad)

    fn.__doc__ = (avg_pool.__doc__ or "").replace(" divisor_override : divide by this instead.", "")
    return fn


def _adaptive_avg_pool(n: int) -> Callable[..., Tensor]:
    op = f"adaptive_avg_pool{n}d"

    def fn(input: Tensor, output_size: Any) -> Tensor:
        return _run(op, n, ADAPTIVE_AVG, input, adaptive_plan(op, n, input, output_size))

    fn.__doc__ = _adaptive_doc(op, n, "means", (4**n - 1) / 2)
    return _named(fn, op, n, _adaptive_samples(n, False), _adaptive_failures(n))


avg_pool1d, avg_pool2d, avg_pool3d = (_avg_pool(n) for n in (1, 2, 3))
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = (_adaptive_avg_pool(n) for n in (1, 2, 3))
