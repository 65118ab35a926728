"""Derivatives of functions as values: products with vectors, Jacobians, Hessians.

Source: Griewank & Walther, "Evaluating Derivatives", 2nd ed. (SIAM 2008); the functions, their ``strict`` checks and
their errors are those of torch.autograd.functional.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..ops.join import stack
from ..tape import recording
from ..tensor import Tensor, wrap
from ._strict import (
    NOT_TWICE,
    as_tuple,
    check_depends,
    check_outputs,
    check_strategy,
    check_vector,
    entered,
    left,
    number_for,
    single,
    units_for,
    zeros_for,
)
from .engine import grad

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]

Function = Callable[..., Any]
Tensors = tuple[Tensor, ...]


def _grads(outs: Any, inputs: Any, vectors: Any = None, create_graph: bool = False) -> tuple[Tensor | None, ...]:
    """Return gradients where the outputs have any, None elsewhere."""
    vectors = (None,) * len(outs) if vectors is None else vectors
    pairs = [(out, v) for out, v in zip(outs, vectors) if out is not None and out.requires_grad]
    if not pairs:
        return (None,) * len(inputs)
    return grad([o for o, _ in pairs], inputs, [v for _, v in pairs], create_graph=create_graph, allow_unused=True)


class _Run:
    """A function's call on inputs that are followed, with what the six functions share."""

    def __init__(self, name: str, func: Function, inputs: Any, create_graph: bool, strict: bool) -> None:
        self.name, self.create_graph, self.strict = name, create_graph, strict
        self.one_in, given = as_tuple(inputs, "inputs", name)
        self.inputs = entered(given, create_graph)
        self.func = func

    def call(self) -> Tensors:
        """Return the outputs."""
        self.one_out, outs = as_tuple(self.func(*self.inputs), "outputs of the user-provided function", self.name)
        check_outputs(outs, self.strict)
        self.outs: Tensors = outs
        return outs

    def vector(self, v: Any, like: Tensors, needed: bool, what: str) -> Tensors:
        """Return the given vector, off the tape unless the graph is wanted; or a 1."""
        if v is None:
            if needed:
                raise RuntimeError(f"The vector v can only be None if {what} is a single Tensor with a single element.")
            return tuple([wrap(np.ones(x._data.shape, x._data.dtype)) for x in like])
        _, given = as_tuple(v, "v", self.name)
        given = entered(given, self.create_graph, grads=False)
        check_vector(given, like, self.one_in if like is self.inputs else self.one_out)
        return given

    def finish(self, values: Any, like: Tensors, one: bool, kind: str) -> Any:
        """Return the outputs and the product with them."""
        filled = zeros_for(values, like, self.strict, kind)
        outs, found = (left(t, self.create_graph) for t in (self.outs, filled))
        return (outs[0] if self.one_out else outs), (found[0] if one else found)


def vjp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """Return ``func(*inputs)`` and the product of the vector ``v`` with its Jacobian.

    Parameters
    ----------
    v : a tensor for each output; may be left out for a single number.
    strict : raise where an output does not depend on the inputs, instead of giving zeros.

    Raises
    ------
    TypeError : inputs or outputs that are no tensors. RuntimeError : ``v`` does not fit; ``strict``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.autograd.functional.vjp(lambda x: x * x, minitorch.tensor([1.0, 2.0]), minitorch.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    with recording(True):
        run = _Run("vjp", func, inputs, create_graph, strict)
        outs = run.call()
        vector = run.vector(v, outs, not number_for(outs), "the user-provided function returns")
        found = _grads(outs, run.inputs, vector, create_graph)
        return run.finish(found, run.inputs, run.one_in, "back")


def jvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """Return ``func(*inputs)`` and the product of its Jacobian with the vector ``v``, by two backward passes.

    Raises
    ------
    TypeError : inputs or outputs that are no tensors. RuntimeError : ``v`` does not fit; ``strict``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.autograd.functional.jvp(lambda x: x * x, minitorch.tensor([1.0, 2.0]), minitorch.ones(2))
    (tensor([1., 4.]), tensor([2., 4.]))
    """
    with recording(True):
        run = _Run("jvp", func, inputs, create_graph, strict)
        needed = not number_for(run.inputs)
        vector = run.vector(v, run.inputs, needed, "the input to the user-provided function")
        outs = run.call()
        units = units_for(outs)
        back = _grads(outs, run.inputs, units, True)
        check_depends(back, run.strict, "The output of the user-provided function is independent of input {i}.")
        found = _grads(back, units, vector, create_graph)
        return run.finish(found, outs, run.one_out, "back_trick")


def vhp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """Return ``func(*inputs)``, a number, and the product of the vector ``v`` with its Hessian.

    Raises
    ------
    TypeError : inputs or outputs that are no tensors. RuntimeError : ``v`` does not fit; no single number; ``strict``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.autograd.functional.vhp(lambda x: (x**3).sum(), minitorch.tensor([1.0, 2.0]), minitorch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    with recording(True):
        run, vector, first = _first_order("vhp", func, inputs, v, create_graph, strict)
        found = _grads(first, run.inputs, vector, create_graph)
        return run.finish(found, run.inputs, run.one_in, "double_back")


def hvp(func: Function, inputs: Any, v: Any = None, create_graph: bool = False, strict: bool = False) -> Any:
    """Return ``func(*inputs)``, a number, and the product of its Hessian with the vector ``v``.

    The Hessian is symmetric where the second derivatives are continuous: `vhp` gives the same and is faster.

    Raises
    ------
    TypeError : inputs or outputs that are no tensors. RuntimeError : ``v`` does not fit; no single number; ``strict``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.autograd.functional.hvp(lambda x: (x**3).sum(), minitorch.tensor([1.0, 2.0]), minitorch.ones(2))
    (tensor(9.), tensor([ 6., 12.]))
    """
    with recording(True):
        run, vector, first = _first_order("hvp", func, inputs, v, create_graph, strict)
        units = units_for(run.inputs)
        back = _grads(first, run.inputs, units, True)
        check_depends(back, run.strict, NOT_TWICE)
        found = _grads(back, units, vector, create_graph)
        return run.finish(found, run.inputs, run.one_in, "double_back_trick")


def _first_order(
    name: str, func: Function, inputs: Any, v: Any, create_graph: bool, strict: bool
) -> tuple[_Run, Tensors, tuple[Tensor | None, ...]]:
    run = _Run(name, func, inputs, create_graph, strict)
    vector = run.vector(v, run.inputs, not number_for(run.inputs), "the input to the user-provided function")
    single(run.call(), name)
    first = _grads(run.outs, run.inputs, None, True)
    check_depends(first, strict, "Output 0 of the user-provided function is independent of input {i}.")
    if strict and not all(g is not None and g.requires_grad for g in first):
        raise RuntimeError(NOT_TWICE.format(i=0))
    return run, vector, first


# ---- matrices ------------------------------------------------------------------------------------------------------


def jacobian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    strategy: str = "reverse-mode",
) -> Any:
    """Return the Jacobian of ``func`` at ``inputs``: for each output and input a tensor (*output, *input).

    Parameters
    ----------
    vectorize : compute all rows in one pass, through `vmap`.
    strategy : "reverse-mode" (row by row) or "forward-mode" (column by column, only with ``vectorize``).

    Raises
    ------
    TypeError : inputs or outputs that are no tensors. RuntimeError : ``strict``.
    NotImplementedError : forward mode with ``create_graph`` or without ``vectorize``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.autograd.functional.jacobian(lambda x: x * x, minitorch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    check_strategy("jacobian", strategy, create_graph, strict, vectorize)
    if strategy == "forward-mode":
        return _by_columns(func, inputs)
    with recording(True):
        run = _Run("jacobian", func, inputs, create_graph, strict)
        rows = [_rows(run, i, out, vectorize) for i, out in enumerate(run.call())]
    tree = tuple([left(row, create_graph) for row in rows])
    if run.one_in:
        tree = tuple([row[0] for row in tree])
    return tree[0] if run.one_out else tree


def _rows(run: _Run, i: int, out: Tensor, vectorize: bool) -> Tensors:
    """Return the derivatives of one output by all inputs."""
    n, shape = out._data.size, out._data.shape
    if not out.requires_grad or not n:
        return zeros_for([None] * len(run.inputs), run.inputs, False, "", shape)
    units = wrap(np.eye(n, dtype=out._data.dtype).reshape(n, *shape))
    options: dict[str, Any] = {"retain_graph": True, "create_graph": run.create_graph, "allow_unused": True}
    if vectorize:
        found = grad(out, run.inputs, units, is_grads_batched=True, **options)
    else:
        lines = [grad(out, run.inputs, unit, **options) for unit in units]
        check_depends(lines[0], run.strict, f"Output {i} of the user-provided function is independent of input {{i}}.")
        found = tuple([None if column[0] is None else stack(column) for column in zip(*lines)])
    if run.strict and run.create_graph and not all(g is not None and g.requires_grad for g in found):
        raise RuntimeError(
            "The jacobian of the user-provided function is independent of input 0. This is not allowed in strict mode "
            "when create_graph=True."
        )
    parts = [None if g is None else g.reshape(*shape, *x._data.shape) for g, x in zip(found, run.inputs)]
    return zeros_for(parts, run.inputs, False, "", shape)


def _by_columns(func: Function, inputs: Any) -> Any:
    from ..func import jacfwd  # stands on this package

    one_in, given = as_tuple(inputs, "inputs", "jacobian")
    alone: list[bool] = []

    def checked(*values: Tensor) -> Tensors:
        one_out, outs = as_tuple(func(*values), "outputs of the user-provided function", "jacobian")
        alone[:] = [one_out]
        return outs

    rows = jacfwd(checked, tuple(range(len(given))))(*[x.detach() for x in given])
    tree = tuple([row[0] for row in rows]) if one_in else rows
    return tree[0] if alone[0] else tree


def hessian(
    func: Function,
    inputs: Any,
    create_graph: bool = False,
    strict: bool = False,
    vectorize: bool = False,
    outer_jacobian_strategy: str = "reverse-mode",
) -> Any:
    """Return the Hessian of ``func``, which gives a number, at ``inputs``: the Jacobian of its gradient.

    Raises
    ------
    TypeError : inputs or outputs that are no tensors. RuntimeError : no single number; ``strict``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.autograd.functional.hessian(lambda x: (x**3).sum(), minitorch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    one_in, given = as_tuple(inputs, "inputs", "hessian")
    check_strategy("hessian", outer_jacobian_strategy, create_graph, strict, vectorize)

    def value(*values: Tensor) -> Tensor:
        _, outs = as_tuple(func(*values), "outputs of the user-provided function", "hessian")
        check_outputs(outs, strict)
        return single(outs, "hessian")

    def gradient(*values: Tensor) -> Any:
        if outer_jacobian_strategy == "forward-mode":
            values = tuple([x.view_as(x).requires_grad_() for x in values])
        found = jacobian(value, values, create_graph=True)
        if strict and not all(g.requires_grad for g in found):
            raise RuntimeError(NOT_TWICE.format(i=0))
        return found

    found = jacobian(gradient, given, create_graph, strict, vectorize, outer_jacobian_strategy)
    return found[0][0] if one_in else found
