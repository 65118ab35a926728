"""What `autograd.functional` asks of inputs, outputs and vectors, and how values enter and leave it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..interception import lifted
from ..tensor import Size, Tensor, wrap

__all__ = [
    "NOT_TWICE",
    "as_tuple",
    "check_depends",
    "check_outputs",
    "check_strategy",
    "check_vector",
    "entered",
    "left",
    "number_for",
    "single",
    "units_for",
    "zeros_for",
]

Tensors = tuple[Tensor, ...]
NOT_TWICE = (
    "While computing the hessian, found that the jacobian of the user-provided function with respect to input {i} is "
    "independent of the input. This is not allowed in strict mode. You should ensure that your function is twice "
    "differentiable and that the jacobian depends on the inputs (this would be violated by a linear function for "
    "example)."
)


def as_tuple(given: Any, what: str, name: str) -> tuple[bool, Tensors]:
    """Return whether a single tensor was given, and a tuple; TypeError for other things than tensors."""
    one = not isinstance(given, tuple)
    for i, x in enumerate((given,) if one else given):
        if not isinstance(x, Tensor):
            place = f"the given {what}" if one else f"the element {i} of the given {what}"
            raise TypeError(
                f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but {place} has type "
                f"{type(x)}."
            )
    return one, ((given,) if one else given)


def entered(inputs: Tensors, create_graph: bool, grads: bool = True) -> Tensors:
    """Return tensors to differentiate by: views on the tape if the graph is wanted, new leaves if not."""
    if create_graph:
        return tuple([x.view_as(x) if x.requires_grad else _leaf(x, grads) for x in inputs])
    return tuple([_leaf(x, grads) for x in inputs])


def _leaf(x: Tensor, grads: bool) -> Tensor:
    return lifted(x._afresh()).requires_grad_(grads)


def units_for(tensors: Tensors) -> Tensors:
    """Return zeros to differentiate by, for the products that are linear in them."""
    return tuple([lifted(wrap(np.zeros(x._data.shape, x._data.dtype))).requires_grad_() for x in tensors])


def left(values: Sequence[Any], create_graph: bool) -> Any:
    """Return values as the caller gets them."""
    return tuple(values) if create_graph else tuple([x.detach() for x in values])


def check_outputs(outs: Tensors, strict: bool) -> None:
    """RuntimeError for outputs that do not come from the inputs, if ``strict``."""
    for i, out in enumerate(outs if strict else ()):
        if not out.requires_grad:
            raise RuntimeError(
                f"Output {i} of the user-provided function does not require gradients. The outputs must be computed in "
                "a differentiable manner from the input when running in strict mode."
            )


def check_vector(v: Tensors, like: Tensors, one: bool) -> None:
    """RuntimeError for a vector that does not have the shapes of what it is multiplied with."""
    if len(v) != len(like):
        if one:
            raise RuntimeError("The given v should contain a single Tensor.")
        raise RuntimeError(f"v is a tuple of invalid length: should be {len(like)} but got {len(v)}.")
    for i, (a, b) in enumerate(zip(v, like)):
        if a._data.shape != b._data.shape:
            entry = f"Entry {i} in " if len(v) > 1 else ""
            raise RuntimeError(f"{entry}v has invalid size: should be {Size(b._data.shape)} but got {a.shape}.")


def number_for(tensors: Tensors) -> bool:
    """Return whether there is a single number, for which the vector may be left out."""
    return len(tensors) == 1 and tensors[0]._data.size == 1


def single(outs: Tensors, name: str) -> Tensor:
    """Return the only output; RuntimeError unless it is one number."""
    if len(outs) != 1:
        raise RuntimeError(f"The function given to {name} should return a single Tensor")
    if outs[0]._data.size != 1:
        raise RuntimeError(f"The Tensor returned by the function given to {name} should contain a single element")
    return outs[0].squeeze()


def check_depends(grads: Sequence[Any], strict: bool, complaint: str) -> None:
    """RuntimeError where there is no gradient, if ``strict``."""
    for i, g in enumerate(grads if strict else ()):
        if g is None:
            raise RuntimeError(complaint.format(i=i) + ("" if complaint is NOT_TWICE else _NOT_STRICT))


_NOT_STRICT = " This is not allowed in strict mode."
_INDEPENDENT = {
    "back": "The output of the user-provided function is independent of input {i}." + _NOT_STRICT,
    "back_trick": "The gradient with respect to the input is independent of entry {i} in the grad_outputs when using "
    "the double backward trick to compute forward mode gradients." + _NOT_STRICT,
    "double_back": NOT_TWICE,
    "double_back_trick": NOT_TWICE,
}


def zeros_for(values: Any, like: Tensors, strict: bool, kind: str, lead: tuple[int, ...] = ()) -> Tensors:
    """Return values with zeros where there are none; RuntimeError there if ``strict``."""
    for i, v in enumerate(values if strict else ()):
        if v is None:
            raise RuntimeError(_INDEPENDENT[kind].format(i=i))
    return tuple(
        [wrap(np.zeros((*lead, *x._data.shape), x._data.dtype)) if v is None else v for v, x in zip(values, like)]
    )


def check_strategy(name: str, strategy: str, create_graph: bool, strict: bool, vectorize: bool) -> None:
    """Raise torch's errors for ways to compute a Jacobian that do not go together."""
    where = f"torch.autograd.functional.{name}"
    if strategy not in ("forward-mode", "reverse-mode"):
        raise AssertionError(
            'Expected strategy to be either "forward-mode" or "reverse-mode". Hint: If your function has more outputs '
            'than inputs, "forward-mode" tends to be more performant. Otherwise, prefer to use "reverse-mode".'
        )
    if strategy == "forward-mode" and create_graph:
        raise NotImplementedError(
            f'{where}: `create_graph=True` and `strategy="forward-mode"` are not supported together (yet). Please '
            'either set `create_graph=False` or `strategy="reverse-mode"`.'
        )
    if strict and vectorize:
        raise RuntimeError(
            f"{where}: `strict=True` and `vectorized=True` are not supported together. Please either set "
            "`strict=False` or `vectorize=False`."
        )
    if strategy == "forward-mode" and not vectorize:
        raise NotImplementedError(
            "Computing Jacobian using forward-AD or forward-over-reverse Hessian is only implemented for "
            "`vectorize=True`."
        )
