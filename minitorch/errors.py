"""Error text: one grammar for every message a user sees.

Messages read ``op: what is wrong (name=value), what would be right``; the exception type is torch's.
"""

from __future__ import annotations

__all__ = ["describe", "shape_text"]


def shape_text(shape: tuple[int, ...]) -> str:
    """Return a shape as torch prints it in errors: ``[2, 3]``."""
    return "[" + ", ".join(str(n) for n in shape) + "]"


def describe(**values: object) -> str:
    """Return ``name=value`` pairs joined by commas, for error messages.

    >>> describe(kernel_size=3, padding=(1, 1))
    'kernel_size=3, padding=(1, 1)'
    """
    return ", ".join(f"{name}={value!r}" for name, value in values.items())
