"""Names of torch.nn that minitorch leaves out, and what to use instead."""

from __future__ import annotations

_INSTEAD = {
    "AdaptiveLogSoftmaxWithLoss": "LogSoftmax with NLLLoss",
    "Container": "Module",
    "CrossMapLRN2d": "LocalResponseNorm",
    "DataParallel": "the module itself: kernels use all cores",
    "FractionalMaxPool2d": "AdaptiveMaxPool2d",
    "FractionalMaxPool3d": "AdaptiveMaxPool3d",
    "LinearCrossEntropyLoss": "Linear with CrossEntropyLoss",
    "NLLLoss2d": "NLLLoss",
    "SyncBatchNorm": "BatchNorm2d",
}
_INITIALISERS: tuple[str, ...] = (
    "constant",
    "dirac",
    "eye",
    "kaiming_normal",
    "kaiming_uniform",
    "normal",
    "orthogonal",
    "sparse",
)
_INITIALISERS += ("uniform", "xavier_normal", "xavier_uniform")


def missing(module: str, name: str) -> AttributeError:
    """Return the error for a name that a module does not have, with what to use instead where there is something."""
    text = f"module 'minitorch.{module}' has no attribute '{name}'"
    if module == "nn" and name in _INSTEAD:
        text += f"; use {_INSTEAD[name]} instead"
    if module == "nn.init" and name in _INITIALISERS:
        text += f"; use {name}_ instead"
    return AttributeError(text)
