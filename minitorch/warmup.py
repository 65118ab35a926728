"""``python -m minitorch.warmup``: compile ahead what the training of a small CNN uses.

Kernels are compiled on first use and kept on disk; this uses them once, on small tensors. Run again, it takes
about as long as starting Python.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from typing import Any

from . import nn, optim
from .config import settings
from .dtypes import dtype, float32, float64, get_default_dtype, set_default_dtype
from .jit import CompileEvent, cache_info, on_compile
from .nn import functional as F
from .ops.create import arange
from .ops.random import rand, randint, randn, randperm
from .random import fork_rng, manual_seed
from .tensor import Tensor
from .utils.data import DataLoader, TensorDataset

__all__ = ["main", "warm_up"]

# ---- what is compiled, in the order in which a training meets it


def _numbers() -> None:
    for draw in (randn, rand):
        draw(20), draw(5)
    randint(10, (20,)), randperm(20)


def _arithmetic() -> None:
    x = (rand(16, 32, 8, 8) + 0.5).requires_grad_()  # smaller tensors are left to NumPy
    y = (rand(16, 32, 8, 8) + 0.5).requires_grad_()
    z = (x + y - x * y) / (x + 1)
    for function in (F.relu, F.gelu, F.silu, F.sigmoid, F.tanh):
        z = z + function(y)
    (z + x.exp() + y.log() + x.sqrt() + x.maximum(y)).mean().backward()


def _convolutions() -> None:
    convolve = (
        nn.Conv2d(1, 8, 3, padding=1),
        nn.Conv2d(8, 16, 5, stride=2, bias=False),
        nn.Conv2d(16, 16, 3, padding="same", groups=16),  # depthwise
        nn.Conv2d(16, 32, 1),
        nn.Conv2d(32, 64, 3, padding=1),
        nn.Conv2d(64, 64, 3, padding=2, dilation=2, groups=4),
    )
    _differentiate(nn.Sequential(*convolve), randn(16, 1, 16, 16, requires_grad=True))
    patches = (nn.Unfold(3, padding=1), nn.Fold((8, 8), 3, padding=1))
    _differentiate(nn.Sequential(*patches), randn(4, 8, 8, 8, requires_grad=True))


def _layers() -> None:
    layers = (
        nn.Conv2d(3, 16, 3),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout2d(0.1),
        nn.ReLU(inplace=True),
        nn.AvgPool2d(2),
        nn.AdaptiveAvgPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.25),
        nn.Linear(64, 32),
        nn.LayerNorm(32),
        nn.Sigmoid(),
        nn.Tanh(),
        nn.Softmax(dim=1),
    )
    images = randn(64, 3, 18, 18, requires_grad=True)
    _differentiate(nn.Sequential(*layers), images)
    _differentiate(nn.Sequential(*layers).eval(), images)


def _differentiate(model: nn.Module, x: Tensor) -> None:
    output: Tensor = model(x)
    output.square().mean().backward()


def _training() -> None:
    data: DataLoader[Any] = DataLoader(TensorDataset(randn(40, 1, 8, 8), arange(40) % 4), batch_size=16, shuffle=True)
    for optimizer, options in (
        (optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 1e-4}),
        (optim.Adam, {"lr": 0.01}),
        (optim.AdamW, {"lr": 0.01}),
    ):
        _train(data, optimizer, options)


def _train(data: DataLoader[Any], make: Callable[..., optim.Optimizer], options: dict[str, float]) -> None:
    model = nn.Sequential(
        *(nn.Conv2d(1, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Conv2d(32, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2)),
        *(nn.Flatten(), nn.Dropout(), nn.Linear(256, 4)),
    )
    optimizer = make(model.parameters(), **options)
    for images, labels in data:
        optimizer.zero_grad()
        scores = model(images)
        loss = F.cross_entropy(scores, labels) + F.mse_loss(scores.softmax(1), F.one_hot(labels, 4).float())
        loss.backward()
        optimizer.step()
        (scores.argmax(1) == labels).sum().item()


STAGES: dict[str, Callable[[], None]] = {
    "random numbers": _numbers,
    "arithmetic and activations": _arithmetic,
    "convolution": _convolutions,
    "normalisation, pooling, linear layers": _layers,
    "losses and optimizers": _training,
}

# ---- the command


class _Report:
    """Says what is being compiled: on one line that is written anew, or a line a stage where nobody watches."""

    def __init__(self) -> None:
        self.stage = ""
        self.watched = sys.stdout.isatty()

    def __call__(self, event: CompileEvent) -> None:
        """Show the kernel whose compilation starts."""
        if self.watched and not event.done:
            self._rewrite(f"{self.stage}: kernel {event.count}, {event.kernel} ({event.seconds:.0f} s so far)")

    def run(self, name: str, work: Callable[[], None]) -> None:
        """Do the work of a stage and say how much was compiled."""
        self.stage, before, start = name, cache_info().compiled, time.perf_counter()
        if self.watched:
            self._rewrite(f"{name} ...")
        work()
        self._rewrite("")
        spent, count = time.perf_counter() - start, cache_info().compiled - before
        print(f"{name}: {count} kernel{'s' * (count != 1)} compiled, {spent:.1f} s", flush=True)

    def _rewrite(self, text: str) -> None:
        if self.watched:
            print(f"\r\033[K{text}", end="", flush=True)


def warm_up(element: dtype = float32) -> None:
    """Compile for an element type what the training of a small CNN uses, and say so on stdout.

    Random state and the default dtype are as before afterwards.

    >>> from minitorch.warmup import warm_up
    >>> warm_up()  # doctest: +SKIP
    """
    report, default = _Report(), get_default_dtype()
    stop = on_compile(report)
    set_default_dtype(element)
    try:
        with fork_rng():
            manual_seed(0)
            for name, work in STAGES.items():
                report.run(f"{element.name} {name}", work)
    finally:
        set_default_dtype(default)
        stop()


def main(argv: list[str] | None = None) -> None:
    """Warm up for float32, and for float64 where asked."""
    parser = argparse.ArgumentParser("python -m minitorch.warmup", description=(__doc__ or "").split(": ", 1)[1])
    parser.add_argument("--float64", action="store_true", help="compile for float64 too")
    args = parser.parse_args(argv)
    for element in (float32, float64) if args.float64 else (float32,):
        warm_up(element)
    info = cache_info()
    print(f"{info.compiled} kernels compiled in {info.seconds:.1f} s, {info.loaded} found in {settings.cache_dir}")


if __name__ == "__main__":
    main()
