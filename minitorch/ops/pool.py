"""Pooling over 1, 2 and 3 spatial axes: maxima, means, and their adaptive forms.

Each pooling is linear once its choice of elements is fixed, so the gradient of its gradient is the pooling of the same
elements: a gather for maxima, the mean itself for means.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..errors import shape_text
from ..kernels import pool as kernels
from ..kernels.unpool import gather_spatial, scatter_spatial
from ..op import Failure, Make, Op, Sample, register
from ..tensor import wrap
from ._common import Tensor, apply, tensor_arg
from ._window import batched

__all__ = ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d", "adaptive_max_pool2d",
           "adaptive_max_pool3d", "avg_pool1d", "avg_pool2d", "avg_pool3d", "max_pool1d", "max_pool2d", "max_pool3d",
           "max_unpool1d", "max_unpool2d", "max_unpool3d"]  # fmt: skip

# ---- primitives ----------------------------------------------------------------------------------------------------


def _max_vjp(node: Any, g: Tensor, _: Any) -> Tensor:
    indices = node.output(1)._data
    return apply(MAX_BACK, (g,), (indices, node.in_shape(0), node.params))


def _max_back_fwd(gy: Any, indices: Any, shape: Any, how: Any) -> Any:
    if len(how) == 1:
        return kernels.adaptive_max_pool_backward(gy, indices, shape)
    return kernels.max_pool_backward(gy, indices, shape, *how)


def _gather_vjp(node: Any, g: Tensor) -> Tensor:
    return apply(SCATTER, (g,), (node.params[0], node.in_shape(0)[2:]))


MAX = Op(
    "max_pool",
    kernels.max_pool_forward,
    _max_vjp,
    keeps=(1,),
    physical=True,
    grad_name="MaxPool2DWithIndicesBackward0",
)
ADAPTIVE_MAX = Op("adaptive_max_pool", kernels.adaptive_max_pool_forward, _max_vjp, keeps=(1,), physical=True)
MAX_BACK = Op(
    "max_pool_backward", _max_back_fwd, lambda node, g: apply(GATHER, (g,), node.params[:1]), physical=True
)
GATHER = Op("gather_spatial", gather_spatial, _gather_vjp, physical=True)
SCATTER = Op(
    "scatter_spatial", scatter_spatial, lambda node, g: apply(GATHER, (g,), node.params[:1]), physical=True
)
UNPOOL = Op("max_unpool", lambda x, indices, spatial: scatter_spatial(x, indices, spatial, add=False),
            lambda node, g: apply(GATHER, (g,), node.params[:1]), physical=True)  # fmt: skip


def _avg_vjp(node: Any, g: Tensor) -> Tensor:
    return apply(AVG_BACK, (g,), (node.in_shape(0), *node.params))


AVG = Op("avg_pool", kernels.avg_pool_forward, _avg_vjp, physical=True, grad_name="AvgPool2DBackward0")
AVG_BACK = Op(
    "avg_pool_backward",
    kernels.avg_pool_backward,
    lambda node, g: apply(AVG, (g,), node.params[1:]),
    physical=True,
)
ADAPTIVE_AVG = Op("adaptive_avg_pool", kernels.adaptive_avg_pool_forward,
                  lambda node, g: apply(ADAPTIVE_AVG_BACK, (g,), (node.in_shape(0),)), physical=True,
                  grad_name="AdaptiveAvgPool2DBackward0")  # fmt: skip
ADAPTIVE_AVG_BACK = Op("adaptive_avg_pool_backward", kernels.adaptive_avg_pool_backward,
                       lambda node, g: apply(ADAPTIVE_AVG, (g,), (g._data.shape and node.in_shape(0)[2:],)), physical=True)  # fmt: skip


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
        raise RuntimeError(f"{op}: kernel size, stride and dilation should be greater than zero, but got kernel_size={kernel}, "
                           f"stride={steps}, dilation={spread}")  # fmt: skip
    for p, k, d in zip(pads, kernel, spread):
        if p < 0 or p > ((k - 1) * d + 1) // 2:
            fault = (
                "pad must be non-negative" if p < 0 else "pad should be at most half of effective kernel size"
            )
            raise RuntimeError(f"{op}: {fault}, but got pad={p}, kernel_size={k} and dilation={d}")
    return kernel, steps, pads, spread


def _check_input(op: str, x: Tensor, n: int) -> None:
    shape = tensor_arg(op, x)._data.shape
    if len(shape) not in (n + 1, n + 2) or 0 in shape[len(shape) - n - 1 :]:
        raise RuntimeError(
            f"{op}: Expected {n + 1}D or {n + 2}D (batch mode) tensor with optional 0 dim batch size for input, but "
            f"got:{shape_text(shape)} (non-empty {n + 1}D or {n + 2}D (batch mode) tensor expected for input)"
        )


def _check_output(
    op: str, x: Tensor, kernel: Any, steps: Any, pads: Any, spread: Any, ceil_mode: bool
) -> None:
    n = len(kernel)
    found = [
        kernels.pool_output_size(s, *w, ceil_mode)
        for s, *w in zip(x._data.shape[-n:], kernel, steps, pads, spread)
    ]
    if min(found) < 1:
        channels = x._data.shape[-n - 1]
        have, get = ("x".join(map(str, (channels, *sizes))) for sizes in (x._data.shape[-n:], found))
        raise RuntimeError(
            f"{op}: Given input size: ({have}). Calculated output size: ({get}). Output size is too small"
        )


def _floats(op: str, x: Tensor) -> None:
    if not x.dtype.is_floating_point:
        kinds = {"int64": "Long", "int32": "Int", "bool": "Bool", "uint8": "Byte"}
        raise NotImplementedError(
            f"{op}: \"{op}\" not implemented for '{kinds.get(x.dtype.name, x.dtype.name)}'"
        )


# ---- maxima --------------------------------------------------------------------------------------------------------


def _max_pool(n: int) -> Callable[..., Any]:
    op = f"max_pool{n}d"

    def fn(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
           return_indices: bool = False) -> Any:  # fmt: skip
        _check_input(op, input, n)
        window = _window(op, n, kernel_size, stride, padding, dilation)
        _check_output(op, input, *window, ceil_mode)
        pooled = _through_float(
            input, lambda x: batched(op, x, n, lambda b: apply(MAX, (b,), (*window, ceil_mode)))
        )
        return pooled if return_indices else pooled[0]

    fn.__doc__ = _doc(op, n, "Return the largest element of every window", """
    padding : at most half of the kernel; never chosen. dilation : distance of the window's elements.
    ceil_mode : keep a window that hangs over the end. return_indices : return ``(output, indices)``, flat positions.""",
                      "2", f"{3.0 * (4 ** n - 1) / 3:g}".rstrip("0").rstrip("."))  # fmt: skip
    return _named(fn, op, n, _window_samples(n, "max"), _window_failures(n))


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


def _adaptive_max_pool(n: int) -> Callable[..., Any]:
    op = f"adaptive_max_pool{n}d"

    def fn(input: Tensor, output_size: Any, return_indices: bool = False) -> Any:
        _check_adaptive(op, input, n)
        size = _output_size(op, input, output_size, n)
        pooled = batched(op, input, n, lambda x: apply(ADAPTIVE_MAX, (x,), (size,)))
        return pooled if return_indices else pooled[0]

    fn.__doc__ = _adaptive_doc(op, n, "largest elements", 4**n - 1)
    return _named(fn, op, n, _adaptive_samples(n, True), _adaptive_failures(n))


def _max_unpool(n: int) -> Callable[..., Tensor]:
    op = f"max_unpool{n}d"

    def fn(
        input: Tensor,
        indices: Tensor,
        kernel_size: Any,
        stride: Any = None,
        padding: Any = 0,
        output_size: Any = None,
    ) -> Tensor:
        kernel, steps, pads, _ = _window(op, n, kernel_size, stride, padding)
        if output_size is None:
            places = input._data.shape[-n:]
            size = tuple((m - 1) * s - 2 * p + k for m, k, s, p in zip(places, kernel, steps, pads))
        else:
            size = tuple(int(v) for v in output_size)[-n:]
        return _unpool(op, input, indices, size, n)

    fn.__doc__ = f"""Put the values of `max_pool{n}d` back to where they came from, in zeros.

    Parameters
    ----------
    input, indices : what `max_pool{n}d` returned. output_size : spatial sizes, where several are possible.

    Raises
    ------
    RuntimeError : shapes that differ, or indices outside of the output.

    Examples
    --------
    >>> import minitorch.nn.functional as F, minitorch
    >>> y, i = F.max_pool{n}d(minitorch.ones(1, 1, {", ".join("4" * n)}), 2, return_indices=True)
    >>> F.max_unpool{n}d(y, i, 2).sum()
    tensor({2**n}.)
    """
    return _named(fn, op, n, _unpool_samples(n), None)


def _unpool(op: str, input: Tensor, indices: Tensor, size: tuple[int, ...], n: int) -> Tensor:
    if indices._data.dtype != np.int64:
        raise RuntimeError(f"{op}: elements in indices should be type int64 but got: {indices.dtype}")
    if indices._data.shape != input._data.shape:
        raise RuntimeError(
            f"{op}: Expected shape of indices to be same as that of the input tensor ({shape_text(input._data.shape)}) but got "
            f"indices tensor with shape: {shape_text(indices._data.shape)}"
        )
    flat = indices._data
    if flat.size and (flat.min() < 0 or flat.max() >= np.prod(size)):
        raise RuntimeError(
            f"{op}: Found an invalid max index: {int(flat.max())} (output volumes are of size {'x'.join(map(str, size))})"
        )
    where = flat if flat.ndim == n + 2 else flat[None]
    return batched(op, input, n, lambda x: apply(UNPOOL, (x,), (where, size)))


# ---- means ---------------------------------------------------------------------------------------------------------


def _avg_pool(n: int) -> Callable[..., Tensor]:
    op = f"avg_pool{n}d"

    def fn(input: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, ceil_mode: bool = False,
           count_include_pad: bool = True, divisor_override: int | None = None) -> Tensor:  # fmt: skip
        _check_input(op, input, n)
        _floats(op, input)
        kernel, steps, pads, spread = _window(op, n, kernel_size, stride, padding)
        if divisor_override == 0:
            raise RuntimeError(f"{op}: divisor must be not zero")
        _check_output(op, input, kernel, steps, pads, spread, ceil_mode)
        how = (kernel, steps, pads, ceil_mode, count_include_pad, divisor_override)
        return _through_float(input, lambda x: batched(op, x, n, lambda b: apply(AVG, (b,), how)))

    mean = (4**n - 1) / 2
    fn.__doc__ = _doc(op, n, "Return the mean of every window", """
    padding : zeros around the input, at most half of the kernel. ceil_mode : keep a window that hangs over the end.
    count_include_pad : padding counts in the divisor. divisor_override : divide by this instead.""",
                      "4", f"{mean:g}" if mean % 1 else f"{mean:g}.")  # fmt: skip
    return _named(fn, op, n, _window_samples(n, "avg"), _window_failures(n))


def _adaptive_avg_pool(n: int) -> Callable[..., Tensor]:
    op = f"adaptive_avg_pool{n}d"

    def fn(input: Tensor, output_size: Any) -> Tensor:
        _check_adaptive(op, input, n)
        size = _output_size(op, input, output_size, n)
        run = lambda b: apply(ADAPTIVE_AVG, (b,), (size,))  # noqa: E731
        return _through_float(input, lambda x: batched(op, x, n, run))

    fn.__doc__ = _adaptive_doc(op, n, "means", (4**n - 1) / 2)
    return _named(fn, op, n, _adaptive_samples(n, False), _adaptive_failures(n))


def _check_adaptive(op: str, x: Tensor, n: int) -> None:
    shape = tensor_arg(op, x)._data.shape
    if len(shape) not in (n + 1, n + 2):
        raise RuntimeError(f"{op}(): Expected {n + 1}D or {n + 2}D tensor, but got {shape_text(shape)}")
    for d in range(len(shape) - n - (0 if len(shape) == n + 2 else 1), len(shape)):
        if shape[d] == 0:
            raise RuntimeError(
                f"{op}(): Expected input to have non-zero size for non-batch dimensions, but input has sizes "
                f"{shape_text(shape)} with dimension {d} being empty"
            )


def _output_size(op: str, x: Tensor, wanted: Any, n: int) -> tuple[int, ...]:
    """Return the output's sizes; None keeps the input's."""
    given = (wanted,) * n if wanted is None or isinstance(wanted, (int, np.integer)) else tuple(wanted)
    if len(given) == 1:
        given *= n
    if len(given) != n:
        raise RuntimeError(f"{op}: output_size must be {n}")
    found = tuple(int(s) if w is None else int(w) for w, s in zip(given, x._data.shape[-n:]))
    if min(found) < 0:
        shown = ", ".join(map(str, found))
        raise RuntimeError(
            f"{op}: elements of output_size must be greater than or equal to 0 but received {{{shown}}}"
        )
    return found


# ---- docs, samples -------------------------------------------------------------------------------------------------


def _doc(op: str, n: int, what: str, rest: str, kernel: str, result: str) -> str:
    letters = ("L", "H, W", "D, H, W")[n - 1]
    kernel = "4"
    value = result if op.startswith("avg") else f"{4**n - 1}."
    return f"""{what} of an input with {n} spatial axes.

    Parameters
    ----------
    input : (N, C, {letters}) or (C, {letters}). kernel_size, stride : int or one per axis; stride defaults to kernel_size.{rest}

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


def _unpool_samples(n: int) -> Callable[[Make], Iterator[Sample]]:
    def samples(make: Make) -> Iterator[Sample]:
        places = wrap(np.arange(2**n).reshape((2,) * n) * 2 % 4**n)
        yield Sample("plain", (make(2, 2, *(2,) * n), places.expand(2, 2, *(2,) * n).contiguous(), 2))

    return samples


max_pool1d, max_pool2d, max_pool3d = (_max_pool(n) for n in (1, 2, 3))
avg_pool1d, avg_pool2d, avg_pool3d = (_avg_pool(n) for n in (1, 2, 3))
adaptive_max_pool1d, adaptive_max_pool2d, adaptive_max_pool3d = (_adaptive_max_pool(n) for n in (1, 2, 3))
adaptive_avg_pool1d, adaptive_avg_pool2d, adaptive_avg_pool3d = (_adaptive_avg_pool(n) for n in (1, 2, 3))
max_unpool1d, max_unpool2d, max_unpool3d = (_max_unpool(n) for n in (1, 2, 3))
