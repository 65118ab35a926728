"""Normalisation of each sample: over its last dimensions, its groups of channels, or each channel.

All stand on one op over rows, whose forward and first gradient are fused kernels.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import shape_text
from ..kernels import norm as kernels
from ..op import Failure, Make, Op, Sample, register
from ..tensor import wrap
from ._common import Tensor, apply, tensor_arg, vjp_of
from .norm import Grads, _channels, batch_norm

__all__ = ["group_norm", "instance_norm", "layer_norm", "rms_norm"]

# ---- layer norm and its kin ----------------------------------------------------------------------------------------


def _layer_vjp(node: Any, g: Tensor, *_: Any) -> Grads:
    stats = (node.output(1)._data, node.output(2)._data)
    gx, gw, gb = apply(LAYER_BACK, (g, node.input(0), node.input(1)), stats)
    return gx, gw if node.input(1) is not None else None, gb


def _layer_back_vjp(node: Any, *grads: Any) -> Grads:
    inputs = (node.input(0), node.input(1), node.input(2))
    return vjp_of(lambda g, x, w: _layer_formula(g, x, w, *node.params), node, inputs, grads)  # type: ignore[return-value]


def _layer_formula(g: Tensor, x: Tensor, w: Tensor | None, mean: Any, invstd: Any) -> tuple[Tensor, ...]:
    """The gradients of layer norm over rows, Ba, Kiros & Hinton (arXiv 1607.06450), as an expression in ops."""
    centred = x - x.mean(1, True)
    var = (centred * centred).mean(1, True)
    eps = np.square(1 / invstd.astype(np.float64))[:, None] - var._data
    scale = (var + wrap(eps.astype(x._data.dtype))).rsqrt()
    xhat = centred * scale
    weighted = g if w is None else g * w
    gx = scale * (weighted - weighted.mean(1, True) - xhat * (weighted * xhat).mean(1, True))
    return gx, (g * xhat).sum(0), g.sum(0)


LAYER_NORM: Op = Op(
    "native_layer_norm",
    kernels.layer_norm_forward,
    _layer_vjp,
    saves=((0, 1), (0, 1), (0, 1)),
    keeps=(1, 2),
    nondifferentiable=(1, 2),
)
LAYER_BACK: Op = Op(
    "native_layer_norm_backward",
    lambda g, x, w, mean, invstd: kernels.layer_norm_backward(g, x, mean, invstd, w),
    _layer_back_vjp,
    saves=((0, 1, 2),) * 3,
)


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
    x, size = tensor_arg("layer_norm", input), tuple(int(n) for n in normalized_shape)
    _check_normalized("layer_norm", x, size, weight, bias)
    if x.dtype.itemsize == 2:
        scale, shift = (None if t is None else t.float() for t in (weight, bias))
        return layer_norm(x.float(), size, scale, shift, eps).to(x.dtype)
    n = math.prod(size)
    rows = x.reshape(x._data.size // n if n else 0, n)
    flat = [None if t is None else t.reshape(-1) for t in (weight, bias)]
    y, _, _ = apply(LAYER_NORM, (rows, *flat), (eps,))
    return y.reshape(x._data.shape)


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
    _check_normalized("rms_norm", input, size, weight)
    dims = tuple(range(-len(size), 0))
    eps = float(np.finfo(input._data.dtype).eps) if eps is None else eps
    y = input * ((input * input).mean(dims, True) + eps).rsqrt()
    return y if weight is None else y * weight


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
    x = tensor_arg("group_norm", input)
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
    rows = x.reshape(shape[0] * num_groups, -1) if math.prod(shape) else x.reshape(shape[0] * num_groups, 0)
    y = apply(LAYER_NORM, (rows, None, None), (eps,))[0].reshape(shape)
    y = y if weight is None else y * _channels(weight, x)
    return y if bias is None else y + _channels(bias, x)


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
    x = tensor_arg("instance_norm", input)
    shape = x._data.shape
    if use_input_stats and math.prod(shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 spatial element when training, got input size {x.shape}")
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    if running_mean is not None:
        _average_instances(x, running_mean, running_var, momentum)
    y = apply(LAYER_NORM, (x.reshape(shape[0] * shape[1], -1), None, None), (eps,))[0].reshape(shape)
    y = y if weight is None else y * _channels(weight, x)
    return y if bias is None else y + _channels(bias, x)


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
