"""Write tests/data/files: small files of torch.save, and what torch reads in them. Run it where torch 2.13.0 is.

The first tar archives have no writer any more: one is put together here, and torch must read it.
"""

import io
import json
import pickle
import struct
import sys
import tarfile
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.programs import checkpoints  # noqa: E402

FOLDER = ROOT / "tests" / "data" / "files"
KINDS = ("training", "tensors", "values", "conjugate")
OLD = {"tensors": ["uint16", "uint32", "uint64"]}  # which the old format cannot hold


class Reference:
    """An object of a tar archive, by its number."""

    def __init__(self, number: int) -> None:
        self.number = number


class TarPickler(pickle.Pickler):
    def persistent_id(self, obj: Any) -> Any:
        return str(obj.number) if isinstance(obj, Reference) else None


def tar() -> bytes:
    """Return an archive with two tensors on one storage and a third on another."""
    storages, tensors, main = io.BytesIO(), io.BytesIO(), io.BytesIO()
    numbers = {1: torch.arange(6.0), 2: torch.tensor([7, 8])}
    pickle.dump(len(numbers), storages, 2)
    for key, storage in numbers.items():
        kind = torch.FloatStorage if storage.is_floating_point() else torch.LongStorage
        pickle.dump((key, "cpu", kind), storages, 2)
        storages.write(struct.pack("<q", storage.numel()) + storage.numpy().tobytes())
    pickle.dump([], storages, 2)
    views = {11: (1, (2, 3), (3, 1), 0), 12: (1, (2,), (2,), 1), 13: (2, (2,), (1,), 0)}
    pickle.dump(len(views), tensors, 2)
    for key, (storage, size, stride, offset) in views.items():
        pickle.dump((key, storage, torch.FloatTensor if storage == 1 else torch.LongTensor), tensors, 2)
        n = len(size)
        tensors.write(struct.pack(f"<ii{n}q{n}qq", n, 0, *size, *stride, offset))
    TarPickler(main, 2).dump({"a": Reference(11), "b": Reference(12), "c": [Reference(13), "text"]})
    return archived({"storages": storages, "tensors": tensors, "pickle": main})


def archived(members: dict[str, io.BytesIO]) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content.getvalue())
            archive.addfile(info, io.BytesIO(content.getvalue()))
    return file.getvalue()


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    told = {}
    for name in KINDS:
        content = getattr(checkpoints, name)()
        torch.save(content, FOLDER / f"{name}.pt")
        told[name] = checkpoints.described(torch.load(FOLDER / f"{name}.pt"))
        if name != "conjugate":
            old = {key: value for key, value in content.items() if key not in OLD.get(name, ())}
            torch.save(old, FOLDER / f"{name}_old.pt", _use_new_zipfile_serialization=False)
            told[f"{name}_old"] = checkpoints.described(torch.load(FOLDER / f"{name}_old.pt"))
    torch.save(torch.nn.Linear(1, 2), FOLDER / "module.pt")
    (FOLDER / "tar.pt").write_bytes(tar())
    told["tar"] = checkpoints.described(torch.load(FOLDER / "tar.pt", weights_only=False))
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in told.items()]
    (ROOT / "tests" / "data" / "files.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
