"""Optimizers go where torch's go, refuse what torch refuses and keep torch's state."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import optim

RECORD = json.loads((Path(__file__).parent / "data" / "optim.json").read_text())
NAMES = sorted({case["name"] for case in RECORD["cases"]})


def tolerance(case: dict[str, Any]) -> float:
    """Relative to the largest element. torch's other kernels round in other places than its loop, followed here."""
    other = bool(case["options"].get("fused") or case["options"].get("foreach"))
    return 2e-6 if other else {"float32": 1e-6, "float64": 1e-8}[case["dtype"]]


def case_name(case: dict[str, Any]) -> str:
    options = ",".join(f"{key}={value}" for key, value in case["options"].items())
    return f"{case['name']}-{case['dtype']}-{options}"


def start(dtype: str) -> list[Any]:
    w = np.linspace(-1.5, 2.0, 6).reshape(2, 3).astype(dtype)
    return [leaf(w), leaf(np.asarray([0.5, -0.25], dtype))]


def leaf(values: Any) -> Any:
    return minitorch.tensor(values, requires_grad=True)


def gradient(p: Any, t: int) -> Any:
    """The recorder's gradient."""
    return (2 * (p - p.dtype.type(0.75)) + np.sin(3 * p + p.dtype.type(t))).astype(p.dtype)


def walk(optimizer: Any, params: list[Any], first: int = 1, last: int = 100) -> list[list[Any]]:
    """Take the recorder's steps; return the parameters after each."""
    found = []
    for t in range(first, last + 1):
        for i, p in enumerate(params):
            skipped = i == 1 and t % 7 == 3
            p.grad = None if skipped else minitorch.tensor(gradient(p.detach().numpy(), t))
        optimizer.step()
        found.append([p.detach().numpy().copy() for p in params])
    return found


def make(case: dict[str, Any], params: list[Any]) -> Any:
    return getattr(optim, case["name"])(params, **case["options"])


def close(actual: Any, expected: Any, tolerance: float) -> None:
    expected = np.asarray(expected).reshape(np.shape(actual))
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * np.abs(expected).max())


@pytest.mark.parametrize("case", RECORD["cases"], ids=case_name)
def test_a_hundred_steps_follow_torch(case: dict[str, Any]) -> None:
    params = start(case["dtype"])
    optimizer = make(case, params)
    ways = walk(optimizer, params)
    for step, values in zip(RECORD["steps"], case["kept"]):
        for actual, expected in zip(ways[step - 1], values):
            close(actual, expected, tolerance(case))
    if case["dtype"] == "float64":
        check_state(optimizer, case)


def check_state(optimizer: Any, case: dict[str, Any]) -> None:
    packed = optimizer.state_dict()
    group = packed["param_groups"][0]
    assert [key for key in group if key != "params"] == list(case["group"])
    assert json.loads(json.dumps({key: v for key, v in group.items() if key != "params"})) == case["group"]
    state = packed["state"].get(0, {})
    assert list(state) == list(case["state"])
    for key, value in state.items():
        np.testing.assert_allclose(value.numpy(), case["state"][key], rtol=1e-6, atol=1e-9)
    assert repr(optimizer) == case["repr"]


@pytest.mark.parametrize("case", RECORD["cases"][1::2], ids=case_name)
def test_memory_order_does_not_change_a_step(case: dict[str, Any]) -> None:
    plain, turned = start("float64"), start("float64")
    whole = minitorch.tensor(np.zeros((4, 6)))
    turned[0] = whole[::2, ::2].detach()
    turned[0].copy_(plain[0].detach())
    turned[0].requires_grad_()
    assert not turned[0].is_contiguous()
    expected, actual = (walk(make(case, p), p, 1, 9) for p in (plain, turned))
    for a, b in zip(actual[-1], expected[-1]):
        np.testing.assert_allclose(a, b, rtol=1e-13)
    assert not whole.numpy()[1::2].any()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_half_precision_parameters_move_as_wide_ones_do(name: str, dtype: str) -> None:
    wide = minitorch.tensor([1.0, -2.0, 0.5], requires_grad=True)
    half = wide.detach().to(getattr(minitorch, dtype)).requires_grad_()
    for p in (wide, half):
        optimizer = getattr(optim, name)([p], lr=0.125)
        for _ in range(3):
            p.grad = p.detach() * 0.5 + 1
            optimizer.step()
    assert half.dtype is getattr(minitorch, dtype)
    np.testing.assert_allclose(half.detach().float().numpy(), wide.detach().numpy(), rtol=0.04, atol=0.04)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "Adafactor"])
def test_a_differentiable_step_records_the_step(name: str) -> None:
    x = minitorch.tensor([1.0, -2.0], dtype=minitorch.float64, requires_grad=True)
    moved, expected = x * 1.0, leaf(np.asarray([1.0, -2.0]))
    for p, flag in ((moved, True), (expected, False)):
        optimizer = getattr(optim, name)([p], lr=0.125, differentiable=flag)
        for t in (0.5, 0.25):
            p.grad = minitorch.tensor([t, -t], dtype=minitorch.float64)
            optimizer.step()
    np.testing.assert_allclose(moved.detach().numpy(), expected.detach().numpy(), rtol=1e-12)
    moved.sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), 1.0, rtol=3e-3)  # AdamW and ASGD decay


def test_a_zero_dimensional_parameter_moves() -> None:
    p = minitorch.tensor(2.0, requires_grad=True)
    p.grad = minitorch.tensor(1.0)
    optim.Adam([p], lr=0.5).step()
    assert p.shape == () and p.item() == pytest.approx(1.5)


def test_an_empty_parameter_is_no_trouble() -> None:
    p = minitorch.zeros(0, 3, requires_grad=True)
    p.grad = minitorch.zeros(0, 3)
    for name in NAMES:
        getattr(optim, name)([p], lr=0.5).step()


def test_a_step_counts_as_a_write() -> None:
    p = leaf(np.ones(2))
    y = (p * p).sum()
    p.grad = minitorch.ones(2, dtype=minitorch.float64)
    optim.SGD([p], lr=0.1).step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.backward()


# ---------------------------------------------------------------- options


FAILURES = [
    ("SGD", {"lr": -1}, ValueError, "Invalid learning rate: -1"),
    ("SGD", {"momentum": -1}, ValueError, "Invalid momentum value: -1"),
    ("SGD", {"weight_decay": -1}, ValueError, "Invalid weight_decay value: -1"),
    ("SGD", {"nesterov": True}, ValueError, "Nesterov momentum requires a momentum and zero dampening"),
    (
        "SGD",
        {"fused": True, "foreach": True},
        RuntimeError,
        "`fused` and `foreach` cannot be `True` together.",
    ),
    (
        "SGD",
        {"fused": True, "differentiable": True},
        RuntimeError,
        "`fused` does not support `differentiable`",
    ),
    ("Adam", {"lr": -0.5}, ValueError, "Invalid learning rate: -0.5"),
    ("Adam", {"eps": -1}, ValueError, "Invalid epsilon value: -1"),
    ("Adam", {"betas": (1.0, 0.9)}, ValueError, "Invalid beta parameter at index 0: 1.0"),
    ("Adam", {"betas": (0.9, 1.0)}, ValueError, "Invalid beta parameter at index 1: 1.0"),
    ("Adam", {"weight_decay": -1}, ValueError, "Invalid weight_decay value: -1"),
    ("AdamW", {"lr": -1}, ValueError, "Invalid learning rate: -1"),
    ("Adagrad", {"lr_decay": -1}, ValueError, "Invalid lr_decay value: -1"),
    (
        "Adagrad",
        {"initial_accumulator_value": -1},
        ValueError,
        "Invalid initial_accumulator_value value: -1",
    ),
    ("Adadelta", {"rho": 2}, ValueError, "Invalid rho value: 2"),
    ("Adamax", {"betas": (0.9, 1.0)}, ValueError, "Invalid beta parameter at index 1: 1.0"),
    ("NAdam", {"momentum_decay": -1}, ValueError, "Invalid momentum_decay value: -1"),
    ("RAdam", {"eps": -1}, ValueError, "Invalid epsilon value: -1"),
    ("RMSprop", {"alpha": -1}, ValueError, "Invalid alpha value: -1"),
    ("RMSprop", {"momentum": -1}, ValueError, "Invalid momentum value: -1"),
    ("Rprop", {"etas": (1.1, 1.2)}, ValueError, "Invalid eta values: 1.1, 1.2"),
    ("ASGD", {"weight_decay": -1}, ValueError, "Invalid weight_decay value: -1"),
]


@pytest.mark.parametrize("name, options, error, text", FAILURES)
def test_a_wrong_option_is_refused(name: str, options: dict[str, Any], error: type[Exception], text: str) -> None:
    with pytest.raises(error) as caught:
        getattr(optim, name)([leaf(np.ones(2))], **options)
    assert str(caught.value) == text


@pytest.mark.parametrize("name", NAMES)
def test_a_tensor_learning_rate_of_one_element_is_accepted(name: str) -> None:
    with pytest.raises(ValueError, match=r"^Tensor lr must be 1-element$"):
        getattr(optim, name)([leaf(np.ones(2))], lr=minitorch.tensor([1.0, 2.0]))
    plain, boxed = leaf(np.ones(2)), leaf(np.ones(2))
    for p, lr in ((plain, 0.25), (boxed, minitorch.tensor(0.25))):
        p.grad = minitorch.ones(2, dtype=minitorch.float64)
        getattr(optim, name)([p], lr=lr).step()
    np.testing.assert_array_equal(plain.detach().numpy(), boxed.detach().numpy())


def test_adam_takes_betas_as_two_numbers_or_two_tensors() -> None:
    p = leaf(np.ones(2))
    with pytest.raises(ValueError, match=r"^betas must be either both floats or both Tensors$"):
        optim.Adam([p], betas=(minitorch.tensor(0.9), 0.9))
    with pytest.raises(ValueError, match="lr as a Tensor is not supported for capturable=False and foreach=True"):
        optim.Adam([p], lr=minitorch.tensor(0.1), foreach=True)
    p.grad = minitorch.ones(2, dtype=minitorch.float64)
    optim.Adam([p], lr=0.5, betas=(minitorch.tensor(0.5), minitorch.tensor(0.75))).step()
    np.testing.assert_allclose(p.detach().numpy(), 0.5)
