"""The import paths of ``torch.nn.modules``: ``from minitorch.nn.modules.batchnorm import _BatchNorm`` and the like."""

from __future__ import annotations

import sys
from typing import Any

from . import (
    _module_utils,
    activation,
    attention,
    batchnorm,
    containers,
    conv,
    distance,
    dropout,
    flatten,
    fold,
    lazy,
    linear,
    loss,
    module,
    norm,
    padding,
    pool,
    rnn,
    sparse,
    transformer,
    vision,
)

__path__: list[str] = []  # so that the import system looks for files in here, which stand in sys.modules
Module = module.Module

# torch's name of a file: ours
_PATHS: dict[str, Any] = {
    "activation": activation, "attention": attention, "batchnorm": batchnorm, "channelshuffle": vision,
    "container": containers, "conv": conv, "distance": distance, "dropout": dropout, "flatten": flatten, "fold": fold,
    "instancenorm": batchnorm, "lazy": lazy, "linear": linear, "loss": loss, "module": module, "normalization": norm,
    "padding": padding, "pixelshuffle": vision, "pooling": pool, "rnn": rnn, "sparse": sparse,
    "transformer": transformer, "upsampling": vision, "utils": _module_utils,
}  # fmt: skip
for _name, _file in _PATHS.items():
    sys.modules[f"{__name__}.{_name}"] = globals()[_name] = _file


def __getattr__(name: str) -> Any:
    for file in _PATHS.values():
        if hasattr(file, name):
            return getattr(file, name)
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
