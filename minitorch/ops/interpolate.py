"""Resizing of (N, C, *): nearest, linear, cubic and area. All are composites.

Every mode but area is separable: a new position takes a weighted sum of a few old ones, dimension by dimension. The
weights of a dimension are small arrays; the old positions are index selections. With anti-aliasing the weights are a
matrix over all old positions.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..errors import shape_text
from ..memory import Array
from ..op import Failure, Make, Sample, register
from ..tensor import wrap
from ._common import Tensor, float_arg, tensor_arg
from ._titles import titled
from .gather import index_select
from .matmul import matmul
from .pool_avg import adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

_MODES = "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact"
_SPATIAL = {"linear": 1, "bilinear": 2, "bicubic": 2, "trilinear": 3, "lanczos": 2}
_AREA = {1: adaptive_avg_pool1d, 2: adaptive_avg_pool2d, 3: adaptive_avg_pool3d}


def interpolate(
    input: Tensor,
    size: Any = None,
    scale_factor: Any = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
) -> Tensor:
    """Resize the spatial dimensions of (N, C, W), (N, C, H, W) or (N, C, D, H, W).

    Parameters
    ----------
    size : spatial size of the output: an int, or one for each dimension.
    scale_factor : what the spatial size is multiplied by (rounded down); either this or ``size``.
    mode : 'nearest', 'nearest-exact', 'linear' (3-d input), 'bilinear' or 'bicubic' (4-d), 'trilinear' (5-d), 'area'.
    align_corners : keep the values of the corner elements (linear and cubic modes).
    recompute_scale_factor : use the ratio of the sizes, and not ``scale_factor``, for the positions.
    antialias : widen the filter when the image shrinks ('bilinear' and 'bicubic').

    Raises
    ------
    ValueError : arguments that do not go together.
    NotImplementedError : a mode that does not exist for this number of dimensions.
    RuntimeError : an empty input or output.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.tensor([[[1.0, 3.0]]])
    >>> minitorch.nn.functional.interpolate(x, scale_factor=2)
    tensor([[[1., 1., 3., 3.]]])
    >>> minitorch.nn.functional.interpolate(x, size=3, mode="linear", align_corners=True)
    tensor([[[1., 2., 3.]]])
    """
    x = tensor_arg("interpolate", input)
    if align_corners is not None and (mode == "area" or mode.startswith("nearest")):
        raise ValueError("align_corners option can only be set with the interpolating modes: "
                         "linear | bilinear | bicubic | trilinear")  # fmt: skip
    sizes, factors = _target(x, size, scale_factor, recompute_scale_factor)
    _check_mode(x, mode, antialias)
    if mode == "area":
        return _AREA[len(sizes)](x, sizes)
    _check_sizes(x, sizes)
    if x._data.dtype != np.uint8:
        float_arg("interpolate", x, f"upsample_{mode.removesuffix('-exact')}{len(sizes)}d_channels_last")
    x = x.float() if x.dtype.itemsize == 2 and x.dtype.is_floating_point else x
    for i, (new, factor) in enumerate(zip(sizes, factors)):
        x = _resize(x, i + 2, new, factor, mode, bool(align_corners), antialias)
    stem = "".join(word.capitalize() for word in mode.split("-"))
    stem = f"Upsample{stem}{len(sizes)}D"
    return titled(f"{stem}{'Aa' * antialias}Backward0", x.to(input.dtype))


# ---- what is asked for ---------------------------------------------------------------------------------------------


def _per_dim(x: Tensor, value: Any, what: str, form: str) -> tuple[Any, ...]:
    spatial = x._data.ndim - 2
    if not isinstance(value, (tuple, list)):
        return (value,) * spatial
    if len(value) != spatial:
        shown = f"output size of {value}" if what == "output size" else f"scale_factor of shape {value}"
        subject = "output" if what == "output size" else "scale_factor"
        raise ValueError(
            f"Input and {subject} must have the same number of spatial dimensions, but got input with spatial "
            f"dimensions of {shape_text(x._data.shape[2:])} and {shown}. Please provide input tensor in "
            f"(N, C, d1, d2, ...,dK) format and {what} in {form} format."
        )
    return tuple(value)


def _target(x: Tensor, size: Any, factor: Any, recompute: bool | None) -> tuple[tuple[int, ...], tuple[Any, ...]]:
    """Return the new sizes, and the given factors (None where the ratio of the sizes counts)."""
    if size is not None and factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is not None:
        if recompute:
            raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
        sizes = tuple([int(n) for n in _per_dim(x, size, "output size", "(o1, o2, ...,oK)")])
        return sizes, (None,) * len(sizes)
    if factor is None:
        raise ValueError("either size or scale_factor should be defined")
    factors = tuple([float(f) for f in _per_dim(x, factor, "scale_factor", "(s1, s2, ...,sK)")])
    sizes = tuple([math.floor(n * f) for n, f in zip(x._data.shape[2:], factors)])
    return sizes, (None,) * len(sizes) if recompute else factors


def _check_mode(x: Tensor, mode: str, antialias: bool) -> None:
    ndim = x._data.ndim
    if antialias and not (mode in ("bilinear", "bicubic", "lanczos") and ndim == 4):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires a 4-D tensor as input"
        )
    if mode in _SPATIAL and ndim in (3, 4, 5) and ndim != _SPATIAL[mode] + 2:
        raise NotImplementedError(f"Got {ndim}D input, but {mode} mode needs {_SPATIAL[mode] + 2}D input")
    if ndim not in (3, 4, 5) or mode not in _MODES.split(" | ") or mode == "lanczos":
        raise NotImplementedError(
            f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {ndim}D) for the modes: {_MODES} "
            f"(got {mode})"
        )


def _check_sizes(x: Tensor, sizes: tuple[int, ...]) -> None:
    names = "DHW"[-len(sizes) :]
    if min(sizes) <= 0 or min(x._data.shape[2:]) <= 0:
        have = ", ".join(f"{n}: {s}" for n, s in zip(names, x._data.shape[2:]))
        want = ", ".join(f"{n}: {s}" for n, s in zip(names, sizes))
        raise RuntimeError(
            f"Input and output sizes should be greater than 0, but got input ({have}) and output ({want})"
        )


# ---- one dimension -------------------------------------------------------------------------------------------------


def _resize(x: Tensor, dim: int, new: int, factor: float | None, mode: str, align: bool, antialias: bool) -> Tensor:
    old = x._data.shape[dim]
    if mode.startswith("nearest"):
        return index_select(x, dim, wrap(_nearest(old, new, factor, mode)))
    kind: Any = np.float64 if x._data.dtype == np.float64 else np.float32
    step = _step(old, new, factor, align, kind)
    if antialias:
        return _filtered(x, dim, _filter_matrix(old, new, step, mode, align).astype(x._data.dtype))
    grid = np.arange(new, dtype=kind)
    places = grid * step if align else (grid + kind(0.5)) * step - kind(0.5)
    taps, weights = (_cubic if mode == "bicubic" else _linear)(places, old)
    return _weighted(x, dim, taps, weights)


def _step(old: int, new: int, factor: float | None, align: bool, kind: Any) -> Any:
    """Return the distance of neighbouring new positions on the old grid."""
    if align:
        return kind((old - 1) / (new - 1)) if new > 1 else kind(0)
    return kind(1.0 / factor) if factor else kind(old / new)


def _nearest(old: int, new: int, factor: float | None, mode: str) -> Array:
    step = np.float32(1.0 / factor) if factor else np.float32(old / new)
    shift = np.float32(0.5 if mode == "nearest-exact" else 0.0)
    places = np.floor((np.arange(new, dtype=np.float32) + shift) * step).astype(np.int64)
    return np.minimum(places, old - 1)


def _linear(places: Array, old: int) -> tuple[list[Array], list[Array]]:
    places = np.maximum(places, 0)
    low = np.minimum(places.astype(np.int64), old - 1)
    part = np.minimum(places - low, 1).astype(places.dtype)
    return [low, np.minimum(low + 1, old - 1)], [1 - part, part]


def _cubic(places: Array, old: int) -> tuple[list[Array], list[Array]]:
    low = np.floor(places).astype(np.int64)
    part = places - low
    taps = [np.clip(low + offset, 0, old - 1) for offset in (-1, 0, 1, 2)]
    return taps, [_cubic_kernel(np.abs(part - offset), -0.75).astype(places.dtype) for offset in (-1, 0, 1, 2)]


def _cubic_kernel(t: Array, a: float) -> Array:
    """Return Keys' cubic convolution kernel (IEEE Trans. ASSP 29, 1981)."""
    near = ((a + 2) * t - (a + 3)) * t * t + 1
    far = a * (((t - 5) * t + 8) * t - 4)
    return np.where(t <= 1, near, np.where(t < 2, far, 0.0))


def _weighted(x: Tensor, dim: int, taps: list[Array], weights: list[Array]) -> Tensor:
    shape = (-1,) + (1,) * (x._data.ndim - 1 - dim)
    parts = [
        index_select(x, dim, wrap(tap)) * wrap(weight.astype(x._data.dtype).reshape(shape))
        for tap, weight in zip(taps, weights)
    ]
    total = parts[0]
    for part in parts[1:]:
        total = total + part
    return total


def _filter_matrix(old: int, new: int, step: float, mode: str, align: bool) -> Array:
    """Return (new, old) weights of a filter that is as wide as a new pixel when the image shrinks."""
    step = float(step)
    width = max(step, 1.0)
    support = (2.0 if mode == "bicubic" else 1.0) * width
    matrix = np.zeros((new, old))
    for i in range(new):
        centre = step * (i if align else i + 0.5) + (0.5 if align else 0.0)
        first, last = max(int(centre - support + 0.5), 0), min(int(centre + support + 0.5), old)
        t = np.abs((np.arange(first, last) - centre + 0.5) / width)
        weights = _cubic_kernel(t, -0.5) if mode == "bicubic" else np.maximum(1 - t, 0)
        matrix[i, first:last] = weights / weights.sum()
    return matrix


def _filtered(x: Tensor, dim: int, matrix: Array) -> Tensor:
    moved = x.transpose(dim, -1)
    return matmul(moved, wrap(np.ascontiguousarray(matrix.T))).transpose(dim, -1)


# ---- torch's older names -------------------------------------------------------------------------------------------


def upsample(
    input: Tensor, size: Any = None, scale_factor: Any = None, mode: str = "nearest", align_corners: bool | None = None
) -> Tensor:
    """Resize: another name of `interpolate`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.upsample(minitorch.ones(1, 1, 2), scale_factor=2).shape
    torch.Size([1, 1, 4])
    """
    return interpolate(input, size, scale_factor, mode, align_corners)


def upsample_nearest(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Resize with mode 'nearest'.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.upsample_nearest(minitorch.ones(1, 1, 2), scale_factor=2).shape
    torch.Size([1, 1, 4])
    """
    return interpolate(input, size, scale_factor, "nearest")


def upsample_bilinear(input: Tensor, size: Any = None, scale_factor: Any = None) -> Tensor:
    """Resize (N, C, H, W) with mode 'bilinear' and aligned corners.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.upsample_bilinear(minitorch.ones(1, 1, 2, 2), scale_factor=2).shape
    torch.Size([1, 1, 4, 4])
    """
    return interpolate(input, size, scale_factor, "bilinear", align_corners=True)


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("nearest", (make(2, 3, 4, 3),), {"scale_factor": (2, 1.5)})
    yield Sample("exact", (make(1, 2, 5), 8, None, "nearest-exact"))
    yield Sample("linear", (make(2, 1, 5), 7, None, "linear"))
    yield Sample("bilinear", (make(1, 2, 3, 4), (5, 3), None, "bilinear", True))
    yield Sample("bicubic", (make(1, 1, 4, 3), None, 1.7, "bicubic"))
    yield Sample("trilinear", (make(1, 1, 2, 3, 2), None, 2, "trilinear"))
    yield Sample("area", (make(1, 2, 5, 4), (3, 2), None, "area"))
    yield Sample("antialias", (make(1, 1, 6, 5), (3, 4), None, "bilinear"), {"antialias": True})
    yield Sample("antialias cubic", (make(1, 1, 6, 5), (2, 7), None, "bicubic"), {"antialias": True})


def _failures(make: Make) -> Iterator[Failure]:
    x = make(1, 1, 4)
    yield Failure((x,), ValueError, "either size or scale_factor should be defined")
    yield Failure((x, 3, 2), ValueError, "only one of size or scale_factor should be defined")
    yield Failure((x, (3, 3)), ValueError, "same number of spatial dimensions")
    yield Failure((x, 3, None, "bilinear"), NotImplementedError, "Got 3D input, but bilinear mode needs 4D input")
    yield Failure((x, 3, None, "round"), NotImplementedError, r"\(got round\)")
    yield Failure((x, 3, None, "nearest", True), ValueError, "align_corners option can only be set")
    yield Failure((x, 0), RuntimeError, r"but got input \(W: 4\) and output \(W: 0\)")


register(interpolate, samples=_samples, failures=_failures, methods=(), functional=True, top=False, budget=8.0)
for _fn in (upsample, upsample_nearest, upsample_bilinear):
    register(_fn, methods=(), functional=True, top=False)
