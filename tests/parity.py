"""One evaluator for torch and for minitorch: a case is a line of Python in which `torch` is one of the two.

A case may have several statements, parted by semicolons; what it comes to is the value of the last one, and the
type and message of the exception where one is raised.
"""

import re
import warnings
from collections.abc import Iterator
from typing import Any

DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64",
          "complex64", "complex128")  # fmt: skip
LETTERS = dict(zip(DTYPES, "?BbhiqeEfdFD"))  # NumPy's, and E for bfloat16
LETTERS |= {"RuntimeError": "!", "NotImplementedError": "N", "TypeError": "T", "IndexError": "I", "ValueError": "V"}
NUMBERS = {"bool": True, "int": 1, "float": 1.0, "complex": 1j}


class Tools:
    """Helpers that cases use beside `torch`; `torch` is the module under test."""

    def __init__(self, torch: Any) -> None:
        self.torch = torch
        self.names: dict[str, Any] = {"torch": torch, "nan": float("nan"), "inf": float("inf"), "t": torch.tensor}
        self.names |= {name: getattr(torch, name) for name in DTYPES if name not in ("bool",)}
        for tool in ("seq", "leaf", "grads", "promotion", "layout", "unary", "shares", "whole", "near"):
            self.names[tool] = getattr(self, tool)

    def seq(self, *shape: int, dtype: str = "float32") -> Any:
        """Return 0, 1, 2, ... under a shape."""
        size = 1
        for n in shape:
            size *= n
        return self.torch.arange(size).reshape(shape).to(getattr(self.torch, dtype))

    def leaf(self, *shape: int) -> Any:
        """Return a float64 leaf of 1.0, 1.5, 2.0, ... under a shape."""
        return (self.seq(*shape, dtype="float64") * 0.5 + 1).requires_grad_()

    def grads(self, out: Any, *leaves: Any) -> Any:
        """Return the gradients of a weighted sum of ``out``, the weights 1, 2, 3, ..."""
        weights = self.seq(*out.shape, dtype="float64") + 1
        (out * weights).sum().backward()
        return [x.grad for x in leaves]

    def layout(self, x: Any) -> Any:
        """Return what tells a view: shape, strides, offset, contiguity and elements."""
        return [tuple(x.shape), x.stride(), x.storage_offset(), x.is_contiguous(), x.tolist()]

    def whole(self, value: Any) -> Any:
        """Return a result with the strides of its tensors."""
        if isinstance(value, self.torch.Tensor):
            return [value, value.stride()]
        return [self.whole(v) for v in value] if isinstance(value, (list, tuple)) else value

    def near(self, x: Any) -> Any:
        """Return a result to ten decimals, where what should be 0 is 0, with its strides."""
        numbers = self.torch.view_as_real(x) if x.is_complex() else x
        return [numbers.round(decimals=10) + 0.0, x.stride(), str(x.dtype)]

    def shares(self, a: Any, b: Any) -> bool:
        """Return whether two tensors begin at the same address."""
        return bool(a.data_ptr() == b.data_ptr())

    def promotion(self, code: str, left: str, right: str) -> str:
        """Return the dtypes of ``code`` over all pairs of operands: a dimension, 0-d, or a number."""
        return "".join(self._kind(code, a, b) for a in self._operands(left) for b in self._operands(right))

    def unary(self, code: str) -> str:
        """Return the dtype of ``code`` for an operand ``a`` of every dtype."""
        return "".join(self._kind(code, a, None) for a in self._operands("dim"))

    def _operands(self, kind: str) -> Iterator[Any]:
        if kind == "number":
            yield from NUMBERS.values()
            return
        for name in DTYPES:
            yield self.torch.ones((2,) if kind == "dim" else (), dtype=getattr(self.torch, name))

    def _kind(self, code: str, a: Any, b: Any) -> str:
        kinds = [str(getattr(x, "dtype", type(x).__name__)) for x in (a, b)]
        if any("float16" in k for k in kinds) and any("complex" in k for k in kinds):
            return "-"  # torch has a complex type of half precision, in which few operations are implemented
        try:
            result = eval(code, {**self.names, "a": a, "b": b})
        except Exception as error:
            return LETTERS[type(error).__name__]
        return LETTERS[str(result.dtype).removeprefix("torch.")]


def evaluate(torch: Any, case: str) -> Any:
    """Return what a case comes to, as JSON holds it."""
    names = dict(Tools(torch).names)
    *statements, last = case.split("; ")
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            for statement in statements:
                exec(statement, names)
            return plain(torch, _value(last, names))
        except Exception as error:
            return {"raises": type(error).__name__, "message": str(error)[:200]}


def _value(code: str, names: dict[str, Any]) -> Any:
    """Return the value of an expression; run a statement, which has none."""
    try:
        expression = compile(code, "case", "eval")
    except SyntaxError:
        exec(code, names)
        return None
    return eval(expression, names)


def plain(torch: Any, value: Any) -> Any:
    """Return a result as JSON holds it: a tensor as its dtype, shape and elements."""
    if isinstance(value, torch.Tensor):
        elements = value.detach().reshape(-1).tolist()
        return {"dtype": str(value.dtype)[6:], "shape": list(value.shape), "values": plain(torch, elements)}
    if isinstance(value, (list, tuple)):
        return [plain(torch, item) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(torch, item) for key, item in value.items()}
    if isinstance(value, complex):
        return {"complex": [value.real, value.imag]}
    if isinstance(value, str):
        return value.removeprefix("torch::autograd::")
    if value is None or type(value) in (bool, int, float):
        return value
    return re.sub(r" at 0x\w+", "", str(value))
