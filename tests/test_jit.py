"""The kernel machinery: what is compiled when, what runs where, and what happens when the world is unkind."""

import os
import pickle
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minitorch import _cache, _parallel, jit
from minitorch._source import fingerprint
from minitorch.cpu import Cpu
from minitorch.jit import helper, kernel

ROOT = Path(__file__).resolve().parent.parent
MUCH = 1 << 24  # work enough for every thread
LAYERS = ["tbb", "omp", "workqueue"] if sys.platform == "linux" else ["workqueue"]
TIMEOUT = 120
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

SCALE = 3


@helper
def triple(a: Any) -> Any:
    return SCALE * a


@kernel
def scaled(lo: int, hi: int, x: Any, out: Any) -> None:
    for i in range(lo, hi):
        out[i] += triple(x[i])


@kernel
def through_scratch(lo: int, hi: int, x: Any, out: Any) -> None:
    for i in range(lo, hi):
        scratch = np.empty(8, x.dtype)
        scratch[:] = x[i]
        out[i] = scratch.sum()


@kernel
def picky(lo: int, hi: int, x: Any) -> None:
    for i in range(lo, hi):
        if x[i] < 0:
            raise ValueError("negative")
        if x[i] > 1:
            raise OverflowError("too large at", i)


@kernel
def halved(lo: int, hi: int, x: Any, out: Any) -> None:
    for i in range(lo, hi):
        out[i] = x[i] * x.dtype.type(0.5)


@kernel
def nothing(lo: int, hi: int) -> None:
    pass


@pytest.fixture(autouse=True)
def threads() -> Iterator[Callable[[int], None]]:
    """Set the number of threads for one test."""
    before = jit.get_num_threads()
    yield jit.set_num_threads
    jit.set_num_threads(before)


# ---------------------------------------------------------------- other processes

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
    """A folder with kernels and helpers in two files, and a cache beside it."""

    def __init__(self, folder: Path, filled: Path) -> None:
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
        shutil.copytree(self.filled, self.cache)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    first = Project(tmp_path_factory.mktemp("filled"), Path())
    first.run()
    return first.cache


@pytest.fixture
def project(tmp_path: Path, filled: Path) -> Project:
    return Project(tmp_path, filled)


# ---------------------------------------------------------------- what is compiled when


def test_importing_and_decorating_neither_imports_numba_nor_compiles(project: Project) -> None:
    code = "import kernels; assert 'numba' not in sys.modules; print(cache_info().compiled)"
    assert project.run(code) == "0"


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
    return _cache.hashlib.sha256(payload).digest() + payload


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


# ---------------------------------------------------------------- threads


@pytest.mark.parametrize("count", [1, 2, 3, 5])
@pytest.mark.parametrize("span", [0, 1, 2, 63, 1000, 100_003])
def test_every_item_is_done_once_whatever_the_number_of_threads(threads: Any, count: int, span: int) -> None:
    x = np.random.default_rng(0).standard_normal(span)
    serial, parallel = np.zeros(span), np.zeros(span)
    scaled(span, 1, x, serial)
    threads(count)
    scaled(span, MUCH, x, parallel)
    assert np.array_equal(serial, 3 * x)
    assert np.array_equal(serial, parallel)


@given(span=st.integers(0, 10**7), work=st.integers(0, 10**10), count=st.integers(1, 64))
def test_a_plan_covers_the_span_and_wakes_no_thread_for_little(span: int, work: int, count: int) -> None:
    _parallel.load_layer()
    before = jit.get_num_threads()
    jit.set_num_threads(count)
    try:
        tasks, grain = _parallel.plan(span, work)
    finally:
        jit.set_num_threads(before)
    assert 1 <= tasks <= count
    if tasks > 1:
        chunks = -(-span // grain)
        assert work >= _parallel.SERIAL_WORK
        assert tasks <= chunks <= count * _parallel.CHUNKS_PER_THREAD
        assert chunks * _parallel.CHUNK_WORK <= work
    else:
        assert grain == span


def test_numbers_that_are_not_ints_may_say_the_work() -> None:
    x, out = np.ones(5000), np.zeros(5000)
    scaled(np.int64(5000), 1e8, x, out)
    assert out[4999] == 3


def test_set_num_threads_refuses_what_torch_refuses() -> None:
    for wrong in (0, -1, 2.5, True, "2"):
        with pytest.raises(RuntimeError, match="set_num_threads expects"):
            jit.set_num_threads(wrong)  # type: ignore[arg-type]


def test_scratch_may_be_allocated_in_a_body(threads: Any) -> None:
    threads(3)
    x = np.arange(10_000, dtype=np.float32)
    out = np.empty_like(x)
    through_scratch(x.size, MUCH, x, out)
    assert np.array_equal(out, 8 * x)


def test_the_gil_is_released() -> None:
    x, out = np.ones(1_000_000), np.zeros(1_000_000)
    through_scratch(1, 1, x, out)  # compiled
    ticks, done = 0, threading.Event()
    worker = threading.Thread(target=lambda: (through_scratch(x.size, 1, x, out), done.set()))
    worker.start()
    while not done.is_set():
        ticks += 1
        time.sleep(0.0005)
    worker.join()
    assert ticks > 2


CONCURRENT = """
import threading
from minitorch import _parallel
@kernel
def add(lo, hi, x, out):
    for i in range(lo, hi): out[i] += x[i]
x = np.arange(1e5)
jit.set_num_threads(5)
def work(results):
    out = np.zeros_like(x)
    for _ in range(200): add(x.size, 1 << 24, x, out)
    results.append(np.array_equal(out, 200 * x))
results = []
workers = [threading.Thread(target=work, args=(results,)) for _ in range(4)]
for worker in workers: worker.start()
for worker in workers: worker.join()
print(results, _parallel.layer.name)
"""


@pytest.mark.parametrize("layer", LAYERS)
def test_python_threads_may_launch_at_once(project: Project, layer: str) -> None:
    assert project.run(CONCURRENT, NUMBA_THREADING_LAYER=layer) == f"[True, True, True, True] {layer}"


FORKED = """
import os
warnings.simplefilter("ignore", DeprecationWarning)  # forking with threads is what is tested
from minitorch import _parallel
@kernel
def add(lo, hi, x, out):
    for i in range(lo, hi): out[i] += x[i]
x = np.arange(1e5)
def check():
    out = np.zeros_like(x)
    for _ in range(20): add(x.size, 1 << 24, x, out)
    assert np.array_equal(out, 20 * x)
check()
child = os.fork()
if child == 0:
    check()
    os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), _parallel.layer.name)
check()
"""


@forks
@pytest.mark.parametrize("layer", LAYERS)
def test_a_forked_child_computes_and_so_does_its_parent(project: Project, layer: str) -> None:
    assert project.run(FORKED, NUMBA_THREADING_LAYER=layer) == f"7 {layer}"


def test_a_child_forked_by_a_worker_thread_runs_serially(monkeypatch: pytest.MonkeyPatch) -> None:
    state = SimpleNamespace(parallel_for=1)
    monkeypatch.setattr(_parallel, "STATE", state)
    monkeypatch.setattr(_parallel.layer, "name", "tbb")
    monkeypatch.setattr(_parallel.layer, "forked_by_worker", False)
    _parallel._before_fork()
    _parallel._after_fork()
    assert state.parallel_for == 1
    worker = threading.Thread(target=_parallel._before_fork)
    worker.start()
    worker.join()
    _parallel._after_fork()
    assert state.parallel_for == 0


def test_tbb_is_preferred_and_the_users_choice_is_kept(project: Project) -> None:
    code = "from minitorch import _parallel; _parallel.load_layer(); print(_parallel.layer.name)"
    pytest.importorskip("importlib.metadata").distribution("tbb")
    assert project.run(code) == "tbb"
    assert project.run(code, NUMBA_THREADING_LAYER="workqueue") == "workqueue"


def test_without_a_layer_kernels_run_serially(project: Project) -> None:
    code = """
from numba.np.ufunc import parallel
from minitorch import _parallel
def none(): raise ValueError("No threading layer could be loaded.")
parallel.get_num_threads = none
"""
    assert project.run(code + USE + "print(_parallel.STATE.parallel_for)").endswith("0")


# ---------------------------------------------------------------- errors


@pytest.mark.parametrize("work", [1, MUCH])
@pytest.mark.parametrize("value, error", [(-1.0, ValueError), (2.0, OverflowError)])
def test_an_exception_in_a_body_reaches_the_caller(threads: Any, work: int, value: float, error: Any) -> None:
    threads(3)
    x = np.zeros(200_000)
    x[123_456] = value
    for _ in range(3):
        with pytest.raises(error) as caught:
            picky(x.size, work, x)
    assert caught.value.args == (("negative",) if value < 0 else ("too large at", 123_456))
    x[123_456] = 0
    picky(x.size, work, x)


def test_one_of_many_exceptions_is_raised(threads: Any) -> None:
    threads(3)
    x = np.full(200_000, 2.0)
    with pytest.raises(OverflowError):
        picky(x.size, MUCH, x)


def test_debugging_checks_bounds(project: Project) -> None:
    code = """
@kernel
def beyond(lo, hi, x):
    for i in range(lo, hi): x[i + 1] = 0
try:
    beyond(100_000, 1 << 24, np.zeros(100_000))
except IndexError as error:
    print(type(error).__name__)
"""
    assert project.run(code, MINITORCH_DEBUG="1").endswith("IndexError")


def test_a_body_that_does_not_compile_says_why_and_leaves_no_trace() -> None:
    @kernel
    def wrong(lo: int, hi: int, x: Any) -> None:
        x.no_such_attribute(lo)

    before = jit.cache_info().loaded
    for _ in range(2):
        with pytest.raises(Exception, match="no_such_attribute"):
            wrong(1, 1, np.zeros(1))
    assert jit.cache_info().loaded == before
    scaled(1, 1, np.zeros(1), np.zeros(1))


# ---------------------------------------------------------------- numerics


@pytest.mark.skipif(Cpu.current().arch not in _parallel.FLUSH_ARCHS, reason="control register not known")
@pytest.mark.parametrize("work", [1, MUCH])
@pytest.mark.parametrize("dtype, tiny", [(np.float32, 1e-38), (np.float64, 1e-308)])
def test_denormals_flush_inside_kernels_alone(threads: Any, work: int, dtype: Any, tiny: float) -> None:
    threads(2)
    x = np.full(100_000, tiny, dtype)
    half = x * dtype(0.5)
    out = np.empty_like(x)
    assert (half > 0).all()
    assert jit.set_flush_denormal(True)
    halved(x.size, work, x, out)
    assert (out == 0).all()
    assert np.array_equal(x * dtype(0.5), half)  # NumPy, on this thread, is as before
    try:
        jit.set_flush_denormal(False)
        halved(x.size, work, x, out)
        assert np.array_equal(out, half)
    finally:
        jit.set_flush_denormal(True)


@pytest.mark.skipif(Cpu.current().arch not in _parallel.FLUSH_ARCHS, reason="control register not known")
def test_the_denormal_mode_is_restored_when_a_body_raises() -> None:
    x = np.full(10, -1.0)
    with pytest.raises(ValueError, match="negative"):
        picky(10, 1, x)
    assert np.float64(1e-308) * np.float64(0.5) > 0


def test_nan_and_infinity_are_honoured() -> None:
    @kernel
    def is_nan(lo: int, hi: int, x: Any, out: Any) -> None:
        for i in range(lo, hi):
            out[i] = (x[i] != x[i]) + 2 * (x[i] == np.inf)

    out = np.zeros(3)
    is_nan(3, 1, np.array([1.0, np.nan, np.inf]), out)
    assert out.tolist() == [0, 1, 2]


@pytest.mark.skipif(Cpu.current().arch != "x86_64", reason="reads x86 assembly")
def test_a_plain_loop_compiles_to_whole_vectors_without_gathers() -> None:
    x = np.ones(4, np.float32)
    halved(4, 1, x, x.copy())
    text = next(text for types, text in halved.inspect_asm().items() if types[0].dtype.name == "float32")
    packed = [line for line in text.splitlines() if "mulps" in line]
    assert packed and "gather" not in text
    assert "halved" in next(iter(halved.inspect_llvm().values()))


# ---------------------------------------------------------------- kernels as objects


def test_a_kernel_is_also_its_python_function() -> None:
    out = np.zeros(4)
    scaled.reference(1, 3, np.ones(4), out)
    assert out.tolist() == [0, 3, 3, 0]
    assert scaled.__doc__ is None and scaled.__name__ == "scaled"
    assert triple(2) == 6


def test_kernels_take_numbers_no_arguments_and_many() -> None:
    names = [f"x{i}" for i in range(30)]
    scope: dict[str, Any] = {"kernel": kernel}
    body = f"def many(lo, hi, {', '.join(names)}, out):\n out[0] = {' + '.join(names)}"
    exec(body, scope)
    out = np.zeros(1)
    kernel(scope["many"])(1, 1, *range(29), 0.5, out)
    nothing(3, 1)
    assert out[0] == sum(range(29)) + 0.5


def test_signatures_are_the_types_seen() -> None:
    scaled(1, 1, np.zeros(1), np.zeros(1))
    assert any(str(signature[0]) == "array(float64, 1d, C)" for signature in scaled.signatures)


def test_kernels_and_helpers_are_pickled_by_name() -> None:
    import minitorch_pickled  # type: ignore[import-not-found]

    assert pickle.loads(pickle.dumps(minitorch_pickled.twice)) is minitorch_pickled.twice


@pytest.fixture(autouse=True)
def _pickled_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "minitorch_pickled.py").write_text(
        "from minitorch.jit import kernel\n@kernel\ndef twice(lo, hi, x): pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)


def test_jit_can_be_switched_off(project: Project) -> None:
    assert project.run(NUMBA_DISABLE_JIT="1") == "2.0 3.0 11.0 10.0 0 0"


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


@forks
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
