"""The digits example: what it learns, shows and leaves behind, and what it says to wrong options."""

import ast
import importlib
import io
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

import minitorch as torch
from minitorch.io import load_file
from minitorch.jit import CompileEvent

ROOT = Path(__file__).resolve().parent.parent
PNG = b"\x89PNG\r\n\x1a\n"
OPTIONS = ("--epochs", "--batch-size", "--lr", "--seed", "--threads", "--out", "--resume")


@pytest.fixture(scope="module")
def digits() -> Iterator[ModuleType]:
    """Return the example as a module, as `python examples/digits.py` finds it."""
    sys.path.insert(0, str(ROOT / "examples"))
    try:
        import digits

        yield digits
    finally:
        sys.path.remove(str(ROOT / "examples"))


@pytest.fixture(autouse=True)
def same_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def accuracy(digits: ModuleType, *options: str) -> float:
    """Train with options and return the accuracy on the test set."""
    args = digits.parse_args(list(options))
    torch.manual_seed(args.seed)
    train, test = digits.load_data()
    model = digits.DigitNet()
    digits.fit(args, model, train, test)
    return float(digits.evaluate(model, test)[1])


# ---- what it learns


def test_the_split_is_fixed_and_has_every_digits_share(digits: ModuleType) -> None:
    (train, test), again = digits.load_data(), digits.load_data()[1]
    assert len(train) == 1437 and len(test) == 360
    assert torch.equal(test.tensors[0], again.tensors[0])
    counts = [test.tensors[1].tolist().count(digit) for digit in range(10)]
    assert min(counts) >= 35 and max(counts) <= 37
    assert float(train.tensors[0].min()) == 0 and float(train.tensors[0].max()) == 1


def test_the_default_seed_reads_985_of_1000_test_digits(digits: ModuleType, tmp_path: Path) -> None:
    assert accuracy(digits, "--out", str(tmp_path)) >= 0.985


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["1", "2", "3", "4"])
def test_other_seeds_read_98_of_100(digits: ModuleType, seed: str, tmp_path: Path) -> None:
    assert accuracy(digits, "--seed", seed, "--out", str(tmp_path)) >= 0.98


def test_the_number_of_threads_changes_nothing(digits: ModuleType, tmp_path: Path) -> None:
    weights = []
    for threads in ("1", "2"):
        digits.main(["--epochs", "1", "--threads", threads, "--out", str(tmp_path)])
        weights.append(load_file(tmp_path / "model.safetensors"))
    for name, weight in weights[0].items():
        assert torch.equal(weight, weights[1][name]), name


# ---- what it shows


def test_a_short_run_shows_and_writes_all_that_it_promises(
    digits: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "new" / "folder"
    digits.main(["--epochs", "2", "--out", str(out)])
    shown, progress = capsys.readouterr()
    assert "Conv2d(1, 32" in shown and "1,437 training images, 360 test images" in shown
    assert "of 360 test images are right" in shown and "█" in shown
    assert "epoch 2/2" in progress and "loss" in progress and "accuracy" in progress and "test" in progress
    for name in ("curves", "confusion", "filters"):
        assert (out / f"{name}.png").read_bytes().startswith(PNG)
    assert sorted(path.name for path in out.iterdir()) == [
        *("checkpoint.pt", "confusion.png", "curves.png", "filters.png", "model.safetensors")
    ]
    assert load_file(out / "model.safetensors")["conv1.weight"].shape == (32, 1, 3, 3)


def test_the_bar_names_the_kernel_that_is_being_compiled(digits: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    run = importlib.import_module("_run")
    monkeypatch.setattr(run, "on_compile", lambda show: told.append(show) or (lambda: told.clear()))
    text = io.StringIO()
    with digits.tqdm(total=3, file=text, bar_format=run.BAR) as bar, run.compilation_shown(bar):
        told[0](CompileEvent("conv[float32]", False, 7, 2.5))
        told[0](CompileEvent("conv[float32]", True, 7, 2.9))
    assert "compiling kernel 7: conv[float32]" in text.getvalue()
    assert not told


def test_drawings_need_no_unicode(digits: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    image = torch.arange(64.0).reshape(8, 8) / 63
    assert "█" in "".join(digits.report.drawing(image, 3, 0.5, 4))
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    plain = "".join(digits.report.drawing(image, 3, 0.5, 4))
    assert plain.isascii() and "wrong, it is 4" in plain


def test_a_model_that_reads_back_differently_is_reported(
    digits: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(digits, "load_file", lambda path: digits.DigitNet().state_dict())
    with pytest.raises(SystemExit, match="does not give the scores"):
        digits.save_and_load(digits.DigitNet(), tmp_path / "m", digits.load_data()[1])


# ---- options


def test_help_explains_every_option(digits: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        digits.parse_args(["--help"])
    text = capsys.readouterr().out
    assert left.value.code == 0
    for option in OPTIONS:
        assert option in text
    assert text.count("(default:") == len(OPTIONS)


@pytest.mark.parametrize(
    "options, message",
    [
        (["--epochs", "0"], "--epochs: '0' is not a whole number of at least 1"),
        (["--epochs", "2.5"], "--epochs: '2.5' is not"),
        (["--batch-size", "-3"], "--batch-size: '-3' is not"),
        (["--lr", "-0.1"], "--lr: '-0.1' is not a positive number"),
        (["--lr", "0"], "--lr: '0' is not"),
        (["--lr", "nan"], "--lr: 'nan' is not"),
        (["--lr", "inf"], "--lr: 'inf' is not"),
        (["--lr", "fast"], "--lr: 'fast' is not"),
        (["--seed", "-1"], "--seed: '-1' is not a whole number"),
        (["--seed", str(2**63)], "--seed: '9223372036854775808' is not"),
        (["--threads", "0"], "--threads: '0' is not"),
        (["--momentum", "0.9"], "unrecognized arguments: --momentum 0.9"),
        (["--epochs"], "--epochs: expected one argument"),
    ],
)
def test_a_wrong_value_gets_one_line(
    options: list[str], message: str, digits: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as left:
        digits.parse_args(options)
    error = capsys.readouterr().err
    assert left.value.code == 2
    assert message in error and "--help" in error and error.count("\n") == 1


def test_a_folder_that_cannot_be_written_gets_one_line_before_any_training(
    digits: ModuleType, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("")
    for out in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(SystemExit) as left:
            digits.main(["--out", str(out)])
        shown, error = capsys.readouterr()
        assert left.value.code == 2 and not shown
        assert "--out: cannot write into" in error and error.count("\n") == 1


# ---- as a person meets it


def test_the_script_runs_from_any_folder_after_a_warm_up_without_compiling(tmp_path: Path) -> None:
    program = (
        "import runpy, sys; from minitorch import warmup; warmup.main([]); sys.argv = ['digits.py', '--epochs', '1'];"
        f"sys.path.insert(0, {str(ROOT / 'examples')!r});"
        f"runpy.run_path({str(ROOT / 'examples' / 'digits.py')!r}, run_name='__main__')"
    )
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r}); {program}"]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, encoding="utf-8")
    assert run.returncode == 0, run.stderr
    assert "trained in" in run.stdout and "of which" not in run.stdout
    assert (tmp_path / "runs" / "digits" / "curves.png").exists()


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.py")), ids=lambda path: path.name)
def test_only_public_names_are_used(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("minitorch"):
            parts = [*str(node.module).split("."), *(alias.name for alias in node.names)]
            assert not [part for part in parts if part.startswith("_")]
        if isinstance(node, ast.Attribute):
            assert not node.attr.startswith("_") or node.attr == "__init__"
