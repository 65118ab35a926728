"""An inverted-residual network in the style of torchvision's MobileNetV3: Hardswish, squeeze-excitation, partials."""

from functools import partial
from typing import Callable, Optional, Sequence

import torch
from torch import nn, Tensor


def _make_divisible(v: float, divisor: int, min_value: Optional[int] = None) -> int:
    new_v = max(min_value or divisor, int(v + divisor / 2) // divisor * divisor)
    return new_v + divisor if new_v < 0.9 * v else new_v


class ConvNormActivation(torch.nn.Sequential):
    def __init__(self, inp: int, out: int, kernel_size=3, stride=1, groups=1, dilation=1,
                 norm_layer: Optional[Callable[..., torch.nn.Module]] = torch.nn.BatchNorm2d,
                 activation_layer: Optional[Callable[..., torch.nn.Module]] = torch.nn.ReLU) -> None:
        padding = (kernel_size - 1) // 2 * dilation
        layers = [torch.nn.Conv2d(inp, out, kernel_size, stride, padding, dilation=dilation, groups=groups,
                                  bias=norm_layer is None)]
        if norm_layer is not None:
            layers.append(norm_layer(out))
        if activation_layer is not None:
            layers.append(activation_layer(inplace=True))
        super().__init__(*layers)
        self.out_channels = out


class SqueezeExcitation(torch.nn.Module):
    def __init__(self, input_channels: int, squeeze_channels: int, activation=torch.nn.ReLU,
                 scale_activation=torch.nn.Hardsigmoid) -> None:
        super().__init__()
        self.avgpool = torch.nn.AdaptiveAvgPool2d(1)
        self.fc1 = torch.nn.Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = torch.nn.Conv2d(squeeze_channels, input_channels, 1)
        self.activation = activation()
        self.scale_activation = scale_activation()

    def _scale(self, input: Tensor) -> Tensor:
        return self.scale_activation(self.fc2(self.activation(self.fc1(self.avgpool(input)))))

    def forward(self, input: Tensor) -> Tensor:
        return self._scale(input) * input


class InvertedResidual(nn.Module):
    def __init__(self, cin: int, kernel: int, expanded: int, cout: int, use_se: bool, activation: str, stride: int,
                 norm_layer: Callable[..., nn.Module]):
        super().__init__()
        if not (1 <= stride <= 2):
            raise ValueError("illegal stride value")
        self.use_res_connect = stride == 1 and cin == cout
        activation_layer = nn.Hardswish if activation == "HS" else nn.ReLU
        layers: list = []
        if expanded != cin:
            layers.append(ConvNormActivation(cin, expanded, 1, norm_layer=norm_layer, activation_layer=activation_layer))
        layers.append(ConvNormActivation(expanded, expanded, kernel, stride, groups=expanded, norm_layer=norm_layer,
                                         activation_layer=activation_layer))
        if use_se:
            layers.append(SqueezeExcitation(expanded, _make_divisible(expanded // 4, 8)))
        layers.append(ConvNormActivation(expanded, cout, 1, norm_layer=norm_layer, activation_layer=None))
        self.block = nn.Sequential(*layers)

    def forward(self, input: Tensor) -> Tensor:
        result = self.block(input)
        if self.use_res_connect:
            result += input
        return result


class MobileNet(nn.Module):
    def __init__(self, settings: Sequence[tuple], last_channel: int, num_classes: int, dropout: float = 0.2) -> None:
        super().__init__()
        norm_layer = partial(nn.BatchNorm2d, eps=0.001, momentum=0.01)
        layers: list = [ConvNormActivation(3, settings[0][0], 3, 2, norm_layer=norm_layer,
                                           activation_layer=nn.Hardswish)]
        layers += [InvertedResidual(*cnf, norm_layer=norm_layer) for cnf in settings]
        layers.append(ConvNormActivation(settings[-1][3], 6 * settings[-1][3], 1, norm_layer=norm_layer,
                                         activation_layer=nn.Hardswish))
        self.features = nn.Sequential(*layers)
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.classifier = nn.Sequential(nn.Linear(6 * settings[-1][3], last_channel), nn.Hardswish(inplace=True),
                                        nn.Dropout(p=dropout, inplace=True), nn.Linear(last_channel, num_classes))
        for m in self.modules():
            if isinstance(m, nn.Conv2d):
                nn.init.kaiming_normal_(m.weight, mode="fan_out")
                if m.bias is not None:
                    nn.init.zeros_(m.bias)
            elif isinstance(m, (nn.BatchNorm2d, nn.GroupNorm)):
                nn.init.ones_(m.weight)
                nn.init.zeros_(m.bias)
            elif isinstance(m, nn.Linear):
                nn.init.normal_(m.weight, 0, 0.01)
                nn.init.zeros_(m.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.avgpool(self.features(x))
        return self.classifier(torch.flatten(x, 1))


def model():
    return MobileNet([(8, 3, 8, 8, True, "RE", 2), (8, 3, 24, 8, False, "RE", 1), (8, 5, 32, 16, True, "HS", 2),
                      (16, 5, 40, 16, True, "HS", 1)], last_channel=32, num_classes=6)


def batch():
    return torch.rand(4, 3, 32, 32), torch.randint(6, (4,))


def loss(net, x, y):
    return nn.functional.cross_entropy(net(x), y)


def optimizer(net):
    return torch.optim.RMSprop(net.parameters(), lr=0.001, momentum=0.9, alpha=0.9, eps=0.0316, weight_decay=1e-5)
