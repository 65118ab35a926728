"""Copies in another order: repeat, tile, repeat_interleave, roll, flip, rot90.

After torch, these copy where NumPy would sometimes return a view.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..convert import wrap_dim, wrap_dims
from ..memory import Array
from ..op import Op
from ..tensor import method, wrap
from ._common import NUMBER, Tensor, apply, ints, tensor_arg
from ._records import of_one_tensor
from ._titles import titled
from .gather import index_select
from .shape import reshape, transpose

__all__ = ["flip", "fliplr", "flipud", "repeat_interleave", "roll", "rot90", "tile"]


# ---- repeat --------------------------------------------------------------------------------------------------------


def _repeat_vjp(node: Any, g: Tensor) -> Tensor:
    # every size n of the result is r repeats of the input's size m: sum over the repeats
    (repeats,) = node.params
    lead = len(repeats) - len(node.in_shape(0))
    sizes = (1,) * lead + node.in_shape(0)
    split = [n for pair in zip(repeats, sizes) for n in pair]
    summed = reshape(g, split).sum(tuple(range(0, len(split), 2))) if split else g
    return reshape(summed, node.in_shape(0))


REPEAT: Op = Op("repeat", lambda x, repeats: np.tile(x, repeats) if repeats else x.copy(), _repeat_vjp)


def repeat(self: Tensor, *repeats: Any) -> Tensor:
    """Return copies of the tensor laid side by side, ``repeats[d]`` of them along dimension d.

    Raises
    ------
    RuntimeError : fewer repeats than dimensions, or a negative one.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensor([1, 2]).repeat(2, 2)
    tensor([[1, 2, 1, 2],
            [1, 2, 1, 2]])
    """
    if not repeats:
        raise TypeError('repeat() missing 1 required positional arguments: "repeats"')
    times, shape = ints(repeats), self._data.shape
    if len(times) < len(shape):
        raise RuntimeError("Number of dimensions of repeat dims can not be smaller than number of dimensions of tensor")
    sizes = [r * n for r, n in zip(times, (1,) * (len(times) - len(shape)) + shape)]
    if min(times, default=0) < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(sizes)}: {sizes}")
    return apply(REPEAT, (self,), (times,))


def tile(input: Tensor, dims: Any) -> Tensor:
    """Return copies of the tensor laid side by side; fewer ``dims`` than dimensions stand for the last ones.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tile(minitorch.tensor([1, 2]), (2,))
    tensor([1, 2, 1, 2])
    """
    if not isinstance(dims, (tuple, list)):
        raise TypeError(f"tile(): argument 'dims' (position 2) must be tuple of ints, not {type(dims).__name__}")
    times = ints((dims,))
    return repeat(input, (1,) * (input._data.ndim - len(times)) + times)


def _tile(self: Tensor, *dims: Any) -> Tensor:
    """Lay copies of the tensor side by side; see `minitorch.tile`."""
    return tile(self, ints(dims))


method(_tile, "tile")


# ---- repeat_interleave ---------------------------------------------------------------------------------------------


def _counts(repeats: Tensor) -> Array:
    """Return the repeats of elements as integers; torch's errors for others."""
    counts = repeats._data
    if counts.dtype not in (np.int64, np.int32):
        raise NotImplementedError(f"\"repeat_interleave_cpu\" not implemented for '{repeats.dtype.scalar_type}'")
    if counts.size and counts.min() < 0:
        raise RuntimeError("repeats can not be negative")
    return counts


def _places(counts: Array, output_size: int | None) -> Tensor:
    """Return 0, 1, 2, ... with each number ``counts`` times."""
    places = np.repeat(np.arange(len(counts), dtype=counts.dtype), counts)
    if output_size is not None and output_size != len(places):
        raise RuntimeError("allocated size does not match required size")
    return wrap(places)


def repeat_interleave(input: Any = None, repeats: Any = None, dim: int | None = None, *,
                      output_size: int | None = None) -> Tensor:  # fmt: skip
    """Return each element (or slice along ``dim``) ``repeats`` times in a row.

    With one argument, a vector of counts, return the indices 0, 1, ... as often as it says.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.repeat_interleave(minitorch.tensor([5, 6]), 2)
    tensor([5, 5, 6, 6])
    """
    if input is None:
        input, repeats = repeats, None
    tensor_arg("repeat_interleave", input)
    if repeats is None:
        if input._data.ndim != 1:
            raise RuntimeError("repeat_interleave only accept 1D vector as repeat")
        return _places(_counts(input), output_size)
    x = reshape(input, (-1,)) if dim is None else input
    dim = wrap_dim(0 if dim is None else dim, x._data.ndim)
    n = x._data.shape[dim] if x._data.ndim else 1
    return index_select(x, dim, _places(_per_element(repeats, n, dim, output_size), output_size))


def _per_element(repeats: Any, n: int, dim: int, output_size: int | None) -> Array:
    if isinstance(repeats, Tensor):
        if repeats._data.ndim > 1:
            raise RuntimeError("repeats must be 0-dim or 1-dim tensor")
        if repeats._data.size not in (1, n):
            raise RuntimeError(
                f"repeats must have the same size as input along dim, but got repeats.size(0) = {repeats._data.size} "
                f"and input.size({dim}) = {n}"
            )
        return np.broadcast_to(_counts(repeats).reshape(-1), (n,))
    if not isinstance(repeats, NUMBER) or isinstance(repeats, (float, complex)):
        raise TypeError(
            "repeat_interleave() received an invalid combination of arguments - got "
            f"({type(repeats).__name__}, dim=int), but expected one of:\n * (Tensor repeats, int dim = None, *, int "
            "output_size = None)\n * (int repeats, int dim = None, *, int output_size = None)\n"
        )
    if repeats < 0:
        raise RuntimeError("Repeats must be non-negative")
    if output_size is not None and output_size != repeats * n:
        raise RuntimeError(f"repeat_interleave: Invalid output_size, expected {repeats * n} but got {output_size}")
    return np.full(n, repeats)


# ---- roll and flip -------------------------------------------------------------------------------------------------


def _roll_fwd(x: Array, shifts: tuple[int, ...], dims: tuple[int, ...]) -> Array:
    return np.ascontiguousarray(np.roll(x, shifts, dims)).reshape(x.shape)


def _roll_vjp(node: Any, g: Tensor) -> Tensor:
    shifts, dims = node.params
    return apply(ROLL, (g,), (tuple(-s for s in shifts), dims))


ROLL: Op = Op("roll", _roll_fwd, _roll_vjp)
# "K": as torch, in the memory order of the input
FLIP: Op = Op("flip", lambda x, dims: np.array(np.flip(x, dims), order="K", copy=True),
              lambda node, g: apply(FLIP, (g,), node.params))  # fmt: skip


def roll(input: Tensor, shifts: Any, dims: Any = ()) -> Tensor:
    """Return the tensor with its elements moved along dimensions; what leaves at the end enters at the front.

    Without ``dims`` the elements move along the flattened tensor.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.roll(minitorch.arange(4), 1)
    tensor([3, 0, 1, 2])
    """
    by, along = ints((shifts,)), ints((dims,))
    if not by:
        raise RuntimeError("`shifts` required")
    if not along and len(by) == 1:
        return titled("RollBackward0", reshape(roll(reshape(input, (-1,)), by, (0,)), input._data.shape))
    if len(by) != len(along):
        raise RuntimeError(f"shifts and dimensions must align. shifts: {len(by)}, dims:{len(along)}")
    if not input._data.ndim:
        raise IndexError(f"Dimension specified as {along[0]} but tensor has no dimensions")
    return titled("RollBackward0", apply(ROLL, (input,), (by, tuple(wrap_dim(d, input._data.ndim) for d in along))))


def flip(input: Tensor, *dims: Any) -> Tensor:
    """Return a copy with the order of the elements reversed along ``dims``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.flip(minitorch.arange(3), (0,))
    tensor([2, 1, 0])
    """
    if not dims:
        raise TypeError('flip() missing 1 required positional arguments: "dims"')
    found = wrap_dims(ints(dims), input._data.ndim)
    return apply(FLIP, (input,), (found if input._data.ndim else (),))


def fliplr(input: Tensor) -> Tensor:
    """Return a copy with the columns (dimension 1) in reversed order.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.fliplr(minitorch.tensor([[1, 2], [3, 4]]))
    tensor([[2, 1],
            [4, 3]])
    """
    if input._data.ndim < 2:
        raise RuntimeError("Input must be >= 2-d.")
    return flip(input, 1)


def flipud(input: Tensor) -> Tensor:
    """Return a copy with the rows (dimension 0) in reversed order.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.flipud(minitorch.arange(3))
    tensor([2, 1, 0])
    """
    if not input._data.ndim:
        raise RuntimeError("Input must be >= 1-d.")
    return flip(input, 0)


def rot90(input: Tensor, k: int = 1, dims: Any = (0, 1)) -> Tensor:
    """Return a copy turned by ``k`` times 90 degrees in the plane of two dimensions, from the first to the second.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.rot90(minitorch.tensor([[1, 2], [3, 4]]))
    tensor([[2, 4],
            [1, 3]])
    """
    plane, ndim = ints((dims,)), input._data.ndim
    if len(plane) != 2:
        raise RuntimeError(f"expected total rotation dims == 2, but got dims = {len(plane)}")
    if ndim < 2:
        raise RuntimeError(f"expected total dims >= 2, but got total dims = {ndim}")
    if plane[0] == plane[1] or abs(plane[0] - plane[1]) == ndim:
        raise RuntimeError(f"expected rotation dims to be different, but got dim0 = {plane[0]} and dim1 = {plane[1]}")
    a, b = (wrap_dim(d, ndim) for d in plane)
    turns = k % 4
    if turns == 1:
        return titled("Rot90Backward0", transpose(flip(input, b), a, b))
    if turns == 2:
        return titled("Rot90Backward0", flip(input, a, b))
    return titled("Rot90Backward0", transpose(flip(input, a), a, b) if turns else input.clone())


# ---- records -------------------------------------------------------------------------------------------------------

_NEGATIVE = (RuntimeError, "negative dimension")
of_one_tensor(
    repeat,
    ("matrix", (2, 3), (2, 1)),
    ("lead", (3,), (2, 2)),
    ("none", (2,), (0,)),
    ("0-d", (), (3,)),
    ("tuple", (2,), ((2,),)),
    ("zero size", (0, 2), (2, 2)),
    top=False,
    fails=[((2, 3), (2,), RuntimeError, "can not be smaller"), ((2, 3), (-1, 2), *_NEGATIVE)],
)
of_one_tensor(
    tile,
    ("last", (2, 3), ((2,),)),
    ("lead", (3,), ((2, 1),)),
    methods=(),
    fails=[((2,), (2,), TypeError, "must be tuple of ints, not int")],
)
of_one_tensor(
    repeat_interleave,
    ("flat", (2, 3), (2,)),
    ("rows", (2, 3), (wrap(np.array([1, 2])), 0)),
    ("columns", (2, 3), (2, 1)),
    ("0-d", (), (3,)),
    fails=[
        ((2, 3), (wrap(np.ones(3, np.int64)), 0), RuntimeError, "the same size as input along dim"),
        ((2, 3), (-1,), RuntimeError, "must be non-negative"),
    ],
)
of_one_tensor(
    roll,
    ("flat", (2, 3), (1,)),
    ("rows", (3, 2), (-1, 0)),
    ("two", (2, 3), ((1, 2), (0, 1))),
    ("0-d", (), (1,)),
    fails=[
        ((2, 3), ((1, 2), 0), RuntimeError, "must align. shifts: 2, dims:1"),
        ((2, 3), (1, 2), IndexError, "Dimension out of range"),
    ],
)
of_one_tensor(
    flip,
    ("rows", (3, 2), (0,)),
    ("both", (3, 2), ((0, -1),)),
    ("none", (2,), ([],)),
    ("zero size", (0, 2), (0,)),
    fails=[
        ((2, 3), (0, 0), RuntimeError, "dim 0 appears multiple times"),
        ((2, 3), (2,), IndexError, "Dimension out of range"),
    ],
)
of_one_tensor(fliplr, ("matrix", (2, 3), ()), fails=[((3,), (), RuntimeError, "must be >= 2-d")])
of_one_tensor(flipud, ("vector", (3,), ()), fails=[((), (), RuntimeError, "must be >= 1-d")])
of_one_tensor(
    rot90,
    ("once", (2, 3), ()),
    ("twice", (2, 3), (2,)),
    ("back", (2, 3, 2), (-1, (0, 2))),
    ("all", (2, 3), (4,)),
    fails=[
        ((2, 3), (1, (0,)), RuntimeError, "expected total rotation dims == 2"),
        ((2, 3), (1, (0, -2)), RuntimeError, "rotation dims to be different"),
        ((3,), (), RuntimeError, "expected total dims >= 2"),
    ],
)
