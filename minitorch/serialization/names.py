"""What a checkpoint may name: the parts of tensors, containers and NumPy values, and classes the user listed."""

from __future__ import annotations

import builtins
from collections import Counter, OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pickle import UnpicklingError
from typing import Any

import numpy as np

from .. import dtypes
from ..device import device
from ..nn.parameter import Parameter
from ..tensor import Size, Tensor
from . import rebuild

__all__ = ["Names", "add_safe_globals", "clear_safe_globals", "get_safe_globals", "safe_globals"]

_listed: dict[str, Any] = {}


# ---- the user's list ---------------------------------------------------------------------------------------


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Let `load` make instances of these classes and call these functions: only list what you trust.

    Parameters
    ----------
    safe_globals : list
        Classes and functions, or pairs ``(class, "module.name")`` with the name that files use for it.

    Examples
    --------
    >>> import argparse, minitorch
    >>> minitorch.serialization.add_safe_globals([argparse.Namespace])
    >>> minitorch.serialization.get_safe_globals()
    [<class 'argparse.Namespace'>]
    >>> minitorch.serialization.clear_safe_globals()
    """
    _listed.update(map(_entry, safe_globals))


def get_safe_globals() -> list[Any]:
    """Return what `add_safe_globals` has listed.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.serialization.get_safe_globals()
    []
    """
    return list(_listed.values())


def clear_safe_globals() -> None:
    """Empty the list of `add_safe_globals`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.serialization.clear_safe_globals()
    """
    _listed.clear()


@contextmanager
def safe_globals(safe_globals: list[Any]) -> Iterator[None]:
    """Extend the list of `add_safe_globals` for the duration of a ``with`` block.

    Examples
    --------
    >>> import argparse
    >>> from minitorch.serialization import get_safe_globals, safe_globals
    >>> with safe_globals([argparse.Namespace]):
    ...     len(get_safe_globals())
    1
    """
    before = dict(_listed)
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        _listed.clear()
        _listed.update(before)


def _entry(listed: Any) -> tuple[str, Any]:
    if isinstance(listed, tuple):
        value, name = listed
    else:
        value, name = listed, f"{getattr(listed, '__module__', '')}.{getattr(listed, '__qualname__', '')}"
    if not callable(value) or not isinstance(name, str):
        raise TypeError(f"add_safe_globals: expected classes, functions or (class, name) pairs, got {listed!r}")
    return name, value


# ---- the table ---------------------------------------------------------------------------------------------

# Names that stand for a value, some of which may also be called to build something (_BUILDERS, by identity).
_VALUES: dict[str, Any] = {f"torch.{dtype.name}": dtype for dtype in dtypes.ALL}
_VALUES |= {f"builtins.{name}": getattr(builtins, name) for name in ("bool", "dict", "float", "int", "list", "str")}
_VALUES |= {"builtins.long": int, "builtins.unicode": str, "builtins.tuple": tuple}
_VALUES |= {f"torch.{name}": kind for name, kind in rebuild.STORAGES.items()}
_VALUES |= {f"torch.cuda.{name}": kind for name, kind in rebuild.STORAGES.items()}
_VALUES |= {f"torch.storage.{name}": kind for name, kind in rebuild.STORAGES.items()}
_VALUES |= {f"torch.{name.removesuffix('Storage')}Tensor": Tensor for name in rebuild.STORAGES}
_VALUES |= {"torch.Tensor": Tensor, "torch.nn.parameter.Parameter": Parameter, "numpy.ndarray": np.ndarray}

_FUNCTIONS: dict[str, Callable[..., Any]] = {
    f"torch._utils.{fn.__name__}": fn
    for fn in (
        rebuild._rebuild_tensor,
        rebuild._rebuild_tensor_v2,
        rebuild._rebuild_tensor_v3,
        rebuild._rebuild_parameter,
        rebuild._rebuild_parameter_with_state,
    )
}
_FUNCTIONS |= {"torch._tensor._rebuild_from_type_v2": rebuild._rebuild_from_type_v2, "torch.Size": Size,
               "torch.serialization._get_layout": rebuild.layout, "torch.device": device, "builtins.set": set,
               "builtins.frozenset": frozenset, "builtins.complex": complex, "builtins.bytearray": rebuild.byte_array,
               "collections.OrderedDict": OrderedDict, "collections.Counter": Counter, "collections.deque": deque,
               "collections.defaultdict": defaultdict, "_codecs.encode": rebuild.encoded,
               "numpy.dtype": rebuild.numpy_dtype}  # fmt: skip
for _core in ("numpy.core", "numpy._core"):
    _FUNCTIONS[f"{_core}.multiarray._reconstruct"] = rebuild.numpy_array
    _FUNCTIONS[f"{_core}.multiarray.scalar"] = rebuild.numpy_scalar
    _FUNCTIONS[f"{_core}.numeric._frombuffer"] = rebuild.numpy_from_buffer


class Names:
    """The table that one reading of a pickle uses.

    Parameters
    ----------
    admits : callable, optional
        From a module's and a class's name to a class that may be made beside those of the user's list; None
        for no.
    """

    sequences: tuple[type, ...] = (list, deque)

    def __init__(self, admits: Callable[[str, str], Any] | None = None) -> None:
        self._admits = admits
        self._trusted = {id(value): value for value in _listed.values()}
        self._builders = {id(fn): fn for fn in _FUNCTIONS.values()} | self._trusted

    def find(self, module: str, name: str) -> Any:
        """Return what a name stands for; UnpicklingError for one that is not in the table."""
        full = f"{module.replace('__builtin__', 'builtins')}.{name}"
        for table in (_listed, _FUNCTIONS, _VALUES):
            if full in table:
                return table[full]
        found = self._admits(module, name) if self._admits else None
        if found is None:
            raise UnpicklingError(_refusal(full))
        self._trusted[id(found)] = self._builders[id(found)] = found
        return found

    def call(self, function: Any, arguments: Any) -> Any:
        """Return what a function of the table makes."""
        if id(function) not in self._builders or type(arguments) is not tuple:
            raise UnpicklingError(f"calling {_name_of(function)} is not allowed in data")
        return self._builders[id(function)](*arguments)

    def new(self, kind: Any, arguments: Any) -> Any:
        """Return a new instance of a class that the user trusts, or of a container."""
        if kind is OrderedDict and not arguments:
            return OrderedDict()
        if id(kind) not in self._trusted or not isinstance(kind, type):
            raise UnpicklingError(f"making a {_name_of(kind)} is not allowed in data")
        return kind.__new__(kind, *arguments)

    def set_state(self, target: Any, state: Any) -> None:
        """Give an object the state that was saved with it."""
        kind = type(target)
        if kind in rebuild.STATES:
            rebuild.STATES[kind](target, state)
        elif id(kind) not in self._trusted:
            raise UnpicklingError(f"setting the state of a {kind.__name__} is not allowed in data")
        elif hasattr(target, "__setstate__"):
            target.__setstate__(state)
        else:
            own, slots = state if isinstance(state, tuple) and len(state) == 2 else (state, None)
            for name, value in {**(own or {}), **(slots or {})}.items():
                object.__setattr__(target, name, value)


def _name_of(value: Any) -> str:
    return str(getattr(value, "__name__", None) or type(value).__name__)


def _refusal(name: str) -> str:
    if name.startswith("torch._utils._rebuild_"):
        return f"it holds a tensor of a kind that minitorch does not have ({name})"
    return (
        f"it names {name}, which is not allowed in data. If you trust the file's source, list the class first: "
        f"minitorch.serialization.add_safe_globals([{name.rpartition('.')[2]}])"
    )
