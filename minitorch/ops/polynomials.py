"""Orthogonal polynomials of `minitorch.special`, by their recurrences (Abramowitz & Stegun 22.7).

The degrees ``n`` are a tensor or a number, cut to whole numbers; polynomials of negative degree are 0. As in torch they
have no gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..op import Make, Sample
from ._common import Tensor
from ._special import of_two

__all__ = ["chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w",
           "hermite_polynomial_h", "hermite_polynomial_he", "laguerre_polynomial_l", "legendre_polynomial_p",
           "shifted_chebyshev_polynomial_t", "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v",
           "shifted_chebyshev_polynomial_w"]  # fmt: skip

Step = Callable[[int, Any, Any, Any], Any]


def _polynomial(first: Callable[[Any], Any], step: Step) -> Callable[[Any, Any], Any]:
    """Return the function that follows ``P_(k+1) = step(k, x, P_k, P_(k-1))`` from 1 and ``first(x)``."""

    def fwd(x: Any, n: Any) -> Any:
        x, n = np.broadcast_arrays(x, np.trunc(n))
        before, value = np.ones_like(x), first(x)
        result = np.where(n < 0, 0.0, np.where(n == 0, before, value))
        for k in range(1, int(n.max(initial=0))):
            before, value = value, step(k, x, value, before)
            result = np.where(n == k + 1, value, result)
        return np.where(np.isnan(n), np.nan, result)

    return fwd


def _doubled(k: int, x: Any, value: Any, before: Any) -> Any:
    return 2 * x * value - before


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("degrees", (make(3, 4, low=-0.9, high=0.9), make.ints(3, 4, high=6).to(make.dtype)))
    yield Sample("number", (make(3, low=-0.9, high=0.9), 3))
    yield Sample("zero size", (make(0, 3), 2))


def _made(name: str, what: str, fwd: Any, shown: str) -> Callable[..., Tensor]:
    return of_two(name, fwd, None, f"{what} of degree ``n``", ("minitorch.tensor([0.5, 0.25]), 3", shown), _samples,
                  half=False, names=("x" if name != "laguerre_polynomial_l" else "input", "n"))  # fmt: skip


_KINDS = {"t": ("first", lambda x: x), "u": ("second", lambda x: 2 * x), "v": ("third", lambda x: 2 * x - 1),
          "w": ("fourth", lambda x: 2 * x + 1)}  # fmt: skip


def _chebyshev(letter: str, shown: str, shifted: str) -> tuple[Any, Any]:
    word, first = _KINDS[letter]
    fwd = _polynomial(first, _doubled)
    name, what = f"chebyshev_polynomial_{letter}", f"hebyshev polynomials of the {word} kind"
    return (_made(name, "C" + what, fwd, shown),
            _made("shifted_" + name, "shifted C" + what, lambda x, n: fwd(2 * x - 1, n), shifted))  # fmt: skip


chebyshev_polynomial_t, shifted_chebyshev_polynomial_t = _chebyshev(
    "t", "tensor([-1.0000, -0.6875])", "tensor([0., 1.])"
)
chebyshev_polynomial_u, shifted_chebyshev_polynomial_u = _chebyshev(
    "u", "tensor([-1.0000, -0.8750])", "tensor([0., 1.])"
)
chebyshev_polynomial_v, shifted_chebyshev_polynomial_v = _chebyshev(
    "v", "tensor([-1.0000, -0.1250])", "tensor([1., 1.])"
)
chebyshev_polynomial_w, shifted_chebyshev_polynomial_w = _chebyshev(
    "w", "tensor([-1.0000, -1.6250])", "tensor([-1.,  1.])"
)
hermite_polynomial_h = _made(
    "hermite_polynomial_h", "physicists' Hermite polynomials",
    _polynomial(lambda x: 2 * x, lambda k, x, value, before: 2 * (x * value - k * before)),
    "tensor([-5.0000, -2.8750])",
)  # fmt: skip
hermite_polynomial_he = _made(
    "hermite_polynomial_he", "probabilists' Hermite polynomials",
    _polynomial(lambda x: x, lambda k, x, value, before: x * value - k * before), "tensor([-1.3750, -0.7344])",
)  # fmt: skip
laguerre_polynomial_l = _made(
    "laguerre_polynomial_l", "Laguerre polynomials",
    _polynomial(lambda x: 1 - x, lambda k, x, value, before: ((2 * k + 1 - x) * value - k * before) / (k + 1)),
    "tensor([-0.1458,  0.3411])",
)  # fmt: skip
legendre_polynomial_p = _made(
    "legendre_polynomial_p", "Legendre polynomials",
    _polynomial(lambda x: x, lambda k, x, value, before: ((2 * k + 1) * x * value - k * before) / (k + 1)),
    "tensor([-0.4375, -0.3359])",
)  # fmt: skip
