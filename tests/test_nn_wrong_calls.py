"""Wrong arguments and dtypes that are not computed on raise the exception types that torch raises."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import pytest

import minitorch
from tests.nn_wrong_calls import CALLS, outcome_type

RECORDED: dict[str, str] = json.loads((Path(__file__).parent / "data" / "nn_wrong_calls.json").read_text())

INTS = "integers and bools are averaged by no kernel here"
BOOLS = "bools pass as 0 and 1, or the other way round"
DIFFERENT = {
    "nn.LocalResponseNorm(2)(ints(2,3,4))": INTS, "F.local_response_norm(ints(2,3,4),2)": INTS,
    "F.avg_pool2d(ints(1,4,4),2)": INTS, "F.lp_pool2d(ints(1,4,4),2,2)": INTS, "F.lp_pool2d(bools(1,4,4),2,2)": INTS,
    "F.hinge_embedding_loss(ints(2),ints(2))": "the margin makes them floats",
    "F.gaussian_nll_loss(ints(2),ints(2),ints(2))": "the variance's lower bound makes them floats",
    "F.margin_ranking_loss(ints(2),ints(2),ints(2))": "the mean of integers is refused, as for the other losses",
    "F.soft_margin_loss(ints(2),ints(2))": "another step refuses them", "F.threshold(bools(3),0,1)": BOOLS,
    "F.soft_margin_loss(bools(2),bools(2))": "another step refuses them",
    "F.max_pool2d(bools(1,4,4),2)": BOOLS, "F.unfold(bools(1,1,4,4),2)": BOOLS, "F.fold(bools(1,4,9),(4,4),2)": BOOLS,
    "nn.GRUCell(3,4)(halves(2,3))": "cells compute in the weights' dtype",
    "F.ctc_loss(halves(3,1,4),torch.tensor([[1]]),torch.tensor([3]),torch.tensor([1]))": "another step refuses them",
    "F.multi_margin_loss(halves(2,3),torch.tensor([0,1]))": "half precision goes through float32",
    "nn.AvgPool2d(2)(torch.zeros(3))": "RuntimeError says what input is wanted", "nn.LPPool2d(2, 3)(torch.zeros(3))":
    "RuntimeError says what input is wanted", "nn.Unfold(3)(torch.zeros(3))": "RuntimeError says what input is wanted",
    "nn.Linear(2, 2).to(3.5)": "torch takes a number for a device",
}  # fmt: skip


@pytest.mark.parametrize("call", CALLS)
def test_a_wrong_call_raises_torchs_type(call: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        got = outcome_type(minitorch, call)
    assert (got != RECORDED[call]) == (call in DIFFERENT), f"{got} instead of {RECORDED[call]}"
