"""Schedules that multiply the learning rate by a factor from epoch to epoch."""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from types import FunctionType
from typing import Any

from ._schedule import ChainableLR, LRScheduler
from .optimizer import Optimizer

__all__ = ["ConstantLR", "ExponentialLR", "LambdaLR", "LinearLR", "MultiStepLR", "MultiplicativeLR"]
__all__ += ["PolynomialLR", "StepLR"]

Lambda = Callable[[int], float]


class _LambdaScheduler(LRScheduler):
    """What the schedules given by functions share: one function a group, and their state."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Lambda | list[Lambda], last_epoch: int = -1) -> None:
        self.optimizer = optimizer
        groups = getattr(optimizer, "param_groups", ())
        single = not isinstance(lr_lambda, (list, tuple))
        self.lr_lambdas: list[Any] = [lr_lambda] * len(groups) if single else list(lr_lambda)  # type: ignore[arg-type]
        if len(self.lr_lambdas) != len(groups):
            raise ValueError(f"Expected {len(groups)} lr_lambdas, but got {len(self.lr_lambdas)}")
        super().__init__(optimizer, last_epoch)

    def state_dict(self) -> dict[str, Any]:
        """Return the state; of the functions, the attributes of callable objects only."""
        state = super().state_dict()
        state["lr_lambdas"] = [
            None if isinstance(function, FunctionType) else function.__dict__.copy() for function in self.lr_lambdas
        ]
        return state

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned; plain functions stay as they are."""
        self.__dict__.update({key: value for key, value in state_dict.items() if key != "lr_lambdas"})
        for function, attributes in zip(self.lr_lambdas, state_dict["lr_lambdas"]):
            if attributes is not None:
                function.__dict__.update(attributes)


class LambdaLR(_LambdaScheduler):
    """The initial rate times a function of the epoch.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups' ``lr`` is set.
    lr_lambda : callable or list of callables
        From the epoch to a factor; one for all groups or one for each (ValueError for another number).
    last_epoch : int, default -1
        The last epoch of an interrupted run.

    Examples
    --------
    >>> import minitorch
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = minitorch.optim.lr_scheduler.LambdaLR(optimizer, lambda epoch: 1 / (1 + epoch))
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def get_lr(self) -> list[Any]:
        """Return each group's initial rate times its function's value."""
        self._warn_outside_step()
        return [base * function(self.last_epoch) for base, function in zip(self.base_lrs, self.lr_lambdas)]


class MultiplicativeLR(_LambdaScheduler):
    """The present rate times a function of the epoch.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups' ``lr`` is set.
    lr_lambda : callable or list of callables
        From the epoch to a factor; one for all groups or one for each (ValueError for another number).
    last_epoch : int, default -1
        The last epoch of an interrupted run.

    Examples
    --------
    >>> import minitorch
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = minitorch.optim.lr_scheduler.MultiplicativeLR(optimizer, lambda epoch: 0.5)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def get_lr(self) -> list[Any]:
        """Return each group's present rate times its function's value."""
        self._warn_outside_step()
        if self._is_initial:
            return self._rates()
        return [rate * function(self.last_epoch) for rate, function in zip(self._rates(), self.lr_lambdas)]


class StepLR(ChainableLR):
    """The rate times ``gamma`` every ``step_size`` epochs.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups' ``lr`` is set.
    step_size : int
        Epochs between two changes.
    gamma : float, default 0.1
        Factor of a change.
    last_epoch : int, default -1
        The last epoch of an interrupted run.

    Examples
    --------
    >>> import minitorch
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = minitorch.optim.lr_scheduler.StepLR(optimizer, step_size=2, gamma=0.5)
    >>> for epoch in range(4):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return 1 if self.last_epoch == 0 or self.last_epoch % self.step_size else self.gamma

    def _get_closed_form_lr(self) -> list[Any]:
        return [base * self.gamma ** (self.last_epoch // self.step_size) for base in self.base_lrs]


class MultiStepLR(ChainableLR):
    """The rate times ``gamma`` at each milestone.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups' ``lr`` is set.
    milestones : iterable of int
        Epochs; one that stands twice counts twice.
    gamma : float, default 0.1
        Factor of a change.
    last_epoch : int, default -1
        The last epoch of an interrupted run.

    Examples
    --------
    >>> import minitorch
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = minitorch.optim.lr_scheduler.MultiStepLR(optimizer, milestones=[1, 3], gamma=0.5)
    >>> for epoch in range(2):
    ...     optimizer.step()
    ...     scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
    ) -> None:
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return self.gamma ** self.milestones.get(self.last_epoch, 0)

    def _get_closed_form_lr(self) -> list[Any]:
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return [base * self.gamma**passed for base in self.base_lrs]


class ConstantLR(ChainableLR):
    """A reduced rate for the first epochs.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups' ``lr`` is set.
    factor : float, default 1/3
        Factor of the first epochs, from 0 to 1 (else ValueError).
    total_iters : int, default 5
        The epoch at which the full rate returns.
    last_epoch : int, default -1
        The last epoch of an interrupted run.

    Examples
    --------
    >>> import minitorch
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0)
    >>> minitorch.optim.lr_scheduler.ConstantLR(optimizer, factor=0.5).get_last_lr()
    [0.5]
    """

    def __init__(
        self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
    ) -> None:
        if not 0 <= factor <= 1.0:
            raise ValueError("Constant multiplicative factor expected to be between 0 and 1.")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        if self.last_epoch == 0:
            return self.factor
        return 1.0 / self.factor if self.last_epoch == self.total_iters else 1

    def _get_closed_form_lr(self) -> list[Any]:
        over = self.last_epoch >= self.total_iters
        return [base * (self.factor + over * (1 - self.factor)) for base in self.base_lrs]


class LinearLR(ChainableLR):
    """A rate that grows (or falls) linearly over the first epochs.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups' ``lr`` is set.
    start_factor, end_factor : float, default 1/3 and 1
        Factors at the first epoch (over 0, at most 1) and from ``total_iters`` on (0 to 1; else ValueError).
    total_iters : int, default 5
        The epoch at which the end is reached.
    last_epoch : int, default -1
        The last epoch of an interrupted run.

    Examples
    --------
    >>> import minitorch
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = minitorch.optim.lr_scheduler.LinearLR(optimizer, start_factor=0.5, total_iters=2)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.75]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        start_factor: float = 1.0 / 3,
        end_factor: float = 1.0,
        total_iters: int = 5,
        last_epoch: int = -1,
    ) -> None:
        if not 0 < start_factor <= 1.0:
            raise ValueError("Starting multiplicative factor expected to be greater than 0 and less or equal to 1.")
        if not 0 <= end_factor <= 1.0:
            raise ValueError("Ending multiplicative factor expected to be between 0 and 1.")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        if self.last_epoch == 0:
            return self.start_factor
        if self._is_initial or self.last_epoch > self.total_iters:
            return 1
        rise = self.end_factor - self.start_factor
        return 1.0 + rise / (self.total_iters * self.start_factor + (self.last_epoch - 1) * rise)

    def _get_closed_form_lr(self) -> list[Any]:
        rise = self.end_factor - self.start_factor
        part = min(self.total_iters, self.last_epoch)
        return [base * (self.start_factor + rise * part / self.total_iters) for base in self.base_lrs]


class ExponentialLR(ChainableLR):
    """The rate times ``gamma`` every epoch.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups' ``lr`` is set.
    gamma : float
        Factor of an epoch.
    last_epoch : int, default -1
        The last epoch of an interrupted run.

    Examples
    --------
    >>> import minitorch
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = minitorch.optim.lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        return 1 if self._is_initial else self.gamma

    def _get_closed_form_lr(self) -> list[Any]:
        return [base * self.gamma**self.last_epoch for base in self.base_lrs]


class PolynomialLR(ChainableLR):
    """A rate that falls to 0 as a power of the epochs that are left.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups' ``lr`` is set.
    total_iters : int, default 5
        The epoch at which the rate is 0.
    power : float, default 1
        The power; 1 falls linearly.
    last_epoch : int, default -1
        The last epoch of an interrupted run.

    Examples
    --------
    >>> import minitorch
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = minitorch.optim.lr_scheduler.PolynomialLR(optimizer, total_iters=4, power=2.0)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5625]
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def _factor(self) -> float:
        if self._is_initial or self.last_epoch > self.total_iters:
            return 1
        left, before = (1.0 - epoch / self.total_iters for epoch in (self.last_epoch, self.last_epoch - 1))
        return float((left / before) ** self.power)

    def _get_closed_form_lr(self) -> list[Any]:
        left = 1.0 - min(self.total_iters, self.last_epoch) / self.total_iters
        return [base * left**self.power for base in self.base_lrs]
