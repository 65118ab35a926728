"""Pictures of tensors: many images in a grid, and files of them."""

from __future__ import annotations

import math
from typing import Any

from ..ops.join import cat, stack
from ..tape import recording
from ..tensor import Tensor
from ._pil import pillow

__all__ = ["make_grid", "save_image"]


def make_grid(
    tensor: Any,
    nrow: int = 8,
    padding: int = 2,
    normalize: bool = False,
    value_range: tuple[float, float] | None = None,
    scale_each: bool = False,
    pad_value: float = 0.0,
) -> Tensor:
    """Return images side by side as one image (C, H, W).

    Parameters
    ----------
    tensor : Tensor or list of Tensor
        Images (N, C, H, W), (C, H, W) or (H, W); one channel becomes three.
    nrow : int
        Images in a row.
    padding : int
        Pixels around each image.
    normalize : bool
        Whether values are moved to 0 to 1.
    value_range : tuple, optional
        What becomes 0 and 1; by default the least and the greatest value.
    scale_each : bool
        Whether every image has its own range.
    pad_value : float
        Between the images.

    Raises
    ------
    TypeError
        For anything but tensors.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.utils.make_grid(minitorch.zeros(5, 1, 4, 4), nrow=3).shape
    torch.Size([3, 14, 20])
    """
    images = _batch(tensor)
    with recording(False):
        if normalize:
            images = _normalized(images, value_range, scale_each)
        if images.size(0) == 1:
            return images.squeeze(0)
        count, channels = images.shape[:2]
        columns = min(nrow, count)
        height, width = images.shape[2] + padding, images.shape[3] + padding
        size = (channels, height * math.ceil(count / columns) + padding, width * columns + padding)
        grid = images.new_full(size, pad_value)
        for k in range(count):
            top, left = k // columns * height + padding, k % columns * width + padding
            grid[:, top : top + height - padding, left : left + width - padding] = images[k]
        return grid


def _batch(tensor: Any) -> Tensor:
    if isinstance(tensor, list) and all(isinstance(image, Tensor) for image in tensor):
        tensor = stack(tensor, 0)
    if not isinstance(tensor, Tensor):
        raise TypeError(f"tensor or list of tensors expected, got {type(tensor)}")
    while tensor.ndim < 4:
        tensor = tensor.unsqueeze(0)
    return cat([tensor] * 3, 1) if tensor.size(1) == 1 else tensor


def _normalized(images: Tensor, value_range: Any, each: bool) -> Tensor:
    if value_range is not None and not isinstance(value_range, tuple):
        raise TypeError("value_range has to be a tuple (min, max) if specified. min and max are numbers")
    images = images.clone()
    for part in images if each else (images,):
        low, high = value_range or (float(part.min()), float(part.max()))
        part.clamp_(low, high).sub_(low).div_(max(high - low, 1e-5))
    return images


def save_image(tensor: Any, fp: Any, format: str | None = None, **kwargs: Any) -> None:
    """Write images into a picture file.

    Parameters
    ----------
    tensor : Tensor or list of Tensor
        As `make_grid` takes them, with values from 0 to 1.
    fp : path or file
        Where to write.
    format : str, optional
        Of the picture; by default what the file's name says.
    **kwargs
        Of `make_grid`.

    Examples
    --------
    >>> import io, minitorch
    >>> minitorch.vision.utils.save_image(minitorch.zeros(4, 3, 8, 8), io.BytesIO(), "png", nrow=2)
    """
    grid = make_grid(tensor, **kwargs)
    pixels = grid.detach().mul(255).add_(0.5).clamp_(0, 255).permute(1, 2, 0).byte().contiguous().numpy()
    pillow("save_image").fromarray(pixels).save(fp, format=format)
