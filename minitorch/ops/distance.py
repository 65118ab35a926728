"""Distances and similarities of vectors, and the bilinear form: composites."""

from __future__ import annotations

from collections.abc import Iterator

from ..op import Failure, Make, Sample, register
from ._common import Tensor, tensor_arg
from ._titles import titled
from .matmul import matmul
from .pointwise import clamp
from .stacks import broadcast_tensors

__all__ = ["bilinear", "cosine_similarity", "pairwise_distance"]


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False) -> Tensor:
    """Return the p-norm of ``x1 - x2 + eps`` over the last dimension: (N, D) and (N, D) to (N).

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.pairwise_distance(minitorch.zeros(1, 2), minitorch.tensor([[3.0, 4.0]]))
    tensor([5.0000])
    """
    difference = tensor_arg("pairwise_distance", x1, "x1") - tensor_arg("pairwise_distance", x2, "x2", 2)
    return titled("NormBackward1", (difference + eps).norm(float(p), dim=-1, keepdim=keepdim))


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Return the cosine of the angle between vectors along ``dim``; norms count as at least ``eps``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.cosine_similarity(minitorch.ones(1, 2), minitorch.tensor([[2.0, 2.0]]))
    tensor([1.0000])
    """
    a, b = tensor_arg("cosine_similarity", x1, "x1"), tensor_arg("cosine_similarity", x2, "x2", 2)
    a, b = broadcast_tensors(a, b)
    lengths = [clamp(x.norm(2, dim=dim, keepdim=True), min=eps) for x in (a, b)]
    return ((a / lengths[0]) * (b / lengths[1])).sum(dim)


def bilinear(input1: Tensor, input2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``x1 @ weight[o] @ x2 + bias[o]`` for every output o: (*, I1) and (*, I2) to (*, O).

    Raises
    ------
    RuntimeError : sizes that do not fit each other or the weight (O, I1, I2).

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.ones(2, 3)
    >>> minitorch.nn.functional.bilinear(x, x, minitorch.ones(1, 3, 3)).flatten()
    tensor([9., 9.])
    """
    a, b = tensor_arg("bilinear", input1, "input1"), tensor_arg("bilinear", input2, "input2", 2)
    _check_bilinear(a._data.shape, b._data.shape, weight._data.shape)
    outputs, n1, n2 = weight._data.shape
    lead = a._data.shape[:-1]
    # over all rows at once: (M, I1) @ (I1, O*I2), then the products with x2, summed over I2
    rows = matmul(a.reshape(-1, n1), weight.permute(1, 0, 2).reshape(n1, outputs * n2))
    out = matmul(rows.reshape(-1, outputs, n2), b.reshape(-1, n2, 1)).reshape(*lead, outputs)
    return out if bias is None else out + bias


def _check_bilinear(a: tuple[int, ...], b: tuple[int, ...], w: tuple[int, ...]) -> None:
    if len(a) != len(b):
        raise RuntimeError(f"bilinear(): input dimensions do not match: got {len(a)} and {len(b)}")
    for dim, (m, n) in enumerate(zip(a[:-1], b[:-1])):
        if m != n:
            raise RuntimeError(f"bilinear(): input batch dimensions do not match at dim {dim}: got {m} and {n}")
    for which, size, place in (("input1", a[-1], 1), ("input2", b[-1], 2)):
        if size != w[place]:
            raise RuntimeError(
                f"bilinear(): {which} size does not match weight size: got {size} but expected {w[place]}"
            )


def _pair_samples(make: Make) -> Iterator[Sample]:
    yield Sample("rows", (make(3, 4), make(3, 4, low=0.5, high=2.0)))
    yield Sample("broadcast", (make(1, 4), make(3, 4, low=0.5, high=2.0)))


def _distance_samples(make: Make) -> Iterator[Sample]:
    yield from _pair_samples(make)
    yield Sample("p=1", (make(3, 4, low=3.0, high=5.0), make(3, 4), 1.0))
    yield Sample("keepdim", (make(2, 4), make(2, 4, low=3.0, high=5.0), 3.0, 1e-6, True))


def _bilinear_samples(make: Make) -> Iterator[Sample]:
    yield Sample("rows", (make(3, 2), make(3, 4), make(5, 2, 4), make(5)))
    yield Sample("no bias", (make(2, 3, 2), make(2, 3, 4), make(5, 2, 4)))


def _pair_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3), make(3, 3)), RuntimeError, r"tensor a \(2\) must match the size of tensor b \(3\)")


def _bilinear_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(2, 3), make(2, 4), make(5, 3, 3)), RuntimeError, "input2 size does not match .* got 4")
    yield Failure((make(2, 3), make(3, 4), make(5, 3, 4)), RuntimeError, "do not match at dim 0: got 2 and 3")


register(pairwise_distance, samples=_distance_samples, failures=_pair_failures, methods=(), functional=True)
register(cosine_similarity, samples=_pair_samples, failures=_pair_failures, methods=(), functional=True)
register(bilinear, samples=_bilinear_samples, failures=_bilinear_failures, methods=(), functional=True)
