"""What a layer shows of itself, computed with torch by the recorder and with minitorch by the tests.

Values are float64, so that one tolerance serves all; initial values are those of float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def wave(n: int, phase: float = 0.3) -> Any:
    """Return n smooth values in (-1.5, 1.5), no two alike."""
    return 1.5 * np.sin(0.7 * np.arange(n) + phase + 0.01 * np.arange(n) ** 1.3)


def makers(lib: Any) -> dict[str, Any]:
    """Return the functions that the inputs of `nn_cases` are written with."""

    def leaf(values: Any, shape: Any) -> Any:
        return lib.tensor(np.reshape(values, shape)).requires_grad_()

    def classes(count: int) -> Any:
        return lambda *shape: lib.tensor((np.arange(np.prod(shape)) * 5 % 7 % count).reshape(shape))

    def signs(*shape: int) -> Any:
        return lib.tensor(np.where(wave(int(np.prod(shape)), 1.0) > 0, 1.0, -1.0).reshape(shape))

    def labels(*shape: int) -> Any:
        rows = np.tile([1, 2, -1, 0], shape[0])
        return lib.tensor(rows.reshape(shape))

    def places(*shape: int) -> Any:
        # where a pooling by 2 found each of its maxima: in the first corner of the window
        spatial = shape[2:]
        corners = np.indices(spatial) * 2
        flat = np.ravel_multi_index(tuple(corners), tuple(2 * n for n in spatial))
        return lib.tensor(np.broadcast_to(flat, shape).copy())

    return {
        "x": lambda *shape: leaf(wave(int(np.prod(shape))), shape),
        "u": lambda *shape: leaf(0.5 + 0.3 * wave(int(np.prod(shape)), 0.9), shape),
        "logs": lambda *shape: leaf(-1.6 - 0.5 * wave(int(np.prod(shape))), shape),
        "w": lambda n: lib.tensor(0.5 + np.arange(n) / n),
        "ints": classes,
        "sign": signs,
        "labels": labels,
        "places": places,
    }


def digest(array: Any) -> list[Any]:
    """Return shape, a weighted sum and four elements: enough to tell arrays apart."""
    flat = np.asarray(array, np.float64).ravel()
    total = float(flat @ (1 + 0.1 * wave(flat.size))) if flat.size else 0.0
    at = [float(flat[i]) for i in sorted({0, flat.size // 3, flat.size // 2, flat.size - 1})] if flat.size else []
    return [list(np.shape(array)), float(f"{total:.11g}"), [float(f"{v:.11g}") for v in at]]


def build(lib: Any, layer: str) -> Any:
    """Return the layer, with torch's random numbers from seed 0."""
    lib.manual_seed(0)
    return eval(layer, {"nn": lib.nn, **makers(lib)})


def initial(module: Any) -> dict[str, Any]:
    """Return every entry of the state: its dtype and its values."""
    state = module.state_dict()
    return {name: [str(value.dtype), digest(value.numpy())] for name, value in state.items()}


def run(lib: Any, module: Any, inputs: list[str]) -> dict[str, Any]:
    """Return outputs and gradients of one call, with random numbers from seed 1."""
    given = [eval(text, makers(lib)) for text in inputs]
    lib.manual_seed(1)
    arguments = [x.clone() if hasattr(x, "clone") and x.requires_grad else x for x in given]  # for inplace=True
    output = module(*arguments)
    found = {"out": digest(output.detach().numpy())}
    weight = lib.tensor(1 + 0.3 * wave(output.numel(), 0.1).reshape(tuple(output.shape)))
    if output.requires_grad:
        (output * weight).sum().backward()
    leaves = {f"grad {i}": x for i, x in enumerate(given) if hasattr(x, "grad")} | dict(module.named_parameters())
    for name, leaf in leaves.items():
        if leaf.grad is not None:
            found[name] = digest(leaf.grad.numpy())
    module.zero_grad()
    return found


def probe(lib: Any, layer: str, inputs: list[str]) -> dict[str, Any]:
    """Return everything that is recorded of a layer."""
    module = build(lib, layer)
    found: dict[str, Any] = {"repr": repr(module), "initial": initial(module)}
    module.double()
    first = run(lib, module, inputs)
    found["train" if module.training else "eval"] = first
    if module.training:
        second = run(lib, module.eval(), inputs)
        if second != first:
            found["eval"] = second
        buffers = {name: digest(value.numpy()) for name, value in module.named_buffers()}
        if any(name.startswith("running") for name in buffers):
            found["buffers"] = buffers
    return found
