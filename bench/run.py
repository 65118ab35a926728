"""One case after the other: prepared by every library, answers compared, then timed in interleaved rounds."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import answers
from .case import Case
from .driver import DISTURBED, Crashed, Subject, WorkerProcess, subjects_of

__all__ = ["Row", "run"]


@dataclass
class Row:
    """What was found out about a case.

    ``rounds``: for each subject, a summary a round (`bench.prepared.summary`, and the control's time beside it).
    ``notes``: why a subject was not measured, or where its answers differ.
    """

    case: Case
    rounds: dict[Subject, list[dict[str, float]]] = field(default_factory=dict)
    notes: dict[Subject, str] = field(default_factory=dict)
    outputs: list[tuple[int, ...]] = field(default_factory=list)
    error: float | None = None
    wrong: bool = False

    def judged(self, subject: Subject) -> list[dict[str, float]]:
        """Return a subject's rounds that count: those in which nothing disturbed anybody, or all if there is none."""
        together = list(zip(*self.rounds.values()))
        quiet = [i for i, those in enumerate(together) if all(r["disturbed"] <= DISTURBED for r in those)]
        return [self.rounds[subject][i] for i in quiet or range(len(together))]

    def time(self, subject: Subject, what: str = "median") -> float:
        """Return a subject's time: the median over rounds (the least, for ``min``)."""
        values = [r[what] for r in self.judged(subject)]
        return min(values) if what == "min" else statistics.median(values)

    def of(self, library: str) -> list[Subject]:
        """Return the subjects of a library that were timed."""
        return [s for s in self.rounds if s.library == library and self.rounds[s]]

    @property
    def disturbed(self) -> float:
        """By how much the control was slower than on a quiet machine, for the worst subject."""
        return max((self.time(s, "disturbed") for s in self.rounds), default=0.0)

    def best(self, library: str) -> Subject | None:
        """Return a library's faster layout."""
        return min(self.of(library), key=self.time, default=None)

    def least_ratio(self, mine: Subject, other: str = "torch") -> float | None:
        """Return the quotient of the least times, which a busy machine disturbs least."""
        least = {s: min(r["min"] for r in self.rounds[s]) for s in (mine, *self.of(other))}
        return min(least[s] for s in self.of(other)) / least[mine] if self.of(other) else None

    def ratio(self, mine: Subject | None, other: str = "torch") -> float | None:
        """Return how many times faster `mine` is than the other library's better layout: the median over rounds.

        Quotients are taken within a round, and of lower quartiles, so that what disturbs both hardly counts.
        """
        theirs = self.of(other)
        if mine is None or not theirs:
            return None
        pairs = zip(self.judged(mine), *(self.judged(s) for s in theirs))
        return float(statistics.median(min(t["q1"] for t in them) / me["q1"] for me, *them in pairs))


def run(
    cases: Sequence[Case], workers: dict[str, WorkerProcess], rounds: int, seconds: float, layouts: Sequence[str]
) -> Iterator[Row]:
    """Measure cases, for about so many seconds a case, subject and round, and give each row when it is done."""
    for case in cases:
        row = Row(case)
        with tempfile.TemporaryDirectory() as folder:
            chosen = [layout for layout in case.layouts if layout in layouts] or ["contiguous"]
            subjects = _prepare(row, workers, subjects_of(list(workers), chosen), Path(folder))
        for number in range(rounds):
            turn = number % len(subjects) if subjects else 0
            for subject in [*subjects[turn:], *subjects[:turn]]:
                _time(row, workers, subject, seconds / rounds)
        row.rounds = {s: r for s, r in row.rounds.items() if s not in row.notes or row.wrong}
        for worker in workers.values():
            if worker.process is not None:
                _ask(worker, "release")
        yield row


def _prepare(row: Row, workers: dict[str, WorkerProcess], subjects: list[Subject], folder: Path) -> list[Subject]:
    """Make the case ready everywhere; note who cannot and whose answers differ; return who can."""
    ready: list[Subject] = []
    reference: tuple[Path, int] | None = None
    for number, subject in enumerate(subjects):
        path = folder / f"{number}.npz"
        found = _ask(workers[subject.library], "prepare", case=row.case.name, layout=subject.layout, answers=str(path))
        if note := _trouble(found):
            row.notes[subject] = note
            continue
        ready.append(subject)
        row.outputs = [tuple(shape) for shape in found["outputs"]]
        if reference is None:
            reference = path, found["inputs"]
        else:
            _check(row, subject, found["inputs"] == reference[1], answers.compare(path, reference[0], row.case))
    return ready


def _check(row: Row, subject: Subject, same_inputs: bool, found: dict[str, Any]) -> None:
    if not same_inputs:
        found = {"error": None, "where": "the inputs themselves (another NumPy?)", "same": False}
    if found["error"] is not None:
        row.error = max(row.error or 0.0, found["error"])
    if not found["same"]:
        row.wrong = True
        row.notes[subject] = f"answers differ: {found['where']}, relative error {found['error']}"


def _time(row: Row, workers: dict[str, WorkerProcess], subject: Subject, seconds: float) -> None:
    if subject in row.notes and subject not in row.rounds and not row.wrong:
        return
    worker = workers[subject.library]
    with suppress(Crashed):
        worker.settle()
    found = _ask(worker, "time", layout=subject.layout, seconds=seconds)
    if note := _trouble(found):
        row.notes[subject] = note
    else:
        row.rounds.setdefault(subject, []).append({**found, "disturbed": found["control"] / worker.quiet - 1})


def _trouble(found: dict[str, Any]) -> str:
    return f"skipped: {found['missing']}" if "missing" in found else found.get("failed", "")


def _ask(worker: WorkerProcess, do: str, **arguments: Any) -> dict[str, Any]:
    try:
        return worker.ask(do, **arguments)
    except Crashed as crash:
        return {"failed": str(crash)}
