"""Special functions and spectra: every name of torch.special, extreme arguments, gradients where torch has none."""

import math
from collections.abc import Callable
from typing import Any

import pytest

import minitorch as torch
from minitorch.autograd import gradcheck, gradgradcheck
from tests.parity_special_cases import BESSEL, ONES, POLYNOMIALS, TWOS

MORE = ["erfinv", "log_softmax", "logit", "logsumexp", "multigammaln", "ndtri", "polygamma", "round", "softmax"]


def test_special_has_torchs_names() -> None:
    assert set(torch.special.__all__) == {*ONES, *BESSEL, *TWOS, *POLYNOMIALS, *MORE}
    assert all(callable(getattr(torch.special, name)) for name in torch.special.__all__)


# Values of Abramowitz & Stegun's definitions, computed with 30 digits.
EXACT = [
    ("bessel_j0", 20.0, 0.16702466434058315),
    ("bessel_j1", 3.5, 0.13737752736232706),
    ("bessel_y0", 12.0, -0.22523731263436145),
    ("bessel_y1", 0.1, -6.458951094702027),
    ("bessel_y1", 22.0, 0.12340585622650761),
    ("airy_ai", -7.5, 0.32177571638064788),
    ("airy_ai", 5.0, 0.00010834442813607442),
    ("modified_bessel_k0", 3.0, 0.03473950438627925),
    ("i0e", 24.0, 0.08186828833403061),
    ("erfcx", 20.0, 0.028174348741051319),
    ("log_ndtr", -40.0, -804.6084420137538),
    ("ndtri", 1e-200, -30.20559417957964),
]


@pytest.mark.parametrize("name, x, wanted", EXACT)
def test_values_are_exact_far_from_zero(name: str, x: float, wanted: float) -> None:
    found = getattr(torch.special, name)(torch.tensor(x, dtype=torch.float64)).item()
    assert math.isclose(found, wanted, rel_tol=1e-12)


def test_incomplete_gamma_functions_of_large_arguments_add_up_to_one() -> None:
    a = torch.tensor([1e2, 1e3, 1e4, 1e5], dtype=torch.float64)
    x = a + a.sqrt() * torch.tensor([[-2.0], [0.0], [2.0]], dtype=torch.float64)
    lower, upper = torch.igamma(a, x), torch.igammac(a, x)
    assert ((lower + upper - 1).abs() < 1e-13).all()
    normal = torch.special.ndtr(torch.tensor([[-2.0], [0.0], [2.0]], dtype=torch.float64)).expand(3, 4)
    assert ((lower - normal)[:, 3].abs() < 2e-3).all()


Z = (torch.arange(20.0, dtype=torch.float64) * 0.7).sin()
W = torch.hann_window(8, dtype=torch.float64) + 0.1
CALLS: list[Callable[..., Any]] = [
    lambda x: torch.stft(x, 8, 3, window=W, return_complex=True),
    lambda x: torch.stft(x, 7, 2, win_length=5, normalized=True, onesided=False, return_complex=True),
    lambda x: torch.istft(torch.stft(x, 8, 2, window=W, return_complex=True) ** 2, 8, 2, window=W),
    lambda x: torch.istft(torch.stft(torch.complex(x, x * 2), 8, 2, window=W), 8, 2, window=W, return_complex=True),
]


@pytest.mark.parametrize("call", CALLS)
def test_gradients_of_spectra_agree_with_differences(call: Callable[..., Any]) -> None:
    x = Z.clone().requires_grad_()
    assert gradcheck(call, (x,))
    assert gradgradcheck(call, (x,))


@pytest.mark.parametrize("name", ["tanh", "sigmoid"])
def test_second_gradients_of_complex_functions_agree_with_differences(name: str) -> None:
    z = torch.tensor([0.3 + 0.4j, -0.7 + 0.2j], dtype=torch.complex128, requires_grad=True)
    assert gradgradcheck(getattr(torch, name), (z,))
