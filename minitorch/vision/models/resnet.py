"""Residual networks: ResNet, ResNeXt and Wide ResNet, with torchvision's names.

Sources: https://arxiv.org/abs/1512.03385, https://arxiv.org/abs/1611.05431, https://arxiv.org/abs/1605.07146. The
stride of a bottleneck stands at its 3x3 convolution, as in torchvision.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ... import nn
from ...nn import init
from ...tensor import Tensor
from ._parts import Entry, initialize

__all__ = ["ResNet", "resnet18", "resnet34", "resnet50", "resnet101", "resnet152", "resnext50_32x4d",
           "resnext101_32x8d", "resnext101_64x4d", "wide_resnet50_2", "wide_resnet101_2"]  # fmt: skip

Norm = Callable[..., nn.Module]


def _conv(inputs: int, outputs: int, size: int, stride: int = 1, groups: int = 1, dilation: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, size, stride, size // 2 * dilation, dilation, groups, bias=False)


class BasicBlock(nn.Module):
    """Two 3x3 convolutions beside the identity."""

    expansion = 1

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        if groups != 1 or base_width != 64:
            raise ValueError("BasicBlock only supports groups=1 and base_width=64")
        if dilation > 1:
            raise NotImplementedError("Dilation > 1 not supported in BasicBlock")
        self.conv1 = _conv(inplanes, planes, 3, stride)
        self.bn1 = norm_layer(planes)
        self.relu = nn.ReLU(inplace=True)
        self.conv2 = _conv(planes, planes, 3)
        self.bn2 = norm_layer(planes)
        self.downsample = downsample
        self.stride = stride

    @property
    def last_norm(self) -> nn.Module:
        """The normalisation before the sum."""
        return self.bn2

    def branch(self, x: Tensor) -> Tensor:
        """Return what is added to the identity."""
        return self.bn2(self.conv2(self.relu(self.bn1(self.conv1(x)))))

    def forward(self, x: Tensor) -> Tensor:
        """Return the sum of branch and identity after the activation."""
        out = self.branch(x)
        out += x if self.downsample is None else self.downsample(x)
        return self.relu(out)


class Bottleneck(nn.Module):
    """A 3x3 convolution between two 1x1 convolutions, beside the identity."""

    expansion = 4

    def __init__(
        self,
        inplanes: int,
        planes: int,
        stride: int = 1,
        downsample: nn.Module | None = None,
        groups: int = 1,
        base_width: int = 64,
        dilation: int = 1,
        norm_layer: Norm = nn.BatchNorm2d,
    ) -> None:
        super().__init__()
        width = int(planes * (base_width / 64)) * groups
        self.conv1 = _conv(inplanes, width, 1)
        self.bn1 = norm_layer(width)
        self.conv2 = _conv(width, width, 3, stride, groups, dilation)
        self.bn2 = norm_layer(width)
        self.conv3 = _conv(width, planes * self.expansion, 1)
        self.bn3 = norm_layer(planes * self.expansion)
        self.relu = nn.ReLU(inplace=True)
        self.downsample = downsample
        self.stride = stride

    @property
    def last_norm(self) -> nn.Module:
        """The normalisation before the sum."""
        return self.bn3

    def branch(self, x: Tensor) -> Tensor:
        """Return what is added to the identity."""
        x = self.relu(self.bn1(self.conv1(x)))
        return self.bn3(self.conv3(self.relu(self.bn2(self.conv2(x)))))

    forward = BasicBlock.forward


class ResNet(nn.Module):
    """A residual network for images (N, 3, H, W), which returns scores (N, num_classes).

    Parameters
    ----------
    block : type
        `BasicBlock` or `Bottleneck`.
    layers : list of int
        Blocks in each of the four stages.
    num_classes : int
        Number of scores.
    zero_init_residual : bool
        Whether branches begin as zero.
    groups, width_per_group : int
        Of the 3x3 convolutions of bottlenecks.
    replace_stride_with_dilation : list of 3 bool, optional
        Which of the later stages dilate instead of striding.
    norm_layer : callable, optional
        Class of the normalisations; `nn.BatchNorm2d`.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.vision.models.resnet import BasicBlock, ResNet
    >>> model = ResNet(BasicBlock, [1, 1, 1, 1], num_classes=10)
    >>> model(minitorch.zeros(2, 3, 32, 32)).shape
    torch.Size([2, 10])
    """

    def __init__(
        self,
        block: Any,
        layers: Sequence[int],
        num_classes: int = 1000,
        zero_init_residual: bool = False,
        groups: int = 1,
        width_per_group: int = 64,
        replace_stride_with_dilation: Sequence[bool] | None = None,
        norm_layer: Norm | None = None,
    ) -> None:
        super().__init__()
        self._norm_layer = norm_layer or nn.BatchNorm2d
        self.inplanes, self.dilation = 64, 1
        self.groups, self.base_width = groups, width_per_group
        dilate = (False, *_three(replace_stride_with_dilation))
        self.conv1 = _conv(3, self.inplanes, 7, 2)
        self.bn1 = self._norm_layer(self.inplanes)
        self.relu = nn.ReLU(inplace=True)
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        for stage in range(4):
            made = self._make_layer(block, 64 << stage, layers[stage], 2 if stage else 1, dilate[stage])
            setattr(self, f"layer{stage + 1}", made)
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(512 * block.expansion, num_classes)
        initialize(self)
        if zero_init_residual:
            for part in self.modules():
                if isinstance(part, (BasicBlock, Bottleneck)) and part.last_norm.weight is not None:
                    init.zeros_(part.last_norm.weight)

    def _make_layer(self, block: Any, planes: int, blocks: int, stride: int = 1, dilate: bool = False) -> nn.Sequential:
        """Return a stage; its first block changes the size and the number of channels."""
        first_dilation = self.dilation
        if dilate:
            self.dilation *= stride
            stride = 1
        width = planes * block.expansion
        downsample = None
        if stride != 1 or self.inplanes != width:
            downsample = nn.Sequential(_conv(self.inplanes, width, 1, stride), self._norm_layer(width))
        shared = (self.groups, self.base_width)
        made = [block(self.inplanes, planes, stride, downsample, *shared, first_dilation, self._norm_layer)]
        self.inplanes = width
        made += [block(width, planes, 1, None, *shared, self.dilation, self._norm_layer) for _ in range(1, blocks)]
        return nn.Sequential(*made)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        x = self.layer4(self.layer3(self.layer2(self.layer1(x))))
        return self.fc(self.avgpool(x).flatten(1))


def _three(flags: Sequence[bool] | None) -> Sequence[bool]:
    flags = (False, False, False) if flags is None else flags
    if len(flags) != 3:
        raise ValueError(f"replace_stride_with_dilation should be None or a 3-element tuple, got {flags}")
    return flags


_RESNET = "https://arxiv.org/abs/1512.03385"
_RESNEXT = "https://arxiv.org/abs/1611.05431"
_WIDE = "https://arxiv.org/abs/1605.07146"
_NAMED = Entry[ResNet]
resnet18 = _NAMED("resnet18", ResNet, BasicBlock, [2, 2, 2, 2], about="Make a ResNet-18.", source=_RESNET)
resnet34 = _NAMED("resnet34", ResNet, BasicBlock, [3, 4, 6, 3], about="Make a ResNet-34.", source=_RESNET)
resnet50 = _NAMED("resnet50", ResNet, Bottleneck, [3, 4, 6, 3], about="Make a ResNet-50.", source=_RESNET)
resnet101 = _NAMED("resnet101", ResNet, Bottleneck, [3, 4, 23, 3], about="Make a ResNet-101.", source=_RESNET)
resnet152 = _NAMED("resnet152", ResNet, Bottleneck, [3, 8, 36, 3], about="Make a ResNet-152.", source=_RESNET)
resnext50_32x4d = _NAMED(
    "resnext50_32x4d", ResNet, Bottleneck, [3, 4, 6, 3], groups=32, width_per_group=4,
    about="Make a ResNeXt-50 of 32 groups of 4 channels.", source=_RESNEXT,
)  # fmt: skip
resnext101_32x8d = _NAMED(
    "resnext101_32x8d", ResNet, Bottleneck, [3, 4, 23, 3], groups=32, width_per_group=8,
    about="Make a ResNeXt-101 of 32 groups of 8 channels.", source=_RESNEXT,
)  # fmt: skip
resnext101_64x4d = _NAMED(
    "resnext101_64x4d", ResNet, Bottleneck, [3, 4, 23, 3], groups=64, width_per_group=4,
    about="Make a ResNeXt-101 of 64 groups of 4 channels.", source=_RESNEXT,
)  # fmt: skip
wide_resnet50_2 = _NAMED(
    "wide_resnet50_2", ResNet, Bottleneck, [3, 4, 6, 3], width_per_group=128,
    about="Make a Wide ResNet-50 with twice as wide bottlenecks.", source=_WIDE,
)  # fmt: skip
wide_resnet101_2 = _NAMED(
    "wide_resnet101_2", ResNet, Bottleneck, [3, 4, 23, 3], width_per_group=128,
    about="Make a Wide ResNet-101 with twice as wide bottlenecks.", source=_WIDE,
)  # fmt: skip
