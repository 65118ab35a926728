"""Schedules made of schedules: one after the other, or all at once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

from ._schedule import LRScheduler, copied, set_option
from ._schedule_plateau import ReduceLROnPlateau
from .optimizer import Optimizer

__all__ = ["ChainedScheduler", "SequentialLR"]


def _check_members(owner: str, schedulers: Sequence[Any], optimizer: Any) -> None:
    """Raise torch's errors for a scheduler that cannot be a member or belongs to another optimizer."""
    for i, scheduler in enumerate(schedulers):
        if isinstance(scheduler, ReduceLROnPlateau):
            raise ValueError(
                f"{owner} does not support `ReduceLROnPlateau` scheduler as it requires additional kwargs to "
                f"be specified when calling `step`, but got one at index {i} in the given schedulers "
                "sequence."
            )
        if scheduler.optimizer is not optimizer:
            raise ValueError(
                f"{owner} expects all schedulers to belong to the same optimizer, but got scheduler "
                f"{type(scheduler).__name__} at index {i} has {scheduler.optimizer}, which is different from "
                f"{type(optimizer).__name__}."
            )


class _Combined(LRScheduler):
    """A schedule whose members keep their own state."""

    _schedulers: list[Any]

    def state_dict(self) -> dict[str, Any]:
        """Return the state, with the members' states under ``_schedulers``."""
        own = {key: value for key, value in self.__dict__.items() if key not in ("optimizer", "_schedulers")}
        return {**own, "_schedulers": [member.state_dict() for member in self._schedulers]}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned, members included."""
        self.__dict__.update({key: value for key, value in state_dict.items() if key != "_schedulers"})
        for member, state in zip(self._schedulers, state_dict["_schedulers"]):
            member.load_state_dict(state)


class SequentialLR(_Combined):
    """Several schedules, one after the other.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer of all schedules.
    schedulers : list of LRScheduler
        The schedules in their order.
    milestones : list of int
        The epochs at which the next one takes over, one fewer than schedules.
    last_epoch : int, default -1
        The last epoch of an interrupted run.

    Raises
    ------
    ValueError
        For no schedule, a wrong number of milestones, another optimizer's schedule, ReduceLROnPlateau.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.optim import lr_scheduler
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0)
    >>> warmup = lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=2)
    >>> decay = lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = lr_scheduler.SequentialLR(optimizer, [warmup, decay], milestones=[2])
    >>> rates = []
    >>> for epoch in range(4):
    ...     rates += scheduler.get_last_lr()
    ...     optimizer.step()
    ...     scheduler.step()
    >>> rates
    [0.5, 0.5, 1.0, 0.5]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        schedulers: list[LRScheduler],
        milestones: list[int],
        last_epoch: int = -1,
    ) -> None:
        self._check(optimizer, schedulers, milestones)
        self._schedulers = schedulers
        self._milestones = milestones
        self.last_epoch = last_epoch + 1
        self.optimizer = optimizer
        for group in optimizer.param_groups:
            set_option(group, "lr", copied(group["initial_lr"]))
        self.recursive_undo()
        self._schedulers[0]._initial_step()
        self._last_lr = schedulers[0].get_last_lr()

    @staticmethod
    def _check(optimizer: Any, schedulers: Sequence[Any], milestones: Sequence[int]) -> None:
        if len(schedulers) < 1:
            raise ValueError("SequentialLR expects at least one scheduler, but got no scheduler.")
        for i, scheduler in enumerate(schedulers):
            if not hasattr(scheduler, "optimizer"):
                raise TypeError(f"SequentialLR at index {i} should have `optimizer` as its attribute.")
        _check_members("SequentialLR", schedulers, optimizer)
        if len(milestones) != len(schedulers) - 1:
            raise ValueError(
                "Sequential Schedulers expects number of schedulers provided to be one more than the number "
                f"of milestone points, but got number of schedulers {len(schedulers)} and the number of "
                f"milestones to be equal to {len(milestones)}"
            )

    def recursive_undo(self, sched: Any = None) -> None:
        """Take back the first step that every member's construction made."""
        members = getattr(self if sched is None else sched, "_schedulers", None)
        if members is None:
            sched.last_epoch -= 1
        else:
            for member in members:
                self.recursive_undo(member)

    def step(self) -> None:  # type: ignore[override]
        """Go to the next epoch with the member whose turn it is."""
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        member = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            member._update_lr(0)
        else:
            member.step()
        self._last_lr = member.get_last_lr()


class ChainedScheduler(_Combined):
    """Several schedules that all act in every epoch.

    Parameters
    ----------
    schedulers : sequence of LRScheduler
        The schedules; their factors multiply.
    optimizer : Optimizer, optional
        Their optimizer; the first schedule's by default.

    Raises
    ------
    ValueError
        For no schedule, another optimizer's schedule, ReduceLROnPlateau.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch.optim import lr_scheduler
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0)
    >>> constant = lr_scheduler.ConstantLR(optimizer, factor=0.5, total_iters=9)
    >>> decay = lr_scheduler.ExponentialLR(optimizer, gamma=0.5)
    >>> scheduler = lr_scheduler.ChainedScheduler([constant, decay])
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.25]
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        if len(schedulers) < 1:
            raise ValueError("ChainedScheduler expects at least one scheduler to be chained, but got no scheduler.")
        optimizer = optimizer or schedulers[0].optimizer
        _check_members("ChainedScheduler", schedulers, optimizer)
        self._schedulers = list(schedulers)
        self.optimizer = optimizer
        self._last_lr = [copied(group["lr"]) for group in optimizer.param_groups]

    def step(self) -> None:  # type: ignore[override]
        """Go to the next epoch with every member."""
        for member in self._schedulers:
            member.step()
        self._last_lr = [copied(group["lr"]) for group in self.optimizer.param_groups]
