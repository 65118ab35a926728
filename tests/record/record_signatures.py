"""Write tests/data/signatures.json: arguments of torch 2.13's layers, functions, optimizers. Run it where torch is."""

import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.signatures import arguments  # noqa: E402

MODULES = (
    "nn", "nn.functional", "nn.init", "nn.utils", "nn.utils.rnn", "nn.utils.parametrizations", "nn.utils.parametrize",
    "nn.utils.fusion", "nn.utils.clip_grad", "nn.utils.convert_parameters", "nn.utils.memory_format",
    "nn.utils.init", "nn.utils.stateless", "nn.grad", "nn.parameter", "nn.attention", "nn.modules.module",
    "nn.modules.lazy", "optim", "optim.lr_scheduler", "optim.swa_utils",
)  # fmt: skip
CLASSES = ("nn.Module", "nn.ModuleList", "nn.ModuleDict", "nn.Sequential", "nn.ParameterList", "nn.ParameterDict",
           "optim.Optimizer", "optim.lr_scheduler.LRScheduler", "optim.swa_utils.AveragedModel",
           "nn.modules.lazy.LazyModuleMixin", "nn.utils.rnn.PackedSequence")  # fmt: skip


def find(path: str) -> Any:
    """Return what stands at a dotted path below torch."""
    value: Any = torch
    for name in path.split("."):
        value = getattr(value, name)
    return value


def documented(name: str, value: Any) -> list[str] | None:
    """Return the names of a built-in function's arguments, off the first line of its documentation."""
    found = re.match(rf"\s*{name}\((.*?)\) ->", value.__doc__ or "")
    names = [part.split("=")[0].split(":")[0].strip() for part in found.group(1).split(",")] if found else []
    return [name for name in names if name.isidentifier() and name != "out"] or None


def names_of(module: Any) -> list[str]:
    """Return a module's own public callables."""
    own = [n for n, value in vars(module).items() if callable(value) and not n.startswith("_")]
    return sorted(n for n in own if str(getattr(getattr(module, n), "__module__", "")).startswith("torch"))


def main() -> None:
    """Write one line for each module and class."""
    __import__("torch.nn.attention"), __import__("torch.nn.grad"), __import__("torch.optim.swa_utils")
    found: dict[str, Any] = {}
    for path in MODULES:
        module = sys.modules.get(f"torch.{path}") or find(path)
        found[path] = {name: arguments(getattr(module, name)) for name in names_of(module)}
        built_in = {n: documented(n, getattr(module, n)) for n, known in found[path].items() if known is None}
        if any(built_in.values()):
            found[f"{path} (built in)"] = built_in
    for path in CLASSES:
        cls = find(path)
        methods = [n for n, f in inspect.getmembers(cls, callable) if not n.startswith("_") or n == "__call__"]
        found[path] = {name: arguments(getattr(cls, name)) for name in methods}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in found.items()]
    (ROOT / "tests" / "data" / "signatures.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
