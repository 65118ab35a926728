"""One epoch of training a classifier, and its test: of images, clips, waves, pixels or characters alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import _pictures as pictures
from _run import Run
from tqdm import tqdm

import minitorch as torch
from minitorch import nn
from minitorch.io import save_file
from minitorch.nn import functional as F
from minitorch.utils.data import DataLoader


def fit(
    run: Run,
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    train: DataLoader,
    test: DataLoader,
    *,
    after: Callable[[], None] = lambda: None,
) -> None:
    """Train for the epochs that are left, and log loss and accuracy on both sets; `after` is called once an epoch."""
    for _ in run.epochs():
        with run.bar(len(train)) as bar:
            loss, accuracy = train_epoch(model, optimizer, train, bar)
            progress = bar.postfix  # the test may compile
            test_loss, test_accuracy = evaluate(model, test)
            bar.set_postfix_str(f"{progress}; test {test_loss:.4f}, {test_accuracy:6.1%}")
        after()
        run.log(training_loss=loss, test_loss=test_loss, training_accuracy=accuracy, test_accuracy=test_accuracy)


def train_epoch(
    model: nn.Module, optimizer: torch.optim.Optimizer, loader: DataLoader, bar: tqdm
) -> tuple[float, float]:
    """Take one optimizer step for each batch; return the mean loss and the accuracy.

    The model answers inputs (N, ...) with scores (N, classes, ...) for labels (N, ...).
    """
    model.train()
    seen, total_loss, correct = 0, 0.0, 0
    for inputs, labels in loader:
        optimizer.zero_grad()
        scores = model(inputs)
        loss = F.cross_entropy(scores, labels)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()

        seen += labels.numel()
        total_loss += loss.item() * labels.numel()
        correct += int((scores.argmax(1) == labels).sum())
        bar.set_postfix_str(f"loss {total_loss / seen:.4f}, accuracy {correct / seen:6.1%}", refresh=False)
        bar.update()
    return total_loss / seen, correct / seen


@torch.no_grad()
def evaluate(model: nn.Module, loader: DataLoader) -> tuple[float, float]:
    """Return the mean loss and the accuracy over a data set."""
    model.eval()
    seen, total_loss, correct = 0, 0.0, 0
    for inputs, labels in loader:
        scores = model(inputs)
        seen += labels.numel()
        total_loss += F.cross_entropy(scores, labels).item() * labels.numel()
        correct += int((scores.argmax(1) == labels).sum())
    return total_loss / seen, correct / seen


@torch.no_grad()
def confusion(model: nn.Module, loader: DataLoader, classes: int) -> torch.Tensor:
    """Return how often class i (row) was taken for class j (column): (classes, classes) of int64."""
    model.eval()
    counts = torch.zeros(classes * classes, dtype=torch.int64)
    for inputs, labels in loader:
        counts += torch.bincount(labels * classes + model(inputs).argmax(1), minlength=classes * classes)
    return counts.reshape(classes, classes)


def report(run: Run, model: nn.Module, loader: DataLoader, names: Sequence[str], *, truth: str, answer: str) -> float:
    """Say how long the training took, draw curves and confusions, save the model; return the accuracy."""
    run.report_time()
    out, matrix = run.args.out, confusion(model, loader, len(names))
    pictures.curves(out / "curves.png", run.history)
    pictures.confusion(out / "confusion.png", matrix, names, truth=truth, answer=answer)
    save_file(model.state_dict(), out / "model.safetensors")
    accuracy = matrix.trace().item() / matrix.sum().item()
    print(f"{accuracy:.1%} of {int(matrix.sum())} tests are right")
    return accuracy
