"""The tensor as a container: sharing, copies, conversions, layouts, subclasses."""

import copy
import pickle

import numpy as np
import pytest

import minitorch as torch
from minitorch.tensor import Tensor

# ---------------------------------------------------------------- sharing memory


def test_numpy_shares_memory_both_ways() -> None:
    x = torch.zeros(3)
    array = x.numpy()
    array[0] = 5
    x[1] = 7
    assert x.tolist() == array.tolist() == [5.0, 7.0, 0.0]
    y = torch.from_numpy(array)
    y[2] = 9
    assert x.tolist() == [5.0, 7.0, 9.0]


def test_tensor_copies_and_as_tensor_shares() -> None:
    array = np.zeros(2, np.float32)
    copied, shared = torch.tensor(array), torch.as_tensor(array)
    array[0] = 1
    assert copied.tolist() == [0.0, 0.0]
    assert shared.tolist() == [1.0, 0.0]
    x = torch.zeros(2)
    assert torch.as_tensor(x) is x
    assert torch.tensor(x) is not x


def test_a_tensor_that_requires_grad_is_not_handed_to_numpy_by_accident() -> None:
    x = torch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"Use tensor.detach\(\).numpy\(\) instead"):
        x.numpy()
    with pytest.raises(RuntimeError, match="requires grad"):
        np.asarray(x)
    assert x.detach().numpy().tolist() == [1.0, 1.0]
    assert x.numpy(force=True).tolist() == [1.0, 1.0]


def test_numpy_numbers_and_arrays_are_operands() -> None:
    x = torch.ones(2)
    assert (x + np.float32(1)).tolist() == [2.0, 2.0]
    assert (x * np.int64(3)).dtype is torch.float32
    assert isinstance(np.float64(2) * x, Tensor)


# ---------------------------------------------------------------- copies


def test_deepcopy_copies_values_gradients_and_shared_structure() -> None:
    x = torch.tensor([1.0, 2.0], requires_grad=True)
    (x * 3).sum().backward()
    pair = copy.deepcopy([x, x])
    assert pair[0] is pair[1]
    assert pair[0].grad.tolist() == [3.0, 3.0]
    pair[0].grad.zero_()
    assert x.grad.tolist() == [3.0, 3.0]
    with pytest.raises(RuntimeError, match="graph leaves"):
        copy.deepcopy(x * 2)


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "bfloat16", "int64", "uint8", "bool", "complex64"])
def test_pickle_keeps_values_dtype_and_requires_grad(dtype: str) -> None:
    x = torch.tensor([0, 1, 1]).to(getattr(torch, dtype))
    if x.is_floating_point():
        x.requires_grad_()
    y = pickle.loads(pickle.dumps(x))
    assert y.dtype is x.dtype
    assert y.requires_grad == x.requires_grad
    assert y.tolist() == x.tolist()


def test_clone_and_contiguous_lay_out_as_torch_does() -> None:
    x = torch.arange(24.0).reshape(2, 3, 4)
    assert x.permute(2, 0, 1).clone().stride() == x.permute(2, 0, 1).stride()  # dense: the order is kept
    assert x[:, ::2].clone().stride() == (8, 4, 1)  # with gaps: packed
    assert x[:1].expand(2, 3, 4).clone().stride() == (12, 4, 1)
    assert x.contiguous() is x
    assert x.transpose(0, 1).contiguous().stride() == (8, 4, 1)


# ---------------------------------------------------------------- channels last


def test_private_layouts_are_invisible() -> None:
    x = torch.rand(2, 3, 6, 6)
    y = torch.nn.functional.conv2d(x, torch.rand(4, 3, 3, 3))
    assert y.is_contiguous()
    assert y.stride() == (64, 16, 4, 1)
    assert y.numpy().flags.c_contiguous
    assert y.view(2, -1).shape == (2, 64)


def test_channels_last_on_request_is_visible_and_kept() -> None:
    x = torch.rand(2, 3, 4, 5).to(memory_format=torch.channels_last)
    assert x.stride() == (60, 1, 15, 3)
    assert x.is_contiguous(memory_format=torch.channels_last)
    assert not x.is_contiguous()
    assert (x * 2).stride() == x.stride()
    assert x.clone().stride() == x.stride()
    assert torch.zeros_like(x).stride() == x.stride()
    assert x.contiguous().stride() == (60, 20, 5, 1)


# ---------------------------------------------------------------- numbers


def test_tensors_of_one_element_are_numbers() -> None:
    assert float(torch.tensor([2.5])) == 2.5
    assert int(torch.tensor(-2.5)) == -2
    assert bool(torch.tensor([[0.0]])) is False
    assert [10, 20, 30][torch.tensor(1)] == 20
    assert f"{torch.tensor(0.12345):.2f}" == "0.12"
    assert torch.tensor(3).item().__class__ is int
    with pytest.raises(ValueError, match="only one element tensors can be converted"):
        float(torch.ones(2))
    with pytest.raises(RuntimeError, match="more than one value is ambiguous"):
        bool(torch.ones(2))


def test_python_sees_numbers_of_the_right_kind() -> None:
    assert torch.tensor([True]).tolist() == [True]
    assert torch.tensor([[1, 2], [3, 4]]).tolist() == [[1, 2], [3, 4]]
    assert torch.tensor(1 + 2j).item() == 1 + 2j
    assert torch.zeros(2, 0).tolist() == [[], []]


def test_equality_is_by_element_and_hash_by_identity() -> None:
    x, y = torch.ones(2), torch.ones(2)
    assert (x == y).tolist() == [True, True]
    assert {x: 1}[x] == 1
    assert len({x, y}) == 2
    assert torch.tensor(2.0) in torch.tensor([1.0, 2.0])


# ---------------------------------------------------------------- leaves


def test_the_flags_of_leaves_and_results() -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 2
    assert (x.is_leaf, y.is_leaf, x.detach().is_leaf) == (True, False, True)
    assert (x.grad_fn, y.requires_grad, y.output_nr) == (None, True, 0)
    with pytest.raises(RuntimeError, match="you can only change requires_grad flags of leaf variables"):
        y.requires_grad_(False)
    x.requires_grad = False
    assert not (x * 2).requires_grad


def test_only_floating_point_tensors_require_gradients() -> None:
    with pytest.raises(RuntimeError, match="can require gradients"):
        torch.ones(2, dtype=torch.int64, requires_grad=True)
    assert not (torch.ones(2, requires_grad=True) > 0).requires_grad


def test_data_can_be_exchanged() -> None:
    x = torch.ones(2, requires_grad=True)
    x.data = torch.zeros(3)
    assert x.tolist() == [0.0, 0.0, 0.0]
    assert x.requires_grad


def test_results_of_operations_on_a_subclass_are_plain_tensors() -> None:
    p = torch.nn.Parameter(torch.ones(2))
    assert type(p * 2) is Tensor
    assert type(copy.deepcopy(p)) is torch.nn.Parameter
    assert type(pickle.loads(pickle.dumps(p))) is torch.nn.Parameter


def test_what_does_not_exist_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError):
        _ = torch.ones(1).no_such_method
