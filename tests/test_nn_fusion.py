"""A batch norm and a ReLU that a Sequential computes in one pass: nobody can tell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import minitorch as mt
from minitorch import nn
from minitorch.nn import _fusion

KINDS: list[dict[str, Any]] = [
    {}, {"affine": False}, {"track_running_stats": False}, {"momentum": None}, {"layout": mt.channels_last},
    {"dtype": mt.bfloat16}, {"dtype": mt.float64}, {"layer": nn.BatchNorm1d, "shape": (7, 3)}, {"frozen": True},
]  # fmt: skip


def outcome(
    together: bool, train: bool, inplace: bool, *, layer: Any = nn.BatchNorm2d, shape: tuple[int, ...] = (4, 3, 5, 6),
    layout: Any = None, dtype: Any = mt.float32, frozen: bool = False, **options: Any,
) -> tuple[list[Any], list[Any]]:  # fmt: skip
    """Return tensors and other facts of a model whose pair is fused, or kept apart by a hook that does nothing."""
    mt.manual_seed(0)
    net = nn.Sequential(nn.Identity(), layer(3, **options), nn.ReLU(inplace), nn.Identity(), layer(3)).to(dtype)
    if net[1].affine:
        net[1].weight.data.uniform_(-1, 1), net[1].bias.data.uniform_(-1, 1)
    net.train(train).requires_grad_(not frozen)
    if not together:
        net[1].register_forward_hook(lambda *seen: None)
    x = mt.randn(*shape).to(dtype)
    x = (x if layout is None else x.contiguous(memory_format=layout)).requires_grad_()
    middle = net[:3](x)
    y = net(x)
    (g,) = mt.autograd.grad((y * y * y).sum(), x, create_graph=dtype is not mt.bfloat16)
    tensors = [middle, y, g, *net.buffers()]
    if g.requires_grad:
        tensors += mt.autograd.grad((g * g).sum(), x)
    net(x).pow(3).sum().backward()
    tensors += [x.grad, *(p.grad for p in net.parameters() if p.grad is not None)]
    names, node = [], middle.grad_fn
    while node is not None:
        names.append(node.name())
        node = node.next_functions[0][0] if node.next_functions else None
    return [t.detach().double() for t in tensors], [middle._version, middle.stride(), names]


@pytest.mark.parametrize("inplace", [False, True])
@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_values_gradients_and_graph_are_those_of_the_two_layers(
    kind: dict[str, Any], train: bool, inplace: bool
) -> None:
    (one, facts), (two, others) = outcome(True, train, inplace, **kind), outcome(False, train, inplace, **kind)
    assert facts == others
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a.numpy(), b.numpy(), rtol=1e-5, atol=1e-5)


def calls(monkeypatch: pytest.MonkeyPatch, net: nn.Module) -> int:
    """Return how many pairs of a model are computed together."""
    found = []
    together = nn.BatchNorm1d.forward_relu
    monkeypatch.setattr(nn.BatchNorm1d, "forward_relu", lambda *args: found.append(1) or together(*args))
    net(mt.randn(4, 3))
    return len(found)


class Louder(nn.ReLU):
    def forward(self, input: Any) -> Any:
        return super().forward(input) * 2


def test_a_pair_is_taken_and_what_looks_between_keeps_it_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    def net() -> nn.Sequential:
        return nn.Sequential(nn.BatchNorm1d(3), nn.ReLU(), nn.BatchNorm1d(3))

    assert calls(monkeypatch, net()) == 1
    assert calls(monkeypatch, nn.Sequential(nn.BatchNorm1d(3), Louder())) == 0
    for layer in (0, 1):
        watched = net()
        watched[layer].register_forward_hook(lambda module, args, output: output + 1)
        assert calls(monkeypatch, watched) == 0
        replaced = net()
        replaced[layer].forward = lambda x: x
        assert calls(monkeypatch, replaced) == 0
    handle = nn.modules.module.register_module_forward_hook(lambda *seen: None)
    try:
        assert calls(monkeypatch, net()) == 0
    finally:
        handle.remove()


def test_a_replaced_method_of_the_class_is_called(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nn.ReLU, "forward", lambda self, x: x - 1)
    assert nn.Sequential(nn.BatchNorm1d(2).eval(), nn.ReLU())(mt.zeros(1, 2)).tolist() == [[-1.0, -1.0]]


def test_an_error_names_the_batch_norm() -> None:
    with pytest.raises(ValueError, match=r"^0 \(BatchNorm2d\): expected 4D input"):
        nn.Sequential(nn.BatchNorm2d(3), nn.ReLU())(mt.zeros(2, 3))


def test_func_transforms_see_both_layers() -> None:
    net = nn.Sequential(nn.BatchNorm1d(3), nn.ReLU()).eval()
    x = mt.randn(5, 2, 3)
    assert mt.allclose(mt.func.vmap(net)(x), mt.stack([net(row) for row in x]))
    assert _fusion.starts_pair(net[0])
