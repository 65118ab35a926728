"""From a kernel body to one machine function that runs it over a range, serially or on many threads.

The library holds no ``parallel=True`` function. Numba's threading layers all export ``parallel_for(fn, args,
dims, steps, data, ...)``, which calls ``fn(args, dims, steps, data)`` ``dims[0]`` times, spread over threads.
Every kernel compiles to one *entry*, called from Python, and one *trampoline*, which has ``fn``'s type: the
entry packs the arguments into a struct on its stack, and the trampoline takes chunks of the range from a
shared counter until none are left. So the load balances itself whatever the layer's own schedule is, serial
and parallel runs are one body, and nothing pays for a parallel compile (0.6 s each).
"""

# mypy: disable-error-code="no-untyped-call,untyped-decorator,attr-defined,assignment,misc"
# (Numba is typed in part)

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import Any

from llvmlite import ir
from numba.core import cgutils, compiler, config, types
from numba.core.callconv import Status, excinfo_ptr_t
from numba.core.registry import CPUDispatcher
from numba.extending import intrinsic

from . import _progress
from ._cache import KernelCache
from ._parallel import FLUSH_ARCHS
from ._source import fingerprint
from .config import settings
from .cpu import Cpu

__all__ = ["entry_dispatcher", "helper_dispatcher", "interpreted"]

# NaN and infinities keep their IEEE meaning: no nnan, no ninf. reassoc lets sums vectorise; `exact` drops it.
_FAST = {"nsz", "arcp", "contract", "afn"}

_I1, _I8, _I32, _I64 = ir.IntType(1), ir.IntType(8), ir.IntType(32), ir.IntType(64)
# Item numbers are small and not negative. Where LLVM can tell, it drops the test for indices that count from
# the end, without which loops vectorise with plain loads and stores and not with gathers and scatters.
_INDEX_MASK = _I64((1 << 47) - 1)
_PTR, _I64_PTR = _I8.as_pointer(), _I64.as_pointer()
_TASK = ir.FunctionType(ir.VoidType(), [_PTR, _I64_PTR, _I64_PTR, _PTR])
_PARALLEL_FOR = ir.FunctionType(ir.VoidType(), [_PTR] * 5 + [_I64] * 3)

# Fields of the struct that the entry shares with its tasks; the kernel's own arguments follow. The counter,
# which every task writes, has a cache line (two, for prefetching in pairs) to itself.
_NEXT, _PAD, _SPAN, _GRAIN, _FLUSH, _CODE, _ERROR, _FIRST_ARG = range(8)
_HEADER = [_I64, ir.ArrayType(_I64, 15), _I64, _I64, _I64, _I32, _PTR]


def interpreted() -> bool:
    """Say whether NUMBA_DISABLE_JIT asks for Python in place of machine code."""
    return bool(config.DISABLE_JIT)


def _options(exact: bool) -> dict[str, Any]:
    fast = _FAST if exact else _FAST | {"reassoc"}
    checks = {"boundscheck": settings.debug}
    return {"nopython": True, "nogil": True, "error_model": "numpy", "fastmath": fast, **checks}


def helper_dispatcher(func: FunctionType, exact: bool) -> Any:
    """Return Numba's dispatcher of a device function, with the kernels' flags."""
    options = _options(exact) | {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}
    return CPUDispatcher(_renamed(func, fingerprint(func)), targetoptions=options)


def _renamed(func: FunctionType, digest: str) -> FunctionType:
    """Copy `func` under a name of its own.

    Numba numbers symbols by process. Two variants of one function, one loaded from the cache and one
    compiled, might otherwise get one symbol, and the linker would keep the first.
    """
    copy = FunctionType(func.__code__, func.__globals__, func.__name__, func.__defaults__, func.__closure__)
    copy.__qualname__ = f"{func.__qualname__}_{digest[:12]}"
    copy.__module__ = func.__module__
    return copy


def entry_dispatcher(body: FunctionType, exact: bool, cached: bool) -> Any:
    """Return the dispatcher of ``entry(state, tasks, span, grain, *args)``.

    Its source is generated because a fixed number of arguments dispatches faster than ``*args`` does.
    """
    digest = fingerprint(body, exact)
    name = f"{body.__name__}_{digest[:12]}"
    names = [f"a{i}" for i in range(body.__code__.co_argcount - 2)]
    source = (
        f"def {name}({', '.join(['state', 'tasks', 'span', 'grain', *names])}):\n"
        f"    launch(body, state, tasks, span, grain, ({' '.join(n + ',' for n in names)}))\n"
    )
    device = helper_dispatcher(body, exact)
    scope = {"__name__": __name__, "launch": launch, "body": device}
    exec(compile(source, f"<minitorch entry {name}>", "exec"), scope)
    entry = _Entry(scope[name], targetoptions=_options(exact) | {"no_cfunc_wrapper": True})
    entry.environments = device.environments = []
    if cached:
        entry._cache = KernelCache(body.__name__, digest)
    return entry


class _Entry(CPUDispatcher):
    """Numba's dispatcher, which also connects the body's environment (its Python-side constants)."""

    environments: list[Any]

    def compile(self, sig: Any) -> Any:
        """Compile a specialisation, or load it from the cache."""
        try:
            return super().compile(sig)
        finally:
            _progress.finished()

    def add_overload(self, cres: Any) -> None:
        """Register a compiled or loaded specialisation."""
        for environment in self.environments:
            cres.codegen.set_env(environment.env_name, environment)
        super().add_overload(cres)


@intrinsic
def launch(typingctx: Any, body: Any, state: Any, tasks: Any, span: Any, grain: Any, args: Any) -> Any:
    """Run ``body(lo, hi, *args)`` over ``[0, span)`` in chunks of `grain`, on up to `tasks` threads."""
    signature = types.none(body, types.intp, types.intp, types.intp, types.intp, args)
    return signature, _emit_launch


def _emit_launch(context: Any, builder: ir.IRBuilder, signature: Any, values: Any) -> Any:
    _, state, tasks, span, grain, packed = values
    compiled = _compile_body(context, signature.args[0].dispatcher, tuple(signature.args[5]))
    arguments = cgutils.unpack_tuple(builder, packed)
    layout = ir.LiteralStructType(_HEADER + [value.type for value in arguments])
    trampoline = _emit_trampoline(context, builder.module, layout, compiled)
    driver, threads, flush = _load_state(builder, state)
    shared = cgutils.alloca_once(builder, layout)
    header = {_NEXT: _I64(0), _SPAN: span, _GRAIN: grain, _FLUSH: flush, _CODE: _I32(0), _ERROR: _PTR(None)}
    for index, value in [*header.items(), *enumerate(arguments, _FIRST_ARG)]:
        builder.store(value, _field(builder, shared, index))
    data = builder.bitcast(shared, _PTR)
    serial = builder.or_(builder.icmp_signed("<=", tasks, _I64(1)), builder.icmp_unsigned("==", driver, _I64(0)))
    with builder.if_else(serial, likely=True) as (alone, together):
        with alone:
            builder.call(trampoline, [_PTR(None), _I64_PTR(None), _I64_PTR(None), data])
        with together:
            _emit_parallel(builder, driver, threads, tasks, trampoline, data)
    _emit_raise(context, builder, shared)
    return context.get_dummy_value()


def _compile_body(context: Any, dispatcher: Any, argtypes: tuple[Any, ...]) -> Any:
    """Compile the body into the entry's own library: optimised once, one machine copy, no wrapper."""
    flags = compiler.Flags()
    dispatcher.targetdescr.options.parse_as_flags(flags, dispatcher.targetoptions)
    flags.no_compile = True
    flags.forceinline = True  # into the trampoline, which knows that the range has no negative index
    signature = (types.intp, types.intp, *argtypes)
    result = compiler.compile_internal(
        context.typing_context, context, context.active_code_library,
        dispatcher.py_func, signature, types.none, flags, {},
    )  # fmt: skip
    dispatcher.environments.append(result.environment)
    copy = context.active_code_library._final_module.get_function(result.fndesc.llvm_func_name)
    copy.linkage = "linkonce_odr"  # not kept beside the inlined one
    return result


def _load_state(builder: ir.IRBuilder, state: Any) -> list[Any]:
    """Load the fields of `minitorch._parallel.State`: parallel_for's address, threads, flush."""
    base = builder.inttoptr(state, _I64_PTR)
    return [builder.load(builder.gep(base, [_I64(i)])) for i in range(3)]


def _emit_parallel(builder: ir.IRBuilder, driver: Any, threads: Any, tasks: Any, trampoline: Any, data: Any) -> None:
    count = cgutils.alloca_once_value(builder, tasks)
    nothing = builder.bitcast(cgutils.alloca_once_value(builder, _I64(0)), _PTR)
    run = builder.inttoptr(driver, _PARALLEL_FOR.as_pointer())
    task = builder.bitcast(trampoline, _PTR)
    counts = builder.bitcast(count, _PTR)
    # no inner dimensions and no arrays: the layer has nothing to offset, everything travels in `data`
    builder.call(run, [task, nothing, counts, nothing, data, _I64(0), _I64(0), threads])


def _emit_trampoline(context: Any, module: ir.Module, layout: ir.Type, compiled: Any) -> ir.Function:
    name = module.get_unique_name("minitorch_trampoline")
    function = ir.Function(module, _TASK, name=name)
    function.linkage = "internal"
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    shared = builder.bitcast(function.args[3], layout.as_pointer())
    arguments = [builder.load(_field(builder, shared, i)) for i in range(_FIRST_ARG, len(layout.elements))]
    span, grain, flush = (builder.load(_field(builder, shared, i)) for i in (_SPAN, _GRAIN, _FLUSH))
    restore = _emit_flush(builder, flush)
    claim, run, done = (function.append_basic_block(label) for label in ("claim", "run", "done"))
    builder.branch(claim)
    builder.position_at_end(claim)
    counter = _field(builder, shared, _NEXT)
    low = builder.atomic_rmw("add", counter, grain, "monotonic")
    builder.cbranch(builder.icmp_signed("<", low, span), run, done)
    builder.position_at_end(run)
    left = builder.sub(span, low)
    count = builder.select(builder.icmp_signed("<", grain, left), grain, left)
    low, count = (builder.and_(value, _INDEX_MASK) for value in (low, count))
    high = builder.add(low, count, flags=["nuw", "nsw"])
    status, _ = context.call_internal_no_propagate(
        builder, compiled.fndesc, compiled.signature, [low, high, *arguments]
    )
    with cgutils.if_unlikely(builder, status.is_error):
        _emit_record(builder, shared, status)
        builder.atomic_rmw("xchg", counter, span, "monotonic")  # the other tasks need not finish
    builder.branch(claim)
    builder.position_at_end(done)
    restore()
    builder.ret_void()
    return function


def _emit_record(builder: ir.IRBuilder, shared: Any, status: Any) -> None:
    """Keep the first error: an exception cannot travel through the threading layer, its description can."""
    code = _field(builder, shared, _CODE)
    swapped = builder.cmpxchg(code, _I32(0), status.code, "monotonic")
    with builder.if_then(builder.extract_value(swapped, 1)):
        builder.store(builder.bitcast(status.excinfoptr, _PTR), _field(builder, shared, _ERROR))


def _emit_raise(context: Any, builder: ir.IRBuilder, shared: Any) -> None:
    """Raise in the calling thread what a task recorded, if any did."""
    code = builder.load(_field(builder, shared, _CODE))
    failed = builder.icmp_signed("!=", code, _I32(0))
    with cgutils.if_unlikely(builder, failed):
        error = builder.bitcast(builder.load(_field(builder, shared, _ERROR)), excinfo_ptr_t)
        status = Status(
            code=code, excinfoptr=error, is_ok=None, is_none=None, is_error=failed,
            is_stop_iteration=None, is_python_exc=None, is_user_exc=None,
        )  # fmt: skip
        context.call_conv.return_status_propagate(builder, status)


def _field(builder: ir.IRBuilder, struct: Any, index: int) -> Any:
    return builder.gep(struct, [_I32(0), _I32(index)], inbounds=True)


def _emit_flush(builder: ir.IRBuilder, flush: Any) -> Callable[[], None]:
    """Turn denormals into zeros if `flush` says so; what is returned emits the way back.

    The control word belongs to the thread: others' arithmetic on it must not notice.
    """
    arch = Cpu.current().arch
    if arch not in FLUSH_ARCHS:
        return lambda: None
    read, write, bits = _X86 if arch == "x86_64" else _AARCH64
    wanted = builder.icmp_signed("!=", flush, _I64(0))
    saved = cgutils.alloca_once(builder, bits.type)
    with builder.if_then(wanted):
        old = read(builder)
        builder.store(old, saved)
        write(builder, builder.or_(old, bits))

    def restore() -> None:
        with builder.if_then(wanted):
            write(builder, builder.load(saved))

    return restore


def _intrinsic(builder: ir.IRBuilder, name: str, result: ir.Type, *values: Any) -> Any:
    kind = ir.FunctionType(result, [value.type for value in values])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), values)


def _read_mxcsr(builder: ir.IRBuilder) -> Any:
    word = cgutils.alloca_once(builder, _I32)
    _intrinsic(builder, "llvm.x86.sse.stmxcsr", ir.VoidType(), builder.bitcast(word, _PTR))
    return builder.load(word)


def _write_mxcsr(builder: ir.IRBuilder, value: Any) -> None:
    word = cgutils.alloca_once(builder, _I32)
    builder.store(value, word)
    _intrinsic(builder, "llvm.x86.sse.ldmxcsr", ir.VoidType(), builder.bitcast(word, _PTR))


def _read_fpcr(builder: ir.IRBuilder) -> Any:
    return _intrinsic(builder, "llvm.aarch64.get.fpcr", _I64)


def _write_fpcr(builder: ir.IRBuilder, value: Any) -> None:
    _intrinsic(builder, "llvm.aarch64.set.fpcr", ir.VoidType(), value)


_X86 = _read_mxcsr, _write_mxcsr, _I32(0x8040)  # flush results to zero (bit 15), take inputs as zero (bit 6)
_AARCH64 = _read_fpcr, _write_fpcr, _I64(1 << 24)  # FZ does both
