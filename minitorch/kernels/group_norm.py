"""Group and instance norm: the moments of channels joined by groups, then the channels' own kernels.

Y. Wu, K. He, "Group normalization" (2018), arXiv 1803.08494.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .norm import channel_affine, channel_gradient, channel_gradient_sums, channel_moments

__all__ = ["group_norm_backward", "group_norm_forward"]

Array = NDArray[Any]


def _grouped(table: Array, groups: int) -> Array:
    """View (N, C) as (N, groups, C / groups)."""
    return table.reshape(table.shape[0], groups, table.shape[1] // groups)


def _spread(table: Array, channels: int) -> Array:
    """Repeat (N, groups) to (N, C)."""
    return np.repeat(table, channels // max(table.shape[1], 1), axis=1)


def group_norm_forward(
    x: Array, weight: Array | None, bias: Array | None, groups: int, eps: float
) -> tuple[Array, Array, Array]:
    """Normalise the groups of channels of each image of x (N, C, *spatial).

    Returns y, and mean and 1 / deviation of each group (N, groups).

    >>> group_norm_forward(np.array([[[1.0], [3.0]]]), None, None, 1, 0.0)[0].ravel().tolist()
    [-1.0, 1.0]
    """
    means, variances = (_grouped(table, groups) for table in channel_moments(x, True))
    mean = means.mean(2) if x.size else np.full(means.shape[:2], np.nan)
    var = (variances + np.square(means - mean[:, :, None])).mean(2) if x.size else mean
    mean, invstd = mean.astype(x.dtype), (1.0 / np.sqrt(var + eps)).astype(x.dtype)
    scale = _spread(invstd, x.shape[1]) * (1.0 if weight is None else weight)
    shift = np.broadcast_to(0.0 if bias is None else bias, scale.shape)
    return channel_affine(x, _spread(mean, x.shape[1]), scale, shift, per_image=True), mean, invstd


def group_norm_backward(
    gy: Array, x: Array, mean: Array, invstd: Array, weight: Array | None
) -> tuple[Array, Array, Array]:
    """Return the gradients of input, weight and bias, for mean and 1 / deviation (N, groups).

    With ``s = 1 / deviation`` and sums over the M values of a group,
    ``gx = s (w gy - sum(w gy) / M - xhat sum(w gy xhat) / M)``.
    """
    channels, groups = x.shape[1], mean.shape[1]
    center, s = _spread(mean, channels), _spread(invstd, channels).astype(np.float64)
    plain, moment = channel_gradient_sums(gy, x, center, True)
    gw, gb = (moment * s).sum(0).astype(x.dtype), plain.sum(0).astype(x.dtype)
    w = 1.0 if weight is None else weight.astype(np.float64)
    count = max(x.size // max(mean.size, 1), 1)
    b = s * _spread(_grouped(plain * w, groups).sum(2), channels) / count
    d = s**3 * _spread(_grouped(moment * w, groups).sum(2), channels) / count
    return channel_gradient(gy, x, center, s * w, b, d, True), gw, gb
