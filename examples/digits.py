"""Train a small convolutional network on 1,797 real handwritten digits, as a PyTorch tutorial would.

    make demo                                   # or, where minitorch and its examples' packages are installed:
    python examples/digits.py --epochs 5 --seed 1

Writes curves.png, confusion.png, filters.png and model.safetensors into runs/digits/ (--out).
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import _digits_report as report
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import minitorch as torch
from minitorch import nn
from minitorch.io import load_file, save_file
from minitorch.jit import CompileEvent, cache_info, on_compile
from minitorch.nn import functional as F
from minitorch.utils.data import DataLoader, TensorDataset

TEST_IMAGES = 360


# ---- data and model


def load_data() -> tuple[TensorDataset, TensorDataset]:
    """Return the training and the test set: images (N, 1, 8, 8) between 0 and 1, labels (N,).

    The split is fixed and has every digit's share in both parts.
    """
    digits = load_digits()
    images = (digits.images[:, None] / 16).astype("float32")
    train_x, test_x, train_y, test_y = train_test_split(
        images, digits.target, test_size=TEST_IMAGES, stratify=digits.target, random_state=0
    )
    return (
        TensorDataset(torch.from_numpy(train_x), torch.from_numpy(train_y)),
        TensorDataset(torch.from_numpy(test_x), torch.from_numpy(test_y)),
    )


class DigitNet(nn.Module):
    """Two convolutions, each normalised, rectified and pooled, and a linear layer: 21,578 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
        self.bn1 = nn.BatchNorm2d(32)
        self.conv2 = nn.Conv2d(32, 64, kernel_size=3, padding=1)
        self.bn2 = nn.BatchNorm2d(64)
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(0.25)
        self.fc = nn.Linear(64 * 2 * 2, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scores (N, 10) of the ten digits for images (N, 1, 8, 8)."""
        x = self.pool(F.relu(self.bn1(self.conv1(x))))  # (N, 32, 4, 4)
        x = self.pool(F.relu(self.bn2(self.conv2(x))))  # (N, 64, 2, 2)
        x = torch.flatten(x, 1)
        return self.fc(self.dropout(x))


# ---- training


def train_epoch(
    model: nn.Module, loader: DataLoader, optimizer: torch.optim.Optimizer, bar: tqdm
) -> tuple[float, float]:
    """Take one optimizer step for each batch; return the mean loss and the accuracy."""
    model.train()
    seen, total_loss, correct = 0, 0.0, 0
    for images, labels in loader:
        optimizer.zero_grad()
        scores = model(images)
        loss = F.cross_entropy(scores, labels)
        loss.backward()
        optimizer.step()

        seen += len(labels)
        total_loss += loss.item() * len(labels)
        correct += (scores.argmax(1) == labels).sum().item()
        bar.set_postfix_str(f"loss {total_loss / seen:.4f}, accuracy {correct / seen:6.1%}", refresh=False)
        bar.update()
    return total_loss / seen, correct / seen


@torch.no_grad()
def evaluate(model: nn.Module, data: TensorDataset) -> tuple[float, float, torch.Tensor]:
    """Return loss, accuracy and scores of the model on a whole data set."""
    model.eval()
    images, labels = data.tensors
    scores = model(images)
    loss = F.cross_entropy(scores, labels).item()
    return loss, (scores.argmax(1) == labels).float().mean().item(), scores


def fit(args: argparse.Namespace, model: nn.Module, train: TensorDataset, test: TensorDataset) -> report.History:
    """Train the model and return loss and accuracy of every epoch on both sets."""
    loader = DataLoader(train, batch_size=args.batch_size, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=max(1, args.epochs * 2 // 3), gamma=0.1)
    history = report.History()
    for epoch in range(1, args.epochs + 1):
        name = f"epoch {epoch:{len(str(args.epochs))}}/{args.epochs}"
        with tqdm(total=len(loader), desc=name, bar_format=report.BAR) as bar, compilation_shown(bar):
            train_loss, train_accuracy = train_epoch(model, loader, optimizer, bar)
            progress = bar.postfix  # evaluation may compile
            scheduler.step()
            test_loss, test_accuracy, _ = evaluate(model, test)
            bar.set_postfix_str(f"{progress}; test {test_loss:.4f}, {test_accuracy:6.1%}")
        history.add(train_loss, train_accuracy, test_loss, test_accuracy)
    return history


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


# ---- saving


def save_and_load(model: nn.Module, path: Path, test: TensorDataset) -> DigitNet:
    """Save the model, load it into a fresh one, and return that; it must give the same scores."""
    save_file(model.state_dict(), path)
    loaded = DigitNet()
    loaded.load_state_dict(load_file(path))
    if not torch.equal(evaluate(loaded, test)[2], evaluate(model, test)[2]):
        raise SystemExit(f"digits.py: error: {path} does not give the scores of the model that was saved")
    return loaded


# ---- command line


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


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; leave with a one-line error if a value is wrong."""
    parser = Parser(
        description="Train a small CNN on scikit-learn's 1,797 handwritten digits, 360 of them for the test.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    count = checked(int, lambda n: n >= 1, "a whole number of at least 1")
    rate = checked(float, lambda x: 0 < x < math.inf, "a positive number")
    seed = checked(int, lambda n: 0 <= n < 2**63, "a whole number from 0 to 2**63 - 1")
    parser.add_argument("--epochs", type=count, default=15, help="passes over the training set")
    parser.add_argument("--batch-size", type=count, default=64, help="images in a step")
    parser.add_argument("--lr", type=rate, default=0.005, help="Adam's learning rate")
    parser.add_argument("--seed", type=seed, default=0, help="of initialisation, shuffling and dropout")
    parser.add_argument("--threads", type=count, default=torch.get_num_threads(), help="threads a kernel may use")
    parser.add_argument("--out", type=Path, default=Path("runs/digits"), help="folder of plots and model")
    args = parser.parse_args(argv)
    try:
        args.out.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=args.out).close()
    except OSError as error:
        parser.error(f"argument --out: cannot write into {str(args.out)!r}: {error.strerror}")
    return args


def main(argv: list[str] | None = None) -> None:
    """Load, train, test, save, show."""
    args = parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    train, test = load_data()
    model = DigitNet()
    print(model)
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{parameters:,} parameters, {len(train):,} training images, {len(test)} test images\n")

    start, before = time.perf_counter(), cache_info()
    history = fit(args, model, train, test)
    spent, now = time.perf_counter() - start, cache_info()
    compiled, seconds = now.compiled - before.compiled, now.seconds - before.seconds
    once = f", of which {seconds:.1f} s compiling {compiled} kernels, once for all runs" if compiled else ""
    print(f"\ntrained in {spent:.1f} s{once}")

    model = save_and_load(model, args.out / "model.safetensors", test)
    _, accuracy, scores = evaluate(model, test)
    report.show(test, scores)
    report.plot(args.out, history, model, test, scores)
    print(f"\n{accuracy:.2%} of {len(test)} test images are right: saved, loaded and tested again")
    print(f"curves.png, confusion.png, filters.png and model.safetensors are in {args.out}")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("\ninterrupted")
