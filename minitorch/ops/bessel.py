"""Bessel functions, modified and spherical ones, and Airy's, of `minitorch.special`.

Their gradients are those of Abramowitz & Stegun 9.1.27, 9.1.28 and 9.6.26 to 9.6.28; torch has them for the i family.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import _bessel
from ._common import Tensor
from ._special import of_one
from .pointwise import where
from .trig import cos

__all__ = ["airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "i0", "i0e", "i1", "i1e",
           "modified_bessel_i0", "modified_bessel_i1", "modified_bessel_k0", "modified_bessel_k1",
           "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "spherical_bessel_j0"]  # fmt: skip

Fn = Callable[..., Tensor]
_ONE = "minitorch.tensor([1.0, 2.0])"


# ---- the modified ones of the first kind -----------------------------------------------------------------------------


def _np_i(order: int) -> Any:
    return lambda x: _bessel.i_scaled(x, order) * np.exp(np.abs(x))


def _over(value: Tensor, x: Tensor) -> Tensor:
    """Return ``value / x``, a half where x is 0: the limit of all these functions of order 1."""
    zero = x == 0
    return where(zero, 0.5, value / where(zero, 1.0, x))


def _i1_vjp(node: Any, g: Tensor) -> Tensor:
    x = node.input(0)
    return g * (i0(x) - _over(node.output(), x))


def _i1e_vjp(node: Any, g: Tensor) -> Tensor:
    x, value = node.input(0), node.output()
    return g * (i0e(x) - _over(value, x) - x.sign() * value)


def _i(name: str, order: int, what: str, shown: str, vjp: Any, **kw: Any) -> Any:
    fwd = _np_i(order) if not name.endswith("e") else lambda x: _bessel.i_scaled(x, order)
    return of_one(name, fwd, vjp, what, (_ONE, shown), **kw)


_FIRST = "the modified Bessel functions of the first kind and of order "
i0 = _i("i0", 0, _FIRST + "0", "tensor([1.2661, 2.2796])", lambda n, g: g * i1(n.input(0)), kernel="i0_vml_cpu",
        grad_name="I0Backward0", everywhere=True)  # fmt: skip
i0e = _i("i0e", 0, f"``exp(-|x|)`` times {_FIRST}0", "tensor([0.4658, 0.3085])",
         lambda n, g: g * (i1e(n.input(0)) - n.input(0).sign() * n.output()), grad_name="SpecialI0EBackward0",
         keeps=True)  # fmt: skip
i1: Fn = _i("i1", 1, _FIRST + "1", "tensor([0.5652, 1.5906])", _i1_vjp, keeps=True)
i1e: Fn = _i("i1e", 1, f"``exp(-|x|)`` times {_FIRST}1", "tensor([0.2079, 0.2153])", _i1e_vjp,
         grad_name="SpecialI1EBackward0", keeps=True)  # fmt: skip
modified_bessel_i0 = _i("modified_bessel_i0", 0, _FIRST + "0", "tensor([1.2661, 2.2796])",
                        lambda n, g: g * i1(n.input(0)), half=False)  # fmt: skip
modified_bessel_i1 = _i("modified_bessel_i1", 1, _FIRST + "1", "tensor([0.5652, 1.5906])", _i1_vjp, half=False,
                        keeps=True)  # fmt: skip

# ---- the others ------------------------------------------------------------------------------------------------------


def _finite(value: Any, x: Any) -> Any:
    return np.where(np.isinf(x), np.nan, value)  # as torch has it, though J and Y vanish out there


def _positive(name: str, fwd: Any, vjp: Any, what: str, shown: str, **kw: Any) -> Any:
    return of_one(name, fwd, vjp, what, (_ONE, shown), half=False, low=0.3, high=3.0, **kw)


bessel_j0 = of_one("bessel_j0", lambda x: _finite(_bessel.j(x, 0), x), lambda n, g: -g * bessel_j1(n.input(0)),
                   "the Bessel functions of the first kind and of order 0", (_ONE, "tensor([0.7652, 0.2239])"),
                   half=False)  # fmt: skip
bessel_j1: Fn = of_one("bessel_j1", lambda x: _finite(_bessel.j(x, 1), x),
                   lambda n, g: g * (bessel_j0(n.input(0)) - _over(n.output(), n.input(0))),
                   "the Bessel functions of the first kind and of order 1", (_ONE, "tensor([0.4401, 0.5767])"),
                   half=False, keeps=True)  # fmt: skip
bessel_y0 = _positive("bessel_y0", lambda x: _finite(_bessel.y(x, 0), x), lambda n, g: -g * bessel_y1(n.input(0)),
                      "the Bessel functions of the second kind and of order 0", "tensor([0.0883, 0.5104])")  # fmt: skip
bessel_y1: Fn = _positive("bessel_y1", lambda x: _finite(_bessel.y(x, 1), x),
                      lambda n, g: g * (bessel_y0(n.input(0)) - n.output() / n.input(0)),
                      "the Bessel functions of the second kind and of order 1", "tensor([-0.7812, -0.1070])",
                      keeps=True)  # fmt: skip
_SECOND = "the modified Bessel functions of the second kind and of order "
modified_bessel_k0 = _positive(
    "modified_bessel_k0", lambda x: _bessel.k_scaled(x, 0) * np.exp(-x),
    lambda n, g: -g * modified_bessel_k1(n.input(0)),
    _SECOND + "0", "tensor([0.4210, 0.1139])")  # fmt: skip
modified_bessel_k1: Fn = _positive(
    "modified_bessel_k1", lambda x: _bessel.k_scaled(x, 1) * np.exp(-x),
    lambda n, g: -g * (modified_bessel_k0(n.input(0)) + n.output() / n.input(0)),
    _SECOND + "1", "tensor([0.6019, 0.1399])", keeps=True)  # fmt: skip
scaled_modified_bessel_k0 = _positive(
    "scaled_modified_bessel_k0", lambda x: _bessel.k_scaled(x, 0),
    lambda n, g: g * (n.output() - scaled_modified_bessel_k1(n.input(0))),
    f"``exp(x)`` times {_SECOND}0", "tensor([1.1445, 0.8416])", argument="x", keeps=True)  # fmt: skip
scaled_modified_bessel_k1: Fn = _positive(
    "scaled_modified_bessel_k1", lambda x: _bessel.k_scaled(x, 1),
    lambda n, g: g * (n.output() - scaled_modified_bessel_k0(n.input(0)) - n.output() / n.input(0)),
    f"``exp(x)`` times {_SECOND}1", "tensor([1.6362, 1.0335])", argument="x", keeps=True)  # fmt: skip


def _np_spherical(x: Any) -> Any:
    z = np.where((x == 0) | np.isinf(x), 1.0, x)
    return np.where(x == 0, 1.0, np.where(np.isinf(x), 0.0, np.sin(z) / z))


def _spherical_vjp(node: Any, g: Tensor) -> Tensor:
    x = node.input(0)
    zero = x == 0
    return g * where(zero, 0.0, (cos(x) - node.output()) / where(zero, 1.0, x))


spherical_bessel_j0 = of_one("spherical_bessel_j0", _np_spherical, _spherical_vjp,
                             "``sin(x) / x``, the spherical Bessel functions of the first kind and of order 0",
                             (_ONE, "tensor([0.8415, 0.4546])"), half=False, argument="x", keeps=True)  # fmt: skip
airy_ai = of_one("airy_ai", _bessel.airy, None, "Airy's functions Ai", (_ONE, "tensor([0.1353, 0.0349])"), half=False,
                 argument="x")  # fmt: skip
