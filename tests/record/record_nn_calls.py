"""Record torch's recurrent layers, attention and reparametrisations. Run it with torch, from the root.

``python tests/record/record_nn_calls.py`` writes ``tests/data/nn_<family>.json`` for each family of cases.
"""

import importlib
import json
import sys
import warnings
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.nn_calls import probe_call  # noqa: E402
from tests.nn_outcome import outcome  # noqa: E402
from tests.nn_wrong_calls import CALLS, outcome_type  # noqa: E402


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.backends.mkldnn.enabled = False
    for path in sorted((ROOT / "tests").glob("nn_*_cases.py")):
        cases = importlib.import_module(f"tests.{path.stem}")
        found = {name: probe_call(torch, *case) for name, case in cases.CASES.items()}
        logs = {name: outcome(torch, code) for name, code in cases.SNIPPETS.items()}
        lines = [f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in (found | logs).items()]
        target = ROOT / "tests" / "data" / f"{path.stem.removesuffix('_cases')}.json"
        target.write_text("{\n" + ",\n".join(lines) + "\n}\n")
    types = [f"{json.dumps(call)}: {json.dumps(outcome_type(torch, call))}" for call in CALLS]
    (ROOT / "tests" / "data" / "nn_wrong_calls.json").write_text("{\n" + ",\n".join(types) + "\n}\n")


if __name__ == "__main__":
    main()
