"""What calls of layers with several inputs and outputs show, with torch or with minitorch.

A case is a layer and a call of it, ``m``, as text; see `nn_probe` for the inputs. Values are float64.
"""

from __future__ import annotations

import re
from typing import Any

from tests.nn_probe import build, digest, initial, makers, wave


def parse(text: str) -> dict[str, tuple[str, str]]:
    """Return the cases of lines ``layer => call``, under their text."""
    lines = [line.strip() for line in text.strip().splitlines()]
    return {line: tuple(line.split(" => ")) for line in lines if line}  # type: ignore[misc]


def tensors(value: Any) -> list[Any]:
    """Return the tensors of a nested result."""
    if hasattr(value, "dtype"):
        return [value]
    return [t for part in value if part is not None for t in tensors(part)] if isinstance(value, (tuple, list)) else []


def called(lib: Any, module: Any, call: str) -> dict[str, Any]:
    """Return outputs and gradients of one call, with random numbers from seed 1."""
    given: list[Any] = []
    make = makers(lib)

    def keeping(name: str) -> Any:
        def maker(*shape: int) -> Any:
            given.append(make[name](*shape))
            return given[-1]

        return maker

    names = {**make, "x": keeping("x"), "u": keeping("u"), "torch": lib, "nn": lib.nn, "F": lib.nn.functional}
    lib.manual_seed(1)
    outs = tensors(eval(call, {**names, "m": module, "rnn": lib.nn.utils.rnn}))
    found = {f"out {i}": digest(out.detach().numpy()) for i, out in enumerate(outs)}
    wide = [out for out in outs if out.requires_grad]
    weights = [lib.tensor(1 + 0.3 * wave(o.numel(), 0.1 + i).reshape(tuple(o.shape))) for i, o in enumerate(wide)]
    sum((o * w).sum() for o, w in zip(wide, weights)).backward() if wide else None  # type: ignore[union-attr]
    leaves = {f"grad {i}": x for i, x in enumerate(given)}
    leaves |= dict(module.named_parameters()) if module is not None else {}
    for name, leaf in leaves.items():
        if leaf.grad is not None:
            found[name] = digest(leaf.grad.numpy())
            leaf.grad = None
    return found


def probe_call(lib: Any, layer: str, call: str) -> dict[str, Any]:
    """Return everything that is recorded of a case."""
    if layer == "F":
        return {"train": called(lib, None, call)}
    module = build(lib, layer)
    text = re.sub(r"<function (\w+) at 0x\w+>", r"<function \1>", repr(module))
    found: dict[str, Any] = {"repr": text, "initial": initial(module)}
    module.double()
    found["train"] = called(lib, module, call)
    found["eval"] = called(lib, module.eval(), call)
    return found
