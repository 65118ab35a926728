"""How far one distribution is from another: Kullback and Leibler, 1951, in closed form."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

from ..linalg import solve
from ..ops.binary_loss import binary_cross_entropy_with_logits
from ..tensor import Tensor
from .bounded import Exponential, Uniform
from .continuous import Laplace, LogNormal, Normal
from .discrete import Bernoulli, Categorical, OneHotCategorical
from .distribution import Distribution
from .joint import Independent, MultivariateNormal

__all__ = ["kl_divergence", "register_kl"]

Formula = Callable[[Any, Any], Tensor]
_FORMULAS: dict[tuple[type, type], Formula] = {}
F = TypeVar("F", bound=Formula)


def register_kl(type_p: type, type_q: type) -> Callable[[F], F]:
    """Return a decorator that makes a function the divergence of one kind of distribution from another."""
    if not (isinstance(type_p, type) and issubclass(type_p, Distribution)):
        raise TypeError(f"Expected type_p to be a Distribution subclass but got {type_p}")
    if not (isinstance(type_q, type) and issubclass(type_q, Distribution)):
        raise TypeError(f"Expected type_q to be a Distribution subclass but got {type_q}")

    def keep(formula: F) -> F:
        _FORMULAS[type_p, type_q] = formula
        return formula

    return keep


def kl_divergence(p: Distribution, q: Distribution) -> Tensor:
    """Return the divergence of ``p`` from ``q`` in nats: batch_shape.

    Raises
    ------
    NotImplementedError
        If there is no formula for the two kinds.

    Examples
    --------
    >>> from minitorch.distributions import Normal, kl_divergence
    >>> kl_divergence(Normal(0.0, 1.0), Normal(1.0, 1.0))
    tensor(0.5000)
    """
    for kind_p in type(p).__mro__:
        for kind_q in type(q).__mro__:
            if (kind_p, kind_q) in _FORMULAS:
                return _FORMULAS[kind_p, kind_q](p, q)
    raise NotImplementedError(
        f"No KL(p || q) is implemented for p type {type(p).__name__} and q type {type(q).__name__}"
    )


@register_kl(Normal, Normal)
@register_kl(LogNormal, LogNormal)
def _normal(p: Normal, q: Normal) -> Tensor:
    ratio = (p.scale / q.scale).pow(2)
    return 0.5 * (ratio + ((p.loc - q.loc) / q.scale).pow(2) - 1 - ratio.log())


@register_kl(Bernoulli, Bernoulli)
def _bernoulli(p: Bernoulli, q: Bernoulli) -> Tensor:
    shape = (p.probs + q.probs).shape
    given = [x.expand(shape) for x in (q.logits, p.logits, p.probs)]
    cross, own = (binary_cross_entropy_with_logits(logits, given[2], reduction="none") for logits in given[:2])
    return cross - own


@register_kl(Categorical, Categorical)
@register_kl(OneHotCategorical, OneHotCategorical)
def _categorical(p: Categorical, q: Categorical) -> Tensor:
    terms = p.probs * (p.logits - q.logits)
    terms = terms.masked_fill((q.probs == 0).expand(terms.shape), math.inf)
    return terms.masked_fill((p.probs == 0).expand(terms.shape), 0).sum(-1)


@register_kl(Exponential, Exponential)
def _exponential(p: Exponential, q: Exponential) -> Tensor:
    ratio = q.rate / p.rate
    return -ratio.log() + ratio - 1


@register_kl(Laplace, Laplace)
def _laplace(p: Laplace, q: Laplace) -> Tensor:
    ratio, away = p.scale / q.scale, (p.loc - q.loc).abs()
    return -ratio.log() + away / q.scale + ratio * (-away / p.scale).exp() - 1


@register_kl(Uniform, Uniform)
def _uniform(p: Uniform, q: Uniform) -> Tensor:
    wider = ((q.high - q.low) / (p.high - p.low)).log()
    return wider.masked_fill((q.low > p.low) | (q.high < p.high), math.inf)


@register_kl(Normal, Uniform)
@register_kl(Laplace, Uniform)
@register_kl(Exponential, Uniform)
def _outside(p: Distribution, q: Uniform) -> Tensor:
    return q.low.new_full((p.mean + q.low).shape, math.inf)


@register_kl(Independent, Independent)
def _independent(p: Independent, q: Independent) -> Tensor:
    if p.reinterpreted_batch_ndims != q.reinterpreted_batch_ndims:
        raise NotImplementedError
    return p._summed(kl_divergence(p.base_dist, q.base_dist))


@register_kl(MultivariateNormal, MultivariateNormal)
def _multivariate(p: MultivariateNormal, q: MultivariateNormal) -> Tensor:
    if p.event_shape != q.event_shape:
        raise ValueError(
            "KL-divergence between two Multivariate Normals with different event shapes cannot be computed"
        )
    volumes = q._half_log_det() - p._half_log_det()
    batch = volumes.shape
    size = p.event_shape[0]
    factor = q.scale_tril.expand((*batch, size, size))
    spread = solve(factor, p.scale_tril.expand((*batch, size, size))).pow(2).sum((-2, -1))
    away = solve(factor, (q.loc - p.loc).expand((*batch, size)).unsqueeze(-1)).squeeze(-1).pow(2).sum(-1)
    return volumes + 0.5 * (spread + away - size)
