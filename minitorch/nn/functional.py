"""Layers as functions, under torch's names.

Most of these names follow from the records of `ops/`: a family file registers a function with
``functional=True`` and it appears here. Nothing has to be added to this file for a new operation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import ops as _ops  # noqa: F401  (importing the families fills the records)
from ..op import RECORDS as _RECORDS
from ..tensor import Tensor as _Tensor


def _in_place(name: str, example: str) -> Callable[..., _Tensor]:
    """Return the in-place form, called ``name_``, of an activation that takes ``inplace``."""
    fn = _RECORDS[name].fn

    def written(input: _Tensor, *args: Any, **kwargs: Any) -> _Tensor:
        return fn(input, *args, **kwargs, inplace=True)

    written.__name__ = written.__qualname__ = name + "_"
    written.__doc__ = f"""Write the result of `{name}`, which takes the same arguments, over the input.

    >>> import minitorch
    >>> x = minitorch.tensor([-1.0, 2.0])
    >>> minitorch.nn.functional.{name}_({example}) is x
    True
    """
    return written


# torch has in-place functions for these alone; the other activations take ``inplace=True``.
_WRITERS = dict.fromkeys(["celu", "elu", "hardtanh", "leaky_relu", "relu", "rrelu", "selu"], "x")
_WRITERS["threshold"] = "x, 0.0, 1.0"
_names = {_name: _record.fn for _name, _record in _RECORDS.items() if _record.functional}
_names |= {_name + "_": _in_place(_name, _example) for _name, _example in _WRITERS.items()}
__all__ = sorted(_names)
globals().update(_names)

if TYPE_CHECKING:

    def __getattr__(name: str) -> Callable[..., _Tensor]: ...
