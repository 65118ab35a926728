"""What convolutions take beyond their operands and results stays within the bounds that docs/benchmarks.md states.

NumPy and Numba tell `tracemalloc` of every array, so of what each thread takes inside a kernel, too.
"""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from minitorch import jit
from minitorch.codegen.gemm import host_tile
from minitorch.kernels.conv import by_winograd, conv_forward, conv_input_grad, in_parts, settle
from minitorch.kernels.conv_weight import conv_weight_grad
from minitorch.kernels.layout import empty_channels_last
from minitorch.kernels.window import output_size

KB, MB = 1 << 10, 1 << 20
SMALL = 192 * KB  # tables of addresses, alignment, Python's objects
THREADS = 2

# kernel, stride, padding, dilation; images, channels, filters, groups; size of the map
LAYERS: dict[str, tuple[Any, ...]] = {
    "direct": ((3, 3), (2, 2), ((1, 1),) * 2, (1, 1), 8, 64, 64, 1, (56, 56)),
    "one by one": ((1, 1), (1, 1), ((0, 0),) * 2, (1, 1), 8, 64, 256, 1, (56, 56)),
    "few channels": ((7, 7), (2, 2), ((3, 3),) * 2, (1, 1), 4, 3, 64, 1, (224, 224)),
    "winograd": ((3, 3), (1, 1), ((1, 1),) * 2, (1, 1), 8, 64, 64, 1, (56, 56)),
    "winograd, many filters": ((3, 3), (1, 1), ((1, 1),) * 2, (1, 1), 8, 400, 400, 1, (14, 14)),
    "parts": ((5, 5), (1, 1), ((4, 4),) * 2, (2, 2), 8, 64, 64, 1, (28, 28)),
    "lanes": ((3, 3), (1, 1), ((1, 1),) * 2, (1, 1), 8, 64, 64, 64, (56, 56)),
    "groups": ((3, 3), (1, 1), ((1, 1),) * 2, (1, 1), 8, 96, 96, 4, (28, 28)),
}


def bounds(name: str, w: Any, image: int) -> tuple[float, float]:
    """Return the stated scratch of forward (and input gradient), and of the weight gradient, in bytes."""
    filters, channels = w.shape[0], w.shape[1]
    panel, lanes = 2 * host_tile(4)[1], host_tile(4)[1]
    whole = -(-max(filters, channels) // panel) * panel  # packed weights are padded to whole panels
    packed = whole * max(min(filters, channels), lanes) * w[0, 0].nbytes
    patch, partial = 36 * 4 * (channels + filters), max(w.nbytes, min(8 * MB, 8 * w.nbytes))
    folded = 2 * max(4 * MB, 8 * w.nbytes) + 2 * image  # the slab and its padded copy
    return {
        "direct": (packed + THREADS * 64 * KB, partial + THREADS * 384 * KB),
        "few channels": (packed + folded + THREADS * 64 * KB, partial + folded + THREADS * 384 * KB),
        "winograd": (5 * packed + THREADS * 512 * KB, 4 * w.nbytes + max(4 * MB, 8 * w.nbytes, 96 * patch)),
        "winograd, many filters": (packed + 96 * 36 * 4 * whole + THREADS * 740 * KB,
                                   max(4 * MB, 96 * patch) + THREADS * 256 * KB),
        "parts": (packed + 16 * MB + THREADS * 768 * KB, 4 * 4 * w.nbytes + max(4 * MB, 96 * 4 * patch)),
        "lanes": (2 * w.nbytes, 17 * w.nbytes),
    }[{"one by one": "direct", "groups": "direct"}.get(name, name)]  # fmt: skip


def scratch(call: Callable[[], Any]) -> int:
    """Return the peak of a call's memory above its result, once its tables and its code are there."""
    call()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        result = call()
        return tracemalloc.get_traced_memory()[1] - before - result.nbytes
    finally:
        tracemalloc.stop()


def operands(name: str, last: bool) -> tuple[Any, Any, Any, tuple[Any, ...]]:
    kernel, stride, padding, dilation, images, channels, filters, groups, size = LAYERS[name]
    outputs = [output_size(*axis) for axis in zip(size, kernel, stride, padding, dilation)]
    make = empty_channels_last if last else np.empty
    x, gy = (make(shape, np.dtype(np.float32)) for shape in ((images, channels, *size), (images, filters, *outputs)))
    x.fill(1)
    gy.fill(1)
    w = np.ones((filters, channels // groups, *kernel), np.float32)
    return x, w, gy, (stride, padding, dilation, groups)


@pytest.fixture(autouse=True)
def _two_threads() -> Iterator[None]:
    before = jit.get_num_threads()
    jit.set_num_threads(THREADS)
    yield
    jit.set_num_threads(before)


def test_kernels_arrays_are_counted() -> None:
    x, w, _, how = operands("winograd", True)
    assert scratch(lambda: conv_forward(x, w, None, *how, True)) > 5 * w.nbytes + 128 * KB


@pytest.mark.parametrize("last", [True, False], ids=["channels last", "plain"])
@pytest.mark.parametrize("name", LAYERS)
def test_scratch_stays_within_what_is_stated(name: str, last: bool) -> None:
    x, w, gy, how = operands(name, last)
    case = settle(*x.shape[:2], w.shape[0], how[3], x.shape[2:], w.shape[2:], *how[:3], x.dtype)[0]
    assert by_winograd(case) == name.startswith("winograd") and (in_parts(case, False) is not None) >= (name == "parts")
    assert bool(case.turns) == (name == "lanes")
    image = (x.nbytes + gy.nbytes) // len(x)
    forward, weight = bounds(name, w, image)
    slab = 0 if last else max(4 * MB, 8 * w.nbytes) + image  # of copies in the order of the kernels
    directions = {
        "forward": (scratch(lambda: conv_forward(x, w, None, *how, True)), forward + slab),
        "input": (scratch(lambda: conv_input_grad(gy, w, x.shape[2:], *how, None, True)), forward + slab),
        "weight": (scratch(lambda: conv_weight_grad(gy, x, w.shape[2:], *how, True)), weight + slab),
    }
    assert {d: found for d, (found, most) in directions.items() if found > most + SMALL} == {}
