"""U-Net: a network that labels every pixel. Source: https://arxiv.org/abs/1505.04597.

As usual today, convolutions are padded, so that the labels have the image's size, and normalised.
"""

from __future__ import annotations

from ... import nn
from ...nn import functional as F
from ...ops.join import cat
from ...tensor import Tensor
from ..ops import Conv2dNormActivation
from ._parts import Entry, initialize

__all__ = ["UNet", "unet"]


def _double(inputs: int, outputs: int) -> nn.Sequential:
    return nn.Sequential(Conv2dNormActivation(inputs, outputs), Conv2dNormActivation(outputs, outputs))


class UNet(nn.Module):
    """A U-Net for images (N, in_channels, H, W) of any size, which returns scores (N, num_classes, H, W).

    Parameters
    ----------
    in_channels, num_classes : int
        Channels of the image and of the scores.
    width : int
        Channels of the finest level; every level below has twice as many.
    depth : int
        Levels below the finest.
    dropout : float
        Probability of dropping whole channels at the bottom.

    Examples
    --------
    >>> import minitorch
    >>> model = minitorch.vision.models.UNet(1, 2, width=4, depth=2)
    >>> model(minitorch.zeros(1, 1, 13, 18)).shape
    torch.Size([1, 2, 13, 18])
    """

    def __init__(
        self, in_channels: int = 3, num_classes: int = 2, width: int = 64, depth: int = 4, dropout: float = 0.0
    ) -> None:
        super().__init__()
        widths = [width << level for level in range(depth + 1)]
        self.encoder = nn.ModuleList(_double(a, b) for a, b in zip([in_channels, *widths], widths))
        self.pool = nn.MaxPool2d(2, ceil_mode=True)
        self.dropout = nn.Dropout2d(dropout)
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * n, n, 2, stride=2) for n in reversed(widths[:-1]))
        self.decoder = nn.ModuleList(_double(2 * n, n) for n in reversed(widths[:-1]))
        self.classifier = nn.Conv2d(width, num_classes, 1)
        initialize(self)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores of every pixel."""
        levels = []
        for level, block in enumerate(self.encoder):
            x = block(self.pool(x) if level else x)
            levels.append(x)
        x = self.dropout(levels.pop())
        for up, block in zip(self.up, self.decoder):
            fine = levels.pop()
            x = block(cat([fine, _cropped(up(x), fine)], 1))
        return self.classifier(x)


def _cropped(x: Tensor, like: Tensor) -> Tensor:
    """Return an image without the last row or column where it has one more, from sizes that are odd."""
    return F.pad(x, (0, like.shape[3] - x.shape[3], 0, like.shape[2] - x.shape[2])) if x.shape != like.shape else x


unet = Entry("unet", UNet, about="Make a U-Net.", source="https://arxiv.org/abs/1505.04597")
