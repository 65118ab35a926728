"""Linear layers and matrix products."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from .. import cost
from ..case import Arg, Case, Shape, both


def _linear(
    rows: int, inputs: int, outputs: int, group: str, mode: str, target: float | None, dtype: str = "float32"
) -> Case:
    return Case(
        name=f"linear {rows}x{inputs}x{outputs} {dtype} {mode}",
        group=group,
        op="nn.functional.linear",
        args=(Arg((rows, inputs)), Arg((outputs, inputs), scale=inputs**-0.5), Arg((outputs,))),
        mode=mode,
        dtype=dtype,
        cost=cost.matmul,
        target=target,
    )


def _matmul(function: str, a: Shape, b: Shape, mode: str, target: float | None, dtype: str = "float32") -> Case:
    return Case(
        name=f"{function} {'x'.join(map(str, a))} {'x'.join(map(str, b))} {dtype} {mode}",
        group="linear",
        op=function,
        args=(Arg(a), Arg(b, scale=a[-1] ** -0.5)),
        mode=mode,
        dtype=dtype,
        cost=cost.matmul,
        target=target,
    )


def _cases() -> Iterator[Case]:
    for sizes in ((256, 1024, 1024), (64, 8192, 10)):
        yield from both(partial(_linear, *sizes, "linear"), 1.1)
    yield from both(partial(_linear, 256, 1024, 1024, "linear", dtype="float64"))
    yield from both(partial(_matmul, "matmul", (1024, 1024), (1024, 1024)))
    yield from both(partial(_matmul, "bmm", (64, 128, 64), (64, 64, 128)))
    for sizes in ((1, 1024, 1024), (1, 512, 1000)):
        yield _linear(*sizes, "batch 1", "forward", 1.0)
    for sizes in ((1, 64, 10), (1, 512, 10)):
        yield from both(partial(_linear, *sizes, "tiny"), 1.0, 1.0)


CASES = tuple(_cases())
