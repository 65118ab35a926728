"""Names of torch that minitorch leaves out, and what to use instead."""

from __future__ import annotations

__all__ = ["missing"]

_INSTEAD = {
    "sparse": "dense tensors",
    "sparse_coo_tensor": "dense tensors",
    "sparse_csr_tensor": "dense tensors",
    "nested": "padded tensors",
    "solve": "minitorch.linalg.solve",
    "lstsq": "minitorch.linalg.lstsq",
    "symeig": "minitorch.linalg.eigh",
    "eig": "minitorch.linalg.eig",
    "ger": "minitorch.outer",
    "range": "minitorch.arange",
    "matrix_rank": "minitorch.linalg.matrix_rank",
}


def missing(name: str) -> AttributeError:
    """Return the error for a name that the top package does not have."""
    text = f"module 'minitorch' has no attribute '{name}'"
    return AttributeError(f"{text}; use {_INSTEAD[name]} instead" if name in _INSTEAD else text, name=name)
