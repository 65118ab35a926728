"""Random tensors, by torch's CPU stream: the same seed gives the same numbers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import dtypes
from ..dispatch import requires
from ..dtypes import dtype
from ..inplace import check_writable
from ..random import Generator, default_generator
from ..tape import mode
from ..tensor import method, wrap
from ._common import Tensor, ints
from ._titles import titled
from .create import _finish

__all__ = [
    "bernoulli",
    "multinomial",
    "normal",
    "rand",
    "rand_like",
    "randint",
    "randint_like",
    "randn",
    "randn_like",
    "randperm",
]


def _gen(generator: Generator | None) -> Generator:
    return default_generator if generator is None else generator


def _kind(kind: dtype | None) -> Any:
    return (kind or dtypes.get_default_dtype()).numpy


def _shape(size: tuple[Any, ...]) -> tuple[int, ...]:
    shape = ints(size)
    if min(shape, default=0) < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(shape)}: {list(shape)}")
    return shape


def _drawn(draw: Any, shape: tuple[int, ...], kind: dtype | None, scale: float) -> Any:
    """Return numbers that ``draw`` makes; of complex ones the parts, scaled so that the variance stays."""
    found = kind or dtypes.get_default_dtype()
    if not found.is_complex:
        return draw(shape, found.numpy)
    parts = draw((*shape, 2), found.to_real().numpy)
    return (parts * parts.dtype.type(scale)).view(found.numpy).reshape(shape)


def rand(
    *size: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Return numbers uniform in [0, 1).

    Examples
    --------
    >>> import minitorch
    >>> _ = minitorch.manual_seed(0)
    >>> minitorch.rand(2)
    tensor([0.4963, 0.7682])
    """
    return _finish(_drawn(_gen(generator).uniform, _shape(size), dtype, 1.0), requires_grad, device)


def randn(
    *size: Any,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Return numbers from the standard normal distribution.

    Examples
    --------
    >>> import minitorch
    >>> _ = minitorch.manual_seed(0)
    >>> minitorch.randn(2)
    tensor([ 1.5410, -0.2934])
    """
    return _finish(_drawn(_gen(generator).normal, _shape(size), dtype, math.sqrt(0.5)), requires_grad, device)


def randint(
    *args: Any,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    low: int = 0,
    high: int | None = None,
    size: Any = None,
) -> Tensor:
    """Return integers from ``low`` up to but without ``high``: ``randint(high, size)`` or ``randint(low, high, size)``.

    Examples
    --------
    >>> import minitorch
    >>> _ = minitorch.manual_seed(0)
    >>> minitorch.randint(10, (3,))
    tensor([4, 9, 3])
    """
    given = list(args)
    if given and isinstance(given[-1], (tuple, list)) and size is None:
        size = given.pop()
    if len(given) == 2:
        low, high = given
    elif given and high is None:
        high = given[0]
    elif given:
        low = given[0]
    if high is None or size is None:
        raise TypeError(
            "randint() received an invalid combination of arguments: it needs (high, size) or (low, high, size)"
        )
    array = _gen(generator).randint(int(low), int(high), _shape((size,)), (dtype or dtypes.int64).numpy)
    return _finish(array, requires_grad, device)


def randperm(
    n: int,
    *,
    generator: Generator | None = None,
    out: Tensor | None = None,
    dtype: dtype | None = None,
    layout: Any = None,
    device: Any = None,
    requires_grad: bool = False,
    pin_memory: bool = False,
) -> Tensor:
    """Return the integers below ``n`` in random order.

    Examples
    --------
    >>> import minitorch
    >>> _ = minitorch.manual_seed(0)
    >>> minitorch.randperm(4)
    tensor([0, 1, 3, 2])
    """
    return _finish(_gen(generator).randperm(n, (dtype or dtypes.int64).numpy), requires_grad, device)


# ---- in the likeness of a tensor -----------------------------------------------------------------------------------


def _like(x: Tensor, kind: dtype | None) -> Any:
    return np.empty_like(x._data, dtype=(kind or x.dtype).numpy, order="C" if x._storage.private else "K")


def rand_like(
    input: Tensor,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    generator: Generator | None = None,
    **kw: Any,
) -> Tensor:
    """Return numbers uniform in [0, 1) in the shape and dtype of ``input``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.rand_like(minitorch.zeros(2, 3)).shape
    torch.Size([2, 3])
    """
    return _finish(_gen(generator).uniform_(_like(input, dtype)), requires_grad, device)


def randn_like(
    input: Tensor,
    *,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
    generator: Generator | None = None,
    **kw: Any,
) -> Tensor:
    """Return standard normal numbers in the shape and dtype of ``input``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.randn_like(minitorch.zeros(2, 3)).shape
    torch.Size([2, 3])
    """
    return _finish(_gen(generator).normal_(_like(input, dtype)), requires_grad, device)


def randint_like(
    input: Tensor, low: int = 0, high: int | None = None, *, dtype: dtype | None = None, device: Any = None, **kw: Any
) -> Tensor:
    """Return random integers in the shape and dtype of ``input``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.randint_like(minitorch.zeros(2, 3), 5).shape
    torch.Size([2, 3])
    """
    first, last = (0, low) if high is None else (low, high)
    return _finish(default_generator.random_(_like(input, dtype), first, last), False, device)


# ---- from parameters -----------------------------------------------------------------------------------------------


def bernoulli(input: Tensor, p: float | None = None, *, generator: Generator | None = None) -> Tensor:
    """Return 1 with the probability that each element states (or ``p``), else 0.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.bernoulli(minitorch.ones(2))
    tensor([1., 1.])
    """
    drawn = _gen(generator)
    return wrap(drawn.bernoulli(input._data) if p is None else drawn.bernoulli_(_like(input, None), p))


method(bernoulli)


def multinomial(
    input: Tensor, num_samples: int, replacement: bool = False, *, generator: Generator | None = None
) -> Tensor:
    """Return indices drawn by the weights in each row.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.multinomial(minitorch.tensor([0.0, 1.0]), 1)
    tensor([1])
    """
    return wrap(_gen(generator).multinomial(input._data, num_samples, replacement))


method(multinomial)


def normal(
    mean: Any,
    std: Any = 1.0,
    size: Any = None,
    *,
    generator: Generator | None = None,
    dtype: dtype | None = None,
    device: Any = None,
    requires_grad: bool = False,
) -> Tensor:
    """Return normal numbers with a mean and a deviation, either of which may be a tensor.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.normal(0.0, 1.0, (2, 3)).shape
    torch.Size([2, 3])
    """
    if size is not None:
        return _finish(_gen(generator).normal(_shape((size,)), _kind(dtype), mean, std), requires_grad, device)
    values = [v._data if isinstance(v, Tensor) else v for v in (mean, std)]
    return wrap(_gen(generator).normal_of(*values))


# ---- in place ------------------------------------------------------------------------------------------------------


_BOUNDS = {"from": "low", "to": "high"}  # torch's names are no names of Python's arguments


def _filler(name: str, doc: str) -> None:
    """Attach a method that overwrites a tensor with random numbers."""

    def fill(self: Tensor, *args: Any, generator: Generator | None = None, **kw: Any) -> Tensor:
        if mode.enabled:
            check_writable(self)
        values = [a._data if isinstance(a, Tensor) else a for a in args]
        kw = {_BOUNDS.get(key, key): value for key, value in kw.items()}
        if name == "random_" and len(values) == 1 and not kw:  # one number is the bound above
            values = [0, *values]
        if self._storage.of_inference:
            self._storage.written()
        tracked = mode.enabled and requires(self)  # then the tape learns that no gradient passes
        target = wrap(np.empty_like(self._data)) if tracked else self
        getattr(_gen(generator), name)(target._visible(), *values, **kw)
        if tracked:
            return titled(f"{name[:-1].capitalize()}Backward{2 * (name == 'bernoulli_')}", self.copy_(target))
        self._storage.written()
        return self

    fill.__name__ = fill.__qualname__ = name
    fill.__doc__ = doc
    method(fill, name)


for _name, _doc in (
    ("uniform_", "Fill with numbers uniform in [low, high) (default [0, 1))."),
    ("normal_", "Fill with normal numbers of a mean (0) and a deviation (1)."),
    (
        "random_",
        "Fill with integers from ``low`` (0) up to but without ``high``; by default all that the dtype holds exactly.",
    ),
    ("bernoulli_", "Fill with 1 with probability p (0.5; a number or a tensor), else 0."),
    ("exponential_", "Fill with exponentially distributed numbers of rate ``lambd`` (1)."),
    ("cauchy_", "Fill with Cauchy numbers of a median (0) and a scale (1)."),
    ("log_normal_", "Fill with numbers whose logarithms are normal."),
    ("geometric_", "Fill with geometrically distributed numbers of success probability p."),
):
    _filler(_name, _doc)
