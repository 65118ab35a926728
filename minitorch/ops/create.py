"""Creation: tensors from data, constants and ranges."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import convert, dtypes
from ..device import channels_last, channels_last_3d, check_device, preserve_format
from ..dtypes import dtype
from ..keywords import as_dtype
from ..memory import copied, is_dense
from ..op import Make, Sample, register
from ..tensor import Tensor, wrap
from ._common import NUMBER, deliver
from ._ranges import arange_values, linspace_values

__all__ = ["arange", "as_tensor", "empty", "empty_like", "eye", "from_numpy", "full", "full_like", "linspace",
           "logspace", "meshgrid", "ones", "ones_like", "scalar_tensor", "tensor", "zeros", "zeros_like"]  # fmt: skip


def _finish(array: Any, requires_grad: bool = False, device: Any = None) -> Tensor:
    """Wrap a new array as a leaf."""
    check_device(device)
    out = wrap(array)
    if requires_grad:
        if out.dtype.category < dtypes.FLOAT:
            raise RuntimeError("Only Tensors of floating point and complex dtype can require gradients")
        out._requires = True
    return out


# ---- from data -----------------------------------------------------------------------------------------------------


def tensor(
    data: Any,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Return a new leaf that holds a copy of ``data``: numbers, nested sequences, NumPy arrays or tensors.

    Raises
    ------
    ValueError : nested sequences of unequal lengths. RuntimeError, TypeError : elements that are not numbers.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([[1, 2], [3, 4]])
    tensor([[1, 2],
            [3, 4]])
    """
    array = convert.as_array(data, dtype)
    if isinstance(data, Tensor):
        array = copied(array)
    elif isinstance(data, np.ndarray):
        array = array.copy(order="C")
    dtypes.of(array)
    return _finish(array, requires_grad, device)


def as_tensor(data: Any, dtype: dtype | None = None, device: Any = None) -> Tensor:
    """Return ``data`` as a tensor, sharing memory with tensors and NumPy arrays of the same dtype.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.as_tensor([1.0, 2.0])
    tensor([1., 2.])
    """
    check_device(device)
    if isinstance(data, Tensor):
        return data if dtype is None or data.dtype is dtype else data.to(dtype)
    array = convert.as_array(data, dtype)
    dtypes.of(array)
    return wrap(array)


def from_numpy(ndarray: Any) -> Tensor:
    """Return a tensor that shares memory with a NumPy array; TypeError for what is not one.

    Examples
    --------
    >>> import minitorch, numpy
    >>> minitorch.from_numpy(numpy.arange(3))
    tensor([0, 1, 2])
    """
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    if any(s < 0 for s in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative strides are not "
            "currently supported. (You can probably work around this by making a copy of your array  with "
            "array.copy().) "
        )
    dtypes.of(ndarray)
    return wrap(ndarray)


def scalar_tensor(s: Any, *, dtype: dtype | None = None, device: Any = None, requires_grad: bool = False) -> Tensor:
    """Return a 0-d tensor of a number, of the default dtype.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.scalar_tensor(3)
    tensor(3.)
    """
    return _finish(convert.scalar(s, dtype or dtypes.get_default_dtype()), requires_grad, device)


# ---- constants -----------------------------------------------------------------------------------------------------


def _sizes(name: str, size: tuple[Any, ...]) -> tuple[int, ...]:
    """Return sizes given one by one or as a sequence; torch's errors for what are none."""
    given = tuple(size[0]) if len(size) == 1 and isinstance(size[0], (tuple, list)) else size
    for n in given:
        if not hasattr(n, "__index__"):
            raise TypeError(f"{name}(): argument 'size' (position 1) must be tuple of ints, not {type(n).__name__}")
    shape = tuple([int(n.__index__()) for n in given])
    if any(n < 0 for n in shape):
        if name == "zeros":
            raise RuntimeError("zeros: Dimension size must be non-negative.")
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


def _constant(name: str, make: Callable[..., Any], doc: str) -> tuple[Callable[..., Tensor], Callable[..., Tensor]]:
    def fn(*size: Any, out: Tensor | None = None, dtype: dtype | None = None, layout: Any = None, device: Any = None,
           requires_grad: bool = False, pin_memory: bool = False, memory_format: Any = None,
           **kw: Any) -> Tensor:  # fmt: skip
        if not size and "size" not in kw:
            raise TypeError(f'{name}() missing 1 required positional arguments: "size"')
        shape = _sizes(name, size or (kw["size"],))
        kind = dtypes.get_default_dtype() if dtype is None else as_dtype(name, dtype)
        return deliver(_finish(make(shape, kind), requires_grad, device), out)

    def like(input: Tensor, *, dtype: dtype | None = None, layout: Any = None, device: Any = None,
             requires_grad: bool = False, pin_memory: bool = False,
             memory_format: Any = preserve_format) -> Tensor:  # fmt: skip
        array = _empty_like(input, dtype, memory_format)
        if name != "empty":
            array[...] = make((), dtype or input.dtype)
        return _finish(array, requires_grad, device)

    fn.__name__ = fn.__qualname__ = name
    like.__name__ = like.__qualname__ = name + "_like"
    fn.__doc__ = f"""Return a tensor of a given size {doc}.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.{name}(2, 3).shape
    torch.Size([2, 3])
    """
    like.__doc__ = f"""Return a tensor {doc}, with the shape and dtype of ``input``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.{name}_like(minitorch.tensor([1, 2])).dtype
    torch.int64
    """
    return fn, like


def _empty_like(input: Tensor, dtype: dtype | None, memory_format: Any = preserve_format) -> Any:
    kind = (dtype or input.dtype).numpy
    if memory_format in (channels_last, channels_last_3d):
        shape = input._data.shape
        return np.moveaxis(np.empty((shape[0], *shape[2:], shape[1]), kind), -1, 1)
    keep = memory_format is preserve_format and not input._storage.private and is_dense(input._data)
    return np.empty_like(input._data, dtype=kind, order="K" if keep else "C")


zeros, zeros_like = _constant("zeros", lambda shape, kind: np.zeros(shape, kind.numpy), "filled with 0")
ones, ones_like = _constant("ones", convert.ones, "filled with 1")
empty, empty_like = _constant("empty", lambda shape, kind: np.empty(shape, kind.numpy), "with unspecified values")


def full(size: Any, fill_value: Any, *, out: Tensor | None = None, dtype: dtype | None = None, layout: Any = None,
         device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Tensor:  # fmt: skip
    """Return a tensor of a given size filled with one number, whose kind gives the dtype.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.full((2,), 7)
    tensor([7, 7])
    """
    if not isinstance(size, (tuple, list)):
        raise TypeError(f"full(): argument 'size' (position 1) must be tuple of ints, not {type(size).__name__}")
    if isinstance(fill_value, Tensor) and not fill_value._data.ndim:
        fill_value = fill_value.item()
    if not isinstance(fill_value, NUMBER):
        raise TypeError(f"full(): argument 'fill_value' (position 2) must be Number, not {type(fill_value).__name__}")
    kind = dtype or dtypes.scalar_dtype(fill_value)
    array = np.empty(_sizes("full", (size,)), kind.numpy)
    array[...] = convert.number(fill_value, kind)
    return _finish(array, requires_grad, device)


def full_like(input: Tensor, fill_value: Any, *, dtype: dtype | None = None, device: Any = None,
              requires_grad: bool = False, memory_format: Any = preserve_format, **kw: Any) -> Tensor:  # fmt: skip
    """Return a tensor filled with one number, with the shape and dtype of ``input``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.full_like(minitorch.tensor([1.0, 2.0]), 3)
    tensor([3., 3.])
    """
    array = _empty_like(input, dtype, memory_format)
    array[...] = convert.scalar(
        fill_value.item() if isinstance(fill_value, Tensor) else fill_value, dtype or input.dtype
    )
    return _finish(array, requires_grad, device)


def eye(
    n: int,
    m: int | None = None,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return a matrix with ones on the diagonal.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.eye(2)
    tensor([[1., 0.],
            [0., 1.]])
    """
    for name, size in (("n", n), ("m", n if m is None else m)):
        if size < 0:
            raise RuntimeError(f"{name} must be greater or equal to 0, got {size}")
    return _finish(np.eye(n, m, dtype=(dtype or dtypes.get_default_dtype()).numpy), requires_grad, device)


# ---- ranges --------------------------------------------------------------------------------------------------------


def arange(*args: Any, start: Any = 0, end: Any = None, step: Any = 1, out: Tensor | None = None,
           dtype: dtype | None = None, layout: Any = None, device: Any = None,
           requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Return the numbers from ``start`` (0) up to but without ``end``, by ``step`` (1).

    Raises
    ------
    RuntimeError : a step of 0, or one away from the end.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.arange(1, 7, 2)
    tensor([1, 3, 5])
    """
    start, end, step = _range_args(args, start, end, step)
    found = dtype or (dtypes.int64 if _all_ints(start, end, step) else dtypes.get_default_dtype())
    return _finish(arange_values(start, end, step, found), requires_grad, device)


def _range_args(args: tuple[Any, ...], start: Any, end: Any, step: Any) -> tuple[Any, Any, Any]:
    values = [a.item() if isinstance(a, Tensor) else a for a in (*args, start, end, step)]
    *given, start, end, step = values
    if len(given) == 1 and end is None:
        return start, given[0], step
    if len(given) == 1:
        return given[0], end, step
    if given:
        return given[0], given[1], given[2] if len(given) > 2 else step
    return start, end, step


def _all_ints(*values: Any) -> bool:
    return not [v for v in values if not isinstance(v, (int, np.integer))]


def linspace(
    start: Any,
    end: Any,
    steps: int,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return ``steps`` evenly spaced numbers from ``start`` to ``end``, both included.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linspace(0, 1, 5)
    tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    low, high = (v.item() if isinstance(v, Tensor) else v for v in (start, end))
    kind = dtype or dtypes.get_default_dtype()
    if dtype is None and (isinstance(low, complex) or isinstance(high, complex)):
        kind = kind.to_complex()
    return _finish(linspace_values(low, high, steps, kind), requires_grad, device)


def logspace(start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: dtype | None = None, device: Any = None,
             requires_grad: bool = False) -> Tensor:  # fmt: skip
    """Return ``steps`` numbers from ``base ** start`` to ``base ** end``, evenly spaced on a logarithmic scale.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.logspace(0, 2, 3)
    tensor([  1.,  10., 100.])
    """
    found = dtype or dtypes.get_default_dtype()
    values = np.power(float(base), np.linspace(float(start), float(end), steps))
    return _finish(convert.cast(values, found), requires_grad, device)


# ---- grids ---------------------------------------------------------------------------------------------------------


def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Tensor, ...]:
    """Return coordinate grids of vectors, as expanded views; ``indexing`` "ij" (default) or "xy".

    Examples
    --------
    >>> import minitorch
    >>> minitorch.meshgrid(minitorch.arange(2), minitorch.arange(3), indexing="ij")[0]
    tensor([[0, 0, 0],
            [1, 1, 1]])
    """
    given = tuple(tensors[0]) if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)) else tensors
    if indexing == "xy" and len(given) > 1:
        return tuple(g.transpose(0, 1) for g in meshgrid(*given))
    shape = tuple(g.numel() for g in given)
    return tuple(
        g.reshape(tuple(n if i == k else 1 for i in range(len(given)))).expand(shape)
        for k, (g, n) in enumerate(zip(given, shape))
    )


# ---- samples -------------------------------------------------------------------------------------------------------


def _size_samples(make: Make) -> Iterator[Sample]:
    yield Sample("two", (2, 3))
    yield Sample("tuple", ((2, 0),))


for _fn in (zeros, ones):
    register(_fn, samples=_size_samples, methods=(), differentiable=False)
