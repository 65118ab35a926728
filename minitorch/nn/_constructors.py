"""A family's constructor under the name of each class that users call.

Python takes the name in ``Conv2d.__init__() missing 1 required positional argument`` from the function; a private
base that wrote it for its family would put in a name that no user has seen.
"""

from __future__ import annotations

from types import FunctionType

__all__ = ["own_constructor"]

_PACKAGE = __name__.partition(".")[0]


def own_constructor(cls: type) -> None:
    """Give a public class of this package a copy, named after itself, of the constructor that a private base wrote."""
    writer = next(base for base in cls.__mro__ if "__init__" in base.__dict__)
    shared = writer.__dict__["__init__"]
    public = not cls.__name__.startswith("_") and cls.__module__.partition(".")[0] == _PACKAGE
    if public and writer.__name__.startswith("_") and isinstance(shared, FunctionType):
        own = FunctionType(shared.__code__, shared.__globals__, "__init__", shared.__defaults__, shared.__closure__)
        own.__dict__.update(shared.__dict__)
        own.__kwdefaults__, own.__annotations__, own.__doc__ = (
            shared.__kwdefaults__, shared.__annotations__, shared.__doc__,
        )  # fmt: skip
        own.__module__, own.__qualname__ = cls.__module__, f"{cls.__qualname__}.__init__"
        cls.__init__ = own  # type: ignore[misc]
