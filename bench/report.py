"""``python -m bench report A.json B.json``: what became slower or faster from run A to run B, beyond the noise."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any, NamedTuple

from .table import noise, quiet, units

__all__ = ["Change", "changes", "main"]

LEAST = 0.03  # a change below this is never called one


class Change(NamedTuple):
    """A case in two runs: times, their quotient corrected by the control's, and the verdict."""

    name: str
    before: float
    after: float
    factor: float
    verdict: str  # slower, faster or same


def _control(row: dict[str, Any]) -> list[float]:
    mine = (rounds for subject, rounds in row["rounds"].items() if subject.startswith("minitorch"))
    return [r["control"] for r in quiet(r for rounds in mine for r in rounds)]


def _band(a: dict[str, Any], b: dict[str, Any], overall: float) -> float:
    """Return the change that noise alone could make: twice the control's spread, the rows' own, or a disturbance."""
    own: float = max(max((row["q3"] - row["q1"]) / row["time"], row["disturbed"]) for row in (a, b))
    return max(LEAST, 2 * overall, own)


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """Compare minitorch's times of the cases that both runs measured.

    A machine that is slower in all, as the control says, is divided out.
    """
    overall = max(noise(before["rows"]), noise(after["rows"]))
    old = {row["name"]: row for row in before["rows"] if "time" in row}
    found = []
    for new in after["rows"]:
        a = old.get(new["name"])
        if a is None or "time" not in new:
            continue
        machine = statistics.median(_control(new)) / statistics.median(_control(a))
        factor = new["time"] / a["time"] / machine
        band = _band(a, new, overall)
        verdict = "slower" if factor > 1 + band else "faster" if factor < 1 / (1 + band) else "same"
        found.append(Change(new["name"], a["time"], new["time"], factor, verdict))
    return sorted(found, key=lambda change: -change.factor)


def main(first: Path, second: Path) -> int:
    """Print the comparison; return 1 if anything became slower."""
    before, after = (json.loads(path.read_text()) for path in (first, second))
    for key in ("threads", "versions", "machine"):
        if before[key] != after[key]:
            print(f"note: {key} differ: {before[key]} and {after[key]}")
    found = changes(before, after)
    for change in found:
        if change.verdict != "same":
            times = f"{units(change.before):>9} -> {units(change.after):>9}"
            print(f"{change.verdict}  {change.factor:5.2f}x  {times}  {change.name}")
    count = {verdict: sum(c.verdict == verdict for c in found) for verdict in ("slower", "faster", "same")}
    print(f"{len(found)} cases in both: {count['slower']} slower, {count['faster']} faster, {count['same']} the same")
    return 1 if count["slower"] else 0
