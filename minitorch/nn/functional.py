"""Layers as functions, under torch's names.

Most of these names follow from the records of `ops/`: a family file registers a function with
``functional=True`` and it appears here. Nothing has to be added to this file for a new operation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import ops as _ops  # noqa: F401  (importing the families fills the records)
from ..op import RECORDS as _RECORDS
from ..tensor import Tensor as _Tensor

__all__ = sorted(_name for _name, _record in _RECORDS.items() if _record.functional)
globals().update((_name, _RECORDS[_name].fn) for _name in __all__)


if TYPE_CHECKING:

    def __getattr__(name: str) -> Callable[..., _Tensor]: ...
