"""Silence: NumPy reports no floating-point events while it computes for tensors, as torch has no such reports."""

from __future__ import annotations

import contextvars
import threading

import numpy as np

__all__ = ["quiet", "silence"]


def silence() -> contextvars.Context:
    """Return a context in which NumPy reports no floating-point events; cheaper to enter than `errstate`."""
    context = contextvars.copy_context()
    context.run(np.seterr, all="ignore")
    return context


class _Quiet(threading.local):
    """Each thread's context of silence: a context can be entered by one thread at a time."""

    def __init__(self) -> None:
        self.run = silence().run


quiet = _Quiet()
