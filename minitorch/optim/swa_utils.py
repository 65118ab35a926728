"""Averages of a model's weights over training, and the schedule that goes with them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from itertools import chain
from typing import Any

from .. import dtypes
from ..autograd.grad_mode import no_grad
from ..nn.batchnorm import _BatchNorm
from ..nn.module import Module
from ..ops.create import tensor
from ..tensor import Tensor
from ._schedule import LRScheduler, per_group
from .optimizer import Optimizer

__all__ = ["SWALR", "AveragedModel", "get_ema_avg_fn", "get_ema_multi_avg_fn", "get_swa_avg_fn"]
__all__ += ["get_swa_multi_avg_fn", "update_bn"]

Average = Callable[[Tensor, Tensor, Any], Tensor]
MultiAverage = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


def _check_decay(decay: float) -> None:
    if not 0.0 <= decay <= 1.0:
        raise ValueError(f"Invalid decay value {decay} provided. Please provide a value in [0,1] range.")


def get_ema_avg_fn(decay: float = 0.999) -> Average:
    """Return the function ``decay * average + (1 - decay) * current`` of single parameters.

    ValueError for a decay outside 0 to 1.

    Examples
    --------
    >>> import minitorch
    >>> average = minitorch.optim.swa_utils.get_ema_avg_fn(0.5)
    >>> average(minitorch.tensor(2.0), minitorch.tensor(4.0), 1)
    tensor(3.)
    """
    _check_decay(decay)

    def average(averaged: Tensor, current: Tensor, count: Any) -> Tensor:
        with no_grad():
            return decay * averaged + (1 - decay) * current

    return average


def get_swa_avg_fn() -> Average:
    """Return the function of single parameters that keeps the mean of all.

    Examples
    --------
    >>> import minitorch
    >>> average = minitorch.optim.swa_utils.get_swa_avg_fn()
    >>> average(minitorch.tensor(2.0), minitorch.tensor(5.0), 2)
    tensor(3.)
    """

    def average(averaged: Tensor, current: Tensor, count: Any) -> Tensor:
        with no_grad():
            return averaged + (current - averaged) / (count + 1)

    return average


def _in_place(average: Average) -> MultiAverage:
    def update(averaged: Sequence[Tensor], current: Sequence[Tensor], count: Any) -> None:
        for mean, value in zip(averaged, current):
            with no_grad():
                mean.copy_(average(mean, value, count))

    return update


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """Return `get_ema_avg_fn` for lists of parameters, in place.

    ValueError for a decay outside 0 to 1.

    Examples
    --------
    >>> import minitorch
    >>> mean = minitorch.tensor([2.0])
    >>> minitorch.optim.swa_utils.get_ema_multi_avg_fn(0.5)([mean], [minitorch.tensor([4.0])], 1)
    >>> mean
    tensor([3.])
    """
    return _in_place(get_ema_avg_fn(decay))


def get_swa_multi_avg_fn() -> MultiAverage:
    """Return `get_swa_avg_fn` for lists of parameters, in place.

    Examples
    --------
    >>> import minitorch
    >>> mean = minitorch.tensor([2.0])
    >>> minitorch.optim.swa_utils.get_swa_multi_avg_fn()([mean], [minitorch.tensor([5.0])], 2)
    >>> mean
    tensor([3.])
    """
    return _in_place(get_swa_avg_fn())


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's over time.

    Parameters
    ----------
    model : Module
        The model that is trained.
    device : optional
        Accepted; there is the CPU.
    avg_fn : callable, optional
        From an average, a new value and the count so far to the new average; the mean of all by default.
    multi_avg_fn : callable, optional
        The same for lists, in place. AssertionError if both are given.
    use_buffers : bool, default False
        Whether buffers are averaged too; else they are copied.

    References
    ----------
    Izmailov et al., Averaging Weights Leads to Wider Optima and Better Generalization, arXiv:1803.05407.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch import nn
    >>> model = nn.Linear(1, 1, bias=False)
    >>> averaged = minitorch.optim.swa_utils.AveragedModel(model)
    >>> for value in [1.0, 2.0, 6.0]:
    ...     _ = nn.init.constant_(model.weight, value)
    ...     averaged.update_parameters(model)
    >>> averaged.module.weight.item(), averaged.n_averaged.item()
    (3.0, 3)
    """

    n_averaged: Tensor

    def __init__(
        self,
        model: Module,
        device: Any = None,
        avg_fn: Average | None = None,
        multi_avg_fn: MultiAverage | None = None,
        use_buffers: bool = False,
    ) -> None:
        super().__init__()
        if avg_fn is not None and multi_avg_fn is not None:
            raise AssertionError("Only one of avg_fn and multi_avg_fn should be provided")
        self.module = deepcopy(model)
        self.register_buffer("n_averaged", tensor(0, dtype=dtypes.int64))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Run the averaged model."""
        return self.module(*args, **kwargs)

    def update_parameters(self, model: Module) -> None:
        """Take the model's present parameters into the averages."""
        mine, theirs = (self._averaged(source) for source in (self.module, model))
        with no_grad():
            if self.n_averaged == 0:
                for average, value in zip(mine, theirs):
                    average.copy_(value)
            else:
                self._update()(mine, theirs, self.n_averaged)
            if not self.use_buffers:
                for average, value in zip(self.module.buffers(), model.buffers()):
                    average.copy_(value)
            self.n_averaged += 1

    def _averaged(self, source: Module) -> list[Tensor]:
        """Return what is averaged: the parameters, with the buffers if wanted."""
        found = chain(source.parameters(), source.buffers()) if self.use_buffers else source.parameters()
        return [value.detach() for value in found]

    def _update(self) -> MultiAverage:
        if self.multi_avg_fn is not None:
            return self.multi_avg_fn
        return _in_place(self.avg_fn or get_swa_avg_fn())


def update_bn(loader: Iterable[Any], model: Module, device: Any = None) -> None:
    """Recompute the running statistics of a model's batch norms in one pass over some data.

    Parameters
    ----------
    loader : iterable
        Batches; of a list or tuple the first entry is the input.
    model : Module
        The model; its mode is kept.
    device : optional
        Accepted; there is the CPU.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch import nn
    >>> model = nn.BatchNorm1d(1)
    >>> minitorch.optim.swa_utils.update_bn([minitorch.tensor([[1.0], [3.0]])], model)
    >>> model.running_mean
    tensor([2.])
    """
    norms = {module: module.momentum for module in model.modules() if isinstance(module, _BatchNorm)}
    if not norms:
        return
    was_training = model.training
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over all batches
    try:
        with no_grad():
            for batch in loader:
                model(batch[0] if isinstance(batch, (list, tuple)) else batch)
    finally:
        for norm, momentum in norms.items():
            norm.momentum = momentum
        model.train(was_training)


class SWALR(LRScheduler):
    """A rate that moves from the present one to a constant, for averaging weights.

    Parameters
    ----------
    optimizer : Optimizer
        The optimizer whose groups' ``lr`` is set.
    swa_lr : float or list
        The constant, for all groups or for each.
    anneal_epochs : int, default 10
        Epochs of the way there.
    anneal_strategy : {"cos", "linear"}, default "cos"
        Form of the way.
    last_epoch : int, default -1
        The last epoch of an interrupted run.

    Raises
    ------
    ValueError
        For an option out of range.

    Examples
    --------
    >>> import minitorch
    >>> optimizer = minitorch.optim.SGD([minitorch.zeros(2, requires_grad=True)], lr=1.0)
    >>> scheduler = minitorch.optim.swa_utils.SWALR(optimizer, 0.5, anneal_epochs=2, anneal_strategy="linear")
    >>> optimizer.step()
    >>> scheduler.step()
    >>> scheduler.get_last_lr()
    [0.75]
    """

    def __init__(
        self,
        optimizer: Optimizer,
        swa_lr: Any,
        anneal_epochs: int = 10,
        anneal_strategy: str = "cos",
        last_epoch: int = -1,
    ) -> None:
        for group, rate in zip(optimizer.param_groups, per_group("swa_lr", optimizer, swa_lr)):
            group["swa_lr"] = rate
        if anneal_strategy not in ("cos", "linear"):
            raise ValueError(f"anneal_strategy must be one of 'cos' or 'linear', instead got {anneal_strategy}")
        if not isinstance(anneal_epochs, int) or anneal_epochs < 0:
            raise ValueError(f"anneal_epochs must be equal or greater than 0, got {anneal_epochs}")
        self._anneal_strategy = anneal_strategy
        self.anneal_epochs = anneal_epochs
        super().__init__(optimizer, last_epoch)

    def _part(self, step: float) -> float:
        """Return how much of the way is done after a number of steps."""
        t = max(0.0, min(1.0, step / max(1, self.anneal_epochs)))
        return (1 - math.cos(math.pi * t)) / 2 if self._anneal_strategy == "cos" else t

    def get_lr(self) -> list[Any]:
        """Return the next rates: the last step's way is undone to find where it began."""
        self._warn_outside_step()
        step = self._step_count - 1
        if self.anneal_epochs == 0:
            step = max(1, step)
        before, now = self._part(step - 1), self._part(step)
        rates = []
        for group in self.optimizer.param_groups:
            end, rate = group["swa_lr"], group["lr"]
            start = end if before == 1 else (rate - before * end) / (1 - before)
            rates.append(end * now + start * (1 - now))
        return rates
