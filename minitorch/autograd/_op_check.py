"""One recorded operation against central differences, on its own: which element of which input is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..backward import _validated
from ..memory import Array
from ..tape import Node, recording
from ..tensor import Tensor, wrap

__all__ = ["Finding", "OpCall", "Tolerance", "check_op"]

Evaluate = Callable[[list[Any]], tuple[Any, ...]]


@dataclass(frozen=True)
class Tolerance:
    """Step and allowed error of the differences, and how many elements are looked at where a kink is near."""

    eps: float
    atol: float
    rtol: float
    samples: int

    def allows(self, analytical: float, numerical: float, noise: float) -> bool:
        """Return whether two derivatives agree; ``noise`` is the size of the terms that were subtracted."""
        return abs(analytical - numerical) <= self.atol + self.rtol * abs(numerical) + 1e-15 * noise / self.eps


@dataclass(frozen=True)
class OpCall:
    """A recorded operation: its node, the arrays it was applied to, how to apply it again, and where that was."""

    node: Node
    values: tuple[Any, ...]
    evaluate: Evaluate
    layer: str
    line: str
    names: tuple[str, ...]  # of the inputs: a parameter's name, or ""

    def place(self) -> str:
        """Return where the operation was applied, as text."""
        layer = f" in layer {self.layer}" if self.layer else ""
        return f"{self.node.name()}{layer}{' at ' + self.line if self.line else ''}"


@dataclass(frozen=True)
class Finding:
    """What is the matter with one element of one input of an operation."""

    kind: str  # "wrong", "kink" or "non-deterministic"
    call: OpCall
    input: int = -1
    index: tuple[int, ...] = ()
    analytical: float = 0.0
    numerical: float = 0.0

    @property
    def parameter(self) -> str:
        """The name of the parameter that the input is, or ""."""
        return self.call.names[self.input] if self.input >= 0 else ""

    def __str__(self) -> str:
        where = self.call.place()
        if self.kind == "non-deterministic":
            return f"{where}: two runs on the same values differ"
        name = f" (parameter {self.parameter})" if self.parameter else ""
        element = f"input {self.input}{name} at {list(self.index)}"
        if self.kind == "kink":
            return f"{where}: kink at {element}: the derivative jumps there, {self.analytical:.6g} was chosen"
        error = abs(self.analytical - self.numerical)
        return (
            f"{where}: wrong gradient of {element}: the vjp gives {self.analytical:.8g}, differences give "
            f"{self.numerical:.8g} (error {error:.3g})"
        )


def check_op(call: OpCall, tolerance: Tolerance, rng: np.random.Generator) -> list[Finding]:
    """Compare the gradients of all inputs of an operation with differences."""
    with recording(False), np.errstate(all="ignore"):
        outs, again = call.evaluate(list(call.values)), call.evaluate(list(call.values))
        weights = [_weights(out, rng) for out in outs]
        grads, same = _gradients(call.node, weights), _gradients(call.node, weights)
        repeats = all(map(_equal, outs, again)) and all(map(_equal, grads, same))
        if not repeats:
            return [Finding("non-deterministic", call)]
        found: list[Finding] = []
        for i, grad in enumerate(grads):
            if grad is not None:
                found += _Input(call, i, grad, outs, weights, tolerance, rng).check()
        return found


def _weights(out: Any, rng: np.random.Generator) -> Any:
    """Return random weights for an output, None for one that has no gradient."""
    return rng.uniform(0.5, 1.5, out.shape) * rng.choice([-1.0, 1.0], out.shape) if out.dtype.kind == "f" else None


def _gradients(node: Node, weights: list[Any]) -> list[Array | None]:
    """Return what the operation's own vjp makes of the weights, in the shapes of the inputs."""
    skipped = node.op.nondifferentiable
    pairs = enumerate(zip(weights, node.metas))
    given = [None if w is None or i in skipped else wrap(w.astype(meta[1])) for i, (w, meta) in pairs]
    found = node.op.vjp(node, *given)
    found = found if isinstance(found, tuple) else (found,)
    out: list[Array | None] = []
    for edge, grad in zip(node.edges, found):
        real = edge is not None and isinstance(grad, Tensor)
        out.append(np.asarray(_validated(grad, edge, node)._data) if real else None)  # type: ignore[arg-type]
    return [g if g is None or g.dtype.kind == "f" else None for g in out]


def _equal(a: Any, b: Any) -> bool:
    return a is b or np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


class _Input:
    """One input of an operation under check."""

    def __init__(
        self, call: OpCall, i: int, grad: Array, outs: Any, weights: list[Any], tolerance: Tolerance, rng: Any
    ) -> None:
        self.call, self.i, self.grad, self.outs, self.weights = call, i, grad, outs, weights
        self.tolerance, self.rng = tolerance, rng
        skipped = call.node.op.nondifferentiable
        self.used = [k for k, w in enumerate(weights) if w is not None and k not in skipped]

    def check(self) -> list[Finding]:
        """Compare along a random direction; where that fails, find the element."""
        n = self.grad.size
        if not n:
            return []
        direction = self.rng.uniform(0.5, 1.5, n) * self.rng.choice([-1.0, 1.0], n)
        verdict = self._verdict(direction)
        if verdict == "right":
            return []
        if verdict == "kink":
            count = min(n, self.tolerance.samples)
            return [f for f in map(self._element, self.rng.choice(n, count, replace=False)) if f is not None]
        return [self._search(direction, np.arange(n))]

    def _verdict(self, direction: Array) -> str:
        analytical, left, right, noise = self._slopes(direction)
        middle = (left + right) / 2
        if not self.tolerance.allows(left, right, 4 * noise):
            return "kink"
        return "right" if self.tolerance.allows(analytical, middle, noise) else "wrong"

    def _slopes(self, direction: Array) -> tuple[float, float, float, float]:
        """Return the derivative along a direction by the vjp, and by differences to the left and to the right."""
        eps, base = self.tolerance.eps, self.call.values[self.i]
        sides = []
        for sign in (-1.0, 1.0):
            values = list(self.call.values)
            step = np.asarray(sign * eps * direction.reshape(base.shape), base.dtype)
            values[self.i] = np.asarray(base + step)  # NumPy makes numbers of 0-d sums
            sides.append(self.call.evaluate(values))
        below, above = sides
        left = sum(float(((self.outs[k] - below[k]) * self.weights[k]).sum()) for k in self.used) / eps
        right = sum(float(((above[k] - self.outs[k]) * self.weights[k]).sum()) for k in self.used) / eps
        noise = sum(float(np.abs(self.outs[k] * self.weights[k]).sum()) for k in self.used)
        return float((self.grad.reshape(-1) * direction).sum()), left, right, noise

    def _search(self, direction: Array, places: Array) -> Finding:
        """Halve the direction until one element is left that is wrong."""
        while len(places) > 1:
            half = places[: len(places) // 2]
            part = np.zeros_like(direction)
            part[half] = direction[half]
            places = half if self._verdict(part) != "right" else places[len(places) // 2 :]
        return self._element(int(places[0])) or self._finding("wrong", int(places[0]))

    def _element(self, place: int) -> Finding | None:
        """Return what is the matter with one element; None if nothing is."""
        unit = np.zeros(self.grad.size)
        unit[place] = 1.0
        analytical, left, right, _ = self._slopes(unit)
        verdict = self._verdict(unit)
        if verdict == "kink":
            slack = self.tolerance.atol + self.tolerance.rtol * max(abs(left), abs(right))
            between = min(left, right) - slack <= analytical <= max(left, right) + slack
            return self._finding("kink" if between else "wrong", place)
        return None if verdict == "right" else self._finding("wrong", place)

    def _finding(self, kind: str, place: int) -> Finding:
        unit = np.zeros(self.grad.size)
        unit[place] = 1.0
        analytical, left, right, _ = self._slopes(unit)
        index = tuple(int(k) for k in np.unravel_index(place, self.grad.shape))
        return Finding(kind, self.call, self.i, index, analytical, (left + right) / 2)
