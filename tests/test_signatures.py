"""Every name of torch's nn and optim that minitorch promises exists, with torch's arguments and defaults."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

import pytest

import minitorch
from tests.signatures import arguments

RECORDED: dict[str, Any] = json.loads((Path(__file__).parent / "data" / "signatures.json").read_text())

# What torch's modules hold beside their promise (other modules' names), and what minitorch leaves out on purpose.
LEAKED = {
    "nn": "factory_kwargs", "nn.functional": "ScalingType SwizzleType Tensor assert_int_or_pair boolean_dispatch "
    "handle_torch_function has_torch_function has_torch_function_unary has_torch_function_variadic",
    "nn.utils.rnn": "PackedSequence_ bind copy_method_params", "optim.lr_scheduler": "Optimizer Tensor",
    "nn.utils.parametrize": "OpaqueBase get_swap_module_params_on_conversion is_opaque_reference_type "
    "is_traceable_wrapper_subclass", "nn.utils.stateless": "NamedMemberAccessor Tensor",
    "nn.modules.module": "BackwardHook Buffer Parameter device dtype is_traceable_wrapper_subclass",
    "optim.Optimizer": "OptimizerPostHook OptimizerPreHook profile_hook_step",
}  # fmt: skip
LEFT_OUT = {
    "nn": "AdaptiveLogSoftmaxWithLoss Container CrossMapLRN2d FractionalMaxPool2d FractionalMaxPool3d "
    "LinearCrossEntropyLoss LinearCrossEntropyOptions NLLLoss2d",
    "nn.functional": "adaptive_max_pool1d_with_indices adaptive_max_pool2d_with_indices conv_tbc scaled_mm "
    "adaptive_max_pool3d_with_indices fractional_max_pool2d fractional_max_pool2d_with_indices grouped_mm "
    "fractional_max_pool3d fractional_max_pool3d_with_indices linear_cross_entropy max_pool1d_with_indices "
    "max_pool2d_with_indices max_pool3d_with_indices native_channel_shuffle scaled_grouped_mm",
    "nn.attention": "SDPAParams activate_flash_attention_impl can_use_efficient_attention "
    "can_use_flash_attention current_flash_attention_impl list_flash_attention_impls register_flash_attention_impl "
    "restore_flash_attention_impl", "optim": "SparseAdam swap_in_optimizer_params_and_state",
    "nn.utils.rnn.PackedSequence": "byte char cuda half int long short",
}  # fmt: skip
DEVICES = {"ipu", "mtia", "xpu"}  # methods of every Module for devices that do not exist
# torch's wrappers hide the arguments; minitorch's functions write to `out`, too.
UNLIKE = {
    *(f"nn.functional.{kind}max_pool{n}d" for kind in ("", "adaptive_") for n in (1, 2, 3)), "nn.functional.sigmoid",
    "nn.functional.tanh", "nn.ParameterDict.__call__", "nn.utils.rnn.PackedSequence.cpu",
    "nn.parameter.UninitializedTensorMixin", "nn.functional.one_hot",  # whose documentation is wrong
}  # fmt: skip


def found(path: str) -> Any:
    """Return what stands at a dotted path below minitorch."""
    value: Any = minitorch
    names = path.split(".")
    for i, name in enumerate(names):
        if not hasattr(value, name):
            value = importlib.import_module(".".join(["minitorch", *names[: i + 1]]))
        else:
            value = getattr(value, name)
    return value


def promised(path: str) -> list[str]:
    without = set(f"{LEAKED.get(path, '')} {LEFT_OUT.get(path, '')}".split()) | DEVICES
    return [name for name in RECORDED[path] if name not in without]


@pytest.mark.parametrize("path", [path for path in RECORDED if "(" not in path])
def test_every_name_takes_torchs_arguments(path: str) -> None:
    holder = found(path)
    differing = {}
    for name in promised(path):
        wanted, got = RECORDED[path][name], arguments(getattr(holder, name))
        if wanted is not None and f"{path}.{name}" not in UNLIKE and got != wanted:
            differing[name] = (wanted, got)
    assert not differing


@pytest.mark.parametrize("path", [path for path in RECORDED if "(" in path])
def test_every_built_in_function_takes_the_arguments_of_torchs_documentation(path: str) -> None:
    holder = found(path.split(" (")[0])
    for name in promised(path.split(" (")[0]):
        wanted = RECORDED[path].get(name)
        in_place = name.endswith("_")  # those pass on what they get
        if wanted is not None and not in_place and f"nn.functional.{name}" not in UNLIKE:
            got = [each.split("=")[0] for each in arguments(getattr(holder, name)) or []]
            assert [each for each in got if each not in ("*", "/", "out")] == wanted, name


@pytest.mark.parametrize("path", LEFT_OUT)
def test_a_name_that_is_left_out_is_really_missing(path: str) -> None:
    there = [name for name in LEFT_OUT[path].split() if hasattr(found(path), name)]
    assert not there, f"{there} exist: take them off LEFT_OUT"
