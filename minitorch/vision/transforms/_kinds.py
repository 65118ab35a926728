"""What the operations on images share: ways to interpolate, sizes, and how integers pass through float kernels."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any

from ...dtypes import float32
from ...tensor import Tensor
from .._pil import is_image, pillow

__all__ = ["InterpolationMode", "as_mode", "checked", "get_dimensions", "get_image_size", "resampling", "through_float"]


class InterpolationMode(Enum):
    """Ways to compute a pixel from its neighbours; BOX, HAMMING and LANCZOS are for images of Pillow only.

    Examples
    --------
    >>> from minitorch.vision.transforms import InterpolationMode
    >>> InterpolationMode.BILINEAR.value
    'bilinear'
    """

    NEAREST = "nearest"
    NEAREST_EXACT = "nearest-exact"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    BOX = "box"
    HAMMING = "hamming"
    LANCZOS = "lanczos"


_NUMBERED = {0: "nearest", 2: "bilinear", 3: "bicubic", 4: "box", 5: "hamming", 1: "lanczos"}


def as_mode(interpolation: Any) -> InterpolationMode:
    """Return a mode given as itself or as Pillow's number; TypeError for anything else."""
    if isinstance(interpolation, int) and interpolation in _NUMBERED:
        return InterpolationMode(_NUMBERED[interpolation])
    if not isinstance(interpolation, InterpolationMode):
        raise TypeError(
            f"interpolation should be a InterpolationMode or a Pillow integer constant, got {interpolation!r}"
        )
    return interpolation


def resampling(mode: InterpolationMode) -> int:
    """Return Pillow's number of a mode."""
    name = mode.value.partition("-")[0]
    return next(number for number, known in _NUMBERED.items() if known == name)


def checked(img: Any) -> Any:
    """Return an image of Pillow or a tensor (..., H, W); TypeError for anything else."""
    if is_image(img) or (isinstance(img, Tensor) and img.ndim >= 2):
        return img
    kind = f"a tensor of shape {tuple(img.shape)}" if isinstance(img, Tensor) else type(img).__name__
    raise TypeError(f"img should be PIL Image or a Tensor image (..., H, W). Got {kind}")


def get_dimensions(img: Any) -> list[int]:
    """Return channels, height and width of an image.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.get_dimensions(minitorch.zeros(3, 4, 5))
    [3, 4, 5]
    """
    if isinstance(checked(img), Tensor):
        return [1 if img.ndim == 2 else img.shape[-3], img.shape[-2], img.shape[-1]]
    return [len(img.getbands()), img.height, img.width]


def get_image_size(img: Any) -> list[int]:
    """Return width and height of an image.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.get_image_size(minitorch.zeros(3, 4, 5))
    [5, 4]
    """
    return get_dimensions(img)[:0:-1]


def through_float(img: Tensor, compute: Callable[[Tensor], Tensor]) -> Tensor:
    """Apply a function of float images (N, C, H, W) to a tensor (..., H, W), and round where it was of integers."""
    batch = img if img.ndim == 4 else img.reshape(1, -1, *img.shape[-2:])
    kind = img.dtype
    out = compute(batch if kind.is_floating_point else batch.to(float32))
    if not kind.is_floating_point:
        out = out.round().to(kind)
    return out if img.ndim == 4 else out.reshape(*img.shape[:-2], *out.shape[-2:])


def enhancer(name: str, img: Any) -> Any:
    """Return one of Pillow's enhancers of an image."""
    return getattr(pillow(f"adjust_{name.lower()}", "ImageEnhance"), name)(img)
