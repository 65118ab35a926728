"""Tensors of a module as functions of others: ``module.weight`` becomes ``parametrization(original)``.

The module gets a class of its own, with a property in place of the tensor, and a child ``parametrizations``.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from ...tape import recording
from ...tensor import Tensor
from ..containers import ModuleDict, ModuleList
from ..module import Module
from ..parameter import Parameter

__all__ = [
    "ParametrizationList", "cached", "is_parametrized", "register_parametrization", "remove_parametrizations",
    "transfer_parametrizations_and_params", "type_before_parametrizations",
]  # fmt: skip

M = TypeVar("M", bound=Module)
_cache: dict[tuple[int, str], Tensor] = {}
_depth = 0


@contextmanager
def cached() -> Iterator[None]:
    """Compute each parametrised tensor once inside the block.

    >>> from minitorch.nn.utils import parametrize
    >>> with parametrize.cached():
    ...     pass
    """
    global _depth
    _depth += 1
    try:
        yield
    finally:
        _depth -= 1
        if not _depth:
            _cache.clear()


def _set(place: Tensor, value: Tensor) -> None:
    """Give a tensor new values, of any shape."""
    if place is not value:
        place.data = value.detach()


def _adopt(owner: Module, name: str, tensor: Tensor) -> None:
    if isinstance(tensor, Parameter):
        owner.register_parameter(name, tensor)
    else:
        owner.register_buffer(name, tensor)


class ParametrizationList(ModuleList):
    """The parametrisations of one tensor, applied in turn to ``original`` (or to ``original0``, ``original1``, ...).

    >>> from minitorch import nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 3))
    >>> layer.parametrizations.weight.ntensors
    2
    """

    original: Tensor

    def __init__(self, modules: Sequence[Module], original: Tensor, unsafe: bool = False) -> None:
        if not modules:
            raise ValueError("ParametrizationList requires one or more modules.")
        super().__init__(modules)
        self.unsafe = unsafe
        shape, kind, new = original.shape, original.dtype, self._inverse(original)
        self.is_tensor = isinstance(new, Tensor)
        self.ntensors = 1 if self.is_tensor else len(new)
        if self.is_tensor:
            if original.dtype is not new.dtype:
                raise ValueError(
                    "When `right_inverse` outputs one tensor, it may not change the dtype.\n"
                    f"original.dtype: {original.dtype}\nright_inverse(original).dtype: {new.dtype}"
                )
            with recording(False):
                _set(original, new)
            _adopt(self, "original", original)
        else:
            self._adopt_all(original, new)
        if not unsafe:
            _check_result(self(), shape, kind)

    def _inverse(self, original: Tensor) -> Any:
        new: Any = original
        with recording(False):
            for module in reversed(list(self)):
                if hasattr(module, "right_inverse"):
                    with suppress(NotImplementedError):  # the original is then taken as it is
                        new = module.right_inverse(new)
        if not isinstance(new, (Tensor, Sequence)):
            raise ValueError(
                "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                f"Got {type(new).__name__}"
            )
        return new

    def _adopt_all(self, original: Tensor, new: Sequence[Any]) -> None:
        for i, tensor in enumerate(new):
            if not isinstance(tensor, Tensor):
                raise ValueError(
                    "'right_inverse' must return a Tensor or a Sequence of tensors (list, tuple...). "
                    f"Got element {i} of the sequence with type {type(tensor).__name__}."
                )
            tensor = Parameter(tensor, original.requires_grad) if isinstance(original, Parameter) else tensor
            _adopt(self, f"original{i}", tensor.requires_grad_(original.requires_grad))

    def right_inverse(self, value: Any) -> None:
        """Set the original(s) so that the parametrised tensor becomes ``value``."""
        with recording(False):
            for module in reversed(list(self)):
                if not hasattr(module, "right_inverse"):
                    name = type(module).__name__
                    raise RuntimeError(f"parametrization {name} does not implement right_inverse.")
                value = module.right_inverse(value)
            values = [value] if self.is_tensor else value
            if len(values) != self.ntensors:
                raise ValueError(
                    "'right_inverse' must return a sequence of tensors of length "
                    f"{self.ntensors}. Got a sequence of length {len(values)}."
                )
            for original, tensor in zip(self._originals(), values):
                if tensor.dtype is not original.dtype:
                    raise ValueError(
                        f"The tensor returned by `right_inverse` has dtype {tensor.dtype} while `original` has dtype "
                        f"{original.dtype}"
                    )
                _set(original, tensor)

    def _originals(self) -> list[Tensor]:
        names = ["original"] if self.is_tensor else [f"original{i}" for i in range(self.ntensors)]
        return [getattr(self, name) for name in names]

    def forward(self) -> Tensor:
        """Return the parametrised tensor."""
        first, *others = list(self)
        x: Tensor = first(*self._originals())
        for module in others:
            x = module(x)
        return x


def _check_result(value: Any, shape: Any, kind: Any) -> None:
    if not isinstance(value, Tensor):
        raise ValueError(f"A parametrization must return a tensor. Got {type(value).__name__}.")
    for what, old, new in (("dtype", kind, value.dtype), ("shape", shape, value.shape)):
        if old != new:
            raise ValueError(
                f"Registering a parametrization may not change the {what} of the tensor, unless `unsafe` flag is "
                f"enabled.\nunparametrized {what}: {old}\nparametrized {what}: {new}"
            )


def _own_class(module: Module) -> None:
    """Give a module a class of its own, in which properties can take the place of tensors."""
    cls = type(module)

    def getstate(self: Any) -> Any:
        raise RuntimeError(
            "Serialization of parametrized modules is only supported through state_dict(). See:\n"
            "https://pytorch.org/tutorials/beginner/saving_loading_models.html"
            "#saving-loading-a-general-checkpoint-for-inference-and-or-resuming-training"
        )

    def deepcopied(self: Any, memo: dict[int, Any]) -> Any:
        twin = self.__new__(type(self))
        memo[id(self)] = twin
        twin.__dict__.update(copy.deepcopy(self.__dict__, memo))
        return twin

    own = {"__getstate__": getstate} | ({} if hasattr(cls, "__deepcopy__") else {"__deepcopy__": deepcopied})
    module.__class__ = type(f"Parametrized{cls.__name__}", (cls,), own)


def _property(name: str) -> property:
    def get(self: Any) -> Any:
        if not _depth:
            return self.parametrizations[name]()
        key = (id(self), name)
        if key not in _cache:
            _cache[key] = self.parametrizations[name]()
        return _cache[key]

    def put(self: Any, value: Any) -> None:
        self.parametrizations[name].right_inverse(value)

    return property(get, put)


def register_parametrization(module: M, tensor_name: str, parametrization: Module, *, unsafe: bool = False) -> M:
    """Make a parameter or buffer of a module the result of ``parametrization(original)``; return the module.

    A ``right_inverse`` method of the parametrisation lets ``module.weight = value`` work, and may return several
    tensors. Raises ValueError for a name that the module does not have, or (without ``unsafe``) a result of another
    shape or dtype.

    >>> from minitorch import nn
    >>> layer = nn.Linear(2, 2, bias=False)
    >>> _ = nn.utils.parametrize.register_parametrization(layer, "weight", nn.ReLU())
    >>> bool((layer.weight >= 0).all()), list(layer.state_dict())
    (True, ['parametrizations.weight.original'])
    """
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        found: Any = module.parametrizations[tensor_name]
        if not unsafe:
            value = getattr(module, tensor_name)
            _check_result(parametrization(value), value.shape, value.dtype)
        found.append(parametrization)
        found.unsafe |= unsafe
        return module
    if tensor_name not in module._buffers and tensor_name not in module._parameters:
        raise ValueError(
            f"Module '{module}' does not have a parameter, a buffer, or a parametrized element with name "
            f"'{tensor_name}'"
        )
    listed = ParametrizationList([parametrization], getattr(module, tensor_name), unsafe=unsafe)
    delattr(module, tensor_name)
    if not is_parametrized(module):
        _own_class(module)
        module.parametrizations = ModuleDict()
    setattr(type(module), tensor_name, _property(tensor_name))
    module.parametrizations[tensor_name] = listed
    return module


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Return whether a module, or one tensor of it, is parametrised.

    >>> from minitorch import nn
    >>> nn.utils.parametrize.is_parametrized(nn.Linear(2, 2))
    False
    """
    found = module._modules.get("parametrizations")
    if not isinstance(found, ModuleDict):
        return False
    return len(found) > 0 if tensor_name is None else tensor_name in found


def remove_parametrizations(module: M, tensor_name: str, leave_parametrized: bool = True) -> M:
    """Make a tensor plain again, with its parametrised value, or else its original one; return the module.

    Raises ValueError for a tensor that is not parametrised, or an original of several tensors that is to be left.

    >>> from minitorch import nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 3))
    >>> list(nn.utils.parametrize.remove_parametrizations(layer, "weight").state_dict())
    ['bias', 'weight']
    """
    if not is_parametrized(module, tensor_name):
        raise ValueError(f"Module {module} does not have a parametrization on {tensor_name}")
    listed: Any = module.parametrizations[tensor_name]
    if not listed.is_tensor and not leave_parametrized:
        raise ValueError(
            "Cannot leave unparametrized (`leave_parametrized=False`) a tensor that is parametrized in terms of a "
            "sequence of tensors."
        )
    first = listed._originals()[0]
    if leave_parametrized:
        with recording(False):
            value = getattr(module, tensor_name)
        value = value.detach().clone()
        original = Parameter(value, first.requires_grad) if isinstance(first, Parameter) else value
    else:
        original = first
    delattr(type(module), tensor_name)
    del module.parametrizations[tensor_name]
    _adopt(module, tensor_name, original)
    if not is_parametrized(module):
        delattr(module, "parametrizations")
        module.__class__ = type(module).__bases__[0]
    return module


def transfer_parametrizations_and_params(from_module: Module, to_module: M, tensor_name: str | None = None) -> M:
    """Give a module the parametrisations of another, of one tensor or of all, and their originals; return it.

    A tensor that ``to_module`` lacks is made a parameter of it first.

    >>> from minitorch import nn
    >>> one, other = nn.utils.parametrizations.weight_norm(nn.Linear(2, 3)), nn.Linear(2, 3)
    >>> _ = nn.utils.parametrize.transfer_parametrizations_and_params(one, other)
    >>> bool((one.weight == other.weight).all())
    True
    """
    if not is_parametrized(from_module):
        return to_module
    every: Any = from_module.parametrizations
    for name in list(every) if tensor_name is None else [tensor_name]:
        if not hasattr(to_module, name):
            setattr(to_module, name, Parameter(getattr(from_module, name).detach().clone()))
        for parametrization in every[name]:
            register_parametrization(to_module, name, parametrization)
        listed: Any = to_module.parametrizations[name]
        names = ["original"] if every[name].is_tensor else [f"original{i}" for i in range(every[name].ntensors)]
        for original in names:
            setattr(listed, original, getattr(every[name], original))
    return to_module


def type_before_parametrizations(module: Module) -> type:
    """Return the class that a module had before it was parametrised.

    >>> from minitorch import nn
    >>> layer = nn.utils.parametrizations.weight_norm(nn.Linear(2, 3))
    >>> nn.utils.parametrize.type_before_parametrizations(layer) is nn.Linear
    True
    """
    return type(module).__bases__[0] if is_parametrized(module) else type(module)
