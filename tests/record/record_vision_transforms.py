"""Write tests/data/vision_transforms.json. Run it where torch 2.13.0 and Pillow are, with an unpacked torchvision."""

import importlib
import json
import sys
import types
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests import vision_transforms as V  # noqa: E402


def main() -> None:
    folder = Path(sys.argv[1])
    for name in ("torchvision", "torchvision.transforms"):  # without what the packages import
        package = types.ModuleType(name)
        package.__path__ = [str(folder / name.replace(".", "/"))]
        sys.modules[name] = package
    transforms = importlib.import_module("torchvision.transforms.transforms")
    torch.set_num_threads(1)
    lines = [
        f"{json.dumps(f'{kind}: {case}')}: {json.dumps(V.run(torch, transforms, kind, case), separators=(',', ':'))}"
        for kind, (_, cases) in V.inputs(torch).items()
        for case in cases
    ]
    (ROOT / "tests" / "data" / "vision_transforms.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
