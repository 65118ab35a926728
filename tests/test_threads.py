"""The number of threads changes no bit of what programs compute, cut into as many pieces as possible.

Each family's own tests look closer; these ask three quarters of all kernels at once.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import minitorch as torch
from minitorch import jit, kernels
from tests.conv_variants import spread

pytestmark = pytest.mark.slow  # most kernels of the library are compiled
F = torch.nn.functional
LAUNCHED: set[str] = set()


def all_kernels() -> dict[str, jit.Kernel]:
    """Return the package's kernels by module and name."""
    found = {}
    for info in pkgutil.iter_modules(kernels.__path__):
        module = importlib.import_module(f"{kernels.__name__}.{info.name}")
        for value in vars(module).values():
            if isinstance(value, jit.Kernel):
                found[f"{value.__module__.rpartition('.')[2]}.{value.__name__}"] = value
    return found


@pytest.fixture(autouse=True)
def _watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    launch = jit.Kernel._launch

    def watched(kernel: jit.Kernel, span: int, work: int, args: Any) -> None:
        LAUNCHED.add(f"{kernel.__module__.rpartition('.')[2]}.{kernel.__name__}")
        launch(kernel, span, work, args)

    monkeypatch.setattr(jit.Kernel, "_launch", watched)
    with spread():
        yield


def flat(values: Any) -> Iterator[bytes]:
    for value in values if isinstance(values, tuple | list) else [values]:
        if isinstance(value, tuple | list):
            yield from flat(value)
        elif value is not None:
            yield value.detach().numpy().tobytes()


def same(program: Callable[[], Any]) -> bool:
    """Run a program with a seed on 1, 2, 3 and 5 threads; say whether its results are the same bits."""
    seen = set()
    for threads in (1, 2, 3, 5):
        jit.set_num_threads(threads)
        torch.manual_seed(5)
        seen.add(tuple(flat(program())))
    return len(seen) == 1


def leaf(*shape: int, dtype: Any = torch.float32) -> Any:
    return torch.randn(*shape, dtype=dtype).requires_grad_()


def gradients(function: Callable[..., Any], *leaves: Any) -> list[Any]:
    """Return a function's value, and the gradients of a weighted sum of it."""
    y = function(*leaves)
    y = y[0] if isinstance(y, tuple) else y
    return [y, *torch.autograd.grad(y, [t for t in leaves if t.requires_grad], torch.randn(y.shape, dtype=y.dtype))]


UNARY = ("relu", "exp", "expm1", "log", "log1p", "sigmoid", "tanh", "erf", "sqrt", "clone", "cumsum", "logcumsumexp",
         "softmax", "log_softmax", "logsumexp")  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
def test_functions_of_one_tensor(name: str) -> None:
    last = (1,) if name in ("cumsum", "logcumsumexp", "softmax", "log_softmax", "logsumexp") else ()
    for shape in ((150, 131), (20, 17, 64)):
        assert same(lambda s=shape: gradients(lambda x: getattr(torch, name)(x.abs() + 0.5, *last), leaf(*s)))


@pytest.mark.parametrize("name", ["gelu", "silu", "dropout", "normalize", "hardtanh"])
def test_activations(name: str) -> None:
    assert same(lambda: gradients(getattr(F, name), leaf(150, 131)))


@pytest.mark.parametrize("name", ["add", "sub", "mul", "div", "maximum", "minimum", "matmul"])
def test_functions_of_two_tensors(name: str) -> None:
    assert same(lambda: gradients(getattr(torch, name), leaf(150, 150), leaf(150, 150)))


@pytest.mark.parametrize("name", ["sum", "mean", "amax", "amin", "var", "norm"])
def test_reductions(name: str) -> None:
    for dim in (0, 1, (0, 1)):
        assert same(lambda d=dim: gradients(lambda x: getattr(torch, name)(x, dim=d), leaf(300, 131)))


NORMS: dict[str, Callable[[Any], Any]] = {
    "batch": lambda x: F.batch_norm(x, None, None, training=True),
    "group": lambda x: F.group_norm(x, 4),
    "instance": lambda x: F.instance_norm(x),
    "layer": lambda x: F.layer_norm(x, x.shape[1:]),
}


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
def test_norms(name: str, layout: Any) -> None:
    def program() -> Any:
        return gradients(NORMS[name], torch.randn(6, 16, 20, 20).to(memory_format=layout).requires_grad_())

    assert same(program)


WINDOWS: dict[str, Callable[[Any], Any]] = {
    "max": lambda x: F.max_pool2d(x, 3, 2, 1),
    "max unpooled": lambda x: F.max_unpool2d(*F.max_pool2d(x, 2, return_indices=True), 2),
    "average": lambda x: F.avg_pool2d(x, 3, 2, 1),
    "adaptive": lambda x: F.adaptive_avg_pool2d(x, 3) * F.adaptive_max_pool2d(x, 3),
    "unfold": lambda x: F.unfold(x, 3, padding=1),
    "fold": lambda x: F.fold(F.unfold(x, 3, padding=1), (20, 20), 3, padding=1),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_pools_and_folds(name: str) -> None:
    assert same(lambda: gradients(WINDOWS[name], leaf(6, 16, 20, 20)))


LOSSES: dict[str, Callable[[Any, Any], Any]] = {
    "cross entropy": lambda x, y: F.cross_entropy(x, torch.arange(300) % 70),
    "mse": F.mse_loss,
    "l1": F.l1_loss,
    "huber": F.huber_loss,
    "binary": lambda x, y: F.binary_cross_entropy_with_logits(x, y.sigmoid()),
}


@pytest.mark.parametrize("name", LOSSES)
def test_losses(name: str) -> None:
    assert same(lambda: gradients(lambda x, y: LOSSES[name](x, y.detach()) + 0 * y.sum(), leaf(300, 70), leaf(300, 70)))


INDEXING: dict[str, Callable[[Any, Any], Any]] = {
    "rows": lambda x, i: F.embedding(i, x),
    "elements": lambda x, i: x.gather(0, i[:, None].expand(-1, 70)),
    "added rows": lambda x, i: torch.zeros(300, 70).index_add(0, i, x),
    "added elements": lambda x, i: torch.zeros(300, 70).scatter_add(0, i[:, None].expand(-1, 70), x),
    "masked": lambda x, i: torch.where(x > 0, x, -x) + x.masked_fill(x > 1, 0.0),
    "sorted": lambda x, i: x.sort(1)[0] + x.sort(0)[0],
    "transposed": lambda x, i: x.t().contiguous() + x.t().clone(),
}


@pytest.mark.parametrize("name", INDEXING)
def test_indexing_and_order(name: str) -> None:
    index = torch.arange(300) * 7 % 90
    assert same(lambda: gradients(lambda x: INDEXING[name](x, index), leaf(300, 70)))


@pytest.mark.parametrize("kind", ["LSTM", "GRU", "RNN"])
def test_recurrent_layers(kind: str) -> None:
    def program() -> Any:
        layer = getattr(torch.nn, kind)(24, 40)
        return gradients(lambda x: layer(x)[0], leaf(7, 30, 24))

    assert same(program)


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad"])
def test_optimizers(kind: str) -> None:
    def program() -> Any:
        weights = [leaf(150, 131), leaf(60)]
        steps = getattr(torch.optim, kind)(weights, lr=0.1, **({"momentum": 0.9} if kind == "SGD" else {}))
        for weight in weights * 2:
            weight.grad = torch.randn(weight.shape)
            steps.step()
        return weights

    assert same(program)


def test_random_numbers() -> None:
    def program() -> Any:
        many = torch.rand(40_000), torch.randn(40_001), torch.randint(0, 9, (30_000,)), torch.randperm(30_000)
        return [*many, torch.rand(9_000, dtype=torch.float64), torch.randn(9_000, dtype=torch.float64)]

    assert same(program)


CONVOLUTIONS = {
    "direct": ((4, 20, 20, 20), (24, 20, 3, 3), {"stride": 2, "padding": 1}),
    "winograd": ((4, 32, 20, 20), (32, 32, 3, 3), {"padding": 1}),
    "many filters": ((4, 384, 14, 14), (384, 384, 3, 3), {"padding": 1}),
    "parts": ((4, 64, 28, 28), (64, 64, 5, 5), {"padding": 4, "dilation": 2}),
    "lanes": ((4, 40, 20, 20), (40, 1, 3, 3), {"padding": 1, "groups": 40}),
}


@pytest.mark.parametrize("name", CONVOLUTIONS)
def test_convolutions(name: str) -> None:
    x, w, how = CONVOLUTIONS[name]
    assert same(lambda: gradients(lambda x, w: F.conv2d(x, w, **how), leaf(*x), leaf(*w)))


def test_three_quarters_of_the_kernels_were_asked() -> None:
    if "winograd_weight_wide.add_blocks" not in LAUNCHED:
        pytest.skip("says something after the other tests of this file only")
    missing = sorted(set(all_kernels()) - LAUNCHED)
    assert 4 * len(missing) < len(all_kernels()), missing
