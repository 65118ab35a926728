"""Products made of other products: tensordot, inner, kron, cross, chains of matrices, sums with products, cdist."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from .. import dtypes
from ..convert import wrap_dim, wrap_dims
from ..errors import shape_text
from ..op import Failure, Make, Sample, register
from ..tensor import method, wrap
from ._common import Tensor, deliver, tensor_arg
from ._titles import titled
from .join import cat, stack
from .matmul import _weighted, addmm, baddbmm, matmul
from .pointwise import where
from .reduce import sum as total
from .shape import reshape
from .sort import _lacking

__all__ = ["addbmm", "addmv", "addr", "cdist", "chain_matmul", "cross", "inner", "kron", "multi_dot", "tensordot",
           "trace", "vander"]  # fmt: skip

# ---- contractions --------------------------------------------------------------------------------------------------


def _paired_dims(a: Tensor, b: Tensor, dims: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    m, n = a._data.ndim, b._data.ndim
    if isinstance(dims, Tensor):
        dims = dims.tolist()
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(m, n):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        return tuple(range(m - dims, m)), tuple(range(dims))
    first, second = ((d,) if isinstance(d, int) else tuple(d) for d in dims)
    if len(first) != len(second):
        raise RuntimeError(f"both dimension lists should have same length, got {len(first)} and {len(second)}")
    return wrap_dims(first, m), wrap_dims(second, n)


def tensordot(a: Tensor, b: Tensor, dims: Any = 2, out: Tensor | None = None) -> Tensor:
    """Return the sum of products over pairs of dimensions: the last of ``a`` with the first of ``b``, or two lists.

    Raises
    ------
    RuntimeError : dimensions that do not pair.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.tensordot(minitorch.ones(2, 3), minitorch.ones(3, 4), dims=1).shape
    torch.Size([2, 4])
    """
    over_a, over_b = _paired_dims(tensor_arg("tensordot", a, "a"), tensor_arg("tensordot", b, "b", 2), dims)
    shape_a, shape_b = a._data.shape, b._data.shape
    for i, j in zip(over_a, over_b):
        if shape_a[i] != shape_b[j]:
            raise RuntimeError(
                f"contracted dimensions need to match, but first has size {shape_a[i]} in dim {i} and second has size "
                f"{shape_b[j]} in dim {j}"
            )
    rows, columns = (
        [i for i in range(a._data.ndim) if i not in over_a],
        [j for j in range(b._data.ndim) if j not in over_b],
    )
    inner_size = math.prod(shape_a[i] for i in over_a)
    left, right = [shape_a[i] for i in rows], [shape_b[j] for j in columns]
    first = reshape(a.permute(*rows, *over_a) if shape_a else a, (math.prod(left), inner_size))
    second = reshape(b.permute(*over_b, *columns) if shape_b else b, (inner_size, math.prod(right)))
    return deliver(reshape(matmul(first, second), (*left, *right)), out)


def inner(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the sums of products over the last dimensions (..., K) and (..., K); a 0-d operand multiplies.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.inner(minitorch.tensor([1.0, 2.0]), minitorch.tensor([3.0, 4.0]))
    tensor(11.)
    """
    a, b = tensor_arg("inner", input), tensor_arg("inner", other, "other", 2)
    if not a._data.ndim or not b._data.ndim:
        return deliver(a * b, out)
    if a._data.shape[-1] != b._data.shape[-1]:
        raise RuntimeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{shape_text(a._data.shape)} and {shape_text(b._data.shape)}"
        )
    return deliver(tensordot(a, b, dims=([-1], [-1])), out)


def kron(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the Kronecker product: every element of ``input`` times the whole of ``other``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.kron(minitorch.tensor([1, 2]), minitorch.tensor([1, 1]))
    tensor([1, 1, 2, 2])
    """
    ndim = max(tensor_arg("kron", input)._data.ndim, tensor_arg("kron", other, "other", 2)._data.ndim)
    a, b = ((1,) * (ndim - x._data.ndim) + tuple(x._data.shape) for x in (input, other))
    left = reshape(input, tuple(n for m in a for n in (m, 1)))
    right = reshape(other, tuple(n for m in b for n in (1, m)))
    return deliver(reshape(left * right, tuple(m * n for m, n in zip(a, b))), out)


def cross(input: Tensor, other: Tensor, dim: int | None = None, *, out: Tensor | None = None) -> Tensor:
    """Return the vector products along ``dim`` (the first of size 3), broadcast together.

    Raises
    ------
    RuntimeError : no dimension of size 3.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.cross(minitorch.tensor([1.0, 0.0, 0.0]), minitorch.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    a, b = tensor_arg("cross", input)._data.shape, tensor_arg("cross", other, "other", 2)._data.shape
    if len(a) != len(b):
        raise RuntimeError("linalg.cross: inputs must have the same number of dimensions.")
    if dim is None:
        found = [d for d, n in enumerate(a) if n == 3]
        if not found:
            raise RuntimeError(f"no dimension of size 3 in input: shape {shape_text(a)}")
        dim = found[0]
    dim = wrap_dim(dim, len(a))
    if a[dim] != 3 or b[dim] != 3:
        raise RuntimeError(f"linalg.cross: inputs dimension {dim} must have length 3. Got {a[dim]} and {b[dim]}")
    _lacking(input._data, "cross", "b")
    (x, y, z), (u, v, w) = input.unbind(dim), other.unbind(dim)
    product = stack([y * w - z * v, z * u - x * w, x * v - y * u], dim if dim < x._data.ndim + 1 else -1)
    return titled("LinalgCrossBackward0", deliver(product, out))


def trace(input: Tensor) -> Tensor:
    """Return the sum of the diagonal of a matrix.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.trace(minitorch.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(5.)
    """
    array = tensor_arg("trace", input)._data
    if array.ndim != 2:
        raise RuntimeError(f"trace: expected a matrix, but got tensor with dim {array.ndim}")
    _lacking(array, "trace", "b")
    return titled("TraceBackward0", total(input[(along := wrap(np.arange(min(array.shape)))), along]))


# ---- sums with products --------------------------------------------------------------------------------------------


def addmv(
    input: Tensor, mat: Tensor, vec: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """Return ``beta * input + alpha * (mat @ vec)`` for a matrix (M, K) and a vector (K).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.addmv(minitorch.ones(1), minitorch.ones(1, 2), minitorch.ones(2))
    tensor([3.])
    """
    if mat._data.ndim != 2 or vec._data.ndim != 1 or input._data.ndim > 1:
        raise RuntimeError(
            f"vector + matrix @ vector expected, got {input._data.ndim}, {mat._data.ndim}, {vec._data.ndim}"
        )
    _lacking(input._data, "addmv_impl_cpu", "b")
    return titled("AddmvBackward0", deliver(_weighted(input, matmul(mat, vec), beta, alpha), out))


def addr(
    input: Tensor, vec1: Tensor, vec2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """Return ``beta * input + alpha * outer(vec1, vec2)`` for vectors (M) and (N).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.addr(minitorch.ones(1, 2), minitorch.ones(1), minitorch.tensor([1.0, 2.0]))
    tensor([[2., 3.]])
    """
    for name, vec in (("vec1", vec1), ("vec2", vec2)):
        if vec._data.ndim != 1:
            raise RuntimeError(f"addr: Expected 1-D argument {name}, but got {vec._data.ndim}-D")
    product = vec1.unsqueeze(1) * vec2.unsqueeze(0)
    if product.dtype is dtypes.bool_:
        return deliver((input & bool(beta)) | (product & bool(alpha)), out)
    return titled("AddrBackward0", deliver(_weighted(input, product, beta, alpha), out))


def addbmm(
    input: Tensor, batch1: Tensor, batch2: Tensor, *, beta: Any = 1, alpha: Any = 1, out: Tensor | None = None
) -> Tensor:
    """Return ``beta * input + alpha * sum(batch1 @ batch2)`` for batches (B, M, K) and (B, K, N).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.addbmm(minitorch.ones(1, 1), minitorch.ones(3, 1, 2), minitorch.ones(3, 2, 1))
    tensor([[7.]])
    """
    a, b = batch1._data.shape, batch2._data.shape
    if len(a) != 3 or len(b) != 3:
        raise RuntimeError(f"batch{1 if len(a) != 3 else 2} must be a 3D tensor")
    if a[0] != b[0]:
        raise RuntimeError(f"batch1 and batch2 must have same number of batches, got {a[0]} and {b[0]}")
    if a[2] != b[1]:
        raise RuntimeError(f"Incompatible matrix sizes for bmm ({a[1]}x{a[2]} and {b[1]}x{b[2]})")
    product = tensordot(batch1, batch2, dims=([0, 2], [0, 1]))
    return titled("AddbmmBackward0", deliver(_weighted(input, product, beta, alpha), out))


def _writer(name: str, fn: Any) -> None:
    def write(self: Tensor, *factors: Tensor, **named: Any) -> Tensor:
        return self.copy_(fn(self.clone(), *factors, **named))

    write.__name__ = write.__qualname__ = name
    write.__doc__ = f"Write the result of `{name[:-1]}` over the tensor, and return it."
    method(write, name)


# ---- chains, powers ------------------------------------------------------------------------------------------------


def _best_splits(sizes: Sequence[int]) -> dict[tuple[int, int], int]:
    """Return where to part each sub-chain of matrices (sizes[i], sizes[i + 1]) so that the work is least.

    Cormen et al., "Introduction to Algorithms", section 15.2.
    """
    n = len(sizes) - 1
    cost = {(i, i): 0 for i in range(n)}
    split: dict[tuple[int, int], int] = {}
    for length in range(1, n):
        for i in range(n - length):
            j = i + length
            cost[i, j], split[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
            )
    return split


def multi_dot(tensors: Sequence[Tensor], *, out: Tensor | None = None) -> Tensor:
    """Return the product of two or more matrices in the order that takes the least work; the ends may be vectors.

    Raises
    ------
    RuntimeError : fewer than two tensors.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.multi_dot([minitorch.ones(2, 3), minitorch.ones(3, 2), minitorch.ones(2, 1)])
    tensor([[6.],
            [6.]])
    """
    parts = list(tensors)
    if len(parts) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(parts)}")
    row, column = parts[0]._data.ndim == 1, parts[-1]._data.ndim == 1
    parts[0] = parts[0].unsqueeze(0) if row else parts[0]
    parts[-1] = parts[-1].unsqueeze(1) if column else parts[-1]
    split = _best_splits([*(p._data.shape[0] for p in parts), parts[-1]._data.shape[1]])

    def product(i: int, j: int) -> Tensor:
        return parts[i] if i == j else matmul(product(i, split[i, j]), product(split[i, j] + 1, j))

    result = product(0, len(parts) - 1)
    result = result.squeeze(0) if row else result
    return deliver(result.squeeze(-1) if column else result, out)


def chain_matmul(*matrices: Tensor, out: Tensor | None = None) -> Tensor:
    """Return the product of matrices in the order that takes the least work; see `linalg.multi_dot`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.chain_matmul(minitorch.ones(1, 3), minitorch.ones(3, 2))
    tensor([[3., 3.]])
    """
    return deliver(matrices[0].clone() if len(matrices) == 1 else multi_dot(matrices), out)


def vander(x: Tensor, N: int | None = None, increasing: bool = False) -> Tensor:
    """Return the Vandermonde matrix (M, N) of a vector: its powers as columns, the highest first.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vander(minitorch.tensor([1, 2, 3]))
    tensor([[1, 1, 1],
            [4, 2, 1],
            [9, 3, 1]])
    """
    if tensor_arg("vander", x, "x")._data.ndim != 1:
        raise RuntimeError("x must be a one-dimensional tensor.")
    n = x._data.shape[0] if N is None else N
    if n < 0:
        raise RuntimeError(f"N must be non-negative, got N={n}.")
    x = x if x.dtype.category >= dtypes.FLOAT else x.to(dtypes.int64)
    ones = wrap(np.ones((x._data.shape[0], 1))).to(x.dtype)
    columns = cat([ones[:, :n], x.unsqueeze(1).expand(-1, max(n - 1, 0)).cumprod(1)], 1)
    order = range(n) if increasing else range(n - 1, -1, -1)
    return columns.index_select(1, wrap(np.array(order, np.int64)))


# ---- distances -----------------------------------------------------------------------------------------------------


def cdist(x1: Tensor, x2: Tensor, p: float = 2.0, compute_mode: str = "use_mm_for_euclid_dist_if_necessary") -> Tensor:
    """Return the p-norm distances between the rows of (..., P, M) and of (..., R, M), as (..., P, R).

    Raises
    ------
    RuntimeError : other than floating-point matrices, different numbers of columns, a negative ``p``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.cdist(minitorch.tensor([[0.0, 0.0]]), minitorch.tensor([[3.0, 4.0], [0.0, 1.0]]))
    tensor([[5., 1.]])
    """
    for i, x in enumerate((tensor_arg("cdist", x1, "x1"), tensor_arg("cdist", x2, "x2", 2)), 1):
        if not x.dtype.is_floating_point:
            raise RuntimeError(f"cdist only supports floating-point dtypes, X{i} got: {x.dtype.scalar_type}")
        if x._data.ndim < 2:
            raise RuntimeError(f"cdist only supports at least 2D tensors, X{i} got: {x._data.ndim}D")
    if x1._data.shape[-1] != x2._data.shape[-1]:
        raise RuntimeError(
            f"X1 and X2 must have the same number of columns. X1: {x1._data.shape[-1]} X2: {x2._data.shape[-1]}"
        )
    if p < 0:
        raise RuntimeError(f"cdist only supports non-negative p values, got p={p}")
    _lacking(x1._data, "cdist", "V" if x1._data.dtype.char != "e" else "f")
    apart = (x1.unsqueeze(-2) - x2.unsqueeze(-3)).abs()
    return titled("CdistBackward0", _norms(apart, p))


def _norms(size: Tensor, p: float) -> Tensor:
    """Return the p-norms of absolute values (..., M); where all are 0, the gradient is 0."""
    if p == 0:
        return total((size != 0).to(size.dtype), -1)
    if p == math.inf:
        return size.amax(-1) if size._data.shape[-1] else total(size, -1)
    if p == 1:
        return total(size, -1)
    powers = total(size * size if p == 2 else where(size == 0, 0.0, where(size == 0, 1.0, size) ** p), -1)
    none = powers == 0
    return where(none, 0.0, where(none, 1.0, powers) ** (1 / p))


# ---- samples -------------------------------------------------------------------------------------------------------


def _register(fn: Any, *calls: tuple[Any, ...], fails: Any = (), **kw: Any) -> None:
    """Register with samples given as tuples of shapes, and other arguments as they are."""

    def filled(make: Make, call: tuple[Any, ...]) -> tuple[Any, ...]:
        return tuple(make(*a) if isinstance(a, tuple) else a for a in call)

    def samples(make: Make) -> Iterator[Sample]:
        for call in calls:
            yield Sample(" ".join(map(str, call)), filled(make, call))

    def failures(make: Make) -> Iterator[Failure]:
        for call, match in fails:
            yield Failure(filled(make, call), RuntimeError, match)

    register(fn, samples=samples, failures=failures, **kw)


_register(tensordot, ((2, 3), (3, 2), 1), ((2, 3), (2, 3)), ((2, 2, 3), (3, 2, 4), [[2, 0], [0, 1]]), methods=(),
          fails=[(((2, 3), (2, 3), 3), "dims=3"), (((2, 3), (2, 3), 1), "contracted dimensions need")])  # fmt: skip
_register(inner, ((2, 3), (3,)), ((3,), (3,)), ((2, 3), ()),
          fails=[(((2, 3), (1,)), r"the last dimension must match .* \[2, 3\] and \[1\]")])  # fmt: skip
_register(kron, ((2, 2), (3,)), ((2,), (2, 3)), ((0, 2), (2, 2)))
_register(cross, ((3,), (3,)), ((2, 3), (2, 3)), ((3, 2), (3, 2), 0),
          fails=[(((2, 2), (2, 2)), "no dimension of size 3"), (((2, 3), (2, 3), 0), "have length 3")])  # fmt: skip
_register(trace, ((3, 4),), ((2, 2),), fails=[(((3,),), "expected a matrix, but got tensor with dim 1")])
_register(addmv, ((2,), (2, 3), (3,)), fails=[(((2,), (2, 3), (3, 1)), "matrix @ vector expected")])
_register(addr, ((2, 3), (2,), (3,)), fails=[(((2, 3), (2, 1), (3,)), "Expected 1-D argument vec1")])
_register(addbmm, ((2, 2), (3, 2, 3), (3, 3, 2)), fails=[(((2, 2), (3, 2, 3), (3, 2, 2)), "Incompatible matrix sizes")])
_register(chain_matmul, ((2, 3), (3, 2), (2, 4)), methods=())
_register(vander, ((3,),), ((3,), 4, True), methods=(), fails=[(((3, 2),), "one-dimensional")])
_register(cdist, ((2, 3), (4, 3)), ((2, 3), (4, 3), 3.0), ((2, 2, 3), (3, 3), 1.0), methods=(),
          fails=[(((2, 3), (2, 2)), "same number of columns"), (((3,), (2, 3)), "at least 2D")])  # fmt: skip
for _fn in (addmv, addr, addbmm, addmm, baddbmm):
    _writer(_fn.__name__ + "_", _fn)
