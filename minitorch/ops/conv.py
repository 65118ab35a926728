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
from ..kernels import conv as kernels
from ..kernels.conv_ref import conv_forward_ref, conv_input_grad_ref
from ..kernels.conv_weight import conv_weight_grad
from ..kernels.small_weight import gradients as small_gradients
from ..op import Failure, Make, Op, Sample, Widening, register
from ..precision import fast_float32
from ._common import Tensor, apply
from ._conv_arguments import Shape, check, described, geometry, pairs_of, transposed_size
from ._window import axes, batched, conv_output, remembered
from .expand import EXPAND
from .reduce import SUM_DIMS
from .shape import reshape

__all__ = ["conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d"]

Grads = tuple[Tensor | None, Tensor | None, Tensor | None]

# ---- the triad: params are (stride, padding pairs, dilation, groups) first ------------------------------------------


def _over_pixels(node: Any, g: Tensor) -> Tensor | None:
    """The gradient of a bias: the sum over images and positions."""
    return g.sum(_pixels(g._data)) if len(node.needs) > 2 and node.needs[2] else None


def _pixels(g: Any) -> tuple[int, ...]:
    return (0, *range(2, g.ndim))


def _conv_vjp(node: Any, g: Tensor) -> Grads:
    how, needs = node.params, node.needs
    gx = gw = None
    if needs[0]:
        gx = apply(INPUT_GRAD, (g, node.input(1), None), (*how, node.in_shape(0)[2:]))
    if needs[1] and len(needs) > 2 and needs[2]:
        return gx, *apply(PARAMETER_GRADS, (g, node.input(0)), (*how, node.in_shape(1)[2:]))
    if needs[1]:
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


def _parameter_grads_vjp(node: Any, ggw: Tensor | None, ggb: Tensor | None) -> tuple[Tensor | None, Tensor | None]:
    ggy, gx = (None, None) if ggw is None else _weight_grad_vjp(node, ggw)
    if ggb is not None and node.needs[0]:
        shape = node.in_shape(0)
        spread = apply(EXPAND, (reshape(ggb, (-1, *(1,) * (len(shape) - 2))),), (shape,))
        ggy = spread if ggy is None else ggy + spread
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


def _parameter_grads_fwd(
    gy: Any, x: Any, stride: Any, padding: Any, dilation: Any, groups: int, kernel: Any
) -> tuple[Any, Any]:
    found = small_gradients(gy, x, kernel, stride, padding, dilation, groups, True)
    if found is not None:
        return found
    gw = conv_weight_grad(gy, x, kernel, stride, padding, dilation, groups, winograd=fast_float32())
    return gw, SUM_DIMS.run([gy], (_pixels(gy), False))


_SAVES = ((1,), (0,), ())
CONV: Op = Widening("convolution", _conv_fwd, _conv_vjp, saves=_SAVES, physical=True)
INPUT_GRAD: Op = Widening("convolution", _input_grad_fwd, _input_grad_vjp, saves=_SAVES, physical=True)
WEIGHT_GRAD: Op = Widening("convolution_weight", _weight_grad_fwd, _weight_grad_vjp, saves=((1,), (0,)))
# WEIGHT_GRAD and the bias's gradient, which small problems find on the way
PARAMETER_GRADS: Op = Widening("convolution_parameters", _parameter_grads_fwd, _parameter_grads_vjp, saves=((1,), (0,)))


# ---- public functions ----------------------------------------------------------------------------------------------


def _conv(n: int) -> Callable[..., Tensor]:
    op = f"conv{n}d"

    @remembered
    def arguments(
        x: Shape, w: Shape, bias: Shape | None, types: Any, stride: Any, padding: Any, dilation: Any, groups: int
    ) -> tuple[Any, ...]:
        steps, spread = geometry(op, n, stride, dilation)
        check(op, x, w, bias, types, groups, False, n)
        pairs = pairs_of(op, padding, x[2:], w[2:], steps, spread)
        conv_output(op, x[2:], w[2:], steps, pairs, spread)
        return steps, pairs, spread, groups

    def fn(
        input: Tensor,
        weight: Tensor,
        bias: Tensor | None = None,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: int = 1,
    ) -> Tensor:
        given = described(op, input, weight, bias)
        if len(given[0]) != n + 2:
            return batched(op, input, n, lambda x: fn(x, weight, bias, stride, padding, dilation, groups))
        return apply(CONV, (input, weight, bias), arguments(*given, stride, padding, dilation, groups))

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

    @remembered
    def arguments(
        x: Shape, w: Shape, bias: Shape | None, types: Any, stride: Any, padding: Any, output_padding: Any, groups: int,
        dilation: Any,
    ) -> tuple[Any, ...]:  # fmt: skip
        steps, spread = geometry(op, n, stride, dilation)
        extra = axes(op, "output_padding", output_padding, n)
        check(op, x, w, bias, types, groups, True, n)
        size = tuple(n * s for n, s in zip(x[2:], steps))  # what a "same" convolution started from
        pairs = pairs_of(op, padding, size, w[2:], steps, spread)
        if padding != "same" or any(extra):
            size = transposed_size(op, x[2:], w[2:], steps, pairs, extra, spread)
        return steps, pairs, spread, groups, size

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
        given = described(op, input, weight, bias)
        if len(given[0]) != n + 2:
            again = (weight, bias, stride, padding, output_padding, groups, dilation)
            return batched(op, input, n, lambda x: fn(x, *again))
        how = arguments(*given, stride, padding, output_padding, groups, dilation)
        return apply(INPUT_GRAD, (input, weight, bias), how)

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
