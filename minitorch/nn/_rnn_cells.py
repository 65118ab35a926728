"""Recurrent cells, which take one step: RNNCell, LSTMCell, GRUCell."""

from __future__ import annotations

import math
from typing import Any

from ..ops.create import empty, zeros
from ..ops.recurrent import gru_cell, lstm_cell, rnn_relu_cell, rnn_tanh_cell
from ..tensor import Tensor
from . import init
from .module import Module
from .parameter import Parameter

__all__ = ["GRUCell", "LSTMCell", "RNNCell", "RNNCellBase"]

Weights = tuple[Parameter, Parameter, "Parameter | None", "Parameter | None"]


class RNNCellBase(Module):
    """The weights of a cell whose gates take ``num_chunks`` times the hidden size.

    >>> from minitorch import nn
    >>> list(nn.RNNCell(2, 3)._parameters)
    ['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh']
    """

    __constants__ = ["input_size", "hidden_size", "bias"]
    weight_ih: Parameter
    weight_hh: Parameter
    bias_ih: Parameter | None
    bias_hh: Parameter | None

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool, num_chunks: int, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__()
        self.input_size, self.hidden_size, self.bias = input_size, hidden_size, bias
        rows, factory = num_chunks * hidden_size, {"device": device, "dtype": dtype}
        self.weight_ih = Parameter(empty((rows, input_size), **factory))
        self.weight_hh = Parameter(empty((rows, hidden_size), **factory))
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, Parameter(empty(rows, **factory)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw all weights and biases from U(-b, b) with b = 1/sqrt(hidden_size), as torch does."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def extra_repr(self) -> str:
        """Return the constructor's arguments that are not the defaults."""
        text = f"{self.input_size}, {self.hidden_size}"
        if self.bias is not True:
            text += f", bias={self.bias}"
        nonlinearity = self.__dict__.get("nonlinearity", "tanh")
        return text if nonlinearity == "tanh" else f"{text}, nonlinearity={nonlinearity}"

    def _weights(self) -> Weights:
        return self.weight_ih, self.weight_hh, self.bias_ih, self.bias_hh

    def _check(self, what: str, x: Tensor, article: str = "") -> None:
        if x.dim() not in (1, 2):
            raise ValueError(f"{self._get_name()}: Expected {what} to be 1D or 2D, got {x.dim()}D instead{article}")

    def _state(self, input: Tensor, hx: Tensor | None) -> tuple[Tensor, Tensor]:
        """Return input and state as batches; the state is zeros if none is given."""
        self._check("input", input)
        if hx is not None:
            self._check("hidden", hx)
        rows = input if input.dim() == 2 else input.unsqueeze(0)
        if hx is None:
            return rows, zeros((rows.shape[0], self.hidden_size), dtype=input.dtype)
        return rows, hx if input.dim() == 2 else hx.unsqueeze(0)


class RNNCell(RNNCellBase):
    """One step of a plain recurrence, ``h' = tanh(W_ih x + b_ih + W_hh h + b_hh)`` (or ReLU): (N, input_size) and
    (N, hidden_size) to (N, hidden_size). Source: Elman, Cognitive Science 14 (1990).

    Raises ValueError for an input or a state that is not 1-d or 2-d, RuntimeError for an unknown ``nonlinearity``.

    >>> import minitorch
    >>> minitorch.nn.RNNCell(10, 20)(minitorch.zeros(3, 10)).shape
    torch.Size([3, 20])
    """

    __constants__ = ["input_size", "hidden_size", "bias", "nonlinearity"]

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        bias: bool = True,
        nonlinearity: str = "tanh",
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 1, device, dtype)
        self.nonlinearity = nonlinearity

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Return the next state."""
        x, h = self._state(input, hx)
        if self.nonlinearity not in ("tanh", "relu"):
            raise RuntimeError(f"Unknown nonlinearity: {self.nonlinearity}")
        step = rnn_tanh_cell if self.nonlinearity == "tanh" else rnn_relu_cell
        h = step(x, h, *self._weights())
        return h if input.dim() == 2 else h.squeeze(0)


class LSTMCell(RNNCellBase):
    """One step of an LSTM: (N, input_size) and the pair h, c, each (N, hidden_size), to the next pair.
    Source: Hochreiter & Schmidhuber, Neural Computation 9 (1997).

    Raises ValueError for an input or a state that is not 1-d or 2-d.

    >>> import minitorch
    >>> h, c = minitorch.nn.LSTMCell(10, 20)(minitorch.zeros(3, 10))
    >>> c.shape
    torch.Size([3, 20])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 4, device, dtype)

    def forward(self, input: Tensor, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, Tensor]:
        """Return the next h and c."""
        self._check("input", input)
        for i, state in enumerate(hx or ()):
            if state.dim() not in (1, 2):
                raise ValueError(f"LSTMCell: Expected hx[{i}] to be 1D or 2D, got {state.dim()}D instead")
        x, h = self._state(input, None if hx is None else hx[0])
        c = h if hx is None else self._state(input, hx[1])[1]
        h, c = lstm_cell(x, (h, c), *self._weights())
        return (h, c) if input.dim() == 2 else (h.squeeze(0), c.squeeze(0))


class GRUCell(RNNCellBase):
    """One step of a gated recurrent unit: (N, input_size) and (N, hidden_size) to (N, hidden_size).
    Source: Cho et al., arXiv:1406.1078.

    Raises ValueError for an input or a state that is not 1-d or 2-d.

    >>> import minitorch
    >>> minitorch.nn.GRUCell(10, 20)(minitorch.zeros(3, 10)).shape
    torch.Size([3, 20])
    """

    def __init__(
        self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None, dtype: Any = None
    ) -> None:
        super().__init__(input_size, hidden_size, bias, 3, device, dtype)

    def forward(self, input: Tensor, hx: Tensor | None = None) -> Tensor:
        """Return the next state."""
        x, h = self._state(input, hx)
        h = gru_cell(x, h, *self._weights())
        return h if input.dim() == 2 else h.squeeze(0)
