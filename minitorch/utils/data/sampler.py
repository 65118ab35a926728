"""Samplers: in which order a loader asks for samples."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence, Sized
from itertools import islice
from typing import Any, Generic, TypeVar

import numpy as np

from ...dtypes import float64
from ...ops.create import as_tensor
from ...random import Generator, default_generator
from ...tensor import Tensor

__all__ = ["BatchSampler", "RandomSampler", "Sampler", "SequentialSampler", "SubsetRandomSampler"]
__all__ += ["WeightedRandomSampler", "draw_seed"]

T_co = TypeVar("T_co", covariant=True)

_CHUNK = 32  # torch draws with replacement so many at a time, which decides what an unfinished epoch has consumed


def draw_seed(generator: Any) -> int:
    """Draw a seed for another stream, as torch's loaders and samplers do: 63 bits of the generator."""
    return int((generator or default_generator).random_(np.empty((), np.int64)))


class Sampler(Generic[T_co]):
    """Base class of samplers: ``__iter__`` gives indices (or lists of them), ``__len__`` their number.

    Examples
    --------
    >>> from minitorch.utils.data import DataLoader, Sampler
    >>> class Backwards(Sampler):
    ...     def __init__(self, data):
    ...         self.data = data
    ...     def __iter__(self):
    ...         return iter(reversed(range(len(self.data))))
    >>> list(DataLoader([1, 2, 3], batch_size=3, sampler=Backwards([1, 2, 3])))
    [tensor([3, 2, 1])]
    """

    def __iter__(self) -> Iterator[T_co]:
        raise NotImplementedError


class SequentialSampler(Sampler[int]):
    """The indices in their order.

    Parameters
    ----------
    data_source : sized
        The dataset.

    Examples
    --------
    >>> from minitorch.utils.data import SequentialSampler
    >>> list(SequentialSampler("abc"))
    [0, 1, 2]
    """

    def __init__(self, data_source: Sized) -> None:
        self.data_source = data_source

    def __iter__(self) -> Iterator[int]:
        return iter(range(len(self.data_source)))

    def __len__(self) -> int:
        return len(self.data_source)


class RandomSampler(Sampler[int]):
    """The indices in random order, torch's for the same seed.

    Parameters
    ----------
    data_source : sized
        The dataset.
    replacement : bool, default False
        Whether an index may come again.
    num_samples : int, optional
        How many to draw; the dataset's length by default. More than that begin a new order.
    generator : Generator, optional
        Source of the order. Without it, every epoch draws the seed of a stream of its own.

    Raises
    ------
    TypeError, ValueError
        For arguments of another kind, and for an empty dataset.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.utils.data import RandomSampler
    >>> list(RandomSampler(range(10), generator=minitorch.Generator().manual_seed(1)))
    [5, 6, 1, 2, 0, 8, 9, 3, 7, 4]
    """

    def __init__(
        self,
        data_source: Sized,
        replacement: bool = False,
        num_samples: int | None = None,
        generator: Generator | None = None,
    ) -> None:
        self.data_source = data_source
        self.replacement = replacement
        self._num_samples = num_samples
        self.generator = generator
        if not isinstance(replacement, bool):
            raise TypeError(f"replacement should be a boolean value, but got replacement={replacement}")
        check_positive("num_samples", self.num_samples)

    @property
    def num_samples(self) -> int:
        """How many indices an epoch has."""
        return len(self.data_source) if self._num_samples is None else self._num_samples

    def __iter__(self) -> Iterator[int]:
        generator = self.generator or Generator().manual_seed(draw_seed(None))
        n = len(self.data_source)
        if self.replacement:
            for start in range(0, self.num_samples, _CHUNK):
                yield from generator.randint(0, n, (min(_CHUNK, self.num_samples - start),)).tolist()
            return
        for _ in range(self.num_samples // n):
            yield from generator.randperm(n).tolist()
        # The order is drawn even if nothing of it is needed: torch's next epoch starts after it.
        yield from generator.randperm(n).tolist()[: self.num_samples % n]

    def __len__(self) -> int:
        return self.num_samples


class SubsetRandomSampler(Sampler[int]):
    """Given indices in random order.

    Parameters
    ----------
    indices : sequence of int
        The indices.
    generator : Generator, optional
        Source of the order.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.utils.data import SubsetRandomSampler
    >>> list(SubsetRandomSampler([3, 4, 5, 6], minitorch.Generator().manual_seed(1)))
    [4, 6, 5, 3]
    """

    def __init__(self, indices: Sequence[int], generator: Generator | None = None) -> None:
        self.indices = indices
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        for place in (self.generator or default_generator).randperm(len(self.indices)).tolist():
            yield self.indices[place]

    def __len__(self) -> int:
        return len(self.indices)


class WeightedRandomSampler(Sampler[int]):
    """Indices drawn in proportion to weights.

    Parameters
    ----------
    weights : sequence of float
        A weight for each index; they need not sum to 1.
    num_samples : int
        How many to draw.
    replacement : bool, default True
        Whether an index may come again.
    generator : Generator, optional
        Source of the draws.

    Raises
    ------
    ValueError
        For arguments of another kind or weights that are not one row.
    RuntimeError
        When drawing: for weights that are negative or not finite, or too few without replacement.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.utils.data import WeightedRandomSampler
    >>> list(WeightedRandomSampler([0.0, 1.0], 3))
    [1, 1, 1]
    """

    def __init__(
        self,
        weights: Sequence[float],
        num_samples: int,
        replacement: bool = True,
        generator: Generator | None = None,
    ) -> None:
        check_positive("num_samples", num_samples)
        check_bool("replacement", replacement)
        self.weights: Tensor = as_tensor(weights, dtype=float64)
        if self.weights.dim() != 1:
            raise ValueError(
                f"weights should be a 1d sequence but given weights have shape {tuple(self.weights.shape)}"
            )
        self.num_samples = num_samples
        self.replacement = replacement
        self.generator = generator

    def __iter__(self) -> Iterator[int]:
        generator = self.generator or default_generator
        drawn = generator.multinomial(self.weights._data, self.num_samples, self.replacement)
        return iter(drawn.tolist())

    def __len__(self) -> int:
        return self.num_samples


class BatchSampler(Sampler[list[int]]):
    """Lists of ``batch_size`` indices of another sampler.

    Parameters
    ----------
    sampler : iterable of int
        Source of the indices.
    batch_size : int
        Length of a batch.
    drop_last : bool
        Whether a shorter last batch is left out.

    Raises
    ------
    ValueError
        For arguments of another kind.

    Examples
    --------
    >>> from minitorch.utils.data import BatchSampler
    >>> list(BatchSampler(range(5), batch_size=2, drop_last=False))
    [[0, 1], [2, 3], [4]]
    """

    def __init__(self, sampler: Iterable[int], batch_size: int, drop_last: bool) -> None:
        check_positive("batch_size", batch_size)
        check_bool("drop_last", drop_last)
        self.sampler = sampler
        self.batch_size = batch_size
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[int]]:
        indices = iter(self.sampler)
        while batch := list(islice(indices, self.batch_size)):
            if len(batch) == self.batch_size or not self.drop_last:
                yield batch

    def __len__(self) -> int:
        count = len(self.sampler)  # type: ignore[arg-type]
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


def check_positive(name: str, value: Any) -> None:
    """Raise ValueError unless given a positive int."""
    if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
        raise ValueError(f"{name} should be a positive integer value, but got {name}={value}")


def check_bool(name: str, value: Any) -> None:
    """Raise ValueError unless given a bool."""
    if not isinstance(value, bool):
        raise ValueError(f"{name} should be a boolean value, but got {name}={value}")
