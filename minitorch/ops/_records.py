"""Records in short form, for functions of one tensor and numbers: calls and failures as tuples."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from ..op import Failure, Make, Sample, register

__all__ = ["of_one_tensor"]

Call = tuple[str, tuple[int, ...], tuple[Any, ...]]  # what is special, the tensor's shape, the other arguments
Wrong = tuple[tuple[int, ...], tuple[Any, ...], type[Exception], str]  # ... and the error with its pattern


def of_one_tensor(fn: Callable[..., Any], *calls: Call, fails: Sequence[Wrong] = (), **how: Any) -> None:
    """Register a function whose first argument is a tensor of a given shape."""

    def samples(make: Make) -> Iterator[Sample]:
        for name, shape, args in calls:
            yield Sample(name, (make(*shape), *args))

    def failures(make: Make) -> Iterator[Failure]:
        for shape, args, error, match in fails:
            yield Failure((make(*shape), *args), error, match)

    register(fn, samples=samples, failures=failures if fails else None, **how)
