"""Loading in worker processes: torch's order and seeds, every sample once, deaths and errors noticed, no orphans."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch
from minitorch.random import default_generator
from minitorch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset, get_worker_info

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the datasets of these tests are inherited by forks")


class Squares(Dataset[int]):
    def __init__(self, length: int = 6, look: Callable[[int], Any] = lambda i: i * i) -> None:
        self.length = length
        self.look = look

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Any:
        return self.look(index)


def loader(dataset: Any, batch: Any = 2, workers: int = 2, **options: Any) -> Any:
    return DataLoader(dataset, batch, num_workers=workers, multiprocessing_context="fork", **options)


def gone(pid: int, patience: float = 10.0) -> bool:
    """Whether a process ends within some seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        try:
            with open(f"/proc/{pid}/stat") as stat:
                if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return True
        except (FileNotFoundError, ProcessLookupError):
            return True
        time.sleep(0.02)
    return False


def test_order_and_random_numbers_are_torchs() -> None:
    def look(index: int) -> Any:
        info: Any = get_worker_info()
        drawn = random.random(), float(np.random.rand()), float(default_generator.uniform((1,))[0])
        return (index, info.id, info.seed, *drawn)

    default_generator.manual_seed(0)
    found = [row for rows in loader(Squares(look=look), shuffle=True, collate_fn=list) for row in rows]
    base = 900450186894289455
    expected = [
        (0, 0, base, 0.21315340548154382, 0.8371640508861415, 0.7821398973464966),
        (4, 0, base, 0.2764485855185723, 0.38757835109739946, 0.053598999977111816),
        (3, 1, base + 1, 0.7733861492043289, 0.6702704958690073, 0.6938178539276123),
        (5, 1, base + 1, 0.1634220007200502, 0.07589687641367027, 0.29795897006988525),
        (2, 0, base, 0.9257209527984, 0.37328033548445017, 0.9887869358062744),
        (1, 0, base, 0.6404354521419532, 0.8134918136402494, 0.1948593258857727),
    ]
    assert [row[:3] for row in found] == [row[:3] for row in expected]
    np.testing.assert_allclose([row[3:] for row in found], [row[3:] for row in expected], rtol=1e-12)
    assert default_generator.uniform((1,))[0] == np.float32(0.30742281675338745)
    assert get_worker_info() is None


@pytest.mark.parametrize("options", [{}, {"in_order": False}, {"persistent_workers": True}, {"prefetch_factor": 5}])
def test_a_thousand_steps_deliver_every_sample_once(options: dict[str, Any]) -> None:
    def look(index: int) -> int:
        if index % 97 == 0:
            time.sleep(0.002)  # let the other worker overtake
        return index

    default_generator.manual_seed(3)
    alone = [batch.tolist() for batch in DataLoader(Squares(2000, look), 2, shuffle=True)]
    default_generator.manual_seed(3)
    together = [batch.tolist() for batch in loader(Squares(2000, look), shuffle=True, **options)]
    assert len(together) == 1000 and sorted(i for batch in together for i in batch) == list(range(2000))
    assert together == alone or "in_order" in options


class Numbers(IterableDataset[int]):
    def __iter__(self) -> Any:
        info: Any = get_worker_info()
        return iter(range(10 * info.id, 10 * info.id + (7 if info.id else 3)))


@pytest.mark.parametrize(
    "batch, drop, expected",
    [
        (2, False, [[0, 1], [10, 11], [2], [12, 13], [14, 15], [16]]),
        (2, True, [[0, 1], [10, 11], [12, 13], [14, 15]]),
        (None, False, [0, 10, 1, 11, 2, 12, 13, 14, 15, 16]),
    ],
)
def test_every_worker_has_a_copy_of_an_iterable_dataset(batch: Any, drop: bool, expected: list[Any]) -> None:
    found = list(loader(Numbers(), batch, drop_last=drop))
    assert [b.tolist() if batch else b for b in found] == expected
    persistent = loader(Numbers(), batch, drop_last=drop, persistent_workers=True)
    for _ in range(2):
        assert len(list(persistent)) == len(expected)


def test_tensors_of_every_kind_arrive_whole() -> None:
    big = minitorch.arange(600_000).reshape(3, 200_000)
    turned = minitorch.arange(6.0).reshape(2, 3).t()
    odd = [minitorch.zeros(0, 3), minitorch.tensor(2.5).to(minitorch.bfloat16), minitorch.tensor([True, False])]
    for value in (big, turned, *odd):
        (batch,) = loader([value], None, 1)
        assert batch.dtype is value.dtype and batch.shape == value.shape and batch.tolist() == value.tolist()
        batch.fill_(1)  # its memory is its own
    pairs = list(loader(TensorDataset(big, big[:, 0]), 2))
    assert [pair[0].shape[0] for pair in pairs] == [2, 1] and pairs[1][1].tolist() == [400_000]


# ---------------------------------------------------------------- trouble


def fail(index: int) -> int:
    if index == 2:
        raise ValueError("bad 2")
    if index == 3:
        raise KeyError("k")
    return index


def test_errors_arrive_with_the_workers_traceback() -> None:
    batches = iter(loader(Squares(look=fail), 1))
    assert [next(batches).item() for _ in range(2)] == [0, 1]
    with pytest.raises(ValueError, match="Caught ValueError in DataLoader worker process 0") as caught:
        next(batches)
    assert "Original Traceback" in str(caught.value) and "in fail" in str(caught.value)
    with pytest.raises(KeyError, match=r"Caught KeyError in DataLoader worker process 1\.\nOriginal"):
        next(batches)
    assert [batch.item() for batch in batches] == [4, 5]


def test_errors_that_cannot_be_made_again_become_runtime_errors() -> None:
    class Odd(Exception):
        def __init__(self, a: int, b: int) -> None:
            super().__init__(a, b)

    def look(index: int) -> int:
        raise Odd(1, 2)

    with pytest.raises(RuntimeError, match="Caught Odd in DataLoader worker process 0"):
        list(loader(Squares(look=look), workers=1))


def test_batches_that_cannot_be_sent_are_errors() -> None:
    with pytest.raises(Exception, match="in DataLoader worker process 0"):
        list(loader(Squares(look=lambda i: lambda: i), 1, 1, collate_fn=list))


def test_errors_of_the_init_function_arrive() -> None:
    def init(number: int) -> None:
        raise RuntimeError(f"init {number}")

    with pytest.raises(RuntimeError, match="init 0"):
        list(loader(Squares(), worker_init_fn=init))


def test_a_killed_worker_is_an_error_and_leaves_nobody() -> None:
    pids: list[int] = []

    def look(index: int) -> int:
        if index == 5:
            os.kill(os.getpid(), signal.SIGKILL)
        return os.getpid()

    started = time.monotonic()
    with pytest.raises(RuntimeError, match=r"DataLoader worker \(pid\(s\) \d+\) exited unexpectedly"):
        pids.extend(batch.item() for batch in loader(Squares(100, look), 1))
    assert time.monotonic() - started < 10 and all(gone(pid) for pid in pids)


def test_a_slow_worker_runs_out_of_time() -> None:
    batches = iter(loader(Squares(look=lambda i: time.sleep(60)), workers=1, timeout=0.2))
    with pytest.raises(RuntimeError, match=r"^DataLoader timed out after 0.2 seconds$"):
        next(batches)
    workers = [worker.process for worker in batches._workers]
    workers[0].kill()


# ---------------------------------------------------------------- lives of workers


def own_pid(index: int) -> int:
    return os.getpid()


def test_workers_end_with_the_epoch() -> None:
    pids = {batch.item() for batch in loader(Squares(look=own_pid), 1)}
    assert len(pids) == 2 and os.getpid() not in pids and all(gone(pid) for pid in pids)


def test_workers_end_when_an_epoch_is_left_early() -> None:
    big = np.zeros(1_000_000)  # does not fit into a pipe: the workers are still sending
    batches = iter(loader(Squares(50, lambda i: (os.getpid(), big)), 1))
    pids = {next(batches)[0].item() for _ in range(2)}
    del batches
    assert all(gone(pid) for pid in pids)


def test_persistent_workers_stay() -> None:
    calls = []
    stay = loader(Squares(40, own_pid), 1, persistent_workers=True, worker_init_fn=lambda n: calls.append(n))
    epochs = [{batch.item() for batch in stay} for _ in range(3)]
    assert epochs[0] == epochs[1] == epochs[2] and calls == []
    next(iter(stay))
    assert len(list(stay)) == 40
    del stay
    assert all(gone(pid) for pid in epochs[0])


PROGRAM = """
import os, sys, time
from minitorch.utils.data import DataLoader
class Slow:
    def __len__(self): return 1000
    def __getitem__(self, index):
        time.sleep(0.05)
        return os.getpid()
if __name__ == "__main__":
    for i, batch in enumerate(DataLoader(Slow(), 1, num_workers=2, multiprocessing_context=sys.argv[1])):
        print(batch.item(), flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL, signal.SIGTERM])
def test_no_worker_outlives_the_main_process(number: signal.Signals, tmp_path: Any) -> None:
    script = tmp_path / "program.py"
    script.write_text(PROGRAM)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(script), "spawn" if number == signal.SIGTERM else "fork"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, start_new_session=True
    ) as process:
        assert process.stdout is not None
        pids = {int(process.stdout.readline()) for _ in range(6)}
        if number == signal.SIGINT:
            os.killpg(process.pid, number)  # what Ctrl-C does
        else:
            process.send_signal(number)
        process.wait(20)
    assert len(pids) == 2 and all(gone(pid) for pid in pids)


def test_many_workers_are_warned_about() -> None:
    with pytest.warns(UserWarning, match=r"This DataLoader will create 4096 worker processes in total\. Our suggested"):
        DataLoader([1], num_workers=4096)
