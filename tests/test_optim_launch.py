"""All parameters move in one launch, as the rule moves each of them, whatever their shapes, orders and dtypes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import optim
from minitorch.jit import get_num_threads, set_num_threads

CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.1}), ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.3}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.1, "maximize": True}),
    ("Adam", {"lr": 0.01, "amsgrad": True, "weight_decay": 0.1}), ("AdamW", {"lr": 0.01}), ("RMSprop", {}),
    ("RMSprop", {"centered": True, "momentum": 0.9}), ("Adagrad", {"lr_decay": 0.1, "weight_decay": 0.1}),
    ("Adadelta", {}), ("Adamax", {}), ("NAdam", {"weight_decay": 0.1}), ("RAdam", {"lr": 0.01, "betas": (0.5, 0.6)}),
    ("NAdam", {"decoupled_weight_decay": True, "weight_decay": 0.1}), ("ASGD", {"t0": 3}), ("Rprop", {}),
]  # fmt: skip
SHAPES = [(5000,), (3, 4, 5, 6), (), (0,), (7, 3)]
CLOSE = {"<f4": 3e-6, "<f8": 1e-13, "<f2": 2e-3}


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = get_num_threads()
    yield
    set_num_threads(before)


def parameters() -> list[Any]:
    rng = np.random.default_rng(0)
    made = [minitorch.tensor(np.asarray(rng.normal(size=s)).astype(kind)) for s in SHAPES for kind in ("f4", "f8")]
    channels_last = minitorch.tensor(rng.normal(size=(2, 3, 4, 5)).astype("f4"))
    made.append(channels_last.contiguous(memory_format=minitorch.channels_last))
    made.append(minitorch.tensor(rng.normal(size=(20, 30)).astype("f4"))[::2])
    made.append(minitorch.tensor(rng.normal(size=(20,)).astype("f4")).half())
    return [p.detach().requires_grad_() for p in made]


def walk(name: str, options: dict[str, Any], threads: int, by_rule: bool = False) -> list[Any]:
    """Return parameters and state after six steps, in one of which a parameter has no gradient."""
    set_num_threads(threads)
    params, rng = parameters(), np.random.default_rng(1)
    optimizer = getattr(optim, name)(params, **options)
    if by_rule:
        optimizer._step_group = lambda group, h: [optimizer._step_array(p, h) for p in group]
    for step in range(6):
        for p in params:
            p.grad = minitorch.tensor(np.asarray(rng.normal(size=tuple(p.shape)))).to(p.dtype)
        if step == 3:
            params[0].grad = None
        optimizer.step()
    state = [v for p in params for v in optimizer.state[p].values() if v is not None]
    return [np.asarray(t.detach().numpy()) for t in (*params, *state)]


@pytest.mark.parametrize(("name", "options"), CASES)
def test_a_launch_moves_every_parameter_as_its_rule_does(name: str, options: dict[str, Any]) -> None:
    first = walk(name, options, 1)
    for got, want in zip(first, walk(name, options, 1, by_rule=True), strict=True):
        tolerance = CLOSE[got.dtype.str]
        np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)
    for threads in (2, 3, 5):
        for a, b in zip(first, walk(name, options, threads), strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", ["SGD", "Adam", "RMSprop", "Adagrad"])
def test_a_group_is_one_launch(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    params = [minitorch.ones(n, requires_grad=True) for n in (3, 5000, 1)]
    kernel, spans = getattr(optim, name)._kernel, []
    optimizer = getattr(optim, name)(params, lr=0.1)

    def counted(span: int, work: int, *args: Any) -> None:
        spans.append(span)
        kernel(span, work, *args)

    monkeypatch.setattr(optimizer, "_kernel", counted, raising=False)
    for p in params:
        p.grad = minitorch.ones_like(p)
    optimizer.step()
    assert spans == [5]  # pieces: 1, 3 and 1


def test_a_parameter_that_stands_twice_moves_twice() -> None:
    w = minitorch.ones(3, requires_grad=True)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        optimizer = optim.SGD([w, w], lr=0.25)
    w.grad = minitorch.ones(3)
    optimizer.step()
    assert w.tolist() == [0.5, 0.5, 0.5]


def test_arrays_that_were_exchanged_are_the_ones_that_move() -> None:
    w = minitorch.ones(3, requires_grad=True)
    optimizer = optim.SGD([w], lr=0.25, momentum=0.5)
    w.grad = minitorch.ones(3)
    optimizer.step()
    old, w.data = w.data, minitorch.zeros(3)
    optimizer.state[w]["momentum_buffer"] = minitorch.full((3,), 2.0)
    optimizer.step()
    assert (old.tolist(), w.tolist()) == ([0.75] * 3, [-0.5] * 3)
