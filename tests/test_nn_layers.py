"""Every layer shows what torch's shows: repr, state, initial values, outputs, gradients, running statistics."""

import json
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch import nn
from tests.nn_cases import CASES
from tests.nn_probe import build, initial, probe, run

HERE = Path(__file__).parent
RECORDED: dict[str, Any] = json.loads((HERE / "data" / "nn_layers.json").read_text())
LAYERS = list(CASES)
each_layer = pytest.mark.parametrize("layer", LAYERS)


def same(got: Any, wanted: Any, rtol: float, where: str) -> None:
    """Compare two digests."""
    assert got[0] == wanted[0], f"{where}: shape {got[0]}, torch has {wanted[0]}"
    close = np.isclose([got[1], *got[2]], [wanted[1], *wanted[2]], rtol=rtol, atol=rtol)
    assert close.all(), f"{where}: {got[1:]}, torch has {wanted[1:]}"


def same_all(got: dict[str, Any], wanted: dict[str, Any], rtol: float, where: str) -> None:
    assert list(got) == list(wanted), where
    for name, value in wanted.items():
        same(got[name], value, rtol, f"{where} {name}")


def test_the_recording_has_every_layer() -> None:
    assert set(RECORDED) == set(CASES)


@each_layer
def test_repr_is_torchs(layer: str) -> None:
    assert repr(build(minitorch, layer)) == RECORDED[layer]["repr"]


@each_layer
def test_state_and_initial_values_are_torchs(layer: str) -> None:
    got, wanted = initial(build(minitorch, layer)), RECORDED[layer]["initial"]
    assert list(got) == list(wanted)
    for name, (dtype, values) in wanted.items():
        assert got[name][0] == dtype
        same(got[name][1], values, 2e-6, name)


@each_layer
def test_outputs_and_gradients_are_torchs(layer: str) -> None:
    got, wanted = probe(minitorch, layer, CASES[layer]), RECORDED[layer]
    for part in ("train", "eval", "buffers"):
        if part in wanted:
            same_all(got.get(part, got.get("train")), wanted[part], 1e-6, part)


@each_layer
def test_a_pickled_copy_computes_the_same(layer: str) -> None:
    import copy
    import pickle

    module = build(minitorch, layer).double().eval()
    wanted = run(minitorch, module, CASES[layer])
    for twin in (pickle.loads(pickle.dumps(module)), copy.deepcopy(module)):
        assert run(minitorch, twin, CASES[layer]) == wanted
        assert repr(twin) == repr(module)


def test_every_layer_of_the_package_is_recorded() -> None:
    called = [layer for path in HERE.glob("nn_*_cases.py") for layer in import_module(f"tests.{path.stem}").CASES]
    recorded = {layer.split("(")[0].removeprefix("nn.") for layer in [*CASES, *called]} | {"RNNBase", "RNNCellBase"}
    containers = {"Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"}
    public = {n for n, c in vars(nn).items() if isinstance(c, type) and issubclass(c, nn.Module)}
    lazy = {name for name in public if name.startswith("Lazy")}  # what they show before an input is in nn_lazy_cases
    elsewhere = {"DepthwiseConv2d", "SeparableConv2d", "DataParallel", "SyncBatchNorm"}  # with tests of their own
    assert public - containers - lazy - elsewhere <= recorded
