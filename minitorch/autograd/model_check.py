"""``gradcheck_model``: a model's gradients, operation by operation, against differences; the first fault is named.

A check of the whole model says that something is wrong; checking each recorded operation on its own values says
what. Source: Griewank & Walther, "Evaluating Derivatives", 2nd ed. (SIAM 2008), section 8.1 for the step size.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from .. import interception
from ..dispatch import apply
from ..inplace import apply_
from ..memory import caller_line
from ..random import default_generator
from ..tape import Node
from ..tensor import Tensor, wrap
from ._layers import LayerStack, layer_text
from ._op_check import Finding, OpCall, Tolerance, check_op
from .engine import grad
from .gradcheck import GradcheckError

__all__ = ["GradcheckReport", "gradcheck_model"]


@dataclass
class GradcheckReport:
    """What `gradcheck_model` found; true if no gradient is wrong.

    Examples
    --------
    >>> import minitorch
    >>> report = minitorch.gradcheck_model(minitorch.nn.Linear(3, 2), minitorch.ones(4, 3))
    >>> bool(report), report.checked
    (True, 1)
    """

    checked: int = 0  # operations
    errors: list[Finding] = field(default_factory=list)
    kinks: list[Finding] = field(default_factory=list)
    nondeterministic: list[str] = field(default_factory=list)
    disconnected: list[str] = field(default_factory=list)  # parameters that no gradient reaches
    mismatched: list[str] = field(default_factory=list)  # parameters whose gradient is not that of the whole model

    def __bool__(self) -> bool:
        return not (self.errors or self.mismatched)

    def __str__(self) -> str:
        lines = [f"{self.checked} operations checked: {'no' if self else 'a'} gradient is wrong"]
        lines += [f"wrong: {e}" for e in self.errors] + [f"wrong: {text}" for text in self.mismatched]
        lines += [f"non-deterministic: {text}" for text in self.nondeterministic]
        lines += [f"kink: {k}" for k in self.kinks[:5]]
        lines += [f"... and {len(self.kinks) - 5} more kinks"] if len(self.kinks) > 5 else []
        lines += [f"no gradient reaches parameter {name}" for name in self.disconnected]
        return "\n".join(lines)


class _Recorder(interception.Handler):
    """Notes every recorded operation with the values that it was applied to."""

    transforms = False

    def __init__(self, names: dict[int, str], layers: LayerStack) -> None:
        self.names, self.layers = names, layers
        self.calls: list[OpCall] = []

    def apply(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        values = _arrays(inputs)
        result = apply(op, inputs, params)
        first = result[0] if isinstance(result, tuple) else result
        self._note(first._node, op, inputs, values, lambda values: _outputs(op.run(values, params)))
        return result

    def apply_(self, op: Any, inputs: tuple[Any, ...], params: tuple[Any, ...]) -> Any:
        before = _arrays(inputs)
        x = apply_(op, inputs, params)
        node = x._node if x._base is None or x._base._node is None else x._base._node.edges[1][0]
        self._note(node, op, inputs, before, lambda values: _outputs(op.run(values, params)))
        return x

    def function(self, cls: Any, args: tuple[Any, ...]) -> Any:
        values = _arrays(args)
        result = cls.apply(*args)
        outs = [r for r in (result if isinstance(result, tuple) else (result,)) if isinstance(r, Tensor)]
        kinds = [isinstance(x, Tensor) for x in args]

        def evaluate(given: list[Any]) -> tuple[Any, ...]:
            again = cls.apply(*[wrap(v.copy()) if k else v for v, k in zip(given, kinds)])
            return tuple([r._data for r in (again if isinstance(again, tuple) else (again,)) if isinstance(r, Tensor)])

        self._note(outs[0]._node if outs else None, cls._op, args, values, evaluate)
        return result

    def _note(self, node: Any, op: Any, inputs: Any, values: tuple[Any, ...], evaluate: Any) -> None:
        if not isinstance(node, Node) or node.op is not op:
            return
        if any(isinstance(v, np.ndarray) and v.dtype.kind not in "fiub" for v in values):
            return  # complex values, and half precision, have no differences to compare with
        place = caller_line()
        line = f"{os.path.basename(place[0])}:{place[1]}" if place else ""
        names = tuple([self._name(x) for x in inputs])
        self.calls.append(OpCall(node, values, evaluate, layer_text(self.layers.current()), line, names))

    def _name(self, x: Any) -> str:
        if not isinstance(x, Tensor):
            return ""
        return self.names.get(id(x)) or self.names.get(id(x._base), "")


def _arrays(inputs: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return inputs as arrays: copies, since the program may write over them later."""
    return tuple([x._data.copy(order="K") if isinstance(x, Tensor) else x for x in inputs])


def _outputs(result: Any) -> tuple[Any, ...]:
    return tuple([np.asarray(r) for r in (result if isinstance(result, tuple) else (result,))])


def gradcheck_model(
    model: Any,
    batch: Any,
    *,
    loss: Callable[..., Any] | None = None,
    eps: float = 1e-6,
    atol: float = 1e-5,
    rtol: float = 1e-3,
    samples: int = 16,
    raise_exception: bool = True,
) -> GradcheckReport:
    """Check every operation that a model records, in float64, against central differences on its own values.

    The model and the batch are copied first. The report names the operation, the layer, the line, the parameter and
    the element of each wrong gradient, in the order of the forward pass; points where a derivative jumps (kinks, where
    any slope between the two is right); operations and models that give other numbers when they are run again; and
    parameters that no gradient reaches. At last the gradient of each parameter is compared with differences of the
    whole model along a random direction.

    Parameters
    ----------
    model : a Module, or any function of tensors.
    batch : a tensor, a tuple of positional arguments, or a dict of keyword arguments.
    loss : makes a number of the model's output; a weighted sum of all outputs by default.
    eps, atol, rtol : the step, and the allowed error ``atol + rtol * |difference|``.
    samples : how many elements of an input are looked at one by one where it has kinks.

    Raises
    ------
    GradcheckError : a gradient is wrong, unless ``raise_exception`` is False; the report is its ``report``.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch import nn
    >>> net = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))
    >>> print(minitorch.gradcheck_model(net, minitorch.ones(2, 3)))
    3 operations checked: no gradient is wrong
    """
    run = _Run(model, batch, loss)
    report = run.checked_by_op(Tolerance(eps, atol, rtol, samples))
    run.check_whole(report, Tolerance(eps, atol, rtol, samples))
    if raise_exception and not report:
        error = GradcheckError(str(report))
        error.report = report  # type: ignore[attr-defined]
        raise error
    return report


class _Run:
    """A model and a batch in float64, run again and again from the same random numbers."""

    def __init__(self, model: Any, batch: Any, loss: Callable[..., Any] | None) -> None:
        self.model = copy.deepcopy(model).double() if hasattr(model, "parameters") else model
        self.batch, self.loss = _doubled(batch), loss
        self.params: dict[str, Tensor] = dict(self.model.named_parameters()) if hasattr(model, "parameters") else {}
        self.params = {name: p for name, p in self.params.items() if p.requires_grad}
        self.state, self.rng = default_generator.get_state(), np.random.default_rng(0)

    def outputs(self) -> list[Tensor]:
        """Return the tensors among the outputs (of the loss, if there is one)."""
        before = default_generator.get_state()
        default_generator.set_state(self.state)
        try:
            if isinstance(self.batch, dict):
                found = self.model(**self.batch)
            else:
                found = self.model(*(self.batch if isinstance(self.batch, tuple) else (self.batch,)))
            return _floats(found if self.loss is None else self.loss(found))
        finally:
            default_generator.set_state(before)

    def checked_by_op(self, tolerance: Tolerance) -> GradcheckReport:
        """Return the report of all operations."""
        with LayerStack() as layers, _Recorder({id(p): name for name, p in self.params.items()}, layers) as recorder:
            first = self.outputs()
        self.first = [out._data.copy() for out in first]
        report = GradcheckReport(checked=len(recorder.calls))
        for call in recorder.calls:
            for finding in check_op(call, tolerance, self.rng):
                if finding.kind == "non-deterministic":
                    report.nondeterministic.append(str(finding))
                else:
                    (report.errors if finding.kind == "wrong" else report.kinks).append(finding)
        return report

    def check_whole(self, report: GradcheckReport, tolerance: Tolerance) -> None:
        """Compare each parameter's gradient with differences of the whole model."""
        outs = self.outputs()
        if not all(np.array_equal(a, b._data, equal_nan=True) for a, b in zip(self.first, outs)):
            report.nondeterministic.append("the model: two runs from the same random state differ")
            return
        weights = [wrap(self.rng.uniform(0.5, 1.5, out._data.shape)) for out in outs]
        pairs = [(out, w) for out, w in zip(outs, weights) if out.requires_grad]
        params = list(self.params.items())
        grads: Any = [None] * len(params)
        if pairs and params:
            grads = grad([o for o, _ in pairs], [p for _, p in params], [w for _, w in pairs], allow_unused=True)
        for (name, param), g in zip(params, grads):
            if g is None:
                report.disconnected.append(name)
            else:
                self._check_param(name, param, g._data, weights, report, tolerance)

    def _check_param(
        self, name: str, param: Tensor, g: Any, weights: list[Tensor], report: GradcheckReport, tolerance: Tolerance
    ) -> None:
        """A jump between the two sides is a kink somewhere on the way, and says nothing of the gradient."""
        direction = self.rng.uniform(0.5, 1.5, g.shape) * self.rng.choice([-1.0, 1.0], g.shape)
        values, before = [], param._data.copy()
        for step in (-tolerance.eps, 0.0, tolerance.eps):
            param._data[...] = before + step * direction
            values.append(sum(float((o._data * w._data).sum()) for o, w in zip(self.outputs(), weights)))
        param._data[...] = before
        left, right = (values[1] - values[0]) / tolerance.eps, (values[2] - values[1]) / tolerance.eps
        noise = 100 * sum(float(np.abs(w._data * o).sum()) for w, o in zip(weights, self.first))
        analytical = float((g * direction).sum())
        smooth = tolerance.allows(left, right, 4 * noise)
        if smooth and not tolerance.allows(analytical, (left + right) / 2, noise):
            report.mismatched.append(
                f"parameter {name}: the derivative of the whole model along a random direction is "
                f"{(left + right) / 2:.8g} by differences, {analytical:.8g} by backward"
            )


def _doubled(value: Any) -> Any:
    """Return a batch with its floating-point tensors in float64, copied."""
    if isinstance(value, Tensor):
        twin = value.detach().clone()
        return (twin.double() if value.is_floating_point() else twin).requires_grad_(value.requires_grad)
    if isinstance(value, dict):
        return {key: _doubled(v) for key, v in value.items()}
    return type(value)([_doubled(v) for v in value]) if type(value) in (tuple, list) else value


def _floats(found: Any) -> list[Tensor]:
    if isinstance(found, Tensor):
        return [found] if found.is_floating_point() else []
    items = found.values() if isinstance(found, dict) else found if isinstance(found, (tuple, list)) else ()
    return [out for item in items for out in _floats(item)]
