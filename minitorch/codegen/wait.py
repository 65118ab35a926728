"""Counters in memory by which the items of one launch wait for each other."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from .ir import I32, I64, emitted, types

SPINS = 4096  # looks at a counter before the thread offers its core to another: some 50 microseconds


@emitted
def arrive(typingctx: Any, address: Any) -> Any:
    """arrive(address): add one to the 64-bit counter at `address`; what was written before is seen by who awaits it."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        counter = builder.inttoptr(args[0], I64.as_pointer())
        builder.atomic_rmw("add", counter, ir.Constant(I64, 1), "release")
        return context.get_dummy_value()

    return types.void(types.int64), codegen


@emitted
def await_count(typingctx: Any, address: Any, count: Any, idle: Any) -> Any:
    """await_count(address, n, idle): return when the counter at `address` has reached `n`.

    Only items launched by `Kernel.in_turn` may wait, and only for items before them. `idle` is the address of a
    function that offers the core to other threads, called when it takes long; 0: there is none.
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        emit_wait(builder, context.codegen().magic_tuple()[0], *args)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), codegen


def emit_wait(builder: ir.IRBuilder, triple: str, address: Any, count: Any, idle: Any) -> None:
    """Emit `await_count` at the builder's position, for the CPU that LLVM's triple names."""
    counter, entry = builder.inttoptr(address, I64.as_pointer()), builder.block
    look, rest, done = (builder.append_basic_block(name) for name in ("look", "rest", "reached"))
    builder.branch(look)
    builder.position_at_end(look)
    looks = builder.phi(I64)
    looks.add_incoming(ir.Constant(I64, 0), entry)
    reached = builder.icmp_signed(">=", builder.load_atomic(counter, "acquire", 8), count)
    builder.cbranch(reached, done, rest)
    builder.position_at_end(rest)
    _pause(builder, triple.split("-")[0])
    long = builder.icmp_signed(">", looks, ir.Constant(I64, SPINS))
    with builder.if_then(builder.and_(long, builder.icmp_signed("!=", idle, ir.Constant(I64, 0)))):
        builder.call(builder.inttoptr(idle, ir.FunctionType(I32, []).as_pointer()), [])
    looks.add_incoming(builder.add(looks, ir.Constant(I64, 1)), builder.block)
    builder.branch(look)
    builder.position_at_end(done)


def _pause(builder: ir.IRBuilder, arch: str) -> None:
    """Tell the processor that the thread is waiting, where there is a word for it."""
    hints = {"x86_64": ("llvm.x86.sse2.pause", []), "aarch64": ("llvm.aarch64.hint", [ir.Constant(I32, 1)])}
    name, values = hints.get("aarch64" if arch == "arm64" else arch, ("", []))
    if name:
        kind = ir.FunctionType(ir.VoidType(), [v.type for v in values])
        builder.call(builder.module.globals.get(name) or ir.Function(builder.module, kind, name), values)
