"""Small networks in torch's words, built from the `nn` that they are given."""

from __future__ import annotations

from typing import Any


def _block(nn: Any, inputs: int, outputs: int, stride: int = 1) -> list[Any]:
    return [nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]


def digits(nn: Any) -> Any:
    """Two convolutions on 8x8 grey images."""
    return nn.Sequential(
        *_block(nn, 1, 16), *_block(nn, 16, 32), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(32 * 4 * 4, 10),
    )  # fmt: skip


def cifar(nn: Any) -> Any:
    """Three stages of convolution and pooling on 32x32 colour images."""
    return nn.Sequential(
        nn.Conv2d(3, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Conv2d(64, 128, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(128, 10),
    )  # fmt: skip


def residual(nn: Any) -> Any:
    """Four residual blocks, two of them at half the resolution (He et al., arXiv 1512.03385)."""

    class Residual(nn.Module):  # type: ignore[misc]
        def __init__(self, inputs: int, outputs: int, stride: int) -> None:
            super().__init__()
            narrow = _block(nn, outputs, outputs)[:2]
            self.body = nn.Sequential(*_block(nn, inputs, outputs, stride), *narrow)
            same = stride == 1 and inputs == outputs
            self.short = nn.Identity() if same else nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.relu = nn.ReLU()

        def forward(self, x: Any) -> Any:
            return self.relu(self.body(x) + self.short(x))

    blocks = [Residual(32, 32, 1), Residual(32, 32, 1), Residual(32, 64, 2), Residual(64, 64, 1)]
    return nn.Sequential(*_block(nn, 3, 32), *blocks, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def separable(nn: Any) -> Any:
    """Depthwise and point-wise pairs (Howard et al., arXiv 1704.04861)."""
    layers = _block(nn, 3, 32, 2)
    for inputs, outputs, stride in ((32, 64, 1), (64, 128, 2), (128, 128, 1)):
        depthwise = nn.Conv2d(inputs, inputs, 3, stride, 1, groups=inputs, bias=False)
        layers += [depthwise, nn.BatchNorm2d(inputs), nn.ReLU()]
        layers += [nn.Conv2d(inputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(128, 10))


def perceptron(nn: Any) -> Any:
    """Two hidden layers on flat inputs."""
    return nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
