"""Cases that are more than one call: each function gets the library as `torch` and returns what is to be timed.

A program is called once with the case's tensors and options, and returns a `Program`: the call, and the tensors besides
the case's own whose gradients belong to it. No line here knows which library it runs on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from . import networks
from .arrays import uniform


class Program(NamedTuple):
    """What is timed, and the parameters it brings along."""

    call: Callable[[], Any]
    parameters: tuple[Any, ...] = ()


# ---- the engine on small tensors -----------------------------------------------------------------------------------


def recorded_add(torch: Any, x: Any, y: Any) -> Program:
    """An addition that the tape records, and that nobody walks."""
    return Program(lambda: x + y)


def chain(torch: Any, x: Any) -> Program:
    """Twenty point-wise operations, one after the other."""

    def call() -> Any:
        y = x
        for _ in range(4):
            y = (y * 0.5 + 1.0).tanh() - x
            y = y.sigmoid()
        return y

    return Program(call)


def view_chain(torch: Any, x: Any) -> Program:
    """Eight views of views."""

    def call() -> Any:
        y = x.view(4, 16).t().transpose(0, 1).unsqueeze(0)
        return y.permute(0, 2, 1)[0].squeeze().unflatten(1, (2, 2))

    return Program(call)


KEYS: dict[str, Any] = {"int": 3, "slice": slice(2, 6), "none and ellipsis": (..., None, slice(None, None, 2))}


def read(torch: Any, x: Any, kind: str) -> Program:
    """Read by an int, a slice, or None, Ellipsis and a step."""
    key = KEYS[kind]
    return Program(lambda: x[key])


def read_at(torch: Any, x: Any, where: Any) -> Program:
    """Read by a tensor of indices or a mask."""
    return Program(lambda: x[where])


def write(torch: Any, x: Any, kind: str) -> Program:
    """Write by an int, a slice, or None, Ellipsis and a step."""
    key = KEYS[kind]

    def call() -> Any:
        x[key] = 1.5
        return x

    return Program(call)


def write_at(torch: Any, x: Any, where: Any) -> Program:
    """Write by a tensor of indices or a mask."""

    def call() -> Any:
        x[where] = 1.5
        return x

    return Program(call)


def recorded_write(torch: Any, x: Any, part: Any) -> Program:
    """Write a tensor into a slice of another and walk back through both."""

    def call() -> Any:
        y = x * 2.0
        y[2:4] = part
        y.sum().backward()
        return y

    return Program(call)


def small_step(torch: Any, x: Any) -> Program:
    """A training step of two layers of eight."""
    nn = torch.nn
    net = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 8))
    fill(torch, net)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3)
    labels = torch.arange(8)
    return _training(torch, net, optimizer, x, labels)


# ---- layers --------------------------------------------------------------------------------------------------------


def batch_norm_relu(torch: Any, x: Any) -> Program:
    """Batch normalisation, then ReLU, in a Sequential."""
    net = torch.nn.Sequential(torch.nn.BatchNorm2d(x.shape[1]), torch.nn.ReLU())
    fill(torch, net)
    return Program(lambda: net(x), tuple(net.parameters()))


def lstm(torch: Any, x: Any, hidden: int) -> Program:
    """One LSTM layer over (steps, batch, inputs)."""
    layer = torch.nn.LSTM(x.shape[2], hidden)
    fill(torch, layer)
    return Program(lambda: layer(x)[0], tuple(layer.parameters()))


def optimizer_step(torch: Any, *parameters: Any, kind: str) -> Program:
    """One update of parameters whose gradients stay the same."""
    for number, p in enumerate(parameters):
        p.grad = torch.from_numpy(uniform(tuple(p.shape), "float32", number))
    if kind == "Adam":
        optimizer = torch.optim.Adam(parameters, lr=1e-4)
    else:
        optimizer = torch.optim.SGD(parameters, lr=1e-4, momentum=0.9)

    def call() -> Any:
        optimizer.step()
        return parameters

    return Program(call)


# ---- models --------------------------------------------------------------------------------------------------------


def training_step(torch: Any, images: Any, labels: Any, model: str) -> Program:
    """Zero the gradients, forward, cross entropy, backward, SGD with momentum."""
    net = _network(torch, model, images)
    optimizer = torch.optim.SGD(net.parameters(), lr=1e-3, momentum=0.9)
    return _training(torch, net, optimizer, images, labels)


def inference(torch: Any, images: Any, model: str) -> Program:
    """A trained network's answer."""
    net = _network(torch, model, images).eval()
    return Program(lambda: net(images))


def _network(torch: Any, model: str, images: Any) -> Any:
    net = getattr(networks, model)(torch.nn)
    fill(torch, net)
    if images.dim() == 4 and not images.is_contiguous():
        net = net.to(memory_format=torch.channels_last)
    return net.train()


def _training(torch: Any, net: Any, optimizer: Any, images: Any, labels: Any) -> Program:
    parameters = tuple(net.parameters())
    loss_of = torch.nn.functional.cross_entropy

    def call() -> Any:
        optimizer.zero_grad()
        loss = loss_of(net(images), labels)
        loss.backward()
        optimizer.step()
        return loss.detach()

    return Program(call, parameters)


def fill(torch: Any, module: Any) -> None:
    """Give every parameter numbers of its own that do not depend on the library."""
    with torch.no_grad():
        for number, p in enumerate(module.parameters()):
            shape = tuple(p.shape)
            fan_in = 1
            for size in shape[1:]:
                fan_in *= size
            values = uniform(shape, "float32", number) * 2**0.5 / fan_in**0.5 if len(shape) > 1 else None
            if values is None:  # scales and shifts: near 1 is good for the first and does no harm to the second
                values = 1 + 0.1 * uniform(shape, "float32", number)
            p.copy_(torch.from_numpy(values.astype("float32")))
