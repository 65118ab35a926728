"""A training run that survives: after every epoch all that it needs to go on lies in one file."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from tqdm import tqdm

import minitorch as torch
from minitorch.jit import CompileEvent, cache_info, on_compile

BAR = "{desc} |{bar:6}| {elapsed}{postfix}"  # with two or three figures less than 80 characters
KEPT = ("seed", "batch_size", "lr")  # options that a resumed run must share with the one that was stopped


class Stateful(Protocol):
    """A model, an optimizer, a scheduler: anything that can be written down and read back."""

    def state_dict(self) -> Any:
        """Return all that makes the object what it is now."""

    def load_state_dict(self, state: Any) -> Any:
        """Make the object what it was."""


class Run:
    """Where a training run stands: its parts, the epoch, the figures so far, and the random state.

    The checkpoint is replaced in one step, so that a run killed at any moment finds the last one whole, and what
    follows from it is, bit for bit, what would have followed without the interruption.
    """

    def __init__(self, args: argparse.Namespace, **parts: Stateful) -> None:
        self.args, self.parts, self.path = args, parts, args.out / "checkpoint.pt"
        self.epoch = 0
        self.history: dict[str, list[float]] = {}
        self.start, self.cache = time.perf_counter(), cache_info()
        if args.resume and self.path.exists():
            self.load()

    def epochs(self) -> Iterator[int]:
        """Yield the numbers of the epochs that are left, from 1; write a checkpoint after each."""
        while self.epoch < self.args.epochs:
            yield self.epoch + 1
            self.epoch += 1
            self.save()

    def log(self, **figures: float) -> None:
        """Remember the figures of an epoch."""
        for name, value in figures.items():
            self.history.setdefault(name.replace("_", " "), []).append(value)

    def save(self) -> None:
        """Write the checkpoint."""
        state: dict[str, Any] = {name: part.state_dict() for name, part in self.parts.items()}
        state["options"] = {name: getattr(self.args, name) for name in KEPT}
        state.update(epoch=self.epoch, history=self.history, random=torch.get_rng_state())
        torch.save(state, self.path)

    def load(self) -> None:
        """Stand where the checkpoint was written; leave with one line if it belongs to another run."""
        state = torch.load(self.path)
        for name, value in state["options"].items():
            if getattr(self.args, name) != value:
                sys.exit(f"error: {self.path} was written with --{name.replace('_', '-')} {value}")
        for name, part in self.parts.items():
            part.load_state_dict(state[name])
        self.epoch, self.history = state["epoch"], state["history"]
        torch.set_rng_state(state["random"])
        print(f"going on after epoch {self.epoch}\n")

    @contextmanager
    def bar(self, steps: int) -> Iterator[tqdm]:
        """Show the progress of an epoch of so many steps."""
        name = f"epoch {self.epoch + 1:{len(str(self.args.epochs))}}/{self.args.epochs}"
        with tqdm(total=steps, desc=name, bar_format=BAR) as bar, compilation_shown(bar):
            yield bar

    def report_time(self) -> None:
        """Print how long the run took, and how much of that was spent compiling."""
        spent, now = time.perf_counter() - self.start, cache_info()
        compiled, seconds = now.compiled - self.cache.compiled, now.seconds - self.cache.seconds
        once = f", of which {seconds:.1f} s compiling {compiled} kernels, once for all runs" if compiled else ""
        print(f"\ntrained in {spent:.1f} s{once}")


@contextmanager
def compilation_shown(bar: tqdm) -> Iterator[None]:
    """Let the bar say which kernel is being compiled: on the first run that is most of the time."""

    def show(event: CompileEvent) -> None:
        if not event.done:
            bar.set_postfix_str(f"compiling kernel {event.count}: {event.kernel}")

    stop = on_compile(show)
    try:
        yield
    finally:
        stop()


def start(main: Callable[[], None]) -> None:
    """Run an example's main; Ctrl-C ends it without a traceback."""
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\ninterrupted: --resume goes on after the last whole epoch")
