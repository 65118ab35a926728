"""The shape of a tensor as users see it."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["Size"]


class Size(tuple[int, ...]):
    """A tensor's shape: a tuple of ints that can count its elements.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.zeros(2, 3).shape.numel()
    6
    """

    def numel(self) -> int:
        """Return the number of elements."""
        return int(np.prod(self, dtype=np.int64))

    def __repr__(self) -> str:
        return f"torch.Size({list(self)})"

    def __getitem__(self, item: Any) -> Any:
        found = tuple.__getitem__(self, item)
        return Size(found) if isinstance(item, slice) else found

    def __add__(self, other: Any) -> Size:
        return Size(tuple.__add__(self, tuple(other)))
