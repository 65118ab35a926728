"""Batching rules: how an operation on examples is done on all examples at once.

A rule takes the operation, its inputs (those that are batched with the examples along their first dimension), a flag
for each of them, the parameters and the number of examples; it returns the result with the examples along the first
dimension. Operations without a rule are applied to one example after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..dispatch import apply
from ..op import Op, Pointwise
from ..ops.join import stack
from ..ops.matmul import matmul
from ..tensor import Tensor

__all__ = ["batched"]

Rule = Callable[..., Any]
Flags = Sequence[bool]


def batched(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    """Apply an operation to all examples."""
    rule = RULES.get(op.name)
    if isinstance(op, Pointwise) and rule is None:
        rule = _pointwise
    found = None if rule is None else rule(op, inputs, flags, params, size)
    return one_by_one(op, inputs, flags, params, size) if found is None else found


def one_by_one(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    """Apply an operation to one example after the other; right for every operation."""
    rows = [apply(op, tuple([x[i] if f else x for x, f in zip(inputs, flags)]), params) for i in range(size)]
    if isinstance(rows[0], tuple):
        return tuple([stack(column) for column in zip(*rows)])
    return stack(rows)


# ---- element by element --------------------------------------------------------------------------------------------


def _pointwise(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    """Broadcasting counts dimensions from the last: missing ones go between the examples and the rest."""
    tensors = [(x, f) for x, f in zip(inputs, flags) if isinstance(x, Tensor)]
    ndims = [x._data.ndim - f for x, f in tensors]
    if 0 in ndims and len({x._data.dtype for x, _ in tensors}) > 1:
        return None  # a 0-d operand has less weight in promotion, which its dimension of examples would change
    most = max(ndims)
    return apply(op, tuple([_raised(x, most) if f else x for x, f in zip(inputs, flags)]), params)


def _raised(x: Tensor, ndim: int) -> Tensor:
    """Return a batched tensor with dimensions of size 1 in front of an example's, up to ``ndim``."""
    shape = x._data.shape
    missing = ndim - (len(shape) - 1)
    return x.reshape(shape[0], *(1,) * missing, *shape[1:]) if missing > 0 else x


def _copy(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    """The second operand, in the shape and dtype of the first."""
    x, value = inputs
    shape = x._data.shape[flags[0] :]
    if not isinstance(value, Tensor):
        return apply(op, inputs, params)
    if value._data.ndim - flags[1] > len(shape):
        return None
    value = _raised(value, len(shape)) if flags[1] else value
    return value.to(x.dtype).expand(size, *shape)


# ---- one tensor, dimensions among the parameters -------------------------------------------------------------------


def _shift(dim: int) -> int:
    return dim + 1 if dim >= 0 else dim


def _same(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    """Operations on the last dimensions, or on all elements."""
    return apply(op, _all_batched(inputs, flags, size), params)


def _all_batched(inputs: tuple[Any, ...], flags: Flags, size: int) -> tuple[Any, ...]:
    return tuple([x if f or not isinstance(x, Tensor) else x.expand(size, *x.shape) for x, f in zip(inputs, flags)])


def _dims(*places: int) -> Rule:
    """Return the rule of an operation whose parameters at ``places`` are dimensions, or tuples of them."""

    def rule(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
        shifted = list(params)
        for i in places:
            shifted[i] = tuple([_shift(d) for d in params[i]]) if isinstance(params[i], tuple) else _shift(params[i])
        return apply(op, _all_batched(inputs, flags, size), tuple(shifted))

    return rule


def _shape(place: int) -> Rule:
    """Return the rule of an operation whose parameter at ``place`` is the shape of the result."""

    def rule(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
        params = (*params[:place], (size, *params[place]), *params[place + 1 :])
        return apply(op, _all_batched(inputs, flags, size), params)

    return rule


def _expand(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    (shape,) = params
    return apply(op, (_raised(inputs[0], len(shape)),), ((size, *shape),))


def _sum_to(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    (x,), (shape,) = inputs, params
    lead = x._data.ndim - 1 - len(shape)
    x = x.sum(tuple(range(1, 1 + lead))) if lead else x
    return apply(op, (x,), ((size, *shape),))


def _permute(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    return apply(op, inputs, ((0, *[_shift(d) for d in params[0]]),))


def _t(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    (x,) = inputs
    return x.transpose(1, 2) if x._data.ndim == 3 else x.view(x.shape)


def _item(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    index = params[0]
    if len(params) > 1:  # torch's slice of one dimension: dim, start, stop
        return _dims(0)(op, inputs, flags, params, size)
    return apply(op, inputs, ((slice(None), *(index if isinstance(index, tuple) else (index,))),))


def _repeat(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    (repeats,) = params
    return apply(op, (_raised(inputs[0], len(repeats)),), ((1, *repeats),))


def _pad(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    return apply(op, inputs, (((0, 0), *params[0]), *params[1:]))


def _cat(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    return apply(op, _all_batched(inputs, flags, size), (params[0] + 1, *params[1:]))


def _index(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    """Picking by index arrays that stand side by side, so that their place in the result does not change."""
    tensors = params[0]
    places = [i for i, t in enumerate(tensors) if t is not None]
    if type(tensors) is not tuple or places[-1] - places[0] >= len(places):
        return None
    shape = [(size, *params[1])] if len(params) > 1 else []
    return apply(op, _all_batched(inputs, flags, size), ((None, *tensors), *shape))


# ---- products ------------------------------------------------------------------------------------------------------


def _mm(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    """Matrices, or stacks of them: the examples are one more stack."""
    a, b, *bias = inputs
    product = matmul(a, b)
    if not bias or bias[0] is None:
        return product
    return product + (_raised(bias[0], product._data.ndim - 1) if flags[2] else bias[0])


def _dot(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    return (inputs[0] * inputs[1]).sum(-1)


def _linear(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    x, w, bias = inputs
    if not flags[1] and not flags[2]:
        return apply(op, inputs, params)
    lead = x._data.shape[flags[0] : -1]
    if flags[1]:
        x = x.reshape(*((size,) if flags[0] else ()), -1, x._data.shape[-1])
        product = matmul(x, w.transpose(1, 2)).reshape(size, *lead, -1)
    else:
        product = apply(op, (x, w, None), params)
    if bias is None:
        return product
    return product + (_raised(bias, len(lead) + 1) if flags[2] else bias)


# ---- images --------------------------------------------------------------------------------------------------------


def _into_rows(x: Tensor) -> Tensor:
    """(examples, N, ...) -> (examples * N, ...)."""
    return x.reshape(-1, *x._data.shape[2:])


def _out_of_rows(x: Tensor, size: int) -> Tensor:
    return x.reshape(size, -1, *x._data.shape[1:])


def _into_channels(x: Tensor, has: bool, size: int) -> Tensor:
    """(examples, N, C, ...) -> (N, examples * C, ...)."""
    x = x.transpose(0, 1) if has else x.unsqueeze(1).expand(-1, size, *x._data.shape[1:])
    return x.reshape(x._data.shape[0], -1, *x._data.shape[3:])


def _rows(shape_at: int = -1, tensors: int = 1) -> Rule:
    """Return the rule of an operation on (N, ...) that treats rows alike; ``shape_at``: a parameter with N in front."""

    def rule(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
        if any(flags[tensors:]):
            return None  # weights of every example's own
        lead = _all_batched(inputs[:tensors], flags[:tensors], size)
        n = lead[0]._data.shape[1]
        if shape_at >= 0 and len(params[shape_at]) == lead[0]._data.ndim - 1:
            shape = params[shape_at]
            params = (*params[:shape_at], (size * n, *shape[1:]), *params[shape_at + 1 :])
        found = apply(op, (*[_into_rows(x) for x in lead], *inputs[tensors:]), params)
        if isinstance(found, tuple):
            return tuple([_out_of_rows(r, size) for r in found]) if _all_rows(found, size * n) else None
        return _out_of_rows(found, size)

    return rule


def _all_rows(found: tuple[Any, ...], rows: int) -> bool:
    return all(r._data.ndim and r._data.shape[0] == rows for r in found)


def _conv(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    """Examples are more rows, or, where every example has its own weight, more groups of channels."""
    x, w, bias = inputs
    if not flags[0] and not flags[1]:
        return None
    if not flags[1]:
        y = _out_of_rows(apply(op, (_into_rows(x), w, None if flags[2] else bias), params), size)
    else:
        wide = _into_channels(x, flags[0], size), _into_rows(w)
        y = apply(op, (*wide, bias.flatten() if flags[2] else None), (*params[:3], params[3] * size, *params[4:]))
        y = y.reshape(y._data.shape[0], size, -1, *y._data.shape[2:]).transpose(0, 1)
        if flags[2] or bias is None:
            return y
        flags = (*flags[:2], True)
        bias = bias.expand(size, *bias._data.shape)
    if flags[2]:
        return y + bias.reshape(size, 1, -1, *(1,) * (y._data.ndim - 3))
    return y


def _conv_weight(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    """The gradient of every example's weight: groups of channels do not mix."""
    wide = tuple([_into_channels(x, has, size) for x, has in zip(inputs, flags)])
    return _out_of_rows(apply(op, wide, (*params[:3], params[3] * size, *params[4:])), size)


def _unfold(op: Op, inputs: tuple[Any, ...], flags: Flags, params: tuple[Any, ...], size: int) -> Any:
    """Windows of one dimension (a view), or the columns of a convolution."""
    return (_dims(0) if op.view else _rows())(op, inputs, flags, params, size)


RULES: dict[str, Rule] = {
    "copy": _copy, "expand": _expand, "sum_to_size": _sum_to, "permute": _permute, "t": _t, "repeat": _repeat,
    "constant_pad_nd": _pad, "cat": _cat, "stack": _dims(0), "view": _shape(0), "slice": _item,
    "index": _index, "index_select": _index, "index_backward": _index,
    "mm": _mm, "bmm": _mm, "dot": _dot, "linear": _linear,
    "convolution": _conv, "convolution_weight": _conv_weight,
    "native_layer_norm": _rows(), "native_group_norm": _rows(), "avg_pool": _rows(), "adaptive_avg_pool": _rows(),
    "max_pool": _rows(), "adaptive_max_pool": _rows(), "fold": _rows(), "unfold": _unfold,
    "avg_pool_backward": _rows(), "adaptive_avg_pool_backward": _rows(), "max_pool_values": _rows(),
    "max_pool_backward": _rows(tensors=2), "max_pool_chosen": _rows(tensors=2), "max_pool_indices": _rows(),
    "gather_spatial": _rows(tensors=2), "scatter_spatial": _rows(tensors=2),
}  # fmt: skip
RULES |= dict.fromkeys(
    ("alias", "clone", "to_copy", "tril", "triu", "view_as_real", "view_as_complex", "linalg_cholesky_ex",
     "linalg_inv_ex", "linalg_det", "linalg_slogdet", "linalg_qr", "linalg_svd", "linalg_eigh"), _same
)  # fmt: skip
RULES |= dict.fromkeys(
    ("select", "split", "unbind", "squeeze", "unsqueeze", "flip", "cumsum", "cumsum_from_end",
     "cumprod", "logcumsumexp", "softmax", "log_softmax", "softmax_backward", "sum", "mean", "prod", "var", "std",
     "all", "any", "amax", "amin", "logsumexp", "nansum", "linalg_vector_norm"), _dims(0)
)  # fmt: skip
RULES |= {
    "transpose": _dims(0, 1), "diagonal": _dims(1, 2), "diag_embed": _dims(1, 2), "roll": _dims(1),
    "recurrence": _dims(0), "recurrence_back": _dims(0), "logsumexp_backward": _dims(0),
}  # fmt: skip
