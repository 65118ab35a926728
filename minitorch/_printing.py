"""How a tensor is written: torch's text, character for character.

The rules, read off torch 2.13's output (tests/data/printing.json holds recorded answers):

* One style serves all numbers of a tensor; a complex tensor has one for each part. Zeros and numbers that are
  not finite do not take part in choosing it. If all are integers they are written ``1.``; if the largest is
  more than 1000 times the smallest, or above 1e8, or a fraction comes with one below 1e-4, the style is
  scientific.
* Above ``threshold`` elements only ``edgeitems`` at both ends of every dimension are shown, and only they are
  looked at for the style.
* A row is broken where the next cell of full width would pass ``linewidth``, and so are
  the words after the numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from . import dtypes
from .convert import from_bfloat16
from .dtypes import dtype
from .memory import Array

__all__ = ["format_tensor", "get_printoptions", "printoptions", "set_printoptions"]

_PREFIX = "tensor("
_ELIDED = " ..."


# ---------------------------------------------------------------- options


@dataclass(frozen=True)
class PrinterOptions:
    """The settings of `set_printoptions`."""

    precision: int = 4
    threshold: float = 1000
    edgeitems: int = 3
    linewidth: int = 80
    sci_mode: bool | None = None


_PROFILES: dict[str, dict[str, Any]] = {
    "default": {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80},
    "short": {"precision": 2, "threshold": 1000, "edgeitems": 2, "linewidth": 80},
    "full": {"precision": 4, "threshold": math.inf, "edgeitems": 3, "linewidth": 80},
}
_options = PrinterOptions()


def get_printoptions() -> PrinterOptions:
    """Return the settings in force.

    >>> get_printoptions().linewidth
    80
    """
    return _options


def set_printoptions(
    precision: int | None = None,
    threshold: float | None = None,
    edgeitems: int | None = None,
    linewidth: int | None = None,
    profile: str | None = None,
    sci_mode: bool | None = None,
) -> None:
    """Set how tensors are printed; an argument that is not given keeps its value, `sci_mode` apart.

    Parameters
    ----------
    precision : int
        Digits after the decimal point (4).
    threshold : float
        Tensors of more elements are summarised (1000).
    edgeitems : int
        Elements shown at both ends of each dimension of a summary (3).
    linewidth : int
        Characters in a line (80).
    profile : str
        "default", "short" or "full": sets the four above, before those that are given too.
    sci_mode : bool
        Scientific notation always (True), never (False), or as the numbers ask (None, also when not given).

    Raises
    ------
    ValueError
        If `precision` is not a whole number from 0.

    Examples
    --------
    >>> import minitorch as torch
    >>> torch.set_printoptions(precision=2)
    >>> torch.tensor([1.12345])
    tensor([1.12])
    >>> torch.set_printoptions(profile="default")
    """
    global _options
    if precision is not None and (not isinstance(precision, (int, np.integer)) or precision < 0):
        raise ValueError(f"set_printoptions: precision={precision!r} must be an integer of at least 0")
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems, "linewidth": linewidth}
    changes = _PROFILES.get(str(profile), {}) | {k: v for k, v in given.items() if v is not None}
    _options = replace(_options, **changes, sci_mode=sci_mode)


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """Apply `set_printoptions` inside a ``with`` block."""
    global _options
    before = _options
    set_printoptions(**options)
    try:
        yield
    finally:
        _options = before


# ---------------------------------------------------------------- one number


@dataclass(frozen=True)
class _Style:
    """How each number is written: a format, what follows a finite number, and the width of the cell."""

    spec: str
    point: str
    width: int

    def bare(self, value: float) -> str:
        text = format(value, self.spec)
        return text + self.point if math.isfinite(value) else text

    def cell(self, value: float) -> str:
        return self.bare(value).rjust(self.width)


def _widest(style: _Style, values: Array) -> _Style:
    return replace(style, width=max(len(style.bare(v)) for v in values.tolist()))


def _float_style(values: Array) -> _Style:
    """Choose the style of floating-point numbers, given as float64."""
    values = values[np.isfinite(values) & (values != 0)]
    if not values.size:
        return _Style(".0f", ".", 1)
    digits, forced = _options.precision, _options.sci_mode
    whole = bool((values == np.ceil(values)).all())
    if _spread_out(np.abs(values), whole) if forced is None else forced:
        return _widest(_Style(f".{digits}e", "", 0), values)
    return _widest(_Style(".0f", ".", 0) if whole else _Style(f".{digits}f", "", 0), values)


def _spread_out(sizes: Array, whole: bool) -> bool:
    low, high = float(sizes.min()), float(sizes.max())
    return high / low > 1000.0 or high > 1.0e8 or (not whole and low < 1.0e-4)


# ---------------------------------------------------------------- one cell


@dataclass(frozen=True)
class _Cells:
    """Writes the elements of one tensor in cells of equal width."""

    real: _Style | None  # None: integers and bools, written as Python does
    imag: _Style | None
    width: int

    def text(self, value: Any) -> str:
        if self.real is None:
            return str(value).rjust(self.width)
        if self.imag is None:
            return self.real.cell(value)
        imag = self.imag.bare(value.imag)
        sign = "" if imag.startswith("-") else "+"
        return f"{self.real.cell(value.real)}{sign}{imag}j"


def _cells(data: Array, kind: dtype) -> _Cells:
    if kind.is_complex:
        real, imag = _float_style(data.real.astype(np.float64)), _float_style(data.imag.astype(np.float64))
        return _Cells(real, imag, real.width + imag.width + 1)
    if kind.is_floating_point:
        style = _float_style(data.astype(np.float64))
        return _Cells(style, None, style.width)
    return _Cells(None, None, max((len(str(v)) for v in data.ravel().tolist()), default=1))


# ---------------------------------------------------------------- rows and blocks


def _ends(size: int, summarised: bool) -> tuple[range, range] | None:
    """Return the indices shown at both ends of a dimension, or None if all are."""
    edge = _options.edgeitems
    if not summarised or size <= 2 * edge:
        return None
    return range(edge), range(size - edge, size)


def _shown(data: Array) -> Array:
    """Return the part of a summarised tensor that is printed."""
    for axis, size in enumerate(data.shape):
        if ends := _ends(size, True):
            # not `take`: it copies the whole of an array that is not contiguous first
            data = data[(slice(None),) * axis + ([*ends[0], *ends[1]],)]
    return data


def _parts(data: Array, summarised: bool, write: Any, elided: str) -> list[str]:
    """Write the elements of the first dimension, with the mark where some are left out."""
    ends = _ends(len(data), summarised)
    if ends is None:
        return [write(part) for part in data]
    head, tail = ([write(data[i]) for i in indices] for indices in ends)
    return [*head, elided if head else elided.strip(), *tail]


def _row(data: Array, indent: int, cells: _Cells, summarised: bool) -> str:
    parts = _parts(data, summarised, lambda v: cells.text(v.item()), _ELIDED)
    count = max(1, (_options.linewidth - indent) // (cells.width + 2))
    lines = [", ".join(parts[i : i + count]) for i in range(0, len(parts), count)]
    return "[" + f",\n{' ' * (indent + 1)}".join(lines) + "]"


def _block(data: Array, indent: int, cells: _Cells, summarised: bool) -> str:
    if data.ndim == 0:
        return cells.text(data.item())
    if data.ndim == 1:
        return _row(data, indent, cells, summarised)
    parts = _parts(data, summarised, lambda part: _block(part, indent + 1, cells, summarised), "...")
    gap = "," + "\n" * (data.ndim - 1) + " " * (indent + 1)
    return "[" + gap.join(parts) + "]"


# ---------------------------------------------------------------- the whole


def _body(data: Array, kind: dtype) -> str:
    data = from_bfloat16(data) if kind is dtypes.bfloat16 else data
    summarised = data.size > _options.threshold
    cells = _cells(_shown(data) if summarised else data, kind)
    return _block(data, len(_PREFIX), cells, summarised)


def _is_default(kind: dtype, empty: bool) -> bool:
    """Return whether torch leaves the dtype unsaid."""
    default = dtypes.get_default_dtype()
    if empty:
        return kind is default
    return kind in (default, default.to_complex(), dtypes.int64, dtypes.bool_)


def _words(data: Array, kind: dtype, requires_grad: bool, grad_fn: str | None) -> Iterator[str]:
    """Yield what is said after the numbers."""
    if data.ndim != 1 if not data.size else not _options.edgeitems:  # where the numbers cannot tell it
        yield f"size={data.shape}"
    if not _is_default(kind, not data.size):
        yield f"dtype={kind!r}"
    if grad_fn is not None:
        yield f"grad_fn=<{grad_fn}>"
    elif requires_grad:
        yield "requires_grad=True"


def format_tensor(data: Array, kind: dtype, requires_grad: bool = False, grad_fn: str | None = None) -> str:
    """Return torch's text of a tensor, given its array in logical order, its dtype and its place on the tape.

    `grad_fn` is the name of the node that made it, "AddBackward0"; a leaf has None.

    >>> format_tensor(np.array([1.0, 2.5]), dtypes.float64, grad_fn="AddBackward0")
    'tensor([1.0000, 2.5000], dtype=torch.float64, grad_fn=<AddBackward0>)'
    """
    text = _PREFIX + (_body(data, kind) if data.size else "[]")
    used = len(text) - (text.rfind("\n") + 1) + 2  # torch counts what will close the line
    for word in _words(data, kind, requires_grad, grad_fn):
        if used + len(word) + 2 > _options.linewidth:
            text += ",\n" + " " * len(_PREFIX) + word
            used = len(_PREFIX) + len(word)
        else:
            text += ", " + word
            used += len(word) + 2
    return text + ")"
