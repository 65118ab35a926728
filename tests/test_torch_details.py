"""Small facts of torch 2.13 that programs meet: slopes at kinks, what is returned itself, and printed limits."""

import pytest

import minitorch as torch
import minitorch.nn.functional as F


@pytest.mark.parametrize(("align", "wanted"), [(False, [-0.3835908, 0.0306821]), (True, [-0.2320016, -0.0393653])])
def test_a_map_that_changes_nothing_takes_torchs_side_of_every_kink(align: bool, wanted: list[float]) -> None:
    torch.manual_seed(0)
    image = torch.rand(2, 1, 28, 28)
    theta = torch.tensor([[1.0, 0, 0], [0, 1, 0]]).repeat(2, 1, 1).requires_grad_()
    sampled = F.grid_sample(image, F.affine_grid(theta, (2, 1, 28, 28), align_corners=align), align_corners=align)
    (slope,) = torch.autograd.grad(sampled.square().mean(), theta)
    assert [float(slope[0, 0, 0]), float(slope[0, 1, 0])] == pytest.approx(wanted, rel=1e-4)


def test_atan2_has_no_slope_at_the_origin() -> None:
    x = torch.zeros(2, requires_grad=True)
    y = torch.tensor([0.0, 1.0], requires_grad=True)
    got = torch.autograd.grad(torch.atan2(y, x).sum(), (y, x))
    assert [g.tolist() for g in got] == [[0, 0], [0, -1]]


def test_broadcast_tensors_returns_a_tensor_that_has_the_shape_itself() -> None:
    wide, narrow = torch.ones(3, requires_grad=True), torch.ones(1, requires_grad=True)
    first, second = torch.broadcast_tensors(wide, narrow)
    assert first is wide and second is not narrow and second.shape == (3,)


def test_only_inputs_has_no_effect_but_a_warning() -> None:
    x = torch.ones(1, requires_grad=True)
    assert torch.autograd.grad(x * 3, x, only_inputs=True)[0] == 3
    with pytest.warns(FutureWarning, match="only_inputs"):
        assert torch.autograd.grad(x * 3, x, only_inputs=False)[0] == 3


def test_limits_print_as_torchs() -> None:
    assert repr(torch.iinfo(torch.int64)) == "iinfo(min=-9.22337e+18, max=9.22337e+18, dtype=int64)"
    assert repr(torch.finfo(torch.float16)).startswith("finfo(resolution=0.001, min=-65504, max=65504, eps=0.000976562")
    assert repr(torch.finfo(torch.complex64)).endswith("dtype=float32)")


def test_extrema_along_a_dimension_print_as_torchs_named_results() -> None:
    text = "torch.return_types.max(\nvalues=tensor([1., 3.]),\nindices=tensor([1, 1]))"
    assert repr(torch.arange(4.0).reshape(2, 2).max(1)) == text


def test_parts_that_do_not_broadcast_give_torchs_error() -> None:
    with pytest.raises(RuntimeError, match=r"size of tensor a \(2\) must match the size of tensor b \(3\)"):
        torch.complex(torch.ones(2), torch.ones(3))
