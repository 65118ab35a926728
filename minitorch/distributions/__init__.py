"""Probability distributions under torch's names: what to sample from, and how likely a value is."""

import sys as _sys

from . import constraints as constraints
from .bounded import Exponential as Exponential
from .bounded import HalfNormal as HalfNormal
from .bounded import Uniform as Uniform
from .continuous import Cauchy as Cauchy
from .continuous import Gumbel as Gumbel
from .continuous import Laplace as Laplace
from .continuous import LogNormal as LogNormal
from .continuous import Normal as Normal
from .discrete import Bernoulli as Bernoulli
from .discrete import Categorical as Categorical
from .discrete import Geometric as Geometric
from .discrete import OneHotCategorical as OneHotCategorical
from .discrete import OneHotCategoricalStraightThrough as OneHotCategoricalStraightThrough
from .distribution import Distribution as Distribution
from .joint import Independent as Independent
from .joint import MixtureSameFamily as MixtureSameFamily
from .joint import MultivariateNormal as MultivariateNormal
from .kl import kl_divergence as kl_divergence
from .kl import register_kl as register_kl

# torch has a file for every class: ``from minitorch.distributions.categorical import Categorical``
_PATHS = {
    "bernoulli": Bernoulli, "categorical": Categorical, "cauchy": Cauchy, "exponential": Exponential,
    "geometric": Geometric, "gumbel": Gumbel, "half_normal": HalfNormal, "independent": Independent,
    "laplace": Laplace, "log_normal": LogNormal, "mixture_same_family": MixtureSameFamily,
    "multivariate_normal": MultivariateNormal, "normal": Normal, "one_hot_categorical": OneHotCategorical,
    "uniform": Uniform,
}  # fmt: skip
for _name, _class in _PATHS.items():
    _sys.modules[f"{__name__}.{_name}"] = globals()[_name] = _sys.modules[_class.__module__]
