"""Optimizers' parameter groups, state and hooks behave as torch's do."""

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import optim
from minitorch.optim import optimizer as base

NAMES = [
    "SGD",
    "Adam",
    "AdamW",
    "Adagrad",
    "Adadelta",
    "Adamax",
    "NAdam",
    "RAdam",
    "RMSprop",
    "Rprop",
    "ASGD",
]


def leaf(values: Any) -> Any:
    return minitorch.tensor(values, requires_grad=True)


def walk(optimizer: Any, params: list[Any], first: int, last: int) -> list[Any]:
    """Step along made-up gradients; return the parameters after the last step."""
    for t in range(first, last + 1):
        for p in params:
            p.grad = minitorch.tensor(p.detach().numpy() - 0.75 + np.sin(3 * p.detach().numpy() + t))
        optimizer.step()
    return [p.detach().numpy().copy() for p in params]


def start() -> list[Any]:
    return [leaf(np.linspace(-1.5, 2.0, 6).reshape(2, 3)), leaf(np.asarray([0.5, -0.25]))]


# ---------------------------------------------------------------- parameter groups


def sgd(params: Any, **options: Any) -> Any:
    return optim.SGD(params, lr=0.1, **options)


def test_wrong_parameters_are_refused() -> None:
    p, q = leaf(np.ones(2)), leaf(np.ones(2))
    for params, error, text in [
        ([], ValueError, "optimizer got an empty parameter list"),
        (p.detach().float(), TypeError, "params argument given to the optimizer should be an iterable of "
        "Tensors or "
         "dicts, but got torch.FloatTensor"),
        ([1], TypeError, "optimizer can only optimize Tensors, but one of the params is int"),
        ([p * 2], ValueError, "can't optimize a non-leaf Tensor"),
        ([("w", p), q], ValueError, "all optimizer params should be with/without names. Some param names "
        "are missing"),
        ([{"params": [("w", p)]}, {"params": [q]}], ValueError, "all optimizer param groups should be "
        "with/without "
         "names. cannot add param group without names to the optimizer"),
        ([{"params": p}, {"params": [p]}], ValueError, "some parameters appear in more than one parameter "
        "group"),
    ]:  # fmt: skip
        with pytest.raises(error) as caught:
            sgd(params)
        assert str(caught.value) == text


def test_a_refused_group_changes_nothing() -> None:
    p = leaf(np.ones(2))
    optimizer = sgd([p])
    for group, error in [
        ([1], TypeError),
        ({"params": {leaf(np.ones(2))}}, TypeError),
        ({"params": p}, ValueError),
        ({"params": "ab"}, TypeError),
    ]:
        before = copy.copy(group)
        with pytest.raises(error):
            optimizer.add_param_group(group)
        assert group == before or group["params"] is before["params"]
        assert len(optimizer.param_groups) == 1


def test_a_parameter_that_stands_twice_is_warned_about() -> None:
    p = leaf(np.ones(2))
    with pytest.warns(UserWarning, match="optimizer contains a parameter group with duplicate parameters"):
        sgd([p, p])


def test_a_required_option_must_be_given() -> None:
    p = leaf(np.ones(2))
    with pytest.raises(ValueError, match="didn't specify a value of required optimization parameter lr"):
        base.Optimizer([p], {"lr": base.required})
    assert repr(base.required) == "<required parameter>"
    assert base.Optimizer([{"params": p, "lr": 3}], {"lr": base.required}).param_groups[0]["lr"] == 3


def test_groups_have_options_of_their_own() -> None:
    slow, fast = leaf(np.ones(2)), leaf(np.ones(2))
    optimizer = optim.SGD([{"params": slow}, {"params": (p for p in [fast]), "lr": 0.5}], lr=0.1)
    for p in (slow, fast):
        p.grad = minitorch.ones(2, dtype=minitorch.float64)
    optimizer.step()
    np.testing.assert_allclose(slow.detach().numpy(), 0.9)
    np.testing.assert_allclose(fast.detach().numpy(), 0.5)
    assert repr(optimizer).count("Parameter Group") == 2 and "\n)" in repr(optimizer)


def test_named_parameters_keep_their_names() -> None:
    p = leaf(np.ones(2))
    optimizer = sgd([("w", p)])
    assert optimizer.param_groups[0]["params"] == [p]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["w"]
    other = sgd([("v", leaf(np.ones(2)))])
    unnamed = sgd([leaf(np.ones(2))])
    other.load_state_dict(unnamed.state_dict())
    assert other.param_groups[0]["param_names"] == ["v"]
    other.load_state_dict(optimizer.state_dict())
    assert other.param_groups[0]["param_names"] == ["w"]


def test_zero_grad_drops_or_clears() -> None:
    p = leaf(np.ones(2))
    optimizer = sgd([p])
    (p * p).sum().backward()
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is not None and not p.grad.numpy().any()
    optimizer.zero_grad()
    assert p.grad is None
    optimizer.zero_grad(set_to_none=False)
    optimizer.step()
    np.testing.assert_array_equal(p.detach().numpy(), 1.0)


def test_a_closure_is_called_with_recording_on() -> None:
    p = leaf(np.ones(2))
    optimizer = sgd([p])

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with minitorch.no_grad():
        loss = optimizer.step(closure)
        assert not minitorch.is_grad_enabled()
    assert loss.item() == 2.0
    np.testing.assert_allclose(p.detach().numpy(), 0.8)


# ---------------------------------------------------------------- state


@pytest.mark.parametrize("name", NAMES)
def test_a_loaded_state_continues_the_way(name: str) -> None:
    options = {"momentum": 0.9} if name in ("SGD", "RMSprop") else {}
    first, second = start(), start()
    one, two = (getattr(optim, name)(p, lr=0.01, **options) for p in (first, second))
    walk(one, first, 1, 20)
    saved = pickle.loads(pickle.dumps(one.state_dict()))
    for p, q in zip(first, second):
        q.detach().copy_(p.detach())
    two.load_state_dict(saved)
    expected, actual = walk(one, first, 21, 30), walk(two, second, 21, 30)
    for a, b in zip(actual, expected):
        np.testing.assert_array_equal(a, b)


def test_loaded_buffers_take_the_parameters_dtype_and_memory_of_their_own() -> None:
    narrow, wide = minitorch.ones(2, requires_grad=True), leaf(np.ones(2))
    one, two = optim.Adam([narrow]), optim.Adam([wide])
    narrow.grad = minitorch.ones(2)
    one.step()
    two.load_state_dict(one.state_dict())
    state = two.state[wide]
    assert state["exp_avg"].dtype is minitorch.float64 and state["step"].dtype is minitorch.float32
    twin = optim.Adam([minitorch.ones(2, requires_grad=True)])
    twin.load_state_dict(one.state_dict())
    one.step()
    assert twin.state_dict()["state"][0]["step"].item() == 1.0


def test_a_state_that_does_not_fit_is_refused() -> None:
    p, q = leaf(np.ones(2)), leaf(np.ones(2))
    optimizer = sgd([p])
    with pytest.raises(ValueError, match=r"^loaded state dict has a different number of parameter groups$"):
        optimizer.load_state_dict(sgd([{"params": p}, {"params": q}]).state_dict())
    with pytest.raises(ValueError, match="contains a parameter group that doesn't match the size of optimizer's"):
        optimizer.load_state_dict(sgd([p, q]).state_dict())
    with pytest.raises(KeyError):
        optimizer.load_state_dict({})


def test_states_of_older_files_are_understood() -> None:
    p = leaf(np.ones(2))
    optimizer = optim.Adam([p], lr=0.5)
    old = optimizer.state_dict()
    for key in ("maximize", "foreach", "capturable", "differentiable", "fused", "amsgrad"):
        del old["param_groups"][0][key]
    zeros = minitorch.zeros(2, dtype=minitorch.float64)
    old["state"] = {0: {"step": 3, "exp_avg": zeros, "exp_avg_sq": zeros}, "extra": 7}
    optimizer.load_state_dict(old)
    p.grad = minitorch.ones(2, dtype=minitorch.float64)
    optimizer.step()
    assert optimizer.state[p]["step"].item() == 4 and optimizer.state["extra"] == 7
    assert optimizer.param_groups[0]["maximize"] is False


def test_copies_and_pickles_work_on_their_own() -> None:
    params = start()
    optimizer = optim.Adam(params, lr=0.1)
    walk(optimizer, params, 1, 3)
    for twin in (copy.deepcopy(optimizer), pickle.loads(pickle.dumps(optimizer))):
        mine = twin.param_groups[0]["params"]
        assert mine[0] is not params[0] and repr(twin) == repr(optimizer)
        before = params[0].detach().numpy().copy()
        walk(twin, mine, 4, 5)
        np.testing.assert_array_equal(params[0].detach().numpy(), before)
    assert sorted(optimizer.__getstate__()) == ["defaults", "param_groups", "state"]


# ---------------------------------------------------------------- hooks


def test_hooks_run_around_a_step() -> None:
    p, calls = leaf(np.ones(2)), []
    optimizer = sgd([p])
    handles = [
        base.register_optimizer_step_pre_hook(lambda *_: calls.append("every before")),
        optimizer.register_step_pre_hook(lambda opt, args, kwargs: calls.append(("before", len(args)))),
        optimizer.register_step_post_hook(lambda *_: calls.append("after")),
        base.register_optimizer_step_post_hook(lambda *_: calls.append("every after")),
    ]
    optimizer.step()
    assert calls == ["every before", ("before", 1), "after", "every after"]
    for handle in handles:
        handle.remove()
    optimizer.step()
    assert len(calls) == 4


def test_a_hook_may_replace_a_steps_arguments() -> None:
    optimizer = sgd([leaf(np.ones(2))])
    handle = optimizer.register_step_pre_hook(lambda opt, args, kwargs: ((opt, lambda: 42), {}))
    assert optimizer.step() == 42
    handle.remove()
    optimizer.register_step_pre_hook(lambda *_: 5)
    with pytest.raises(RuntimeError, match=r"must return None or a tuple of \(new_args, new_kwargs\), but got 5\."):
        optimizer.step()


def test_hooks_run_once_where_a_step_calls_its_parents() -> None:
    class Loud(optim.SGD):
        def step(self, closure: Any = None) -> Any:
            return super().step(closure)

    calls: list[int] = []
    optimizer = Loud([leaf(np.ones(2))])
    optimizer.register_step_post_hook(lambda *_: calls.append(1))
    optimizer.step()
    assert calls == [1]


def test_hooks_run_around_saving_and_loading() -> None:
    optimizer, calls = sgd([leaf(np.ones(2))]), []
    optimizer.register_state_dict_pre_hook(lambda opt: calls.append("save"))
    optimizer.register_state_dict_post_hook(lambda opt, state: {**state, "note": 1})
    optimizer.register_state_dict_post_hook(lambda opt, state: calls.append(len(state)), prepend=True)
    saved = optimizer.state_dict()
    assert saved["note"] == 1 and calls == ["save", 2]
    optimizer.register_load_state_dict_pre_hook(lambda opt, state: {**state, "param_groups": saved["param_groups"]})
    optimizer.register_load_state_dict_post_hook(lambda opt: calls.append("loaded"))
    optimizer.load_state_dict({"state": {}})
    assert calls[-1] == "loaded"


def test_the_base_class_leaves_the_step_to_others() -> None:
    with pytest.raises(NotImplementedError):
        base.Optimizer([leaf(np.ones(2))], {}).step()
