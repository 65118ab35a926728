"""Blocks of an image as columns, and back: a linear map and its transpose, each the gradient of the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..errors import shape_text
from ..kernels import fold as kernels
from ..op import Failure, Make, Op, Sample, Widening, register
from ._common import Tensor, apply, float_arg
from ._window import remembered, wants_positive

__all__ = ["fold", "unfold"]

# params: kernel, dilation, padding, stride
UNFOLD: Op = Widening(
    "unfold",
    kernels.unfold,
    lambda node, g: apply(FOLD, (g,), (node.in_shape(0)[2:], *node.params)),
    grad_name="Im2ColBackward0",
)
FOLD: Op = Widening(
    "fold", kernels.fold, lambda node, g: apply(UNFOLD, (g,), node.params[1:]), grad_name="Col2ImBackward0"
)


@remembered
def _geometry(op: str, n: int, kernel: Any, dilation: Any, padding: Any, stride: Any) -> tuple[tuple[int, ...], ...]:
    values = {"kernel_size": kernel, "dilation": dilation, "padding": padding, "stride": stride}
    found = []
    for name, value in values.items():
        each = (int(value),) * n if isinstance(value, int) else tuple(int(v) for v in value)
        each = each * n if len(each) == 1 else each
        if len(each) != n:
            raise ValueError(
                f"{op}: expected {name} to be an int or {n} of them, for {n} spatial axes, got {name}={value}"
            )
        if name == "padding" and min(each) < 0:
            raise RuntimeError(f"{op}: padding should be non-negative, but got {name}={list(each)}")
        if name != "padding":
            sizes = " ".join(f"{name}_{axis}: {v}" for axis, v in zip(("depth", "height", "width")[-n:], each))
            wants_positive(
                op, name, each, f"{op}: {name.replace('_', ' ')} should be greater than zero, but got {sizes}"
            )
        found.append(each)
    return tuple(found)


def _blocks(size: tuple[int, ...], kernel: Any, dilation: Any, padding: Any, stride: Any) -> tuple[int, ...]:
    return tuple(
        (n + 2 * p - d * (k - 1) - 1) // s + 1 for n, k, d, p, s in zip(size, kernel, dilation, padding, stride)
    )


def _product(values: Any) -> int:
    total = 1
    for v in values:
        total *= v
    return total


def unfold(input: Tensor, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Tensor:
    """Return the sliding blocks of an image as columns.

    Parameters
    ----------
    input : (N, C, *spatial), or (C, H, W), with 1, 2 or 3 spatial axes (torch has 2).
    kernel_size, dilation, padding, stride : int or one per axis.

    Returns
    -------
    (N, C * prod(kernel_size), L), L the number of blocks.

    Raises
    ------
    RuntimeError : no block fits; arguments that are not positive. ValueError : a wrong number of arguments.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.unfold(minitorch.arange(9.0).view(1, 1, 3, 3), 2).shape
    torch.Size([1, 4, 4])
    """
    x = float_arg("unfold", input, "im2col_out_cpu")
    # three dimensions are an image (C, H, W), as in torch, unless the kernel says that there is one axis
    if x._data.ndim == 3 and not _says_one(kernel_size):
        return unfold(x.unsqueeze(0), kernel_size, dilation, padding, stride).squeeze(0)
    n = x._data.ndim - 2
    if n not in (1, 2, 3):
        raise RuntimeError(f"unfold: Expected 3D to 5D input, but got input of size: {shape_text(x._data.shape)}")
    how = _geometry("unfold", n, kernel_size, dilation, padding, stride)
    blocks = _blocks(x._data.shape[2:], *how)
    if min(blocks) < 1:
        kernel, gap, pad, _ = how
        raise RuntimeError(
            f"unfold: Given input with spatial size {x._data.shape[2:]}, kernel_size={kernel}, dilation={gap}, "
            f"padding={pad}, "
            f"calculated shape of the array of sliding blocks as {blocks}, but its components must be at least one."
        )
    return apply(UNFOLD, (x,), how)


def _says_one(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and len(value) == 1


def fold(
    input: Tensor, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
) -> Tensor:
    """Sum columns of blocks into images: the transpose of `unfold`.

    Parameters
    ----------
    input : (N, C * prod(kernel_size), L) or without N. output_size : one int per spatial axis (an int means two axes).
    kernel_size, dilation, padding, stride : int or one per axis.

    Raises
    ------
    RuntimeError : an input that does not hold such blocks.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.functional.fold(minitorch.ones(1, 4, 4), (3, 3), 2)
    tensor([[[[1., 2., 1.],
              [2., 4., 2.],
              [1., 2., 1.]]]])
    """
    x = float_arg("fold", input, "col2im_out_cpu")
    if x._data.ndim == 2:
        return fold(x.unsqueeze(0), output_size, kernel_size, dilation, padding, stride).squeeze(0)
    if x._data.ndim != 3:
        raise RuntimeError(
            f"fold: Expected 2D or 3D (batch mode) tensor for input, but got: {shape_text(x._data.shape)}"
        )
    size = (output_size,) * 2 if isinstance(output_size, int) else tuple(int(v) for v in output_size)
    how = _geometry("fold", len(size), kernel_size, dilation, padding, stride)
    _check_columns(x._data.shape, size, *how)
    return apply(FOLD, (x,), (size, *how))


def _check_columns(shape: Any, size: Any, kernel: Any, dilation: Any, padding: Any, stride: Any) -> None:
    if shape[1] % _product(kernel):
        raise RuntimeError(
            "fold: Expected size of input's dimension 1 to be divisible by the product of kernel_size, but got "
            f"input.size(1)={shape[1]} and kernel_size={kernel}."
        )
    blocks = _blocks(size, kernel, dilation, padding, stride)
    given = (
        f"fold: Given output_size={size}, kernel_size={kernel}, dilation={dilation}, padding={padding}, stride={stride}"
    )
    if min(blocks) < 1:
        raise RuntimeError(
            f"{given}, calculated shape of the array of sliding blocks as {blocks}, which is too small (non-positive)"
        )
    if shape[2] != _product(blocks):
        counted = " * ".join(map(str, blocks))
        raise RuntimeError(
            f"{given}, expected size of input's dimension 2 to match the calculated number of sliding blocks "
            f"{counted} = "
            f"{_product(blocks)}, but got input.size(2)={shape[2]}."
        )


def _unfold_samples(make: Make) -> Iterator[Sample]:
    yield Sample("plain", (make(2, 2, 4, 3), 2))
    yield Sample("all arguments", (make(1, 2, 5, 5), (3, 2), (1, 2), (1, 0), (2, 1)))
    yield Sample("unbatched", (make(2, 4, 3), 2))
    yield Sample("1-d", (make(2, 2, 5), (3,)), {"padding": 1})
    yield Sample("3-d", (make(1, 2, 3, 3, 2), 2))


def _fold_samples(make: Make) -> Iterator[Sample]:
    yield Sample("plain", (make(2, 8, 6), (4, 3), 2))
    yield Sample("all arguments", (make(1, 12, 9), (5, 5), (3, 2), (1, 2), (1, 0), (2, 1)))
    yield Sample("unbatched", (make(8, 6), (4, 3), 2))
    yield Sample("1-d", (make(2, 6, 3), (5,), 3))
    yield Sample("3-d", (make(1, 8, 4), (3, 3, 2), 2))


def _unfold_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(1, 2, 2, 2), 3), RuntimeError, "its components must be at least one")
    yield Failure((make(1, 2, 4, 4), 2, 1, 0, 0), RuntimeError, "stride should be greater than zero")


def _fold_failures(make: Make) -> Iterator[Failure]:
    yield Failure((make(1, 27, 10), (8, 8), 3), RuntimeError, r"sliding blocks 6 \* 6 = 36, but got input.size\(2\)=10")
    yield Failure((make(1, 28, 36), (8, 8), 3), RuntimeError, "divisible by the product of kernel_size")


register(unfold, samples=_unfold_samples, failures=_unfold_failures, methods=(), functional=True, top=False)
register(fold, samples=_fold_samples, failures=_fold_failures, methods=(), functional=True, top=False)
