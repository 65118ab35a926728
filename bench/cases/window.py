"""Pooling, unfold and fold."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from math import prod
from typing import Any

from .. import cost
from ..case import Arg, Case, Shape, both, image

MAP, DEEP, TINY = (32, 64, 56, 56), (32, 512, 7, 7), (1, 8, 8, 8)

POOLS: tuple[tuple[str, str, Shape, dict[str, Any]], ...] = (
    ("max_pool2d", "2x2", MAP, {"kernel_size": 2}),
    ("max_pool2d", "3x3 s2", MAP, {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("avg_pool2d", "2x2", MAP, {"kernel_size": 2}),
    ("avg_pool2d", "3x3 s2", MAP, {"kernel_size": 3, "stride": 2, "padding": 1}),
    ("adaptive_avg_pool2d", "1", MAP, {"output_size": 1}),
    ("adaptive_avg_pool2d", "1", DEEP, {"output_size": 1}),
)


def _pool(function: str, title: str, shape: Shape, options: dict[str, Any], group: str, mode: str, target: Any) -> Case:
    window = options.get("kernel_size", 1) ** 2
    return Case(
        name=f"{function} {title} {'x'.join(map(str, shape))} float32 {mode}",
        group=group,
        op=f"nn.functional.{function}",
        args=(image(*shape),),
        kwargs=options,
        mode=mode,
        cost=cost.per_input(1, 1) if "output_size" in options else cost.per_output(window, window),
        saved="output" if function == "max_pool2d" else "none",
        target=target,
    )


def _columns(function: str, x: Shape, group: str, mode: str, target: Any) -> Case:
    """Return a 3x3 unfold of x, or the fold of those columns."""
    n, c, h, w = x
    taps = 9.0 * prod(x)
    options: dict[str, Any] = {"kernel_size": 3, "padding": 1}
    arg = image(*x)
    if function == "fold":
        options["output_size"] = (h, w)
        arg = Arg((n, 9 * c, h * w))
    return Case(
        name=f"{function} 3x3 {'x'.join(map(str, x))} float32 {mode}",
        group=group,
        op=f"nn.functional.{function}",
        args=(arg,),
        kwargs=options,
        mode=mode,
        cost=lambda case, _: taps * (2 if case.mode == "train" else 1),
        saved="none",
        target=target,
    )


def _cases() -> Iterator[Case]:
    for function, title, shape, options in POOLS:
        yield from both(partial(_pool, function, title, shape, options, "pool"), 1.2)
    for function in ("unfold", "fold"):
        yield from both(partial(_columns, function, (16, 32, 56, 56), "fold"), 2.0)
    for function, title, _, options in POOLS[:5]:
        yield from both(partial(_pool, function, title, TINY, options, "tiny"), 1.0, 1.0)
    for function, title, shape, options in POOLS:
        yield _pool(function, title, (1, *shape[1:]), options, "batch 1", "forward", 1.0)
    for function in ("unfold", "fold"):
        yield from both(partial(_columns, function, TINY, "tiny"), 1.0, 1.0)


CASES = tuple(_cases())
