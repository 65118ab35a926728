"""What a model of `tests/models` shows of itself and learns in three steps, with torch or with minitorch."""

from __future__ import annotations

import contextlib
import importlib
import zlib
from pathlib import Path
from typing import Any

from tests.programs_for_torch import digest

NAMES = sorted(p.stem for p in (Path(__file__).parent / "models").glob("*.py") if p.stem != "__init__")


def tensors(value: Any) -> list[Any]:
    """Return the tensors of a nested result."""
    if hasattr(value, "dtype"):
        return [value.detach()]
    return [t for part in value for t in tensors(part)] if isinstance(value, (list, tuple)) else []


def numbers(tensor: Any) -> list[float]:
    """Return the sum, the sum of magnitudes and three elements."""
    found = digest(tensor.numpy())
    return [found["sum"], found["magnitude"], *found["elements"][:3]]


def run(lib: Any, name: str) -> dict[str, Any]:
    """Build a model from seed 0, train it for three steps, and evaluate it before and after."""
    program = importlib.import_module(f"tests.models.{name}")
    lib.manual_seed(0)
    net = program.model()
    found: dict[str, Any] = {
        "repr": zlib.crc32(repr(net).encode()),
        "keys": zlib.crc32(" ".join(net.state_dict()).encode()),
    }
    found["initial"] = [numbers(value) for value in net.state_dict().values()]
    given = program.batch()
    evaluate = getattr(
        program, "evaluate", lambda net, *args: net(args[0]) if len(args) < 3 else program.loss(net, *args)
    )
    with eval_mode(lib, net):
        found["before"] = [numbers(t) for t in tensors(evaluate(net, *given))]
    lib.manual_seed(1)
    found["losses"] = train(program, net, given)
    found["gradients"] = [numbers(p.grad) for p in net.parameters() if p.grad is not None]
    found["final"] = [numbers(value) for value in net.state_dict().values()]
    with eval_mode(lib, net):
        found["after"] = [numbers(t) for t in tensors(evaluate(net, *given))]
    return found


@contextlib.contextmanager
def eval_mode(lib: Any, net: Any) -> Any:
    """Run a block in evaluation mode without gradients."""
    net.eval()
    with lib.no_grad():
        yield
    net.train()


def train(program: Any, net: Any, given: Any) -> list[float]:
    """Take three steps and return the losses."""
    optimizer = program.optimizer(net)
    schedule = program.schedule(optimizer) if hasattr(program, "schedule") else None
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        loss = program.loss(net, *given)
        loss.backward()
        if hasattr(program, "step_end"):
            program.step_end(net)
        optimizer.step()
        if schedule is not None:
            schedule.step()
        losses.append(loss.item())
    return losses
