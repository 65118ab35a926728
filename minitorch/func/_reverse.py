"""Reverse mode as functions of functions: vjp, grad, jacrev."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..autograd.engine import grad as autograd_grad
from ..dispatch import apply, edge_of
from ..interception import lifted
from ..ops._common import IDENTITY
from ..tape import Node, mode, recording
from ..tensor import Tensor, wrap
from ._batched import Batched
from ._tree import flatten, unflatten
from ._vmap import vmap

__all__ = ["Traced", "basis", "chosen", "grad", "grad_and_value", "jacrev", "tensors_of", "vjp"]


def tensors_of(tree: Any, complaint: str) -> tuple[list[Any], Any]:
    """Return the leaves and the structure of a tree of tensors; RuntimeError for other leaves."""
    leaves, spec = flatten(tree)
    for leaf in leaves:
        if not isinstance(leaf, Tensor):
            raise RuntimeError(complaint.format(type(leaf)))
    return leaves, spec


def chosen(args: tuple[Any, ...], argnums: Any) -> tuple[int, ...]:
    """Return the positions of the arguments to differentiate by; RuntimeError for those that are not there."""
    found = []
    for i in argnums if isinstance(argnums, tuple) else (argnums,):
        if not isinstance(i, int):
            raise RuntimeError(f"argnum must be int, got: {type(i)}")
        if not -len(args) <= i < len(args):
            raise RuntimeError(f"Got argnum={i}, but only {len(args)} positional inputs")
        found.append(i % len(args))
    return tuple(found)


def replaced(args: tuple[Any, ...], places: tuple[int, ...], values: Any) -> list[Any]:
    """Return arguments with those at ``places`` replaced."""
    full = list(args)
    for i, value in zip(places, values):
        full[i] = value
    return full


class Traced:
    """A function's call, recorded from its tensors on, so that gradients can be carried back through it.

    The tape that is recorded here leads on to the tensors that were given if those require gradients, so that
    transforms nest: the gradient of a gradient is one more walk.
    """

    def __init__(self, func: Callable[..., Any], args: list[Any], traced: list[Any]) -> None:
        """Call ``func(*args)``, following the leaves of ``traced``, trees of tensors among the arguments."""
        self.leaves, self.spec = [], []
        self.outer = mode.enabled
        with recording(True):
            for place, tree in traced:
                leaves, spec = flatten(tree)
                fresh = [self._entry(x) for x in leaves]
                args[place] = unflatten(fresh, spec)
                self.leaves += fresh
                self.spec.append((spec, len(fresh)))
            self.result = func(*args)

    def _entry(self, x: Any) -> Tensor:
        if not isinstance(x, Tensor):
            raise ValueError(f"Thing passed to transform API must be Tensor, got {type(x)}")
        if not (x.is_floating_point() or x.is_complex()):
            raise RuntimeError("only Tensors of floating point dtype can require gradients")
        if self.outer and x.requires_grad:
            return apply(IDENTITY, (lifted(x) if not x._requires else x,))
        leaf = lifted(x._afresh())
        leaf._requires = True
        return leaf

    def leads_on(self, outs: list[Any]) -> bool:
        """Return whether gradients of the outputs go further than the tensors that were followed."""
        if not self.outer:
            return False
        own, seen = {id(leaf) for leaf in self.leaves}, set()
        stack = [edge_of(out) for out in outs if isinstance(out, Tensor)]
        if any(inner.requires_grad for out in outs for inner in _inside(out)):
            return True
        while stack:
            edge = stack.pop()
            if edge is None or id(edge[0]) in own or id(edge[0]) in seen:
                continue
            if not isinstance(edge[0], Node):
                return True
            seen.add(id(edge[0]))
            stack.extend(edge[0].edges)
        return False

    def given_back(self, outs: list[Any]) -> list[Any]:
        """Return outputs as the caller shall have them: off the tape where it leads nowhere else."""
        if self.leads_on(outs):
            return outs
        return [out._afresh() if isinstance(out, Tensor) else out for out in outs]

    def pull(self, outs: list[Any], cotangents: Any, create_graph: bool) -> list[Any]:
        """Return the gradients of the leaves, zeros where there is none."""
        pairs = [(o, c) for o, c in zip(outs, cotangents) if o.requires_grad]
        with recording(True):
            if pairs:
                found = autograd_grad([o for o, _ in pairs], self.leaves, [c for _, c in pairs], retain_graph=True,
                                      create_graph=create_graph, allow_unused=True)  # fmt: skip
            else:
                found = (None,) * len(self.leaves)
        return [wrap(np.zeros(x._data.shape, x._data.dtype)) if g is None else g for g, x in zip(found, self.leaves)]

    def trees(self, values: list[Any]) -> tuple[Any, ...]:
        """Return values of the leaves as the trees that were followed."""
        out, start = [], 0
        for spec, n in self.spec:
            out.append(unflatten(values[start : start + n], spec))
            start += n
        return tuple(out)


def _inside(x: Any) -> Iterator[Tensor]:
    """Return the tensors that a batched tensor stands for, from level to level."""
    while isinstance(x, Batched):
        x = x._phys
        yield x


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Return ``func(*primals)``, and the function that carries cotangents of it back: the vector-Jacobian product.

    With ``has_aux`` the function returns (output, auxiliary values), and the result has those as a third part.

    Raises
    ------
    RuntimeError : outputs that are no tensors; cotangents that do not fit them.

    Examples
    --------
    >>> import minitorch
    >>> y, back = minitorch.func.vjp(lambda x: x * x, minitorch.tensor([1.0, 2.0]))
    >>> back(minitorch.ones(2))
    (tensor([2., 4.]),)
    """
    traced = Traced(func, list(primals), list(enumerate(primals)))
    result, aux = _split_aux(traced, has_aux, "vjp")
    complaint = "vjp(f, *primals): expected f(*primals) to return only tensors, got unsupported type {}"
    outs, spec = tensors_of(result, complaint)

    def back(*cotangents: Any) -> Any:
        tree = cotangents[0] if len(cotangents) == 1 else cotangents
        given, shape = flatten(tree)
        if shape != spec:
            raise RuntimeError(
                "Expected pytree structure of cotangents to be the same as pytree structure of outputs to the "
                f"function: got {len(given)} cotangents for {len(outs)} outputs"
            )
        further = mode.enabled and (traced.leads_on(outs) or any(c.requires_grad for c in given))
        return traced.trees(traced.pull(outs, given, further))

    output = unflatten(traced.given_back(outs), spec)
    return (output, back, aux) if has_aux else (output, back)


def _split_aux(traced: Traced, has_aux: bool, name: str) -> tuple[Any, Any]:
    """Part (output, auxiliary values); RuntimeError if the function did not return that."""
    if not has_aux:
        return traced.result, None
    if not (isinstance(traced.result, tuple) and len(traced.result) == 2):
        raise RuntimeError(
            f"{name}(f, *args): output of function f should be a tuple: (output, aux) if has_aux is True"
        )
    result, aux = traced.result
    leaves, spec = tensors_of(aux, "Expected tensors, got unsupported type {}")
    return result, unflatten(traced.given_back(leaves), spec)


def grad_and_value(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return a function that gives the gradient of ``func``, whose output is one number, and the output.

    Raises
    ------
    RuntimeError : an output that is no scalar tensor; an argument that is not there.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.func.grad_and_value(lambda x: (x**2).sum())(minitorch.tensor([1.0, 2.0]))
    (tensor([2., 4.]), tensor(5.))
    """

    @functools.wraps(func)
    def both(*args: Any, **kwargs: Any) -> Any:
        places = chosen(args, argnums)
        traced = Traced(functools.partial(func, **kwargs), list(args), [(i, args[i]) for i in places])
        output, aux = _split_aux(traced, has_aux, "grad_and_value") if has_aux else (traced.result, None)
        if not isinstance(output, Tensor):
            raise RuntimeError(f"grad_and_value(f)(*args): Expected f(*args) to return a Tensor, got {type(output)}")
        if output._data.ndim:
            raise RuntimeError(
                "grad_and_value(f)(*args): Expected f(*args) to return a scalar Tensor, got tensor with "
                f"{output._data.ndim} dims. Maybe you wanted to use the vjp or jacrev APIs instead?"
            )
        trees = traced.trees(traced.pull([output], [None], traced.leads_on([output])))
        found = trees if isinstance(argnums, tuple) else trees[0]
        (value,) = traced.given_back([output])
        return (found, (value, aux)) if has_aux else (found, value)

    return both


def grad(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """Return a function that gives the gradient of ``func``, whose output is one number, by its ``argnums``.

    With ``has_aux`` the function returns (output, auxiliary values), and the new one (gradient, auxiliary values).

    Raises
    ------
    RuntimeError : an output that is no scalar tensor; an argument that is not there.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.func.grad(minitorch.func.grad(minitorch.sin))(minitorch.tensor(0.5))
    tensor(-0.4794)
    """
    both = grad_and_value(func, argnums, has_aux)

    @functools.wraps(func)
    def only(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return only


def basis(tensors: list[Any]) -> list[Tensor]:
    """Return, for each tensor, the unit vectors of all their elements together: (all elements, *shape)."""
    sizes = [x._data.size for x in tensors]
    total, start, found = sum(sizes), 0, []
    for x, n in zip(tensors, sizes):
        block = np.zeros((total, n), x._data.dtype)
        block[np.arange(start, start + n), np.arange(n)] = 1
        found.append(wrap(block.reshape(total, *x._data.shape)))
        start += n
    return found


def jacrev(
    func: Callable[..., Any], argnums: Any = 0, *, has_aux: bool = False, chunk_size: int | None = None
) -> Callable[..., Any]:
    """Return a function that gives the Jacobian of ``func`` by reverse mode, ``chunk_size`` rows at once.

    The result is a tree of the outputs, each with the shape of the output followed by the shape of the input.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.func.jacrev(lambda x: x * x)(minitorch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        places = chosen(args, argnums)

        def part(*values: Any) -> Any:
            return func(*replaced(args, places, values), **kwargs)

        output, back, *aux = vjp(part, *[args[i] for i in places], has_aux=has_aux)
        outs, spec = flatten(output)
        rows = vmap(lambda *units: back(unflatten(list(units), spec)), chunk_size=chunk_size)(*basis(outs))
        leaves, shape = flatten(rows if isinstance(argnums, tuple) else rows[0])
        columns = [_split_rows(leaf, outs) for leaf in leaves]
        found = unflatten([unflatten(list(parts), shape) for parts in zip(*columns)], spec)
        return (found, aux[0]) if has_aux else found

    return jacobian


def _split_rows(rows: Tensor, outs: list[Any]) -> list[Tensor]:
    """Part (elements of all outputs, *input) into (*output, *input) for every output."""
    parts = rows.split([x._data.size for x in outs], dim=0)
    return [part.reshape(*x._data.shape, *rows._data.shape[1:]) for part, x in zip(parts, outs)]
