"""What an operation is, and how the package learns that there is one.

An `Op` is the primitive that the tape records: a kernel on arrays (`fwd`) and its gradient written with
operations (`vjp`). A `Record` is what the outside sees: the public function with its sample inputs, expected
failures, NumPy reference and numerical budget. One call of `register` at the end of a family's section makes
the Tensor methods, the `nn.functional` names and the generic tests follow.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy import ndarray

from . import convert, dtypes
from .config import settings
from .dispatch import apply
from .memory import Array, replay
from .quiet import quiet
from .tensor import Tensor, method, wrap

__all__ = [
    "RECORDS",
    "Failure",
    "Make",
    "Op",
    "Pointwise",
    "Record",
    "Sample",
    "Variant",
    "Widening",
    "broadcast_error",
    "register",
]


# ---- primitives --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Variant:
    """One way to compute an op: a name, the condition under which it applies, and the kernel call.

    Below ``least`` elements of the first operand the condition is not even asked.
    """

    name: str
    applies: Callable[..., bool]
    fwd: Callable[..., Any]
    least: int = 0


def _permitted(op: str, variants: tuple[Variant, ...]) -> tuple[Variant, ...]:
    """Return the variants that ``MINITORCH_FORCE`` leaves: all, the one it names, or none for "ref"."""
    wanted = settings.force.get(op)
    return variants if wanted is None else tuple(v for v in variants if v.name == wanted)


class Op:
    """A primitive operation.

    Parameters
    ----------
    name : lower case; `grad_name` defaults to torch's ``NameBackward0``.
    fwd : ``fwd(*arrays, *params)`` returns an array, or a tuple of arrays.
    vjp : ``vjp(node, *output_gradients)`` returns a gradient (or None) per input, written with operations.
    saves : for each input, which inputs its gradient uses, such as ``((1,), (0,))`` for a product.
    keeps : which outputs the gradients use.
    view : the result shares the first input's memory.
    physical : the result's memory order is the engine's choice (the channels-last families).
    variants : faster ways, first that applies wins; `fwd` is the reference that always applies.
    """

    masks = False  # whether the gradient may arrive as a `Masked`

    def __init__(
        self,
        name: str,
        fwd: Callable[..., Any],
        vjp: Callable[..., Any] | None = None,
        *,
        saves: tuple[tuple[int, ...], ...] = (),
        keeps: tuple[int, ...] = (),
        view: bool = False,
        physical: bool = False,
        nondifferentiable: tuple[int, ...] = (),
        grad_name: str = "",
        variants: tuple[Variant, ...] = (),
    ) -> None:
        self.name, self.fwd, self.vjp = name, fwd, vjp
        self.saves, self.keeps, self.view, self.physical = saves, keeps, view, physical
        self.nondifferentiable, self.variants = nondifferentiable, _permitted(name, variants)
        self.promotes = "same"
        self.least = min([v.least for v in variants], default=math.inf)  # no variant is worth asking below this size
        self.grad_name = grad_name or "".join(w.capitalize() for w in name.split("_")) + "Backward0"

    def saved_for(self, i: int) -> tuple[int, ...]:
        """Return the inputs that the gradient of input ``i`` uses."""
        return self.saves[i] if i < len(self.saves) else ()

    def run(self, arrays: list[Any], params: tuple[Any, ...]) -> Any:
        """Compute on arrays, by the first variant that applies."""
        for variant in self.variants:
            if variant.applies(*arrays, *params):
                return variant.fwd(*arrays, *params)
        return self.fwd(*arrays, *params)

    def __call__(self, *inputs: Any, params: tuple[Any, ...] = ()) -> Any:
        """Apply to tensors, recording where needed."""
        return apply(self, inputs, params)

    def __repr__(self) -> str:
        return f"Op({self.name})"


class Pointwise(Op):
    """An element-by-element operation: broadcasting, and torch's dtype promotion.

    ``promotes``: "same" (the promoted dtype), "float" (integers become the default dtype first) or "bool"
    (compute in the promoted dtype, result bool). ``lacks`` lists the kinds of dtype (NumPy's letters) that torch has
    no ``kernel`` for.
    """

    def __init__(
        self,
        name: str,
        fwd: Callable[..., Any],
        vjp: Any = None,
        *,
        promotes: str = "same",
        lacks: str = "",
        kernel: str = "",
        **kw: Any,
    ) -> None:
        super().__init__(name, fwd, vjp, **kw)
        self.promotes, self.lacks, self.kernel = promotes, lacks, kernel or name + "_cpu"

    def run(self, arrays: list[Any], params: tuple[Any, ...]) -> Any:
        """Promote, then compute; NumPy's warnings are off, as torch has none."""
        narrow, kind, size = False, None, 0
        for v in arrays:  # the usual case, floating-point arrays of one dtype, needs neither the table nor a cast
            if type(v) is ndarray:
                own = v.dtype
                if own is not kind:
                    if kind is not None or (own is not _FLOAT32 and own is not _FLOAT64):
                        kind = None
                        break
                    kind, size = own, v.size
            elif type(v) is not float and (type(v) is not int or not -_EXACT < v < _EXACT):
                kind = None
                break
        if kind is None or "f" in self.lacks:
            arrays, narrow = self.promoted(arrays)
            size = arrays[0].size
        if size >= self.least:
            for variant in self.variants:
                if size >= variant.least and variant.applies(*arrays, *params):
                    return variant.fwd(*arrays, *params)
        try:
            result = quiet.run(self.fwd, *arrays, *params)
        except ValueError as error:
            raise broadcast_error([*arrays, *params]) or error from None
        return convert.to_bfloat16(np.asarray(result)) if narrow and result.dtype == np.float32 else result

    def promoted(self, arrays: list[Any]) -> tuple[list[Any], bool]:
        """Return the operands in the dtype of the computation, and whether it stands in for bfloat16."""
        found = result_dtype(arrays)
        if self.promotes == "float" and found.category < dtypes.FLOAT:
            found = dtypes.get_default_dtype()
        narrow = found is dtypes.bfloat16
        work = dtypes.float32 if narrow else found
        if self.lacks and work.numpy.kind in self.lacks:
            raise NotImplementedError(f"\"{self.kernel}\" not implemented for '{found.scalar_type}'")
        cast = [convert.cast(v, work) if type(v) is ndarray else convert.scalar(v, work) for v in arrays]
        return cast, narrow


class Widening(Op):
    """An operation on dimensions that computes half precision in float32, and rounds its results once.

    ``lacks`` lists the kinds of dtype (NumPy's letters) that torch has no ``kernel`` for.
    """

    def __init__(
        self, name: str, fwd: Callable[..., Any], vjp: Any = None, *, lacks: str = "", kernel: str = "", **kw: Any
    ) -> None:
        super().__init__(name, fwd, vjp, **kw)
        self.lacks, self.kernel = lacks, kernel or name + "_cpu"

    def run(self, arrays: list[Any], params: tuple[Any, ...]) -> Any:
        """Compute, in float32 if the arrays are of half precision."""
        kind = arrays[0].dtype
        if kind.char in "fd":
            return super().run(arrays, params) if self.variants else self.fwd(*arrays, *params)
        if kind.kind in self.lacks:
            raise NotImplementedError(f"\"{self.kernel}\" not implemented for '{dtypes.FROM_NUMPY[kind].scalar_type}'")
        if kind.char not in "eV":
            return super().run(arrays, params)
        wide = [_widened(v, kind) for v in arrays]
        result = super().run(wide, tuple([_widened(p, kind) for p in params]))
        if type(result) is tuple:
            return tuple([_rounded(r, kind) for r in result])
        return _rounded(result, kind)


def _widened(value: Any, kind: Any) -> Any:
    return convert.cast(value, dtypes.float32) if type(value) is ndarray and value.dtype == kind else value


def _rounded(array: Any, kind: Any) -> Any:
    return convert.cast(np.asarray(array), dtypes.FROM_NUMPY[kind]) if array.dtype == np.float32 else array


_FLOAT32, _FLOAT64 = np.dtype(np.float32), np.dtype(np.float64)
_EXACT = 2**53  # integers below this are exact as floats


def broadcast_error(arrays: list[Any]) -> RuntimeError | None:
    """Return torch's error for operands whose shapes do not broadcast, None if they do."""
    shapes = [v.shape for v in arrays if type(v) is ndarray]
    for a, b in itertools.combinations(shapes, 2):
        for back in range(1, min(len(a), len(b)) + 1):
            m, n = a[-back], b[-back]
            if m != n and 1 not in (m, n):
                return RuntimeError(
                    f"The size of tensor a ({m}) must match the size of tensor b ({n}) at non-singleton dimension "
                    f"{max(len(a), len(b)) - back}"
                )
    return None


def result_dtype(values: Iterable[Any]) -> dtypes.dtype:
    """Return torch's result dtype of arrays and numbers: dimensioned arrays first, then 0-d ones, then
    numbers.
    """
    by_class: list[dtypes.dtype | None] = [None, None, None]
    for v in values:
        if type(v) is np.ndarray:
            place, d = (0 if v.ndim else 1), dtypes.of(v)
        else:
            place, d = 2, dtypes.scalar_dtype(v)
        before = by_class[place]
        by_class[place] = d if before is None else dtypes.promote_types(before, d)
    found = dtypes.combine(by_class[0], dtypes.combine(by_class[1], by_class[2]))
    return found or dtypes.get_default_dtype()


# ---- views and their adjoint -------------------------------------------------------------------------------


def _scatter_view_fwd(base: Array, value: Array, chain: Any) -> Array:
    out = base.copy(order="K")
    replay(out, chain)[...] = value
    return out


def _scatter_view_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    # out = base outside of the view, value inside: base gets g with the view's part zeroed, value gets the
    # part
    (chain,) = node.params
    part = g
    for op, params in chain:
        part = apply(op, (part,), params)
    rest = None
    if node.needs[0]:
        rest = SCATTER_VIEW(g, wrap(np.zeros(part._data.shape, part._data.dtype)), params=(chain,))
    return rest, part if node.needs[1] else None


SCATTER_VIEW = Op("scatter_view", _scatter_view_fwd, _scatter_view_vjp, grad_name="CopySlices")


# ---- records -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Sample:
    """One call of a public function: positional and keyword arguments, and a word that says what is
    special.
    """

    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """A call that must raise ``error`` with a message that matches the pattern ``match``."""

    args: tuple[Any, ...]
    error: type[Exception]
    match: str
    kwargs: dict[str, Any] = field(default_factory=dict)


class Make:
    """Makes the tensors of samples: reproducible values, in the dtype under test."""

    def __init__(self, dtype: dtypes.dtype = dtypes.float64, requires_grad: bool = True, seed: int = 0) -> None:
        self.dtype, self.requires_grad = dtype, requires_grad
        self.rng = np.random.default_rng(seed)

    def __call__(self, *shape: int, low: float = -2.0, high: float = 2.0, apart: float = 0.0) -> Tensor:
        """Return a tensor of values in [low, high); with ``apart`` no two are closer than that (for kinks and
        ties).
        """
        size = int(np.prod(shape))
        if apart:
            grid = low + apart * (np.arange(size) + 0.5)
            values = self.rng.permutation(grid)
        else:
            values = self.rng.uniform(low, high, size)
        return self._tensor(values.reshape(shape).astype(self.dtype.numpy))

    def ints(self, *shape: int, low: int = 0, high: int = 10) -> Tensor:
        """Return int64 values in [low, high)."""
        return self._tensor(self.rng.integers(low, high, shape), grad=False)

    def bools(self, *shape: int) -> Tensor:
        """Return random truth values."""
        return self._tensor(self.rng.random(shape) < 0.5, grad=False)

    def _tensor(self, array: Any, grad: bool = True) -> Tensor:
        tensor = wrap(np.asarray(array))
        tensor._requires = grad and self.requires_grad
        return tensor


Samples = Callable[[Make], Iterator[Sample]]


@dataclass(frozen=True)
class Record:
    """What the package knows about a public function; every generic test reads it."""

    name: str
    fn: Callable[..., Any]
    ref: Callable[..., Any] | None
    samples: Samples | None
    failures: Callable[[Make], Iterator[Failure]] | None
    methods: tuple[str, ...]
    functional: bool
    top: bool
    differentiable: bool
    short: Callable[..., Any] | None  # what the function does with its defaults, on the other arguments
    budget: float  # float32 error against float64, in units of last place scaled by the reduction's length
    work: Callable[..., tuple[float, float]] | None  # (FLOPs, bytes) of a call
    bench: tuple[Any, ...]


RECORDS: dict[str, Record] = {}


def register(
    fn: Callable[..., Any],
    *,
    name: str = "",
    ref: Callable[..., Any] | None = None,
    samples: Samples | None = None,
    failures: Callable[[Make], Iterator[Failure]] | None = None,
    methods: tuple[str, ...] | None = None,
    functional: bool = False,
    top: bool = True,
    differentiable: bool = True,
    short: Callable[..., Any] | None = None,
    budget: float = 4.0,
    work: Callable[..., tuple[float, float]] | None = None,
    bench: tuple[Any, ...] = (),
) -> Callable[..., Any]:
    """Make a public function known: as Tensor methods (default: its own name), in ``nn.functional``, at the
    top.
    """
    name = name or fn.__name__
    methods = (name,) if methods is None else methods
    for each in methods:
        method(fn, each)
    RECORDS[name] = Record(
        name, fn, ref, samples, failures, methods, functional, top, differentiable, short, budget, work, bench
    )
    return fn
