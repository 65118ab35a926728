"""Blocks that vision models share, under torchvision's names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import nn
from ..ops.create import empty
from ..tensor import Tensor

__all__ = ["Conv2dNormActivation", "SqueezeExcitation", "StochasticDepth", "stochastic_depth"]

Layer = Callable[..., nn.Module]


class Conv2dNormActivation(nn.Sequential):
    """A convolution, a normalisation and an activation, of images (N, C, H, W).

    Parameters
    ----------
    in_channels, out_channels : int
        C before and after.
    kernel_size, stride, groups, dilation
        Of the convolution.
    padding : int, tuple or str, optional
        By default what keeps H and W at stride 1.
    norm_layer, activation_layer : callable or None
        The classes of the other layers; None leaves one out.
    inplace : bool or None
        Passed to the activation unless None.
    bias : bool, optional
        Of the convolution; by default only without a normalisation.

    Examples
    --------
    >>> import minitorch
    >>> block = minitorch.vision.ops.Conv2dNormActivation(3, 8, stride=2)
    >>> block(minitorch.zeros(1, 3, 8, 8)).shape
    torch.Size([1, 8, 4, 4])
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Any = 3,
        stride: Any = 1,
        padding: Any = None,
        groups: int = 1,
        norm_layer: Layer | None = nn.BatchNorm2d,
        activation_layer: Layer | None = nn.ReLU,
        dilation: Any = 1,
        inplace: bool | None = True,
        bias: bool | None = None,
    ) -> None:
        padding = _same(kernel_size, dilation) if padding is None else padding
        bias = norm_layer is None if bias is None else bias
        conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride, padding, dilation, groups, bias)
        layers: list[nn.Module] = [conv]
        if norm_layer is not None:
            layers.append(norm_layer(out_channels))
        if activation_layer is not None:
            layers.append(activation_layer() if inplace is None else activation_layer(inplace=inplace))
        super().__init__(*layers)
        self.out_channels = out_channels


def _same(kernel_size: Any, dilation: Any) -> Any:
    """Return the padding that keeps the size of an image."""
    if isinstance(kernel_size, int) and isinstance(dilation, int):
        return (kernel_size - 1) // 2 * dilation
    sizes = [(value, value) if isinstance(value, int) else value for value in (kernel_size, dilation)]
    return tuple((k - 1) // 2 * d for k, d in zip(*sizes))


class SqueezeExcitation(nn.Module):
    """Scales every channel of an image by a weight that is computed from the means of all channels.

    Parameters
    ----------
    input_channels, squeeze_channels : int
        Channels of the image and of the layer between.
    activation, scale_activation : callable
        Classes of the activations after the two layers.

    References
    ----------
    https://arxiv.org/abs/1709.01507

    Examples
    --------
    >>> import minitorch
    >>> block = minitorch.vision.ops.SqueezeExcitation(8, 2)
    >>> block(minitorch.zeros(1, 8, 4, 4)).shape
    torch.Size([1, 8, 4, 4])
    """

    def __init__(
        self,
        input_channels: int,
        squeeze_channels: int,
        activation: Layer = nn.ReLU,
        scale_activation: Layer = nn.Sigmoid,
    ) -> None:
        super().__init__()
        self.avgpool = nn.AdaptiveAvgPool2d(1)
        self.fc1 = nn.Conv2d(input_channels, squeeze_channels, 1)
        self.fc2 = nn.Conv2d(squeeze_channels, input_channels, 1)
        self.activation = activation()
        self.scale_activation = scale_activation()

    def forward(self, input: Tensor) -> Tensor:
        """Return the scaled image."""
        squeezed = self.activation(self.fc1(self.avgpool(input)))
        return self.scale_activation(self.fc2(squeezed)) * input


def stochastic_depth(input: Tensor, p: float, mode: str, training: bool = True) -> Tensor:
    """Return the input with the whole batch, or rows of it, zeroed at random and the rest scaled up.

    Parameters
    ----------
    input : Tensor
        Of shape (N, ...).
    p : float
        Probability of zeroing.
    mode : str
        "batch" or "row".
    training : bool
        Whether anything is done.

    Raises
    ------
    ValueError
        For another mode or a probability outside 0 to 1.

    References
    ----------
    https://arxiv.org/abs/1603.09382

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.ops.stochastic_depth(minitorch.ones(2), 1.0, "row")
    tensor([0., 0.])
    """
    if not 0 <= p <= 1:
        raise ValueError(f"drop probability has to be between 0 and 1, but got {p}")
    if mode not in ("batch", "row"):
        raise ValueError(f"mode has to be either 'batch' or 'row', but got {mode}")
    if not training or p == 0:
        return input
    rows = input.shape[0] if mode == "row" else 1
    noise = empty((rows,) + (1,) * (input.ndim - 1), dtype=input.dtype).bernoulli_(1 - p)
    return input * (noise.div_(1 - p) if p < 1 else noise)


class StochasticDepth(nn.Module):
    """`stochastic_depth` as a layer.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.vision.ops.StochasticDepth(0.5, "row")
    StochasticDepth(p=0.5, mode=row)
    """

    def __init__(self, p: float, mode: str) -> None:
        super().__init__()
        self.p = p
        self.mode = mode

    def forward(self, input: Tensor) -> Tensor:
        """Return the input, of which rows may be zeroed in training."""
        return stochastic_depth(input, self.p, self.mode, self.training)

    def __repr__(self) -> str:
        return f"StochasticDepth(p={self.p}, mode={self.mode})"
