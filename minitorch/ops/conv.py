"""Convolution over 1, 2 and 3 spatial axes, and its transpose.

A closed triad: `CONV`, its input gradient and its weight gradient are bilinear, and the gradients of each one are the
other two, so every order of derivative exists. With ``*`` for `CONV` and L the loss::

    y = x * w         dL/dx = INPUT_GRAD(dL/dy, w)      dL/dw = WEIGHT_GRAD(dL/dy, x)

A transposed convolution is `INPUT_GRAD` called forward (Dumoulin & Visin, arXiv 1603.07285).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from ..dtypes import FROM_NUMPY
from ..errors import shape_text
from ..kernels import conv as kernels
from ..kernels.conv_ref import conv_forward_ref, conv_input_grad_ref
from ..kernels.conv_weight import conv_weight_grad
from ..op import Failure, Make, Op, Sample, Widening, register
from ..precision import fast_float32
from ._common import Tensor, apply, tensor_arg
from ._window import axes, batched, conv_output, wants_positive

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]

Grads = tuple[Tensor | None, Tensor | None, Tensor | None]

# ---- the triad: params are (stride, padding pairs, dilation, groups) first ------------------------------------------


def _over_pixels(node: Any, g: Tensor) -> Tensor | None:
    """The gradient of a bias: the sum over images and positions."""
    return g.sum((0, *range(2, g._data.ndim))) if len(node.needs) > 2 and node.needs[2] else None


def _conv_vjp(node: Any, g: Tensor) -> Grads:
    how = node.params
    gx = gw = None
    if node.needs[0]:
        gx = apply(INPUT_GRAD, (g, node.input(1), None), (*how, node.in_shape(0)[2:]))
    if node.needs[1]:
        gw = apply(WEIGHT_GRAD, (g, node.input(0)), (*how, node.in_shape(1)[2:]))
    return gx, gw, _over_pixels(node, g)


def _input_grad_vjp(node: Any, g: Tensor) -> Grads:
    *how, _ = node.params
    ggy = apply(CONV, (g, node.input(1), None), tuple(how)) if node.needs[0] else None
    gw = None
    if node.needs[1]:
        gw = apply(WEIGHT_GRAD, (node.input(0), g), (*how, node.in_shape(1)[2:]))
    return ggy, gw, _over_pixels(node, g)


def _weight_grad_vjp(node: Any, g: Tensor) -> tuple[Tensor | None, Tensor | None]:
    *how, _ = node.params
    ggy = apply(CONV, (node.input(1), g, None), tuple(how)) if node.needs[0] else None
    gx = None
    if node.needs[1]:
        gx = apply(INPUT_GRAD, (node.input(0), g, None), (*how, node.in_shape(1)[2:]))
    return ggy, gx


def _no_kernel(name: str, x: Any, *kinds: str) -> None:
    """Raise torch's error for integers of other dtypes than ``kinds``, which are convolved exactly, by NumPy."""
    if x.dtype.kind in "biu" and x.dtype.name not in kinds:
        raise NotImplementedError(f"\"{name}\" not implemented for '{FROM_NUMPY[x.dtype].scalar_type}'")


def _conv_fwd(x: Any, w: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int) -> Any:
    if x.dtype.kind != "f":
        _no_kernel("slow_conv2d_cpu", x, "int64", "int32", "int16", "int8", "uint8")
        return conv_forward_ref(x, w, bias, stride, padding, dilation, groups)
    return kernels.conv_forward(x, w, bias, stride, padding, dilation, groups, winograd=fast_float32())


def _input_grad_fwd(
    gy: Any, w: Any, bias: Any, stride: Any, padding: Any, dilation: Any, groups: int, size: Any
) -> Any:
    if gy.dtype.kind != "f":
        _no_kernel("slow_conv_transpose2d_out_cpu", gy, "int64")
        return conv_input_grad_ref(gy, w, size, stride, padding, dilation, groups, bias)
    return kernels.conv_input_grad(gy, w, size, stride, padding, dilation, groups, bias, winograd=fast_float32())


def _weight_grad_fwd(gy: Any, x: Any, stride: Any, padding: Any, dilation: Any, groups: int, kernel: Any) -> Any:
    return conv_weight_grad(gy, x, kernel, stride, padding, dilation, groups, winograd=fast_float32())


_SAVES = ((1,), (0,), ())
CONV: Op = Widening("convolution", _conv_fwd, _conv_vjp, saves=_SAVES, physical=True)
INPUT_GRAD: Op = Widening("convolution", _input_grad_fwd, _input_grad_vjp, saves=_SAVES, physical=True)
WEIGHT_GRAD: Op = Widening("convolution_weight", _weight_grad_fwd, _weight_grad_vjp, saves=((1,), (0,)))


# ---- checks --------------------------------------------------------------------------------------------------------


def _check(op: str, x: Tensor, w: Tensor, bias: Tensor | None, groups: int, transposed: bool, n: int) -> None:
    """Raise torch's errors for tensors that do not fit together."""
    for i, (name, t) in enumerate((("input", x), ("weight", w)), 1):
        tensor_arg(op, t, name, i)
    if groups <= 0:
        raise RuntimeError(f"{op}: non-positive groups is not supported (groups={groups})")
    if w._data.ndim != n + 2:
        raise RuntimeError(
            f"{op}: expected {n + 2}-dimensional weight, but got weight of size {shape_text(w._data.shape)}"
        )
    _check_channels(op, x._data.shape, w._data.shape, groups, transposed, n)
    outputs = w._data.shape[1] * groups if transposed else w._data.shape[0]
    if bias is not None and bias._data.shape != (outputs,):
        raise RuntimeError(
            f"{op}: Given {'transposed=1, ' if transposed else ''}weight of size {shape_text(w._data.shape)}, "
            "expected bias "
            f"to be 1-dimensional with {outputs} elements, but got bias of size {shape_text(bias._data.shape)} instead"
        )
    _check_types(op, x, w, bias)


def _check_channels(op: str, x: tuple[int, ...], w: tuple[int, ...], groups: int, transposed: bool, n: int) -> None:
    if w[0] % groups or w[0] < groups:
        raise RuntimeError(
            f"{op}: Given groups={groups}, expected weight to be divisible by {groups} at dimension 0, but got "
            "weight of "
            f"size [{shape_text(w)}] instead"
        )
    wanted = w[0] if transposed else w[1] * groups
    if len(x) == n + 2 and x[1] != wanted:
        given = f"transposed={int(transposed)}" if transposed else f"groups={groups}"
        raise RuntimeError(
            f"{op}: Given {given}, weight of size {shape_text(w)}, expected input{shape_text(x)} to have "
            f"{wanted} channels, "
            f"but got {x[1]} channels instead"
        )


_NAMES = {
    "float32": "float",
    "float64": "double",
    "int64": "long int",
    "float16": "c10::Half",
    "bfloat16": "c10::BFloat16",
}


def _check_types(op: str, x: Tensor, w: Tensor, bias: Tensor | None) -> None:
    for name, t in (("weight", w), ("bias", bias)):
        if t is not None and t._data.dtype != x._data.dtype:
            have = [_NAMES.get(v.dtype.name, v.dtype.name) for v in (x, t)]
            raise RuntimeError(f"{op}: Input type ({have[0]}) and {name} type ({have[1]}) should be the same")


def _geometry(op: str, n: int, stride: Any, dilation: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
    steps, spread = axes(op, "stride", stride, n), axes(op, "dilation", dilation, n)
    wants_positive(op, "stride", steps, f"{op}: non-positive stride is not supported (stride={list(steps)})")
    wants_positive(op, "dilation", spread)
    return steps, spread


def same_padding(size: Any, kernel: Any, stride: Any, dilation: Any) -> tuple[tuple[int, int], ...]:
    """Return the padding before and after each axis that gives ``ceil(size / stride)`` outputs; the odd one behind."""
    reach = [-n % s - s + d * (k - 1) + 1 for n, k, s, d in zip(size, kernel, stride, dilation)]
    return tuple((max(r, 0) // 2, max(r, 0) - max(r, 0) // 2) for r in reach)


def _pairs(op: str, padding: Any, size: Any, kernel: Any, stride: Any, dilation: Any) -> tuple[tuple[int, int], ...]:
    """Return the padding before and after each axis."""
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    if padding == "same":
        return same_padding(size, kernel, stride, dilation)
    if isinstance(padding, str):
        raise RuntimeError(f"{op}: Invalid padding string: '{padding}'")
    found = axes(op, "padding", padding, len(kernel))
    if min(found) < 0:
        raise RuntimeError(f"{op}: negative padding is not supported (padding={list(found)})")
    return tuple((p, p) for p in found)


# ---- public functions ----------------------------------------------------------------------------------------------


def _conv(n: int) -> Callable[..., Tensor]:
    op = f"conv{n}d"

    def fn(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Tensor:
        steps, spread = _geometry(op, n, stride, dilation)

        def run(x: Tensor) -> Tensor:
            _check(op, x, weight, bias, groups, False, n)
            kernel = weight._data.shape[2:]
            pairs = _pairs(op, padding, x._data.shape[2:], kernel, steps, spread)
            conv_output(op, x._data.shape[2:], kernel, steps, pairs, spread)
            return apply(CONV, (x, weight, bias), (steps, pairs, spread, groups))

        return batched(op, tensor_arg(op, input), n, run)

    letters = ("L", "H, W", "D, H, W")[n - 1]
    fn.__doc__ = f"""Slide filters over an input with {n} spatial axes and take inner products (cross-correlation).

    Parameters
    ----------
    input : (N, C, {letters}) or (C, {letters}). weight : (O, C / groups, kernel...). bias : (O) or None.
    stride, dilation : int or one per axis. padding : int, one per axis, "same" (sizes become ``ceil(size / stride)``;
    torch has it for stride 1 only) or "valid". groups : int.

    Returns
    -------
    (N, O, ...), each size ``(size + 2 padding - dilation (kernel - 1) - 1) // stride + 1``.

    Raises
    ------
    RuntimeError : channels, types or sizes that do not fit together.

    Examples
    --------
    >>> import minitorch
    >>> x, w = minitorch.ones(1, 1, {", ".join("4" * n)}), minitorch.ones(1, 1, {", ".join("3" * n)})
    >>> minitorch.nn.functional.conv{n}d(x, w).flatten()
    tensor([{", ".join([f"{3**n}."] * 2**n)}])
    """
    return _named(fn, op, n, False)


def _conv_transpose(n: int) -> Callable[..., Tensor]:
    op = f"conv_transpose{n}d"

    def fn(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        output_padding: Any = 0,
        groups: int = 1,
        dilation: Any = 1,
    ) -> Tensor:
        steps, spread = _geometry(op, n, stride, dilation)
        extra = axes(op, "output_padding", output_padding, n)

        def run(x: Tensor) -> Tensor:
            _check(op, x, weight, bias, groups, True, n)
            kernel = weight._data.shape[2:]
            size = tuple(n * s for n, s in zip(x._data.shape[2:], steps))  # what a "same" convolution started from
            pairs = _pairs(op, padding, size, kernel, steps, spread)
            if padding != "same" or any(extra):
                size = _transposed_size(op, x._data.shape[2:], kernel, steps, pairs, extra, spread)
            return apply(INPUT_GRAD, (x, weight, bias), (steps, pairs, spread, groups, size))

        return batched(op, tensor_arg(op, input), n, run)

    fn.__doc__ = f"""Spread an input with {n} spatial axes over a larger output: the transpose of `conv{n}d`.

    Parameters
    ----------
    input : (N, C, ...) or (C, ...). weight : (C, O / groups, kernel...). bias : (O) or None.
    padding : int, one per axis, "same" (sizes become ``size * stride``, which torch does not have) or "valid".
    output_padding : added to one side of the output, below the stride or the dilation.

    Raises
    ------
    RuntimeError : channels, types or sizes that do not fit together.

    Examples
    --------
    >>> import minitorch
    >>> x, w = minitorch.ones(1, 1, {", ".join("1" * n)}), minitorch.ones(1, 1, {", ".join("2" * n)})
    >>> minitorch.nn.functional.conv_transpose{n}d(x, w).numel()
    {2**n}
    """
    return _named(fn, op, n, True)


def _transposed_size(
    op: str, size: Any, kernel: Any, stride: Any, pairs: Any, extra: Any, dilation: Any
) -> tuple[int, ...]:
    if any(e >= max(s, d) or e < 0 for e, s, d in zip(extra, stride, dilation)):
        raise RuntimeError(
            f"{op}: output padding must be smaller than either stride or dilation, but got "
            f"output_padding={list(extra)}, "
            f"stride={list(stride)}, dilation={list(dilation)}"
        )
    found = tuple(
        (n - 1) * s - a - b + d * (k - 1) + 1 + e
        for n, s, (a, b), d, k, e in zip(size, stride, pairs, dilation, kernel, extra)
    )
    if min(found) <= 0:
        have, get = " x ".join(map(str, size)), " x ".join(map(str, found))
        raise RuntimeError(
            f"{op}: Given input size per channel: ({have}). Calculated output size per channel: ({get}). "
            "Output size is too small"
        )
    return found


def _named(fn: Any, op: str, n: int, transposed: bool) -> Any:
    fn.__name__ = fn.__qualname__ = op
    samples = _transposed_samples(n) if transposed else _samples(n)
    register(fn, samples=samples, failures=_failures(n, transposed), methods=(), functional=True, budget=8.0)
    return fn


# ---- samples -------------------------------------------------------------------------------------------------------


def _samples(n: int) -> Callable[[Make], Iterator[Sample]]:
    def samples(make: Make) -> Iterator[Sample]:
        s = (5, 4, 3)[:n]
        yield Sample("plain", (make(2, 2, *s), make(3, 2, *(2,) * n), make(3)))
        yield Sample("stride and padding", (make(1, 2, *s), make(2, 2, *(3,) * n), None, 2, 1))
        yield Sample("dilation", (make(1, 1, *(5,) * n), make(2, 1, *(2,) * n)), {"dilation": 2})
        yield Sample("groups", (make(1, 4, *s), make(4, 2, *(2,) * n), make(4)), {"groups": 2})
        yield Sample("depthwise", (make(1, 3, *s), make(6, 1, *(2,) * n)), {"groups": 3})
        yield Sample("same", (make(1, 1, *s), make(1, 1, *(2,) * n)), {"padding": "same"})
        yield Sample("strided same", (make(1, 1, *s), make(1, 1, *(3,) * n)), {"padding": "same", "stride": 2})
        yield Sample("one by one", (make(2, 3, *s), make(2, 3, *(1,) * n), make(2)))
        yield Sample("unbatched", (make(2, *s), make(3, 2, *(2,) * n)))
        yield Sample("zero size", (make(0, 2, *s), make(3, 2, *(2,) * n), make(3)))

    return samples


def _transposed_samples(n: int) -> Callable[[Make], Iterator[Sample]]:
    def samples(make: Make) -> Iterator[Sample]:
        s = (3, 2, 2)[:n]
        yield Sample("plain", (make(2, 2, *s), make(2, 3, *(2,) * n), make(3)))
        yield Sample("stride and padding", (make(1, 2, *s), make(2, 2, *(3,) * n), None, 2, 1, 1))
        yield Sample("dilation", (make(1, 1, *s), make(1, 2, *(2,) * n)), {"dilation": 2})
        yield Sample("groups", (make(1, 4, *s), make(4, 2, *(2,) * n), make(4)), {"groups": 2})
        yield Sample("same", (make(1, 1, *s), make(1, 2, *(3,) * n), None, 2, "same"))
        yield Sample("same, gaps", (make(1, 1, *s), make(1, 1, *(1,) * n), None, 2, "same"))
        yield Sample("unbatched", (make(2, *s), make(2, 1, *(2,) * n)))

    return samples


def _failures(n: int, transposed: bool) -> Callable[[Make], Iterator[Failure]]:
    def failures(make: Make) -> Iterator[Failure]:
        k = (3,) * n
        yield Failure(
            (make(1, 4, *(8,) * n), make(3, 3, *k)),
            RuntimeError,
            "to have 3 channels, but got 4 channels instead",
        )
        yield Failure(
            (make(1, 3, *(8,) * n), make(3, 3, *k), make(4)),
            RuntimeError,
            "expected bias to be 1-dimensional with 3",
        )
        yield Failure(
            (make(3, 8)[0], make(3, 3, *k)),
            RuntimeError,
            r"Expected \dD \(unbatched\) or \dD \(batched\) input",
        )
        yield Failure(
            (make(1, 3, *(8,) * n), make(3, 3, *k), None, 0),
            RuntimeError,
            "non-positive stride is not supported",
        )
        if not transposed:
            yield Failure(
                (make(1, 3, *(2,) * n), make(3, 3, *k)),
                RuntimeError,
                "Kernel size can't be greater than actual",
            )
            yield Failure(
                (make(1, 3, *(8,) * n), make(3, 3, *k), None, 2, "some"), RuntimeError, "Invalid padding string: 'some'"
            )

    return failures


conv1d, conv2d, conv3d = (_conv(n) for n in (1, 2, 3))
conv_transpose1d, conv_transpose2d, conv_transpose3d = (_conv_transpose(n) for n in (1, 2, 3))
