"""L-BFGS, Muon and weight averaging follow torch."""

import json
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import nn, optim
from minitorch.optim import swa_utils

RECORD = json.loads((Path(__file__).parent / "data" / "optim.json").read_text())


def leaf(values: Any) -> Any:
    return minitorch.tensor(values, requires_grad=True)


# ---------------------------------------------------------------- L-BFGS


def valley(x: Any, y: Any) -> Any:
    """The recorder's loss."""
    return ((1 - x) ** 2).sum() + 20 * ((y - x**2) ** 2).sum() + 0.5 * ((x[0] - y[1]) ** 2)


def problem(options: dict[str, Any]) -> tuple[Any, Any, Any]:
    x, y = leaf(np.array([-1.2, 0.5])), leaf(np.array([1.0, -0.7]))
    optimizer = optim.LBFGS([x, y], **options)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = valley(x, y)
        loss.backward()
        return loss

    return optimizer, closure, (x, y)


def ident(case: dict[str, Any]) -> str:
    return ",".join(f"{key}={value}" for key, value in case["options"].items())


@pytest.mark.parametrize("case", RECORD["lbfgs"], ids=ident)
def test_lbfgs_takes_torchs_steps_and_evaluations(case: dict[str, Any]) -> None:
    optimizer, closure, (x, y) = problem(case["options"])
    for kept in case["kept"]:
        loss = optimizer.step(closure)
        state = optimizer.state_dict()["state"][0]
        found = [loss.item(), state["func_evals"], state["n_iter"], *x.tolist(), *y.tolist()]
        np.testing.assert_allclose(found, kept, rtol=1e-6)
    assert list(state) == case["keys"]


@pytest.mark.parametrize("case", RECORD["lbfgs"], ids=ident)
def test_a_loaded_lbfgs_continues(case: dict[str, Any]) -> None:
    one, closure, params = problem(case["options"])
    two, other, twins = problem(case["options"])
    one.step(closure)
    for p, q in zip(params, twins):
        q.detach().copy_(p.detach())
    two.load_state_dict(pickle.loads(pickle.dumps(one.state_dict())))
    one.step(closure)
    two.step(other)
    for p, q in zip(params, twins):
        np.testing.assert_array_equal(p.detach().numpy(), q.detach().numpy())


def test_lbfgs_refuses_what_it_cannot_do() -> None:
    p = leaf(np.ones(2))
    with pytest.raises(ValueError, match=r"^LBFGS doesn't support per-parameter options \(parameter groups\)$"):
        optim.LBFGS([{"params": p}, {"params": leaf(np.ones(2))}])
    with pytest.raises(RuntimeError, match=r"^only 'strong_wolfe' is supported$"):
        optim.LBFGS([p], line_search_fn="x").step(lambda: minitorch.tensor(1.0))
    with pytest.raises(TypeError, match="closure"):
        optim.LBFGS([p]).step()
    with pytest.raises(ValueError, match="Invalid learning rate: -1"):
        optim.LBFGS([p], lr=-1)


def test_lbfgs_stands_still_without_gradients() -> None:
    p, q = leaf(np.ones(2)), leaf(np.ones(3))
    for params in ([p], [p, q]):
        assert optim.LBFGS(params).step(lambda: minitorch.tensor(2.0)).item() == 2.0
    assert p.tolist() == [1, 1]


# ---------------------------------------------------------------- Muon


@pytest.mark.parametrize("case", RECORD["muon"], ids=lambda case: f"{case['shape']}-{ident(case)}")
def test_muon_follows_torch(case: dict[str, Any]) -> None:
    size = int(np.prod(case["shape"]))
    p = leaf(np.linspace(-1, 1, size, dtype=np.float32).reshape(case["shape"]))
    optimizer = optim.Muon([p], **case["options"])
    for t in range(1, 101):
        values = p.detach().numpy()
        p.grad = minitorch.tensor(2 * (values - np.float32(0.75)) + np.sin(3 * values + np.float32(t)))
        optimizer.step()
        if t in RECORD["steps"]:
            kept = np.reshape(case["kept"][RECORD["steps"].index(t)], case["shape"])
            np.testing.assert_allclose(p.detach().numpy(), kept, rtol=0, atol=1e-6 * np.abs(kept).max())


@pytest.mark.parametrize(
    "options, text",
    [
        ({"lr": -1}, "Learning rate should be >= 0 but is: -1"),
        ({"momentum": -1}, "momentum should be >= 0 but is: -1"),
        ({"weight_decay": -1}, "weight decay should be >= 0 but is: -1"),
        ({"adjust_lr_fn": "x"}, "Adjust learning rate function x is not supported"),
    ],
)
def test_muon_refuses_wrong_options(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError) as caught:
        optim.Muon([leaf(np.ones((2, 2)))], **options)
    assert str(caught.value) == text


def test_muon_is_for_matrices() -> None:
    with pytest.raises(ValueError, match=r"^Muon only supports 2D parameters whereas we found a parameter with size: "):
        optim.Muon([leaf(np.ones(3))])
    p = leaf(np.ones((2, 2)))
    for options, text in [({"ns_steps": 100}, "Number of steps must"), ({"ns_coefficients": (1.0,)}, "exactly 3")]:
        p.grad = minitorch.ones(2, 2, dtype=minitorch.float64)
        with pytest.raises(ValueError, match=text):
            optim.Muon([p], **options).step()


# ---------------------------------------------------------------- averages


def model_of(value: float) -> Any:
    model = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1))
    for p in model.parameters():
        nn.init.constant_(p, value)
    nn.init.constant_(model[1].running_mean, value)
    return model


@pytest.mark.parametrize(
    "options, weight, mean",
    [
        ({}, 3.0, 6.0),
        ({"use_buffers": True}, 3.0, 3.0),
        ({"avg_fn": swa_utils.get_ema_avg_fn(0.5)}, 3.75, 6.0),
        ({"multi_avg_fn": swa_utils.get_ema_multi_avg_fn(0.5)}, 3.75, 6.0),
        ({"multi_avg_fn": swa_utils.get_swa_multi_avg_fn()}, 3.0, 6.0),
    ],
)
def test_models_are_averaged(options: dict[str, Any], weight: float, mean: float) -> None:
    averaged = swa_utils.AveragedModel(model_of(1.0), **options)
    for value in (1.0, 2.0, 6.0):
        averaged.update_parameters(model_of(value))
    assert averaged.n_averaged.item() == 3
    assert averaged.module[0].weight.tolist() == [[weight, weight]]
    assert averaged.module[1].running_mean.tolist() == [mean]
    assert all(p.requires_grad for p in averaged.parameters())
    assert list(averaged.state_dict())[:2] == ["n_averaged", "module.0.weight"]
    assert averaged.eval()(minitorch.ones(3, 2)).shape == (3, 1)


def test_averages_are_checked() -> None:
    with pytest.raises(AssertionError, match="Only one of avg_fn and multi_avg_fn should be provided"):
        swa_utils.AveragedModel(model_of(1.0), avg_fn=print, multi_avg_fn=print)  # type: ignore[arg-type]
    for build in (swa_utils.get_ema_avg_fn, swa_utils.get_ema_multi_avg_fn):
        with pytest.raises(ValueError, match=r"^Invalid decay value 2.0 provided. Please provide a value in \[0,1\]"):
            build(2.0)


def test_statistics_are_renewed() -> None:
    model = nn.Sequential(nn.BatchNorm1d(2)).eval()
    batches = [minitorch.tensor([[1.0, 2.0], [3.0, 4.0]]), minitorch.tensor([[5.0, 0.0], [7.0, 2.0]])]
    for loader in (batches, [(x, None) for x in batches]):
        swa_utils.update_bn(loader, model)
        assert model[0].running_mean.tolist() == [4.0, 2.0] and model[0].momentum == 0.1
        assert not model.training
    swa_utils.update_bn(batches, nn.Linear(2, 1))


@pytest.mark.parametrize(
    "options, rates",
    [
        ({"anneal_epochs": 4}, [0.4340990257669732, 0.275, 0.11590097423302682, 0.05, 0.05, 0.05]),
        ({"anneal_epochs": 4, "anneal_strategy": "linear"}, [0.3875, 0.275, 0.1625, 0.05, 0.05, 0.05]),
        ({"anneal_epochs": 0}, [0.05, 0.05, 0.05]),
    ],
)
def test_the_rate_goes_to_a_constant(options: dict[str, Any], rates: list[float]) -> None:
    optimizer = optim.SGD([leaf(np.ones(2))], lr=0.5)
    scheduler = swa_utils.SWALR(optimizer, 0.05, **options)
    for rate in rates:
        optimizer.step()
        scheduler.step()
        assert scheduler.get_last_lr() == [pytest.approx(rate)]


def test_constant_rates_are_checked() -> None:
    optimizer = optim.SGD([leaf(np.ones(2))], lr=0.5)
    for options, text in [
        ({"anneal_strategy": "x"}, "anneal_strategy must be one of 'cos' or 'linear', instead got x"),
        ({"anneal_epochs": -1}, "anneal_epochs must be equal or greater than 0, got -1"),
        ({"swa_lr": [0.1, 0.2]}, "swa_lr must have the same length as optimizer.param_groups. swa_lr has 2 values, "
         "param_groups has 1."),
    ]:  # fmt: skip
        with pytest.raises(ValueError) as caught:
            swa_utils.SWALR(optimizer, **{"swa_lr": 0.1, **options})
        assert str(caught.value) == text


def test_missing_optimizers_name_another() -> None:
    for name, instead in (("SparseAdam", "Adam"),):
        with pytest.raises(AttributeError, match=f"has no attribute '{name}'; use minitorch.optim.{instead}"):
            getattr(optim, name)
    with pytest.raises(AttributeError, match=r"has no attribute 'Nothing'$"):
        getattr(optim, "Nothing")  # noqa: B009
