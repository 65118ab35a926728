"""Forward mode as a user steers it: dual tensors, whose tangents every operation carries on.

Source: Griewank & Walther, "Evaluating Derivatives", 2nd ed. (SIAM 2008), chapter 3.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..dispatch import apply
from ..ops._common import IDENTITY
from ..tensor import Tensor
from ._tangents import Tangents, check_tangent

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual", "unpack_dual"]

_levels: list[Tangents] = []


class UnpackedDualTensor(NamedTuple):
    """A dual tensor's value and its tangent, None where it has none.

    Examples
    --------
    >>> import minitorch
    >>> with minitorch.autograd.forward_ad.dual_level():
    ...     minitorch.autograd.forward_ad.unpack_dual(minitorch.ones(1)).tangent is None
    True
    """

    primal: Tensor
    tangent: Tensor | None


def enter_dual_level() -> int:
    """Enter a level of forward mode and return its number; RuntimeError inside of another one.

    Examples
    --------
    >>> import minitorch
    >>> level = minitorch.autograd.forward_ad.enter_dual_level()
    >>> minitorch.autograd.forward_ad.exit_dual_level(level=level)
    """
    if _levels:
        raise RuntimeError(
            "Nested forward mode AD is not supported at the moment: use func.jvp for derivatives of derivatives"
        )
    _levels.append(Tangents().__enter__())
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Leave the level; tangents of it are forgotten. RuntimeError if it is not the innermost one.

    Examples
    --------
    >>> import minitorch
    >>> _ = minitorch.autograd.forward_ad.enter_dual_level()
    >>> minitorch.autograd.forward_ad.exit_dual_level()
    """
    if not _levels:
        raise RuntimeError("Dual level must be a positive number: no level has been entered")
    if level not in (None, 0):
        raise RuntimeError(f"Trying to exit a forward AD level that was not the last one that was created: {level=}")
    _levels.pop().__exit__()


class dual_level:
    """A level of forward mode: dual tensors can be made in this block, and are forgotten at its end.

    Examples
    --------
    >>> import minitorch
    >>> import minitorch.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     x = fwAD.make_dual(minitorch.tensor(3.0), minitorch.tensor(1.0))
    ...     fwAD.unpack_dual(x * x).tangent
    tensor(6.)
    """

    def __enter__(self) -> int:
        return enter_dual_level()

    def __exit__(self, *exc: object) -> None:
        exit_dual_level()


def _innermost(what: str, level: int | None) -> Any:
    return None if not _levels or (level is not None and level < 0) else _levels[-1]


def check_dual(tensor: Tensor, tangent: Tensor) -> None:
    """Raise torch's errors for a value and a tangent that make no dual tensor."""
    for name, given in (("primal", tensor), ("tangent", tangent)):
        if not (given.is_floating_point() or given.is_complex()):
            raise ValueError(f"Expected {name} to be floating point or complex, but got: {given.dtype}")
    check_tangent(tensor, tangent)


def make_dual(tensor: Tensor, tangent: Tensor, *, level: int | None = None) -> Tensor:
    """Return a view of a tensor that carries a tangent.

    Raises
    ------
    RuntimeError : no level is entered; shape or dtype of the tangent differ from the tensor's.
    ValueError : the tensor is not of floating point.

    Examples
    --------
    >>> import minitorch
    >>> import minitorch.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     x = fwAD.make_dual(minitorch.ones(2), minitorch.full((2,), 5.0))
    ...     fwAD.unpack_dual(x.sum()).tangent
    tensor(10.)
    """
    found = _innermost("make_dual", level)
    if found is None:
        raise RuntimeError(
            "Trying to create a dual Tensor for forward AD but no level exists, make sure to enter_dual_level() first."
        )
    check_dual(tensor, tangent)
    dual: Tensor = apply(IDENTITY, (tensor,))
    found.give(dual, tangent.to(tensor.dtype))
    return dual


def unpack_dual(tensor: Tensor, *, level: int | None = None) -> UnpackedDualTensor:
    """Return a tensor's value and its tangent.

    Examples
    --------
    >>> import minitorch
    >>> import minitorch.autograd.forward_ad as fwAD
    >>> with fwAD.dual_level():
    ...     value, tangent = fwAD.unpack_dual(fwAD.make_dual(minitorch.ones(1), minitorch.zeros(1)))
    >>> tangent
    tensor([0.])
    """
    found = _innermost("unpack_dual", level)
    tangent = None if found is None else found.of(tensor)
    if tangent is None:
        return UnpackedDualTensor(tensor, None)
    value: Tensor = apply(IDENTITY, (tensor,))
    value._tangents = None
    return UnpackedDualTensor(value, tangent)
