"""Functions whose forward and backward a user writes."""

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch as torch
from minitorch.autograd import Function, grad
from minitorch.autograd.function import once_differentiable
from minitorch.tensor import Tensor


def leaf(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


class Exponential(Function):
    """Saves its output."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        y = x.exp()
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        (y,) = ctx.saved_tensors
        return g * y


def test_a_function_is_differentiable_to_every_order() -> None:
    x = leaf(0.5)
    y = Exponential.apply(x)
    for _ in range(3):
        (y,) = grad(y, x, create_graph=True)
    assert y.item() == pytest.approx(np.exp(0.5), rel=1e-14)
    assert torch.autograd.gradgradcheck(Exponential.apply, (leaf(0.3, -1.0),))


def function(forward: Callable[..., Any], backward: Callable[..., Any]) -> type[Function]:
    return type("MyFn", (Function,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})


def test_what_a_context_carries_does_not_touch_the_tape() -> None:
    def forward(ctx: Any, x: Tensor, *, scale: float = 2.0) -> Tensor:
        ctx.op, ctx.params, ctx.edges, ctx.needs, ctx.seq, ctx.name = "a", "b", "c", "d", "e", "f"
        ctx.scale = scale
        return x * scale

    fn = function(forward, lambda ctx, g: g * ctx.scale)
    x = leaf(1.0)
    y = fn.apply(x)
    assert y.grad_fn.name() == "MyFnBackward"
    assert y.grad_fn.scale == 2.0
    y.backward()
    assert x.grad.item() == 2.0


@pytest.mark.parametrize(
    "backward, message",
    [
        (lambda ctx, g: (g, g, g), "returned an incorrect number of gradients (expected 2, got 3)"),
        (lambda ctx, g: g, "returned an incorrect number of gradients (expected 2, got 1)"),
        (lambda ctx, g: (g, g), "returned a gradient different than None at position 2"),
        (lambda ctx, g: ("g", None), "expected Variable or None (got str)"),
        (lambda ctx, g: (torch.ones(3), None), "invalid gradient at index 0 - got [3] but expected shape compatible"),
    ],
)
def test_a_wrong_backward_is_named(backward: Callable[..., Any], message: str) -> None:
    y = function(lambda ctx, x, k: x * k, backward).apply(leaf(1.0, 2.0), 3)
    with pytest.raises(RuntimeError, match=re.escape(message)):
        y.sum().backward()


def test_trailing_nones_and_missing_parts_are_handled() -> None:
    fn = function(lambda ctx, x: x * 2, lambda ctx, g: (g * 2, None, None))
    x = leaf(1.0)
    fn.apply(x).backward()
    assert x.grad.item() == 2.0
    with pytest.raises(NotImplementedError, match="either the backward or vjp"):
        type("Half", (Function,), {"forward": staticmethod(lambda ctx, x: x * 2)}).apply(x).backward()
    with pytest.raises(NotImplementedError, match="must implement the forward"):
        Function.apply(x)


def test_setup_context_needs_input_grad_and_materialised_zeros() -> None:
    seen: list[Any] = []

    class Two(Function):
        @staticmethod
        def forward(x: Tensor, y: Tensor) -> Any:
            return x * 2, y * 3

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            seen.append((len(inputs), len(output)))

        @staticmethod
        def backward(ctx: Any, gx: Tensor, gy: Tensor) -> Any:
            seen.extend([ctx.needs_input_grad, gy.tolist()])
            return gx * 2, None

    x = leaf(1.0)
    Two.apply(x, torch.ones(2, dtype=torch.float64))[0].backward()
    assert seen == [(2, 2), (True, False), [0.0, 0.0]]


def test_none_stands_for_unused_outputs_on_request() -> None:
    def forward(ctx: Any, x: Tensor) -> Any:
        ctx.set_materialize_grads(False)
        return x * 2, x * 3

    x = leaf(1.0)
    function(forward, lambda ctx, a, b: b if a is None else a).apply(x)[1].backward()
    assert x.grad.item() == 1.0


def test_dirty_inputs_get_the_new_history() -> None:
    def forward(ctx: Any, x: Tensor) -> Tensor:
        ctx.mark_dirty(x)
        return x.mul_(2)

    fn = function(forward, lambda ctx, g: g * 2)
    x = leaf(1.0, 2.0)
    y = x * 1
    assert fn.apply(y) is y
    y.sum().backward()
    assert x.grad.tolist() == [2.0, 2.0]
    with pytest.raises(RuntimeError, match="a leaf Variable that requires grad"):
        fn.apply(x)


def test_an_input_returned_as_it_is_must_not_be_written() -> None:
    y = function(lambda ctx, x: x, lambda ctx, g: g).apply(leaf(1.0) * 1)
    with pytest.raises(RuntimeError, match="Output 0 of MyFn is a view and is being modified inplace"):
        y.add_(1)


def test_once_differentiable_bars_the_second_order() -> None:
    class Square(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return x * x

        @staticmethod
        @once_differentiable
        def backward(ctx: Any, g: Tensor) -> Tensor:
            return g * 2 * ctx.saved_tensors[0]

    x = leaf(3.0)
    (g,) = grad(Square.apply(x * 1) * x, x, create_graph=True)
    assert g.item() == 27.0
    with pytest.raises(RuntimeError, match="marked with @once_differentiable"):
        grad(g, x)
