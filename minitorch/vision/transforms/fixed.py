"""Transforms that do the same to every image, and those that put others together."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from ... import nn
from ...dtypes import dtype as Dtype
from ...ops.random import rand
from ...tensor import Tensor
from . import functional as F
from ._base import Shown, pair
from ._kinds import InterpolationMode, as_mode
from .geometry import _sides

__all__ = ["CenterCrop", "Compose", "ConvertImageDtype", "FiveCrop", "Grayscale", "Lambda", "Normalize", "PILToTensor",
           "Pad", "RandomApply", "RandomChoice", "RandomOrder", "Resize", "ToPILImage", "ToTensor"]  # fmt: skip


def _listed(name: str, transforms: Any, *first: str) -> str:
    return "\n".join([f"{name}(", *first, *(f"    {transform}" for transform in transforms), ")"])


class Compose:
    """Transforms one after the other.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.vision import transforms
    >>> both = transforms.Compose([transforms.CenterCrop(2), transforms.Grayscale()])
    >>> both(minitorch.zeros(3, 4, 4)).shape
    torch.Size([1, 2, 2])
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        self.transforms = transforms

    def __call__(self, img: Any) -> Any:
        """Return the transformed image."""
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _listed("Compose", self.transforms)


class ToTensor:
    """`functional.to_tensor` as a transform.

    Examples
    --------
    >>> import numpy
    >>> from minitorch.vision import transforms
    >>> transforms.ToTensor()(numpy.zeros((4, 5, 3), numpy.uint8)).shape
    torch.Size([3, 4, 5])
    """

    def __call__(self, pic: Any) -> Tensor:
        """Return the transformed image."""
        return F.to_tensor(pic)

    def __repr__(self) -> str:
        return "ToTensor()"


class PILToTensor:
    """`functional.pil_to_tensor` as a transform.

    Examples
    --------
    >>> from PIL import Image
    >>> from minitorch.vision import transforms
    >>> transforms.PILToTensor()(Image.new("L", (2, 1)))
    tensor([[[0, 0]]], dtype=torch.uint8)
    """

    def __call__(self, pic: Any) -> Tensor:
        """Return the transformed image."""
        return F.pil_to_tensor(pic)

    def __repr__(self) -> str:
        return "PILToTensor()"


class ToPILImage:
    """`functional.to_pil_image` as a transform.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.ToPILImage()(minitorch.zeros(3, 4, 5)).mode
    'RGB'
    """

    def __init__(self, mode: str | None = None) -> None:
        self.mode = mode

    def __call__(self, pic: Any) -> Any:
        """Return the transformed image."""
        return F.to_pil_image(pic, self.mode)

    def __repr__(self) -> str:
        return f"ToPILImage({'' if self.mode is None else f'mode={self.mode}'})"


class ConvertImageDtype(nn.Module):
    """`functional.convert_image_dtype` as a transform.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.ConvertImageDtype(minitorch.float32)(minitorch.tensor([255]).byte())
    tensor([1.])
    """

    def __init__(self, dtype: Dtype) -> None:
        super().__init__()
        if not isinstance(dtype, Dtype):
            raise TypeError("Input dtype should be of type torch.dtype")
        self.dtype = dtype

    def forward(self, image: Tensor) -> Tensor:
        """Return the image of another element type."""
        return F.convert_image_dtype(image, self.dtype)


class Normalize(Shown):
    """`functional.normalize` as a transform.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.Normalize([0.5], [0.5])(minitorch.zeros(1, 1, 1))
    tensor([[[-1.]]])
    """

    _shown = ("mean", "std")

    def __init__(self, mean: Any, std: Any, inplace: bool = False) -> None:
        super().__init__()
        self.mean, self.std, self.inplace = mean, std, inplace

    def forward(self, tensor: Tensor) -> Tensor:
        """Return the normalised image."""
        return F.normalize(tensor, self.mean, self.std, self.inplace)


class Resize(Shown):
    """`functional.resize` as a transform.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.Resize(2)
    Resize(size=2, interpolation=bilinear, max_size=None, antialias=True)
    """

    _shown = ("size", "interpolation", "max_size", "antialias")

    def __init__(
        self,
        size: Any,
        interpolation: Any = InterpolationMode.BILINEAR,
        max_size: int | None = None,
        antialias: bool | None = True,
    ) -> None:
        super().__init__()
        if not isinstance(size, (int, Sequence)):
            raise TypeError(f"Size should be int or sequence. Got {type(size)}")
        if isinstance(size, Sequence) and len(size) not in (1, 2):
            raise ValueError("If size is a sequence, it should have 1 or 2 values")
        self.size, self.max_size, self.antialias = size, max_size, antialias
        self.interpolation = as_mode(interpolation)

    def forward(self, img: Any) -> Any:
        """Return the resized image."""
        return F.resize(img, self.size, self.interpolation, self.max_size, self.antialias)


class CenterCrop(Shown):
    """`functional.center_crop` as a transform.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.CenterCrop(2)
    CenterCrop(size=(2, 2))
    """

    _shown = ("size",)

    def __init__(self, size: Any) -> None:
        super().__init__()
        self.size = pair(size)

    def forward(self, img: Any) -> Any:
        """Return the middle of the image."""
        return F.center_crop(img, self.size)


class FiveCrop(Shown):
    """`functional.five_crop` as a transform.

    Examples
    --------
    >>> import minitorch
    >>> len(minitorch.vision.transforms.FiveCrop(2)(minitorch.zeros(1, 3, 3)))
    5
    """

    _shown = ("size",)

    def __init__(self, size: Any) -> None:
        super().__init__()
        self.size = pair(size)

    def forward(self, img: Any) -> Any:
        """Return four corners and the middle."""
        return F.five_crop(img, self.size)


class Pad(Shown):
    """`functional.pad` as a transform.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.Pad([1, 2])(minitorch.zeros(1, 3, 3)).shape
    torch.Size([1, 7, 5])
    """

    _shown = ("padding", "fill", "padding_mode")

    def __init__(self, padding: Any, fill: Any = 0, padding_mode: str = "constant") -> None:
        super().__init__()
        _sides(padding)
        if not isinstance(fill, (int, float, str, tuple, list)):
            raise TypeError("Got inappropriate fill arg")
        if padding_mode not in ("constant", "edge", "reflect", "symmetric"):
            raise ValueError("Padding mode should be either constant, edge, reflect or symmetric")
        self.padding, self.fill, self.padding_mode = padding, fill, padding_mode

    def forward(self, img: Any) -> Any:
        """Return the image with its border."""
        return F.pad(img, self.padding, self.fill, self.padding_mode)


class Grayscale(Shown):
    """`functional.rgb_to_grayscale` as a transform.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.Grayscale(3)(minitorch.zeros(3, 2, 2)).shape
    torch.Size([3, 2, 2])
    """

    _shown = ("num_output_channels",)

    def __init__(self, num_output_channels: int = 1) -> None:
        super().__init__()
        self.num_output_channels = num_output_channels

    def forward(self, img: Any) -> Any:
        """Return the image without colour."""
        return F.rgb_to_grayscale(img, self.num_output_channels)


class Lambda:
    """A function of the user as a transform; TypeError for what cannot be called.

    Examples
    --------
    >>> from minitorch.vision import transforms
    >>> transforms.Lambda(lambda x: x + 1)(2)
    3
    """

    def __init__(self, lambd: Callable[[Any], Any]) -> None:
        if not callable(lambd):
            raise TypeError(f"Argument lambd should be callable, got {type(lambd).__name__!r}")
        self.lambd = lambd

    def __call__(self, img: Any) -> Any:
        """Return the transformed image."""
        return self.lambd(img)

    def __repr__(self) -> str:
        return "Lambda()"


class RandomApply(nn.Module):
    """Applies all of the transforms, or, with probability ``1 - p``, none.

    Examples
    --------
    >>> from minitorch.vision import transforms
    >>> transforms.RandomApply([transforms.Lambda(abs)], p=1.0)(-2)
    2
    """

    def __init__(self, transforms: Any, p: float = 0.5) -> None:
        super().__init__()
        self.transforms, self.p = transforms, p

    def forward(self, img: Any) -> Any:
        """Return the image, transformed or not."""
        if self.p < rand(1):
            return img
        for transform in self.transforms:
            img = transform(img)
        return img

    def __repr__(self) -> str:
        return _listed("RandomApply", self.transforms, f"    p={self.p}")


class _Several:
    def __init__(self, transforms: Sequence[Callable[[Any], Any]]) -> None:
        if not isinstance(transforms, Sequence):
            raise TypeError("Argument transforms should be a sequence")
        self.transforms = transforms

    def __repr__(self) -> str:
        return _listed(type(self).__name__, self.transforms)


class RandomOrder(_Several):
    """Applies all of the transforms in an order of Python's random generator, as torchvision does.

    Examples
    --------
    >>> from minitorch.vision import transforms
    >>> transforms.RandomOrder([abs, abs])(-2)
    2
    """

    def __call__(self, img: Any) -> Any:
        """Return the transformed image."""
        order = list(range(len(self.transforms)))
        random.shuffle(order)
        for i in order:
            img = self.transforms[i](img)
        return img


class RandomChoice(_Several):
    """Applies one of the transforms, chosen by Python's random generator with weights ``p``, as torchvision does.

    Examples
    --------
    >>> from minitorch.vision import transforms
    >>> transforms.RandomChoice([abs])(-2)
    2
    """

    def __init__(self, transforms: Sequence[Callable[[Any], Any]], p: Sequence[float] | None = None) -> None:
        super().__init__(transforms)
        if p is not None and not isinstance(p, Sequence):
            raise TypeError("Argument p should be a sequence")
        self.p = p

    def __call__(self, *args: Any) -> Any:
        """Return the transformed image."""
        return random.choices(self.transforms, weights=self.p)[0](*args)

    def __repr__(self) -> str:
        return f"{super().__repr__()}(p={self.p})"
