"""`torch.__version__`: the version of torch that minitorch answers as, then minitorch's own; compared as versions."""

from __future__ import annotations

import re
from typing import Any

from .._version import __version__ as own

__all__ = ["TorchVersion", "__version__"]


def _key(version: Any) -> tuple[tuple[int, ...], bool, bool]:
    """Return what orders versions: the numbers, whether it is a release, whether something local follows."""
    text = ".".join(map(str, version)) if isinstance(version, tuple) else str(version)
    public, _, local = text.partition("+")
    found = re.match(r"v?(\d+(?:\.\d+)*)(.*)", public.strip())
    if found is None:
        raise ValueError(f"Invalid version: {text!r}")
    numbers = [int(part) for part in found[1].split(".")]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), not re.match(r"[-_.]?(a|b|c|rc|alpha|beta|pre|dev)", found[2]), bool(local)


class TorchVersion(str):
    """A version that is a string, and compares with strings and tuples as versions do.

    >>> TorchVersion("2.13.0") > "2.9", TorchVersion("2.13.0") >= (2, 13)
    (True, True)
    """

    def __lt__(self, other: Any) -> bool:
        return _key(self) < _key(other)

    def __le__(self, other: Any) -> bool:
        return _key(self) <= _key(other)

    def __gt__(self, other: Any) -> bool:
        return _key(self) > _key(other)

    def __ge__(self, other: Any) -> bool:
        return _key(self) >= _key(other)

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, str(other)) or _key(self) == _key(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = str.__hash__


__version__ = TorchVersion(f"2.13.0+minitorch.{own}")
