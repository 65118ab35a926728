"""Random numbers: torch's CPU stream, so that the same seed gives the same numbers.

A `Generator` is a Mersenne Twister plus the second half of the last normal pair. The methods that fill or
return arrays (the rest of the library calls them) take from the stream exactly the draws that torch takes, in
torch's element order: the order of memory, so a transposed or channels-last array is filled along its
strides. Names that end in ``_`` fill the array they are given. Everything is checked before the first draw: a
call that raises leaves the stream where it was.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..tensor import Tensor, wrap
from .continuous import Continuous
from .discrete import Discrete

__all__ = [
    "Generator",
    "default_generator",
    "fork_rng",
    "get_rng_state",
    "initial_seed",
    "manual_seed",
    "seed",
    "set_rng_state",
]


class Generator(Continuous, Discrete):
    """A source of random numbers with a state of its own, for the ``generator=`` arguments.

    Examples
    --------
    >>> import minitorch
    >>> g = minitorch.Generator().manual_seed(0)
    >>> g.initial_seed()
    0
    >>> state = g.get_state()
    >>> state.shape
    torch.Size([5056])
    """

    def get_state(self) -> Tensor:
        """Return the state as a ByteTensor (5056), in torch's format."""
        return wrap(self.state_array())

    def set_state(self, new_state: Tensor) -> None:
        """Continue from a state that `get_state`, here or in torch, gave.

        Raises
        ------
        TypeError
            If it is not a ByteTensor.
        RuntimeError
            If it is not the state of such a generator.
        """
        if not isinstance(new_state, Tensor):
            raise TypeError(f"expected a torch.ByteTensor, but got {type(new_state).__name__}")
        if new_state._data.dtype != np.uint8:
            raise TypeError("RNG state must be a torch.ByteTensor")
        self.load_state_array(new_state._data)

    def clone_state(self) -> Generator:
        """Return a new generator that continues from the same state."""
        copy = Generator(self.device)
        copy.load_state_array(self.state_array())
        return copy

    def get_offset(self) -> int:
        """Raise RuntimeError: only generators of GPUs count offsets."""
        raise RuntimeError("CPU Generator does not use offset")

    def set_offset(self, offset: int) -> None:
        """Raise RuntimeError: only generators of GPUs count offsets."""
        raise RuntimeError("CPU Generator does not use offset")


default_generator = Generator()
default_generator.seed()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=default_generator.renew_lock)


def manual_seed(seed: int) -> Generator:
    """Seed the default generator and return it.

    Raises
    ------
    ValueError
        If the seed is below -2**63 or above 2**64 - 1; negative seeds count as seed + 2**64.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.manual_seed(0).initial_seed()
    0
    """
    default_generator.manual_seed(int(seed))
    return default_generator


def seed() -> int:
    """Seed the default generator from the operating system and return the seed.

    >>> import minitorch
    >>> minitorch.seed() == minitorch.initial_seed()
    True
    """
    return default_generator.seed()


def initial_seed() -> int:
    """Return the seed of the default generator.

    >>> import minitorch
    >>> _ = minitorch.manual_seed(7)
    >>> minitorch.initial_seed()
    7
    """
    return default_generator.initial_seed()


def get_rng_state() -> Tensor:
    """Return the state of the default generator, a ByteTensor (5056) in torch's format.

    >>> import minitorch
    >>> minitorch.get_rng_state().dtype
    torch.uint8
    """
    return default_generator.get_state()


def set_rng_state(new_state: Tensor) -> None:
    """Continue with the default generator from a state that `get_rng_state`, here or in torch, gave.

    Raises
    ------
    TypeError
        If it is not a ByteTensor.
    RuntimeError
        If it is not the state of such a generator.

    Examples
    --------
    >>> import minitorch
    >>> state = minitorch.get_rng_state()
    >>> a = minitorch.rand(3)
    >>> minitorch.set_rng_state(state)
    >>> bool((minitorch.rand(3) == a).all())
    True
    """
    default_generator.set_state(new_state)


@contextlib.contextmanager
def fork_rng(
    devices: Iterable[Any] | None = None, enabled: bool = True, *args: Any, **kwargs: Any
) -> Iterator[None]:
    """Put the default generator back, at the end of a block, to where it was at the start.

    `devices` and what torch takes after `enabled` concern other devices and are ignored.

    >>> import minitorch
    >>> _ = minitorch.manual_seed(0)
    >>> with minitorch.random.fork_rng():
    ...     a = minitorch.rand(2)
    >>> bool((minitorch.rand(2) == a).all())
    True
    """
    state = default_generator.state_array() if enabled else None
    try:
        yield
    finally:
        if state is not None:
            default_generator.load_state_array(state)
