"""Memory by address, for kernels whose operands have no shape that Numba could know."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from .ir import I64, Vec, emitted, target_of, types


def _vec(context: Any, builder: ir.IRBuilder, like: Any) -> Vec:
    return Vec(builder, like.bitwidth // 8, target_of(context))


@emitted
def peek(typingctx: Any, address: Any, like: Any) -> Any:
    """peek(address, x): the element like `x` at `address`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = _vec(context, builder, like)
        return builder.load(v.pointer(args[0], v.scalar), align=v.itemsize)

    return like(types.int64, like), codegen


@emitted
def poke(typingctx: Any, address: Any, value: Any) -> Any:
    """poke(address, x): store element `x` at `address`."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = _vec(context, builder, value)
        builder.store(args[1], v.pointer(args[0], v.scalar), align=v.itemsize)
        return context.get_dummy_value()

    return types.void(types.int64, value), codegen


@emitted
def stretch(typingctx: Any, array: Any, first: Any, size: Any, like: Any) -> Any:
    """stretch(id(array), first, size, x): part of a dense NumPy array of elements like `x`, as a flat array.

    So that a kernel can be given any number of arrays: their `id`s in an array of integers. What keeps them alive is
    the caller's business. The address of an array's data follows its object header, as NumPy's C interface has it.
    """
    flat = types.Array(like, 1, "C")
    header = object.__basicsize__

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        from numba.np.arrayobj import populate_array

        field = builder.inttoptr(builder.add(args[0], ir.Constant(I64, header)), I64.as_pointer())
        size = ir.Constant(I64, like.bitwidth // 8)
        at = builder.add(builder.load(field), builder.mul(args[1], size))
        found = context.make_array(flat)(context, builder)
        data = builder.inttoptr(at, found.data.type)
        shape: Any = {"shape": [args[2]], "strides": [size], "itemsize": size, "meminfo": None}
        populate_array(found, data=data, **shape)  # type: ignore[no-untyped-call]
        return found._getvalue()

    return flat(types.int64, types.int64, types.int64, like), codegen


@emitted
def move(typingctx: Any, src: Any, dst: Any, like: Any) -> Any:
    """move(src, dst, x): copy lanes_of(x) elements like `x` from one address to another."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = _vec(context, builder, like)
        v.store(v.load(args[0]), args[1])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, like), codegen


@emitted
def shift(typingctx: Any, src: Any, dst: Any, count: Any, extra: Any) -> Any:
    """shift(src, dst, count, x): copy the first `count` of lanes_of(x) elements, at most all, with `x` added."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        v = _vec(context, builder, extra)
        mask = v.first(args[2])
        v.store_masked(builder.fadd(v.load_masked(args[0], mask), v.spread(args[3])), args[1], mask)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64, extra), codegen


@emitted
def prefetch(typingctx: Any, address: Any) -> Any:
    """prefetch(address): bring a cache line nearer; any address is allowed."""

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        emit_prefetch(builder, args[0])
        return context.get_dummy_value()

    return types.void(types.int64), codegen


def emit_prefetch(builder: ir.IRBuilder, address: Any, write: bool = False, near: int = 3) -> None:
    """Emit a request for a cache line, to be read or written, `near` 3 for the first level and 2 for the second."""
    byte, flag = ir.IntType(8).as_pointer(), ir.IntType(32)
    kind = ir.FunctionType(ir.VoidType(), [byte, flag, flag, flag])
    known = builder.module.globals.get("llvm.prefetch.p0")
    function = known or ir.Function(builder.module, kind, "llvm.prefetch.p0")
    builder.call(function, [builder.inttoptr(address, byte), flag(int(write)), flag(near), flag(1)])


@emitted
def transpose(typingctx: Any, src: Any, src_step: Any, dst: Any, dst_step: Any, like: Any) -> Any:
    """transpose(src, src_step, dst, dst_step, x): transpose a square of lanes_of(x) by lanes_of(x) elements
    like x.

    Row i of the source starts at src + i * src_step, row j of the result at dst + j * dst_step (bytes).
    """

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        emit_transpose(_vec(context, builder, like), *args[:4])
        return context.get_dummy_value()

    return types.void(*[types.int64] * 4, like), codegen


def emit_transpose(v: Vec, src: Any, src_step: Any, dst: Any, dst_step: Any) -> None:
    """Emit `transpose` at the builder's position."""
    build, rows = v.builder, []
    for _ in range(v.lanes):
        rows.append(v.load(src))
        src = build.add(src, src_step)
    for row in v.transpose(rows):
        v.store(row, dst)
        dst = build.add(dst, dst_step)
