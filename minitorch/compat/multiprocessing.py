"""`torch.multiprocessing`: Python's own, with `spawn`. Tensors travel by copy."""

from __future__ import annotations

import multiprocessing as _multiprocessing
from collections.abc import Callable
from typing import Any

__all__ = ["get_all_sharing_strategies", "get_sharing_strategy", "set_sharing_strategy", "spawn", "start_processes"]


class ProcessRaisedException(Exception):
    """A process ended with an error."""


def get_all_sharing_strategies() -> set[str]:
    """Return the ways in which tensors are shared between processes."""
    return {"file_descriptor", "file_system"}


def get_sharing_strategy() -> str:
    """Return the way in which tensors are shared between processes."""
    return "file_descriptor"


def set_sharing_strategy(new_strategy: str) -> None:
    """Accept a strategy: tensors travel by copy. ValueError for one that torch does not have either."""
    if new_strategy not in get_all_sharing_strategies():
        raise ValueError(f"set_sharing_strategy: {new_strategy!r} is none of {sorted(get_all_sharing_strategies())}")


def start_processes(fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True,
                    daemon: bool = False, start_method: str = "spawn") -> Any:  # fmt: skip
    """Call ``fn(i, *args)`` in ``nprocs`` processes; wait for them, or return them if not ``join``.

    ProcessRaisedException : a process ended with an error.
    """
    context = _multiprocessing.get_context(start_method)
    started: list[Any] = [context.Process(target=fn, args=(i, *args), daemon=daemon) for i in range(nprocs)]  # type: ignore[attr-defined]
    for process in started:
        process.start()
    if not join:
        return started
    for i, process in enumerate(started):
        process.join()
        if process.exitcode:
            raise ProcessRaisedException(f"process {i} terminated with exit code {process.exitcode}")
    return None


def spawn(fn: Callable[..., Any], args: tuple[Any, ...] = (), nprocs: int = 1, join: bool = True,
          daemon: bool = False, start_method: str = "spawn") -> Any:  # fmt: skip
    """Call ``fn(i, *args)`` in ``nprocs`` new processes; see `start_processes`."""
    return start_processes(fn, args, nprocs, join, daemon, start_method)


def __getattr__(name: str) -> Any:
    return getattr(_multiprocessing, name)
