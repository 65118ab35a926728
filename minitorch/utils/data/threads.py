"""Workers that are threads: nothing is copied between processes, which pays for datasets that release the GIL."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

from .processes import WorkerIterator
from .worker import WorkerInfo, serve, set_info

__all__ = ["ThreadIterator"]

_PATIENCE = 5.0  # seconds that a worker has to leave when it is told to


class _Thread:
    """A worker thread and its queue of tasks."""

    def __init__(self, info: WorkerInfo, results: Any, make_fetcher: Callable[[], Any], init: Any) -> None:
        self.active = True
        self._tasks: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._over = threading.Event()
        self._results = results
        self._thread = threading.Thread(target=self._work, args=(info, make_fetcher, init), daemon=True)
        self._thread.start()

    def _work(self, info: WorkerInfo, make_fetcher: Callable[[], Any], init: Any) -> None:
        set_info(info)
        where = f"in DataLoader worker thread {info.id}"
        serve(
            self._next,
            lambda number, result: self._results.put((number, result, self)),
            info,
            make_fetcher,
            init,
            where,
        )

    def _next(self) -> Any:
        task = self._tasks.get()
        return None if self._over.is_set() else task

    def give(self, task: Any) -> None:
        self._tasks.put(task)

    def stop(self) -> None:
        self._over.set()
        self._tasks.put(None)

    def join(self) -> None:
        self._thread.join(_PATIENCE)


class ThreadIterator(WorkerIterator):
    """Loads in worker threads, in the same order as in processes; they share the main thread's random stream."""

    def _start(self, info: WorkerInfo) -> Any:
        self._results: queue.SimpleQueue[Any] = self.__dict__.get("_results") or queue.SimpleQueue()
        return _Thread(info, self._results, self.loader.fetcher, self.loader.worker_init_fn)

    def _receive(self) -> tuple[int, Any, Any]:
        try:
            number, batch, worker = self._results.get(timeout=self.loader.timeout or None)
        except queue.Empty:
            raise RuntimeError(f"DataLoader timed out after {self.loader.timeout} seconds") from None
        self._owner.pop(number, None)
        return number, batch, worker
