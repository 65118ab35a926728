"""Write tests/data/autograd.json: what torch 2.13 makes of the calls in tests/autograd_cases_*.py.

Run it in an environment that has torch 2.13.0.
"""

import json
import sys
from pathlib import Path

import torch

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS.parent))

from tests.autograd_probe import GROUPS, answers  # noqa: E402


def main() -> None:
    found = {name: answers(torch, name) for name in GROUPS}
    lines = [
        f"{json.dumps(name)}: {{\n"
        + ",\n".join(f" {json.dumps(key)}: {json.dumps(value, separators=(',', ':'))}" for key, value in calls.items())
        + "\n}"
        for name, calls in found.items()
    ]
    (TESTS / "data" / "autograd.json").write_text("{\n" + ",\n".join(lines) + "\n}\n")
    print({name: len(calls) for name, calls in found.items()}, sum(map(len, found.values())))


if __name__ == "__main__":
    main()
