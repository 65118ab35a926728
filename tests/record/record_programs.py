"""Write tests/data/training_curve.json, tutorial_models.json and distributions.json. Run it where torch 2.13.0 is.

The programs are those of tests/programs: losses of 50 training steps, what the models of a tutorial show, compute and
differentiate, and what distributions draw and cost.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.programs import distributions, training_curve, tutorial_models  # noqa: E402
from tests.programs_for_torch import digest  # noqa: E402


def rounded(value: Any) -> Any:
    """Return digests with eight digits a number."""
    if isinstance(value, float):
        return float(f"{value:.8g}")
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    return [rounded(item) for item in value] if isinstance(value, list) else value


def model(name: str) -> dict[str, Any]:
    shown, tensors = tutorial_models.run(name)
    return shown | {"tensors": {key: rounded(digest(value.numpy())) for key, value in tensors.items()}}


def distribution_facts() -> dict[str, Any]:
    facts = {name: distributions.run(name) for name in distributions.NAMES}
    return facts | {"divergences": distributions.divergences(), "said": distributions.said()}


def write(name: str, content: dict[str, Any]) -> None:
    lines = [f"{json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in content.items()]
    (ROOT / "tests" / "data" / f"{name}.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    torch.set_num_threads(1)
    write("training_curve", {name: rounded(training_curve.run(name)) for name in training_curve.OPTIMIZERS})
    write("tutorial_models", {name: model(name) for name in tutorial_models.MODELS})
    write("distributions", rounded(distribution_facts()))
