"""Gradient checks: right gradients pass, wrong ones are named."""

from typing import Any

import pytest

import minitorch as torch
from minitorch.autograd import Function, gradcheck, gradgradcheck
from minitorch.autograd.gradcheck import GradcheckError
from minitorch.tensor import Tensor


def leaf(*values: float, dtype: Any = torch.float64) -> Tensor:
    return torch.tensor(values, dtype=dtype, requires_grad=True)


class OneWrong(Function):
    """Doubles, and gets the gradient of its second element wrong."""

    @staticmethod
    def forward(ctx: Any, k: float, x: Tensor) -> Any:
        return x * 1, x * k

    @staticmethod
    def backward(ctx: Any, a: Tensor, b: Tensor) -> Any:
        wrong = b * torch.tensor([2.0, 2.5], dtype=torch.float64)
        return None, a + wrong


def test_a_wrong_gradient_is_named_with_input_output_place_and_both_values() -> None:
    with pytest.raises(GradcheckError) as caught:
        gradcheck(lambda w, x: OneWrong.apply(2.0, x), (leaf(1.0), leaf(1.0, 3.0)))
    text = str(caught.value)
    assert text.startswith("Jacobian mismatch for output 1 with respect to input 1,\n")
    assert "at element [1] of output 1 and element [1] of input 1: numerical=2, analytical=2.5" in text
    assert "numerical:tensor([[2.0000, 0.0000]," in text


def test_the_answer_can_be_a_bool_and_the_check_a_projection() -> None:
    wrong = lambda x: OneWrong.apply(2.0, x)  # noqa: E731
    assert not gradcheck(wrong, leaf(1.0, 3.0), raise_exception=False)
    with pytest.raises(GradcheckError, match="Jacobian mismatch for output 1"):
        gradcheck(wrong, leaf(1.0, 3.0), fast_mode=True)
    assert gradcheck(torch.exp, leaf(1.0, 3.0), fast_mode=True)


def test_a_wrong_second_derivative_is_found() -> None:
    class Cube(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Tensor:
            (x,) = ctx.saved_tensors
            return g * 3 * x.detach() ** 2  # right, but cut off from x

    assert gradcheck(Cube.apply, leaf(1.5))
    with pytest.raises(GradcheckError, match="with respect to input 0"):
        gradgradcheck(Cube.apply, leaf(1.5))
    assert gradgradcheck(lambda x: x**3, leaf(1.5), gen_non_contig_grad_outputs=True)


def test_complex_gradients_are_checked_as_pairs() -> None:
    z = torch.tensor([1 + 2j, 0.5 - 1j], dtype=torch.complex128, requires_grad=True)
    assert gradcheck(lambda z: z * z.conj() + z / 3, z)
    assert gradcheck(lambda z: z.abs(), z)


def test_a_backward_that_changes_its_mind_is_not_reentrant() -> None:
    calls = iter(range(1000))

    class Unsteady(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Tensor:
            return x * 2

        @staticmethod
        def backward(ctx: Any, g: Tensor) -> Tensor:
            return g * (2 + 1e-7 * next(calls))

    with pytest.raises(GradcheckError, match="Backward is not reentrant"):
        gradcheck(Unsteady.apply, leaf(1.0))
    assert gradcheck(Unsteady.apply, leaf(1.0), nondet_tol=1e-3)


def test_outputs_without_gradients_must_not_depend_on_the_inputs() -> None:
    assert gradcheck(lambda x: torch.ones(2), leaf(1.0))
    with pytest.raises(GradcheckError, match="expected to be zero"):
        gradcheck(lambda x: x.detach() * 2, leaf(1.0))


def test_unfit_inputs_are_refused_with_torchs_errors() -> None:
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(torch.exp, torch.ones(2))
    with pytest.raises(RuntimeError, match="The 0th input has a dimension with stride 0"):
        gradcheck(torch.exp, leaf(1.0).expand(3))
    with pytest.warns(UserWarning, match="Input #0 requires gradient and is not a double precision"):
        gradcheck(torch.neg, leaf(1.0, dtype=torch.float32), atol=1.0)
    for options in ({"check_backward_ad": False}, {"check_batched_forward_grad": True}):
        with pytest.raises(AssertionError, match="check_forward_ad"):
            gradcheck(torch.exp, leaf(1.0), **options)


def _two_outputs(x: Any, w: Any) -> Any:
    return ((x * w).tanh().softmax(0), (x * 2).exp().sum())


def test_forward_mode_and_batches_of_vectors_are_checked_too() -> None:
    given = (leaf(0.1, 0.5, -0.3), leaf(1.0, 2.0, 3.0))
    both = {"check_batched_grad": True, "check_forward_ad": True, "check_batched_forward_grad": True}
    assert gradcheck(_two_outputs, given, **both)
    assert gradgradcheck(_two_outputs, given, check_fwd_over_rev=True, check_batched_grad=True)


def test_a_wrong_forward_rule_is_found() -> None:
    class Square(Function):
        @staticmethod
        def forward(x: Any) -> Any:
            return x * x

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            return 2 * ctx.saved_tensors[0] * g

        @staticmethod
        def jvp(ctx: Any, t: Any) -> Any:
            return 3 * ctx.saved_tensors[0] * t

    assert gradcheck(Square.apply, (leaf(1.0, 2.0),))
    with pytest.raises(GradcheckError, match="Jacobian mismatch"):
        gradcheck(Square.apply, (leaf(1.0, 2.0),), check_forward_ad=True)


def test_missing_output_gradients_count_as_zeros() -> None:
    class Careless(Function):
        @staticmethod
        def forward(ctx: Any, x: Tensor) -> Any:
            ctx.set_materialize_grads(False)
            return x * 2, x * 3

        @staticmethod
        def backward(ctx: Any, a: Tensor, b: Tensor) -> Tensor:
            return (1 if a is None else a) * 2 + (1 if b is None else b) * 3

    with pytest.raises(GradcheckError):
        gradcheck(Careless.apply, leaf(1.0))
