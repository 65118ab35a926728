"""Names of recorded operations where they are not those of the op: of composites, and of what arguments tell apart."""

from __future__ import annotations

from typing import Any

from ..tape import NAMERS, Node
from ..tensor import Tensor

__all__ = ["titled"]


def titled(name: str, result: Any) -> Any:
    """Return a new result, its last operation called ``name``: torch has one where several compute it here."""
    for out in result if isinstance(result, tuple) else (result,):
        if isinstance(out, Tensor) and out._node is not None:
            out._node.title = name
    return result


def _of_operand(node: Node, place: int, number: str, tensor: str) -> str:
    """Return one of two names: whether the operand at ``place`` was a number (once freed: had no gradient)."""
    if node._inputs is None:
        return number if node.edges[place] is None else tensor
    return number if isinstance(node._inputs[place], (int, float, complex)) else tensor


def _linear(node: Node) -> str:
    """Return the name of what torch makes of a linear layer: of more than two dimensions, a view comes last."""
    if node.op.name != "linear":
        return "AddmmBackward0"
    biased = node.edges[2] is not None
    if len(node.metas[0][0]) == 2:
        return "AddmmBackward0" if biased else "MmBackward0"
    return "ViewBackward0" if biased else "UnsafeViewBackward0"


def _pooled(stem: str) -> Any:
    """Return the namer of a pooling op of one, two or three dimensions; that of one is torch's of two, squeezed."""
    return lambda node: stem.format(len(node.metas[0][0]) - 2) if len(node.metas[0][0]) > 3 else "SqueezeBackward1"


def _power(node: Node) -> str:
    return _of_operand(node, 0, "PowBackward2", _of_operand(node, 1, "PowBackward0", "PowBackward1"))


def _xlogy(node: Node) -> str:
    if node._inputs is None:
        return "XlogyBackward0"  # a number is seldom among its operands
    return _of_operand(node, 1, "XlogyBackward2", _of_operand(node, 0, "XlogyBackward1", "XlogyBackward0"))


def _item(node: Node) -> str:
    """Return the name of the last step of an index of ints, slices and None."""
    if len(node.params) != 1:
        return "SliceBackward0"  # of `narrow`
    (index,) = node.params
    for part in reversed(index):
        if part is None:
            return "UnsqueezeBackward0"
        if isinstance(part, slice) and part != slice(None):
            return "SliceBackward0"
        if not isinstance(part, slice) and part is not Ellipsis:
            return "SelectBackward0"
    return "AliasBackward0"


NAMERS["PowBackward0"] = _power
NAMERS["RemainderBackward0"] = lambda node: _of_operand(node, 1, "RemainderBackward0", "RemainderBackward1")
NAMERS["FmodBackward0"] = lambda node: _of_operand(node, 1, "FmodBackward0", "FmodBackward1")
NAMERS["XlogyBackward0"] = _xlogy
NAMERS["DivBackward0"] = lambda node: _of_operand(node, 0, "MulBackward0", "DivBackward0")
NAMERS["LerpBackward0"] = lambda node: _of_operand(node, 2, "LerpBackward0", "LerpBackward1")
NAMERS["AddmmBackward0"] = _linear
NAMERS["SliceBackward0"] = _item
NAMERS["MedianBackward0"] = lambda node: "NanmedianBackward0" if node.params[2] else "MedianBackward0"
NAMERS["DivBackward1"] = lambda node: "DivBackward2"
for _stem, _name in (("MaxPool{}DWithIndices", "MaxPool2DWithIndices"), ("AvgPool{}D", "AvgPool2D"),
                     ("AdaptiveAvgPool{}D", "AdaptiveAvgPool2D"), ("AdaptiveMaxPool{}D", "AdaptiveMaxPool"),
                     ("MaxUnpool{}D", "MaxUnpool")):  # fmt: skip
    NAMERS[_name + "Backward0"] = _pooled(_stem + "Backward0")
NAMERS["Log1pBackward0"] = lambda node: "Log1PBackward0"
NAMERS["Deg2radBackward0"] = lambda node: "Deg2RadBackward0"
NAMERS["Rad2degBackward0"] = lambda node: "Rad2DegBackward0"
NAMERS["SquareBackward0"] = lambda node: "PowBackward0"
