"""Densely connected networks, with torchvision's names. Source: https://arxiv.org/abs/1608.06993."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ... import nn
from ...nn import functional as F
from ...ops.join import cat
from ...tensor import Tensor
from ...utils.checkpoint import checkpoint
from ._parts import Entry, initialize

__all__ = ["DenseNet", "densenet121", "densenet161", "densenet169", "densenet201"]


class _DenseLayer(nn.Module):
    """A bottleneck and a 3x3 convolution, which reads all earlier features of its block."""

    def __init__(
        self, num_input_features: int, growth_rate: int, bn_size: int, drop_rate: float, memory_efficient: bool = False
    ) -> None:
        super().__init__()
        width = bn_size * growth_rate
        self.norm1 = nn.BatchNorm2d(num_input_features)
        self.relu1 = nn.ReLU(inplace=True)
        self.conv1 = nn.Conv2d(num_input_features, width, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU(inplace=True)
        self.conv2 = nn.Conv2d(width, growth_rate, 3, padding=1, bias=False)
        self.drop_rate = float(drop_rate)
        self.memory_efficient = memory_efficient

    def bottleneck(self, *features: Tensor) -> Tensor:
        """Return the narrow features that the 3x3 convolution reads."""
        return self.conv1(self.relu1(self.norm1(cat(features, 1))))

    def forward(self, input: Tensor | list[Tensor]) -> Tensor:
        """Return the new features, (N, growth_rate, H, W)."""
        features = [input] if isinstance(input, Tensor) else input
        if self.memory_efficient and any(feature.requires_grad for feature in features):
            narrow = checkpoint(self.bottleneck, *features, use_reentrant=False)
        else:
            narrow = self.bottleneck(*features)
        new = self.conv2(self.relu2(self.norm2(narrow)))
        return F.dropout(new, self.drop_rate, self.training) if self.drop_rate > 0 else new


class _DenseBlock(nn.ModuleDict):
    _version = 2

    def __init__(
        self,
        num_layers: int,
        num_input_features: int,
        bn_size: int,
        growth_rate: int,
        drop_rate: float,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        for i in range(num_layers):
            inputs = num_input_features + i * growth_rate
            layer = _DenseLayer(inputs, growth_rate, bn_size, drop_rate, memory_efficient)
            self.add_module(f"denselayer{i + 1}", layer)

    def forward(self, init_features: Tensor) -> Tensor:
        """Return the features and all that the layers add."""
        features = [init_features]
        for layer in self.values():
            features.append(layer(features))
        return cat(features, 1)


class _Transition(nn.Sequential):
    def __init__(self, num_input_features: int, num_output_features: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(num_input_features)
        self.relu = nn.ReLU(inplace=True)
        self.conv = nn.Conv2d(num_input_features, num_output_features, 1, bias=False)
        self.pool = nn.AvgPool2d(2, 2)


class DenseNet(nn.Module):
    """A densely connected network for images (N, 3, H, W), which returns scores (N, num_classes).

    Parameters
    ----------
    growth_rate : int
        Channels that each layer adds.
    block_config : sequence of int
        Layers in each block.
    num_init_features : int
        Channels after the first convolution.
    bn_size : int
        Width of the bottlenecks in growth rates.
    drop_rate : float
        Probability of dropping new features.
    num_classes : int
        Number of scores.
    memory_efficient : bool
        Whether bottlenecks are computed again in the backward pass instead of kept.

    Examples
    --------
    >>> import minitorch
    >>> model = minitorch.vision.models.DenseNet(4, (1, 1, 1, 1), 8, num_classes=10)
    >>> model(minitorch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        growth_rate: int = 32,
        block_config: Sequence[int] = (6, 12, 24, 16),
        num_init_features: int = 64,
        bn_size: int = 4,
        drop_rate: float = 0,
        num_classes: int = 1000,
        memory_efficient: bool = False,
    ) -> None:
        super().__init__()
        self.features = nn.Sequential()
        self.features.add_module("conv0", nn.Conv2d(3, num_init_features, 7, 2, 3, bias=False))
        self.features.add_module("norm0", nn.BatchNorm2d(num_init_features))
        self.features.add_module("relu0", nn.ReLU(inplace=True))
        self.features.add_module("pool0", nn.MaxPool2d(3, 2, padding=1))
        width = num_init_features
        for i, count in enumerate(block_config, 1):
            block = _DenseBlock(count, width, bn_size, growth_rate, drop_rate, memory_efficient)
            self.features.add_module(f"denseblock{i}", block)
            width += count * growth_rate
            if i < len(block_config):
                self.features.add_module(f"transition{i}", _Transition(width, width // 2))
                width //= 2
        self.features.add_module("norm5", nn.BatchNorm2d(width))
        self.classifier = nn.Linear(width, num_classes)
        initialize(self, linear=lambda weight: None, mode="fan_in")

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores."""
        features = F.relu(self.features(x), inplace=True)
        return self.classifier(F.adaptive_avg_pool2d(features, (1, 1)).flatten(1))


_OLD_KEY = re.compile(r"(denselayer\d+\.(?:norm|relu|conv))\.([12]\.)")


def _renamed(key: str) -> str:
    """Return the name of today for one of the published files, whose layers are called ``norm.1``."""
    return _OLD_KEY.sub(r"\1\2", key)


def _entry(depth: int, growth: int, blocks: tuple[int, ...], width: int) -> Entry[DenseNet]:
    return Entry(
        f"densenet{depth}", DenseNet, growth, blocks, width, renamed=_renamed,
        about=f"Make a DenseNet-{depth}.", source="https://arxiv.org/abs/1608.06993",
    )  # fmt: skip


densenet121 = _entry(121, 32, (6, 12, 24, 16), 64)
densenet161 = _entry(161, 48, (6, 12, 36, 24), 96)
densenet169 = _entry(169, 32, (6, 12, 32, 32), 64)
densenet201 = _entry(201, 32, (6, 12, 48, 32), 64)
