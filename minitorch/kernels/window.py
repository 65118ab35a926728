"""Sliding windows: sizes and positions, the same for convolution, pooling and folding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

Pairs = tuple[tuple[int, int], ...]


def effective_kernel(kernel: int, dilation: int) -> int:
    """Return how many inputs a dilated kernel spans.

    >>> effective_kernel(3, 2)
    5
    """
    return dilation * (kernel - 1) + 1


def output_size(size: int, kernel: int, stride: int, padding: tuple[int, int], dilation: int = 1) -> int:
    """Return how many windows fit along one axis; negative or zero if not even one does.

    >>> output_size(8, 3, 2, (1, 1))
    4
    """
    return (size + padding[0] + padding[1] - effective_kernel(kernel, dilation)) // stride + 1


def valid_range(size: int, outputs: int, position: int, stride: int, padding: int, dilation: int) -> tuple[int, int]:
    """Return the half-open range of windows whose element `position` lies inside the input.

    >>> valid_range(8, 8, 0, 1, 1, 1)
    (1, 8)
    """
    start = position * dilation - padding
    low = max(0, -(start // stride))
    high = (size - 1 - start) // stride + 1
    return low, max(low, min(outputs, high))


class Window(NamedTuple):
    """Geometry of a convolution in three spatial dimensions (leading ones are added for fewer)."""

    size: tuple[int, int, int]
    kernel: tuple[int, int, int]
    stride: tuple[int, int, int]
    padding: tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
    dilation: tuple[int, int, int]

    @property
    def output(self) -> tuple[int, int, int]:
        """Windows along each axis."""
        a, b, c = (output_size(*axis) for axis in zip(*self))
        return a, b, c

    @property
    def taps(self) -> int:
        """Elements of the kernel."""
        return self.kernel[0] * self.kernel[1] * self.kernel[2]

    def inside(self, axis: int, position: int) -> tuple[int, int]:
        """Return `valid_range` along `axis` for kernel element `position`."""
        return valid_range(
            self.size[axis], self.output[axis], position,
            self.stride[axis], self.padding[axis][0], self.dilation[axis],
        )  # fmt: skip


def window3d(
    size: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
) -> Window:
    """Return the three-dimensional form of a window over one, two or three spatial dimensions.

    >>> window3d((8, 8), (3, 3), (2, 2), ((1, 1), (1, 1)), (1, 1)).output
    (1, 4, 4)
    """
    lead = 3 - len(size)
    ones = (1,) * lead
    pads = ((0, 0),) * lead + tuple((int(p[0]), int(p[1])) for p in padding)
    axes: Any = ((*ones, *size), (*ones, *kernel), (*ones, *stride), pads, (*ones, *dilation))
    return Window(*axes)


class Residue(NamedTuple):
    """Along one axis, the inputs i = residue + stride * a; their taps are (kernel position, offset of the
    output).
    """

    residue: int
    length: int
    taps: list[tuple[int, int]]


def residues(window: Window, axis: int) -> list[Residue]:
    """Return the inputs along `axis` by what remains when they are divided by the stride.

    >>> residues(window3d((4,), (3,), (2,), ((1, 1),), (1,)), 2)[1].taps
    [(0, 1), (2, 0)]
    """
    size, stride = window.size[axis], window.stride[axis]
    before, dilation = window.padding[axis][0], window.dilation[axis]
    found = []
    for r in range(min(stride, size)):
        at = [(t, r + before - t * dilation) for t in range(window.kernel[axis])]
        taps = [(t, start // stride) for t, start in at if start % stride == 0]
        found.append(Residue(r, -(-(size - r) // stride), taps))
    return found
