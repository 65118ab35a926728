"""Starts a process for each library, and has them measure the same case in turns."""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, NamedTuple, cast

from .library import THREAD_VARIABLES

__all__ = ["DISTURBED", "Crashed", "Subject", "WorkerProcess", "subjects_of", "workers_for"]

ROOT = Path(__file__).resolve().parent.parent
DISTURBED = 0.15  # a control that is slower by this share means that something else is running
PATIENCE = 900.0  # seconds for an answer: a first call may compile, but nothing takes this long


class Crashed(Exception):
    """A worker ended, or fell silent."""


class Subject(NamedTuple):
    """Who is measured: a library and the memory order of what it is given."""

    library: str
    layout: str

    def __str__(self) -> str:
        return f"{self.library} {self.layout}"


def subjects_of(libraries: Sequence[str], layouts: Sequence[str]) -> list[Subject]:
    """Return every library in every layout, the reference for answers first."""
    return [Subject(library, layout) for library in reversed(libraries) for layout in layouts]


class WorkerProcess:
    """The other end of `bench.worker`; starts again by itself after a crash."""

    def __init__(self, library: str, python: str, threads: int) -> None:
        self.library, self.python, self.threads = library, python, threads
        self.process: subprocess.Popen[str] | None = None
        self.lines: queue.Queue[str] = queue.Queue()
        self.quiet = float("inf")  # the least time of its control so far: what an undisturbed machine takes

    def settle(self, attempts: int = 5) -> None:
        """Wait a little for a moment in which the control runs about as fast as it ever did."""
        for _ in range(attempts):
            control = self.ask("control")["control"]
            self.quiet = min(self.quiet, control)
            if control < (1 + DISTURBED) * self.quiet:
                return
            time.sleep(0.03)

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Send a request and return its answer.

        Raises
        ------
        Crashed
            If the process ends or says nothing for `PATIENCE` seconds.
        """
        process = self.process or self._start()
        try:
            requests = cast(IO[str], process.stdin)
            requests.write(json.dumps({"do": do, **arguments}) + "\n")
            requests.flush()
            line = self.lines.get(timeout=PATIENCE)
        except (OSError, queue.Empty):
            line = ""
        if not line:
            raise Crashed(f"{self.library}'s process ended or hung (exit status {self.stop()})")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _start(self) -> subprocess.Popen[str]:
        command = [self.python, "-m", "bench.worker", self.library, str(self.threads)]
        environment = os.environ | {name: str(self.threads) for name in THREAD_VARIABLES}
        self.process = subprocess.Popen(
            command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.lines = queue.Queue()
        threading.Thread(target=_pump, args=(cast(IO[str], self.process.stdout), self.lines), daemon=True).start()
        return self.process

    def stop(self) -> int | None:
        """End the process and return its exit status."""
        process, self.process = self.process, None
        if process is None:
            return None
        with suppress(OSError):  # what was not read any more
            cast(IO[str], process.stdin).close()
        try:
            return process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def _pump(source: IO[str], lines: queue.Queue[str]) -> None:
    """Move lines into a queue, and an empty one at the end, so that a reader can wait with a limit."""
    with source:
        for line in source:
            lines.put(line)
    lines.put("")


def workers_for(torch: str | None, threads: int) -> dict[str, WorkerProcess]:
    """Return the processes of a run (started on first use): minitorch's and, given an interpreter, torch's."""
    found = {"minitorch": WorkerProcess("minitorch", sys.executable, threads)}
    if torch is not None:
        found["torch"] = WorkerProcess("torch", torch, threads)
    return found
