"""Steps by compiled kernels: one pass over the memory of a parameter, its gradient and its state.

Checking layouts and flattening arrays costs more than a small parameter's update, so both are done once: a plan
holds the flat views and is used as long as parameter and buffers are the same arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from operator import is_
from typing import Any, NamedTuple

import numpy as np

from ..kernels.elementwise import applies, flattener
from ..memory import Array, caller_line
from ..tensor import Tensor
from ._groups import Group
from ._rules import RuleOptimizer

__all__ = ["FusedOptimizer", "Plan"]


class Plan(NamedTuple):
    """A parameter's arrays and their flat views, in one dense memory order."""

    data: Array
    buffers: tuple[Array, ...]
    flatten: Callable[[Array], Array]
    flat: Array
    flat_buffers: tuple[Array, ...]

    def gradient(self, grad: Array) -> Array:
        """Return the gradient flat and in the parameter's order, copied only if its own is another."""
        if grad.strides != self.data.strides or grad.dtype != self.data.dtype:
            ordered = np.empty_like(self.data)
            np.copyto(ordered, grad, casting="same_kind")
            grad = ordered
        return self.flatten(grad)


class FusedOptimizer(RuleOptimizer):
    """An optimizer with a kernel for float32 and float64; whatever that cannot take goes by the rule.

    Subclasses give `_buffers` and `_launch`.
    """

    _plans: dict[Tensor, Plan]

    def _buffers(self, param: Tensor, options: Group) -> tuple[Tensor, ...]:
        """Return the state that the kernel changes, made if it is not there yet."""
        raise NotImplementedError

    def _launch(self, param: Tensor, plan: Plan, grad: Array, options: Group) -> None:
        """Run the kernel on flat arrays and advance the counters."""
        raise NotImplementedError

    def _step_group(self, params: list[Tensor], options: Group) -> None:
        line = caller_line()
        for param in params:
            plan = self._plan(param, tuple(buffer._data for buffer in self._buffers(param, options)))
            if plan is None:
                self._step_array(param, options)
                continue
            self._launch(param, plan, plan.gradient(param.grad._data), options)
            storage = param._storage
            storage.version += 1
            storage.writer = line

    def _plan(self, param: Tensor, buffers: tuple[Array, ...]) -> Plan | None:
        """Return the plan for a parameter, a new one if arrays were exchanged; None if the kernel cannot take them."""
        plans = self.__dict__.setdefault("_plans", {})
        plan: Plan | None = plans.get(param)
        if plan is not None and plan.data is param._data and len(plan.buffers) == len(buffers):
            if all(map(is_, plan.buffers, buffers)):
                return plan
        if not applies(param._data, *buffers):
            return None
        flatten: Any = flattener(param._data)
        flat_buffers = tuple(flatten(buffer) for buffer in buffers)
        plan = plans[param] = Plan(param._data, buffers, flatten, flatten(param._data), flat_buffers)
        return plan
