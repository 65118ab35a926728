"""Tensors so small that only the engine is measured: its tape, its dispatch, its views and its indexing."""

from __future__ import annotations

from collections.abc import Iterator

from ..case import Arg, Case

SMALL = Arg((8, 8))
QUIET = Arg((8, 8), grad=False)
ROWS = Arg((4,), grad=False, kind="int64", high=8)
MASK = Arg((8, 8), grad=False, kind="bool")


def _cases() -> Iterator[Case]:
    def case(name: str, op: str, args: tuple[Arg, ...], mode: str, **kwargs: object) -> Case:
        return Case(f"{name} 8x8 float32 {mode}", "overhead", op, args, kwargs, mode=mode, passes=0, target=1.0)

    yield case("add", "add", (SMALL, SMALL), "forward")
    yield case("add", "add", (SMALL, SMALL), "train")
    yield case("add recorded", "programs.recorded_add", (SMALL, SMALL), "step")
    for mode in ("forward", "train"):
        yield case("chain of 20 point-wise", "programs.chain", (SMALL,), mode)
        yield case("matmul", "matmul", (SMALL, SMALL), mode)
        yield case("sum", "sum", (SMALL,), mode)
        yield case("view chain", "programs.view_chain", (SMALL,), mode)
        for kind in ("int", "slice", "none and ellipsis"):
            yield case(f"read [{kind}]", "programs.read", (SMALL,), mode, kind=kind)
        yield case("read [index tensor]", "programs.read_at", (SMALL, ROWS), mode)
        yield case("read [mask]", "programs.read_at", (SMALL, MASK), mode)
    for kind in ("int", "slice", "none and ellipsis"):
        yield case(f"write [{kind}]", "programs.write", (QUIET,), "step", kind=kind)
    yield case("write [index tensor]", "programs.write_at", (QUIET, ROWS), "step")
    yield case("write [mask]", "programs.write_at", (QUIET, MASK), "step")
    yield case("write [slice], then backward", "programs.recorded_write", (SMALL, Arg((2, 8))), "step")
    yield case("linear, relu, linear, cross_entropy, SGD", "programs.small_step", (QUIET,), "step")


CASES = tuple(_cases())
