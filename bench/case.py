"""What a benchmark case is: data, no code of either library."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

Shape = tuple[int, ...]
ITEMSIZE = {"float32": 4, "float64": 8, "int64": 8, "bool": 1}


@dataclass(frozen=True)
class Arg:
    """One tensor that a case is given.

    Parameters
    ----------
    shape : of the tensor, batch and channels first.
    grad : whether its gradient is asked for.
    kind : ``float`` (the case's dtype), ``int64`` (values below `high`) or ``bool``.
    scale : float values are uniform with this standard deviation, or positive below ``2 scale`` with `positive`.
    spatial : has a channels axis and axes after it, so that a channels-last order means something.
    """

    shape: Shape
    grad: bool = True
    kind: str = "float"
    high: int = 2
    scale: float = 1.0
    positive: bool = False
    spatial: bool = False

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True)
class Case:
    """One row.

    Parameters
    ----------
    op : path of a function under torch (``nn.functional.conv2d``), or ``programs.NAME`` of `bench.programs`.
    args, kwargs : its tensors, in order, and everything else (where an `Arg` stands for a tensor, too).
    mode : ``train`` (forward with recording, then backward), ``forward`` (nothing recorded) or ``step`` (the program
        is the whole of what is timed).
    cost : gives FLOPs of a call from the case and its outputs' shapes (see `bench.cost`); None: it has no meaning.
    saved : which tensors the backward has to read again: ``inputs``, ``output`` or ``none``.
    passes : how often the tensors' memory is passed over, where that does not follow from `mode`; 0: it says nothing.
    kinks : ReLUs inside may meet zero within rounding, so that single gradients differ (see `bench.answers`).
    target : the ratio to torch that the project promises; None where it promises nothing.
    precision : what `set_float32_matmul_precision` is set to; "" leaves the library's default.
    """

    name: str
    group: str
    op: str
    args: tuple[Arg, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)
    mode: str = "train"
    dtype: str = "float32"
    cost: Callable[[Case, Sequence[Shape]], float] | None = None
    saved: str = "inputs"
    passes: int | None = None
    kinks: bool = False
    target: float | None = None
    precision: str = ""

    @property
    def tensors(self) -> tuple[Arg, ...]:
        """Every tensor that the call is given."""
        return (*self.args, *(value for value in self.kwargs.values() if isinstance(value, Arg)))

    @property
    def layouts(self) -> tuple[str, ...]:
        """The memory orders that are worth timing."""
        spatial = any(arg.spatial for arg in self.tensors)
        return ("contiguous", "channels_last") if spatial else ("contiguous",)

    def itemsize(self, arg: Arg) -> int:
        """Bytes of an element of one of the case's tensors."""
        return ITEMSIZE[self.dtype if arg.kind == "float" else arg.kind]

    def flops(self, outputs: Sequence[Shape]) -> float | None:
        """Floating-point operations of one timed call by the plain algorithm, or None."""
        return None if self.cost is None else self.cost(self, outputs)

    def bytes(self, outputs: Sequence[Shape]) -> float | None:
        """Bytes that one timed call cannot avoid to move: every tensor once for each pass that needs it."""
        read = sum(arg.size * self.itemsize(arg) for arg in self.tensors)
        if self.passes is not None:
            return float(self.passes * read) or None
        made = sum(math.prod(shape) for shape in outputs) * ITEMSIZE[self.dtype]
        total = read + made
        if self.mode == "train":
            total += made  # the output's gradient
            total += {"inputs": read, "output": made, "none": 0}[self.saved]
            total += sum(arg.size * self.itemsize(arg) for arg in self.tensors if arg.grad)
        return float(total)


def image(*shape: int, grad: bool = True) -> Arg:
    """Return a batch of feature maps, (N, C, *spatial)."""
    return Arg(shape, grad, spatial=True)


def weight(*shape: int) -> Arg:
    """Return a convolution's weight, scaled so that outputs stay near one."""
    return Arg(shape, scale=math.prod(shape[1:]) ** -0.5, spatial=True)


def vector(size: int) -> Arg:
    """Return a bias."""
    return Arg((size,))


def both(case_of: Callable[..., Case], train: float | None = None, forward: float | None = None) -> list[Case]:
    """Return a case forward and backward, and forward alone, each with its target."""
    return [case_of(mode="train", target=train), case_of(mode="forward", target=forward)]
