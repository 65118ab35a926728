"""VGG and AlexNet: plain stacks of convolutions before fully connected layers, with torchvision's names.

Sources: https://arxiv.org/abs/1409.1556, https://arxiv.org/abs/1404.5997.
"""

from __future__ import annotations

from functools import partial

from ... import nn
from ...nn import init
from ._parts import Entry, FeatureClassifier, initialize

__all__ = ["VGG", "AlexNet", "alexnet", "vgg11", "vgg11_bn", "vgg13", "vgg13_bn", "vgg16", "vgg16_bn", "vgg19",
           "vgg19_bn"]  # fmt: skip

_WIDTHS = (64, 128, 256, 512, 512)  # a stage each, which ends with pooling
_DEPTHS = {11: (1, 1, 2, 2, 2), 13: (2, 2, 2, 2, 2), 16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}


class VGG(FeatureClassifier):
    """A VGG network for images (N, 3, H, W), which returns scores (N, num_classes).

    Parameters
    ----------
    features : nn.Module
        The convolutions, as `make_layers` gives them.
    num_classes : int
        Number of scores.
    init_weights : bool
        Whether layers are initialised as torchvision does.
    dropout : float
        Probability of dropping in the classifier.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.models.vgg.make_layers(11)[0]
    Conv2d(3, 64, kernel_size=(3, 3), stride=(1, 1), padding=(1, 1))
    """

    def __init__(
        self, features: nn.Module, num_classes: int = 1000, init_weights: bool = True, dropout: float = 0.5
    ) -> None:
        super().__init__()
        self.features = features
        self.avgpool = nn.AdaptiveAvgPool2d((7, 7))
        self.classifier = nn.Sequential(
            nn.Linear(512 * 7 * 7, 4096),
            nn.ReLU(True),
            nn.Dropout(dropout),
            nn.Linear(4096, 4096),
            nn.ReLU(True),
            nn.Dropout(dropout),
            nn.Linear(4096, num_classes),
        )
        if init_weights:
            initialize(self, partial(init.normal_, std=0.01))


def make_layers(depth: int, batch_norm: bool = False) -> nn.Sequential:
    """Return the convolutions of a VGG of 11, 13, 16 or 19 layers."""
    layers: list[nn.Module] = []
    inputs = 3
    for width, count in zip(_WIDTHS, _DEPTHS[depth]):
        for _ in range(count):
            norm = [nn.BatchNorm2d(width)] if batch_norm else []
            layers += [nn.Conv2d(inputs, width, 3, padding=1), *norm, nn.ReLU(inplace=True)]
            inputs = width
        layers.append(nn.MaxPool2d(2, 2))
    return nn.Sequential(*layers)


class AlexNet(FeatureClassifier):
    """AlexNet (its one-tower form) for images (N, 3, H, W), which returns scores (N, num_classes).

    Parameters
    ----------
    num_classes : int
        Number of scores.
    dropout : float
        Probability of dropping in the classifier.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.models.AlexNet(num_classes=10).features[0]
    Conv2d(3, 64, kernel_size=(11, 11), stride=(4, 4), padding=(2, 2))
    """

    def __init__(self, num_classes: int = 1000, dropout: float = 0.5) -> None:
        super().__init__()
        pool = partial(nn.MaxPool2d, kernel_size=3, stride=2)
        relu = partial(nn.ReLU, inplace=True)
        self.features = nn.Sequential(
            *(nn.Conv2d(3, 64, 11, stride=4, padding=2), relu(), pool()),
            *(nn.Conv2d(64, 192, 5, padding=2), relu(), pool()),
            *(nn.Conv2d(192, 384, 3, padding=1), relu()),
            *(nn.Conv2d(384, 256, 3, padding=1), relu()),
            *(nn.Conv2d(256, 256, 3, padding=1), relu(), pool()),
        )
        self.avgpool = nn.AdaptiveAvgPool2d((6, 6))
        self.classifier = nn.Sequential(
            *(nn.Dropout(dropout), nn.Linear(256 * 6 * 6, 4096), relu()),
            *(nn.Dropout(dropout), nn.Linear(4096, 4096), relu()),
            nn.Linear(4096, num_classes),
        )


def _vgg(depth: int, batch_norm: bool, **kwargs: object) -> VGG:
    return VGG(make_layers(depth, batch_norm), **kwargs)  # type: ignore[arg-type]


_vgg.__name__ = "VGG"


def _entry(depth: int, batch_norm: bool) -> Entry[VGG]:
    name = f"vgg{depth}_bn" if batch_norm else f"vgg{depth}"
    about = f"Make a VGG of {depth} layers, {'with' if batch_norm else 'without'} batch normalisation."
    return Entry(name, _vgg, depth, batch_norm, about=about, source="https://arxiv.org/abs/1409.1556")


alexnet = Entry("alexnet", AlexNet, about="Make an AlexNet.", source="https://arxiv.org/abs/1404.5997")
vgg11, vgg11_bn = _entry(11, False), _entry(11, True)
vgg13, vgg13_bn = _entry(13, False), _entry(13, True)
vgg16, vgg16_bn = _entry(16, False), _entry(16, True)
vgg19, vgg19_bn = _entry(19, False), _entry(19, True)
