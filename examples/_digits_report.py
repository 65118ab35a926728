"""What digits.py shows: digits drawn in the terminal, the confusion matrix, and the plots."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path

import _pictures as pictures
from matplotlib.figure import Figure

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F
from minitorch.utils.data import TensorDataset

CLASSES = 10
SHADES = " ░▒▓█"
PLAIN_SHADES = " .+*#"  # for terminals that cannot write the others


def confusion(labels: torch.Tensor, predicted: torch.Tensor) -> torch.Tensor:
    """Return how often digit i (row) was read as digit j (column): (10, 10) of int64."""
    return torch.bincount(labels * CLASSES + predicted, minlength=CLASSES * CLASSES).reshape(CLASSES, CLASSES)


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


def plot(
    out: Path, history: dict[str, list[float]], model: nn.Module, test: TensorDataset, scores: torch.Tensor
) -> None:
    """Write curves.png, confusion.png and filters.png into a folder."""
    images, labels = test.tensors
    pictures.curves(out / "curves.png", history)
    matrix = confusion(labels, scores.argmax(1))
    pictures.confusion(out / "confusion.png", matrix, "0123456789", truth="digit", answer="read as")
    plot_filters(out / "filters.png", model, images[:1])


@torch.no_grad()
def plot_filters(path: Path, model: nn.Module, image: torch.Tensor) -> None:
    """Draw the filters that the first layer learned, and what each answers to an image (1, 1, 8, 8)."""
    model.eval()
    filters = model.conv1.weight[:, 0]
    answers = F.relu(model.bn1(model.conv1(image)))[0]
    figure = Figure(figsize=(11, 2.9), layout="constrained")
    left, middle, right = figure.subfigures(1, 3, width_ratios=[2, 1, 2])
    left.suptitle("3x3 filters (red: positive, blue: negative)")
    pictures.grid(left, filters, "RdBu_r", float(-filters.abs().max()), float(filters.abs().max()))
    middle.suptitle("a test image ...")
    pictures.grid(middle, image[0], "gray_r", 0.0, 1.0, columns=1)
    right.suptitle("... and what each filter finds in it")
    pictures.grid(right, answers, "magma", 0.0, float(answers.max()))
    figure.savefig(path, dpi=pictures.DPI)
