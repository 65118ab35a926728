"""`python -m minitorch.warmup`: says what it does, leaves settings alone, and finds everything the second time."""

import subprocess
import sys
from pathlib import Path

import pytest

import minitorch as torch
from minitorch import warmup

ROOT = Path(__file__).resolve().parent.parent


def test_every_stage_is_reported_and_settings_stay(capsys: pytest.CaptureFixture[str]) -> None:
    torch.manual_seed(3)
    state, dtype = torch.get_rng_state(), torch.get_default_dtype()
    warmup.main([])
    shown = capsys.readouterr().out
    for stage in warmup.STAGES:
        assert f"float32 {stage}: " in shown
    assert torch.equal(torch.get_rng_state(), state)
    assert torch.get_default_dtype() is dtype


def test_a_second_run_compiles_nothing() -> None:
    command = [sys.executable, "-m", "minitorch.warmup"]
    runs = [subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True) for _ in range(2)]
    assert "\n0 kernels compiled" in runs[1].stdout, runs[1].stdout


def test_a_small_cnn_compiles_nothing_after_it() -> None:
    program = """
from minitorch import warmup
from minitorch.jit import cache_info
from tests.programs_for_torch import with_minitorch
warmup.main([])
before = cache_info().compiled
with_minitorch("training_curve")["run"]("AdamW")
for model in ("SimpleCNN", "TwoStages", "DepthwiseSeparable", "UnfoldFold"):
    with_minitorch("tutorial_models")["run"](model)
print("left over:", cache_info().compiled - before)
"""
    command = [sys.executable, "-c", program]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.endswith("left over: 0\n"), run.stdout


def test_float64_has_stages_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []
    monkeypatch.setattr(warmup, "STAGES", {"probe": lambda: seen.append(torch.tensor(1.0).dtype)})
    warmup.main(["--float64"])
    assert seen == [torch.float32, torch.float64]


def test_settings_come_back_after_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise RuntimeError("no compiler")

    monkeypatch.setattr(warmup, "STAGES", {"probe": fail})
    with pytest.raises(RuntimeError, match="no compiler"):
        warmup.warm_up(torch.float64)
    assert torch.get_default_dtype() is torch.float32
