"""Steps by compiled kernels: one launch for all parameters, one pass over the memory of each.

Checking layouts and cutting parameters into pieces costs more than a small parameter's update, so both are done once:
a `Plan` is used as long as the group's parameters and their state are the same arrays.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

import numpy as np

from ..jit import Kernel
from ..kernels.elementwise import applies
from ..kernels.optim import Batch, batch_of, launch
from ..memory import Array, caller_line
from ..tensor import Tensor
from ._groups import Group
from ._rules import RuleOptimizer

__all__ = ["FusedOptimizer", "advanced", "decays"]

Numbers = tuple[float, ...]


class Plan(NamedTuple):
    """A group's arrays and how they are launched: batches of one dtype, none of which holds an array twice."""

    arrays: list[Array]  # of the parameters, then of each role of their state
    objects: list[int]  # their ids, by which they are known again
    batches: list[tuple[list[int], Batch]]  # places in the group, and the batch
    others: list[int]  # places that no kernel takes


class FusedOptimizer(RuleOptimizer):
    """An optimizer with a kernel for float32 and float64; whatever that cannot take goes by the rule.

    Subclasses give the `_kernel`, its `_cost` in operations an element, `_roles`, `_advance` and `_numbers`.
    """

    _kernel: Kernel
    _cost = 40

    def _roles(self, options: Group) -> tuple[str, ...]:
        """Return the names of the state that the kernel changes, in its order."""
        raise NotImplementedError

    def _advance(self, state: dict[str, Any], options: Group, first: bool) -> Hashable:
        """Count a step; return what of the state the kernel's numbers depend on. `first`: buffers were just made."""
        return advanced(state)

    def _numbers(self, at: Any, options: Group) -> Numbers:
        """Return the kernel's numbers where `_advance` returned `at`: what the rule computes before it meets arrays."""
        raise NotImplementedError

    def _step_group(self, params: list[Tensor], options: Group) -> None:
        states = [self._state_of(param, options) for param in params]
        arrays, fresh = [param._data for param in params], set()
        for role in self._roles(options):
            for i, state in enumerate(states):
                if state[role] is None and applies(arrays[i]):  # a buffer that starts with the first gradient
                    state[role] = self._zeros(params[i])
                    fresh.add(i)
                arrays.append(arrays[i] if state[role] is None else state[role]._data)
        plan = self._plan(params, arrays)
        for places, batch in plan.batches:
            found: dict[Hashable, int] = {}
            which = [found.setdefault(self._advance(states[i], options, i in fresh), len(found)) for i in places]
            grads = [_ordered(params[i]._grad._data, arrays[i]) for i in places]  # type: ignore[union-attr]
            launch(self._kernel, self._cost, batch, grads, which, [self._numbers(at, options) for at in found])
        for i in plan.others:
            self._step_array(params[i], options)
        line = caller_line()
        for param in params:
            storage = param._storage
            storage.version += 1
            storage.writer = line

    def _plan(self, params: list[Tensor], arrays: list[Array]) -> Plan:
        """Return the plan for a group that starts with this parameter, a new one if arrays were exchanged."""
        plans: dict[Tensor, Plan] = self.__dict__.setdefault("_plans", {})
        objects = [*map(id, arrays)]
        plan = plans.get(params[0])
        if plan is None or plan.objects != objects:
            plan = plans[params[0]] = _plan_of(params, arrays, objects)
        return plan


def _plan_of(params: list[Tensor], arrays: list[Array], objects: list[int]) -> Plan:
    count = len(params)
    roles = [arrays[i : i + count] for i in range(0, len(arrays), count)]
    others = [i for i in range(count) if not applies(*(role[i] for role in roles))]
    left = [i for i in range(count) if i not in set(others)]
    batches = []
    while left:
        turn, memory = [], set()
        for i in left:  # two that share memory, such as one that stands twice, take turns
            own = id(params[i]._storage)
            if own not in memory and arrays[i].dtype == arrays[left[0]].dtype:
                turn.append(i)
                memory.add(own)
        left = [i for i in left if i not in set(turn)]
        batches.append((turn, batch_of(*([role[i] for i in turn] for role in roles))))
    return Plan(arrays, objects, batches, others)


def _ordered(grad: Array, data: Array) -> Array:
    """Return the gradient in the parameter's memory order and dtype, copied only if its own is another."""
    if grad.strides == data.strides and grad.dtype is data.dtype:
        return grad
    ordered = np.empty_like(data)
    np.copyto(ordered, grad, casting="same_kind")
    return ordered


def advanced(state: dict[str, Any]) -> float:
    """Add one to the count of steps in a state, a tensor or in older files a number; return it."""
    counter = state["step"]
    if not isinstance(counter, Tensor):
        counter = state["step"] = RuleOptimizer._counter(counter)
    array = counter._data
    step = float(array) + 1.0
    array.fill(step)
    return step


def decays(h: Group) -> Numbers:
    """Return what `decayed` does as numbers: the L2 penalty, the parameter's factor, the gradient's sign."""
    penalty, factor = float(h["weight_decay"]), 1.0
    if h.get("decoupled_weight_decay"):
        penalty, factor = 0.0, 1.0 - h["lr"] * penalty
    return penalty, factor, -1.0 if h["maximize"] else 1.0
