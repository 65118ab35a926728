"""Attention with several heads, between a projection into them and one out of them: a composite."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..dtypes import dtype
from ..op import Failure, Make, Sample, register
from ..tensor import wrap
from ._common import Tensor
from .attention import scaled_dot_product_attention
from .dropout import dropout
from .join import cat
from .linear import linear
from .matmul import matmul
from .pad import pad
from .softmax import softmax

__all__ = ["canonical_mask", "multi_head_attention_forward"]


def canonical_mask(mask: Tensor | None, name: str, kind: dtype, other: Tensor | None = None) -> Tensor | None:
    """Return a mask to add to scores: a bool mask, which is True where nothing may be seen, becomes -inf and 0.

    Raises AssertionError for a mask that is neither bool nor floating; warns if ``other``, the attention mask, has
    another dtype.

    >>> import minitorch
    >>> canonical_mask(minitorch.tensor([True, False]), "attn_mask", minitorch.float32)
    tensor([-inf, 0.])
    """
    if mask is None:
        return None
    if mask._data.dtype != bool and not mask.is_floating_point():
        raise AssertionError(f"only bool and floating types of {name} are supported")
    if other is not None and other.dtype is not mask.dtype:
        warnings.warn(
            f"Support for mismatched {name} and attn_mask is deprecated. Use same type for both instead.", stacklevel=3
        )
    if mask.is_floating_point():
        return mask
    return wrap(np.where(mask._data, -np.inf, 0.0).astype(kind.numpy))


def multi_head_attention_forward(
    query: Tensor,
    key: Tensor,
    value: Tensor,
    embed_dim_to_check: int,
    num_heads: int,
    in_proj_weight: Tensor | None,
    in_proj_bias: Tensor | None,
    bias_k: Tensor | None,
    bias_v: Tensor | None,
    add_zero_attn: bool,
    dropout_p: float,
    out_proj_weight: Tensor,
    out_proj_bias: Tensor | None,
    training: bool = True,
    key_padding_mask: Tensor | None = None,
    need_weights: bool = True,
    attn_mask: Tensor | None = None,
    use_separate_proj_weight: bool = False,
    q_proj_weight: Tensor | None = None,
    k_proj_weight: Tensor | None = None,
    v_proj_weight: Tensor | None = None,
    static_k: Tensor | None = None,
    static_v: Tensor | None = None,
    average_attn_weights: bool = True,
    is_causal: bool = False,
) -> tuple[Tensor, Tensor | None]:
    """Return attention's output and, with ``need_weights``, its weights (Vaswani et al., arXiv 1706.03762).

    Parameters
    ----------
    query : (L, N, E) or (L, E). key : (S, N, kdim). value : (S, N, vdim); the output is (L, N, E).
    in_proj_weight : (3E, E), or with ``use_separate_proj_weight`` three weights. in_proj_bias : (3E).
    bias_k, bias_v : (1, 1, E), one more position of key and value; ``add_zero_attn`` adds one of zeros.
    static_k, static_v : (N * num_heads, S, E / num_heads), instead of the projected key and value.
    key_padding_mask : (N, S), True (or -inf) at keys that are not to be seen.
    attn_mask : (L, S) or (N * num_heads, L, S), True where nothing is to be seen, or floating, added to the scores.
    average_attn_weights : weights are (N, L, S), averaged over heads, or (N, num_heads, L, S).
    is_causal : a hint that ``attn_mask`` is the causal mask.

    Raises
    ------
    AssertionError, RuntimeError : shapes that do not fit, as torch raises them.

    Examples
    --------
    >>> import minitorch, minitorch.nn.functional as F
    >>> x, w = minitorch.ones(3, 1, 2), minitorch.eye(2)
    >>> out, weights = F.multi_head_attention_forward(
    ...     x, x, x, 2, 1, minitorch.cat([w, w, w]), None, None, None, False, 0.0, w, None
    ... )
    >>> out.shape, weights.shape
    (torch.Size([3, 1, 2]), torch.Size([1, 3, 3]))
    """
    batched = _check_dims(query, key, value, key_padding_mask, attn_mask, num_heads)
    if not batched:
        query, key, value = (x.unsqueeze(1) for x in (query, key, value))
        key_padding_mask = None if key_padding_mask is None else key_padding_mask.unsqueeze(0)
    length, batch, embed = query._data.shape
    padding = canonical_mask(key_padding_mask, "key_padding_mask", query.dtype, attn_mask)
    if is_causal and attn_mask is None:
        raise RuntimeError(
            "Need attn_mask if specifying the is_causal hint. You may use the Transformer module method "
            "`generate_square_subsequent_mask` to create this mask."
        )
    mask = canonical_mask(attn_mask, "attn_mask", query.dtype)
    _check_sizes(query, key, value, embed_dim_to_check, num_heads, use_separate_proj_weight)
    weights = (q_proj_weight, k_proj_weight, v_proj_weight)
    q, k, v = _projected((query, key, value), in_proj_weight, in_proj_bias, weights, use_separate_proj_weight)
    mask = _checked_mask(mask, batch * num_heads, length, key._data.shape[0])
    if (bias_k is None) != (bias_v is None):
        given, missing = ("bias_v", "bias_k") if bias_k is None else ("bias_k", "bias_v")
        raise AssertionError(f"{given} is set but {missing} is None")
    if bias_k is not None and bias_v is not None:
        _refuse_static(static_k, static_v)
        k, v = cat([k, bias_k.repeat(1, batch, 1)]), cat([v, bias_v.repeat(1, batch, 1)])
        mask, padding = _one_more(mask), _one_more(padding)
    q, k, v = (
        _heads(q, batch, num_heads),
        _static("static_k", static_k, _heads(k, batch, num_heads)),
        _static("static_v", static_v, _heads(v, batch, num_heads)),
    )
    if add_zero_attn:
        zero = wrap(np.zeros((batch * num_heads, 1, embed // num_heads), q._data.dtype))
        k, v = cat([k, zero], 1), cat([v, zero], 1)
        mask, padding = _one_more(mask), _one_more(padding)
    source = k._data.shape[1]
    mask = _merged(mask, padding, batch, num_heads, source)
    p = dropout_p if training else 0.0
    heads, seen = _attend(q, k, v, mask, p, need_weights, (batch, num_heads, length, source))
    out = linear(heads.transpose(0, 1).reshape(length * batch, embed), out_proj_weight, out_proj_bias)
    out = out.view(length, batch, out._data.shape[1])
    if seen is not None:
        seen = seen.view(batch, num_heads, length, source)
        seen = seen.mean(1) if average_attn_weights else seen
        seen = seen if batched else seen.squeeze(0)
    return out if batched else out.squeeze(1), seen


# ---- steps ---------------------------------------------------------------------------------------------------------


def _projected(
    inputs: tuple[Tensor, Tensor, Tensor], packed: Any, bias: Tensor | None, weights: tuple[Any, ...], separate: bool
) -> tuple[Tensor, ...]:
    """Return query, key and value in their common size; one product for all where they are one tensor."""
    needed = {"q_proj_weight": weights[0], "k_proj_weight": weights[1], "v_proj_weight": weights[2]}
    for name, weight in (needed if separate else {"in_proj_weight": packed}).items():
        if weight is None:
            raise AssertionError(f"use_separate_proj_weight is {separate} but {name} is None")
    if not separate and inputs[0] is inputs[1] and inputs[1] is inputs[2]:
        return tuple(linear(inputs[0], packed, bias).chunk(3, -1))
    each = weights if separate else packed.chunk(3)
    biases = (None,) * 3 if bias is None else bias.chunk(3)
    return tuple(linear(x, w, b) for x, w, b in zip(inputs, each, biases))


def _heads(x: Tensor, batch: int, heads: int) -> Tensor:
    """(T, N, E) to (N * heads, T, E / heads)."""
    time, _, embed = x._data.shape
    return x.reshape(time, batch * heads, embed // heads).transpose(0, 1)


def _attend(
    q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None, p: float, need_weights: bool, sizes: tuple[int, ...]
) -> tuple[Tensor, Tensor | None]:
    """Return the heads' outputs (N * heads, L, E / heads) and, if they are needed, the weights after dropout."""
    if not need_weights:
        return scaled_dot_product_attention(q, k, v, mask, p), None
    scores = matmul(q * math.sqrt(1.0 / q._data.shape[-1]), k.mT)
    weights = softmax(scores if mask is None else scores + mask, -1)
    weights = dropout(weights, p) if p > 0 else weights
    return matmul(weights, v), weights


def _one_more(mask: Tensor | None) -> Tensor | None:
    return None if mask is None else pad(mask, (0, 1))


def _merged(mask: Tensor | None, padding: Tensor | None, batch: int, heads: int, source: int) -> Tensor | None:
    if padding is None:
        return mask
    for axis, wanted in enumerate((batch, source)):
        if padding._data.shape[axis] != wanted:
            found = padding._data.shape[axis]
            raise AssertionError(f"Expected key_padded_mask.shape[{axis}] to be {wanted}, but got {found}")
    wide = padding.view(batch, 1, 1, source).expand(-1, heads, -1, -1).reshape(batch * heads, 1, source)
    return wide if mask is None else mask + wide


# ---- checks --------------------------------------------------------------------------------------------------------


def _static(name: str, given: Tensor | None, projected: Tensor) -> Tensor:
    if given is None:
        return projected
    for axis in (0, 2):
        wanted, found = projected._data.shape[axis], given._data.shape[axis]
        if wanted != found:
            raise AssertionError(f"expecting {name}.size({axis}) of {wanted}, but got {found}")
    return given


def _refuse_static(static_k: Tensor | None, static_v: Tensor | None) -> None:
    if static_k is not None:
        raise AssertionError("bias cannot be added to static key.")
    if static_v is not None:
        raise AssertionError("bias cannot be added to static value.")


def _check_dims(
    query: Tensor, key: Tensor, value: Tensor, padding: Tensor | None, mask: Tensor | None, heads: int
) -> bool:
    """Return whether there is a batch dimension, after torch's checks."""
    dims = query.dim()
    if dims not in (2, 3):
        raise AssertionError(f"query should be unbatched 2D or batched 3D tensor but received {dims}-D query tensor")
    what = f"For {'batched' if dims == 3 else 'unbatched'} ({dims}-D) `query`, expected"
    if key.dim() != dims or value.dim() != dims:
        raise AssertionError(
            f"{what} `key` and `value` to be {dims}-D but found {key.dim()}-D and {value.dim()}-D tensors respectively"
        )
    if padding is not None and padding.dim() != dims - 1:
        raise AssertionError(
            f"{what} `key_padding_mask` to be `None` or {dims - 1}-D but found {padding.dim()}-D tensor instead"
        )
    if mask is not None and mask.dim() not in (2, 3):
        raise AssertionError(f"{what} `attn_mask` to be `None`, 2-D or 3-D but found {mask.dim()}-D tensor instead")
    wanted = (heads, query.shape[0], key.shape[0])
    if dims == 2 and mask is not None and mask.dim() == 3 and tuple(mask.shape) != wanted:
        raise AssertionError(f"Expected `attn_mask` shape to be {wanted} but got {mask.shape}")
    return dims == 3


def _check_sizes(query: Tensor, key: Tensor, value: Tensor, embed: int, heads: int, separate: bool) -> None:
    found = query.shape[-1]
    if found != embed:
        raise AssertionError(f"was expecting embedding dimension of {embed}, but got {found}")
    if found % heads:
        raise AssertionError(f"embed_dim {found} not divisible by num_heads {heads}")
    if separate and key.shape[:2] != value.shape[:2]:
        raise AssertionError(f"key's sequence and batch dims {key.shape[:2]} do not match value's {value.shape[:2]}")
    if not separate and key.shape != value.shape:
        raise AssertionError(f"key shape {key.shape} does not match value shape {value.shape}")


def _checked_mask(mask: Tensor | None, rows: int, length: int, source: int) -> Tensor | None:
    if mask is None:
        return None
    wanted = (length, source) if mask.dim() == 2 else (rows, length, source)
    if tuple(mask.shape) != wanted:
        raise RuntimeError(f"The shape of the {mask.dim()}D attn_mask is {mask.shape}, but should be {wanted}.")
    return mask.unsqueeze(0) if mask.dim() == 2 else mask


# ---- samples -------------------------------------------------------------------------------------------------------


def _samples(make: Make) -> Iterator[Sample]:
    ends = (None, None, False, 0.0, make(4, 4), make(4))
    qkv, w, b = (make(3, 2, 4), make(3, 2, 4), make(3, 2, 4)), make(12, 4), make(12)
    yield Sample("batch", (*qkv, 4, 2, w, b, *ends))
    yield Sample("without weights", (*qkv, 4, 2, w, b, *ends), {"need_weights": False})
    other = (make(2, 4), make(3, 4), make(3, 4))
    extra = (make(1, 1, 4), make(1, 1, 4), True, 0.0, make(4, 4), None)
    yield Sample("unbatched, with more keys", (*other, 4, 2, w, None, *extra), {"average_attn_weights": False})


def _failures(make: Make) -> Iterator[Failure]:
    ends = (make(12, 4), None, None, None, False, 0.0, make(4, 4), None)
    x = make(3, 2, 4)
    yield Failure((x, x, x, 8, 2, *ends), AssertionError, "was expecting embedding dimension of 8")
    yield Failure((x, x, x, 4, 3, *ends), AssertionError, "not divisible by num_heads 3")
    yield Failure((make(4), x, x, 4, 2, *ends), AssertionError, "query should be unbatched 2D or batched 3D")
    yield Failure((x, make(3, 4), x, 4, 2, *ends), AssertionError, "expected `key` and `value` to be 3-D")
    yield Failure((x, x, x, 4, 2, *ends), RuntimeError, "The shape of the 2D", {"attn_mask": make(2, 2)})
    yield Failure((x, x, x, 4, 2, *ends), RuntimeError, "Need attn_mask", {"is_causal": True})


register(
    multi_head_attention_forward,
    samples=_samples,
    failures=_failures,
    methods=(),
    functional=True,
    top=False,
    budget=8.0,
)
