"""Vector exp, log, tanh, sigmoid, erf: scalar helpers that LLVM turns into full-width vector code.

`math.exp` becomes a library call for each element and keeps a loop scalar.  The helpers here are
straight-line code (argument reduction, polynomial, exponent arithmetic on bits, selects instead of
branches), so the loop vectoriser handles a kernel that calls them like any other arithmetic, at whatever
width the CPU has.  They are generic in float32 and float64: `const` and `poly` look up a table by the
operand's type.

Errors, in units of the last place of the exact value (tests/test_codegen_math.py):

==============================  =======  =======
helper                          float32  float64
==============================  =======  =======
exp, log, erf                   1.5      1.5
expm1, log1p, tanh, sigmoid     2.5      2.5
==============================  =======  =======

NaN goes in and comes out, infinities and overflow behave as in the C library, and results that are denormal
are rounded once (where denormals are flushed they are zero).

The fast-math set is `contract` alone.  `reassoc` would undo the two-step argument reductions, and `arcp`
lets LLVM multiply by a reciprocal, or by a 12-bit estimate of one whose refinement makes x / inf a NaN;
kernels that must divide as IEEE does call `divide`.

The polynomials are minimax fits of our own (tests/record/fit_polynomials.py); the reductions follow W. J.
Cody and W. Waite, Software Manual for the Elementary Functions (1980), chapters 5, 6 and 13.
"""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from ._polynomials import CONSTANTS, POLYNOMIALS
from .lazy import device, lazy_intrinsic, rounded

# ---- type-generic constants and bit arithmetic
# -------------------------------------------------------------------

_MANTISSA = {32: 23, 64: 52}
_BIAS = {32: 127, 64: 1023}
# bits of 1.5 * 2**23 and 1.5 * 2**52: adding them rounds to an integer
_MAGIC = {32: 0x4B400000, 64: 0x4338000000000000}
_SQRT_HALF = {32: 0x3F3504F3, 64: 0x3FE6A09E667F3BCD}  # bits of the square root of 1/2


def _bits(kind: Any) -> int:
    """Return the width of a Numba floating-point type, 0 for any other type."""
    return {"float32": 32, "float64": 64}.get(str(kind), 0)


def _pick(table: dict[str, tuple[Any, Any]], name: Any, bits: int) -> Any:
    return table[name.literal_value][bits == 64]


@lazy_intrinsic
def const(typingctx: Any, x: Any, name: Any) -> Any:
    """const(x, name): the constant `name` of the table in the type of `x`."""
    bits = _bits(x)
    if not bits or not hasattr(name, "literal_value"):
        return None

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        return args[0].type(_pick(CONSTANTS, name, bits))

    return x(x, name), emit


@lazy_intrinsic
def poly(typingctx: Any, x: Any, name: Any) -> Any:
    """poly(x, name): the polynomial `name` of the table at `x`, by Horner's rule."""
    bits = _bits(x)
    if not bits or not hasattr(name, "literal_value"):
        return None

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        *lower, value = (args[0].type(c) for c in _pick(POLYNOMIALS, name, bits))
        for c in reversed(lower):
            value = builder.fadd(builder.fmul(value, args[0]), c)
        return value

    return x(x, name), emit


@lazy_intrinsic
def scale(typingctx: Any, p: Any, t: Any) -> Any:
    """scale(p, n + magic): ``p * 2**n``, in two factors so that overflow and denormals round once."""
    bits = _bits(p)
    if not bits or p != t:
        return None

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        value, n = args[0], builder.bitcast(args[1], ir.IntType(bits))
        both = builder.add(n, n.type(2 * _BIAS[bits] - _MAGIC[bits]))  # sum of the two biased exponents
        half = builder.lshr(both, n.type(1))
        for e in (half, builder.sub(both, half)):
            factor = builder.shl(e, n.type(_MANTISSA[bits]))
            value = builder.fmul(value, builder.bitcast(factor, value.type))
        return value

    return p(p, t), emit


@lazy_intrinsic
def exponent(typingctx: Any, x: Any) -> Any:
    """exponent(x): ``e + magic`` for positive normal ``x = m * 2**e`` with m in [sqrt(1/2), sqrt(2))."""
    bits = _bits(x)
    if not bits:
        return None

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        n = builder.bitcast(args[0], ir.IntType(bits))
        # biased, so that the shift may be logical: not every CPU shifts 64-bit lanes arithmetically
        up = builder.add(n, n.type((_BIAS[bits] << _MANTISSA[bits]) - _SQRT_HALF[bits]))
        e = builder.lshr(up, n.type(_MANTISSA[bits]))
        return builder.bitcast(builder.add(e, n.type(_MAGIC[bits] - _BIAS[bits])), args[0].type)

    return x(x), emit


@lazy_intrinsic
def mantissa(typingctx: Any, x: Any, t: Any) -> Any:
    """mantissa(x, e + magic): m of ``x = m * 2**e``."""
    bits = _bits(x)
    if not bits or x != t:
        return None

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        n, e = (builder.bitcast(value, ir.IntType(bits)) for value in args)
        e = builder.shl(e, n.type(_MANTISSA[bits]))  # the magic number's own bits fall off the top
        return builder.bitcast(builder.sub(n, e), args[0].type)

    return x(x, t), emit


def _call(name: str, arity: int) -> Any:
    """Return the emitter of an LLVM intrinsic function of `arity` equal floating-point arguments."""

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = args[0].type
        shape = ir.FunctionType(kind, [kind] * arity)
        return builder.call(builder.module.declare_intrinsic(name, [kind], shape), args)

    return emit


@lazy_intrinsic
def copysign(typingctx: Any, x: Any, sign: Any) -> Any:
    """copysign(x, sign): `x` with the sign of `sign`."""
    return (x(x, sign), _call("llvm.copysign", 2)) if _bits(x) and x == sign else None


@lazy_intrinsic
def maximum(typingctx: Any, a: Any, b: Any) -> Any:
    """maximum(a, b): the larger, NaN if either is NaN; a loop over it vectorises, one over a comparison does
    not.
    """
    return (a(a, b), _call("llvm.maximum", 2)) if _bits(a) and a == b else None


@lazy_intrinsic
def minimum(typingctx: Any, a: Any, b: Any) -> Any:
    """minimum(a, b): the smaller, NaN if either is NaN."""
    return (a(a, b), _call("llvm.minimum", 2)) if _bits(a) and a == b else None


@lazy_intrinsic
def fused(typingctx: Any, a: Any, b: Any, c: Any) -> Any:
    """fused(a, b, c): a * b + c, rounded once where the CPU can; c is rounded before, whatever made it.

    Left to itself, LLVM may fuse the other product of a sum of two.
    """
    if not _bits(a) or a != b or a != c:
        return None

    def emit(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        from .ir import target_of  # here, for it imports Numba

        if target_of(context).fma:
            return _call("llvm.fma", 3)(context, builder, signature, args)
        return builder.fadd(builder.fmul(args[0], args[1]), args[2])

    return a(a, b, c), emit


@lazy_intrinsic
def root(typingctx: Any, x: Any) -> Any:
    """root(x): the square root; write `sqrt`, which keeps the caller's fast-math flags away."""
    return (x(x), _call("llvm.sqrt", 1)) if _bits(x) else None


# ---- exact arithmetic
# --------------------------------------------------------------------------------------------


@rounded
def product(a: Any, b: Any) -> Any:
    """Return a * b, rounded: never fused with an addition."""
    return a * b


@device
def divide(a: Any, b: Any) -> Any:
    """Return a / b, correctly rounded in any kernel."""
    return a / b


@device
def sqrt(x: Any) -> Any:
    """Return the square root of x, correctly rounded in any kernel."""
    return root(x)


# ---- exponentials
# ------------------------------------------------------------------------------------------------


@device
def exp(x: Any) -> Any:
    """Return e**x."""
    y = const(x, "exp_max") if x > const(x, "exp_max") else x
    y = const(x, "exp_min") if y < const(x, "exp_min") else y
    t = y * const(x, "1/log(2)") + const(x, "magic")
    n = t - const(x, "magic")
    r = (y - n * const(x, "log(2) high")) - n * const(x, "log(2) low")
    return scale(const(x, "1") + (r + r * r * poly(r, "exp")), t)


@device
def expm1(x: Any) -> Any:
    """Return e**x - 1 without cancellation near zero."""
    y = const(x, "exp_max") if x > const(x, "exp_max") else x
    y = const(x, "exp_min") if y < const(x, "exp_min") else y
    t = y * const(x, "1/log(2)") + const(x, "magic")
    n = t - const(x, "magic")
    r = (y - n * const(x, "log(2) high")) - n * const(x, "log(2) low")
    p = r + r * r * poly(r, "exp")  # e**r - 1, so e**x - 1 = 2**n p + (2**n - 1)
    small = scale(p, t) + (scale(const(x, "1"), t) - const(x, "1"))
    large = scale(const(x, "1") + p, t)  # where the 1 is below rounding; 2**n alone could overflow
    return copysign(large if n > const(x, "digits") else small, x)  # the sign of a zero, else nothing


@device
def sigmoid(x: Any) -> Any:
    """Return 1 / (1 + e**-x); never overflows."""
    z = exp(-abs(x))
    top = z if x < const(x, "0") else const(x, "1")
    return top / (const(x, "1") + z)


@device
def tanh(x: Any) -> Any:
    """Return the hyperbolic tangent: an odd polynomial near zero, 1 - 2 / (e**2|x| + 1) beyond."""
    a = abs(x)
    z = x * x
    small = x + x * (z * poly(z, "tanh"))
    two = const(x, "2")
    large = const(x, "1") - two / (exp(two * a) + const(x, "1"))
    return copysign(large if a > const(x, "tanh_split") else small, x)


# ---- logarithms
# --------------------------------------------------------------------------------------------------


@device
def log(x: Any) -> Any:
    """Return the natural logarithm: -inf at zero, NaN below."""
    tiny = x < const(x, "smallest normal")
    y = x * const(x, "2**digits") if tiny else x
    t = exponent(y)
    f = mantissa(y, t) - const(x, "1")
    e = t - const(x, "magic")
    e = e - const(x, "digits") if tiny else e
    s = f / (const(x, "2") + f)
    z = s * s
    h = const(x, "1/2") * f * f
    # log(1 + f) = 2 atanh(s) = f - h + s (h + R(s**2)), small terms first
    value = e * const(x, "log(2) high") - ((h - (s * (h + z * poly(z, "log")) + e * const(x, "log(2) low"))) - f)
    value = value if x < const(x, "inf") else x
    bad = -const(x, "inf") if x == const(x, "0") else const(x, "nan")
    return bad if x <= const(x, "0") else value


@device
def log1p(x: Any) -> Any:
    """Return log(1 + x) without cancellation near zero."""
    u = const(x, "1") + x
    lost = (x - (u - const(x, "1"))) / u  # what rounding 1 + x dropped, to first order
    base = log(u)
    value = base + lost
    return copysign(value if abs(base) < const(x, "inf") else base, x)  # the sign of a zero, else nothing


# ---- error function
# ----------------------------------------------------------------------------------------------


@device
def erf(x: Any) -> Any:
    """Return the error function: an odd polynomial near zero, 1 - e**-q(|x|) beyond."""
    a = abs(x)
    z = x * x
    small = x + x * poly(z, "erf")
    b = const(x, "erf_max") if a > const(x, "erf_max") else a
    large = copysign(const(x, "1") - exp(-poly(b, "-log erfc")), x)
    return large if a > const(x, "erf_split") else small
