"""Write tests/data/vision_models.json. Run it where torch 2.13.0 is, with the path of an unpacked torchvision.

torchvision's compiled operators and its image library are not needed by its models, so they are replaced by nothing.
"""

import importlib
import json
import sys
import types
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests import vision_models as V  # noqa: E402

MODULES = {"resnet": "resnet", "resnext": "resnet", "wide_resnet": "resnet", "vgg": "vgg", "alexnet": "alexnet",
           "mobilenet_v2": "mobilenetv2", "mobilenet_v3": "mobilenetv3", "densenet": "densenet",
           "squeezenet": "squeezenet", "efficientnet_b": "efficientnet"}  # fmt: skip


class Anything:
    def __call__(self, *args: Any, **kwargs: Any) -> Any: ...

    def __getattr__(self, name: str) -> Any:
        return Anything()


def stub(folder: Path) -> None:
    """Let submodules be imported without the packages around them."""
    for name in ("torchvision", "torchvision.models", "torchvision.ops", "torchvision.transforms"):
        package = types.ModuleType(name)
        package.__path__ = [str(folder / name.replace(".", "/"))]
        sys.modules[name] = package
    presets = types.ModuleType("torchvision.transforms._presets")
    presets.ImageClassification = presets.InterpolationMode = Anything()
    utils = types.ModuleType("torchvision.utils")
    utils._log_api_usage_once = utils._make_ntuple = lambda *args: None
    sys.modules |= {"torchvision.transforms._presets": presets, "torchvision.utils": utils}
    depth = importlib.import_module("torchvision.ops.stochastic_depth")
    sys.modules["torchvision.ops"].StochasticDepth = depth.StochasticDepth


def entries() -> dict[str, Any]:
    """Return torchvision's functions that make models of the families that minitorch has."""
    found = {}
    for prefix, module in MODULES.items():
        names = vars(importlib.import_module(f"torchvision.models.{module}"))
        makers = {name: fn for name, fn in names.items() if isinstance(fn, types.FunctionType)}
        found |= {name: fn for name, fn in makers.items() if name.startswith(prefix)}
    return found


def numbers(tensor: torch.Tensor) -> list[float]:
    return [float(f"{value:.7g}") for value in tensor.double().flatten()[:: max(1, tensor.numel() // 40)].tolist()]


def main() -> None:
    stub(Path(sys.argv[1]))
    torch.set_num_threads(1)
    makers = entries()
    told: dict[str, Any] = {name: {"state": V.described(make(weights=None))} for name, make in makers.items()}
    with torch.no_grad():
        for name in V.OUTPUTS:
            told[name]["output"] = numbers(V.fill(torch, makers[name](weights=None))(V.image(torch)))
        for name in V.FEATURES:
            model = makers[name](weights=None)
            told[name]["features"] = numbers(V.fill(torch, model.features)(V.image(torch)))
        for case, (name, options) in V.OPTIONS.items():
            model = makers[name](weights=None, **options)
            told[case] = {"state": V.described(model), "output": numbers(V.fill(torch, model)(V.image(torch)))}
    for name in V.FRESH:
        torch.manual_seed(0)
        told[name]["fresh"] = [float(f"{value:.7g}") for value in V.fresh(makers[name](weights=None))]
    lines = [f"{json.dumps(name)}: {json.dumps(value, separators=(',', ':'))}" for name, value in told.items()]
    (ROOT / "tests" / "data" / "vision_models.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
