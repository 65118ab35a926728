"""Random programs of random operations on views of views, with writes in place, run by minitorch and by NumPy.

``python -m tests.fuzz --programs 100000 --seed 1`` runs a longer campaign and prints the programs that differ.
"""

import argparse
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

import minitorch as torch
from tests import fuzz_ops_more as fuzz_ops_more
from tests.fuzz_ops import ENTRIES, Entry, Skip, spread_out

SHAPES = [(), (3,), (4,), (2, 3), (3, 4), (4, 4), (1, 3), (2, 1), (2, 3, 4), (2, 2, 3), (3, 1, 2), (1, 2, 2)]
LIMIT = 30.0  # larger values are cut down by a tanh, so that programs stay tame
REFUSED = (
    "leaf Variable that requires grad",
    "is a view and is being modified inplace",
    "refer to a single memory location",
    "refers to a single memory location",
    "to a single memory",
)
OVERWRITTEN = "modified by an inplace operation"
STEP = 1e-30  # of the complex step: small enough for no rounding at all


class Line(NamedTuple):
    """One statement: an operation on variables by number, with parameters; its result is a new variable."""

    entry: Entry
    operands: tuple[int, ...]
    params: tuple[Any, ...]

    def __str__(self) -> str:
        return f"{self.entry.name}{self.operands} {self.params if self.params else ''}"


class Program(NamedTuple):
    leaves: list[Any]
    plain: list[Any]  # inputs without a gradient, which may be written to
    lines: list[Line]

    def __str__(self) -> str:
        inputs = [f"leaf {x.shape}" for x in self.leaves] + [f"plain {x.shape}" for x in self.plain]
        rows = [f"  v{i} = {line}" for i, line in enumerate([*inputs, *self.lines])]
        return "\n".join(rows)


class Writer:
    """Writes a program line by line, running it on NumPy to know what applies."""

    def __init__(self, seed: int, wild: bool = False) -> None:
        self.wild = wild
        self.rng = np.random.default_rng(seed)
        shapes = [SHAPES[i] for i in self.rng.integers(0, len(SHAPES), 4)]
        inputs = [np.asarray(self.rng.uniform(-1.5, 1.5, s)) for s in shapes]
        self.program = Program([x.copy() for x in inputs[:3]], [x.copy() for x in inputs[3:]], [])
        self.values = inputs
        self.memory = [0, 1, 2, 3]  # by variable: which memory it lies in
        self.closed = {0, 1, 2}  # memories that must not be written: leaves, and what gradients need
        self.fixed: set[int] = set()  # variables that must not be written, such as parts of a split
        self.mask = np.errstate(all="ignore")

    def write(self, length: int) -> Program:
        with self.mask:
            while len(self.program.lines) < length:
                self.line()
        return self.program

    def line(self) -> None:
        kind = ("new", "view", "write", "any")[self.rng.integers(4)]  # views and writes more often than by their number
        entries = BY_KIND.get(kind, ENTRIES)
        entry = entries[self.rng.integers(len(entries))]
        recent = max(0, len(self.values) - 8)
        operands = tuple(
            int(i) for i in self.rng.integers(recent if self.rng.integers(3) else 0, len(self.values), entry.arity)
        )
        arrays = [self.values[i] for i in operands]
        if not self.allowed(entry, operands, arrays):
            return
        params = entry.choose(self.rng, *arrays)
        if params is not None:
            self.append(Line(entry, operands, params))

    def allowed(self, entry: Entry, operands: tuple[int, ...], arrays: list[Any]) -> bool:
        if not entry.exact and not all(
            spread_out(np.concatenate([a.ravel(), [0.0, -0.5, 0.7, 1.0, -1.0]])) for a in arrays
        ):
            return False
        if entry.arity == 2 and not entry.exact and not spread_out(np.concatenate([a.ravel() for a in arrays])):
            return False
        if entry.kind != "write":
            return True
        first = operands[0]
        if self.wild:
            return bool(arrays[0].flags.writeable)
        apart = all(self.memory[i] != self.memory[first] for i in operands[1:])
        return apart and self.memory[first] not in self.closed and first not in self.fixed

    def append(self, line: Line) -> None:
        entry, operands = line.entry, line.operands
        value = np.asarray(entry.array(*[self.values[i] for i in operands], *line.params))
        if value.size > 150 or not value.size:
            return
        self.program.lines.append(line)
        self.values.append(value)
        shares = entry.kind != "new"
        self.memory.append(self.memory[operands[0]] if shares else len(self.values))
        if entry.kind == "parts" or (entry.kind == "view" and operands[0] in self.fixed):
            self.fixed.add(len(self.values) - 1)
        if entry.saves:
            self.closed |= {self.memory[i] for i in operands} | {self.memory[-1]}
        if np.abs(value).max() > LIMIT and entry.name != "tanh":
            self.append(Line(TANH, (len(self.values) - 1,), ()))


BY_KIND = {kind: [e for e in ENTRIES if e.kind == kind] for kind in ("new", "view", "write")}
TANH = next(e for e in ENTRIES if e.name == "tanh")


def by_numpy(program: Program, leaves: list[Any]) -> list[Any]:
    """Return the value of every variable at the end, for leaves that may carry an imaginary step."""
    kind = leaves[0].dtype
    values = [np.array(x) for x in leaves] + [np.array(x, kind) for x in program.plain]
    with np.errstate(all="ignore"):
        for line in program.lines:
            values.append(np.asarray(line.entry.array(*[values[i] for i in line.operands], *line.params)))
    return values


def by_minitorch(program: Program) -> tuple[list[Any], list[Any]]:
    """Return the leaves and the value of every variable, as tensors."""
    leaves = [torch.tensor(x, requires_grad=True) for x in program.leaves]
    values = [*leaves, *(torch.tensor(x) for x in program.plain)]
    for place, line in enumerate(program.lines):
        try:
            values.append(line.entry.tensor(*[values[i] for i in line.operands], *line.params))
        except Skip:
            del program.lines[place:]
        except RuntimeError as error:  # a refused write leaves everything as it was: the program goes on without it
            if not any(reason in str(error) for reason in REFUSED):
                raise
            del program.lines[place:]
    return leaves, values


def difference(program: Program, seed: int, wild: bool = False) -> str:
    """Return how minitorch's values or gradients differ from NumPy's, "" if they do not.

    A ``wild`` program writes where gradients may need the old values: then torch's error is an answer, too.
    """
    rng = np.random.default_rng(seed)
    leaves, values = by_minitorch(program)
    expected = by_numpy(program, program.leaves)
    for i, (value, wanted) in enumerate(zip(values, expected)):
        if not close(value.detach().numpy(), wanted):
            return f"v{i}: {value.tolist()} is not {wanted.tolist()}"
    weights = [rng.uniform(-1, 1, x.shape) for x in expected]
    total = sum((v * torch.tensor(w)).sum() for v, w in zip(values, weights))
    try:
        total.backward()
    except RuntimeError as error:
        return "" if wild and OVERWRITTEN in str(error) else str(error)
    for _ in range(2):
        ways = [rng.uniform(-1, 1, x.shape) for x in program.leaves]
        slope = sum((x.grad.numpy() * way).sum() for x, way in zip(leaves, ways))
        moved = by_numpy(program, [x + 1j * STEP * way for x, way in zip(program.leaves, ways)])
        wanted = sum((np.imag(m) / STEP * w).sum() for m, w in zip(moved, weights))
        scale = sum(np.abs(x.grad.numpy() * way).sum() for x, way in zip(leaves, ways))
        if not abs(slope - wanted) <= 1e-7 * max(1.0, float(scale)):
            return f"slope {slope} is not {wanted}"
    return ""


def close(found: Any, wanted: Any) -> bool:
    return found.shape == wanted.shape and np.allclose(found, wanted, rtol=1e-8, atol=1e-9)


def failures(seeds: Iterator[int] | range, length: int = 14, wild: bool = False) -> Iterator[str]:
    """Yield a report for each program that differs or crashes."""
    for seed in seeds:
        program = Writer(seed, wild).write(length)
        try:
            found = difference(program, seed, wild)
        except Exception as error:
            found = f"{type(error).__name__}: {error}"
        if found:
            yield f"seed {seed}, length {length}: {found[:600]}\n{program}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--programs", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--length", type=int, default=14, help="statements in a program")
    parser.add_argument("--wild", action="store_true", help="write where gradients may need the old values, too")
    parser.add_argument("--stop", type=int, default=5, help="how many reports are enough")
    given = parser.parse_args()
    start, count = time.perf_counter(), 0
    for report in failures(range(given.seed, given.seed + given.programs), given.length, given.wild):
        print(report, end="\n\n", flush=True)
        count += 1
        if count >= given.stop:
            break
    print(f"{count} reports, {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
