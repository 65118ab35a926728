"""Power-average pooling: (sum of x**p over a window) ** (1/p), by way of average pooling. Composites."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from ..op import Make, Sample, register
from ._common import Tensor, tensor_arg
from .activation import relu
from .pool_avg import avg_pool1d, avg_pool2d, avg_pool3d

__all__ = ["lp_pool1d", "lp_pool2d", "lp_pool3d"]


def _pooled(x: Tensor, average: Callable[..., Tensor], n: int, norm_type: float, kernel: Any, rest: Any) -> Tensor:
    size = kernel**n if isinstance(kernel, int) else math.prod(kernel)
    mean = average(x**norm_type, kernel, rest[0], 0, rest[1])
    # torch's definition: the sign guards windows with a negative sum, for odd p
    return (mean.sign() * relu(mean.abs()) * size) ** (1.0 / norm_type)


def lp_pool1d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """Return ``sum(x**p) ** (1/p)`` over the windows of (N, C, L).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.lp_pool1d(minitorch.tensor([[[3.0, 4.0]]]), 2, 2)
    tensor([[[5.]]])
    """
    return _pooled(tensor_arg("lp_pool1d", input), avg_pool1d, 1, norm_type, kernel_size, (stride, ceil_mode))


def lp_pool2d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """Return ``sum(x**p) ** (1/p)`` over the windows of (N, C, H, W).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.lp_pool2d(minitorch.ones(1, 1, 2, 2), 2, 2)
    tensor([[[[2.]]]])
    """
    return _pooled(tensor_arg("lp_pool2d", input), avg_pool2d, 2, norm_type, kernel_size, (stride, ceil_mode))


def lp_pool3d(input: Tensor, norm_type: float, kernel_size: Any, stride: Any = None, ceil_mode: bool = False) -> Tensor:
    """Return ``sum(x**p) ** (1/p)`` over the windows of (N, C, D, H, W).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.lp_pool3d(minitorch.ones(1, 1, 2, 2, 2), 3, 2)
    tensor([[[[[2.]]]]])
    """
    return _pooled(tensor_arg("lp_pool3d", input), avg_pool3d, 3, norm_type, kernel_size, (stride, ceil_mode))


def _samples(n: int) -> Callable[[Make], Iterator[Sample]]:
    def samples(make: Make) -> Iterator[Sample]:
        yield Sample("squares", (make(1, 2, *(5, 4, 4)[:n], low=0.3), 2, 2))
        yield Sample("overlap", (make(2, 1, *(4, 5, 3)[:n], low=0.3), 3.0, 2, 1, True))

    return samples


for _n, _fn in ((1, lp_pool1d), (2, lp_pool2d), (3, lp_pool3d)):
    register(_fn, samples=_samples(_n), methods=(), functional=True, top=False)
