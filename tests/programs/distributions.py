"""What distributions say of themselves, draw, and cost: each fact is a text or a list of numbers."""

from collections.abc import Callable
from typing import Any

import torch
from torch.distributions import (
    Bernoulli,
    Categorical,
    Cauchy,
    Distribution,
    Exponential,
    Geometric,
    Gumbel,
    HalfNormal,
    Independent,
    Laplace,
    LogNormal,
    MixtureSameFamily,
    MultivariateNormal,
    Normal,
    OneHotCategorical,
    OneHotCategoricalStraightThrough,
    Uniform,
    kl_divergence,
)

Facts = dict[str, Any]


def parameters() -> dict[str, torch.Tensor]:
    """Return the leaves that the distributions are made of."""
    torch.manual_seed(0)
    return {
        "loc": torch.tensor([0.3, -1.0, 2.0], requires_grad=True),
        "scale": torch.tensor([0.5, 1.0, 2.0], requires_grad=True),
        "probs": torch.tensor([0.2, 0.5, 0.7], requires_grad=True),
        "logits": torch.randn(2, 4, requires_grad=True),
    }


def made(p: dict[str, torch.Tensor]) -> dict[str, Distribution]:
    """Return distributions of every kind."""
    loc, scale, probs, logits = p.values()
    matrix = torch.eye(3) * 0.5 + 0.1
    return {
        "normal": Normal(loc, scale),
        "laplace": Laplace(loc, scale),
        "cauchy": Cauchy(loc, scale),
        "gumbel": Gumbel(loc, scale),
        "log-normal": LogNormal(loc, scale),
        "half-normal": HalfNormal(scale),
        "exponential": Exponential(scale),
        "uniform": Uniform(loc, loc + scale),
        "bernoulli": Bernoulli(probs),
        "bernoulli by logits": Bernoulli(logits=logits),
        "geometric": Geometric(probs),
        "categorical": Categorical(logits.exp()),
        "categorical by logits": Categorical(logits=logits),
        "one-hot": OneHotCategorical(logits=logits),
        "one-hot straight through": OneHotCategoricalStraightThrough(logits=logits),
        "independent": Independent(Normal(loc, scale), 1),
        "multivariate": MultivariateNormal(loc, matrix),
        "multivariate by precision": MultivariateNormal(loc, precision_matrix=matrix),
        "multivariate by factor": MultivariateNormal(loc, scale_tril=matrix.tril()),
        "mixture": MixtureSameFamily(Categorical(torch.tensor([0.3, 0.3, 0.4])), Normal(loc, scale)),
    }


NAMES = list(made(parameters()))


def told(ask: Callable[[], Any]) -> Any:
    """Return a tensor as its dtype, shape and numbers, and anything else, an error too, as its text."""
    try:
        answer = ask()
    except NotImplementedError:
        return "not implemented"
    except ValueError as error:
        return f"ValueError: {error}"
    if not isinstance(answer, torch.Tensor):
        return repr(answer)
    return [str(answer.dtype), list(answer.shape), answer.detach().double().flatten().tolist()]


def slopes(of: torch.Tensor, p: dict[str, torch.Tensor]) -> list[Any]:
    """Return the gradients of a sum with respect to the parameters; None where there is none."""
    found = torch.autograd.grad(of.sum(), list(p.values()), allow_unused=True, retain_graph=True)
    return [None if g is None else g.double().flatten().tolist() for g in found]


def run(name: str) -> Facts:
    """Return the facts of one distribution."""
    p = parameters()
    d = made(p)[name]
    torch.manual_seed(1)
    sample = d.sample((2,))
    facts: Facts = {"shapes": f"{d.batch_shape} {d.event_shape} {d.has_rsample} {d.has_enumerate_support}"}
    facts["sample"] = told(lambda: sample)
    facts["log_prob"] = told(lambda: d.log_prob(sample))
    for member in ("mean", "variance", "mode"):
        facts[member] = told(lambda: getattr(d, member))  # noqa: B023
    facts["entropy"], facts["perplexity"] = told(d.entropy), told(d.perplexity)
    for member in ("cdf", "icdf"):
        facts[member] = told(lambda: getattr(d, member)(torch.full((3,), 0.4)))  # noqa: B023
    facts["enumerated"] = told(lambda: d.enumerate_support())
    facts["expanded"] = told(lambda: d.expand((5, *d.batch_shape)).batch_shape)
    facts["slopes of log_prob"] = slopes(d.log_prob(sample), p)
    torch.manual_seed(2)
    facts["slopes of values"] = slopes(d.rsample((2,)).pow(2), p) if d.has_rsample else None
    facts["discrete"] = told(lambda: d.support.is_discrete)
    return facts


def divergences() -> dict[str, Any]:
    """Return how far every distribution is from one of each kind that has a formula."""
    p = parameters()
    loc, scale = p["loc"], p["scale"]
    others: dict[str, Distribution] = {
        "normal": Normal(loc + 1, scale * 2),
        "laplace": Laplace(loc + 1, scale * 2),
        "exponential": Exponential(scale * 2),
        "uniform": Uniform(loc - 1, loc + 3),
        "bernoulli": Bernoulli(torch.tensor(0.4)),
        "categorical": Categorical(torch.ones(4)),
        "one-hot": OneHotCategorical(torch.ones(4)),
        "independent": Independent(Normal(loc + 1, scale), 1),
        "multivariate": MultivariateNormal(loc + 1, torch.eye(3) * 2),
        "log-normal": LogNormal(loc, scale * 2),
    }
    kinds = {(type(q), type(q)) for q in others.values()}
    kinds |= {(kind, Uniform) for kind in (Normal, Laplace, Exponential)}
    kinds |= {(OneHotCategoricalStraightThrough, OneHotCategorical)}
    pairs = [(n, d, m, q) for n, d in made(p).items() for m, q in others.items() if (type(d), type(q)) in kinds]
    return {f"{n} from {m}": told(lambda: kl_divergence(d, q)) for n, d, m, q in pairs}  # noqa: B023


def said() -> dict[str, Any]:
    """Return how distributions print, and what they say to wrong parameters and values."""
    n = Normal(torch.zeros(3), torch.ones(3))
    asked: dict[str, Callable[[], Any]] = {
        "normal": lambda: n,
        "numbers": lambda: Normal(0.0, 1.0),
        "one element": lambda: Normal(torch.zeros(1), 1.0),
        "categorical": lambda: Categorical(torch.ones(2, 3)),
        "bernoulli": lambda: Bernoulli(0.25),
        "independent": lambda: Independent(n, 1),
        "multivariate": lambda: MultivariateNormal(torch.zeros(2), torch.eye(2)),
        "uniform": lambda: Uniform(0, 1),
        "constraints": lambda: n.arg_constraints,
        "negative scale": lambda: Normal(torch.zeros(2), -torch.ones(2)),
        "no number": lambda: n.log_prob(torch.tensor([float("nan"), 1, 1])),
        "negative shares": lambda: Categorical(torch.tensor([-1.0, 2.0])),
        "neither": lambda: Categorical(),
        "both": lambda: Bernoulli(torch.tensor(0.5), torch.tensor(0.5)),
        "no vector": lambda: Categorical(torch.tensor(1.0)),
        "not a share": lambda: Bernoulli(probs=torch.tensor(1.5)),
        "no class": lambda: Categorical(torch.ones(3)).log_prob(torch.tensor(5)),
        "other shape": lambda: n.log_prob(torch.zeros(2)),
        "negative rate": lambda: Exponential(-1.0),
        "outside": lambda: Uniform(0.0, 1.0).log_prob(torch.tensor(2.0)),
        "too many dimensions": lambda: Independent(n, 2),
        "unchecked": lambda: Uniform(0.0, 1.0, validate_args=False).log_prob(torch.tensor(2.0)),
        "two matrices": lambda: MultivariateNormal(torch.zeros(2), torch.eye(2), torch.eye(2)),
    }
    return {name: told(ask) for name, ask in asked.items()}
