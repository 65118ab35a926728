"""Means over windows of 1, 2 and 3 spatial axes; the gradient of the gradient is the mean itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..kernels import pool as kernels
from ..op import Op, Widening
from ._common import Tensor, apply
from ._pool import (
    _adaptive_doc,
    _adaptive_failures,
    _adaptive_samples,
    _check_adaptive,
    _check_input,
    _check_output,
    _doc,
    _floats,
    _named,
    _output_size,
    _through_float,
    _window,
    _window_failures,
    _window_samples,
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


def _avg_vjp(node: Any, g: Tensor) -> Tensor:
    return apply(AVG_BACK, (g,), (node.in_shape(0), *node.params))


AVG: Op = Widening("avg_pool", kernels.avg_pool_forward, _avg_vjp, physical=True, grad_name="AvgPool2DBackward0")
AVG_BACK: Op = Widening(
    "avg_pool_backward",
    kernels.avg_pool_backward,
    lambda node, g: apply(AVG, (g,), node.params[1:]),
    physical=True,
)
ADAPTIVE_AVG: Op = Widening(
    "adaptive_avg_pool",
    kernels.adaptive_avg_pool_forward,
    lambda node, g: apply(ADAPTIVE_AVG_BACK, (g,), (node.in_shape(0),)),
    physical=True,
    grad_name="AdaptiveAvgPool2DBackward0",
)
ADAPTIVE_AVG_BACK: Op = Widening(
    "adaptive_avg_pool_backward",
    kernels.adaptive_avg_pool_backward,
    lambda node, g: apply(ADAPTIVE_AVG, (g,), (g._data.shape and node.in_shape(0)[2:],)),
    physical=True,
)


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
        _check_input(op, input, n)
        _floats(op, input)
        kernel, steps, pads, spread = _window(op, n, kernel_size, stride, padding)
        if divisor_override == 0:
            raise RuntimeError(f"{op}: divisor must be not zero")
        _check_output(op, input, (kernel, steps, pads, spread), ceil_mode)
        how = (kernel, steps, pads, ceil_mode, count_include_pad, divisor_override)
        return _through_float(input, lambda x: batched(op, x, n, lambda b: apply(AVG, (b,), how)))

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
        _check_adaptive(op, input, n)
        _floats(op, input)
        size = _output_size(op, input, output_size, n)
        run = lambda b: apply(ADAPTIVE_AVG, (b,), (size,))  # noqa: E731
        return _through_float(input, lambda x: batched(op, x, n, run))

    fn.__doc__ = _adaptive_doc(op, n, "means", (4**n - 1) / 2)
    return _named(fn, op, n, _adaptive_samples(n, False), _adaptive_failures(n))


avg_pool1d, avg_pool2d, avg_pool3d = (_avg_pool(n) for n in (1, 2, 3))
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = (_adaptive_avg_pool(n) for n in (1, 2, 3))
