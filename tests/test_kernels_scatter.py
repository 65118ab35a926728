"""Reads and additions by index, and normalisation over planes: values, layouts, threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import minitorch as torch

F = torch.nn.functional
THREADS = (1, 2, 3, 5)


@pytest.fixture(autouse=True)
def _threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def gradients(fn: Callable[..., Any], *arrays: Any, threads: int = 2) -> list[Any]:
    """Return the value of ``fn`` and the gradients of its arrays, for a gradient of cosines."""
    torch.set_num_threads(threads)
    tensors = [torch.tensor(a, requires_grad=True) for a in arrays]
    y = fn(*tensors)
    y.backward(torch.tensor(np.cos(np.arange(y.numel())).reshape(y.shape).astype(arrays[0].dtype)))
    return [y.detach().numpy().copy(), *(t.grad.numpy().copy() for t in tensors)]


def same_bits(fn: Callable[..., Any], *arrays: Any) -> None:
    """Check that values and gradients do not depend on the number of threads."""
    found = [[a.tobytes() for a in gradients(fn, *arrays, threads=n)] for n in THREADS]
    assert all(each == found[0] for each in found)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize(
    ("shape", "dim"), [((600, 64), 0), ((90, 1100), 0), ((90, 1100), 1), ((900,), 0), ((20, 30, 70), 1), ((3, 1), 1)]
)
def test_rows_and_elements_by_index(shape: tuple[int, ...], dim: int, kind: Any) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape).astype(kind)
    rows = rng.integers(-shape[dim], shape[dim], 700)
    elements = rng.integers(0, shape[dim], (*shape[:dim], 40, *shape[dim + 1 :]))
    at: Any = list(np.ogrid[tuple(slice(n) for n in elements.shape)])
    at[dim] = elements
    picks: Any = [
        ((slice(None),) * dim + (rows,), lambda t: t[(slice(None),) * dim + (torch.tensor(rows),)]),
        (tuple(at), lambda t: t.gather(dim, torch.tensor(elements))),
    ]
    for place, fn in picks:
        y, gx = gradients(fn, x)
        np.testing.assert_array_equal(y, x[place])
        want = np.zeros(shape)
        np.add.at(want, place, np.cos(np.arange(y.size)).reshape(y.shape))
        np.testing.assert_allclose(gx, want, atol=2e-4 if kind is np.float32 else 1e-11)
        same_bits(fn, x)


def test_infinities_stay_where_they_are() -> None:
    x = torch.zeros(3, 2, requires_grad=True)
    x[torch.tensor([0, 0, 2])].backward(torch.tensor([[float("inf"), 1.0], [1.0, float("nan")], [2.0, 3.0]]))
    assert str(x.grad.tolist()) == "[[inf, nan], [0.0, 0.0], [2.0, 3.0]]"


@pytest.mark.parametrize("shape", [(3, 6, 5, 7), (2, 6, 3000), (4, 6), (2, 6, 2, 2)])
@pytest.mark.parametrize("last", [False, True])
def test_groups_agree_with_rows(shape: tuple[int, ...], last: bool) -> None:
    rng = np.random.default_rng(1)
    x, w, b = rng.standard_normal(shape) + 3, rng.standard_normal(6), rng.standard_normal(6)

    def fused(x: Any, w: Any, b: Any) -> Any:
        x = torch.conv2d(x, torch.eye(6, dtype=torch.float64)[:, :, None, None]) if last and x.dim() == 4 else x
        return F.group_norm(x, 2, w, b)

    def plain(x: Any, w: Any, b: Any) -> Any:
        tail = (1, 6) + (1,) * (x.dim() - 2)
        rows = x.reshape(2 * shape[0], -1)
        centred = rows - rows.mean(1, True)
        y = centred / ((centred * centred).mean(1, True) + 1e-5).sqrt()
        return y.reshape(shape) * w.reshape(tail) + b.reshape(tail)

    for found, want in zip(gradients(fused, x, w, b), gradients(plain, x, w, b)):
        np.testing.assert_allclose(found, want, atol=1e-10)


def test_norms_do_not_depend_on_threads() -> None:
    rng = np.random.default_rng(2)
    x, w, b = (rng.standard_normal(s).astype(np.float32) for s in ((8, 32, 40, 40), 32, 32))
    same_bits(lambda x, w, b: F.group_norm(x, 4, w, b), x, w, b)
    same_bits(lambda x, w, b: F.batch_norm(x, None, None, w, b, True), x, w, b)
    rows = rng.standard_normal((3000, 130)).astype(np.float32)
    same_bits(lambda x, w, b: F.layer_norm(x, (130,), w, b), rows, rows[0].copy(), rows[1].copy())
