"""The cases of the comparison with torch, by subject; `tests/parity.py` says how a case is read."""

from collections.abc import Iterator

from tests import (
    parity_cases_layout,
    parity_corner_cases,
    parity_dtype_cases,
    parity_fft_cases,
    parity_graph_cases,
    parity_math_cases,
    parity_semantics_cases,
    parity_special_cases,
    parity_tensor_cases,
)

Cases = dict[str, list[str]]

BINARY = ["a + b", "a - b", "a * b", "a / b", "a // b", "a % b", "a ** b", "torch.fmod(a, b)", "torch.maximum(a, b)",
          "torch.atan2(a, b)", "a == b", "a < b", "a & b", "torch.logical_and(a, b)", "torch.where(a == a, a, b)"]  # fmt: skip
INPLACE = ["a.add_(b)", "a.sub_(b)", "a.mul_(b)", "a.div_(b)", "a.floor_divide_(b)", "a.remainder_(b)", "a.pow_(b)",
           "a.eq_(b)", "a.lt_(b)", "a.copy_(b)", "a.bitwise_and_(b)", "a.logical_or_(b)", "a.fill_(b)"]  # fmt: skip
UNARY = ["neg", "abs", "sign", "sqrt", "rsqrt", "exp", "log", "sin", "tanh", "sigmoid", "floor", "round", "trunc", "frac",
         "reciprocal", "square", "erf", "expm1", "log1p", "isnan", "isfinite", "logical_not", "bitwise_not",
         "exp2", "log2", "atan", "acosh"]  # fmt: skip
REDUCTIONS = ["sum", "mean", "prod", "amax", "amin", "max", "min", "argmax", "argmin", "all", "any", "var", "std"]


def promotions() -> Iterator[str]:
    for code in BINARY:
        for left, right in (("dim", "dim"), ("dim", "zero"), ("zero", "dim"), ("dim", "number"), ("zero", "number")):
            yield f'promotion("{code}", "{left}", "{right}")'
    for code in BINARY[:7]:
        yield f'promotion("{code}", "number", "dim")'
    for code in INPLACE:
        yield f'promotion("{code}", "dim", "dim")'
        yield f'promotion("{code}", "dim", "number")'
    for name in UNARY:
        yield f'unary("torch.{name}(a)")'
        if name not in ("isnan", "isfinite"):
            yield f'unary("a.{name}_()")'
    for name in (*REDUCTIONS, "cumsum", "logsumexp", "norm"):
        yield f'unary("a.{name}({"0" if name in ("cumsum", "logsumexp") else ""})")'
    for code in ("a.clamp(0)", "a.clamp(0.5)", "a.clamp(0, 1)", "a.sum(dtype=torch.float32)", "a.float()", "a.bool()",
                 "a.new_zeros(2)", "torch.zeros_like(a)", "torch.full((2,), a[0])", "torch.cat([a, torch.ones(2)])",
                 "torch.stack([a, torch.ones(2, dtype=torch.int64)])", "torch.clamp(a, torch.tensor([0.5, 1]))",
                 "torch.cat([a, torch.ones(2, dtype=torch.uint8)])", "a.masked_fill(a == a, 2)", "a.mT", "a.t()",
                 "torch.add(a, a, alpha=2)", "torch.add(a, a, alpha=2.5)", "torch.sub(a, a, alpha=2)",
                 "torch.div(a, a, rounding_mode='floor')", "torch.div(a, a, rounding_mode='trunc')",
                 "torch.isclose(a, a)", "a.requires_grad_()", "torch.linspace(0, 1, 3, dtype=a.dtype)",
                 "torch.arange(3, dtype=a.dtype)", "torch.eye(2, dtype=a.dtype)", "a.masked_fill(a == a, 2.5)",
                 "torch.arange(0, 2, 0.5, dtype=a.dtype)", "a.scatter(0, torch.tensor([0]), 1.5)", "a.round(decimals=1)"):  # fmt: skip
        yield f'unary("{code}")'
    for x in ("torch.float32", "torch.float64", "torch.int64", "torch.bool", "torch.uint8", "torch.bfloat16"):
        for y in ("torch.float16", "torch.int8", "torch.bool", "torch.complex64"):
            yield f"torch.promote_types({x}, {y})"
            yield f"torch.can_cast({x}, {y})"


SPECIAL = "t([nan, inf, -inf, 0.0, -0.0, 1.0, -1.0, 2.5, -2.5, 0.5, -0.5, 1e-30, 1e30, -3.7])"
FUNCTIONS = ["neg", "abs", "sign", "sqrt", "rsqrt", "exp", "log", "log2", "log10", "log1p", "exp2", "expm1", "sin", "cos",
             "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "sigmoid", "erf", "erfc",
             "floor", "ceil", "round", "trunc", "frac", "reciprocal", "square", "isnan", "isinf", "isfinite",
             "logical_not"]  # fmt: skip


def values() -> Iterator[str]:
    for name in FUNCTIONS:
        yield f"torch.{name}({SPECIAL})"
        yield f"torch.{name}({SPECIAL}.double())"
        if name not in ("isnan", "isinf", "isfinite", "logical_not"):
            yield f"torch.{name}(t([1, 2, -3, 0]))"
    other = "t([[2.0], [-2.0], [0.0], [inf], [nan], [0.7]])"
    for code in ("+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">="):
        yield f"{SPECIAL} {code} {other}"
    for name in ("fmod", "maximum", "minimum", "atan2", "remainder", "pow", "logical_and", "logical_or", "logical_xor"):
        yield f"torch.{name}({SPECIAL}, {other})"
    for mode in ("'floor'", "'trunc'"):
        yield f"torch.div({SPECIAL}, {other}, rounding_mode={mode})"
    ints, others = "t([7, -7, 0, 3, -128])", "t([[2], [-2], [3], [1], [-1]])"
    for code in ("+", "-", "*", "/", "//", "%", "&", "|", "^", "==", "<"):
        yield f"{ints} {code} {others}"
        yield f"{ints}.to(int8) {code} {others}.to(int8)"
        yield f"{ints} {code} 3"
        yield f"3 {code} ({ints} + 1000)"
    yield from (f"torch.fmod({ints}, {others})", f"torch.div({ints}, {others}, rounding_mode='trunc')")
    yield from (
        "t([1, 2, 3]) // 0", "t([1, 2, 3]) % 0", "t([1, 2, 3]) / 0", "torch.fmod(t([1]), 0)", "t([1.0, -1.0, 0.0]) // 0",
        "t([1.0, -1.0]) % 0", "t([2, 3]) ** 2", "t([2, 3]) ** -1", "t([2, 3, 1, -1]) ** t([-1, -2, -3, -3])",
        "t([2.0, 3.0]) ** -1", "2 ** t([1, 2, 3])", "2.0 ** t([1, 2, 3])", "t([2, 3]) ** 0.5", "t([-8.0]) ** (1 / 3)",
        "t([0.0]) ** 0", "t([0.0]) ** -1", "t([100], dtype=int8) + 100", "t([200], dtype=uint8) + 100",
        "t([2**31 - 1], dtype=int32) + 1", "t([2**62]) * 4", "t([255], dtype=uint8) * 2", "-t([1], dtype=uint8)",
        "t([1], dtype=uint8) - 2", "abs(t([-128], dtype=int8))", "t([1, 2]) + 1.5", "t([1, 2]) * True",
        "t([True, False]) + True", "t([True, False]) * 2", "t([True, False]) + t([True, True])",
        "t([True]) - t([True])", "-t([True])", "t([True]) - 1", "~t([True, False])", "~t([1, 2])", "~t([1.0])",
        "t([1.0]) & 1", "t([True]) & t([False])", "t([True]) ^ t([True])", "t([5]) & t([3])", "5 | t([2])",
        "torch.add(t([1.0]), t([2.0]), alpha=3)", "torch.add(t([1]), t([2]), alpha=1.5)",
        "torch.add(t([True]), t([True]), alpha=True)", "torch.sub(t([5]), 2, alpha=2)", "t([1.5]).add(2, alpha=0.5)",
        "torch.div(t([1]), t([2]), rounding_mode='up')", "torch.add(1, t([1]))", "torch.mul(2, 3)",
        "torch.true_divide(t([1]), 2)", "torch.pow(2, t([3.0]))", "torch.remainder(-3, t([2, 5]))",
        "t([1.0, nan]).clamp(0, 0.5)", "t([1.0, 5.0]).clamp(3, 2)", "t([1, 5]).clamp(max=3)", "t([1, 5]).clamp()",
        "t([1.0, 5.0]).clamp(t([2.0, 2.0]))", "t([1.0, 5.0]).clamp(min=t([2.0, 2.0]), max=t([3.0, 3.0]))",
        "t([1, 5]).clamp(1.5)", "t([1, 5]).clip(min=2)", "torch.clamp(t([[1.0], [2.0]]), max=t([1.0, 1.5]))",
        "torch.where(t([True, False]), 1.0, t([1, 2]))", "torch.where(t([True, False]), t([1.0, 2.0]), 5)",
        "torch.where(t([True, False]), 1, 2)", "torch.where(t([1, 0]), t([1.0, 2.0]), 5)",
        "torch.where(t([True, False]), t([1.0, 2.0], dtype=float64), t([1.0, 2.0]))", "torch.where(t([True, False]))",
        "torch.where(t([[True], [False]]), t([1.0, 2.0]), 0.0)", "t([1.0, 2.0]).where(t([True, False]), 0)",
        "torch.isclose(t([1.0, nan, inf]), t([1.0, nan, inf]))", "torch.allclose(t([1.0]), t([1.0 + 1e-6]))",
        "torch.isclose(t([1.0, nan]), t([1.0, nan]), equal_nan=True)", "torch.isclose(t([1, 2]), t([1, 3]))",
        "torch.isclose(t([1.0]), t([1]))", "torch.equal(t([1, 2]), t([1, 2]))", "torch.equal(t([1, 2]), t([1.0, 2.0]))",
        "torch.equal(t([nan]), t([nan]))", "torch.round(t([2.5, 3.5, -2.5, 1.25, 0.35]))",
        "torch.round(t([1.2345, 2.675, -1.005]), decimals=2)", "torch.round(t([1234.5]), decimals=-2)",
        "t([1.5]) == '1'", "t([1.5]) == None", "t([1.5]) != None", "t([1.5]) + None", "t([1.5]) + 'a'", "t([1.5]) + [1.0]",
        "t([1, 2]) + torch.ones(3)", "torch.ones(2, 3) + torch.ones(3, 2)", "torch.ones(2, 1, 3) + torch.ones(4, 1)",
        "torch.ones(0, 3) + torch.ones(1, 3)", "torch.ones(0) + torch.ones(1)", "torch.ones(0) + torch.ones(2)",
        "t(5) + t(2.5)", "t(5, dtype=float64) + torch.ones(2)", "t(5.5) + torch.ones(2, dtype=int64)",
        "t([1.0], dtype=float16) + 65504.0", "t([1.0, 2.0], dtype=bfloat16) * 1.01", "t([0.1], dtype=bfloat16) + 0.2",
        "t([1 + 2j]) * t([3 - 1j])", "t([1 + 2j]).abs()", "t([3 + 4j]).conj()", "abs(t(-3.5))", "+t([1.0])",
        "t([1.0, 2.0]).rsqrt()", "pow(t([2.0]), 3)", "divmod(7, 2)", "t([7.0]).floor_divide(2)", "t([7]) // 2.0",
    )  # fmt: skip


def reductions() -> Iterator[str]:
    x = "seq(2, 3, 4)"
    for name in ("sum", "mean", "amax", "amin", "var", "std", "all", "any", "norm"):
        for args in ("", "dim=1", "dim=(0, 2)", "dim=-1, keepdim=True", "dim=()", "dim=3", "dim=(0, 0)", "dim=[1]"):
            yield f"torch.{name}({x}, {args})" if name != "norm" or "dim" not in args else f"torch.norm({x}, 2, {args})"
    for name in ("prod", "max", "min", "argmax", "argmin", "cumsum"):
        for args in (
            ("", "dim=1", "dim=-1, keepdim=True", "dim=3") if name != "cumsum" else ("dim=0", "dim=-1", "dim=3")
        ):
            yield f"torch.{name}({x}, {args})"
    for name in ("sum", "mean", "prod", "amax", "max", "argmax", "var", "std", "all", "any", "norm", "logsumexp"):
        yield f"torch.zeros(0, 3).{name}({'0' if name == 'logsumexp' else ''})"
        yield f"torch.zeros(2, 0).{name}({'2, 1' if name == 'norm' else '1'})"
        yield f"torch.zeros(0, 3).{name}({'2, 1' if name == 'norm' else '1'})"
        yield f"t(2.5).{name}({'0' if name == 'logsumexp' else ''})"
        yield f"t(2.5).{name}({'2, 0' if name == 'norm' else '0'})"
        yield f"t([1.0, nan, 3.0]).{name}({'0' if name == 'logsumexp' else ''})"
    for x in ("t([2, 1, 2, 0])", "t([True, False, True])", "t([200, 100], dtype=uint8)", "t([nan, 1.0, nan])"):
        for code in (
            "max(0)",
            "min(0)",
            "argmax()",
            "argmin()",
            "sum()",
            "prod()",
            "cumsum(0)",
            "all()",
            "any()",
            "amax()",
        ):
            yield f"{x}.{code}"
    yield from (
        "t([1, 2]).mean()", "t([1, 2]).mean(dtype=float32)", "t([1, 2]).var()", "t([1, 2]).sum(dtype=float64)",
        "t([1.0, 2.0, 4.0]).var(correction=0)", "t([1.0, 2.0, 4.0]).var(unbiased=False)", "t([1.0, 2.0, 4.0]).std(0, False)",
        "t([1.0, 2.0, 4.0]).var(False)", "t([1.0]).var()", "t([1.0]).std(correction=0)", "t([1.0, 2.0]).var(correction=5)",
        "torch.var(seq(2, 3), 1, keepdim=True, correction=2)", "seq(2, 3).std(dim=0, unbiased=True)",
        "torch.max(t([1, 5]), t([3, 4]))", "torch.min(seq(2, 3), dim=0)", "torch.max(seq(2, 3), 1)[1]",
        "torch.max(seq(2, 3), 1).values", "seq(2, 3).max(1, keepdim=True).indices",         "type(torch.max(seq(2, 3), 1)).__name__", "t([3.0, -4.0]).norm()", "t([3.0, -4.0]).norm(1)",
        "t([3.0, -4.0]).norm(inf)", "t([3.0, -4.0]).norm(-inf)", "t([3.0, 0.0]).norm(0)", "t([3.0, -4.0]).norm(3)",
        "t([3.0, -4.0]).norm(0.5)", "seq(2, 3).norm(dim=1)", "seq(2, 3).norm('fro')", "seq(2, 3).norm(2, (0, 1), True)",
        "t([3, 4]).norm()", "torch.logsumexp(t([1000.0, 1000.0]), 0)", "torch.logsumexp(t([-inf, -inf]), 0)",
        "torch.logsumexp(t([inf, 1.0]), 0)", "torch.logsumexp(seq(2, 3), (0, 1))", "torch.logsumexp(t([1, 2]), 0)",
        "t([1, 2, 3]).cumsum(0, dtype=float32)", "t([1.0, 2.0]).cumsum(1)", "t(3.0).cumsum(0)", "t([0.0, nan]).any()",
        "t([1, 2], dtype=uint8).all()", "torch.sum(t([1, 2]), axis=0)", "torch.sum(t([1, 2]), 0, True)",
        "torch.sum(3)", "torch.mean(t([1.0, 2.0]), [0], False)", "t([[1, 2], [3, 4]]).prod(1)", "t([1.0, 2.0]).prod(dtype=float64)",
        "t([1e20, 1e20]).prod()", "torch.ones(3, dtype=float16).sum()", "torch.ones(300, dtype=uint8).sum()",
        "torch.ones(3, dtype=bfloat16).mean()", "torch.amax(seq(2, 3), ())", "torch.amax(seq(2, 3), (0, 1), keepdim=True)",
        "seq(4, 5).sum(-1).sum(-1)", "t([1 + 1j, 2]).sum()", "t([1 + 1j, 2]).mean()", "t([1 + 1j]).max()",
        "torch.full((1000,), 0.1).sum()", "torch.full((100000,), 0.1).mean()", "torch.full((4, 25000), 0.1).sum(1)",
        "torch.full((70000,), 300.0, dtype=float16).mean()",
    )  # fmt: skip


SUBJECTS = {"promotion": promotions, "values": values, "reductions": reductions, **parity_tensor_cases.SUBJECTS,
            **parity_math_cases.SUBJECTS, **parity_cases_layout.SUBJECTS,
            **parity_dtype_cases.SUBJECTS, **parity_corner_cases.SUBJECTS, **parity_fft_cases.SUBJECTS,
            **parity_graph_cases.SUBJECTS, **parity_semantics_cases.SUBJECTS, **parity_special_cases.SUBJECTS}  # fmt: skip
