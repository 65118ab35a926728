"""Schedules that move the learning rate and the momentum against each other: CyclicLR and OneCycleLR."""

from __future__ import annotations

import math
from collections.abc import Callable
from types import FunctionType
from typing import Any

from ._groups import Group
from ._schedule import LRScheduler, check_optimizer, per_group, set_option
from ._schedule_cyclic import cosine
from .optimizer import Optimizer

__all__ = ["CyclicLR", "OneCycleLR"]


def check_momentum(optimizer: Optimizer) -> bool:
    """Return whether the optimizer's momentum is ``betas[0]``; ValueError if it has none."""
    if "momentum" not in optimizer.defaults and "betas" not in optimizer.defaults:
        raise ValueError("optimizer must support momentum or beta1 with `cycle_momentum` option enabled")
    return "betas" in optimizer.defaults


def set_momentum(group: Group, value: Any, use_beta1: bool) -> None:
    """Store the momentum of a group."""
    if use_beta1:
        group["betas"] = (value, *group["betas"][1:])
    else:
        set_option(group, "momentum", value)


class CyclicLR(LRScheduler):
    """A rate that goes up and down between two bounds; step it after every batch.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups' ``lr`` is set.
    base_lr, max_lr : float or list
        Lower and upper bound, for all groups or for each.
    step_size_up, step_size_down : int, default 2000 and the same
        Steps of the rising and of the falling half.
    mode : {"triangular", "triangular2", "exp_range"}, default "triangular"
        Amplitude: constant, halved every cycle, or ``gamma ** step``.
    gamma : float, default 1
        Base of ``exp_range``.
    scale_fn : callable, optional
        Amplitude as a function of the cycle or the step; ``mode`` is then ignored.
    scale_mode : {"cycle", "iterations"}, default "cycle"
        What ``scale_fn`` is given.
    cycle_momentum : bool, default True
        Whether the momentum (or ``betas[0]``) moves against the rate.
    base_momentum, max_momentum : float or list, default 0.8 and 0.9
        Bounds of the momentum.
    last_epoch : int, default -1
        The last step of an interrupted run.

    Raises
    ------
    TypeError
        If ``optimizer`` is none.
    ValueError
        For an unknown mode, a wrong number of bounds, an optimizer without momentum.

    References
    ----------
    Smith, Cyclical Learning Rates for Training Neural Networks, arXiv:1506.01186.

    Examples
    --------
    >>> import minitorch
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0, momentum=0.9)
    >>> scheduler = minitorch.optim.lr_scheduler.CyclicLR(optimizer, base_lr=0.0, max_lr=1.0, step_size_up=2)
    >>> rates = []
    >>> for batch in range(5):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.0, 0.5, 1.0, 0.5, 0.0]
    """

    _scale_fn_custom: Callable[[float], float] | None

    def __init__(
        self,
        optimizer: Optimizer,
        base_lr: float | list[float],
        max_lr: float | list[float],
        step_size_up: int = 2000,
        step_size_down: int | None = None,
        mode: str = "triangular",
        gamma: float = 1.0,
        scale_fn: Callable[[float], float] | None = None,
        scale_mode: str = "cycle",
        cycle_momentum: bool = True,
        base_momentum: float = 0.8,
        max_momentum: float = 0.9,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        base_lrs = per_group("base_lr", optimizer, base_lr)
        self.max_lrs = per_group("max_lr", optimizer, max_lr)
        up = float(step_size_up)
        self.total_size = up + (float(step_size_down) if step_size_down is not None else up)
        self.step_ratio = up / self.total_size
        self._set_scale(mode, gamma, scale_fn, scale_mode)
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._set_momentum_bounds(base_momentum, max_momentum, fresh=last_epoch == -1)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, base_lrs):
                set_option(group, "lr", rate)
        super().__init__(optimizer, last_epoch)
        self.base_lrs = base_lrs

    def _set_scale(self, mode: str, gamma: float, scale_fn: Any, scale_mode: str) -> None:
        if mode not in ("triangular", "triangular2", "exp_range") and scale_fn is None:
            raise ValueError("mode is invalid and scale_fn is None")
        self.mode = mode
        self.gamma = gamma
        self._scale_fn_custom = scale_fn
        self.scale_mode = scale_mode
        if scale_fn is None:
            self.scale_mode = "iterations" if mode == "exp_range" else "cycle"

    def _set_momentum_bounds(self, low: Any, high: Any, fresh: bool) -> None:
        self.use_beta1 = check_momentum(self.optimizer)
        self.base_momentums = per_group("base_momentum", self.optimizer, low)
        self.max_momentums = per_group("max_momentum", self.optimizer, high)
        if fresh:
            bounds = zip(self.base_momentums, self.max_momentums)
            for group, (lowest, highest) in zip(self.optimizer.param_groups, bounds):
                set_momentum(group, highest, self.use_beta1)
                group["max_momentum"], group["base_momentum"] = highest, lowest

    def scale_fn(self, x: float) -> float:
        """Return the amplitude of a cycle (or step) as a part of the full one."""
        if self._scale_fn_custom is not None:
            return self._scale_fn_custom(x)
        if self.mode == "exp_range":
            return float(self.gamma**x)
        return 1.0 if self.mode == "triangular" else 1 / (2.0 ** (x - 1))

    def get_lr(self) -> list[Any]:
        """Return the rates at the present step, and set the momenta."""
        self._warn_outside_step()
        turns = 1 + self.last_epoch / self.total_size
        cycle = math.floor(turns)
        part = turns - cycle
        height = part / self.step_ratio if part <= self.step_ratio else (part - 1) / (self.step_ratio - 1)
        scale = self.scale_fn(cycle if self.scale_mode == "cycle" else self.last_epoch)
        if self.cycle_momentum:
            bounds = zip(self.base_momentums, self.max_momentums)
            for group, (low, high) in zip(self.optimizer.param_groups, bounds):
                set_momentum(group, high - (high - low) * height * scale, self.use_beta1)
        return [low + (high - low) * height * scale for low, high in zip(self.base_lrs, self.max_lrs)]

    def state_dict(self) -> dict[str, Any]:
        """Return the state; of ``scale_fn``, the attributes of a callable object only."""
        state = super().state_dict()
        function = state.pop("_scale_fn_custom")
        plain = function is None or isinstance(function, FunctionType)
        state["_scale_fn_custom"] = None if plain else function.__dict__.copy()
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned; a plain ``scale_fn`` stays as it is."""
        self.__dict__.update({key: value for key, value in state_dict.items() if key != "_scale_fn_custom"})
        attributes = state_dict.get("_scale_fn_custom")
        if attributes is not None and self._scale_fn_custom is not None:
            self._scale_fn_custom.__dict__.update(attributes)


class OneCycleLR(LRScheduler):
    """One rise to ``max_lr`` and one long fall far below the start; step it after every batch.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups' ``lr`` is set.
    max_lr : float or list
        Upper bound, for all groups or for each.
    total_steps : int, optional
        Number of steps; or give ``epochs`` and ``steps_per_epoch``.
    pct_start : float, default 0.3
        The rise's part of all steps.
    anneal_strategy : {"cos", "linear"}, default "cos"
        Form of rise and fall.
    cycle_momentum : bool, default True
        Whether the momentum (or ``betas[0]``) moves against the rate.
    base_momentum, max_momentum : float or list, default 0.85 and 0.95
        Bounds of the momentum.
    div_factor, final_div_factor : float, default 25 and 1e4
        ``max_lr / div_factor`` is the first rate, that over ``final_div_factor`` the last.
    three_phase : bool, default False
        Fall to the first rate as fast as it rose, then on to the last.
    last_epoch : int, default -1
        The last step of an interrupted run.

    Raises
    ------
    TypeError
        If ``optimizer`` is none.
    ValueError
        For an option out of range, and for a step beyond the last.

    References
    ----------
    Smith and Topin, Super-Convergence, arXiv:1708.07120.

    Examples
    --------
    >>> import minitorch
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0, momentum=0.9)
    >>> scheduler = minitorch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=1.0, total_steps=10)
    >>> [round(rate, 6) for rate in scheduler.get_last_lr()]
    [0.04]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        max_lr: float | list[float],
        total_steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
        pct_start: float = 0.3,
        anneal_strategy: str = "cos",
        cycle_momentum: bool = True,
        base_momentum: float | list[float] = 0.85,
        max_momentum: float | list[float] = 0.95,
        div_factor: float = 25.0,
        final_div_factor: float = 1e4,
        three_phase: bool = False,
        last_epoch: int = -1,
    ) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        self.total_steps = _total_steps(total_steps, epochs, steps_per_epoch)
        if not isinstance(pct_start, float) or not 0 <= pct_start <= 1:
            raise ValueError(f"Expected float between 0 and 1 pct_start, but got {pct_start}")
        self._schedule_phases = _phases(pct_start * self.total_steps, self.total_steps, three_phase)
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        self._anneal_func_type = anneal_strategy
        highest = per_group("max_lr", optimizer, max_lr)
        if last_epoch == -1:
            for group, rate in zip(optimizer.param_groups, highest):
                group["initial_lr"], group["max_lr"] = rate / div_factor, rate
                group["min_lr"] = group["initial_lr"] / final_div_factor
        self.cycle_momentum = cycle_momentum
        if cycle_momentum:
            self._set_momentum_bounds(base_momentum, max_momentum, fresh=last_epoch == -1)
        super().__init__(optimizer, last_epoch)

    def _set_momentum_bounds(self, low: Any, high: Any, fresh: bool) -> None:
        self.use_beta1 = check_momentum(self.optimizer)
        lows, highs = (
            per_group("base_momentum", self.optimizer, low),
            per_group("max_momentum", self.optimizer, high),
        )
        if fresh:
            for group, lowest, highest in zip(self.optimizer.param_groups, lows, highs):
                set_momentum(group, highest, self.use_beta1)
                group["max_momentum"], group["base_momentum"] = highest, lowest

    def get_lr(self) -> list[Any]:
        """Return the rates at the present step, and set the momenta."""
        self._warn_outside_step()
        if self.last_epoch > self.total_steps:
            raise ValueError(
                f"Tried to step {self.last_epoch} times. The specified number of total steps is {self.total_steps}"
            )
        phase, part = self._place()
        for group in self.optimizer.param_groups:
            if self.cycle_momentum:
                momentum = self._between(group[phase["start_momentum"]], group[phase["end_momentum"]], part)
                set_momentum(group, momentum, self.use_beta1)
        return [
            self._between(group[phase["start_lr"]], group[phase["end_lr"]], part)
            for group in self.optimizer.param_groups
        ]

    def _place(self) -> tuple[dict[str, Any], float]:
        """Return the present phase and how much of it is over."""
        start = 0.0
        for phase in self._schedule_phases[:-1]:
            if self.last_epoch <= phase["end_step"]:
                break
            start = phase["end_step"]
        else:
            phase = self._schedule_phases[-1]
        return phase, (self.last_epoch - start) / (phase["end_step"] - start)

    def _between(self, start: Any, end: Any, part: float) -> Any:
        return cosine(end, start, part) if self._anneal_func_type == "cos" else (end - start) * part + start


def _total_steps(total_steps: Any, epochs: Any, steps_per_epoch: Any) -> int:
    if total_steps is None and (epochs is None or steps_per_epoch is None):
        raise ValueError("You must define either total_steps OR (epochs AND steps_per_epoch)")
    if total_steps is not None:
        return _positive("total_steps", total_steps)
    return _positive("epochs", epochs) * _positive("steps_per_epoch", steps_per_epoch)


def _positive(name: str, value: Any) -> int:
    if not isinstance(value, int) or value <= 0:
        raise ValueError(f"Expected positive integer {name}, but got {value}")
    return value


def _phases(rise: float, total: int, three: bool) -> list[dict[str, Any]]:
    """Return the phases with the names of the group options between which each moves."""
    ends: list[tuple[float, str, str, str, str]]
    up = ("initial_lr", "max_lr", "max_momentum", "base_momentum")
    if three:
        ends = [
            (rise - 1, *up),
            (2 * rise - 2, "max_lr", "initial_lr", "base_momentum", "max_momentum"),
            (total - 1, "initial_lr", "min_lr", "max_momentum", "max_momentum"),
        ]
    else:
        ends = [(rise - 1, *up), (total - 1, "max_lr", "min_lr", "base_momentum", "max_momentum")]
    keys = ("end_step", "start_lr", "end_lr", "start_momentum", "end_momentum")
    return [dict(zip(keys, phase)) for phase in ends]
