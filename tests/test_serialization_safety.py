"""Files that lie: crafted ones run nothing, damaged ones are errors that name the file and what is wrong."""

import io
import os
import pickle
import random
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch as torch
from minitorch.serialization import UnpicklingError

from .programs_for_torch import with_minitorch

FILES = Path(__file__).parent / "data" / "files"
described = with_minitorch("checkpoints")["described"]


def saved(value: Any) -> io.BytesIO:
    file = io.BytesIO()
    torch.save(value, file)
    file.seek(0)
    return file


# ---------------------------------------------------------------- crafted files

RAN: list[str] = []


def touch(text: str = "ran") -> str:
    RAN.append(text)
    return text


class Calls:
    def __init__(self, *reduced: Any) -> None:
        self.reduced = reduced

    def __reduce__(self) -> Any:
        return self.reduced


CRAFTED = {
    "a function": pickle.dumps(Calls(touch, ())),
    "os.system": pickle.dumps(Calls(os.system, ("true",)), 0),
    "eval": pickle.dumps(Calls(eval, ("1",)), 2),
    "getattr": pickle.dumps(Calls(getattr, (OrderedDict, "__init__"))),
    "an import": b"cthis_module_is_not_there\nname\n.",
    "a dotted name": b"\x80\x04\x8c\x0bcollections\x8c\x14OrderedDict.fromkeys\x93.",
    "INST": b"(S'true'\nios\nsystem\n.",
    "OBJ": b"(cos\nsystem\nS'true'\no.",
    "EXT": b"\x82\x01.",
    "a call of a type": b"c__builtin__\nlist\n(]tR.",
    "much memory": b"c__builtin__\nbytearray\n(J\xff\xff\xff\x7ftR.",
    "a call of a result": b"c__builtin__\nset\n)R)R.",
    "NEWOBJ of a type": b"c__builtin__\ndict\n)\x81.",
    "the state of a dtype": b"ctorch\nfloat32\n}X\x04\x00\x00\x00nameX\x01\x00\x00\x00asb.",
    "the state of a function": b"ctorch._utils\n_rebuild_tensor\n}X\x08\x00\x00\x00__name__Nsb.",
    "a method of a dict": b"ccollections\nOrderedDict\n)R}X\x05\x00\x00\x00itemsNsb.",
    "an array of objects": pickle.dumps(np.array([Calls(touch, ())], dtype=object), 2),
    "a bare mark": b"(.",
    "nothing": b".",
    "no end": b"\x80\x02]",
    "a wrong opcode": b"\x80\x02\xff.",
    "a missing memo": b"\x80\x02h\x05.",
    "an item of a number": b"K\x01K\x02a.",
    "storage ids": b"(X\x07\x00\x00\x00storageX\x01\x00\x00\x000K\x01K\x01K\x01tQ.",
    "two results": b"K\x01K\x02.",
}


def archive(content: bytes, data: bytes = b"") -> io.BytesIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as target:
        target.writestr("a/data.pkl", content)
        target.writestr("a/data/0", data)
    file.seek(0)
    return file


@pytest.mark.parametrize("content", CRAFTED.values(), ids=CRAFTED)
@pytest.mark.parametrize("weights_only", [True, False])
def test_a_crafted_pickle_is_an_error_and_runs_nothing(content: bytes, weights_only: bool) -> None:
    for file in (archive(content), io.BytesIO(content)):
        with pytest.raises((UnpicklingError, RuntimeError)):
            torch.load(file, weights_only=weights_only)
    assert not RAN and torch.float32.name == "float32"


@pytest.mark.parametrize(
    "change",
    [
        (b"K\x00K\x03\x85", b"K\x00K\x04\x85"),
        (b"K\x00K\x03\x85", b"K\x01K\x03\x85"),
        (b"\x85q\x06K\x01", b"\x85q\x06K\x09"),
    ],
    ids=["size", "offset", "stride"],
)
def test_a_tensor_that_reaches_outside_its_storage_is_an_error(change: tuple[bytes, bytes]) -> None:
    with zipfile.ZipFile(saved(torch.arange(3.0))) as source:
        content = source.read("archive/data.pkl")
        assert change[0] in content
        with pytest.raises(UnpicklingError, match="damaged"):
            torch.load(archive(content.replace(*change), source.read("archive/data/0")))


def test_storages_of_another_length_than_told_are_errors() -> None:
    with zipfile.ZipFile(saved(torch.arange(3.0))) as source:
        content = source.read("archive/data.pkl")
    with pytest.raises(UnpicklingError, match="storage 0 has 8 bytes instead of 12"):
        torch.load(archive(content, bytes(8)))


# ---------------------------------------------------------------- damage


def told(path: Path) -> str | None:
    """Return what a file holds; None if it is an error, which names the file."""
    try:
        return str(described(torch.load(path)))
    except (EOFError, RuntimeError, UnpicklingError) as error:
        if path.name not in str(error):
            raise
        return None


@pytest.mark.parametrize("name", ["tensors", "tensors_old", "training_old", "tar", "values"])
def test_truncated_files_are_errors(name: str, tmp_path: Path) -> None:
    whole = (FILES / f"{name}.pt").read_bytes()
    path = tmp_path / "cut.pt"
    lengths = {0, 1, 4, 100, len(whole) - 1} | set(random.Random(0).sample(range(len(whole)), 40))
    for length in lengths:
        path.write_bytes(whole[:length])
        if name == "tar":  # padded with zeros, which nobody misses
            assert told(path) in (None, str(described(torch.load(FILES / "tar.pt"))))
        else:
            assert told(path) is None, f"{length} of {len(whole)} bytes"


def test_flipped_bits_are_errors_or_change_nothing(tmp_path: Path) -> None:
    whole = (FILES / "tensors.pt").read_bytes()
    path = tmp_path / "flipped.pt"
    expected, errors = str(described(torch.load(FILES / "tensors.pt"))), 0
    for place in random.Random(1).sample(range(len(whole)), 400):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << (place % 8)
        path.write_bytes(damaged)
        found = told(path)
        errors += found is None
        assert found in (None, expected), f"byte {place}"
    assert errors > 100


def test_empty_and_foreign_files_say_what_they_are(tmp_path: Path) -> None:
    path = tmp_path / "odd.pt"
    path.write_bytes(b"")
    with pytest.raises(EOFError, match=r"odd\.pt.*Ran out of input: the file is empty"):
        torch.load(path)
    with pytest.raises(EOFError, match="empty"):
        torch.load(path, mmap=True)
    path.write_bytes(b"PK\x03\x04 and nothing else")
    with pytest.raises(RuntimeError, match=r"odd\.pt.*damaged or cut short: File is not a zip file"):
        torch.load(path)
    path.write_bytes(b"just some text")
    with pytest.raises(RuntimeError, match=r"odd\.pt.*it is no checkpoint"):
        torch.load(path)
    with zipfile.ZipFile(path, "w") as other:
        other.writestr("word/document.xml", "<x/>")
    with pytest.raises(RuntimeError, match="not a file of torch"):
        torch.load(path)
    with zipfile.ZipFile(path, "w") as other:
        other.writestr("a/data.pkl", b"N.")
        other.writestr("a/constants.pkl", b"N.")
    with pytest.raises(RuntimeError, match="TorchScript"):
        torch.load(path)
