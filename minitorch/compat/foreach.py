"""`torch._foreach_add` and its like, which optimizers of public projects call: one operation on lists of tensors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..ops.matrix_norm import vector_norm
from ..tensor import Tensor

__all__ = ["foreach_functions"]

_UNARY = """abs acos asin atan ceil cos cosh erf erfc exp expm1 floor frac lgamma log log10 log1p log2 neg reciprocal
round rsqrt sigmoid sign sin sinh sqrt tan tanh trunc clone"""
_BINARY = "add sub mul div pow clamp_max clamp_min maximum minimum lerp addcmul addcdiv"
_SCALARS = {"maximum": "clamp_min", "minimum": "clamp_max"}  # what these are with numbers


def _listed(value: Any, count: int, name: str) -> Sequence[Any]:
    """Return a value for every tensor: of a list (whose length must fit), a tensor that holds them, or one for all."""
    if isinstance(value, Tensor) and value.dim() == 1 and name in ("addcmul", "addcdiv"):
        value = value.tolist()
    if not isinstance(value, (list, tuple)):
        return [value] * count
    if len(value) != count:
        raise RuntimeError(f"Tensor lists must have the same number of tensors, got {count} and {len(value)}")
    return value


def _applied(name: str, tensors: Sequence[Tensor], others: tuple[Any, ...], names: dict[str, Any]) -> list[Tensor]:
    lists = [_listed(other, len(tensors), name.rstrip("_")) for other in others[:2]]
    scales = _listed(others[2], len(tensors), name.rstrip("_")) if len(others) > 2 else None
    found = []
    for i, tensor in enumerate(tensors):
        given = [values[i] for values in lists]
        keywords = names if scales is None else names | {"value": scales[i]}
        found.append(getattr(tensor, _method(name, given))(*given, **keywords))
    return found


def _method(name: str, given: list[Any]) -> str:
    plain, mark = name.rstrip("_"), "_" * name.endswith("_")
    if plain in _SCALARS and (mark or not isinstance(given[0], Tensor)):
        plain = _SCALARS[plain]  # clamp takes tensors too, and has a form in place
    return plain + mark


def _foreach(name: str) -> Callable[..., Any]:
    def foreach(self: Sequence[Tensor], *others: Any, **names: Any) -> Any:
        others += tuple(names.pop(name) for name in ("scalar", "other", "exponent", "weight") if name in names)
        found = _applied(name, self, others, names)
        return None if name.endswith("_") else tuple(found)

    foreach.__name__ = foreach.__qualname__ = f"_foreach_{name}"
    foreach.__doc__ = f"Apply `Tensor.{name}` to every tensor of a list."
    return foreach


def _foreach_norm(self: Sequence[Tensor], ord: Any = 2, dtype: Any = None) -> tuple[Tensor, ...]:
    """Return the norm of every tensor of a list."""
    return tuple(vector_norm(tensor, ord, dtype=dtype) for tensor in self)


def _foreach_max(self: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Return the largest element of every tensor of a list."""
    return tuple(tensor.amax() for tensor in self)


def _foreach_zero_(self: Sequence[Tensor]) -> None:
    """Set every tensor of a list to zero."""
    for tensor in self:
        tensor.zero_()


def _foreach_copy_(self: Sequence[Tensor], src: Sequence[Tensor], non_blocking: bool = False) -> None:
    """Copy every tensor of a list into its partner."""
    for tensor, source in zip(self, _listed(src, len(self), "copy")):
        tensor.copy_(source, non_blocking)


def foreach_functions() -> dict[str, Callable[..., Any]]:
    """Return the functions by torch's names."""
    names = f"{_UNARY} {_BINARY}".split()
    found = {f"_foreach_{name}": _foreach(name) for name in names}
    found |= {f"_foreach_{name}_": _foreach(f"{name}_") for name in names if name != "clone"}
    return found | {fn.__name__: fn for fn in (_foreach_norm, _foreach_max, _foreach_zero_, _foreach_copy_)}
