"""Where minitorch says or does more than torch: errors name the layer, a failed load changes nothing."""

import copy
import os
import pickle
import warnings

import pytest

import minitorch
from minitorch import nn


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Sequential(nn.Conv2d(5, 4, 3)))
        self.fc = nn.Linear(4, 2)

    def forward(self, x: minitorch.Tensor) -> minitorch.Tensor:
        return self.fc(self.features(x))


def message(call: object, *args: object) -> str:
    with pytest.raises(Exception) as caught:
        call(*args)  # type: ignore[operator]
    return f"{type(caught.value).__name__}: {caught.value}"


def test_an_error_in_a_layer_starts_with_the_path_of_the_layer() -> None:
    x = minitorch.zeros(1, 3, 8, 8)
    alone = message(nn.Conv2d(5, 4, 3), minitorch.zeros(1, 4, 6, 6))
    kind, text = alone.split(": ", 1)
    assert message(Net(), x) == f"{kind}: features.2.0 (Conv2d): {text}"
    assert message(nn.Sequential(Net()), x) == f"{kind}: 0.features.2.0 (Conv2d): {text}"
    assert "(" not in alone.split(":")[0]


def test_an_error_of_the_models_own_code_is_left_alone() -> None:
    class Own(nn.Module):
        def forward(self, x: object) -> None:
            raise ValueError("mine")

    assert message(Own(), 1) == "ValueError: mine"
    assert message(nn.Sequential(Own()), 1) == "ValueError: 0 (Own): mine"


def test_only_plain_errors_with_a_text_are_renamed() -> None:
    class Special(RuntimeError):
        def __str__(self) -> str:
            return "special"

    class Raises(nn.Module):
        def __init__(self, error: Exception) -> None:
            super().__init__()
            self.error = error

        def forward(self, x: object) -> None:
            raise self.error

    for error in (Special(), KeyError("k"), ValueError(1, 2), RuntimeError(), StopIteration("x")):
        before = str(error)
        with pytest.raises(type(error)) as caught:
            nn.Sequential(Raises(error))(1)
        assert caught.value is error and str(error) == before


def test_the_layer_is_named_when_hooks_are_there_too() -> None:
    net = Net()
    net.features[2][0].register_forward_hook(lambda *args: None)
    net.register_forward_pre_hook(lambda *args: None)
    assert "features.2.0 (Conv2d): " in message(net, minitorch.zeros(1, 3, 8, 8))


def test_a_failed_load_leaves_the_model_as_it_was() -> None:
    model, other = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3)), nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    before = copy.deepcopy(model.state_dict())
    bad = other.state_dict()
    bad["1.weight"] = minitorch.zeros(7)
    for state, strict in ((bad, False), (bad, True), ({"0.weight": other[0].weight}, True)):
        with pytest.raises(RuntimeError, match=r"Error\(s\) in loading state_dict for Sequential"):
            model.load_state_dict(state, strict=strict)
        with pytest.raises(RuntimeError):
            model.load_state_dict(state, strict=strict, assign=True)
        for name, value in model.state_dict().items():
            assert bool((value == before[name]).all()), name
    assert all(isinstance(p, nn.Parameter) for p in model.parameters())


def test_modules_with_hooks_and_handles_are_pickled() -> None:
    net = Net()
    handle = net.register_forward_pre_hook(print)
    twin, second = pickle.loads(pickle.dumps((net, handle)))
    assert len(twin._forward_pre_hooks) == 1
    second.remove()
    assert len(twin._forward_pre_hooks) == 0 and len(net._forward_pre_hooks) == 1


def test_a_module_pickled_before_a_field_existed_gets_it() -> None:
    net = nn.Linear(1, 1)
    state = net.__getstate__()
    del state["_load_state_dict_post_hooks"]
    old = nn.Linear.__new__(nn.Linear)
    old.__setstate__(state)
    assert len(old._load_state_dict_post_hooks) == 0


def test_a_name_that_is_left_out_says_what_to_use() -> None:
    assert message(lambda: nn.NLLLoss2d).endswith("no attribute 'NLLLoss2d'; use NLLLoss instead")
    assert message(lambda: nn.Nothing) == "AttributeError: module 'minitorch.nn' has no attribute 'Nothing'"
    assert not hasattr(nn, "Nothing")


def test_a_shared_model_is_trained_by_the_processes_forked_from_this_one() -> None:
    net = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    before = copy.deepcopy(net.state_dict())
    assert net.share_memory() is net and all(t.is_shared() for t in net.state_dict().values())
    assert all(bool((value == before[name]).all()) for name, value in net.state_dict().items())
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # newer Pythons warn of threads; the child uses none
        child = os.fork()
    if not child:
        net[0].weight.detach().numpy()[...] = 7
        os._exit(0)
    os.waitpid(child, 0)
    assert bool((net[0].weight == 7).all()) and not minitorch.zeros(2).is_shared()
    with pytest.raises(RuntimeError, match="share the tensor that it is a view of"):
        minitorch.zeros(2, 2)[0].share_memory_()


def test_a_wrong_construction_names_the_class_that_was_called() -> None:
    with pytest.raises(TypeError, match=r"^Conv2d\.__init__\(\) missing 2 required positional arguments"):
        nn.Conv2d(3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^ConstantPad1d\.__init__\(\) missing 1 required positional argument"):
        nn.ConstantPad1d(3)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"^MSELoss\.__init__\(\) got an unexpected keyword argument 'foo'"):
        nn.MSELoss(foo=1)  # type: ignore[call-arg]
