"""What model code asks of torch's surroundings: `torch.distributed`, `torch.profiler`, `torch._C`.

No process group exists, nothing is profiled; the questions have torch's answers for that case.
"""

from __future__ import annotations

import contextlib
from types import ModuleType
from typing import Any

import numpy as np

from ..nn.parallel import DistributedDataParallel, no_process_group

__all__ = ["DISTRIBUTED", "config", "extension", "profiler"]


def _module(name: str, doc: str, *functions: Any) -> ModuleType:
    module = ModuleType(f"minitorch.{name}", doc)
    module.__dict__.update({fn.__name__: fn for fn in functions})
    return module


def _log_api_usage_once(event: str) -> None:
    """Do nothing: usage is not logged."""


def is_available() -> bool:
    """Return whether process groups can be made: False."""
    return False


def is_initialized() -> bool:
    """Return whether there is a process group: False."""
    return False


def _disabled_torch_function_impl(func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
    """Call the function, as a class that leaves overriding to others would."""
    return func(*args, **(kwargs or {}))


def show() -> str:
    """Return what the package stands on, line by line."""
    return f"minitorch built with:\n  - NumPy {np.__version__}\n  - no C++, MKL, OpenMP or CUDA\n"


class _Keys(type):
    def __getattr__(cls, name: str) -> str:
        if name.startswith("__"):
            raise AttributeError(name)
        return name


class DispatchKey(metaclass=_Keys):
    """The keys that torch's operations are looked up by, each its name."""


class DispatchKeySet(frozenset[str]):
    """A set of the keys that torch's operations are looked up by; nothing is looked up by them here."""

    def __new__(cls, *keys: str) -> DispatchKeySet:
        return super().__new__(cls, keys)


class ReduceOp:
    """How processes combine their tensors, by name."""

    SUM, PRODUCT, MIN, MAX, AVG = "SUM", "PRODUCT", "MIN", "MAX", "AVG"
    BAND, BOR, BXOR = "BAND", "BOR", "BXOR"


class ProcessGroup:
    """A group of processes, for `isinstance` checks: none is made."""


class DTensor:
    """A tensor spread over processes, for `isinstance` checks: none is made."""


class _Group:
    """The default group, which does not exist."""

    WORLD = None


def _get_tracing_state() -> None:
    """Return the state of the tracer: None, nothing is traced."""


class record_function(contextlib.ContextDecorator):
    """A named block that torch's profiler would show; it only runs."""

    def __init__(self, name: str, args: str | None = None) -> None:
        self.name, self.args = name, args

    def __enter__(self) -> record_function:
        return self

    def __exit__(self, *exc: object) -> None:
        return None


_COLLECTIVES = ("all_gather all_gather_into_tensor all_gather_object all_reduce all_to_all all_to_all_single barrier "
                "broadcast broadcast_object_list destroy_process_group gather gather_object get_backend get_rank "
                "get_world_size init_process_group irecv isend monitored_barrier new_group recv reduce reduce_scatter "
                "reduce_scatter_tensor scatter send")  # fmt: skip
_ABSENT = "is_available is_initialized is_mpi_available is_gloo_available is_nccl_available is_torchelastic_launched"

extension = _module(
    "_C", "The names of torch's extension module that model code asks for.", _log_api_usage_once, _get_tracing_state,
    _disabled_torch_function_impl, DispatchKey, DispatchKeySet,
)  # fmt: skip
config = _module("__config__", "How the package was built.", show)
profiler = _module("profiler", "The part of `torch.profiler` that model code uses.", record_function)
distributed = _module("distributed", "Process groups: there are none, so what needs one raises torch's error.")
distributed.__dict__.update(
    dict.fromkeys(_COLLECTIVES.split(), no_process_group), ReduceOp=ReduceOp, ProcessGroup=ProcessGroup, group=_Group
)
distributed.__dict__.update(dict.fromkeys(_ABSENT.split(), is_available), is_initialized=is_initialized)


def _collectives(name: str) -> ModuleType:
    module = _module(name, "Functions of process groups, which do not exist: they raise torch's error.")
    module.__dict__.update(dict.fromkeys(_COLLECTIVES.split(), no_process_group))
    return module


DISTRIBUTED = {
    "distributed": distributed,
    "distributed.nn": _collectives("distributed.nn"),
    "distributed.nn.functional": _collectives("distributed.nn.functional"),
    "distributed.tensor": _module("distributed.tensor", "The class of spread tensors.", DTensor),
    "distributed.distributed_c10d": distributed,
    "nn.parallel.distributed": _module("nn.parallel.distributed", "torch's path.", DistributedDataParallel),
}
