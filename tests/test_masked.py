"""ReLU after batch norm: gradients equal those of the two apart, whoever looks in between; and both memory orders."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch
import minitorch.nn.functional as functional
from minitorch import nn
from minitorch.masked import Masked
from minitorch.ops import norm as ops_norm

torch: Any = minitorch  # mypy sees the submodules that bear functions' names
F: Any = functional
SHAPES = [(4, 3, 5, 6), (6, 5), (2, 4, 7)]


def leaves(shape: tuple[int, ...], dtype: Any = minitorch.float64) -> list[Any]:
    rng = np.random.default_rng(0)
    x = torch.tensor(rng.normal(size=shape), dtype=dtype, requires_grad=True)
    w, b = (torch.tensor(rng.normal(size=shape[1]), dtype=dtype, requires_grad=True) for _ in range(2))
    return [x, w, b]


def gradients(use: Callable[[Any], Any], tensors: list[Any], affine: bool = True) -> list[Any]:
    """Gradients of a weighted sum of what `use` makes of a batch norm's result."""
    for t in tensors:
        t.grad = None
    x, w, b = tensors
    out = use(F.batch_norm(x, None, None, w if affine else None, b if affine else None, training=True))
    seed = torch.tensor(np.random.default_rng(1).normal(size=out.shape), dtype=out.dtype)
    (out * seed).sum().backward()
    return [None if t.grad is None else t.grad.numpy() for t in tensors]


def apart(y: Any) -> Any:
    """ReLU whose gradient nothing can be fused with."""
    return torch.where(y > 0, y, torch.zeros_like(y))


def same(got: list[Any], want: list[Any]) -> None:
    for a, b in zip(got, want):
        assert (a is None) == (b is None)
        if a is not None:
            np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-10)


@pytest.fixture
def masked(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each gradient that reached a batch norm was one to be masked."""
    seen: list[bool] = []
    real: Any = ops_norm.BATCH_NORM.vjp

    def watched(node: Any, g: Any, *rest: Any) -> Any:
        seen.append(type(g) is Masked)
        return real(node, g, *rest)

    monkeypatch.setattr(ops_norm.BATCH_NORM, "vjp", watched)
    return seen


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("inplace", [True, False])
def test_fused_gradients_are_those_of_the_two_apart(
    shape: tuple[int, ...], affine: bool, inplace: bool, masked: list[bool]
) -> None:
    tensors = leaves(shape)
    want = gradients(apart, tensors, affine)
    same(gradients(lambda y: F.relu(y, inplace=inplace), tensors, affine), want)
    assert masked == [False, True]


def test_channels_last_and_one_float32_call(masked: list[bool]) -> None:
    tensors = leaves((3, 8, 6, 5), torch.float32)
    with torch.no_grad():
        tensors[0] = tensors[0].contiguous(memory_format=torch.channels_last)
    tensors[0].requires_grad_()
    got, want = gradients(F.relu, tensors), gradients(apart, tensors)
    for a, b in zip(got, want):
        np.testing.assert_allclose(a, b, rtol=2e-4, atol=2e-5)
    assert masked == [True, False]


def test_another_use_of_the_normalised_values(masked: list[bool]) -> None:
    tensors = leaves((4, 3, 5))
    same(gradients(lambda y: F.relu(y) + y * y, tensors), gradients(lambda y: apart(y) + y * y, tensors))
    same(gradients(lambda y: F.relu(y) * F.relu(y), tensors), gradients(lambda y: apart(y) * apart(y), tensors))
    assert not any(masked)


def test_hooks_and_retained_gradients_see_the_gradient_behind_the_relu(masked: list[bool]) -> None:
    tensors = leaves((4, 3, 5))
    found: list[Any] = []

    def use(y: Any, relu: Any) -> Any:
        y.register_hook(found.append)
        y.retain_grad()
        out = relu(y)
        found.append(y)
        return out

    same(gradients(lambda y: use(y, F.relu), tensors), gradients(lambda y: use(y, apart), tensors))
    first, hooked, second, hooked_too = found
    same([first.grad.numpy(), hooked.numpy()], [second.grad.numpy(), hooked_too.numpy()])
    assert not any(masked)


def test_gradients_of_what_lies_between_and_of_gradients() -> None:
    x, w, b = leaves((4, 3, 5))

    def chain(relu: Any) -> list[Any]:
        y = F.batch_norm(x, None, None, w, b, training=True)
        out = relu(y).square().sum()
        between, first = torch.autograd.grad(out, (y, x), retain_graph=True)
        (again,) = torch.autograd.grad(out, x, create_graph=True)
        (second,) = torch.autograd.grad(again.square().sum(), w)
        return [t.detach().numpy() for t in (between, first, again, second)]

    same(chain(F.relu), chain(apart))


def test_a_bias_that_is_written_before_the_backward_pass_does_not_matter() -> None:
    x, w, b = leaves((4, 3, 5))
    results = []
    for write in (False, True):
        out = F.relu(F.batch_norm(x, None, None, w, b, training=True))
        if write:
            with torch.no_grad():
                b.add_(100.0)
        results.append(torch.autograd.grad(out.sum(), (x, w))[0].numpy())
    same(results[:1], results[1:])


def test_a_sequential_with_residual_trains_as_its_parts(masked: list[bool]) -> None:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Conv2d(4, 4, 3, padding=1))
    head, x = nn.BatchNorm2d(4), torch.randn(2, 3, 8, 8)

    def grads(relu: Any) -> list[Any]:
        net.zero_grad()
        y = net[3](relu(net[1](net[0](x))))
        F.relu(head(y) + y).sum().backward()
        return [p.grad.numpy().copy() for p in net.parameters()]

    got = grads(net[2])
    assert True in masked
    for a, b in zip(got, grads(apart)):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-4)
