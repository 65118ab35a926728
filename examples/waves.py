"""Recognise kinds of sound waves under noise with a 1-d convolutional network.

    python examples/waves.py --epochs 5

Writes curves.png, confusion.png, waves.png and model.safetensors into runs/waves/ (--out), and a checkpoint from which
--resume goes on.
"""

from __future__ import annotations

import math
from pathlib import Path

import _classifier as classifier
import _options as options
import _pictures as pictures
from _run import Run, start
from matplotlib.figure import Figure

import minitorch as torch
from minitorch import nn
from minitorch.utils.data import DataLoader, TensorDataset

LENGTH = 512  # samples
KINDS = ("sine", "square", "saw", "rising", "falling", "beats", "clicks")


def waves(count: int, seed: int) -> TensorDataset:
    """Return waves (count, 1, LENGTH) with random pitch, phase, loudness and noise, and their kinds (count,)."""
    random = torch.Generator().manual_seed(seed)

    def uniform(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(count, 1, generator=random)

    labels = torch.randint(len(KINDS), (count,), generator=random)
    time = torch.linspace(0, 1, LENGTH)
    pitch, phase = uniform(10, 24), uniform(0, 2 * math.pi)
    turns = pitch * time + phase / (2 * math.pi)
    slide = uniform(0.35, 0.5) * pitch * (time - 0.5).square()
    sine = (2 * math.pi * turns).sin()
    sounds = [
        sine,
        sine.sign(),
        2 * turns.frac() - 1,
        (2 * math.pi * (turns + slide)).sin(),
        (2 * math.pi * (turns - slide)).sin(),
        sine * (2 * math.pi * uniform(2, 4) * time).cos(),
        ((sine - 0.95) / 0.05).clamp(min=0),
    ]
    chosen = torch.stack(sounds, 1)[torch.arange(count), labels]
    noise = 0.5 * torch.randn(count, LENGTH, generator=random)
    return TensorDataset((uniform(0.6, 1.2) * chosen + noise).unsqueeze(1), labels)


def network(width: int = 16) -> nn.Sequential:
    """Return a network from waves (N, 1, LENGTH) to scores (N, kinds): ever wider, ever shorter."""
    layers: list[nn.Module] = []
    channels = 1
    for wide in (width, 2 * width, 4 * width):
        layers += [nn.Conv1d(channels, wide, 9, padding=4), nn.BatchNorm1d(wide), nn.ReLU(), nn.MaxPool1d(4)]
        channels = wide
    return nn.Sequential(*layers, nn.AdaptiveAvgPool1d(8), nn.Flatten(), nn.Linear(8 * channels, len(KINDS)))


def draw(path: Path, data: TensorDataset) -> None:
    """Draw one wave of each kind."""
    sounds, labels = data.tensors
    figure = Figure(figsize=(9, 1.1 * len(KINDS)), layout="constrained")
    for kind, (name, axes) in enumerate(zip(KINDS, figure.subplots(len(KINDS), 1, sharex=True))):
        axes.plot(sounds[labels == kind][0, 0].numpy(), linewidth=0.7)
        axes.set(ylabel=name, yticks=[])
    figure.savefig(path, dpi=pictures.DPI)


def main(argv: list[str] | None = None) -> float:
    """Generate, train, test, save, draw; return the accuracy."""
    about = f"Train a 1-d CNN to tell {len(KINDS)} kinds of noisy waves apart."
    args = options.parse_args(argv, "waves", about, epochs=10, batch_size=64, lr=0.003)
    train, test = waves(3000, 1), waves(700, 2)
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    run = Run(args, model=model, optimizer=optimizer)
    tests = DataLoader(test, batch_size=350)
    classifier.fit(run, model, optimizer, DataLoader(train, batch_size=args.batch_size, shuffle=True), tests)
    accuracy = classifier.report(run, model, tests, KINDS, truth="wave", answer="taken for")
    draw(args.out / "waves.png", test)
    print(f"curves.png, confusion.png, waves.png and model.safetensors are in {args.out}")
    return accuracy


if __name__ == "__main__":
    start(main)
