"""Exchanges between channels and pixels, and between groups of channels: reshapes and permutations only."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import shape_text
from ..op import Failure, Make, Sample, register
from ._common import Tensor, register_views, tensor_arg
from ._titles import titled
from .shape import transpose

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle", "swapaxes"]


def _planes(op: str, x: Tensor, factor: int, name: str) -> tuple[tuple[int, ...], tuple[int, int, int]]:
    if x._data.ndim < 3:
        ndim = x._data.ndim
        raise RuntimeError(f"{op} expects input to have at least 3 dimensions, but got input with {ndim} dimension(s)")
    if factor <= 0:
        raise RuntimeError(f"{op} expects a positive {name}, but got {factor}")
    *lead, c, h, w = x._data.shape
    return tuple(lead), (c, h, w)


def pixel_shuffle(input: Tensor, upscale_factor: int) -> Tensor:
    """Spread channels over pixels: (*, C*r*r, H, W) to (*, C, H*r, W*r) (Shi et al., arXiv 1609.05158).

    Raises
    ------
    RuntimeError : fewer than 3 dimensions, channels that r*r does not divide, or a factor below 1.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.pixel_shuffle(minitorch.arange(4).reshape(4, 1, 1), 2)
    tensor([[[0, 1],
             [2, 3]]])
    """
    x, r = tensor_arg("pixel_shuffle", input), upscale_factor
    lead, (c, h, w) = _planes("pixel_shuffle", x, r, "upscale_factor")
    if c % (r * r):
        raise RuntimeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square of upscale_factor, "
            f"but input.size(-3)={c} is not divisible by {r * r}"
        )
    n = len(lead)
    parts = x.reshape(*lead, c // (r * r), r, r, h, w)
    order = (*range(n + 1), n + 3, n + 1, n + 4, n + 2)
    return titled("PixelShuffleBackward0", parts.permute(order).reshape(*lead, c // (r * r), h * r, w * r))


def pixel_unshuffle(input: Tensor, downscale_factor: int) -> Tensor:
    """Gather pixels into channels: (*, C, H*r, W*r) to (*, C*r*r, H, W); the reverse of `pixel_shuffle`.

    Raises
    ------
    RuntimeError : fewer than 3 dimensions, a height or width that r does not divide, or a factor below 1.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.pixel_unshuffle(minitorch.zeros(1, 1, 6, 4), 2).shape
    torch.Size([1, 4, 3, 2])
    """
    x, r = tensor_arg("pixel_unshuffle", input), downscale_factor
    lead, (c, h, w) = _planes("pixel_unshuffle", x, r, "downscale_factor")
    for name, place, size in (("height", -2, h), ("width", -1, w)):
        if size % r:
            raise RuntimeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, "
                f"but input.size({place})={size} is not divisible by {r}"
            )
    n = len(lead)
    parts = x.reshape(*lead, c, h // r, r, w // r, r)
    order = (*range(n + 1), n + 2, n + 4, n + 1, n + 3)
    return titled("PixelUnshuffleBackward0", parts.permute(order).reshape(*lead, c * r * r, h // r, w // r))


def channel_shuffle(input: Tensor, groups: int) -> Tensor:
    """Interleave the channels of ``groups`` groups of (N, C, *) (Zhang et al., arXiv 1707.01083).

    Raises
    ------
    RuntimeError : fewer than 3 dimensions, or groups that do not divide the channels.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.channel_shuffle(minitorch.arange(4).reshape(1, 4, 1), 2).flatten()
    tensor([0, 2, 1, 3])
    """
    x = tensor_arg("channel_shuffle", input)
    shape = x._data.shape
    if len(shape) < 3:
        raise RuntimeError(f"channel_shuffle expects input with > 2 dims, but got input with sizes {shape_text(shape)}")
    if groups <= 0:
        raise RuntimeError(f"Number of groups to divide channels in must be positive. Value of groups:{groups}")
    if shape[1] % groups:
        raise RuntimeError(
            f"Number of channels must be divisible by groups. Got {shape[1]} channels and {groups} groups."
        )
    result = x.reshape(shape[0], groups, shape[1] // groups, *shape[2:]).transpose(1, 2).reshape(shape)
    return titled("ChannelShuffleBackward0", result)


def _shuffle_samples(make: Make) -> Iterator[Sample]:
    yield Sample("batch", (make(2, 8, 2, 3), 2))
    yield Sample("one image", (make(9, 1, 2), 3))
    yield Sample("zero size", (make(0, 4, 2, 2), 2))


def _unshuffle_samples(make: Make) -> Iterator[Sample]:
    yield Sample("batch", (make(2, 2, 4, 6), 2))
    yield Sample("one image", (make(1, 3, 6), 3))


def _group_samples(make: Make) -> Iterator[Sample]:
    yield Sample("images", (make(2, 6, 2, 2), 3))
    yield Sample("sequences", (make(1, 4, 3), 2))


def _shuffle_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(1, 3, 2, 2), 2), RuntimeError, r"input.size\(-3\)=3 is not divisible by 4")
    yield Failure((make(2, 2), 2), RuntimeError, "at least 3 dimensions, but got input with 2 dimension")
    yield Failure((make(1, 4, 2, 2), 0), RuntimeError, "expects a positive upscale_factor, but got 0")


def _unshuffle_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(1, 3, 3, 2), 2), RuntimeError, r"expects height .*input.size\(-2\)=3 is not divisible by 2")
    yield Failure((make(1, 3, 2, 3), 2), RuntimeError, r"expects width .*input.size\(-1\)=3 is not divisible by 2")


def _group_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(1, 3, 2), 2), RuntimeError, "Got 3 channels and 2 groups")
    yield Failure((make(1, 3), 3), RuntimeError, r"got input with sizes \[1, 3\]")
    yield Failure((make(1, 3, 2), 0), RuntimeError, "must be positive. Value of groups:0")


register(pixel_shuffle, samples=_shuffle_samples, failures=_shuffle_failures, methods=(), functional=True)
register(pixel_unshuffle, samples=_unshuffle_samples, failures=_unshuffle_failures, methods=(), functional=True)
register(channel_shuffle, samples=_group_samples, failures=_group_failures, methods=(), functional=True)


# ---- axes ----------------------------------------------------------------------------------------------------------


def swapaxes(input: Tensor, axis0: int, axis1: int) -> Tensor:
    """Return a view with two dimensions swapped; NumPy's name of `transpose`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.swapaxes(minitorch.zeros(2, 3), 0, 1).shape
    torch.Size([3, 2])
    """
    return transpose(input, axis0, axis1)


register_views(swapaxes, ("three", (2, 3, 4), (0, 2)))
