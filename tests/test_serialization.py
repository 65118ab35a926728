"""Files of torch.save: torch's own load with equal values, ours come back as they were."""

import io
import os
import pickle
import zipfile
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn
from minitorch.serialization import UnpicklingError, add_safe_globals, clear_safe_globals, safe_globals

from .programs_for_torch import with_minitorch

FILES = Path(__file__).parent / "data" / "files"
NAMES = sorted(path.stem for path in FILES.glob("*.pt") if path.stem != "module")
PROGRAM = with_minitorch("checkpoints")
described = PROGRAM["described"]


def plain(value: Any) -> Any:
    """Return a description as JSON would give it back."""
    return [plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def saved(value: Any) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return file


# ---------------------------------------------------------------- torch's files and ours


@pytest.mark.parametrize("name", NAMES)
def test_files_of_torch_load_with_equal_values(name: str, recorded: Callable[[str], Any]) -> None:
    assert plain(described(torch.load(FILES / f"{name}.pt"))) == recorded("files")[name]


@pytest.mark.parametrize("name", ["training", "tensors", "values", "conjugate"])
def test_mapped_files_hold_the_same_and_are_not_changed_by_writing(name: str, recorded: Callable[[str], Any]) -> None:
    content = torch.load(str(FILES / f"{name}.pt"), mmap=True)
    assert plain(described(content)) == recorded("files")[name]
    if name == "tensors":
        content["x"].fill_(9)
        assert content["part"].tolist() == [[9, 9], [9, 9]]
        assert torch.load(FILES / f"{name}.pt")["row"].tolist() == [8, 9, 10, 11]


@pytest.mark.parametrize("name", ["tensors", "values"])
def test_our_files_come_back_as_they_were(name: str, tmp_path: Path, recorded: Callable[[str], Any]) -> None:
    content = PROGRAM[name]()
    path = tmp_path / "x.pt"
    torch.save(content, path)
    for back in (torch.load(path), torch.load(path, mmap=True), torch.load(saved(content))):
        assert plain(described(back)) == plain(described(content)) == recorded("files")[name]


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_every_protocol_comes_back(protocol: int, tmp_path: Path) -> None:
    content = {**PROGRAM["values"](), **PROGRAM["tensors"](), "frozen set": frozenset([1]), "array": np.arange(3)}
    torch.save(content, tmp_path / "x", pickle_protocol=protocol)
    assert repr(torch.load(tmp_path / "x")) == repr(content)


def test_training_goes_on_from_a_file_of_torch_and_from_one_of_ours() -> None:
    content = torch.load(FILES / "training.pt")
    again = torch.load(saved(content))
    ends = []
    for checkpoint in (content, again):
        net = PROGRAM["model"]()
        net.load_state_dict(checkpoint["model"])
        optimizer = torch.optim.Adam(net.parameters())
        optimizer.load_state_dict(checkpoint["optimizer"])
        scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 1)
        scheduler.load_state_dict(checkpoint["scheduler"])
        torch.set_rng_state(checkpoint["rng"])
        net(torch.randn(2, 1, 4, 4)).sum().backward()
        optimizer.step()
        scheduler.step()
        ends.append(([p.tolist() for p in net.parameters()], optimizer.param_groups[0]["lr"]))
    assert ends[0] == ends[1]


def test_shared_memory_stays_shared_and_counts_writes_together() -> None:
    x = torch.arange(6.0).reshape(2, 3)
    back = torch.load(saved({"x": x, "t": x.t(), "same": x, "other": x.clone()}))
    back["x"].fill_(7)
    assert back["t"].tolist() == [[7, 7]] * 3 and back["same"] is back["x"]
    assert back["other"].tolist() == x.tolist() and back["t"]._version == back["x"]._version == 1


def test_a_convolutions_result_is_written_in_its_logical_order() -> None:
    y = nn.functional.conv2d(torch.arange(16.0).reshape(1, 1, 4, 4), torch.arange(1.0, 3).reshape(2, 1, 1, 1))
    back = torch.load(saved(y.detach()))
    assert back.tolist() == y.tolist() and back.stride() == (32, 16, 4, 1)


def test_a_tensor_that_was_computed_comes_back_as_a_leaf() -> None:
    y = torch.ones(2, requires_grad=True) * 3
    back = torch.load(saved(y))
    assert back.requires_grad and back.is_leaf and back.tolist() == [3, 3]


def test_the_other_byte_order_is_read() -> None:
    values = {"f": torch.tensor([1.0, 2.5]), "z": torch.tensor([1 + 2j]), "b": torch.tensor([1.5]).bfloat16()}
    turned = io.BytesIO()
    with zipfile.ZipFile(saved(values)) as source, zipfile.ZipFile(turned, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("byteorder"):
                content = b"big"
            elif "/data/" in name:
                width = [4, 4, 2][int(name.rsplit("/", 1)[1])]
                content = np.frombuffer(content, np.uint8).reshape(-1, width)[:, ::-1].tobytes()
            target.writestr(name, content)
    turned.seek(0)
    assert repr(torch.load(turned)) == repr(values)


def test_a_repacked_archive_is_read() -> None:
    packed = io.BytesIO()
    source = zipfile.ZipFile(saved({"x": torch.arange(3)}))
    with source, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        for name in source.namelist():
            target.writestr(name, source.read(name))
    packed.seek(0)
    assert torch.load(packed)["x"].tolist() == [0, 1, 2]


# ---------------------------------------------------------------- devices and options


def from_cuda() -> io.BytesIO:
    """Return a file whose storage was saved from another device."""
    moved = io.BytesIO()
    with zipfile.ZipFile(saved({"x": torch.arange(3)})) as source, zipfile.ZipFile(moved, "w") as target:
        for name in source.namelist():
            content = source.read(name).replace(b"X\x03\0\0\0cpu", b"X\x06\0\0\0cuda:0")
            target.writestr(name, content)
    moved.seek(0)
    return moved


@pytest.mark.parametrize(
    "where",
    ["cpu", torch.device("cpu"), {"cuda:0": "cpu"}, lambda storage, location: storage],
    ids=["name", "device", "dict", "function"],
)
def test_tensors_of_other_devices_go_where_map_location_says(where: Any) -> None:
    assert torch.load(from_cuda(), map_location=where)["x"].tolist() == [0, 1, 2]


@pytest.mark.parametrize("where", [None, "cuda", {"cpu": "cuda:0"}, lambda storage, location: None])
def test_tensors_of_other_devices_are_an_error_without_a_place(where: Any) -> None:
    with pytest.raises(RuntimeError, match="deserialize object on a cuda device"):
        torch.load(from_cuda(), map_location=where)


def test_arguments_that_mean_nothing_here_are_errors(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="pickle_module"):
        torch.load(saved(1), pickle_module=json_like())
    with pytest.raises(ValueError, match="in no other way"):
        torch.save(1, tmp_path / "x", _use_new_zipfile_serialization=False)
    with pytest.raises(ValueError, match="pickle_protocol=1"):
        torch.save(1, tmp_path / "x", pickle_protocol=1)
    with pytest.raises(TypeError, match="unexpected arguments"):
        torch.load(saved(1), fix_imports=True)
    with pytest.raises(ValueError, match="must be a file path"):
        torch.load(saved(1), mmap=True)
    with pytest.raises(AttributeError, match="file-like object with a 'write'"):
        torch.save(1, 3)
    with pytest.raises(AttributeError, match="You can only load from"):
        torch.load(3)
    with pytest.raises(FileNotFoundError):
        torch.load(tmp_path / "none")
    assert torch.load(saved(1), pickle_module=pickle, weights_only=True) == 1


def json_like() -> Any:
    import json

    return json


# ---------------------------------------------------------------- classes


class Settings:
    def __init__(self) -> None:
        self.rate = 0.5


def test_instances_of_classes_load_only_when_they_are_listed() -> None:
    file = saved({"settings": Settings()})
    with pytest.raises(UnpicklingError, match=r"add_safe_globals\(\[Settings\]\)"):
        torch.load(file)
    with safe_globals([Settings]):
        file.seek(0)
        assert torch.load(file)["settings"].rate == 0.5
    add_safe_globals([(Settings, f"{__name__}.Settings")])
    file.seek(0)
    assert isinstance(torch.load(file)["settings"], Settings)
    clear_safe_globals()
    with pytest.raises(TypeError, match="expected classes"):
        add_safe_globals(["os.system"])


def test_whole_modules_load_when_the_file_is_trusted() -> None:
    net = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Dropout())
    with pytest.raises(UnpicklingError, match="Sequential, which is not allowed"):
        torch.load(saved(net))
    back = torch.load(saved(net), weights_only=False).eval()
    x = torch.randn(4, 2)
    assert torch.equal(back(x), net.eval()(x)) and repr(back) == repr(net)


def test_a_module_of_torch_is_refused_by_name() -> None:
    with pytest.raises(UnpicklingError, match=r"module.pt.*torch\.nn\.modules\.linear\.Linear, which is not allowed"):
        torch.load(FILES / "module.pt")


def test_default_dicts_keep_their_factory_and_numpy_values_their_type() -> None:
    content = {"d": defaultdict(list, {"a": [1]}), "f": np.float32(2.5), "u": np.array(["ab", "c"]),
               "i": np.arange(6, dtype=">i2").reshape(2, 3).T, "b": np.bool_(True)}  # fmt: skip
    back = torch.load(saved(content))
    assert back["d"]["b"] == [] and back["d"]["a"] == [1]
    for name in "fuib":
        assert back[name].tolist() == content[name].tolist() and back[name].dtype.kind == content[name].dtype.kind


# ---------------------------------------------------------------- writing


def test_a_failed_save_leaves_the_old_file_and_no_other(tmp_path: Path) -> None:
    path = tmp_path / "x.pt"
    torch.save(1, path)
    with pytest.raises(Exception, match="pickle"):
        torch.save({"f": lambda: 0}, path)
    assert torch.load(path) == 1 and list(tmp_path.iterdir()) == [path]


def test_a_disk_that_fills_up_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.pt"
    torch.save(1, path)

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        torch.save(2, path)
    assert torch.load(path) == 1 and list(tmp_path.iterdir()) == [path]


@pytest.mark.skipif(os.name == "nt", reason="links and modes of POSIX")
def test_links_modes_and_devices_are_respected(tmp_path: Path) -> None:
    real, link = tmp_path / "real.pt", tmp_path / "link.pt"
    torch.save(1, real)
    real.chmod(0o640)
    link.symlink_to(real)
    torch.save(2, link)
    assert link.is_symlink() and torch.load(real) == 2 and real.stat().st_mode & 0o777 == 0o640
    torch.save(3, os.devnull)


def test_records_begin_at_multiples_of_64_bytes() -> None:
    file = saved([torch.ones(n) for n in (1, 100, 3)])
    with zipfile.ZipFile(file) as source:
        for info in source.infolist():
            header = file.getvalue()[info.header_offset :]
            start = info.header_offset + 30 + int.from_bytes(header[26:28], "little") + len(info.extra)
            assert start % 64 == 0 or "/data/" not in info.filename
