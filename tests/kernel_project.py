"""A folder with kernels, their helpers and a cache of its own, used by one process after the other."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TIMEOUT = 120  # seconds; the machine may be busy

# The package's __init__ is left out: these tests are about this layer, and need not wait for the others.
PRELUDE = f"""
import sys, types, warnings
warnings.simplefilter("error")
package = types.ModuleType("minitorch")
package.__path__ = [{str(ROOT / "minitorch")!r}]
sys.modules["minitorch"] = package
import numpy as np
from minitorch import jit
from minitorch.jit import kernel, helper, cache_info
"""

HELPERS = """
from minitorch.jit import helper
OFFSET = 10
@helper
def shift(a):
    return a + OFFSET
"""

KERNELS = """
from minitorch.jit import kernel
import helpers
from helpers import shift
def make(factor):
    @kernel
    def times(lo, hi, x, out):
        for i in range(lo, hi):
            out[i] = x[i] * factor
    return times
twice, thrice = make(2), make(3)
@kernel
def shifted(lo, hi, x, out):
    for i in range(lo, hi):
        out[i] = shift(x[i])
@kernel
def attribute(lo, hi, x, out):
    for i in range(lo, hi):
        out[i] = helpers.OFFSET
"""

USE = """
import kernels
x = np.arange(5.0)
answers = []
for each in (kernels.twice, kernels.thrice, kernels.shifted, kernels.attribute):
    out = np.empty(5)
    each(5, 10, x, out)
    answers.append(out[1])
print(*answers, cache_info().compiled, cache_info().loaded)
"""


class Project:
    """A folder with kernels and helpers in two files, and a cache beside it; `filled` is one to copy."""

    def __init__(self, folder: Path, filled: Path | None = None) -> None:
        self.folder, self.cache, self.filled = folder, folder / "cache", filled
        (folder / "helpers.py").write_text(HELPERS)
        (folder / "kernels.py").write_text(KERNELS)

    def start(self, code: str, **environ: str) -> subprocess.Popen[str]:
        names = [name for name in os.environ if name.startswith(("MINITORCH", "NUMBA"))]
        base = {name: value for name, value in os.environ.items() if name not in names}
        base |= {"MINITORCH_CACHE_DIR": str(self.cache), "PYTHONDONTWRITEBYTECODE": "1", **environ}
        return subprocess.Popen(
            [sys.executable, "-c", PRELUDE + code],
            cwd=self.folder, env=base, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip

    def run(self, code: str = USE, **environ: str) -> str:
        process = self.start(code, **environ)
        out, error = process.communicate(timeout=TIMEOUT)
        assert process.returncode == 0 and error == "", error
        return out.strip()

    def warm(self) -> None:
        """Fill the cache, as one run would."""
        assert self.filled is not None
        shutil.copytree(self.filled, self.cache)
