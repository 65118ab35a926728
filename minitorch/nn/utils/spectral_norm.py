"""Weights divided by their largest singular value, found by power iteration (Miyato et al., arXiv:1802.05957)."""

from __future__ import annotations

from typing import Any, TypeVar

from ...ops.create import empty
from ...tape import recording
from ...tensor import Tensor
from .. import functional as F
from ..module import Module
from ..parameter import Parameter

__all__ = ["SpectralNorm", "remove_spectral_norm", "spectral_norm"]

M = TypeVar("M", bound=Module)


def as_matrix(weight: Tensor, dim: int) -> Tensor:
    """Return a weight as a matrix whose rows run along ``dim``.

    >>> import minitorch
    >>> as_matrix(minitorch.zeros(2, 3, 4), 1).shape
    torch.Size([3, 8])
    """
    rows = weight.movedim(dim, 0)
    return rows.reshape(rows.shape[0], -1)


def random_direction(like: Tensor, size: int, eps: float) -> Tensor:
    """Return a random vector of length 1, from torch's stream.

    >>> import minitorch
    >>> random_direction(minitorch.zeros(1), 1, 1e-12).abs()
    tensor([1.])
    """
    return F.normalize(empty(size, dtype=like.dtype).normal_(0, 1), dim=0, eps=eps)


class SpectralNorm:
    """The forward pre-hook that divides ``weight_orig`` by its norm, after power iteration in training."""

    _version = 1

    def __init__(self, name: str = "weight", n_power_iterations: int = 1, dim: int = 0, eps: float = 1e-12) -> None:
        if n_power_iterations <= 0:
            raise ValueError(
                f"Expected n_power_iterations to be positive, but got n_power_iterations={n_power_iterations}"
            )
        self.name, self.n_power_iterations, self.dim, self.eps = name, n_power_iterations, dim, eps

    def compute_weight(self, module: Module, do_power_iteration: bool) -> Tensor:
        """Return the weight over ``u^T W v``; ``u`` and ``v`` are improved first if asked."""
        weight, u, v = (getattr(module, self.name + end) for end in ("_orig", "_u", "_v"))
        matrix = as_matrix(weight, self.dim)
        if do_power_iteration:
            with recording(False):
                for _ in range(self.n_power_iterations):
                    v.copy_(F.normalize(matrix.t().mv(u), dim=0, eps=self.eps))
                    u.copy_(F.normalize(matrix.mv(v), dim=0, eps=self.eps))
        # copies: a second forward writes u and v before the first one's backward has used them
        return weight / u.clone().dot(matrix.mv(v.clone()))

    def __call__(self, module: Module, inputs: Any) -> None:
        """Set the weight, before a forward."""
        setattr(module, self.name, self.compute_weight(module, module.training))

    def remove(self, module: Module) -> None:
        """Make the weight a parameter again."""
        with recording(False):
            weight = self.compute_weight(module, False)
        for end in ("", "_u", "_v", "_orig"):
            delattr(module, self.name + end)
        module.register_parameter(self.name, Parameter(weight.detach()))


def spectral_norm(
    module: M, name: str = "weight", n_power_iterations: int = 1, eps: float = 1e-12, dim: int | None = None
) -> M:
    """Divide a weight by its spectral norm before each forward; return the module.

    ``dim`` is the dimension of the outputs: 1 for transposed convolutions, else 0. Raises ValueError for a number of
    iterations that is not positive, RuntimeError for a weight that is normalised already.

    >>> from minitorch import nn
    >>> list(nn.utils.spectral_norm(nn.Linear(2, 3)).state_dict())
    ['bias', 'weight_orig', 'weight_u', 'weight_v']
    """
    if any(isinstance(hook, SpectralNorm) and hook.name == name for hook in module._forward_pre_hooks.values()):
        raise RuntimeError(f"Cannot register two spectral_norm hooks on the same parameter {name}")
    hook = SpectralNorm(name, n_power_iterations, output_dim(module) if dim is None else dim, eps)
    weight = module._parameters[name]
    if weight is None:
        raise ValueError(f"`SpectralNorm` cannot be applied as parameter `{name}` is None")
    rows, columns = as_matrix(weight, hook.dim).shape
    u, v = random_direction(weight, rows, eps), random_direction(weight, columns, eps)
    delattr(module, name)
    module.register_parameter(name + "_orig", weight)
    setattr(module, name, weight.detach())  # replaced before each forward
    module.register_buffer(name + "_u", u)
    module.register_buffer(name + "_v", v)
    module.register_forward_pre_hook(hook)
    return module


def output_dim(module: Module) -> int:
    """Return the dimension of a layer's weight that belongs to its outputs.

    >>> from minitorch import nn
    >>> output_dim(nn.ConvTranspose2d(1, 2, 3)), output_dim(nn.Linear(1, 2))
    (1, 0)
    """
    return 1 if any(c.__name__.startswith("ConvTranspose") for c in type(module).__mro__) else 0


def remove_spectral_norm(module: M, name: str = "weight") -> M:
    """Make a normalised weight a parameter again, with its present value; ValueError if there is none.

    >>> from minitorch import nn
    >>> list(nn.utils.remove_spectral_norm(nn.utils.spectral_norm(nn.Linear(2, 3))).state_dict())
    ['bias', 'weight']
    """
    for key, hook in module._forward_pre_hooks.items():
        if isinstance(hook, SpectralNorm) and hook.name == name:
            hook.remove(module)
            del module._forward_pre_hooks[key]
            return module
    raise ValueError(f"spectral_norm of '{name}' not found in {module}")
