"""Convolutions: the rows of the promises, the same in float64, batch 1 and the smallest layers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, NamedTuple

from .. import cost
from ..case import Case, Shape, both, image, vector, weight


class Row(NamedTuple):
    """A layer: input shape, output channels, kernel size, the function's options, and the promised ratios."""

    group: str
    title: str
    x: Shape
    out: int
    kernel: Shape
    options: dict[str, Any]
    train: float | None = None
    forward: float | None = None
    grad: bool = True  # images need none
    transposed: bool = False


SAME = {"padding": 1}
STRIDED = {"stride": 2, "padding": 1}

ROWS = (
    *(
        Row("conv 3x3", "3x3", (n, c, size, size), out, (3, 3), SAME, 2.2, 2.5)
        for n, c, size, out in (
            (32, 32, 16, 64), (32, 64, 32, 64), (16, 64, 56, 64), (16, 128, 28, 128), (16, 256, 14, 256),
            (16, 64, 112, 128),
        )
    ),
    Row("conv 3x3", "3x3", (16, 512, 7, 7), 512, (3, 3), SAME, 1.6),
    Row("conv 1x1", "1x1", (16, 64, 56, 56), 256, (1, 1), {}, 1.2),
    Row("conv 1x1", "1x1", (16, 256, 56, 56), 64, (1, 1), {}, 1.2),
    Row("conv strided, dilated", "3x3 s2", (16, 64, 56, 56), 128, (3, 3), STRIDED, 1.0),
    Row("conv strided, dilated", "3x3 s2", (16, 256, 28, 28), 256, (3, 3), STRIDED, 1.0),
    Row("conv strided, dilated", "5x5 d2", (16, 64, 28, 28), 64, (5, 5), {"padding": 4, "dilation": 2}, 1.2),
    Row("conv RGB", "7x7 s2", (16, 3, 224, 224), 64, (7, 7), {"stride": 2, "padding": 3}, 1.3, grad=False),
    Row("conv RGB", "3x3", (64, 3, 32, 32), 32, (3, 3), SAME, 1.2, grad=False),
    Row("conv groups", "depthwise 3x3", (16, 128, 56, 56), 128, (3, 3), {"padding": 1, "groups": 128}, 1.3),
    Row("conv groups", "depthwise 3x3 s2", (16, 128, 56, 56), 128, (3, 3), {**STRIDED, "groups": 128}, 1.3),
    Row("conv groups", "3x3 32 groups", (16, 128, 56, 56), 128, (3, 3), {"padding": 1, "groups": 32}, 1.5),
    Row("conv 1d, 3d", "9", (32, 64, 1024), 64, (9,), {"padding": 4}, 1.3),
    Row("conv 1d, 3d", "3x3x3", (4, 32, 16, 28, 28), 32, (3, 3, 3), SAME, 1.3),
    Row("conv transposed", "k2 s2", (16, 128, 28, 28), 64, (2, 2), {"stride": 2}, 1.3, transposed=True),
    Row("conv transposed", "k4 s2 p1", (16, 128, 16, 16), 64, (4, 4), STRIDED, 1.3, transposed=True),
)

# What one image through a trained network meets.
SINGLE: tuple[tuple[str, Shape, int, Shape, dict[str, Any]], ...] = (
    ("3x3", (64, 56, 56), 64, (3, 3), SAME), ("3x3", (128, 28, 28), 128, (3, 3), SAME),
    ("3x3", (256, 14, 14), 256, (3, 3), SAME), ("3x3", (512, 7, 7), 512, (3, 3), SAME),
    ("1x1", (64, 56, 56), 256, (1, 1), {}), ("1x1", (1024, 14, 14), 256, (1, 1), {}),
    ("3x3 s2", (128, 56, 56), 128, (3, 3), STRIDED), ("7x7 s2", (3, 224, 224), 64, (7, 7), {"stride": 2, "padding": 3}),
    ("depthwise 3x3", (144, 56, 56), 144, (3, 3), {"padding": 1, "groups": 144}),
    ("3x3 32 groups", (128, 56, 56), 128, (3, 3), {"padding": 1, "groups": 32}),
)  # fmt: skip

TINY: tuple[tuple[str, int, Shape, dict[str, Any], bool], ...] = (
    ("3x3", 8, (3, 3), SAME, False), ("1x1", 8, (1, 1), {}, False), ("3x3 s2", 16, (3, 3), STRIDED, False),
    ("5x5 d2", 8, (5, 5), {"padding": 4, "dilation": 2}, False),
    ("depthwise 3x3", 8, (3, 3), {"padding": 1, "groups": 8}, False), ("k2 s2", 8, (2, 2), {"stride": 2}, True),
)  # fmt: skip


def _case(row: Row, mode: str, target: float | None, dtype: str = "float32", precision: str = "") -> Case:
    rank, groups = len(row.kernel), row.options.get("groups", 1)
    channels = row.x[1]
    filters = (channels, row.out // groups) if row.transposed else (row.out, channels // groups)
    function = f"conv{'_transpose' if row.transposed else ''}{rank}d"
    size = "x".join(map(str, row.x))
    return Case(
        name=f"{function} {row.title} {size}->{row.out} {dtype} {mode}",
        group=row.group,
        op=f"nn.functional.{function}",
        args=(image(*row.x, grad=row.grad), weight(*filters, *row.kernel), vector(row.out)),
        kwargs=row.options,
        mode=mode,
        dtype=dtype,
        cost=cost.conv_transpose if row.transposed else cost.conv,
        target=target,
        precision=precision,
    )


def _cases() -> Iterator[Case]:
    for row in ROWS:
        yield from both(partial(_case, row), row.train, row.forward)
    # Winograd's algorithm is forbidden here: the share of the FMA peak is what these two are for.
    for size, channels, width in ((56, 64, 3), (28, 128, 3), (28, 64, 5)):
        same = {"padding": width // 2}
        direct = Row(
            "conv direct", f"{width}x{width} direct", (16, channels, size, size), channels, (width, width), same
        )
        yield from both(partial(_case, direct, precision="highest"))
    for row in ROWS:
        half = row._replace(group="conv float64", x=(max(1, row.x[0] // 4), *row.x[1:]))
        yield from both(partial(_case, half, dtype="float64"), 3.0, 3.0)
    for title, x, out, kernel, options in SINGLE:
        yield _case(Row("batch 1", title, (1, *x), out, kernel, options), "forward", 1.0)
    for title, out, kernel, options, transposed in TINY:
        tiny = Row("tiny", title, (1, 8, 8, 8), out, kernel, options, transposed=transposed)
        yield from both(partial(_case, tiny), 1.0, 1.0)


CASES = tuple(_cases())
