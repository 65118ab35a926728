"""Recurrent layers and cells: plain (Elman), LSTM, GRU.

One op runs one direction of one layer over all time steps; forward and first gradient are fused. Higher gradients come
from the same recurrence, written in ops.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..errors import shape_text
from ..kernels import recurrent as kernels
from ..op import Failure, Make, Op, Sample, Widening, register
from ..tape import mode
from ..tensor import wrap
from ._common import Tensor, apply, tensor_arg, vjp_of
from .join import cat
from .linear import linear
from .matmul import matmul

__all__ = ["gru_cell", "lstm_cell", "recurrent", "rnn_relu_cell", "rnn_tanh_cell"]

Sizes = tuple[int, ...]
Found = tuple[Any, ...]


# ---- the recurrences, in ops ---------------------------------------------------------------------------------------


def _plain_step(gi: Tensor, gh: Tensor, h: Tensor, c: Any, relu: bool) -> tuple[Tensor, Any]:
    a = gi + gh
    return (a.relu() if relu else a.tanh()), c


def _lstm_step(gi: Tensor, gh: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    i, f, g, o = (gi + gh).chunk(4, 1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def _gru_step(gi: Tensor, gh: Tensor, h: Tensor, c: Any) -> tuple[Tensor, Any]:
    (r, z, n), (hr, hz, hn) = gi.chunk(3, 1), gh.chunk(3, 1)
    new = (n + (r + hr).sigmoid() * hn).tanh()
    return new + (z + hz).sigmoid() * (h - new), c


def _unrolled(step: Callable[..., Any], states: Found, w_hr: Any, sizes: Sizes, reverse: bool) -> tuple[Tensor, ...]:
    """Return outputs and last states of the recurrence: what the fused kernels compute, as an expression in ops."""
    gi, w, b, h, c = states
    parts, outputs = gi.split(list(sizes)), [gi] * len(sizes)
    for t in range(len(sizes) - 1, -1, -1) if reverse else range(len(sizes)):
        n = sizes[t]
        before, cell = h[:n], c if c is None else c[:n]
        new, cell = step(parts[t], linear(before, w, b), before, cell)
        new = new if w_hr is None else matmul(new, w_hr.mT)
        outputs[t] = new
        h = new if n == sizes[0] else cat([new, h[n:]])
        c = cell if c is None or n == sizes[0] else cat([cell, c[n:]])
    return (cat(outputs), h) if c is None else (cat(outputs), h, c)


# ---- the fused ops -------------------------------------------------------------------------------------------------


def _gradients(node: Any, grads: Found, count: int) -> tuple[Any, ...]:
    """Return the gradients of the outputs as arrays: zeros for those that nothing used."""
    return tuple(
        np.zeros(node.metas[i][0], node.metas[i][1]) if grads[i] is None else grads[i]._data for i in range(count)
    )


def _wrapped(found: Found) -> Found:
    return tuple([None if a is None else wrap(a) for a in found])


def _rnn_vjp(node: Any, *grads: Any) -> Found:
    inputs = tuple(node.input(i) for i in range(4))
    relu, sizes, reverse = node.params
    if mode.enabled:

        def formula(gi: Any, w: Any, b: Any, h: Any) -> Any:
            def step(gi: Any, gh: Any, h: Any, c: Any) -> Any:
                return _plain_step(gi, gh, h, c, relu)

            return _unrolled(step, (gi, w, b, h, None), None, sizes, reverse)

        return vjp_of(formula, node, inputs, grads[:2])
    saved = (node.output(0)._data, node.output(2)._data)
    bias = None if inputs[2] is None else inputs[2]._data
    return _wrapped(kernels.rnn_backward(_gradients(node, grads, 2), inputs[1]._data, bias, saved, *node.params))


def _gru_vjp(node: Any, *grads: Any) -> Found:
    inputs = tuple(node.input(i) for i in range(4))
    if mode.enabled:
        return vjp_of(lambda *x: _unrolled(_gru_step, (*x, None), None, *node.params[:2]), node, inputs, grads[:2])
    saved = tuple(node.output(i)._data for i in (2, 3))
    bias = None if inputs[2] is None else inputs[2]._data
    return _wrapped(kernels.gru_backward(_gradients(node, grads, 2), inputs[1]._data, bias, saved, *node.params[:2]))


def _lstm_vjp(node: Any, *grads: Any) -> Found:
    inputs = tuple(node.input(i) for i in range(6))
    if mode.enabled:
        return vjp_of(lambda *x: _unrolled(_lstm_step, x[:5], x[5], *node.params[:2]), node, inputs, grads[:3])
    saved = tuple(node.output(i)._data for i in _KEPT)
    w, b, w_hr = (None if inputs[i] is None else inputs[i]._data for i in (1, 2, 5))
    return _wrapped(kernels.lstm_backward(_gradients(node, grads, 3), w, b, w_hr, saved, *node.params[:2]))  # type: ignore[arg-type]


def _all(count: int) -> tuple[tuple[int, ...], ...]:
    return (tuple(range(count)),) * count


RNN: Op = Widening("rnn", kernels.rnn_forward, _rnn_vjp, saves=_all(4), keeps=(0, 2), nondifferentiable=(2,))
GRU: Op = Widening("gru", kernels.gru_forward, _gru_vjp, saves=_all(4), keeps=(2, 3), nondifferentiable=(2, 3))
_KEPT = (3, 4)
LSTM: Op = Widening("lstm", kernels.lstm_forward, _lstm_vjp, saves=_all(6), keeps=_KEPT, nondifferentiable=_KEPT)


def recurrent(
    kind: str,
    input: Tensor,
    weights: Found,
    state: tuple[Tensor, Tensor | None],
    sizes: Sizes,
    reverse: bool = False,
) -> tuple[Tensor, Tensor, Tensor | None]:
    """Run one direction of one layer and return outputs (rows, R), the last h (B, R) and, of an LSTM, the last c.

    Parameters
    ----------
    kind : "LSTM", "GRU", "RNN_TANH" or "RNN_RELU".
    input : (rows, in_features), the steps' rows one after the other. sizes : the number of rows of each step.
    weights : w_ih (G*H, in), w_hh (G*H, R), b_ih, b_hh (G*H or None), w_hr (R, H) or None.
    state : the first h (B, R) and c (B, H) or None.

    Examples
    --------
    >>> import minitorch
    >>> w, h = minitorch.zeros(2, 2), minitorch.ones(1, 2)
    >>> y, last, _ = recurrent("RNN_TANH", minitorch.ones(3, 2), (w, w, None, None, None), (h, None), (1, 1, 1))
    >>> y.shape, last.tolist()
    (torch.Size([3, 2]), [[0.0, 0.0]])
    """
    if input.dtype.itemsize == 2:  # half precision is computed in float32 and rounded once
        wide = [None if t is None else t.float() for t in (input, *weights, *state)]
        found = recurrent(kind, wide[0], tuple(wide[1:6]), (wide[6], wide[7]), sizes, reverse)  # type: ignore[arg-type]
        return tuple([None if t is None else t.to(input.dtype) for t in found])  # type: ignore[return-value]
    w_ih, w_hh, b_ih, b_hh, w_hr = weights
    if kind != "GRU" and b_ih is not None and b_hh is not None:  # one sum for all steps; their gradients are one, too
        b_ih, b_hh = b_ih + b_hh, None
    gates, (h, c) = linear(input, w_ih, b_ih), state
    if kind == "LSTM":
        y, h, c = apply(LSTM, (gates, w_hh, b_hh, h, c, w_hr), (sizes, reverse, mode.enabled))[:3]
    elif kind == "GRU":
        y, h = apply(GRU, (gates, w_hh, b_hh, h), (sizes, reverse, mode.enabled))[:2]
    else:
        y, h = apply(RNN, (gates, w_hh, b_hh, h), (kind == "RNN_RELU", sizes, reverse))[:2]
    return y, h, c


# ---- cells ---------------------------------------------------------------------------------------------------------


def _check_cell(input: Tensor, states: tuple[Tensor, ...], w_ih: Tensor, w_hh: Tensor) -> None:
    features, size = input._data.shape[-1], w_hh._data.shape[1]
    if features != w_ih._data.shape[1]:
        raise RuntimeError(f"input has inconsistent input_size: got {features} expected {w_ih._data.shape[1]}")
    for i, h in enumerate(states):
        if input._data.shape[0] != h._data.shape[0]:
            raise RuntimeError(
                f"Input batch size {input._data.shape[0]} doesn't match hidden{i} batch size {h._data.shape[0]}"
            )
        if h._data.shape[-1] != size:
            raise RuntimeError(f"hidden{i} has inconsistent hidden_size: got {h._data.shape[-1]}, expected {size}")


def _cell(kind: str, name: str, input: Tensor, states: tuple[Tensor, ...], weights: Found) -> tuple[Tensor, Any]:
    x = tensor_arg(name, input)
    if x._data.ndim != 2:
        raise RuntimeError(f"{name}: input must be (batch, features), got shape {shape_text(x._data.shape)}")
    _check_cell(x, states, weights[0], weights[1])
    state = (states[0], states[1] if len(states) > 1 else None)
    _, h, c = recurrent(kind, x, (*weights, None), state, (x._data.shape[0],))
    return h, c


def lstm_cell(
    input: Tensor,
    hx: tuple[Tensor, Tensor],
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor | None = None,
    b_hh: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Return h and c (N, H) after one step of an LSTM (Hochreiter & Schmidhuber, Neural Computation 9, 1997).

    Parameters
    ----------
    input : (N, in). hx : h and c, each (N, H). w_ih : (4H, in). w_hh : (4H, H). b_ih, b_hh : (4H). Gates: i f g o.

    Raises
    ------
    RuntimeError : sizes that do not fit.

    Examples
    --------
    >>> import minitorch
    >>> zeros, w = minitorch.zeros(1, 2), minitorch.ones(8, 2)
    >>> h, c = minitorch.lstm_cell(minitorch.ones(1, 2), (zeros, zeros), w, w)
    >>> h.shape
    torch.Size([1, 2])
    """
    return _cell("LSTM", "lstm_cell", input, tuple(hx), (w_ih, w_hh, b_ih, b_hh))


def _one_state(kind: str, name: str, gates: int, what: str) -> Callable[..., Tensor]:
    def fn(
        input: Tensor, hx: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor | None = None, b_hh: Tensor | None = None
    ) -> Tensor:
        return _cell(kind, name, input, (hx,), (w_ih, w_hh, b_ih, b_hh))[0]

    rows = f"{gates}H" if gates > 1 else "H"
    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = f"""Return the state (N, H) after one step of {what}.

    Parameters
    ----------
    input : (N, in). hx : (N, H). w_ih : ({rows}, in). w_hh : ({rows}, H). b_ih, b_hh : ({rows}) or None.

    Raises
    ------
    RuntimeError : sizes that do not fit.

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.ones({2 * gates}, 2)
    >>> minitorch.{name}(minitorch.ones(1, 2), minitorch.zeros(1, 2), w, w).shape
    torch.Size([1, 2])
    """

    def samples(make: Make) -> Iterator[Sample]:
        tensors = [make(3, 2), make(3, 2), make(2 * gates, 2), make(2 * gates, 2)]
        yield Sample("batch", (*tensors, make(2 * gates), make(2 * gates)))
        yield Sample("no bias", (make(1, 3), make(1, 2), make(2 * gates, 3), make(2 * gates, 2)))

    def failures(make: Make) -> Iterator[Failure]:
        w = make(2 * gates, 2)
        yield Failure((make(3, 4), make(3, 2), w, w), RuntimeError, "inconsistent input_size: got 4 expected 2")
        yield Failure((make(3, 2), make(2, 2), w, w), RuntimeError, "Input batch size 3 doesn't match hidden")

    register(fn, samples=samples, failures=failures, methods=(), budget=8.0)
    return fn


rnn_tanh_cell = _one_state("RNN_TANH", "rnn_tanh_cell", 1, "a plain recurrence with tanh (Elman, 1990)")
rnn_relu_cell = _one_state("RNN_RELU", "rnn_relu_cell", 1, "a plain recurrence with ReLU")
gru_cell = _one_state("GRU", "gru_cell", 3, "a gated recurrent unit (Cho et al., arXiv 1406.1078); gates: r z n")


# ---- samples -------------------------------------------------------------------------------------------------------


def _lstm_samples(make: Make) -> Iterator[Sample]:
    state = (make(3, 2), make(3, 2))
    yield Sample("batch", (make(3, 4), state, make(8, 4), make(8, 2), make(8), make(8)))
    yield Sample("no bias", (make(1, 2), (make(1, 2), make(1, 2)), make(8, 2), make(8, 2)))


def _lstm_failures(make: Make) -> Iterator[Failure]:
    state, w = (make(3, 2), make(3, 2)), make(8, 2)
    yield Failure((make(3, 4), state, w, w), RuntimeError, "inconsistent input_size: got 4 expected 2")
    yield Failure((make(2, 2), state, w, w), RuntimeError, "Input batch size 2 doesn't match hidden")


register(lstm_cell, samples=_lstm_samples, failures=_lstm_failures, methods=(), budget=8.0)
