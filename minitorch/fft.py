"""Discrete Fourier transforms under torch's names: `minitorch.fft.fft` and its like, with gradients.

``norm`` says where the factor 1/n stands: "backward" (default) in the inverse, "forward" in the transform, "ortho" as
its root in both. Sizes ``n`` and ``s`` cut the input or extend it by zeros.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import dtypes
from .ops._common import deliver
from .ops.fourier import complex_to_real, one, real_to_complex, transformed
from .tensor import Tensor, wrap

__all__ = ["fft", "fft2", "fftfreq", "fftn", "fftshift", "hfft", "hfft2", "hfftn", "ifft", "ifft2", "ifftn",
           "ifftshift", "ihfft", "ihfft2", "ihfftn", "irfft", "irfft2", "irfftn", "rfft", "rfft2", "rfftfreq",
           "rfftn"]  # fmt: skip

Fn = Callable[..., Tensor]
_FORMS: dict[str, tuple[Any, bool, str]] = {  # the function, whether it goes forward, what it returns
    "fft": (transformed, True, "the transform of a complex or real tensor"),
    "ifft": (transformed, False, "the inverse of `fft`"),
    "rfft": (real_to_complex, True, "the half of a real tensor's transform that tells the other half"),
    "irfft": (complex_to_real, False, "the real tensor whose transform has the given half"),
    "hfft": (complex_to_real, True, "the real transform of a tensor of which half is given, the rest mirrored"),
    "ihfft": (real_to_complex, False, "the inverse of `hfft`"),
}


def _doc(name: str, what: str, over: str) -> str:
    given = "minitorch.ones(2, 2)" if name.endswith(("2", "n")) else "minitorch.tensor([1.0, 0.0, 0.0])"
    return f"""Return {what}, over {over}.

    Raises
    ------
    RuntimeError : sizes below 1, an unknown norm, half precision, or complex input where it must be real.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.fft.{name}({given}).shape
    """


def _made(name: str, over: str, call: Fn, shape: str) -> Fn:
    call.__name__ = call.__qualname__ = name
    call.__doc__ = _doc(name, _FORMS[name.rstrip("2n")][2], over) + f"torch.Size({shape})\n    "
    return call


def _transforms(stem: str) -> tuple[Fn, Fn, Fn]:
    """Return a transform over one dimension, over two, and over several."""
    form, forward, _ = _FORMS[stem]

    def run(name: str, x: Tensor, s: Any, dim: Any, norm: str | None) -> Tensor:
        return form(f"fft.{name}", x, s, dim, norm, forward)

    def along(input: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None, *,
              out: Tensor | None = None) -> Tensor:  # fmt: skip
        return deliver(run(stem, input, *one(dim, n, input), norm), out)

    def plane(input: Tensor, s: Any = None, dim: Any = (-2, -1), norm: str | None = None, *,
              out: Tensor | None = None) -> Tensor:  # fmt: skip
        return deliver(run(stem + "2", input, s, dim, norm), out)

    def several(input: Tensor, s: Any = None, dim: Any = None, norm: str | None = None, *,
                out: Tensor | None = None) -> Tensor:  # fmt: skip
        return deliver(run(stem + "n", input, s, dim, norm), out)

    sizes = {"rfft": (2, 2), "ihfft": (2, 2), "irfft": (4, 2), "hfft": (4, 2)}.get(stem, (3, 2))
    return (
        _made(stem, "one dimension, with size ``n``", along, f"[{sizes[0]}]"),
        _made(stem + "2", "two dimensions, with sizes ``s``", plane, f"[2, {sizes[1]}]"),
        _made(stem + "n", "dimensions ``dim`` (all of them by default), with sizes ``s``", several, f"[2, {sizes[1]}]"),
    )


fft, fft2, fftn = _transforms("fft")
ifft, ifft2, ifftn = _transforms("ifft")
rfft, rfft2, rfftn = _transforms("rfft")
irfft, irfft2, irfftn = _transforms("irfft")
hfft, hfft2, hfftn = _transforms("hfft")
ihfft, ihfft2, ihfftn = _transforms("ihfft")


def _frequencies(values: Any, dtype: Any, requires_grad: bool) -> Tensor:
    made = wrap(np.asarray(values, (dtype or dtypes.get_default_dtype()).numpy))
    made._requires = requires_grad
    return made


def fftfreq(
    n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return the frequencies that belong to the places of a transform of ``n`` samples, ``d`` apart.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.fft.fftfreq(4)
    tensor([ 0.0000,  0.2500, -0.5000, -0.2500])
    """
    return deliver(_frequencies(np.fft.fftfreq(n, d), dtype, requires_grad), out)


def rfftfreq(
    n: int, d: float = 1.0, *, out: Tensor | None = None, dtype: Any = None, layout: Any = None, device: Any = None,
    requires_grad: bool = False,
) -> Tensor:  # fmt: skip
    """Return the frequencies that belong to the places of `rfft` of ``n`` samples, ``d`` apart.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.fft.rfftfreq(4)
    tensor([0.0000, 0.2500, 0.5000])
    """
    return deliver(_frequencies(np.fft.rfftfreq(n, d), dtype, requires_grad), out)


def _shifted(input: Tensor, dim: Any, back: bool) -> Tensor:
    dims = range(input._data.ndim) if dim is None else (dim,) if isinstance(dim, int) else dim
    shifts = [(n + 1) // 2 if back else n // 2 for n in (input._data.shape[d] for d in dims)]
    return input.roll(tuple(shifts), tuple(dims)) if shifts else input


def fftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Return the tensor with frequency 0 in the middle.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.fft.fftshift(minitorch.fft.fftfreq(4))
    tensor([-0.5000, -0.2500,  0.0000,  0.2500])
    """
    return _shifted(input, dim, False)


def ifftshift(input: Tensor, dim: Any = None) -> Tensor:
    """Return the tensor with what `fftshift` moved where it was.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.fft.ifftshift(minitorch.tensor([-1.0, 0.0, 1.0]))
    tensor([ 0.,  1., -1.])
    """
    return _shifted(input, dim, True)
