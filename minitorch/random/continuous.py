"""Continuous distributions: uniform, normal and what is made of them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .. import convert, dtypes
from ..dtypes import dtype
from ..errors import shape_text
from ..kernels import rng
from ..memory import Array
from .names import c_name, refuse, scalar_name
from .stream import Stream, as_dtype, deliver, flat_or_new, memory_order, unit_float32, unit_float64

__all__ = ["Continuous"]

_KERNELS = {"float32": rng.normal_float32, "float64": rng.normal_float64}


class Continuous(Stream):
    """Floating-point numbers. Arrays are float32, float64, float16 or bfloat16."""

    # ---- uniform -------------------------------------------------------------------------------------------

    def uniform(
        self, shape: tuple[int, ...], dtype: Any = dtypes.float32, low: float = 0.0, high: float = 1.0
    ) -> Array:
        """Return a new array of uniform numbers in [low, high); torch.rand."""
        return self.uniform_(np.empty(shape, as_dtype(dtype).numpy), low, high)

    def uniform_(self, out: Array, low: float = 0.0, high: float = 1.0) -> Array:
        """Fill an array with uniform numbers in [low, high); Tensor.uniform_.

        Raises
        ------
        RuntimeError
            If ``low > high``, or one or their difference is beyond the dtype.
        """
        kind = _floating(out, "check_uniform_bounds")
        _check_bounds(low, high, kind)
        view = memory_order(out)
        flat = flat_or_new(view)
        if kind.itemsize < 4:
            flat[...] = self._uniform_half(flat.size, kind, low, high)
        else:
            self._draw(flat.view(np.uint32))
            (unit_float32 if kind is dtypes.float32 else unit_float64)(flat, low, high)
        deliver(flat, view)
        return out

    def _uniform_half(self, n: int, kind: dtype, low: float, high: float) -> Array:
        """Return n numbers computed in float32; those that round up to `high` become `low`."""
        units = np.empty(n, np.float32)
        self._draw(units.view(np.uint32))
        unit_float32(units)
        width = float(np.float32(high) - np.float32(low))
        wide = units.astype(np.float64) * width + float(np.float32(low))  # rounds once, like a fused product
        narrow = convert.cast(wide.astype(np.float32), kind)
        bounds = convert.cast(np.array([low, high], np.float32), kind)
        limit = convert.cast(bounds, dtypes.float32)[1]
        narrow[convert.cast(narrow, dtypes.float32) >= limit] = bounds[0]
        return narrow

    # ---- normal --------------------------------------------------------------------------------------------

    def normal(
        self, shape: tuple[int, ...], dtype: Any = dtypes.float32, mean: float = 0.0, std: float = 1.0
    ) -> Array:
        """Return a new array of normal numbers; torch.randn."""
        return self.normal_(np.empty(shape, as_dtype(dtype).numpy), mean, std)

    def normal_(self, out: Array, mean: float = 0.0, std: float = 1.0) -> Array:
        """Fill an array with normal numbers; Tensor.normal_.

        Contiguous arrays of 16 and more elements are made in blocks of 16, others one pair at a time.

        Raises
        ------
        RuntimeError
            If ``std < 0`` or NaN.
        """
        if not std >= 0.0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
        kind = _floating(out, "normal_kernel_cpu")
        if out.size >= 16 and out.flags.c_contiguous:
            memory_order(out)
            self._normal_blocks(out.reshape(-1), kind, mean, std)
            return out
        view = memory_order(out)
        view[...] = convert.cast((self._normals(out.size) * std + mean).reshape(view.shape), kind)
        return out

    def _normal_blocks(self, out: Array, kind: dtype, mean: float, std: float) -> None:
        """Fill blocks of 16. When a rest remains, the last 16 are made once more, of new draws."""
        compute = kind if kind.itemsize >= 4 else dtypes.float32
        wide = out if compute is kind else np.empty(out.size, np.float32)
        whole = out.size - out.size % 16
        rest = np.empty(16 if whole < out.size else 0, compute.numpy)
        with self._lock:
            self._draw((wide if compute is kind else wide[:whole]).view(np.uint32))
            self._draw(rest.view(np.uint32))
        for part in (wide[:whole], rest):
            scale = compute.numpy.type
            _KERNELS[compute.name](part.size // 16, 20 * part.size, scale(mean), scale(std), part)
        wide[out.size - rest.size :] = rest
        if compute is not kind:
            out[...] = convert.cast(wide, kind)

    def normal_of(self, mean: Any, std: Any) -> Array:
        """Return normal numbers with a mean or a std, or both, for each element; torch.normal.

        Raises
        ------
        RuntimeError
            If a std is negative or the shapes do not broadcast.
        """
        if isinstance(std, np.ndarray) and std.size and not (convert.cast(std, dtypes.float64).min() >= 0):
            raise RuntimeError("normal expects all elements of std >= 0.0")
        kind = dtypes.of(mean if isinstance(mean, np.ndarray) else std)
        shape = _broadcast(np.shape(mean), np.shape(std))
        compute = kind if kind.itemsize >= 4 else dtypes.float32
        if not isinstance(std, np.ndarray):
            out = convert.cast(self.normal(shape, kind, 0.0, std), compute)
        else:
            out = convert.cast(self.normal(shape, kind), compute) * convert.cast(std, compute)
            out = convert.cast(convert.cast(out, kind), compute)
        shift = convert.cast(np.asarray(mean) if not isinstance(mean, np.ndarray) else mean, compute)
        return convert.cast(out + shift, kind)

    # ---- others --------------------------------------------------------------------------------------------

    def exponential_(self, out: Array, lambd: float = 1.0) -> Array:
        """Fill an array with exponential numbers of rate lambd > 0; Tensor.exponential_."""
        if not lambd > 0.0:
            raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
        _continuous(out, "Exponential", scalar_name)
        return self._store(out, lambda n: (-1.0 / lambd) * np.log1p(-self._units(n)))

    def cauchy_(self, out: Array, median: float = 0.0, sigma: float = 1.0) -> Array:
        """Fill an array with Cauchy numbers of scale sigma > 0; Tensor.cauchy_."""
        if not sigma > 0.0:
            raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
        _continuous(out, "Cauchy", c_name)
        return self._store(out, lambda n: median + sigma * np.tan(math.pi * (self._units(n) - 0.5)))

    def log_normal_(self, out: Array, mean: float = 1.0, std: float = 2.0) -> Array:
        """Fill an array with the exponentials of normal numbers, std > 0; Tensor.log_normal_."""
        if not std > 0.0:
            raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
        _floating(out, "log_normal_cpu")
        return self._store(out, lambda n: np.exp(self._normals(n) * std + mean))

    def _store(self, out: Array, values: Any) -> Array:
        """Fill an array with ``values(n)``, float64."""
        view = memory_order(out)
        with np.errstate(divide="ignore", over="ignore"):
            view[...] = convert.cast(values(view.size).reshape(view.shape), dtypes.of(out))
        return out

    def trunc_normal_(
        self, out: Array, mean: float = 0.0, std: float = 1.0, a: float = -2.0, b: float = 2.0
    ) -> Array:
        """Fill an array with normal numbers in [a, b], those outside drawn again; nn.init.trunc_normal_."""
        inside = _normal_cdf((b - mean) / std) - _normal_cdf((a - mean) / std)
        if inside > 0.3:
            return self._redraw_outside(out, mean, std, a, b)
        return self._accept_or_redraw(out, mean, std, a, b)

    def _redraw_outside(self, out: Array, mean: float, std: float, a: float, b: float) -> Array:
        kind = dtypes.of(out)
        low, high = convert.cast(convert.cast(np.array([a, b]), kind), dtypes.float64)
        self.normal_(out, mean, std)
        while True:
            now = convert.cast(out, dtypes.float64)
            outside = (now < low) | (now > high)
            if not outside.any():
                return out
            np.copyto(out, self.normal_(np.empty_like(out), mean, std), where=outside)

    def _accept_or_redraw(self, out: Array, mean: float, std: float, a: float, b: float) -> Array:
        """Sample uniformly, accept in proportion to the density: [a, b] is narrow or far out in a tail."""
        peak = -0.5 * ((max(a, min(mean, b)) - mean) / std) ** 2
        compute = dtypes.float64 if out.dtype == np.float64 else dtypes.float32
        pending = np.ones(out.shape, bool)
        while pending.any():
            candidates = self.uniform_(np.empty_like(out), a, b)
            np.copyto(out, candidates, where=pending)
            heights = convert.cast(self.uniform_(np.empty_like(out)), compute)
            density = ((convert.cast(candidates, compute) - mean) / std) ** 2 * -0.5 - peak
            with np.errstate(divide="ignore"):
                pending &= np.log(heights) > density
        return out


def _normal_cdf(x: float) -> float:
    return (1.0 + math.erf(x / math.sqrt(2.0))) / 2.0


def _floating(out: Array, kernel: str) -> dtype:
    kind = dtypes.of(out)
    if not kind.is_floating_point:
        raise refuse(kernel, kind)
    return kind


def _continuous(out: Array, name: str, spelled: Any) -> None:
    kind = dtypes.of(out)
    if not kind.is_floating_point:
        raise RuntimeError(
            f"{name} distribution is a continuous probability distribution. "
            f"dtype must be a floating point but you specified {spelled(kind)}"
        )


def _check_bounds(low: float, high: float, kind: dtype) -> None:
    limit = dtypes.finfo(kind).max
    for name, value in (("from", low), ("to", high)):
        if not -limit <= value <= limit:
            raise RuntimeError(f"{name} is out of bounds for {kind.name} (uniform_: {name}={value:g})")
    if low > high:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={low:g} > to={high:g}"
        )
    if high - low > limit:
        raise RuntimeError(
            f"uniform_ expects to-from <= std::numeric_limits<{scalar_name(kind)}>::max(), but found "
            f"to={high:g} and from={low:g} which result in to-from to exceed the limit"
        )


def _broadcast(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    try:
        return np.broadcast_shapes(a, b)
    except ValueError:
        raise RuntimeError(f"normal: shapes {shape_text(a)} and {shape_text(b)} do not broadcast") from None
