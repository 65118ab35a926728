"""Every example on a short setting: what it learns and leaves behind; and that a killed run loses nothing."""

import importlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import minitorch as torch
from minitorch.io import load_file

ROOT = Path(__file__).resolve().parent.parent
PNG = b"\x89PNG\r\n\x1a\n"
DIGITS = ROOT / "examples" / "digits.py"

# example: epochs, what must hold for the value that its main returns, and the files that it leaves
SHORT: dict[str, tuple[int, Callable[[Any], bool], str]] = {
    "segmentation": (2, lambda overlap: overlap > 0.55, "curves.png masks.png model.safetensors"),
    "waves": (3, lambda accuracy: accuracy > 0.85, "confusion.png curves.png model.safetensors waves.png"),
    "motion": (2, lambda accuracy: accuracy > 0.95, "clips.png confusion.png curves.png model.safetensors"),
    "autoencoder": (12, lambda errors: errors[0] < 0.8 * errors[1], "curves.png digits.png model.safetensors"),
    "dcgan": (12, lambda found: found[0] > 0.15 and found[1] > 6, "curves.png digits.png generator.safetensors"),
    "char_lstm": (1, lambda bits: bits < 3.5, "curves.png model.safetensors written.txt"),
    "char_gpt": (1, lambda bits: bits < 4.1, "curves.png model.safetensors written.txt"),
}


@pytest.fixture(scope="module", autouse=True)
def examples() -> Iterator[None]:
    """Let the examples be imported, as `python examples/x.py` finds their helpers."""
    sys.path.insert(0, str(ROOT / "examples"))
    try:
        yield
    finally:
        sys.path.remove(str(ROOT / "examples"))


def test_every_example_is_tested() -> None:
    names = {path.stem for path in DIGITS.parent.glob("*.py") if not path.stem.startswith("_")}
    assert names == {"digits", *SHORT}


@pytest.mark.parametrize("name", SHORT)
def test_a_short_run_learns_shows_and_writes(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    epochs, good, files = SHORT[name]
    reached = importlib.import_module(name).main(["--epochs", str(epochs), "--out", str(tmp_path)])
    shown, progress = capsys.readouterr()
    assert good(reached), reached
    assert "trained in" in shown and str(tmp_path) in shown
    assert f"epoch {epochs:{len(str(epochs))}}/{epochs}" in progress
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*files.split(), "checkpoint.pt"])
    assert all(path.read_bytes().startswith(PNG) for path in tmp_path.glob("*.png"))


def run_digits(out: Path, *options: str) -> subprocess.Popen[bytes]:
    """Start the digits example on a few epochs."""
    command = [sys.executable, str(DIGITS), "--epochs", "5", "--out", str(out), *options]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, cwd=ROOT, env=environment)


def finished(run: "subprocess.Popen[bytes]") -> bytes:
    """Wait for a run that nobody disturbs, and return what it said of its progress."""
    error = run.communicate()[1]
    assert run.returncode == 0, error.decode()
    return error


@pytest.mark.parametrize("kills", [3, pytest.param(20, marks=pytest.mark.slow)])
def test_a_run_killed_at_random_moments_ends_with_the_same_bits(kills: int, tmp_path: Path) -> None:
    chance = random.Random(kills)
    start = time.monotonic()
    finished(run_digits(tmp_path / "undisturbed"))
    usual = time.monotonic() - start
    last = 0
    for _ in range(kills):
        run = run_digits(tmp_path / "killed", "--resume")
        time.sleep(chance.uniform(0.2, 0.9) * usual)
        run.send_signal(signal.SIGKILL)
        run.communicate()
        if (tmp_path / "killed" / "checkpoint.pt").exists():
            epoch = torch.load(tmp_path / "killed" / "checkpoint.pt")["epoch"]
            assert epoch >= last
            last = epoch
    finished(run_digits(tmp_path / "killed", "--resume"))
    wanted, got = (load_file(tmp_path / name / "model.safetensors") for name in ("undisturbed", "killed"))
    assert wanted.keys() == got.keys()
    assert all(torch.equal(wanted[name], got[name]) for name in wanted)


def test_a_checkpoint_of_other_options_is_refused_in_one_line(tmp_path: Path) -> None:
    finished(run_digits(tmp_path))
    run = run_digits(tmp_path, "--resume", "--lr", "0.1")
    error = run.communicate()[1].decode()
    assert run.returncode == 1 and "was written with --lr 0.005" in error and error.count("\n") == 1


def test_a_finished_run_that_is_resumed_trains_no_further(tmp_path: Path) -> None:
    finished(run_digits(tmp_path))
    before = load_file(tmp_path / "model.safetensors")
    assert b"epoch" not in finished(run_digits(tmp_path, "--resume"))
    after = load_file(tmp_path / "model.safetensors")
    assert all(torch.equal(before[name], after[name]) for name in before)
