"""Transforms that draw from torch's random stream for every image, in torchvision's order."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

from ...dtypes import float32
from ...ops.create import empty, tensor
from ...ops.random import rand, randint
from ...tensor import Tensor
from . import functional as F
from ._base import Shown, interval, pair
from ._kinds import InterpolationMode, as_mode

__all__ = ["RandomCrop", "RandomErasing", "RandomGrayscale", "RandomHorizontalFlip",
           "RandomResizedCrop", "RandomRotation", "RandomVerticalFlip"]  # fmt: skip


def _uniform(low: float, high: float) -> float:
    return float(empty(1).uniform_(float(low), float(high)).item())


def _below(n: int) -> int:
    return int(randint(0, n, size=(1,)).item())


def _rectangle(area: float, scale: Any, ratio: Any) -> tuple[float, float]:
    """Return the sides, rounded, of a rectangle of a random part of an area and a random ratio of its sides."""
    part = area * _uniform(scale[0], scale[1])
    low, high = tensor(ratio, dtype=float32).log().tolist()
    aspect = empty(1).uniform_(low, high).exp().item()
    return round(math.sqrt(part * aspect)), round(math.sqrt(part / aspect))


def _check_range(scale: Any, ratio: Any) -> None:
    if scale[0] > scale[1] or ratio[0] > ratio[1]:
        warnings.warn("Scale and ratio should be of kind (min, max)", stacklevel=3)


class RandomHorizontalFlip(Shown):
    """Exchanges left and right with probability ``p``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.RandomHorizontalFlip(1.0)(minitorch.tensor([[[1, 2]]]))
    tensor([[[2, 1]]])
    """

    _shown = ("p",)

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        """Return the image, flipped or not."""
        return F.hflip(img) if rand(1) < self.p else img


class RandomVerticalFlip(RandomHorizontalFlip):
    """Exchanges top and bottom with probability ``p``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.RandomVerticalFlip()
    RandomVerticalFlip(p=0.5)
    """

    def forward(self, img: Any) -> Any:
        """Return the image, flipped or not."""
        return F.vflip(img) if rand(1) < self.p else img


class RandomGrayscale(Shown):
    """Takes the colour away with probability ``p``; the number of channels stays.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.RandomGrayscale(1.0)(minitorch.zeros(3, 2, 2)).shape
    torch.Size([3, 2, 2])
    """

    _shown = ("p",)

    def __init__(self, p: float = 0.1) -> None:
        super().__init__()
        self.p = p

    def forward(self, img: Any) -> Any:
        """Return the image, grey or not."""
        channels = F.get_dimensions(img)[0]
        return F.rgb_to_grayscale(img, channels) if rand(1) < self.p else img


class RandomCrop(Shown):
    """Crops at a random place, after padding if it is asked for.

    Parameters
    ----------
    size : int or sequence
        Height and width of the part.
    padding : int or sequence, optional
        As in `functional.pad`.
    pad_if_needed : bool
        Whether smaller images are padded until they fit; otherwise they are a ValueError.
    fill, padding_mode
        As in `functional.pad`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.RandomCrop(4, padding=1)(minitorch.zeros(1, 4, 4)).shape
    torch.Size([1, 4, 4])
    """

    def __init__(
        self,
        size: Any,
        padding: Any = None,
        pad_if_needed: bool = False,
        fill: Any = 0,
        padding_mode: str = "constant",
    ) -> None:
        super().__init__()
        self.size = pair(size)
        self.padding, self.pad_if_needed, self.fill, self.padding_mode = padding, pad_if_needed, fill, padding_mode

    @staticmethod
    def get_params(img: Any, output_size: tuple[int, int]) -> tuple[int, int, int, int]:
        """Draw the upper left corner; return it with height and width."""
        _, h, w = F.get_dimensions(img)
        height, width = output_size
        if h < height or w < width:
            raise ValueError(f"Required crop size {(height, width)} is larger than input image size {(h, w)}")
        if (h, w) == (height, width):
            return 0, 0, h, w
        return _below(h - height + 1), _below(w - width + 1), height, width

    def forward(self, img: Any) -> Any:
        """Return a part of the image."""
        if self.padding is not None:
            img = F.pad(img, self.padding, self.fill, self.padding_mode)
        _, height, width = F.get_dimensions(img)
        if self.pad_if_needed and width < self.size[1]:
            img = F.pad(img, [self.size[1] - width, 0], self.fill, self.padding_mode)
        if self.pad_if_needed and height < self.size[0]:
            img = F.pad(img, [0, self.size[0] - height], self.fill, self.padding_mode)
        return F.crop(img, *self.get_params(img, self.size))

    def __repr__(self) -> str:
        return f"RandomCrop(size={self.size}, padding={self.padding})"


class RandomResizedCrop(Shown):
    """Crops a rectangle of random area and ratio, and resizes it.

    Parameters
    ----------
    size : int or sequence
        Height and width of the result.
    scale, ratio : sequence
        Least and greatest part of the image's area, and least and greatest width over height.
    interpolation, antialias
        As in `functional.resize`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.RandomResizedCrop(4)(minitorch.zeros(3, 9, 8)).shape
    torch.Size([3, 4, 4])
    """

    def __init__(
        self,
        size: Any,
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3.0 / 4.0, 4.0 / 3.0),
        interpolation: Any = InterpolationMode.BILINEAR,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        self.size = pair(size)
        self.scale, self.ratio = interval(scale, "Scale"), interval(ratio, "Ratio")
        self.interpolation, self.antialias = as_mode(interpolation), antialias
        _check_range(scale, ratio)

    @staticmethod
    def get_params(img: Any, scale: Any, ratio: Any) -> tuple[int, int, int, int]:
        """Draw a rectangle; return its upper left corner, height and width."""
        _, height, width = F.get_dimensions(img)
        for _ in range(10):
            w, h = _rectangle(height * width, scale, ratio)
            if 0 < w <= width and 0 < h <= height:
                return _below(int(height - h + 1)), _below(int(width - w + 1)), int(h), int(w)
        w, h = width, height  # none of ten fits: the middle
        if width / height < min(ratio):
            h = round(w / min(ratio))
        elif width / height > max(ratio):
            w = round(h * max(ratio))
        return (height - h) // 2, (width - w) // 2, h, w

    def forward(self, img: Any) -> Any:
        """Return a resized part of the image."""
        place = self.get_params(img, self.scale, self.ratio)
        return F.resized_crop(img, *place, self.size, self.interpolation, self.antialias)

    def __repr__(self) -> str:
        scale, ratio = (tuple(round(value, 4) for value in values) for values in (self.scale, self.ratio))
        how = f"interpolation={self.interpolation.value}, antialias={self.antialias}"
        return f"RandomResizedCrop(size={self.size}, scale={scale}, ratio={ratio}, {how})"


class RandomRotation(Shown):
    """Turns by a random angle.

    Parameters
    ----------
    degrees : number or sequence
        Greatest angle to both sides, or least and greatest angle.
    interpolation, expand, center, fill
        As in `functional.rotate`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.RandomRotation(10)
    RandomRotation(degrees=[-10.0, 10.0], interpolation=nearest, expand=False, fill=0)
    """

    def __init__(
        self,
        degrees: Any,
        interpolation: Any = InterpolationMode.NEAREST,
        expand: bool = False,
        center: Sequence[float] | None = None,
        fill: Any = 0,
    ) -> None:
        super().__init__()
        if isinstance(degrees, (int, float)):
            if degrees < 0:
                raise ValueError("If degrees is a single number, it must be positive.")
            degrees = [-degrees, degrees]
        elif len(interval(degrees, "degrees")) != 2:
            raise ValueError("degrees should be a sequence of length 2.")
        if not isinstance(fill, (int, float, Sequence)):
            raise TypeError("Fill should be either a sequence or a number.")
        self.degrees = [float(angle) for angle in degrees]
        self.interpolation, self.expand, self.center, self.fill = as_mode(interpolation), expand, center, fill

    @staticmethod
    def get_params(degrees: Sequence[float]) -> float:
        """Draw an angle."""
        return _uniform(degrees[0], degrees[1])

    def forward(self, img: Any) -> Any:
        """Return the turned image."""
        fill = self.fill
        if isinstance(img, Tensor):
            fill = [float(fill)] * F.get_dimensions(img)[0] if isinstance(fill, (int, float)) else list(fill)
        return F.rotate(img, self.get_params(self.degrees), self.interpolation, self.expand, self.center, fill)

    def __repr__(self) -> str:
        how = f"degrees={self.degrees}, interpolation={self.interpolation.value}, expand={self.expand}"
        return f"RandomRotation({how}{'' if self.center is None else f', center={self.center}'}, fill={self.fill})"


class RandomErasing(Shown):
    """Fills a random rectangle of a tensor (C, H, W) with probability ``p``.

    Parameters
    ----------
    p : float
        Probability.
    scale, ratio : sequence
        Least and greatest part of the area, and least and greatest ratio of the sides.
    value : number, sequence or "random"
        Of all channels, of each channel, or normal noise.
    inplace : bool
        Whether the tensor itself is changed.

    References
    ----------
    https://arxiv.org/abs/1708.04896

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.RandomErasing(p=1.0)(minitorch.ones(3, 8, 8)).shape
    torch.Size([3, 8, 8])
    """

    _shown = ("p", "scale", "ratio", "value", "inplace")

    def __init__(
        self,
        p: float = 0.5,
        scale: Sequence[float] = (0.02, 0.33),
        ratio: Sequence[float] = (0.3, 3.3),
        value: Any = 0,
        inplace: bool = False,
    ) -> None:
        super().__init__()
        if not isinstance(value, (int, float, str, tuple, list)):
            raise TypeError("Argument value should be either a number or str or a sequence")
        if isinstance(value, str) and value != "random":
            raise ValueError("If value is str, it should be 'random'")
        self.scale, self.ratio = interval(scale, "Scale"), interval(ratio, "Ratio")
        _check_range(scale, ratio)
        if scale[0] < 0 or scale[1] > 1:
            raise ValueError("Scale should be between 0 and 1")
        if p < 0 or p > 1:
            raise ValueError("Random erasing probability should be between 0 and 1")
        self.p, self.value, self.inplace = p, value, inplace

    @staticmethod
    def get_params(img: Tensor, scale: Any, ratio: Any, value: Any = None) -> tuple[Any, ...]:
        """Draw a rectangle: upper left corner, height, width, and what fills it (noise for None)."""
        channels, height, width = img.shape[-3:]
        for _ in range(10):
            h, w = (int(side) for side in _rectangle(height * width, scale, ratio))
            if h < height and w < width:
                fill = empty(channels, h, w).normal_() if value is None else tensor(value)[:, None, None]
                return _below(height - h + 1), _below(width - w + 1), h, w, fill
        return 0, 0, height, width, img

    def forward(self, img: Tensor) -> Tensor:
        """Return the image with or without a hole."""
        if not rand(1) < self.p:
            return img
        given = [float(self.value)] if isinstance(self.value, (int, float)) else self.value
        value = None if isinstance(given, str) else list(given)
        if value is not None and len(value) not in (1, img.shape[-3]):
            raise ValueError(
                "If value is a sequence, it should have either a single value or "
                f"{img.shape[-3]} (number of input channels)"
            )
        i, j, h, w, v = self.get_params(img, self.scale, self.ratio, value)
        return F.erase(img, i, j, h, w, v, self.inplace)
