"""``backward`` and ``grad``: the walk with torch's arguments and checks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .. import convert
from ..backward import backward_pass, deposit
from ..dispatch import edge_of
from ..tape import Edge
from ..tensor import Tensor, method, wrap

__all__ = ["backward", "grad"]

Tensors = Tensor | Sequence[Tensor]


def _tuple(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, Tensor) or value is None else tuple(value)


def _roots(outputs: tuple[Tensor, ...], grads: tuple[Any, ...]) -> tuple[list[Edge], list[Tensor]]:
    """Return the edges where the walk starts, with their gradients; ones for scalars."""
    edges, values = [], []
    for i, (out, grad) in enumerate(zip(outputs, grads)):
        edge = edge_of(out)
        if edge is None:
            raise RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn")
        edges.append(edge)
        values.append(_root_grad(out, grad, i))
    return edges, values


def _root_grad(out: Tensor, grad: Any, i: int) -> Tensor:
    if grad is None:
        if out._data.size != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        if out._data.dtype.kind not in "fV":
            raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {out.dtype}")
        return wrap(convert.ones(out._data.shape, out.dtype))
    if not isinstance(grad, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(grad).__name__}")
    if grad._data.shape != out._data.shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {grad.shape} and output[{i}] has a shape of "
            f"{out.shape}."
        )
    return grad


def _grads_for(outputs: tuple[Any, ...], grads: Any) -> tuple[Any, ...]:
    given = _tuple(grads) if grads is not None else (None,) * len(outputs)
    if len(given) != len(outputs):
        raise RuntimeError(f"got {len(outputs)} tensors and {len(given)} gradients")
    return given


def backward(
    tensors: Tensors,
    grad_tensors: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    grad_variables: Any = None,
    inputs: Tensors | None = None,
) -> None:
    """Add the gradients of ``tensors`` to the ``.grad`` of the leaves (or of ``inputs`` only).

    Raises
    ------
    RuntimeError : a tensor without a graph; a missing gradient for a tensor of several elements; ``inputs``
        empty.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.tensor(3.0, requires_grad=True)
    >>> minitorch.autograd.backward(x * x)
    >>> x.grad
    tensor(6.)
    """
    given = _tuple(tensors)
    if inputs is not None and not _tuple(inputs):
        raise RuntimeError("`inputs` argument to `backward()` cannot be empty.")
    edges, values = _roots(given, _grads_for(given, grad_tensors))
    keep = create_graph if retain_graph is None else retain_graph
    if inputs is None:
        backward_pass(edges, values, keep, create_graph)
        return
    wanted = _tuple(inputs)
    found = backward_pass(edges, values, keep, create_graph, _captures(wanted))
    totals = [(leaf, g) for leaf, g in zip(wanted, found) if g is not None]
    del found
    deposit(totals, create_graph)


def _captures(inputs: tuple[Tensor, ...]) -> list[Edge]:
    edges = [edge_of(x) for x in inputs]
    if None in edges:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return edges  # type: ignore[return-value]


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """Return the gradients of ``outputs`` with respect to ``inputs``, leaving ``.grad`` alone.

    Raises
    ------
    RuntimeError : an input that is not in the graph, unless ``allow_unused`` (None is returned for it) or
        ``materialize_grads`` (zeros are).

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.tensor(3.0, requires_grad=True)
    >>> (g,) = minitorch.autograd.grad(x**3, x, create_graph=True)
    >>> minitorch.autograd.grad(g, x)
    (tensor(18.),)
    """
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, but got: allow_unused=False."
        )
    given, wanted = _tuple(outputs), _tuple(inputs)
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    edges, values = _roots(given, _grads_for(given, grad_outputs))
    keep = create_graph if retain_graph is None else retain_graph
    found = backward_pass(edges, values, keep, create_graph, _captures(wanted))
    if materialize_grads:
        return tuple(wrap(np.zeros(x._data.shape, x._data.dtype)) if g is None else g for x, g in zip(wanted, found))
    for i, g in enumerate(found):
        if g is None and not allow_unused:
            raise RuntimeError(
                f"The differentiated Tensor at index {i} appears to not have been used in the graph. Set "
                "allow_unused=True if this is the desired behavior."
            )
    return tuple(found)


@method
def _backward(
    self: Tensor,
    gradient: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    inputs: Any = None,
) -> None:
    """Add the gradients of this tensor to the ``.grad`` of the leaves; see `minitorch.autograd.backward`."""
    backward(self, gradient, retain_graph, create_graph, inputs=inputs)


method(_backward, "backward")
