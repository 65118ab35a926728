"""What model code asks `torch.jit`, `torch.fx` and `torch.compiler` for: nothing is scripted, traced or compiled.

Functions stay Python functions; decorators that tell torch's compilers what to do return what they are given.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any, Final

__all__ = ["compile", "compiler", "fx", "jit_names"]


def is_scripting() -> bool:
    """Return whether the code runs in TorchScript: False."""
    return False


def is_tracing() -> bool:
    """Return whether the call is being traced: False."""
    return False


def unused(fn: Any) -> Any:
    """Return the function: there is no compiler that should leave it out."""
    return fn


def ignore(drop: Any = False, **kwargs: Any) -> Any:
    """Return the function, or with arguments a decorator that does."""
    return drop if callable(drop) else unused


def script(obj: Any, *args: Any, **kwargs: Any) -> Any:
    """Return the function, class or module, which runs as Python."""
    return obj


def annotate(the_type: Any, the_value: Any) -> Any:
    """Return the value; the type is for torch's compiler."""
    return the_value


jit_names: dict[str, Any] = {
    "is_scripting": is_scripting, "is_tracing": is_tracing, "unused": unused, "export": unused, "ignore": ignore,
    "script": script, "script_if_tracing": unused, "_script_if_tracing": unused, "annotate": annotate, "Final": Final,
    "interface": unused, "_overload_method": unused, "_overload": unused,
}  # fmt: skip


def compile(model: Any = None, *, fullgraph: bool = False, dynamic: bool | None = None, backend: Any = "inductor",
            mode: str | None = None, options: Any = None, disable: bool = False) -> Any:  # fmt: skip
    """Return the model or function as it is, or without one a decorator: kernels are compiled on first use anyway.

    Examples
    --------
    >>> import minitorch
    >>> model = minitorch.nn.Linear(2, 1)
    >>> minitorch.compile(model) is model
    True
    """
    if mode is not None and options is not None:
        raise RuntimeError("Either mode or options can be specified, but both can't be specified at the same time.")
    return unused if model is None else model


def _disable(fn: Any = None, recursive: bool = True, **kwargs: Any) -> Any:
    """Return the function, or without one a decorator that does."""
    return unused if fn is None else fn


def _reset() -> None:
    """Forget compiled code: there is none."""


def _module(name: str, doc: str, **names: Any) -> ModuleType:
    module = ModuleType(name, doc)
    module.__dict__.update(names)
    return module


class Proxy:
    """The stand-in for a value in a symbolic trace, for `isinstance` checks; nothing is traced, so none is made."""


def wrap(fn_or_name: Any) -> Any:
    """Return the function or name: there is no symbolic trace that should take it as a whole."""
    if not callable(fn_or_name) and not isinstance(fn_or_name, str):
        raise RuntimeError("Unsupported type for global function! Must be either a callable or string name")
    return fn_or_name


fx = _module("minitorch.fx", "The parts of `torch.fx` that model code uses.", wrap=wrap, Proxy=Proxy)
compiler = _module(
    "minitorch.compiler", "The parts of `torch.compiler` that model code uses.", is_compiling=is_tracing,
    is_dynamo_compiling=is_tracing, is_exporting=is_tracing, disable=_disable, reset=_reset, allow_in_graph=unused,
)  # fmt: skip
