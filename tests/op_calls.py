"""Calls of the op records' samples, on tensors of any layout: what `test_ops` runs."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import random
from minitorch.op import RECORDS, Make, Record, Sample
from minitorch.tensor import Tensor, wrap

# ---------------------------------------------------------------- calls of a record


def parts(value: Any) -> Iterator[Tensor]:
    """Yield the tensors in arguments or results, however nested."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from parts(item)
    elif isinstance(value, dict):
        yield from parts(list(value.values()))


def swapped(value: Any, tensors: Iterator[Any]) -> Any:
    """Return arguments with their tensors replaced, in the order of `parts`."""
    if isinstance(value, Tensor):
        return next(tensors)
    if isinstance(value, (list, tuple)) and any(True for _ in parts(value)):
        items = [swapped(item, tensors) for item in value]
        return items if isinstance(value, list) else tuple(items)
    if isinstance(value, dict):
        return {key: swapped(item, tensors) for key, item in value.items()}
    return value


class Call:
    """A sample with the function that it calls; the tensors can be replaced."""

    def __init__(self, record: Record, sample: Sample, fn: Callable[..., Any] | None = None) -> None:
        self.record, self.fn = record, fn or record.fn
        self.args, self.kwargs = sample.args, sample.kwargs
        self.tensors = list(parts((self.args, self.kwargs)))

    def __call__(self, *tensors: Any) -> Any:
        """Run the function on other tensors (its own by default), from a fixed seed."""
        args, kwargs = swapped((self.args, self.kwargs), iter(tensors or self.tensors))
        random.manual_seed(0)
        return self.fn(*args, **kwargs)

    def outputs(self, *tensors: Any) -> list[Tensor]:
        return list(parts(self(*tensors)))


def call_of(name: str, index: int, dtype: Any = minitorch.float64, requires_grad: bool = True) -> Call:
    record = RECORDS[name]
    return Call(record, list(record.samples(Make(dtype, requires_grad)))[index])


def cases_of(wanted: Callable[[Record], bool]) -> list[Any]:
    found = []
    for name, record in sorted(RECORDS.items()):
        if record.samples is not None and wanted(record):
            for i, sample in enumerate(record.samples(Make())):
                found.append(pytest.param(name, i, id=f"{name}-{sample.name}".replace(" ", "_")))
    return found


every_sample = pytest.mark.parametrize("name, index", cases_of(lambda r: True))
every_gradient = pytest.mark.parametrize("name, index", cases_of(lambda r: r.differentiable))


# ---------------------------------------------------------------- layouts


def strided(array: Any) -> Any:
    """Return the same values as every other element of a larger array."""
    wide = np.zeros((*array.shape, 2), array.dtype)
    wide[..., 1] = array
    return wide[..., 1]


def transposed(array: Any) -> Any:
    return np.asfortranarray(array).reshape(array.shape, order="A") if array.ndim > 1 else strided(array)


def channels_last(array: Any) -> Any:
    return np.moveaxis(np.moveaxis(array, 1, -1).copy(), -1, 1) if array.ndim in (4, 5) else array


def leaf(array: Any, like: Tensor, private: bool = False) -> Tensor:
    out = wrap(array)
    out._requires = like._requires
    if private and not array.flags.c_contiguous:
        out._storage.array = array
        out._storage.join(out)
    return out


LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "strided": lambda t: leaf(strided(t._data), t),
    "transposed": lambda t: leaf(transposed(t._data), t),
    "channels_last": lambda t: leaf(channels_last(t._data), t),
    "private_channels_last": lambda t: leaf(channels_last(t._data), t, private=True),
}
every_layout = pytest.mark.parametrize("layout", LAYOUTS)


def laid_out(call: Call, layout: str) -> list[Tensor]:
    return [LAYOUTS[layout](t) for t in call.tensors]


def needs_contiguous(call: Call, tensors: list[Tensor]) -> bool:
    """Whether torch refuses to view these tensors, in this layout, without a copy."""
    if call.record.name != "view":
        return False
    try:
        np.reshape(tensors[0]._data, call(*call.tensors).shape, copy=False)
    except ValueError:
        return not tensors[0]._storage.private
    return False
