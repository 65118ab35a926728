"""Distributions draw torch's numbers, and give its densities, gradients, divergences, texts and errors."""

import math
from collections.abc import Callable
from typing import Any

import pytest

import minitorch as torch
from minitorch.distributions import Distribution, Normal, kl_divergence, register_kl
from tests.programs_for_torch import with_minitorch

PROGRAM = with_minitorch("distributions")


def near(got: Any, wanted: Any) -> bool:
    """Return whether two facts are equal, numbers to 2e-5 of their size."""
    if isinstance(wanted, list):
        return isinstance(got, list) and len(got) == len(wanted) and all(map(near, got, wanted))
    if not isinstance(wanted, float) or math.isnan(wanted):
        return bool(got == wanted) or bool(got != got and wanted != wanted)
    return math.isclose(got, wanted, rel_tol=2e-5, abs_tol=2e-6)


@pytest.mark.parametrize("name", PROGRAM["NAMES"])
def test_a_distribution_is_torchs(name: str, recorded: Callable[[str], Any]) -> None:
    got, wanted = PROGRAM["run"](name), recorded("distributions")[name]
    assert got.keys() == wanted.keys()
    different = {fact: (got[fact], wanted[fact]) for fact in got if not near(got[fact], wanted[fact])}
    assert not different


@pytest.mark.parametrize("part", ["divergences", "said"])
def test_divergences_texts_and_errors_are_torchs(part: str, recorded: Callable[[str], Any]) -> None:
    got, wanted = PROGRAM[part](), recorded("distributions")[part]
    assert got.keys() == wanted.keys()
    different = {fact: (got[fact], wanted[fact]) for fact in got if not near(got[fact], wanted[fact])}
    assert not different


def test_a_divergence_of_ones_own_kind_can_be_registered() -> None:
    class Strange(Normal):
        pass

    with pytest.raises(TypeError, match="type_p"):
        register_kl(int, Strange)  # type: ignore[arg-type]

    @register_kl(Strange, Strange)
    def _strange(p: Strange, q: Strange) -> torch.Tensor:
        return torch.tensor(7.0)

    assert kl_divergence(Strange(0.0, 1.0), Strange(0.0, 1.0)) == 7
    assert kl_divergence(Strange(0.0, 1.0), Normal(0.0, 1.0)) == 0
    with pytest.raises(NotImplementedError, match="No KL"):
        kl_divergence(Normal(0.0, 1.0), torch.distributions.Bernoulli(0.5))


def test_checks_can_be_turned_off_for_all() -> None:
    Distribution.set_default_validate_args(False)
    try:
        assert Normal(0.0, -1.0).scale == -1
    finally:
        Distribution.set_default_validate_args(True)
    with pytest.raises(ValueError, match="scale"):
        Normal(0.0, -1.0)


def test_the_score_function_and_the_path_agree() -> None:
    """Both estimators of the slope of E[x**2] come to 2 * loc."""
    torch.manual_seed(0)
    loc = torch.tensor(0.7, requires_grad=True)
    d = Normal(loc, 0.5)
    (path,) = torch.autograd.grad(d.rsample((200_000,)).square().mean(), loc)
    x = d.sample((200_000,))
    (score,) = torch.autograd.grad((d.log_prob(x) * (x.square() - 0.74)).mean(), loc)
    assert float(path) == pytest.approx(1.4, abs=0.02) and float(score) == pytest.approx(1.4, abs=0.03)
