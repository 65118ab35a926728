"""Operations that move pixels: resizing, cropping, padding, flipping, turning."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...nn import functional as nnf
from ...ops.create import as_tensor
from ...ops.join import cat
from ...tensor import Tensor, wrap
from .._pil import pillow
from ._kinds import InterpolationMode, as_mode, checked, get_dimensions, resampling, through_float

__all__ = ["center_crop", "crop", "erase", "five_crop", "hflip", "pad", "resize", "resized_crop", "rotate", "vflip"]


# ---- sizes -------------------------------------------------------------------------------------------------


def resize(
    img: Any,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    max_size: int | None = None,
    antialias: bool | None = True,
) -> Any:
    """Return an image of another size.

    Parameters
    ----------
    img : image of Pillow or Tensor (..., H, W)
        The image.
    size : int or sequence
        Height and width, or the length of the shorter side.
    interpolation : InterpolationMode
        How pixels are computed.
    max_size : int, optional
        Longest that the longer side may become; only for one size.
    antialias : bool
        Whether the filter widens when a tensor shrinks.

    Raises
    ------
    TypeError, ValueError
        For other images, sizes and modes.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.resize(minitorch.zeros(3, 4, 8), 2).shape
    torch.Size([3, 2, 4])
    """
    mode = as_mode(interpolation)
    wanted = _resized(get_dimensions(img)[1:], size, max_size)
    if wanted == get_dimensions(img)[1:]:
        return img
    if not isinstance(img, Tensor):
        return img.resize(wanted[::-1], resampling(mode))
    smooth = mode in (InterpolationMode.BILINEAR, InterpolationMode.BICUBIC)
    if mode.value in ("box", "hamming", "lanczos"):
        raise ValueError(f"resize: interpolation={mode.value!r} is for PIL Images; tensors take nearest to bicubic")
    options = {"mode": mode.value, "align_corners": False if smooth else None, "antialias": bool(antialias) and smooth}
    clamp = mode is InterpolationMode.BICUBIC and str(img.dtype) == "torch.uint8"

    def compute(x: Tensor) -> Tensor:
        out = nnf.interpolate(x, tuple(wanted), **options)
        return out.clamp(0, 255) if clamp else out

    return through_float(img, compute)


def _resized(have: Sequence[int], size: Any, max_size: int | None) -> list[int]:
    """Return the new height and width."""
    sizes = [size] if isinstance(size, int) else list(size)
    if len(sizes) not in (1, 2):
        raise ValueError(f"Size must be an int or a 1 or 2 element tuple/list, not a {len(sizes)} element tuple/list")
    if len(sizes) == 2:
        if max_size is not None:
            raise ValueError("max_size should only be passed if size specifies the length of the smaller edge")
        return sizes
    short, long = sorted(have)
    new_short, new_long = sizes[0], int(sizes[0] * long / short)
    if max_size is not None:
        if max_size <= sizes[0]:
            raise ValueError(
                f"max_size = {max_size} must be strictly greater than the requested "
                f"size for the smaller edge size = {size}"
            )
        if new_long > max_size:
            new_short, new_long = int(max_size * new_short / new_long), max_size
    return [new_long, new_short] if have[1] <= have[0] else [new_short, new_long]


# ---- parts -------------------------------------------------------------------------------------------------


def crop(img: Any, top: int, left: int, height: int, width: int) -> Any:
    """Return a rectangle of an image; what reaches outside is zero.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.crop(minitorch.ones(1, 4, 4), 2, 2, 3, 1)[0, :, 0]
    tensor([1., 1., 0.])
    """
    if not isinstance(checked(img), Tensor):
        return img.crop((left, top, left + width, top + height))
    h, w = img.shape[-2:]
    bottom, right = top + height, left + width
    part = img[..., max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    outside = [max(min(right, 0) - left, 0), max(right - max(w, left), 0)]
    outside += [max(min(bottom, 0) - top, 0), max(bottom - max(h, top), 0)]
    return nnf.pad(part, outside) if any(outside) else part


def center_crop(img: Any, output_size: Any) -> Any:
    """Return the middle of an image, which is padded with zeros where it is smaller.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.center_crop(minitorch.zeros(1, 5, 7), 3).shape
    torch.Size([1, 3, 3])
    """
    height, width = _pair(output_size)
    _, h, w = get_dimensions(img)
    if width > w or height > h:
        around = [(width - w) // 2 if width > w else 0, (height - h) // 2 if height > h else 0]
        around += [(width - w + 1) // 2 if width > w else 0, (height - h + 1) // 2 if height > h else 0]
        img = pad(img, around)
        _, h, w = get_dimensions(img)
        if (width, height) == (w, h):
            return img
    return crop(img, round((h - height) / 2), round((w - width) / 2), height, width)


def _pair(size: Any) -> tuple[int, int]:
    sizes = (size,) if isinstance(size, int) else tuple(size)
    return (sizes[0], sizes[0]) if len(sizes) == 1 else (sizes[0], sizes[1])


def resized_crop(
    img: Any,
    top: int,
    left: int,
    height: int,
    width: int,
    size: Any,
    interpolation: Any = InterpolationMode.BILINEAR,
    antialias: bool | None = True,
) -> Any:
    """Return a rectangle of an image, resized.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.resized_crop(minitorch.zeros(1, 8, 8), 0, 0, 4, 4, [2, 2]).shape
    torch.Size([1, 2, 2])
    """
    return resize(crop(img, top, left, height, width), size, interpolation, antialias=antialias)


def five_crop(img: Any, size: Any) -> tuple[Any, ...]:
    """Return the four corners and the middle of an image; ValueError if it is smaller.

    Examples
    --------
    >>> import minitorch
    >>> len(minitorch.vision.transforms.functional.five_crop(minitorch.zeros(1, 5, 7), 3))
    5
    """
    height, width = _pair(size)
    _, h, w = get_dimensions(img)
    if width > w or height > h:
        raise ValueError(f"Requested crop size {size} is bigger than input size {(h, w)}")
    corners = [(0, 0), (0, w - width), (h - height, 0), (h - height, w - width)]
    return (*(crop(img, top, left, height, width) for top, left in corners), center_crop(img, [height, width]))


def erase(img: Tensor, i: int, j: int, h: int, w: int, v: Any, inplace: bool = False) -> Tensor:
    """Return a tensor (..., H, W) with a rectangle set to ``v``; TypeError for other images.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.erase(minitorch.ones(1, 1, 3), 0, 1, 1, 1, 5.0)
    tensor([[[1., 5., 1.]]])
    """
    if not isinstance(img, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(img)}")
    img = img if inplace else img.clone()
    img[..., i : i + h, j : j + w] = v
    return img


# ---- borders, flips ----------------------------------------------------------------------------------------


def pad(img: Any, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> Any:
    """Return an image with a border.

    Parameters
    ----------
    img : image of Pillow or Tensor (..., H, W)
        The image.
    padding : int or sequence
        Of all sides; of left and right, top and bottom; or of left, top, right and bottom.
    fill : number or tuple
        Of a constant border; tuples for images of Pillow.
    padding_mode : str
        "constant", "edge", "reflect" or "symmetric".

    Raises
    ------
    TypeError, ValueError
        For other images, paddings and modes.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.pad(minitorch.tensor([[[1, 2, 3]]]), [2, 0], padding_mode="reflect")
    tensor([[[3, 2, 1, 2, 3, 2, 1]]])
    """
    left, top, right, bottom = _sides(padding)
    if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
        raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
    if isinstance(checked(img), Tensor):
        if padding_mode == "constant":
            return nnf.pad(img, (left, right, top, bottom), value=float(0 if fill is None else fill))
        return _bordered(img, padding_mode, (top, bottom), (left, right))
    if padding_mode == "constant":
        return _framed(img, (left, top, right, bottom), fill)
    pixels = np.asarray(img)
    widths = ((top, bottom), (left, right), (0, 0))[: pixels.ndim]
    modes: Any = padding_mode
    bordered = pillow("pad").fromarray(np.pad(pixels, widths, modes))
    if img.mode == "P":
        bordered.putpalette(img.getpalette())
    return bordered


def _sides(padding: Any) -> tuple[int, int, int, int]:
    """Return left, top, right, bottom."""
    if not isinstance(padding, (int, float, tuple, list)):
        raise TypeError("Got inappropriate padding arg")
    given = [int(padding)] if isinstance(padding, (int, float)) else [int(side) for side in padding]
    if len(given) not in (1, 2, 4):
        raise ValueError(f"Padding must be an int or a 1, 2, or 4 element tuple, not a {len(given)} element tuple")
    left, top, right, bottom = (given * 4)[:4]
    return left, top, right, bottom


def _bordered(img: Tensor, mode: Any, rows: tuple[int, int], columns: tuple[int, int]) -> Tensor:
    """Return a tensor whose border repeats pixels of its own: those that NumPy's padding of their numbers names."""
    h, w = img.shape[-2:]
    return img[..., _places(h, rows, mode), :][..., _places(w, columns, mode)]


def _places(n: int, sides: tuple[int, int], mode: Any) -> Tensor:
    return wrap(np.pad(np.arange(n), sides, mode))


def _framed(img: Any, sides: tuple[int, int, int, int], fill: Any) -> Any:
    left, top, right, bottom = sides
    color = fill if fill is None or not isinstance(fill, (tuple, list)) or len(fill) > 1 else fill[0]
    bands = len(img.getbands())
    if isinstance(color, (int, float)) and bands > 1:
        color = (int(color),) * bands
    color = tuple(color) if isinstance(color, list) else color
    frame = pillow("pad").new(img.mode, (img.width + left + right, img.height + top + bottom), color)
    if img.mode == "P":
        frame.putpalette(img.getpalette())
    frame.paste(img, (left, top))
    return frame


def hflip(img: Any) -> Any:
    """Return an image with left and right exchanged.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.hflip(minitorch.tensor([[[1, 2]]]))
    tensor([[[2, 1]]])
    """
    return img.flip(-1) if isinstance(checked(img), Tensor) else img.transpose(0)


def vflip(img: Any) -> Any:
    """Return an image with top and bottom exchanged.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.vflip(minitorch.tensor([[[1], [2]]]))
    tensor([[[2],
             [1]]])
    """
    return img.flip(-2) if isinstance(checked(img), Tensor) else img.transpose(1)


# ---- turning -----------------------------------------------------------------------------------------------


def rotate(
    img: Any,
    angle: float,
    interpolation: Any = InterpolationMode.NEAREST,
    expand: bool = False,
    center: Sequence[float] | None = None,
    fill: Any = None,
) -> Any:
    """Return an image turned counter-clockwise.

    Parameters
    ----------
    img : image of Pillow or Tensor (..., H, W)
        The image.
    angle : float
        In degrees.
    interpolation : InterpolationMode
        NEAREST or BILINEAR (and BICUBIC for images of Pillow).
    expand : bool
        Whether the image grows until nothing is lost.
    center : sequence, optional
        The point, x and y from the upper left corner, that stays; the middle by default.
    fill : number or sequence, optional
        What stands outside; 0 by default.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.rotate(minitorch.tensor([[[1, 2], [3, 4]]]), 90)
    tensor([[[2, 4],
             [1, 3]]])
    """
    mode = as_mode(interpolation)
    if not isinstance(checked(img), Tensor):
        return img.rotate(angle, resampling(mode), expand, center, fillcolor=_pil_fill(img, fill))
    if mode not in (InterpolationMode.NEAREST, InterpolationMode.BILINEAR):
        raise ValueError(f"Interpolation mode '{mode.value}' is unsupported with Tensor input")
    _, h, w = get_dimensions(img)
    away = (0.0, 0.0) if center is None else (center[0] - w * 0.5, center[1] - h * 0.5)
    matrix = _turn(angle, away)
    out_w, out_h = _turned_size(matrix, w, h) if expand else (w, h)
    grid = _grid(matrix, (w, h), (out_w, out_h))
    return through_float(img, lambda x: _sampled(x, grid, mode.value, fill))


def _pil_fill(img: Any, fill: Any) -> Any:
    bands = len(img.getbands())
    if isinstance(fill, (int, float)):
        return (int(fill),) * bands if bands > 1 else fill
    return fill if fill is None or bands > 1 else fill[0]


def _turn(angle: float, center: tuple[float, float]) -> Any:
    """Return the matrix (2, 3) from places of the turned image to places of the image, both from the middle."""
    turn = math.radians(-angle)
    linear = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
    shift = np.array(center) - linear @ np.array(center)
    return np.concatenate([linear, shift[:, None]], axis=1)


def _turned_size(matrix: Any, w: int, h: int) -> tuple[int, int]:
    """Return the width and height of the smallest image that holds all corners."""
    corners = np.array([[x * w, y * h, 1] for x in (-0.5, 0.5) for y in (-0.5, 0.5)], np.float32)
    places = corners @ matrix.astype(np.float32).T + np.array([w / 2, h / 2], np.float32)
    high, low = (np.trunc(places.max(0) / 1e-4) * 1e-4, np.trunc(places.min(0) / 1e-4) * 1e-4)
    width, height = np.ceil(high) - np.floor(low)
    return int(width), int(height)


def _grid(matrix: Any, size: tuple[int, int], out: tuple[int, int]) -> Tensor:
    """Return where each pixel of the turned image comes from, in units of half the image: (1, H, W, 2)."""
    x, y = (np.arange(n, dtype=np.float32) - np.float32(n * 0.5 - 0.5) for n in out)
    points = np.stack([*np.meshgrid(x, y), np.ones(out[::-1], np.float32)], -1)
    scaled = matrix.astype(np.float32).T / np.array([0.5 * size[0], 0.5 * size[1]], np.float32)
    return wrap((points @ scaled)[None])


def _sampled(x: Tensor, grid: Tensor, mode: str, fill: Any) -> Tensor:
    grid = grid.to(x.dtype).expand(x.shape[0], -1, -1, -1)
    if fill is None:
        return nnf.grid_sample(x, grid, mode, "zeros", False)
    inside = nnf.grid_sample(cat([x, x.new_ones((x.shape[0], 1, *x.shape[2:]))], 1), grid, mode, "zeros", False)
    out, mask = inside[:, :-1], inside[:, -1:]
    color = as_tensor(fill, dtype=x.dtype).reshape(1, -1, 1, 1)
    if mode == "nearest":
        mask = (mask >= 0.5).to(x.dtype)
    return out * mask + (1.0 - mask) * color
