"""Squeeze handwritten digits into eight numbers and draw them again, with a convolutional autoencoder.

    python examples/autoencoder.py --epochs 10

Writes curves.png, digits.png and model.safetensors into runs/autoencoder/ (--out), and a checkpoint from which --resume
goes on. Principal components, as many as the code has numbers, are what it has to beat.
"""

from __future__ import annotations

import _options as options
import _pictures as pictures
from _run import Run, start
from digits import load_data
from sklearn.decomposition import PCA

import minitorch as torch
from minitorch import nn
from minitorch.io import save_file
from minitorch.nn import functional as F
from minitorch.utils.data import DataLoader, TensorDataset

CODE = 8  # numbers


class Autoencoder(nn.Module):
    """Two strided convolutions to a code, two transposed ones back."""

    def __init__(self, code: int, width: int = 32) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            *(nn.Conv2d(1, width, 3, stride=2, padding=1), nn.ReLU()),  # (N, 32, 4, 4)
            *(nn.Conv2d(width, 2 * width, 3, stride=2, padding=1), nn.ReLU()),  # (N, 64, 2, 2)
            *(nn.Flatten(), nn.Linear(8 * width, code)),
        )
        self.decoder = nn.Sequential(
            *(nn.Linear(code, 8 * width), nn.ReLU(), nn.Unflatten(1, (2 * width, 2, 2))),
            *(nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1), nn.ReLU()),
            *(nn.ConvTranspose2d(width, 1, 4, stride=2, padding=1), nn.Sigmoid()),
        )

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return (N, 1, 8, 8) drawn from the codes of (N, 1, 8, 8)."""
        return self.decoder(self.encoder(images))


def fit(run: Run, model: nn.Module, optimizer: torch.optim.Optimizer, loader: DataLoader, test: torch.Tensor) -> None:
    """Train for the epochs that are left."""
    for _ in run.epochs():
        model.train()
        total = 0.0
        with run.bar(len(loader)) as bar:
            for step, (images, _labels) in enumerate(loader, 1):
                optimizer.zero_grad()
                loss = F.mse_loss(model(images), images)
                loss.backward()
                optimizer.step()
                total += loss.item()
                bar.set_postfix_str(f"error {total / step:.5f}", refresh=False)
                bar.update()
            error = test_error(model, test)
            bar.set_postfix_str(f"error {total / step:.5f}; test {error:.5f}")
        run.log(training=total / step, test=error)


@torch.no_grad()
def test_error(model: nn.Module, images: torch.Tensor) -> float:
    """Return the mean squared error of the images drawn again."""
    model.eval()
    return F.mse_loss(model(images), images).item()


def principal(train: torch.Tensor, test: torch.Tensor) -> torch.Tensor:
    """Return test images drawn again from as many principal components of the training images as the code has."""
    components = PCA(CODE, random_state=0).fit(train.flatten(1).numpy())
    drawn = components.inverse_transform(components.transform(test.flatten(1).numpy()))
    return torch.from_numpy(drawn.astype("float32")).reshape(test.shape)


def main(argv: list[str] | None = None) -> tuple[float, float]:
    """Train, test, draw, save; return the error of the network and that of the principal components."""
    about = f"Train a convolutional autoencoder of handwritten digits with a code of {CODE} numbers."
    args = options.parse_args(argv, "autoencoder", about, epochs=60, batch_size=32, lr=0.003)
    train, test = (data.tensors[0] for data in load_data())
    model = Autoencoder(CODE)
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    scheduled = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, args.lr, epochs=args.epochs, steps_per_epoch=-(-len(train) // args.batch_size)
    )
    optimizer.register_step_post_hook(lambda *_: scheduled.step())
    run = Run(args, model=model, optimizer=optimizer, scheduler=scheduled)
    fit(run, model, optimizer, DataLoader(TensorDataset(train, train), args.batch_size, shuffle=True), test)
    run.report_time()

    error, baseline = test_error(model, test), principal(train, test)
    pictures.curves(args.out / "curves.png", run.history, "mean squared error")
    with torch.no_grad():
        rows = {"test digits": test, "from eight numbers": model(test[:10]), "from principal components": baseline}
    pictures.rows_of_images(args.out / "digits.png", {name: images[:10, 0] for name, images in rows.items()})
    save_file(model.state_dict(), args.out / "model.safetensors")
    linear = F.mse_loss(baseline, test).item()
    print(f"mean squared error {error:.5f}; {CODE} principal components: {linear:.5f}")
    print(f"curves.png, digits.png and model.safetensors are in {args.out}")
    return error, linear


if __name__ == "__main__":
    start(main)
