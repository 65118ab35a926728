"""Saving and loading: ``state_dict``, ``load_state_dict`` and their hooks."""

from __future__ import annotations

import warnings
from collections import OrderedDict
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from ..tape import recording
from ..tensor import Tensor
from ._handles import Hook, RemovableHandle, add_hook
from ._tree import Tree
from .parameter import Parameter, is_lazy

if TYPE_CHECKING:
    from .module import Module

_EXTRA_STATE = "_extra_state"
_Backup = list[tuple[dict[str, Any], dict[str, Any], list[tuple[Tensor, Tensor]]]]


class _IncompatibleKeys(NamedTuple):
    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return f"_IncompatibleKeys(missing_keys={self.missing_keys!r}, unexpected_keys={self.unexpected_keys!r})"

    def __str__(self) -> str:
        return repr(self)


class _WithModule:
    """A hook that also receives its module; a class, because a lambda could not be pickled."""

    def __init__(self, hook: Hook, module: Any) -> None:
        self.hook, self.module = hook, module

    def __call__(self, *args: Any) -> Any:
        return self.hook(self.module, *args)


class StateDict(Tree):
    """The storey of ``Module`` that writes and reads its state."""

    _version: int = 1

    # ---- writing ------------------------------------------------------------------------------------------

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """Return the parameters and persistent buffers by path, sharing memory with the module.

        ``keep_vars=True`` gives the Parameters themselves instead of detached tensors.

        >>> from minitorch import nn
        >>> list(nn.Linear(2, 3).state_dict())
        ['weight', 'bias']
        """
        if args:
            destination, prefix, keep_vars = _positional(args, destination, prefix, keep_vars)
        if destination is None:
            destination = OrderedDict()
            destination._metadata = OrderedDict()
        metadata = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = metadata
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars)
        return self._run_state_dict_hooks(destination, prefix, metadata)

    def _run_state_dict_hooks(self, destination: Any, prefix: str, metadata: dict[str, Any]) -> Any:
        for hook in self._state_dict_hooks.values():
            result = hook(self, destination, prefix, metadata)
            if result is None:
                continue
            if getattr(hook, "_from_public_api", False):
                raise RuntimeError("state_dict post-hook must return None")
            destination = result
        return destination

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Write this module's own state (not its children's) to ``destination``."""
        for name, value in self._own_state().items():
            destination[prefix + name] = value if keep_vars else value.detach()
        if type(self).get_extra_state is not StateDict.get_extra_state:
            destination[prefix + _EXTRA_STATE] = self.get_extra_state()

    def _own_state(self) -> dict[str, Tensor]:
        state: dict[str, Tensor | None] = dict(self._parameters)
        state |= {n: b for n, b in self._buffers.items() if n not in self._non_persistent_buffers_set}
        return {name: value for name, value in state.items() if value is not None}

    def get_extra_state(self) -> Any:
        """Return state beside tensors to keep in ``state_dict``; override together with
        ``set_extra_state``.
        """
        raise RuntimeError(f"{self._get_name()} has no extra state: override get_extra_state and set_extra_state")

    def set_extra_state(self, state: Any) -> None:
        """Take back what ``get_extra_state`` returned; override together with it."""
        raise RuntimeError(f"{self._get_name()} has no extra state: override get_extra_state and set_extra_state")

    # ---- reading ------------------------------------------------------------------------------------------

    def load_state_dict(
        self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False
    ) -> _IncompatibleKeys:
        """Copy the values of ``state_dict`` into this module and those below it.

        Parameters
        ----------
        state_dict : mapping
            Tensors by path, as ``state_dict()`` gives them.
        strict : bool
            Require the same keys on both sides.
        assign : bool
            Take the given tensors themselves instead of copying their values.

        Returns
        -------
        named tuple
            ``missing_keys`` and ``unexpected_keys``.

        Raises
        ------
        RuntimeError
            For a shape that differs and, with ``strict``, for missing or unexpected keys. The module is then
            as it was before the call (torch leaves it half loaded).

        Examples
        --------
        >>> from minitorch import nn
        >>> a, b = nn.Linear(2, 3), nn.Linear(2, 3)
        >>> b.load_state_dict(a.state_dict())
        <All keys matched successfully>
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        report = _LoadReport(getattr(state_dict, "_metadata", None), assign)
        copy: Any = OrderedDict(state_dict)
        if report.metadata is not None:
            copy._metadata = report.metadata
        backup = _save_all(self, assign)
        try:
            _load_tree(cast("Module", self), copy, "", report)
            report.raise_errors(type(self).__name__, strict)
        except BaseException:
            _restore_all(backup)
            raise
        return report.keys

    def _load_from_state_dict(
        self,
        state_dict: Any,
        prefix: str,
        local_metadata: dict[str, Any],
        strict: bool,
        missing_keys: list[str],
        unexpected_keys: list[str],
        error_msgs: list[str],
    ) -> None:
        """Read this module's own state (not its children's) from ``state_dict``; append what is wrong."""
        for hook in self._load_state_dict_pre_hooks.values():
            hook(state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)
        local_state = self._own_state()
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, target in local_state.items():
            key = prefix + name
            if key in state_dict:
                self._load_one(name, key, target, state_dict[key], assign, error_msgs)
            elif strict:
                missing_keys.append(key)
        self._load_extra_state(state_dict, prefix + _EXTRA_STATE, strict, missing_keys, unexpected_keys)
        if strict:
            unexpected_keys.extend(self._unexpected(state_dict, prefix, local_state))

    def _load_one(self, name: str, key: str, target: Tensor, value: Any, assign: bool, error_msgs: list[str]) -> None:
        if not isinstance(value, Tensor):
            error_msgs.append(
                f'While copying the parameter named "{key}", expected torch.Tensor or Tensor-like object '
                f"from checkpoint but received {type(value)}"
            )
            return
        if is_lazy(target):
            target.copy_(value)
            return
        if tuple(target.shape) == () and tuple(value.shape) == (1,):
            value = value[0]  # checkpoints from before torch 0.4 have no 0-d tensors
        if target.shape != value.shape:
            error_msgs.append(
                f"size mismatch for {key}: copying a param with shape {value.shape} from checkpoint, "
                f"the shape in current model is {target.shape}."
            )
            return
        try:
            with recording(False):
                self._store(name, target, value, assign)
        except Exception as error:
            error_msgs.append(
                f'While copying the parameter named "{key}", whose dimensions in the model are '
                f"{target.size()} "
                f"and whose dimensions in the checkpoint are {value.size()}, an exception occurred : "
                f"{error.args}."
            )

    def _store(self, name: str, target: Tensor, value: Tensor, assign: bool) -> None:
        if not assign:
            target.copy_(value)
            return
        if isinstance(target, Parameter) and not isinstance(value, Parameter):
            value = Parameter(value, requires_grad=target.requires_grad)
        elif isinstance(target, Parameter):
            value.requires_grad_(target.requires_grad)
        setattr(self, name, value)

    def _unexpected(self, state_dict: Any, prefix: str, local_state: dict[str, Tensor]) -> list[str]:
        """Return the keys under ``prefix`` that belong neither to this module nor to a child."""
        unexpected = []
        for key in state_dict:
            if key.startswith(prefix) and key != prefix + _EXTRA_STATE:
                name, dot, _ = key[len(prefix) :].partition(".")
                if name not in (self._modules if dot else local_state):
                    unexpected.append(key)
        return unexpected

    def _load_extra_state(
        self, state_dict: Any, key: str, strict: bool, missing_keys: list[str], unexpected_keys: list[str]
    ) -> None:
        if type(self).set_extra_state is StateDict.set_extra_state:
            if strict and key in state_dict:
                unexpected_keys.append(key)
        elif key in state_dict:
            self.set_extra_state(state_dict[key])
        elif strict:
            missing_keys.append(key)

    # ---- hooks --------------------------------------------------------------------------------------------

    def register_state_dict_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(module, prefix, keep_vars)`` before ``state_dict`` reads this module."""
        return add_hook(self._state_dict_pre_hooks, hook)

    def register_state_dict_post_hook(self, hook: Any) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata)`` after; it changes the dict in place."""
        hook._from_public_api = True
        return add_hook(self._state_dict_hooks, hook)

    def _register_state_dict_hook(self, hook: Hook) -> RemovableHandle:
        if getattr(hook, "_from_public_api", False):
            raise RuntimeError(
                "Cannot register the same function as the state dict post hook that was "
                "previously registered via register_state_dict_post_hook"
            )
        return add_hook(self._state_dict_hooks, hook)

    def register_load_state_dict_pre_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(module, state_dict, prefix, local_metadata, strict, missing, unexpected, errors)``
        before.
        """
        return self._register_load_state_dict_pre_hook(hook, with_module=True)

    def _register_load_state_dict_pre_hook(self, hook: Hook, with_module: bool = False) -> RemovableHandle:
        return add_hook(self._load_state_dict_pre_hooks, _WithModule(hook, self) if with_module else hook)

    def register_load_state_dict_post_hook(self, hook: Hook) -> RemovableHandle:
        """Call ``hook(module, incompatible_keys)`` after loading; it may edit the keys in place."""
        return add_hook(self._load_state_dict_post_hooks, hook)


class _LoadReport:
    """What one ``load_state_dict`` call has found wrong so far."""

    def __init__(self, metadata: Any, assign: bool) -> None:
        self.metadata, self.assign = metadata, assign
        self.keys = _IncompatibleKeys([], [])
        self.errors: list[str] = []

    def metadata_at(self, prefix: str) -> dict[str, Any]:
        local = {} if self.metadata is None else dict(self.metadata.get(prefix[:-1], {}))
        return local | {"assign_to_params_buffers": True} if self.assign else local

    def raise_errors(self, model: str, strict: bool) -> None:
        errors = list(self.errors)
        if strict:
            for kind, keys in (
                ("Unexpected", self.keys.unexpected_keys),
                ("Missing", self.keys.missing_keys),
            ):
                if keys:
                    quoted = ", ".join(f'"{key}"' for key in keys)
                    errors.insert(0, f"{kind} key(s) in state_dict: {quoted}. ")
        if errors:
            raise RuntimeError(f"Error(s) in loading state_dict for {model}:\n\t" + "\n\t".join(errors))


def _load_tree(module: Module, state_dict: Any, prefix: str, report: _LoadReport) -> None:
    missing, unexpected = report.keys
    local = report.metadata_at(prefix)
    module._load_from_state_dict(state_dict, prefix, local, True, missing, unexpected, report.errors)
    for name, child in module._modules.items():
        if child is not None:
            below = f"{prefix}{name}."
            part = OrderedDict((key, value) for key, value in state_dict.items() if key.startswith(below))
            _load_tree(child, part, below, report)
    for hook in module._load_state_dict_post_hooks.values():
        if hook(module, report.keys) is not None:
            raise AssertionError(
                "Hooks registered with ``register_load_state_dict_post_hook`` are not expected to return new "
                "values, if incompatible_keys need to be modified, it should be done inplace."
            )


def _save_all(module: StateDict, assign: bool) -> _Backup:
    """Return each module's tables and the old values, so that a failed load can be undone."""
    backup: _Backup = []
    for _, part in module.named_modules():
        written = [] if assign else [t for t in part._own_state().values() if not is_lazy(t)]
        values = [(t, t.detach().clone()) for t in written]
        backup.append((part.__dict__, {k: dict(part.__dict__[k]) for k in ("_parameters", "_buffers")}, values))
    return backup


def _restore_all(backup: _Backup) -> None:
    with recording(False):
        for own, tables, values in backup:
            for key, table in tables.items():
                own[key].clear()
                own[key].update(table)
            for target, old in values:
                target.copy_(old)


def _positional(args: Any, destination: Any, prefix: str, keep_vars: bool) -> tuple[Any, str, bool]:
    warnings.warn(
        "Positional args are being deprecated, use kwargs instead: state_dict(destination=, prefix=, keep_vars=).",
        FutureWarning,
        stacklevel=3,
    )
    given = [*args, None, None, None][:3]
    destination = given[0] if destination is None else destination
    return destination, prefix or given[1] or "", keep_vars or bool(given[2])
