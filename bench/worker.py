"""The process that runs one library: reads requests from its standard input, one JSON object a line, and answers.

Started by `bench.driver` as ``PYTHON -m bench.worker LIBRARY THREADS``. Everything that a library prints goes to the
standard error output; answers have the real standard output to themselves.
"""

from __future__ import annotations

import json
import os
import sys
from time import sleep
from typing import Any

from .library import Missing, describe, load, pin


class Worker:
    """Holds the library, and the case that is being timed in each layout."""

    def __init__(self, library: str, threads: int) -> None:
        from .cases import ALL
        from .control import Control

        self.torch = load(library, threads)
        self.cases = {case.name: case for case in ALL}
        self.work = Control(threads)
        self.ready: dict[str, Any] = {}

    def hello(self) -> dict[str, Any]:
        """Say who is here."""
        return {"versions": describe(self.torch)}

    def roofline(self) -> dict[str, Any]:
        """Measure the machine (in minitorch's process only)."""
        from .roofline import measure

        return measure()

    def prepare(self, case: str, layout: str, answers: str) -> dict[str, Any]:
        """Make a case ready, run it once, leave its answers in a file."""
        import numpy as np

        from .prepared import Prepared

        ready = Prepared(self.torch, self.cases[case], layout)
        found = ready.answer()
        np.savez(answers, **found)
        self.ready[layout] = ready
        ready.collect()
        shapes = [array.shape for name, array in found.items() if name.startswith("output")]
        return {"outputs": shapes, "inputs": ready.inputs}

    def time(self, layout: str, seconds: float) -> dict[str, Any]:
        """Time the case that is ready."""
        from .prepared import summary

        before = self.work.run()
        found = summary(self.ready[layout].time(seconds))
        sleep(0.02)  # a library's threads may spin for a while after their last work
        return {**found, "control": (before + self.work.run()) / 2}

    def control(self) -> dict[str, Any]:
        """Time the control workload."""
        return {"control": self.work.run()}

    def release(self) -> dict[str, Any]:
        """Forget the case."""
        self.ready.clear()
        return {}

    def memory(self, case: str, layout: str) -> dict[str, Any]:
        """Measure what one call needs above its tensors."""
        from .memory import above_tensors

        return above_tensors(self.torch, self.cases[case], layout)

    def reply(self, line: str) -> dict[str, Any]:
        """Do what one line asks; what goes wrong is told, not raised."""
        request = json.loads(line)
        try:
            return dict(getattr(self, request.pop("do"))(**request))
        except Missing as error:
            return {"missing": str(error)}
        except Exception as error:  # a row that fails must not end the run
            unfinished = self.torch.__name__ == "minitorch" and isinstance(error, AttributeError | NotImplementedError)
            text = f"{type(error).__name__}: {error}"[:300]
            return {"missing" if unfinished else "failed": text}


def main() -> None:
    """Serve until the input ends."""
    library, threads = sys.argv[1], int(sys.argv[2])
    pin(threads)
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    worker = Worker(library, threads)
    for line in sys.stdin:
        print(json.dumps(worker.reply(line)), file=answers, flush=True)


if __name__ == "__main__":
    main()
