"""The base of learning-rate schedules: counting steps, writing rates into the groups, torch's warnings."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from ..tape import recording
from ..tensor import Tensor
from ._groups import Group
from .optimizer import Optimizer

__all__ = ["EPOCH_DEPRECATION_WARNING", "ChainableLR", "LRScheduler", "per_group", "set_option"]

EPOCH_DEPRECATION_WARNING = (
    "The epoch parameter in `scheduler.step()` was not necessary and is being deprecated where possible. "
    "Please use `scheduler.step()` to step the scheduler. During the deprecation, if epoch is different from "
    "None, the closed form is used instead of the new chainable form, where available. Please open an "
    "issue if you are unable to replicate your use case: https://github.com/pytorch/pytorch/issues/new/choose."
)
_HOW_TO = "See more details at https://pytorch.org/docs/stable/optim.html#how-to-adjust-learning-rate"
_OVERRIDDEN = (
    "Seems like `optimizer.step()` has been overridden after learning rate scheduler initialization. Please, "
    f"make sure to call `optimizer.step()` before `lr_scheduler.step()`. {_HOW_TO}"
)
_TOO_EARLY = (
    "Detected call of `lr_scheduler.step()` before `optimizer.step()`. In PyTorch 1.1.0 and later, you "
    "should call them in the opposite order: `optimizer.step()` before `lr_scheduler.step()`.  Failure to do "
    f"this will result in PyTorch skipping the first value of the learning rate schedule. {_HOW_TO}"
)


def copied(value: Any) -> Any:
    """Return a tensor's values in a tensor of its own; numbers as they are."""
    return value.detach().clone() if isinstance(value, Tensor) else value


def set_option(group: Group, key: str, value: Any) -> None:
    """Store an option; a tensor keeps its identity and takes the value."""
    if isinstance(group[key], Tensor):
        with recording(False):
            group[key].fill_(float(value))
    else:
        group[key] = value


def per_group(name: str, optimizer: Optimizer, value: Any) -> list[Any]:
    """Return one value for each group: a list as it is, a number repeated; ValueError for a wrong count."""
    count = len(optimizer.param_groups)
    if not isinstance(value, (list, tuple)):
        return [value] * count
    if len(value) != count:
        raise ValueError(
            f"{name} must have the same length as optimizer.param_groups. "
            f"{name} has {len(value)} values, param_groups has {count}."
        )
    return list(value)


def check_optimizer(optimizer: Any) -> None:
    """Raise TypeError unless given an Optimizer."""
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")


def _watch(optimizer: Any) -> None:
    """Make the optimizer remember that `step` was called, so that a wrong order of calls is seen."""
    if hasattr(optimizer.step, "_wrapped_by_lr_sched"):
        return
    target = weakref.ref(optimizer)
    func = optimizer.step.__func__

    @wraps(func)
    def step(*args: Any, **kwargs: Any) -> Any:
        alive = target()
        alive._opt_called = True  # type: ignore[union-attr]
        return func.__get__(alive, type(alive))(*args, **kwargs)

    step._wrapped_by_lr_sched = True  # type: ignore[attr-defined]
    optimizer.step = step


class LRScheduler:
    """Base class of learning-rate schedules.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups' ``lr`` is set.
    last_epoch : int, default -1
        The last epoch of an interrupted run; its groups must then hold ``initial_lr``.

    Raises
    ------
    TypeError
        If ``optimizer`` is none.
    KeyError
        If a run is resumed and ``initial_lr`` is missing.

    Examples
    --------
    A subclass gives `get_lr`, one rate for each group:

    >>> import minitorch
    >>> class Halving(minitorch.optim.lr_scheduler.LRScheduler):
    ...     def get_lr(self):
    ...         return [base * 0.5**self.last_epoch for base in self.base_lrs]
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = Halving(optimizer)
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.5]
    """

    _is_initial = False
    _get_lr_called_within_step = False

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        check_optimizer(optimizer)
        self.optimizer = optimizer
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", copied(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    f"param 'initial_lr' is not specified in param_groups[{i}] when resuming scheduler with "
                    "last_epoch >= 0.\nThis typically happens when:\n1. You're trying to resume training "
                    "from a checkpoint but haven't properly loaded the optimizer state\n2. You're using "
                    "last_epoch >= 0 for a fresh training run (not recommended)"
                )
        self.base_lrs = [copied(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        _watch(optimizer)
        self._initial_step()

    def _initial_step(self) -> None:
        """Set the first epoch's rates."""
        self._step_count = 0
        self._is_initial = True
        try:
            self.step()
        finally:
            self._is_initial = False

    def state_dict(self) -> dict[str, Any]:
        """Return everything but the optimizer, in torch's structure."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Take over what `state_dict` returned. Load the optimizer's state as well: it holds the rates."""
        self.__dict__.update(state_dict)

    def get_last_lr(self) -> list[Any]:
        """Return the rate of each group that the last step set."""
        return self._last_lr

    def get_lr(self) -> list[Any]:
        """Return the next rate of each group; `step` calls this."""
        raise NotImplementedError

    def step(self, epoch: int | None = None) -> None:
        """Go to the next epoch (or to ``epoch``, which is deprecated) and set the groups' rates.

        Warns
        -----
        UserWarning
            If the first call comes before the optimizer's first step.
        """
        if self._step_count == 1:
            self._check_order()
        self._step_count += 1
        if epoch is not None:
            warnings.warn(EPOCH_DEPRECATION_WARNING, UserWarning, stacklevel=2)
        self._update_lr(epoch)

    def _check_order(self) -> None:
        if not hasattr(self.optimizer.step, "_wrapped_by_lr_sched"):
            warnings.warn(_OVERRIDDEN, UserWarning, stacklevel=3)
        elif not getattr(self.optimizer, "_opt_called", False):
            warnings.warn(_TOO_EARLY, UserWarning, stacklevel=3)

    def _update_lr(self, epoch: int | None = None) -> None:
        with self._within_step():
            if epoch is None:
                self.last_epoch += 1
                rates = self.get_lr()
            else:
                self.last_epoch = epoch
                closed: Callable[[], list[Any]] = getattr(self, "_get_closed_form_lr", self.get_lr)
                rates = closed()
        self._write(rates)

    def _write(self, rates: list[Any]) -> None:
        for group, rate in zip(self.optimizer.param_groups, rates):
            set_option(group, "lr", rate)
        self._last_lr = [copied(group["lr"]) for group in self.optimizer.param_groups]

    @contextmanager
    def _within_step(self) -> Iterator[None]:
        self._get_lr_called_within_step = True
        try:
            yield
        finally:
            self._get_lr_called_within_step = False

    def _warn_outside_step(self) -> None:
        if not self._get_lr_called_within_step:
            warnings.warn(
                "To get the last learning rate computed by the scheduler, please use `get_last_lr()`.",
                UserWarning,
                stacklevel=3,
            )

    def _rates(self) -> list[Any]:
        return [group["lr"] for group in self.optimizer.param_groups]


class ChainableLR(LRScheduler):
    """A schedule that multiplies the rates it finds, so that it can be combined with others."""

    def _factor(self) -> float:
        """Return what the rates are multiplied by on the way to ``self.last_epoch``."""
        raise NotImplementedError

    def get_lr(self) -> list[Any]:
        """Return each group's present rate times this epoch's factor."""
        self._warn_outside_step()
        factor = self._factor()
        return [copied(rate) if factor == 1 else rate * factor for rate in self._rates()]
