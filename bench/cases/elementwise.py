"""Point-wise arithmetic, reductions, softmax, cumulative sums and indexing on large tensors."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from .. import cost
from ..case import Arg, Case, both

MATRIX = Arg((2048, 2048))
POSITIVE = Arg((2048, 2048), positive=True)
ROWS = Arg((2048,), grad=False, kind="int64", high=2048)
PICKS = Arg((2048, 2048), grad=False, kind="int64", high=2048)

# function, tensors, options, operations an element forward and backward, what backward reads, the promised ratio
Row = tuple[str, tuple[Arg, ...], dict[str, Any], tuple[int, int], str, float]

FUNCTIONS: tuple[Row, ...] = (
    ("add", (MATRIX, MATRIX), {}, (1, 0), "none", 1.0),
    ("mul", (MATRIX, MATRIX), {}, (1, 2), "inputs", 1.0),
    ("div", (MATRIX, POSITIVE), {}, (1, 3), "inputs", 1.0),
    ("nn.functional.relu", (MATRIX,), {}, (1, 1), "output", 1.0),
    ("exp", (MATRIX,), {}, (10, 1), "output", 1.3),
    ("log", (POSITIVE,), {}, (10, 1), "inputs", 1.0),
    ("sqrt", (POSITIVE,), {}, (1, 2), "output", 1.0),
    ("tanh", (MATRIX,), {}, (10, 3), "output", 1.3),
    ("sigmoid", (MATRIX,), {}, (10, 3), "output", 1.3),
    ("nn.functional.gelu", (MATRIX,), {}, (10, 15), "inputs", 1.3),
    ("nn.functional.silu", (MATRIX,), {}, (10, 15), "inputs", 1.0),
    ("where", (Arg((2048, 2048), grad=False, kind="bool"), MATRIX, MATRIX), {}, (1, 2), "none", 1.0),
)

REDUCTIONS: tuple[Row, ...] = (
    ("sum", (MATRIX,), {}, (1, 0), "none", 1.0),
    ("sum", (MATRIX,), {"dim": 0}, (1, 0), "none", 1.0),
    ("mean", (MATRIX,), {"dim": 1}, (1, 1), "none", 1.0),
    ("var", (MATRIX,), {"dim": 1}, (4, 3), "inputs", 1.0),
    ("amax", (MATRIX,), {"dim": 1}, (1, 1), "inputs", 1.0),
    ("logsumexp", (MATRIX,), {"dim": 1}, (12, 12), "inputs", 1.0),
    ("nn.functional.softmax", (MATRIX,), {"dim": 1}, (13, 4), "output", 1.3),
    ("nn.functional.log_softmax", (MATRIX,), {"dim": 1}, (13, 13), "output", 1.3),
    ("cumsum", (MATRIX,), {"dim": 1}, (1, 1), "none", 1.0),
    ("index_select", (MATRIX,), {"dim": 0, "index": ROWS}, (0, 1), "none", 1.0),
    ("gather", (MATRIX,), {"dim": 1, "index": PICKS}, (0, 1), "none", 1.0),
    ("sort", (MATRIX,), {"dim": 1}, (11, 1), "none", 1.0),
    ("argmax", (Arg((2048, 2048), grad=False),), {"dim": 1}, (1, 0), "none", 1.0),
)


def _case(
    group: str, function: str, args: Any, options: Any, work: Any, saved: str, mode: str, target: float | None
) -> Case:
    along = f" dim {options['dim']}" if "dim" in options else ""
    return Case(
        name=f"{function.rpartition('.')[2]}{along} 2048x2048 float32 {mode}",
        group=group,
        op=function,
        args=args,
        kwargs=options,
        mode=mode,
        cost=cost.per_input(*work),
        saved=saved,
        target=target,
    )


def _cases() -> Iterator[Case]:
    for group, rows in (("element-wise", FUNCTIONS), ("reduce, index", REDUCTIONS)):
        for *call, target in rows:
            of = partial(_case, group, *call)
            if any(arg.grad for arg in of.args[2]):
                yield from both(of, target)
            else:
                yield of(mode="forward", target=target)


CASES = tuple(_cases())
