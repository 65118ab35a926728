"""Indexing against NumPy, where the two agree, and against its own gradient everywhere."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch as torch
from minitorch.autograd import gradcheck
from minitorch.tensor import Tensor

SHAPE = (3, 4, 5)
Index = tuple[Any, ...]

# ---------------------------------------------------------------- random indices


def basic(n: int) -> st.SearchStrategy[Any]:
    ends = st.none() | st.integers(-n - 1, n + 1)
    return st.one_of(
        st.integers(-n, n - 1),
        st.builds(slice, ends, ends, st.none() | st.integers(1, 3)),
        st.just(slice(None)),
    )


@st.composite
def basic_indices(draw: st.DrawFn) -> Index:
    items = [draw(basic(n)) for n in SHAPE[: draw(st.integers(0, 3))]]
    for extra in draw(st.lists(st.sampled_from([None, Ellipsis]), max_size=2, unique=True)):
        items.insert(draw(st.integers(0, len(items))) if extra is None else len(items), extra)
    return tuple(items)


@st.composite
def picking_indices(draw: st.DrawFn) -> Index:
    """Index arrays and slices; no ints, which NumPy takes for index arrays and torch does not."""
    length = draw(st.integers(1, 4))
    items: list[Any] = []
    for n in SHAPE:
        kind = draw(st.sampled_from(["slice", "array", "mask"]))
        if kind == "array":
            items.append(
                np.array(draw(st.lists(st.integers(-n, n - 1), min_size=length, max_size=length)), dtype=np.int64)
            )
        elif kind == "mask" and not any(isinstance(i, np.ndarray) for i in items):
            items.append(np.array(draw(st.lists(st.booleans(), min_size=n, max_size=n))))
            length = int(items[-1].sum())
        else:
            items.append(draw(basic(n).filter(lambda i: isinstance(i, slice))))
    return tuple(items)


def as_tensors(index: Index) -> Index:
    return tuple(torch.tensor(i) if isinstance(i, np.ndarray) else i for i in index)


DATA = np.arange(60.0).reshape(SHAPE)


@given(basic_indices() | picking_indices())
def test_reading_agrees_with_numpy(index: Index) -> None:
    found = torch.tensor(DATA)[as_tensors(index)]
    assert found.shape == DATA[index].shape
    assert np.array_equal(found.numpy(), DATA[index])


@given(basic_indices())
def test_basic_indices_make_views(index: Index) -> None:
    x = torch.tensor(DATA)
    part = x[index]
    part.fill_(-1.0)
    expected = DATA.copy()
    expected[index] = -1.0
    assert np.array_equal(x.numpy(), expected)


@given(basic_indices() | picking_indices(), st.sampled_from(["number", "tensor", "row"]))
def test_writing_agrees_with_numpy(index: Index, kind: str) -> None:
    x, expected = torch.tensor(DATA), DATA.copy()
    size = DATA[index].shape
    value: Any = 0.5
    if kind == "tensor":
        value = np.full(size, 2.0)
    elif kind == "row":
        value = np.full(size[-1:], 3.0)
    x[as_tensors(index)] = torch.tensor(value) if isinstance(value, np.ndarray) else value
    expected[index] = value
    assert np.array_equal(x.numpy(), expected)


@given(basic_indices() | picking_indices())
def test_the_gradient_of_reading_counts_how_often_an_element_is_read(index: Index) -> None:
    x = torch.tensor(DATA, requires_grad=True)
    x[as_tensors(index)].sum().backward()
    counts = np.zeros(SHAPE)
    np.add.at(counts, index, 1.0)
    assert np.array_equal(x.grad.numpy(), counts)


@given(basic_indices())
def test_the_gradients_of_writing_agree_with_differences(index: Index) -> None:
    def fn(x: Tensor, w: Tensor) -> Tensor:
        y = x * 1
        y[index] = w * 2
        return y.sum((0, 1))

    x = torch.tensor(DATA / 60, requires_grad=True)
    assert gradcheck(fn, (x, torch.tensor(0.5, dtype=torch.float64, requires_grad=True)), fast_mode=True)


# ---------------------------------------------------------------- where torch and NumPy part


def test_an_int_beside_an_index_tensor_stays_an_int() -> None:
    x = torch.tensor(DATA)
    # NumPy would move the dimension of the array to the front: shape (2, 4)
    assert x[0, :, torch.tensor([0, 1])].shape == (4, 2)
    assert x[:, torch.tensor([0, 1]), 0].shape == (3, 2)
    assert x[torch.tensor([0, 1]), :, torch.tensor([0, 1])].shape == (2, 4)


def test_a_truth_value_adds_a_dimension() -> None:
    x = torch.tensor(DATA)
    assert x[True].shape == (1, 3, 4, 5)
    assert x[False].shape == (0, 3, 4, 5)
    assert x[torch.tensor(True)].shape == (1, 3, 4, 5)
    assert torch.tensor(1.0)[True].tolist() == [1.0]


def test_a_list_of_sequences_stands_for_a_tuple() -> None:
    x = torch.tensor(DATA)
    assert x[[[0, 1], [2, 0]]].shape == (2, 5)
    assert x[[0, 1]].shape == (2, 4, 5)


def test_negative_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="step must be greater than zero"):
        torch.tensor(DATA)[::-1]


def test_rows_unpack_and_iterate() -> None:
    x = torch.tensor(DATA, requires_grad=True)
    a, b, c = x
    assert [r.shape for r in (a, b, c)] == [(4, 5)] * 3
    sum(r.sum() * i for i, r in enumerate(x)).backward()
    assert x.grad.sum((1, 2)).tolist() == [0.0, 20.0, 40.0]


@pytest.mark.parametrize("key", [
    (..., None, slice(None, None, 2)), (None, 2), (2, None, ..., 1), (..., 1), (slice(1, None), ..., None), (None, ...),
])  # fmt: skip
def test_new_axes_and_the_ellipsis_mean_what_they_mean_to_numpy(key: Any) -> None:
    array = np.arange(60.0).reshape(3, 4, 5)
    x = torch.tensor(array.copy())
    np.testing.assert_array_equal(x[key].numpy(), array[key])
    x[key], array[key] = -1.5, -1.5
    np.testing.assert_array_equal(x.numpy(), array)


@pytest.mark.parametrize("where", [[3, 0, -1, 3], [[0, 1], [2, 3]], [], [True, False, False, True]])
def test_one_index_tensor_is_read_and_written_as_by_numpy(where: Any) -> None:
    array, index = np.arange(12.0).reshape(4, 3), np.array(where, bool if where and where[0] is True else np.int64)
    for x in (torch.tensor(array.copy()), torch.tensor(array.T.copy()).t()):
        wanted = array.copy()
        np.testing.assert_array_equal(x[torch.tensor(index)].numpy(), wanted[index])
        x[torch.tensor(index)], wanted[index] = 0.5, 0.5
        np.testing.assert_array_equal(x.numpy(), wanted)


@pytest.mark.parametrize("where, text", [
    (np.array([0, 4]), "index 4 is out of bounds for dimension 0 with size 4"),
    (np.array([0, -5]), "index -5 is out of bounds for dimension 0 with size 4"),
    (np.ones(3, bool), r"The shape of the mask \[3\] at index 0 does not match"),
])  # fmt: skip
def test_one_index_tensor_that_does_not_fit_is_refused_and_nothing_is_written(where: Any, text: str) -> None:
    x = torch.zeros(4, 3)
    with pytest.raises(IndexError, match=text):
        x[torch.tensor(where)]
    with pytest.raises(IndexError, match=text):
        x[torch.tensor(where)] = 1.5
    assert x._version == 0 and not x.any()


def test_a_mask_written_after_it_picked_does_not_change_the_gradient() -> None:
    x, mask = torch.ones(4, requires_grad=True), torch.tensor([True, False, True, False])
    y = x[mask]
    mask.fill_(False)
    y.sum().backward()
    assert x.grad is not None and x.grad.tolist() == [1.0, 0.0, 1.0, 0.0]


@pytest.mark.parametrize("n", [3, 80])
@pytest.mark.parametrize("recorded", [False, True])
def test_a_mask_picks_the_same_whatever_the_size(n: int, recorded: bool) -> None:
    values = np.arange(2.0 * n * n, dtype=np.float32).reshape(2, n, n)
    x = torch.tensor(values, requires_grad=recorded)
    for mask in (values % 3 == 0, values[..., 0] % 2 == 0):
        found = x[torch.tensor(mask)]
        assert np.array_equal(found.detach().numpy(), values[mask])
        if recorded:
            (grad,) = torch.autograd.grad((found * found).sum(), x)
            wide = mask.reshape(mask.shape + (1,) * (3 - mask.ndim))
            assert np.array_equal(grad.numpy(), np.where(wide, 2 * values, 0))
