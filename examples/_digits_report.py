"""What digits.py shows: digits drawn in the terminal, the confusion matrix, and the plots."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import zip_longest
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F
from minitorch.utils.data import TensorDataset

BAR = "{desc} |{bar:6}| {elapsed}{postfix}"  # with loss and accuracy less than 80 characters
CLASSES = 10
SHADES = " ░▒▓█"
PLAIN_SHADES = " .+*#"  # for terminals that cannot write the others


@dataclass
class History:
    """Loss and accuracy of every epoch."""

    train_loss: list[float] = field(default_factory=list)
    train_accuracy: list[float] = field(default_factory=list)
    test_loss: list[float] = field(default_factory=list)
    test_accuracy: list[float] = field(default_factory=list)

    def add(self, train_loss: float, train_accuracy: float, test_loss: float, test_accuracy: float) -> None:
        """Append an epoch."""
        self.train_loss.append(train_loss)
        self.train_accuracy.append(train_accuracy)
        self.test_loss.append(test_loss)
        self.test_accuracy.append(test_accuracy)


def confusion(labels: torch.Tensor, predicted: torch.Tensor) -> torch.Tensor:
    """Return how often digit i (row) was read as digit j (column): (10, 10) of int64."""
    matrix = torch.zeros(CLASSES, CLASSES, dtype=torch.int64)
    for label, guess in zip(labels.tolist(), predicted.tolist()):
        matrix[label, guess] += 1
    return matrix


# ---- in the terminal


def show(test: TensorDataset, scores: torch.Tensor) -> None:
    """Print the confusion matrix, and a few test digits with the predictions beside them."""
    images, labels = test.tensors
    predicted, certainty = scores.argmax(1), F.softmax(scores, dim=1).amax(1)
    print("\nrows: the digit, columns: what the network read")
    print_confusion(confusion(labels, predicted))
    print()
    chosen = examples(labels, predicted)
    for left, right in zip_longest(chosen[::2], chosen[1::2]):
        columns = [
            list(drawing(images[i, 0], int(predicted[i]), float(certainty[i]), int(labels[i])))
            for i in (left, right)
            if i is not None
        ]
        print("\n".join("  ".join(line).rstrip() for line in zip(*columns)), end="\n\n")


def examples(labels: torch.Tensor, predicted: torch.Tensor) -> list[int]:
    """Return the positions of six test images: up to three that were misread, and the first ones that were not."""
    right = (predicted == labels).tolist()
    wrong = [i for i, ok in enumerate(right) if not ok][:3]
    return [i for i, ok in enumerate(right) if ok][: 6 - len(wrong)] + wrong


def print_confusion(matrix: torch.Tensor) -> None:
    """Print a matrix of counts with a dot for zero."""
    print("    " + "".join(f"{digit:4}" for digit in range(CLASSES)))
    for digit, row in enumerate(matrix.tolist()):
        print(f"{digit:4}" + "".join(f"{count or '·':>4}" for count in row))


def drawing(image: torch.Tensor, predicted: int, certainty: float, label: int) -> Iterator[str]:
    """Yield the eight lines of an (8, 8) image between 0 and 1, with what was read beside the drawing."""
    verdict = "right" if predicted == label else f"wrong, it is {label}"
    notes = {3: f"{predicted}  ({certainty:.1%})", 4: verdict}
    shades = SHADES if can_print(SHADES) else PLAIN_SHADES
    for y, row in enumerate(image.tolist()):
        pixels = "".join(2 * shades[round(value * (len(shades) - 1))] for value in row)
        yield f"{pixels}  {notes.get(y, ''):18}"


def can_print(text: str) -> bool:
    """Return whether the terminal's encoding has the characters."""
    try:
        text.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


# ---- as pictures


def plot(out: Path, history: History, model: nn.Module, test: TensorDataset, scores: torch.Tensor) -> None:
    """Write curves.png, confusion.png and filters.png into a folder."""
    images, labels = test.tensors
    plot_curves(out / "curves.png", history)
    plot_confusion(out / "confusion.png", confusion(labels, scores.argmax(1)))
    plot_filters(out / "filters.png", model, images[:1])


def plot_curves(path: Path, history: History) -> None:
    """Draw loss and accuracy of both sets over the epochs."""
    figure = Figure(figsize=(9, 3.5), layout="constrained")
    loss, accuracy = figure.subplots(1, 2)
    epochs = range(1, len(history.train_loss) + 1)
    loss.semilogy(epochs, history.train_loss, "o-", epochs, history.test_loss, "s-", markersize=3)
    loss.set(xlabel="epoch", ylabel="cross entropy")
    shares = [[100 * share for share in shares] for shares in (history.train_accuracy, history.test_accuracy)]
    accuracy.plot(epochs, shares[0], "o-", epochs, shares[1], "s-", markersize=3)
    accuracy.set(xlabel="epoch", ylabel="accuracy (%)")
    for axes in (loss, accuracy):
        axes.legend(["training", "test"])
        axes.grid(alpha=0.3)
        axes.xaxis.get_major_locator().set_params(integer=True)
    figure.savefig(path, dpi=110)


def plot_confusion(path: Path, matrix: torch.Tensor) -> None:
    """Draw the confusion matrix with its counts; misread digits stand out in red."""
    figure = Figure(figsize=(5, 4.6), layout="constrained")
    axes = figure.subplots()
    axes.imshow(matrix.numpy(), cmap="Blues")
    for i, row in enumerate(matrix.tolist()):
        for j, count in enumerate(row):
            if count:
                axes.text(j, i, str(count), ha="center", va="center", color="white" if i == j else "tab:red")
    axes.set(xlabel="read as", ylabel="digit", xticks=range(CLASSES), yticks=range(CLASSES))
    right = sum(row[digit] for digit, row in enumerate(matrix.tolist()))
    axes.set_title(f"{right} of {int(matrix.sum())} test images are right")
    figure.savefig(path, dpi=110)


@torch.no_grad()
def plot_filters(path: Path, model: nn.Module, image: torch.Tensor) -> None:
    """Draw the filters that the first layer learned, and what each answers to an image (1, 1, 8, 8)."""
    model.eval()
    filters = model.conv1.weight[:, 0]
    answers = F.relu(model.bn1(model.conv1(image)))[0]
    figure = Figure(figsize=(11, 2.9), layout="constrained")
    left, middle, right = figure.subfigures(1, 3, width_ratios=[2, 1, 2])
    left.suptitle("3x3 filters (red: positive, blue: negative)")
    grid(left, filters, "RdBu_r", float(-filters.abs().max()), float(filters.abs().max()))
    middle.suptitle("a test image ...")
    grid(middle, image[0], "gray_r", 0.0, 1.0, columns=1)
    right.suptitle("... and what each filter finds in it")
    grid(right, answers, "magma", 0.0, float(answers.max()))
    figure.savefig(path, dpi=110)


def grid(figure: FigureBase, pictures: torch.Tensor, colours: str, low: float, high: float, columns: int = 8) -> None:
    """Draw pictures (N, H, W) side by side on one scale of colours."""
    rows = -(-len(pictures) // columns)
    places: list[Axes] = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axes in places:
        axes.axis("off")
    for axes, picture in zip(places, pictures):
        axes.imshow(picture.numpy(), cmap=colours, vmin=low, vmax=high)
