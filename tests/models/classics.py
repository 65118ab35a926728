"""VGG, SqueezeNet, Inception and EfficientNet blocks in torchvision's style: configurations, auxiliary heads, ceil."""

from collections import namedtuple
from typing import Any, cast

import torch
import torch.nn as nn
import torch.nn.functional as F
import torch.nn.init as init
from torch import Tensor

Outputs = namedtuple("Outputs", ["logits", "aux_logits"])
Outputs.__annotations__ = {"logits": Tensor, "aux_logits": Any}


def make_layers(cfg: list, batch_norm: bool = False) -> nn.Sequential:
    layers: list = []
    in_channels = 3
    for v in cfg:
        if v == "M":
            layers += [nn.MaxPool2d(kernel_size=2, stride=2)]
        else:
            v = cast(int, v)
            conv2d = nn.Conv2d(in_channels, v, kernel_size=3, padding=1)
            layers += [conv2d, nn.BatchNorm2d(v), nn.ReLU(inplace=True)] if batch_norm else [conv2d, nn.ReLU(True)]
            in_channels = v
    return nn.Sequential(*layers)


class Fire(nn.Module):
    def __init__(self, inplanes: int, squeeze_planes: int, expand1x1_planes: int, expand3x3_planes: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inplanes, squeeze_planes, kernel_size=1)
        self.squeeze_activation = nn.ReLU(inplace=True)
        self.expand1x1 = nn.Conv2d(squeeze_planes, expand1x1_planes, kernel_size=1)
        self.expand1x1_activation = nn.ReLU(inplace=True)
        self.expand3x3 = nn.Conv2d(squeeze_planes, expand3x3_planes, kernel_size=3, padding=1)
        self.expand3x3_activation = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        x = self.squeeze_activation(self.squeeze(x))
        return torch.cat([self.expand1x1_activation(self.expand1x1(x)), self.expand3x3_activation(self.expand3x3(x))], 1)


class BasicConv2d(nn.Module):
    def __init__(self, in_channels: int, out_channels: int, **kwargs: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, bias=False, **kwargs)
        self.bn = nn.BatchNorm2d(out_channels, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(x)), inplace=True)


class Inception(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.branch1 = BasicConv2d(c, 4, kernel_size=1)
        self.branch7x7 = nn.Sequential(BasicConv2d(c, 4, kernel_size=(1, 7), padding=(0, 3)),
                                       BasicConv2d(4, 4, kernel_size=(7, 1), padding=(3, 0)))
        self.branch4 = nn.Sequential(nn.MaxPool2d(kernel_size=3, stride=1, padding=1, ceil_mode=True),
                                     BasicConv2d(c, 4, kernel_size=1))

    def _forward(self, x: Tensor) -> list:
        pooled = F.avg_pool2d(x, kernel_size=3, stride=1, padding=1)
        return [self.branch1(x), self.branch7x7(x), self.branch4(x), pooled]

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat(self._forward(x), 1)


class MBConv(nn.Module):
    def __init__(self, c: int, expand: int = 2) -> None:
        super().__init__()
        e = c * expand
        self.block = nn.Sequential(nn.Conv2d(c, e, 1, bias=False), nn.BatchNorm2d(e, eps=1e-3), nn.SiLU(inplace=True),
                                   nn.Conv2d(e, e, 3, padding=1, groups=e, bias=False), nn.BatchNorm2d(e), nn.SiLU())
        self.gate = nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Conv2d(e, 4, 1), nn.SiLU(), nn.Conv2d(4, e, 1), nn.Sigmoid())
        self.project = nn.Sequential(nn.Conv2d(e, c, 1, bias=False), nn.BatchNorm2d(c))

    def forward(self, x: Tensor) -> Tensor:
        h = self.block(x)
        return self.project(h * self.gate(h)) + x


class Classics(nn.Module):
    __constants__ = ["aux_logits", "transform_input"]

    def __init__(self, num_classes: int = 5, transform_input: bool = True) -> None:
        super().__init__()
        self.aux_logits, self.transform_input = True, transform_input
        self.features = make_layers([8, "M", 8], batch_norm=True)
        self.fire = nn.Sequential(Fire(8, 4, 6, 6), nn.MaxPool2d(kernel_size=3, stride=2, ceil_mode=True))
        self.inception = Inception(12)
        self.mb = MBConv(24)
        self.lrn = nn.LocalResponseNorm(5, alpha=0.01, k=2.0)
        self.aux: Any = nn.Sequential(nn.AdaptiveAvgPool2d((2, 2)), nn.Flatten(), nn.Linear(96, num_classes))
        final_conv = nn.Conv2d(24, num_classes, kernel_size=1)
        self.classifier = nn.Sequential(nn.Dropout(p=0.4), final_conv, nn.ReLU(inplace=True), nn.AdaptiveAvgPool2d(1))
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                if m is final_conv:
                    init.normal_(m.weight, mean=0.1, std=0.05)
                else:
                    init.kaiming_uniform_(m.weight)
                if m.bias is not None:
                    init.constant_(m.bias, 0)

    def _transform_input(self, x: Tensor) -> Tensor:
        if self.transform_input:
            channels = [torch.unsqueeze(x[:, i], 1) * (s / 0.5) + (m - 0.5) / 0.5
                        for i, (s, m) in enumerate([(0.229, 0.485), (0.224, 0.456), (0.225, 0.406)])]
            x = torch.cat(channels, 1)
        return x

    @torch.jit.unused
    def eager_outputs(self, x: Tensor, aux: Any) -> Any:
        if self.training and self.aux_logits:
            return Outputs(x, aux)
        return x

    def forward(self, x: Tensor) -> Any:
        x = self.fire(self.features(self._transform_input(x)))
        x = self.inception(x)
        aux = self.aux(self.lrn(x)) if self.training else None
        x = torch.flatten(self.classifier(self.mb(x)), 1)
        if torch.jit.is_scripting():
            return Outputs(x, aux)
        return self.eager_outputs(x, aux)


def model():
    return Classics()


def batch():
    return torch.rand(5, 3, 24, 24), torch.tensor([4, 3, 2, 1, 0])


def loss(net, x, y):
    out = net(x)
    if isinstance(out, Tensor):
        return F.multi_margin_loss(out, y)
    return F.multi_margin_loss(out.logits, y) + 0.4 * F.cross_entropy(out.aux_logits, y)


def optimizer(net):
    return torch.optim.Adagrad(net.parameters(), lr=0.005, eps=1e-4)
