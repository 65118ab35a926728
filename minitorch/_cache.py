"""The disk cache of compiled kernels."""

from __future__ import annotations

import hashlib
from types import FunctionType

__all__ = ["fingerprint"]


def fingerprint(func: FunctionType) -> str:
    """Return a digest of everything that the compiled form of `func` depends on."""
    return hashlib.sha256(func.__code__.co_code).hexdigest()
