"""Normalisation over the batch, and by neighbours or norms.

Forward and first gradient of batch norm are fused kernels; gradients of gradients come from the same formula in ops.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from .. import convert, dtypes, interception
from ..dispatch import _fresh, record
from ..kernels import norm as kernels
from ..masked import Masked
from ..op import Failure, Make, Op, Sample, Widening, register
from ..tensor import wrap
from ._common import Tensor, apply, float_arg, vjp_of
from .activation import RELU, relu
from .join import cat
from .pool_avg import avg_pool1d

__all__ = ["batch_norm", "local_response_norm", "normalize"]

Grads = tuple[Tensor | None, Tensor | None, Tensor | None]

# ---- batch norm ----------------------------------------------------------------------------------------------------


def _channels(t: Any, like: Tensor) -> Any:
    """Shape a vector over channels so that it broadcasts against (N, C, *spatial)."""
    return t if t is None else t.reshape((1, -1) + (1,) * (like._data.ndim - 2))


def _pixels(x: Tensor) -> tuple[int, ...]:
    return (0, *range(2, x._data.ndim))


# params: eps, the bias as it was, from which a ReLU's gradient is found (see `minitorch.masked`), and whether the first
# result is that of a ReLU which is recorded next


def _train_fwd(x: Any, w: Any, b: Any, eps: float, behind: Any, relu: bool) -> Any:
    return kernels.batch_norm_forward(x, w, b, eps, relu)


def _train_vjp(node: Any, g: Any, *_: Any) -> Grads:
    x, w = node.input(0), node.input(1)
    stats = (node.output(1)._data, node.output(3)._data, True, node.params[1] if type(g) is Masked else None)
    gx, gw, gb = apply(NORM_BACK, (g.gradient if type(g) is Masked else g, x, w), stats)
    return gx, gw if w is not None else None, gb


def _given_vjp(node: Any, g: Tensor) -> Grads:
    x, w = node.input(0), node.input(1)
    mean, invstd, _ = node.params
    gx, gw, gb = apply(NORM_BACK, (g, x, w), (mean, invstd, False, None))
    return gx, gw if w is not None else None, gb


def _back_fwd(g: Any, x: Any, w: Any, mean: Any, invstd: Any, training: bool, behind: Any) -> Any:
    return kernels.batch_norm_backward(g, x, mean, invstd, w, training, behind)


def _back_vjp(node: Any, *grads: Any) -> Grads:
    inputs, given = (node.input(0), node.input(1), node.input(2)), node.params[:3]  # recorded ones are never masked
    return vjp_of(lambda g, x, w: _back_formula(g, x, w, *given), node, inputs, grads)  # type: ignore[return-value]


def _back_formula(g: Tensor, x: Tensor, w: Tensor | None, mean: Any, invstd: Any, training: bool) -> tuple[Tensor, ...]:
    """The gradients of batch norm, Ioffe & Szegedy (arXiv 1502.03167), section 3, as an expression in ops."""
    dims = _pixels(x)
    if training:
        centred = x - x.mean(dims, True)
        var = (centred * centred).mean(dims, True)
        # the kernel was given 1 / sqrt(var + eps); eps follows from it and is a constant
        eps = np.square(1 / invstd.astype(np.float64)).reshape(var._data.shape) - var._data
        scale = (var + wrap(eps.astype(x._data.dtype))).rsqrt()
    else:
        centred, scale = x - _channels(wrap(mean), x), _channels(wrap(invstd), x)
    xhat = centred * scale
    weighted = g if w is None else g * _channels(w, x)
    gx = weighted * scale
    if training:
        gx = scale * (weighted - weighted.mean(dims, True) - xhat * (weighted * xhat).mean(dims, True))
    return gx, (g * xhat).sum(dims), g.sum(dims)


_SAVES = ((0, 1), (0, 1), (0, 1))
BATCH_NORM: Op = Widening(
    "native_batch_norm",
    _train_fwd,
    _train_vjp,
    saves=_SAVES,
    keeps=(1, 3),
    physical=True,
    nondifferentiable=(1, 2, 3),
)
BATCH_NORM.masks = True
GIVEN_NORM: Op = Widening(
    "native_batch_norm",
    lambda x, w, b, mean, invstd, relu: kernels.batch_norm_apply(x, mean, invstd, w, b, relu),
    _given_vjp,
    saves=_SAVES,
    physical=True,
)
NORM_BACK: Op = Widening("native_batch_norm_backward", _back_fwd, _back_vjp, saves=((0, 1, 2),) * 3, physical=True)


def batch_norm(
    input: Tensor,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> Tensor:
    """Normalise every channel by its mean and variance over images and positions.

    Parameters
    ----------
    input : (N, C, *spatial). running_mean, running_var : (C), updated in training (with the unbiased variance) by
        ``(1 - momentum) * old + momentum * new``, used instead of the batch's own otherwise. weight, bias : (C).

    Raises
    ------
    ValueError : one value per channel in training. RuntimeError : sizes that do not fit, no statistics in evaluation.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.batch_norm(minitorch.tensor([[1.0], [3.0]]), None, None, training=True)
    tensor([[-1.0000],
            [ 1.0000]])
    """
    return _batch_norm(False, input, running_mean, running_var, weight, bias, training, momentum, eps)


def batch_norm_relu(inplace: bool, input: Tensor, *arguments: Any) -> Tensor:
    """Return ``relu(batch_norm(...), inplace)`` in one pass, recorded as the two operations that it is.

    The tensor between them is nobody's: the gradient of neither needs it, and the caller vouches for the rest.

    >>> import minitorch
    >>> batch_norm_relu(False, minitorch.tensor([[1.0], [3.0]]), None, None, None, None, True, 0.1, 1e-5)
    tensor([[0.0000],
            [1.0000]])
    """
    if interception.active or type(input) is not Tensor or input._data.dtype.char not in "fd":
        return relu(_batch_norm(False, input, *arguments), inplace)
    y = _batch_norm(True, input, *arguments)
    out = _fresh(y._data, RELU, (y,))
    out._storage.version += inplace
    if y._requires:
        record(RELU, (y,), (), (out,))
    return out


def _batch_norm(
    relu: bool, input: Tensor, mean: Any, var: Any, weight: Any, bias: Any, training: bool, momentum: float, eps: float
) -> Tensor:
    x = float_arg("batch_norm", input)
    shape = x._data.shape
    if len(shape) < 2:
        raise IndexError("Dimension out of range (expected to be in range of [-1, 0], but got 1)")
    if training and math.prod(shape[:1] + shape[2:]) == 1:
        raise ValueError(f"Expected more than 1 value per channel when training, got input size {x.shape}")
    _check_vectors(x, mean, var, weight, bias, training)
    half = x.dtype.itemsize == 2
    x = x.float() if half else x
    y = _trained(x, mean, var, weight, bias, momentum, eps, relu) if training else None
    if y is None:
        y = _evaluated(x, mean, var, weight, bias, eps, relu)
    return y.to(input.dtype) if half else y


def _check_vectors(x: Tensor, mean: Any, var: Any, weight: Any, bias: Any, training: bool) -> None:
    channels = x._data.shape[1]
    for name, t in (("running_mean", mean), ("running_var", var), ("weight", weight), ("bias", bias)):
        if t is None and name.startswith("running") and not training:
            raise RuntimeError(f"batch_norm: {name} must be defined in evaluation mode")
        if t is not None and t.numel() != channels:
            raise RuntimeError(f"batch_norm: {name} should contain {channels} elements not {t.numel()}")


def _as(t: Tensor | None, like: Tensor) -> Tensor | None:
    return t if t is None or t._data.dtype == like._data.dtype else t.to(like.dtype)


def _trained(
    x: Tensor, running_mean: Any, running_var: Any, weight: Any, bias: Any, momentum: float, eps: float, relu: bool
) -> Tensor:
    shift = _as(bias, x)
    behind = 0.0 if shift is None else shift._data.copy()
    y, mean, var, _ = apply(BATCH_NORM, (x, _as(weight, x), shift), (eps, behind, relu))
    count = x._data.size // max(x._data.shape[1], 1)
    unbiased = var._data * (count / max(count - 1, 1))
    for running, new in ((running_mean, mean._data), (running_var, unbiased)):
        if running is not None:
            old = convert.cast(running._data, dtypes.float32) if running._data.itemsize == 2 else running._data
            running._data[...] = convert.cast((1 - momentum) * old + momentum * new, running.dtype)
            running._storage.version += 1
    return y


def _evaluated(x: Tensor, mean: Any, var: Any, weight: Any, bias: Any, eps: float, relu: bool) -> Tensor:
    kind = x._data.dtype
    mean, var = (convert.cast(t._data, dtypes.float64) for t in (mean, var))
    stats = (mean.astype(kind), (1 / np.sqrt(var + eps)).astype(kind), relu)
    return apply(GIVEN_NORM, (x, _as(weight, x), _as(bias, x)), stats)


# ---- others --------------------------------------------------------------------------------------------------------


def local_response_norm(input: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Divide by a power of the mean square over neighbouring channels (Krizhevsky et al., NIPS 2012, section 3.3).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.local_response_norm(minitorch.ones(1, 2, 1), 2, alpha=0.0)
    tensor([[[1.],
             [1.]]])
    """
    shape = input._data.shape
    if len(shape) < 3:
        raise ValueError(f"Expected 3D or higher dimensionality input (got {len(shape)} dimensions)")
    squares = (input * input).flatten(2).transpose(1, 2)  # (N, positions, C): neighbours along the last axis
    before, behind = size // 2, (size - 1) // 2
    edge = [wrap(np.zeros((*squares._data.shape[:2], n), squares._data.dtype)) for n in (before, behind)]
    padded = cat([edge[0], squares, edge[1]], 2)
    mean = avg_pool1d(padded, size, 1).transpose(1, 2).reshape(shape)
    return input / (mean * alpha + k) ** beta


def normalize(input: Tensor, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Tensor | None = None) -> Tensor:
    """Divide by the p-norm along ``dim``, which counts at least ``eps``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.normalize(minitorch.tensor([[3.0, 4.0]]))
    tensor([[0.6000, 0.8000]])
    """
    size = input.norm(p, dim, True).clamp(min=eps)
    return input / size.expand_as(input)


# ---- samples -------------------------------------------------------------------------------------------------------


def _batch_samples(make: Make) -> Iterator[Sample]:
    def stats(c: int) -> tuple[Tensor, Tensor]:
        mean, var = make(c), make(c, low=0.5)
        return mean.detach(), var.detach()

    yield Sample("training", (make(3, 2, 2, 2), None, None, make(2), make(2), True))
    yield Sample("no weights", (make(4, 3), None, None), {"training": True})
    yield Sample("1-d", (make(2, 3, 4), None, None, make(3), make(3), True))
    yield Sample("evaluation", (make(2, 3, 2, 2), *stats(3), make(3), make(3)))
    yield Sample("evaluation without weights", (make(2, 3), *stats(3)))


def _batch_failures(make: Make) -> Iterator[Failure]:
    yield Failure(
        (make(1, 4, 1, 1), None, None, None, None, True), ValueError, "Expected more than 1 value per channel"
    )
    yield Failure((make(2, 4, 1, 1), None, None), RuntimeError, "running_mean must be defined in evaluation mode")
    yield Failure((make(2, 4), make(3), make(4)), RuntimeError, "running_mean should contain 4 elements not 3")


def _lrn_samples(make: Make) -> Iterator[Sample]:
    yield Sample("odd", (make(2, 5, 3), 3), {"alpha": 0.3})
    yield Sample("even", (make(1, 4, 2, 2), 2), {"alpha": 0.3})


def _normalize_samples(make: Make) -> Iterator[Sample]:
    yield Sample("rows", (make(3, 4, low=0.2),))
    yield Sample("p 1", (make(3, 4, low=0.2), 1.0, 0))


register(
    batch_norm, samples=_batch_samples, failures=_batch_failures, methods=(), functional=True, top=False, budget=16.0
)
register(local_response_norm, samples=_lrn_samples, methods=(), functional=True, top=False, budget=16.0)
register(normalize, samples=_normalize_samples, methods=(), functional=True, top=False, budget=16.0)
