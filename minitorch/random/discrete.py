"""Discrete distributions: integers, permutations, coin tosses, and draws from given probabilities."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import convert, dtypes
from ..dtypes import dtype
from ..errors import shape_text
from ..kernels import rng
from ..memory import Array
from .names import c_name, refuse, scalar_name
from .stream import Stream, as_dtype, deliver, flat_or_new, memory_axes, memory_order, unit_float32

__all__ = ["Discrete"]

_LONG = 1 << 28  # ranges from here on take 64 bits a number
_INT64 = np.iinfo(np.int64)
_DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}
_MOST_CATEGORIES = 1 << 24


class Discrete(Stream):
    """Whole numbers, in arrays of any real dtype unless said otherwise."""

    # ---- integers ------------------------------------------------------------------------------------------

    def randint(self, low: int, high: int, shape: tuple[int, ...], dtype: Any = dtypes.int64) -> Array:
        """Return a new array of integers in [low, high); torch.randint."""
        return self.random_(np.empty(shape, as_dtype(dtype).numpy), low, high)

    def random_(self, out: Array, low: int | None = None, high: int | None = None) -> Array:
        """Fill an array with integers in [low, high); Tensor.random_.

        Without `high`, up to the largest value of the dtype (floats: up to the largest up to which they hold
        every integer); without `low` too, from zero.

        Raises
        ------
        RuntimeError
            If the range is empty or beyond the dtype.
        ValueError
            If a bound does not fit in 64 bits.
        """
        kind = dtypes.of(out)
        if kind.is_complex:
            raise RuntimeError("check_random_bounds handles only integral, floating-point and boolean types")
        if low is None and high is None:
            if kind.name in ("uint16", "uint32", "uint64"):
                raise refuse("random_kernel_cpu", kind)
            return self._integers(out, _everything(kind), kind.name in ("int64", "float64"), 0)
        first, stop = _range(0 if low is None else low, high, kind)
        return self._integers(out, stop - first, stop - first >= _LONG, first)

    def _integers(self, out: Array, count: int, long: bool, first: int) -> Array:
        """Fill with first + draw % count, of one draw or (`long`) of two."""
        view = memory_order(out)
        flat = flat_or_new(view)
        transform = _remainder_64(count, first) if long else _remainder_32(count, first)
        self._fill(flat, 2 if long else 1, transform)
        deliver(flat, view)
        return out

    def randperm(self, n: int, dtype: Any = dtypes.int64) -> Array:
        """Return the integers below n in random order; torch.randperm.

        Raises
        ------
        RuntimeError
            If n is negative or more than the dtype can count.
        """
        kind = as_dtype(dtype)
        _check_permutation(n, kind)
        out = np.arange(n, dtype=np.int64)
        bits = np.empty(max(n - 1, 0), np.uint32)
        self._draw(bits)
        rng.shuffle(1, n, bits, out)
        return convert.cast(out, kind)

    # ---- coin tosses ---------------------------------------------------------------------------------------

    def bernoulli(self, p: float | Array, shape: tuple[int, ...] | None = None, dtype: Any = None) -> Array:
        """Return a new array of ones, with probability p, and zeros; torch.bernoulli.

        An array p gives the shape and, unless told otherwise, the dtype.
        """
        if shape is None:
            shape = np.shape(p)
        if dtype is None:
            dtype = dtypes.of(p) if isinstance(p, np.ndarray) else dtypes.float32
        return self.bernoulli_(np.empty(shape, as_dtype(dtype).numpy), p)

    def bernoulli_(self, out: Array, p: float | Array = 0.5) -> Array:
        """Fill an array with ones, with probability p (a number or an array that broadcasts), and zeros.

        Raises
        ------
        RuntimeError
            If p is not in [0, 1], or its shape does not broadcast.
        """
        if isinstance(p, np.ndarray):
            return self._bernoulli_array(out, p)
        if not 0.0 <= p <= 1.0:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
        view = memory_order(out)
        flat = flat_or_new(view)
        below = np.uint64(math.ceil(p * 2.0**53))  # k / 2**53 < p, in integers
        self._fill(flat, 2, lambda bits: (_pairs(bits) & np.uint64((1 << 53) - 1)) < below)
        deliver(flat, view)
        return out

    def _bernoulli_array(self, out: Array, p: Array) -> Array:
        kind = dtypes.of(p)
        if not kind.is_floating_point:
            raise refuse("bernoulli_tensor_cpu_p_", kind)
        p = convert.cast(p, dtypes.float64 if kind is dtypes.float64 else dtypes.float32)
        if p.size and not (p.min() >= 0 and p.max() <= 1):
            raise RuntimeError(
                "bernoulli: Expected p_in >= 0 && p_in <= 1 to be true: every probability must be in [0, 1]"
            )
        axes = memory_axes(out)
        view, thresholds = out.transpose(axes), _expand(p, out.shape).transpose(axes)
        if p.dtype == np.float64:
            u = self._units(out.size)
        else:
            u = np.empty(out.size, np.float32)
            self._draw(u.view(np.uint32))
            unit_float32(u)
        view[...] = convert.cast(u.reshape(view.shape) < thresholds, dtypes.of(out))
        return out

    def dropout_mask(self, shape: tuple[int, ...], p: float, dtype: Any = dtypes.float32) -> Array:
        """Return what dropout multiplies by: 1 / (1 - p) with probability 1 - p, else 0.

        Nothing is drawn for p = 0 (ones) and p = 1 (zeros).

        Raises
        ------
        ValueError
            If p is not in [0, 1].
        """
        return self.dropout_mask_(np.empty(shape, as_dtype(dtype).numpy), p)

    def dropout_mask_(self, out: Array, p: float) -> Array:
        """Fill an array with a dropout mask; see `dropout_mask`."""
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        kind = dtypes.of(out)
        if p == 0.0 or p == 1.0:
            out[...] = convert.cast(np.array(1.0 - p), kind)
            return out
        compute = kind if kind.itemsize >= 4 else dtypes.float32
        kept = np.array(1.0) / np.array(1.0 - p).astype(compute.numpy)
        self.bernoulli_(out, 1.0 - p)
        if compute is kind:
            out *= kept.astype(kind.numpy)
        else:
            np.copyto(out, convert.cast(kept, kind), where=convert.cast(out, dtypes.bool_))
        return out

    def geometric_(self, out: Array, p: float) -> Array:
        """Fill an array with the number of tosses until the first success, 0 < p < 1; Tensor.geometric_."""
        if not 0.0 < p < 1.0:
            raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
        kind = dtypes.of(out)
        if kind is dtypes.bool_ or kind.is_complex:
            raise refuse("geometric_cpu", kind)
        view = memory_order(out)
        with np.errstate(divide="ignore"):
            tosses = np.ceil(np.log(self._units(out.size)) / math.log1p(-p))
        view[...] = convert.cast(tosses.reshape(view.shape), kind)
        return out

    # ---- given probabilities -------------------------------------------------------------------------------

    def multinomial(self, weights: Array, num_samples: int, replacement: bool = False) -> Array:
        """Return indices (num_samples) or (rows, num_samples), in proportion to weights (n) or (rows, n).

        Raises
        ------
        RuntimeError
            If weights are negative, not finite or sum to zero, or fewer than the samples without replacement.
        """
        _check_multinomial(weights, num_samples, replacement)
        if weights.ndim == 2 and weights.shape[0] == 0:
            return np.empty((0, num_samples), np.int64)
        if replacement and num_samples > 1:
            return self._search(weights, num_samples)
        return self._race(weights, num_samples)

    def _race(self, weights: Array, num_samples: int) -> Array:
        """Sample without replacement: the largest of weight / (exponential number)."""
        kind = dtypes.of(weights)
        compute = kind if kind.itemsize >= 4 else dtypes.float32
        wide = convert.cast(weights, compute)
        _check_weights(wide, "probability tensor contains either `inf`, `nan` or element < 0")
        waits = np.empty_like(weights)
        view = memory_order(waits)
        view[...] = convert.cast(-np.log1p(-self._units(waits.size)).reshape(view.shape), kind)
        with np.errstate(divide="ignore", invalid="ignore"):
            keys = convert.cast(wide / convert.cast(waits, compute), kind)
        keys = convert.cast(keys, compute)
        if num_samples == 1:
            return np.asarray(np.argmax(keys, axis=-1, keepdims=True))
        return np.argsort(-keys, axis=-1, kind="stable")[..., :num_samples].copy()

    def _search(self, weights: Array, num_samples: int) -> Array:
        """Sample with replacement: look uniform numbers up in the running sum."""
        kind = dtypes.of(weights)
        wide = convert.cast(weights, kind if kind.itemsize >= 4 else dtypes.float32)
        _check_weights(
            wide, "invalid multinomial distribution (encountering probability entry = infinity or NaN or < 0)"
        )
        sums = np.cumsum(wide.reshape(-1, wide.shape[-1]), axis=-1, dtype=wide.dtype)
        sums /= sums[:, -1:].copy()
        sums[:, -1] = 1
        u = self._units(len(sums) * num_samples).reshape(len(sums), num_samples)
        found = [np.searchsorted(row.astype(np.float64), draws) for row, draws in zip(sums, u)]
        return np.stack(found).reshape(weights.shape[:-1] + (num_samples,))


# ---- draws to integers -------------------------------------------------------------------------------------


def _pairs(bits: Array) -> Array:
    """Join pairs of draws into 64 bits, the first draw high."""
    pairs = bits.view(np.uint64)
    return (pairs << np.uint64(32)) | (pairs >> np.uint64(32))


def _remainder_32(count: int, first: int) -> Callable[[Array], Array]:
    if count & (count - 1) == 0:
        return lambda bits: (bits & np.uint32(count - 1)).astype(np.int64) + first
    divisor = np.uint32(count)
    # a vectorised division and a product: NumPy's remainder divides one by one
    return lambda bits: (bits - bits // divisor * divisor).astype(np.int64) + first


def _remainder_64(count: int, first: int) -> Callable[[Array], Array]:
    if count == 1 << 64:
        return lambda bits: _pairs(bits).view(np.int64)
    offset = np.uint64(first % (1 << 64))
    return lambda bits: (_pairs(bits) % np.uint64(count) + offset).view(np.int64)


# ---- bounds ------------------------------------------------------------------------------------------------


def _largest(kind: dtype) -> int:
    if kind.is_floating_point:
        return 1 << _DIGITS[kind.name]
    return 1 if kind is dtypes.bool_ else dtypes.iinfo(kind).max


def _everything(kind: dtype) -> int:
    return _largest(kind) + 1


def _range(low: int, high: int | None, kind: dtype) -> tuple[int, int]:
    """Return the bounds that the dtype can hold; RuntimeError if nothing remains or they lie beyond it."""
    for bound in (low, high):
        if bound is not None and not _INT64.min <= bound <= _INT64.max:
            raise ValueError(f"random_: Overflow when unpacking long long (bound={bound}), need 64 bits")
    if high is None and low == _INT64.min:
        return low, 1 << 63
    if high is not None and low >= high:
        raise RuntimeError(f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}")
    stop = _largest(kind) + 1 if high is None else high
    if kind.is_floating_point:
        low, stop = _representable(low, kind, -1), _representable(stop, kind, 1) if high is not None else stop
        if low >= stop:
            raise RuntimeError(
                "random_ expects 'from' casted to dtype to be less than 'to' casted to dtype, "
                f"but got from={low} >= to={stop}"
            )
    _check_range(low, stop - 1, kind)
    return low, stop


def _representable(bound: int, kind: dtype, side: int) -> int:
    """Move a bound inwards if the value next to it, inside, would round to it or beyond."""
    inside = bound - side
    rounded = float(convert.cast(convert.cast(np.array([inside], np.int64), kind), dtypes.float64)[0])
    if not math.isfinite(rounded) or (int(rounded) - bound) * side < (0 if side > 0 else 1):
        return bound
    spacing = 1 << max(abs(inside).bit_length() - _DIGITS[kind.name], 0)
    return int(rounded) - side * spacing


def _check_range(low: int, last: int, kind: dtype) -> None:
    if kind.is_floating_point:
        limit = dtypes.finfo(kind).max
        least: float = -limit
    else:
        limit, least = _largest(kind), 0 if kind is dtypes.bool_ else dtypes.iinfo(kind).min
        limit = min(limit, _INT64.max)
    for name, value in (("from", low), ("to - 1", last)):
        if not least <= value <= limit:
            raise RuntimeError(f"{name} is out of bounds for {c_name(kind)}")
    for name, value in (("from", low), ("to - 1", last)):
        if kind.is_floating_point and abs(value) > _largest(kind):
            digits = _DIGITS[kind.name]
            warnings.warn(
                f"{name} is out of bounds [-(2^{digits}), 2^{digits}]. Due to precision limitations "
                f"{c_name(kind)} can support discrete uniform distribution only within this range.",
                stacklevel=2,
            )


# ---- checks ------------------------------------------------------------------------------------------------


def _check_permutation(n: int, kind: dtype) -> None:
    if n < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {n}: [{n}]")
    if kind is dtypes.bool_ or kind.is_complex:
        raise refuse("randperm", kind)
    if not kind.is_floating_point and n > dtypes.iinfo(kind).max:
        raise RuntimeError(
            f"value cannot be converted to type {kind.name}_t without overflow (randperm: n={n})"
        )
    if kind.name in ("float16", "float32", "float64") and n > _largest(kind) + 1:
        raise RuntimeError(f"n cannot be greater than {_largest(kind) + 1} for {scalar_name(kind)} type.")


def _expand(p: Array, shape: tuple[int, ...]) -> Array:
    try:
        return np.broadcast_to(p, shape)
    except ValueError:
        raise RuntimeError(
            f"bernoulli_: p of shape {shape_text(p.shape)} does not expand to {shape_text(shape)}"
        ) from None


def _check_multinomial(weights: Array, num_samples: int, replacement: bool) -> None:
    kind = dtypes.of(weights)
    if not 0 < weights.ndim <= 2:
        raise RuntimeError(f"prob_dist must be 1 or 2 dim (multinomial: shape={weights.shape})")
    if not kind.is_floating_point:
        raise RuntimeError(
            f"multinomial only supports floating-point dtypes for input, got: {scalar_name(kind)}"
        )
    if num_samples <= 0:
        raise RuntimeError(f"cannot sample n_sample <= 0 samples (multinomial: num_samples={num_samples})")
    if not replacement and num_samples > weights.shape[-1]:
        raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without replacement")
    if weights.shape[-1] > _MOST_CATEGORIES:
        raise RuntimeError("number of categories cannot exceed 2^24")


def _check_weights(weights: Array, message: str) -> None:
    if not (weights.size and weights.min() >= 0 and weights.max() < np.inf):
        raise RuntimeError(message)
    if not weights.any(axis=-1).all():
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
