"""The import paths that model files written for torch use."""

import importlib

import pytest

from minitorch import nn

PATHS = {
    "activation": "ReLU", "batchnorm": "_BatchNorm", "container": "Sequential", "conv": "_ConvNd", "dropout": "Dropout",
    "instancenorm": "InstanceNorm2d", "linear": "Linear", "loss": "_Loss", "module": "Module",
    "normalization": "GroupNorm",
    "pooling": "MaxPool2d", "rnn": "LSTM", "transformer": "Transformer", "upsampling": "Upsample", "utils": "_pair",
}  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
def test_a_layer_is_found_where_torch_has_it(path: str) -> None:
    found = getattr(importlib.import_module(f"minitorch.nn.modules.{path}"), PATHS[path])
    assert found is getattr(nn, PATHS[path], found)
    assert getattr(getattr(nn.modules, path), PATHS[path]) is found


def test_layers_are_found_in_modules_itself() -> None:
    assert nn.modules.Conv2d is nn.Conv2d
    assert nn.modules.utils._triple(2) == (2, 2, 2)
    assert nn.modules.utils._reverse_repeat_tuple((1, 2), 2) == (2, 2, 1, 1)
    assert nn.common_types._size_2_t
    with pytest.raises(AttributeError, match="has no attribute 'Conv9d'"):
        _ = nn.modules.Conv9d
