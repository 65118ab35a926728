"""Datasets, samplers, collation and loaders give what torch's give, in torch's order."""

import collections
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch.random import Generator, default_generator
from minitorch.utils.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    StackDataset,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_collate,
    default_convert,
    random_split,
)

ORDERS = json.loads((Path(__file__).parent / "data" / "random_samplers.json").read_text())
DATA = list(range(10))
WEIGHTS = [0.1, 0.9, 0.4, 0.7, 3.0, 0.6]
Pair = collections.namedtuple("Pair", "a b")


def seeded() -> Generator:
    return Generator().manual_seed(5)


def batches(loader: Any) -> list[Any]:
    return [batch.tolist() for batch in loader]


def loader(**options: Any) -> Any:
    return DataLoader(DATA, batch_size=4, shuffle=True, **options)


SCENARIOS = {
    "sampler": lambda: list(RandomSampler(DATA)),
    "sampler_twice": lambda: [list(sampler) for sampler in [RandomSampler(DATA)] * 2],
    "sampler_generator": lambda: list(RandomSampler(DATA, generator=seeded())),
    "sampler_replacement": lambda: list(RandomSampler(DATA, replacement=True, num_samples=40)),
    "sampler_num_samples": lambda: list(RandomSampler(DATA, num_samples=25)),
    "subset": lambda: list(SubsetRandomSampler([3, 1, 4, 1, 5, 9])),
    "weighted": lambda: list(WeightedRandomSampler(WEIGHTS, 5, replacement=True)),
    "weighted_once": lambda: list(WeightedRandomSampler(WEIGHTS, 5, replacement=False)),
    "loader": lambda: batches(loader()),
    "loader_epochs": lambda: [batches(epoch) for epoch in [loader()] * 3],
    "loader_generator": lambda: [batches(epoch) for epoch in [loader(generator=seeded())] * 2],
    "loader_sequential": lambda: batches(DataLoader(DATA, batch_size=4)),
    "split": lambda: [part.indices for part in random_split(DATA, [7, 3])],
    "split_fractions": lambda: [part.indices for part in random_split(DATA, [0.35, 0.35, 0.3])],
    "split_generator": lambda: [part.indices for part in random_split(DATA, [7, 3], generator=seeded())],
}


@pytest.mark.parametrize("name", ORDERS)
def test_orders_and_what_they_consume_are_torchs(name: str) -> None:
    default_generator.manual_seed(0)
    assert SCENARIOS[name]() == ORDERS[name]["order"]
    np.testing.assert_array_equal(default_generator.uniform((2,)), np.float32(ORDERS[name]["then"]))


# ---------------------------------------------------------------- datasets


class Count(IterableDataset[int]):
    def __iter__(self) -> Any:
        return iter(range(7))

    def __len__(self) -> int:
        return 3


def test_tensor_datasets_hold_tuples() -> None:
    x = minitorch.arange(5.0)
    dataset = TensorDataset(x, x * 2)
    assert len(dataset) == 5 and [t.item() for t in dataset[3]] == [3.0, 6.0]
    assert [t.tolist() for t in dataset[1:3]] == [[1.0, 2.0], [2.0, 4.0]]
    with pytest.raises(AssertionError, match=r"^Size mismatch between tensors$"):
        TensorDataset(x, x[:3])


def test_concatenated_datasets_are_indexed_from_both_ends() -> None:
    joined = ConcatDataset([DATA, "abc"])
    assert (len(joined), joined[9], joined[10], joined[-1], joined.cumulative_sizes) == (13, 9, "a", "c", [10, 13])
    with pytest.raises(ValueError, match="absolute value of index should not exceed dataset length"):
        joined[-20]
    with pytest.raises(IndexError):
        joined[13]
    with pytest.raises(AssertionError, match="datasets should not be an empty iterable"):
        ConcatDataset([])
    with pytest.raises(AssertionError, match="ConcatDataset does not support IterableDataset"):
        ConcatDataset([Count()])
    with pytest.warns(FutureWarning, match="renamed to `cumulative_sizes`"):
        assert joined.cummulative_sizes == [10, 13]


def test_datasets_are_joined_by_a_plus() -> None:
    x = TensorDataset(minitorch.arange(3))
    assert isinstance(x + x, ConcatDataset) and len(x + x) == 6
    assert list(Count() + Count()) == [*range(7), *range(7)] and len(Count() + Count()) == 6
    with pytest.raises(AssertionError, match="ChainDataset only supports IterableDataset"):
        list(ChainDataset([[1]]))


def test_stacked_datasets_give_tuples_or_dicts() -> None:
    assert StackDataset([1, 2], [3, 4])[1] == (2, 4)
    assert StackDataset(a=[1, 2], b=[3, 4]).__getitems__([1, 0]) == [{"a": 2, "b": 4}, {"a": 1, "b": 3}]
    for args, kwargs, text in [
        ((), {}, "At least one dataset should be passed"),
        (([1], [1, 2]), {}, "Size mismatch between datasets"),
        (([1],), {"a": [1]}, "Supported either ``tuple``- (via ``args``) or``dict``- (via ``kwargs``) like "
        "input/"
         "output, but both types are given."),
    ]:  # fmt: skip
        with pytest.raises(ValueError) as caught:
            StackDataset(*args, **kwargs)
        assert str(caught.value) == text


def test_subsets_choose_samples() -> None:
    part = Subset(DATA, [4, 2])
    assert (len(part), part[0], part.__getitems__([1, 0])) == (2, 4, [2, 4])
    assert Subset(TensorDataset(minitorch.arange(5)), [4, 2])[[0, 1]][0].tolist() == [4, 2]
    with pytest.raises(IndexError):
        part[2]


def test_splits_are_checked() -> None:
    for lengths, text in [
        ([3, 3], "Sum of input lengths does not equal the length of the input dataset!"),
        ([0.5, 0.1, 1.5], "Sum of input lengths does not equal the length of the input dataset!"),
        ([0.5, -0.1, 0.6], "Fraction at index 1 is not between 0 and 1"),
    ]:
        with pytest.raises(ValueError) as caught:
            random_split(DATA, lengths)
        assert str(caught.value) == text
    with pytest.warns(UserWarning, match="Length of split at index 1 is 0. This might result in an empty"):
        random_split(DATA[:2], [0.1, 0.1, 0.8])


def test_base_classes_say_what_is_missing() -> None:
    with pytest.raises(NotImplementedError, match="Subclasses of Dataset should implement __getitem__"):
        Dataset()[0]
    with pytest.raises(NotImplementedError):
        iter(Sampler())
    with pytest.raises(TypeError, match="has no len"):
        len(Dataset())


# ---------------------------------------------------------------- samplers


def test_batches_of_indices() -> None:
    assert list(BatchSampler(range(7), 3, False)) == [[0, 1, 2], [3, 4, 5], [6]]
    assert list(BatchSampler(range(7), 3, True)) == [[0, 1, 2], [3, 4, 5]]
    assert [len(BatchSampler(range(7), 3, drop)) for drop in (False, True)] == [3, 2]
    assert list(SequentialSampler("abc")) == [0, 1, 2] and len(SequentialSampler("abc")) == 3


SAMPLER_FAILURES = [
    (lambda: RandomSampler(DATA, replacement=1), TypeError,  # type: ignore[arg-type]
     "replacement should be a boolean value, but got replacement=1"),
    (lambda: RandomSampler(DATA, num_samples=0), ValueError,
     "num_samples should be a positive integer value, but got num_samples=0"),
    (lambda: RandomSampler([]), ValueError,
     "num_samples should be a positive integer value, but got num_samples=0"),
    (lambda: WeightedRandomSampler([0.5], 1.0), ValueError,  # type: ignore[arg-type]
     "num_samples should be a positive integer value, but got num_samples=1.0"),
    (lambda: WeightedRandomSampler([0.5], 1, 1), ValueError,  # type: ignore[arg-type]
     "replacement should be a boolean value, but got replacement=1"),
    (lambda: WeightedRandomSampler([[0.1, 0.9]], 1), ValueError,  # type: ignore[list-item]
     "weights should be a 1d sequence but given weights have shape (1, 2)"),
    (lambda: list(WeightedRandomSampler([0.1, 0.9], 3, False)), RuntimeError,
     "cannot sample n_sample > prob_dist.size(-1) samples without replacement"),
    (lambda: BatchSampler(range(7), True, True), ValueError,
     "batch_size should be a positive integer value, but got batch_size=True"),
    (lambda: BatchSampler(range(7), 1, 1), ValueError,  # type: ignore[arg-type]
     "drop_last should be a boolean value, but got drop_last=1"),
]  # fmt: skip


@pytest.mark.parametrize("build, error, text", SAMPLER_FAILURES)
def test_samplers_refuse_what_torchs_refuse(build: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        build()
    assert str(caught.value) == text


# ---------------------------------------------------------------- collation


def plain(value: Any) -> Any:
    """Return a batch with tensors as (dtype, values)."""
    if isinstance(value, minitorch.Tensor):
        return str(value.dtype).removeprefix("torch."), value.tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)) and not isinstance(value, Pair):
        return [plain(item) for item in value]
    return Pair(*map(plain, value)) if isinstance(value, Pair) else value


X = np.ones(2, np.float32)


@pytest.mark.parametrize(
    "batch, expected",
    [
        ([1, 2], ("int64", [1, 2])),
        ([1.5, 2], ("float64", [1.5, 2.0])),
        ([True, False], ("bool", [True, False])),
        (["a", "b"], ["a", "b"]),
        ([b"a", b"b"], [b"a", b"b"]),
        ([X, X], ("float32", [[1, 1], [1, 1]])),
        ([np.float32(1), np.float32(2)], ("float32", [1, 2])),
        ([np.int32(1), np.int32(2)], ("int32", [1, 2])),
        ([np.bool_(True)], ("bool", [True])),
        ([np.array(1.0), np.array(2.0)], ("float64", [1, 2])),
        ([{"a": 1, "b": X}, {"a": 2, "b": X}], {"a": ("int64", [1, 2]), "b": ("float32", [[1, 1], [1, 1]])}),
        ([(1, "x"), (2, "y")], [("int64", [1, 2]), ["x", "y"]]),
        ([[1, 2.5], [3, 4.5]], [("int64", [1, 3]), ("float64", [2.5, 4.5])]),
        ([Pair(1, 2), Pair(3, 4)], Pair(("int64", [1, 3]), ("int64", [2, 4]))),
        ([range(2), range(2)], [("int64", [0, 0]), ("int64", [1, 1])]),
        ([(), ()], []),
        ([{}, {}], {}),
    ],
)
def test_samples_are_collated_as_in_torch(batch: Any, expected: Any) -> None:
    assert plain(default_collate(batch)) == expected


def test_containers_keep_their_type() -> None:
    ordered = default_collate([collections.OrderedDict(a=1), collections.OrderedDict(a=2)])
    assert type(ordered) is collections.OrderedDict
    assert type(default_collate([collections.defaultdict(int, a=1)])) is collections.defaultdict
    assert type(default_collate([collections.deque([1, 2])])) is collections.deque
    assert type(default_collate([(1, 2)])) is list


def test_tensors_are_stacked_on_the_tape() -> None:
    x = minitorch.ones(2, requires_grad=True)
    default_collate([x, x]).sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]


@pytest.mark.parametrize(
    "batch, error, text",
    [
        ([None], TypeError, "found <class 'NoneType'>"),
        ([{1, 2}], TypeError, "found <class 'set'>"),
        ([np.array(["a", "b"])], TypeError, "found <U1"),
        ([np.array([object()])], TypeError, "found object"),
        ([(1, 2), (1,)], RuntimeError, "each element in list of batch should be of equal size"),
        ([{"a": 1}, {"b": 1}], KeyError, "'a'"),
    ],
)
def test_samples_that_do_not_fit_are_refused(batch: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        default_collate(batch)
    assert str(caught.value).endswith(text)


def test_tensors_of_different_shapes_are_refused() -> None:
    with pytest.raises(RuntimeError, match="stack expects each tensor to be equal size, but got"):
        default_collate([minitorch.ones(2), minitorch.ones(1)])


@pytest.mark.parametrize(
    "sample, expected",
    [
        (1, 1),
        ("a", "a"),
        (None, None),
        (X, ("float32", [1, 1])),
        (np.float32(1), ("float32", 1)),
        ([1, X], [1, ("float32", [1, 1])]),
        ({"a": X}, {"a": ("float32", [1, 1])}),
        (Pair(1, X), Pair(1, ("float32", [1, 1]))),
    ],
)
def test_single_samples_are_converted_as_in_torch(sample: Any, expected: Any) -> None:
    assert plain(default_convert(sample)) == expected
    words = np.array(["x"])
    assert default_convert(words) is words
