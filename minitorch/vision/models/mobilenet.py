"""MobileNet V2 and V3, with torchvision's names. Sources: https://arxiv.org/abs/1801.04381, 1905.02244."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from ... import nn
from ...nn import functional as F
from ...nn import init
from ...tensor import Tensor
from ..ops import Conv2dNormActivation, SqueezeExcitation
from ._parts import Entry, FeatureClassifier, initialize, make_divisible

__all__ = ["MobileNetV2", "MobileNetV3", "mobilenet_v2", "mobilenet_v3_large", "mobilenet_v3_small"]

Layer = Callable[..., nn.Module]

_linear = partial(init.normal_, std=0.01)
_V2 = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def expansion(inputs: int, width: int, kernel: int, norm: Layer, activation: Layer, **conv: Any) -> list[nn.Module]:
    """Return the layers that widen an image (unless it is wide) and convolve every channel by itself."""
    block = partial(Conv2dNormActivation, norm_layer=norm, activation_layer=activation)
    widen = [block(inputs, width, 1)] if width != inputs else []
    return [*widen, block(width, width, kernel, groups=width, **conv)]


def _check_stride(stride: int) -> None:
    if stride not in (1, 2):
        raise ValueError(f"stride should be 1 or 2 instead of {stride}")


# ---- version 2 ---------------------------------------------------------------------------------------------


class _InvertedResidualV2(nn.Module):
    """Widens, convolves every channel by itself, narrows; beside the identity where the shapes agree."""

    def __init__(self, inp: int, oup: int, stride: int, expand_ratio: int, norm_layer: Layer | None = None) -> None:
        super().__init__()
        _check_stride(stride)
        norm = norm_layer or nn.BatchNorm2d
        width = round(inp * expand_ratio)
        self.stride = stride
        self.use_res_connect = stride == 1 and inp == oup
        layers = expansion(inp, width, 3, norm, nn.ReLU6, stride=stride)
        self.conv = nn.Sequential(*layers, nn.Conv2d(width, oup, 1, bias=False), norm(oup))
        self.out_channels = oup

    def forward(self, x: Tensor) -> Tensor:
        """Return the image with its new channels."""
        return x + self.conv(x) if self.use_res_connect else self.conv(x)


class MobileNetV2(nn.Module):
    """A MobileNet V2 for images (N, 3, H, W), which returns scores (N, num_classes).

    Parameters
    ----------
    num_classes : int
        Number of scores.
    width_mult : float
        Factor on the channels of all layers.
    inverted_residual_setting : sequence, optional
        Expansion, channels, blocks and stride of each stage.
    round_nearest : int
        What numbers of channels are multiples of.
    block : callable, optional
        Class of the blocks.
    norm_layer : callable, optional
        Class of the normalisations; `nn.BatchNorm2d`.
    dropout : float
        Probability of dropping in the classifier.

    Raises
    ------
    ValueError
        For stages of another form.

    Examples
    --------
    >>> import minitorch
    >>> model = minitorch.vision.models.MobileNetV2(num_classes=10, width_mult=0.25)
    >>> model(minitorch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        num_classes: int = 1000,
        width_mult: float = 1.0,
        inverted_residual_setting: Sequence[Sequence[int]] | None = None,
        round_nearest: int = 8,
        block: Layer | None = None,
        norm_layer: Layer | None = None,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        stages = _V2 if inverted_residual_setting is None else inverted_residual_setting
        if not stages or any(len(stage) != 4 for stage in stages):
            raise ValueError(f"inverted_residual_setting should be non-empty or a 4-element list, got {stages}")
        block, norm = block or _InvertedResidualV2, norm_layer or nn.BatchNorm2d
        simple = partial(Conv2dNormActivation, norm_layer=norm, activation_layer=nn.ReLU6)
        width = make_divisible(32 * width_mult, round_nearest)
        self.last_channel = make_divisible(1280 * max(1.0, width_mult), round_nearest)
        layers: list[nn.Module] = [simple(3, width, stride=2)]
        for ratio, channels, count, stride in stages:
            out = make_divisible(channels * width_mult, round_nearest)
            for i in range(count):
                layers.append(block(width, out, 1 if i else stride, expand_ratio=ratio, norm_layer=norm))
                width = out
        layers.append(simple(width, self.last_channel, 1))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(self.last_channel, num_classes))
        initialize(self, _linear)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores."""
        return self.classifier(F.adaptive_avg_pool2d(self.features(x), (1, 1)).flatten(1))


# ---- version 3 ---------------------------------------------------------------------------------------------


class InvertedResidualConfig(NamedTuple):
    """A block: channels before, inside and after it, and what its layers are."""

    input_channels: int
    kernel: int
    expanded_channels: int
    out_channels: int
    use_se: bool
    activation: str  # "RE" for nn.ReLU, "HS" for nn.Hardswish
    stride: int
    dilation: int

    def scaled(self, factor: float) -> InvertedResidualConfig:
        """Return the block with all widths multiplied."""
        return self._replace(
            input_channels=make_divisible(self.input_channels * factor),
            expanded_channels=make_divisible(self.expanded_channels * factor),
            out_channels=make_divisible(self.out_channels * factor),
        )


_hard_excitation = partial(SqueezeExcitation, scale_activation=nn.Hardsigmoid)


class InvertedResidual(nn.Module):
    """Widens, convolves every channel by itself, weights channels, narrows; beside the identity if that fits."""

    def __init__(
        self,
        cnf: InvertedResidualConfig,
        norm_layer: Layer,
        se_layer: Layer = _hard_excitation,
    ) -> None:
        super().__init__()
        _check_stride(cnf.stride)
        self.use_res_connect = cnf.stride == 1 and cnf.input_channels == cnf.out_channels
        width = cnf.expanded_channels
        layers = expansion(
            cnf.input_channels, width, cnf.kernel, norm_layer, nn.Hardswish if cnf.activation == "HS" else nn.ReLU,
            stride=1 if cnf.dilation > 1 else cnf.stride, dilation=cnf.dilation,
        )  # fmt: skip
        if cnf.use_se:
            layers.append(se_layer(width, make_divisible(width // 4)))
        narrow = Conv2dNormActivation(width, cnf.out_channels, 1, norm_layer=norm_layer, activation_layer=None)
        self.block = nn.Sequential(*layers, narrow)
        self.out_channels = cnf.out_channels

    def forward(self, input: Tensor) -> Tensor:
        """Return the image with its new channels."""
        result = self.block(input)
        if self.use_res_connect:
            result += input
        return result


class MobileNetV3(FeatureClassifier):
    """A MobileNet V3 for images (N, 3, H, W), which returns scores (N, num_classes).

    Parameters
    ----------
    inverted_residual_setting : sequence of InvertedResidualConfig
        The blocks; ValueError for none, TypeError for something else.
    last_channel : int
        Width of the classifier's first layer.
    num_classes : int
        Number of scores.
    block : callable, optional
        Class of the blocks.
    norm_layer : callable, optional
        Class of the normalisations; `nn.BatchNorm2d` with eps 0.001 and momentum 0.01.
    dropout : float
        Probability of dropping in the classifier.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.vision.models.mobilenet import InvertedResidualConfig, MobileNetV3
    >>> model = MobileNetV3([InvertedResidualConfig(16, 3, 16, 16, True, "RE", 2, 1)], 32, num_classes=10)
    >>> model(minitorch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        inverted_residual_setting: Sequence[InvertedResidualConfig],
        last_channel: int,
        num_classes: int = 1000,
        block: Layer | None = None,
        norm_layer: Layer | None = None,
        dropout: float = 0.2,
    ) -> None:
        super().__init__()
        stages = inverted_residual_setting
        if not stages:
            raise ValueError("The inverted_residual_setting should not be empty")
        if not all(isinstance(stage, InvertedResidualConfig) for stage in stages):
            raise TypeError("The inverted_residual_setting should be List[InvertedResidualConfig]")
        norm = norm_layer or partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
        simple = partial(Conv2dNormActivation, norm_layer=norm, activation_layer=nn.Hardswish)
        last = stages[-1].out_channels
        blocks = [(block or InvertedResidual)(stage, norm) for stage in stages]
        self.features = nn.Sequential(simple(3, stages[0].input_channels, stride=2), *blocks, simple(last, 6 * last, 1))
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(
            nn.Linear(6 * last, last_channel),
            nn.Hardswish(inplace=True),
            nn.Dropout(dropout, inplace=True),
            nn.Linear(last_channel, num_classes),
        )
        initialize(self, _linear)


def _large(tail: int, dilation: int) -> list[InvertedResidualConfig]:
    rows = [
        (16, 3, 16, 16, False, "RE", 1, 1), (16, 3, 64, 24, False, "RE", 2, 1), (24, 3, 72, 24, False, "RE", 1, 1),
        (24, 5, 72, 40, True, "RE", 2, 1), (40, 5, 120, 40, True, "RE", 1, 1), (40, 5, 120, 40, True, "RE", 1, 1),
        (40, 3, 240, 80, False, "HS", 2, 1), (80, 3, 200, 80, False, "HS", 1, 1), (80, 3, 184, 80, False, "HS", 1, 1),
        (80, 3, 184, 80, False, "HS", 1, 1), (80, 3, 480, 112, True, "HS", 1, 1), (112, 3, 672, 112, True, "HS", 1, 1),
        (112, 5, 672, 160 // tail, True, "HS", 2, dilation),
        *[(160 // tail, 5, 960 // tail, 160 // tail, True, "HS", 1, dilation)] * 2,
    ]  # fmt: skip
    return [InvertedResidualConfig(*row) for row in rows]


def _small(tail: int, dilation: int) -> list[InvertedResidualConfig]:
    rows = [
        (16, 3, 16, 16, True, "RE", 2, 1), (16, 3, 72, 24, False, "RE", 2, 1), (24, 3, 88, 24, False, "RE", 1, 1),
        (24, 5, 96, 40, True, "HS", 2, 1), (40, 5, 240, 40, True, "HS", 1, 1), (40, 5, 240, 40, True, "HS", 1, 1),
        (40, 5, 120, 48, True, "HS", 1, 1), (48, 5, 144, 48, True, "HS", 1, 1),
        (48, 5, 288, 96 // tail, True, "HS", 2, dilation),
        *[(96 // tail, 5, 576 // tail, 96 // tail, True, "HS", 1, dilation)] * 2,
    ]  # fmt: skip
    return [InvertedResidualConfig(*row) for row in rows]


def _v3(
    rows: Callable[[int, int], list[InvertedResidualConfig]],
    last: int,
    width_mult: float = 1.0,
    reduced_tail: bool = False,
    dilated: bool = False,
    **kwargs: object,
) -> MobileNetV3:
    """Return a MobileNet V3 whose table of blocks may be narrowed, halved at its end or dilated."""
    tail = 2 if reduced_tail else 1
    stages = [row.scaled(width_mult) for row in rows(tail, 2 if dilated else 1)]
    return MobileNetV3(stages, make_divisible(last // tail * width_mult), **kwargs)  # type: ignore[arg-type]


_v3.__name__ = "MobileNetV3"
_InvertedResidualV2.__name__ = "InvertedResidual"

mobilenet_v2 = Entry(
    "mobilenet_v2", MobileNetV2, about="Make a MobileNet V2.", source="https://arxiv.org/abs/1801.04381"
)
mobilenet_v3_large = Entry(
    "mobilenet_v3_large", _v3, _large, 1280, about="Make a large MobileNet V3.",
    source="https://arxiv.org/abs/1905.02244",
)  # fmt: skip
mobilenet_v3_small = Entry(
    "mobilenet_v3_small", _v3, _small, 1024, about="Make a small MobileNet V3.",
    source="https://arxiv.org/abs/1905.02244",
)  # fmt: skip
