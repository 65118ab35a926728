"""The command line: ``python -m bench --help``."""

from __future__ import annotations

import argparse
import json
import platform
import re
import sys
import time
from pathlib import Path
from typing import Any

from . import report, table
from .cases import select
from .driver import Crashed, WorkerProcess, subjects_of, workers_for
from .run import run


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Time minitorch, alone or beside torch. `report A.json B.json` compares two runs instead.",
    )
    parser.add_argument("--torch", metavar="PYTHON", help="interpreter that has torch; none: no comparison")
    parser.add_argument("--filter", default="", metavar="REGEX", help='cases whose "group: name" matches')
    parser.add_argument("--exclude", default="", metavar="REGEX", help="and not those that match this")
    parser.add_argument("--threads", type=_positive(int), default=2, help="threads and cores (default 2)")
    parser.add_argument("--rounds", type=_positive(int), default=5, help="turns that the libraries take (default 5)")
    parser.add_argument("--seconds", type=_positive(float), default=1.0, help="a case, library and layout (default 1)")
    parser.add_argument("--layouts", default="contiguous,channels_last", help="memory orders to try, parted by commas")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write everything there")
    parser.add_argument("--memory", action="store_true", help="peak memory above the tensors instead of time")
    parser.add_argument("--list", action="store_true", help="print the cases and stop")
    return parser


def _positive(kind: Any) -> Any:
    def read(text: str) -> Any:
        value = kind(text)
        if not value > 0:
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return value

    read.__name__ = kind.__name__  # argparse shows it
    return read


def main(argv: list[str]) -> int:
    """Run; return 1 if a case failed, answered wrongly, or (report) became slower."""
    if argv[:1] == ["report"]:
        if len(argv) != 3:
            sys.exit("usage: python -m bench report A.json B.json")
        return report.main(Path(argv[1]), Path(argv[2]))
    parser = _parser()
    options = parser.parse_args(argv)
    try:
        cases = select(options.filter, options.exclude)
    except re.error as error:
        parser.error(f"not a regular expression: {error}")
    if options.list:
        print(*(f"{case.group}: {case.name}" for case in cases), sep="\n")
        return 0
    if not cases:
        parser.error(f"no case matches --filter {options.filter!r}")
    workers = workers_for(options.torch, options.threads)
    try:
        return (_memory if options.memory else _time)(cases, workers, options)
    finally:
        for worker in workers.values():
            worker.stop()


def _time(cases: Any, workers: dict[str, WorkerProcess], options: argparse.Namespace) -> int:
    try:
        versions = {name: worker.ask("hello")["versions"] for name, worker in workers.items()}
    except Crashed as crash:
        sys.exit(f"bench: {crash}")
    roofline = workers["minitorch"].ask("roofline")
    if "copy" not in roofline:
        print(f"no roofline: {roofline}", file=sys.stderr)
        roofline = {}
    started = time.strftime("%Y-%m-%d %H:%M:%S")
    print(_heading(versions, roofline, options.threads), table.header(), sep="\n", flush=True)
    rows = []
    for row in run(cases, workers, options.rounds, options.seconds, options.layouts.split(",")):
        rows.append(table.as_json(row, roofline))
        print(table.line(rows[-1]), flush=True)
    print("", table.summary(rows), sep="\n")
    if options.json:
        whole = {
            "started": started, "machine": platform.platform(), "threads": options.threads, "rounds": options.rounds,
            "seconds": options.seconds, "versions": versions, "roofline": roofline, "noise": table.noise(rows),
            "rows": rows,
        }  # fmt: skip
        options.json.write_text(json.dumps(whole, indent=1) + "\n")
    bad = [row for row in rows if row["wrong"] or any(not n.startswith("skipped") for n in row["notes"].values())]
    return 1 if bad else 0


def _heading(versions: dict[str, Any], roofline: dict[str, float], threads: int) -> str:
    names = ", ".join(f"{name} {found[name]}" for name, found in versions.items())
    peaks = ""
    if roofline:
        peaks = (
            f"; measured peak {roofline['float32']:.0f} GFLOP/s float32, {roofline['float64']:.0f} float64, "
            f"copy {roofline['copy']:.1f} GB/s"
        )
    return f"{names}; {threads} threads{peaks}"


def _memory(cases: Any, workers: dict[str, WorkerProcess], options: argparse.Namespace) -> int:
    """Measure memory, each case of each library in a process of its own."""
    print(f"{'case':<58} {'subject':<24} {'tensors':>9} {'above':>9} {'kept':>9}   (MB)")
    rows, failed = [], False
    for case in cases:
        for subject in subjects_of(list(workers), case.layouts):
            worker = workers[subject.library]
            try:
                found = worker.ask("memory", case=case.name, layout=subject.layout)
            except Crashed as crash:
                found = {"failed": str(crash)}
            worker.stop()
            sizes = [f"{found[key] / 1e6:>9.1f}" for key in ("tensors", "above", "kept") if key in found]
            print(f"{case.name:<58} {subject!s:<24} {' '.join(sizes) or found}", flush=True)
            rows.append({"name": case.name, "subject": str(subject), **found})
            failed |= "failed" in found
    if options.json:
        options.json.write_text(json.dumps({"threads": options.threads, "memory": rows}, indent=1) + "\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
