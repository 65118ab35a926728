"""Forward mode as functions of functions: jvp, jacfwd, hessian, linearize."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from ..autograd._tangents import Tangents
from ..autograd.engine import grad as autograd_grad
from ..autograd.forward_ad import check_dual
from ..dispatch import apply
from ..interception import lifted
from ..ops._common import IDENTITY
from ..tape import recording
from ..tensor import Tensor, wrap
from ._reverse import Traced, basis, chosen, jacrev, replaced, tensors_of
from ._tree import flatten, map_tree, unflatten
from ._vmap import vmap

__all__ = ["hessian", "jacfwd", "jvp", "linearize"]

_ONLY = "{}(f, *primals): Expected f(*primals) to return only tensors, got unsupported type {{}}"


def jvp(
    func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False, has_aux: bool = False
) -> tuple[Any, ...]:
    """Return ``func(*primals)`` and its derivative in the direction of the tangents: the Jacobian-vector product.

    Raises
    ------
    RuntimeError : primals that are no tuple, tangents that do not fit them; ``strict``: an output that does not
        depend on the primals.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.func.jvp(lambda x: x * x, (minitorch.tensor(3.0),), (minitorch.tensor(1.0),))
    (tensor(9.), tensor(6.))
    """
    if not isinstance(primals, tuple):
        raise RuntimeError(
            "jvp(f, primals, tangents): Expected primals to be a tuple. E.g. it should be valid to call f(*primals)."
        )
    (values, spec), (pushes, shape) = flatten(primals), flatten(tangents)
    if spec != shape:
        raise RuntimeError(
            "jvp(f, primals, tangents): Expected primals and tangents to have the same python structure. For example, "
            "if primals is a tuple of 3 tensors, tangents also must be. Got primals with structure "
            f"{map_tree(lambda _: '*', primals)} and tangents with structure {map_tree(lambda _: '*', tangents)}"
        )
    with Tangents() as level:
        given = [_dual(level, x, t) for x, t in zip(values, pushes)]
        result = func(*unflatten(given, spec))
        result, aux = result if has_aux else (result, None)
        outs, out_spec = tensors_of(result, _ONLY.format("jvp"))
        found = [_tangent(level, out, strict) for out in outs]
    both = unflatten([_without(level, out) for out in outs], out_spec), unflatten(found, out_spec)
    return (*both, map_tree(lambda x: _without(level, x), aux)) if has_aux else both


def _dual(level: Tangents, x: Any, tangent: Any) -> Tensor:
    for given in (x, tangent):
        if not isinstance(given, Tensor):
            raise ValueError(f"jvp(f, primals, tangents): Expected tensors, got {type(given)}")
    check_dual(x, tangent)
    dual: Tensor = apply(IDENTITY, (x,))
    level.give(dual, tangent.to(x.dtype))
    return dual


def _tangent(level: Tangents, out: Tensor, strict: bool) -> Tensor:
    found = level.of(out)
    if found is not None:
        return found
    if strict:
        raise RuntimeError(
            "jvp(f, primals, tangents, strict=True): The output of f is independent of the inputs. This is not allowed "
            "with strict=True."
        )
    return wrap(np.zeros(out._data.shape, out._data.dtype))


def _without(level: Tangents, x: Any) -> Any:
    """Forget the tangents of a level that is over."""
    if isinstance(x, Tensor) and x._tangents:
        x._tangents = {key: t for key, t in x._tangents.items() if key is not level} or None
    return x


def jacfwd(
    func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False, *, randomness: str = "error"
) -> Callable[..., Any]:
    """Return a function that gives the Jacobian of ``func`` by forward mode, column by column.

    The result is a tree of the outputs, each with the shape of the output followed by the shape of the input.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.func.jacfwd(lambda x: x * x)(minitorch.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """

    @functools.wraps(func)
    def jacobian(*args: Any, **kwargs: Any) -> Any:
        places = chosen(args, argnums)
        values, spec = tensors_of(tuple([args[i] for i in places]), "jacfwd: Expected all arguments to be tensors: {}")

        def part(*given: Any) -> Any:
            return func(*replaced(args, places, unflatten(list(given), spec)), **kwargs)

        def push(*units: Any) -> Any:
            _, tangents, *aux = jvp(part, tuple(values), units, has_aux=has_aux)
            return (tangents, *aux)

        columns, *aux = vmap(push, randomness=randomness)(*basis(values))
        outs, out_spec = flatten(columns)
        found = unflatten([_tree_of(_split_columns(out, values), spec, argnums) for out in outs], out_spec)
        return (found, map_tree(lambda x: x[0], aux[0])) if has_aux else found

    return jacobian


def _tree_of(parts: list[Tensor], spec: Any, argnums: Any) -> Any:
    tree = unflatten(parts, spec)
    return tree if isinstance(argnums, tuple) else tree[0]


def _split_columns(columns: Tensor, inputs: list[Any]) -> list[Tensor]:
    """Part (elements of all inputs, *output) into (*output, *input) for every input."""
    parts = columns.split([x._data.size for x in inputs], dim=0)
    shape = columns._data.shape[1:]
    return [part.movedim(0, -1).reshape(*shape, *x._data.shape) for part, x in zip(parts, inputs)]


def hessian(func: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """Return a function that gives the second derivatives of ``func``: forward mode over reverse mode.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.func.hessian(lambda x: (x**3).sum())(minitorch.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """Return ``func(*primals)`` and its derivative as a function of the tangents; ``func`` itself runs once only.

    Examples
    --------
    >>> import minitorch
    >>> y, push = minitorch.func.linearize(lambda x: x * x, minitorch.tensor(3.0))
    >>> push(minitorch.tensor(1.0)), push(minitorch.tensor(2.0))
    (tensor(6.), tensor(12.))
    """
    traced = Traced(func, list(primals), list(enumerate(primals)))
    results, spec = tensors_of(traced.result, _ONLY.format("linearize"))
    units = [lifted(wrap(np.zeros(out._data.shape, out._data.dtype))) for out in results]
    for unit in units:
        unit._requires = True
    with recording(True):
        back = traced.pull(results, units, True)

    def push(*tangents: Any) -> Any:
        given, shape = flatten(tangents)
        if shape != flatten(primals)[1]:
            raise RuntimeError("linearize: the tangents must have the structure of the primals")
        pairs = [(g, t) for g, t in zip(back, given) if g.requires_grad]
        found: Any = [None] * len(units)
        if pairs:
            outs, pushes = [g for g, _ in pairs], [t for _, t in pairs]
            found = autograd_grad(outs, units, pushes, retain_graph=True, allow_unused=True)
        return unflatten([u.detach() if f is None else f for u, f in zip(units, found)], spec)

    return unflatten(traced.given_back(results), spec), push
