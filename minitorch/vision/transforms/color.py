"""Operations that change colours."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...dtypes import float32, iinfo
from ...ops.join import stack
from ...ops.pointwise import where
from ...tensor import Tensor
from .._pil import pillow
from ._kinds import checked, enhancer, get_dimensions
from .convert import convert_image_dtype

__all__ = ["adjust_brightness", "adjust_contrast", "adjust_hue", "adjust_saturation", "rgb_to_grayscale",
           "to_grayscale"]  # fmt: skip


def _bound(img: Tensor) -> float:
    return 1.0 if img.is_floating_point() else iinfo(img.dtype).max


def _blend(img: Tensor, other: Any, factor: float) -> Tensor:
    """Return a mixture of two images, from the other (0) over the image (1) to beyond it."""
    return (factor * img + (1.0 - factor) * other).clamp(0, _bound(img)).to(img.dtype)


def _channels(img: Tensor) -> int:
    channels = get_dimensions(img)[0]
    if channels not in (1, 3):
        raise TypeError(f"Input image tensor permitted channel values are 1 or 3, but found {channels}")
    return channels


def _grey(img: Tensor) -> Tensor:
    """Return the lightness (..., 1, H, W), in the image's own element type."""
    red, green, blue = img.unbind(-3)
    return (0.2989 * red + 0.587 * green + 0.114 * blue).to(img.dtype).unsqueeze(-3)


def rgb_to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """Return an image without colour, with one channel or three equal ones; ValueError for another number.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.rgb_to_grayscale(minitorch.ones(3, 1, 2))
    tensor([[[0.9999, 0.9999]]])
    """
    if num_output_channels not in (1, 3):
        raise ValueError("num_output_channels should be either 1 or 3")
    if not isinstance(checked(img), Tensor):
        grey = img.convert("L")
        return grey if num_output_channels == 1 else pillow("to_grayscale").merge("RGB", [grey] * 3)
    if img.ndim < 3:
        raise TypeError(f"Input image tensor should have at least 3 dimensions, but found {img.ndim}")
    grey = _grey(img) if _channels(img) == 3 else img.clone()
    return grey.expand(*img.shape[:-3], 3, *img.shape[-2:]) if num_output_channels == 3 else grey


def to_grayscale(img: Any, num_output_channels: int = 1) -> Any:
    """Do what `rgb_to_grayscale` does, for images of Pillow; TypeError for others.

    Examples
    --------
    >>> from PIL import Image
    >>> from minitorch.vision.transforms.functional import to_grayscale
    >>> to_grayscale(Image.new("RGB", (2, 2))).mode
    'L'
    """
    if isinstance(img, Tensor):
        raise TypeError("Input should be PIL Image")
    return rgb_to_grayscale(img, num_output_channels)


def _factor(value: float, what: str) -> float:
    if value < 0:
        raise ValueError(f"{what}_factor ({value}) is not non-negative.")
    return float(value)


def adjust_brightness(img: Any, brightness_factor: float) -> Any:
    """Return an image whose brightness is multiplied; 0 is black. ValueError for a negative factor.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.adjust_brightness(minitorch.tensor([[[0.25, 0.75]]]), 2.0)
    tensor([[[0.5000, 1.0000]]])
    """
    factor = _factor(brightness_factor, "brightness")
    if not isinstance(checked(img), Tensor):
        return enhancer("Brightness", img).enhance(factor)
    _channels(img)
    return _blend(img, 0.0, factor)


def adjust_contrast(img: Any, contrast_factor: float) -> Any:
    """Return an image whose distance from its mean grey is multiplied. ValueError for a negative factor.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.adjust_contrast(minitorch.tensor([[[0.25, 0.75]]]), 0.0)
    tensor([[[0.5000, 0.5000]]])
    """
    factor = _factor(contrast_factor, "contrast")
    if not isinstance(checked(img), Tensor):
        return enhancer("Contrast", img).enhance(factor)
    grey = _grey(img) if _channels(img) == 3 else img
    mean = (grey if img.is_floating_point() else grey.to(float32)).mean((-3, -2, -1), keepdim=True)
    return _blend(img, mean, factor)


def adjust_saturation(img: Any, saturation_factor: float) -> Any:
    """Return an image whose distance from grey is multiplied; 0 is grey. ValueError for a negative factor.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.adjust_saturation(minitorch.ones(3, 1, 1), 0.5).shape
    torch.Size([3, 1, 1])
    """
    factor = _factor(saturation_factor, "saturation")
    if not isinstance(checked(img), Tensor):
        return enhancer("Color", img).enhance(factor)
    return img if _channels(img) == 1 else _blend(img, _grey(img), factor)


def adjust_hue(img: Any, hue_factor: float) -> Any:
    """Return an image whose hues are moved around the circle.

    Parameters
    ----------
    img : image of Pillow or Tensor (..., 3, H, W)
        Images without colour are returned as they are.
    hue_factor : float
        Part of the circle, from -0.5 to 0.5; ValueError outside.

    Examples
    --------
    >>> import minitorch
    >>> red = minitorch.tensor([1.0, 0.0, 0.0]).reshape(3, 1, 1)
    >>> minitorch.vision.transforms.functional.adjust_hue(red, 0.5).flatten()
    tensor([0., 1., 1.])
    """
    if not -0.5 <= hue_factor <= 0.5:
        raise ValueError(f"hue_factor ({hue_factor}) is not in [-0.5, 0.5].")
    if not isinstance(checked(img), Tensor):
        return _pil_hue(img, hue_factor)
    if _channels(img) == 1:
        return img
    hue, saturation, value = _to_hsv(convert_image_dtype(img, img.dtype if img.is_floating_point() else float32))
    return convert_image_dtype(_from_hsv((hue + hue_factor) % 1.0, saturation, value), img.dtype)


def _pil_hue(img: Any, factor: float) -> Any:
    if img.mode in ("L", "1", "I", "F"):
        return img
    image = pillow("adjust_hue")
    hue, saturation, value = img.convert("HSV").split()
    moved = np.asarray(hue) + np.array(factor * 255).astype(np.uint8)  # wraps around
    return image.merge("HSV", (image.fromarray(moved), saturation, value)).convert(img.mode)


def _to_hsv(img: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return hue, saturation and value; the hue is counted from the brightest channel."""
    red, green, blue = img.unbind(-3)
    high, low = img.amax(-3), img.amin(-3)
    spread = high - low
    some = where(spread == 0, 1.0, spread)  # grey has no hue
    r, g, b = ((high - channel) / some for channel in (red, green, blue))
    hue = where(high == red, b - g, where(high == green, 2.0 + r - b, 4.0 + g - r))
    return (hue / 6.0 + 1.0).fmod(1.0), spread / where(high == 0, 1.0, high), high


def _from_hsv(hue: Tensor, saturation: Tensor, value: Tensor) -> Tensor:
    """Return red, green and blue, each a trapezoid over the circle of hues."""
    channels = []
    for shift in (5.0, 3.0, 1.0):
        place = (shift + hue * 6.0) % 6.0
        height = place.minimum(4.0 - place).clamp(0.0, 1.0)
        channels.append(value - value * saturation * height)
    return stack(channels, -3)
