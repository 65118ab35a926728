"""`explain` says which operations ran, which kernel answered, in which layout and layer."""

import minitorch as torch
from minitorch import nn


def test_a_model_is_explained_layer_by_layer() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 2))
    x = torch.randn(1, 2, 4, 4)
    found = torch.explain(model, x)
    assert [line.op for line in found.lines] == ["convolution", "relu", "view", "linear"]
    assert found.lines[0].layer == "0 (Conv2d) of Sequential"
    assert found.lines[0].layout == "contiguous"  # small convolutions store their results as they find their input
    assert found.lines[2].variant == "view"
    assert (found.result == model(x)).all()
    assert str(found).splitlines()[0].split() == ["op", "kernel", "inputs", "layout", "layer", "ms"]


def test_the_kernel_that_answers_depends_on_the_size() -> None:
    small, large = (torch.explain(torch.exp, torch.ones(n)).lines[0].variant for n in (4, 200_000))
    assert small != large


def test_backward_passes_and_writes_are_explained() -> None:
    w = torch.ones(3, requires_grad=True)

    def step() -> None:
        (w * 2).sum().backward()
        with torch.no_grad():
            w.sub_(w.grad)

    found = torch.explain(step)
    assert [line.op for line in found.lines][:2] == ["mul", "sum"]
    assert found.lines[-1].op == "sub_"
    assert w.tolist() == [-1.0, -1.0, -1.0]


def test_nothing_is_watched_afterwards() -> None:
    found = torch.explain(lambda: torch.ones(2) * 2)
    before = len(found.lines)
    torch.ones(2) * 3
    assert len(found.lines) == before
