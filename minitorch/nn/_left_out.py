"""Names of torch.nn that minitorch leaves out, and what to use instead; names that torch has renamed."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

_INSTEAD = {
    "AdaptiveLogSoftmaxWithLoss": "LogSoftmax with NLLLoss",
    "Container": "Module",
    "CrossMapLRN2d": "LocalResponseNorm",
    "FractionalMaxPool2d": "AdaptiveMaxPool2d",
    "FractionalMaxPool3d": "AdaptiveMaxPool3d",
    "LinearCrossEntropyLoss": "Linear with CrossEntropyLoss",
    "NLLLoss2d": "NLLLoss",
}
def missing(module: str, name: str) -> AttributeError:
    """Return the error for a name that a module does not have, with what to use instead where there is something."""
    text = f"module 'minitorch.{module}' has no attribute '{name}'"
    if module == "nn" and name in _INSTEAD:
        text += f"; use {_INSTEAD[name]} instead"
    return AttributeError(text)


def renamed(fn: Callable[..., Any], module: str) -> Callable[..., Any]:
    """Return an in-place function under its old name, without the underscore, which warns as torch does."""
    old = fn.__name__.rstrip("_")

    def deprecated(*args: Any, **kwargs: Any) -> Any:
        text = f"`{module}.{old}` is now deprecated in favor of `{module}.{old}_`."
        warnings.warn(text, FutureWarning, stacklevel=2)
        return fn(*args, **kwargs)

    deprecated.__name__ = deprecated.__qualname__ = old
    deprecated.__doc__ = f"Do what `{module}.{old}_` does, and warn that this name is old."
    return deprecated
