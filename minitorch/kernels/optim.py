"""Parameter updates in place, of all parameters in one launch: SGD, Adam and AdamW in torch's order of operations.

Arrays are float32 or float64, all of a batch alike, and each parameter shares a dense memory order with its gradient
and its state (see `elementwise.applies`). A `Batch` names them by their object, one row for each role, and cuts
them into pieces, which are the kernels' items; its numbers are one row for each set of them that parameters share,
computed in float64 and rounded to the arrays' precision, as torch has them. The other rules are in `optim_rules`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..codegen.lazy import device
from ..codegen.math import const, divide, fused, maximum, product, sqrt
from ..codegen.move import stretch
from ..jit import Kernel, kernel
from .elementwise import flattener

Array = NDArray[Any]

PIECE = 2048  # elements that pass through the first-level cache together
NUMBERS, P, G, STATE = 0, 1, 2, 3  # rows of a batch's table: which row of the numbers; then the arrays of each role


class Batch(NamedTuple):
    """Parameters and state that one launch changes."""

    table: Array  # int64 (3 + roles of state, parameters), see above
    pieces: Array  # int64 (pieces, 3): parameter, first element, number of elements
    dtype: Any
    size: int  # elements of all parameters


def batch_of(*roles: list[Array]) -> Batch:
    """Return the batch of parameters and of the roles of their state, in one sequence; gradients come later."""
    params = roles[0]
    sizes = np.array([p.size for p in params])
    counts = -(-sizes // PIECE)
    which = np.repeat(np.arange(len(params)), counts)
    first = (np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)) * PIECE
    table = np.zeros((STATE + len(roles) - 1, len(params)), np.int64)
    for row, role in zip((P, *range(STATE, len(table))), roles):
        table[row] = [*map(id, role)]
    pieces = np.stack([which, first, np.minimum(sizes[which] - first, PIECE)], 1)
    return Batch(table, pieces, params[0].dtype, int(sizes.sum()))


def launch(kernel: Kernel, cost: int, batch: Batch, grads: list[Array], which: Any, numbers: list[Any]) -> None:
    """Run an update, `cost` operations an element; `which` row of the `numbers` is each parameter's."""
    batch.table[G] = [*map(id, grads)]
    batch.table[NUMBERS] = which
    kernel(len(batch.pieces), cost * batch.size, batch.table, batch.pieces, np.array(numbers, batch.dtype))


@device
def part(row: int, item: int, table: Array, pieces: Array, like: Any) -> Any:
    """Return an item's piece of the array in a row of the table; `like` is a scalar of its dtype."""
    return stretch(table[row, pieces[item, 0]], pieces[item, 1], pieces[item, 2], like)


@device
def numbers_of(item: int, table: Array, pieces: Array, numbers: Array) -> Any:
    """Return the numbers of an item's parameter."""
    return numbers[table[NUMBERS, pieces[item, 0]]]


# ---- rules, an element at a time ---------------------------------------------------------------------------


@device
def lerp(a: Any, b: Any, weight: Any) -> Any:
    """Return ``a + weight * (b - a)``, exact at both ends."""
    near = a + weight * (b - a)
    return near if weight < const(a, "1/2") else b - (b - a) * (const(a, "1") - weight)


@device
def blend(buffer: Any, g: Any, keep: Any, take: Any) -> Any:
    """Return ``keep * buffer + take * g``, the first product rounded, as torch rounds it."""
    return fused(take, g, buffer * keep)


@device
def coupled(g: Any, p: Any, sign: Any, decay: Any) -> Any:
    """Return the gradient, its sign turned to climb, plus the L2 penalty's."""
    return fused(decay, p, sign * g)


@device
def stepped(p: Any, m: Any, v: Any, step: Any, correction: Any, eps: Any) -> Any:
    """Return ``p - step * m / (sqrt(v) / correction + eps)``."""
    return p - divide(step * m, divide(sqrt(v), correction) + eps)


# ---- kernels; short loops over few arrays: of many LLVM does not check the overlaps, and would not vectorise ----


@kernel
def sgd(lo: int, hi: int, table: Array, pieces: Array, numbers: Array) -> None:
    """One step of gradient descent; numbers: rate, momentum, 1 - dampening, decay, sign, nesterov, first.

    The buffer is not touched without momentum, and not read on the first step.
    """
    one, zero = numbers.dtype.type(1.0), numbers.dtype.type(0.0)
    for item in range(lo, hi):
        p, g = part(P, item, table, pieces, zero), part(G, item, table, pieces, zero)
        n = numbers_of(item, table, pieces, numbers)
        rate, keep, take, decay, sign = n[0], n[1], n[2], n[3], n[4]
        if keep == zero:
            for i in range(np.uint64(p.size)):
                p[i] = blend(p[i], coupled(g[i], p[i], sign, decay), one, -rate)
        else:
            buffer, nesterov, first = part(STATE, item, table, pieces, zero), n[5] != zero, n[6] != zero
            for i in range(np.uint64(p.size)):
                d = coupled(g[i], p[i], sign, decay)
                b = d if first else blend(buffer[i], d, keep, take)
                buffer[i] = b
                p[i] = blend(p[i], blend(d, b, one, keep) if nesterov else b, one, -rate)


@kernel
def adam(lo: int, hi: int, table: Array, pieces: Array, numbers: Array) -> None:
    """One step of Adam; the state's roles: both moments and, with amsgrad, the largest second one.

    Numbers: step, correction, eps, 1 - beta1, beta2, 1 - beta2, decay, shrinking factor, sign, amsgrad.
    """
    zero = numbers.dtype.type(0.0)
    for item in range(lo, hi):
        p, g = part(P, item, table, pieces, zero), part(G, item, table, pieces, zero)
        m, v = part(STATE, item, table, pieces, zero), part(STATE + 1, item, table, pieces, zero)
        n = numbers_of(item, table, pieces, numbers)
        step, correction, eps, take1, keep2, take2 = n[0], n[1], n[2], n[3], n[4], n[5]
        decay, shrink, sign = n[6], n[7], n[8]
        for i in range(np.uint64(p.size)):
            w = coupled(g[i], p[i], sign, decay)
            m[i] = lerp(m[i], w, take1)
            v[i] = blend(v[i], w, keep2, take2 * w)
        second = v
        if n[9] != zero:
            second = part(STATE + 2, item, table, pieces, zero)
            for i in range(np.uint64(p.size)):
                second[i] = maximum(second[i], v[i])
        for i in range(np.uint64(p.size)):
            p[i] = stepped(product(p[i], shrink), m[i], second[i], step, correction, eps)


# ---- array functions -------------------------------------------------------------------------------------


def _step(name: str, kernel: Kernel, p: Array, g: Array, state: list[Array], numbers: tuple[float, ...]) -> None:
    arrays = [p, g, *state]
    flatten = flattener(p)
    if flatten is None or any(flattener(a) is not flatten or a.dtype != p.dtype for a in arrays):
        raise ValueError(f"{name}: arrays of dtypes {[str(a.dtype) for a in arrays]} share no dense order")
    launch(kernel, 40, batch_of([p], *([s] for s in state)), [g], 0, [numbers])


def sgd_step(
    p: Array,
    g: Array,
    buffer: Array | None,
    *,
    first: bool,
    lr: float,
    momentum: float = 0.0,
    dampening: float = 0.0,
    weight_decay: float = 0.0,
    nesterov: bool = False,
    maximize: bool = False,
) -> None:
    """Change `p` and the momentum `buffer` in place; on the `first` step the buffer takes the gradient as it is.

    >>> p = np.array([1.0, 2.0])
    >>> sgd_step(p, np.array([2.0, 4.0]), None, first=True, lr=0.5)
    >>> p.tolist()
    [0.0, 0.0]
    """
    if buffer is None and momentum:
        raise ValueError(f"sgd_step: momentum={momentum} needs a buffer")
    numbers = lr, momentum, 1.0 - dampening, weight_decay, -1.0 if maximize else 1.0, nesterov, first
    _step("sgd_step", sgd, p, g, [] if buffer is None else [buffer], numbers)


def adam_step(
    p: Array,
    g: Array,
    exp_avg: Array,
    exp_avg_sq: Array,
    max_exp_avg_sq: Array | None,
    *,
    step: float,
    lr: float,
    betas: tuple[float, float],
    eps: float,
    weight_decay: float = 0.0,
    decoupled: bool = False,
    maximize: bool = False,
) -> None:
    """Change `p`, the moments and (amsgrad) their maximum in place; `step` counts from 1 and includes this one.

    `decoupled` weight decay shrinks the parameter (AdamW, arXiv:1711.05101) instead of joining the gradient
    (Adam, arXiv:1412.6980).
    """
    top = [] if max_exp_avg_sq is None else [max_exp_avg_sq]
    beta1, beta2 = betas
    rate, root = lr / (1.0 - beta1**step), float(np.sqrt(1.0 - beta2**step))
    decay, shrink = (0.0, 1.0 - lr * weight_decay) if decoupled else (weight_decay, 1.0)
    numbers = rate, root, eps, 1.0 - beta1, beta2, 1.0 - beta2, decay, shrink, -1.0 if maximize else 1.0, bool(top)
    _step("adam_step", adam, p, g, [exp_avg, exp_avg_sq, *top], numbers)
