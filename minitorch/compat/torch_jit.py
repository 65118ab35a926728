"""What model code asks `torch.jit`, `torch.fx` and `torch.compiler` for: nothing is scripted, traced or compiled.

Functions stay Python functions; decorators that tell torch's compilers what to do return what they are given.
"""

from __future__ import annotations

import typing
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any, Final

from ..nn.module import Module

__all__ = ["compile", "compiler", "fx", "jit_names", "modules"]


def is_scripting() -> bool:
    """Return whether the code runs in TorchScript: False."""
    return False


def is_tracing(*args: Any) -> bool:
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


def trace(func: Any, example_inputs: Any = None, *args: Any, **kwargs: Any) -> Any:
    """Return the function or module: it runs as Python."""
    return func


class TracerWarning(Warning):
    """A warning of torch's tracer, for filters."""


class ScriptModule(Module):
    """The base class of compiled modules, which are modules as any other here."""


jit_names: dict[str, Any] = {
    "is_scripting": is_scripting, "is_tracing": is_tracing, "unused": unused, "export": unused, "ignore": ignore,
    "script": script, "script_if_tracing": unused, "_script_if_tracing": unused, "annotate": annotate,
    "Final": Final, "trace": trace, "script_method": unused, "freeze": script, "optimize_for_inference": script,
    "TracerWarning": TracerWarning, "ScriptModule": ScriptModule, "ScriptFunction": FunctionType,
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


def _mark(tensor: Any, *args: Any, **kwargs: Any) -> None:
    """Do nothing: what may change is told to a compiler."""


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


class Node:
    """A step of a symbolic trace, for `isinstance` checks."""


class Graph:
    """A symbolic trace, for `isinstance` checks."""


class GraphModule(Module):
    """A module that runs a symbolic trace, for `isinstance` checks."""


class Tracer:
    """What makes symbolic traces, as a base class; tracing raises."""

    def trace(self, root: Any, concrete_args: Any = None) -> Any:
        """Raise: nothing is traced."""
        symbolic_trace(root)


def symbolic_trace(root: Any, concrete_args: Any = None) -> Any:
    """Raise: nothing is traced."""
    raise NotImplementedError(
        f"fx.symbolic_trace of {type(root).__name__}: minitorch runs Python and has no symbolic traces; "
        "use forward hooks to look at what a module computes"
    )


class _Config(SimpleNamespace):
    """Switches of torch's compiler: any can be set and read again."""

    def patch(self, *args: Any, **kwargs: Any) -> Any:
        """Return a decorator that does nothing; there is no compiler to configure."""
        return unused


fx = _module("minitorch.fx", "The parts of `torch.fx` that model code uses.", wrap=wrap, Proxy=Proxy, Node=Node,
             Graph=Graph, GraphModule=GraphModule, Tracer=Tracer, symbolic_trace=symbolic_trace)  # fmt: skip
_COMPILER: dict[str, Any] = {
    "is_compiling": is_tracing, "is_dynamo_compiling": is_tracing, "is_exporting": is_tracing, "disable": _disable,
    "reset": _reset, "allow_in_graph": unused, "assume_constant_result": unused,
}  # fmt: skip
compiler = _module("minitorch.compiler", "The parts of `torch.compiler` that model code uses.", **_COMPILER,
                   cudagraph_mark_step_begin=_reset)  # fmt: skip
_dynamo = _module(
    "minitorch._dynamo", "The parts of torch's compiler that model code calls.", **_COMPILER, mark_dynamic=_mark,
    mark_static=_mark, mark_static_address=_mark, maybe_mark_dynamic=_mark, graph_break=_reset,
    config=_Config(cache_size_limit=8, suppress_errors=False, verbose=False, optimize_ddp=True),
    OptimizedModule=type("OptimizedModule", (Module,), {"__doc__": "A compiled module, for `isinstance` checks."}),
)  # fmt: skip
_annotations = _module("minitorch.jit.annotations", "Annotations for torch's compiler.", List=list, Tuple=tuple,
                       Dict=dict, Optional=typing.Optional, Any=Any,
                       **{f"BroadcastingList{n}": list for n in (1, 2, 3)})  # fmt: skip


def modules() -> dict[str, ModuleType]:
    """Return the modules by their names below the top package."""
    return {
        "fx": fx, "fx.node": fx, "fx.proxy": fx, "fx.graph_module": fx, "compiler": compiler, "_dynamo": _dynamo,
        "jit.annotations": _annotations,
        "_dynamo.utils": _module("minitorch._dynamo.utils", "Of torch's compiler.", is_compile_supported=is_tracing),
    }  # fmt: skip
