"""Safetensors files: what is written is what is read, by us and by the library, and failures leave files alone."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import minitorch as torch
from minitorch import nn
from minitorch.io import load, load_file, save, save_file

NAMES = ["bool", "uint8", "int8", "int16", "int32", "int64", "float16", "bfloat16", "float32", "float64", "complex64"]
DTYPES = [getattr(torch, name) for name in NAMES]


@pytest.mark.parametrize("dtype", DTYPES, ids=repr)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3), (2, 1, 3, 2)])
def test_every_dtype_and_shape_survives(dtype: Any, shape: tuple[int, ...]) -> None:
    tensor = torch.arange(int(np.prod(shape))).reshape(shape).to(dtype)
    back = load(save({"x": tensor}))["x"]
    assert back.dtype is dtype and back.shape == shape
    assert torch.equal(back, tensor)


def test_a_transposed_and_a_convolutions_result_are_written_in_their_logical_order() -> None:
    image = torch.arange(16.0).reshape(1, 1, 4, 4)
    tensors = {
        "t": torch.arange(6.0).reshape(2, 3).t(),
        "conv": nn.functional.conv2d(image, torch.ones(2, 1, 1, 1)),
    }
    read = safetensors.numpy.load(save(tensors))
    for name, tensor in tensors.items():
        assert read[name].tolist() == tensor.tolist()


def test_files_of_the_library_are_read_into_memory_that_may_be_written(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    safetensors.numpy.save_file({"x": np.arange(3, dtype=np.float32)}, path)
    x = load_file(path)["x"]
    x += 1
    assert x.tolist() == [1, 2, 3]


def test_metadata_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.safetensors"
    save_file({"x": torch.ones(1)}, path, {"epoch": "3"})
    with safetensors.safe_open(path, framework="np") as file:
        assert file.metadata() == {"epoch": "3"}


def test_a_model_with_batch_normalisation_gives_the_same_scores_after_loading(tmp_path: Path) -> None:
    def model() -> nn.Module:
        return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Flatten(), nn.Linear(16, 2))

    torch.manual_seed(0)
    trained, fresh, x = model(), model(), torch.randn(3, 1, 4, 4)
    trained(x)  # moves the running statistics
    save_file(trained.state_dict(), tmp_path / "m")
    fresh.load_state_dict(load_file(tmp_path / "m"))
    assert torch.equal(fresh.eval()(x), trained.eval()(x))


@pytest.mark.parametrize(
    "tensors, message",
    [
        ([torch.ones(1)], "save: expected a dict of tensors, got list"),
        ({"x": 1.0}, "save: key 'x' is invalid"),
        ({3: torch.ones(1)}, "save: key 3 is invalid"),
        ({"x": torch.ones(1).to(torch.complex128)}, "dtype=torch.complex128"),
    ],
)
def test_what_cannot_be_saved_is_named(tensors: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        save(tensors)


def test_a_failed_save_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "x"
    save_file({"x": torch.ones(1)}, path)
    with pytest.raises(ValueError):
        save_file({"x": 1}, path)  # type: ignore[dict-item]
    with pytest.raises(OSError, match="cannot write"):
        save_file({"x": torch.zeros(1)}, tmp_path / "missing" / "x")
    assert [p.name for p in tmp_path.iterdir()] == ["x"]
    assert load_file(path)["x"].tolist() == [1]


@pytest.mark.parametrize("data", [b"", b"12345678", b"x" * 40, save({"x": torch.ones(4)})[:-1]])
def test_a_broken_file_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "broken").write_bytes(data)
    with pytest.raises(ValueError, match=r"load_file: filename='.*broken' is not a whole safetensors file"):
        load_file(tmp_path / "broken")


def test_a_dtype_that_minitorch_lacks_is_named() -> None:
    header = b'{"x":{"dtype":"F8_E4M3","shape":[1],"data_offsets":[0,1]}}'
    with pytest.raises(ValueError, match="F8_E4M3"):
        load(len(header).to_bytes(8, "little") + header + b"\0")


def test_a_missing_file_is_the_operating_systems_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        load_file(tmp_path / "none")


def test_without_the_library_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "safetensors", None)
    for call in (lambda: save({}), lambda: load(b"")):
        with pytest.raises(ModuleNotFoundError, match="pip install safetensors"):
            call()
