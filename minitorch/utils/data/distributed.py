"""The sampler that gives every process its share of a dataset. Source of the order: torch 2.13."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sized

from ...nn.parallel import no_process_group
from ...ops.random import randperm
from ...random import Generator
from .sampler import Sampler

__all__ = ["DistributedSampler"]


class DistributedSampler(Sampler[int]):
    """The indices ``rank``, ``rank + num_replicas``, ... of a shuffled dataset; the shares are of equal length.

    Parameters
    ----------
    num_replicas, rank : int
        How many shares there are, and which one this is; without process groups both must be given.
    shuffle, seed : bool, int
        Whether, and from what seed, the order is drawn; `set_epoch` gives every epoch another.
    drop_last : bool
        Whether the last indices are left out for equal shares, rather than the first repeated.

    Raises
    ------
    ValueError : a rank outside of [0, num_replicas), or one of the two not given.

    Examples
    --------
    >>> from minitorch.utils.data.distributed import DistributedSampler
    >>> list(DistributedSampler(range(5), num_replicas=2, rank=1, shuffle=False))
    [1, 3, 0]
    """

    def __init__(self, dataset: Sized, num_replicas: int | None = None, rank: int | None = None, shuffle: bool = True,
                 seed: int = 0, drop_last: bool = False) -> None:  # fmt: skip
        if num_replicas is None or rank is None:
            no_process_group()
        if not 0 <= rank < num_replicas:
            raise ValueError(f"Invalid rank {rank}, rank should be in the interval [0, {num_replicas - 1}]")
        self.dataset, self.num_replicas, self.rank = dataset, num_replicas, rank
        self.epoch, self.drop_last, self.shuffle, self.seed = 0, drop_last, shuffle, seed
        count = len(dataset)
        spare = count % num_replicas if drop_last else 0
        self.num_samples = math.ceil((count - spare) / num_replicas)
        self.total_size = self.num_samples * num_replicas

    def __iter__(self) -> Iterator[int]:
        indices = list(range(len(self.dataset)))
        if self.shuffle:
            indices = randperm(len(indices), generator=Generator().manual_seed(self.seed + self.epoch)).tolist()
        while indices and len(indices) < self.total_size:
            indices += indices[: self.total_size - len(indices)]
        return iter(indices[self.rank : self.total_size : self.num_replicas])

    def __len__(self) -> int:
        return self.num_samples

    def set_epoch(self, epoch: int) -> None:
        """Let the next pass have the order of this epoch."""
        self.epoch = epoch
