"""Losses with a margin: hinges between scores, classes and vectors. All are composites."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import shape_text
from ..memory import Array
from ..op import Failure, Make, Sample, register
from ..tensor import wrap
from ._common import Tensor, float_arg, tensor_arg
from ._titles import titled
from .gather import gather
from .loss import legacy_reduction, reduced
from .pointwise import clamp, where
from .smooth import logsigmoid

__all__ = [
    "cosine_embedding_loss", "hinge_embedding_loss", "margin_ranking_loss", "multi_margin_loss",
    "multilabel_margin_loss", "multilabel_soft_margin_loss", "soft_margin_loss",
]  # fmt: skip


def _reduced(loss: Tensor, reduction: str) -> Tensor:
    return reduced(loss, reduction, "MeanBackward0" if reduction == "mean" else "SumBackward0")


def _hinge(x: Tensor) -> Tensor:
    return clamp(x, min=0)


# ---- targets 1 and -1 ----------------------------------------------------------------------------------------------


def hinge_embedding_loss(
    input: Tensor,
    target: Tensor,
    margin: float = 1.0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Return x where the target is 1, and ``max(0, margin - x)`` where it is -1.

    Examples
    --------
    >>> import minitorch
    >>> x, y = minitorch.tensor([2.0, 0.5]), minitorch.tensor([1, -1])
    >>> minitorch.nn.functional.hinge_embedding_loss(x, y)
    tensor(1.2500)
    """
    x, y = tensor_arg("hinge_embedding_loss", input), tensor_arg("hinge_embedding_loss", target, "target", 2)
    loss = where(y != 1, _hinge(margin - x), 0.0) + where(y != -1, x, 0.0)
    return _reduced(loss, legacy_reduction(reduction, size_average, reduce))


def soft_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Tensor:
    """Return ``log(1 + exp(-target * input))``, without overflow.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.soft_margin_loss(minitorch.tensor([0.0]), minitorch.tensor([1.0]))
    tensor(0.6931)
    """
    x, y = tensor_arg("soft_margin_loss", input), tensor_arg("soft_margin_loss", target, "target", 2)
    return _reduced(-logsigmoid(x * y), legacy_reduction(reduction, size_average, reduce))


def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Return ``max(0, -target * (input1 - input2) + margin)``.

    Raises
    ------
    RuntimeError : inputs of different numbers of dimensions.

    Examples
    --------
    >>> import minitorch
    >>> low, high = minitorch.tensor([1.0]), minitorch.tensor([3.0])
    >>> minitorch.nn.functional.margin_ranking_loss(low, high, minitorch.tensor([1]))
    tensor(2.)
    """
    a, b, y = (tensor_arg("margin_ranking_loss", t, "input", i) for i, t in enumerate((input1, input2, target), 1))
    if not a._data.ndim == b._data.ndim == y._data.ndim:
        raise RuntimeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {a.shape}, input2: {b.shape}, target: {y.shape} "
        )
    return _reduced(_hinge(-y * (a - b) + margin), legacy_reduction(reduction, size_average, reduce))


def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Return ``1 - cos`` of the vectors where the target is 1, and ``max(0, cos - margin)`` where it is -1.

    Inputs (N, D) with target (N), or (D) with a 0-d target; RuntimeError for other numbers of dimensions.

    Examples
    --------
    >>> import minitorch
    >>> x, y = minitorch.tensor([[1.0, 0.0]]), minitorch.tensor([[0.0, 1.0]])
    >>> minitorch.nn.functional.cosine_embedding_loss(x, y, minitorch.tensor([1]))
    tensor(1.)
    """
    a, b, y = (tensor_arg("cosine_embedding_loss", t, "input", i) for i, t in enumerate((input1, input2, target), 1))
    if y._data.ndim > 1:
        raise RuntimeError("0D or 1D target tensor expected, multi-target not supported")
    if not a._data.ndim == b._data.ndim == y._data.ndim + 1:
        raise RuntimeError(f"{y._data.ndim}D target tensor expects {y._data.ndim + 1}D input tensors, but found inputs "
                           f"with sizes {shape_text(a._data.shape)} and {shape_text(b._data.shape)}.")  # fmt: skip
    eps = 1e-12
    cosine = (a * b).sum(-1) / (((a * a).sum(-1) + eps) * ((b * b).sum(-1) + eps)).sqrt()
    loss = where(y == 1, 1 - cosine, 0.0) + where(y == -1, _hinge(cosine - margin), 0.0)
    return _reduced(loss, legacy_reduction(reduction, size_average, reduce))


# ---- classes -------------------------------------------------------------------------------------------------------


def multi_margin_loss(
    input: Tensor,
    target: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Return ``sum(max(0, margin - x[y] + x[i])**p for i != y) / C`` for scores (N, C) and classes (N).

    Raises
    ------
    ValueError : p other than 1 and 2, or an unknown reduction.
    RuntimeError : classes or weights that do not fit the scores.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.multi_margin_loss(minitorch.tensor([[0.5, 0.5]]), minitorch.tensor([1]))
    tensor(0.5000)
    """
    x = float_arg("multi_margin_loss", input, "multi_margin_loss_cpu_kernel")
    y = tensor_arg("multi_margin_loss", target, "target", 2)
    reduction = legacy_reduction(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    rows = x if x._data.ndim > 1 else x.reshape(1, -1)
    count = rows._data.shape[1]
    _check_classes(x, y, rows._data.shape[0], count, weight)
    column = y.reshape(-1, 1)
    hinges = _hinge(margin - gather(rows, 1, column) + rows)
    others = wrap((column._data != np.arange(count)).astype(x._data.dtype))
    terms = (hinges * hinges if p == 2 else hinges) * others
    if weight is not None:
        terms = terms * weight[column]
    loss = terms.sum(1) / count
    return titled("MultiMarginLossBackward0", _reduced(loss if x._data.ndim > 1 else loss.reshape(()), reduction))


def _check_classes(x: Tensor, y: Tensor, rows: int, count: int, weight: Tensor | None) -> None:
    if y._data.size != rows or y._data.ndim > 1:
        raise RuntimeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input samples (batch "
            f"size). Expected target size [{rows}], but got {shape_text(y._data.shape)}. "
            f"Input has shape {shape_text(x._data.shape)}."
        )
    if y._data.size and not 0 <= int(y._data.min()) <= int(y._data.max()) < count:
        raise RuntimeError("target out of range")
    if weight is not None and weight._data.shape != (count,):
        raise RuntimeError(f"inconsistent weight size, expected {count} but got {shape_text(weight._data.shape)}")


def multilabel_margin_loss(
    input: Tensor, target: Tensor, size_average: Any = None, reduce: Any = None, reduction: str = "mean"
) -> Tensor:
    """Return hinges between every target class and every other class, divided by C.

    Scores (N, C) or (C); targets of the same shape hold classes up to the first -1.

    Raises
    ------
    RuntimeError : targets of another shape, or out of range.

    Examples
    --------
    >>> import minitorch
    >>> x, y = minitorch.tensor([[0.0, 0.5]]), minitorch.tensor([[1, -1]])
    >>> minitorch.nn.functional.multilabel_margin_loss(x, y)
    tensor(0.2500)
    """
    x, y = tensor_arg("multilabel_margin_loss", input), tensor_arg("multilabel_margin_loss", target, "target", 2)
    if x._data.shape != y._data.shape:
        raise RuntimeError(
            f"inconsistent target size: {shape_text(y._data.shape)} for input of size: {shape_text(x._data.shape)}"
        )
    count = x._data.shape[-1]
    classes, listed, is_target = _labels(y._data.reshape(-1, count))
    rows = x.reshape(-1, count)
    wanted = gather(rows, 1, wrap(classes))
    hinges = _hinge(1 - wanted.unsqueeze(2) + rows.unsqueeze(1))
    counts = wrap((listed[:, :, None] & ~is_target[:, None, :]).astype(x._data.dtype))
    loss = (hinges * counts).sum((1, 2)) / count
    result = _reduced(loss.reshape(x._data.shape[:-1]), legacy_reduction(reduction, size_average, reduce))
    return titled("MultilabelMarginLossBackward0", result)


def _labels(y: Array) -> tuple[Array, Array, Array]:
    """Return the listed classes (0 for the rest), which places list one, and which classes are listed."""
    if y.size and not -1 <= int(y.min()) <= int(y.max()) < y.shape[1]:
        raise RuntimeError("argument #2 'target' is out of range")
    listed = np.logical_and.accumulate(y >= 0, axis=1)
    classes = np.where(listed, y, 0).astype(np.int64)
    is_target = np.zeros(y.shape, bool)
    row, place = np.nonzero(listed)
    is_target[row, classes[row, place]] = True
    return classes, listed, is_target


def multilabel_soft_margin_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: Any = None,
    reduce: Any = None,
    reduction: str = "mean",
) -> Tensor:
    """Return the binary cross entropy of ``sigmoid(input)``, averaged over the classes (N, C).

    Examples
    --------
    >>> import minitorch
    >>> x, y = minitorch.zeros(1, 2), minitorch.tensor([[1.0, 0.0]])
    >>> minitorch.nn.functional.multilabel_soft_margin_loss(x, y)
    tensor(0.6931)
    """
    name = "multilabel_soft_margin_loss"
    x, y = tensor_arg(name, input), tensor_arg(name, target, "target", 2)
    loss = -(y * logsigmoid(x) + (1 - y) * logsigmoid(-x))
    loss = (loss if weight is None else loss * weight).mean(-1)
    return _reduced(loss, legacy_reduction(reduction, size_average, reduce))


# ---- records -------------------------------------------------------------------------------------------------------


def _signs(make: Make, *shape: int) -> Tensor:
    return wrap(np.where(make.bools(*shape)._data, 1.0, -1.0).astype(make.dtype.numpy))


def _hinge_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4, low=-1.9, apart=0.3), _signs(make, 3, 4)))
    yield Sample("sum", (make(5, low=-1.9, apart=0.7), _signs(make, 5), 0.5), {"reduction": "sum"})


def _soft_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4), _signs(make, 3, 4)))
    yield Sample("none", (make(2, 3), _signs(make, 2, 3)), {"reduction": "none"})


def _ranking_samples(make: Make) -> Iterator[Sample]:
    yield Sample("vectors", (make(4, apart=0.5), make(4, low=-1.9, apart=0.5), _signs(make, 4), 0.3))


def _cosine_samples(make: Make) -> Iterator[Sample]:
    yield Sample("rows", (make(4, 3, low=0.5), make(4, 3, low=0.4), _signs(make, 4), 0.1))
    yield Sample("vectors", (make(3, low=0.5), make(3, low=0.5), wrap(np.asarray(1))), {"reduction": "sum"})


def _multi_samples(make: Make) -> Iterator[Sample]:
    x = make(3, 4, apart=0.31)
    yield Sample("matrix", (x, make.ints(3, high=4)))
    yield Sample("squares", (x, make.ints(3, high=4), 2, 0.5, make(4, low=0.5).detach()), {"reduction": "none"})
    yield Sample("vector", (make(4, apart=0.31), make.ints(1, high=4)))


def _label_samples(make: Make) -> Iterator[Sample]:
    labels = wrap(np.array([[2, 0, -1, 3], [1, -1, -1, -1]]))
    yield Sample("matrix", (make(2, 4, apart=0.31), labels))
    yield Sample("vector", (make(4, apart=0.31), wrap(np.array([3, 1, -1, 0]))))


def _many_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4), make(3, 4, low=0.0, high=1.0)))
    yield Sample("weights", (make(3, 4), make(3, 4, low=0.0, high=1.0), make(4)), {"reduction": "none"})


def _plain_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2), make(3)), RuntimeError, "must match the size of tensor b")
    yield Failure((make(2), make(2)), ValueError, "x is not a valid value for reduction", {"reduction": "x"})


def _ranking_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2), make(2), make(2, 3)), RuntimeError, "All input tensors should have same dimension")


def _cosine_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3), make(2, 3), make(2, 3)), RuntimeError, "0D or 1D target tensor expected")
    yield Failure((make(3), make(3), make(2)), RuntimeError, "1D target tensor expects 2D input tensors")


def _multi_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3), make.ints(1, high=3)), RuntimeError, r"Expected target size \[2\], but got \[1\]")
    yield Failure((make(1, 3), wrap(np.array([5]))), RuntimeError, "target out of range")
    yield Failure((make(1, 3), wrap(np.array([0])), 3), ValueError, "only p == 1 and p == 2 supported")
    yield Failure((make(1, 3), wrap(np.array([0])), 1, 1.0, make(2)), RuntimeError, "inconsistent weight size")


def _label_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3), make.ints(3, high=3)), RuntimeError, "inconsistent target size")
    yield Failure((make(3), wrap(np.array([0, 1, 5]))), RuntimeError, "'target' is out of range")


for _fn, _samples, _failures in (
    (hinge_embedding_loss, _hinge_samples, _plain_failures),
    (soft_margin_loss, _soft_samples, _plain_failures),
    (margin_ranking_loss, _ranking_samples, _ranking_failures),
    (cosine_embedding_loss, _cosine_samples, _cosine_failures),
    (multi_margin_loss, _multi_samples, _multi_failures),
    (multilabel_margin_loss, _label_samples, _label_failures),
    (multilabel_soft_margin_loss, _many_samples, _plain_failures),
):
    _top = _fn in (hinge_embedding_loss, margin_ranking_loss, cosine_embedding_loss)
    register(_fn, samples=_samples, failures=_failures, methods=(), functional=True, top=_top, budget=8.0)
