"""The tape: what is recorded, in which order gradients travel, what is kept and what is let go."""

import gc
import re
import threading
import weakref
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minitorch as torch
from minitorch.autograd import Function, grad
from minitorch.autograd.function import once_differentiable
from minitorch.tensor import Tensor


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


# ---------------------------------------------------------------- hooks


def test_hooks_of_a_value_see_the_whole_sum_once() -> None:
    seen: list[Any] = []
    x = leaf(1.0)
    y = x * 2
    y.register_hook(lambda g: seen.append(g.item()))
    (y * 3 + y * 4).backward()
    assert seen == [7.0]


def test_hooks_run_before_a_gradient_is_kept_or_captured() -> None:
    x = leaf(1.0)
    y = x * 2
    y.register_hook(lambda g: g * 10)
    y.retain_grad()
    z = y * 3
    (captured,) = grad(z, y, retain_graph=True)
    z.backward()
    assert [captured.item(), y.grad.item(), x.grad.item()] == [30.0, 60.0, 60.0]  # both walks passed y


def test_a_hook_can_be_removed_while_hooks_run() -> None:
    seen: list[str] = []
    x = leaf(1.0)
    handle = x.register_hook(lambda g: seen.append("first") or handle.remove())
    x.register_hook(lambda g: seen.append("second"))
    (x * 1).backward()
    (x * 1).backward()
    assert seen == ["first", "second", "second"]


def test_post_accumulate_hooks_see_the_finished_gradient() -> None:
    seen: list[Any] = []
    x = leaf(1.0)
    x.register_post_accumulate_grad_hook(lambda p: seen.append(p.grad.item()))
    (x * 2 + x * 3).backward()
    assert seen == [5.0]


# ---------------------------------------------------------------- restricted walks


def test_a_walk_to_some_inputs_runs_only_the_nodes_on_the_way() -> None:
    x, y = leaf(1.0), leaf(2.0)
    out = x * 2 + _failing("not on the way").apply(y)
    (g,) = grad(out, x, retain_graph=True)
    assert g.item() == 2.0
    out.backward(inputs=[x])
    assert [x.grad.item(), y.grad] == [2.0, None]


def test_a_gradient_can_be_taken_at_an_inner_value_and_beyond_it() -> None:
    x = leaf(3.0)
    y = x * x
    z = y * y
    gy, gx = grad(z, [y, x])
    assert [gy.item(), gx.item()] == [18.0, 108.0]


def test_grad_leaves_dot_grad_alone() -> None:
    x = leaf(1.0)
    grad(x * 2, x)
    assert x.grad is None


def test_unused_inputs_are_refused_none_or_zeros() -> None:
    x, y = leaf(1.0), leaf(2.0, 3.0)
    with pytest.raises(RuntimeError, match="Tensor at index 1 appears to not have been used"):
        grad(x * 2, [x, y])
    assert grad(x * 2, [x, y], allow_unused=True)[1] is None
    assert grad(x * 2, [x, y], materialize_grads=True)[1].tolist() == [0.0, 0.0]


# ---------------------------------------------------------------- modes and threads


def test_threads_have_separate_modes() -> None:
    seen: dict[str, bool] = {}

    def look() -> None:
        seen["other"] = torch.is_grad_enabled()

    with torch.no_grad():
        other = threading.Thread(target=look)
        other.start()
        other.join()
        seen["here"] = torch.is_grad_enabled()
    assert seen == {"other": True, "here": False}


def test_backward_passes_in_several_threads_do_not_mix() -> None:
    results: dict[int, float] = {}

    def train(k: int) -> None:
        x = leaf(float(k))
        for _ in range(200):
            x.grad = None
            (x * x * k).sum().backward()
        results[k] = x.grad.item()

    threads = [threading.Thread(target=train, args=(k,)) for k in range(1, 5)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert results == {k: 2.0 * k * k for k in range(1, 5)}


def test_modes_nest_decorate_and_survive_exceptions() -> None:
    @torch.no_grad()
    def quiet(x: Tensor) -> bool:
        with torch.enable_grad():
            inner = (x * 1).requires_grad
        return inner and not (x * 1).requires_grad

    assert quiet(leaf(1.0))
    with pytest.raises(KeyError), torch.no_grad():
        raise KeyError
    assert torch.is_grad_enabled()


# ---------------------------------------------------------------- functions of one's own


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
