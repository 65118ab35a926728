"""Complex numbers: made of parts, their angles, products with conjugates, and the parts written to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..op import Failure, Make, Sample, register
from ..tensor import method, wrap
from ._common import Tensor, conj, deliver, tensor_arg, zeros_like
from ._titles import titled
from .join import stack
from .matmul import dot
from .pointwise import atan2, where
from .stacks import broadcast_tensors
from .strided import imag, real, view_as_complex
from .trig import cos, sin

__all__ = ["angle", "complex", "conj_physical", "isreal", "polar", "vdot", "vecdot"]

_REAL = ("float16", "float32", "float64")


def _check_parts(a: Tensor, b: Tensor) -> None:
    if a.dtype.name not in _REAL or b.dtype.name not in _REAL:
        raise RuntimeError(
            "Expected both inputs to be Half, Float or Double tensors but got "
            f"{a.dtype.scalar_type} and {b.dtype.scalar_type}"
        )
    if a.dtype is not b.dtype:
        raise RuntimeError(
            f"Expected object of scalar type {a.dtype.scalar_type} but got scalar type {b.dtype.scalar_type} for "
            "second argument"
        )


def complex(real: Tensor, imag: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return ``real + 1j * imag``, broadcast together.

    Raises
    ------
    RuntimeError : parts of different dtypes, or other than half, float and double.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.complex(minitorch.tensor([1.0, 2.0]), minitorch.tensor([0.5, -1.0]))
    tensor([1.+0.5000j, 2.-1.0000j])
    """
    a, b = tensor_arg("complex", real, "real"), tensor_arg("complex", imag, "imag", 2)
    _check_parts(a, b)
    return titled("ComplexBackward0", deliver(view_as_complex(stack(broadcast_tensors(a, b), -1)), out))


def polar(abs: Tensor, angle: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the complex numbers of given absolute values and angles.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.polar(minitorch.tensor([2.0]), minitorch.tensor([0.0]))
    tensor([2.+0.j])
    """
    size, direction = tensor_arg("polar", abs, "abs"), tensor_arg("polar", angle, "angle", 2)
    _check_parts(size, direction)
    return titled("PolarBackward0", complex(size * cos(direction), size * sin(direction), out=out))


def angle(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the angles of complex numbers, in radians; of real ones, 0 or pi.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.angle(minitorch.tensor([1j, -1.0]))
    tensor([1.5708, 3.1416])
    """
    x = tensor_arg("angle", input)
    if x.is_complex():
        zero = x == 0  # where the angle has no derivative, 0 counts
        a, b = where(zero, 1.0, real(x)), where(zero, 0.0, imag(x))
        return titled("AngleBackward0", deliver(atan2(b, a), out))
    kind = x.dtype if x.dtype.is_floating_point else dtypes.get_default_dtype()
    values = where(x < 0, math.pi, zeros_like(x).to(kind))
    result = deliver(where(x != x, x, values).to(kind) if x.dtype.is_floating_point else values, out)
    return titled("AngleBackward0", result)


def conj_physical(input: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the complex conjugates, as `conj`, which is done at once here, does.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.conj_physical(minitorch.tensor([1 + 2j]))
    tensor([1.-2.j])
    """
    return deliver(conj(tensor_arg("conj_physical", input)), out)


def isreal(input: Tensor) -> Tensor:
    """Return whether the imaginary parts are 0.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.isreal(minitorch.tensor([1 + 0j, 1j]))
    tensor([ True, False])
    """
    return wrap(np.asarray(np.isreal(tensor_arg("isreal", input)._data)))


def vdot(input: Tensor, other: Tensor, *, out: Tensor | None = None) -> Tensor:
    """Return the inner product of two vectors, the first one conjugated.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vdot(minitorch.tensor([1j, 2.0]), minitorch.tensor([1j, 1.0]))
    tensor(3.+0.j)
    """
    return dot(conj(tensor_arg("vdot", input)), other, out=out)


def vecdot(x: Tensor, y: Tensor, *, dim: int = -1, out: Tensor | None = None) -> Tensor:
    """Return the inner products of vectors along ``dim``, those of ``x`` conjugated.

    Raises
    ------
    RuntimeError : integers.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.linalg.vecdot(minitorch.tensor([[1.0, 2.0], [3.0, 4.0]]), minitorch.tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    for v in (tensor_arg("linalg.vecdot", x, "x"), tensor_arg("linalg.vecdot", y, "y", 2)):
        if v.dtype.category < dtypes.FLOAT:
            raise RuntimeError(
                f"linalg.vecdot: Expected a floating point or complex tensor as input. Got {v.dtype.scalar_type}"
            )
    return deliver((conj(x) * y).sum(dim), out)


def _part(name: str, read: Callable[[Tensor], Tensor]) -> None:
    """Attach the part of a complex tensor as a property that can be read and written."""

    def write(self: Tensor, value: Any) -> None:
        read(self).copy_(value)

    setattr(Tensor, name, property(read, write, doc=f"The {name} parts, a view."))


_part("real", real)
_part("imag", imag)


@method
def conj_physical_(self: Tensor) -> Tensor:
    """Conjugate the elements in place, and return the tensor."""
    return self.copy_(conj(self)) if self.is_complex() else self


def _pair_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make.ints(2), make.ints(2)), RuntimeError, "Half, Float or Double tensors but got Long and Long")


def _vector_samples(make: Make) -> Iterator[Sample]:
    yield Sample("vectors", (make(3), make(3)))


def _one(make: Make) -> Iterator[Sample]:
    yield Sample("real", (make(2, 3, apart=0.3),))


for _fn in (complex, polar):
    register(_fn, failures=_pair_failures, methods=(), differentiable=False)  # gradients: recorded
register(angle, samples=_one)
register(conj_physical, samples=_one)
register(isreal, samples=_one, differentiable=False)
register(vdot, samples=_vector_samples)
register(vecdot, samples=_vector_samples, name="linalg_vecdot", methods=(), top=False)
