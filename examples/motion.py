"""See where a shape moves in a noisy clip, with a 3-d convolutional network.

    python examples/motion.py --epochs 3

Writes curves.png, confusion.png, clips.png and model.safetensors into runs/motion/ (--out), and a checkpoint from which
--resume goes on.
"""

from __future__ import annotations

import _classifier as classifier
import _options as options
import _pictures as pictures
from _run import Run, start
from _shapes import clips

import minitorch as torch
from minitorch import nn
from minitorch.utils.data import DataLoader, TensorDataset

FRAMES, LENGTH = 8, 24
DIRECTIONS = ("right", "right, down", "down", "left, down", "left", "left, up", "up", "right, up")


def network(width: int = 8) -> nn.Sequential:
    """Return a network from clips (N, 1, FRAMES, LENGTH, LENGTH) to scores (N, directions)."""
    layers: list[nn.Module] = []
    channels = 1
    for wide in (width, 2 * width, 4 * width):
        layers += [nn.Conv3d(channels, wide, 3, padding=1, bias=False), nn.BatchNorm3d(wide), nn.ReLU()]
        layers += [nn.MaxPool3d(2)]
        channels = wide
    side = LENGTH // 8
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * side * side, len(DIRECTIONS)))


def main(argv: list[str] | None = None) -> float:
    """Generate, train, test, save, draw; return the accuracy."""
    about = "Train a 3-d CNN to tell in which of eight directions a shape moves."
    args = options.parse_args(argv, "motion", about, epochs=8, batch_size=32, lr=0.003)
    train, test = (
        TensorDataset(*clips(count, FRAMES, LENGTH, len(DIRECTIONS), seed)) for count, seed in ((1600, 1), (400, 2))
    )
    model = network()
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    run = Run(args, model=model, optimizer=optimizer)
    tests = DataLoader(test, batch_size=200)
    classifier.fit(run, model, optimizer, DataLoader(train, batch_size=args.batch_size, shuffle=True), tests)
    accuracy = classifier.report(run, model, tests, DIRECTIONS, truth="moves", answer="taken for")
    shown = {f"moves {DIRECTIONS[label]}": clip[0] for clip, label in (test[i] for i in range(5))}
    pictures.rows_of_images(args.out / "clips.png", shown)
    print(f"curves.png, confusion.png, clips.png and model.safetensors are in {args.out}")
    return accuracy


if __name__ == "__main__":
    start(main)
