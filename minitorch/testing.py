"""Comparisons for tests: `minitorch.testing.assert_close`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from . import convert, dtypes
from .op import result_dtype
from .tensor import Tensor, wrap

__all__ = ["assert_allclose", "assert_close"]

_TOLERANCES = {"float16": (1e-3, 1e-5), "bfloat16": (1.6e-2, 1e-5), "float32": (1.3e-6, 1e-5), "float64": (1e-7, 1e-7),
               "complex64": (1.3e-6, 1e-5), "complex128": (1e-7, 1e-7)}  # fmt: skip


def assert_close(
    actual: Any, expected: Any, *, allow_subclasses: bool = True, rtol: float | None = None, atol: float | None = None,
    equal_nan: bool = False, check_device: bool = True, check_dtype: bool = True, check_layout: bool = True,
    check_stride: bool = False, msg: str | Callable[[str], str] | None = None,
) -> None:  # fmt: skip
    """Raise AssertionError unless ``|actual - expected| <= atol + rtol * |expected|`` in every element.

    Tensors, NumPy arrays and numbers are compared, and sequences and mappings of them. Without tolerances those of the
    dtype count: 1.3e-6 and 1e-5 for float32, 1e-7 for float64, none for integers.

    Raises
    ------
    AssertionError : what differs, in torch's words, or in those of ``msg``.
    TypeError, ValueError : things that cannot be compared; one tolerance without the other.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.testing.assert_close(minitorch.ones(2), minitorch.ones(2) + 1e-7)
    """
    if (rtol is None) != (atol is None):
        lacking = "rtol" if rtol is None else "atol"
        raise ValueError(f"Both 'rtol' and 'atol' must be either specified or omitted, but got no {lacking}.")
    attributes = [name for name, checked in (("dtype", check_dtype), ("stride()", check_stride)) if checked]
    tolerances = None if rtol is None or atol is None else (rtol, atol)
    found = _difference(actual, expected, tolerances, equal_nan, attributes)
    if found is not None:
        text, path = found
        where = f"\n\nThe failure occurred for item {''.join(f'[{key!r}]' for key in path)}" if path else ""
        text += where
        raise AssertionError(msg(text) if callable(msg) else msg or text)


def assert_allclose(actual: Any, expected: Any, rtol: float | None = None, atol: float | None = None,
                    equal_nan: bool = True, msg: str = "") -> None:  # fmt: skip
    """Compare as `assert_close` does, dtypes aside: the old name.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.testing.assert_allclose(minitorch.ones(2), [1.0, 1.0])
    """
    sides = [x if isinstance(x, Tensor) else wrap(convert.as_array(x)) for x in (actual, expected)]
    assert_close(*sides, rtol=rtol, atol=atol, equal_nan=equal_nan, check_dtype=False, msg=msg or None)


Found = tuple[str, tuple[Any, ...]] | None


def _difference(a: Any, b: Any, tolerances: Any, equal_nan: bool, attributes: list[str]) -> Found:
    """Return what differs and where, None if nothing does."""

    def inside(key: Any, x: Any, y: Any) -> Found:
        found = _difference(x, y, tolerances, equal_nan, attributes)
        return None if found is None else (found[0], (key, *found[1]))

    if a is None or b is None:
        return None if a is b else (f"None mismatch: {a} is not {b}", ())
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        if a.keys() != b.keys():
            missing, more = [k for k in b if k not in a], [k for k in a if k not in b]
            lines = f"Missing keys in the actual mapping: {missing}\nAdditional keys in the actual mapping: {more}"
            return f"The keys of the mappings do not match:\n{lines}", ()
        return next((f for f in (inside(k, a[k], b[k]) for k in a) if f is not None), None)
    if all(isinstance(x, Sequence) and not isinstance(x, str) for x in (a, b)):
        if len(a) != len(b):
            return f"The length of the sequences mismatch: {len(a)} != {len(b)}", ()
        return next((f for f in (inside(i, x, y) for i, (x, y) in enumerate(zip(a, b))) if f is not None), None)
    if all(isinstance(x, (bool, np.bool_)) for x in (a, b)):
        return None if a == b else (f"Booleans mismatch: {a} is not {b}", ())
    if all(isinstance(x, (int, float, complex)) for x in (a, b)):
        text = _of_numbers(a, b, tolerances, equal_nan)
    elif all(isinstance(x, Tensor) for x in (a, b)) or all(isinstance(x, np.ndarray) for x in (a, b)):
        x, y = (v.detach() if isinstance(v, Tensor) else wrap(v) for v in (a, b))
        text = _of_tensors(x, y, tolerances, equal_nan, attributes)
    else:
        raise TypeError(f"No comparison pair was able to handle inputs of type {type(a)} and {type(b)}.")
    return None if text is None else (text, ())


def _of_numbers(a: Any, b: Any, tolerances: Any, equal_nan: bool) -> str | None:
    kinds = [dtypes.complex128 if isinstance(x, complex) else dtypes.float64 if isinstance(x, float) else dtypes.int64
             for x in (a, b)]  # fmt: skip
    rtol, atol = tolerances or _default(*kinds)
    x, y = (np.asarray(v, np.complex128 if dtypes.complex128 in kinds else None) for v in (a, b))
    if _close(x, y, rtol, atol, equal_nan).all():
        return None
    return _scalar_text(a, b, rtol, atol)


def _default(*kinds: dtypes.dtype) -> tuple[float, float]:
    found = [_TOLERANCES.get(kind.name, (0.0, 0.0)) for kind in kinds]
    return max(r for r, _ in found), max(a for _, a in found)


def _close(a: Any, b: Any, rtol: float, atol: float, equal_nan: bool) -> Any:
    with np.errstate(all="ignore"):
        near = np.isfinite(b) & (np.abs(a - b) <= atol + rtol * np.abs(b))
    same = (a == b) | near
    return same | ((a != a) & (b != b)) if equal_nan else same


def _scalar_text(a: Any, b: Any, rtol: float, atol: float) -> str:
    size = abs(a - b)
    share = float("inf") if b == 0 else size / abs(b)
    exact = rtol == atol == 0
    up_to = [""] * 2 if exact else [f" (up to {atol} allowed)", f" (up to {rtol} allowed)"]
    return (f"Scalars are not {'equal' if exact else 'close'}!\n\nExpected {b} but got {a}.\n"
            f"Absolute difference: {size}{up_to[0]}\nRelative difference: {share}{up_to[1]}")  # fmt: skip


def _of_tensors(a: Tensor, b: Tensor, tolerances: Any, equal_nan: bool, attributes: list[str]) -> str | None:
    for name in ("shape", *attributes):
        x, y = (t.stride() if name == "stride()" else getattr(t, name) for t in (a, b))
        if x != y:
            return f"The values for attribute '{name}' do not match: {x} != {y}."
    rtol, atol = tolerances or _default(a.dtype, b.dtype)
    kind = result_dtype([a._data, b._data])
    x, y = (convert.cast(t._data, dtypes.float32 if kind is dtypes.bfloat16 else kind) for t in (a, b))
    if kind.category < dtypes.FLOAT:
        x, y = x.astype(np.int64), y.astype(np.int64)
    close = _close(x, y, rtol, atol, equal_nan)
    if close.all():
        return None
    if not x.ndim:
        return _scalar_text(a.item(), b.item(), rtol, atol)
    return _tensor_text(x, y, close, rtol, atol)


def _tensor_text(x: Any, y: Any, close: Any, rtol: float, atol: float) -> str:
    with np.errstate(all="ignore"):
        size = np.where(close, 0, np.abs(x - y))
        single = np.float32 if size.dtype.kind == "i" else size.dtype
        share = np.where(close, 0, (size / np.abs(y)).astype(single))
    count, total = int((~close).sum()), close.size
    exact = rtol == atol == 0
    lines = [f"Tensor-likes are not {'equal' if exact else 'close'}!", "",
             f"Mismatched elements: {count} / {total} ({count / total:.1%})"]  # fmt: skip
    for what, values, limit in (("absolute", size, atol), ("relative", share, rtol)):
        place = np.unravel_index(int(np.argmax(values)), values.shape)
        index = tuple(int(i) for i in place)
        up_to = "" if exact else f" (up to {limit} allowed)"
        lines.append(f"Greatest {what} difference: {values[place].item()} at index {index}{up_to}")
    return "\n".join(lines)
