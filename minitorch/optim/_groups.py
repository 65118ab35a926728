"""Parameter groups: what users pass as ``params``, checked and normalised."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from typing import Any

from ..tensor import Tensor

__all__ = ["Group", "as_groups", "checked", "required", "typename"]

Group = dict[str, Any]


class _Required:
    """The default of an option that every group has to give."""

    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()


def typename(value: object) -> str:
    """Return a value's type as torch's messages name it: ``torch.FloatTensor``, ``int``, ``pkg.Class``."""
    if isinstance(value, Tensor):
        return str(value.type())
    cls = value if isinstance(value, type) else type(value)
    return cls.__qualname__ if cls.__module__ == "builtins" else f"{cls.__module__}.{cls.__qualname__}"


def as_groups(params: Any) -> list[Group]:
    """Return the groups in an optimizer's ``params`` argument; ValueError if it is empty."""
    if isinstance(params, Tensor):
        raise TypeError(
            "params argument given to the optimizer should be an iterable of Tensors or dicts, but got "
            + typename(params)
        )
    groups = list(params)
    if not groups:
        raise ValueError("optimizer got an empty parameter list")
    return groups if isinstance(groups[0], dict) else [{"params": groups}]


def checked(group: Group, defaults: dict[str, Any], others: list[Group]) -> dict[str, Any]:
    """Return what has to be set in ``group`` to make it whole; raises before anything is changed.

    TypeError for what is not a Tensor; ValueError for tensors that cannot be optimized, names that are given
    for some parameters only, missing options and parameters of ``others``.
    """
    names, tensors = _split_names(_listed(group["params"]))
    for tensor in tensors:
        _check_tensor(tensor, bool(defaults.get("differentiable")))
    news: dict[str, Any] = {"params": tensors}
    if names:
        news["param_names"] = names
    for name, default in defaults.items():
        if default is required and name not in group:
            raise ValueError(f"parameter group didn't specify a value of required optimization parameter {name}")
        news.setdefault(name, group.get(name, default))
    _check_unique(tensors, "param_names" in news or "param_names" in group, others)
    return news


def _listed(params: Any) -> list[Any]:
    if isinstance(params, Tensor):
        return [params]
    if isinstance(params, set):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of tensors "
            "in sets will change between runs. Please use a list instead."
        )
    return list(params)


def _split_names(params: Iterable[Any]) -> tuple[list[str], list[Any]]:
    names: list[str] = []
    tensors: list[Any] = []
    for item in params:
        if isinstance(item, tuple):
            names.append(item[0])
            item = item[1]
        tensors.append(item)
    if names and len(names) != len(tensors):
        raise ValueError("all optimizer params should be with/without names. Some param names are missing")
    return names, tensors


def _check_tensor(tensor: Any, differentiable: bool) -> None:
    if not isinstance(tensor, Tensor):
        raise TypeError("optimizer can only optimize Tensors, but one of the params is " + typename(tensor))
    if not differentiable and not (tensor.is_leaf or tensor.retains_grad):
        raise ValueError("can't optimize a non-leaf Tensor")


def _check_unique(tensors: list[Tensor], named: bool, others: list[Group]) -> None:
    mine = {id(tensor) for tensor in tensors}
    if len(mine) != len(tensors):
        warnings.warn(
            "optimizer contains a parameter group with duplicate parameters; in future, this will cause an "
            "error; see github.com/pytorch/pytorch/issues/40967 for more information",
            stacklevel=5,
        )
    for other in others:
        if named != ("param_names" in other):
            raise ValueError(
                "all optimizer param groups should be with/without names. cannot add param group "
                f"{'with' if named else 'without'} names to the optimizer"
            )
    if any(id(tensor) in mine for other in others for tensor in other["params"]):
        raise ValueError("some parameters appear in more than one parameter group")
