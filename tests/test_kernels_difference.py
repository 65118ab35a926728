"""Losses of differences: the fused sums agree with expressions, for any layout, size and number of threads."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minitorch as torch

F = torch.nn.functional
CALLS = [("mse_loss", {}), ("l1_loss", {}), ("smooth_l1_loss", {"beta": 0.7}), ("smooth_l1_loss", {"beta": 0.0}),
         ("huber_loss", {"delta": 1.3})]  # fmt: skip


def outcome(name: str, x: Any, y: Any, reduction: str, kwargs: Any, fused: bool) -> list[Any]:
    x, y = (torch.tensor(t, requires_grad=True) for t in (x, y))
    fn = getattr(F, name)
    if fused:
        loss = fn(x, y, reduction=reduction, **kwargs)
    else:
        loss = getattr(fn(x, y, reduction="none", **kwargs), reduction)()
    gx, gy = torch.autograd.grad(loss, (x, y), create_graph=True)
    (gg,) = torch.autograd.grad((gx * gx).sum(), x, allow_unused=True)
    return [t.detach().numpy() for t in (loss, gx, gy, torch.zeros_like(x) if gg is None else gg)]


@pytest.mark.parametrize(("name", "kwargs"), CALLS)
@pytest.mark.parametrize("shape", [(3, 5), (40, 1000), (3,), ()])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_sums_agree_with_expressions(name: str, kwargs: Any, shape: tuple[int, ...], reduction: str) -> None:
    rng = np.random.default_rng(0)
    x, y = (np.asarray(rng.standard_normal(shape)) for _ in range(2))
    for found, want in zip(*(outcome(name, x, y, reduction, kwargs, fused) for fused in (True, False))):
        np.testing.assert_allclose(found, want, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize(("name", "kwargs"), CALLS)
@pytest.mark.parametrize("size", [4, 40000])
def test_infinities_and_nan(name: str, kwargs: Any, size: int) -> None:
    x, y = np.zeros(size), np.zeros(size)
    for wrong in (np.inf, -np.inf, np.nan):
        x[1] = wrong
        tensor = torch.tensor(x, requires_grad=True)
        loss = getattr(F, name)(tensor, torch.tensor(y), reduction="sum", **kwargs)
        loss.backward()
        np.testing.assert_equal(loss.item(), abs(wrong))
        bounded = name != "mse_loss"
        slope = kwargs.get("delta", 1.0) * np.sign(wrong) if bounded else wrong
        if np.isnan(wrong) and bounded and not any(kwargs.values()):
            slope = 0.0  # the sign of NaN, as in torch
        np.testing.assert_equal(tensor.grad.numpy()[[0, 1]], [0.0, slope])


@pytest.mark.parametrize(("name", "kwargs"), CALLS)
def test_threads_and_layouts_do_not_matter(name: str, kwargs: Any) -> None:
    rng = np.random.default_rng(1)
    x, y = (rng.standard_normal((700, 900)).astype(np.float32) for _ in range(2))
    before, found = torch.get_num_threads(), []
    for threads in (1, 2, 3, 5):
        torch.set_num_threads(threads)
        a = torch.tensor(x, requires_grad=True)
        loss = getattr(F, name)(a, torch.tensor(y), **kwargs)
        loss.backward()
        found.append((loss.item(), a.grad.numpy().tobytes()))
    torch.set_num_threads(before)
    assert all(each == found[0] for each in found)
    turned = getattr(F, name)(torch.tensor(x).t(), torch.tensor(y).t(), **kwargs)
    assert abs(turned.item() - found[0][0]) < 1e-5
