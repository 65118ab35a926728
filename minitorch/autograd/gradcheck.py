"""Gradient checks: what backward says against central differences, at first and second order.

A complex tensor is treated as pairs of real numbers, which is torch's gradient convention as well, so that
the same code serves both.

Source: Griewank & Walther, "Evaluating Derivatives", 2nd ed. (SIAM 2008), section 8.1 for the step size.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..memory import Array
from ..tape import recording
from ..tensor import Tensor, wrap
from ._jacobians import (
    analytical_jacobians,
    differentiable,
    evaluate,
    numbers,
    numerical_jacobians,
    real_parts,
)
from ._more_checks import batched_rows, batched_tangents, forward_jacobians
from .engine import grad

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

Function = Callable[..., Any]
Pair = tuple[Tensor, ...]


class GradcheckError(RuntimeError):
    """A gradient that does not pass its check.

    Examples
    --------
    >>> from minitorch.autograd import GradcheckError
    >>> issubclass(GradcheckError, RuntimeError)
    True
    """


@dataclass(frozen=True)
class _Options:
    """The tolerances and switches of one check."""

    eps: float
    atol: float
    rtol: float
    nondet_tol: float
    undefined: bool
    dtypes: bool
    fast: bool


def gradcheck(
    func: Function,
    inputs: Any,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_batched_forward_grad: bool = False,
    check_forward_ad: bool = False,
    check_backward_ad: bool = True,
    fast_mode: bool = False,
    masked: bool | None = None,
) -> bool:
    """Check the gradients of ``func(*inputs)`` against central differences of step ``eps``.

    Parameters
    ----------
    func : takes tensors, returns a tensor or a tuple of them.
    inputs : a tensor or a tuple; those with ``requires_grad`` are checked and should be float64.
    atol, rtol : allowed difference: ``atol + rtol * |numerical|``.
    nondet_tol : allowed difference between two runs of the same backward pass.
    check_undefined_grad : also check that missing output gradients count as zeros.
    check_grad_dtypes : also check that gradients have the dtype of their inputs.
    check_forward_ad, check_batched_grad, check_batched_forward_grad : also check forward mode, and `vmap` over both.
    fast_mode : compare one random projection of the Jacobian instead of all elements.

    Raises
    ------
    GradcheckError : a gradient is wrong, unless ``raise_exception`` is False (False is returned then).
    ValueError : no input requires a gradient. RuntimeError : an input overlaps itself.
    AssertionError : checks that need one another.

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.tensor([0.5, 2.0], dtype=minitorch.float64, requires_grad=True)
    >>> minitorch.autograd.gradcheck(lambda x: x.exp() * x, (x,))
    True
    """
    _check_choice(check_forward_ad, check_backward_ad, check_batched_grad, check_batched_forward_grad)
    options = _Options(eps, atol, rtol, nondet_tol, check_undefined_grad, check_grad_dtypes, fast_mode)
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    try:
        _check_inputs(given)
        if check_backward_ad:
            _run(func, given, options)
        _run_more(func, given, options, check_forward_ad, check_batched_grad, check_batched_forward_grad)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(
    func: Function,
    inputs: Any,
    grad_outputs: Any = None,
    *,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    gen_non_contig_grad_outputs: bool = False,
    raise_exception: bool = True,
    nondet_tol: float = 0.0,
    check_undefined_grad: bool = True,
    check_grad_dtypes: bool = False,
    check_batched_grad: bool = False,
    check_fwd_over_rev: bool = False,
    check_rev_over_rev: bool = True,
    fast_mode: bool = False,
    masked: bool = False,
) -> bool:
    """Check the gradients of the gradients of ``func(*inputs)``; see `gradcheck`.

    ``grad_outputs`` are the gradients of the outputs at which the first backward pass is taken: reproducible
    random ones by default, which require gradients themselves (not contiguous with
    ``gen_non_contig_grad_outputs``).

    Examples
    --------
    >>> import minitorch
    >>> x = minitorch.tensor([0.5, 2.0], dtype=minitorch.float64, requires_grad=True)
    >>> minitorch.autograd.gradgradcheck(lambda x: x.exp() * x, (x,))
    True
    """
    given = (inputs,) if isinstance(inputs, Tensor) else tuple(inputs)
    if grad_outputs is None:
        cotangents = tuple(_random_grad(out, gen_non_contig_grad_outputs) for out in differentiable(func(*given)))
    else:
        cotangents = (grad_outputs,) if isinstance(grad_outputs, Tensor) else tuple(grad_outputs)
    count = len(given)

    def first_order(*values: Any) -> Pair:
        wanted = [x for x in values[:count] if _checked_input(x)]
        outputs = differentiable(func(*values[:count]))
        found = grad(outputs, wanted, values[count:], create_graph=True, allow_unused=True)
        return tuple(g for g in found if g is not None and g.requires_grad)

    return gradcheck(
        first_order, (*given, *cotangents), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
        nondet_tol=nondet_tol, check_undefined_grad=check_undefined_grad, check_grad_dtypes=check_grad_dtypes,
        check_batched_grad=check_batched_grad, fast_mode=fast_mode, check_forward_ad=check_fwd_over_rev,
        check_backward_ad=check_rev_over_rev,
    )  # fmt: skip


# ---- arguments ---------------------------------------------------------------------------------------------


def _check_choice(forward: bool, backward: bool, batched: bool, batched_forward: bool) -> None:
    """Raise torch's errors for checks that need one another."""
    if not (forward or backward):
        raise AssertionError("Expected at least one of check_forward_ad or check_backward_ad to be True")
    if batched and not backward:
        raise AssertionError("Setting check_batched_grad=True requires check_backward_ad to be True")
    if batched_forward and not forward:
        raise AssertionError("Setting check_batched_forward_grad=True requires check_forward_ad to be True")


def _checked_input(x: Any) -> bool:
    return isinstance(x, Tensor) and x.requires_grad


def _check_inputs(inputs: tuple[Any, ...]) -> None:
    for i, x in enumerate(inputs):
        if not _checked_input(x):
            continue
        if x._data.dtype not in (np.float64, np.complex128):
            warnings.warn(
                f"Input #{i} requires gradient and is not a double precision floating point or complex. This "
                "check will likely fail if all the inputs are not of double precision floating point or "
                "complex. ",
                stacklevel=3,
            )
        if x._data.size and any(s == 0 and n > 1 for s, n in zip(x._data.strides, x._data.shape)):
            raise RuntimeError(
                f"The {i}th input has a dimension with stride 0. gradcheck only supports inputs that are "
                "non-overlapping to be able to compute the numerical gradients correctly. You should call "
                ".contiguous on the input before passing it to gradcheck."
            )
    if not any(_checked_input(x) for x in inputs):
        raise ValueError(
            "gradcheck expects at least one input tensor to require gradient, but none of them have requires_grad=True."
        )


def _random_grad(out: Tensor, strided: bool) -> Tensor:
    shape = out._data.shape
    rng = np.random.default_rng(out._data.size)
    values = rng.uniform(-1.0, 1.0, (*shape, 2) if strided else shape)
    array = values.astype(out._data.dtype)
    cotangent = wrap(array[..., 0] if strided else array)
    cotangent._requires = True
    return cotangent


# ---- the checks --------------------------------------------------------------------------------------------


def _run(func: Function, inputs: tuple[Any, ...], options: _Options) -> None:
    outputs = differentiable(func(*inputs))
    places = [i for i, x in enumerate(inputs) if _checked_input(x)]
    if not outputs:
        return _check_constant(func, inputs, places, options)
    if options.fast:
        _compare_projections(func, inputs, places, outputs, options)
    else:
        _compare_jacobians(func, inputs, places, outputs, options)
    wanted = [inputs[i] for i in places]
    if options.dtypes:
        _check_dtypes(outputs, wanted)
    if options.undefined:
        _check_undefined(func, inputs)
    return None


def _run_more(
    func: Function, inputs: tuple[Any, ...], options: _Options, forward: bool, batched: bool, batched_forward: bool
) -> None:
    """Check forward mode, and the transforms that do several vectors at once."""
    outputs = differentiable(func(*inputs))
    places = [i for i, x in enumerate(inputs) if _checked_input(x)]
    for i in places if forward and outputs else ():
        numerical = numerical_jacobians(func, inputs, inputs[i], options.eps)
        for o, found in enumerate(forward_jacobians(func, inputs, i)):
            _compare(numerical[o], found, (o, outputs[o]), (i, inputs[i]), options)
    pairs = batched_rows(func, inputs, [inputs[i] for i in places]) if batched and outputs else []
    for i in places if batched_forward else ():
        pairs += batched_tangents(func, inputs, i)
    for together, apart in pairs:
        if not np.allclose(together, apart, options.rtol, options.atol):
            raise GradcheckError(
                f"gradcheck: vmap gives other derivatives, {together}, than one vector after the other, {apart}"
            )


def _check_constant(func: Function, inputs: tuple[Any, ...], places: Sequence[int], options: _Options) -> None:
    def everything(*values: Any) -> Any:
        result = func(*values)
        given = (result,) if isinstance(result, Tensor) else tuple(result)
        return tuple(wrap(out._data) for out in given if isinstance(out, Tensor))

    def floats(*values: Any) -> list[Array]:
        return [numbers(out._data) for out in everything(*values) if out._data.dtype.kind in "fc"]

    for i in places:
        for part in real_parts(inputs[i]._data):
            for index in np.ndindex(part.shape):
                before = part[index].copy()
                part[index] = before + options.eps
                above = floats(*inputs)
                part[index] = before - options.eps
                below = floats(*inputs)
                part[index] = before
                if any((np.abs(a - b) > 2 * options.eps * options.atol).any() for a, b in zip(above, below)):
                    raise GradcheckError("Numerical gradient for function expected to be zero")


def _compare_jacobians(
    func: Function, inputs: tuple[Any, ...], places: Sequence[int], outputs: Pair, options: _Options
) -> None:
    wanted = [inputs[i] for i in places]
    numerical = [numerical_jacobians(func, inputs, x, options.eps) for x in wanted]
    for o, out in enumerate(outputs):
        analytical, again = analytical_jacobians(out, wanted), analytical_jacobians(out, wanted)
        for k, i in enumerate(places):
            if not analytical[k].size:
                continue
            _compare(numerical[k][o], analytical[k], (o, out), (i, wanted[k]), options)
            _check_repeat(analytical[k], again[k], options.nondet_tol)


def _compare(
    numerical: Array,
    analytical: Array,
    output: tuple[int, Tensor],
    source: tuple[int, Tensor],
    options: _Options,
) -> None:
    difference = np.abs(numerical - analytical)
    allowed = options.atol + options.rtol * np.abs(numerical)
    wrong = ~(difference <= allowed)  # NaN is wrong too
    if not wrong.any():
        return
    row, column = np.unravel_index(int(np.where(wrong, difference - allowed, -np.inf).argmax()), wrong.shape)
    (o, out), (i, x) = output, source
    raise GradcheckError(
        f"Jacobian mismatch for output {o} with respect to input {i},\n"
        f"at element {_place(out, int(column))} of output {o} and element {_place(x, int(row))} of input "
        f"{i}: numerical={numerical[row, column]:.8g}, analytical={analytical[row, column]:.8g} "
        f"({int(wrong.sum())} of {wrong.size} elements differ by more than atol={options.atol} + "
        f"rtol={options.rtol} times the numerical "
        f"value)\nnumerical:{wrap(numerical)!r}\nanalytical:{wrap(analytical)!r}\n"
    )


def _place(x: Tensor, number: int) -> str:
    """Return the index of the number-th real number of a tensor as text, such as ``[0, 2]``."""
    part, flat = divmod(number, max(x._data.size, 1))
    index = [int(n) for n in np.unravel_index(flat, x._data.shape)] if x._data.ndim else []
    return f"{index}{'.imag' if part else ''}"


def _check_repeat(first: Array, second: Array, tolerance: float) -> None:
    if not np.array_equal(first, second, equal_nan=True) and (np.abs(first - second) > tolerance).any():
        raise GradcheckError(
            "Backward is not reentrant, i.e., running backward with same input and grad_output multiple "
            "times gives different values, although analytical gradient matches numerical gradient. The "
            f"tolerance for nondeterminism was nondet_tol={tolerance}."
        )


def _compare_projections(
    func: Function, inputs: tuple[Any, ...], places: Sequence[int], outputs: Pair, options: _Options
) -> None:
    """Compare ``v' J u`` for random directions u of an input and v of an output."""
    rng = np.random.default_rng(0)
    cotangents = [wrap(np.asarray(rng.uniform(0.5, 1.0, out._data.shape), out._data.dtype)) for out in outputs]
    for i in places:
        x = inputs[i]
        u = np.asarray(rng.uniform(0.5, 1.0, x._data.shape)) / max(x._data.size, 1) ** 0.5
        before = x._data.copy()
        x._data[...] = before + options.eps * u
        above = evaluate(func, inputs)
        x._data[...] = before - options.eps * u
        below = evaluate(func, inputs)
        x._data[...] = before
        for o, (out, v) in enumerate(zip(outputs, cotangents)):
            (g,) = grad(out, x, v, retain_graph=True, allow_unused=True)
            numerical = np.array([[(numbers(v._data) @ (above[o] - below[o])) / (2 * options.eps)]])
            analytical = np.array([[0.0 if g is None else float((g._data.real * u).sum())]])
            _compare(numerical, analytical, (o, wrap(np.zeros(()))), (i, wrap(np.zeros(()))), options)


def _check_dtypes(outputs: Pair, inputs: list[Tensor]) -> None:
    for out in outputs:
        found = grad(out, inputs, wrap(np.ones_like(out._data)), retain_graph=True, allow_unused=True)
        for x, g in zip(inputs, found):
            if g is not None and g.dtype is not x.dtype:
                raise GradcheckError(f"Expected a gradient of dtype {x.dtype}, but backward gave {g.dtype}")


def _check_undefined(func: Function, inputs: tuple[Any, ...]) -> None:
    """Check that an output without a gradient counts as one whose gradient is zero."""
    nodes = {id(out.grad_fn): out.grad_fn for out in differentiable(func(*inputs)) if out.grad_fn is not None}
    for node in nodes.values():
        kept_out = node.op.nondifferentiable
        real = [i for i, m in enumerate(node.metas) if i not in kept_out and m[1] and m[1].kind in "fcV"]
        for absent in real if len(real) > 1 else ():
            grads = [_zeros(meta) if i in real and i != absent else None for i, meta in enumerate(node.metas)]
            found = _undefined_vjp(node, grads)
            if any(isinstance(g, Tensor) and g._data.any() for g in found):
                raise GradcheckError(f"{node.name()} gives a gradient that is not zero for undefined output grads")


def _zeros(meta: tuple[tuple[int, ...], Any]) -> Tensor:
    return wrap(np.zeros(*meta))


def _undefined_vjp(node: Any, grads: list[Tensor | None]) -> tuple[Any, ...]:
    try:
        with recording(False):
            found = node.op.vjp(node, *grads)
    except (AttributeError, TypeError) as error:
        raise GradcheckError(
            f"Expected backward function to handle undefined output grads: {node.name()} raised {error!r} "
            "where the gradient of an output is None, which stands for zeros"
        ) from error
    return found if isinstance(found, tuple) else (found,)
