"""Train a small convolutional network on 1,797 real handwritten digits, as a PyTorch tutorial would.

    make demo                                   # or, where minitorch and its examples' packages are installed:
    python examples/digits.py --epochs 5 --seed 1

Writes curves.png, confusion.png, filters.png and model.safetensors into runs/digits/ (--out), and a checkpoint from
which --resume goes on.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import _digits_report as report
import _options as options
from _run import Run, start
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from tqdm import tqdm

import minitorch as torch
from minitorch import nn
from minitorch.io import load_file, save_file
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


def fit(args: argparse.Namespace, model: nn.Module, train: TensorDataset, test: TensorDataset) -> Run:
    """Train the model; return the run with loss and accuracy of every epoch on both sets."""
    loader = DataLoader(train, batch_size=args.batch_size, shuffle=True)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=max(1, args.epochs * 2 // 3), gamma=0.1)
    run = Run(args, model=model, optimizer=optimizer, scheduler=scheduler)
    for _ in run.epochs():
        with run.bar(len(loader)) as bar:
            train_loss, train_accuracy = train_epoch(model, loader, optimizer, bar)
            progress = bar.postfix  # evaluation may compile
            scheduler.step()
            test_loss, test_accuracy, _ = evaluate(model, test)
            bar.set_postfix_str(f"{progress}; test {test_loss:.4f}, {test_accuracy:6.1%}")
        run.log(training_loss=train_loss, test_loss=test_loss)
        run.log(training_accuracy=train_accuracy, test_accuracy=test_accuracy)
    return run


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


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    """Read the command line; leave with a one-line error if a value is wrong."""
    about = "Train a small CNN on scikit-learn's 1,797 handwritten digits, 360 of them for the test."
    return options.parse_args(argv, "digits", about, epochs=15, batch_size=64, lr=0.005)


def main(argv: list[str] | None = None) -> None:
    """Load, train, test, save, show."""
    args = parse_args(argv)
    train, test = load_data()
    model = DigitNet()
    print(model)
    parameters = sum(p.numel() for p in model.parameters())
    print(f"{parameters:,} parameters, {len(train):,} training images, {len(test)} test images\n")

    run = fit(args, model, train, test)
    run.report_time()

    model = save_and_load(model, args.out / "model.safetensors", test)
    _, accuracy, scores = evaluate(model, test)
    report.show(test, scores)
    report.plot(args.out, run.history, model, test, scores)
    print(f"\n{accuracy:.2%} of {len(test)} test images are right: saved, loaded and tested again")
    print(f"curves.png, confusion.png, filters.png and model.safetensors are in {args.out}")


if __name__ == "__main__":
    start(main)
