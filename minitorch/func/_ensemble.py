"""Modules under transforms: many models as one with stacked parameters; layers that change nothing as they run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..nn.batchnorm import _BatchNorm
from ..nn.module import Module
from ..ops.join import stack
from ..tensor import Tensor

__all__ = ["replace_all_batch_norm_modules_", "stack_module_state"]


def stack_module_state(models: Sequence[Module]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the parameters and the buffers of several models of one class, stacked along a new first dimension.

    The parameters are new leaves that require gradients as the models' do.

    Raises
    ------
    RuntimeError : no models; models of several classes, or some in training and others in evaluation.

    Examples
    --------
    >>> import minitorch
    >>> models = [minitorch.nn.Linear(2, 1) for _ in range(3)]
    >>> params, buffers = minitorch.func.stack_module_state(models)
    >>> params["weight"].shape
    torch.Size([3, 1, 2])
    """
    given = list(models)
    if not given:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({m.training for m in given}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to have the same training/eval mode.")
    if len({type(m) for m in given}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class.")
    kinds: list[Any] = [[dict(m.named_parameters()) for m in given], [dict(m.named_buffers()) for m in given]]
    params, buffers = ({name: _stacked([d[name] for d in dicts]) for name in dicts[0]} for dicts in kinds)
    return params, buffers


def _stacked(tensors: list[Any]) -> Tensor:
    wanted = {t.requires_grad for t in tensors}
    if len(wanted) > 1:
        raise RuntimeError("Expected either all or none of the models to require gradients of a parameter, got both")
    return stack([t.detach() for t in tensors]).requires_grad_(wanted.pop())


def replace_all_batch_norm_modules_(root: Module) -> Module:
    """Let the batch norms of a model, in place, use the batch alone and keep no running statistics; return it.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.func.replace_all_batch_norm_modules_(minitorch.nn.BatchNorm1d(2)).running_mean is None
    True
    """
    for module in root.modules():
        if isinstance(module, _BatchNorm):
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None
    return root
