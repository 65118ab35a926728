"""The operations of the fuzz test, each for tensors and, independently, for NumPy arrays.

The NumPy side computes with complex numbers, too: a tiny imaginary part carries the derivative in one direction
("complex step", Squire & Trapp, SIAM Review 40, 1998), so that gradients are checked without any tape. Choices between
elements therefore look at real parts alone.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

import minitorch as torch

F = torch.nn.functional
Rng = np.random.Generator


class Entry(NamedTuple):
    """An operation: how to choose its parameters for given arrays (None: it does not apply), and both versions."""

    name: str
    arity: int
    choose: Callable[..., Any]
    array: Callable[..., Any]
    tensor: Callable[..., Any]
    kind: str = "new"  # "view": shares memory; "write": overwrites its first operand; "parts": a view not to be written
    saves: bool = True  # whether gradients may use operands or result, which then must not be overwritten
    exact: bool = True  # whether it may be given numbers that are equal (kinks and orders are not defined there)


ENTRIES: list[Entry] = []


def entry(*args: Any, **how: Any) -> None:
    ENTRIES.append(Entry(*args, **how))


def always(rng: Rng, *arrays: Any) -> Any:
    return ()


def dim_of(rng: Rng, x: Any, *_: Any) -> Any:
    return (int(rng.integers(-x.ndim, x.ndim)),) if x.ndim and x.size else None


def dims_of(rng: Rng, x: Any) -> Any:
    if not x.ndim or not x.size:
        return None
    count = int(rng.integers(1, x.ndim + 1))
    return tuple(int(d) for d in rng.permutation(x.ndim)[:count]), bool(rng.integers(2))


def broadcasts(rng: Rng, *arrays: Any) -> Any:
    try:
        return () if np.prod(np.broadcast_shapes(*[a.shape for a in arrays])) <= 200 else None
    except ValueError:
        return None


def real(x: Any) -> Any:
    return np.real(x)


class Skip(Exception):
    """The program ends here: NumPy laid a result out in another order than torch does."""


def view(x: Any, shape: Any) -> Any:
    if not x.is_contiguous():
        raise Skip
    return x.view(shape)


# ---- element by element --------------------------------------------------------------------------------------------

UNARY: dict[str, tuple[Any, Any]] = {
    "sin": (np.sin, torch.sin), "cos": (np.cos, torch.cos), "tanh": (np.tanh, torch.tanh), "neg": (np.negative, torch.neg),
    "square": (np.square, torch.square), "exp": (lambda x: np.exp(np.tanh(x)), lambda x: torch.exp(x.tanh())),
    "log": (lambda x: np.log(x * x + 1), lambda x: torch.log(x * x + 1)),
    "sqrt": (lambda x: np.sqrt(x * x + 0.5), lambda x: torch.sqrt(x.square() + 0.5)),
    "rsqrt": (lambda x: 1 / np.sqrt(x * x + 0.5), lambda x: (x * x + 0.5).rsqrt()),
    "reciprocal": (lambda x: 1 / (x * x + 1), lambda x: torch.reciprocal(1 + x * x)),
    "sigmoid": (lambda x: 1 / (1 + np.exp(-x)), torch.sigmoid), "atan": (np.arctan, torch.atan),
    "silu": (lambda x: x / (1 + np.exp(-x)), F.silu), "expm1": (lambda x: np.exp(np.sin(x)) - 1, lambda x: x.sin().expm1()),
    "log1p": (lambda x: np.log(1 + x * x), lambda x: (x * x).log1p()), "cube": (lambda x: np.sin(x) ** 3, lambda x: x.sin() ** 3),
    "softplus": (lambda x: np.log(1 + np.exp(x)), F.softplus), "logsigmoid": (lambda x: -np.log(1 + np.exp(-x)), F.logsigmoid),
    "gelu": (lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))), lambda x: F.gelu(x, approximate="tanh")),
    "mish": (lambda x: x * np.tanh(np.log(1 + np.exp(x))), F.mish), "rsub": (lambda x: 1.5 - x, lambda x: 1.5 - x),
    "half": (lambda x: x / 2, lambda x: x / 2), "scale": (lambda x: -0.75 * x, lambda x: x.mul(-0.75)), "clone": (lambda x: +x, torch.clone),
}  # fmt: skip
LINEAR = ("neg", "rsub", "half", "scale", "clone")
KINKED: dict[str, tuple[Any, Any]] = {
    "relu": (lambda x: np.where(real(x) > 0, x, 0), torch.relu), "abs": (lambda x: np.where(real(x) > 0, x, -x), torch.abs),
    "clamp": (lambda x: np.where(real(x) < -0.5, -0.5, np.where(real(x) > 0.7, 0.7, x)), lambda x: x.clamp(-0.5, 0.7)),
    "leaky_relu": (lambda x: np.where(real(x) > 0, x, 0.1 * x), lambda x: F.leaky_relu(x, 0.1)),
    "elu": (lambda x: np.where(real(x) > 0, x, np.exp(x) - 1), F.elu), "hardtanh": (lambda x: np.where(np.abs(real(x)) < 1, x, np.sign(real(x))), F.hardtanh),
}  # fmt: skip
for _name, (_array, _tensor) in UNARY.items():
    entry(_name, 1, always, _array, _tensor, saves=_name not in LINEAR)
for _name, (_array, _tensor) in KINKED.items():
    entry(_name, 1, always, _array, _tensor, exact=False)
for _name, _array, _tensor in (
    ("add", lambda x, y: x + y, lambda x, y: x + y), ("sub", lambda x, y: x - y, torch.sub),
    ("mul", lambda x, y: x * y, lambda x, y: x * y), ("div", lambda x, y: x / (y * y + 1), lambda x, y: x / (y * y + 1)),
    ("add alpha", lambda x, y: x + 2 * y, lambda x, y: torch.add(x, y, alpha=2)),
    ("hypot", lambda x, y: np.sqrt(x * x + (y * y + 1) ** 2), lambda x, y: torch.hypot(x, y * y + 1)),
):  # fmt: skip
    entry(_name, 2, broadcasts, _array, _tensor, saves=_name not in ("add", "sub", "add alpha"))
entry("maximum", 2, broadcasts, lambda x, y: np.where(real(x) > real(y), x, y), torch.maximum, exact=False)
entry("minimum", 2, broadcasts, lambda x, y: np.where(real(x) < real(y), x, y), torch.minimum, exact=False)
entry("where", 2, broadcasts, lambda x, y: np.where(real(x) > 0, x, y), lambda x, y: torch.where(x > 0, x, y))
entry("lerp", 2, lambda rng, x, y: () if x.shape == y.shape else None, lambda x, y: x + 0.3 * (y - x), lambda x, y: torch.lerp(x, y, 0.3))
entry("addcmul", 3, broadcasts, lambda x, y, z: x + 0.5 * y * z, lambda x, y, z: torch.addcmul(x, y, z, value=0.5))

# ---- views ---------------------------------------------------------------------------------------------------------


def order_of(rng: Rng, x: Any) -> Any:
    return (tuple(int(d) for d in rng.permutation(x.ndim)),) if x.ndim > 1 else None


def part_of(rng: Rng, x: Any) -> Any:
    """Choose an index of slices, numbers, None and an ellipsis."""
    if not x.ndim or not x.size:
        return None
    index: list[Any] = []
    for n in x.shape[: int(rng.integers(1, x.ndim + 1))]:
        start, step = int(rng.integers(0, n)), int(rng.integers(1, 3))
        index.append([slice(start, None, step), int(rng.integers(-n, n)), slice(None), slice(None, start + 1)][rng.integers(4)])
    if rng.integers(4) == 0 and x.ndim < 4:
        index.insert(int(rng.integers(len(index) + 1)), None)
    if rng.integers(4) == 0:
        index.append(Ellipsis)
    return (tuple(index),)


def shape_for(rng: Rng, x: Any) -> Any:
    if not x.size:
        return None
    divisors = [d for d in range(1, x.size + 1) if x.size % d == 0]
    first = int(rng.choice(divisors))
    rest = [d for d in divisors if (x.size // first) % d == 0]
    second = int(rng.choice(rest))
    return ([(first, x.size // first), (x.size,), (first, second, x.size // first // second)][rng.integers(3)],)


def wider(rng: Rng, x: Any) -> Any:
    shape = tuple(3 if n == 1 and rng.integers(2) else n for n in x.shape)
    shape = (2, *shape) if x.ndim < 3 and rng.integers(2) else shape
    return (shape,) if np.prod(shape) <= 120 else None


entry("permute", 1, order_of, np.transpose, lambda x, order: x.permute(order), kind="view", saves=False)
entry("transpose", 1, lambda rng, x: () if x.ndim > 1 else None, lambda x: np.swapaxes(x, 0, -1), lambda x: x.transpose(0, -1), kind="view", saves=False)
entry("slice", 1, part_of, lambda x, index: x[(*index, ...) if Ellipsis not in index else index], lambda x, index: x[index], kind="view", saves=False)
entry("unsqueeze", 1, lambda rng, x: (int(rng.integers(x.ndim + 1)),) if x.ndim < 4 else None, np.expand_dims, torch.unsqueeze, kind="view", saves=False)
entry("squeeze", 1, always, np.squeeze, torch.squeeze, kind="view", saves=False)
entry("expand", 1, wider, np.broadcast_to, lambda x, shape: x.expand(shape), kind="parts", saves=False)
entry("diagonal", 1, lambda rng, x: (int(rng.integers(-1, 2)),) if x.ndim == 2 and min(x.shape) > 1 else None,
      lambda x, k: x[max(-k, 0):, max(k, 0):][np.arange(0), np.arange(0)] if not x.size else np.lib.stride_tricks.as_strided(
          x[max(-k, 0):, max(k, 0):], (min(x.shape[0] - max(-k, 0), x.shape[1] - max(k, 0)),), (sum(x.strides),)),
      lambda x, k: x.diagonal(k), kind="view", saves=False)  # fmt: skip
entry("view", 1, lambda rng, x: shape_for(rng, x) if x.flags.c_contiguous else None, lambda x, shape: x.reshape(shape), lambda x, shape: view(x, shape), kind="view", saves=False)
entry("chunk", 1, dim_of, lambda x, d: np.split(x, [-(-x.shape[d] // 2)], d)[0], lambda x, d: x.chunk(2, d)[0], kind="parts", saves=False)
entry("unbind", 1, lambda rng, x: (0,) if x.ndim > 1 and x.shape[0] else None, lambda x, d: x[-1], lambda x, d: x.unbind(d)[-1], kind="parts", saves=False)
entry("windows", 1, lambda rng, x: () if x.ndim and x.shape[-1] > 2 and x.ndim < 4 else None,
      lambda x: np.lib.stride_tricks.sliding_window_view(x, 2, -1), lambda x: x.unfold(-1, 2, 1), kind="parts", saves=False)  # fmt: skip

# ---- reductions, order ---------------------------------------------------------------------------------------------


def spread_out(x: Any) -> bool:
    """Whether no two elements are close, so that their order is not a matter of rounding."""
    return x.size < 2 or bool(np.diff(np.sort(real(x), axis=None)).min() > 1e-6)


def _softmax(x: Any, d: int) -> Any:
    e = np.exp(x - real(x).max(d, keepdims=True))
    return e / e.sum(d, keepdims=True)


def _order(x: Any, d: int) -> Any:
    return np.argsort(real(x), axis=d, kind="stable")


def _extreme(x: Any, d: int, pick: Any) -> Any:
    return np.take_along_axis(x, np.expand_dims(pick(real(x), axis=d), d), d).squeeze(d)


entry("sum", 1, dims_of, lambda x, d, k: x.sum(axis=d, keepdims=k), lambda x, d, k: x.sum(d, k), saves=False)
entry("mean", 1, dims_of, lambda x, d, k: x.mean(axis=d, keepdims=k), lambda x, d, k: x.mean(dim=d, keepdim=k), saves=False)
entry("sum all", 1, always, lambda x: np.asarray(x.sum()), lambda x: x.sum(), saves=False)
entry("var", 1, dims_of, lambda x, d, k: ((x - x.mean(axis=d, keepdims=True)) ** 2).mean(axis=d, keepdims=k), lambda x, d, k: x.var(d, correction=0, keepdim=k))
entry("prod", 1, dim_of, lambda x, d: x.prod(axis=d), lambda x, d: x.prod(d))
entry("norm", 1, dims_of, lambda x, d, k: np.sqrt(((x + 0.1) ** 2).sum(axis=d, keepdims=k) + 0.0), lambda x, d, k: (x + 0.1).norm(2, d, k), exact=False)
entry("amax", 1, dim_of, lambda x, d: _extreme(x, d, np.argmax), lambda x, d: x.amax(d), exact=False)
entry("min", 1, dim_of, lambda x, d: _extreme(x, d, np.argmin), lambda x, d: x.min(d).values, exact=False)
entry("logsumexp", 1, dim_of, lambda x, d: np.log(np.exp(x).sum(axis=d)), lambda x, d: x.logsumexp(d))
entry("softmax", 1, dim_of, _softmax, lambda x, d: x.softmax(d))
entry("log_softmax", 1, dim_of, lambda x, d: np.log(_softmax(x, d)), lambda x, d: F.log_softmax(x, d))
entry("cumsum", 1, dim_of, lambda x, d: np.cumsum(x, axis=d), lambda x, d: x.cumsum(d), saves=False)
entry("cumprod", 1, dim_of, lambda x, d: np.cumprod(x, axis=d), lambda x, d: x.cumprod(d))
entry("sort", 1, dim_of, lambda x, d: np.take_along_axis(x, _order(x, d), d), lambda x, d: x.sort(d).values, exact=False)
entry("topk", 1, dim_of, lambda x, d: np.take(np.flip(np.take_along_axis(x, _order(x, d), d), d), [0], d), lambda x, d: x.topk(1, d).values, exact=False)
entry("median", 1, dim_of, lambda x, d: np.take(np.take_along_axis(x, _order(x, d), d), (x.shape[d] - 1) // 2, d), lambda x, d: x.median(d).values, exact=False)
entry("cummax", 1, dim_of, lambda x, d: np.take_along_axis(x, _running(x, d), d), lambda x, d: x.cummax(d).values, exact=False)
entry("diff", 1, dim_of, lambda x, d: np.diff(x, axis=d), lambda x, d: x.diff(dim=d), saves=False)


def _running(x: Any, d: int) -> Any:
    """Return where the largest element up to each place stands."""
    rows, best = np.moveaxis(real(x), d, 0), np.zeros(np.moveaxis(x, d, 0).shape, int)
    for i in range(1, len(rows)):
        before = np.take_along_axis(rows, best[i - 1][None], 0)[0]
        best[i] = np.where(rows[i] > before, i, best[i - 1])
    return np.moveaxis(best, 0, d)
