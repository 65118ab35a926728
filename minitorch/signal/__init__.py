"""Signals: their windows. Spectra are `minitorch.stft`, `minitorch.istft` and `minitorch.fft`."""

from __future__ import annotations

from . import windows as windows

__all__ = ["windows"]
