"""Maxima over windows of 1, 2 and 3 spatial axes, and their inverse.

Pooling is linear once its choice of elements is fixed, so the gradient of its gradient gathers the same elements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import interception
from ..errors import shape_text
from ..kernels import pool as kernels
from ..kernels.unpool import gather_spatial, scatter_spatial
from ..memory import Array
from ..op import Make, Op, Sample, Widening
from ..tape import mode
from ..tensor import wrap
from ._common import Tensor, apply
from ._pool import (
    _adaptive_doc,
    _adaptive_failures,
    _adaptive_samples,
    _doc,
    _named,
    _through_float,
    _window,
    _window_failures,
    _window_samples,
    adaptive_plan,
    layout_of,
    sliding_plan,
)
from ._window import batched

__all__ = [
    "adaptive_max_pool1d",
    "adaptive_max_pool2d",
    "adaptive_max_pool3d",
    "max_pool1d",
    "max_pool2d",
    "max_pool3d",
    "max_unpool1d",
    "max_unpool2d",
    "max_unpool3d",
]


# A pooling that may be asked for its gradient says where in each window it found the maximum: an array of bytes for all
# but large windows, which torch's indices are made of for whoever wants them.


def _max_vjp(node: Any, g: Tensor, _: Any) -> Tensor:
    return apply(MAX_BACK, (g, node.output(1)), node.params)


def _chosen_fwd(x: Array, place: Array, plan: Any, last: bool) -> Array:
    return gather_spatial(x, kernels.flat_indices(place, plan))


def _gather_vjp(node: Any, g: Tensor) -> Tensor:
    return apply(SCATTER, (g,), (node.params[0], node.in_shape(0)[2:]))


def _max_op(name: str, grad_name: str) -> Op:
    return Widening(
        name, kernels.max_forward, _max_vjp, keeps=(1,), nondifferentiable=(1,), physical=True, grad_name=grad_name
    )


MAX: Op = _max_op("max_pool", "MaxPool2DWithIndicesBackward0")
ADAPTIVE_MAX: Op = _max_op("adaptive_max_pool", "AdaptiveMaxPoolBackward0")
MAX_VALUES: Op = Widening(
    "max_pool_values", lambda x, plan: kernels.max_forward(x, plan, places=False)[0], physical=True
)
MAX_BACK: Op = Widening(
    "max_pool_backward",
    kernels.max_backward,
    lambda node, g: (apply(CHOSEN, (g, node.input(1)), node.params), None),
    saves=((1,), ()),
    physical=True,
)
CHOSEN: Op = Widening(
    "max_pool_chosen",
    _chosen_fwd,
    lambda node, g: (apply(MAX_BACK, (g, node.input(1)), node.params), None),
    saves=((1,), ()),
    physical=True,
)
INDICES: Op = Op("max_pool_indices", kernels.flat_indices, physical=True)
GATHER: Op = Widening("gather_spatial", gather_spatial, _gather_vjp, physical=True)
SCATTER: Op = Widening(
    "scatter_spatial", scatter_spatial, lambda node, g: apply(GATHER, (g,), node.params[:1]), physical=True
)
UNPOOL: Op = Widening(
    "max_unpool",
    lambda x, indices, spatial: scatter_spatial(x, indices, spatial, add=False),
    lambda node, g: apply(GATHER, (g,), node.params[:1]),
    physical=True,
)


def _pooled(op: Op, x: Tensor, plan: Any, indices: bool) -> Any:
    """Return the maxima, and torch's indices if asked for."""
    if not indices and not (mode.enabled and (x._requires or x._base is not None)) and not interception.active:
        return apply(MAX_VALUES, (x,), (plan,))
    values, place = apply(op, (x,), layout_of(x, plan))
    return (values, apply(INDICES, (place,), (plan,))) if indices else values


def _max_pool(n: int) -> Callable[..., Any]:
    op = f"max_pool{n}d"

    def fn(
        input: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        dilation: Any = 1,
        ceil_mode: bool = False,
        return_indices: bool = False,
    ) -> Any:
        plan = sliding_plan(op, n, input, kernel_size, stride, padding, dilation, ceil_mode)
        if len(input._data.shape) == n + 2 and input._data.dtype.char in "fd":
            return _pooled(MAX, input, plan, return_indices)
        return _through_float(input, lambda x: batched(op, x, n, lambda b: _pooled(MAX, b, plan, return_indices)))

    fn.__doc__ = _doc(
        op,
        n,
        "Return the largest element of every window",
        """
    padding : at most half of the kernel; never chosen. dilation : distance of the window's elements.
    ceil_mode : keep a window that hangs over the end.
    return_indices : return ``(output, indices)``, flat positions.""",
        "2",
        f"{3.0 * (4**n - 1) / 3:g}".rstrip("0").rstrip("."),
    )
    return _named(fn, op, n, _window_samples(n, "max"), _window_failures(n))


def _adaptive_max_pool(n: int) -> Callable[..., Any]:
    op = f"adaptive_max_pool{n}d"

    def fn(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        plan = adaptive_plan(op, n, input, output_size)
        return batched(op, input, n, lambda x: _pooled(ADAPTIVE_MAX, x, plan, return_indices))

    fn.__doc__ = _adaptive_doc(op, n, "largest elements", 4**n - 1)
    return _named(fn, op, n, _adaptive_samples(n, True), _adaptive_failures(n))


def _max_unpool(n: int) -> Callable[..., Tensor]:
    op = f"max_unpool{n}d"

    def fn(
        input: Tensor,
        indices: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        output_size: Any = None,
    ) -> Tensor:
        kernel, steps, pads, _ = _window(op, n, kernel_size, stride, padding)
        if output_size is None:
            places = input._data.shape[-n:]
            size = tuple((m - 1) * s - 2 * p + k for m, k, s, p in zip(places, kernel, steps, pads))
        else:
            size = tuple(int(v) for v in output_size)[-n:]
        return _unpool(op, input, indices, size, n)

    fn.__doc__ = f"""Put the values of `max_pool{n}d` back to where they came from, in zeros.

    Parameters
    ----------
    input, indices : what `max_pool{n}d` returned. output_size : spatial sizes, where several are possible.

    Raises
    ------
    RuntimeError : shapes that differ, or indices outside of the output.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> y, i = F.max_pool{n}d(minitorch.ones(1, 1, {", ".join("4" * n)}), 2, return_indices=True)
    >>> F.max_unpool{n}d(y, i, 2).sum()
    tensor({2**n}.)
    """
    return _named(fn, op, n, _unpool_samples(n), None)


def _unpool(op: str, input: Tensor, indices: Tensor, size: tuple[int, ...], n: int) -> Tensor:
    if indices._data.dtype != np.int64:
        raise RuntimeError(f"{op}: elements in indices should be type int64 but got: {indices.dtype}")
    if indices._data.shape != input._data.shape:
        raise RuntimeError(
            f"{op}: Expected shape of indices to be same as that of the input tensor "
            f"({shape_text(input._data.shape)}) but got "
            f"indices tensor with shape: {shape_text(indices._data.shape)}"
        )
    flat = indices._data
    if flat.size and (flat.min() < 0 or flat.max() >= np.prod(size)):
        raise RuntimeError(
            f"{op}: Found an invalid max index: {int(flat.max())} (output volumes are of size "
            f"{'x'.join(map(str, size))})"
        )
    where = flat if flat.ndim == n + 2 else flat[None]
    return batched(op, input, n, lambda x: apply(UNPOOL, (x,), (where, size)))


def _unpool_samples(n: int) -> Callable[[Make], Iterator[Sample]]:
    def samples(make: Make) -> Iterator[Sample]:
        places = wrap(np.arange(2**n).reshape((2,) * n) * 2 % 4**n)
        yield Sample("plain", (make(2, 2, *(2,) * n), places.expand(2, 2, *(2,) * n).contiguous(), 2))

    return samples


max_pool1d, max_pool2d, max_pool3d = (_max_pool(n) for n in (1, 2, 3))
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = (_adaptive_max_pool(n) for n in (1, 2, 3))
max_unpool1d, max_unpool2d, max_unpool3d = (_max_unpool(n) for n in (1, 2, 3))
