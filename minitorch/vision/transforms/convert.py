"""From images of Pillow and NumPy arrays to tensors and back, and from one element type to another."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...dtypes import dtype as Dtype
from ...dtypes import float32, float64, get_default_dtype, iinfo, int32, int64
from ...ops.create import as_tensor
from ...tensor import Tensor, wrap
from .._pil import is_image, pillow

__all__ = ["convert_image_dtype", "normalize", "pil_to_tensor", "to_pil_image", "to_tensor"]


def pil_to_tensor(pic: Any) -> Tensor:
    """Return an image of Pillow as a tensor (C, H, W) of its own element type.

    Raises
    ------
    TypeError
        For anything else.

    Examples
    --------
    >>> from PIL import Image
    >>> from minitorch.vision.transforms.functional import pil_to_tensor
    >>> pil_to_tensor(Image.new("RGB", (2, 1))).shape
    torch.Size([3, 1, 2])
    """
    if not is_image(pic):
        raise TypeError(f"pic should be PIL Image. Got {type(pic)}")
    pixels = np.array(pic, copy=True)
    pixels = pixels.reshape(pic.height, pic.width, -1).transpose(2, 0, 1)
    return wrap(np.ascontiguousarray(pixels))


def to_tensor(pic: Any) -> Tensor:
    """Return an image of Pillow or an array (H, W, C) or (H, W) as a tensor (C, H, W); bytes become 0 to 1.

    Raises
    ------
    TypeError
        For anything else.
    ValueError
        For arrays of other dimensions.

    Examples
    --------
    >>> import numpy
    >>> from minitorch.vision.transforms.functional import to_tensor
    >>> to_tensor(numpy.uint8([[0, 51]]))
    tensor([[[0.0000, 0.2000]]])
    """
    if isinstance(pic, np.ndarray):
        return _from_array(pic)
    if not is_image(pic):
        raise TypeError(f"pic should be PIL Image or ndarray. Got {type(pic)}")
    pixels = pil_to_tensor(pic)._data
    if pic.mode == "1":
        pixels = pixels * np.uint8(255)
    return _scaled(pixels.view(np.int16) if pixels.dtype == np.uint16 else pixels)


def _from_array(pic: Any) -> Tensor:
    if pic.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
    return _scaled(np.ascontiguousarray(pic.reshape(*pic.shape[:2], -1).transpose(2, 0, 1)))


def _scaled(pixels: Any) -> Tensor:
    """Return bytes as fractions, other elements as they are."""
    if pixels.dtype != np.uint8:
        return wrap(pixels)
    kind = get_default_dtype().numpy
    return wrap(np.divide(pixels, kind.type(255), dtype=kind))


def to_pil_image(pic: Any, mode: str | None = None) -> Any:
    """Return a tensor (C, H, W) or an array (H, W, C) as an image of Pillow; fractions become bytes.

    Parameters
    ----------
    pic : Tensor or ndarray
        With 1 to 4 channels, or none.
    mode : str, optional
        Pillow's name of the channels; by default what their number and type suggest.

    Raises
    ------
    TypeError
        For anything else, or an element type that images do not have.
    ValueError
        For another shape, or a mode that does not fit.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.to_pil_image(minitorch.zeros(3, 4, 5)).size
    (5, 4)
    """
    if not isinstance(pic, (Tensor, np.ndarray)):
        raise TypeError(f"pic should be Tensor or ndarray. Got {type(pic)}.")
    if pic.ndim not in (2, 3):
        raise ValueError(f"pic should be 2/3 dimensional. Got {pic.ndim} dimensions.")
    pixels = _pixels(pic, mode)
    channels = pixels.shape[2]
    if channels > 4:
        raise ValueError(f"pic should not have > 4 channels. Got {channels} channels.")
    expected = _MODES.get((channels, pixels.dtype.name))
    if expected is None:
        raise TypeError(f"Input type {pixels.dtype} with {channels} channels is not supported")
    if mode is not None and mode not in (*expected, *(("1",) if expected == ("L",) else ())):
        raise ValueError(f"Incorrect mode ({mode}) supplied for an image of modes {expected}")
    if pixels.dtype == np.int16:  # Pillow knows these bytes as unsigned
        pixels = pixels.view(np.uint16)
    image = pillow("to_pil_image").fromarray(np.ascontiguousarray(pixels[:, :, 0] if channels == 1 else pixels))
    return image if mode in (None, image.mode) else _relabelled(image, str(mode))


_MODES: dict[tuple[int, str], tuple[str, ...]] = {
    (1, "uint8"): ("L",), (1, "int16"): ("I;16",), (1, "uint16"): ("I;16",), (1, "int32"): ("I",),
    (1, "float32"): ("F",), (2, "uint8"): ("LA",), (3, "uint8"): ("RGB", "YCbCr", "HSV"),
    (4, "uint8"): ("RGBA", "CMYK", "RGBX"),
}  # fmt: skip


def _pixels(pic: Any, mode: str | None) -> Any:
    """Return the pixels as an array (H, W, C)."""
    if isinstance(pic, np.ndarray):
        return pic.reshape(*pic.shape[:2], -1)
    tensor = pic.detach().unsqueeze(0) if pic.ndim == 2 else pic.detach()
    if tensor.is_floating_point() and mode != "F":
        tensor = tensor.mul(255).byte()
    return tensor.permute(1, 2, 0).numpy()


def _relabelled(image: Any, mode: str) -> Any:
    """Return the same bytes as channels of another meaning."""
    return pillow("to_pil_image").frombytes(mode, image.size, image.tobytes())


def convert_image_dtype(image: Tensor, dtype: Dtype = float32) -> Tensor:
    """Return an image of another element type, scaled: integers span their range, floats 0 to 1.

    Raises
    ------
    RuntimeError
        For floats that the integers cannot hold exactly.

    Examples
    --------
    >>> import minitorch
    >>> convert = minitorch.vision.transforms.functional.convert_image_dtype
    >>> convert(minitorch.tensor([0.0, 0.5, 1.0]), minitorch.uint8)
    tensor([  0, 127, 255], dtype=torch.uint8)
    """
    source = image.dtype
    if source is dtype:
        return image
    if source.is_floating_point:
        return image.to(dtype) if dtype.is_floating_point else _floats_to_ints(image, dtype)
    if dtype.is_floating_point:
        return image.to(dtype) / iinfo(source).max
    low, high = iinfo(source).max, iinfo(dtype).max
    if low > high:
        return (image // ((low + 1) // (high + 1))).to(dtype)
    return image.to(dtype) * ((high + 1) // (low + 1))


def _floats_to_ints(image: Tensor, dtype: Dtype) -> Tensor:
    if (image.dtype is float32 and dtype in (int32, int64)) or (image.dtype is float64 and dtype is int64):
        raise RuntimeError(f"The cast from {image.dtype} to {dtype} cannot be performed safely.")
    return image.mul(iinfo(dtype).max + 1.0 - 1e-3).to(dtype)


def normalize(tensor: Tensor, mean: Any, std: Any, inplace: bool = False) -> Tensor:
    """Return an image (..., C, H, W) of floats with each channel's mean taken away and divided by its deviation.

    Raises
    ------
    TypeError
        For anything but a tensor of floats.
    ValueError
        For other dimensions, or a deviation of zero.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.functional.normalize(minitorch.ones(1, 1, 2), [0.5], [0.25])
    tensor([[[2., 2.]]])
    """
    if not isinstance(tensor, Tensor):
        raise TypeError(f"img should be Tensor Image. Got {type(tensor)}")
    if not tensor.is_floating_point():
        raise TypeError(f"Input tensor should be a float tensor. Got {tensor.dtype}.")
    if tensor.ndim < 3:
        raise ValueError(
            f"Expected tensor to be a tensor image of size (..., C, H, W). Got tensor.size() = {tensor.size()}"
        )
    mean, std = _of_channels(mean, tensor.dtype), _of_channels(std, tensor.dtype)
    if (as_tensor(std) == 0).any():
        raise ValueError(f"std evaluated to zero after conversion to {tensor.dtype}, leading to division by zero.")
    return (tensor if inplace else tensor.clone()).sub_(mean).div_(std)


def _of_channels(value: Any, kind: Dtype) -> Any:
    """Return a number as it is, numbers in a form that multiplies channels."""
    return value if isinstance(value, (int, float)) else as_tensor(value, dtype=kind).view(-1, 1, 1)
