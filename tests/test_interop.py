"""Tensors share memory with other libraries, both ways, and refuse what cannot be shared."""

import copy
import pickle

import numpy as np
import pytest

import minitorch


@pytest.mark.parametrize("kind", ["float32", "float64", "int64", "uint8", "complex64"])
def test_numpy_sees_the_memory_of_a_tensor_through_dlpack(kind: str) -> None:
    x = minitorch.arange(6).reshape(2, 3).to(getattr(minitorch, kind)).t()
    seen = np.from_dlpack(x)
    assert seen.shape == (3, 2) and seen.dtype == kind
    x[0, 0] = 7
    assert seen[0, 0] == 7


def test_a_tensor_sees_the_memory_of_numpy_through_dlpack() -> None:
    array = np.arange(4.0)
    x = minitorch.from_dlpack(array)
    array[1] = 9
    assert x.tolist() == [0.0, 9.0, 2.0, 3.0]
    assert minitorch.from_dlpack(minitorch.to_dlpack(x)).data_ptr() == x.data_ptr()
    assert minitorch.from_dlpack(array, copy=True).data_ptr() != x.data_ptr()
    assert x.__dlpack_device__() == (1, 0)


def test_what_cannot_be_exported_is_refused() -> None:
    with pytest.raises(BufferError, match="require gradient"):
        np.from_dlpack(minitorch.ones(2, requires_grad=True))
    with pytest.raises(BufferError, match="bfloat16"):
        minitorch.ones(2, dtype=minitorch.bfloat16).__dlpack__()
    with pytest.raises(BufferError, match="stream"):
        minitorch.ones(2).__dlpack__(stream=1)


def test_a_buffer_is_read_without_a_copy() -> None:
    memory = bytearray(np.arange(4, dtype=np.float32).tobytes())
    x = minitorch.frombuffer(memory, dtype=minitorch.float32, offset=4, count=2)
    x[0] = 8
    assert np.frombuffer(memory, np.float32).tolist() == [0.0, 8.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="must be a multiple of element size"):
        minitorch.frombuffer(memory, dtype=minitorch.float32, offset=3)
    with pytest.raises(ValueError, match="requested buffer length"):
        minitorch.frombuffer(memory, dtype=minitorch.float32, count=9)


def test_asarray_shares_where_it_can() -> None:
    array = np.ones(3)
    assert minitorch.asarray(array).data_ptr() == array.ctypes.data
    assert minitorch.asarray(array, copy=True).data_ptr() != array.ctypes.data
    with pytest.raises(ValueError, match="can't alias"):
        minitorch.asarray([1.0], copy=False)


def test_functions_of_numpy_give_tensors() -> None:
    found = np.exp(minitorch.zeros(2))
    assert isinstance(found, minitorch.Tensor) and found.tolist() == [1.0, 1.0]


def test_copies_and_pickles_keep_values_and_the_wish_for_gradients() -> None:
    x = minitorch.arange(6.0).reshape(2, 3).t().requires_grad_()
    for twin in (copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        assert twin.requires_grad and twin.is_leaf and twin.tolist() == x.tolist()
        assert twin.data_ptr() != x.data_ptr()
