"""Obvious NumPy versions of the convolution triad: what the fast ones are compared with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .layout import Array
from .window import Pairs, output_size


def _taps(
    kernel: Sequence[int], outputs: Sequence[int], stride: Sequence[int], dilation: Sequence[int]
) -> Iterator[tuple[Any, Any]]:
    """Yield each kernel position and the slices of the padded input that it meets."""
    for t in np.ndindex(*kernel):
        yield (
            t,
            tuple(slice(i * d, i * d + (o - 1) * s + 1, s) for i, d, s, o in zip(t, dilation, stride, outputs)),
        )


def _split(x: Array, groups: int, axis: int) -> Array:
    """View `axis` as (groups, axis / groups)."""
    return x.reshape(*x.shape[:axis], groups, x.shape[axis] // groups, *x.shape[axis + 1 :])


def conv_forward_ref(
    x: Array, w: Array, bias: Array | None, stride: Sequence[int], padding: Pairs, dilation: Sequence[int],
    groups: int,
) -> Array:  # fmt: skip
    """Return the convolution (N, O, *spatial) of `x` with `w`, tap by tap."""
    sizes = zip(x.shape[2:], w.shape[2:], stride, padding, dilation)
    outputs = [output_size(*axis) for axis in sizes]
    padded = np.pad(x, ((0, 0), (0, 0), *padding))
    y = np.zeros((x.shape[0], groups, w.shape[0] // groups, *outputs), x.dtype)
    for t, at in _taps(w.shape[2:], outputs, stride, dilation):
        rows = _split(padded[(slice(None), slice(None), *at)], groups, 1)
        y += np.einsum("ngc...,goc->ngo...", rows, _split(w[(..., *t)], groups, 0))
    y = y.reshape(x.shape[0], w.shape[0], *outputs)
    return y if bias is None else y + bias.reshape(-1, *(1,) * len(outputs))


def conv_input_grad_ref(
    gy: Array, w: Array, spatial: Sequence[int], stride: Sequence[int], padding: Pairs,
    dilation: Sequence[int], groups: int, bias: Array | None = None,
) -> Array:  # fmt: skip
    """Return the input gradient (N, C, *spatial): scatter what the forward gathered."""
    shape = (gy.shape[0], groups, w.shape[1], *(n + a + b for n, (a, b) in zip(spatial, padding)))
    padded = np.zeros(shape, gy.dtype)
    rows = _split(gy, groups, 1)
    for t, at in _taps(w.shape[2:], gy.shape[2:], stride, dilation):
        padded[(..., *at)] += np.einsum("ngo...,goc->ngc...", rows, _split(w[(..., *t)], groups, 0))
    inside: Any = tuple(slice(a, a + n) for n, (a, _) in zip(spatial, padding))
    gx = padded[(..., *inside)].reshape(gy.shape[0], w.shape[1] * groups, *spatial)
    return gx if bias is None else gx + bias.reshape(-1, *(1,) * len(spatial))


def conv_weight_grad_ref(
    gy: Array, x: Array, kernel: Sequence[int], stride: Sequence[int], padding: Pairs,
    dilation: Sequence[int], groups: int,
) -> Array:  # fmt: skip
    """Return the weight gradient (O, C / groups, *kernel), tap by tap."""
    padded = _split(np.pad(x, ((0, 0), (0, 0), *padding)), groups, 1)
    rows = _split(gy, groups, 1)
    gw = np.zeros((groups, rows.shape[2], padded.shape[2], *kernel), x.dtype)
    for t, at in _taps(kernel, gy.shape[2:], stride, dilation):
        # one long product over images and pixels
        a = np.moveaxis(rows, 0, 2).reshape(groups, rows.shape[2], -1)
        b = np.moveaxis(padded[(..., *at)], 0, 2).reshape(groups, padded.shape[2], -1)
        gw[(..., *t)] = np.einsum("goq,gcq->goc", a, b)
    return gw.reshape(gy.shape[1], padded.shape[2], *kernel)
