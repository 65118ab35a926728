"""Losses for classification. `cross_entropy` with class indices is a fused kernel over rows of logits."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from ..errors import shape_text
from ..kernels.softmax import cross_entropy_backward, cross_entropy_forward
from ..memory import Array
from ..op import Failure, Make, Op, Sample, Widening, register
from ..tensor import wrap
from ._common import Tensor, apply, float_arg, vjp_of
from .reduce import MEAN, SUM
from .shape import reshape
from .softmax import log_softmax, softmax

__all__ = ["cross_entropy", "legacy_reduction", "nll_loss", "reduced"]


# ---- reductions ----------------------------------------------------------------------------------------------------


@lru_cache
def _called(op: Op, grad_name: str) -> Op:
    """Return a reduction that the tape shows under a loss's name, as torch does when a loss is printed."""
    return type(op)(op.name, op.fwd, op.vjp, grad_name=grad_name)


def reduced(loss: Tensor, reduction: str, grad_name: str) -> Tensor:
    """Return the loss as it is, its mean or its sum; ValueError for another word."""
    if reduction == "none":
        return loss
    dims = tuple(range(loss._data.ndim))
    if reduction == "mean":
        if loss._data.dtype.kind in "biu":
            raise RuntimeError(
                "mean(): could not infer output dtype. Input dtype must be either a floating point or complex dtype. "
                f"Got: {loss.dtype.scalar_type}"
            )
        return apply(_called(MEAN, grad_name), (loss,), (dims, False, loss._data.size))
    if reduction == "sum":
        return apply(_called(SUM, grad_name), (loss,), (dims, False))
    raise ValueError(f"{reduction} is not a valid value for reduction")


def legacy_reduction(reduction: str, size_average: Any, reduce: Any) -> str:
    """Return the reduction that torch's deprecated flags mean, if they are given."""
    if size_average is None and reduce is None:
        return reduction
    found = "none" if reduce is False else "sum" if size_average is False else "mean"
    warnings.warn(
        f"size_average and reduce args will be deprecated, please use reduction='{found}' instead.", stacklevel=4
    )
    return found


# ---- class indices -------------------------------------------------------------------------------------------------


def _rows(op: str, x: Tensor, target: Tensor) -> tuple[Tensor, Array]:
    """Return scores as rows (M, C) and classes as (M,) int64, from (C), (N, C) or (N, C, d1, ...)."""
    shape, want = x._data.shape, target._data.shape
    if target._data.dtype not in (np.int64, np.uint8):
        kinds = {"float32": "Float", "float64": "Double", "int32": "Int", "bool": "Bool"}
        raise RuntimeError(
            f"{op}: expected target dtype to be Long or Byte, but got {kinds.get(target.dtype.name, target.dtype.name)}"
        )
    if len(shape) == 1:
        if want not in ((), (1,)):
            raise RuntimeError(
                f"{op}: Expected target of shape [] or [1] for input of shape {shape_text(shape)}, got "
                f"{shape_text(want)}"
            )
        return x.unsqueeze(0), target._data.reshape(1).astype(np.int64, copy=False)
    if not want or want[0] != shape[0]:
        raise ValueError(
            f"Expected input batch_size ({shape[0]}) to match target batch_size ({want[0] if want else 1})."
        )
    if want[1:] != shape[2:]:
        raise RuntimeError(f"{op}: Expected target size {shape_text((shape[0], *shape[2:]))}, got {shape_text(want)}")
    if len(shape) > 2:
        x = x.permute((0, *range(2, len(shape)), 1))
        x = reshape(x, (-1, shape[1])) if x._data.size else reshape(x, (0, shape[1]))
    return x, target._data.reshape(-1).astype(np.int64, copy=False)


def _classes(target: Array, count: int, ignore_index: int) -> Array:
    """Return classes with -1 for ignored rows; IndexError for one that is out of range."""
    if not 0 <= ignore_index < count and target.size and target.min() >= 0 and target.max() < count:
        return target
    ignored = target == ignore_index
    wrong = ~ignored & ((target < 0) | (target >= count))
    if wrong.any():
        raise IndexError(f"Target {int(target[wrong][0])} is out of bounds.")
    return np.where(ignored, -1, target)


def _weight(op: str, weight: Tensor | None, count: int, like: Tensor) -> Array | None:
    if weight is None:
        return None
    if weight._data.shape != (count,):
        raise RuntimeError(
            f"{op}: weight tensor should be defined either for all {count} classes or no classes but got "
            "weight tensor of "
            f"shape: {shape_text(weight._data.shape)}"
        )
    if weight._data.dtype != like._data.dtype:
        names = {"float32": "Float", "float64": "Double"}
        raise RuntimeError(
            f"{op}: expected scalar type {names.get(like.dtype.name)} but found {names.get(weight.dtype.name)}"
        )
    return weight._data


def _total_weight(classes: Array, weight: Array | None) -> float:
    """The divisor of a mean over rows: the weights of the classes that count."""
    counted = classes[classes >= 0]
    return float(counted.size if weight is None else weight[counted].sum())


def _finish(rows: Tensor, classes: Array, weight: Array | None, reduction: str, shape: tuple[int, ...]) -> Tensor:
    if reduction == "none":
        return reshape(rows, shape)
    name = "NllLossBackward0" if len(shape) < 2 else "NllLoss2DBackward0"
    if reduction == "mean":
        return apply(_called(MEAN, name), (rows,), ((0,), False, _total_weight(classes, weight)))
    return reduced(rows, reduction, name)


def _pick_fwd(x: Array, classes: Array, weight: Array | None) -> Array:
    picked = -np.take_along_axis(x, np.maximum(classes, 0)[:, None], 1)[:, 0]
    scale = (classes >= 0) if weight is None else np.where(classes >= 0, weight[np.maximum(classes, 0)], 0)
    return np.where(classes >= 0, picked * scale, 0).astype(x.dtype)


def _spread_fwd(g: Array, classes: Array, weight: Array | None, count: int) -> Array:
    out = np.zeros((len(classes), count), g.dtype)
    rows = np.flatnonzero(classes >= 0)
    scale = g[rows] if weight is None else g[rows] * weight[classes[rows]]
    out[rows, classes[rows]] = -scale
    return out


PICK: Op = Widening("nll_loss", _pick_fwd, lambda node, g: apply(SPREAD, (g,), (*node.params, node.in_shape(0)[1])))
SPREAD: Op = Widening("nll_loss_backward", _spread_fwd, lambda node, g: apply(PICK, (g,), node.params[:2]))


def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the negative log-likelihood of classes, given log-probabilities.

    Parameters
    ----------
    input : (N, C), (C) or (N, C, d1, ...). target : int64 class indices (N), () or (N, d1, ...). weight : (C).
    ignore_index : a class whose rows do not count. reduction : "mean" (weighted), "sum" or "none".

    Raises
    ------
    IndexError : a class out of range. ValueError, RuntimeError : sizes or types that do not fit.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.nll_loss(minitorch.tensor([[-0.5, -1.0]]), minitorch.tensor([1]))
    tensor(1.)
    """
    reduction = legacy_reduction(reduction, size_average, reduce)
    rows, flat = _rows("nll_loss", float_arg("nll_loss", input, "nll_loss_out_frame"), target)
    classes = _classes(flat, rows._data.shape[1], ignore_index)
    scale = _weight("nll_loss", weight, rows._data.shape[1], rows)
    return _finish(apply(PICK, (rows,), (classes, scale)), classes, scale, reduction, target._data.shape)


# ---- cross entropy -------------------------------------------------------------------------------------------------


# params: classes, weights of classes, and what the sum over rows is divided by, None if they stay apart


def _cross_fwd(x: Array, classes: Array, weight: Array | None, total: float | None) -> tuple[Array, Array]:
    losses, lse = cross_entropy_forward(x, classes, weight)
    if total is None:
        return losses, lse
    added = np.add.reduce(losses, dtype=np.float64)
    return np.asarray(added / total if total else added * np.nan, x.dtype), lse


def _cross_vjp(node: Any, g: Tensor, _: Any) -> Tensor:
    return apply(CROSS_BACK, (g, node.input(0)), (*node.params, node.output(1)._data))


def _cross_back_fwd(
    g: Array, x: Array, classes: Array, weight: Array | None, total: float | None, lse: Array
) -> Array:  # fmt: skip
    if total is not None:
        g = np.full(len(x), g / total if total else np.nan, x.dtype)
    return cross_entropy_backward(g, x, classes, weight, lse)


def _cross_back_vjp(node: Any, gg: Tensor) -> tuple[Tensor | None, ...]:
    classes, weight, total, _ = node.params

    def formula(g: Tensor, x: Tensor) -> Tensor:
        # g w_t (softmax(x) - onehot(t))
        scale = np.where(classes >= 0, 1 if weight is None else weight[np.maximum(classes, 0)], 0)
        onehot = np.eye(x._data.shape[1], dtype=x._data.dtype)[np.maximum(classes, 0)]
        share = wrap((scale if total is None else scale / total).astype(x._data.dtype))
        return (g * share).unsqueeze(1) * (softmax(x, 1) - wrap(onehot))

    return vjp_of(formula, node, (node.input(0), node.input(1)), (gg,))


def _cross(name: str, grad_name: str) -> Op:
    kept: dict[str, Any] = {"saves": ((0,),), "keeps": (1,), "nondifferentiable": (1,)}
    return Widening(name, _cross_fwd, _cross_vjp, grad_name=grad_name, **kept)


CROSS: Op = _cross("cross_entropy_rows", "")
CROSS_BACK: Op = Widening("cross_entropy_backward", _cross_back_fwd, _cross_back_vjp, saves=((0, 1), (0, 1)))
_REDUCED = _cross("cross_entropy", "NllLossBackward0"), _cross("cross_entropy", "NllLoss2DBackward0")


def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    ignore_index: int = -100,
    reduce: Any = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Return the cross entropy between logits and classes (or class probabilities).

    Parameters
    ----------
    input : (N, C), (C) or (N, C, d1, ...) logits. target : int64 class indices, or probabilities in the shape of input.
    weight : (C). ignore_index : a class whose rows do not count.
    label_smoothing : share of a uniform target, in [0, 1].
    reduction : "mean" (weighted), "sum" or "none".

    Raises
    ------
    IndexError : a class out of range. ValueError, RuntimeError : sizes or types that do not fit.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.cross_entropy(minitorch.zeros(1, 2), minitorch.tensor([1]))
    tensor(0.6931)
    """
    reduction = legacy_reduction(reduction, size_average, reduce)
    if reduction not in ("none", "mean", "sum"):
        raise ValueError(f"{reduction} is not a valid value for reduction")
    x = float_arg("cross_entropy", input, "log_softmax_lastdim_kernel_impl")
    if not 0.0 <= label_smoothing <= 1.0:
        raise RuntimeError(f"label_smoothing must be between 0.0 and 1.0. Got: {label_smoothing}")
    if target._data.shape == x._data.shape and target._data.dtype.kind == "f":
        return _soft_cross_entropy(x, target, weight, reduction, label_smoothing)
    rows, flat = _rows("cross_entropy", x, target)
    count = rows._data.shape[1]
    classes = _classes(flat, count, ignore_index)
    scale = _weight("cross_entropy", weight, count, rows)
    if label_smoothing:
        return _smoothed(rows, classes, scale, reduction, label_smoothing, target._data.shape)
    if reduction == "none":
        return reshape(apply(CROSS, (rows,), (classes, scale, None))[0], target._data.shape)
    total = _total_weight(classes, scale) if reduction == "mean" else 1.0
    loss: Tensor = apply(_REDUCED[target._data.ndim > 1], (rows,), (classes, scale, total))[0]
    return loss


def _soft_cross_entropy(x: Tensor, target: Tensor, weight: Tensor | None, reduction: str, smoothing: float) -> Tensor:
    dim = 1 if x._data.ndim > 1 else 0
    count = x._data.shape[dim]
    if smoothing:
        target = target * (1 - smoothing) + smoothing / count
    terms = log_softmax(x, dim) * target
    if weight is not None:
        _weight("cross_entropy", weight, count, x)
        terms = terms * weight.reshape((-1,) + (1,) * (x._data.ndim - 1 - dim))
    if reduction == "none":
        return -terms.sum(dim)
    total = -terms.sum()
    return total if reduction == "sum" else total / max(x._data.size // max(count, 1), 1)


def _smoothed(
    x: Tensor, classes: Array, weight: Array | None, reduction: str, smoothing: float, shape: tuple[int, ...]
) -> Tensor:
    """Mix the loss of the class with the mean over classes (Szegedy et al., arXiv 1512.00567, section 7)."""
    logs = log_softmax(x, 1)
    hard = apply(PICK, (logs,), (classes, weight))
    counted = wrap((classes >= 0).astype(x._data.dtype))
    weighted = logs if weight is None else logs * wrap(weight)
    smooth = -weighted.sum(1) * counted
    share = smoothing / x._data.shape[1]
    return _finish(hard * (1 - smoothing) + smooth * share, classes, weight, reduction, shape)


# ---- samples -------------------------------------------------------------------------------------------------------


def _class_samples(make: Make) -> Iterator[Sample]:
    yield Sample("rows", (make(3, 4), make.ints(3, high=4)))
    yield Sample("one row", (make(4), make.ints(high=4)))
    yield Sample("images", (make(2, 3, 2, 2), make.ints(2, 2, 2, high=3)))
    yield Sample("weights", (make(3, 4), make.ints(3, high=4), make(4, low=0.5).detach()))
    yield Sample("ignored", (make(4, 3), wrap(np.array([0, 2, 1, 2]))), {"ignore_index": 2})
    yield Sample("sum", (make(3, 4), make.ints(3, high=4)), {"reduction": "sum"})
    yield Sample("none", (make(3, 4), make.ints(3, high=4)), {"reduction": "none"})


def _cross_samples(make: Make) -> Iterator[Sample]:
    yield from _class_samples(make)
    yield Sample("smoothing", (make(3, 4), make.ints(3, high=4)), {"label_smoothing": 0.2})
    yield Sample("probabilities", (make(3, 4), make(3, 4, low=0.1)))


def _class_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3, 4), wrap(np.array([0, 1, 4]))), IndexError, "Target 4 is out of bounds")
    yield Failure(
        (make(3, 4), make.ints(2, high=3)),
        ValueError,
        r"Expected input batch_size \(3\) to match target batch_size \(2\)",
    )
    yield Failure(
        (make(3, 4), make.ints(3, high=3)), ValueError, "x is not a valid value for reduction", {"reduction": "x"}
    )
    yield Failure((make(3, 4), make(3)), RuntimeError, "expected target dtype to be Long or Byte, but got")


for _fn, _samples in ((nll_loss, _class_samples), (cross_entropy, _cross_samples)):
    register(_fn, samples=_samples, failures=_class_failures, methods=(), functional=True, top=False)
