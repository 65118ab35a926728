"""Sampling of images and volumes at given positions, and the positions of an affine map: composites.

Jaderberg et al., "Spatial Transformer Networks" (arXiv 1506.02025); cubic: Keys, IEEE Trans. ASSP 29 (1981), A = -0.75.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..dtypes import dtype
from ..errors import shape_text
from ..memory import Array
from ..op import Failure, Make, Sample, register
from ..tensor import wrap
from ._common import Tensor, float_arg, tensor_arg
from ._ranges import linspace_values
from ._titles import titled
from .gather import index_select
from .matmul import matmul

__all__ = ["affine_grid", "grid_sample"]

_MODES = ("bilinear", "nearest", "bicubic")
_PADDINGS = ("zeros", "border", "reflection")


def grid_sample(
    input: Tensor,
    grid: Tensor,
    mode: str = "bilinear",
    padding_mode: str = "zeros",
    align_corners: bool | None = None,
) -> Tensor:
    """Return the input's values at the positions of ``grid``, interpolated.

    Parameters
    ----------
    input : (N, C, H, W) or (N, C, D, H, W).
    grid : (N, h, w, 2) or (N, d, h, w, 3): positions x, y(, z) in [-1, 1]; the result is (N, C, h, w), (N, C, d, h, w).
    mode : 'bilinear' (trilinear for volumes), 'nearest' or 'bicubic' (images alone).
    padding_mode : what stands outside: 'zeros', 'border' (the nearest element) or 'reflection'.
    align_corners : -1 and 1 are the middles of the corner elements, instead of their outer edges.

    Raises
    ------
    ValueError : an unknown mode. RuntimeError : shapes or dtypes that do not fit, an empty input.

    Examples
    --------
    >>> import minitorch, minitorch.nn.functional as F
    >>> image = minitorch.tensor([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> F.grid_sample(image, minitorch.zeros(1, 1, 1, 2), align_corners=False)
    tensor([[[[2.5000]]]])
    """
    x = float_arg("grid_sample", input, "grid_sampler_2d_cpu_kernel_impl")
    g = tensor_arg("grid_sample", grid, "grid", 2)
    _check(x, g, mode, padding_mode)
    if x.dtype.itemsize == 2:
        return grid_sample(x.float(), g.float(), mode, padding_mode, align_corners).to(x.dtype)
    sizes = x._data.shape[2:]
    rows = x.movedim(1, -1).reshape(-1, x._data.shape[1])  # one row of channels for each element
    places = [_unnormalised(g[..., len(sizes) - 1 - i], n, bool(align_corners)) for i, n in enumerate(sizes)]
    if mode != "bicubic":
        places = [_inside(c, n, padding_mode, bool(align_corners)) for c, n in zip(places, sizes)]
    taps = [_taps(c, n, mode, padding_mode, bool(align_corners)) for c, n in zip(places, sizes)]
    out = _summed(rows, taps, sizes)
    result = out.reshape(*g._data.shape[:-1], x._data.shape[1]).movedim(-1, 1)
    return titled(f"GridSampler{len(sizes)}DBackward0", result)


Tap = tuple[Array, Tensor]  # int positions along a dimension (N, ...), and their weights


def _unnormalised(c: Tensor, size: int, align: bool) -> Tensor:
    """Take [-1, 1] to positions of elements, whose middles are 0, 1, ..., size - 1."""
    return (c + 1) * ((size - 1) / 2) if align else (c + 1) * (size / 2) - 0.5


def _summed(rows: Tensor, taps: list[list[Tap]], sizes: tuple[int, ...]) -> Tensor:
    """Sum the elements that stand around each position by their weights (N * positions, C)."""
    batch = taps[0][0][0].shape[0]
    first = np.arange(batch).reshape(-1, *[1] * (taps[0][0][0].ndim - 1))
    out: Any = None
    for corner in itertools.product(*taps):
        place = first
        for (at, _), size in zip(corner, sizes):
            place = place * size + at
        weight = corner[0][1]
        for _, w in corner[1:]:
            weight = weight * w
        part = index_select(rows, 0, wrap(place.ravel())) * weight.reshape(-1, 1)
        out = part if out is None else out + part
    return out


def _taps(c: Tensor, size: int, mode: str, padding: str, align: bool) -> list[Tap]:
    """Return the elements that a position takes along one dimension."""
    kind = c._data.dtype
    if mode == "nearest":
        at, valid = _element(np.rint(c._data), size)
        still = c.masked_fill(wrap(np.ones_like(valid)), 0.0)  # the grid's gradient is 0, as in torch, and not absent
        return [(at, still + wrap(valid.astype(kind)))]
    low = np.floor(c._data)
    t = c - wrap(low)
    if mode == "bilinear":
        weights = [(low, 1 - t), (low + 1, t)]
    else:
        weights = [(low + k, w) for k, w in zip((-1, 0, 1, 2), _cubic(t))]
    found = []
    for at, w in weights:
        at = at if mode == "bilinear" else _moved(at, size, padding, align)[0]
        place, valid = _element(at, size)
        found.append((place, w * wrap(valid.astype(kind))))
    return found


def _cubic(t: Tensor) -> tuple[Tensor, ...]:
    a = -0.75

    def near(x: Tensor) -> Tensor:
        return ((a + 2) * x - (a + 3)) * x * x + 1

    def far(x: Tensor) -> Tensor:
        return ((a * x - 5 * a) * x + 8 * a) * x - 4 * a

    return far(t + 1), near(t), near(1 - t), far(2 - t)


def _element(at: Array, size: int) -> tuple[Array, Array]:
    """Return positions as indices, and whether they are inside; those that are not become 0."""
    valid = (at >= 0) & (at <= size - 1)
    return np.where(valid, at, 0).astype(np.int64), valid


def _moved(c: Array, size: int, padding: str, align: bool) -> tuple[Array, Array]:
    """Return positions brought inside, and the slope by which they follow the given ones."""
    slope = np.ones_like(c)
    if padding == "zeros":
        return c, slope
    if padding == "reflection":
        low, span = (0.0, size - 1.0) if align else (-0.5, float(size))
        if not span:
            return np.zeros_like(c), np.zeros_like(c)
        away = np.abs(c - low)
        odd = np.floor(away / span) % 2 == 1
        rest = np.fmod(away, span)
        slope = np.where(c < low, -slope, slope) * np.where(odd, -slope, slope)
        c = np.where(odd, span - rest, rest) + c.dtype.type(low)
    slope = np.where((c <= 0) | (c >= size - 1), 0, slope)
    return np.clip(c, 0, size - 1), slope


def _inside(c: Tensor, size: int, padding: str, align: bool) -> Tensor:
    if padding == "zeros":
        return c
    values, slope = _moved(c._data, size, padding, align)
    still = slope == 0
    offset = np.where(still, values, values - np.where(still, 0, c._data) * slope)
    return c.masked_fill(wrap(still), 0.0) * wrap(slope.astype(c._data.dtype)) + wrap(offset.astype(c._data.dtype))


def _check(x: Tensor, grid: Tensor, mode: str, padding: str) -> None:
    op, shape, at = "grid_sampler()", x._data.shape, grid._data.shape
    if mode not in _MODES:
        raise ValueError(
            f"nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', but got: '{mode}'"
        )
    if padding not in _PADDINGS:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or 'reflection', but got: "
            f"'{padding}'"
        )
    both = f"but got input with sizes {shape_text(shape)} and grid with sizes {shape_text(at)}"
    if not shape or not at or shape[0] != at[0]:
        raise RuntimeError(f"{op}: expected grid and input to have same batch size, {both}")
    if len(shape) not in (4, 5) or len(shape) != len(at):
        dims = f"{len(shape)}D" if len(shape) in (4, 5) else "4D or 5D"
        raise RuntimeError(f"{op}: expected {dims} input and grid with same number of dimensions, {both}")
    if at[-1] != len(shape) - 2:
        raise RuntimeError(
            f"{op}: expected grid to have size {len(shape) - 2} in last dimension, "
            f"but got grid with sizes {shape_text(at)}"
        )
    for i, n in enumerate(shape[2:], 2):
        if n == 0:
            raise RuntimeError(
                f"{op}: expected input to have non-empty spatial dimensions, but input has sizes "
                f"{shape_text(shape)} with dimension {i} being empty"
            )
    if mode == "bicubic" and len(shape) != 4:
        raise RuntimeError(f"{op}: bicubic interpolation only supports 4D input")
    if x._data.dtype != grid._data.dtype:
        names = [t.dtype.scalar_type for t in (x, grid)]
        raise RuntimeError(f"expected scalar type {names[0]} but found {names[1]}")


# ---- affine grids --------------------------------------------------------------------------------------------------


def affine_grid(theta: Tensor, size: Sequence[int], align_corners: bool | None = None) -> Tensor:
    """Return the positions, for ``grid_sample``, from which an affine map takes an image's or a volume's elements.

    Parameters
    ----------
    theta : (N, 2, 3) or (N, 3, 4), the maps. size : (N, C, H, W) or (N, C, D, H, W), of the result of sampling.
    align_corners : as in ``grid_sample``.

    Raises
    ------
    ValueError, NotImplementedError : a ``theta`` or a ``size`` of another form.

    Examples
    --------
    >>> import minitorch, minitorch.nn.functional as F
    >>> F.affine_grid(minitorch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]]), (1, 1, 1, 2), align_corners=False)
    tensor([[[[-0.5000,  0.0000],
              [ 0.5000,  0.0000]]]])
    """
    sizes = tuple(int(n) for n in size)
    _check_affine(theta, sizes)
    spatial, kind = sizes[2:], theta._data.dtype
    lines = [_middles(n, theta.dtype, bool(align_corners)) for n in spatial]
    axes = [*reversed(np.meshgrid(*lines, indexing="ij")), np.ones(spatial, kind)]
    base = wrap(np.stack([a.ravel() for a in axes], -1))
    if sizes[0] != theta._data.shape[0]:
        raise RuntimeError(
            f"affine_grid: size={sizes} has a batch of {sizes[0]}, but theta {shape_text(theta._data.shape)} has "
            f"one of {theta._data.shape[0]}"
        )
    return titled("AffineGridGeneratorBackward0", matmul(base, theta.mT).reshape(sizes[0], *spatial, len(spatial)))


def _middles(size: int, kind: dtype, align: bool) -> Array:
    """Return the positions of an axis's elements between -1 and 1.

    They are computed in the map's own dtype, as torch does: a map that changes nothing meets the elements, where the
    gradient has a kink, and the last bit decides on which side of it.
    """
    if size < 2:
        return np.zeros(1, kind.numpy)
    line = linspace_values(-1, 1, size, kind)
    return line if align else line * line.dtype.type(size - 1) / line.dtype.type(size)


def _check_affine(theta: Tensor, size: tuple[int, ...]) -> None:
    if not theta.is_floating_point():
        raise ValueError(f"Expected theta to have floating point type, but got {theta.dtype}")
    if len(size) not in (4, 5):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, respectively. "
            f"Got size {size}."
        )
    n = len(size) - 2
    if theta._data.shape[1:] != (n, n + 1):
        raise ValueError(
            f"Expected a batch of {n}D affine matrices of shape Nx{n}x{n + 1} for size {size}. Got {theta.shape}."
        )
    if min(size) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {size}")


# ---- samples -------------------------------------------------------------------------------------------------------


def _samples(make: Make) -> Iterator[Sample]:
    image, at = make(2, 2, 3, 4), make(2, 2, 3, 2, low=-1.4, high=1.4)
    for mode in _MODES:
        yield Sample(mode, (image, at, mode))
    for padding in _PADDINGS[1:]:
        yield Sample(padding, (image, at, "bilinear", padding, True))
        yield Sample(f"cubic {padding}", (image, at, "bicubic", padding, False))
    volume = (make(1, 2, 2, 3, 2), make(1, 2, 1, 2, 3, low=-0.9, high=0.9))
    yield Sample("volume", (*volume, "bilinear", "reflection"))


def _failures(make: Make) -> Iterator[Failure]:
    x, at = make(2, 3, 4, 4), make(2, 5, 5, 2)
    yield Failure((x, at, "linear"), ValueError, "expected mode to be")
    yield Failure((x, at, "nearest", "zero"), ValueError, "expected padding_mode to be")
    yield Failure((x, make(3, 5, 5, 2)), RuntimeError, "to have same batch size")
    yield Failure((x, make(2, 5, 2)), RuntimeError, "expected 4D input and grid")
    yield Failure((x, make(2, 5, 5, 3)), RuntimeError, "expected grid to have size 2 in last dimension")
    yield Failure((x, at.float()), RuntimeError, "expected scalar type Double but found Float")
    yield Failure((make(2, 3, 0, 4), at), RuntimeError, "expected input to have non-empty spatial dimensions")
    volume = (make(1, 1, 2, 2, 2), make(1, 1, 1, 1, 3))
    yield Failure((*volume, "bicubic"), RuntimeError, "bicubic interpolation only supports 4D input")


def _affine_samples(make: Make) -> Iterator[Sample]:
    yield Sample("image", (make(2, 2, 3), (2, 1, 3, 2)))
    yield Sample("corners aligned", (make(1, 2, 3), (1, 3, 1, 4), True))
    yield Sample("volume", (make(2, 3, 4), (2, 1, 2, 3, 1)))


def _affine_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 2, 3), (2, 3, 4)), NotImplementedError, "only supports 4D and 5D sizes")
    yield Failure((make(2, 3, 3), (2, 3, 4, 5)), ValueError, "Expected a batch of 2D affine matrices")
    yield Failure((make(2, 2, 3), (2, 3, 0, 5)), ValueError, "Expected non-zero, positive output size")
    yield Failure((make(2, 2, 3), (3, 3, 4, 5)), RuntimeError, "has a batch of 3")


_HOW: dict[str, Any] = {"methods": (), "functional": True, "top": False}
register(grid_sample, samples=_samples, failures=_failures, budget=32.0, **_HOW)
register(affine_grid, samples=_affine_samples, failures=_affine_failures, **_HOW)
