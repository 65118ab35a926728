"""How an update rule, written once as algebra, is applied to arrays in place or, differentiably, to tensors.

A rule is a pure function ``rule(m, p, g, s, h)``: `p` parameter, `g` gradient, `s` a dict of the state's
values that it may replace, `h` the group's options, `m` the functions beyond + - * / (NumPy itself, or
`TensorMath`). It returns the new parameter. Nothing is written before the whole rule has run, so that a step
that fails leaves parameter and state as they were.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import convert, dtypes
from ..memory import Array
from ..tape import recording
from ..tensor import Tensor, wrap
from ._groups import Group
from .optimizer import Closure, Optimizer, parameters_of

__all__ = ["RuleOptimizer", "TensorMath", "call", "check_implementation", "check_lr", "check_range"]
__all__ += ["decayed", "lerp", "number", "readable", "write"]


class TensorMath:
    """The functions rules use, for tensors: what the NumPy namespace is for arrays."""

    @staticmethod
    def sqrt(x: Tensor) -> Any:
        """Square root."""
        return x.sqrt()

    @staticmethod
    def abs(x: Tensor) -> Any:
        """Absolute value."""
        return x.abs()

    @staticmethod
    def sign(x: Tensor) -> Any:
        """Sign."""
        return x.sign()

    @staticmethod
    def maximum(x: Tensor, y: Tensor) -> Any:
        """Larger of two."""
        return x.maximum(y)

    @staticmethod
    def clip(x: Tensor, low: float, high: float) -> Any:
        """Keep within bounds."""
        return x.clamp(low, high)

    @staticmethod
    def where(condition: Tensor, x: Any, y: Any) -> Any:
        """Choose between two."""
        x = x if isinstance(x, Tensor) else y * 0 + x
        return x.where(condition, y)


def lerp(a: Any, b: Any, weight: Any) -> Any:
    """Return ``a + weight * (b - a)``, exact at both ends."""
    return a + weight * (b - a) if weight < 0.5 else b - (1 - weight) * (b - a)


def decayed(p: Any, g: Any, h: Group) -> tuple[Any, Any]:
    """Return parameter and gradient after `maximize` and weight decay, coupled (L2) or decoupled (AdamW)."""
    if h["maximize"]:
        g = -g
    if h["weight_decay"] == 0:
        return p, g
    if h.get("decoupled_weight_decay"):
        return p * (1 - h["lr"] * h["weight_decay"]), g
    return p, g + h["weight_decay"] * p


def call(closure: Closure | None) -> Any:
    """Return the closure's loss, computed with recording on; None without a closure."""
    if closure is None:
        return None
    with recording(True):
        return closure()


def number(value: Any) -> Any:
    """Return an option as plain numbers, so that it never widens the arrays it meets."""
    if isinstance(value, Tensor):
        return value.item()
    if isinstance(value, np.generic):
        return value.item()
    if type(value) is tuple or type(value) is list:
        return tuple(number(item) for item in value)
    return value


def check_range(text: str, value: Any, valid: bool) -> None:
    """Raise ValueError ``Invalid {text}: {value}`` unless ``valid``."""
    if not valid:
        raise ValueError(f"Invalid {text}: {value}")


def check_lr(lr: Any) -> None:
    """Raise ValueError unless the learning rate is one number, not negative."""
    if isinstance(lr, Tensor) and lr.numel() != 1:
        raise ValueError("Tensor lr must be 1-element")
    check_range("learning rate", lr, bool(lr >= 0.0))


def check_implementation(foreach: bool | None, fused: bool | None, differentiable: bool) -> None:
    """Raise RuntimeError for flags that exclude each other; otherwise they change nothing here."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")


def readable(tensor: Tensor) -> Array:
    """Return a tensor's array for reading; half precision as float32, in which torch computes it, too."""
    array = tensor._data
    return convert.cast(array, dtypes.float32) if array.itemsize == 2 else array


def write(tensor: Tensor, value: Any) -> None:
    """Store a rule's result in a tensor's own memory and count the write."""
    if tensor._data.dtype == dtypes.BFLOAT16:
        value = convert.to_bfloat16(np.asarray(value, np.float32))
    np.copyto(tensor._data, value, casting="same_kind")
    tensor._storage.written()


class RuleOptimizer(Optimizer):
    """An optimizer that treats every parameter by the same rule, independent of the others.

    Subclasses give `_rule` and `_fresh`; `_scalars` names the state entries that are counters, not buffers.
    """

    _scalars: tuple[str, ...] = ("step",)

    def _fresh(self, param: Tensor, group: Group) -> dict[str, Any]:
        """Return the state of a parameter before its first step."""
        raise NotImplementedError

    @staticmethod
    def _rule(m: Any, p: Any, g: Any, s: dict[str, Any], h: Group) -> Any:
        """Return the new parameter and replace the entries of ``s``."""
        raise NotImplementedError

    def step(self, closure: Closure | None = None) -> Any:
        """Change every parameter that has a gradient. Return the closure's loss, or None."""
        loss = call(closure)
        for group in self.param_groups:
            params = parameters_of(group)
            if params and group.get("differentiable"):
                self._step_differentiably(params, group)
            elif params:
                self._step_group(params, {key: number(v) for key, v in group.items() if key != "params"})
        return loss

    def _step_group(self, params: list[Tensor], options: Group) -> None:
        """Step one group's parameters in place; subclasses with a kernel override this."""
        for param in params:
            self._step_array(param, options)

    def _step_array(self, param: Tensor, options: Group) -> None:
        state = self._state_of(param, options)
        values = {key: self._value(key, entry) for key, entry in state.items()}
        with np.errstate(all="ignore"):
            new = self._rule(np, readable(param), readable(param.grad), values, options)
        for key, value in values.items():
            if key in self._scalars:
                state[key] = self._counter(value)
            else:
                if state[key] is None:
                    state[key] = self._zeros(param)
                write(state[key], value)
        write(param, new)

    def _step_differentiably(self, params: list[Tensor], group: Group) -> None:
        for param in params:
            with recording(False):
                state = self._state_of(param, group)
            values = {key: v.item() if key in self._scalars else v for key, v in state.items()}
            with recording(True):
                new = self._rule(TensorMath, param, param.grad, values, group)
                param.copy_(new)
            for key, value in values.items():
                # A gradient kept as it came would change under `zero_grad(set_to_none=False)`.
                value = value.clone() if value is param.grad else value
                state[key] = self._counter(value) if key in self._scalars else value

    def _state_of(self, param: Tensor, group: Group) -> dict[str, Any]:
        """Return the parameter's state, made fresh at its first step."""
        state: dict[str, Any] = self.state[param]
        if not state:
            state.update(self._fresh(param, group))
        return state

    def _value(self, key: str, entry: Any) -> Any:
        """Return a state entry as the rule reads it; numbers of older files pass as they are."""
        if not isinstance(entry, Tensor):
            return entry
        return entry.item() if key in self._scalars else readable(entry)

    @staticmethod
    def _counter(value: float = 0.0) -> Tensor:
        """Return a counter as torch keeps it: a 0-d tensor, float32 unless the default dtype is float64."""
        wide = dtypes.get_default_dtype() is dtypes.float64
        return wrap(np.array(value, np.float64 if wide else np.float32))

    @staticmethod
    def _zeros(param: Tensor) -> Tensor:
        """Return a buffer of zeros in the parameter's shape, dtype and memory order."""
        return wrap(np.zeros_like(param._data))

    @staticmethod
    def _full(param: Tensor, value: float) -> Tensor:
        """Return a buffer filled with a number, like `_zeros`."""
        buffer = RuleOptimizer._zeros(param)
        write(buffer, value)
        return buffer
