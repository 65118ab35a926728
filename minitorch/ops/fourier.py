"""Discrete Fourier transforms on NumPy's, of any size and over several dimensions, with gradients.

One op computes all of them: an unnormalised complex transform, forth or back, times a number. Its adjoint is the
transform in the other direction times the same number (Cooley & Tukey, Math. Comp. 19, 1965; NumPy's is pocketfft).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..convert import wrap_dim, wrap_dims
from ..memory import Array
from ..op import Op
from ._common import Tensor, apply, conj, tensor_arg
from .create import zeros
from .join import cat
from .repeat import flip

__all__ = ["complex_to_real", "real_to_complex", "transformed"]


def _transform_fwd(x: Array, dims: tuple[int, ...], scale: float, forward: bool) -> Array:
    found = np.fft.fftn(x, axes=dims) if forward else np.fft.ifftn(x, axes=dims, norm="forward")
    return (found if scale == 1 else found * scale).astype(x.dtype, copy=False)


def _transform_vjp(node: Any, g: Tensor) -> Tensor:
    dims, scale, forward = node.params
    return apply(TRANSFORM, (g,), (dims, scale, not forward))


TRANSFORM: Op = Op("fft_c2c", _transform_fwd, _transform_vjp)


def _complex(name: str, x: Tensor) -> Tensor:
    """Return the input as complex numbers; RuntimeError for half precision, which has no complex type."""
    kind = tensor_arg(name, x).dtype
    if kind.itemsize == 2 and kind.is_floating_point:
        raise RuntimeError(f"Unsupported dtype {kind.scalar_type}")
    kind = kind if kind.category >= dtypes.FLOAT else dtypes.get_default_dtype()
    return x.to(kind.to_complex())


def _real(name: str, x: Tensor) -> Tensor:
    if tensor_arg(name, x).is_complex():
        raise RuntimeError(f"{name} expects a real input tensor, but got {x.dtype.scalar_type}")
    return x


def _scale(norm: str | None, sizes: Sequence[int], forward: bool) -> float:
    """Return what a transform of a norm is multiplied by: all of 1 / n on the way back ("backward"), forth, or half."""
    if norm not in (None, "backward", "forward", "ortho"):
        raise RuntimeError(f'Invalid normalization mode: "{norm}"')
    n = math.prod(sizes)
    if norm == "ortho":
        return 1 / math.sqrt(n)
    return 1 / n if forward == (norm == "forward") else 1.0


def _sized(x: Tensor, n: int | None, dim: int) -> Tensor:
    """Return the tensor with size ``n`` along a dimension: cut, or with zeros behind."""
    have = x._data.shape[dim]
    if (have if n is None else n) < 1:
        raise RuntimeError(f"Invalid number of data points ({have if n is None else n}) specified")
    if n is None or n == have:
        return x
    if n < have:
        return x.narrow(dim, 0, n)
    more = [n - have if i == dim else size for i, size in enumerate(x._data.shape)]
    return cat([x, zeros(more, dtype=x.dtype)], dim)


def _plan(x: Tensor, s: Any, dim: Any) -> tuple[tuple[int, ...], tuple[int | None, ...]]:
    """Return the dimensions and their sizes (None, or -1, as they are); without dimensions, the last ones or all."""
    ndim = x._data.ndim
    if s is not None and dim is None and len(s) > ndim:
        raise RuntimeError(f"Got shape with {len(s)} values but input tensor only has {ndim} dimensions.")
    found = tuple(range(ndim - (ndim if s is None else len(s)), ndim)) if dim is None else wrap_dims(dim, ndim)
    if s is not None and len(s) != len(found):
        raise RuntimeError("When given, dim and shape arguments must have the same length")
    return found, tuple(None if s is None or n == -1 else n for n in (s or found))


def transformed(name: str, x: Tensor, s: Any, dim: Any, norm: str | None, forward: bool) -> Tensor:
    """Return the complex transform over dimensions, with sizes ``s``."""
    z = _complex(name, x)
    dims, sizes = _plan(z, s, dim)
    for n, d in zip(sizes, dims):
        z = _sized(z, n, d)
    return apply(TRANSFORM, (z,), (dims, _scale(norm, [z._data.shape[d] for d in dims], forward), forward))


def real_to_complex(name: str, x: Tensor, s: Any, dim: Any, norm: str | None, forward: bool = True) -> Tensor:
    """Return the half of a real tensor's transform that tells the other: the last dimension has n // 2 + 1 places."""
    z = transformed(name, _real(name, x), s, dim, norm, forward)
    last = _plan(x, s, dim)[0][-1]
    return z.narrow(last, 0, z._data.shape[last] // 2 + 1)


def complex_to_real(name: str, x: Tensor, s: Any, dim: Any, norm: str | None, forward: bool = False) -> Tensor:
    """Return the real tensor that has the given half of a transform; its last size is even unless ``s`` tells."""
    z = _complex(name, x)
    dims, sizes = _plan(z, s, dim)
    last = dims[-1]
    n = 2 * (z._data.shape[last] - 1) if sizes[-1] is None else sizes[-1]
    if n is None or n < 1:
        raise RuntimeError(f"Invalid number of data points ({n}) specified")
    for size, d in zip((*sizes[:-1], n // 2 + 1), dims):
        z = _sized(z, size, d)
    scale = _scale(norm, [*(z._data.shape[d] for d in dims[:-1]), n], forward)
    if dims[:-1]:
        z = apply(TRANSFORM, (z,), (dims[:-1], 1.0, forward))
    mirrored = conj(flip(z.narrow(last, 1, (n - 1) // 2), last)) if n > 2 else None
    full = z if mirrored is None else cat([z, mirrored], last)
    return apply(TRANSFORM, (full,), ((last,), scale, forward)).real


def one(dim: int, n: int | None, x: Tensor) -> tuple[tuple[int | None] | None, tuple[int, ...]]:
    """Return size and dimension of a transform over one dimension, as those over several take them."""
    return None if n is None else (n,), (wrap_dim(dim, x._data.ndim),)
