"""How torch's error messages spell data types: by C++ type in bounds checks, by scalar type elsewhere."""

from __future__ import annotations

from ..dtypes import dtype

__all__ = ["c_name", "refuse", "scalar_name"]

_NAMES = {
    "bool": ("Bool", "bool"),
    "uint8": ("Byte", "unsigned char"),
    "int8": ("Char", "signed char"),
    "int16": ("Short", "short int"),
    "int32": ("Int", "int"),
    "int64": ("Long", "long int"),
    "uint16": ("UInt16", "short unsigned int"),
    "uint32": ("UInt32", "unsigned int"),
    "uint64": ("UInt64", "long unsigned int"),
    "float16": ("Half", "c10::Half"),
    "bfloat16": ("BFloat16", "c10::BFloat16"),
    "float32": ("Float", "float"),
    "float64": ("Double", "double"),
    "complex64": ("ComplexFloat", "c10::complex<float>"),
    "complex128": ("ComplexDouble", "c10::complex<double>"),
}


def scalar_name(kind: dtype) -> str:
    """Return ``Long`` for int64."""
    return _NAMES[kind.name][0]


def c_name(kind: dtype) -> str:
    """Return ``long int`` for int64."""
    return _NAMES[kind.name][1]


def refuse(operation: str, kind: dtype) -> NotImplementedError:
    """Return the error for an operation that a dtype does not have."""
    return NotImplementedError(f"\"{operation}\" not implemented for '{scalar_name(kind)}'")
