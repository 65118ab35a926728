"""What the poolings share: their arguments, checks, documentation and samples."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..errors import shape_text
from ..kernels.layout import is_channels_last
from ..kernels.pool_plan import Plan, adaptive, pool_output_size, sliding
from ..op import Failure, Make, Sample, register
from ._common import Tensor, tensor_arg
from ._window import remembered

# ---- arguments -----------------------------------------------------------------------------------------------------


def _each(op: str, name: str, value: Any, n: int) -> tuple[int, ...]:
    if isinstance(value, (int, np.integer)):
        return (int(value),) * n
    found = tuple([int(v) for v in value])
    if len(found) not in (1, n):
        raise RuntimeError(
            f"{op}: {name} must either be a single int, or a tuple of {('one', 'two', 'three')[n - 1]} ints"
        )
    return found * n if len(found) == 1 else found


def _window(
    op: str, n: int, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1
) -> tuple[tuple[int, ...], ...]:
    kernel = _each(op, "kernel_size", kernel_size, n)
    empty = stride is None or (isinstance(stride, (tuple, list)) and not stride)
    steps = kernel if empty else _each(op, "stride", stride, n)
    pads, spread = _each(op, "padding", padding, n), _each(op, "dilation", dilation, n)
    if 0 in steps:
        raise RuntimeError(f"{op}: stride should not be zero")
    if min(kernel) <= 0 or min(steps) < 0 or min(spread) <= 0:
        raise RuntimeError(
            f"{op}: kernel size, stride and dilation should be greater than zero, but got kernel_size={kernel}, "
            f"stride={steps}, dilation={spread}"
        )
    for p, k, d in zip(pads, kernel, spread):
        if p < 0 or p > ((k - 1) * d + 1) // 2:
            fault = "pad must be non-negative" if p < 0 else "pad should be at most half of effective kernel size"
            raise RuntimeError(f"{op}: {fault}, but got pad={p}, kernel_size={k} and dilation={d}")
    return kernel, steps, pads, spread


def sliding_plan(op: str, n: int, input: Tensor, *how: Any) -> Plan:
    """Return where the windows lie: kernel_size, stride, padding, dilation, ceil_mode, count_include_pad, divisor."""
    return _sliding(op, n, tensor_arg(op, input)._data.shape, *how)


@remembered
def _sliding(
    op: str, n: int, shape: tuple[int, ...], kernel_size: Any, stride: Any, padding: Any, dilation: Any,
    ceil_mode: bool, include_pad: bool = True, divisor: int | None = None,
) -> Plan:  # fmt: skip
    _check_input(op, shape, n)
    window = _window(op, n, kernel_size, stride, padding, dilation)
    _check_output(op, shape[-n - 1 :], window, ceil_mode)
    return sliding(shape[-n:], *window, bool(ceil_mode), include_pad, divisor)


def adaptive_plan(op: str, n: int, input: Tensor, output_size: Any) -> Plan:
    """Return where the windows lie that share the input out."""
    plan = _adaptive(op, n, tensor_arg(op, input)._data.shape, output_size)
    _floats(op, input)
    return plan


@remembered
def _adaptive(op: str, n: int, shape: tuple[int, ...], output_size: Any) -> Plan:
    _check_adaptive(op, shape, n)
    return adaptive(shape[-n:], _parts(op, shape[-n:], output_size))


def layout_of(x: Tensor, plan: Plan) -> tuple[Plan, bool]:
    """Return the parameters of a pooling: where its windows lie, and whether only x shows that it is channels last."""
    return plan, plan.places == 1 and not x._data.flags.c_contiguous and is_channels_last(x._data)


def _check_input(op: str, shape: tuple[int, ...], n: int) -> None:
    if len(shape) not in (n + 1, n + 2) or 0 in shape[len(shape) - n - 1 :]:
        raise RuntimeError(
            f"{op}: Expected {n + 1}D or {n + 2}D (batch mode) tensor with optional 0 dim batch size for input, but "
            f"got:{shape_text(shape)} (non-empty {n + 1}D or {n + 2}D (batch mode) tensor expected for input)"
        )


def _check_output(op: str, shape: tuple[int, ...], window: tuple[tuple[int, ...], ...], ceil_mode: bool) -> None:
    """Raise torch's error where not even one window fits into (C, *spatial)."""
    found = [pool_output_size(s, k, step, p, d, ceil_mode) for s, k, step, p, d in zip(shape[1:], *window)]
    if min(found) < 1:
        have, get = ("x".join(map(str, (shape[0], *sizes))) for sizes in (shape[1:], found))
        raise RuntimeError(
            f"{op}: Given input size: ({have}). Calculated output size: ({get}). Output size is too small"
        )


def _floats(op: str, x: Tensor) -> None:
    if x._data.dtype.char not in "fd" and not x.dtype.is_floating_point:
        kinds = {"int64": "Long", "int32": "Int", "bool": "Bool", "uint8": "Byte"}
        raise NotImplementedError(f"{op}: \"{op}\" not implemented for '{kinds.get(x.dtype.name, x.dtype.name)}'")


def _through_float(input: Tensor, run: Callable[[Tensor], Any]) -> Any:
    """Run a kernel on the dtypes that it has; others go through float32 or float64 and back, exactly."""
    if input._data.dtype.char in "fd":
        return run(input)
    wide = input.double() if input.dtype.itemsize > 2 else input.float()
    result = run(wide)
    return (
        tuple(r if i else r.to(input.dtype) for i, r in enumerate(result))
        if isinstance(result, tuple)
        else result.to(input.dtype)
    )


def _check_adaptive(op: str, shape: tuple[int, ...], n: int) -> None:
    if len(shape) not in (n + 1, n + 2):
        raise RuntimeError(f"{op}(): Expected {n + 1}D or {n + 2}D tensor, but got {shape_text(shape)}")
    for d in range(len(shape) - n - (0 if len(shape) == n + 2 else 1), len(shape)):
        if shape[d] == 0:
            raise RuntimeError(
                f"{op}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
                f"{shape_text(shape)} with dimension {d} being empty"
            )


def _parts(op: str, spatial: tuple[int, ...], wanted: Any) -> tuple[int, ...]:
    n = len(spatial)
    given = (wanted,) * n if wanted is None or isinstance(wanted, (int, np.integer)) else tuple(wanted)
    if len(given) == 1:
        given *= n
    if len(given) != n:
        raise RuntimeError(f"{op}: output_size must be {n}")
    found = tuple(int(s) if w is None else int(w) for w, s in zip(given, spatial))
    if min(found) < 0:
        shown = ", ".join(map(str, found))
        raise RuntimeError(f"{op}: elements of output_size must be greater than or equal to 0 but received {{{shown}}}")
    return found


# ---- documentation, samples ----------------------------------------------------------------------------------------


def _doc(op: str, n: int, what: str, rest: str, kernel: str, result: str) -> str:
    letters = ("L", "H, W", "D, H, W")[n - 1]
    kernel = "4"
    value = result if op.startswith("avg") else f"{4**n - 1}."
    return f"""{what} of an input with {n} spatial axes.

    Parameters
    ----------
    input : (N, C, {letters}) or (C, {letters}). kernel_size : int or one per axis.
    stride : the same; kernel_size by default.{rest}

    Raises
    ------
    RuntimeError : arguments that do not fit, or an output without elements.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.arange({4**n}.0).view(1, 1, {", ".join("4" * n)})
    >>> minitorch.nn.functional.{op}(x, {kernel}).flatten()
    tensor([{value if "." in value and not value.endswith(".") and len(value.split(".")[1]) == 4 else _pad4(value)}])
    """


def _pad4(value: str) -> str:
    whole, _, part = value.partition(".")
    return f"{whole}.{part}" if not part else f"{float(value):.4f}"


def _adaptive_doc(op: str, n: int, what: str, value: float) -> str:
    letters = ("L", "H, W", "D, H, W")[n - 1]
    return f"""Return the {what} of windows that share the {n} spatial axes out into a given number of parts.

    Parameters
    ----------
    input : (N, C, {letters}) or (C, {letters}). output_size : int or one per axis; None keeps a size.

    Raises
    ------
    RuntimeError : a wrong number of dimensions or of sizes.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.arange({4**n}.0).view(1, 1, {", ".join("4" * n)})
    >>> minitorch.nn.functional.{op}(x, 1).flatten()
    tensor([{_pad4(f"{value:g}" if value % 1 else f"{value:g}.")}])
    """


def _named(fn: Any, op: str, n: int, samples: Any, failures: Any) -> Any:
    fn.__name__ = fn.__qualname__ = op
    top = op in (
        "avg_pool1d",
        "max_pool1d",
        "max_pool2d",
        "max_pool3d",
        "adaptive_avg_pool1d",
        "adaptive_max_pool1d",
    )
    register(fn, samples=samples, failures=failures, methods=(), functional=True, top=top)
    return fn


def _window_samples(n: int, kind: str) -> Callable[[Make], Iterator[Sample]]:
    def samples(make: Make) -> Iterator[Sample]:
        def image(*shape: int) -> Tensor:
            return make(*shape, apart=4.0 / int(np.prod(shape)))

        yield Sample("plain", (image(2, 2, *(4,) * n), 2))
        yield Sample("overlap", (image(1, 2, *(5, 4, 4)[:n]), 3, 2, 1))
        yield Sample("ceil", (image(1, 1, *(5,) * n), 2), {"ceil_mode": True})
        yield Sample("unbatched", (image(2, *(4,) * n), 2))
        yield Sample("zero size", (make(0, 2, *(4,) * n), 2))
        if kind == "max":
            yield Sample("dilation", (image(1, 1, *(5,) * n), 2, 1, 0, 2))
        else:
            yield Sample("inside only", (image(1, 2, *(4,) * n), 3, 2, 1), {"count_include_pad": False})
            if n > 1:
                yield Sample("divisor", (image(1, 2, *(4,) * n), 2), {"divisor_override": 3})

    return samples


def _window_failures(n: int) -> Callable[[Make], Iterator[Failure]]:
    def failures(make: Make) -> Iterator[Failure]:
        x = make(1, 2, *(4,) * n)
        yield Failure((x, 2, 2, 2), RuntimeError, "pad should be at most half of effective kernel size")
        yield Failure((x, 2, 0), RuntimeError, "stride should not be zero")
        yield Failure((x, 5), RuntimeError, "Output size is too small")
        yield Failure((x, (2,) * (n + 1)), RuntimeError, "kernel_size must either be a single int")

    return failures


def _adaptive_samples(n: int, apart: bool) -> Callable[[Make], Iterator[Sample]]:
    def samples(make: Make) -> Iterator[Sample]:
        def image(*shape: int) -> Tensor:
            return make(*shape, apart=4.0 / int(np.prod(shape)))

        yield Sample("one", (image(2, 2, *(4, 3, 2)[:n]), 1))
        yield Sample("uneven", (image(1, 2, *(5, 4, 3)[:n]), (3, 2, 2)[:n]))
        yield Sample("kept", (image(1, 2, *(3, 4, 2)[:n]), (None, 2, 1)[:n]))
        yield Sample("unbatched", (image(2, *(4,) * n), 2))

    return samples


def _adaptive_failures(n: int) -> Callable[[Make], Iterator[Failure]]:
    def failures(make: Make) -> Iterator[Failure]:
        yield Failure((make(4), 2), RuntimeError, "Expected .D or .D tensor")
        yield Failure((make(1, 2, *(4,) * n), (2,) * (n + 1)), RuntimeError, "output_size must be")

    return failures
