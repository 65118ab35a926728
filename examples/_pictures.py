"""Pictures that several examples draw: curves over the epochs, a confusion matrix, images side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure, FigureBase

import minitorch as torch

DPI = 110


def curves(path: Path, history: dict[str, list[float]], unit: str = "cross entropy") -> None:
    """Draw the figures of every epoch: those named accuracy in percent on the right, the others on the left."""
    shares = {name: [100 * v for v in values] for name, values in history.items() if "accuracy" in name}
    others = {name: values for name, values in history.items() if name not in shares}
    figure = Figure(figsize=(9 if shares else 5.5, 3.5), layout="constrained")
    places = figure.subplots(1, 2 if shares else 1, squeeze=False)[0]
    for axes, figures, label in zip(places, (others, shares), (unit, "accuracy (%)")):
        draw_curves(axes, figures, label)
    figure.savefig(path, dpi=DPI)


def draw_curves(axes: Axes, figures: dict[str, list[float]], label: str) -> None:
    """Draw one line for each name."""
    for (name, values), marker in zip(figures.items(), "osvd"):
        axes.plot(range(1, len(values) + 1), values, marker + "-", markersize=3, label=name)
    axes.set(xlabel="epoch", ylabel=label)
    axes.legend()
    axes.grid(alpha=0.3)
    axes.xaxis.get_major_locator().set_params(integer=True)


def confusion(path: Path, matrix: torch.Tensor, names: Sequence[str], *, truth: str, answer: str) -> None:
    """Draw a confusion matrix (classes, classes) with its counts; mistakes stand out in red."""
    figure = Figure(figsize=(5, 4.6), layout="constrained")
    axes = figure.subplots()
    axes.imshow(matrix.numpy(), cmap="Blues")
    for i, row in enumerate(matrix.tolist()):
        for j, count in enumerate(row):
            if count:
                axes.text(j, i, str(count), ha="center", va="center", color="white" if i == j else "tab:red")
    axes.set(xlabel=answer, ylabel=truth, yticks=range(len(names)), yticklabels=names)
    axes.set_xticks(range(len(names)), labels=names, rotation=0 if max(map(len, names)) < 3 else 40)
    axes.set_title(f"{int(matrix.trace())} of {int(matrix.sum())} are right")
    figure.savefig(path, dpi=DPI)


def rows_of_images(path: Path, rows: dict[str, torch.Tensor], colours: str = "gray_r") -> None:
    """Draw rows of images (N, H, W), each row on one scale of colours under its name."""
    longest = max(len(row) for row in rows.values())
    figure = Figure(figsize=(longest, 1.35 * len(rows)), layout="constrained")
    for part, (name, row) in zip(figure.subfigures(len(rows), 1, squeeze=False)[:, 0], rows.items()):
        part.suptitle(name, fontsize=9)
        grid(part, row, colours, float(row.min()), float(row.max()), columns=longest)
    figure.savefig(path, dpi=DPI)


def grid(figure: FigureBase, pictures: torch.Tensor, colours: str, low: float, high: float, columns: int = 8) -> None:
    """Draw pictures (N, H, W) side by side on one scale of colours."""
    rows = -(-len(pictures) // columns)
    places: list[Axes] = figure.subplots(rows, columns, squeeze=False).ravel().tolist()
    for axes in places:
        axes.axis("off")
    for axes, picture in zip(places, pictures):
        axes.imshow(picture.numpy(), cmap=colours, vmin=low, vmax=high)
