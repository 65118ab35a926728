"""Between the parameters of a model and one vector of all their elements."""

from __future__ import annotations

from collections.abc import Iterable

from ...ops.join import cat
from ...tensor import Tensor

__all__ = ["parameters_to_vector", "vector_to_parameters"]


def parameters_to_vector(parameters: Iterable[Tensor]) -> Tensor:
    """Return all elements of the parameters, one after the other, as a vector.

    >>> import minitorch
    >>> minitorch.nn.utils.parameters_to_vector(minitorch.nn.Linear(2, 3).parameters()).shape
    torch.Size([9])
    """
    return cat([param.reshape(-1) for param in parameters])


def vector_to_parameters(vec: Tensor, parameters: Iterable[Tensor]) -> None:
    """Make consecutive slices of ``vec`` the data of the parameters.

    TypeError if ``vec`` is not a Tensor, RuntimeError if it has too few elements.

    >>> import minitorch
    >>> layer = minitorch.nn.Linear(2, 1, bias=False)
    >>> minitorch.nn.utils.vector_to_parameters(minitorch.tensor([1.0, 2.0]), layer.parameters())
    >>> layer.weight.tolist()
    [[1.0, 2.0]]
    """
    if not isinstance(vec, Tensor):
        raise TypeError(f"expected torch.Tensor, but got: {type(vec).__name__}")
    listed = list(parameters)
    needed = sum(param.numel() for param in listed)
    if vec.numel() < needed:
        raise RuntimeError(f"vector_to_parameters: vec has {vec.numel()} elements, the parameters need {needed}")
    place = 0
    for param in listed:
        param.data = vec[place : place + param.numel()].view_as(param).data
        place += param.numel()
