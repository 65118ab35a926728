"""Write tests/data/models.json: what the models of tests/models show and learn. Run it where torch 2.13.0 is."""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.model_runs import NAMES, run  # noqa: E402


def rounded(value: Any) -> Any:
    """Return numbers with seven digits."""
    if isinstance(value, float):
        return float(f"{value:.7g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    lines = [f"{json.dumps(name)}: {json.dumps(rounded(run(torch, name)), separators=(',', ':'))}" for name in NAMES]
    (ROOT / "tests" / "data" / "models.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
