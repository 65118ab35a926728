"""Storages and the memory behind them."""

import subprocess
import sys

import pytest

import minitorch
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
