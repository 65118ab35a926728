"""Short-time Fourier transforms and their inverses, with gradients (Griffin & Lim 1984)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..errors import shape_text
from ..op import register
from ..tensor import wrap
from ._common import Tensor, tensor_arg
from .create import ones, zeros
from .fourier import complex_to_real, real_to_complex, transformed
from .pad import pad
from .strided import unfold, view_as_real

__all__ = ["istft", "stft"]


class _Call:
    """The arguments of a call as its errors repeat them."""

    def __init__(self, head: str, **names: Any) -> None:
        self.head, self.names = head, names

    def error(self, what: str) -> RuntimeError:
        """Return the error that says ``what`` of the call."""
        return RuntimeError(f"{self.head}, {', '.join(f'{k}={_shown(v)}' for k, v in self.names.items())}){what}")


def _shown(value: Any) -> str:
    if isinstance(value, Tensor):
        return f"torch.{value.dtype.scalar_type}Tensor{{{shape_text(value._data.shape)}}}"
    return str(int(value)) if isinstance(value, bool) else str(value)


def _whole_window(window: Tensor | None, win_length: int, n_fft: int, like: Tensor) -> Tensor | None:
    """Return the window with zeros on both sides up to ``n_fft`` places; None if it changes nothing."""
    if win_length == n_fft:
        return window
    left = (n_fft - win_length) // 2
    if window is None:
        window = ones(win_length, dtype=like.real.dtype)
    return pad(window, (left, n_fft - win_length - left))


def stft(
    input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
    window: Tensor | None = None, center: bool = True, pad_mode: str = "reflect", normalized: bool = False,
    onesided: bool | None = None, return_complex: bool | None = None, align_to_window: bool | None = None,
) -> Tensor:  # fmt: skip
    """Return the Fourier transforms of the windows of a signal, ``hop_length`` (n_fft // 4) places apart.

    Parameters
    ----------
    input : (..., time), one or two dimensions; ``center`` pads it so that window t stands about place t hop_length.

    Returns
    -------
    (..., frequencies, windows), complex: n_fft // 2 + 1 frequencies of a real signal (``onesided``), n_fft of a complex
    one. Without ``return_complex``, real with a last dimension of size 2.

    Raises
    ------
    RuntimeError : a size that does not fit, or ``return_complex`` left open for a real signal.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.stft(minitorch.ones(16), 8, return_complex=True).shape
    torch.Size([5, 9])
    """
    x = tensor_arg("stft", input)
    hop = n_fft // 4 if hop_length is None else hop_length
    length = n_fft if win_length is None else win_length
    mixed = x.is_complex() or (window is not None and window.is_complex())
    if return_complex is None and not mixed:
        raise RuntimeError(
            "stft requires the return_complex parameter be given for real inputs, and will further require that "
            "return_complex=True in a future PyTorch release."
        )
    if center and align_to_window is not None:
        raise RuntimeError("stft align_to_window should only be set when center = false")
    if center:
        x = _padded(x, n_fft // 2, pad_mode)
    call = _Call(f"stft(torch.{x.dtype.scalar_type}Tensor{list(x.shape)}", n_fft=n_fft, hop_length=hop,
                 win_length=length, window=window, normalized=normalized, onesided=onesided,
                 return_complex=return_complex, align_to_window=align_to_window)  # fmt: skip
    signal = x if x._data.ndim == 2 else x.unsqueeze(0)
    _check_forward(call, x, n_fft, hop, length, window)
    if align_to_window:
        signal = pad(signal, ((n_fft - length) // 2,) * 2)
    whole = _whole_window(window, length, n_fft, x)
    frames = unfold(signal, 1, n_fft, hop)
    frames = frames if whole is None else frames * whole
    if onesided and mixed:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    form: Any = transformed if mixed or onesided is False else real_to_complex
    found = form("stft", frames, (n_fft,), (-1,), "ortho" if normalized else None, True).transpose(1, 2)
    found = found if input._data.ndim == 2 else found.squeeze(0)
    return found if return_complex or (return_complex is None and mixed) else view_as_real(found)


def _padded(x: Tensor, amount: int, mode: str) -> Tensor:
    """Return a signal with ``amount`` places more on either side."""
    shape = tuple(x._data.shape)
    spread = x.reshape((1,) * (3 - len(shape)) + shape) if len(shape) < 3 else x
    wide = pad(spread, (amount, amount), mode)
    return wide.reshape(*(shape[:-1] if shape else ()), -1)


def _check_forward(call: _Call, x: Tensor, n_fft: int, hop: int, length: int, window: Tensor | None) -> None:
    if not (x.is_floating_point() or x.is_complex()):
        raise call.error(" : expected a tensor of floating point or complex values")
    if x._data.ndim not in (1, 2):
        raise call.error(" : expected a 1D or 2D tensor")
    size = x._data.shape[-1]
    if not 0 < n_fft <= size:
        raise call.error(f" : expected 0 < n_fft < {size}, but got n_fft={n_fft}")
    if hop <= 0:
        raise call.error(f" : expected hop_length > 0, but got hop_length={hop}")
    if not 0 < length <= n_fft:
        raise call.error(f" : expected 0 < win_length <= n_fft, but got win_length={length}")
    if window is not None and tuple(window._data.shape) != (length,):
        raise call.error(
            f" : expected a 1D window tensor of size equal to win_length={length}, but got window with size "
            f"{shape_text(window._data.shape)}"
        )


def istft(
    input: Tensor, n_fft: int, hop_length: int | None = None, win_length: int | None = None,
    window: Tensor | None = None, center: bool = True, normalized: bool = False, onesided: bool | None = None,
    length: int | None = None, return_complex: bool = False,
) -> Tensor:  # fmt: skip
    """Return the signal whose windows' transforms come nearest to the given ones: the inverse of `stft`.

    Parameters
    ----------
    input : (..., frequencies, windows), complex, of two or three dimensions.
    length : of the signal; what the windows do not reach is 0.

    Raises
    ------
    RuntimeError : a size that does not fit, or windows that leave places of the signal without weight.

    Examples
    --------
    >>> import minitorch
    >>> w = minitorch.hann_window(4)
    >>> spectrum = minitorch.stft(minitorch.arange(6.0), 4, 1, window=w, return_complex=True)
    >>> minitorch.istft(spectrum, 4, 1, window=w).round(decimals=4).abs()
    tensor([0., 1., 2., 3., 4., 5.])
    """
    x = tensor_arg("istft", input)
    hop = n_fft // 4 if hop_length is None else hop_length
    win = n_fft if win_length is None else win_length
    call = _Call(f"istft(CPU{x.dtype.scalar_type}Type{list(x.shape)}", n_fft=n_fft, hop_length=hop, win_length=win,
                 window=window, center=center, normalized=normalized, onesided=onesided, length=length,
                 return_complex=return_complex)  # fmt: skip
    onesided = _check_inverse(call, x, n_fft, hop, win, window, onesided, return_complex)
    frames = (x if x._data.ndim == 3 else x.unsqueeze(0)).transpose(1, 2)
    norm = "ortho" if normalized else None
    form: Any = transformed if return_complex else complex_to_real  # which cuts what stands beyond the half
    parts = form("istft", frames, (n_fft,), (-1,), norm, False)
    whole = _whole_window(window, win, n_fft, x)
    whole = ones(n_fft, dtype=x.real.dtype) if whole is None else whole
    signal = _overlapped(parts * whole, hop)
    weight = _overlapped((whole * whole).expand(1, frames.shape[1], n_fft), hop)
    out = _cut(call, signal, weight, n_fft // 2 if center else 0, length)
    return out if input._data.ndim == 3 else out.squeeze(0)


def _cut(call: _Call, signal: Tensor, weight: Tensor, start: int, length: int | None) -> Tensor:
    """Return the weighted signal without its margins, of the length that is asked for."""
    size = signal.shape[1]
    end = size - start if length is None else min(size, start + length)
    signal, weight = signal[:, start:end], weight[:, start:end]
    if not (np.abs(weight._data) > 1e-11).all():
        raise call.error(" window overlap add min: 1\n[ CPUBoolType{} ]")
    signal = signal / weight
    missing = 0 if length is None else length - signal.shape[1]
    if missing > 0:
        text = "The length of signal is shorter than the length parameter. Result is being padded with zeros in the "
        warnings.warn(text + "tail. Please check your center and hop_length settings.", stacklevel=3)
        signal = pad(signal, (0, missing))
    return signal


def _overlapped(parts: Tensor, hop: int) -> Tensor:
    """Return (batch, windows, n_fft) added up where the windows stand, as (batch, time)."""
    batch, count, n = parts.shape
    place = (np.arange(count)[:, None] * hop + np.arange(n)).reshape(-1)
    base = zeros(batch, n + hop * (count - 1), dtype=parts.dtype)
    return base.index_add(1, wrap(place), parts.reshape(batch, -1))


def _check_inverse(
    call: _Call, x: Tensor, n_fft: int, hop: int, win: int, window: Tensor | None, onesided: bool | None, whole: bool
) -> bool:
    """Raise torch's errors for arguments that do not fit; return whether half of the transform is given."""
    if not x.is_complex():
        raise RuntimeError(
            "istft requires a complex-valued input tensor matching the output from stft with return_complex=True."
        )
    if not x._data.size:
        raise call.error(" : input tensor cannot be empty.")
    if x._data.ndim not in (2, 3):
        x.unsqueeze(-1).size(-3)  # says that there is no such dimension
        raise call.error(f" : expected a tensor with 3 or 4 dimensions, but got {x._data.ndim + 1}")
    size = x._data.shape[-2]
    half = size != n_fft if onesided is None else onesided
    if half and size != n_fft // 2 + 1:
        what = "n_fft / 2 + 1 when onesided=True"
    elif not half and size != n_fft:
        what = "n_fft when onesided=False"
    else:
        what = ""
    if what:
        raise call.error(f" : expected the frequency dimension (3rd to the last) of the input tensor to match {what}, "
                         f"but got {size}")  # fmt: skip
    if not 0 < hop <= win:
        raise call.error(" : expected 0 < hop_length <= win_length")
    if not 0 < win <= n_fft:
        raise call.error(" : expected 0 < win_length <= n_fft")
    if window is not None and tuple(window._data.shape) != (win,):
        raise call.error(" : Invalid window shape. window has to be 1D and length of `win_length`")
    if whole and half:
        raise RuntimeError("Cannot have onesided output if window or input is complex")
    if window is not None and window.is_complex() and not whole:
        raise RuntimeError("Complex windows are incompatible with return_complex=False")
    return half


register(stft, differentiable=False)  # tests/test_special.py has the gradients, of calls with a window
register(istft, differentiable=False)
