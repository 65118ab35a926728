"""Names that programs written for torch ask for exist, and behave as in torch's CPU build."""

import hashlib
import importlib
import warnings
from pathlib import Path

import pytest

import minitorch
from minitorch import amp


@pytest.mark.parametrize(
    "name", ["cuda", "cuda.amp", "backends.cudnn", "backends.mps", "amp", "fx", "accelerator", "version"]
)
def test_modules_of_devices_and_flags_can_be_imported(name: str) -> None:
    module = importlib.import_module(f"minitorch.{name}")
    found = minitorch
    for part in name.split("."):
        found = getattr(found, part)
    assert found is module


def test_nothing_is_scripted_traced_or_compiled() -> None:
    assert not minitorch.jit.is_scripting() and not minitorch.jit.is_tracing()
    assert not minitorch.compiler.is_compiling()
    for mark in (minitorch.jit.unused, minitorch.jit.export, minitorch.jit.script, minitorch.jit.ignore,
                 minitorch.fx.wrap, minitorch.jit.ignore(drop=True), minitorch.jit._script_if_tracing,
                 minitorch.compile, minitorch.compile(dynamic=True), minitorch.compiler.disable()):  # fmt: skip
        assert mark(len) is len
    with pytest.raises(RuntimeError, match="Either mode or options"):
        minitorch.compile(len, mode="default", options={})


def test_there_is_no_other_device() -> None:
    for device in (minitorch.cuda, minitorch.mps, minitorch.xpu, minitorch.accelerator):
        assert not device.is_available() and device.device_count() == 0
    minitorch.cuda.empty_cache()
    minitorch.cuda.manual_seed_all(0)
    with pytest.raises(AssertionError, match="not compiled with CUDA"):
        minitorch.cuda.synchronize()
    with pytest.raises(AssertionError, match="not compiled with CUDA"):
        minitorch.set_default_device("cuda")
    with pytest.raises(RuntimeError, match="requires CUDA support"):
        minitorch.cuda.Stream()
    with pytest.raises(RuntimeError, match="none is available"):
        minitorch.accelerator.synchronize()
    assert minitorch.accelerator.current_accelerator() is None
    assert minitorch.get_default_device() == minitorch.device("cpu")


def test_flags_can_be_set_and_read() -> None:
    cudnn = minitorch.backends.cudnn
    with cudnn.flags(benchmark=True):
        assert cudnn.benchmark
    assert not cudnn.benchmark
    assert minitorch.backends.cpu.get_cpu_capability() in ("AVX512", "AVX2", "DEFAULT")
    minitorch.use_deterministic_algorithms(True, warn_only=True)
    assert minitorch.are_deterministic_algorithms_enabled() and minitorch.get_deterministic_debug_mode() == 1
    minitorch.set_deterministic_debug_mode(0)
    assert not minitorch.are_deterministic_algorithms_enabled()


def test_an_assertion_raises_with_its_message() -> None:
    minitorch._assert(True, "fine")
    with pytest.raises(AssertionError, match="too small"):
        minitorch._assert(minitorch.tensor(1) > 2, "too small")


def test_tensor_types_make_tensors_and_tell_their_kind() -> None:
    x = minitorch.LongTensor([1, 2])
    assert x.dtype is minitorch.int64 and x.tolist() == [1, 2]
    assert isinstance(x, minitorch.LongTensor) and not isinstance(x, minitorch.FloatTensor)
    assert minitorch.FloatTensor(2, 3).shape == (2, 3)
    assert x.type(minitorch.DoubleTensor).type() == "torch.DoubleTensor" == minitorch.typename(x.double())
    with pytest.raises(ValueError, match="invalid type: 'foo'"):
        x.type("foo")


def test_functions_write_as_the_methods_do() -> None:
    x = minitorch.tensor([-1.5])
    assert minitorch.abs_(x) is x and x.item() == 1.5
    assert not minitorch.is_complex(x) and minitorch.get_device(x) == -1


def test_a_name_that_is_left_out_says_what_to_use_instead() -> None:
    with pytest.raises(AttributeError, match=r"use minitorch\.arange instead"):
        minitorch.range  # noqa: B018
    with pytest.raises(AttributeError, match=r"no attribute 'nonexistent'$"):
        minitorch.nonexistent  # noqa: B018
    assert not hasattr(minitorch, "nested")


def test_questions_about_exports_groups_and_profilers_are_answered_as_where_there_are_none() -> None:
    assert not minitorch.onnx.is_in_onnx_export() and not minitorch.distributed.is_initialized()
    with pytest.raises(ValueError, match="Default process group has not been initialized"):
        minitorch.distributed.get_rank()
    with minitorch.profiler.record_function("block") as block:
        assert block.name == "block"


# ---------------------------------------------------------------- mixed precision


def test_autocast_is_a_block_and_a_decorator_that_keeps_dtypes() -> None:
    with minitorch.autocast("cpu"):
        assert minitorch.is_autocast_enabled("cpu")
        assert (minitorch.ones(2, 2) @ minitorch.ones(2, 2)).dtype is minitorch.float32
    assert not minitorch.is_autocast_enabled("cpu")
    assert amp.autocast("cpu")(lambda: minitorch.is_autocast_enabled("cpu"))()
    with pytest.warns(UserWarning, match="Disabling autocast"):
        amp.autocast("cuda")
    with pytest.raises(ValueError, match="Expected `device_type` of type `str`"):
        amp.autocast(3)


def scaled_step(scaler: amp.GradScaler, gradient: float) -> float:
    x = minitorch.tensor([1.0], requires_grad=True)
    optimizer = minitorch.optim.SGD([x], lr=0.5)
    scaler.scale((x * gradient).sum()).backward()
    scaler.step(optimizer)
    scaler.update()
    return x.item()


def test_the_scaler_leaves_out_steps_that_overflow_and_adapts() -> None:
    scaler = amp.GradScaler("cpu", init_scale=4.0, growth_interval=2)
    assert scaled_step(scaler, 1.0) == 0.5
    assert scaled_step(scaler, float("inf")) == 1.0
    assert scaler.get_scale() == 2.0
    assert [scaled_step(scaler, 1.0) for _ in range(2)] == [0.5, 0.5]
    assert scaler.get_scale() == 4.0
    twin = amp.GradScaler("cpu")
    twin.load_state_dict(scaler.state_dict())
    assert twin.state_dict() == scaler.state_dict()


def test_the_scaler_of_an_absent_device_does_nothing() -> None:
    with pytest.warns(UserWarning, match="Disabling"):
        scaler = amp.GradScaler()
    assert scaler.state_dict() == {} and scaler.get_scale() == 1.0
    assert scaled_step(scaler, 1.0) == 0.5
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        amp.GradScaler("cuda", enabled=False)


def test_the_scaler_says_what_was_called_twice() -> None:
    scaler = amp.GradScaler("cpu")
    optimizer = minitorch.optim.SGD([minitorch.zeros(1, requires_grad=True)], lr=0.1)
    scaler.unscale_(optimizer)
    with pytest.raises(RuntimeError, match=r"unscale_\(\) has already been called"):
        scaler.unscale_(optimizer)
    scaler.step(optimizer)
    with pytest.raises(RuntimeError, match=r"step\(\) has already been called"):
        scaler.step(optimizer)


def test_the_hub_loads_a_state_dict_by_url_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "home"))
    source = tmp_path / "weights.pt"
    minitorch.save(minitorch.nn.Linear(2, 3).state_dict(), source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()
    named = source.rename(tmp_path / f"weights-{digest[:8]}.pt")
    found = minitorch.hub.load_state_dict_from_url(named.as_uri(), check_hash=True)
    kept = Path(minitorch.hub.get_dir()) / "checkpoints" / named.name
    assert list(found) == ["weight", "bias"] and kept.is_relative_to(tmp_path / "home")
    named.unlink()
    assert list(minitorch.hub.load_state_dict_from_url(named.as_uri())) == ["weight", "bias"]
    wrong = kept.rename(tmp_path / "weights-00000000.pt")
    with pytest.raises(RuntimeError, match="invalid hash value"):
        minitorch.hub.load_state_dict_from_url(wrong.as_uri(), check_hash=True)
    assert not list(kept.parent.iterdir())
