"""What the machine can do, measured here: fused multiply-adds in registers, and a copy through memory.

Imports the kernel compiler, so only minitorch's own process imports this module.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types

from minitorch.codegen.ir import I64, Vec, emitted, target_of
from minitorch.jit import get_num_threads, kernel

__all__ = ["measure"]

# Sums kept in registers at once: enough to hide the latency of two FMA units, few enough for 16 registers.
CHAINS = 12
TURNS = 1 << 12  # updates of a sum by one item: short, so that a moment without disturbance is found
_COPIED = 1 << 26


def emit_chains(v: Vec, turns: Any, out: Any) -> None:
    """Emit `CHAINS` independent sums that are updated `turns` times and stored at `out`: no load in the loop."""
    build = v.builder
    entry, loop, done = build.block, build.append_basic_block("chains"), build.append_basic_block("chained")
    factor, step = v.load(out), v.load(v.offset(out, v.bytes))
    first = [v.load(v.offset(out, i * v.bytes)) for i in range(CHAINS)]
    build.branch(loop)
    build.position_at_end(loop)
    left = build.phi(I64)
    left.add_incoming(turns, entry)
    sums = [build.phi(v.type) for _ in range(CHAINS)]
    new = [v.fma(factor, s, step) for s in sums]
    fewer = build.sub(left, ir.Constant(I64, 1))
    left.add_incoming(fewer, loop)
    for s, before, after in zip(sums, first, new):
        s.add_incoming(before, entry)
        s.add_incoming(after, loop)
    build.cbranch(build.icmp_signed(">", fewer, ir.Constant(I64, 0)), loop, done)
    build.position_at_end(done)
    for i, value in enumerate(new):
        v.store(value, v.offset(out, i * v.bytes))


@emitted
def chains(typingctx: Any, turns: Any, out: Any, like: Any) -> Any:
    """chains(turns, address, x): see `emit_chains`; `x` is a scalar of the element type."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        emit_chains(Vec(builder, like.bitwidth // 8, target_of(context)), args[0], args[1])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, like), codegen


@kernel
def spin(lo, hi, out):  # type: ignore[no-untyped-def]
    """Update the sums in row i of `out` (items, CHAINS vectors)."""
    for i in range(lo, hi):
        chains(TURNS, out[i].ctypes.data, out[i, 0])


@kernel
def copy(lo, hi, x, out):  # type: ignore[no-untyped-def]
    """Copy rows."""
    for i in range(lo, hi):
        out[i] = x[i]


def best_of(call: Callable[[], object], seconds: float = 0.7) -> float:
    """Return the least time of a call, over at least three and so many seconds."""
    call()
    times: list[float] = []
    end = time.perf_counter() + seconds
    while len(times) < 3 or time.perf_counter() < end:
        start = time.perf_counter()
        call()
        times.append(time.perf_counter() - start)
    return min(times)


def _fma_peak(dtype: str) -> float:
    from minitorch.codegen.ir import host_target

    lanes = host_target().lanes(np.dtype(dtype).itemsize)
    items = 8 * get_num_threads()
    flops = 2.0 * lanes * CHAINS * TURNS * items
    out = np.full((items, CHAINS * lanes), 0.5, dtype)
    return flops / best_of(lambda: spin(items, int(flops), out)) / 1e9


def _copy_bandwidth() -> float:
    x = np.ones((256, _COPIED // 256), np.uint8).view(np.float64)
    out = np.empty_like(x)
    seconds = min(best_of(lambda: copy(len(x), 2 * _COPIED, x, out)), best_of(lambda: np.copyto(out, x)))
    return 2 * _COPIED / seconds / 1e9


def measure() -> dict[str, float]:
    """Return GFLOP/s of each float dtype, and GB/s read and written by a copy of 64 MB, on the threads in use."""
    return {"float32": _fma_peak("float32"), "float64": _fma_peak("float64"), "copy": _copy_bandwidth()}
