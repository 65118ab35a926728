"""Backward passes as a user steers them: hooks, chosen inputs, modes, threads."""

import threading
from typing import Any

import pytest

import minitorch as torch
from minitorch.autograd import Function, grad
from minitorch.tensor import Tensor


def leaf(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64, requires_grad=True)


def _failing(message: str) -> type[Function]:
    class Fail(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x * 1

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Tensor:
            raise ArithmeticError(message)

    return Fail


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


# ---------------------------------------------------------------- modes


def test_inference_mode_decides_over_the_switches_inside() -> None:
    x = leaf(1.0)
    with torch.inference_mode():
        with torch.enable_grad():
            assert not (x * 2).requires_grad
        with torch.inference_mode(False):
            assert (x * 2).requires_grad and not torch.is_inference_mode_enabled()
        assert torch.is_inference_mode_enabled() and not torch.is_grad_enabled()
