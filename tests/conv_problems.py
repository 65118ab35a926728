"""Random convolutions: operands of every shape, window, type and memory order."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from minitorch.kernels.layout import empty_channels_last
from minitorch.kernels.window import output_size

LAYOUTS = ("plain", "last", "strided", "inside", "axes", "expanded")
MOST = {1: 40, 2: 40, 3: 12}  # size of a map by its number of spatial axes


class Problem(NamedTuple):
    """Operands of the three directions, and (stride, padding, dilation, groups)."""

    x: Any
    w: Any
    bias: Any
    gy: Any
    how: tuple[Any, ...]
    layouts: tuple[str, ...]

    def __str__(self) -> str:
        """Say what it takes to make it again."""
        shapes = [a.shape for a in (self.x, self.w, self.gy)]
        return f"x, w, gy {shapes} {self.x.dtype} {self.layouts} stride, padding, dilation, groups {self.how}"


def laid_out(array: Any, layout: str) -> Any:
    """Return the values in another memory order; "expanded" repeats the first image (or filter) without a copy."""
    if layout == "last":
        out = empty_channels_last(array.shape, array.dtype)
    elif layout == "strided":
        out = np.empty([2 * n for n in array.shape], array.dtype)[tuple(slice(0, None, 2) for _ in array.shape)]
    elif layout == "inside":
        out = np.empty([n + 3 for n in array.shape], array.dtype)[tuple(slice(1, n + 1) for n in array.shape)]
    elif layout == "axes":
        out = np.empty(array.shape[::-1], array.dtype).transpose()
    elif layout == "expanded":
        return np.broadcast_to(np.ascontiguousarray(array[:1]), array.shape)
    else:
        out = np.empty(array.shape, array.dtype)
    out[...] = array
    return out


def problem(seed: int, most: float = 3e6) -> Problem:
    """Draw a problem of at most so many multiplications."""
    rng = np.random.default_rng(seed)
    while True:
        kernel, stride, padding, dilation = _window(rng)
        rank = len(kernel)
        spatial = tuple(
            max(int(rng.integers(1, MOST[rank] + 1)), d * (k - 1) + 1 - a - b, 1)
            for k, (a, b), d in zip(kernel, padding, dilation)
        )
        groups, channels, filters = _channels(rng)
        images = int(rng.choice([1, 1, 2, 3, 5]))
        outputs = [output_size(*axis) for axis in zip(spatial, kernel, stride, padding, dilation)]
        if np.prod([images, groups, channels, filters, *outputs, *kernel], dtype=float) <= most:
            break
    dtype = rng.choice([np.float32, np.float64])
    ins, outs = channels * groups, filters * groups
    shapes = (images, ins, *spatial), (outs, channels, *kernel), (images, outs, *outputs)
    layouts = tuple(str(name) for name in rng.choice(LAYOUTS, 3))
    x, w, gy = (laid_out(rng.standard_normal(s).astype(dtype), o) for s, o in zip(shapes, layouts))
    bias = rng.standard_normal(outs).astype(dtype) if rng.integers(3) else None
    return Problem(x, w, bias, gy, (stride, padding, dilation, groups), layouts)


def _window(rng: Any) -> tuple[Any, ...]:
    """Draw the kernel and how it moves: anything, or what the fast algorithms are made for."""
    rank = int(rng.choice([1, 2, 2, 2, 3]))
    kind = rng.choice(["any", "any", "3x3", "3x3", "usual"])

    def each(low: int, high: int) -> tuple[int, ...]:
        return tuple(int(v) for v in rng.integers(low, high + 1, rank))

    if kind == "3x3":
        return (1,) * (rank == 3) + (3,) * min(rank, 2), (1,) * rank, _pads(rng, rank, 2), (1,) * rank
    if kind == "usual":
        k, s = rng.choice([(1, 1), (1, 2), (2, 2), (3, 1), (3, 2), (4, 2), (5, 1), (7, 2), (9, 1)])
        k = min(int(k), 3) if rank == 3 else int(k)
        return (k,) * rank, (int(s),) * rank, ((k // 2, k // 2),) * rank, (1,) * rank
    return each(1, 11 if rank == 1 else 6 if rank == 2 else 4), each(1, 4), _pads(rng, rank, 4), each(1, 3)


def _pads(rng: Any, rank: int, most: int) -> tuple[tuple[int, int], ...]:
    pads = tuple((int(a), int(b)) for a, b in rng.integers(0, most + 1, (rank, 2)))
    return ((0, 0), *pads[1:]) if most == 2 and rank == 3 else pads  # flat kernels see no padding in depth


def _channels(rng: Any) -> tuple[int, int, int]:
    """Draw groups, and channels and filters of each: 1 to 70 in all."""
    kind = rng.choice(["dense", "dense", "dense", "depthwise", "narrow", "groups"])
    if kind == "dense":
        return 1, int(rng.integers(1, 71)), int(rng.integers(1, 71))
    if kind == "depthwise":
        return int(rng.integers(2, 71)), 1, int(rng.choice([1, 1, 2, 3]))
    if kind == "narrow":
        width = int(rng.choice([2, 4, 8]))
        return int(rng.integers(2, 70 // width + 1)), width, width
    groups = int(rng.integers(2, 9))
    most = 70 if rng.integers(2) else 70 // groups
    return groups, int(rng.integers(1, most + 1)), int(rng.integers(1, most + 1))
