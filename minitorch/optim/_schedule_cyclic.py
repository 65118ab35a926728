"""Schedules that rise and fall: cosines, cycles, one cycle."""

from __future__ import annotations

import math
from typing import Any

from ._schedule import LRScheduler
from .optimizer import Optimizer

__all__ = ["CosineAnnealingLR", "CosineAnnealingWarmRestarts"]


def cosine(low: Any, high: Any, part: float) -> Any:
    """Return the value after ``part`` of the way from high to low along half a cosine wave."""
    return low + (high - low) * (1 + math.cos(math.pi * part)) / 2


class CosineAnnealingLR(LRScheduler):
    """A rate that falls from its initial value to ``eta_min`` along half a cosine wave, then rises again.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups' ``lr`` is set.
    T_max : int
        Epochs of the fall.
    eta_min : float, default 0
        The lowest rate.
    last_epoch : int, default -1
        The last epoch of an interrupted run.

    References
    ----------
    Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, arXiv:1608.03983, equation 5.

    Examples
    --------
    >>> import minitorch
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = minitorch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=2)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the next rates, by recursion from the present ones so that schedules can be chained."""
        self._warn_outside_step()
        if self._is_initial:
            return self._rates()
        if self._step_count == 1 and self.last_epoch > 0:
            return self._get_closed_form_lr()
        return [self._next(rate, base) for rate, base in zip(self._rates(), self.base_lrs)]

    def _next(self, rate: Any, base: Any) -> Any:
        # The ratio of two neighbours on the wave; just after its lowest point the ratio would divide by zero.
        if (self.last_epoch - 1 - self.T_max) % (2 * self.T_max) == 0:
            return rate + (base - self.eta_min) * (1 - math.cos(math.pi / self.T_max)) / 2
        here, before = (1 + math.cos(math.pi * epoch / self.T_max) for epoch in (self.last_epoch, self.last_epoch - 1))
        return here / before * (rate - self.eta_min) + self.eta_min

    def _get_closed_form_lr(self) -> list[Any]:
        return [cosine(self.eta_min, base, self.last_epoch / self.T_max) for base in self.base_lrs]


class CosineAnnealingWarmRestarts(LRScheduler):
    """Half cosine waves from the initial rate to ``eta_min``, each ``T_mult`` times as long as the last.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups' ``lr`` is set.
    T_0 : int
        Epochs of the first wave.
    T_mult : int, default 1
        Factor of the length from wave to wave.
    eta_min : float, default 0
        The lowest rate.
    last_epoch : int, default -1
        The last epoch of an interrupted run.

    Raises
    ------
    ValueError
        Unless ``T_0`` and ``T_mult`` are positive ints and ``eta_min`` a number.

    References
    ----------
    Loshchilov and Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, arXiv:1608.03983.

    Examples
    --------
    >>> import minitorch
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = minitorch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=2)
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [1.0, 0.5, 1.0, 0.5]
    """

    def __init__(
        self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
    ) -> None:
        if T_0 <= 0 or not isinstance(T_0, int):
            raise ValueError(f"Expected positive integer T_0, but got {T_0}")
        if T_mult < 1 or not isinstance(T_mult, int):
            raise ValueError(f"Expected integer T_mult >= 1, but got {T_mult}")
        if not isinstance(eta_min, (float, int)):
            raise ValueError(f"Expected float or int eta_min, but got {eta_min} of type {type(eta_min)}")
        self.T_0 = T_0
        self.T_i = T_0
        self.T_mult = T_mult
        self.eta_min = eta_min
        self.T_cur: float = last_epoch
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """Return the rates at the present place on the wave."""
        self._warn_outside_step()
        return [cosine(self.eta_min, base, self.T_cur / self.T_i) for base in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Go to the next epoch, or to ``epoch``, which may be a fraction: ``epoch + batch / batches``."""
        if epoch is None and self.last_epoch < 0:
            epoch = 0
        if epoch is None:
            epoch = self.last_epoch + 1
            self._advance()
        else:
            self._jump(epoch)
        self.last_epoch = math.floor(epoch)
        with self._within_step():
            self._write(self.get_lr())

    def _advance(self) -> None:
        self.T_cur += 1
        if self.T_cur >= self.T_i:
            self.T_cur %= self.T_i
            self.T_i *= self.T_mult

    def _jump(self, epoch: float) -> None:
        if epoch < 0:
            raise ValueError(f"Expected non-negative epoch, but got {epoch}")
        if epoch < self.T_0:
            self.T_i, self.T_cur = self.T_0, epoch
        elif self.T_mult == 1:
            self.T_cur = epoch % self.T_0
        else:  # the waves' lengths are a geometric series
            ratio = self.T_mult
            n = int(math.log(epoch / self.T_0 * (ratio - 1) + 1, ratio))
            self.T_cur = epoch - self.T_0 * (ratio**n - 1) / (ratio - 1)
            self.T_i = self.T_0 * ratio**n
