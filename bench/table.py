"""Rows as text and as JSON."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import Any

from .driver import DISTURBED
from .run import Row

__all__ = ["as_json", "header", "line", "noise", "quiet", "summary", "units"]

HEADER = (
    f"{'case':<58} {'time':>9} {'quartiles':>20} {'GFLOP/s':>8} {'GB/s':>6} {'roof':>5} {'torch':>9} {'ratio':>6} "
    f"{'least':>6} {'as is':>6} {'wanted':>6}    error"
)


_UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"))


def header() -> str:
    """Return the head of the table."""
    return HEADER


def units(seconds: float) -> str:
    """Return a time with three figures.

    >>> units(0.00123), units(4.5e-6)
    ('1.23 ms', '4.50 µs')
    """
    unit, name = next((u for u in _UNITS if seconds >= u[0]), _UNITS[-1])
    value = seconds / unit
    return f"{value:.{2 if value < 10 else 1 if value < 100 else 0}f} {name}"


def _roof(row: Row, seconds: float, roofline: dict[str, float]) -> float | None:
    """Return the share of what the machine can do: the time of arithmetic or of traffic at full speed, over ours."""
    if not roofline:
        return None
    flops, moved = row.case.flops(row.outputs) or 0.0, row.case.bytes(row.outputs) or 0.0
    least = max(flops / roofline[row.case.dtype], moved / roofline["copy"]) / 1e9
    return least / seconds or None


def as_json(row: Row, roofline: dict[str, float]) -> dict[str, Any]:
    """Return everything about a row."""
    mine = row.best("minitorch")
    found: dict[str, Any] = {
        "name": row.case.name, "group": row.case.group, "mode": row.case.mode, "dtype": row.case.dtype,
        "target": row.case.target, "rounds": {str(s): r for s, r in row.rounds.items()},
        "notes": {str(s): note for s, note in row.notes.items()}, "error": row.error, "wrong": row.wrong,
    }  # fmt: skip
    if mine is not None:
        seconds = row.time(mine)
        flops, moved = row.case.flops(row.outputs), row.case.bytes(row.outputs)
        found |= {
            "layout": mine.layout, "time": seconds, "min": row.time(mine, "min"), "q1": row.time(mine, "q1"),
            "q3": row.time(mine, "q3"), "flops": flops, "bytes": moved, "gflops": flops and flops / seconds / 1e9,
            "gbytes": moved and moved / seconds / 1e9, "roof": _roof(row, seconds, roofline),
        }  # fmt: skip
        theirs = row.best("torch")
        plain = [s for s in row.of("minitorch") if s.layout == "contiguous"]
        found |= {
            "torch": row.time(theirs) if theirs else None, "torch_layout": theirs.layout if theirs else None,
            "ratio": row.ratio(mine), "ratio_as_is": row.ratio(plain[0]) if plain else None,
            "least_ratio": row.least_ratio(mine), "disturbed": row.disturbed,
        }  # fmt: skip
    return found


def _cell(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def line(found: dict[str, Any]) -> str:
    """Return a row of the table, from `as_json`'s record, and its notes below it.

    ``<``: below the promise. ``~``: the control says that something else was running.
    """
    notes = "".join(f"\n    {subject}: {note}" for subject, note in found["notes"].items())
    if "time" not in found:
        return f"{found['name']:<58} not measured{notes}"
    target, ratio = found["target"], found["ratio"]
    cells = (
        f"{units(found['time']):>9} {units(found['q1']) + '..' + units(found['q3']):>20}",
        f"{_cell(found['gflops'], '.1f'):>8} {_cell(found['gbytes'], '.1f'):>6} {_cell(found['roof'], '.0%'):>5}",
        f"{units(found['torch']) if found['torch'] else '':>9} {_cell(ratio, '.2f'):>6}",
        f"{_cell(found['least_ratio'], '.2f'):>6} {_cell(found['ratio_as_is'], '.2f'):>6} {_cell(target, '.1f'):>6}",
    )
    marks = ("<" if target and ratio is not None and ratio < target else " ") + (
        "~" if found["disturbed"] > DISTURBED else " "
    )
    wrong = "  WRONG" if found["wrong"] else ""
    return f"{found['name']:<58} {' '.join(cells)} {marks} {_cell(found['error'], '.0e')}{wrong}{notes}"


def quiet(rounds: Iterable[dict[str, float]]) -> list[dict[str, float]]:
    """Return the rounds during which nothing else ran, or all if there is none."""
    rounds = list(rounds)
    return [r for r in rounds if r["disturbed"] <= DISTURBED] or rounds


def noise(rows: Sequence[dict[str, Any]]) -> float:
    """Return how much the control varies when nothing else runs: its interquartile range over the median."""
    found = quiet(r for row in rows for rounds in row["rounds"].values() for r in rounds)
    if len(found) < 2:
        return 0.0
    q1, median, q3 = statistics.quantiles([1 + r["disturbed"] for r in found], n=4)
    return float((q3 - q1) / median)


def summary(rows: Sequence[dict[str, Any]]) -> str:
    """Return, for each group: rows, geometric mean and least ratio, and how many keep their promise."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row.get("ratio") is not None:
            groups.setdefault(row["group"], []).append(row)
    text = [f"{'group':<24} {'rows':>4} {'mean':>6} {'least':>6}  kept"] if groups else []
    for name, members in groups.items():
        ratios = [row["ratio"] for row in members]
        promised = [row for row in members if row["target"]]
        kept = sum(row["ratio"] >= row["target"] for row in promised)
        mean = math.exp(statistics.fmean(map(math.log, ratios)))
        text.append(f"{name:<24} {len(members):>4} {mean:>6.2f} {min(ratios):>6.2f}  {kept} of {len(promised)}")
    wrong = [row["name"] for row in rows if row["wrong"]]
    silent = [row["name"] for row in rows if "time" not in row]
    text += [f"answers differ: {name}" for name in wrong]
    text += [f"{len(silent)} of {len(rows)} cases were not measured"] if silent else []
    spread = noise(rows)
    busy = sum(row.get("disturbed", 0) > DISTURBED for row in rows)
    text += [f"{busy} of {len(rows)} rows (~) ran beside something else: do not trust them"] if busy else []
    return "\n".join([*text, f"the control varied by {spread:.1%}"])
