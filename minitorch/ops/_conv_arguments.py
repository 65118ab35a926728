"""What convolutions ask of their arguments: torch's errors, and the geometry in one int (or pair) an axis."""

from __future__ import annotations

from typing import Any

from ..dtypes import FROM_NUMPY
from ..errors import shape_text
from ._common import Tensor, tensor_arg
from ._window import axes, wants_positive

__all__ = ["check", "described", "geometry", "pairs_of", "same_padding", "transposed_size"]

Shape = tuple[int, ...]


def described(op: str, x: Any, w: Any, bias: Any) -> tuple[Shape, Shape, Shape | None, Any]:
    """Return the shapes and dtypes of input, weight and bias, which the checks ask for; TypeError if not tensors."""
    if not (isinstance(x, Tensor) and isinstance(w, Tensor) and (bias is None or isinstance(bias, Tensor))):
        for i, (name, t) in enumerate((("input", x), ("weight", w), ("bias", bias)), 1):
            tensor_arg(op, t, name, i)
    a, b = x._data, w._data
    if bias is None:
        return a.shape, b.shape, None, (a.dtype, b.dtype, None)
    c = bias._data
    return a.shape, b.shape, c.shape, (a.dtype, b.dtype, c.dtype)


def check(
    op: str, x: Shape, w: Shape, bias: Shape | None, types: tuple[Any, ...], groups: int, transposed: bool, n: int
) -> None:  # fmt: skip
    """Raise torch's errors for tensors that do not fit together."""
    if groups <= 0:
        raise RuntimeError(f"{op}: non-positive groups is not supported (groups={groups})")
    if len(w) != n + 2:
        raise RuntimeError(f"{op}: expected {n + 2}-dimensional weight, but got weight of size {shape_text(w)}")
    _check_channels(op, x, w, groups, transposed, n)
    outputs = w[1] * groups if transposed else w[0]
    if bias is not None and bias != (outputs,):
        raise RuntimeError(
            f"{op}: Given {'transposed=1, ' if transposed else ''}weight of size {shape_text(w)}, "
            "expected bias "
            f"to be 1-dimensional with {outputs} elements, but got bias of size {shape_text(bias)} instead"
        )
    _check_types(op, *types)


def _check_channels(op: str, x: tuple[int, ...], w: tuple[int, ...], groups: int, transposed: bool, n: int) -> None:
    if w[0] % groups or w[0] < groups:
        raise RuntimeError(
            f"{op}: Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got "
            "weight of "
            f"size [{shape_text(w)}] instead"
        )
    wanted = w[0] if transposed else w[1] * groups
    if len(x) == n + 2 and x[1] != wanted:
        given = f"transposed={int(transposed)}" if transposed else f"groups={groups}"
        raise RuntimeError(
            f"{op}: Given {given}, weight of size {shape_text(w)}, expected input{shape_text(x)} to have "
            f"{wanted} channels, "
            f"but got {x[1]} channels instead"
        )


_NAMES = {
    "float32": "float",
    "float64": "double",
    "int64": "long int",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
}


def _check_types(op: str, x: Any, w: Any, bias: Any) -> None:
    for name, kind in (("weight", w), ("bias", bias)):
        if kind is not None and kind != x:
            have = [_NAMES.get(FROM_NUMPY[v].name, FROM_NUMPY[v].name) for v in (x, kind)]
            raise RuntimeError(f"{op}: Input type ({have[0]}) and {name} type ({have[1]}) should be the same")


def geometry(op: str, n: int, stride: Any, dilation: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    steps, spread = axes(op, "stride", stride, n), axes(op, "dilation", dilation, n)
    wants_positive(op, "stride", steps, f"{op}: non-positive stride is not supported (stride={list(steps)})")
    wants_positive(op, "dilation", spread)
    return steps, spread


def same_padding(size: Any, kernel: Any, stride: Any, dilation: Any) -> tuple[tuple[int, int], ...]:
    """Return the padding before and after each axis that gives ``ceil(size / stride)`` outputs; the odd one behind."""
    reach = [-n % s - s + d * (k - 1) + 1 for n, k, s, d in zip(size, kernel, stride, dilation)]
    return tuple((max(r, 0) // 2, max(r, 0) - max(r, 0) // 2) for r in reach)


def pairs_of(op: str, padding: Any, size: Any, kernel: Any, stride: Any, dilation: Any) -> tuple[tuple[int, int], ...]:
    """Return the padding before and after each axis."""
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding == "same":
        return same_padding(size, kernel, stride, dilation)
    if isinstance(padding, str):
        raise RuntimeError(f"{op}: Invalid padding string: '{padding}'")
    found = axes(op, "padding", padding, len(kernel))
    if min(found) < 0:
        raise RuntimeError(f"{op}: negative padding is not supported (padding={list(found)})")
    return tuple((p, p) for p in found)


def transposed_size(
    op: str, size: Any, kernel: Any, stride: Any, pairs: Any, extra: Any, dilation: Any
) -> tuple[int, ...]:
    if any(e >= max(s, d) or e < 0 for e, s, d in zip(extra, stride, dilation)):
        raise RuntimeError(
            f"{op}: output padding must be smaller than either stride or dilation, but got "
            f"output_padding={list(extra)}, "
            f"stride={list(stride)}, dilation={list(dilation)}"
        )
    found = tuple(
        (n - 1) * s - a - b + d * (k - 1) + 1 + e
        for n, s, (a, b), d, k, e in zip(size, stride, pairs, dilation, kernel, extra)
    )
    if min(found) <= 0:
        have, get = " x ".join(map(str, size)), " x ".join(map(str, found))
        raise RuntimeError(
            f"{op}: Given input size per channel: ({have}). Calculated output size per channel: ({get}). "
            "Output size is too small"
        )
    return found
