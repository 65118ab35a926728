"""Datasets: samples by index, or one after the other."""

from __future__ import annotations

import math
import warnings
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Any, Generic, TypeVar

import numpy as np

from ...memory import Array
from ...random import Generator, default_generator
from ...tensor import Tensor, wrap

__all__ = ["ChainDataset", "ConcatDataset", "Dataset", "IterableDataset", "StackDataset", "Subset"]
__all__ += ["TensorDataset", "gatherer", "random_split"]

T_co = TypeVar("T_co", covariant=True)


class Dataset(Generic[T_co]):
    """Base class of datasets whose samples are found by index.

    Subclasses give ``__getitem__`` and, for the default samplers, ``__len__``; ``__getitems__(indices)`` may
    fetch a whole batch at once. Datasets are joined with ``+``.

    Examples
    --------
    >>> from minitorch.utils.data import Dataset
    >>> class Squares(Dataset):
    ...     def __len__(self):
    ...         return 4
    ...     def __getitem__(self, index):
    ...         return index**2
    >>> (Squares() + Squares())[5]
    1
    """

    def __getitem__(self, index: Any) -> T_co:
        raise NotImplementedError("Subclasses of Dataset should implement __getitem__.")

    def __add__(self, other: Dataset[Any]) -> Dataset[Any]:
        return ConcatDataset([self, other])


class IterableDataset(Dataset[T_co]):
    """Base class of datasets that give one sample after the other.

    Subclasses give ``__iter__``. Datasets are joined with ``+``.

    Examples
    --------
    >>> from minitorch.utils.data import DataLoader, IterableDataset
    >>> class Count(IterableDataset):
    ...     def __iter__(self):
    ...         return iter(range(5))
    >>> list(DataLoader(Count(), batch_size=3))
    [tensor([0, 1, 2]), tensor([3, 4])]
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError("Subclasses of IterableDataset should implement __iter__.")

    def __add__(self, other: Dataset[Any]) -> Dataset[Any]:
        return ChainDataset([self, other])


class TensorDataset(Dataset[tuple[Tensor, ...]]):
    """Tensors of equal length; sample i is the tuple of their i-th elements.

    Parameters
    ----------
    *tensors : Tensor
        Tensors of shape ``(N, ...)``; AssertionError if their first sizes differ.

    Examples
    --------
    >>> import minitorch
    >>> dataset = minitorch.utils.data.TensorDataset(minitorch.zeros(3, 2), minitorch.arange(3))
    >>> len(dataset), dataset[1]
    (3, (tensor([0., 0.]), tensor(1)))
    """

    def __init__(self, *tensors: Tensor) -> None:
        if any(tensor.size(0) != tensors[0].size(0) for tensor in tensors):
            raise AssertionError("Size mismatch between tensors")
        self.tensors = tensors

    def __getitem__(self, index: Any) -> tuple[Tensor, ...]:
        return tuple(tensor[index] for tensor in self.tensors)

    def __len__(self) -> int:
        return int(self.tensors[0].size(0))

    def _gather(self, indices: Array) -> list[Tensor]:
        """Return the collated batch of some samples, by one gather for each tensor."""
        return [wrap(np.take(tensor._data, indices, axis=0)) for tensor in self.tensors]


class StackDataset(Dataset[Any]):
    """Datasets side by side; sample i is the tuple (or dict) of their i-th samples.

    Parameters
    ----------
    *args, **kwargs : Dataset
        Datasets of equal length, all by position or all by name (else ValueError).

    Examples
    --------
    >>> from minitorch.utils.data import StackDataset
    >>> StackDataset(image=[1, 2], label=["a", "b"])[1]
    {'image': 2, 'label': 'b'}
    """

    datasets: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if args and kwargs:
            raise ValueError(
                "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like input/output, "
                "but "
                "both types are given."
            )
        if not args and not kwargs:
            raise ValueError("At least one dataset should be passed")
        self.datasets = args or kwargs
        sizes = [len(dataset) for dataset in self._members()]
        if len(set(sizes)) != 1:
            raise ValueError("Size mismatch between datasets")
        self._length = sizes[0]

    def _members(self) -> list[Any]:
        return list(self.datasets.values() if isinstance(self.datasets, dict) else self.datasets)

    def _joined(self, samples: Iterable[Any]) -> Any:
        return dict(zip(self.datasets, samples)) if isinstance(self.datasets, dict) else tuple(samples)

    def __getitem__(self, index: Any) -> Any:
        return self._joined(dataset[index] for dataset in self._members())

    def __getitems__(self, indices: list[Any]) -> list[Any]:
        columns = [_fetch(dataset, indices) for dataset in self._members()]
        return [self._joined(samples) for samples in zip(*columns)]

    def __len__(self) -> int:
        return self._length


def _fetch(dataset: Any, indices: list[Any]) -> list[Any]:
    """Return some samples, at once if the dataset can."""
    if callable(getattr(dataset, "__getitems__", None)):
        samples: list[Any] = dataset.__getitems__(indices)
        if len(samples) != len(indices):
            raise ValueError(f"Nested dataset's output size mismatch. Expected {len(indices)}, got {len(samples)}")
        return samples
    return [dataset[index] for index in indices]


class ConcatDataset(Dataset[T_co]):
    """Datasets one after the other.

    Parameters
    ----------
    datasets : iterable of Dataset
        Datasets with a length; AssertionError for none or an iterable one.

    Examples
    --------
    >>> from minitorch.utils.data import ConcatDataset
    >>> joined = ConcatDataset(["ab", "cde"])
    >>> len(joined), joined[3], joined[-1]
    (5, 'd', 'e')
    """

    datasets: list[Any]
    cumulative_sizes: list[int]

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = list(datasets)
        if not self.datasets:
            raise AssertionError("datasets should not be an empty iterable")
        if any(isinstance(dataset, IterableDataset) for dataset in self.datasets):
            raise AssertionError("ConcatDataset does not support IterableDataset")
        self.cumulative_sizes = list(accumulate(len(dataset) for dataset in self.datasets))

    def __len__(self) -> int:
        return self.cumulative_sizes[-1]

    def __getitem__(self, index: int) -> T_co:
        if index < 0:
            if -index > len(self):
                raise ValueError("absolute value of index should not exceed dataset length")
            index += len(self)
        place = bisect_right(self.cumulative_sizes, index)
        before = self.cumulative_sizes[place - 1] if place else 0
        return self.datasets[place][index - before]

    @property
    def cummulative_sizes(self) -> list[int]:
        """The old spelling of ``cumulative_sizes``."""
        warnings.warn("`cummulative_sizes` attribute is renamed to `cumulative_sizes`", FutureWarning, stacklevel=2)
        return self.cumulative_sizes


class ChainDataset(IterableDataset[Any]):
    """Iterable datasets one after the other.

    Parameters
    ----------
    datasets : iterable of IterableDataset
        The datasets; AssertionError, when they are read, for another kind.

    Examples
    --------
    >>> from minitorch.utils.data import ChainDataset, IterableDataset
    >>> class Count(IterableDataset):
    ...     def __iter__(self):
    ...         return iter(range(2))
    >>> list(ChainDataset([Count(), Count()]))
    [0, 1, 0, 1]
    """

    def __init__(self, datasets: Iterable[Any]) -> None:
        self.datasets = datasets

    def _checked(self) -> Iterator[Any]:
        for dataset in self.datasets:
            if not isinstance(dataset, IterableDataset):
                raise AssertionError("ChainDataset only supports IterableDataset")
            yield dataset

    def __iter__(self) -> Iterator[Any]:
        for dataset in self._checked():
            yield from dataset

    def __len__(self) -> int:
        return sum(len(dataset) for dataset in self._checked())


class Subset(Dataset[T_co]):
    """Some samples of a dataset.

    Parameters
    ----------
    dataset : Dataset
        The whole dataset.
    indices : sequence of int
        The samples, in the order in which the subset has them.

    Examples
    --------
    >>> from minitorch.utils.data import Subset
    >>> Subset("abcde", [4, 0])[0]
    'e'
    """

    def __init__(self, dataset: Any, indices: Sequence[int]) -> None:
        self.dataset = dataset
        self.indices = indices

    def __getitem__(self, index: Any) -> T_co:
        if isinstance(index, list):
            return self.dataset[[self.indices[i] for i in index]]
        return self.dataset[self.indices[index]]

    def __getitems__(self, indices: list[int]) -> list[T_co]:
        chosen = [self.indices[index] for index in indices]
        if callable(getattr(self.dataset, "__getitems__", None)):
            return self.dataset.__getitems__(chosen)
        return [self.dataset[index] for index in chosen]

    def __len__(self) -> int:
        return len(self.indices)

    def _gather(self, indices: Array) -> Any:
        chosen = np.asarray([self.indices[index] for index in indices.tolist()])
        return self.dataset._gather(chosen)


def gatherer(dataset: Any) -> Any:
    """Return the method that gathers a collated batch in one go; None if only samples can be had.

    Only the classes themselves qualify, not subclasses, which may change what a sample is; and only tensors
    that need no gradients, since the gather leaves no trace on the tape.
    """
    inner = dataset
    while type(inner) is Subset:
        inner = inner.dataset
    if type(inner) is not TensorDataset or not inner.tensors:
        return None
    plain = all(type(tensor) is Tensor and not tensor.requires_grad for tensor in inner.tensors)
    return dataset._gather if plain else None


def random_split(
    dataset: Any, lengths: Sequence[int | float], generator: Generator | None = default_generator
) -> list[Subset[Any]]:
    """Split a dataset at random into parts that do not overlap, in torch's order for the generator's seed.

    Parameters
    ----------
    dataset : Dataset
        The whole dataset.
    lengths : sequence
        The parts' lengths, or fractions that sum to 1; what rounding leaves over goes to the first parts.
    generator : Generator, optional
        Source of the order.

    Raises
    ------
    ValueError
        For a fraction outside 0 to 1 or lengths that do not sum to the dataset's.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.utils.data import random_split
    >>> parts = random_split(range(10), [0.3, 0.7], minitorch.Generator().manual_seed(0))
    >>> [part.indices for part in parts]
    [[4, 1, 7], [5, 3, 9, 0, 8, 6, 2]]
    """
    total = len(dataset)
    if math.isclose(sum(lengths), 1) and sum(lengths) <= 1:
        lengths = _whole(lengths, total)
    if sum(lengths) != total:
        raise ValueError("Sum of input lengths does not equal the length of the input dataset!")
    order = (generator or default_generator).randperm(total).tolist()
    ends = accumulate(int(length) for length in lengths)
    return [Subset(dataset, order[end - int(n) : end]) for end, n in zip(ends, lengths)]


def _whole(fractions: Sequence[float], total: int) -> list[int]:
    """Turn fractions into lengths that sum to the total."""
    for i, fraction in enumerate(fractions):
        if not 0 <= fraction <= 1:
            raise ValueError(f"Fraction at index {i} is not between 0 and 1")
    lengths = [math.floor(total * fraction) for fraction in fractions]
    for i in range(total - sum(lengths)):
        lengths[i % len(lengths)] += 1
    for i, length in enumerate(lengths):
        if length == 0:
            warnings.warn(f"Length of split at index {i} is 0. This might result in an empty dataset.", stacklevel=3)
    return lengths
