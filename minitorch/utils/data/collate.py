"""Collation: a list of samples becomes one batch of tensors, whatever containers the samples are made of."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, MutableMapping, MutableSequence, Sequence
from typing import Any

import numpy as np

from ...dtypes import FROM_NUMPY, float64
from ...ops.create import as_tensor, tensor
from ...ops.join import stack
from ...tensor import Tensor

__all__ = ["collate", "default_collate", "default_collate_fn_map", "default_convert"]

_EXPECTED = "default_collate: batch must contain tensors, numpy arrays, numbers, dicts or lists; found {}"

Rules = dict[Any, Callable[..., Any]]


def default_convert(data: Any) -> Any:
    """Return a sample with its NumPy arrays as tensors, containers kept, other values as they are.

    Examples
    --------
    >>> import numpy
    >>> from minitorch.utils.data import default_convert
    >>> default_convert({"x": numpy.float32([1, 2]), "name": "a"})
    {'x': tensor([1., 2.]), 'name': 'a'}
    """
    if isinstance(data, (Tensor, str, bytes)):
        return data
    if isinstance(data, (np.ndarray, np.generic)):
        return as_tensor(data) if data.dtype in FROM_NUMPY else data
    if isinstance(data, Mapping):
        return _rebuilt(data, {key: default_convert(value) for key, value in data.items()})
    if isinstance(data, tuple):
        values = [default_convert(value) for value in data]
        return type(data)(*values) if hasattr(data, "_fields") else values
    if isinstance(data, Sequence):
        return _relisted(data, [default_convert(value) for value in data])
    return data


def default_collate(batch: Any) -> Any:
    """Return a list of samples as one batch.

    Tensors are stacked, numbers and NumPy arrays become tensors, strings stay a list; dicts, lists, tuples
    and named tuples of these are collated entry by entry.

    Parameters
    ----------
    batch : sequence
        Samples of one structure.

    Raises
    ------
    TypeError
        For samples of another type.
    RuntimeError
        For tensors of different shapes and lists of different lengths.

    Examples
    --------
    >>> from minitorch.utils.data import default_collate
    >>> default_collate([(1, "a"), (2, "b")])
    [tensor([1, 2]), ('a', 'b')]
    """
    return collate(batch, collate_fn_map=default_collate_fn_map)


def collate(batch: Any, *, collate_fn_map: Rules | None = None) -> Any:
    """Return a list of samples as one batch by a table from sample types to functions.

    Parameters
    ----------
    batch : sequence
        Samples of one structure.
    collate_fn_map : dict, optional
        From a type, or a tuple of types, to ``function(batch, collate_fn_map=...)``.
    """
    first = batch[0]
    rule = _rule_for(first, collate_fn_map)
    if rule is not None:
        return rule(batch, collate_fn_map=collate_fn_map)
    if isinstance(first, Mapping):
        columns = {key: collate([d[key] for d in batch], collate_fn_map=collate_fn_map) for key in first}
        return _rebuilt(first, columns)
    if isinstance(first, tuple) and hasattr(first, "_fields"):
        return type(first)(*(collate(samples, collate_fn_map=collate_fn_map) for samples in zip(*batch)))
    if isinstance(first, Sequence):
        return _collate_sequences(batch, collate_fn_map)
    raise TypeError(_EXPECTED.format(type(first)))


def _rule_for(sample: Any, rules: Rules | None) -> Callable[..., Any] | None:
    if not rules:
        return None
    exact = rules.get(type(sample))
    if exact is not None:
        return exact
    return next((rule for kind, rule in rules.items() if isinstance(sample, kind)), None)


def _collate_sequences(batch: Any, rules: Rules | None) -> Any:
    first = batch[0]
    if any(len(sample) != len(first) for sample in batch):
        raise RuntimeError("each element in list of batch should be of equal size")
    columns = [collate(samples, collate_fn_map=rules) for samples in zip(*batch)]
    return columns if isinstance(first, tuple) else _relisted(first, columns)


def _rebuilt(like: Any, entries: dict[Any, Any]) -> Any:
    """Return a mapping of the type of ``like``; a plain dict where the type cannot be made from one."""
    try:
        if isinstance(like, MutableMapping):
            twin = copy.copy(like)
            twin.update(entries)
            return twin
        return type(like)(entries)
    except TypeError:
        return entries


def _relisted(like: Any, values: list[Any]) -> Any:
    """Return a sequence of the type of ``like``; a plain list where the type cannot be made from one."""
    try:
        if isinstance(like, MutableSequence):
            twin = copy.copy(like)
            for i, value in enumerate(values):
                twin[i] = value
            return twin
        return type(like)(values)
    except TypeError:
        return values


def _collate_tensors(batch: Any, *, collate_fn_map: Rules | None = None) -> Any:
    return stack(batch, 0)


def _collate_arrays(batch: Any, *, collate_fn_map: Rules | None = None) -> Any:
    if batch[0].dtype.kind in "SUaO":
        raise TypeError(_EXPECTED.format(batch[0].dtype))
    return stack([as_tensor(array) for array in batch], 0)


def _collate_scalars(batch: Any, *, collate_fn_map: Rules | None = None) -> Any:
    return as_tensor(np.asarray(batch))


def _collate_floats(batch: Any, *, collate_fn_map: Rules | None = None) -> Any:
    return tensor(batch, dtype=float64)


def _collate_ints(batch: Any, *, collate_fn_map: Rules | None = None) -> Any:
    return tensor(batch)


def _collate_strings(batch: Any, *, collate_fn_map: Rules | None = None) -> Any:
    return batch


default_collate_fn_map: Rules = {
    Tensor: _collate_tensors,
    np.ndarray: _collate_arrays,
    (np.bool_, np.number): _collate_scalars,
    float: _collate_floats,
    int: _collate_ints,
    str: _collate_strings,
    bytes: _collate_strings,
}
