"""Learning rates follow torch's for every schedule, fresh, resumed, jumped and saved."""

import copy
import json
import math
import pickle
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import optim
from minitorch.optim import lr_scheduler as L

RECORD = json.loads((Path(__file__).parent / "data" / "optim_schedulers.json").read_text())


def leaf() -> Any:
    return minitorch.ones(2, requires_grad=True)


def optimizer_of(kind: str = "SGD", rates: tuple[float, ...] = (0.1, 0.4)) -> Any:
    groups = [{"params": [leaf()], "lr": lr} for lr in rates]
    return optim.Adam(groups) if kind == "Adam" else optim.SGD(groups, lr=0.1, momentum=0.9)


def make(source: str, o: Any, e: int = -1) -> Any:
    return eval(source, {"L": L, "o": o, "e": e})


def advance(optimizer: Any, scheduler: Any, steps: int = 1) -> list[list[Any]]:
    rates = []
    for _ in range(steps):
        optimizer.step()
        scheduler.step()
        rates.append(scheduler.get_last_lr())
    return rates


def momenta(optimizer: Any) -> list[Any]:
    return [g["betas"][0] if "betas" in g else g["momentum"] for g in optimizer.param_groups]


def plain(state: Any) -> Any:
    if isinstance(state, dict):
        return {str(key): plain(value) for key, value in state.items()}
    if isinstance(state, (list, tuple)):
        return [plain(item) for item in state]
    return state if isinstance(state, (int, float, str, bool, type(None))) else type(state).__name__


def same(a: Any, b: Any) -> bool:
    """Whether two recorded values agree; a list of one stands for equal values of all groups."""
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, list):
        b = b * len(a) if len(b) == 1 else b
        return len(a) == len(b) and all(map(same, a, b))
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-15) if isinstance(a, float) else bool(a == b)


@pytest.mark.parametrize("way", RECORD["ways"], ids=lambda way: f"{way['optimizer']}-{way['source']}")
@pytest.mark.filterwarnings("ignore:Detected call:UserWarning")  # nested schedules, in torch too
def test_a_hundred_rates_follow_torch(way: dict[str, Any]) -> None:
    optimizer = optimizer_of(way["optimizer"])
    scheduler = make(way["source"], optimizer)
    for epoch, rates in enumerate(way["rates"]):
        if epoch:
            advance(optimizer, scheduler)
        assert same(scheduler.get_last_lr(), rates), epoch
        assert same([g["lr"] for g in optimizer.param_groups], rates)
        if "momenta" in way:
            assert same(momenta(optimizer), way["momenta"][epoch]), epoch
    assert same(plain(scheduler.state_dict()), way["state"])


@pytest.mark.parametrize("source", RECORD["resumed"])
def test_a_schedule_resumes_as_torch_does(source: str) -> None:
    for run in RECORD["resumed"][source]:
        optimizer = optimizer_of()
        scheduler = make(source, optimizer)
        advance(optimizer, scheduler, run["stop"])
        fresh = make(source, optimizer, scheduler.last_epoch)
        rates = [fresh.get_last_lr(), *advance(optimizer, fresh, 2)]
        assert all(map(same, rates, run["rates"])), run["stop"]


@pytest.mark.parametrize("source", RECORD["jumped"])
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_epochs_given_to_step_follow_torch(source: str) -> None:
    scheduler = make(source, optimizer_of())
    for epoch, rates in zip(RECORD["epochs"], RECORD["jumped"][source]):
        scheduler.step(epoch)
        assert same(scheduler.get_last_lr(), rates), epoch


@pytest.mark.parametrize("case", RECORD["plateau"], ids=lambda case: case["source"])
def test_plateaus_are_found_where_torch_finds_them(case: dict[str, Any]) -> None:
    scheduler = make(case["source"], optimizer_of())
    for metric, rates in zip(case["metrics"], case["rates"]):
        scheduler.step(minitorch.tensor(np.float64(metric)))
        assert same(scheduler.get_last_lr(), rates)
    assert same(plain(scheduler.state_dict()), case["state"])


@pytest.mark.parametrize("way", RECORD["ways"], ids=lambda way: f"{way['optimizer']}-{way['source']}")
@pytest.mark.filterwarnings("ignore:Detected call:UserWarning")  # nested schedules, in torch too
def test_a_loaded_state_continues_the_schedule(way: dict[str, Any]) -> None:
    first, second = optimizer_of(way["optimizer"]), optimizer_of(way["optimizer"])
    one, two = make(way["source"], first), make(way["source"], second)
    advance(first, one, 9)
    saved = pickle.loads(pickle.dumps((one.state_dict(), first.state_dict())))
    two.load_state_dict(saved[0])
    second.load_state_dict(saved[1])
    assert advance(second, two, 9) == advance(first, one, 9)
    assert momenta(first) == momenta(second)


# ---------------------------------------------------------------- warnings


def test_a_step_before_the_optimizers_is_warned_about() -> None:
    optimizer = optimizer_of()
    scheduler = L.StepLR(optimizer, 3)
    with pytest.warns(UserWarning, match=r"Detected call of `lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        scheduler.step()
    advance(optimizer, scheduler)
    fresh = optimizer_of()
    scheduler = L.StepLR(fresh, 3)
    fresh.step()
    scheduler.step()


def test_an_overridden_step_is_warned_about() -> None:
    optimizer = optimizer_of()
    scheduler = L.StepLR(optimizer, 3)
    optimizer.step = lambda: None
    with pytest.warns(UserWarning, match="has been overridden after learning rate scheduler initialization"):
        scheduler.step()


def test_deprecated_calls_are_warned_about() -> None:
    optimizer = optimizer_of()
    scheduler = L.StepLR(optimizer, 3)
    optimizer.step()
    with pytest.warns(UserWarning, match="The epoch parameter in `scheduler.step"):
        scheduler.step(4)
    for other in (scheduler, L.CyclicLR(optimizer_of(), 0.1, 0.2), L.CosineAnnealingLR(optimizer_of(), 3)):
        with pytest.warns(UserWarning, match="please use `get_last_lr"):
            other.get_lr()


# ---------------------------------------------------------------- errors


FAILURES = [
    ("L.StepLR(3, 3)", TypeError, "int is not an Optimizer"),
    ("L.LambdaLR(o, [lambda t: 1])", ValueError, "Expected 2 lr_lambdas, but got 1"),
    ("L.MultiplicativeLR(o, [lambda t: 1])", ValueError, "Expected 2 lr_lambdas, but got 1"),
    ("L.ConstantLR(o, 2)", ValueError, "Constant multiplicative factor expected to be between 0 and 1."),
    ("L.LinearLR(o, 0)", ValueError, "Starting multiplicative factor expected to be greater than 0 and less "
    "or "
     "equal to 1."),
    ("L.LinearLR(o, end_factor=2)", ValueError, "Ending multiplicative factor expected to be between 0 and "
    "1."),
    ("L.SequentialLR(o, [], [])", ValueError, "SequentialLR expects at least one scheduler, but got no "
    "scheduler."),
    ("L.SequentialLR(o, [L.StepLR(o, 3), L.StepLR(o, 3)], [])", ValueError, "Sequential Schedulers expects "
    "number of "
     "schedulers provided to be one more than the number of milestone points, but got number of schedulers "
     "2 and the "
     "number of milestones to be equal to 0"),
    ("L.SequentialLR(o, [object()], [])", TypeError, "SequentialLR at index 0 should have `optimizer` as its "
     "attribute."),
    ("L.SequentialLR(o, [L.StepLR(o, 3), L.ReduceLROnPlateau(o)], [2])", ValueError, "SequentialLR does not "
    "support "
     "`ReduceLROnPlateau` scheduler as it requires additional kwargs to be specified when calling `step`, "
     "but got one "
     "at index 1 in the given schedulers sequence."),
    ("L.ChainedScheduler([])", ValueError, "ChainedScheduler expects at least one scheduler to be chained, "
    "but got no "
     "scheduler."),
    ("L.ReduceLROnPlateau(o, factor=1.0)", ValueError, "Factor should be < 1.0."),
    ("L.ReduceLROnPlateau(1)", TypeError, "int is not an Optimizer"),
    ("L.ReduceLROnPlateau(o, min_lr=[0.0])", ValueError, "expected 2 min_lrs, got 1"),
    ("L.ReduceLROnPlateau(o, 'up')", ValueError, "mode up is unknown!"),
    ("L.ReduceLROnPlateau(o, threshold_mode='x')", ValueError, "threshold mode x is unknown!"),
    ("L.CosineAnnealingWarmRestarts(o, 0)", ValueError, "Expected positive integer T_0, but got 0"),
    ("L.CosineAnnealingWarmRestarts(o, 1, 0)", ValueError, "Expected integer T_mult >= 1, but got 0"),
    ("L.CosineAnnealingWarmRestarts(o, 1, 1, 'x')", ValueError, "Expected float or int eta_min, but got x "
    "of type "
     "<class 'str'>"),
    ("L.CosineAnnealingWarmRestarts(o, 3).step(-1)", ValueError, "Expected non-negative epoch, but got -1"),
    ("L.CyclicLR(o, 0.1, 0.2, mode='x')", ValueError, "mode is invalid and scale_fn is None"),
    ("L.CyclicLR(o, [0.1], 0.2)", ValueError, "base_lr must have the same length as optimizer.param_groups. "
    "base_lr "
     "has 1 values, param_groups has 2."),
    ("L.OneCycleLR(o, 0.1)", ValueError, "You must define either total_steps OR (epochs AND "
    "steps_per_epoch)"),
    ("L.OneCycleLR(o, 0.1, total_steps=-1)", ValueError, "Expected positive integer total_steps, but got -1"),
    ("L.OneCycleLR(o, 0.1, epochs=-1, steps_per_epoch=2)", ValueError, "Expected positive integer epochs, "
    "but got -1"),
    ("L.OneCycleLR(o, 0.1, 5, pct_start=2)", ValueError, "Expected float between 0 and 1 pct_start, but got "
    "2"),
    ("L.OneCycleLR(o, 0.1, 5, anneal_strategy='x')", ValueError, "anneal_strategy must be one of 'cos' or "
    "'linear', "
     "instead got x"),
]  # fmt: skip


@pytest.mark.parametrize("source, error, text", FAILURES)
def test_wrong_arguments_are_refused(source: str, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        make(source, optimizer_of())
    assert str(caught.value) == text


def test_momentum_is_moved_only_where_there_is_one() -> None:
    optimizer = optim.Adagrad([leaf()])
    for build in (lambda: L.CyclicLR(optimizer, 0.1, 0.2), lambda: L.OneCycleLR(optimizer, 0.1, 5)):
        with pytest.raises(ValueError, match="optimizer must support momentum or beta1 with `cycle_momentum`"):
            build()
    L.CyclicLR(optimizer, 0.1, 0.2, cycle_momentum=False)


def test_schedules_of_another_optimizer_are_refused() -> None:
    o, other = optimizer_of(), optimizer_of()
    for build in (
        lambda: L.SequentialLR(o, [L.StepLR(o, 3), L.StepLR(other, 3)], [2]),
        lambda: L.ChainedScheduler([L.StepLR(o, 3), L.StepLR(other, 3)]),
    ):
        with pytest.raises(ValueError, match="expects all schedulers to belong to the same optimizer, but got"):
            build()


def test_resuming_needs_the_initial_rates() -> None:
    with pytest.raises(KeyError, match=r"param 'initial_lr' is not specified in param_groups\[0\] when resuming"):
        L.StepLR(optimizer_of(), 3, last_epoch=2)


def test_one_cycle_ends() -> None:
    optimizer = optimizer_of()
    scheduler = L.OneCycleLR(optimizer, 0.1, 2)
    with pytest.raises(ValueError, match=r"^Tried to step 3 times. The specified number of total steps is 2$"):
        advance(optimizer, scheduler, 3)


def test_the_base_class_has_no_rates() -> None:
    with pytest.raises(NotImplementedError):
        L.LRScheduler(optimizer_of())


# ---------------------------------------------------------------- details


def test_tensor_rates_change_in_place() -> None:
    lr = minitorch.tensor(0.5)
    optimizer = optim.SGD([leaf()], lr=lr)
    scheduler = L.ExponentialLR(optimizer, 0.5)
    advance(optimizer, scheduler)
    assert lr.item() == 0.25 and optimizer.param_groups[0]["lr"] is lr
    assert scheduler.get_last_lr()[0].item() == 0.25 and scheduler.get_last_lr()[0] is not lr


def test_callable_objects_keep_their_state() -> None:
    class Decay:
        def __init__(self, base: float) -> None:
            self.base = base

        def __call__(self, epoch: float) -> float:
            return self.base**epoch

    for build in (
        lambda o, f: L.LambdaLR(o, [f, lambda t: 1.0]),
        lambda o, f: L.CyclicLR(o, 0.1, 0.2, 4, scale_fn=f),
    ):
        first, second = optimizer_of(), optimizer_of()
        one, two = build(first, Decay(0.5)), build(second, Decay(0.9))
        two.load_state_dict(one.state_dict())
        assert advance(first, one, 3) == advance(second, two, 3)


def test_warm_restarts_take_fractions_of_epochs() -> None:
    scheduler = L.CosineAnnealingWarmRestarts(optimizer_of(rates=(0.1,)), 3, 2)
    found = []
    for epoch in (0.5, 1.7, 3.0, 4.5, 9.0, 10.0):
        scheduler.step(epoch)
        found.append((round(scheduler.get_last_lr()[0], 11), scheduler.T_i, scheduler.last_epoch))
    assert found == [
        (0.09330127019, 3, 0),
        (0.03960441546, 3, 1),
        (0.1, 6, 3),
        (0.08535533906, 6, 4),
        (0.1, 12, 9),
        (0.09829629131, 12, 10),
    ]


def test_groups_added_later_share_the_bound_of_all() -> None:
    optimizer = optimizer_of(rates=(0.1,))
    shared = L.ReduceLROnPlateau(optimizer, patience=0, min_lr=0.001)
    listed = L.ReduceLROnPlateau(optimizer, patience=0, min_lr=[0.001])
    optimizer.add_param_group({"params": leaf(), "lr": 0.5})
    for _ in range(2):
        shared.step(1.0)
    assert shared.get_last_lr() == [pytest.approx(0.01), pytest.approx(0.05)]
    listed.step(1.0)
    with pytest.raises(RuntimeError, match=r"The number of param groups in the `optimizer` \(2\) differs"):
        listed.step(1.0)


def test_schedules_are_copied_and_pickled_with_their_optimizer() -> None:
    optimizer = optimizer_of()
    scheduler = L.StepLR(optimizer, 1, 0.5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for twin in (copy.deepcopy(scheduler), pickle.loads(pickle.dumps(scheduler))):
            twin.step()
            assert twin.get_last_lr() == [0.05, 0.2] and twin.optimizer is not optimizer
    assert scheduler.get_last_lr() == [0.1, 0.4]


def test_the_optimizers_hooks_and_closures_work_under_a_schedule() -> None:
    optimizer, calls = optimizer_of(), []
    L.StepLR(optimizer, 1, 0.5)
    optimizer.register_step_post_hook(lambda *_: calls.append(1))
    assert optimizer.step(lambda: 3.0) == 3.0 and calls == [1]
    L.StepLR(optimizer, 2)
    optimizer.step()
    assert calls == [1, 1]
