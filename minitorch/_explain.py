"""``explain``: which operations a call runs, which kernel answered each, in which layout and how fast."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from . import interception
from .autograd._layers import LayerStack, layer_text
from .dispatch import apply
from .inplace import apply_
from .tensor import Tensor

__all__ = ["Explanation", "explain"]


@dataclass(frozen=True)
class _Line:
    """One operation that ran."""

    op: str
    variant: str
    inputs: str
    layout: str
    layer: str
    seconds: float


@dataclass
class Explanation:
    """The operations of a call, in order; printed as a table.

    Examples
    --------
    >>> import minitorch
    >>> [line.op for line in minitorch.explain(lambda x: (x * 2).sum(), minitorch.ones(3)).lines]
    ['mul', 'sum']
    """

    lines: list[_Line] = field(default_factory=list)
    result: Any = None

    def __str__(self) -> str:
        head = ("op", "kernel", "inputs", "layout", "layer", "ms")
        rows = [(n.op, n.variant, n.inputs, n.layout, n.layer, f"{n.seconds * 1e3:.3f}") for n in self.lines]
        widths = [max(len(row[i]) for row in (head, *rows)) for i in range(len(head))]
        return "\n".join("  ".join(cell.ljust(w) for cell, w in zip(row, widths)).rstrip() for row in (head, *rows))

    __repr__ = __str__


class _Watch(interception.Handler):
    """Times every operation that passes."""

    transforms = False

    def __init__(self, layers: LayerStack) -> None:
        self.layers = layers
        self.lines: list[_Line] = []

    def apply(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        return self._timed(apply, op, inputs, params, op.name)

    def apply_(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        return self._timed(apply_, op, inputs, params, op.name + "_")

    def _timed(self, run: Any, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...], name: str) -> Any:
        arrays = [x._data if isinstance(x, Tensor) else x for x in inputs]
        variant = _variant(op, arrays, params)
        begin = time.perf_counter()
        result = run(op, inputs, params)
        seconds = time.perf_counter() - begin
        shapes = ", ".join(f"{x.dtype.name}{list(x.shape)}" for x in inputs if isinstance(x, Tensor))
        layer = layer_text(self.layers.current())
        self.lines.append(_Line(name, variant, shapes, _layout(result), layer, seconds))
        return result


def _variant(op: Any, arrays: list[Any], params: tuple[Any, ...]) -> str:
    """Return the name of the first variant that applies, else the function that always does; "view" for views."""
    if op.view:
        return "view"
    size = next((a.size for a in arrays if isinstance(a, np.ndarray)), 0)
    for variant in op.variants:
        if size >= variant.least and variant.applies(*arrays, *params):
            return str(variant.name)
    module = str(getattr(op.fwd, "__module__", None) or "numpy").removeprefix("minitorch.")
    return f"{module}.{getattr(op.fwd, '__name__', op.name)}"


def _layout(result: Any) -> str:
    """Return how the first output lies in memory."""
    first = result[0] if isinstance(result, tuple) else result
    array = first._data
    if array.flags.c_contiguous:
        return "contiguous"
    inside = array.ndim > 2 and np.moveaxis(array, 1, -1).flags.c_contiguous
    return "channels last" if inside else "strided"


def explain(fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Explanation:
    """Call a function or a model and return what ran: each operation with its kernel, layout, layer and time.

    The first call compiles kernels; explain a second one to see the times of running. With recording on, a loss'
    ``backward()`` inside of ``fn`` is explained as well.

    Examples
    --------
    >>> import minitorch
    >>> found = minitorch.explain(minitorch.nn.Linear(3, 2), minitorch.ones(4, 3))
    >>> found.lines[0].op, found.lines[0].layer, found.result.shape
    ('linear', 'Linear', torch.Size([4, 2]))
    """
    with LayerStack() as layers, _Watch(layers) as watch:
        result = fn(*args, **kwargs)
    return Explanation(watch.lines, result)
