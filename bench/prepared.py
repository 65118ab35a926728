"""A case made ready in one library: its tensors, its timed call, its answers."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Any

import numpy as np

from . import programs
from .arrays import Array, channels_last, digest, make, uniform
from .case import Arg, Case
from .library import resolve

__all__ = ["Prepared", "summary"]

_MOST_CALLS = 20_000


class Prepared:
    """One case in one library and one memory order."""

    def __init__(self, torch: Any, case: Case, layout: str) -> None:
        self.torch, self.case, self.layout = torch, case, layout
        if hasattr(torch, "set_float32_matmul_precision"):
            torch.set_float32_matmul_precision(case.precision or self._default_precision())
        arrays = {arg_id: make(case, arg, arg_id) for arg_id, arg in enumerate(case.tensors)}
        self.inputs = digest(list(arrays.values()))
        self.tensors = [self._tensor(arrays[i], arg) for i, arg in enumerate(case.tensors)]
        self.leaves = [t for t, arg in zip(self.tensors, case.tensors) if arg.grad]
        self.call = self._bind()
        self.seeds: list[Any] | None = None
        # A zero-size write: the next call may not rely on what was derived from these values before, as in training.
        self.nudges = [t.detach()[:0] for t in self.leaves] if case.mode == "train" else []

    def _default_precision(self) -> str:
        first = getattr(self.torch, "get_float32_matmul_precision", lambda: "highest")()
        return str(_DEFAULTS.setdefault(self.torch.__name__, first))

    def _tensor(self, array: Array, arg: Arg) -> Any:
        if arg.spatial and self.layout == "channels_last":
            array = channels_last(array)
        tensor = self.torch.from_numpy(array)
        if arg.grad and arg.kind == "float":
            tensor.requires_grad_(True)
        return tensor

    def _bind(self) -> Callable[[], Any]:
        given = len(self.case.args)
        named = iter(self.tensors[given:])
        kwargs = {k: next(named) if isinstance(v, Arg) else v for k, v in self.case.kwargs.items()}
        where, _, name = self.case.op.partition(".")
        if where != "programs":
            return partial(resolve(self.torch, self.case.op), *self.tensors[:given], **kwargs)
        program = getattr(programs, name)(self.torch, *self.tensors[:given], **kwargs)
        self.leaves += program.parameters
        call: Callable[[], Any] = program.call
        return call

    # ---- the timed call --------------------------------------------------------------------------------------------

    def recording(self) -> Any:
        """Return the context in which the case runs."""
        return self.torch.no_grad() if self.case.mode == "forward" else nullcontext()

    def step(self) -> Any:
        """Run the case once as it is timed, and return its outputs."""
        if self.case.mode != "train":
            return self.call()
        for leaf in self.leaves:
            leaf.grad = None
        out = self.call()
        first = out[0] if isinstance(out, tuple) else out
        first.backward(self._seed(first))
        return out

    def _seed(self, out: Any) -> Any:
        if self.seeds is None:
            values = uniform(tuple(out.shape), self.case.dtype, 1)
            self.seeds = [self._tensor(values, Arg(tuple(out.shape), grad=False, spatial=out.dim() > 2))]
        return self.seeds[0]

    def time(self, seconds: float, least: int = 3) -> list[float]:
        """Return the seconds of each call, for about so many seconds and at least so many calls."""
        clock, step, nudges = time.perf_counter, self.step, self.nudges
        samples: list[float] = []
        with self.recording():
            self._warm(min(0.02, seconds / 5))
            end = clock() + seconds
            while len(samples) < least or (clock() < end and len(samples) < _MOST_CALLS):
                for nudge in nudges:
                    nudge.zero_()
                start = clock()
                step()
                samples.append(clock() - start)
        return samples

    def _warm(self, seconds: float) -> None:
        """Let the other process's threads go to sleep and this one's caches fill."""
        end = time.perf_counter() + seconds
        while True:
            self.step()
            if time.perf_counter() > end:
                return

    # ---- the answer ------------------------------------------------------------------------------------------------

    def answer(self) -> dict[str, Array]:
        """Return the outputs of a first call, and the gradients that it left."""
        with self.recording():
            out = self.step()
        outputs = out if isinstance(out, tuple | list) else (out,)
        arrays = {f"output {i}": _array(o) for i, o in enumerate(outputs)}
        if self.case.mode != "forward":
            found = {f"gradient {i}": leaf.grad for i, leaf in enumerate(self.leaves)}
            arrays |= {name: _array(grad) for name, grad in found.items() if grad is not None}
        return arrays

    def collect(self) -> None:
        """Put everything made so far out of the garbage collector's sight, so that it times no case."""
        gc.collect()
        gc.freeze()


_DEFAULTS: dict[str, str] = {}


def _array(tensor: Any) -> Array:
    return np.array(tensor.detach().numpy())


def summary(samples: list[float]) -> dict[str, float]:
    """Return the least, the quartiles and the number of samples.

    >>> summary([3.0, 1.0, 2.0])
    {'min': 1.0, 'q1': 1.5, 'median': 2.0, 'q3': 2.5, 'calls': 3}
    """
    least, q1, median, q3 = (float(q) for q in np.percentile(samples, [0, 25, 50, 75]))
    return {"min": least, "q1": q1, "median": median, "q3": q3, "calls": len(samples)}
