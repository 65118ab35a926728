"""Discrete Fourier transforms on NumPy's, of any size and over several dimensions, with gradients.

Three ops compute them all: unnormalised transforms, forth or back, times a number, of complex numbers, from real ones
to the half that tells the rest, and from there. The adjoint of each is one in the other direction times the same number
(Cooley & Tukey, Math. Comp. 19, 1965; NumPy's is pocketfft).
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
from ..tensor import wrap
from ._common import Tensor, apply, tensor_arg
from .create import zeros
from .join import cat

__all__ = ["complex_to_real", "real_to_complex", "transformed"]


def _transform_fwd(x: Array, dims: tuple[int, ...], scale: float, forward: bool) -> Array:
    found = np.fft.fftn(x, axes=dims) if forward else np.fft.ifftn(x, axes=dims, norm="forward")
    return (found if scale == 1 else found * scale).astype(x.dtype, copy=False)


def _transform_vjp(node: Any, g: Tensor) -> Tensor:
    dims, scale, forward = node.params
    return apply(TRANSFORM, (g,), (dims, scale, not forward))


TRANSFORM: Op = Op("fft_c2c", _transform_fwd, _transform_vjp, grad_name="FftC2CBackward0")


def _halving_fwd(x: Array, dims: tuple[int, ...], scale: float, forward: bool) -> Array:
    found = np.fft.rfftn(x, axes=dims)
    found = found if forward else found.conj()
    return (found if scale == 1 else found * scale).astype(np.result_type(x.dtype, np.complex64), copy=False)


def _halving_vjp(node: Any, g: Tensor) -> Tensor:
    dims, scale, forward = node.params
    whole = _sized(g, node.in_shape(0)[dims[-1]], dims[-1])
    return apply(TRANSFORM, (whole,), (dims, scale, not forward)).real


def _doubling_fwd(z: Array, dims: tuple[int, ...], n: int, scale: float, forward: bool) -> Array:
    sizes = [z.shape[d] for d in dims[:-1]] + [n]
    found = np.fft.irfftn(z.conj() if forward else z, s=sizes, axes=dims, norm="forward")
    return (found if scale == 1 else found * scale).astype(z.real.dtype, copy=False)


def _doubling_vjp(node: Any, g: Tensor) -> Tensor:
    # what stands for two, itself and its mirror image, counts twice
    dims, n, scale, forward = node.params
    counts = np.full(n // 2 + 1, 2.0, g._data.dtype)
    counts[0] = 1
    if n % 2 == 0:
        counts[-1] = 1
    counts = counts.reshape([-1 if d == dims[-1] else 1 for d in range(g._data.ndim)])
    return apply(HALVING, (g,), (dims, scale, not forward)) * wrap(counts)


HALVING: Op = Op("fft_r2c", _halving_fwd, _halving_vjp, grad_name="FftR2CBackward0")
DOUBLING: Op = Op("fft_c2r", _doubling_fwd, _doubling_vjp, grad_name="FftC2RBackward0")


def _kind(name: str, x: Tensor) -> dtypes.dtype:
    """Return the dtype that is transformed; RuntimeError for half precision, which has no complex type."""
    kind = tensor_arg(name, x).dtype
    if kind.itemsize == 2 and kind.is_floating_point:
        raise RuntimeError(f"Unsupported dtype {kind.scalar_type}")
    return kind if kind.category >= dtypes.FLOAT else dtypes.get_default_dtype()


def _complex(name: str, x: Tensor) -> Tensor:
    return x.to(_kind(name, x).to_complex())


def _real(name: str, x: Tensor) -> Tensor:
    if tensor_arg(name, x).is_complex():
        raise RuntimeError(f"{name} expects a real input tensor, but got {x.dtype.scalar_type}")
    return x.to(_kind(name, x))


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
    z = _real(name, x)
    dims, sizes = _plan(z, s, dim)
    for n, d in zip(sizes, dims):
        z = _sized(z, n, d)
    return apply(HALVING, (z,), (dims, _scale(norm, [z._data.shape[d] for d in dims], forward), forward))


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
    return apply(DOUBLING, (z,), (dims, n, scale, forward))


def one(dim: int, n: int | None, x: Tensor) -> tuple[tuple[int | None] | None, tuple[int, ...]]:
    """Return size and dimension of a transform over one dimension, as those over several take them."""
    return None if n is None else (n,), (wrap_dim(dim, x._data.ndim),)
