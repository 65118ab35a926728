"""More operations of the fuzz test: joining, indexing, products, layers, and writes in place."""

from typing import Any

import numpy as np

import minitorch as torch
from tests.fuzz_ops import F, Rng, always, broadcasts, dim_of, entry, real

# ---- moving, joining, picking --------------------------------------------------------------------------------------


def rows_of(rng: Rng, x: Any) -> Any:
    return (rng.integers(0, x.shape[0], int(rng.integers(1, 4))),) if x.ndim and x.shape[0] else None


def mask_of(rng: Rng, x: Any, *_: Any) -> Any:
    return (np.asarray(rng.random(x.shape) < 0.5),)


def picks_of(rng: Rng, x: Any) -> Any:
    """Choose an index array of the shape of ``x`` along the last dimension."""
    return (rng.integers(0, x.shape[-1], x.shape),) if x.ndim and x.size else None


def index_of(rng: Rng, x: Any) -> Any:
    """Choose an index of arrays mixed with slices."""
    if x.ndim < 2 or not x.size:
        return None
    a, b = (rng.integers(0, n, 3) for n in x.shape[:2])
    forms: list[Any] = [(a, b), (a,), (slice(None), b), (a[:2, None], b), (None, a), (slice(None), b, None), (Ellipsis, rng.integers(0, x.shape[-1], 2))]
    return (forms[rng.integers(len(forms))],)


def joins(rng: Rng, x: Any, y: Any) -> Any:
    same = x.ndim and x.ndim == y.ndim and x.shape[1:] == y.shape[1:] and x.size + y.size <= 150
    return () if same else None


def alike(rng: Rng, x: Any, y: Any) -> Any:
    return (int(rng.integers(x.ndim + 1)),) if x.shape == y.shape and x.size <= 60 and x.ndim < 4 else None


def t(index: Any) -> Any:
    """Return an index with tensors in place of arrays."""
    return tuple(torch.from_numpy(i) if isinstance(i, np.ndarray) else i for i in index)


def small(rng: Rng, x: Any) -> Any:
    return () if x.size <= 40 and x.ndim else None


entry("cat", 2, joins, lambda x, y: np.concatenate([x, y]), lambda x, y: torch.cat([x, y]), saves=False)
entry("stack", 2, alike, lambda x, y, d: np.stack([x, y], d), lambda x, y, d: torch.stack([x, y], d), saves=False)
entry("flip", 1, dim_of, lambda x, d: np.array(np.flip(x, d)), lambda x, d: x.flip(d), saves=False)
entry("roll", 1, dim_of, lambda x, d: np.roll(x, 1, d), lambda x, d: x.roll(1, d), saves=False)
entry("tile", 1, small, lambda x: np.concatenate([x, x], -1), lambda x: x.repeat(*[1] * (x.dim() - 1), 2), saves=False)
entry("repeat_interleave", 1, small, lambda x: np.repeat(x, 2, 0), lambda x: x.repeat_interleave(2, 0), saves=False)
entry("pad", 1, small, lambda x: np.pad(x, [(0, 0)] * (x.ndim - 1) + [(1, 2)], constant_values=0.5), lambda x: F.pad(x, (1, 2), value=0.5), saves=False)
entry("tril", 1, lambda rng, x: (int(rng.integers(-1, 2)),) if x.ndim > 1 else None, np.tril, torch.tril, saves=False)
entry("triu", 1, lambda rng, x: (int(rng.integers(-1, 2)),) if x.ndim > 1 else None, np.triu, torch.triu, saves=False)
entry("index_select", 1, rows_of, lambda x, i: x[i], lambda x, i: x.index_select(0, torch.from_numpy(i)), saves=False)
entry("gather", 1, picks_of, lambda x, i: np.take_along_axis(x, i, -1), lambda x, i: x.gather(-1, torch.from_numpy(i)), saves=False)
entry("advanced", 1, index_of, lambda x, i: x[i], lambda x, i: x[t(i)], saves=False)
entry("mask", 1, mask_of, lambda x, m: x[m], lambda x, m: x[torch.from_numpy(m)], saves=False)
entry("masked_fill", 1, mask_of, lambda x, m: np.where(m, 0.25, x), lambda x, m: x.masked_fill(torch.from_numpy(m), 0.25), saves=False)
entry("reshape", 1, lambda rng, x: (-1,) if x.size else None, lambda x, n: x.flatten(), lambda x, n: x.clone().reshape(n), saves=False)
entry("contiguous", 1, always, lambda x: np.array(x), lambda x: x.clone().contiguous(), saves=False)
entry("detach", 1, always, lambda x: real(x).astype(x.dtype), lambda x: x.detach().clone(), saves=False)

# ---- products and layers -------------------------------------------------------------------------------------------


def matrices(rng: Rng, x: Any, y: Any) -> Any:
    if not (x.ndim and y.ndim and x.ndim < 4 and y.ndim < 4):
        return None
    return () if x.shape[-1] == (y.shape[0] if y.ndim == 1 else y.shape[-2]) and _batches(x, y) else None


def _batches(x: Any, y: Any) -> bool:
    try:
        np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    except ValueError:
        return False
    return bool(x.size and y.size)


def _norm_rows(x: Any) -> Any:
    centred = x - x.mean(axis=-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + 1e-2)


def _conv(x: Any, w: Any) -> Any:
    return np.einsum("nclk,ock->nol", np.lib.stride_tricks.sliding_window_view(x, w.shape[2], 2), w)


def last_two(rng: Rng, x: Any, y: Any) -> Any:
    return () if x.ndim and y.ndim == 2 and x.shape[-1] == y.shape[-1] and x.size * len(y) <= 400 else None


entry("matmul", 2, matrices, np.matmul, torch.matmul)
entry("linear", 2, last_two, lambda x, w: x @ w.T, F.linear)
entry("einsum", 2, last_two, lambda x, w: np.einsum("...i,ji->...j", x, w), lambda x, w: torch.einsum("...i,ji->...j", x, w))
entry("outer", 2, lambda rng, x, y: () if x.ndim == y.ndim == 1 and x.size * y.size <= 100 else None, np.outer, torch.outer)
entry("layer_norm", 1, lambda rng, x: () if x.ndim and x.shape[-1] > 1 else None, _norm_rows, lambda x: F.layer_norm(x, x.shape[-1:], eps=1e-2))
entry("conv1d", 2, lambda rng, x, w: () if x.ndim == w.ndim == 3 and x.shape[1] == w.shape[1] and x.shape[2] >= w.shape[2] > 0 and x.size and w.size else None,
      _conv, F.conv1d)  # fmt: skip
entry("mse", 2, lambda rng, x, y: () if x.shape == y.shape and x.size else None, lambda x, y: np.asarray(((x - y) ** 2).mean()), F.mse_loss)
entry("sdpa", 1, lambda rng, x: () if x.ndim == 3 and x.size else None, lambda x: _attend(x), lambda x: F.scaled_dot_product_attention(x, x, x))
entry("max_pool1d", 1, lambda rng, x: () if x.ndim == 3 and x.shape[2] > 1 and x.size else None,
      lambda x: _pooled(x), lambda x: F.max_pool1d(x, 2, 1), exact=False)  # fmt: skip


def _attend(x: Any) -> Any:
    scores = x @ np.swapaxes(x, -1, -2) / np.sqrt(x.shape[-1])
    e = np.exp(scores - real(scores).max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True) @ x


def _pooled(x: Any) -> Any:
    windows = np.lib.stride_tricks.sliding_window_view(x, 2, -1)
    return np.take_along_axis(windows, np.argmax(real(windows), -1)[..., None], -1)[..., 0]


# ---- writes in place: the first operand is overwritten ---------------------------------------------------------------


def fits(rng: Rng, x: Any, y: Any) -> Any:
    return () if broadcasts(rng, x, y) is not None and np.broadcast_shapes(x.shape, y.shape) == x.shape else None


def _store(x: Any, value: Any) -> Any:
    x[...] = value
    return x


def _put(x: Any, index: Any, value: Any) -> Any:
    x[index] = value
    return x


def _add_rows(x: Any, y: Any, i: Any) -> Any:
    np.add.at(x, i, y[np.arange(len(i)) % len(y)])
    return x


def _tensor_put(x: Any, index: Any, value: Any) -> Any:
    x[index] = value
    return x


def slot_of(rng: Rng, x: Any, y: Any) -> Any:
    """Choose a row of ``x`` that ``y`` fits into."""
    return (int(rng.integers(len(x))),) if x.ndim and len(x) and fits(rng, x[0], y) is not None else None


entry("add_", 2, fits, lambda x, y: _store(x, x + y), lambda x, y: x.add_(y), kind="write", saves=False)
entry("sub_ alpha", 2, fits, lambda x, y: _store(x, x - 2 * y), lambda x, y: x.sub_(y, alpha=2), kind="write", saves=False)
entry("mul_", 2, fits, lambda x, y: _store(x, x * y), lambda x, y: x.mul_(y), kind="write")
entry("iadd", 2, fits, lambda x, y: _store(x, x + y), lambda x, y: x.__iadd__(y), kind="write", saves=False)
entry("copy_", 2, fits, lambda x, y: _store(x, y), lambda x, y: x.copy_(y), kind="write", saves=False)
entry("fill_", 1, always, lambda x: _store(x, 0.5), lambda x: x.fill_(0.5), kind="write", saves=False)
entry("zero_", 1, always, lambda x: _store(x, 0), lambda x: x.zero_(), kind="write", saves=False)
entry("tanh_", 1, always, lambda x: _store(x, np.tanh(x)), lambda x: x.tanh_(), kind="write")
entry("mul_ number", 1, always, lambda x: _store(x, x * 1.5), lambda x: x.mul_(1.5), kind="write", saves=False)
entry("masked_fill_", 1, mask_of, lambda x, m: _put(x, m, 0.75), lambda x, m: x.masked_fill_(torch.from_numpy(m), 0.75), kind="write", saves=False)
entry("set row", 2, slot_of, lambda x, y, i: _put(x, i, y), lambda x, y, i: _tensor_put(x, i, y), kind="write", saves=False)
entry("set number", 1, lambda rng, x: (int(rng.integers(len(x))),) if x.ndim and len(x) else None,
      lambda x, i: _put(x, i, -0.5), lambda x, i: _tensor_put(x, i, -0.5), kind="write", saves=False)  # fmt: skip
entry("set mask", 1, mask_of, lambda x, m: _put(x, m, 0.1), lambda x, m: _tensor_put(x, torch.from_numpy(m), 0.1), kind="write", saves=False)
entry("index_add_", 2, lambda rng, x, y: (rng.integers(0, len(x), len(y)),) if x.ndim and x.ndim == y.ndim and x.shape[1:] == y.shape[1:] and len(x) and len(y) else None,
      _add_rows, lambda x, y, i: x.index_add_(0, torch.from_numpy(i), y), kind="write", saves=False)  # fmt: skip
entry("addcmul_", 2, fits, lambda x, y: _store(x, x + y * y), lambda x, y: x.addcmul_(y, y), kind="write")
