"""What the model families share: how widths are rounded, layers initialised, and entries made with weights."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from ... import nn
from ...io import load_file
from ...nn import init
from ...serialization import load
from ...tensor import Tensor

__all__ = ["Entry", "FeatureClassifier", "initialize", "make_divisible"]

M = TypeVar("M", bound=nn.Module)


def make_divisible(value: float, divisor: int = 8) -> int:
    """Return a number of channels near ``value`` that ``divisor`` divides, at most a tenth below.

    >>> make_divisible(32 * 1.1), make_divisible(10)
    (32, 16)
    """
    rounded = max(divisor, int(value + divisor / 2) // divisor * divisor)
    return rounded + divisor if rounded < 0.9 * value else rounded


def initialize(model: nn.Module, linear: Callable[[Tensor], Any] | None = None, mode: str = "fan_out") -> None:
    """Initialise convolutions as He et al. do, linear layers with ``linear`` if it is given; biases become zero."""
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d):
            init.kaiming_normal_(layer.weight, mode=mode)
        elif isinstance(layer, nn.Linear) and linear is not None:
            linear(layer.weight)
        else:
            continue
        if layer.bias is not None:
            init.zeros_(layer.bias)


class FeatureClassifier(nn.Module):
    """A model of ``features``, ``avgpool`` and ``classifier``, which its subclasses set."""

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (N, classes) of images (N, 3, H, W)."""
        return self.classifier(self.avgpool(self.features(x)).flatten(1))


_DOC = """{summary}

    Parameters
    ----------
    weights : path or mapping, optional
        A file of the model's state dict (``.pth``, ``.pt`` or ``.safetensors``), such as torchvision's, or the state
        dict itself. Nothing is downloaded.
    progress : bool
        Accepted; it is for downloads.
    **kwargs
        Options of `{kind}`, ``num_classes`` among them.

    References
    ----------
    {source}

    Examples
    --------
    >>> from minitorch.vision.models import {name}
    >>> model = {name}(num_classes=10)
    """


class Entry(Generic[M]):
    """A function that makes a model of one size, with weights if they are given.

    Parameters
    ----------
    name : str
        Of the function.
    kind : type
        The model's class.
    *args, **options
        What its constructor gets; a caller's options take precedence.
    about : str
        First line of the documentation.
    source : str
        Address of the paper.
    renamed : callable, optional
        From the keys of weight files to those of the model.
    """

    def __init__(
        self,
        name: str,
        kind: Callable[..., M],
        *args: Any,
        about: str,
        source: str,
        renamed: Callable[[str], str] = str,
        **options: Any,
    ) -> None:
        self.__name__ = self.__qualname__ = name
        self.__doc__ = _DOC.format(summary=about, kind=kind.__name__, name=name, source=source)
        self.__wrapped__ = kind
        self._args, self._options, self._renamed = args, options, renamed

    def __call__(self, *, weights: Any = None, progress: bool = True, **kwargs: Any) -> M:
        """Make the model."""
        pretrained = kwargs.pop("pretrained", False)
        if pretrained:
            raise ValueError(_no_download(self.__name__, f"pretrained={pretrained!r}"))
        state = None if weights is None else _read(self.__name__, weights)
        model = self.__wrapped__(*self._args, **{**self._options, **kwargs})
        if state is not None:
            model.load_state_dict({self._renamed(key): value for key, value in state.items()})
        return model

    def __repr__(self) -> str:
        return f"<function {self.__name__}>"


def _read(name: str, weights: Any) -> Mapping[str, Tensor]:
    """Return the state dict that ``weights`` is or names."""
    if isinstance(weights, Mapping):
        return weights
    if not isinstance(weights, (str, os.PathLike)) or not os.path.exists(weights):
        raise ValueError(_no_download(name, f"weights={weights!r}"))
    if os.fspath(weights).endswith(".safetensors"):
        return load_file(weights)
    found = load(weights, map_location="cpu")
    if not isinstance(found, Mapping):
        raise ValueError(f"{name}: weights={weights!r} holds a {type(found).__name__}, expected a state dict")
    return found


def _no_download(name: str, given: str) -> str:
    return (
        f"{name}: {given} is no file; weights are not downloaded: fetch torchvision's file yourself and give its "
        f"path, {name}(weights='path/to/{name}.pth')"
    )
