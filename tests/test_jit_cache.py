"""What is compiled when, what happens when the disk is unkind, and what the user hears."""

import hashlib
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from minitorch import _cache, jit
from minitorch._source import fingerprint
from minitorch.jit import helper, kernel
from tests.kernel_project import HELPERS, PRELUDE, TIMEOUT, USE, Project


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    first = Project(tmp_path_factory.mktemp("filled"))
    first.run()
    return first.cache


@pytest.fixture
def project(tmp_path: Path, filled: Path) -> Project:
    return Project(tmp_path, filled)


# ---------------------------------------------------------------- what is compiled when


def test_importing_and_decorating_neither_imports_numba_nor_compiles(project: Project) -> None:
    code = "import kernels; assert 'numba' not in sys.modules; print(cache_info().compiled)"
    assert project.run(code) == "0"


def test_importing_the_whole_library_does_not_import_numba(project: Project) -> None:
    assert project.run("import sys, minitorch; print('numba' in sys.modules)") == "False"


def test_a_second_process_compiles_nothing(project: Project) -> None:
    assert project.run() == "2.0 3.0 11.0 10.0 4 0"
    assert project.run() == "2.0 3.0 11.0 10.0 0 4"


def test_a_loaded_kernel_runs_on_threads_and_beside_compiled_ones(project: Project) -> None:
    code = (
        USE
        + """
big = np.arange(1e5)
out = np.empty_like(big)
kernels.twice(big.size, 1 << 24, big, out)
kernels.shifted(5, 10, np.arange(5, dtype="f4"), np.empty(5, "f4"))
print(np.array_equal(out, 2 * big), cache_info().compiled, cache_info().loaded)
"""
    )
    project.warm()
    assert project.run(code).splitlines()[1] == "True 1 4"


def test_an_edited_helper_in_another_file_recompiles_its_callers_and_nothing_else(project: Project) -> None:
    project.warm()
    (project.folder / "helpers.py").write_text(HELPERS.replace("a + OFFSET", "a - OFFSET"))
    assert project.run() == "2.0 3.0 -9.0 10.0 1 3"


def test_an_edited_constant_recompiles_whoever_uses_it_by_name_or_as_an_attribute(project: Project) -> None:
    project.warm()
    (project.folder / "helpers.py").write_text(HELPERS.replace("10", "20"))
    assert project.run() == "2.0 3.0 21.0 20.0 2 2"


def test_a_comment_recompiles_nothing(project: Project) -> None:
    project.warm()
    (project.folder / "helpers.py").write_text("# a comment\n" + HELPERS)
    assert project.run().endswith("0 4")


def test_another_cpu_or_debugging_has_its_own_code(project: Project) -> None:
    project.warm()
    forced = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    assert project.run(**forced).endswith("4 0")
    assert project.run(MINITORCH_DEBUG="1").endswith("4 0")
    assert project.run().endswith("0 4")


def test_bytecode_on_disk_makes_no_difference(project: Project) -> None:
    assert project.run(PYTHONDONTWRITEBYTECODE="").endswith("4 0")
    assert list(project.folder.glob("__pycache__/kernels*"))
    assert project.run().endswith("0 4")


def test_kernels_made_by_exec_are_cached(project: Project) -> None:
    code = """
scope = dict(kernel=kernel, OFFSET=7)
exec("@kernel\\ndef made(lo, hi, out):\\n for i in range(lo, hi): out[i] = OFFSET", scope)
out = np.empty(3)
scope["made"](3, 3, out)
print(out[0], cache_info().compiled)
"""
    assert project.run(code) == "7.0 1"
    assert project.run(code) == "7.0 0"


@pytest.mark.parametrize(
    "change", ["1", "2.5", "(1, 2)", "[1]", "np.arange(3)", "{'a': 1}", "np.int8", "frozenset('ab')"]
)
def test_the_digest_notices_what_a_global_holds_and_nothing_random(change: str) -> None:
    scope: dict[str, Any] = {"np": np, "OFFSET": 1}
    exec("def f(x): return OFFSET", scope)
    scope["OFFSET"] = eval(change, scope)
    first = fingerprint(scope["f"])
    scope["OFFSET"] = eval(change, scope)
    assert fingerprint(scope["f"]) == first
    scope["OFFSET"] = "another"
    assert fingerprint(scope["f"]) != first


REACHED = """
import functools, enum, dataclasses
class Base:
    def height(self): return CONSTANT
class Tile(Base):
    @property
    def width(self): return CONSTANT
@dataclasses.dataclass
class Record:
    size: object
class Colour(enum.Enum):
    RED = CONSTANT
@functools.lru_cache
def memoised(): return CONSTANT
def plain(a=1, *, b=2): return CONSTANT
def outer():
    inside = CONSTANT
    return lambda: inside
def nested(x): return [plain() for _ in x]
"""
WAYS = (
    "plain; memoised; outer(); nested; functools.partial(plain, a=2); Tile; Tile(); Base().height; Record(CONSTANT);"
    "Record([plain]); Colour.RED; helper(plain); kernel(plain); (plain,); {'a': plain}; numba.njit(plain)"
)


@pytest.mark.parametrize("way", WAYS.split(";"))
def test_the_digest_sees_through_what_python_wraps_code_in(way: str) -> None:
    def digest(constant: int) -> str:
        import numba

        scope: dict[str, Any] = {"CONSTANT": constant, "kernel": kernel, "helper": helper, "numba": numba}
        scope["__name__"] = "somewhere"
        exec(REACHED, scope)
        return fingerprint(eval(way.strip(), scope))

    assert digest(1) == digest(1) != digest(2)


def test_the_digest_does_not_depend_on_the_seed_of_hashes(project: Project) -> None:
    code = """
from minitorch._source import fingerprint
NAMES = {"a", "b", "c", "d"}
import numba
@numba.njit(fastmath={"nsz", "arcp", "contract"})
def g(x): return x
def f(x): return x in NAMES or x in {"e", "f", "g"} or g(x)
print(fingerprint(f))
"""
    assert project.run(code, PYTHONHASHSEED="1") == project.run(code, PYTHONHASHSEED="2")


# ---------------------------------------------------------------- a cache that fails


def test_a_cache_that_cannot_be_made_means_compiling(project: Project) -> None:
    project.cache.write_text("a file, not a folder")
    assert project.run().endswith("4 0")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_cache_means_compiling(project: Project) -> None:
    project.cache.mkdir(mode=0o500)
    assert project.run().endswith("4 0")


def test_a_full_disk_means_compiling(project: Project) -> None:
    code = """
import errno, pathlib
def full(self, data):
    open(self, "wb").close()
    raise OSError(errno.ENOSPC, "No space left on device")
pathlib.Path.write_bytes = full
"""
    assert project.run(code + USE).endswith("4 0")
    assert not list(project.cache.glob("*.nbc*"))


def _torn(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _foreign(data: bytes) -> bytes:
    payload = pickle.dumps((["malloc"], ("of another making",)))
    return hashlib.sha256(payload).digest() + payload


def test_a_corrupt_cache_is_compiled_again_and_repaired(project: Project) -> None:
    project.warm()
    ways: list[Callable[[bytes], bytes]] = [_torn, _foreign, lambda data: b"", lambda data: data[:-1] + b"?"]
    for path, spoil in zip(sorted(project.cache.glob("*.nbc")), ways, strict=True):
        path.write_bytes(spoil(path.read_bytes()))
    assert project.run() == "2.0 3.0 11.0 10.0 4 0"
    assert project.run() == "2.0 3.0 11.0 10.0 0 4"


def test_processes_that_write_at_once_do_not_disturb_each_other(project: Project) -> None:
    processes = [project.start(USE) for _ in range(3)]
    outputs = [process.communicate(timeout=TIMEOUT) for process in processes]
    assert all(out.startswith("2.0 3.0 11.0 10.0") and not error for out, error in outputs), outputs
    assert not [path for path in project.cache.glob("*") if path.suffix not in {".nbc", ""}]
    assert project.run().endswith("0 4")


def test_what_was_not_used_for_two_months_is_removed(tmp_path: Path) -> None:
    old, new = tmp_path / "old-1.nbc", tmp_path / "new-1.nbc"
    for path, age in ((old, 61), (new, 59)):
        path.write_bytes(b"")
        os.utime(path, (0, time.time() - age * 86400))
    _cache._prune(tmp_path)
    assert not old.exists() and new.exists()


# ---------------------------------------------------------------- telling the user


def test_callbacks_hear_of_compilations_until_they_are_removed() -> None:
    events: list[jit.CompileEvent] = []
    stop = jit.on_compile(events.append)

    def fresh() -> None:
        value = time.time_ns()  # in no cache

        @kernel
        def unique(lo: int, hi: int, out: Any) -> None:
            out[0] = value

        unique(1, 1, np.zeros(1, np.int64))

    fresh()
    stop()
    stop()
    fresh()
    assert [(event.kernel, event.done) for event in events] == [
        ("unique[int64]", False),
        ("unique[int64]", True),
    ]
    assert events[1].count == events[0].count and events[1].seconds > 0


def test_compiling_is_silent_unless_asked_or_on_a_terminal(project: Project) -> None:
    process = project.start(USE, MINITORCH_VERBOSE="1")  # the cache is empty
    _, error = process.communicate(timeout=TIMEOUT)
    assert error.splitlines()[0].startswith("minitorch: compiled times[float64]") and len(error.splitlines()) == 4
    project.run()  # which checks that nothing is written


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs a terminal")
def test_a_terminal_shows_one_line_and_clears_it(project: Project) -> None:
    ours, theirs = os.openpty()
    environ = {**os.environ, "MINITORCH_CACHE_DIR": str(project.cache)}
    command = [sys.executable, "-c", PRELUDE + USE]
    subprocess.run(command, cwd=project.folder, env=environ, stdout=subprocess.DEVNULL, stderr=theirs, check=True)
    os.close(theirs)
    text = os.read(ours, 65536).decode()
    os.close(ours)
    assert "minitorch: compiling times[float64]... 1 kernel, 0.0 s" in text
    assert "4 kernels" in text and "\n" not in text and text.endswith("\r\033[K")
