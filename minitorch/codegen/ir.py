"""Vectors of the target CPU in LLVM IR: load, store, masked tail, broadcast, fused multiply-add, select,
transpose.

Emitters see a `Target` (what the CPU being compiled for can do), never this machine, so that they can be
dumped and tested for any CPU.  Addresses are 64-bit integers counted in bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from importlib import import_module
from typing import Any, NamedTuple

from llvmlite import ir

from ..cpu import _implied
from .lazy import LazyIntrinsic, lazy_intrinsic

I1, I8, I32, I64 = ir.IntType(1), ir.IntType(8), ir.IntType(32), ir.IntType(64)
SCALARS = {4: ir.FloatType(), 8: ir.DoubleType()}


class Target(NamedTuple):
    """What the CPU that code is generated for offers.

    Parameters
    ----------
    bits
        Width of a vector register.
    registers
        Number of vector registers.
    fma
        Whether multiply and add is one instruction; without it LLVM would call a library function per lane.

    """

    bits: int
    registers: int
    fma: bool

    def lanes(self, itemsize: int) -> int:
        """Elements of `itemsize` bytes in a vector.

        >>> Target(512, 32, True).lanes(4)
        16
        """
        return self.bits // 8 // itemsize


AVX512, AVX2, SSE2, NEON = (
    Target(512, 32, True),
    Target(256, 16, True),
    Target(128, 16, False),
    Target(128, 32, True),
)


def parse_target(triple: str, cpu: str, features: str) -> Target:
    """Read LLVM's triple, CPU name and feature string.

    >>> parse_target("x86_64-unknown-linux-gnu", "haswell", "+avx2,+fma,-avx512f").bits
    256
    """
    if triple.startswith(("aarch64", "arm64")):
        return NEON
    if not features:  # Numba leaves out the string when a CPU is forced by name alone
        has = _implied(cpu)
    else:
        has = frozenset(word[1:] for word in features.split(",") if word.startswith("+"))
    if "avx512f" in has:
        return AVX512
    return AVX2 if {"avx2", "fma"} <= has else SSE2


def target_of(context: Any) -> Target:
    """Return what Numba's target context compiles for."""
    return parse_target(*context.codegen().magic_tuple())


@lru_cache(maxsize=1)
def host_target() -> Target:
    """Return the target that kernels of this process are compiled for (Numba's settings may force an older
    CPU).
    """
    from numba.core.registry import cpu_target  # Numba's machinery starts on first use, not at import

    return target_of(cpu_target.target_context)


def emitted(function: Callable[..., Any]) -> LazyIntrinsic:
    """Make a Numba intrinsic, which sees integers written in the caller's source as literals (so that the
    disk cache
    can key on them).
    """
    return lazy_intrinsic(function)


class _Types:
    """Numba's types by name; the module is imported when an emitter asks for the first one."""

    def __getattr__(self, name: str) -> Any:
        return getattr(import_module("numba.core.types"), name)


types: Any = _Types()


class Vec:
    """Emits operations on vectors of one float type for one target."""

    def __init__(self, builder: ir.IRBuilder, itemsize: int, target: Target) -> None:
        self.builder = builder
        self.target = target
        self.itemsize = itemsize
        self.lanes = target.lanes(itemsize)
        self.scalar = SCALARS[itemsize]
        self.type = ir.VectorType(self.scalar, self.lanes)
        self.mask = ir.VectorType(I1, self.lanes)
        self.bytes = target.bits // 8

    # addresses
    # ------------------------------------------------------------------------------------------------
    def offset(self, address: ir.Value, count: int | ir.Value) -> ir.Value:
        """Return `address` + `count` bytes."""
        if isinstance(count, int):
            if count == 0:
                return address
            count = ir.Constant(I64, count)
        return self.builder.add(address, count)

    def pointer(self, address: ir.Value, kind: ir.Type) -> ir.Value:
        """Return `address` as a pointer to `kind`."""
        return self.builder.inttoptr(address, kind.as_pointer())

    def opaque(self, number: ir.Value) -> ir.Value:
        """Return a 64-bit integer of which LLVM knows nothing, so that it keeps what is computed from it as it is."""
        nothing = ir.InlineAsm(ir.FunctionType(I64, [I64]), "", "=r,0")
        return self.builder.call(nothing, [number])

    def load_int(self, address: ir.Value, index: int = 0) -> ir.Value:
        """Return the 64-bit integer number `index` of the table at `address`."""
        return self.builder.load(self.pointer(self.offset(address, 8 * index), I64), align=8)

    # memory
    # ---------------------------------------------------------------------------------------------------
    def load(self, address: ir.Value) -> ir.Value:
        """Load a vector; any alignment of whole elements."""
        return self.builder.load(self.pointer(address, self.type), align=self.itemsize)

    def store(self, value: ir.Value, address: ir.Value) -> None:
        """Store a vector; any alignment of whole elements."""
        self.builder.store(value, self.pointer(address, self.type), align=self.itemsize)

    def stream(self, value: ir.Value, address: ir.Value) -> None:
        """Store a vector to memory past the caches; the address is a multiple of its size."""
        store = self.builder.store(value, self.pointer(address, self.type), align=self.bytes)
        store.set_metadata("nontemporal", self.builder.module.add_metadata([ir.Constant(I32, 1)]))

    def store_rows(
        self, values: Sequence[ir.Value], places: Sequence[ir.Value], past: ir.Value,
        ask: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """Store vectors, past the caches if the bit `past` is set; if not, `ask` may emit requests for later places."""
        with self.builder.if_else(past) as (beyond, through):
            with beyond:
                for value, place in zip(values, places):
                    self.stream(value, place)
            with through:
                ask()
                for value, place in zip(values, places):
                    self.store(value, place)

    def load_masked(self, address: ir.Value, mask: ir.Value) -> ir.Value:
        """Load the lanes that `mask` names and leave zero in the others; never touches their memory."""
        align = ir.Constant(I32, self.itemsize)
        call = self._memory("load", self.type, [ir.PointerType(), I32, self.mask, self.type])
        return self.builder.call(call, [self.pointer(address, self.type), align, mask, self.splat(0.0)])

    def store_masked(self, value: ir.Value, address: ir.Value, mask: ir.Value) -> None:
        """Store the lanes that `mask` names."""
        align = ir.Constant(I32, self.itemsize)
        call = self._memory("store", ir.VoidType(), [self.type, ir.PointerType(), I32, self.mask])
        self.builder.call(call, [value, self.pointer(address, self.type), align, mask])

    def load_live(self, address: ir.Value, mask: ir.Value | None) -> ir.Value:
        """Load the lanes that `mask` names; without one, all."""
        return self.load(address) if mask is None else self.load_masked(address, mask)

    def store_live(self, value: ir.Value, address: ir.Value, mask: ir.Value | None) -> None:
        """Store the lanes that `mask` names; without one, all."""
        if mask is None:
            self.store(value, address)
        else:
            self.store_masked(value, address, mask)

    def broadcast(self, address: ir.Value) -> ir.Value:
        """Load one element into every lane."""
        return self.spread(self.builder.load(self.pointer(address, self.scalar), align=self.itemsize))

    # values
    # ---------------------------------------------------------------------------------------------------
    def splat(self, number: float) -> ir.Constant:
        """Return a constant in every lane."""
        return ir.Constant(self.type, [float(number)] * self.lanes)

    def spread(self, value: ir.Value) -> ir.Value:
        """Copy a scalar into every lane."""
        kind = ir.VectorType(value.type, self.lanes)
        first = self.builder.insert_element(ir.Constant(kind, ir.Undefined), value, ir.Constant(I32, 0))
        zeros = ir.Constant(ir.VectorType(I32, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, ir.Constant(kind, ir.Undefined), zeros)

    def first(self, count: ir.Value) -> ir.Value:
        """Return the mask of the first `count` lanes (none if negative, all if large)."""
        lanes = ir.Constant(ir.VectorType(I64, self.lanes), list(range(self.lanes)))
        return self.builder.icmp_signed("<", lanes, self.spread(count))

    def bits(self, number: ir.Value) -> ir.Value:
        """Return the mask of the lanes whose bit of an integer is set."""
        return self.builder.bitcast(self.builder.trunc(number, ir.IntType(self.lanes)), self.mask)

    def fma(self, a: ir.Value, b: ir.Value, c: ir.Value) -> ir.Value:
        """Return a * b + c, rounded once where the CPU can."""
        if not self.target.fma:
            return self.builder.fadd(self.builder.fmul(a, b), c)
        return self.builder.call(self._function(f"llvm.fma.{self._name()}", self.type, [self.type] * 3), [a, b, c])

    def at_least(self, value: ir.Value, floor: ir.Value) -> ir.Value:
        """Return max(value, floor); NaN stays NaN."""
        return self.builder.select(self.builder.fcmp_ordered("<", value, floor), floor, value)

    def any_nan(self, value: ir.Value) -> ir.Value:
        """Return whether any lane is NaN."""
        lanes = self.builder.fcmp_unordered("uno", value, value)
        bits = self.builder.bitcast(lanes, ir.IntType(self.lanes))
        return self.builder.icmp_unsigned("!=", bits, ir.Constant(ir.IntType(self.lanes), 0))

    def combine(self, coefficients: Sequence[float], values: Sequence[ir.Value]) -> ir.Value:
        """Return the sum of coefficient * value with as few instructions as its zeros and ones allow."""
        b, total = self.builder, None
        for c, v in sorted(zip(coefficients, values), key=lambda pair: pair[0] != 1):
            if c == 0:
                continue
            if total is None:
                total = v if c == 1 else b.fmul(self.splat(c), v)
            elif abs(c) == 1:
                total = b.fadd(total, v) if c == 1 else b.fsub(total, v)
            else:
                total = self.fma(self.splat(c), v, total)
        return self.splat(0.0) if total is None else total

    def transpose(self, rows: Sequence[ir.Value]) -> list[ir.Value]:
        """Transpose a square of `lanes` vectors in log2(lanes) rounds of pairwise shuffles."""
        out, half = list(rows), self.lanes // 2
        while half:
            low, high = _exchange(self.lanes, half)
            for i in range(self.lanes):
                if not i & half:
                    a, b = out[i], out[i + half]
                    out[i] = self._shuffle(a, b, low)
                    out[i + half] = self._shuffle(a, b, high)
            half //= 2
        return out

    def _shuffle(self, a: ir.Value, b: ir.Value, lanes: Sequence[int]) -> ir.Value:
        return self.builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(I32, self.lanes), list(lanes)))

    def _name(self) -> str:
        return f"v{self.lanes}f{8 * self.itemsize}"

    def _memory(self, verb: str, result: ir.Type, arguments: list[ir.Type]) -> ir.Function:
        return self._function(f"llvm.masked.{verb}.{self._name()}.p0", result, arguments)

    def _function(self, name: str, result: ir.Type, arguments: list[ir.Type]) -> ir.Function:
        module = self.builder.module
        known = module.globals.get(name)
        return known or ir.Function(module, ir.FunctionType(result, arguments), name)


def _exchange(lanes: int, half: int) -> tuple[list[int], list[int]]:
    """Lanes that swap the off-diagonal blocks of size `half` between two rows (b's lanes follow a's)."""
    low = [i if not i & half else lanes + i - half for i in range(lanes)]
    high = [i + half if not i & half else lanes + i for i in range(lanes)]
    return low, high


def dump(emit: Callable[..., None], itemsize: int, target: Target, arguments: Sequence[ir.Type]) -> str:
    """Return the IR text of `emit(vec, *arguments)` inside a function of its own, without compiling or
    running it.
    """
    module = ir.Module("dump")
    function = ir.Function(module, ir.FunctionType(ir.VoidType(), arguments), "emitted")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    emit(Vec(builder, itemsize, target), *function.args)
    builder.ret_void()
    return str(module)
