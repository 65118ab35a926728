"""The transform that draws new colours for every image."""

from __future__ import annotations

import math
from typing import Any

from ...ops.random import randperm
from . import functional as F
from ._base import Shown
from .randomized import _uniform

__all__ = ["ColorJitter"]


class ColorJitter(Shown):
    """Changes brightness, contrast, saturation and hue by random factors, in a random order.

    Parameters
    ----------
    brightness, contrast, saturation : float or sequence
        Factors from ``1 - value`` (not below 0) to ``1 + value``, or from the first to the second.
    hue : float or sequence
        Up to 0.5: moves from ``-value`` to ``value``, or from the first to the second.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.transforms.ColorJitter(brightness=0.5)
    ColorJitter(brightness=(0.5, 1.5), contrast=None, saturation=None, hue=None)
    """

    _names = ("brightness", "contrast", "saturation", "hue")

    def __init__(self, brightness: Any = 0, contrast: Any = 0, saturation: Any = 0, hue: Any = 0) -> None:
        super().__init__()
        self.brightness = _factors(brightness, "brightness")
        self.contrast = _factors(contrast, "contrast")
        self.saturation = _factors(saturation, "saturation")
        self.hue = _factors(hue, "hue", 0.0, (-0.5, 0.5))

    @staticmethod
    def get_params(brightness: Any, contrast: Any, saturation: Any, hue: Any) -> tuple[Any, ...]:
        """Draw the order and the four factors, None for those that are off."""
        order = randperm(4)
        drawn = (None if limits is None else _uniform(*limits) for limits in (brightness, contrast, saturation, hue))
        return order, *drawn

    def forward(self, img: Any) -> Any:
        """Return the image in other colours."""
        order, *factors = self.get_params(*(getattr(self, name) for name in self._names))
        for i in order.tolist():
            if factors[i] is not None:
                img = getattr(F, f"adjust_{self._names[i]}")(img, factors[i])
        return img

    def __repr__(self) -> str:
        return f"ColorJitter({', '.join(f'{name}={getattr(self, name)}' for name in self._names)})"


def _factors(value: Any, name: str, center: float = 1.0, bound: Any = (0, math.inf)) -> Any:
    """Return the least and the greatest factor; None where both change nothing."""
    if isinstance(value, (int, float)):
        if value < 0:
            raise ValueError(f"If {name} is a single number, it must be non negative.")
        low, high = center - float(value), center + float(value)
        low = max(low, 0.0) if center else low
    elif isinstance(value, (tuple, list)) and len(value) == 2:
        low, high = float(value[0]), float(value[1])
    else:
        raise TypeError(f"{name} should be a single number or a list/tuple with length 2.")
    if not bound[0] <= low <= high <= bound[1]:
        raise ValueError(f"{name} values should be between {bound}, but got {[low, high]}.")
    return None if low == high == center else (low, high)
