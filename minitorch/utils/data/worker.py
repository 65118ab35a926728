"""The worker's side of a loader with processes: take tasks, fetch batches, send them back.

Tasks and results travel through two pipes that only this worker uses, so a worker that is killed can leave no
lock behind.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import queue
import random
import signal
import sys
import threading
import traceback
import weakref
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ...jit import set_num_threads
from ...random import manual_seed
from .transport import Arena, receive, send

__all__ = ["Ended", "Failure", "WorkerInfo", "get_worker_info", "main_ends", "serve", "set_info", "work"]

# The main process's ends of all pipes. A fork inherits them, and a pipe whose other end is still open somewhere
# neither ends nor breaks.
main_ends: weakref.WeakSet[Any] = weakref.WeakSet()

_CHECK = 2.0  # seconds between looks at whether the main process is still there


@dataclass(frozen=True)
class WorkerInfo:
    """What a worker process is told about itself: its number, the number of workers, its seed, its dataset."""

    id: int
    num_workers: int
    seed: int
    dataset: Any


_info: WorkerInfo | None = None
_of_thread = threading.local()


def set_info(info: WorkerInfo) -> None:
    """Make `get_worker_info` answer with ``info`` in this thread."""
    _of_thread.info = info


def get_worker_info() -> WorkerInfo | None:
    """Return ``id``, ``num_workers``, ``seed`` and ``dataset`` in a loader's worker; None elsewhere.

    Examples
    --------
    >>> from minitorch.utils.data import get_worker_info
    >>> get_worker_info() is None
    True
    """
    return getattr(_of_thread, "info", _info)


class Ended:
    """Sent instead of a batch when a worker's copy of an iterable dataset has ended."""


class Failure:
    """An exception with its traceback as text, since neither travels between processes as it is."""

    def __init__(self, where: str) -> None:
        kind: Any = sys.exc_info()[0]
        self.kind = kind if _travels(kind) else RuntimeError
        self.text = f"Caught {kind.__name__} {where}.\nOriginal {traceback.format_exc()}"

    def reraise(self) -> None:
        """Raise the exception again, its text the worker's traceback."""
        if self.kind is KeyError:
            raise KeyError(_Text(self.text))
        try:
            error = self.kind(self.text)
        except Exception:
            raise RuntimeError(self.text) from None
        raise error


def _travels(kind: Any) -> bool:
    """Whether another process can find a class: those defined inside functions are not found."""
    try:
        return pickle.loads(pickle.dumps(kind)) is kind
    except Exception:
        return False


class _Text(str):
    """Text that a KeyError, which shows its argument's repr, shows with its line breaks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


# ---------------------------------------------------------------- the worker


def _listen(tasks: Any, inbox: queue.SimpleQueue[Any], parent: int) -> None:
    """Move tasks into the worker's own queue, so that the main process never waits; leave when it is gone."""
    try:
        while True:
            while not tasks.poll(_CHECK):
                if os.getppid() != parent:
                    os._exit(1)
            task = receive(tasks)
            inbox.put(task)
            if task is None:
                return
    except (EOFError, OSError):
        os._exit(1)


def _prepare(info: WorkerInfo) -> None:
    """Seed every generator as torch seeds its workers'; compute on one thread, since the workers share the cores."""
    global _info
    _info = info
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the main process's, which then stops the workers
    set_num_threads(1)
    random.seed(info.seed)
    manual_seed(info.seed)
    base = info.seed - info.id
    np.random.seed(np.random.SeedSequence([info.id, base & 0xFFFFFFFF, base >> 32, 0]).generate_state(4))


def work(
    tasks: Any,
    results: Any,
    arena: Arena | None,
    info: WorkerInfo,
    make_fetcher: Callable[[], Any],
    init: Callable[[int], None] | None,
    parent: int,
) -> None:
    """Run a worker process until it is told to stop."""
    for end in list(main_ends):
        end.close()
    inbox: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(tasks, inbox, parent), daemon=True).start()
    _prepare(info)
    where = f"in DataLoader worker process {info.id}"
    with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # the main process has had enough
        reply = partial(_reply, results, arena, where)
        serve(inbox.get, reply, info, make_fetcher, init, where)


def serve(
    take: Callable[[], Any],
    reply: Callable[[int, Any], None],
    info: WorkerInfo,
    make_fetcher: Callable[[], Any],
    init: Callable[[int], None] | None,
    where: str,
) -> None:
    """Do tasks until there is None: ``(number, index)`` asks for a batch, "renew" begins an epoch."""
    fetch, trouble = _started(make_fetcher, init, info.id, where)
    while (task := take()) is not None:
        if task == "renew":
            fetch, trouble = _started(make_fetcher, None, info.id, where)
        elif fetch is not None or trouble is not None:
            number, index = task
            result, trouble = (trouble, None) if trouble else (_fetched(fetch, index, where), None)
            if isinstance(result, Ended):
                fetch = None
            reply(number, result)


def _started(make_fetcher: Any, init: Any, number: int, where: str) -> tuple[Any, Failure | None]:
    """Return the fetcher, or what went wrong on the way to it."""
    try:
        if init is not None:
            init(number)
        return make_fetcher(), None
    except Exception:
        return None, Failure(where)


def _fetched(fetch: Any, index: Any, where: str) -> Any:
    try:
        return fetch(index)
    except StopIteration:
        return Ended()
    except Exception:
        return Failure(where)


def _reply(results: Any, arena: Arena | None, where: str, number: int, result: Any) -> None:
    try:
        send(results, (number, result), arena)
    except (BrokenPipeError, ConnectionResetError):
        raise
    except Exception:  # a batch that cannot be pickled
        send(results, (number, Failure(where)))
