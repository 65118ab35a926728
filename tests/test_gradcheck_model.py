"""The checker of whole models names what is wrong: the operation, the layer, the line, the parameter, the element."""

import itertools
from typing import Any

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn
from minitorch.autograd import Function, GradcheckError
from minitorch.tensor import Tensor


class Scale(Function):
    """A product whose gradients have a fault: of the input at [1, 2], or of the weight at [0]."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, w: Tensor, fault: str) -> Tensor:
        ctx.save_for_backward(x, w)
        ctx.fault = fault
        return x * w

    @staticmethod
    def backward(ctx: Any, g: Tensor) -> Any:
        x, w = ctx.saved_tensors
        gx, gw = g * w, (g * x).sum(0)
        if ctx.fault == "input":
            gx[1, 2] = gx[1, 2] * 1.01
        if ctx.fault == "weight":
            gw[0] = gw[0] + 0.1
        return gx, gw, None


class Layer(nn.Module):
    def __init__(self, fault: str = "") -> None:
        super().__init__()
        self.scale, self.fault = nn.Parameter(torch.full((3,), 2.0)), fault

    def forward(self, x: Tensor) -> Tensor:
        return Scale.apply(x, self.scale, self.fault)


def _model(fault: str) -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 3), nn.Sequential(Layer(), Layer(fault)), nn.Tanh(), Layer("input"))


def _inputs() -> Tensor:
    torch.manual_seed(1)
    return torch.randn(4, 3)


def test_a_right_model_passes_and_is_left_alone() -> None:
    model = nn.Sequential(
        nn.Conv1d(2, 3, 3), nn.BatchNorm1d(3), nn.GELU(), nn.Flatten(), nn.Dropout(0.5), nn.Linear(6, 2)
    )
    before = {name: value.clone() for name, value in model.state_dict().items()}
    report = torch.gradcheck_model(model, torch.randn(3, 2, 4))
    assert report and report.checked >= 6
    assert not report.nondeterministic and not report.disconnected
    assert all((before[name] == value).all() for name, value in model.state_dict().items())
    assert model[0].weight.grad is None and model[0].weight.dtype is torch.float32


@pytest.mark.parametrize(("fault", "element"), [("input", (0, (1, 2))), ("weight", (1, (0,)))])
def test_the_first_wrong_operation_is_named_to_the_element(fault: str, element: tuple[int, tuple[int, ...]]) -> None:
    report = torch.gradcheck_model(_model(fault), _inputs(), raise_exception=False)
    first = report.errors[0]
    assert not report
    assert (first.input, first.index) == element
    assert first.call.layer == "1.1 (Layer) of Sequential"
    assert first.call.line.startswith("test_gradcheck_model.py:")
    assert first.parameter == ("1.1.scale" if fault == "weight" else "")
    assert abs(first.analytical - first.numerical) > 1e-4


def test_the_error_carries_the_report() -> None:
    with pytest.raises(GradcheckError, match=r"ScaleBackward in layer 3 \(Layer\) of Sequential") as caught:
        torch.gradcheck_model(_model(""), _inputs())
    assert len(caught.value.report.errors) == 1  # type: ignore[attr-defined]


def test_kinks_are_pointed_out_and_are_no_errors() -> None:
    report = torch.gradcheck_model(nn.ReLU(), torch.tensor([0.0, 1.0, -1.0], requires_grad=True))
    assert report and [kink.index for kink in report.kinks] == [(0,)]


def test_a_wrong_slope_at_a_kink_is_an_error() -> None:
    class Relu(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x.clamp(min=0)

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Tensor:
            return g * 3

    report = torch.gradcheck_model(Relu.apply, torch.zeros(2, requires_grad=True), raise_exception=False)
    assert {error.index for error in report.errors} == {(0,), (1,)}


def test_noise_that_the_seed_does_not_hold_is_reported() -> None:
    class Noise(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * float(np.random.default_rng().random())

    report = torch.gradcheck_model(nn.Sequential(nn.Linear(2, 2), Noise()), torch.ones(1, 2))
    assert report.nondeterministic == ["the model: two runs from the same random state differ"]


def test_an_operation_that_differs_from_run_to_run_is_named() -> None:
    turns = itertools.count()

    class Moody(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Tensor:
            return g * (2 + next(turns))

    report = torch.gradcheck_model(Moody.apply, torch.ones(2, requires_grad=True), raise_exception=False)
    assert len(report.nondeterministic) == 1 and report.nondeterministic[0].startswith("MoodyBackward")


def test_parameters_off_the_tape_are_found() -> None:
    class Cut(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = nn.Linear(2, 2), nn.Linear(2, 2)

        def forward(self, x: Tensor) -> Tensor:
            return self.second(self.first(x).detach()) + self.first.weight.data.sum() * self.second.bias

    report = torch.gradcheck_model(Cut(), torch.ones(1, 2))
    assert report.disconnected == ["first.weight", "first.bias"]


def test_writes_in_place_are_checked_on_the_values_before() -> None:
    def model(x: Tensor) -> Tensor:
        y = x * 2
        y.sin_()
        y[0] = y[1] * 3
        y[1:].mul_(x[1:])
        return y

    report = torch.gradcheck_model(model, torch.tensor([0.1, 0.2, 0.3], requires_grad=True))
    assert report and report.checked >= 5


def test_a_loss_and_keywords_are_taken() -> None:
    classes = torch.tensor([0, 1, 2, 0])
    report = torch.gradcheck_model(
        nn.Linear(3, 3), {"input": _inputs()}, loss=lambda out: nn.functional.cross_entropy(out, classes)
    )
    assert report.checked == 2
