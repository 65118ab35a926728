"""Loaders: batches, lengths, options, and the short way for sets in memory."""

import warnings
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch.random import Generator
from minitorch.utils.data import DataLoader, Dataset, IterableDataset, Subset, TensorDataset, default_collate


class Count(IterableDataset[int]):
    def __init__(self, length: int = 5) -> None:
        self.length = length

    def __iter__(self) -> Any:
        return iter(range(5))

    def __len__(self) -> int:
        return self.length


def lists(loader: Any) -> list[Any]:
    return [batch.tolist() for batch in loader]


def test_map_datasets_of_every_kind_are_batched() -> None:
    assert lists(DataLoader(list(range(5)), 2)) == [[0, 1], [2, 3], [4]]
    assert lists(DataLoader(list(range(5)), 2, drop_last=True)) == [[0, 1], [2, 3]]
    assert lists(DataLoader({0: 1, 1: 5}, 2)) == [[1, 5]]
    assert lists(DataLoader(minitorch.arange(3), 2)) == [[0, 1], [2]]
    assert lists(DataLoader({"a": 1}, sampler=["a"])) == [[1]]
    assert lists(DataLoader(list(range(5)), batch_sampler=[[4], [0, 1]])) == [[4], [0, 1]]
    assert list(DataLoader([1, 2.5, "a"], batch_size=None)) == [1, 2.5, "a"]
    assert list(DataLoader([3, 4], 2, collate_fn=sum)) == [7]
    assert list(DataLoader(TensorDataset(minitorch.ones(0)), 2)) == []


def test_iterable_datasets_are_batched() -> None:
    assert lists(DataLoader(Count(), 2)) == [[0, 1], [2, 3], [4]]
    assert lists(DataLoader(Count(), 2, drop_last=True)) == [[0, 1], [2, 3]]
    assert list(DataLoader(Count(), batch_size=None)) == [0, 1, 2, 3, 4]
    assert [len(DataLoader(Count(), 2, drop_last=drop)) for drop in (False, True)] == [3, 2]
    assert len(DataLoader(Count(), None)) == 5


def test_an_iterable_dataset_that_is_longer_than_it_says_is_warned_about() -> None:
    loader = DataLoader(Count(2), 1)
    assert len(lists(loader)) == 5
    assert len(loader) == 2
    with pytest.warns(
        UserWarning,
        match="was reported to be 2",
    ):
        lists(loader)


class Items(Dataset[int]):
    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        return index

    def __getitems__(self, indices: list[int]) -> list[int]:
        return [10 * index for index in indices]


def test_a_dataset_may_fetch_a_batch_at_once() -> None:
    assert lists(DataLoader(Items(), 2)) == [[0, 10], [20, 30]]
    assert lists(DataLoader(Subset(Items(), [3, 2]), 2)) == [[30, 20]]


def memory_sets() -> list[Any]:
    x = minitorch.tensor(np.arange(24, dtype=np.float32).reshape(6, 2, 2))
    y = minitorch.arange(6)
    turned = x.permute(1, 0, 2).contiguous().permute(1, 0, 2)
    whole = [TensorDataset(x, y), TensorDataset(turned), TensorDataset(y.bool(), x.to(minitorch.bfloat16))]
    return [*whole, Subset(whole[0], [5, 0, 2, 3, 1]), Subset(Subset(whole[0], [5, 0, 2]), [2, 2, -1])]


@pytest.mark.parametrize("dataset", memory_sets(), ids=["plain", "turned", "dtypes", "subset", "subset of subset"])
def test_gathered_batches_equal_stacked_samples(dataset: Any) -> None:
    for options in ({"shuffle": True}, {"shuffle": False}, {"drop_last": True}):
        runs = [
            list(DataLoader(dataset, 4, generator=Generator().manual_seed(3), collate_fn=collate, **options))
            for collate in (None, lambda batch: default_collate(batch))
        ]
        assert len(runs[0]) == len(runs[1]) > 0 or "drop_last" in options
        for fast, slow in zip(*runs):
            assert type(fast) is type(slow) is list
            for a, b in zip(fast, slow):
                assert a.dtype is b.dtype and a.shape == b.shape and a.tolist() == b.tolist()
                assert a.is_contiguous() and not a.requires_grad


def test_a_batch_shares_no_memory_with_the_set() -> None:
    x = minitorch.zeros(4)
    for batch in DataLoader(TensorDataset(x), 4):
        batch[0].add_(1)
    assert x.tolist() == [0, 0, 0, 0]


def test_subclasses_and_gradients_take_the_long_way() -> None:
    class Doubled(TensorDataset):
        def __getitem__(self, index: Any) -> Any:
            return tuple(2 * tensor for tensor in super().__getitem__(index))

    assert [b[0].tolist() for b in DataLoader(Doubled(minitorch.arange(3)), 3)] == [[0, 2, 4]]
    x = minitorch.ones(3, requires_grad=True)
    for batch in DataLoader(TensorDataset(x), 2):
        batch[0].sum().backward()
    assert x.grad.tolist() == [1, 1, 1]


def test_indices_beyond_the_set_are_named() -> None:
    for dataset in (TensorDataset(minitorch.arange(3)), Subset(TensorDataset(minitorch.arange(3)), [0, 9])):
        with pytest.raises(IndexError, match="out of"):
            list(DataLoader(dataset, batch_sampler=[[0, 1, 9]]))
    last = DataLoader(TensorDataset(minitorch.arange(3)), batch_sampler=[[0, -1]])
    assert [b[0].tolist() for b in last] == [[0, 2]]


def test_errors_of_the_dataset_reach_the_caller() -> None:
    class Bad(Items):
        __getitems__ = None  # type: ignore[assignment]

        def __getitem__(self, index: int) -> int:
            raise ValueError(f"bad {index}")

    with pytest.raises(ValueError, match="bad 0"):
        list(DataLoader(Bad()))


OPTIONS = [
    ({"num_workers": -1}, ValueError, "num_workers option should be non-negative; use num_workers=0 to "
    "disable "
     "multiprocessing."),
    ({"timeout": -1}, ValueError, "timeout option should be non-negative"),
    ({"prefetch_factor": 2}, ValueError, "prefetch_factor option could only be specified in "
    "multiprocessing.let "
     "num_workers > 0 to enable multiprocessing, otherwise set prefetch_factor to None."),
    ({"num_workers": 1, "prefetch_factor": -1}, ValueError, "prefetch_factor option should be non-negative"),
    ({"persistent_workers": True}, ValueError, "persistent_workers option needs num_workers > 0"),
    ({"shuffle": True, "sampler": [1]}, ValueError, "sampler option is mutually exclusive with shuffle"),
    ({"batch_sampler": [[1]], "batch_size": 2}, ValueError, "batch_sampler option is mutually exclusive with "
     "batch_size, shuffle, sampler, and drop_last"),
    ({"batch_sampler": [[1]], "drop_last": True}, ValueError, "batch_sampler option is mutually exclusive "
    "with "
     "batch_size, shuffle, sampler, and drop_last"),
    ({"batch_size": None, "drop_last": True}, ValueError, "batch_size=None option disables auto-batching "
    "and is "
     "mutually exclusive with drop_last"),
    ({"batch_size": 0}, ValueError, "batch_size should be a positive integer value, but got batch_size=0"),
    ({"batch_size": 2.5}, ValueError, "batch_size should be a positive integer value, but got "
    "batch_size=2.5"),
    ({"multiprocessing_context": "fork"}, ValueError, "multiprocessing_context can only be used with "
    "multi-process "
     "loading (num_workers > 0), but got num_workers=0"),
    ({"multiprocessing_context": 3, "num_workers": 1}, TypeError, "multiprocessing_context option should be "
    "a valid "
     "context object or a string specifying the start method, but got multiprocessing_context=3"),
]  # fmt: skip


@pytest.mark.parametrize("options, error, text", OPTIONS)
def test_options_are_refused_as_in_torch(options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        DataLoader([1, 2, 3], **options)
    assert str(caught.value) == text


def test_an_unknown_start_method_is_refused() -> None:
    with pytest.raises(ValueError, match=r"should specify a valid start method in .* but got .*='x'"):
        DataLoader([1], num_workers=1, multiprocessing_context="x")


@pytest.mark.parametrize("options", [{"shuffle": True}, {"sampler": [1]}, {"batch_sampler": [[1]]}])
def test_iterable_datasets_choose_their_own_samples(options: dict[str, Any]) -> None:
    name, value = next(iter(options.items()))
    with pytest.raises(ValueError) as caught:
        DataLoader(Count(), **options)
    expected = f"DataLoader with IterableDataset: expected unspecified {name} option, but got {name}={value}"
    assert str(caught.value) == expected


def test_some_attributes_stay_as_they_are() -> None:
    loader = DataLoader([1, 2, 3], 2)
    for name in ("batch_size", "dataset", "sampler", "batch_sampler", "drop_last"):
        with pytest.raises(ValueError) as caught:
            setattr(loader, name, 3)
        assert str(caught.value) == f"{name} attribute should not be set after DataLoader is initialized"
    loader.collate_fn = tuple
    assert list(loader) == [(1, 2), (3,)]


def test_lengths_count_batches() -> None:
    assert [len(DataLoader(range(7), 3, drop_last=drop)) for drop in (False, True)] == [3, 2]
    assert len(DataLoader(range(7), None)) == 7 and len(iter(DataLoader(range(7), 3))) == 3


def test_pinning_is_accepted_with_a_warning() -> None:
    with pytest.warns(UserWarning, match="'pin_memory' argument is set as true but no accelerator is found"):
        assert lists(DataLoader([1], pin_memory=True)) == [[1]]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        DataLoader([1], pin_memory_device="cuda", in_order=False)
