"""Views and in-place writes: any program of them computes what NumPy computes, and its gradients are right."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minitorch as torch
from minitorch.autograd import gradcheck
from minitorch.tensor import Tensor

# ---------------------------------------------------------------- random programs

# A view as a function of an array or a tensor; the shape tells whether it applies.
VIEWS: dict[str, tuple[Callable[[Any], bool], Callable[[Any], Any]]] = {
    "first": (lambda s: len(s) > 0 and s[0] > 0, lambda v: v[0, ...]),
    "rest": (lambda s: len(s) > 0, lambda v: v[1:]),
    "every other": (lambda s: len(s) > 0, lambda v: v[::2]),
    "last column": (lambda s: len(s) > 1 and s[-1] > 0, lambda v: v[..., -1]),
    "transposed": (lambda s: len(s) > 1, lambda v: v.swapaxes(0, 1)),
    "unsqueezed": (lambda s: len(s) < 4, lambda v: v[None]),
    "whole": (lambda s: True, lambda v: v[...]),
}
# An in-place write: how it is done on a tensor and on an array. `w` is a differentiable vector of 12 weights.
WRITES: dict[str, tuple[Callable[[Tensor, Tensor], Any], Callable[[Any, Any], Any]]] = {
    "add number": (lambda v, w: v.add_(1.5), lambda v, w: v.__iadd__(1.5)),
    "multiply by number": (lambda v, w: v.mul_(-0.5), lambda v, w: v.__imul__(-0.5)),
    "multiply by weight": (lambda v, w: v.mul_(w[0]), lambda v, w: v.__imul__(w[0])),
    "add weight": (lambda v, w: v.add_(w[1]), lambda v, w: v.__iadd__(w[1])),
    "assign weight": (lambda v, w: v.copy_(w[2]), lambda v, w: v.__setitem__(..., w[2])),
    "assign number": (lambda v, w: v.fill_(0.25), lambda v, w: v.__setitem__(..., 0.25)),
    "write an element": (lambda v, w: v.__setitem__(..., w[3] * w[4]), lambda v, w: v.__setitem__(..., w[3] * w[4])),
}

Step = tuple[str, int, str]  # a view, of which earlier value, and the write into it
steps = st.lists(
    st.tuples(st.sampled_from(sorted(VIEWS)), st.integers(0, 10), st.sampled_from(["", *sorted(WRITES)])),
    min_size=1,
    max_size=7,
)


def run(program: list[Step], start: Any, weights: Any, which: int) -> Any:
    """Run a program on tensors (which=0) or arrays (which=1) and return the base and the last view."""
    values = [start]
    for view, of, write in program:
        source = values[of % len(values)]
        applies, take = VIEWS[view]
        value = take(source) if applies(source.shape) else source
        if write:
            WRITES[write][which](value, weights)
        values.append(value)
    return values[0], values[-1]


START, WEIGHTS = np.linspace(-1, 1, 12).reshape(3, 4), np.linspace(0.3, 1.4, 12)


@given(steps)
def test_any_program_of_views_and_writes_computes_what_numpy_computes(program: list[Step]) -> None:
    expected = run(program, START.copy(), WEIGHTS, 1)
    found = run(program, torch.tensor(START), torch.tensor(WEIGHTS), 0)
    for f, e in zip(found, expected):
        np.testing.assert_allclose(f.numpy(), e, rtol=1e-14)


@given(steps)
def test_any_program_of_views_and_writes_has_the_right_gradients(program: list[Step]) -> None:
    def fn(x: Tensor, w: Tensor) -> Any:
        base, last = run(program, x * 1, w, 0)
        return base * 2, last * last

    x = torch.tensor(START, requires_grad=True)
    w = torch.tensor(WEIGHTS, requires_grad=True)
    assert gradcheck(fn, (x, w))


@given(steps)
def test_a_base_without_history_gets_one_from_what_is_written_into_its_views(program: list[Step]) -> None:
    def fn(w: Tensor) -> Any:
        base, last = run(program, torch.tensor(START), w, 0)
        return base * w[5], last * w[6]

    assert gradcheck(fn, (torch.tensor(WEIGHTS, requires_grad=True),))


# ---------------------------------------------------------------- chosen ones


def computed() -> tuple[Tensor, Tensor]:
    x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], dtype=torch.float64, requires_grad=True)
    return x, x * 1


def test_a_view_made_before_a_write_to_its_base_sees_the_new_history() -> None:
    x, y = computed()
    v = y[0]
    y.mul_(3)
    assert v.grad_fn is not None
    v.sum().backward()
    assert x.grad.tolist() == [[3.0, 3.0], [0.0, 0.0]]


def test_a_base_sees_what_is_written_through_a_view_of_a_view() -> None:
    x, y = computed()
    y.view(4)[1:3].mul_(5)
    y.sum().backward()
    assert x.grad.tolist() == [[1.0, 5.0], [5.0, 1.0]]


def test_two_views_see_each_other_through_their_base() -> None:
    x, y = computed()
    a, b = y[0], y[:, 0]
    a.mul_(2)
    b.mul_(3)
    a.sum().backward()
    assert a.tolist() == [6.0, 4.0]
    assert x.grad.tolist() == [[6.0, 2.0], [0.0, 0.0]]


def test_all_views_share_one_write_counter_but_data_has_its_own() -> None:
    x = torch.zeros(4)
    v, d, raw = x[1:], x.detach(), x.data
    v.add_(1)
    d.add_(1)
    assert (x._version, v._version, d._version) == (2, 2, 2)
    raw.add_(1)
    assert x._version == 2
    assert x.tolist() == [2.0, 3.0, 3.0, 3.0]


def test_writing_through_a_detached_alias_is_noticed() -> None:
    _, y = computed()
    z = y * y
    y.detach().zero_()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        z.sum().backward()


def test_a_write_that_no_gradient_needs_is_harmless() -> None:
    x, y = computed()
    z = y + 1
    y.zero_()
    z.sum().backward()
    assert x.grad.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_leaves_are_protected_and_no_grad_lifts_it() -> None:
    x, _ = computed()
    for write in (lambda: x.add_(1), lambda: x[0].add_(1), lambda: x.__setitem__(0, 1.0), lambda: x.view(4).mul_(2)):
        with pytest.raises(RuntimeError, match="leaf Variable that requires grad"):
            write()
    with torch.no_grad():
        x[0] += 1
    assert x.tolist() == [[2.0, 3.0], [3.0, 4.0]]
    assert x.is_leaf


def test_a_private_layout_keeps_aliases_together_when_it_is_given_up() -> None:
    x = torch.rand(2, 3, 4, 4)
    y = torch.nn.functional.conv2d(x, torch.rand(5, 3, 3, 3), padding=1)
    part, flipped = y[0], y.permute(0, 2, 3, 1)
    flat = y.view(2, -1)  # torch would lay y out contiguously, so this works, and y is laid out anew
    part.fill_(7)
    assert flat[0].tolist() == [7.0] * 80
    assert flipped[0].sum().item() == 7.0 * 80
    flat[1] = 3.0
    assert y[1].sum().item() == 3.0 * 80


def test_writes_through_a_view_of_a_private_layout_reach_the_gradient() -> None:
    x = torch.rand(1, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    w = torch.rand(2, 2, 3, 3, dtype=torch.float64)

    def fn(x: Tensor) -> Tensor:
        y = torch.nn.functional.conv2d(x, w, padding=1)
        y[:, 0].mul_(2)
        y.view(-1)[3:7].add_(x.view(-1)[:4])
        return y

    assert gradcheck(fn, (x,))


def test_several_views_at_once_must_not_be_written() -> None:
    _, y = computed()
    for parts in (y.unbind(), y.split(1), y.chunk(2)):
        with pytest.raises(RuntimeError, match="output of a function that returns multiple views"):
            parts[0].add_(1)
    with torch.no_grad():
        view = y[0]
    with pytest.raises(RuntimeError, match="view was created in no_grad mode"):
        view.add_(1)


def test_overlapping_memory_is_refused() -> None:
    with pytest.raises(RuntimeError, match="more than one element of the written-to tensor"):
        torch.ones(1).expand(3).add_(1)
    x = torch.arange(5.0)
    with pytest.raises(RuntimeError, match="some elements of the input tensor and the written-to tensor"):
        x[1:].add_(x[:-1])
    x.add_(x)
    assert x.tolist() == [0.0, 2.0, 4.0, 6.0, 8.0]
