"""DCGAN: a generator of images and a discriminator, with the names of PyTorch's example.

Sources: https://arxiv.org/abs/1511.06434, https://github.com/pytorch/examples/tree/main/dcgan.
"""

from __future__ import annotations

from ... import nn
from ...nn import init
from ...tensor import Tensor

__all__ = ["DCGANDiscriminator", "DCGANGenerator"]


def _stages(size: int) -> int:
    """Return how often 4 pixels are doubled to ``size``; ValueError if never."""
    stages = size.bit_length() - 3
    if size < 8 or size != 4 << stages:
        raise ValueError(f"DCGAN: size={size}, expected a power of two from 8 on")
    return stages


def _initialize(model: nn.Module) -> None:
    """Initialise as the paper does."""
    for name, param in model.named_parameters():
        if name.endswith("bias"):
            init.zeros_(param)
        else:  # normalisations scale, convolutions multiply
            init.normal_(param, 1.0 if param.ndim == 1 else 0.0, 0.02)


class DCGANGenerator(nn.Module):
    """Makes images (N, channels, size, size) between -1 and 1 of noise (N, latent, 1, 1).

    Parameters
    ----------
    latent : int
        Numbers of noise for an image.
    width : int
        Channels before the image; every earlier layer has twice as many.
    channels : int
        Channels of the images.
    size : int
        Height and width, a power of two from 8 on.

    Examples
    --------
    >>> import minitorch
    >>> generator = minitorch.vision.models.DCGANGenerator(latent=8, width=4, channels=1, size=16)
    >>> generator(minitorch.randn(2, 8, 1, 1)).shape
    torch.Size([2, 1, 16, 16])
    """

    def __init__(self, latent: int = 100, width: int = 64, channels: int = 3, size: int = 64) -> None:
        super().__init__()
        stages = _stages(size)
        outputs = width << (stages - 1)
        layers: list[nn.Module] = [nn.ConvTranspose2d(latent, outputs, 4, 1, 0, bias=False)]
        for _ in range(stages):
            layers += [nn.BatchNorm2d(outputs), nn.ReLU(True)]
            inputs, outputs = outputs, outputs // 2 if outputs > width else channels
            layers.append(nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, bias=False))
        self.main = nn.Sequential(*layers, nn.Tanh())
        _initialize(self)

    def forward(self, input: Tensor) -> Tensor:
        """Return images."""
        return self.main(input)


class DCGANDiscriminator(nn.Module):
    """Returns the probability (N,) that images (N, channels, size, size) are real.

    Parameters
    ----------
    width : int
        Channels after the first layer; every later layer has twice as many.
    channels, size : int
        Of the images.

    Examples
    --------
    >>> import minitorch
    >>> discriminator = minitorch.vision.models.DCGANDiscriminator(width=4, channels=1, size=16)
    >>> discriminator(minitorch.zeros(2, 1, 16, 16)).shape
    torch.Size([2])
    """

    def __init__(self, width: int = 64, channels: int = 3, size: int = 64) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 4, 2, 1, bias=False), nn.LeakyReLU(0.2, inplace=True)]
        for _ in range(_stages(size) - 1):
            layers += [nn.Conv2d(width, 2 * width, 4, 2, 1, bias=False), nn.BatchNorm2d(2 * width)]
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            width *= 2
        self.main = nn.Sequential(*layers, nn.Conv2d(width, 1, 4, 1, 0, bias=False), nn.Sigmoid())
        _initialize(self)

    def forward(self, input: Tensor) -> Tensor:
        """Return probabilities."""
        return self.main(input).view(-1, 1).squeeze(1)
