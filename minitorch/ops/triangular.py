"""Solutions of triangular systems, and the cross product as `linalg` has it: functions of other operations."""

from __future__ import annotations

from collections.abc import Iterator

from ..op import Make, Sample, register
from ._common import Tensor, deliver, tensor_arg
from .linalg import eye_like, matrices, regular, solve
from .products import cross

__all__ = ["linalg_cross", "solve_triangular"]


def solve_triangular(
    A: Tensor, B: Tensor, *, upper: bool, left: bool = True, unitriangular: bool = False, out: Tensor | None = None
) -> Tensor:
    """Return X with ``A X = B`` (``X A = B`` without ``left``), where A (..., N, N) counts on one side of its diagonal.

    Parameters
    ----------
    B : tensor (..., N, K), whose batch dimensions broadcast with A's. upper : whether the side above counts.
    unitriangular : bool
        Whether the diagonal counts as ones.

    Raises
    ------
    LinAlgError : a 0 on the diagonal. RuntimeError : shapes that do not fit.

    Examples
    --------
    >>> import minitorch
    >>> a = minitorch.tensor([[2.0, 1.0], [9.0, 4.0]])
    >>> minitorch.linalg.solve_triangular(a, minitorch.tensor([[4.0], [4.0]]), upper=True)
    tensor([[1.5000],
            [1.0000]])
    """
    a, b = matrices("linalg.solve_triangular", A, True), tensor_arg("linalg.solve_triangular", B, "B", 2)
    a = a.triu(int(unitriangular)) if upper else a.tril(-int(unitriangular))
    if unitriangular:
        a = a + eye_like(a, a.shape[-1])
    b = b.reshape(*[1] * (a.dim() - b.dim()), *b.shape)
    return deliver(solve(a, b, left=left), out)


def linalg_cross(input: Tensor, other: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """Return the cross products of the vectors of length 3 along a dimension; sizes of 1 broadcast.

    RuntimeError : a dimension of another size, or other numbers of dimensions.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.cross(minitorch.tensor([1.0, 0.0, 0.0]), minitorch.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    return cross(input, other, dim, out=out)


def _triangular_samples(make: Make) -> Iterator[Sample]:
    yield Sample("upper", (regular(make, 1), make(3, 2)), {"upper": True})
    yield Sample("lower, ones", (regular(make, 1), make(3, 1)), {"upper": False, "unitriangular": True})
    yield Sample("batch, right", (regular(make, 2, n=2), make(1, 3, 2)), {"upper": False, "left": False})


def _cross_samples(make: Make) -> Iterator[Sample]:
    yield Sample("broadcast", (make(2, 3), make(1, 3)))


register(solve_triangular, samples=_triangular_samples, name="linalg_solve_triangular", methods=(), top=False,
         budget=90.0)  # fmt: skip
register(linalg_cross, samples=_cross_samples, methods=(), top=False)
