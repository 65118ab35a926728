"""The kernel machinery: what runs where, with which numbers, and what becomes of errors."""

import importlib
import os
import pickle
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

from minitorch import _parallel, jit
from minitorch.cpu import Cpu
from minitorch.jit import helper, kernel
from tests.kernel_project import USE, Project

MUCH = 1 << 24  # work enough for every thread
LAYERS = ["tbb", "omp", "workqueue"] if sys.platform == "linux" else ["workqueue"]
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


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


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


def test_kernels_and_helpers_are_pickled_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "from minitorch.jit import kernel\n@kernel\ndef twice(lo, hi, x): pass\n"
    (tmp_path / "minitorch_pickled.py").write_text(code)
    monkeypatch.syspath_prepend(tmp_path)
    found = importlib.import_module("minitorch_pickled").twice
    assert pickle.loads(pickle.dumps(found)) is found


def test_jit_can_be_switched_off(project: Project) -> None:
    assert project.run(NUMBA_DISABLE_JIT="1") == "2.0 3.0 11.0 10.0 0 0"
