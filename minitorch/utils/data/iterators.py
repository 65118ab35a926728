"""What a loader's iterators share, and the one that loads in this process."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from typing import Any

from .sampler import draw_seed

__all__ = ["HereIterator", "LoaderIterator"]

_PINNED = "'pin_memory' argument is set as true but no accelerator is found, then device pinned memory won't be used."
_REPLICAS = (
    "For multiprocessing data-loading, this could be caused by not properly configuring the IterableDataset replica "
    "at each worker. Please see https://pytorch.org/docs/stable/data.html#torch.utils.data.IterableDataset for "
    "examples."
)


class LoaderIterator:
    """What the iterators of loaders share: the workers' seed, which is drawn first, and the count of batches."""

    def __init__(self, loader: Any) -> None:
        self.loader = copy.copy(loader)  # without a cycle, workers end as soon as nobody holds the loader
        self.loader._iterator = None
        self._indices = iter(loader._index_sampler)
        self._base_seed = draw_seed(loader.generator)
        self._yielded = 0
        if loader.pin_memory:
            warnings.warn(_PINNED, UserWarning, stacklevel=4)

    def __iter__(self) -> Iterator[Any]:
        return self

    def __len__(self) -> int:
        return len(self.loader._index_sampler)

    def __next__(self) -> Any:
        batch = self._next_batch()
        self._yielded += 1
        expected = self.loader._reported
        if self.loader._is_iterable and expected is not None and self._yielded > expected:
            warnings.warn(
                f"Length of IterableDataset {self.loader.dataset} was reported to be {expected}(when "
                f"accessing len(dataloader)), but {self._yielded} samples have been fetched. "
                + (_REPLICAS if self.loader.num_workers else ""),
                stacklevel=2,
            )
        return batch

    def _next_batch(self) -> Any:
        raise NotImplementedError


class HereIterator(LoaderIterator):
    """Loads in this process."""

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        self._fetch = loader.fetcher()

    def _next_batch(self) -> Any:
        return self._fetch(next(self._indices))
