"""Sequences of different lengths: padded to one length, or packed without padding for recurrent layers.

A packed batch holds the first element of every sequence, then the second of those that have one, and so on, the longest
sequence first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import numpy as np

from ...ops.create import full, tensor
from ...ops.join import cat, stack
from ...tensor import Tensor, wrap

__all__ = [
    "PackedSequence", "invert_permutation", "pack_padded_sequence", "pack_sequence", "pad_packed_sequence",
    "pad_sequence", "unpack_sequence", "unpad_sequence",
]  # fmt: skip


class _Fields(NamedTuple):
    data: Tensor
    batch_sizes: Tensor
    sorted_indices: Tensor | None = None
    unsorted_indices: Tensor | None = None


_Fields.__name__ = "PackedSequence"  # what repr shows


class PackedSequence(_Fields):
    """A batch of sequences without padding, as recurrent layers take it; made by ``pack_padded_sequence``.

    Attributes
    ----------
    data : (sum of lengths, *), time step after time step.
    batch_sizes : int64 (longest length), the sequences that reach each step.
    sorted_indices, unsorted_indices : int64 (B) or None, the order of the sequences in ``data``, and back.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.nn.utils.rnn import pack_sequence
    >>> pack_sequence([minitorch.tensor([1, 2, 3]), minitorch.tensor([4])]).data
    tensor([1, 4, 2, 3])
    """

    def __new__(
        cls,
        data: Tensor,
        batch_sizes: Tensor | None = None,
        sorted_indices: Tensor | None = None,
        unsorted_indices: Tensor | None = None,
    ) -> PackedSequence:
        """Return the record; ``unsorted_indices`` follow from ``sorted_indices`` if they are not given."""
        if batch_sizes is None:
            data, batch_sizes = data
        if unsorted_indices is None:
            unsorted_indices = invert_permutation(sorted_indices)
        return super().__new__(cls, data, batch_sizes, sorted_indices, unsorted_indices)

    def to(self, *args: Any, **kwargs: Any) -> PackedSequence:
        """Return the sequence with its data converted as by ``Tensor.to``."""
        data = self.data.to(*args, **kwargs)
        return self if data is self.data else type(self)(data, *self[1:])

    def double(self) -> PackedSequence:
        """Return the sequence with float64 data."""
        return self.to(self.data.double().dtype)

    def float(self) -> PackedSequence:
        """Return the sequence with float32 data."""
        return self.to(self.data.float().dtype)

    def cpu(self) -> PackedSequence:
        """Return the sequence: all memory is the CPU's."""
        return self

    def pin_memory(self) -> PackedSequence:
        """Return the sequence: there is no device to copy to."""
        return self

    @property
    def is_cuda(self) -> bool:
        """Whether the data are on a GPU: never."""
        return False

    def is_pinned(self) -> bool:
        """Return whether the data are in pinned memory: never."""
        return False


def invert_permutation(permutation: Tensor | None) -> Tensor | None:
    """Return the permutation that undoes another; None for None.

    >>> import minitorch
    >>> invert_permutation(minitorch.tensor([2, 0, 1]))
    tensor([1, 2, 0])
    """
    return None if permutation is None else wrap(np.argsort(permutation._data, kind="stable"))


def pack_padded_sequence(
    input: Tensor, lengths: Any, batch_first: bool = False, enforce_sorted: bool = True
) -> PackedSequence:
    """Pack a padded batch (T, B, *), or (B, T, *) with ``batch_first``, given the sequences' lengths.

    Raises
    ------
    RuntimeError : lengths that do not fit the batch, are not positive, or do not descend with ``enforce_sorted``.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.nn.utils.rnn import pack_padded_sequence
    >>> pack_padded_sequence(minitorch.tensor([[1, 2], [3, 0]]), [2, 1], batch_first=True).batch_sizes
    tensor([2, 1])
    """
    sizes = np.asarray(lengths.numpy() if isinstance(lengths, Tensor) else lengths, np.int64)
    order = None
    if not enforce_sorted:
        order = np.argsort(-sizes, kind="stable")
        sizes = sizes[order]
        input = input.index_select(0 if batch_first else 1, wrap(order))
    steps = input.transpose(0, 1) if batch_first else input
    _check_lengths(steps, sizes)
    batch_sizes = (sizes[None, :] > np.arange(sizes[0])[:, None]).sum(1)
    batch = steps.shape[1]
    rows = np.concatenate([t * batch + np.arange(n) for t, n in enumerate(batch_sizes)])
    data = steps.reshape(steps.shape[0] * batch, *steps.shape[2:]).index_select(0, wrap(rows))
    return PackedSequence(data, wrap(batch_sizes), None if order is None else wrap(order))


def _check_lengths(steps: Tensor, sizes: Any) -> None:
    time, batch = steps.shape[:2]
    if not steps.numel():
        raise RuntimeError("Cannot pack empty tensors.")
    if len(sizes) != batch:
        raise RuntimeError(
            f"Expected `len(lengths)` to be equal to batch_size, but got {len(sizes)} (batch_size={batch})"
        )
    if sizes.min() <= 0:
        raise RuntimeError(
            "Length of all samples has to be greater than 0, but found an element in 'lengths' that is <= 0"
        )
    if (np.diff(sizes) > 0).any():
        raise RuntimeError(
            "`lengths` array must be sorted in decreasing order when `enforce_sorted` is True. You can pass "
            "`enforce_sorted=False` to pack_padded_sequence and/or pack_sequence to sidestep this requirement if you "
            "do not need ONNX exportability."
        )
    if sizes[0] > time:
        raise RuntimeError(f"Expected lengths of at most {time}, the padded length, but got {sizes[0]}")


def pad_packed_sequence(
    sequence: PackedSequence,
    batch_first: bool = False,
    padding_value: float = 0.0,
    total_length: int | None = None,
) -> tuple[Tensor, Tensor]:
    """Return the padded batch (T, B, *), or (B, T, *), and the lengths (B): the inverse of packing.

    Raises
    ------
    ValueError : a ``total_length`` below the longest length.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.nn.utils.rnn import pack_sequence, pad_packed_sequence
    >>> packed = pack_sequence([minitorch.tensor([1, 2]), minitorch.tensor([3])])
    >>> pad_packed_sequence(packed, batch_first=True)
    (tensor([[1, 2],
            [3, 0]]), tensor([2, 1]))
    """
    data, sizes = sequence.data, sequence.batch_sizes.numpy()
    longest = len(sizes)
    if total_length is not None and total_length < longest:
        raise ValueError(
            "Expected total_length to be at least the length of the longest sequence in input, but got "
            f"total_length={total_length} and max sequence length being {longest}"
        )
    time, batch = total_length or longest, int(sizes[0])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    rows = np.full((time, batch), data.shape[0])  # the row behind the data holds the padding
    reaches = np.arange(batch) < sizes[:, None]
    rows[:longest][reaches] = (starts[:, None] + np.arange(batch))[reaches]
    padding = full((1, *data.shape[1:]), padding_value, dtype=data.dtype)
    padded = cat([data, padding]).index_select(0, wrap(rows.ravel())).reshape(time, batch, *data.shape[1:])
    lengths = wrap(reaches.sum(0))
    padded = padded.transpose(0, 1) if batch_first else padded
    order = sequence.unsorted_indices
    return (padded, lengths) if order is None else (padded.index_select(0 if batch_first else 1, order), lengths[order])


def pad_sequence(
    sequences: Any, batch_first: bool = False, padding_value: float = 0.0, padding_side: str = "right"
) -> Tensor:
    """Stack sequences (L_i, *) into (T, B, *), or (B, T, *) with ``batch_first``, filled up to the longest.

    Raises
    ------
    RuntimeError : sequences that are no tensors, or differ in more than their length.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.nn.utils.rnn import pad_sequence
    >>> pad_sequence([minitorch.tensor([1, 2]), minitorch.tensor([3])], batch_first=True)
    tensor([[1, 2],
            [3, 0]])
    """
    if not isinstance(sequences, Iterable):
        raise RuntimeError(
            f"pad_sequence: Expected iterable for input sequences, but got arg of type: {type(sequences)}"
        )
    if padding_side not in ("left", "right"):
        raise RuntimeError(f"Expected padding_side to be one of left or right, but got {padding_side}.")
    given = list(sequences)
    if not given:
        raise RuntimeError("received an empty list of sequences")
    longest = max(s.shape[0] for s in given)
    padded = []
    for s in given:
        missing = full((longest - s.shape[0], *given[0].shape[1:]), padding_value, dtype=s.dtype)
        padded.append(cat([missing, s] if padding_side == "left" else [s, missing]))
    return stack(padded, 0 if batch_first else 1)


def unpad_sequence(padded_sequences: Tensor, lengths: Tensor, batch_first: bool = False) -> list[Tensor]:
    """Return the sequences of a padded batch, without their padding.

    >>> import minitorch
    >>> from minitorch.nn.utils.rnn import unpad_sequence
    >>> unpad_sequence(minitorch.tensor([[1, 2], [3, 0]]), minitorch.tensor([2, 1]), batch_first=True)
    [tensor([1, 2]), tensor([3])]
    """
    rows = padded_sequences if batch_first else padded_sequences.transpose(0, 1)
    return [row[: int(n)] for row, n in zip(rows, lengths)]


def pack_sequence(sequences: Sequence[Tensor], enforce_sorted: bool = True) -> PackedSequence:
    """Pack sequences (L_i, *), which must come longest first unless ``enforce_sorted`` is False.

    >>> import minitorch
    >>> from minitorch.nn.utils.rnn import pack_sequence
    >>> pack_sequence([minitorch.tensor([1]), minitorch.tensor([2, 3])], enforce_sorted=False).data
    tensor([2, 1, 3])
    """
    lengths = tensor([s.shape[0] for s in sequences])
    return pack_padded_sequence(pad_sequence(sequences), lengths, enforce_sorted=enforce_sorted)


def unpack_sequence(packed_sequences: PackedSequence) -> list[Tensor]:
    """Return the sequences of a packed batch, in their first order.

    >>> import minitorch
    >>> from minitorch.nn.utils.rnn import pack_sequence, unpack_sequence
    >>> unpack_sequence(pack_sequence([minitorch.tensor([1, 2]), minitorch.tensor([3])]))
    [tensor([1, 2]), tensor([3])]
    """
    padded, lengths = pad_packed_sequence(packed_sequences, batch_first=True)
    return unpad_sequence(padded, lengths, batch_first=True)
