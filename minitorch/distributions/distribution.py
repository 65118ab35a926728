"""What all distributions share: shapes, the check of parameters and values, and how they print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from ..autograd.grad_mode import no_grad
from ..dtypes import get_default_dtype
from ..ops.create import empty, full
from ..ops.stacks import broadcast_tensors
from ..tensor import Size, Tensor
from .constraints import Constraint

__all__ = ["Distribution"]


class Distribution:
    """A family of distributions: ``batch_shape`` of them, each over values of ``event_shape``.

    A subclass names its parameters in ``arg_constraints`` and calls `_set` with their values; it gives ``support``,
    ``rsample`` or ``sample``, and ``log_prob``.
    """

    has_rsample = False
    has_enumerate_support = False
    arg_constraints: ClassVar[dict[str, Constraint]] = {}
    support: Any = None
    _validate = __debug__

    def __init__(
        self, batch_shape: Sequence[int] = (), event_shape: Sequence[int] = (), validate_args: bool | None = None
    ) -> None:
        self._batch_shape, self._event_shape = Size(batch_shape), Size(event_shape)
        self._checked = self._validate if validate_args is None else validate_args
        if self._checked:
            self._check_parameters()

    @staticmethod
    def set_default_validate_args(value: bool) -> None:
        """Let distributions check their parameters and values, or not, unless they are told otherwise."""
        if value not in (True, False):
            raise ValueError
        Distribution._validate = value

    @property
    def batch_shape(self) -> Size:
        """How many distributions there are."""
        return self._batch_shape

    @property
    def event_shape(self) -> Size:
        """The shape of one value."""
        return self._event_shape

    @property
    def mean(self) -> Tensor:
        """The expected value."""
        raise NotImplementedError

    @property
    def mode(self) -> Tensor:
        """The most likely value."""
        raise NotImplementedError(f"{type(self)} does not implement mode")

    @property
    def variance(self) -> Tensor:
        """The expected squared distance from the mean."""
        raise NotImplementedError

    @property
    def stddev(self) -> Tensor:
        """The square root of the variance."""
        return self.variance.sqrt()

    def sample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return values of shape sample_shape + batch_shape + event_shape, without a gradient."""
        with no_grad():
            return self.rsample(sample_shape)

    def rsample(self, sample_shape: Sequence[int] = ()) -> Tensor:
        """Return values through which a gradient reaches the parameters."""
        raise NotImplementedError

    def log_prob(self, value: Tensor) -> Tensor:
        """Return the logarithm of the density, or of the probability, of values."""
        raise NotImplementedError

    def cdf(self, value: Tensor) -> Tensor:
        """Return the probability of values up to the given ones."""
        raise NotImplementedError

    def icdf(self, value: Tensor) -> Tensor:
        """Return the values up to which the probability is the given one."""
        raise NotImplementedError

    def entropy(self) -> Tensor:
        """Return the expected negative logarithm of the density."""
        raise NotImplementedError

    def perplexity(self) -> Tensor:
        """Return the exponential of the entropy."""
        return self.entropy().exp()

    def enumerate_support(self, expand: bool = True) -> Tensor:
        """Return all values that a discrete distribution can give, along a new first dimension."""
        raise NotImplementedError

    def expand(self, batch_shape: Sequence[int]) -> Distribution:
        """Return the distribution with its parameters expanded to a batch shape."""
        names = self._given()
        size = Size(batch_shape)
        values: dict[str, Any] = {name: self._expanded(getattr(self, name), size, name) for name in names}
        return type(self)(**values, validate_args=False)

    # ---- for subclasses

    def _given(self) -> list[str]:
        """Return the names of the parameters that were given, not derived."""
        return [name for name in self.arg_constraints if name in vars(self)]

    def _expanded(self, value: Tensor, size: Size, name: str) -> Tensor:
        return value.expand((*size, *value.shape[value.dim() - self.arg_constraints[name].event_dim :]))

    def _set(self, validate_args: bool | None, **parameters: Any) -> None:
        """Broadcast the parameters against each other, keep them under their names, and check them."""
        for name, value in zip(parameters, _tensors(*parameters.values())):
            setattr(self, name, value)
        first = getattr(self, next(iter(parameters)))
        Distribution.__init__(self, first.shape, validate_args=validate_args)

    def _shape(self, sample_shape: Sequence[int]) -> Size:
        return Size((*sample_shape, *self._batch_shape, *self._event_shape))

    def _like(self) -> Tensor:
        """Return a parameter, for the dtype of what is drawn."""
        return next(getattr(self, name) for name in self._given())

    def _empty(self, sample_shape: Sequence[int]) -> Tensor:
        return empty(self._shape(sample_shape), dtype=self._like().dtype)

    def _check_parameters(self) -> None:
        for name in self._given():
            value, allowed = getattr(self, name), self.arg_constraints[name]
            if not bool(allowed.check(value).all()):
                raise ValueError(
                    f"Expected parameter {name} (Tensor of shape {tuple(value.shape)}) of distribution {self!r} to "
                    f"satisfy the constraint {allowed!r}, but found invalid values:\n{_shown(value)}"
                )

    def _check_sample(self, value: Any) -> None:
        """Raise ValueError for what is no value of the distribution."""
        if not self._checked:
            return
        if not isinstance(value, Tensor):
            raise ValueError("The value argument to log_prob must be a Tensor")
        wanted = Size((*self._batch_shape, *self._event_shape))
        for given, size in zip(reversed(value.shape), reversed(wanted)):
            if given != 1 and size != 1 and given != size:
                raise ValueError(
                    f"Value is not broadcastable with batch_shape+event_shape: {value.shape} vs {wanted}."
                )
        if self.support is not None and not bool(self.support.check(value).all()):
            raise ValueError(
                f"Expected value argument (Tensor of shape {tuple(value.shape)}) to be within the support "
                f"({self.support!r}) of the distribution {self!r}, but found invalid values:\n{_shown(value)}"
            )

    def __repr__(self) -> str:
        values = {name: getattr(self, name) for name in self._given()}
        text = ", ".join(f"{name}: {_shown(v) if v.numel() == 1 else v.size()}" for name, v in values.items())
        return f"{type(self).__name__}({text})"


def _shown(value: Tensor) -> Any:
    return value.item() if value.dim() == 0 else value


def _tensors(*values: Any) -> list[Tensor]:
    """Return numbers and tensors as tensors of one shape; numbers take a tensor's dtype."""
    known = next((v.dtype for v in values if isinstance(v, Tensor)), get_default_dtype())
    made = [v if isinstance(v, Tensor) else full((), float(v), dtype=known) for v in values]
    return list(broadcast_tensors(*made))
