"""Recurrent layers over whole sequences: RNN, LSTM, GRU."""

from __future__ import annotations

import math
import numbers
import warnings
from typing import Any

from ..ops.create import empty, zeros
from ..ops.join import cat, stack
from ..ops.recurrent import recurrent
from ..tensor import Tensor
from . import functional as F
from . import init
from ._rnn_cells import GRUCell as GRUCell
from ._rnn_cells import LSTMCell as LSTMCell
from ._rnn_cells import RNNCell as RNNCell
from ._rnn_cells import RNNCellBase as RNNCellBase
from .module import Module
from .parameter import Parameter
from .utils.rnn import PackedSequence

__all__ = ["GRU", "GRUCell", "LSTM", "LSTMCell", "RNN", "RNNBase", "RNNCell", "RNNCellBase"]

_GATES = {"LSTM": 4, "GRU": 3, "RNN_TANH": 1, "RNN_RELU": 1}


def _check_arguments(
    input_size: int, hidden_size: int, num_layers: int, bias: bool, batch_first: bool, dropout: float, proj_size: int
) -> None:
    if not isinstance(dropout, numbers.Number) or isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout expects num_layers "
            f"greater than 1, but got dropout={dropout} and num_layers={num_layers}",
            stacklevel=4,
        )
    for name, value, kind in (
        ("bias", bias, bool), ("batch_first", batch_first, bool), ("input_size", input_size, int),
        ("hidden_size", hidden_size, int),
    ):  # fmt: skip
        if not isinstance(value, kind):
            raise TypeError(f"{name} should be of type {kind.__name__}, got: {type(value).__name__}")
    for name, size in (("input_size", input_size), ("hidden_size", hidden_size), ("num_layers", num_layers)):
        if size <= 0:
            raise ValueError(f"{name} must be greater than zero")
    if proj_size < 0:
        raise ValueError("proj_size should be a positive integer or zero to disable projections")
    if proj_size >= hidden_size:
        raise ValueError("proj_size has to be smaller than hidden_size")


class RNNBase(Module):
    """What the recurrent layers share: weights of all layers and directions, checks, and the walk over layers.

    >>> from minitorch import nn
    >>> [tuple(w.shape) for w in nn.GRU(2, 3).all_weights[0]]
    [(9, 2), (9, 3), (9,), (9,)]
    """

    __constants__ = [
        "mode", "input_size", "hidden_size", "num_layers", "bias", "batch_first", "dropout", "bidirectional",
        "proj_size",
    ]  # fmt: skip
    _all_weights: list[list[str]]

    def __init__(
        self,
        mode: str,
        input_size: int,
        hidden_size: int,
        num_layers: int = 1,
        bias: bool = True,
        batch_first: bool = False,
        dropout: float = 0.0,
        bidirectional: bool = False,
        proj_size: int = 0,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        _check_arguments(input_size, hidden_size, num_layers, bias, batch_first, dropout, proj_size)
        if mode not in _GATES:
            raise ValueError("Unrecognized RNN mode: " + mode)
        self.mode, self.input_size, self.hidden_size, self.num_layers = mode, input_size, hidden_size, num_layers
        self.bias, self.batch_first, self.dropout = bias, batch_first, float(dropout)
        self.bidirectional, self.proj_size = bidirectional, proj_size
        self._all_weights = []
        for layer in range(num_layers):
            for suffix in ("", "_reverse")[: self._directions]:
                self._add_weights(layer, suffix, {"device": device, "dtype": dtype})
        self.reset_parameters()

    def _add_weights(self, layer: int, suffix: str, factory: dict[str, Any]) -> None:
        rows, width = _GATES[self.mode] * self.hidden_size, self._width
        features = self.input_size if layer == 0 else width * self._directions
        shapes: dict[str, Any] = {"weight_ih": (rows, features), "weight_hh": (rows, width)}
        if self.bias:
            shapes |= {"bias_ih": (rows,), "bias_hh": (rows,)}
        if self.proj_size:
            shapes |= {"weight_hr": (self.proj_size, self.hidden_size)}
        names = {kind: f"{kind}_l{layer}{suffix}" for kind in shapes}
        for kind, shape in shapes.items():
            setattr(self, names[kind], Parameter(empty(shape, **factory)))
        self._all_weights.append(list(names.values()))

    def reset_parameters(self) -> None:
        """Draw all weights and biases from U(-b, b) with b = 1/sqrt(hidden_size), as torch does."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            init.uniform_(weight, -bound, bound)

    def flatten_parameters(self) -> None:
        """Do nothing: weights need no common memory here; torch's GPU code calls this."""

    @property
    def all_weights(self) -> list[list[Parameter]]:
        """The parameters of every layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    @property
    def _flat_weights(self) -> list[Parameter]:
        return [weight for weights in self.all_weights for weight in weights]

    @property
    def _directions(self) -> int:
        return 2 if self.bidirectional else 1

    @property
    def _width(self) -> int:
        """The features of a direction's output."""
        return self.proj_size or self.hidden_size

    def extra_repr(self) -> str:
        """Return the constructor's arguments that are not the defaults."""
        text = f"{self.input_size}, {self.hidden_size}"
        defaults = {
            "proj_size": 0, "num_layers": 1, "bias": True, "batch_first": False, "dropout": 0, "bidirectional": False,
        }  # fmt: skip
        shown = {name: getattr(self, name) for name in defaults}
        return text + "".join(f", {name}={value}" for name, value in shown.items() if value != defaults[name])

    # ---- checks --------------------------------------------------------------------------------------------------

    def _check_input(self, input: Tensor, packed: bool) -> None:
        kind = self._flat_weights[0].dtype
        if input.dtype is not kind:
            raise ValueError(
                f"RNN input dtype ({input.dtype}) does not match weight dtype ({kind}). Convert input: "
                f"input.to({kind}), or convert model: model.to({input.dtype})"
            )
        if input.dim() != (2 if packed else 3):
            raise RuntimeError(f"input must have {2 if packed else 3} dimensions, got {input.dim()}")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input.size(-1) must be equal to input_size. Expected {self.input_size}, got {input.shape[-1]}"
            )

    def _check_states(self, states: tuple[Tensor, ...], batch: int) -> None:
        for i, (state, width) in enumerate(zip(states, (self._width, self.hidden_size))):
            wanted = (self.num_layers * self._directions, batch, width)
            if tuple(state.shape) != wanted:
                what = f"hidden[{i}]" if len(states) > 1 else "hidden"
                raise RuntimeError(f"Expected {what} size {wanted}, got {list(state.shape)}")

    def _check_dimensions(self, input: Tensor, states: tuple[Tensor, ...] | None) -> None:
        name, dims = self._get_name(), input.dim()
        if dims not in (2, 3):
            end = "D tensor instead" if name == "RNN" else "D instead"
            raise ValueError(f"{name}: Expected input to be 2D or 3D, got {dims}{end}")
        if states is None or all(s.dim() == dims for s in states):
            return
        if name == "LSTM" and len(states) == 1:  # one tensor where a pair is wanted, which torch looks into
            raise IndexError("index 1 is out of bounds for dimension 0 with size 1: hx must be the pair (h, c)")
        kind = "batched" if dims == 3 else "unbatched"
        if len(states) == 1:
            raise RuntimeError(
                f"For {kind} {dims}-D input, hx should also be {dims}-D but got {states[0].dim()}-D tensor"
            )
        found = ", ".join(f"{s.dim()}-D" for s in states)
        raise RuntimeError(f"For {kind} {dims}-D input, hx and cx should also be {dims}-D but got ({found}) tensors")

    # ---- computing -----------------------------------------------------------------------------------------------

    def _run(self, input: Any, states: tuple[Tensor, ...] | None) -> tuple[Any, tuple[Tensor, ...]]:
        """Return output and last states of padded, unbatched or packed input."""
        if isinstance(input, PackedSequence):
            return self._run_packed(input, states)
        self._check_dimensions(input, states)
        batched, dim = input.dim() == 3, 0 if self.batch_first else 1
        if not batched:
            input = input.unsqueeze(dim)
            states = states if states is None else tuple(s.unsqueeze(1) for s in states)
        steps = input.transpose(0, 1) if self.batch_first else input
        time, batch = steps.shape[:2]
        states = self._begin(input, states, batch, False)
        if not time:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")
        y, states = self._layers(steps.reshape(time * batch, self.input_size), states, (batch,) * time)
        y = y.reshape(time, batch, y.shape[-1])
        y = y.transpose(0, 1) if self.batch_first else y
        return (y, states) if batched else (y.squeeze(dim), tuple(s.squeeze(1) for s in states))

    def _run_packed(
        self, input: PackedSequence, states: tuple[Tensor, ...] | None
    ) -> tuple[PackedSequence, tuple[Tensor, ...]]:
        data, batch_sizes, order, back = input
        sizes = tuple(batch_sizes.tolist())
        if states is not None and order is not None:
            states = tuple(s.index_select(1, order) for s in states)
        states = self._begin(data, states, sizes[0], True)
        y, states = self._layers(data, states, sizes)
        if back is not None:
            states = tuple(s.index_select(1, back) for s in states)
        return PackedSequence(y, batch_sizes, order, back), states

    def _begin(self, input: Tensor, states: tuple[Tensor, ...] | None, batch: int, packed: bool) -> tuple[Tensor, ...]:
        """Check input and states; states that are not given are zeros."""
        self._check_input(input, packed)
        if states is None:
            widths = (self._width, self.hidden_size)[: 2 if self.mode == "LSTM" else 1]
            count = self.num_layers * self._directions
            return tuple(zeros((count, batch, width), dtype=input.dtype) for width in widths)
        self._check_states(states, batch)
        return states

    def _layers(
        self, rows: Tensor, states: tuple[Tensor, ...], sizes: tuple[int, ...]
    ) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Run all layers over packed rows; return the last layer's output and every layer's last states."""
        last: list[Any] = []
        for layer in range(self.num_layers):
            if layer and self.dropout and self.training:
                rows = F.dropout(rows, self.dropout)
            outputs = []
            for direction in range(self._directions):
                at = layer * self._directions + direction
                state = (states[0][at], states[1][at] if len(states) > 1 else None)
                y, *ends = recurrent(self.mode, rows, self._weights_at(at), state, sizes, direction == 1)
                outputs.append(y)
                last.append(ends)
            rows = outputs[0] if len(outputs) == 1 else cat(outputs, 1)
        return rows, tuple(stack([ends[i] for ends in last]) for i in range(len(states)))

    def _weights_at(self, at: int) -> tuple[Any, ...]:
        found = [getattr(self, name) for name in self._all_weights[at]]
        projection = found.pop() if self.proj_size else None
        return (*found, *(() if self.bias else (None, None)), projection)


class RNN(RNNBase):
    """Plain recurrence over a sequence, ``h_t = tanh(W_ih x_t + b_ih + W_hh h_(t-1) + b_hh)``, in layers.

    Parameters
    ----------
    input_size, hidden_size : int
        Features of the input and of the state.
    num_layers : int
        Layers, each fed with the outputs of the one before.
    nonlinearity : "tanh" or "relu"
    bias : bool
    batch_first : bool
        Input and output are (N, T, features) instead of (T, N, features); states stay (layers, N, features).
    dropout : float
        Probability of dropout between layers, in training.
    bidirectional : bool
        A second set of weights reads the sequence backwards; outputs are concatenated.

    Notes
    -----
    ``rnn(input, h_0=zeros)`` takes (T, N, input_size), (T, input_size) or a ``PackedSequence`` and returns the output
    and the last state. Raises ValueError and RuntimeError for sizes that do not fit.
    Source: Elman, Cognitive Science 14 (1990).

    Examples
    --------
    >>> import minitorch
    >>> output, h = minitorch.nn.RNN(10, 20, 2)(minitorch.zeros(5, 3, 10))
    >>> output.shape, h.shape
    (torch.Size([5, 3, 20]), torch.Size([2, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        if len(args) > 3:
            self.nonlinearity, args = args[3], args[:3] + args[4:]
        else:
            self.nonlinearity = kwargs.pop("nonlinearity", "tanh")
        if self.nonlinearity not in ("tanh", "relu"):
            raise ValueError(f"Unknown nonlinearity '{self.nonlinearity}'. Select from 'tanh' or 'relu'.")
        super().__init__(f"RNN_{self.nonlinearity.upper()}", *args, **kwargs)

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        """Return the output of the last layer at every step, and the last states of all layers."""
        y, states = self._run(input, None if hx is None else (hx,))
        return y, states[0]


class GRU(RNNBase):
    """Gated recurrent units over a sequence, in layers; arguments and shapes as those of ``RNN``.

    Source: Cho et al., arXiv:1406.1078, with the reset gate applied after the product.

    >>> import minitorch
    >>> output, h = minitorch.nn.GRU(10, 20, bidirectional=True)(minitorch.zeros(5, 3, 10))
    >>> output.shape, h.shape
    (torch.Size([5, 3, 40]), torch.Size([2, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "proj_size" in kwargs:
            raise ValueError("proj_size argument is only supported for LSTM, not RNN or GRU")
        super().__init__("GRU", *args, **kwargs)

    def forward(self, input: Any, hx: Tensor | None = None) -> tuple[Any, Tensor]:
        """Return the output of the last layer at every step, and the last states of all layers."""
        y, states = self._run(input, None if hx is None else (hx,))
        return y, states[0]


class LSTM(RNNBase):
    """Long short-term memory over a sequence, in layers; arguments and shapes as those of ``RNN``.

    With ``proj_size`` outputs and h are projected to that many features (Sak et al., arXiv:1402.1128). The state is
    the pair (h, c). Source: Hochreiter & Schmidhuber, Neural Computation 9 (1997).

    >>> import minitorch
    >>> output, (h, c) = minitorch.nn.LSTM(10, 20, 2, batch_first=True)(minitorch.zeros(3, 5, 10))
    >>> output.shape, c.shape
    (torch.Size([3, 5, 20]), torch.Size([2, 3, 20]))
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__("LSTM", *args, **kwargs)

    def forward(self, input: Any, hx: tuple[Tensor, Tensor] | None = None) -> tuple[Any, tuple[Tensor, Tensor]]:
        """Return the output of the last layer at every step, and the last h and c of all layers."""
        y, states = self._run(input, None if hx is None else tuple(hx))
        return y, (states[0], states[1])
