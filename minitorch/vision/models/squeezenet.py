"""SqueezeNet, with torchvision's names. Source: https://arxiv.org/abs/1602.07360."""

from __future__ import annotations

from ... import nn
from ...nn import init
from ...ops.join import cat
from ...tensor import Tensor
from ._parts import Entry

__all__ = ["SqueezeNet", "squeezenet1_0", "squeezenet1_1"]

# Width of the squeeze layer of each fire module; it expands to four times as much twice. "M" is a pooling.
_PLANS: dict[str, tuple[tuple[int, int], tuple[int | str, ...]]] = {
    "1_0": ((96, 7), ("M", 16, 16, 32, "M", 32, 48, 48, 64, "M", 64)),
    "1_1": ((64, 3), ("M", 16, 16, "M", 32, 32, "M", 48, 48, 64, 64)),
}


class Fire(nn.Module):
    """A 1x1 convolution that narrows, then a 1x1 and a 3x3 convolution side by side."""

    def __init__(self, inplanes: int, squeeze_planes: int, expand1x1_planes: int, expand3x3_planes: int) -> None:
        super().__init__()
        self.inplanes = inplanes
        self.squeeze = nn.Conv2d(inplanes, squeeze_planes, 1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze_planes, expand1x1_planes, 1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze_planes, expand3x3_planes, 3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return both halves of the channels."""
        x = self.squeeze_activation(self.squeeze(x))
        return cat([self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))], 1)


class SqueezeNet(nn.Module):
    """A SqueezeNet for images (N, 3, H, W), which returns scores (N, num_classes).

    Parameters
    ----------
    version : str
        "1_0" or "1_1"; ValueError for another.
    num_classes : int
        Number of scores.
    dropout : float
        Probability of dropping before the last convolution.

    Examples
    --------
    >>> import minitorch
    >>> model = minitorch.vision.models.SqueezeNet("1_1", num_classes=10)
    >>> model(minitorch.zeros(1, 3, 32, 32)).shape
    torch.Size([1, 10])
    """

    def __init__(self, version: str = "1_0", num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        if version not in _PLANS:
            raise ValueError(f"Unsupported SqueezeNet version {version}: 1_0 or 1_1 expected")
        self.num_classes = num_classes
        (width, size), plan = _PLANS[version]
        layers: list[nn.Module] = [nn.Conv2d(3, width, size, stride=2), nn.ReLU(inplace=True)]
        for squeeze in plan:
            if isinstance(squeeze, int):
                layers.append(Fire(width, squeeze, 4 * squeeze, 4 * squeeze))
                width = 8 * squeeze
            else:
                layers.append(nn.MaxPool2d(3, 2, ceil_mode=True))
        self.features = nn.Sequential(*layers)
        last = nn.Conv2d(width, num_classes, 1)
        self.classifier = nn.Sequential(nn.Dropout(dropout), last, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d((1, 1)))
        for name, param in self.named_parameters():
            if name.endswith("bias"):
                init.zeros_(param)
            elif param is last.weight:
                init.normal_(param, std=0.01)
            else:
                init.kaiming_uniform_(param)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores."""
        return self.classifier(self.features(x)).flatten(1)


def _entry(version: str, about: str) -> Entry[SqueezeNet]:
    return Entry(f"squeezenet{version}", SqueezeNet, version, about=about, source="https://arxiv.org/abs/1602.07360")


squeezenet1_0 = _entry("1_0", "Make a SqueezeNet 1.0.")
squeezenet1_1 = _entry("1_1", "Make a SqueezeNet 1.1, which computes 2.4 times less than 1.0.")
