"""Pillow, which only images from files need: imported when it is, and missed with a remedy."""

from __future__ import annotations

import importlib
import sys
from typing import Any

__all__ = ["is_image", "pillow"]


def pillow(op: str, part: str = "Image") -> Any:
    """Return a module of Pillow; ModuleNotFoundError, naming what needs it, if it is not installed."""
    try:
        return importlib.import_module(f"PIL.{part}")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{op}: this needs the Pillow package, which is not installed: pip install pillow", name=error.name
        ) from error


def is_image(value: object) -> bool:
    """Return whether a value is an image of Pillow."""
    module: Any = sys.modules.get("PIL.Image")  # who has such an image has imported it
    return module is not None and isinstance(value, module.Image)
