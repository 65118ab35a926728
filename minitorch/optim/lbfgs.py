"""L-BFGS: quasi-Newton steps from the last few changes of parameters and gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..memory import Array
from ..tensor import Tensor, wrap
from ._groups import Group
from ._line_search import Point, strong_wolfe
from ._rules import call, check_lr, readable, write
from .optimizer import Closure, Optimizer

__all__ = ["LBFGS"]


class LBFGS(Optimizer):
    """L-BFGS. A step takes several iterations, each of which calls the closure at least once.

    Parameters
    ----------
    params : iterable
        Parameters or named parameters; groups are not supported.
    lr : float or Tensor, default 1
        Step length.
    max_iter : int, default 20
        Most iterations of a step.
    max_eval : int, optional
        Most closure calls of a step; ``max_iter * 5 // 4`` by default.
    tolerance_grad, tolerance_change : float, default 1e-7 and 1e-9
        A step ends when no element of the gradient, or of the parameters' change, is larger.
    history_size : int, default 100
        How many changes are remembered.
    line_search_fn : {None, "strong_wolfe"}
        Whether the step length is searched for.

    Raises
    ------
    ValueError
        For a negative learning rate or more than one group.
    RuntimeError
        In `step`, for another line search.

    References
    ----------
    Nocedal and Wright, Numerical Optimization, algorithms 7.4 and 7.5.

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.tensor([1.0, 2.0], requires_grad=True)
    >>> optimizer = minitorch.optim.LBFGS([w], line_search_fn="strong_wolfe")
    >>> def closure():
    ...     optimizer.zero_grad()
    ...     loss = ((w - 3) ** 2).sum()
    ...     loss.backward()
    ...     return loss
    >>> optimizer.step(closure).item()
    5.0
    >>> [round(value, 3) for value in w.tolist()]
    [3.0, 3.0]
    """

    def __init__(
        self,
        params: Any,
        lr: float | Tensor = 1,
        max_iter: int = 20,
        max_eval: int | None = None,
        tolerance_grad: float = 1e-7,
        tolerance_change: float = 1e-9,
        history_size: int = 100,
        line_search_fn: str | None = None,
    ) -> None:
        check_lr(lr)
        defaults: dict[str, Any] = {"lr": lr, "max_iter": max_iter}
        defaults["max_eval"] = max_iter * 5 // 4 if max_eval is None else max_eval
        defaults |= {"tolerance_grad": tolerance_grad, "tolerance_change": tolerance_change}
        super().__init__(params, defaults | {"history_size": history_size, "line_search_fn": line_search_fn})
        if len(self.param_groups) != 1:
            raise ValueError("LBFGS doesn't support per-parameter options (parameter groups)")

    @property
    def _params(self) -> list[Tensor]:
        params: list[Tensor] = self.param_groups[0]["params"]
        return params

    def step(self, closure: Closure) -> Any:  # type: ignore[override]
        """Iterate until a tolerance or a limit is reached; return the loss before the step."""
        if self.param_groups[0]["line_search_fn"] not in (None, "strong_wolfe"):
            raise RuntimeError("only 'strong_wolfe' is supported")
        first = call(closure)
        run = _Run(self, closure, float(first))
        if not run.converged():
            run.iterate()
        return first

    # ---- all parameters as one vector -----------------------------------------------------------------------

    def _gather(self, what: str) -> Array:
        return np.concatenate([_flat(param, what) for param in self._params])

    def _scatter(self, vector: Array) -> None:
        start = 0
        for param in self._params:
            size = param.numel()
            write(param, vector[start : start + size].reshape(param._data.shape))
            start += size


def _flat(param: Tensor, what: str) -> Array:
    tensor = param if what == "data" else param.grad
    if tensor is None:
        return np.zeros(param.numel(), readable(param).dtype)
    return readable(tensor).ravel()


class _Run:
    """One step: its counts, the loss and gradient where it stands, the optimizer's memory."""

    def __init__(self, owner: LBFGS, closure: Closure, loss: float) -> None:
        self.owner = owner
        self.closure = closure
        self.options: Group = owner.param_groups[0]
        self.lr = float(self.options["lr"])
        self.state: dict[str, Any] = owner.state[owner._params[0]]
        self.loss = loss
        self.grad = owner._gather("grad")
        self.evaluations = 1
        self.state["func_evals"] = self.state.get("func_evals", 0) + 1
        self.state.setdefault("n_iter", 0)

    def converged(self) -> bool:
        return self.grad.size == 0 or bool(np.abs(self.grad).max() <= self.options["tolerance_grad"])

    def iterate(self) -> None:
        memory = _Memory(self.state, self.options["history_size"])
        for iteration in range(1, self.options["max_iter"] + 1):
            self.state["n_iter"] += 1
            memory.advance(self.grad, self.loss, fresh=self.state["n_iter"] == 1)
            slope = float(self.grad @ memory.direction)
            memory.t = self._first_length() if self.state["n_iter"] == 1 else self.lr
            if slope > -self.options["tolerance_change"]:
                break
            self._move(memory, slope, last=iteration == self.options["max_iter"])
            if self._done(memory):
                break
        memory.save(self.state)

    def _first_length(self) -> float:
        return min(1.0, 1.0 / float(np.abs(self.grad).sum())) * self.lr

    def _move(self, memory: _Memory, slope: float, last: bool) -> None:
        """Go along the direction, by the given length or a searched one."""
        origin = self.owner._gather("data")
        if self.options["line_search_fn"] is None:
            self.owner._scatter(origin + memory.t * memory.direction)
            if not last:  # what the next iteration would need
                self._look()
                self._count(1)
            return

        def evaluate(t: float) -> Point:
            self.owner._scatter(origin + t * memory.direction)
            self._look()
            return Point(t, self.loss, self.grad, float(self.grad @ memory.direction))

        start = Point(0.0, self.loss, self.grad, slope)
        longest = float(np.abs(memory.direction).max())
        left = self.options["max_eval"] - self.evaluations
        found, count = strong_wolfe(evaluate, start, memory.t, longest, 1e-9, left)
        memory.t, self.loss, self.grad = found.t, found.loss, found.grad
        self.owner._scatter(origin + found.t * memory.direction)
        self._count(count)

    def _look(self) -> None:
        self.loss = float(call(self.closure))
        self.grad = self.owner._gather("grad")

    def _count(self, evaluations: int) -> None:
        self.evaluations += evaluations
        self.state["func_evals"] += evaluations

    def _done(self, memory: _Memory) -> bool:
        smallest = self.options["tolerance_change"]
        return (
            self.evaluations >= self.options["max_eval"]
            or self.converged()
            or float(np.abs(memory.direction * memory.t).max()) <= smallest
            or abs(self.loss - memory.loss) < smallest
        )


class _Memory:
    """The last changes of parameters (`steps`) and gradient (`turns`), and the direction they give."""

    def __init__(self, state: dict[str, Any], size: int) -> None:
        self.size = size
        self.direction: Array = _array(state.get("d"))
        self.t: float = float(state.get("t", 0.0))
        self.turns = [_array(item) for item in state.get("old_dirs", ())]
        self.steps = [_array(item) for item in state.get("old_stps", ())]
        self.inverses = [float(item) for item in state.get("ro", ())]
        self.scale = float(state.get("H_diag", 1.0))
        self.grad: Array = _array(state.get("prev_flat_grad"))
        self.loss: float = state.get("prev_loss", 0.0)
        self.weights: list[Any] | None = state.get("al")

    def advance(self, grad: Array, loss: float, fresh: bool) -> None:
        """Take in where the last step led, and set the next direction."""
        if fresh:
            self.turns, self.steps, self.inverses, self.scale = [], [], [], 1.0
            self.direction = -grad
        else:
            self._remember(grad - self.grad, self.direction * self.t)
            self.direction = self._two_loops(grad)
        self.grad, self.loss = grad, loss

    def _remember(self, turn: Array, step: Array) -> None:
        curvature = float(turn @ step)
        if curvature <= 1e-10:
            return
        if len(self.turns) == self.size:
            del self.turns[0], self.steps[0], self.inverses[0]
        self.turns.append(turn)
        self.steps.append(step)
        self.inverses.append(1.0 / curvature)
        self.scale = curvature / float(turn @ turn)

    def _two_loops(self, grad: Array) -> Array:
        """Return minus the gradient times the approximate inverse Hessian (Nocedal and Wright, algorithm 7.4)."""
        past = list(zip(self.turns, self.steps, self.inverses))
        q = -grad
        weights = []
        for turn, step, inverse in reversed(past):
            weights.append(float(step @ q) * inverse)
            q = q - weights[-1] * turn
        weights.reverse()
        direction = q * self.scale
        for (turn, step, inverse), weight in zip(past, weights):
            direction = direction + step * (weight - float(turn @ direction) * inverse)
        self.weights = [*weights, *[None] * (self.size - len(weights))]
        return direction

    def save(self, state: dict[str, Any]) -> None:
        """Store everything under torch's names."""
        kind = self.direction.dtype

        def box(value: float | None) -> Tensor | None:
            return None if value is None else wrap(np.array(float(value), kind))

        if self.weights is not None:
            state["al"] = [box(weight) for weight in self.weights]
        state.update(d=wrap(self.direction), t=self.t)
        state.update(old_dirs=[wrap(turn) for turn in self.turns], old_stps=[wrap(step) for step in self.steps])
        state.update(ro=[box(inverse) for inverse in self.inverses])
        state.update(H_diag=box(self.scale) if self.turns else 1)
        state.update(prev_flat_grad=wrap(self.grad), prev_loss=self.loss)


def _array(value: Any) -> Array:
    return np.empty(0) if value is None else value._data
