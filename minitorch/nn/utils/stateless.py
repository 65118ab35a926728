"""Calling a Module with other parameters and buffers than its own."""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

from ...tensor import Tensor
from ..module import Module

__all__ = ["functional_call"]


def functional_call(
    module: Module,
    parameters_and_buffers: dict[str, Tensor],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Call a module with these parameters and buffers instead of its own; deprecated in torch for `func`'s.

    Examples
    --------
    >>> import minitorch, warnings
    >>> layer = minitorch.nn.Linear(2, 1, bias=False)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore")
    ...     functional_call(layer, {"weight": minitorch.ones(1, 2)}, minitorch.ones(2))
    tensor([2.])
    """
    warnings.warn(
        "`torch.nn.utils.stateless.functional_call` is deprecated as of PyTorch 2.0. Please use "
        "`torch.func.functional_call` instead which is a drop-in replacement.",
        FutureWarning,
        stacklevel=2,
    )
    return called(module, parameters_and_buffers, args, kwargs, tie_weights=tie_weights, strict=strict)


def called(
    module: Module,
    parameter_and_buffer_dicts: dict[str, Tensor] | Sequence[dict[str, Tensor]],
    args: Any = None,
    kwargs: dict[str, Any] | None = None,
    *,
    tie_weights: bool = True,
    strict: bool = False,
) -> Any:
    """Return ``module(*args, **kwargs)`` computed with the given parameters and buffers in the place of its own.

    Parameters
    ----------
    parameter_and_buffer_dicts : full names and tensors, in one dictionary or several.
    args : the positional arguments: a tuple, or a single one.
    tie_weights : a tensor stands in for all names that share one parameter in the module.
    strict : all parameters and buffers must be given, and no others.

    Raises
    ------
    ValueError : a name given twice. TypeError : a value that is no tensor. AttributeError : a name of no submodule.
    RuntimeError : names that are missing or not expected, if ``strict``.

    Examples
    --------
    >>> import minitorch
    >>> layer = minitorch.nn.Linear(2, 1, bias=False)
    >>> minitorch.func.functional_call(layer, {"weight": minitorch.ones(1, 2)}, minitorch.ones(2))
    tensor([2.])
    """
    given = _merged(parameter_and_buffer_dicts)
    tensors = _tied(module, given) if tie_weights else given
    _check(module, tensors, strict)
    positional = () if args is None else args if isinstance(args, tuple) else (args,)
    with _swapped(module, tensors):
        result = module(*positional, **(kwargs or {}))
        for names in [parameter_and_buffer_dicts] if isinstance(parameter_and_buffer_dicts, dict) else []:
            names.update({name: _get(module, name) for name in names})
    return result


def _merged(dicts: Any) -> dict[str, Tensor]:
    if isinstance(dicts, dict):
        return dicts
    if not isinstance(dicts, (list, tuple)):
        raise ValueError(
            f"Expected parameter_and_buffer_dicts to be a dict, or a list/tuple of dicts, but got {type(dicts)}"
        )
    if not all(isinstance(d, dict) for d in dicts):
        raise ValueError("Expected all elements of parameter_and_buffer_dicts to be dictionaries")
    names = [name for d in dicts for name in d]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"{twice} appeared in multiple dictionaries; behavior of functional call is ambiguous")
    return {name: tensor for d in dicts for name, tensor in d.items()}


def _own(module: Module) -> dict[str, Any]:
    """Return all parameters and buffers by all of their names."""
    return dict([*module.named_parameters(remove_duplicate=False), *module.named_buffers(remove_duplicate=False)])


def _tied(module: Module, given: dict[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors under every name that shares a parameter with one that was given."""
    families: dict[int, list[str]] = {}
    for name, tensor in _own(module).items():
        families.setdefault(id(tensor), []).append(name)
    found = dict(given)
    for names in families.values():
        present = [name for name in names if name in given]
        if len({id(given[name]) for name in present}) > 1:
            raise ValueError(
                f"functional_call got multiple values for keys {sorted(present)}, which are tied. Consider using "
                "tie_weights=False"
            )
        if present:
            found.update(dict.fromkeys(names, given[present[0]]))
    return found


def _check(module: Module, tensors: dict[str, Any], strict: bool) -> None:
    for value in tensors.values():
        if not isinstance(value, Tensor):
            raise TypeError(f"{value} is not an instance of torch.Tensor")
    own = _own(module)
    unexpected, missing = sorted(tensors.keys() - own.keys()), sorted(own.keys() - tensors.keys())
    lines = [f"\n\t{what} key(s): {', '.join(map(repr, names))}."
             for what, names in (("Unexpected", unexpected), ("Missing", missing)) if names]  # fmt: skip
    if strict and lines:
        raise RuntimeError(f"Error(s) in reparametrizing for {type(module).__name__}:{''.join(lines)}")


def _home(module: Module, name: str) -> tuple[Module, str]:
    *path, last = name.split(".")
    for part in path:
        if part not in module._modules:
            raise AttributeError(f"{type(module).__name__} has no attribute `{part}`")
        module = module._modules[part]  # type: ignore[assignment]
    return module, last


def _get(module: Module, name: str) -> Any:
    home, last = _home(module, name)
    return home.__dict__[last] if last in home.__dict__ else getattr(home, last)


def _table(home: Any, name: str) -> dict[str, Any]:
    return next((t for t in (home._parameters, home._buffers) if name in t), home.__dict__)


@contextlib.contextmanager
def _swapped(module: Module, tensors: dict[str, Tensor]) -> Iterator[None]:
    """Put tensors in the place of a module's own for a block."""
    places = [(*_home(module, name), tensor) for name, tensor in tensors.items()]
    tables = [_table(home, name) for home, name, _ in places]
    before = [table.get(name, places) for table, (_, name, _) in zip(tables, places)]  # `places`: there is none
    try:
        for table, (_, name, tensor) in zip(tables, places):
            table[name] = tensor
        yield
    finally:
        for table, old, (_, name, _) in zip(tables, before, places):
            if old is places:
                table.pop(name, None)
            else:
                table[name] = old
