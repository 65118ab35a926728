"""Fetchers: from the indices of a batch to the batch, in the main process and in workers alike."""

from __future__ import annotations

from collections.abc import Callable
from itertools import islice
from typing import Any

import numpy as np

from .collate import default_collate
from .dataset import gatherer

__all__ = ["IterableFetcher", "MapFetcher"]


class MapFetcher:
    """Looks samples up by index.

    Parameters
    ----------
    dataset : Dataset
        The dataset.
    batched : bool
        Whether an index is a list of indices whose samples make a batch.
    collate_fn : callable
        From a list of samples (or one sample) to what the loader yields.
    drop_last : bool
        Not used: the sampler has dropped the last batch.
    """

    def __init__(self, dataset: Any, batched: bool, collate_fn: Callable[[Any], Any], drop_last: bool) -> None:
        self.dataset = dataset
        self.batched = batched
        self.collate_fn = collate_fn
        self.gather = gatherer(dataset) if batched and collate_fn is default_collate else None

    def __call__(self, index: Any) -> Any:
        """Return the batch (or sample) of an index."""
        if not self.batched:
            return self.collate_fn(self.dataset[index])
        if self.gather is not None and index and type(index[0]) is int:
            try:
                return self.gather(np.asarray(index))
            except IndexError:
                pass  # sample by sample the error names the index
        if getattr(self.dataset, "__getitems__", None):
            return self.collate_fn(self.dataset.__getitems__(index))
        return self.collate_fn([self.dataset[i] for i in index])


class IterableFetcher:
    """Takes samples as they come; raises StopIteration at the end.

    Parameters are those of `MapFetcher`; ``drop_last`` leaves a shorter last batch out.
    """

    def __init__(self, dataset: Any, batched: bool, collate_fn: Callable[[Any], Any], drop_last: bool) -> None:
        self.samples = iter(dataset)
        self.batched = batched
        self.collate_fn = collate_fn
        self.drop_last = drop_last

    def __call__(self, index: Any) -> Any:
        """Return the next batch of ``len(index)`` samples (or the next sample)."""
        if not self.batched:
            return self.collate_fn(next(self.samples))
        batch = list(islice(self.samples, len(index)))
        if not batch or (self.drop_last and len(batch) < len(index)):
            raise StopIteration
        return self.collate_fn(batch)
