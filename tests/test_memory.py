"""Storages and the memory behind them."""

import subprocess
import sys

import pytest

import minitorch
from minitorch import backward
from minitorch.memory import keep_freed_memory

FAULTS = """
import resource
import minitorch
x = minitorch.ones(1 << 21)
for _ in range(5):
    x + x
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(20):
    x + x
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(keep: str) -> int:
    """Return the page faults of twenty additions of 8 MB in a process of its own."""
    import os

    environ = {**os.environ, "MINITORCH_KEEP_MEMORY": keep}
    ran = subprocess.run([sys.executable, "-c", FAULTS], env=environ, capture_output=True, text=True, check=True)
    return int(ran.stdout)


@pytest.mark.skipif(not keep_freed_memory(), reason="the C library has no mallopt")
def test_a_step_reuses_the_memory_of_the_step_before() -> None:
    pages = 20 * (8 << 20) // 4096
    assert faults("1") < pages // 10


def test_a_view_of_a_channels_last_result_is_laid_out_as_torch_would_and_shares_memory() -> None:
    x = minitorch.randn(2, 3, 5, 5)
    y = minitorch.nn.functional.conv2d(x, minitorch.randn(4, 3, 3, 3))
    part = y[0]
    flat = y.view(2, -1)
    flat.zero_()
    assert y.stride() == (36, 9, 3, 1)
    assert not part.any()
    assert not y.any()


@pytest.mark.parametrize("layout", [minitorch.contiguous_format, minitorch.channels_last])
def test_a_convolutions_gradients_are_taken_over_without_a_copy(
    layout: minitorch.memory_format, monkeypatch: pytest.MonkeyPatch
) -> None:
    x = minitorch.randn(4, 16, 32, 32).to(memory_format=layout).requires_grad_()
    w, b = minitorch.randn(24, 16, 3, 3, requires_grad=True), minitorch.randn(24, requires_grad=True)
    y = minitorch.nn.functional.conv2d(x, w, b)
    grad = minitorch.randn_like(y)
    copies: list[object] = []
    monkeypatch.setattr(backward, "_copy_of", copies.append)
    y.backward(grad)
    assert copies == []
    assert x.grad is not None and x.grad.is_contiguous(memory_format=layout) and x.grad._data.shape == x.shape
    kept = x.grad.view(-1)[0:1] if layout is minitorch.contiguous_format else x.grad[0, 0, 0, :1]
    x.grad.zero_()
    assert not kept.any()
