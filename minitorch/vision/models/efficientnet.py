"""EfficientNet B0 to B7, with torchvision's names. Source: https://arxiv.org/abs/1905.11946."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from ... import nn
from ...nn import init
from ...tensor import Tensor
from ..ops import Conv2dNormActivation, SqueezeExcitation, StochasticDepth
from ._parts import Entry, FeatureClassifier, initialize, make_divisible
from .mobilenet import expansion

__all__ = ["EfficientNet", "efficientnet_b0", "efficientnet_b1", "efficientnet_b2", "efficientnet_b3",
           "efficientnet_b4", "efficientnet_b5", "efficientnet_b6", "efficientnet_b7"]  # fmt: skip

Layer = Callable[..., nn.Module]


class MBConvConfig(NamedTuple):
    """A stage of blocks: what Table 1 of the paper says of it."""

    expand_ratio: float
    kernel: int
    stride: int
    input_channels: int
    out_channels: int
    num_layers: int

    def scaled(self, width: float, depth: float) -> MBConvConfig:
        """Return the stage with more channels and more layers."""
        return self._replace(
            input_channels=make_divisible(self.input_channels * width),
            out_channels=make_divisible(self.out_channels * width),
            num_layers=math.ceil(self.num_layers * depth),
        )


_B0 = [MBConvConfig(*row) for row in (
    (1, 3, 1, 32, 16, 1), (6, 3, 2, 16, 24, 2), (6, 5, 2, 24, 40, 2), (6, 3, 2, 40, 80, 3), (6, 5, 1, 80, 112, 3),
    (6, 5, 2, 112, 192, 4), (6, 3, 1, 192, 320, 1),
)]  # fmt: skip


class MBConv(nn.Module):
    """Widens, convolves every channel by itself, weights channels, narrows; rows may skip it in training."""

    def __init__(self, cnf: MBConvConfig, stochastic_depth_prob: float, norm_layer: Layer) -> None:
        super().__init__()
        if not 1 <= cnf.stride <= 2:
            raise ValueError("illegal stride value")
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        width = make_divisible(cnf.input_channels * cnf.expand_ratio)
        layers = expansion(cnf.input_channels, width, cnf.kernel, norm_layer, nn.SiLU, stride=cnf.stride)
        squeeze = max(1, cnf.input_channels // 4)
        layers.append(SqueezeExcitation(width, squeeze, activation=partial(nn.SiLU, inplace=True)))
        narrow = Conv2dNormActivation(width, cnf.out_channels, 1, norm_layer=norm_layer, activation_layer=None)
        self.block = nn.Sequential(*layers, narrow)
        self.stochastic_depth = StochasticDepth(stochastic_depth_prob, "row")
        self.out_channels = cnf.out_channels

    def forward(self, input: Tensor) -> Tensor:
        """Return the image with its new channels."""
        result = self.block(input)
        if self.use_res_connect:
            result = self.stochastic_depth(result)
            result += input
        return result


class EfficientNet(FeatureClassifier):
    """An EfficientNet for images (N, 3, H, W), which returns scores (N, num_classes).

    Parameters
    ----------
    inverted_residual_setting : sequence of MBConvConfig
        The stages; ValueError for none, TypeError for something else.
    dropout : float
        Probability of dropping in the classifier.
    stochastic_depth_prob : float
        Probability that a row skips the last block; it grows from 0 at the first.
    num_classes : int
        Number of scores.
    norm_layer : callable, optional
        Class of the normalisations; `nn.BatchNorm2d`.
    last_channel : int, optional
        Channels before the classifier; four times those of the last stage.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.vision.models.efficientnet import EfficientNet, MBConvConfig
    >>> model = EfficientNet([MBConvConfig(1, 3, 1, 8, 8, 1)], 0.2, num_classes=10)
    >>> model(minitorch.zeros(2, 3, 16, 16)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        inverted_residual_setting: Sequence[MBConvConfig],
        dropout: float,
        stochastic_depth_prob: float = 0.2,
        num_classes: int = 1000,
        norm_layer: Layer | None = None,
        last_channel: int | None = None,
    ) -> None:
        super().__init__()
        stages = inverted_residual_setting
        if not stages:
            raise ValueError("The inverted_residual_setting should not be empty")
        if not all(isinstance(stage, MBConvConfig) for stage in stages):
            raise TypeError("The inverted_residual_setting should be List[MBConvConfig]")
        norm = norm_layer or nn.BatchNorm2d
        simple = partial(Conv2dNormActivation, norm_layer=norm, activation_layer=nn.SiLU)
        last = stages[-1].out_channels
        final = 4 * last if last_channel is None else last_channel
        self.features = nn.Sequential(
            simple(3, stages[0].input_channels, stride=2),
            *_stages(stages, stochastic_depth_prob, norm),
            simple(last, final, 1),
        )
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Dropout(dropout, inplace=True), nn.Linear(final, num_classes))
        initialize(self, _by_outputs)


def _stages(stages: Sequence[MBConvConfig], probability: float, norm: Layer) -> list[nn.Module]:
    total = sum(stage.num_layers for stage in stages)
    made: list[nn.Module] = []
    number = 0
    for stage in stages:
        blocks = []
        for i in range(stage.num_layers):
            later = stage._replace(input_channels=stage.out_channels, stride=1)
            blocks.append(MBConv(later if i else stage, probability * number / total, norm))
            number += 1
        made.append(nn.Sequential(*blocks))
    return made


def _by_outputs(weight: Tensor) -> None:
    bound = 1 / math.sqrt(weight.shape[0])
    init.uniform_(weight, -bound, bound)


def _efficientnet(width: float, depth: float, dropout: float, **kwargs: object) -> EfficientNet:
    kwargs = {"dropout": dropout, **kwargs}
    return EfficientNet([stage.scaled(width, depth) for stage in _B0], **kwargs)  # type: ignore[arg-type]


_efficientnet.__name__ = "EfficientNet"


def _entry(number: int, width: float, depth: float, dropout: float) -> Entry[EfficientNet]:
    options: dict[str, Any] = {"norm_layer": partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)} if number >= 5 else {}
    return Entry(
        f"efficientnet_b{number}", _efficientnet, width, depth, dropout, about=f"Make an EfficientNet B{number}.",
        source="https://arxiv.org/abs/1905.11946", **options,
    )  # fmt: skip


efficientnet_b0 = _entry(0, 1.0, 1.0, 0.2)
efficientnet_b1 = _entry(1, 1.0, 1.1, 0.2)
efficientnet_b2 = _entry(2, 1.1, 1.2, 0.3)
efficientnet_b3 = _entry(3, 1.2, 1.4, 0.3)
efficientnet_b4 = _entry(4, 1.4, 1.8, 0.4)
efficientnet_b5 = _entry(5, 1.6, 2.2, 0.4)
efficientnet_b6 = _entry(6, 1.8, 2.6, 0.5)
efficientnet_b7 = _entry(7, 2.0, 3.1, 0.5)
