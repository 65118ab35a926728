"""Functions of two elements: NaN-aware extrema, logarithms of sums, hypotenuse, signs taken over, powers in float64."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from .. import dtypes
from ..op import Failure, Make, Op, Pointwise, Sample, register, result_dtype
from ..tensor import method
from ._common import NUMBER, Tensor, apply, conj, deliver, inplace, operand, tensor_arg, zeros_like
from ._titles import titled
from .arithmetic import positive_samples
from .pointwise import clamp, where
from .unary import log, sigmoid

__all__ = [
    "clamp_max",
    "clamp_min",
    "copysign",
    "float_power",
    "fmax",
    "fmin",
    "heaviside",
    "hypot",
    "logaddexp",
    "logaddexp2",
    "xlogy",
]

Pair = tuple[Tensor | None, Tensor | None]
_BOTH = ((0, 1), (0, 1))


def _samples(make: Make) -> Iterator[Sample]:
    # operands that differ, and differ from 0, so that no kink is near
    yield Sample("matrix", (make(3, 4, low=-1.9, apart=0.3), make(3, 4, low=-1.77, apart=0.3)))
    yield Sample("broadcast", (make(3, 1, low=-1.1, apart=0.5), make(1, 4, low=-0.9, apart=0.5)))
    yield Sample("zero size", (make(0, 3), make(3)))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(3), make(4)), RuntimeError, r"The size of tensor a \(3\) must match the size of tensor b \(4\)")
    yield Failure((make(3), "x"), TypeError, "must be Tensor, not str")


def _pair(op: Op, text: str, *, numbers: bool = False, samples: Any = _samples, writes: bool = True) -> Any:
    """Make, document and register a function of two tensors; with ``numbers``, either may be a number."""
    name = op.name

    def fn(input: Any, other: Any, *, out: Tensor | None = None) -> Tensor:
        for place, (what, x) in enumerate((("input", input), ("other", other)), 1):
            operand(name, x, what, place) if numbers else tensor_arg(name, x, what, place)
        if not isinstance(input, Tensor) and not isinstance(other, Tensor):
            tensor_arg(name, input)
        return deliver(apply(op, (input, other)), out)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = text
    if writes:
        inplace(op, name + "_", 2)
    register(fn, samples=samples, failures=_failures, differentiable=op.vjp is not None)
    return fn


class _Ordered(Pointwise):
    def promoted(self, arrays: list[Any]) -> tuple[list[Any], bool]:
        """Promote; complex numbers have no order."""
        if result_dtype(arrays).category == dtypes.COMPLEX:
            raise RuntimeError(f"{self.name} not implemented for complex tensors.")
        return super().promoted(arrays)


# ---- extrema that pass over NaN ------------------------------------------------------------------------------------


def _chosen(node: Any, g: Tensor, first: Tensor) -> Pair:
    return where(first, g, 0.0) if node.needs[0] else None, where(first, 0.0, g) if node.needs[1] else None


def _fmax_vjp(node: Any, g: Tensor) -> Pair:
    x, y = node.input(0), node.input(1)
    return _chosen(node, g, (x >= y) | y.isnan())


def _fmin_vjp(node: Any, g: Tensor) -> Pair:
    x, y = node.input(0), node.input(1)
    return _chosen(node, g, (x <= y) | y.isnan())


fmax = _pair(_Ordered("fmax", np.fmax, _fmax_vjp, saves=_BOTH),
    """Return the larger of two elements; the other one where one is NaN.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.fmax(minitorch.tensor([1.0, float("nan")]), minitorch.tensor([3.0, 4.0]))
    tensor([3., 4.])
    """, writes=False)  # fmt: skip
fmin = _pair(_Ordered("fmin", np.fmin, _fmin_vjp, saves=_BOTH),
    """Return the smaller of two elements; the other one where one is NaN.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.fmin(minitorch.tensor([1.0, float("nan")]), minitorch.tensor([3.0, 4.0]))
    tensor([1., 4.])
    """, writes=False)  # fmt: skip

# ---- logarithms ----------------------------------------------------------------------------------------------------


def _np_xlogy(x: Any, y: Any) -> Any:
    y = y if type(y) is np.ndarray else x.dtype.type(y)  # a float64 logarithm would widen the product
    product = x * np.log(y)
    return np.where((np.asarray(x) == 0) & ~np.isnan(y), product.dtype.type(0), product)


def _xlogy_vjp(node: Any, g: Tensor) -> Pair:
    # x log(y): log(y), which counts 0 where x = 0 and y has no logarithm; x / y
    x, y = node.input(0), node.input(1)
    gx = None
    if node.needs[0]:
        at = y if isinstance(y, Tensor) else x.detach() * 0 + y
        flat = (x == 0) & (at <= 0)
        gx = where(flat, 0.0, g * log(where(flat, 1.0, at)))
    return gx, g * x / y if node.needs[1] else None


def _logaddexp_vjp(base: float) -> Callable[..., Pair]:
    def vjp(node: Any, g: Tensor) -> Pair:
        # each operand's share of the sum; two infinities share alike
        x, y = node.input(0), node.input(1)
        distance = where((x == y) & x.isinf(), 0.0, x - y) * math.log(base)
        return (
            g * conj(sigmoid(distance)) if node.needs[0] else None,
            g * conj(sigmoid(-distance)) if node.needs[1] else None,
        )

    return vjp


def _np_logaddexp(x: Any, y: Any) -> Any:
    if x.dtype.kind != "c":
        return np.logaddexp(x, y)
    high, low = np.where(x.real >= y.real, x, y), np.where(x.real >= y.real, y, x)
    return high + np.log1p(np.exp(low - high))


xlogy = _pair(Pointwise("xlogy", _np_xlogy, _xlogy_vjp, promotes="float", saves=_BOTH, lacks="c"),
    """Return ``input * log(other)``, 0 where ``input`` is 0 and ``other`` is not NaN.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.xlogy(minitorch.tensor([0.0, 2.0]), minitorch.tensor([0.0, 1.5]))
    tensor([0.0000, 0.8109])
    """, numbers=True, samples=positive_samples)  # fmt: skip
logaddexp = _pair(Pointwise("logaddexp", _np_logaddexp, _logaddexp_vjp(math.e), saves=_BOTH, lacks="biu"),
    """Return ``log(exp(input) + exp(other))`` without overflow.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.logaddexp(minitorch.tensor([0.0]), minitorch.tensor([0.0]))
    tensor([0.6931])
    """, writes=False)  # fmt: skip
logaddexp2 = _pair(Pointwise("logaddexp2", np.logaddexp2, _logaddexp_vjp(2), saves=_BOTH, lacks="biuc"),
    """Return ``log2(2**input + 2**other)`` without overflow.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.logaddexp2(minitorch.tensor([1.0]), minitorch.tensor([1.0]))
    tensor([2.])
    """, writes=False)  # fmt: skip

# ---- hypotenuse, signs, steps --------------------------------------------------------------------------------------


def _hypot_vjp(node: Any, g: Tensor) -> Pair:
    share = g / node.output()
    return share * node.input(0) if node.needs[0] else None, share * node.input(1) if node.needs[1] else None


def _copysign_vjp(node: Any, g: Tensor) -> Pair:
    x = node.input(0)
    if not node.needs[0]:
        return None, zeros_like(g)
    turned = where(x == 0, 0.0, (node.output() / where(x == 0, 1.0, x)).detach())
    return g * turned, zeros_like(g) if node.needs[1] else None


def _np_copysign(x: Any, y: Any) -> Any:
    return np.copysign(x, y)


hypot = _pair(Pointwise("hypot", np.hypot, _hypot_vjp, saves=((0,), (1,)), keeps=(0,), lacks="biuc"),
    """Return ``sqrt(input**2 + other**2)`` without overflow.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.hypot(minitorch.tensor([3.0]), minitorch.tensor([4.0]))
    tensor([5.])
    """)  # fmt: skip
copysign = _pair(
    Pointwise("copysign", _np_copysign, _copysign_vjp, promotes="float", saves=((0,),), keeps=(0,), lacks="c"),
    """Return the absolute values of ``input`` with the signs of ``other``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.copysign(minitorch.tensor([1.0, -2.0]), -1)
    tensor([-1., -2.])
    """, numbers=True)  # fmt: skip


class _Heaviside(Pointwise):
    def promoted(self, arrays: list[Any]) -> tuple[list[Any], bool]:
        """Refuse what torch refuses: complex numbers, and two dtypes."""
        x, values = arrays
        if "c" in (x.dtype.kind, values.dtype.kind):
            raise RuntimeError("heaviside is not yet implemented for complex tensors.")
        if x.dtype != values.dtype:
            raise RuntimeError("heaviside is not yet implemented for tensors with different dtypes.")
        return super().promoted(arrays)

    def run(self, arrays: list[Any], params: tuple[Any, ...]) -> Any:
        """Compute, in the dtype that both have."""
        self.promoted(arrays)
        return super().run(arrays, params)


def _np_heaviside(x: Any, values: Any) -> Any:
    return np.where(x == 0, values, (x > 0).astype(x.dtype))


heaviside = _pair(_Heaviside("heaviside", _np_heaviside),
    """Return 0 for negative elements, 1 for positive ones, and those of ``other`` where they are 0.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.heaviside(minitorch.tensor([-2.0, 0.0, 3.0]), minitorch.tensor([0.5]))
    tensor([0.0000, 0.5000, 1.0000])
    """)  # fmt: skip

# ---- powers in float64 ---------------------------------------------------------------------------------------------


def _wide(values: tuple[Any, ...]) -> dtypes.dtype:
    found = result_dtype([v._data if isinstance(v, Tensor) else v for v in values])
    return dtypes.complex128 if found.category == dtypes.COMPLEX else dtypes.float64


def float_power(input: Any, exponent: Any, *, out: Tensor | None = None) -> Tensor:
    """Return ``input ** exponent`` computed in float64 (or complex128), whatever the operands' dtypes.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.float_power(minitorch.tensor([2, 3]), 0.5)
    tensor([1.4142, 1.7321], dtype=torch.float64)
    """
    to = _wide((operand("float_power", input, "input", 1), operand("float_power", exponent, "exponent")))
    base, power = (v.to(to) if isinstance(v, Tensor) else v for v in (input, exponent))
    if isinstance(base, NUMBER) and isinstance(power, NUMBER):
        tensor_arg("float_power", input)
    return deliver(base**power, out)


@method
def float_power_(self: Tensor, exponent: Any) -> Tensor:
    """Write the result of `float_power` over the tensor, which must be of its dtype."""
    to = _wide((self, operand("float_power_", exponent, "exponent")))
    if self.dtype is not to:
        raise RuntimeError(
            f"the base given to float_power_ has dtype {self.dtype.scalar_type} but the operation's result requires "
            f"dtype {to.scalar_type}"
        )
    return self.pow_(exponent.to(to) if isinstance(exponent, Tensor) else exponent)


def _power_samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrix", (make(3, 4, low=0.3), make(3, 4)))
    yield Sample("number", (make(2, 3, low=0.3), 2.5))
    yield Sample("zero size", (make(0, 3), make(3)))


register(float_power, samples=_power_samples, failures=_failures)


# ---- one limit -----------------------------------------------------------------------------------------------------


def clamp_min(input: Tensor, min: Any, *, out: Tensor | None = None) -> Tensor:
    """Raise elements to at least ``min``, a number or a tensor; see `clamp`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.clamp_min(minitorch.tensor([-1.0, 2.0]), 0)
    tensor([0., 2.])
    """
    result = clamp(tensor_arg("clamp_min", input), min=operand("clamp_min", min, "min"), out=out)
    return titled("ClampMinBackward0", result)


def clamp_max(input: Tensor, max: Any, *, out: Tensor | None = None) -> Tensor:
    """Lower elements to at most ``max``, a number or a tensor; see `clamp`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.clamp_max(minitorch.tensor([-1.0, 2.0]), 0)
    tensor([-1.,  0.])
    """
    result = clamp(tensor_arg("clamp_max", input), max=operand("clamp_max", max, "max"), out=out)
    return titled("ClampMaxBackward0", result)


@method
def clamp_min_(self: Tensor, min: Any) -> Tensor:
    """Raise elements to at least ``min`` in place."""
    return self.clamp_(min=min)


@method
def clamp_max_(self: Tensor, max: Any) -> Tensor:
    """Lower elements to at most ``max`` in place."""
    return self.clamp_(max=max)


def _limit_samples(make: Make) -> Iterator[Sample]:
    yield Sample("number", (make(3, 4, apart=0.3), 0.5))


register(clamp_min, samples=_limit_samples)
register(clamp_max, samples=_limit_samples)
