"""Tell discs, squares and triangles from noise, pixel by pixel, with a U-Net.

    python examples/segmentation.py --epochs 5

Writes curves.png, masks.png and model.safetensors into runs/segmentation/ (--out), and a checkpoint from which
--resume goes on. The network: Ronneberger, Fischer and Brox, https://arxiv.org/abs/1505.04597.
"""

from __future__ import annotations

import _classifier as classifier
import _options as options
import _pictures as pictures
from _run import Run, start
from _shapes import SHAPES, scenes

import minitorch as torch
from minitorch import nn
from minitorch.io import save_file
from minitorch.utils.data import DataLoader, TensorDataset

LENGTH = 48  # pixels
CLASSES = ("ground", *SHAPES)


def block(inputs: int, outputs: int) -> nn.Sequential:
    """Return two 3x3 convolutions, each normalised and rectified: (N, inputs, H, W) to (N, outputs, H, W)."""
    layers: list[nn.Module] = []
    for channels in (inputs, outputs):
        layers += [nn.Conv2d(channels, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """An encoder and a decoder whose levels of the same size are joined."""

    def __init__(self, channels: int, classes: int, width: int = 16, levels: int = 3) -> None:
        super().__init__()
        widths = [width * 2**level for level in range(levels)]
        self.down = nn.ModuleList(block(i, o) for i, o in zip([channels, *widths], widths))
        self.pool = nn.MaxPool2d(2)
        self.lift = nn.ModuleList(nn.ConvTranspose2d(2 * w, w, 2, stride=2) for w in widths[-2::-1])
        self.up = nn.ModuleList(block(2 * w, w) for w in widths[-2::-1])
        self.head = nn.Conv2d(width, classes, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scores (N, classes, H, W) of images (N, channels, H, W)."""
        seen: list[torch.Tensor] = []
        for down in self.down:
            x = down(self.pool(x) if seen else x)
            seen.append(x)
        for lift, up, across in zip(self.lift, self.up, seen[-2::-1]):
            x = up(torch.cat([across, lift(x)], 1))
        return self.head(x)


@torch.no_grad()
def overlap(model: nn.Module, data: TensorDataset) -> list[float]:
    """Return the intersection over union of every class."""
    model.eval()
    images, labels = data.tensors
    found = model(images).argmax(1)
    pairs = torch.bincount(labels.flatten() * len(CLASSES) + found.flatten(), minlength=len(CLASSES) ** 2)
    counts = pairs.reshape(len(CLASSES), len(CLASSES))
    both = counts.diagonal()
    return (both / (counts.sum(0) + counts.sum(1) - both)).tolist()


def draw(path: object, model: nn.Module, data: TensorDataset, count: int = 8) -> None:
    """Draw pictures, what they show, and what the network found."""
    images, labels = data[:count]
    model.eval()
    with torch.no_grad():
        found = model(images).argmax(1)
    rows = {"picture": images[:, 0], "what is there": labels.float(), "what the network found": found.float()}
    pictures.rows_of_images(path, rows, "viridis")


def main(argv: list[str] | None = None) -> float:
    """Generate, train, test, save, draw; return the mean overlap."""
    about = "Train a U-Net to find discs, squares and triangles in noisy pictures."
    args = options.parse_args(argv, "segmentation", about, epochs=8, batch_size=32, lr=0.003)
    train, test = (TensorDataset(*scenes(count, LENGTH, seed)) for count, seed in ((1024, 1), (200, 2)))
    model = UNet(1, len(CLASSES))
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr)
    run = Run(args, model=model, optimizer=optimizer)
    loader = DataLoader(train, batch_size=args.batch_size, shuffle=True)
    classifier.fit(run, model, optimizer, loader, DataLoader(test, batch_size=100))
    run.report_time()

    shares = overlap(model, test)
    pictures.curves(args.out / "curves.png", run.history)
    draw(args.out / "masks.png", model, test)
    save_file(model.state_dict(), args.out / "model.safetensors")
    print("\n".join(f"{name:9} intersection over union {share:6.1%}" for name, share in zip(CLASSES, shares)))
    print(f"curves.png, masks.png and model.safetensors are in {args.out}")
    return sum(shares) / len(shares)


if __name__ == "__main__":
    start(main)
