"""Write tests/data/ops_*.json: what torch 2.13 makes of the cases in tests/parity_cases*.py.

Run it in an environment that has torch 2.13.0, with all subjects or with those that are named on the command line.
"""

import json
import sys
from pathlib import Path

import torch

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS.parent))

from tests.parity import evaluate  # noqa: E402
from tests.parity_cases import SUBJECTS  # noqa: E402


def main() -> None:
    torch.manual_seed(0)
    for subject in sys.argv[1:] or SUBJECTS:
        answers = {case: evaluate(torch, case) for case in SUBJECTS[subject]()}
        text = ",\n".join(f"{json.dumps(c)}: {json.dumps(a, separators=(',', ':'))}" for c, a in answers.items())
        (TESTS / "data" / f"ops_{subject}.json").write_text("{\n" + text + "\n}\n")
        print(f"{subject}: {len(answers)} cases")


if __name__ == "__main__":
    main()
