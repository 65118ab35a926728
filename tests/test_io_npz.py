"""Archives of NumPy: what is written is what is read, here and in NumPy; failures leave files alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch as torch
from minitorch.io import load_npz, save_npz

NAMES = ["bool", "uint8", "int8", "int16", "int32", "int64", "uint16", "uint32", "uint64", "float16", "bfloat16"]
NAMES += ["float32", "float64", "complex64", "complex128"]


@pytest.mark.parametrize("compressed", [False, True])
def test_every_dtype_and_shape_survives(compressed: bool, tmp_path: Path) -> None:
    tensors = {
        f"{name}.{shape}": torch.ones(shape).to(getattr(torch, name))
        for name in NAMES
        for shape in ((), (0, 3), (2, 1, 3))
    }
    tensors["turned"] = torch.arange(6.0).reshape(2, 3).t()
    save_npz(tensors, tmp_path / "x.npz", compressed)
    back = load_npz(tmp_path / "x.npz")
    assert back.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert back[name].dtype is tensor.dtype and back[name].shape == tensor.shape
        assert back[name].tolist() == tensor.tolist()
    back["turned"].fill_(3)
    with np.load(tmp_path / "x.npz") as archive:
        assert archive["turned"].tolist() == tensors["turned"].tolist()


def test_archives_of_numpy_are_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", a=np.arange(3, dtype=">i4"), b=np.float32(2.5))
    back = load_npz(str(tmp_path / "x.npz"))
    assert back["a"].dtype is torch.int32 and back["a"].tolist() == [0, 1, 2] and back["b"].item() == 2.5


def test_damaged_and_foreign_files_are_errors_with_their_name(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    save_npz({"x": torch.arange(100)}, path)
    whole = path.read_bytes()
    flipped = bytearray(whole)
    flipped[len(whole) // 2] ^= 1
    for content in (b"", whole[:50], whole[:-30], bytes(flipped), b"no archive"):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"load_npz: '.*x\.npz' is not a whole archive"):
            load_npz(path)
    np.savez(path, text=np.array(["a"]))
    with pytest.raises(ValueError, match="'text' has dtype <U1"):
        load_npz(path)
    np.savez(path, objects=np.array([{}]))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        load_npz(path)
    with open(path, "wb") as file:
        np.save(file, np.arange(3))
    with pytest.raises(ValueError, match="one array"):
        load_npz(path)
    with pytest.raises(FileNotFoundError):
        load_npz(tmp_path / "none.npz")


@pytest.mark.parametrize("wrong", [[1], {1: torch.ones(1)}, {"x": 3}])
def test_what_is_no_dict_of_tensors_is_an_error_and_leaves_the_file(wrong: Any, tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    save_npz({"x": torch.ones(1)}, path)
    with pytest.raises(ValueError, match="save_npz: "):
        save_npz(wrong, path)
    assert load_npz(path)["x"].tolist() == [1] and list(tmp_path.iterdir()) == [path]
