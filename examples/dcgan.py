"""Invent handwritten digits: a generator learns to deceive a discriminator.

    python examples/dcgan.py --epochs 20

Writes curves.png, digits.png, generator.safetensors into runs/dcgan/ (--out), and a checkpoint from which --resume goes
on. The networks: Radford, Metz and Chintala, https://arxiv.org/abs/1511.06434. How far they come is measured by another
network, one that reads real digits: how many of the invented ones it reads with certainty, and how many kinds it sees.
"""

from __future__ import annotations

import _options as options
import _pictures as pictures
from _run import Run, start
from digits import DigitNet, load_data

import minitorch as torch
from minitorch import nn
from minitorch.io import save_file
from minitorch.nn import functional as F
from minitorch.utils.data import DataLoader, TensorDataset

NOISE = 32  # numbers from which a digit is drawn
CERTAIN = 0.9


def generator(width: int = 64) -> nn.Sequential:
    """Return a network from noise (N, NOISE, 1, 1) to images (N, 1, 8, 8) between -1 and 1."""
    return nn.Sequential(
        *(nn.ConvTranspose2d(NOISE, 2 * width, 2, bias=False), nn.BatchNorm2d(2 * width), nn.ReLU(True)),
        *(nn.ConvTranspose2d(2 * width, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)),
        *(nn.ConvTranspose2d(width, width, 4, 2, 1, bias=False), nn.BatchNorm2d(width), nn.ReLU(True)),
        *(nn.Conv2d(width, 1, 3, padding=1), nn.Tanh()),
    )


def discriminator(width: int = 32) -> nn.Sequential:
    """Return a network from images (N, 1, 8, 8) to one score (N, 1): high for real ones."""
    return nn.Sequential(
        *(nn.Conv2d(1, width, 3, padding=1), nn.LeakyReLU(0.2, True)),
        *(nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2, True)),
        *(nn.Conv2d(2 * width, 4 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(4 * width), nn.LeakyReLU(0.2, True)),
        *(nn.Flatten(), nn.Dropout(0.3), nn.Linear(16 * width, 1)),
    )


def initialise(module: nn.Module) -> None:
    """Draw the weights as the paper does."""
    if isinstance(module, (nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.normal_(module.weight, 0.0, 0.02)
    elif isinstance(module, nn.BatchNorm2d):
        nn.init.normal_(module.weight, 1.0, 0.02)


class Game:
    """The two networks, their optimizers, and one step of each against the other."""

    def __init__(self, lr: float) -> None:
        self.draw, self.judge = generator().apply(initialise), discriminator().apply(initialise)
        self.draw_optimizer = torch.optim.Adam(self.draw.parameters(), lr=lr, betas=(0.5, 0.999))
        self.judge_optimizer = torch.optim.Adam(self.judge.parameters(), lr=lr, betas=(0.5, 0.999))

    def parts(self) -> dict[str, nn.Module | torch.optim.Optimizer]:
        """Return what a checkpoint has to keep."""
        networks = {"draw": self.draw, "judge": self.judge}
        return {**networks, "draw_optimizer": self.draw_optimizer, "judge_optimizer": self.judge_optimizer}

    def step(self, real: torch.Tensor) -> tuple[float, float]:
        """Train the discriminator, then the generator; return their losses."""
        invented = self.draw(torch.randn(len(real), NOISE, 1, 1))
        self.judge_optimizer.zero_grad()
        loss = self.loss(real, 0.9) + self.loss(invented.detach(), 0.0)
        loss.backward()
        self.judge_optimizer.step()

        self.draw_optimizer.zero_grad()
        deceived = self.loss(invented, 1.0)
        deceived.backward()
        self.draw_optimizer.step()
        return loss.item(), deceived.item()

    def loss(self, images: torch.Tensor, wanted: float) -> torch.Tensor:
        """Return how far the discriminator's answers to images are from the wanted one."""
        scores = self.judge(images)
        return F.binary_cross_entropy_with_logits(scores, torch.full_like(scores, wanted))

    @torch.no_grad()
    def invent(self, count: int) -> torch.Tensor:
        """Return images (count, 1, 8, 8) between 0 and 1, the same ones each time."""
        self.draw.eval()
        noise = torch.randn(count, NOISE, 1, 1, generator=torch.Generator().manual_seed(1))
        images = (self.draw(noise) + 1) / 2
        self.draw.train()
        return images


def fit(run: Run, game: Game, loader: DataLoader) -> None:
    """Play for the epochs that are left."""
    for _ in run.epochs():
        with run.bar(len(loader)) as bar:
            losses = []
            for (images,) in loader:
                losses.append(game.step(2 * images - 1))
                bar.set_postfix_str("judge {:.3f}, draw {:.3f}".format(*losses[-1]), refresh=False)
                bar.update()
        judge, draw = (sum(column) / len(losses) for column in zip(*losses))
        run.log(discriminator=judge, generator=draw)


def reader(train: TensorDataset, epochs: int = 6) -> nn.Module:
    """Return a network that reads real digits."""
    model = DigitNet()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.005)
    for _ in range(epochs):
        for images, labels in DataLoader(train, batch_size=64, shuffle=True):
            optimizer.zero_grad()
            F.cross_entropy(model(images), labels).backward()
            optimizer.step()
    return model.eval()


@torch.no_grad()
def quality(model: nn.Module, images: torch.Tensor) -> tuple[float, float]:
    """Return which share of images is read with certainty, and how many kinds there are among them.

    The number of kinds is the exponential of the entropy of what was read: 10 if every digit is as frequent.
    """
    certainty, read = model(images).softmax(1).max(1)
    shares = torch.bincount(read, minlength=10) / len(read)
    return (certainty > CERTAIN).float().mean().item(), (-torch.xlogy(shares, shares)).sum().exp().item()


def main(argv: list[str] | None = None) -> tuple[float, float]:
    """Train, measure, draw, save; return the share of clear digits and the number of kinds."""
    about = "Train a generator and a discriminator of handwritten digits."
    args = options.parse_args(argv, "dcgan", about, epochs=60, batch_size=64, lr=0.0005)
    train, test = load_data()
    game = Game(args.lr)
    run = Run(args, **game.parts())
    images = TensorDataset(train.tensors[0])
    fit(run, game, DataLoader(images, batch_size=args.batch_size, shuffle=True, drop_last=True))
    run.report_time()

    invented = game.invent(500)
    pictures.curves(args.out / "curves.png", run.history)
    rows = {"real": test.tensors[0][:10, 0], "invented": invented[:10, 0], " ": invented[10:20, 0]}
    pictures.rows_of_images(args.out / "digits.png", rows)
    save_file(game.draw.state_dict(), args.out / "generator.safetensors")
    judge = reader(train)
    for name, some in (("real", test.tensors[0]), ("invented", invented)):
        clear, kinds = quality(judge, some)
        print(f"{name:8} digits: {clear:6.1%} are read with certainty, {kinds:.1f} kinds of 10")
    print(f"curves.png, digits.png and generator.safetensors are in {args.out}")
    return clear, kinds


if __name__ == "__main__":
    start(main)
