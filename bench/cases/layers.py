"""Normalisation, recurrence, attention, embedding, losses and the optimizer's step."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from .. import cost
from ..case import Arg, Case, both, image, vector

MAP = (32, 64, 56, 56)
SCALE, SHIFT = Arg((64,), positive=True), vector(64)
MEAN, VARIANCE = Arg((64,), grad=False), Arg((64,), grad=False, positive=True)


def _named(name: str, group: str, op: str, args: tuple[Arg, ...], target: float, **more: Any) -> list[Case]:
    def case_of(mode: str, target: float | None) -> Case:
        return Case(f"{name} float32 {mode}", group, op, args, mode=mode, target=target, **more)

    return both(case_of, target)


def _norms() -> Iterator[Case]:
    work = cost.per_input(6, 10)
    batch = partial(Case, group="norm", op="nn.functional.batch_norm", cost=work)
    stored = (image(*MAP), MEAN, VARIANCE, SCALE, SHIFT)
    yield batch("batch_norm 32x64x56x56 float32 train", args=stored, kwargs={"training": True}, target=1.3)
    yield batch("batch_norm eval 32x64x56x56 float32 forward", args=stored, kwargs={"training": False}, mode="forward")
    yield from _named(
        "batch_norm+relu 32x64x56x56", "norm", "programs.batch_norm_relu", (image(*MAP),), 1.5, cost=work, kinks=True,
    )  # fmt: skip
    yield from _named(
        "layer_norm 32x128x768", "norm", "nn.functional.layer_norm", (Arg((32, 128, 768)),), 1.3, cost=work,
        kwargs={"normalized_shape": (768,), "weight": Arg((768,), positive=True), "bias": vector(768)},
    )  # fmt: skip
    yield from _named(
        "group_norm 16x64x56x56", "norm", "nn.functional.group_norm", (image(16, 64, 56, 56),), 1.2, cost=work,
        kwargs={"num_groups": 32, "weight": SCALE, "bias": SHIFT},
    )  # fmt: skip


def _cases() -> Iterator[Case]:
    yield from _norms()
    gates = 2.0 * 32 * 32 * 4 * 256 * (128 + 256)  # batch, steps, four gates of 256 from input and state
    yield from _named(
        "lstm 32 steps 32x128->256", "layers", "programs.lstm", (Arg((32, 32, 128)),), 1.0,
        kwargs={"hidden": 256}, cost=lambda case, _: gates * (3 if case.mode == "train" else 1),
    )  # fmt: skip
    heads = (Arg((8, 8, 256, 64)),) * 3
    scores = 2 * 2.0 * 8 * 8 * 256 * 256 * 64  # queries by keys, and weights by values
    for causal in (False, True):
        name = f"attention{' causal' if causal else ''} 8x8x256x64"
        yield from _named(
            name, "layers", "nn.functional.scaled_dot_product_attention", heads, 1.0, kwargs={"is_causal": causal},
            cost=lambda case, _: scores * (3 if case.mode == "train" else 1),
        )  # fmt: skip
    words = Arg((64, 128), grad=False, kind="int64", high=10_000)
    table = Arg((10_000, 256))
    yield from _named("embedding 64x128 of 10000x256", "layers", "nn.functional.embedding", (words, table), 1.0)
    for rows, classes in ((256, 1000), (64, 10), (4096, 10)):
        labels = Arg((rows,), grad=False, kind="int64", high=classes)
        scored = (Arg((rows, classes)), labels)
        yield from _named(
            f"cross_entropy {rows}x{classes}", "loss", "nn.functional.cross_entropy", scored, 1.2,
            cost=cost.per_input(13, 13),
        )  # fmt: skip
    pair = (Arg((256, 1000)), Arg((256, 1000), grad=False))
    yield from _named("mse_loss 256x1000", "loss", "nn.functional.mse_loss", pair, 1.0)
    # SGD with momentum reads parameter, gradient and momentum and writes two of them; Adam has one more of each
    for name, shapes in (("of a CNN", [(64, 64, 3, 3), (64,)] * 50), ("of 64", [(64,)] * 100)):
        parameters = tuple(Arg(shape) for shape in shapes)
        for kind, passes, target in (("Adam", 7, 1.5), ("SGD", 5, None)):
            yield Case(
                f"{kind} step, 100 parameters {name} float32", "optim", "programs.optimizer_step", parameters,
                {"kind": kind}, mode="step", target=target, passes=passes,
            )  # fmt: skip


CASES = tuple(_cases())
