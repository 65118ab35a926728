"""``vmap``: a function of one example becomes a function of many.

Source: the transform is JAX's (Frostig, Johnson & Leary, "Compiling machine learning programs via high-level tracing",
SysML 2018); its arguments and errors are torch's.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .. import interception
from ..autograd._saving import special_keeping
from ..dispatch import apply
from ..inplace import apply_
from ..ops.join import cat, stack
from ..ops.shape import movedim
from ..random import default_generator
from ..tensor import Tensor
from ._batched import Batched, Level, NeedsLoop, refuse_draw
from ._tree import flatten, map_tree, prefix, unflatten

__all__ = ["vmap"]


def vmap(
    func: Callable[..., Any],
    in_dims: Any = 0,
    out_dims: Any = 0,
    randomness: str = "error",
    *,
    chunk_size: int | None = None,
) -> Callable[..., Any]:
    """Return a function that applies ``func`` to every slice of its tensors along ``in_dims``.

    Operations are applied to all slices at once where there is a rule for that; a function that looks at the elements
    themselves is run slice by slice, to the same result. Transforms may be nested in any order.

    Parameters
    ----------
    in_dims : which dimension of each argument to map over, as a tree that begins the arguments' structure; None for
        arguments that all slices share.
    out_dims : where the slices stand in the outputs.
    randomness : "error", "different" (every slice draws numbers of its own) or "same".
    chunk_size : how many slices to compute at once.

    Raises
    ------
    ValueError : dimensions that do not fit the arguments or outputs; outputs that are no tensors.
    RuntimeError : random numbers under ``randomness="error"``; ``item()`` of a slice.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vmap(minitorch.dot)(minitorch.ones(2, 3), minitorch.ones(2, 3))
    tensor([3., 3.])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or 'same'. Got {randomness}")
    if chunk_size is not None and chunk_size <= 0:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @functools.wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        call = _Call(func, in_dims, out_dims, randomness)
        leaves, spec, dims = call.arguments(args)
        size = call.size(leaves, dims)
        if chunk_size is None or chunk_size >= size:
            return call.run(leaves, spec, dims, kwargs, size)
        starts = range(0, size, chunk_size)
        parts = [_chunk(leaves, dims, start, min(chunk_size, size - start)) for start in starts]
        results = [call.run(part, spec, dims, kwargs, min(chunk_size, size - s)) for s, part in zip(starts, parts)]
        return call.joined(results)

    return mapped


def _chunk(leaves: list[Any], dims: list[Any], start: int, length: int) -> list[Any]:
    return [x if d is None else x.narrow(d, start, length) for x, d in zip(leaves, dims)]


class _Loop(interception.Handler):
    """A `vmap` that runs its function slice by slice: only random numbers are watched."""

    def __init__(self, randomness: str) -> None:
        self.randomness = randomness

    def apply(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        return apply(op, inputs, params)

    def apply_(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        return apply_(op, inputs, params)

    def draw(self) -> None:
        refuse_draw(self.randomness)


class _Call:
    """One call of a mapped function."""

    def __init__(self, func: Callable[..., Any], in_dims: Any, out_dims: Any, randomness: str) -> None:
        self.func, self.in_dims, self.out_dims, self.randomness = func, in_dims, out_dims, randomness
        self.name = getattr(func, "__name__", repr(func))

    # ---- arguments -----------------------------------------------------------------------------------------------

    def arguments(self, args: tuple[Any, ...]) -> tuple[list[Any], Any, list[Any]]:
        """Return the arguments as leaves and structure, and the dimension to map over for each leaf."""
        where = f"vmap({self.name}, in_dims={self.in_dims}, ...)(<inputs>)"
        if not isinstance(self.in_dims, (int, tuple, list, dict)):
            raise ValueError(
                f"{where}: expected `in_dims` to be int or a (potentially nested) tuple matching the structure of "
                f"inputs, got: {type(self.in_dims)}."
            )
        if not args:
            raise ValueError(
                f"vmap({self.name})(<inputs>): got no inputs. Maybe you forgot to add inputs, or you are trying to "
                "vmap over a function with no inputs. The latter is unsupported."
            )
        leaves, spec = flatten(args)
        dims = prefix(tuple(self.in_dims) if isinstance(self.in_dims, list) else self.in_dims, spec)
        if dims is None:
            raise ValueError(
                f"{where}: in_dims is not compatible with the structure of `inputs`. in_dims has structure "
                f"{map_tree(lambda _: '*', self.in_dims)} but inputs has structure {map_tree(lambda _: '*', args)}."
            )
        return leaves, spec, [_checked(x, d, where) for x, d in zip(leaves, dims)]

    def size(self, leaves: list[Any], dims: list[Any]) -> int:
        """Return the number of slices."""
        sizes = [x._data.shape[d] for x, d in zip(leaves, dims) if d is not None]
        if not sizes:
            raise ValueError("vmap: Expected at least one Tensor to vmap over")
        if len(set(sizes)) > 1:
            raise ValueError(
                "vmap: Expected all tensors to have the same size in the mapped dimension, got sizes "
                f"{sizes} for the mapped dimension"
            )
        return sizes[0]

    # ---- computing -----------------------------------------------------------------------------------------------

    def run(self, leaves: list[Any], spec: Any, dims: list[Any], kwargs: dict[str, Any], size: int) -> Any:
        """Compute all slices at once if that can be done, else one after the other."""
        state = default_generator.get_state() if self.randomness != "error" else None
        level = Level(size, self.randomness, 1 + sum(h.transforms for h in interception.local.stack))
        try:
            with special_keeping(), level:
                given = [x if d is None else Batched(level, movedim(x, d, 0)) for x, d in zip(leaves, dims)]
                found, shape = flatten(self.func(*unflatten(given, spec), **kwargs))
            out_dims = self._out_dims(found, shape)
            return unflatten([self._unwrapped(x, d, level) for x, d in zip(found, out_dims)], shape)
        except NeedsLoop as need:
            if need.level is not level:
                raise
        if state is not None:
            default_generator.set_state(state)
        return self._looped(leaves, spec, dims, kwargs, size)

    def _unwrapped(self, x: Any, dim: Any, level: Level) -> Any:
        mine = level.owns(x)
        if dim is None:
            if mine and x._has:
                raise ValueError(
                    f"vmap({self.name}, ...): `{self.name}` can not return a BatchedTensor when out_dim is None"
                )
            return x._phys if mine else x
        phys = x._phys if mine else x
        if not (mine and x._has):
            phys = phys.expand(level.size, *phys.shape)
        return movedim(phys, 0, dim)

    def _looped(self, leaves: list[Any], spec: Any, dims: list[Any], kwargs: dict[str, Any], size: int) -> Any:
        rows: list[list[Any]] = []
        shape: Any = None
        state = default_generator.get_state() if self.randomness == "same" else None
        for i in range(size):
            if state is not None:
                default_generator.set_state(state)
            given = [x if d is None else x.select(d, i) for x, d in zip(leaves, dims)]
            with _Loop(self.randomness):
                found, shape = flatten(self.func(*unflatten(given, spec), **kwargs))
            rows.append(found)
        out_dims = self._out_dims(rows[0], shape)
        columns = [c[0] if d is None else movedim(stack(c), 0, d) for c, d in zip(zip(*rows), out_dims)]
        return unflatten(columns, shape)

    # ---- outputs -------------------------------------------------------------------------------------------------

    def _out_dims(self, leaves: list[Any], spec: Any) -> list[Any]:
        """Return the place of the slices for each output; ValueError for outputs that are no tensors."""
        dims = prefix(tuple(self.out_dims) if isinstance(self.out_dims, list) else self.out_dims, spec)
        if dims is None:
            raise ValueError(
                f"vmap({self.name}, ..., out_dims={self.out_dims})(<inputs>): out_dims is not compatible with the "
                f"structure of `outputs`. out_dims has structure {map_tree(lambda _: '*', self.out_dims)} but outputs "
                f"has structure {unflatten(['*'] * len(leaves), spec)}."
            )
        for x, d in zip(leaves, dims):
            if not isinstance(x, Tensor) and d is not None:
                raise ValueError(
                    f"vmap({self.name}, ...): `{self.name}` must only return Tensors, got type {type(x)}. Did you mean "
                    "to set out_dims= to None for output?"
                )
        return dims

    def joined(self, results: list[Any]) -> Any:
        """Join the outputs of chunks."""
        parts = [flatten(result) for result in results]
        dims = self._out_dims(*parts[0])
        columns = zip(*[leaves for leaves, _ in parts])
        return unflatten([c[0] if d is None else cat(c, d) for c, d in zip(columns, dims)], parts[0][1])


def _checked(x: Any, dim: Any, where: str) -> int | None:
    """Return a dimension counted from the first; ValueError where there is none to map over."""
    if dim is None:
        return None
    if not isinstance(dim, int):
        raise ValueError(
            f"{where}: Got in_dim={dim} for an input but in_dim must be either an integer dimension or None."
        )
    if not isinstance(x, Tensor):
        raise ValueError(
            f"{where}: Got in_dim={dim} for an input but the input is of type {type(x)}. We cannot vmap over "
            "non-Tensor arguments, please use None as the respective in_dim"
        )
    ndim = x._data.ndim
    if not -ndim <= dim < ndim:
        raise ValueError(
            f"{where}: Got in_dim={dim} for some input, but that input is a Tensor of dimensionality {ndim} so "
            f"expected in_dim to satisfy -{ndim} <= in_dim < {ndim}."
        )
    return dim % ndim
