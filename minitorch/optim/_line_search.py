"""A line search for the strong Wolfe conditions, by cubic interpolation.

Source: Nocedal and Wright, Numerical Optimization, algorithms 3.5 and 3.6, with the safeguards of Schmidt's
minFunc: extrapolate at most tenfold, keep off the bracket's ends unless there is progress.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

from ..memory import Array

__all__ = ["Point", "strong_wolfe"]

DECREASE = 1e-4  # c1 of the sufficient decrease condition
CURVATURE = 0.9  # c2 of the curvature condition


class Point(NamedTuple):
    """A place on the line: step length, loss, gradient, slope along the line."""

    t: float
    loss: float
    grad: Array
    slope: float


Evaluate = Callable[[float], Point]


def cubic_minimum(a: Point, b: Point, bounds: tuple[float, float] | None = None) -> float:
    """Return where the cubic through two points with their slopes is lowest, kept within the bounds."""
    low, high = bounds or (min(a.t, b.t), max(a.t, b.t))
    d1 = a.slope + b.slope - 3 * (a.loss - b.loss) / (a.t - b.t)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (low + high) / 2
    left, right = (a, b) if a.t <= b.t else (b, a)
    d2 = math.sqrt(square)
    span = (right.t - left.t) * ((right.slope + d2 - d1) / (right.slope - left.slope + 2 * d2))
    return min(max(right.t - span, low), high)


def strong_wolfe(
    evaluate: Evaluate, start: Point, t: float, longest: float, tolerance: float, most: int
) -> tuple[Point, int]:
    """Return a point that meets the conditions (or the best found) and how often the loss was computed.

    Parameters
    ----------
    evaluate : callable
        From a step length to its Point.
    start : Point
        The point at step length 0.
    t : float
        The first step length to try.
    longest : float
        The largest change of a parameter for step length 1.
    tolerance : float
        A bracket in which no parameter changes more is not divided further.
    most : int
        The number of steps after the first.
    """
    search = _Search(evaluate, start, most)
    low, high = search.enclose(t)
    if high is not None:
        low = search.narrow(low, high, longest, tolerance)
    return low, search.evaluations


class _Search:
    """The state of one search."""

    def __init__(self, evaluate: Evaluate, start: Point, most: int) -> None:
        self._evaluate = evaluate
        self.most = most
        self.start = start
        self.steps = 0
        self.evaluations = 0

    def at(self, t: float) -> Point:
        self.evaluations += 1
        return self._evaluate(t)

    def too_high(self, point: Point) -> bool:
        return point.loss > self.start.loss + DECREASE * point.t * self.start.slope

    def flat_enough(self, point: Point) -> bool:
        return abs(point.slope) <= -CURVATURE * self.start.slope

    def enclose(self, t: float) -> tuple[Point, Point | None]:
        """Walk along the line to a point that will do (and None) or to two with a minimum between them."""
        before, here = self.start, self.at(t)
        while self.steps < self.most:
            if self.too_high(here) or (self.steps > 1 and here.loss >= before.loss):
                return before, here
            if self.flat_enough(here):
                return here, None
            if here.slope >= 0:
                return before, here
            bounds = (here.t + 0.01 * (here.t - before.t), here.t * 10)
            t = cubic_minimum(before, here, bounds)
            before, here = here, self.at(t)
            self.steps += 1
        return self.start, here

    def narrow(self, one: Point, other: Point, longest: float, tolerance: float) -> Point:
        """Shrink the bracket between two points until a point of it will do; return the lowest found."""
        low, high = _sorted(one, other)
        stuck = False
        while self.steps < self.most and abs(high.t - low.t) * longest >= tolerance:
            t, stuck = _inside(cubic_minimum(low, high), low, high, stuck)
            here = self.at(t)
            self.steps += 1
            if self.too_high(here) or here.loss >= low.loss:
                low, high = _sorted(low, here)
            elif self.flat_enough(here):
                return here
            else:
                high = low if here.slope * (high.t - low.t) >= 0 else high
                low = here
        return low


def _sorted(one: Point, other: Point) -> tuple[Point, Point]:
    return (one, other) if one.loss <= other.loss else (other, one)


def _inside(t: float, low: Point, high: Point, stuck: bool) -> tuple[float, bool]:
    """Move a step length that is near the bracket's ends inwards, the second time or if it is beyond them."""
    first, last = sorted((low.t, high.t))
    margin = 0.1 * (last - first)
    if min(last - t, t - first) >= margin:
        return t, False
    if not (stuck or t >= last or t <= first):
        return t, True
    return (last - margin if abs(t - last) < abs(t - first) else first + margin), False
