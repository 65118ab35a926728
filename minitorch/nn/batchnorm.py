"""Batch and instance normalisation layers, in one to three spatial dimensions."""

from __future__ import annotations

import warnings
from typing import Any

from .. import dtypes
from ..ops.create import empty, ones, tensor, zeros
from ..ops.norm import batch_norm_relu
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

__all__ = [
    "BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d", "SyncBatchNorm",
]  # fmt: skip


class _NormBase(Module):
    """Scale, shift and running statistics for ``num_features`` channels."""

    # Version 2 added num_batches_tracked to the state.
    _version = 2
    __constants__ = ["track_running_stats", "momentum", "eps", "num_features", "affine"]
    _dims: tuple[int, ...]  # numbers of dimensions that the input may have
    weight: Parameter | None
    bias: Parameter | None
    running_mean: Tensor | None
    running_var: Tensor | None
    num_batches_tracked: Tensor | None

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.affine, self.track_running_stats = affine, track_running_stats
        factory = {"device": device, "dtype": dtype}
        self.register_parameter("weight", Parameter(empty(num_features, **factory)) if affine else None)
        self.register_parameter("bias", Parameter(empty(num_features, **factory)) if affine and bias else None)
        self.register_buffer("running_mean", zeros(num_features, **factory) if track_running_stats else None)
        self.register_buffer("running_var", ones(num_features, **factory) if track_running_stats else None)
        count = tensor(0, dtype=dtypes.int64) if track_running_stats else None
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Set the running mean to 0, the variance to 1 and the count to 0."""
        if self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Reset the statistics; set the scale to 1 and the shift to 0."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() not in self._dims:
            allowed = " or ".join(f"{d}D" for d in self._dims)
            raise ValueError(f"expected {allowed} input (got {input.dim()}D input)")

    def extra_repr(self) -> str:
        """Return the constructor's arguments."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: dict[str, Any], *report: Any) -> None:
        version = local_metadata.get("version")
        if (version is None or version < 2) and self.num_batches_tracked is not None:
            state_dict.setdefault(prefix + "num_batches_tracked", self.num_batches_tracked)
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *report)


class _BatchNorm(_NormBase):
    def forward(self, input: Tensor) -> Tensor:
        """Return the normalised input; in training mode the running statistics are updated."""
        return F.batch_norm(*self._counted(input))

    def forward_relu(self, input: Tensor, inplace: bool) -> Tensor:
        """Return the ReLU of `forward`'s result, in one pass."""
        return batch_norm_relu(inplace, *self._counted(input))

    def _counted(self, input: Tensor) -> tuple[Any, ...]:
        """Count a batch; return the arguments of the function."""
        self._check_input_dim(input)
        factor = 0.0 if self.momentum is None else self.momentum
        if self.training and self.num_batches_tracked is not None:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # cumulative moving average
                factor = 1.0 / float(self.num_batches_tracked)
        use_batch = self.training or (self.running_mean is None and self.running_var is None)
        statistics = (self.running_mean, self.running_var)
        if self.training and not self.track_running_stats:
            statistics = (None, None)
        return input, *statistics, self.weight, self.bias, use_batch, factor, self.eps


class BatchNorm1d(_BatchNorm):
    """Batch normalisation of (N, C) or (N, C, L); the arguments are those of ``BatchNorm2d``.

    >>> import minitorch
    >>> minitorch.nn.BatchNorm1d(3)(minitorch.ones(4, 3)).shape
    torch.Size([4, 3])
    """

    _dims = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Batch normalisation of (N, C, H, W): each channel gets mean 0 and variance 1, then scale and shift.

    In eval mode the running statistics are used instead of the batch's.

    Parameters
    ----------
    num_features : int
        Number of channels.
    eps : float
        Added to the variance.
    momentum : float or None
        Weight of a new batch in the running statistics; None averages over all batches.
    affine, bias : bool
        Whether scale and shift are learned.
    track_running_stats : bool
        Whether running statistics are kept; without them eval mode uses the batch's.

    Raises
    ------
    ValueError
        If the input does not have 4 dimensions.

    Notes
    -----
    Source: Ioffe & Szegedy, "Batch Normalization", arXiv:1502.03167.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.BatchNorm2d(3)(minitorch.ones(4, 3, 2, 2)).abs().max().item()
    0.0
    """

    _dims = (4,)


class BatchNorm3d(_BatchNorm):
    """Batch normalisation of (N, C, D, H, W); the arguments are those of ``BatchNorm2d``.

    >>> import minitorch
    >>> minitorch.nn.BatchNorm3d(3)(minitorch.ones(4, 3, 2, 2, 2)).shape
    torch.Size([4, 3, 2, 2, 2])
    """

    _dims = (5,)


class SyncBatchNorm(_BatchNorm):
    """Batch normalisation over the batches of all processes: there is one, so it is that of (N, C, ...).

    >>> import minitorch
    >>> minitorch.nn.SyncBatchNorm(3)(minitorch.ones(4, 3)).shape
    torch.Size([4, 3])
    """

    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        process_group: Any = None,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)
        self.process_group = process_group

    def _check_input_dim(self, input: Tensor) -> None:
        if input.dim() < 2:
            raise ValueError(f"expected at least 2D input (got {input.dim()}D input)")

    @classmethod
    def convert_sync_batchnorm(cls, module: Module, process_group: Any = None) -> Module:
        """Return the module with its batch norms, or itself if it is one, as layers of this class."""
        found = module
        if isinstance(module, _BatchNorm):
            found = cls(module.num_features, module.eps, module.momentum, module.affine, module.track_running_stats,
                        process_group, bias=module.bias is not None)  # fmt: skip
            found._parameters |= module._parameters
            found._buffers |= module._buffers
            found.training = module.training
        for name, child in module.named_children():
            found.add_module(name, cls.convert_sync_batchnorm(child, process_group))
        return found


class _InstanceNorm(_NormBase):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        device: Any = None,
        dtype: Any = None,
        *,
        bias: bool = True,
    ) -> None:
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype, bias=bias)

    def forward(self, input: Tensor) -> Tensor:
        """Return the input with every channel of every sample normalised."""
        self._check_input_dim(input)
        unbatched = input.dim() == self._dims[0]
        self._check_features(input, 0 if unbatched else 1)
        return self._normalise(input.unsqueeze(0)).squeeze(0) if unbatched else self._normalise(input)

    def _normalise(self, input: Tensor) -> Tensor:
        use_input = self.training or not self.track_running_stats
        momentum = 0.0 if self.momentum is None else self.momentum
        statistics = (self.running_mean, self.running_var)
        return F.instance_norm(input, *statistics, self.weight, self.bias, use_input, momentum, self.eps)

    def _check_features(self, input: Tensor, dim: int) -> None:
        if input.size(dim) == self.num_features:
            return
        if self.affine:
            raise ValueError(
                f"expected input's size at dim={dim} to match num_features ({self.num_features}), "
                f"but got: {input.size(dim)}."
            )
        warnings.warn(
            f"input's size at dim={dim} does not match num_features. You can silence this warning "
            "by not passing in "
            "num_features, which is not used because affine=False",
            stacklevel=4,
        )


class InstanceNorm1d(_InstanceNorm):
    """Instance normalisation of (N, C, L) or (C, L): over L, for each channel of each sample.

    >>> import minitorch
    >>> minitorch.nn.InstanceNorm1d(3)(minitorch.ones(4, 3, 5)).abs().max().item()
    0.0
    """

    _dims = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Instance normalisation of (N, C, H, W) or (C, H, W). Source: Ulyanov et al., arXiv:1607.08022.

    >>> import minitorch
    >>> minitorch.nn.InstanceNorm2d(3)(minitorch.ones(4, 3, 2, 2)).abs().max().item()
    0.0
    """

    _dims = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Instance normalisation of (N, C, D, H, W) or (C, D, H, W).

    >>> import minitorch
    >>> minitorch.nn.InstanceNorm3d(3)(minitorch.ones(4, 3, 2, 2, 2)).shape
    torch.Size([4, 3, 2, 2, 2])
    """

    _dims = (4, 5)
