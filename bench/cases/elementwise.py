"""Point-wise arithmetic, reductions, softmax, cumulative sums and indexing on large tensors."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from .. import cost
from ..case import Arg, Case, both

MATRIX = Arg((2048, 2048))
POSITIVE = Arg((2048, 2048), positive=True)
ROWS = Arg((2048,), grad=False, kind="int64", high=2048)
PICKS = Arg((2048, 2048), grad=False, kind="int64", high=2048)


class Row(NamedTuple):
    """A call: `work` is operations an element forward and backward, `saved` what backward reads (see `Case`)."""

    function: str
    args: tuple[Arg, ...]
    options: dict[str, Any]
    work: tuple[int, int]
    saved: str
    target: float


FUNCTIONS: tuple[Row, ...] = (
    Row("add", (MATRIX, MATRIX), {}, (1, 0), "none", 1.0),
    Row("mul", (MATRIX, MATRIX), {}, (1, 2), "inputs", 1.0),
    Row("div", (MATRIX, POSITIVE), {}, (1, 3), "inputs", 1.0),
    Row("nn.functional.relu", (MATRIX,), {}, (1, 1), "output", 1.0),
    Row("exp", (MATRIX,), {}, (10, 1), "output", 1.3),
    Row("log", (POSITIVE,), {}, (10, 1), "inputs", 1.0),
    Row("sqrt", (POSITIVE,), {}, (1, 2), "output", 1.0),
    Row("tanh", (MATRIX,), {}, (10, 3), "output", 1.3),
    Row("sigmoid", (MATRIX,), {}, (10, 3), "output", 1.3),
    Row("nn.functional.gelu", (MATRIX,), {}, (10, 15), "inputs", 1.3),
    Row("nn.functional.silu", (MATRIX,), {}, (10, 15), "inputs", 1.0),
    Row("where", (Arg((2048, 2048), grad=False, kind="bool"), MATRIX, MATRIX), {}, (1, 2), "none", 1.0),
)

REDUCTIONS: tuple[Row, ...] = (
    Row("sum", (MATRIX,), {}, (1, 0), "none", 1.0),
    Row("sum", (MATRIX,), {"dim": 0}, (1, 0), "none", 1.0),
    Row("mean", (MATRIX,), {"dim": 1}, (1, 1), "none", 1.0),
    Row("var", (MATRIX,), {"dim": 1}, (4, 3), "inputs", 1.0),
    Row("amax", (MATRIX,), {"dim": 1}, (1, 1), "inputs", 1.0),
    Row("logsumexp", (MATRIX,), {"dim": 1}, (12, 12), "inputs", 1.0),
    Row("nn.functional.softmax", (MATRIX,), {"dim": 1}, (13, 4), "output", 1.3),
    Row("nn.functional.log_softmax", (MATRIX,), {"dim": 1}, (13, 13), "output", 1.3),
    Row("cumsum", (MATRIX,), {"dim": 1}, (1, 1), "none", 1.0),
    Row("index_select", (MATRIX,), {"dim": 0, "index": ROWS}, (0, 1), "none", 1.0),
    Row("gather", (MATRIX,), {"dim": 1, "index": PICKS}, (0, 1), "none", 1.0),
    # torch's other sort puts equal elements in any order, and there are some
    Row("sort", (MATRIX,), {"dim": 1, "stable": True}, (11, 1), "none", 1.0),
    Row("argmax", (Arg((2048, 2048), grad=False),), {"dim": 1}, (1, 0), "none", 1.0),
)


def _case(group: str, call: Row, mode: str, target: float | None) -> Case:
    along = f" dim {call.options['dim']}" if "dim" in call.options else ""
    return Case(
        name=f"{call.function.rpartition('.')[2]}{along} 2048x2048 float32 {mode}",
        group=group,
        op=call.function,
        args=call.args,
        kwargs=call.options,
        mode=mode,
        cost=cost.per_input(*call.work),
        saved=call.saved,
        target=target,
    )


def _cases() -> Iterator[Case]:
    for group, rows in (("element-wise", FUNCTIONS), ("reduce, index", REDUCTIONS)):
        for call in rows:
            of = partial(_case, group, call)
            if any(arg.grad for arg in call.args):
                yield from both(of, call.target)
            else:
                yield of(mode="forward", target=call.target)


CASES = tuple(_cases())
