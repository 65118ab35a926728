"""What a Module holds: registration of parameters, buffers and children, and the attribute rules."""

from __future__ import annotations

import inspect
from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from ..tensor import Tensor
from ._handles import HookTable, on_registration
from .parameter import Buffer, Parameter

if TYPE_CHECKING:
    from .module import Module

# Attributes that __init__ makes, with what makes them; __setstate__ adds those an old pickle lacks.
_FIELDS: dict[str, Any] = {
    "training": lambda: True,
    "_parameters": dict,
    "_buffers": dict,
    "_non_persistent_buffers_set": set,
    "_backward_pre_hooks": OrderedDict,
    "_backward_hooks": OrderedDict,
    "_is_full_backward_hook": lambda: None,
    "_forward_hooks": OrderedDict,
    "_forward_hooks_with_kwargs": OrderedDict,
    "_forward_hooks_always_called": OrderedDict,
    "_forward_pre_hooks": OrderedDict,
    "_forward_pre_hooks_with_kwargs": OrderedDict,
    "_state_dict_hooks": OrderedDict,
    "_state_dict_pre_hooks": OrderedDict,
    "_load_state_dict_pre_hooks": OrderedDict,
    "_load_state_dict_post_hooks": OrderedDict,
    "_modules": dict,
}
_TABLES = ("__dict__", "_parameters", "_buffers", "_modules", "_non_persistent_buffers_set")


def typename(value: object) -> str:
    """Return the name that messages give to a value's type: ``torch.FloatTensor``, ``int``, ``a.b.Class``."""
    if isinstance(value, Tensor):
        return str(value.type())
    cls = value if isinstance(value, type) else type(value)
    prefix = "" if cls.__module__ in ("builtins", "__builtin__") else cls.__module__ + "."
    return prefix + cls.__qualname__


def _takes_persistent(module: Members) -> bool:
    if type(module).register_buffer is Members.register_buffer:
        return True
    return "persistent" in inspect.signature(module.register_buffer).parameters


class Members:
    """The lowest storey of ``Module``: its tables and the rules by which attributes enter them."""

    training: bool
    call_super_init: bool = False
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Module | None]
    _non_persistent_buffers_set: set[str]
    _backward_pre_hooks: HookTable
    _backward_hooks: HookTable
    _is_full_backward_hook: bool | None
    _forward_hooks: HookTable
    _forward_hooks_with_kwargs: OrderedDict[int, bool]
    _forward_hooks_always_called: OrderedDict[int, bool]
    _forward_pre_hooks: HookTable
    _forward_pre_hooks_with_kwargs: OrderedDict[int, bool]
    _state_dict_hooks: HookTable
    _state_dict_pre_hooks: HookTable
    _load_state_dict_pre_hooks: HookTable
    _load_state_dict_post_hooks: HookTable

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not self.call_super_init:
            self._refuse_arguments(args, kwargs)
        for name, make in _FIELDS.items():
            object.__setattr__(self, name, make())
        if self.call_super_init:
            super().__init__(*args, **kwargs)

    def _refuse_arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        init = f"{type(self).__name__}.__init__()"
        if kwargs:
            raise TypeError(f"{init} got an unexpected keyword argument '{next(iter(kwargs))}'")
        if args:
            raise TypeError(f"{init} takes 1 positional argument but {len(args) + 1} were given")

    # ---- registration -------------------------------------------------------------------------------------

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a tensor that is state but not trained, such as a running mean.

        A buffer with ``persistent=False`` stays out of ``state_dict``. Raises KeyError for a bad or taken
        name, TypeError for something that is not a Tensor.

        >>> import minitorch
        >>> layer = minitorch.nn.Module()
        >>> layer.register_buffer("mean", minitorch.zeros(2))
        >>> layer.mean
        tensor([0., 0.])
        """
        self._check_new_name("buffer", name, "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{typename(tensor)}' object to buffer '{name}' (torch Tensor or None required)"
            )
        self._buffers[name] = on_registration("buffer", self, name, tensor)
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter under ``name`` (None: the name exists, without a value).

        Raises KeyError for a bad or taken name, TypeError for something that is not a Parameter.

        >>> import minitorch
        >>> layer = minitorch.nn.Module()
        >>> layer.register_parameter("bias", None)
        >>> layer.bias is None
        True
        """
        self._check_new_name("parameter", name, "_parameters")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{typename(param)}' object to parameter '{name}' (torch.nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be created "
                f"explicitly. To express '{name}' as a function of another Tensor, compute the value in the "
                "forward() method."
            )
        adopted = param if param is None else on_registration("parameter", self, name, param)
        self._parameters[name] = adopted

    def add_module(self, name: str, module: Module | None) -> None:
        """Add a child module under ``name``.

        Raises TypeError for something that is not a Module, KeyError for a bad or taken name.

        >>> from minitorch import nn
        >>> net = nn.Module()
        >>> net.add_module("fc", nn.Linear(2, 3))
        >>> net.fc
        Linear(in_features=2, out_features=3, bias=True)
        """
        if module is not None and not isinstance(module, Members):
            raise TypeError(f"{typename(module)} is not a Module subclass")
        self._check_new_name("module", name, "_modules")
        self._modules[name] = on_registration("module", self, name, module)

    def register_module(self, name: str, module: Module | None) -> None:
        """Add a child module under ``name``: another name of ``add_module``."""
        self.add_module(name, module)

    def _check_new_name(self, kind: str, name: str, table: str) -> None:
        if table not in self.__dict__:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{kind} name should be a string. Got {typename(name)}")
        if "." in name:
            raise KeyError(f'{kind} name can\'t contain "."' + (f", got: {name}" if kind == "module" else ""))
        if name == "":
            raise KeyError(f'{kind} name can\'t be empty string ""')
        if hasattr(self, name) and name not in self.__dict__[table]:
            raise KeyError(f"attribute '{name}' already exists")

    # ---- attributes ---------------------------------------------------------------------------------------

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if isinstance(value, Parameter):
            self._make_room("parameters", name, "_parameters")
            self.register_parameter(name, value)
        elif name in own.get("_parameters", ()):
            self._require_none(value, f"parameter '{name}' (torch.nn.Parameter")
            self.register_parameter(name, None)
        elif isinstance(value, Members):
            self._make_room("module", name, "_modules")
            self._modules[name] = on_registration("module", self, name, value)
        elif name in own.get("_modules", ()):
            self._require_none(value, f"child module '{name}' (torch.nn.Module")
            self._modules[name] = on_registration("module", self, name, None)
        elif isinstance(value, Buffer) or name in own.get("_buffers", ()):
            self._set_buffer(name, value)
        else:
            super().__setattr__(name, value)

    def _make_room(self, kind: str, name: str, table: str) -> None:
        """Take ``name`` out of every table but ``table``."""
        own = self.__dict__
        if table not in own:
            raise AttributeError(f"cannot assign {kind} before Module.__init__() call")
        for other in _TABLES:
            if other == "__dict__":
                own.pop(name, None)
            elif other == "_non_persistent_buffers_set":
                own[other].discard(name)
            elif other != table:
                own[other].pop(name, None)

    def _require_none(self, value: Any, place: str) -> None:
        if value is not None:
            raise TypeError(f"cannot assign '{typename(value)}' as {place} or None expected)")

    def _set_buffer(self, name: str, value: Any) -> None:
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(
                f"cannot assign '{typename(value)}' as buffer '{name}' (torch.nn.Buffer, torch.Tensor or None expected)"
            )
        if isinstance(value, Buffer):
            persistent = value.persistent
        else:
            persistent = name not in self._non_persistent_buffers_set
        if _takes_persistent(self):
            self.register_buffer(name, value, persistent)
        elif persistent:
            self.register_buffer(name, value)
        else:
            raise RuntimeError(
                "Registering a non-persistent buffer on a Module subclass that implements register_buffer() "
                "without the persistent argument is not allowed."
            )

    def __getattr__(self, name: str) -> Any:
        # Called for every `self.weight`: written out, because a loop over the tables takes twice as long.
        own = self.__dict__
        if "_parameters" in own and name in own["_parameters"]:
            return own["_parameters"][name]
        if "_buffers" in own and name in own["_buffers"]:
            return own["_buffers"][name]
        if "_modules" in own and name in own["_modules"]:
            return own["_modules"][name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __delattr__(self, name: str) -> None:
        for table in (self._parameters, self._buffers, self._modules):
            if name in table:
                del table[name]
                if table is self._buffers:
                    self._non_persistent_buffers_set.discard(name)
                return
        super().__delattr__(name)

    def __dir__(self) -> list[str]:
        keys = [*dir(type(self)), *self.__dict__, *self._parameters, *self._modules, *self._buffers]
        return sorted(key for key in keys if not key[0].isdigit())

    # ---- copying ------------------------------------------------------------------------------------------

    def __getstate__(self) -> dict[str, Any]:
        return {key: value for key, value in self.__dict__.items() if key != "_compiled_call_impl"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        for name, make in _FIELDS.items():
            if name not in self.__dict__:
                object.__setattr__(self, name, make())
