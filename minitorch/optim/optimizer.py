"""The base of all optimizers: parameter groups, state, hooks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from ..tensor import Tensor
from ._groups import Group, as_groups, checked, required
from ._hooked import Hooked, register_optimizer_step_post_hook, register_optimizer_step_pre_hook
from ._packing import pack, unpack

__all__ = ["Optimizer", "register_optimizer_step_post_hook", "register_optimizer_step_pre_hook", "required"]

Closure = Callable[[], Any]


class Optimizer(Hooked):
    """Base class of optimizers.

    Parameters
    ----------
    params : iterable
        Tensors, ``(name, tensor)`` pairs, or dicts that each hold ``params`` and options of their own.
    defaults : dict
        Options of groups that do not give them.

    Raises
    ------
    TypeError, ValueError
        For an empty list, what is not a Tensor, tensors that are not leaves, a tensor in two groups.

    Examples
    --------
    A subclass says how one step changes the parameters:

    >>> import minitorch
    >>> class SignDescent(minitorch.optim.Optimizer):
    ...     def __init__(self, params, lr):
    ...         super().__init__(params, {"lr": lr})
    ...     def step(self, closure=None):
    ...         for group in self.param_groups:
    ...             for p in group["params"]:
    ...                 p.data.sub_(group["lr"] * p.grad.sign())
    >>> w = minitorch.tensor([1.0, -1.0], requires_grad=True)
    >>> (w * w).sum().backward()
    >>> SignDescent([w], lr=0.5).step()
    >>> w.detach()
    tensor([ 0.5000, -0.5000])
    """

    def __init__(self, params: Any, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._new_hook_tables()
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[Group] = []
        for group in as_groups(params):
            self.add_param_group(group)

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if "_optimizer_step_pre_hooks" not in self.__dict__:
            self._new_hook_tables()
        self.defaults.setdefault("differentiable", False)
        for group in self.param_groups:  # files of older versions lack newer options
            for name, default in self.defaults.items():
                group.setdefault(name, default)

    def __repr__(self) -> str:
        parts = []
        for i, group in enumerate(self.param_groups):
            lines = "".join(f"    {key}: {group[key]}\n" for key in sorted(group) if key != "params")
            parts.append(f"\nParameter Group {i}\n{lines}")
        return f"{type(self).__name__} ({''.join(parts)})"

    def add_param_group(self, param_group: Group) -> None:
        """Add a group of parameters: a dict with ``params`` and any options that differ from the defaults.

        Examples
        --------
        >>> import minitorch
        >>> a, b = minitorch.zeros(2, requires_grad=True), minitorch.zeros(3, requires_grad=True)
        >>> optimizer = minitorch.optim.SGD([a], lr=0.1)
        >>> optimizer.add_param_group({"params": b, "lr": 0.01})
        >>> [group["lr"] for group in optimizer.param_groups]
        [0.1, 0.01]
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        param_group.update(checked(param_group, self.defaults, self.param_groups))
        self.param_groups.append(param_group)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Drop the gradients of all parameters, or fill them with zeros if not ``set_to_none``."""
        for group in self.param_groups:
            for param in group["params"]:
                if set_to_none:
                    param.grad = None
                elif param.grad is not None:
                    param.grad.detach_().zero_()

    def state_dict(self) -> dict[str, Any]:
        """Return the optimizer's state, parameters as numbers, in torch's structure.

        Examples
        --------
        >>> import minitorch
        >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=0.1)
        >>> sorted(optimizer.state_dict()), optimizer.state_dict()["param_groups"][0]["params"]
        (['param_groups', 'state'], [0])
        """
        for before in self._optimizer_state_dict_pre_hooks.values():
            before(self)
        packed = pack(self.state, self.param_groups)
        for after in self._optimizer_state_dict_post_hooks.values():
            packed = _or(after(self, packed), packed)
        return packed

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned; ValueError, nothing changed, if groups do not fit."""
        state_dict = dict(state_dict)
        for before in self._optimizer_load_state_dict_pre_hooks.values():
            state_dict = _or(before(self, state_dict), state_dict)
        state, groups = unpack(state_dict, self.param_groups)
        self.__setstate__({"state": state, "param_groups": groups})
        for after in self._optimizer_load_state_dict_post_hooks.values():
            after(self)

    def step(self, closure: Closure | None = None) -> Any:
        """Change the parameters by one step. ``closure`` computes the loss again and returns it."""
        raise NotImplementedError


def _or(result: Any, otherwise: Any) -> Any:
    return otherwise if result is None else result


def parameters_of(group: Group) -> list[Tensor]:
    """Return the group's parameters that have a gradient."""
    return [param for param in group["params"] if param.grad is not None]
