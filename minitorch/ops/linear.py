"""The linear map of a layer: one product with the bias in its epilogue. Its gradients are products again."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..memory import Array
from ..op import Op, Widening
from ._common import Tensor, apply, conj, tensor_arg
from .matmul import _TYPE, _mismatch, _product, _register, matmul
from .shape import reshape

__all__ = ["linear"]


def _linear_fwd(x: Array, weight: Array, bias: Array | None) -> Array:
    rows = x.reshape(-1, x.shape[-1]) if x.shape[-1] else x.reshape(int(np.prod(x.shape[:-1])), 0)
    return _product(rows, weight.T, bias).reshape(*x.shape[:-1], weight.shape[0])


def _linear_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    # y = x W^T + b: dx = dy W, dW = dy^T x, db = sum of dy over rows
    gx = matmul(g, conj(node.input(1))) if node.needs[0] else None
    rows = reshape(g, (g._data.size // g._data.shape[-1] if g._data.shape[-1] else 0, g._data.shape[-1]))
    gw = None
    if node.needs[1]:
        x = node.input(0)
        gw = matmul(rows.t(), conj(reshape(x, (rows._data.shape[0], x._data.shape[-1]))))
    return gx, gw, rows.sum(0) if node.needs[2] else None


LINEAR: Op = Widening("linear", _linear_fwd, _linear_vjp, saves=((1,), (0,), ()), grad_name="AddmmBackward0", lacks="b",
                      kernel="addmm_impl_cpu_")  # fmt: skip


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
