"""Show that torch loads what minitorch saves. Run it where torch 2.13.0 is: ``check_files.py PYTHON_WITH_MINITORCH``.

The two never meet in one process: the other Python writes the files, this one reads them and compares.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
KINDS = ("training", "tensors", "values")


def write(folder: Path) -> None:
    import minitorch
    from tests.programs_for_torch import with_minitorch

    program = with_minitorch("checkpoints")
    told = {}
    for kind in KINDS:
        content = program[kind]()
        minitorch.save(content, folder / f"{kind}.pt")
        told[kind] = program["described"](content)
    (folder / "told.json").write_text(json.dumps(told))


def read(folder: Path) -> None:
    import torch

    from tests.programs import checkpoints

    told = json.loads((folder / "told.json").read_text())
    for kind in KINDS:
        for options in ({}, {"mmap": True}, {"weights_only": False}):
            content = torch.load(folder / f"{kind}.pt", **options)
            found = json.loads(json.dumps(checkpoints.described(content)))
            print(kind, options, "equal" if found == told[kind] else "DIFFERENT")
            if found != told[kind]:
                sys.exit(1)
    net = checkpoints.model()
    net.load_state_dict(torch.load(folder / "training.pt")["model"])
    print("a model of torch has taken the weights:", net(torch.ones(1, 1, 4, 4)).tolist())


if __name__ == "__main__":
    if sys.argv[1] == "--write":
        write(Path(sys.argv[2]))
    else:
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([sys.argv[1], __file__, "--write", folder], check=True)
            read(Path(folder))
