"""Loading through shared memory and in threads: large batches arrive whole, nothing stays behind."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch as torch
from minitorch.utils.data import DataLoader, Dataset, IterableDataset, get_worker_info
from minitorch.utils.data.transport import Arena, arena, receive, send

needs_arena = pytest.mark.skipif(arena(1) is None, reason="this system has no anonymous files")


class Large(Dataset[Any]):
    """Samples whose sizes change, all elements the index."""

    def __len__(self) -> int:
        return 60

    def __getitem__(self, index: int) -> Any:
        return torch.full((1000 + 7000 * (index % 5), 3), float(index)), index


def whole(loader: Any) -> list[int]:
    """Return the indices, after a look at every element."""
    found = []
    for values, index in loader:
        assert bool((values == float(index)).all()) and len(values) == 1000 + 7000 * (int(index) % 5)
        found.append(int(index))
    return found


@pytest.mark.parametrize("context", ["fork", "spawn", "thread"])
@pytest.mark.parametrize("options", [{}, {"in_order": False}, {"persistent_workers": True, "prefetch_factor": 3}])
def test_large_samples_of_changing_sizes_arrive_whole(context: str, options: dict[str, Any]) -> None:
    loader = DataLoader(Large(), None, num_workers=2, multiprocessing_context=context, **options)
    for _ in range(2 if context != "spawn" and "persistent_workers" in options else 1):
        found = whole(loader)
        assert found == list(range(60)) or ("in_order" in options and sorted(found) == list(range(60)))


def refuse(name: str) -> int:
    raise OSError(24, "Too many open files")


@pytest.mark.parametrize("context", ["fork", "spawn"])
@pytest.mark.parametrize("system", ["has no anonymous files", "gives none"])
def test_without_an_arena_everything_goes_through_the_pipe(
    context: str, system: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if system == "gives none":
        monkeypatch.setattr(os, "memfd_create", refuse, raising=False)
    else:
        monkeypatch.delattr(os, "memfd_create", raising=False)
    assert arena(1) is None
    loader = DataLoader(Large(), None, num_workers=2, multiprocessing_context=context, persistent_workers=True)
    assert whole(loader) == whole(loader) == list(range(60))


class Noisy(Dataset[Any]):
    """Samples of which a part is drawn by the worker, by its own seed."""

    def __len__(self) -> int:
        return 50

    def __getitem__(self, index: int) -> Any:
        return torch.full((9000,), float(index)) + torch.rand(9000), np.random.random(), random.random()


@pytest.mark.parametrize("context", ["fork", "spawn"])
@pytest.mark.parametrize("persistent", [False, True])
def test_two_runs_with_a_seed_give_the_same_bits(context: str, persistent: bool) -> None:
    if persistent and context == "spawn":
        pytest.skip("starting processes takes a second each; the other three tell as much")
    runs = []
    for _ in range(2):
        torch.manual_seed(8)
        loader = DataLoader(
            Noisy(), 8, shuffle=True, num_workers=2, multiprocessing_context=context, persistent_workers=persistent
        )
        runs.append([[field.numpy().tobytes() for field in batch] for _ in range(2) for batch in loader])
    assert runs[0] == runs[1] and len(runs[0]) == 14
    assert runs[0][0] != runs[0][7]  # the second epoch is another one


@needs_arena
def test_batches_that_are_kept_are_not_written_over() -> None:
    loader: Any = DataLoader(Large(), None, num_workers=2, multiprocessing_context="fork")
    kept = [values for values, _ in loader]
    assert [float(values.mean()) for values in kept] == list(range(60))
    kept[3].fill_(-1)
    assert float(kept[4].mean()) == 4


class Pipe:
    """Both ends of a pipe in one process."""

    def __init__(self) -> None:
        self.messages: list[bytes] = []

    def send_bytes(self, message: Any) -> None:
        self.messages.append(bytes(message))

    def recv_bytes(self) -> bytes:
        return self.messages.pop(0)

    def recv_bytes_into(self, buffer: Any) -> None:
        buffer[:] = np.frombuffer(self.messages.pop(0), np.uint8)


@needs_arena
def test_only_large_arrays_go_through_the_arena_and_slots_are_used_again() -> None:
    memory: Any = arena(3)
    other, pipe = Arena(os.dup(memory._handle), 3), Pipe()
    send(pipe, np.arange(10), memory)
    assert len(pipe.messages) == 2 and receive(pipe, other).tolist() == list(range(10))
    sizes = []
    for turn in range(30):
        values = [np.full(20_000, turn + i, np.int32) for i in range(2)]
        send(pipe, values, memory)
        assert len(pipe.messages) == 1
        if turn % 3 == 2:  # two stay on the way
            pipe_values = receive(pipe, other)
            assert [int(v[0]) for v in pipe_values] == [turn, turn + 1]
        else:
            assert all((a == b).all() for a, b in zip(receive(pipe, other), values))
        sizes.append(os.fstat(memory._handle).st_size)
    assert len(set(sizes)) == 1
    memory.close()
    memory.close()
    other.close()


@needs_arena
def test_results_on_the_way_survive_a_larger_one() -> None:
    memory: Any = arena(4)
    other, pipe = Arena(os.dup(memory._handle), 4), Pipe()
    values = [np.full(n, n, np.int64) for n in (5_000, 6_000, 90_000, 5_000)]
    for value in values:
        send(pipe, value, memory)
    for value in values:
        assert (receive(pipe, other) == value).all()
    for value in values * 3:
        send(pipe, value, memory)
        assert (receive(pipe, other) == value).all()


PROGRAM = """
import os, signal, sys
import minitorch
from minitorch.utils.data import DataLoader
class Large:
    def __len__(self): return 50
    def __getitem__(self, index):
        if index == 20 and sys.argv[1] == "killed": os.kill(os.getpid(), signal.SIGKILL)
        return minitorch.full((50_000,), float(index))
if __name__ == "__main__":
    try:
        for batch in DataLoader(Large(), 2, num_workers=2, multiprocessing_context=sys.argv[2]): pass
    except RuntimeError as error:
        print(type(error).__name__)
"""


@pytest.mark.parametrize("context", ["fork", "spawn"])
@pytest.mark.parametrize("end", ["killed", "finished"])
def test_nothing_is_said_or_left_behind(context: str, end: str, tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    before = set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(script), end, context]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=True)
    assert done.stdout.split() == (["RuntimeError"] if end == "killed" else []) and done.stderr == ""
    after = set(os.listdir("/dev/shm")) if os.path.isdir("/dev/shm") else set()
    assert not [name for name in after - before if "minitorch" in name or name.startswith("psm_")]


# ---------------------------------------------------------------- threads


class Asking(Dataset[Any]):
    def __len__(self) -> int:
        return 40

    def __getitem__(self, index: int) -> Any:
        if index == 33:
            raise ValueError("bad 33")
        info: Any = get_worker_info()
        return index, info.id, info.num_workers, threading.get_ident()


def threads(dataset: Any, batch: Any = 1, workers: int = 2, **options: Any) -> Any:
    return DataLoader(dataset, batch, num_workers=workers, multiprocessing_context="thread", **options)


def test_threads_load_in_order_and_know_who_they_are() -> None:
    rows = [batch[0] for _, batch in zip(range(33), threads(Asking(), collate_fn=list))]
    assert [row[0] for row in rows] == list(range(33)) and {row[1:3] for row in rows} == {(0, 2), (1, 2)}
    assert len({row[3] for row in rows} | {threading.get_ident()}) == 3 and get_worker_info() is None


def test_errors_of_threads_arrive_with_their_traceback() -> None:
    with pytest.raises(ValueError, match=r"Caught ValueError in DataLoader worker thread 1\.\nOriginal Traceback"):
        list(threads(Asking(), collate_fn=list))


def test_threads_shuffle_as_torch_does_and_stay_if_they_should() -> None:
    torch.manual_seed(3)
    alone = [batch.tolist() for batch in DataLoader(range(50), 4, shuffle=True)]  # type: ignore[arg-type]
    torch.manual_seed(3)
    loader = threads(range(50), 4, shuffle=True, persistent_workers=True)
    assert [batch.tolist() for batch in loader] == alone
    before = threading.active_count()
    assert len(list(loader)) == 13 and threading.active_count() == before
    del loader
    end = time.monotonic() + 5
    while threading.active_count() > before - 2 and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() == before - 2


class Numbers(IterableDataset[int]):
    def __iter__(self) -> Any:
        info: Any = get_worker_info()
        return iter(range(10 * info.id, 10 * info.id + (7 if info.id else 3)))


def test_every_thread_iterates_for_itself() -> None:
    found = [batch.tolist() for batch in threads(Numbers(), 2)]
    assert found == [[0, 1], [10, 11], [2], [12, 13], [14, 15], [16]]


def test_a_slow_thread_runs_out_of_time_and_an_early_end_is_quick() -> None:
    class Slow(Dataset[int]):
        def __len__(self) -> int:
            return 100

        def __getitem__(self, index: int) -> int:
            time.sleep(0.5 if index else 0.0)
            return index

    with pytest.raises(RuntimeError, match=r"^DataLoader timed out after 0.1 seconds$"):
        list(threads(Slow(), timeout=0.1))
    started = time.monotonic()
    batches = iter(threads(Slow()))
    next(batches)
    del batches
    assert time.monotonic() - started < 5


@pytest.mark.skipif(not hasattr(os, "fork"), reason="signals of POSIX")
def test_ctrl_c_ends_a_program_with_threads(tmp_path: Path) -> None:
    script = tmp_path / "program.py"
    script.write_text(
        "import time\nfrom minitorch.utils.data import DataLoader\n"
        "class Slow:\n    def __len__(self): return 1000\n"
        "    def __getitem__(self, index):\n        time.sleep(0.02)\n        return index\n"
        "for batch in DataLoader(Slow(), 1, num_workers=2, multiprocessing_context='thread'): print(1, flush=True)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, str(script)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=20)
    assert process.returncode == -signal.SIGINT and b"KeyboardInterrupt" in error
