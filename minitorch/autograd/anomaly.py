"""Looking for anomalies: every node remembers where it was recorded, and its gradients are searched for NaN."""

from __future__ import annotations

import os
import traceback
import warnings
from typing import Any

from .. import tape
from ..tape import Node
from ..tensor import Tensor
from ._layers import LayerStack, layer_text

__all__ = ["detect_anomaly", "is_anomaly_check_nan_enabled", "is_anomaly_enabled", "set_detect_anomaly"]

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class _Site:
    """Where a node was recorded: the lines of the program, the layers, and the node whose backward recorded it."""

    def __init__(self, modules: tuple[Any, ...], parent: Node | None) -> None:
        lines = traceback.extract_stack()
        self.lines = [line for line in lines if not line.filename.startswith(_PACKAGE)]
        self.modules, self.parent = modules, parent

    def text(self) -> str:
        layer = layer_text(self.modules)
        return "".join(traceback.format_list(self.lines)) + (f"In layer: {layer}\n" if layer else "")

    def brief(self) -> str:
        layer, line = layer_text(self.modules), self.lines[-1] if self.lines else None
        place = f" at {line.filename}:{line.lineno}" if line else ""
        return f" It was recorded{place}{', in layer ' + layer if layer else ''}."


class _Detector:
    """What stands in `tape.anomaly`: gives a node's site when it is recorded, and runs its backward."""

    def __init__(self, check_nan: bool, layers: LayerStack) -> None:
        self.check_nan, self.layers = check_nan, layers
        self.node: Node | None = None  # whose backward is running

    def __call__(self) -> _Site:
        return _Site(self.layers.current(), self.node)

    def run(self, node: Node, grads: list[Any]) -> tuple[Any, ...]:
        """Compute the gradients of a node; RuntimeError if one holds NaN, with a warning that tells the site."""
        outer, self.node = self.node, node
        try:
            found = node.op.vjp(node, *grads)
            found = found if type(found) is tuple else (found,)
            self._check(node, found)
        except Exception:
            _tell(node)
            raise
        finally:
            self.node = outer
        return found

    def _check(self, node: Node, found: tuple[Any, ...]) -> None:
        for i, grad in enumerate(found if self.check_nan else ()):
            if isinstance(grad, Tensor) and grad.dtype.category > 1 and bool(grad.isnan().any()):
                where = node.site.brief() if node.site is not None else ""
                raise RuntimeError(f"Function '{node.name()}' returned nan values in its {i}th output.{where}")


def _tell(node: Node) -> None:
    """Warn with the lines that recorded a node, and with those of the nodes whose backward recorded them."""
    site = node.site
    if site is None:
        text = "No forward pass information available. Enable detect anomaly during forward pass for more information."
        warnings.warn(f"Error detected in {node.name()}. {text}", stacklevel=2)
        return
    warnings.warn(
        f"Error detected in {node.name()}. Traceback of forward call that caused the error:\n{site.text()}",
        stacklevel=2,
    )
    while site is not None and site.parent is not None:
        parent, site = site.parent, site.parent.site
        text = "No forward pass information available." if site is None else site.text()
        warnings.warn(
            f"\n\nPrevious calculation was induced by {parent.name()}. Traceback of forward call that induced the "
            f"previous calculation:\n{text}",
            stacklevel=2,
        )


class set_detect_anomaly:
    """Turn the search for anomalies on or off: as a function, at once; as a context, until its end.

    Examples
    --------
    >>> import minitorch
    >>> with minitorch.autograd.set_detect_anomaly(True, check_nan=False):
    ...     minitorch.is_anomaly_enabled()
    True
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self.before = _detector()
        _switch(_Detector(check_nan, LayerStack()) if mode else None)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *exc: object) -> None:
        _switch(self.before)


class detect_anomaly(set_detect_anomaly):
    """A block in which a backward pass that fails, or gives NaN, names the forward line and the layer at fault.

    Every operation is slower inside: it notes where it stands in the program.

    Examples
    --------
    >>> import minitorch, warnings
    >>> x = minitorch.tensor(-1.0, requires_grad=True)
    >>> with warnings.catch_warnings(), minitorch.autograd.set_detect_anomaly(True):
    ...     warnings.simplefilter("ignore")
    ...     x.sqrt().backward()
    Traceback (most recent call last):
        ...
    RuntimeError: Function 'SqrtBackward0' returned nan values in its 0th output. It was recorded at ...
    """

    def __init__(self, check_nan: bool = True) -> None:
        self.before, self.check_nan = _detector(), check_nan
        warnings.warn(
            "Anomaly Detection has been enabled. This mode will increase the runtime and should only be enabled for "
            "debugging.",
            stacklevel=2,
        )

    def __enter__(self) -> None:
        _switch(_Detector(self.check_nan, LayerStack()))


def _detector() -> _Detector | None:
    found: _Detector | None = tape.anomaly
    return found


def _switch(to: _Detector | None) -> None:
    """Put a detector in the place of the present one, for all threads."""
    before = _detector()
    if before is not None:
        before.layers.__exit__()
    if to is not None:
        to.layers.__enter__()
    tape.anomaly = to


def is_anomaly_enabled() -> bool:
    """Return whether anomalies are looked for.

    >>> import minitorch
    >>> minitorch.is_anomaly_enabled()
    False
    """
    return _detector() is not None


def is_anomaly_check_nan_enabled() -> bool:
    """Return whether NaN counts as an anomaly (if anomalies are looked for).

    >>> import minitorch
    >>> minitorch.is_anomaly_check_nan_enabled()
    True
    """
    found = _detector()
    return True if found is None else found.check_nan
