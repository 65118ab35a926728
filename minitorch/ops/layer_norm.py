"""Normalisation of each sample: over its last dimensions, its groups of channels, or each channel.

All stand on one op over rows, whose forward and first gradient are fused kernels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import shape_text
from ..kernels import group_norm as group_kernels
from ..kernels import layer_norm as kernels
from ..memory import Array
from ..op import Failure, Make, Op, Sample, Widening, register
from ..tensor import wrap
from ._common import Tensor, apply, float_arg, tensor_arg, vjp_of
from .norm import Grads, _channels, _pixels, batch_norm

__all__ = ["group_norm", "instance_norm", "layer_norm", "rms_norm"]

# ---- layer norm and its kin ----------------------------------------------------------------------------------------


# params: the number of elements of a row, eps


def _layer_fwd(x: Array, weight: Array | None, bias: Array | None, n: int, eps: float) -> tuple[Array, ...]:
    y, mean, invstd = kernels.layer_norm_forward(_rows_of(x, n), weight, bias, eps)
    return y.reshape(x.shape), mean, invstd


def _rows_of(x: Array, n: int) -> Array:
    return x.reshape(x.size // n if n else 0, n)


def _layer_vjp(node: Any, g: Tensor, *_: Any) -> Grads:
    stats = (node.output(1)._data, node.output(2)._data)
    gx, gw, gb = apply(LAYER_BACK, (g, node.input(0), node.input(1)), (node.params[0], *stats))
    return gx, gw if node.input(1) is not None else None, gb


def _layer_back_fwd(g: Array, x: Array, weight: Array | None, n: int, mean: Array, invstd: Array) -> tuple[Array, ...]:
    gx, gw, gb = kernels.layer_norm_backward(_rows_of(g, n), _rows_of(x, n), mean, invstd, weight)
    return gx.reshape(x.shape), gw, gb


def _layer_back_vjp(node: Any, *grads: Any) -> Grads:
    inputs, (n, mean, invstd) = (node.input(0), node.input(1), node.input(2)), node.params

    def formula(g: Tensor, x: Tensor, w: Tensor | None) -> tuple[Tensor, ...]:
        rows = (mean.size, n)
        gx, gw, gb = _layer_formula(g.reshape(rows), x.reshape(rows), w, mean, invstd)
        return gx.reshape(x._data.shape), gw, gb

    return vjp_of(formula, node, inputs, grads)  # type: ignore[return-value]


def _layer_formula(g: Tensor, x: Tensor, w: Tensor | None, mean: Any, invstd: Any) -> tuple[Tensor, ...]:
    """The gradients of layer norm over rows, Ba, Kiros & Hinton (arXiv 1607.06450), as an expression in ops."""
    scale, xhat = _normal_rows(x, invstd)
    weighted = g if w is None else g * w
    gx = scale * (weighted - weighted.mean(1, True) - xhat * (weighted * xhat).mean(1, True))
    return gx, (g * xhat).sum(0), g.sum(0)


def _normal_rows(x: Tensor, invstd: Any) -> tuple[Tensor, Tensor]:
    """Return 1 / deviation of the rows, and the rows normalised; eps follows from what the kernel found."""
    centred = x - x.mean(1, True)
    var = (centred * centred).mean(1, True)
    eps = np.square(1 / invstd.astype(np.float64))[:, None] - var._data
    scale = (var + wrap(eps.astype(x._data.dtype))).rsqrt()
    return scale, centred * scale


LAYER_NORM: Op = Widening(
    "native_layer_norm",
    _layer_fwd,
    _layer_vjp,
    saves=((0, 1), (0, 1), (0, 1)),
    keeps=(1, 2),
    nondifferentiable=(1, 2),
)
LAYER_BACK: Op = Widening(
    "native_layer_norm_backward",
    _layer_back_fwd,
    _layer_back_vjp,
    saves=((0, 1, 2),) * 3,
)


def _normalizable(fn: str, input: Any, weight: Tensor | None, kernel: str) -> Tensor:
    """Return the input if it is of floating-point numbers; torch's errors otherwise."""
    if weight is not None and tensor_arg(fn, input)._data.dtype.kind in "biu":
        raise RuntimeError("mixed dtype (CPU): all inputs must share same datatype.")
    return float_arg(fn, input, kernel)


def layer_norm(
    input: Tensor,
    normalized_shape: Sequence[int],
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise over the last dimensions (Ba, Kiros & Hinton, arXiv 1607.06450).

    Parameters
    ----------
    input : (..., *normalized_shape). weight, bias : normalized_shape or None.

    Raises
    ------
    RuntimeError : an input or weights of another shape.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.layer_norm(minitorch.tensor([[1.0, 3.0]]), (2,))
    tensor([[-1.0000,  1.0000]])
    """
    x, size = _normalizable("layer_norm", input, weight, "LayerNormKernelImpl"), tuple(int(n) for n in normalized_shape)
    _check_normalized("layer_norm", x, size, weight, bias)
    if x.dtype.itemsize == 2:
        scale, shift = (None if t is None else t.float() for t in (weight, bias))
        return layer_norm(x.float(), size, scale, shift, eps).to(x.dtype)
    flat = [t if t is None or t._data.ndim == 1 else t.reshape(-1) for t in (weight, bias)]
    y: Tensor = apply(LAYER_NORM, (x, *flat), (math.prod(size), eps))[0]
    return y


def _check_normalized(op: str, x: Tensor, size: tuple[int, ...], *weights: Tensor | None) -> None:
    if not size:
        raise RuntimeError(
            "Expected normalized_shape to be at least 1-dimensional, i.e., containing at least one element, "
            "but got normalized_shape = []"
        )
    for name, t in zip(("weight", "bias"), weights):
        if t is not None and t._data.shape != size:
            raise RuntimeError(
                f"Expected {name} to be of same shape as normalized_shape, but got {name} of shape "
                f"{shape_text(t._data.shape)} and normalized_shape = {shape_text(size)}"
            )
    if x._data.shape[x._data.ndim - len(size) :] != size:
        raise RuntimeError(
            f"{op}: Given normalized_shape={shape_text(size)}, expected input with shape [*, "
            f"{', '.join(map(str, size))}], but got input of size{shape_text(x._data.shape)}"
        )


def rms_norm(
    input: Tensor, normalized_shape: Sequence[int], weight: Tensor | None = None, eps: float | None = None
) -> Tensor:
    """Divide by the root mean square over the last dimensions (Zhang & Sennrich, arXiv 1910.07467).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.rms_norm(minitorch.tensor([[3.0, 3.0]]), (2,))
    tensor([[1., 1.]])
    """
    size = tuple(int(n) for n in normalized_shape)
    _check_normalized("rms_norm", float_arg("rms_norm", input), size, weight)
    dims = tuple(range(-len(size), 0))
    x = input.float() if input.dtype.itemsize == 2 else input  # half precision is rounded once, at the end
    eps = float(np.finfo(x.real._data.dtype).eps) if eps is None else eps
    y = x * ((x * x).mean(dims, True) + eps).rsqrt()
    return (y if weight is None else y * weight).to(input.dtype)


# ---- groups of channels --------------------------------------------------------------------------------------------


def _group_vjp(node: Any, g: Tensor, *_: Any) -> Grads:
    stats = (node.output(1)._data, node.output(2)._data)
    gx, gw, gb = apply(GROUP_BACK, (g, node.input(0), node.input(1)), stats)
    return gx, gw if node.input(1) is not None else None, gb


def _group_back_vjp(node: Any, *grads: Any) -> Grads:
    inputs = (node.input(0), node.input(1), node.input(2))
    return vjp_of(lambda g, x, w: _group_formula(g, x, w, *node.params), node, inputs, grads)  # type: ignore[return-value]


def _group_formula(g: Tensor, x: Tensor, w: Tensor | None, mean: Any, invstd: Any) -> tuple[Tensor, ...]:
    """The gradients of group norm as those of layer norm over rows, one a group."""
    shape, dims, rows = x._data.shape, _pixels(x), (mean.size, x._data.size // max(mean.size, 1))
    weighted = g if w is None else g * _channels(w, x)
    flat, stats = x.reshape(rows), (mean.reshape(-1), invstd.reshape(-1))
    gx = _layer_formula(weighted.reshape(rows), flat, None, *stats)[0].reshape(shape)
    xhat = _normal_rows(flat, stats[1])[1].reshape(shape)
    return gx, (g * xhat).sum(dims), g.sum(dims)


GROUP_NORM: Op = Widening(
    "native_group_norm",
    group_kernels.group_norm_forward,
    _group_vjp,
    saves=((0, 1), (0, 1), (0, 1)),
    keeps=(1, 2),
    nondifferentiable=(1, 2),
    physical=True,
)
GROUP_BACK: Op = Widening(
    "native_group_norm_backward",
    lambda g, x, w, mean, invstd: group_kernels.group_norm_backward(g, x, mean, invstd, w),
    _group_back_vjp,
    saves=((0, 1, 2),) * 3,
    physical=True,
)


def _by_groups(x: Tensor, groups: int, weight: Tensor | None, bias: Tensor | None, eps: float) -> Tensor:
    if x.dtype.itemsize == 2:
        scale, shift = (None if t is None else t.float() for t in (weight, bias))
        return _by_groups(x.float(), groups, scale, shift, eps).to(x.dtype)
    _check_channels(x, weight=weight, bias=bias)
    y: Tensor = apply(GROUP_NORM, (x, weight, bias), (groups, eps))[0]
    return y


def _check_channels(x: Tensor, **weights: Tensor | None) -> None:
    for name, t in weights.items():
        if t is not None and t._data.shape != x._data.shape[1:2]:
            raise RuntimeError(
                f"Expected {name} to be a vector of size equal to the number of channels in input, but got {name} of "
                f"shape {shape_text(t._data.shape)} and input of shape {shape_text(x._data.shape)}"
            )


def group_norm(
    input: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every image's groups of channels (Wu & He, arXiv 1803.08494).

    Parameters
    ----------
    input : (N, C, *spatial), C divisible by num_groups. weight, bias : (C).

    Raises
    ------
    RuntimeError : channels that do not divide. ValueError : one value per group.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.group_norm(minitorch.tensor([[1.0, 3.0]]), 1)
    tensor([[-1.0000,  1.0000]])
    """
    x = _normalizable("group_norm", input, weight, "GroupNormKernelImpl")
    shape = x._data.shape
    if len(shape) < 2:
        raise RuntimeError(f"Expected at least 2 dimensions for input tensor but received {len(shape)}")
    if num_groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {num_groups}")
    if shape[1] % num_groups:
        raise RuntimeError(
            "Expected number of channels in input to be divisible by num_groups, but got input of shape "
            f"{shape_text(shape)} and num_groups={num_groups}"
        )
    if math.prod(shape) == num_groups:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {list(shape)}")
    return _by_groups(x, num_groups, weight, bias, eps)


def instance_norm(
    input: Tensor,
    running_mean: Tensor | None = None,
    running_var: Tensor | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every channel of every image (Ulyanov, Vedaldi & Lempitsky, arXiv 1607.08022).

    Parameters
    ----------
    input : (N, C, *spatial). running_mean, running_var : (C), averaged over images. weight, bias : (C).

    Raises
    ------
    ValueError : one value per channel and image.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.instance_norm(minitorch.tensor([[[1.0, 3.0]]]))
    tensor([[[-1.0000,  1.0000]]])
    """
    x = float_arg("instance_norm", input, "batch_norm")
    shape = x._data.shape
    if use_input_stats and math.prod(shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {x.shape}")
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    if running_mean is not None:
        _average_instances(x, running_mean, running_var, momentum)
    return _by_groups(x, shape[1], weight, bias, eps)


def _average_instances(x: Tensor, running_mean: Tensor, running_var: Any, momentum: float) -> None:
    rows = x._data.reshape(*x._data.shape[:2], -1)
    for running, new in ((running_mean, rows.mean(2)), (running_var, rows.var(2, ddof=1))):
        running._data[...] = (1 - momentum) * running._data + momentum * new.mean(0)
        running._storage.version += 1


# ---- samples -------------------------------------------------------------------------------------------------------


def _layer_samples(make: Make) -> Iterator[Sample]:
    yield Sample("rows", (make(3, 4), (4,), make(4), make(4)))
    yield Sample("two dims", (make(2, 3, 2), (3, 2), make(3, 2), make(3, 2)))
    yield Sample("no weights", (make(3, 4), (4,)))


def _layer_failures(make: Make) -> Iterator[Failure]:
    yield Failure(
        (make(3, 4), (3,)),
        RuntimeError,
        r"expected input with shape \[\*, 3\], but got input of size\[3, 4\]",
    )


def _rms_samples(make: Make) -> Iterator[Sample]:
    yield Sample("rows", (make(3, 4), (4,), make(4)))
    yield Sample("eps", (make(3, 4), (4,)), {"eps": 0.1})


def _group_samples(make: Make) -> Iterator[Sample]:
    yield Sample("two groups", (make(2, 4, 3), 2, make(4), make(4)))
    yield Sample("images", (make(2, 4, 2, 2), 4))


def _group_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 4, 3), 3), RuntimeError, "divisible by num_groups")


def _instance_samples(make: Make) -> Iterator[Sample]:
    yield Sample("images", (make(2, 3, 2, 2), None, None, make(3), make(3)))
    yield Sample("1-d", (make(2, 3, 4),))


for _fn, _samples, _failures in (
    (layer_norm, _layer_samples, _layer_failures),
    (rms_norm, _rms_samples, None),
    (group_norm, _group_samples, _group_failures),
    (instance_norm, _instance_samples, None),
):
    register(_fn, samples=_samples, failures=_failures, methods=(), functional=True, top=False, budget=16.0)
