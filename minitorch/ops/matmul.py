"""Products of matrices: matmul and its relatives.

The triad is closed: the gradients of a product are products.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..kernels.gemm import SMALL, gemm
from ..lanes import pair
from ..memory import Array
from ..op import Failure, Make, Op, Sample, Widening, register
from ..tensor import method
from ._common import Tensor, apply, apply_view, conj, deliver, tensor_arg
from ._titles import titled
from .shape import TRANSPOSE, reshape

__all__ = ["addmm", "baddbmm", "bmm", "dot", "matmul", "mm", "mv", "outer"]


def _product(a: Array, b: Array, bias: Array | None = None) -> Array:
    """Return a @ b (+ bias) for (..., M, K) and (..., K, N), by the kernel that the dtype allows."""
    if a.dtype.char not in "fd":
        wide = (
            np.matmul(a.astype(np.float32), b.astype(np.float32)).astype(a.dtype)
            if a.dtype.char == "e"
            else np.matmul(a, b)
        )
        return wide if bias is None else wide + bias
    if bias is None and a.ndim == b.ndim == 2 and a.shape[0] * b.size <= SMALL:
        small: Array = a.dot(b)  # what gemm would do, without its preparations, nor those of a ufunc
        return small
    batch = np.broadcast_shapes(a.shape[:-2], b.shape[:-2]) if a.ndim > 2 or b.ndim > 2 else ()
    out = np.empty((*batch, a.shape[-2], b.shape[-1]), a.dtype)
    gemm(a, b, out, None if bias is None else np.ascontiguousarray(bias))
    return out


# ---- matmul --------------------------------------------------------------------------------------------------------


def _matmul_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    # C = A B: dA = dC B^T, dB = A^T dC; broadcast batches are summed by the walk
    ga = apply(MATMUL, (g, _adjoint(node.input(1)))) if node.needs[0] else None
    return ga, apply(MATMUL, (_adjoint(node.input(0)), g)) if node.needs[1] else None


def _adjoint(x: Tensor) -> Any:
    last = x._data.ndim - 1
    return conj(apply_view(TRANSPOSE, x, (last - 1, last)))


MATMUL: Op = Widening("mm", _product, _matmul_vjp, saves=((1,), (0,)), lacks="b", kernel="addmm_impl_cpu_")
BMM: Op = Widening("bmm", _product, _matmul_vjp, saves=((1,), (0,)), lacks="b", kernel="bmm")


def _small(a: Array, b: Array) -> Array:
    """Return the product of two small matrices; ValueError for others."""
    if a.ndim != 2 or b.ndim != 2 or a.shape[0] * b.size > SMALL:
        raise ValueError
    product: Array = a.dot(b)
    return product


_TYPE = {
    "float32": "float",
    "float64": "double",
    "int64": "long int",
    "float16": "c10::Half",
    "bool": "bool",
    "int32": "int",
}


def _check_dtypes(a: Tensor, b: Tensor) -> None:
    if a._data.dtype != b._data.dtype:
        names = [_TYPE.get(x.dtype.name, x.dtype.name) for x in (a, b)]
        raise RuntimeError(f"expected m1 and m2 to have the same dtype, but got: {names[0]} != {names[1]}")


def _mismatch(a: tuple[int, ...], b: tuple[int, ...]) -> RuntimeError:
    return RuntimeError(f"mat1 and mat2 shapes cannot be multiplied ({a[-2]}x{a[-1]} and {b[-2]}x{b[-1]})")


def matmul(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the product of vectors, matrices (..., M, K) x (..., K, N), or batches of them, which broadcast.

    Raises
    ------
    RuntimeError : inner sizes that differ, different dtypes, or a 0-d operand.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.matmul(minitorch.eye(2), minitorch.tensor([3.0, 4.0]))
    tensor([3., 4.])
    """
    product: Tensor = _short(input, other)
    return product if out is None else deliver(product, out)


def _general(input: Any, other: Any) -> Tensor:
    a, b = tensor_arg("matmul", input), tensor_arg("matmul", other, "other", 2)
    m, n = a._data.ndim, b._data.ndim
    if not m or not n:
        raise RuntimeError(f"both arguments to matmul need to be at least 1D, but they are {m}D and {n}D")
    _check_dtypes(a, b)
    if m == 1 and n == 1:
        return dot(a, b)
    left = a.unsqueeze(0) if m == 1 else a
    right = b.unsqueeze(1) if n == 1 else b
    if left._data.shape[-1] != right._data.shape[-2]:
        raise (
            _vector_mismatch(a, b) if 1 in (m, n) or max(m, n) > 2 else _mismatch(left._data.shape, right._data.shape)
        )
    result = _folded(left, right)
    found: Tensor = result.squeeze(-2) if m == 1 else result.squeeze(-1) if n == 1 else result
    return found


_short = pair(MATMUL, _general, _small)


def _vector_mismatch(a: Tensor, b: Tensor) -> RuntimeError:
    m, n = a._data, b._data
    if m.ndim <= 2 and n.ndim == 1:
        return RuntimeError(
            f"size mismatch, got input ({m.shape[0]}), mat ({m.shape[0]}x{m.shape[-1]}), vec ({n.shape[0]})"
        )
    if m.ndim == 1:
        return _mismatch((1, *m.shape), n.shape)
    if n.ndim <= 2:
        rows = m.size // m.shape[-1] if m.shape[-1] else 0
        return _mismatch((rows, m.shape[-1]), n.shape if n.ndim == 2 else (n.shape[0], 1))
    want = f"[{int(np.prod(m.shape[:-2]))}, {m.shape[-1]}]"
    return RuntimeError(
        f"Expected size for first two dimensions of batch2 tensor to be: {want} but got: "
        f"[{int(np.prod(n.shape[:-2]))}, {n.shape[-2]}]."
    )


def _folded(a: Tensor, b: Tensor) -> Tensor:
    """Multiply; a batch of matrices times one matrix becomes one tall product."""
    if b._data.ndim == 2 and a._data.ndim > 2:
        rows = reshape(a, (-1, a._data.shape[-1])) if a._data.size else a
        if rows._data.ndim == 2:
            return reshape(apply(MATMUL, (rows, b)), (*a._data.shape[:-1], b._data.shape[1]))
    try:
        np.broadcast_shapes(a._data.shape[:-2], b._data.shape[:-2])
    except ValueError:
        raise _batch_mismatch(a._data.shape, b._data.shape) from None
    return apply(MATMUL if a._data.ndim == b._data.ndim == 2 else BMM, (a, b))


def _batch_mismatch(a: tuple[int, ...], b: tuple[int, ...]) -> RuntimeError:
    for back in range(3, min(len(a), len(b)) + 1):
        if a[-back] != b[-back] and 1 not in (a[-back], b[-back]):
            place = max(len(a), len(b)) - back
            return RuntimeError(
                f"The size of tensor a ({a[-back]}) must match the size of tensor b ({b[-back]}) at "
                f"non-singleton dimension {place}"
            )
    return RuntimeError(f"matmul: batches of shapes {a} and {b} do not broadcast")


def mm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the product of two matrices (M, K) x (K, N); no broadcasting.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.mm(minitorch.ones(1, 2), minitorch.ones(2, 1))
    tensor([[2.]])
    """
    if input._data.ndim != 2:
        raise RuntimeError("self must be a matrix")
    if mat2._data.ndim != 2:
        raise RuntimeError("mat2 must be a matrix")
    return matmul(input, mat2, out=out)


def bmm(input: Tensor, mat2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the products of two batches of matrices (B, M, K) x (B, K, N).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.bmm(minitorch.ones(3, 1, 2), minitorch.ones(3, 2, 1)).shape
    torch.Size([3, 1, 1])
    """
    if input._data.ndim != 3 or mat2._data.ndim != 3:
        raise RuntimeError(f"batch{1 if input._data.ndim != 3 else 2} must be a 3D tensor")
    m, n = input._data.shape, mat2._data.shape
    if (m[0], m[2]) != n[:2]:
        raise RuntimeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{m[0]}, {m[2]}] but got: "
            f"[{n[0]}, {n[1]}]."
        )
    _check_dtypes(input, mat2)
    return deliver(apply(BMM, (input, mat2)), out)


def mv(input: Tensor, vec: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the product of a matrix (M, K) and a vector (K).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.mv(minitorch.eye(2), minitorch.tensor([1.0, 2.0]))
    tensor([1., 2.])
    """
    if input._data.ndim != 2 or vec._data.ndim != 1:
        raise RuntimeError(
            f"vector + matrix @ vector expected, got {vec._data.ndim}, {input._data.ndim}, {vec._data.ndim}"
        )
    return titled("MvBackward0", matmul(input, vec, out=out))


def _dot_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    return g * conj(node.input(1)) if node.needs[0] else None, g * conj(node.input(0)) if node.needs[1] else None


DOT: Op = Widening("dot", np.dot, _dot_vjp, saves=((1,), (0,)), lacks="b", kernel="dot")


def dot(input: Tensor, tensor: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the inner product of two vectors.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.dot(minitorch.tensor([1.0, 2.0]), minitorch.tensor([3.0, 4.0]))
    tensor(11.)
    """
    a, b = input._data, tensor._data
    if a.ndim != 1 or b.ndim != 1:
        raise RuntimeError(f"1D tensors expected, but got {a.ndim}D and {b.ndim}D tensors")
    if a.shape != b.shape:
        raise RuntimeError(
            f"inconsistent tensor size, expected tensor [{a.shape[0]}] and src [{b.shape[0]}] to have the same "
            "number of "
            f"elements, but got {a.shape[0]} and {b.shape[0]} elements respectively"
        )
    if a.dtype != b.dtype:
        names = [_TYPE.get(x.dtype.name, x.dtype.name).capitalize() for x in (input, tensor)]
        raise RuntimeError(f"dot : expected both vectors to have same dtype, but found {names[0]} and {names[1]}")
    return deliver(apply(DOT, (input, tensor)), out)


def outer(input: Tensor, vec2: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the matrix of products of two vectors' elements.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.outer(minitorch.tensor([1.0, 2.0]), minitorch.tensor([3.0, 4.0]))
    tensor([[3., 4.],
            [6., 8.]])
    """
    if input._data.ndim != 1 or vec2._data.ndim != 1:
        wrong = input if input._data.ndim != 1 else vec2
        raise RuntimeError(
            f"outer: Expected 1-D argument {'self' if wrong is input else 'vec2'}, but got {wrong._data.ndim}-D"
        )
    return deliver(input.unsqueeze(1) * vec2.unsqueeze(0), out)


def addmm(
    input: Tensor, mat1: Tensor, mat2: Tensor, *, beta: float = 1, alpha: float = 1, out: Tensor | None = None
) -> Tensor:
    """Return ``beta * input + alpha * (mat1 @ mat2)``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.addmm(minitorch.ones(1, 1), minitorch.ones(1, 2), minitorch.ones(2, 1))
    tensor([[3.]])
    """
    return titled("AddmmBackward0", deliver(_weighted(input, mm(mat1, mat2), beta, alpha), out))


def baddbmm(
    input: Tensor,
    batch1: Tensor,
    batch2: Tensor,
    *,
    beta: float = 1,
    alpha: float = 1,
    out: Tensor | None = None,
) -> Tensor:
    """Return ``beta * input + alpha * (batch1 @ batch2)`` for batches of matrices.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.baddbmm(minitorch.ones(1, 1, 1), minitorch.ones(1, 1, 2), minitorch.ones(1, 2, 1))
    tensor([[[3.]]])
    """
    return titled("BaddbmmBackward0", deliver(_weighted(input, bmm(batch1, batch2), beta, alpha), out))


def _weighted(input: Tensor, product: Tensor, beta: float, alpha: float) -> Tensor:
    product = product if alpha == 1 else product * alpha
    if beta == 0:  # NaN in what is not used must not count
        return product
    return product + (input if beta == 1 else input * beta)


def _operator(self: Tensor, other: Any) -> Any:
    return _general(self, other) if isinstance(other, Tensor) else NotImplemented


__matmul__ = pair(MATMUL, _operator, _small)
__matmul__.__name__ = __matmul__.__qualname__ = "__matmul__"
__matmul__.__doc__ = "Return the matrix product."
method(__matmul__)


# ---- samples -------------------------------------------------------------------------------------------------------


def _register(fn: Any, *calls: tuple[str, tuple[tuple[int, ...], ...]], fails: Any = (), **kw: Any) -> None:
    def samples(make: Make) -> Iterator[Sample]:
        for name, shapes in calls:
            yield Sample(name, tuple(make(*s) for s in shapes))

    def failures(make: Make) -> Iterator[Failure]:
        for shapes, match in fails:
            yield Failure(tuple(make(*s) for s in shapes), RuntimeError, match)

    register(fn, samples=samples, failures=failures, **kw)


_FIT = r"mat1 and mat2 shapes cannot be multiplied \(2x3 and 4x5\)"
_register(
    matmul,
    ("matrices", ((2, 3), (3, 4))),
    ("vectors", ((3,), (3,))),
    ("matrix vector", ((2, 3), (3,))),
    ("vector matrix", ((3,), (3, 2))),
    ("batch", ((2, 2, 3), (2, 3, 2))),
    ("broadcast", ((2, 1, 2, 3), (3, 3, 2))),
    ("batch times matrix", ((2, 2, 3), (3, 4))),
    ("zero size", ((0, 3), (3, 2))),
    ("empty sum", ((2, 0), (0, 3))),
    fails=[(((2, 3), (4, 5)), _FIT), (((), (3,)), "at least 1D")],
    short=_short,
)
_register(
    mm,
    ("matrices", ((2, 3), (3, 4))),
    fails=[(((2, 3), (4, 5)), _FIT), (((3,), (3, 2)), "self must be a matrix")],
)
_register(
    bmm,
    ("batch", ((2, 2, 3), (2, 3, 2))),
    fails=[(((2, 2, 3), (2, 4, 2)), "Expected size for first two dimensions")],
)
_register(mv, ("matrix", ((2, 3), (3,))))
_register(
    dot,
    ("vectors", ((3,), (3,))),
    fails=[(((3,), (4,)), "inconsistent tensor size"), (((3, 1), (3,)), "1D tensors expected")],
)
_register(outer, ("vectors", ((3,), (2,))), methods=("outer", "ger"))
_register(addmm, ("matrices", ((2, 4), (2, 3), (3, 4))), ("broadcast", ((4,), (2, 3), (3, 4))))
_register(baddbmm, ("batch", ((2, 2, 2), (2, 2, 3), (2, 3, 2))))
