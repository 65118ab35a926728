"""The command line that all examples share: the same options, and one line for a wrong one."""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Callable
from pathlib import Path

import minitorch as torch


class Parser(argparse.ArgumentParser):
    """A parser whose errors take one line."""

    def error(self, message: str) -> None:  # type: ignore[override]
        """Print the message and leave with status 2."""
        self.exit(2, f"{self.prog}: error: {message} (see --help)\n")


def checked(kind: type, ok: Callable[[float], bool], wanted: str) -> Callable[[str], float]:
    """Return an argparse type: a number of a kind that passes a test, or an error that says what is wanted."""

    def parse(text: str) -> float:
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not ok(value):
            raise argparse.ArgumentTypeError(f"{text!r} is not {wanted}")
        return value

    return parse


COUNT = checked(int, lambda n: n >= 1, "a whole number of at least 1")
RATE = checked(float, lambda x: 0 < x < math.inf, "a positive number")
SEED = checked(int, lambda n: 0 <= n < 2**63, "a whole number from 0 to 2**63 - 1")


def parse_args(
    argv: list[str] | None, name: str, description: str, *, epochs: int, batch_size: int, lr: float
) -> argparse.Namespace:
    """Read an example's command line, given its defaults; leave with a one-line error if a value is wrong.

    The folder of results is made and tried, so that no training is lost to it at the end.
    """
    parser = Parser(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
    threads = torch.get_num_threads()
    parser.add_argument("--epochs", type=COUNT, default=epochs, help="passes over the training set")
    parser.add_argument("--batch-size", type=COUNT, default=batch_size, help="samples in a step")
    parser.add_argument("--lr", type=RATE, default=lr, help="the optimizer's learning rate")
    parser.add_argument("--seed", type=SEED, default=0, help="of initialisation, shuffling and noise")
    parser.add_argument("--threads", type=COUNT, default=threads, help="threads a kernel may use")
    parser.add_argument("--out", type=Path, default=Path("runs", name), help="folder of pictures and model")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out, if there is one")
    args = parser.parse_args(argv)
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=args.out).close()
    except OSError as error:
        parser.error(f"argument --out: cannot write into {str(args.out)!r}: {error.strerror}")
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    return args
