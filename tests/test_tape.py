"""The tape: what is recorded, in which order gradients travel, what is kept and what is let go."""

import gc
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minitorch as torch
from minitorch.autograd import Function, grad
from minitorch.tensor import Tensor


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


def leaf(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


@pytest.fixture
def no_collector() -> Iterator[None]:
    """Turn the cyclic garbage collector off: what is freed then is freed by reference counts."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


# ---------------------------------------------------------------- depth, order, sums


def test_a_graph_of_100000_nodes_is_walked_and_freed_without_recursion() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(100_000):
        y = y + 1.0
    first = weakref.ref(y.grad_fn)
    y.backward()
    assert x.grad.tolist() == [1.0]
    del y
    assert first() is None


def test_a_deep_graph_that_saves_values_is_freed_without_recursion() -> None:
    x = leaf(1.0)
    y = x
    for _ in range(50_000):
        y = y * 1.0
    (g,) = grad(y, x, retain_graph=True)
    assert g.tolist() == [1.0]
    del y, g


def test_a_value_used_often_gets_the_sum_of_its_gradients() -> None:
    x = leaf(2.0)
    y = x * 3
    total = y
    for _ in range(10):
        total = total + y * y
    total.backward()
    assert x.grad.tolist() == [3 + 10 * 2 * 6 * 3]


def test_every_node_runs_once_however_many_paths_lead_to_it() -> None:
    calls = []

    class Count(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Tensor:
            calls.append(g.tolist())
            return g

    y = Count.apply(leaf(1.0))
    z = y
    for _ in range(20):
        z = z + z  # a million paths
    z.backward()
    assert calls == [[2.0**20]]


def test_sums_in_the_walk_do_not_write_into_gradients_that_others_hold() -> None:
    x = leaf(1.0, 2.0)
    seed = torch.ones(2, dtype=torch.float64)
    y = x * 1
    ((y + y) + (y + y)).backward(seed)
    assert seed.tolist() == [1.0, 1.0]
    assert x.grad.tolist() == [4.0, 4.0]


def test_gradients_accumulate_in_place_over_passes() -> None:
    x = leaf(1.0, 2.0)
    (x * x).sum().backward()
    kept = x.grad
    (x * 3).sum().backward()
    assert x.grad is kept
    assert kept.tolist() == [5.0, 7.0]


def test_third_order_gradients_are_exact() -> None:
    x = leaf(2.0)
    (first,) = grad(x**5, x, create_graph=True)
    (second,) = grad(first, x, create_graph=True)
    (third,) = grad(second, x)
    assert [first.item(), second.item(), third.item()] == [80.0, 160.0, 240.0]


def test_create_graph_keeps_the_graph_and_gives_differentiable_gradients() -> None:
    x = leaf(3.0)
    y = x * x
    y.backward(create_graph=True)
    assert x.grad.requires_grad
    (second,) = grad(x.grad, x)
    assert second.item() == 2.0
    y.backward()  # the graph is still there


# ---------------------------------------------------------------- memory


def test_results_are_freed_without_the_collector(no_collector: None) -> None:
    refs = []
    x = leaf(1.0, 2.0)
    for fn in (
        torch.exp,
        torch.sigmoid,
        lambda t: t.max(0).values,
        lambda t: (t * t)[0],
        torch.norm,
        lambda t: t.std(),
    ):
        y = fn(x)
        refs += [weakref.ref(y), weakref.ref(y.grad_fn)]
        y.sum().backward()
        del y
    assert [r() for r in refs] == [None] * len(refs)


def test_results_that_save_themselves_are_freed_without_a_backward_pass(no_collector: None) -> None:
    y = leaf(1.0, 2.0).exp().tanh().sqrt()
    refs = [weakref.ref(y), weakref.ref(y.grad_fn)]
    del y
    assert [r() for r in refs] == [None, None]


def test_in_place_writes_and_views_leave_no_cycles(no_collector: None) -> None:
    x = leaf(1.0, 2.0, 3.0)
    y = x * 1
    v = y[1:]
    v.mul_(x[1:])
    y.add_(1).sigmoid_()
    refs = [weakref.ref(y), weakref.ref(v), weakref.ref(y.grad_fn)]
    y.sum().backward()
    del y, v
    assert [r() for r in refs] == [None] * 3


def test_functions_that_save_their_outputs_leave_no_cycles(no_collector: None) -> None:
    y = Exponential.apply(leaf(1.0))
    refs = [weakref.ref(y), weakref.ref(y.grad_fn)]
    del y
    assert [r() for r in refs] == [None, None]


def test_backward_lets_saved_values_go_but_not_with_retain_graph() -> None:
    x = leaf(1.0, 2.0)
    a = x * 2
    y = (a * a).sum()
    saved = weakref.ref(a._data)
    del a
    y.backward(retain_graph=True)
    assert saved() is not None
    y.backward()
    assert saved() is None
    with pytest.raises(RuntimeError, match="Trying to backward through the graph a second time"):
        y.backward()


# ---------------------------------------------------------------- no aliasing


def test_gradients_of_different_leaves_share_no_memory() -> None:
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    (x + y).sum().backward()
    assert not np.shares_memory(x.grad._data, y.grad._data)
    x.grad.zero_()
    assert y.grad.tolist() == [1.0, 1.0]


def test_a_gradient_shares_no_memory_with_the_one_that_was_given() -> None:
    x = leaf(1.0, 2.0)
    seed = torch.ones(2, dtype=torch.float64)
    (x + 0.0).backward(seed)
    x.backward(seed)
    assert x.grad.tolist() == [2.0, 2.0]
    assert seed.tolist() == [1.0, 1.0]


def test_a_gradient_shares_no_memory_with_what_a_hook_keeps() -> None:
    kept: list[Tensor] = []
    x = leaf(1.0, 2.0)
    y = x + 0.0
    y.register_hook(kept.append)
    x.register_hook(kept.append)
    y.sum().backward()
    x.grad.zero_()
    assert [g.tolist() for g in kept] == [[1.0, 1.0]] * 2


def test_a_gradient_shares_no_memory_with_what_backward_returns_again() -> None:
    class Same(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor, y: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return x + y

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Any:
            (x,) = ctx.saved_tensors
            return x, x.detach()

    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    Same.apply(x, y).sum().backward()
    x.grad.zero_()
    y.grad.zero_()
    assert x.tolist() == [1.0, 2.0]


def test_expanded_gradients_arrive_as_plain_memory() -> None:
    x = torch.ones(3, 4, requires_grad=True)
    x.sum(0).sum().backward()
    assert x.grad.is_contiguous()
    assert x.grad.stride() == (4, 1)
    x.grad.add_(1)
    assert x.grad.sum() == 24


# ---------------------------------------------------------------- failures


def _failing(message: str) -> type[Function]:
    class Fail(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Tensor:
            raise ArithmeticError(message)

    return Fail


def test_a_backward_pass_that_fails_leaves_every_grad_as_it_was() -> None:
    x, y, z = leaf(1.0), leaf(2.0), leaf(3.0)
    x.grad = torch.tensor([5.0], dtype=torch.float64)
    out = _failing("no").apply(x) + y + z * z
    with pytest.raises(ArithmeticError, match="no"):
        out.backward()
    assert x.grad.tolist() == [5.0]
    assert y.grad is None
    assert z.grad is None
    assert torch.is_grad_enabled()


def test_a_failing_operation_changes_nothing() -> None:
    x = leaf(1.0, 2.0)
    y = x * 1
    before = (y.tolist(), y._version, y.grad_fn)
    for wrong in (
        lambda: y.add_(torch.ones(3)),
        lambda: y.div_("a"),
        lambda: y.copy_(torch.ones(5)),
        lambda: y.clamp_(),
    ):
        with pytest.raises((RuntimeError, TypeError)):
            wrong()
    assert (y.tolist(), y._version, y.grad_fn) == before


def test_an_overwritten_value_is_reported_with_the_line_that_wrote_it() -> None:
    x = leaf(1.0, 2.0)
    y = x.exp()
    y.mul_(2)  # the line that is to be named
    line = _line_of("the line that is to be named")
    with pytest.raises(RuntimeError, match="modified by an inplace operation") as caught:
        y.sum().backward()
    text = str(caught.value)
    assert f"{__file__}:{line}" in text
    assert "[torch.DoubleTensor [2]], which is output 0 of Exp, is at version 1; expected version 0" in text
    assert "ExpBackward0" in text


def _line_of(comment: str) -> int:
    with open(__file__) as source:
        return next(i for i, text in enumerate(source, 1) if comment in text)
