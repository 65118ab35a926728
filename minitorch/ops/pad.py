"""Padding: a constant around the input, or the input continued by reflection, replication or periodically.

A constant is one primitive, whose gradient is itself with negative amounts. The other modes take each new row from
an old one, so they are index selections, dimension by dimension.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..memory import Array
from ..op import Failure, Make, Op, Sample, register
from ..tensor import wrap
from ._common import Tensor, apply, tensor_arg
from ._titles import titled
from .gather import index_select

__all__ = ["pad"]

Pairs = tuple[tuple[int, int], ...]


def _constant_fwd(x: Array, pairs: Pairs, value: float) -> Array:
    shape = tuple([n + before + after for n, (before, after) in zip(x.shape, pairs)])
    out = np.empty_like(x, shape=shape)  # in the memory order of x
    out.fill(value)
    inside = tuple([slice(max(before, 0), n - max(after, 0)) for n, (before, after) in zip(shape, pairs)])
    kept = tuple([slice(max(-before, 0), n - max(-after, 0)) for n, (before, after) in zip(x.shape, pairs)])
    out[inside] = x[kept]
    return out


def _constant_vjp(node: Any, g: Tensor) -> Tensor:
    pairs, _ = node.params
    return apply(CONSTANT_PAD, (g,), (tuple([(-before, -after) for before, after in pairs]), 0.0))


CONSTANT_PAD = Op("constant_pad_nd", _constant_fwd, _constant_vjp)


def pad(input: Tensor, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Tensor:
    """Pad the last dimensions of a tensor; negative amounts cut off.

    Parameters
    ----------
    pad : (before, after) of the last dimension, then of the one before it, and so on.
    mode : 'constant' (any dimensions), 'reflect', 'replicate' or 'circular' (last 1 to 3 dimensions of (N, C, ...)).
    value : what is put around in mode 'constant'; 0 by default.

    Raises
    ------
    RuntimeError : an odd number of amounts, more than the dimensions take, or more than the mode can continue.
    NotImplementedError : an unknown mode, or dimensions that it does not pad.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.pad(minitorch.tensor([[1, 2, 3]]), (2, 1), mode="reflect")
    tensor([[3, 2, 1, 2, 3, 2]])
    """
    x = tensor_arg("pad", input)
    amounts = _amounts(pad)
    if len(amounts) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(amounts) > 2 * x._data.ndim:
        raise RuntimeError(
            "Padding length should be less than or equal to two times the input dimension but got padding length "
            f"{len(amounts)} and input of dimension {x._data.ndim}"
        )
    if mode == "constant":
        return _constant(x, amounts, 0.0 if value is None else value)
    if mode not in _CONTINUED:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    name = {"reflect": "Reflection", "replicate": "Replication"}.get(mode)
    result = _continued(x, amounts, mode)
    return titled(f"{name}Pad{len(amounts) // 2}DBackward0", result) if name and result is not x else result


def _amounts(pad: Any) -> tuple[int, ...]:
    if not isinstance(pad, (tuple, list)):
        raise TypeError(f"pad(): argument 'pad' (position 2) must be tuple of ints, not {type(pad).__name__}")
    for place, amount in enumerate(pad):
        if isinstance(amount, float) or not hasattr(amount, "__index__"):
            raise TypeError(
                "pad(): argument 'pad' (position 2) must be tuple of ints, "
                f"but found element of type {type(amount).__name__} at pos {place}"
            )
    return tuple([int(amount) for amount in pad])


def _constant(x: Tensor, amounts: tuple[int, ...], value: float) -> Tensor:
    given = tuple([(amounts[i], amounts[i + 1]) for i in range(0, len(amounts), 2)])
    pairs = ((0, 0),) * (x._data.ndim - len(given)) + given[::-1]
    for dim, (n, (before, after)) in enumerate(zip(x._data.shape, pairs)):
        if n + before + after < 0:
            raise RuntimeError(
                f"The input size {n}, plus negative padding {before} and {after} resulted in a negative output size, "
                f"which is invalid. Check dimension {dim} of your input."
            )
    return apply(CONSTANT_PAD, (x,), (pairs, value))


# ---- continued inputs ----------------------------------------------------------------------------------------------


def _reflected(place: Array, n: int) -> Array:
    folded: Array = np.abs(place) % max(2 * n - 2, 1)
    return np.minimum(folded, np.abs(2 * n - 2 - folded))


def _replicated(place: Array, n: int) -> Array:
    return np.clip(place, 0, n - 1)


def _repeated(place: Array, n: int) -> Array:
    return place % n


_CONTINUED = {"reflect": _reflected, "replicate": _replicated, "circular": _repeated}


def _continued(x: Tensor, amounts: tuple[int, ...], mode: str) -> Tensor:
    ndim, padded = x._data.ndim, len(amounts) // 2
    if padded > 3 or ndim not in (padded + 1, padded + 2):
        raise NotImplementedError(
            f"Padding size {len(amounts)} is not supported for {ndim}D input tensor.\n"
            "Supported combinations for non-constant padding:\n"
            "  - 2D or 3D input: padding size = 2 (pads last dimension)\n"
            "  - 3D or 4D input: padding size = 4 (pads last 2 dimensions)\n"
            "  - 4D or 5D input: padding size = 6 (pads last 3 dimensions)"
        )
    for i in range(padded):
        _check_amounts(x, ndim - 1 - i, amounts[2 * i], amounts[2 * i + 1], mode, 4 + 2 * i)
    for i in range(padded):
        before, after = amounts[2 * i : 2 * i + 2]
        if before or after:
            n = x._data.shape[ndim - 1 - i]
            places = _CONTINUED[mode](np.arange(-before, n + after), n)
            x = index_select(x, ndim - 1 - i, wrap(places))
    return x


def _check_amounts(x: Tensor, dim: int, before: int, after: int, mode: str, argument: int) -> None:
    shape, n = list(x._data.shape), x._data.shape[dim]
    if n == 0:
        raise RuntimeError(
            f"Expected {x._data.ndim}D tensor with possibly 0 batch size and other non-zero dimensions for input, "
            f"but got: {shape}"
        )
    if mode == "reflect" and max(before, after) >= n:
        raise RuntimeError(
            f"Argument #{argument}: Padding size should be less than the corresponding input dimension, but got: "
            f"padding ({before}, {after}) at dimension {dim} of input {shape}"
        )
    if mode == "circular" and max(before, after) > n:
        raise RuntimeError("Padding value causes wrapping around more than once.")
    if n + before + after < 1:
        raise RuntimeError(f"input (W: {n}) is too small. Calculated output W: {n + before + after}")


def _ref(x: Any, pad: Any, mode: str = "constant", value: Any = None) -> Any:
    pairs = [(0, 0)] * (x.ndim - len(pad) // 2) + list(zip(pad[::2], pad[1::2]))[::-1]
    if mode == "constant":
        cut = x[tuple(slice(max(-b, 0), n - max(-a, 0)) for n, (b, a) in zip(x.shape, pairs))]
        return np.pad(cut, [(max(b, 0), max(a, 0)) for b, a in pairs], constant_values=value or 0)
    modes: Any = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}
    return np.pad(x, pairs, mode=modes[mode])


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("zeros", (make(2, 3), (1, 2)))
    yield Sample("value", (make(2, 3, 4), (1, 0, 2, 1)), {"value": 1.5})
    yield Sample("cut", (make(3, 5), (-1, 2, 1, -1)))
    yield Sample("reflect", (make(1, 2, 4, 3), (2, 1, 1, 3), "reflect"))
    yield Sample("replicate", (make(2, 2, 3), (4, 1), "replicate"))
    yield Sample("circular", (make(1, 1, 2, 3, 2), (1, 2, 3, 0, 0, 1), "circular"))
    yield Sample("zero size", (make(0, 3), (1, 1)))


def _failures(make: Make) -> Iterator[Failure]:
    x = make(1, 2, 3)
    yield Failure((x, (1,)), RuntimeError, "Padding length must be divisible by 2")
    yield Failure((x, (1,) * 8), RuntimeError, "but got padding length 8 and input of dimension 3")
    yield Failure((x, (1, 1), "mirror"), NotImplementedError, "Unrecognised padding mode mirror")
    yield Failure((x, (1, 1), "reflect", 2.0), RuntimeError, "doesn't take in value argument")
    yield Failure((x, (3, 0), "reflect"), RuntimeError, r"got: padding \(3, 0\) at dimension 2 of input \[1, 2, 3\]")
    yield Failure((x, (4, 0), "circular"), RuntimeError, "wrapping around more than once")
    yield Failure((make(3), (1, 1), "replicate"), NotImplementedError, "not supported for 1D input tensor")
    yield Failure((x, (-2, -2)), RuntimeError, "resulted in a negative output size")
    yield Failure((x, 1), TypeError, "must be tuple of ints, not int")


register(pad, ref=_ref, samples=_samples, failures=_failures, methods=(), functional=True, top=False)
