"""Record torch's layers: repr, state, initial values, outputs and gradients. Run it with torch, from the root.

``python tests/record/record_nn.py`` writes ``tests/data/nn_layers.json`` and ``tests/data/nn_module.json``.
"""

import json
import sys
import warnings
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.nn_cases import CASES  # noqa: E402
from tests.nn_outcome import outcome  # noqa: E402
from tests.nn_probe import probe  # noqa: E402
from tests.nn_snippets import SNIPPETS  # noqa: E402


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    found = {layer: probe(torch, layer, inputs) for layer, inputs in CASES.items()}
    lines = [f"{json.dumps(layer)}: {json.dumps(what, separators=(',', ':'))}" for layer, what in found.items()]
    logs = {name: outcome(torch, code) for name, code in SNIPPETS.items()}
    (ROOT / "tests" / "data" / "nn_module.json").write_text(json.dumps(logs, indent=0) + "\n")
    (ROOT / "tests" / "data" / "nn_layers.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
