"""Optimizer state as plain data: parameters are numbers in `state_dict`, tensors again when loaded."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from copy import deepcopy
from typing import Any

from ..tensor import Tensor
from ._groups import Group

__all__ = ["pack", "unpack"]

State = dict[Any, Any]


def _numbering(groups: list[Group]) -> dict[int, int]:
    """Number the parameters in the order of the groups; one that stands twice keeps its first number."""
    numbers: dict[int, int] = {}
    start = 0
    for group in groups:
        for offset, param in enumerate(group["params"]):
            numbers.setdefault(id(param), start + offset)
        start += len(group["params"])
    return numbers


def pack(state: State, groups: list[Group]) -> dict[str, Any]:
    """Return ``{"state": {number: ...}, "param_groups": [...]}`` with torch's numbering."""
    numbers = _numbering(groups)
    packed = []
    for group in groups:
        options = {key: value for key, value in group.items() if key != "params"}
        packed.append({**options, "params": [numbers[id(param)] for param in group["params"]]})
    named = {(numbers[id(key)] if isinstance(key, Tensor) else key): value for key, value in state.items()}
    return {"state": named, "param_groups": packed}


def unpack(state_dict: dict[str, Any], groups: list[Group]) -> tuple[State, list[Group]]:
    """Return state and groups for ``groups``' parameters; ValueError if the saved groups do not fit.

    The saved data are copied, so that two optimizers never share a buffer.
    """
    saved = deepcopy(state_dict["param_groups"])
    _check_fit(saved, groups)
    params = {number: param for old, new in zip(saved, groups) for number, param in zip(old["params"], new["params"])}
    state: State = defaultdict(dict)
    for key, value in state_dict["state"].items():
        if key in params:
            state[params[key]] = _adopt(params[key], None, value)
        else:
            state[key] = value
    return state, [_with_params(old, new) for old, new in zip(saved, groups)]


def _check_fit(saved: list[Group], groups: list[Group]) -> None:
    if len(saved) != len(groups):
        raise ValueError("loaded state dict has a different number of parameter groups")
    if any(len(old["params"]) != len(new["params"]) for old, new in zip(saved, groups)):
        raise ValueError(
            "loaded state dict contains a parameter group that doesn't match the size of optimizer's group"
        )


def _with_params(saved: Group, group: Group) -> Group:
    saved["params"] = group["params"]
    if "param_names" in group:
        saved.setdefault("param_names", group["param_names"])
    return saved


def _adopt(param: Tensor, name: Any, value: Any) -> Any:
    """Copy a saved value for ``param``: buffers take its dtype, the step counter keeps its own."""
    if isinstance(value, Tensor):
        copied = value.detach().clone()
        return copied if name == "step" or not param.is_floating_point() else copied.to(param.dtype)
    if isinstance(value, dict):
        return {key: _adopt(param, key, item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, (str, bytes)):
        return type(value)(_adopt(param, None, item) for item in value)  # type: ignore[call-arg]
    return value
