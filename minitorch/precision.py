"""How exactly float32 products are computed: the switch that Winograd convolution reads."""

from __future__ import annotations

__all__ = ["fast_float32", "get_float32_matmul_precision", "set_float32_matmul_precision"]

_LEVELS = ("highest", "high", "medium")
_level = "high"


def set_float32_matmul_precision(precision: str) -> None:
    """Choose how float32 convolutions and products may be computed.

    "highest" is direct summation; "high", the default, admits Winograd's algorithm for 3x3 convolutions, whose error is
    a few units in the last place larger; "medium" admits what "high" does.

    Raises
    ------
    RuntimeError : another word.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.set_float32_matmul_precision("high")
    """
    global _level
    if precision not in _LEVELS:
        raise RuntimeError(
            f"set_float32_matmul_precision: precision={precision!r} is unknown, it must be one of {', '.join(_LEVELS)}"
        )
    _level = precision


def get_float32_matmul_precision() -> str:
    """Return the level that `set_float32_matmul_precision` chose.

    >>> import minitorch
    >>> minitorch.get_float32_matmul_precision()
    'high'
    """
    return _level


def fast_float32() -> bool:
    """Return whether algorithms with a larger rounding error than direct summation may be used."""
    return _level != "highest"
