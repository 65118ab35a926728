"""The linear map of a layer: one product with the bias in its epilogue. Its gradients are products again."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..kernels.gemm import SMALL
from ..memory import Array
from ..op import Op, Widening
from ._common import Tensor, apply, conj, tensor_arg
from .expand import EXPAND
from .matmul import _TYPE, _mismatch, _product, _register, matmul
from .reduce import SUM_DIMS

__all__ = ["linear"]


def _rows(x: Array) -> Array:
    """View (..., features) as a matrix."""
    if x.ndim == 2:
        return x
    return x.reshape(-1, x.shape[-1]) if x.shape[-1] else x.reshape(math.prod(x.shape[:-1]), 0)


def _linear_fwd(x: Array, weight: Array, bias: Array | None) -> Array:
    rows = _rows(x)
    if len(rows) * weight.size <= SMALL and x.dtype.char in "fd" and weight.size:
        y: Array = rows.dot(weight.T)  # what gemm would do, without its preparations
        if bias is not None:
            y += bias
    else:
        y = _product(rows, weight.T, bias)
    return y if x.ndim == 2 else y.reshape(*x.shape[:-1], weight.shape[0])


def _linear_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    # y = x W^T + b: dx = dy W, and dW = dy^T x with db = sum of dy over rows
    needs = node.needs
    gx = matmul(g, conj(node.input(1))) if needs[0] else None
    if needs[1]:
        gw, gb = apply(PARAMETER_GRADS, (g, conj(node.input(0))), (bool(needs[2]),))
        return gx, gw, gb if needs[2] else None
    return gx, None, apply(SUM_DIMS, (g,), (tuple(range(g._data.ndim - 1)), False)) if needs[2] else None


def _parameter_grads_fwd(g: Array, x: Array, biased: bool) -> tuple[Array, Array]:
    rows, inputs = _rows(g), _rows(x)
    few = rows.shape[1] * inputs.size <= SMALL and g.dtype.char in "fd" and inputs.size
    gw: Array = rows.T.dot(inputs) if few else _product(rows.T, inputs)
    if not biased:
        return gw, np.empty(0, g.dtype)
    return gw, rows[0].copy() if len(rows) == 1 else SUM_DIMS.run([rows], ((0,), False))


def _parameter_grads_vjp(node: Any, ggw: Tensor | None, ggb: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
    # dW = dy^T x, db = sum of dy: the gradient by dy is the linear map of x with theirs, and the one by x is dy ddW
    if ggb is not None and not node.params[0]:
        ggb = None
    gx = matmul(conj(node.input(0)), ggw) if ggw is not None and node.needs[1] else None
    if not node.needs[0]:
        return None, gx
    if ggw is None:
        return None if ggb is None else apply(EXPAND, (ggb,), (node.in_shape(0),)), gx
    return apply(LINEAR, (conj(node.input(1)), ggw, ggb)), gx


LINEAR: Op = Widening("linear", _linear_fwd, _linear_vjp, saves=((1,), (0,), ()), grad_name="AddmmBackward0", lacks="b",
                      kernel="addmm_impl_cpu_")  # fmt: skip

PARAMETER_GRADS: Op = Widening(
    "linear_parameters", _parameter_grads_fwd, _parameter_grads_vjp, saves=((1,), (0,)), lacks="b"
)


def linear(input: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return ``input @ weight.T + bias``.

    Parameters
    ----------
    input : (..., in_features). weight : (out_features, in_features). bias : (out_features) or None.

    Raises
    ------
    RuntimeError : sizes or dtypes that do not fit.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.linear(minitorch.ones(1, 2), minitorch.ones(3, 2))
    tensor([[2., 2., 2.]])
    """
    x, w = tensor_arg("linear", input), tensor_arg("linear", weight, "weight", 2)
    a, b = x._data, w._data
    if a.ndim and b.ndim == 2 and a.shape[-1] == b.shape[1] and a.dtype == b.dtype:
        if bias is None or bias._data.shape == b.shape[:1]:
            return apply(LINEAR, (x, w, bias))
    if w._data.ndim == 1:
        return matmul(x, w) if bias is None else matmul(x, w) + bias
    if not x._data.ndim or x._data.shape[-1] != w._data.shape[1]:
        rows = x._data.size // x._data.shape[-1] if x._data.ndim and x._data.shape[-1] else 1
        raise _mismatch((rows, x._data.shape[-1] if x._data.ndim else 1), w._data.shape[::-1])
    if x._data.dtype != w._data.dtype:
        names = [_TYPE.get(t.dtype.name, t.dtype.name) for t in (x, w)]
        raise RuntimeError(
            f"mat1 and mat2 must have the same dtype, but got {names[0].capitalize()} and {names[1].capitalize()}"
        )
    if bias is not None and bias._data.shape != (w._data.shape[0],):
        return apply(LINEAR, (x, w, None)) + bias
    return apply(LINEAR, (x, w, bias))


_register(
    linear,
    ("rows", ((3, 4), (2, 4), (2,))),
    ("no bias", ((3, 4), (2, 4))),
    ("vector", ((4,), (2, 4), (2,))),
    ("3-d", ((2, 3, 4), (2, 4), (2,))),
    ("zero size", ((0, 4), (2, 4), (2,))),
    fails=[(((2, 3), (5, 4)), r"cannot be multiplied \(2x3 and 4x5\)")],
    methods=(),
    functional=True,
    top=False,
)
