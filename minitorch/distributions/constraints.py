"""What parameters and values of a distribution may be: `constraints.positive.check(value)` tells which are."""

from __future__ import annotations

from typing import Any

from ..tensor import Tensor


class Constraint:
    """A set of values; ``event_dim`` dimensions of a tensor make one value."""

    event_dim = 0
    is_discrete = False

    def check(self, value: Tensor) -> Tensor:
        """Return for every value whether it is in the set: bool."""
        raise NotImplementedError

    def __repr__(self) -> str:
        bounds = ", ".join(f"{name}={bound}" for name, bound in vars(self).items())
        return f"{type(self).__name__.lstrip('_')}({bounds})"


class Real(Constraint):
    """Every number that is not NaN."""

    def check(self, value: Tensor) -> Tensor:
        """Return which values are not NaN."""
        return value == value


class GreaterThan(Constraint):
    """Numbers above a bound."""

    def __init__(self, lower_bound: Any) -> None:
        self.lower_bound = lower_bound

    def check(self, value: Tensor) -> Tensor:
        """Return which values are above the bound."""
        return value > self.lower_bound


class GreaterThanEq(GreaterThan):
    """Numbers from a bound on."""

    def check(self, value: Tensor) -> Tensor:
        """Return which values are not below the bound."""
        return value >= self.lower_bound


class LessThan(Constraint):
    """Numbers below a bound."""

    def __init__(self, upper_bound: Any) -> None:
        self.upper_bound = upper_bound

    def check(self, value: Tensor) -> Tensor:
        """Return which values are below the bound."""
        return value < self.upper_bound


class Interval(Constraint):
    """Numbers from one bound to another, both included."""

    def __init__(self, lower_bound: Any, upper_bound: Any) -> None:
        self.lower_bound, self.upper_bound = lower_bound, upper_bound

    def check(self, value: Tensor) -> Tensor:
        """Return which values are between the bounds."""
        return (value >= self.lower_bound) & (value <= self.upper_bound)


class IntegerInterval(Interval):
    """Whole numbers from one bound to another, both included."""

    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        """Return which values are whole and between the bounds."""
        return (value % 1 == 0) & super().check(value)


class IntegerGreaterThan(GreaterThan):
    """Whole numbers from a bound on."""

    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        """Return which values are whole and not below the bound."""
        return (value % 1 == 0) & (value >= self.lower_bound)


class Boolean(Constraint):
    """Zero and one."""

    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        """Return which values are 0 or 1."""
        return (value == 0) | (value == 1)


class Simplex(Constraint):
    """Shares: vectors that are not negative and sum to one."""

    event_dim = 1

    def check(self, value: Tensor) -> Tensor:
        """Return which vectors are not negative and sum to one, to 1e-6."""
        return (value >= 0).all(-1) & ((value.sum(-1) - 1).abs() < 1e-6)


class OneHot(Constraint):
    """Vectors of one 1 among zeros."""

    event_dim = 1
    is_discrete = True

    def check(self, value: Tensor) -> Tensor:
        """Return which vectors have one 1 and otherwise zeros."""
        return ((value == 0) | (value == 1)).all(-1) & (value.sum(-1) == 1)


class LowerCholesky(Constraint):
    """Lower triangular matrices with a positive diagonal."""

    event_dim = 2

    def check(self, value: Tensor) -> Tensor:
        """Return which matrices are lower triangular with a positive diagonal."""
        lower = (value.tril() == value).flatten(-2).all(-1)
        return lower & (value.diagonal(dim1=-2, dim2=-1) > 0).all(-1)


class PositiveDefinite(Constraint):
    """Symmetric matrices whose eigenvalues are positive."""

    event_dim = 2

    def check(self, value: Tensor) -> Tensor:
        """Return which matrices are symmetric with a Cholesky factor."""
        from ..linalg import eigvalsh

        symmetric = ((value - value.mT).abs() <= 1e-6).flatten(-2).all(-1)
        return symmetric & (eigvalsh(value) > 0).all(-1)


class IndependentConstraint(Constraint):
    """Values of several elements, each of which is in a set."""

    def __init__(self, base: Constraint, count: int) -> None:
        self.base_constraint, self.reinterpreted_batch_ndims = base, count

    @property
    def event_dim(self) -> int:  # type: ignore[override]
        """How many dimensions make one value."""
        return self.base_constraint.event_dim + self.reinterpreted_batch_ndims

    def check(self, value: Tensor) -> Tensor:
        """Return which values have all their elements in the set."""
        inside = self.base_constraint.check(value)
        return inside.flatten(-self.reinterpreted_batch_ndims).all(-1)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.base_constraint!r}, {self.reinterpreted_batch_ndims})"


real = Real()
positive = GreaterThan(0.0)
nonnegative = GreaterThanEq(0.0)
unit_interval = Interval(0.0, 1.0)
boolean = Boolean()
nonnegative_integer = IntegerGreaterThan(0)
simplex = Simplex()
one_hot = OneHot()
lower_cholesky = LowerCholesky()
positive_definite = PositiveDefinite()
real_vector = IndependentConstraint(real, 1)
interval = Interval
integer_interval = IntegerInterval
greater_than = GreaterThan
greater_than_eq = GreaterThanEq
less_than = LessThan
independent = IndependentConstraint
