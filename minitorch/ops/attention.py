"""Scaled dot-product attention: products, mask, softmax, dropout and the weighted sum; a composite.

Vaswani et al., "Attention Is All You Need" (arXiv 1706.03762); grouped heads: Ainslie et al. (arXiv 2305.13245).
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from ..errors import shape_text
from ..op import Failure, Make, Sample, register
from ..tensor import wrap
from ._common import Tensor, tensor_arg
from .dropout import dropout
from .matmul import matmul
from .softmax import softmax

__all__ = ["scaled_dot_product_attention"]

_CPP = {"float32": "float", "float64": "double", "int64": "long int", "float16": "c10::Half", "int32": "int"}


def scaled_dot_product_attention(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    attn_mask: Tensor | None = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Tensor:
    """Return ``softmax(query @ key.mT * scale + mask) @ value``.

    Parameters
    ----------
    query : (..., H, L, E). key : (..., H, S, E). value : (..., H, S, Ev). The result is (..., H, L, Ev).
    attn_mask : broadcasts to (..., H, L, S): bool, True where attention is allowed, or floating, added to the scores.
    dropout_p : probability of dropout of the weights; applied whenever it is above 0, as torch has no mode here.
    is_causal : position i sees positions up to i only.
    scale : 1 / sqrt(E) by default.
    enable_gqa : key and value may have fewer heads, each then serves a group of query's heads.

    Raises
    ------
    RuntimeError : dtypes that differ, fewer than 2 dimensions, sizes that do not fit.

    Examples
    --------
    >>> import minitorch, minitorch.nn.functional as F
    >>> x = minitorch.tensor([[1.0, 0.0], [0.0, 1.0]])
    >>> F.scaled_dot_product_attention(x, x, x, is_causal=True)
    tensor([[1.0000, 0.0000],
            [0.3302, 0.6698]])
    """
    q, k, v = (tensor_arg("scaled_dot_product_attention", x) for x in (query, key, value))
    _check(q, k, v, attn_mask, dropout_p)
    if is_causal and attn_mask is not None:
        raise RuntimeError("_scaled_dot_product_attention: Explicit attn_mask should not be set when is_causal=True")
    if enable_gqa:
        k, v = _grouped(q, k, v)
    if q.dtype.itemsize == 2:
        mask = attn_mask.float() if attn_mask is not None and attn_mask._data.dtype != bool else attn_mask
        wide = (q.float(), k.float(), v.float(), mask)
        return scaled_dot_product_attention(*wide, dropout_p, is_causal, scale).to(q.dtype)
    factor = math.sqrt(1.0 / math.sqrt(q._data.shape[-1] or 1) if scale is None else abs(scale))
    # both sides are scaled, so that large features do not overflow
    sign = -1.0 if scale is not None and scale < 0 else 1.0
    scores = matmul(q * (factor * sign), (k * factor).mT)
    return matmul(_weights(scores, attn_mask, dropout_p, is_causal), v)


def _weights(scores: Tensor, mask: Tensor | None, dropout_p: float, is_causal: bool) -> Tensor:
    added, blind = _additive(scores, mask, is_causal)
    weights = softmax(scores if added is None else scores + added, -1)
    if blind is not None:
        weights = weights.masked_fill(blind, 0.0)
    return dropout(weights, dropout_p) if dropout_p > 0 else weights


def _additive(scores: Tensor, mask: Tensor | None, is_causal: bool) -> tuple[Tensor | None, Tensor | None]:
    """Return what is added to the scores, and the rows that see nothing: their weights become 0, not NaN."""
    kind, allowed, added = scores._data.dtype, None, None
    if mask is not None and mask._data.dtype == bool:
        allowed = mask._data
    elif mask is not None:
        added = mask.to(scores.dtype)
        seen = mask._data.astype(np.float64) if mask._data.dtype.kind == "V" else mask._data
        if np.isneginf(seen).all(-1).any():
            allowed = ~np.isneginf(seen)
    if is_causal:
        causal = np.tri(*scores._data.shape[-2:]).astype(bool)
        allowed = causal if allowed is None else allowed & causal
    if allowed is None:
        return added, None
    blind = ~allowed.any(-1, keepdims=True)
    hidden = wrap(np.where(allowed | blind, kind.type(0), kind.type(-np.inf)))
    if added is not None:
        added = added.masked_fill(wrap(np.broadcast_to(blind, np.broadcast_shapes(blind.shape, mask.shape))), 0.0)  # type: ignore[union-attr]
        hidden = hidden + added
    return hidden, wrap(blind) if blind.any() else None


def _grouped(q: Tensor, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
    """Repeat the heads of key and value to those of query."""
    heads = q._data.shape[-3]
    if heads % k._data.shape[-3] or heads % v._data.shape[-3]:
        raise RuntimeError(
            "Number of heads in key and value must divide the number of heads in query: key has "
            f"{k._data.shape[-3]}, value {v._data.shape[-3]}, query {heads}"
        )
    return k.repeat_interleave(heads // k._data.shape[-3], -3), v.repeat_interleave(heads // v._data.shape[-3], -3)


def _check(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, dropout_p: float) -> None:
    if not q._data.dtype == k._data.dtype == v._data.dtype:
        names = [_CPP.get(t.dtype.name, t.dtype.name) for t in (q, k, v)]
        raise RuntimeError(
            f"Expected query, key, and value to have the same dtype, but got query.dtype: {names[0]} key.dtype: "
            f"{names[1]} and value.dtype: {names[2]} instead."
        )
    if min(t._data.ndim for t in (q, k, v)) < 2:
        raise RuntimeError(
            "Expected query, key, and value to all be  at least 2 dimensional, but got query.dim: "
            f"{q._data.ndim} key.dim: {k._data.ndim} and value.dim: {v._data.ndim} instead."
        )
    if mask is not None and mask._data.dtype not in (bool, np.float32, q._data.dtype):
        names = [_CPP.get(t.dtype.name, t.dtype.name) for t in (mask, q)]
        raise RuntimeError(
            "Expected attn_mask dtype to be bool or float or to match query dtype, but got attn_mask.dtype: "
            f"{names[0]} and  query.dtype: {names[1]} instead."
        )
    if not 0 <= dropout_p <= 1:
        raise RuntimeError(f"dropout probability has to be between 0 and 1, but got {dropout_p:g}")
    if k._data.shape[-2] != v._data.shape[-2] or q._data.shape[-1] != k._data.shape[-1]:
        raise RuntimeError(
            f"scaled_dot_product_attention: query {shape_text(q._data.shape)} and key {shape_text(k._data.shape)} need "
            f"the same last size, key and value {shape_text(v._data.shape)} the same length"
        )


# ---- samples -------------------------------------------------------------------------------------------------------


def _samples(make: Make) -> Iterator[Sample]:
    qkv = (make(2, 3, 2), make(2, 4, 2), make(2, 4, 3))
    yield Sample("batch", qkv)
    yield Sample("matrices", (make(2, 3), make(3, 3), make(3, 2)))
    yield Sample("floating mask", (*qkv, make(3, 4)))
    mask = np.array([[1, 0, 1, 0], [0, 0, 0, 0], [1, 1, 1, 1]], bool)
    yield Sample("bool mask, a row that sees nothing", (*qkv, wrap(mask)))
    yield Sample("causal", qkv, {"is_causal": True, "scale": 0.3})
    heads = (make(1, 4, 2, 2), make(1, 2, 3, 2), make(1, 2, 3, 2))
    yield Sample("grouped heads", heads, {"enable_gqa": True})


def _failures(make: Make) -> Iterator[Failure]:
    x = make(2, 4, 3, 2)
    few = make(2, 3, 3, 2)
    yield Failure((x, x.float(), x), RuntimeError, "to have the same dtype")
    yield Failure((make(3), make(3), make(3)), RuntimeError, "at least 2 dimensional")
    yield Failure((x, few, few), RuntimeError, "Number of heads in key and value", {"enable_gqa": True})
    yield Failure((x, make(2, 4, 3, 3), x), RuntimeError, "the same last size")
    yield Failure((x, x, x, make.ints(3, 3)), RuntimeError, "Expected attn_mask dtype to be bool or float")
    yield Failure((x, x, x), RuntimeError, "dropout probability", {"dropout_p": 2.0})


register(
    scaled_dot_product_attention,
    samples=_samples,
    failures=_failures,
    methods=(),
    functional=True,
    top=False,
    budget=8.0,
)
