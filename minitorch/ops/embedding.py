"""Tables of vectors looked up by index, singly and in bags, and one-hot rows.

A lookup and the sum of rows by index are each other's gradient, so every order of derivative exists.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..memory import Array
from ..op import Failure, Make, Op, Sample, Widening, register
from ..tape import recording
from ..tensor import wrap
from ._common import Tensor, apply, tensor_arg
from ._pick import add_at, pick
from ._titles import titled
from .gather import gather

__all__ = ["embedding", "embedding_bag", "one_hot"]

# ---- lookup and its gradient ---------------------------------------------------------------------------------------


def _take_fwd(table: Array, index: Array, share: Array | None) -> Array:
    return pick(table, (index,))


def _take_vjp(node: Any, g: Tensor) -> Tensor:
    index, share = node.params
    if share is not None:  # padding gets nothing; frequent rows may get a part of each occurrence
        g = g * wrap(share.astype(g._data.dtype)[..., None])
    return apply(ADD_ROWS, (g,), (index, node.in_shape(0)[0]))


def _add_fwd(rows: Array, index: Array, count: int) -> Array:
    """Sum rows (*, D) with the same index, in order: (count, D)."""
    out = np.zeros((count, rows.shape[-1]), rows.dtype)
    add_at(out, (index,), rows)
    return out


def _add_vjp(node: Any, gg: Tensor) -> Tensor:
    return apply(TAKE_ROWS, (gg,), (node.params[0], None))


TAKE_ROWS = Op("embedding", _take_fwd, _take_vjp)
ADD_ROWS = Widening("embedding_dense_backward", _add_fwd, _add_vjp)


def _checked(op: str, index: Tensor, table: Tensor) -> Array:
    """Return the indices as an array; torch's errors for a wrong type, or one out of range."""
    if index._data.dtype.kind != "i" or index._data.dtype.itemsize < 4:
        raise RuntimeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: Long, Int; "
            f"but got {index.type()} instead (while checking arguments for {op})"
        )
    if table._data.ndim != 2:
        raise RuntimeError("'weight' must be 2-D")
    found: Array = index._data
    if found.size and (int(found.min()) < 0 or int(found.max()) >= table._data.shape[0]):
        raise IndexError("index out of range in self")
    return found


def _padding(padding_idx: int | None, count: int, op: str) -> int | None:
    if padding_idx is None:
        return None
    if not -count <= padding_idx < count:
        name = "Padding_idx" if op == "embedding" else "padding_idx"
        raise AssertionError(f"{name} must be within num_embeddings")
    return padding_idx % max(count, 1)


def _share(index: Array, padding: int | None, by_frequency: bool) -> Array | None:
    """Return the part of its gradient that each looked-up row passes on."""
    if padding is None and not by_frequency:
        return None
    share = np.ones(index.shape)
    if by_frequency:
        _, place, count = np.unique(index, return_inverse=True, return_counts=True)
        share = 1.0 / count[place.reshape(index.shape)]
    return share if padding is None else np.where(index == padding, 0.0, share)


def _limit_norms(table: Tensor, index: Array, max_norm: float, norm_type: float) -> None:
    """Scale rows about to be looked up down to a norm, in place and off the tape, as torch does."""
    rows = np.unique(index)
    with recording(False):
        lengths = table[wrap(rows)].norm(norm_type, dim=1)._data
        long = rows[lengths > max_norm]
        if long.size:
            scale = max_norm / (lengths[lengths > max_norm] + 1e-7)
            table._data[long] *= scale.astype(table._data.dtype)[:, None]
            table._storage.written()


def embedding(
    input: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
    sparse: bool = False,
) -> Tensor:
    """Look up rows of a table: integers (*) and weight (V, D) to (*, D).

    Parameters
    ----------
    padding_idx : index whose row gets no gradient.
    max_norm, norm_type : rows that are looked up are first scaled down, in place, to this norm.
    scale_grad_by_freq : divide gradients by how often the index occurs.
    sparse : accepted; gradients are dense.

    Raises
    ------
    IndexError : an index outside of the table.
    RuntimeError : indices that are not int32 or int64, or a table that is not 2-d.

    Examples
    --------
    >>> import minitorch
    >>> table = minitorch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> minitorch.nn.functional.embedding(minitorch.tensor([1, 0]), table)
    tensor([[3., 4.],
            [1., 2.]])
    """
    index = _checked("embedding", tensor_arg("embedding", input), tensor_arg("embedding", weight, "weight", 2))
    padding = _padding(padding_idx, weight._data.shape[0], "embedding")
    if max_norm is not None:
        _limit_norms(weight, index, max_norm, norm_type)
    return apply(TAKE_ROWS, (weight,), (index, _share(index, padding, scale_grad_by_freq)))


# ---- bags ----------------------------------------------------------------------------------------------------------


def embedding_bag(
    input: Tensor,
    weight: Tensor,
    offsets: Tensor | None = None,
    max_norm: float | None = None,
    norm_type: float = 2,
    scale_grad_by_freq: bool = False,
    mode: str = "mean",
    sparse: bool = False,
    per_sample_weights: Tensor | None = None,
    include_last_offset: bool = False,
    padding_idx: int | None = None,
) -> Tensor:
    """Look up rows and reduce those of each bag by 'sum', 'mean' or 'max': (B, N) and (V, D) to (B, D).

    A 1-d input holds all bags one after the other; ``offsets`` (B) says where each starts. Empty bags give 0.

    Raises
    ------
    ValueError : an unknown mode, or shapes and options that do not go together.
    IndexError : an index outside of the table.
    RuntimeError : offsets that do not start at 0 or leave the input.

    Examples
    --------
    >>> import minitorch
    >>> table = minitorch.tensor([[1.0, 2.0], [3.0, 4.0]])
    >>> minitorch.nn.functional.embedding_bag(minitorch.tensor([[0, 1]]), table)
    tensor([[2., 3.]])
    """
    _check_bag_options(input, per_sample_weights, mode, scale_grad_by_freq)
    index, bag, bags = _bags(input, offsets, include_last_offset)
    index = _checked("embedding_bag", wrap(index), weight)
    padding = _padding(padding_idx, weight._data.shape[0], "embedding_bag")
    if max_norm is not None:
        _limit_norms(weight, index, max_norm, norm_type)
    kept = np.flatnonzero(index != padding)  # all of them without padding
    index, bag = index[kept], bag[kept]
    rows: Tensor = apply(TAKE_ROWS, (weight,), (index, _share(index, None, scale_grad_by_freq)))
    if mode == "max":
        return titled("EmbeddingBagBackward0", _bag_maxima(rows, bag, bags))
    if per_sample_weights is not None:
        rows = rows * per_sample_weights.reshape(-1)[wrap(kept)].unsqueeze(1)
    total: Tensor = apply(ADD_ROWS, (rows,), (bag, bags))
    if mode == "sum":
        return titled("EmbeddingBagBackward0", total)
    counts = np.maximum(np.bincount(bag, minlength=bags), 1)
    return titled("EmbeddingBagBackward0", total / wrap(counts.astype(total._data.dtype)[:, None]))


def _check_bag_options(input: Tensor, weights: Tensor | None, mode: str, by_frequency: bool) -> None:
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and by_frequency:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if weights is None:
        return
    if weights._data.shape != input._data.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({weights.shape}) is not None, then it must have the same shape as "
            f"the input ({input.shape})"
        )
    if mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported for mode='sum' "
            f"(got mode='{mode}')."
        )


def _bags(input: Tensor, offsets: Tensor | None, include_last: bool) -> tuple[Array, Array, int]:
    """Return all indices in a row, the bag of each, and the number of bags."""
    shape = input._data.shape
    if len(shape) == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch of fixed length "
                f"sequences. However, found offsets of type {type(offsets)}"
            )
        return input._data.ravel(), np.repeat(np.arange(shape[0]), shape[1]), shape[0]
    if len(shape) != 1:
        raise ValueError(f"input has to be 1D or 2D Tensor, but got Tensor of dimension {len(shape)}")
    if offsets is None or offsets._data.ndim != 1:
        raise ValueError(f"offsets has to be a 1D Tensor but got {None if offsets is None else offsets.dim()}")
    starts = _checked_offsets(offsets._data, shape[0])
    bags = starts.size - include_last
    return input._data, np.searchsorted(starts[:bags], np.arange(shape[0]), side="right") - 1, bags


def _checked_offsets(starts: Array, size: int) -> Array:
    if starts.size and starts[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from position 0. "
            f"However, got {starts[0]}"
        )
    if starts.size and starts[-1] > size:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {size} but got offsets[-1] of {starts[-1]}"
        )
    return starts


def _bag_maxima(rows: Tensor, bag: Array, bags: int) -> Tensor:
    """Return each bag's maxima: the winning rows are found on arrays, then gathered on the tape."""
    winners = np.zeros((bags, rows._data.shape[1]), np.int64)
    filled = np.bincount(bag, minlength=bags) > 0
    for b in np.flatnonzero(filled):
        members = np.flatnonzero(bag == b)
        winners[b] = members[rows._data[members].argmax(0)]
    if not rows._data.shape[0]:
        return rows.new_zeros(winners.shape)
    return gather(rows, 0, wrap(winners)) * wrap(filled.astype(rows._data.dtype)[:, None])


# ---- one-hot -------------------------------------------------------------------------------------------------------


def one_hot(input: Tensor, num_classes: int = -1) -> Tensor:
    """Return rows with 1 at the class and 0 elsewhere: int64 (*) to int64 (*, num_classes).

    Raises
    ------
    RuntimeError : values that are not int64, negative, or not below ``num_classes``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.one_hot(minitorch.tensor([0, 2]))
    tensor([[1, 0, 0],
            [0, 0, 1]])
    """
    values = tensor_arg("one_hot", input)._data
    if values.dtype != np.int64:
        raise RuntimeError("one_hot is only applicable to index tensor of type LongTensor.")
    if not values.size and num_classes <= 0:
        raise RuntimeError("Can not infer total number of classes from empty tensor.")
    if values.size and int(values.min()) < 0:
        raise RuntimeError("Class values must be non-negative.")
    count = int(values.max()) + 1 if num_classes < 0 else num_classes
    if values.size and int(values.max()) >= count:
        raise RuntimeError("Class values must be smaller than num_classes.")
    return wrap((values[..., None] == np.arange(count)).astype(np.int64))


# ---- records -------------------------------------------------------------------------------------------------------


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make.ints(2, 3, high=5), make(5, 4)))
    # the gradients of padding and of repeated rows are not derivatives, so neither occurs here
    yield Sample("padding", (make.ints(6, high=3), make(4, 2), 3))
    yield Sample("by frequency", (wrap(np.array([2, 0])), make(4, 2)), {"scale_grad_by_freq": True, "padding_idx": -1})
    yield Sample("zero size", (make.ints(0, high=3), make(3, 2)))


def _bag_samples(make: Make) -> Iterator[Sample]:
    rows = make.ints(2, 3, high=5)
    yield Sample("mean", (rows, make(5, 4)))
    yield Sample("sum", (rows, make(5, 4)), {"mode": "sum", "per_sample_weights": make(2, 3), "padding_idx": 0})
    yield Sample("max", (rows, make(5, 4, apart=0.2)), {"mode": "max"})
    yield Sample("offsets", (make.ints(5, high=5), make(5, 2), wrap(np.array([0, 2, 2]))))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((wrap(np.array([5])), make(3, 2)), IndexError, "index out of range in self")
    yield Failure((make(2), make(3, 2)), RuntimeError, "scalar types: Long, Int; but got torch.")
    yield Failure((make.ints(2, high=3), make(3)), RuntimeError, "'weight' must be 2-D")
    yield Failure((make.ints(2, high=3), make(3, 2), 7), AssertionError, "Padding_idx must be within num_embeddings")


def _bag_failures(make: Make) -> Iterator[Failure]:
    one, two = make.ints(3, high=3), make.ints(1, 3, high=3)
    yield Failure((one, make(3, 2)), ValueError, "offsets has to be a 1D Tensor but got None")
    yield Failure((two, make(3, 2), wrap(np.array([0]))), ValueError, "if input is 2D, then offsets has to be None")
    yield Failure((one, make(3, 2), wrap(np.array([1]))), RuntimeError, r"offsets\[0\] has to be 0")
    yield Failure((two, make(3, 2)), ValueError, "mode has to be one of sum, mean or max", {"mode": "min"})


def _hot_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2),), RuntimeError, "only applicable to index tensor of type LongTensor")
    yield Failure((wrap(np.array([0, 2])), 2), RuntimeError, "must be smaller than num_classes")
    yield Failure((wrap(np.array([-1])),), RuntimeError, "must be non-negative")


register(embedding, samples=_samples, failures=_failures, methods=(), functional=True, top=False)
register(embedding_bag, samples=_bag_samples, failures=_bag_failures, methods=(), functional=True, top=False)
register(one_hot, failures=_hot_failures, methods=(), functional=True, top=False, differentiable=False)
