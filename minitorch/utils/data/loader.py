"""The loader: batches of a dataset in a sampler's order."""

from __future__ import annotations

import multiprocessing
import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from itertools import repeat
from typing import Any, Generic, TypeVar

from ...random import Generator
from .collate import default_collate, default_convert
from .dataset import IterableDataset
from .fetch import IterableFetcher, MapFetcher
from .iterators import HereIterator
from .processes import WorkerIterator
from .sampler import BatchSampler, RandomSampler, SequentialSampler
from .threads import ThreadIterator

__all__ = ["DataLoader"]

T_co = TypeVar("T_co", covariant=True)

_FIXED = ("batch_size", "batch_sampler", "sampler", "drop_last", "dataset", "persistent_workers")
_EXCLUSIVE = "batch_sampler option is mutually exclusive with batch_size, shuffle, sampler, and drop_last"


class _Endless:
    """The sampler of an iterable dataset, which chooses its samples itself."""

    def __iter__(self) -> Iterator[None]:
        return repeat(None)


class DataLoader(Generic[T_co]):
    """Batches of a dataset; iterate over it once an epoch.

    Parameters
    ----------
    dataset : Dataset
        With ``__getitem__`` and ``__len__``, or an IterableDataset.
    batch_size : int or None, default 1
        Samples in a batch; None yields single samples.
    shuffle : bool, optional
        Whether every epoch has a random order, torch's for the same seed.
    sampler : Sampler or iterable, optional
        Source of the indices, instead of ``shuffle``.
    batch_sampler : Sampler or iterable, optional
        Source of lists of indices, instead of ``batch_size``, ``shuffle``, ``sampler`` and ``drop_last``.
    num_workers : int, default 0
        Processes (or threads) that load; 0 loads in this one.
    collate_fn : callable, optional
        From a list of samples to a batch; `default_collate`.
    pin_memory, pin_memory_device
        Accepted; there is no accelerator.
    drop_last : bool, default False
        Whether a shorter last batch is left out.
    timeout : float, default 0
        Seconds to wait for a worker; 0 waits for ever.
    worker_init_fn : callable, optional
        Called in each worker with its number.
    multiprocessing_context : str or context, optional
        How worker processes are started; or "thread" for worker threads, which share memory and the random stream.
    generator : Generator, optional
        Source of the order and of the workers' seeds.
    prefetch_factor : int, optional
        Batches that each worker prepares ahead; 2.
    persistent_workers : bool, default False
        Whether workers outlive the epoch.
    in_order : bool, default True
        Whether workers' batches come in the sampler's order.

    Raises
    ------
    ValueError
        For options that are out of range or exclude each other.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.utils.data import DataLoader, TensorDataset
    >>> dataset = TensorDataset(minitorch.arange(10))
    >>> generator = minitorch.Generator().manual_seed(1)
    >>> loader = DataLoader(dataset, batch_size=4, shuffle=True, generator=generator)
    >>> len(loader)
    3
    >>> [batch[0].tolist() for batch in loader]
    [[4, 6, 9, 2], [3, 1, 0, 7], [8, 5]]
    """

    _initialized = False
    _reported: int | None = None  # the length an iterable dataset gave when it was last asked

    def __init__(
        self,
        dataset: Any,
        batch_size: int | None = 1,
        shuffle: bool | None = None,
        sampler: Iterable[Any] | None = None,
        batch_sampler: Iterable[list[Any]] | None = None,
        num_workers: int = 0,
        collate_fn: Callable[[Any], Any] | None = None,
        pin_memory: bool = False,
        drop_last: bool = False,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
        multiprocessing_context: Any = None,
        generator: Generator | None = None,
        *,
        prefetch_factor: int | None = None,
        persistent_workers: bool = False,
        pin_memory_device: str = "",
        in_order: bool = True,
    ) -> None:
        _check_workers(num_workers, timeout, prefetch_factor, persistent_workers)
        self.dataset = dataset
        self.num_workers = num_workers
        self.prefetch_factor = 2 if num_workers and prefetch_factor is None else prefetch_factor
        self.pin_memory = pin_memory
        self.pin_memory_device = pin_memory_device
        self.timeout = timeout
        self.worker_init_fn = worker_init_fn
        self.multiprocessing_context = multiprocessing_context
        self.in_order = in_order
        self.persistent_workers = persistent_workers
        self.generator = generator
        self._choose(batch_size, shuffle, sampler, batch_sampler, drop_last)
        self.collate_fn = collate_fn or (default_collate if self._auto_collation else default_convert)
        self._iterator: Any = None
        self._initialized = True

    def _choose(self, batch_size: Any, shuffle: Any, sampler: Any, batch_sampler: Any, drop_last: bool) -> None:
        """Settle where indices and batches come from."""
        if self._is_iterable:
            _check_iterable(shuffle, sampler, batch_sampler)
        if sampler is not None and shuffle:
            raise ValueError("sampler option is mutually exclusive with shuffle")
        if batch_sampler is not None:
            if batch_size != 1 or shuffle or sampler is not None or drop_last:
                raise ValueError(_EXCLUSIVE)
            batch_size, drop_last = None, False
        elif batch_size is None and drop_last:
            raise ValueError("batch_size=None option disables auto-batching and is mutually exclusive with drop_last")
        sampler = self._default_sampler(shuffle) if sampler is None else sampler
        if batch_size is not None:
            batch_sampler = BatchSampler(sampler, batch_size, drop_last)
        self.batch_size = batch_size
        self.drop_last = drop_last
        self.sampler = sampler
        self.batch_sampler = batch_sampler

    def _default_sampler(self, shuffle: Any) -> Any:
        if self._is_iterable:
            return _Endless()
        if shuffle:
            return RandomSampler(self.dataset, generator=self.generator)
        return SequentialSampler(self.dataset)

    def __setattr__(self, name: str, value: Any) -> None:
        if self._initialized and name in _FIXED:
            raise ValueError(f"{name} attribute should not be set after {type(self).__name__} is initialized")
        super().__setattr__(name, value)

    @property
    def multiprocessing_context(self) -> Any:
        """How workers are started; None for the platform's way."""
        return self._context

    @multiprocessing_context.setter
    def multiprocessing_context(self, context: Any) -> None:
        self._context = None if context is None else _context(context, self.num_workers)

    @property
    def _is_iterable(self) -> bool:
        return isinstance(self.dataset, IterableDataset)

    @property
    def _auto_collation(self) -> bool:
        return self.batch_sampler is not None

    @property
    def _index_sampler(self) -> Any:
        return self.batch_sampler if self._auto_collation else self.sampler

    def fetcher(self) -> Any:
        """Return a new fetcher of the dataset."""
        kind = IterableFetcher if self._is_iterable else MapFetcher
        return kind(self.dataset, self._auto_collation, self.collate_fn, self.drop_last)

    def __iter__(self) -> Iterator[Any]:
        if self.num_workers == 0:
            return HereIterator(self)
        kind = ThreadIterator if self._context == "thread" else WorkerIterator
        if not self.persistent_workers:
            return kind(self)
        if self._iterator is None:
            self._iterator = kind(self)
        else:
            self._iterator.renew()
        iterator: WorkerIterator = self._iterator
        return iterator

    def __len__(self) -> int:
        if not self._is_iterable:
            return len(self._index_sampler)
        count: int = len(self.dataset)
        self._reported = count
        if self.batch_size is None:
            return count
        return count // self.batch_size if self.drop_last else -(-count // self.batch_size)


def _check_workers(count: int, timeout: float, prefetch: int | None, persistent: bool) -> None:
    if count < 0:
        raise ValueError("num_workers option should be non-negative; use num_workers=0 to disable multiprocessing.")
    if timeout < 0:
        raise ValueError("timeout option should be non-negative")
    if count == 0 and prefetch is not None:
        raise ValueError(
            "prefetch_factor option could only be specified in multiprocessing.let num_workers > 0 to enable "
            "multiprocessing, otherwise set prefetch_factor to None."
        )
    if prefetch is not None and prefetch < 0:
        raise ValueError("prefetch_factor option should be non-negative")
    if persistent and count == 0:
        raise ValueError("persistent_workers option needs num_workers > 0")
    _warn_of_many(count)


def _warn_of_many(count: int) -> None:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if count > cores:
        warnings.warn(
            f"This DataLoader will create {count} worker processes in total. Our suggested max number of worker in "
            f"current system is {cores}, which is smaller than what this DataLoader is going to create. Please be "
            "aware that excessive worker creation might get DataLoader running slow or even freeze, lower the worker "
            "number to avoid potential slowness/freeze if necessary.",
            UserWarning,
            stacklevel=4,
        )


def _check_iterable(shuffle: Any, sampler: Any, batch_sampler: Any) -> None:
    given = {"shuffle": shuffle or None, "sampler": sampler, "batch_sampler": batch_sampler}
    for name, value in given.items():
        if value is not None:
            raise ValueError(
                f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
            )


def _context(context: Any, workers: int) -> Any:
    """Return a multiprocessing context for a start method's name or a context."""
    if workers == 0:
        raise ValueError(
            "multiprocessing_context can only be used with multi-process loading (num_workers > 0), but got "
            f"num_workers={workers}"
        )
    if context == "thread":
        return context
    if isinstance(context, str):
        methods = multiprocessing.get_all_start_methods()
        if context not in methods:
            raise ValueError(
                "multiprocessing_context option should specify a valid start method in "
                f"{methods!r}, but got multiprocessing_context={context!r}"
            )
        return multiprocessing.get_context(context)
    if not isinstance(context, multiprocessing.context.BaseContext):
        raise TypeError(
            "multiprocessing_context option should be a valid context object or a string specifying the "
            "start "
            f"method, but got multiprocessing_context={context}"
        )
    return context
