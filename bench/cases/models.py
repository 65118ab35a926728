"""Whole training steps and whole inferences: what a user waits for."""

from __future__ import annotations

from collections.abc import Iterator

from ..case import Arg, Case, image

MODELS = (
    ("digits CNN", "digits", (64, 1, 8, 8)),
    ("CIFAR CNN", "cifar", (32, 3, 32, 32)),
    ("residual CNN", "residual", (16, 3, 32, 32)),
    ("separable CNN", "separable", (16, 3, 64, 64)),
    ("perceptron", "perceptron", (64, 784)),
)


def _cases() -> Iterator[Case]:
    for title, model, shape in MODELS:
        images = image(*shape, grad=False) if len(shape) > 2 else Arg(shape, grad=False)
        labels = Arg((shape[0],), grad=False, kind="int64", high=10)
        size = "x".join(map(str, shape))
        yield Case(
            f"{title} {size} float32 training step", "models", "programs.training_step", (images, labels),
            {"model": model}, mode="step", passes=0, kinks=True,
        )  # fmt: skip
        one = image(1, *shape[1:], grad=False) if len(shape) > 2 else Arg((1, *shape[1:]), grad=False)
        yield Case(
            f"{title} batch 1 float32 forward", "models", "programs.inference", (one,), {"model": model},
            mode="forward", passes=0, target=1.0,
        )  # fmt: skip


CASES = tuple(_cases())
