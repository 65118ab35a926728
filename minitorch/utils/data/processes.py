"""The main process's side of a loader with workers: hand out tasks, put batches back in order, notice deaths."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import warnings
from collections import deque
from collections.abc import Callable
from multiprocessing.connection import wait
from typing import Any, NoReturn

from .iterators import LoaderIterator
from .transport import arena, receive, send
from .worker import Ended, Failure, WorkerInfo, main_ends, work

__all__ = ["WorkerIterator"]

_PATIENCE = 5.0  # seconds that a worker has to leave when it is told to


class _Worker:
    """A worker process, the main process's ends of its pipes, and the memory through which its batches come."""

    def __init__(self, context: Any, info: WorkerInfo, make_fetcher: Callable[[], Any], init: Any, ahead: int) -> None:
        self.arena = arena(ahead)
        tasks, self.tasks = context.Pipe(duplex=False)
        self.results, results = context.Pipe(duplex=False)
        main_ends.update((self.tasks, self.results))
        self.active = True
        arguments = (tasks, results, self.arena, info, make_fetcher, init, os.getpid())
        self.process = context.Process(target=work, args=arguments, daemon=True)
        with warnings.catch_warnings():
            # Python warns of forks beside threads; the worker computes on one thread and takes no lock of others.
            warnings.simplefilter("ignore", DeprecationWarning)
            self.process.start()
        tasks.close()
        results.close()

    def give(self, task: Any) -> None:
        send(self.tasks, task)

    def stop(self) -> None:
        with contextlib.suppress(OSError):
            self.give(None)
        self.results.close()  # ends a worker that is still sending

    def join(self) -> None:
        self.process.join(_PATIENCE)
        if self.process.is_alive():
            self.process.terminate()
            self.process.join()
        self.tasks.close()
        if self.arena is not None:
            self.arena.close()


class WorkerIterator(LoaderIterator):
    """Loads in worker processes. The order of batches, `in_order`, is the sampler's, whoever is faster."""

    def __init__(self, loader: Any) -> None:
        super().__init__(loader)
        self._pid = os.getpid()
        self._workers: list[Any] = []
        for number in range(loader.num_workers):
            info = WorkerInfo(number, loader.num_workers, self._base_seed + number, loader.dataset)
            self._workers.append(self._start(info))
        self._begin()

    def _start(self, info: WorkerInfo) -> Any:
        loader = self.loader
        context = loader.multiprocessing_context or multiprocessing.get_context()
        return _Worker(context, info, loader.fetcher, loader.worker_init_fn, self._ahead)

    @property
    def _ahead(self) -> int:
        """The number of tasks that are out at the same time."""
        return max(1, int(self.loader.prefetch_factor * self.loader.num_workers))

    def _begin(self) -> None:
        self._order: deque[int] = deque()  # numbers of the tasks that are out, in the sampler's order
        self._owner: dict[int, Any] = {}
        self._done: dict[int, Any] = {}
        self._count = 0
        self._turn = 0
        for _ in range(self._ahead):
            self._assign()

    def renew(self) -> None:
        """Begin an epoch with workers that are there already."""
        while self._owner:  # batches of an epoch that was left early
            self._receive()
        for worker in self._workers:
            worker.active = True
            worker.give("renew")
        self._indices = iter(self.loader._index_sampler)
        self._yielded = 0
        self._begin()

    def _assign(self, to: Any = None) -> None:
        """Send the next task, to the worker whose turn it is."""
        worker = to if to is not None and to.active else self._next_worker()
        if worker is None:
            return
        try:
            index = next(self._indices)
        except StopIteration:
            return
        try:
            worker.give((self._count, index))
        except OSError:
            self._give_up([worker])
        self._order.append(self._count)
        self._owner[self._count] = worker
        self._count += 1

    def _next_worker(self) -> Any:
        for _ in self._workers:
            worker = self._workers[self._turn % len(self._workers)]
            self._turn += 1
            if worker.active:
                return worker
        return None

    def _next_batch(self) -> Any:
        while True:
            if not self._order:
                self._finish()
                raise StopIteration
            if self._order[0] in self._done:
                batch = self._done.pop(self._order.popleft())
                self._assign()
                return self._opened(batch)
            number, batch, worker = self._receive()
            if isinstance(batch, Ended):
                self._retire(worker)
            elif self.loader.in_order:
                self._done[number] = batch
            else:
                self._order.remove(number)
                self._assign(worker)
                return self._opened(batch)

    def _opened(self, batch: Any) -> Any:
        if isinstance(batch, Failure):
            batch.reraise()
        return batch

    def _retire(self, worker: Any) -> None:
        """Expect nothing more of a worker whose dataset has ended."""
        worker.active = False
        for number in [number for number, owner in self._owner.items() if owner is worker]:
            del self._owner[number]
            self._order.remove(number)
        self._order = deque(number for number in self._order if number in self._owner or number in self._done)
        self._assign()

    def _receive(self) -> tuple[int, Any, Any]:
        """Wait for the next result of any worker."""
        owners: dict[Any, _Worker] = {worker.results: worker for worker in self._workers}
        sentinels: dict[Any, _Worker] = {worker.process.sentinel: worker for worker in self._workers}
        ready = wait([*owners, *sentinels], self.loader.timeout or None)
        if not ready:
            raise RuntimeError(f"DataLoader timed out after {self.loader.timeout} seconds")
        for pipe in [pipe for pipe in ready if pipe in owners]:  # before deaths: results sent first still count
            try:
                number, batch = receive(pipe, owners[pipe].arena)
            except (EOFError, OSError):
                self._give_up([owners[pipe]])
            self._owner.pop(number, None)
            return number, batch, owners[pipe]
        self._give_up([sentinels[sentinel] for sentinel in ready])

    def _give_up(self, dead: list[_Worker]) -> NoReturn:
        for worker in dead:
            worker.process.join(_PATIENCE)
        names = ", ".join(str(worker.process.pid) for worker in dead)
        codes = ", ".join(str(worker.process.exitcode) for worker in dead)
        self.shutdown()
        raise RuntimeError(f"DataLoader worker (pid(s) {names}) exited unexpectedly (exit code {codes})")

    def _finish(self) -> None:
        if not self.loader.persistent_workers:
            self.shutdown()

    def shutdown(self) -> None:
        """Stop all workers and wait until they are gone."""
        if self._pid != os.getpid():
            return  # a worker that was forked with a copy of this iterator
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.stop()
        for worker in workers:
            worker.join()

    def __del__(self) -> None:
        if getattr(self, "_workers", None):
            self.shutdown()
