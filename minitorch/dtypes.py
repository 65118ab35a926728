"""Data types: torch's names over NumPy's, and torch's promotion rules.

bfloat16 has no NumPy type; its arrays carry a structured type of one 16-bit field, so that an array alone
still tells its dtype.

Source of the rules: the "Type promotion" section of torch's ``tensor_attributes`` page.
"""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["dtype", "finfo", "iinfo", "get_default_dtype", "set_default_dtype", "promote_types", "can_cast"]

BOOL, INT, FLOAT, COMPLEX = range(4)


class dtype:
    """A tensor's element type. Instances are singletons such as ``minitorch.float32``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.float64.itemsize, minitorch.float64.is_floating_point
    (8, True)
    """

    __slots__ = (
        "name",
        "numpy",
        "category",
        "rank",
        "itemsize",
        "is_floating_point",
        "is_complex",
        "is_signed",
    )

    def __init__(self, name: str, numpy: Any, category: int, rank: int) -> None:
        self.name = name
        self.numpy = np.dtype(numpy)
        self.category = category
        self.rank = rank
        self.itemsize = self.numpy.itemsize
        self.is_floating_point = category == FLOAT
        self.is_complex = category == COMPLEX
        self.is_signed = name not in ("uint8", "uint16", "uint32", "uint64", "bool")

    def __repr__(self) -> str:
        return "torch." + self.name

    def __reduce__(self) -> tuple[Any, ...]:
        return by_name, (self.name,)

    @property
    def scalar_type(self) -> str:
        """The name in torch's error messages: ``Float``, ``Long``."""
        return _SCALAR_TYPES[self.name]

    def to_real(self) -> dtype:
        """Return the dtype of the real part."""
        return {"complex64": float32, "complex128": float64}.get(self.name, self)

    def to_complex(self) -> dtype:
        """Return the complex dtype that holds this dtype's values."""
        return complex128 if self.name in ("float64", "complex128") else complex64


_SCALAR_TYPES = {
    "bool": "Bool", "uint8": "Byte", "int8": "Char", "int16": "Short", "int32": "Int", "int64": "Long",
    "float16": "Half", "bfloat16": "BFloat16", "float32": "Float", "float64": "Double", "complex64": "ComplexFloat",
    "complex128": "ComplexDouble", "uint16": "UInt16", "uint32": "UInt32", "uint64": "UInt64",
}  # fmt: skip
BFLOAT16 = np.dtype([("bfloat16", "u2")])

bool_ = dtype("bool", np.bool_, BOOL, 0)
uint8 = dtype("uint8", np.uint8, INT, 0)
int8 = dtype("int8", np.int8, INT, 0)
int16 = dtype("int16", np.int16, INT, 1)
uint16 = dtype("uint16", np.uint16, INT, 1)
int32 = dtype("int32", np.int32, INT, 2)
uint32 = dtype("uint32", np.uint32, INT, 2)
int64 = dtype("int64", np.int64, INT, 3)
uint64 = dtype("uint64", np.uint64, INT, 3)
float16 = dtype("float16", np.float16, FLOAT, 0)
bfloat16 = dtype("bfloat16", BFLOAT16, FLOAT, 0)
float32 = dtype("float32", np.float32, FLOAT, 1)
float64 = dtype("float64", np.float64, FLOAT, 2)
complex64 = dtype("complex64", np.complex64, COMPLEX, 1)
complex128 = dtype("complex128", np.complex128, COMPLEX, 2)

ALL: tuple[dtype, ...] = (bool_, uint8, int8, int16, uint16, int32, uint32, int64, uint64)
ALL += (float16, bfloat16, float32, float64, complex64, complex128)
ALIASES = {"half": float16, "float": float32, "double": float64, "short": int16, "int": int32, "long": int64}
ALIASES |= {"cfloat": complex64, "cdouble": complex128}

FROM_NUMPY: dict[Any, dtype] = {d.numpy: d for d in ALL}
_BY_NAME = {d.name: d for d in ALL}
_default = float32


def by_name(name: str) -> dtype:
    """Return the dtype called ``name`` ("float32")."""
    return _BY_NAME[name]


def of(array: np.ndarray[Any, Any]) -> dtype:
    """Return the dtype of a NumPy array; TypeError for one that tensors cannot hold."""
    try:
        return FROM_NUMPY[array.dtype]
    except KeyError:
        raise TypeError(
            f"can't convert np.ndarray of type {array.dtype}. The only supported types are: float64, "
            "float32, float16, complex64, complex128, int64, int32, int16, int8, uint64, uint32, uint16, "
            "uint8, and bool."
        ) from None


def get_default_dtype() -> dtype:
    """Return the floating-point dtype that Python floats become.

    >>> import minitorch
    >>> minitorch.get_default_dtype()
    torch.float32
    """
    return _default


def set_default_dtype(d: dtype) -> None:
    """Set the floating-point dtype that Python floats become; TypeError if ``d`` is not one.

    >>> import minitorch
    >>> minitorch.set_default_dtype(minitorch.float32)
    """
    global _default
    if not isinstance(d, dtype) or not d.is_floating_point:
        raise TypeError(f"set_default_dtype: only floating-point types are supported as the default type, got {d!r}")
    _default = d


def scalar_dtype(value: object) -> dtype:
    """Return the dtype that a Python number has as a tensor."""
    if isinstance(value, (bool, np.bool_)):
        return bool_
    if isinstance(value, (int, np.integer)):
        return int64
    if isinstance(value, (float, np.floating)):
        return _default
    if isinstance(value, (complex, np.complexfloating)):
        return _default.to_complex()
    raise TypeError(f"expected a number, got {type(value).__name__}")


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """Return the smallest dtype that both dtypes promote to.

    >>> import minitorch
    >>> minitorch.promote_types(minitorch.int64, minitorch.float32)
    torch.float32
    """
    if type1 is type2:
        return type1
    low, high = sorted((type1, type2), key=lambda d: d.category)
    if low.category != high.category:
        return _promote_across(low, high)
    if high.category == INT:
        return _promote_ints(low, high)
    if low.rank == high.rank == 0:
        return float32  # float16 with bfloat16: neither holds the other
    return low if low.rank > high.rank else high


def _promote_across(low: dtype, high: dtype) -> dtype:
    if high.category == COMPLEX and low.name == "float64":
        return complex128
    return high


_SIGNED_ABOVE_UINT8 = {0: int16, 1: int16, 2: int32, 3: int64}


def _promote_ints(a: dtype, b: dtype) -> dtype:
    if a.is_signed == b.is_signed:
        return a if a.rank > b.rank else b
    unsigned, signed = (a, b) if b.is_signed else (b, a)
    if unsigned is not uint8:
        raise RuntimeError(
            f"Promotion for uint16, uint32, uint64 types is not supported, attempted to promote {a.name} and {b.name}"
        )
    return _SIGNED_ABOVE_UINT8[signed.rank]


def combine(strong: dtype | None, weak: dtype | None) -> dtype | None:
    """Combine the dtypes of two priority classes: the weak one counts only if its category is higher."""
    if strong is None or weak is None:
        return strong or weak
    if weak.category <= strong.category:
        return strong
    if strong.category == FLOAT:
        return strong.to_complex()
    return promote_types(strong, weak)


def can_cast(from_: dtype, to: dtype) -> bool:
    """Return whether a result of dtype ``from_`` may be stored in a tensor of dtype ``to``.

    >>> import minitorch
    >>> minitorch.can_cast(minitorch.float32, minitorch.int64)
    False
    """
    if from_.category == INT and to.category == BOOL:
        return False
    if not to.is_signed and from_.is_signed and to.category == INT and from_.category == INT:
        return True
    return from_.category <= to.category


class finfo:
    """Numerical limits of a floating-point dtype: bits, eps, max, min, tiny, smallest_normal, resolution.

    >>> import minitorch
    >>> minitorch.finfo(minitorch.float32).eps
    1.1920928955078125e-07
    """

    def __init__(self, type: dtype | None = None) -> None:
        d = type or _default
        if d.category < FLOAT:
            raise TypeError(f"torch.finfo() requires a floating point input type. Use torch.iinfo to handle '{d!r}'")
        self.dtype = d.to_real().name
        self.bits = d.to_real().itemsize * 8
        if d is bfloat16:
            self.eps, self.max, self.tiny, self.resolution = 2.0**-7, 3.3895313892515355e38, 2.0**-126, 0.01
        else:
            info = np.finfo(d.to_real().numpy)
            self.eps, self.max, self.tiny = float(info.eps), float(info.max), float(info.tiny)
            self.resolution = 10.0**-info.precision
        self.min, self.smallest_normal = -self.max, self.tiny

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        return "finfo(" + ", ".join(f"{n}={getattr(self, n):g}" for n in names) + f", dtype={self.dtype})"


class iinfo:
    """Numerical limits of an integer dtype: bits, min, max.

    >>> import minitorch
    >>> minitorch.iinfo(minitorch.int8).max
    127
    """

    def __init__(self, type: dtype) -> None:
        if type.category == FLOAT or type.category == COMPLEX:
            raise TypeError(f"torch.iinfo() requires an integer input type. Use torch.finfo to handle '{type!r}'")
        info = np.iinfo(np.uint8 if type is bool_ else type.numpy)
        self.dtype, self.bits, self.min, self.max = type.name, info.bits, int(info.min), int(info.max)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:g}, max={self.max:g}, dtype={self.dtype})"
