"""``backward`` and ``grad``: the walk with torch's arguments and checks."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import convert, dtypes, interception
from ..backward import backward_pass, deposit
from ..dispatch import edge_of
from ..tape import AccumulateGrad, Edge
from ..tensor import Size, Tensor, method, wrap

__all__ = ["GradientEdge", "backward", "grad"]


class GradientEdge(NamedTuple):
    """The place in the graph where a tensor's gradient arrives: ``grad`` and ``backward`` take it for the tensor.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.tensor(3.0, requires_grad=True)
    >>> edge = minitorch.autograd.graph.get_gradient_edge(x)
    >>> minitorch.autograd.grad(x * x, edge)
    (tensor(6.),)
    """

    node: Any
    output_nr: int
    ownership_token: Any = None


Tensors = Tensor | GradientEdge | Sequence[Tensor | GradientEdge]


def _tuple(value: Any) -> tuple[Any, ...]:
    return (value,) if isinstance(value, (Tensor, GradientEdge)) or value is None else tuple(value)


def _edge(place: Any) -> Edge | None:
    """Return the edge of a tensor, or the one that a user got from `get_gradient_edge`."""
    if isinstance(place, Tensor):
        return edge_of(place)
    node = place.node
    return (node.variable, 0) if isinstance(node, AccumulateGrad) else (node, place.output_nr)


def _meta(place: Any) -> tuple[tuple[int, ...], Any]:
    """Return shape and NumPy's dtype of a tensor or of what an edge leads to."""
    if isinstance(place, Tensor):
        return place._data.shape, place._data.dtype
    target, index = _edge(place)  # type: ignore[misc]
    return _meta(target) if isinstance(target, Tensor) else target.metas[index]


def _roots(outputs: tuple[Tensor, ...], grads: tuple[Any, ...]) -> tuple[list[Edge], list[Tensor]]:
    """Return the edges where the walk starts, with their gradients; ones for scalars."""
    edges, values = [], []
    for i, (out, grad) in enumerate(zip(outputs, grads)):
        edge = _edge(out)
        if edge is None:
            raise RuntimeError(f"element {i} of tensors does not require grad and does not have a grad_fn")
        edges.append(edge)
        values.append(_root_grad(out, grad, i))
    return edges, values


def _root_grad(out: Any, grad: Any, i: int) -> Tensor:
    shape, kind = _meta(out)
    if grad is None:
        if math.prod(shape) != 1:
            raise RuntimeError("grad can be implicitly created only for scalar outputs")
        dtype = dtypes.FROM_NUMPY[kind]
        if kind.kind not in "fV":
            raise RuntimeError(f"grad can be implicitly created only for real scalar outputs but got {dtype}")
        return wrap(convert.ones(shape, dtype))
    if not isinstance(grad, Tensor):
        raise TypeError(f"gradients can be either Tensors or None, but got {type(grad).__name__}")
    if grad._data.shape != shape:
        raise RuntimeError(
            f"Mismatch in shape: grad_output[{i}] has a shape of {grad.shape} and output[{i}] has a shape of "
            f"{Size(shape)}."
        )
    real = grad._data.dtype.kind in "fV" and kind.kind in "fV"
    return grad.to(dtypes.FROM_NUMPY[kind]) if real and grad._data.dtype != kind else grad


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
    if interception.active and interception.transforming():
        raise RuntimeError(
            "backward() called inside a functorch transform. This is not supported, please use functorch.grad or "
            "functorch.vjp instead or call backward() outside of functorch transforms."
        )
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
    totals = [(_owner(x), g) for x, g in zip(wanted, found) if g is not None]
    del found
    deposit(totals, create_graph)


def _owner(place: Any) -> Tensor:
    """Return the tensor whose ``.grad`` an input of `backward` stands for."""
    if isinstance(place, Tensor):
        return place
    if not isinstance(place.node, AccumulateGrad):
        raise RuntimeError("backward: an edge among `inputs` must lead to a leaf, whose .grad can be added to")
    return place.node.variable


def _captures(inputs: tuple[Any, ...]) -> list[Edge]:
    edges = [_edge(x) for x in inputs]
    if None in edges:
        raise RuntimeError("One of the differentiated Tensors does not require grad")
    return edges  # type: ignore[return-value]


def grad(
    outputs: Tensors,
    inputs: Tensors,
    grad_outputs: Any = None,
    retain_graph: bool | None = None,
    create_graph: bool = False,
    only_inputs: bool = True,
    allow_unused: bool | None = None,
    is_grads_batched: bool = False,
    materialize_grads: bool = False,
) -> tuple[Tensor | None, ...]:
    """Return the gradients of ``outputs`` with respect to ``inputs``, leaving ``.grad`` alone.

    ``only_inputs`` has no effect, as in torch.

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
    if not only_inputs:
        text = "only_inputs has no effect (it is always True): backward() reaches the other leaves"
        warnings.warn(text, FutureWarning, stacklevel=2)
    given, wanted = _tuple(outputs), _tuple(inputs)
    if not wanted:
        raise RuntimeError("`inputs` argument to `grad()` cannot be empty.")
    if is_grads_batched:
        return _batched(given, wanted, grad_outputs, retain_graph, create_graph, allow_unused, materialize_grads)
    edges, values = _roots(given, _grads_for(given, grad_outputs))
    keep = create_graph if retain_graph is None else retain_graph
    found = backward_pass(edges, values, keep, create_graph, _captures(wanted))
    if materialize_grads:
        return tuple(wrap(np.zeros(*_meta(x))) if g is None else g for x, g in zip(wanted, found))
    for i, g in enumerate(found):
        if g is None and not allow_unused:
            raise RuntimeError(
                f"The differentiated Tensor at index {i} appears to not have been used in the graph. Set "
                "allow_unused=True if this is the desired behavior."
            )
    return tuple(found)


def _batched(given: Any, wanted: Any, grads: Any, *options: Any) -> tuple[Tensor | None, ...]:
    """Return the gradients for every row of ``grad_outputs``, by one walk for all rows."""
    from ..func import vmap  # stands on this module

    rows = _grads_for(given, grads)
    for i, (out, g) in enumerate(zip(given, rows)):
        if g is not None and g._data.shape[1:] != _meta(out)[0]:
            raise RuntimeError(
                "If `is_grads_batched=True`, we interpret the first dimension of each grad_output as the batch "
                "dimension. The sizes of the remaining dimensions are expected to match the shape of corresponding "
                f"output, but a mismatch was detected: grad_output[{i}] has a shape of {g.shape} and output[{i}] has a "
                f"shape of {Size(_meta(out)[0])}."
            )
    retain, create, unused, materialize = options
    present: list[int] = []

    def walk(*rows: Any) -> Any:
        found = grad(given, wanted, rows, retain_graph=retain or create, create_graph=create, allow_unused=unused,
                     materialize_grads=materialize)  # fmt: skip
        present[:] = [i for i, g in enumerate(found) if g is not None]
        return tuple([found[i] for i in present])

    columns = vmap(walk)(*rows)  # which says what is present
    found = dict(zip(present, columns))
    return tuple([found.get(i) for i in range(len(wanted))])


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
