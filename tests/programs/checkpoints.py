"""Checkpoints of every kind of content that `torch.save` files hold, and descriptions to compare them by."""

import collections
from typing import Any

import torch
from torch import nn

DTYPES = ["bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "float16", "bfloat16"]
DTYPES += ["float32", "float64", "complex64", "complex128"]


def model() -> Any:
    return nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))


def training() -> Any:
    """Return what a training program saves after two steps."""
    torch.manual_seed(0)
    net = model()
    optimizer = torch.optim.Adam(net.parameters(), lr=0.125)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    for step in range(2):
        optimizer.zero_grad()
        net(torch.arange(32.0).reshape(2, 1, 4, 4).roll(step) / 32).square().sum().backward()
        optimizer.step()
        scheduler.step()
    return {"model": net.state_dict(), "optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict(),
            "epoch": 2, "rng": torch.get_rng_state()}  # fmt: skip


def tensors() -> Any:
    """Return tensors of all dtypes, views of one storage, tensors with and without gradients and attributes."""
    x = torch.arange(12.0).reshape(3, 4)
    tagged = nn.Parameter(torch.ones(2))
    tagged.tag = "a"
    marked = torch.zeros(1)
    marked.mark = [1]
    content: Any = {name: torch.tensor([0, 1, 3]).to(getattr(torch, name)) for name in DTYPES}
    content |= {"x": x, "turned": x.t(), "part": x[1:, ::2], "row": x[2], "expanded": x[:1].expand(2, 4)}
    content |= {"scalar": torch.tensor(2.5), "empty": torch.zeros(0, 3), "leaf": torch.ones(2, requires_grad=True)}
    content |= {"parameter": nn.Parameter(x), "frozen": nn.Parameter(torch.ones(1), False), "tagged": tagged}
    return content | {"marked": marked, "buffer": nn.Buffer(torch.ones(1)), "last": torch.ones(1, 2, 2, 3)}


def values() -> Any:
    """Return containers, numbers, strings and torch's small values."""
    again = [1, 2]
    ordered = collections.OrderedDict([("b", 1), ("a", 2)])
    return {"numbers": [0, -1, 255, 70000, 2**40, -(2**70), 1.5, float("inf"), 1j, True, None],
            "strings": ["", "a", "Zürich", "€" * 300, b"\x00\xff", bytearray(b"ab")], "again": (again, again),
            "containers": [(), (1,), (1, 2, 3, 4), {}, [], {3, 4}, {1: {2: [3]}}], "ordered": ordered,
            "counter": collections.Counter("aab"), "size": torch.Size([2, 3]), "dtypes": [torch.float32, torch.bool],
            "device": torch.device("cpu")}  # fmt: skip


def conjugate() -> Any:
    return {"z": torch.tensor([1 + 2j, 3 - 1j]).conj()}


def described(value: Any) -> Any:
    """Return plain data that tell a loaded object from any other."""
    if isinstance(value, torch.Tensor):
        numbers = value.detach().to(torch.complex128 if value.is_complex() else torch.float64)
        if numbers.numel() > 100:
            numbers = torch.stack([numbers.sum(), (numbers * torch.arange(len(numbers))).sum()])
        extra = sorted(set(vars(value)) & {"tag", "mark", "persistent", "_is_buffer"})
        strides = list(value.stride()) if value.numel() else None
        return [type(value).__name__, str(value.dtype), list(value.shape), strides, value.storage_offset(),
                value.requires_grad, repr(numbers.tolist()), extra]  # fmt: skip
    if isinstance(value, dict):
        return [type(value).__name__, [[described(key), described(item)] for key, item in value.items()],
                described(getattr(value, "_metadata", None))]  # fmt: skip
    if isinstance(value, (list, tuple, set, torch.Size)):
        return [type(value).__name__, [described(item) for item in value]]
    return [type(value).__name__, repr(value)]
