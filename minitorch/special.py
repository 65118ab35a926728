"""Special functions under torch's names: `minitorch.special.expit` and its like, with gradients."""

from __future__ import annotations

from .ops.bessel import airy_ai as airy_ai
from .ops.bessel import bessel_j0 as bessel_j0
from .ops.bessel import bessel_j1 as bessel_j1
from .ops.bessel import bessel_y0 as bessel_y0
from .ops.bessel import bessel_y1 as bessel_y1
from .ops.bessel import i0 as i0
from .ops.bessel import i0e as i0e
from .ops.bessel import i1 as i1
from .ops.bessel import i1e as i1e
from .ops.bessel import modified_bessel_i0 as modified_bessel_i0
from .ops.bessel import modified_bessel_i1 as modified_bessel_i1
from .ops.bessel import modified_bessel_k0 as modified_bessel_k0
from .ops.bessel import modified_bessel_k1 as modified_bessel_k1
from .ops.bessel import scaled_modified_bessel_k0 as scaled_modified_bessel_k0
from .ops.bessel import scaled_modified_bessel_k1 as scaled_modified_bessel_k1
from .ops.bessel import spherical_bessel_j0 as spherical_bessel_j0
from .ops.gamma import gammainc as gammainc
from .ops.gamma import gammaincc as gammaincc
from .ops.gamma import mvlgamma as multigammaln
from .ops.gamma import zeta as zeta
from .ops.gaussian import entr as entr
from .ops.gaussian import erfcx as erfcx
from .ops.gaussian import log_ndtr as log_ndtr
from .ops.gaussian import ndtr as ndtr
from .ops.gaussian import ndtri as ndtri
from .ops.gaussian import xlog1py as xlog1py
from .ops.pairs import xlogy as xlogy
from .ops.polynomials import chebyshev_polynomial_t as chebyshev_polynomial_t
from .ops.polynomials import chebyshev_polynomial_u as chebyshev_polynomial_u
from .ops.polynomials import chebyshev_polynomial_v as chebyshev_polynomial_v
from .ops.polynomials import chebyshev_polynomial_w as chebyshev_polynomial_w
from .ops.polynomials import hermite_polynomial_h as hermite_polynomial_h
from .ops.polynomials import hermite_polynomial_he as hermite_polynomial_he
from .ops.polynomials import laguerre_polynomial_l as laguerre_polynomial_l
from .ops.polynomials import legendre_polynomial_p as legendre_polynomial_p
from .ops.polynomials import shifted_chebyshev_polynomial_t as shifted_chebyshev_polynomial_t
from .ops.polynomials import shifted_chebyshev_polynomial_u as shifted_chebyshev_polynomial_u
from .ops.polynomials import shifted_chebyshev_polynomial_v as shifted_chebyshev_polynomial_v
from .ops.polynomials import shifted_chebyshev_polynomial_w as shifted_chebyshev_polynomial_w
from .ops.rounding import round as round
from .ops.softmax import log_softmax as log_softmax
from .ops.softmax import logsumexp as logsumexp
from .ops.softmax import softmax as softmax
from .ops.special import digamma as digamma
from .ops.special import digamma as psi
from .ops.special import erfinv as erfinv
from .ops.special import lgamma as gammaln
from .ops.special import logit as logit
from .ops.special import polygamma as polygamma
from .ops.special import sinc as sinc
from .ops.unary import erf as erf
from .ops.unary import erfc as erfc
from .ops.unary import exp2 as exp2
from .ops.unary import expm1 as expm1
from .ops.unary import log1p as log1p
from .ops.unary import sigmoid as expit

__all__ = ["airy_ai", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "chebyshev_polynomial_t",
           "chebyshev_polynomial_u", "chebyshev_polynomial_v", "chebyshev_polynomial_w", "digamma", "entr",
           "erf", "erfc", "erfcx", "erfinv", "exp2", "expit", "expm1", "gammainc", "gammaincc", "gammaln",
           "hermite_polynomial_h", "hermite_polynomial_he", "i0", "i0e", "i1", "i1e",
           "laguerre_polynomial_l", "legendre_polynomial_p", "log1p", "log_ndtr", "log_softmax", "logit",
           "logsumexp", "modified_bessel_i0", "modified_bessel_i1", "modified_bessel_k0",
           "modified_bessel_k1", "multigammaln", "ndtr", "ndtri", "polygamma", "psi", "round",
           "scaled_modified_bessel_k0", "scaled_modified_bessel_k1", "shifted_chebyshev_polynomial_t",
           "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v",
           "shifted_chebyshev_polynomial_w", "sinc", "softmax", "spherical_bessel_j0", "xlog1py", "xlogy",
           "zeta"]  # fmt: skip
