"""The benchmark's bookkeeping: cases, formulas, answers, ratios and reports. Nothing here is timed."""

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench import __main__ as command
from bench import answers, arrays, programs, report, table
from bench.case import Arg, Case
from bench.cases import ALL, select
from bench.driver import Crashed, Subject, WorkerProcess
from bench.library import Missing, resolve
from bench.prepared import summary
from bench.run import Row, run

MINE, PLAIN, OTHER = (
    Subject("minitorch", "channels_last"), Subject("minitorch", "contiguous"), Subject("torch", "contiguous"),
)  # fmt: skip


SINGLE = Case("", "", "add", ())


def case_named(name: str) -> Case:
    (case,) = (case for case in ALL if case.name == name)
    return case


def save(path: Path, named: dict[str, Any]) -> None:
    np.savez(path, **named)


# ---- cases ---------------------------------------------------------------------------------------------------------


def test_names_are_unique() -> None:
    names = [case.name for case in ALL]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "group, at_least",
    [
        ("conv 3x3", 2.2), ("conv 1x1", 1.2), ("conv RGB", 1.2), ("conv groups", 1.3), ("conv 1d, 3d", 1.3),
        ("conv transposed", 1.3), ("conv float64", 3.0), ("pool", 1.2), ("fold", 2.0), ("linear", 1.1), ("tiny", 1.0),
        ("batch 1", 1.0), ("norm", 1.2), ("optim", 1.5), ("overhead", 1.0), ("loss", 1.2),
    ],
)  # fmt: skip
def test_each_promised_group_has_rows_with_its_target(group: str, at_least: float) -> None:
    targets = [case.target for case in ALL if case.group == group and case.target]
    assert any(target >= at_least for target in targets)


def test_a_case_names_a_known_program_mode_and_dtype() -> None:
    for case in ALL:
        where, _, name = case.op.partition(".")
        assert where != "programs" or hasattr(programs, name), case.name
        assert case.mode in {"train", "forward", "step"} and case.dtype in {"float32", "float64"}
        assert case.mode in case.name or case.mode == "step", case.name


def test_select_reads_regular_expressions_on_group_and_name() -> None:
    assert {case.group for case in select("^pool: ")} == {"pool"}
    assert not [case for case in select("^pool: ", "max") if "max" in case.name]


# ---- formulas ------------------------------------------------------------------------------------------------------


def test_flops_of_a_convolution_and_its_gradients() -> None:
    train = case_named("conv2d 3x3 16x64x56x56->64 float32 train")
    one_pass = 2 * 16 * 64 * 56 * 56 * 64 * 9
    assert train.flops([(16, 64, 56, 56)]) == 3 * one_pass
    image = case_named("conv2d 7x7 s2 16x3x224x224->64 float32 train")  # no gradient for the image
    assert image.flops([(16, 64, 112, 112)]) == 2 * (2 * 16 * 64 * 112 * 112 * 3 * 49)


def test_flops_of_a_transposed_convolution_count_its_input() -> None:
    case = case_named("conv_transpose2d k2 s2 16x128x28x28->64 float32 forward")
    assert case.flops([(16, 64, 56, 56)]) == 2 * 16 * 128 * 28 * 28 * 64 * 4


def test_bytes_count_each_tensor_once_a_pass() -> None:
    case = Case("", "", "mul", (Arg((4,)), Arg((4,), grad=False)))
    # forward reads two and writes one; backward reads both again and the gradient, and writes one
    assert case.bytes([(4,)]) == 4 * 4 * (3 + 2 + 1 + 1)
    assert Case("", "", "mul", (Arg((4,)), Arg((4,))), mode="forward").bytes([(4,)]) == 4 * 4 * 3
    assert Case("", "", "programs.x", (Arg((4,)),), mode="step", passes=7).bytes([(4,)]) == 4 * 4 * 7
    assert Case("", "", "programs.x", (Arg((4,)),), mode="step", passes=0).bytes([(4,)]) is None


# ---- numbers and answers -------------------------------------------------------------------------------------------


def test_inputs_are_the_same_every_time_and_have_unit_deviation() -> None:
    case = Case("", "", "add", (Arg((300, 200)),))
    first, second = (arrays.make(case, case.args[0], 0) for _ in range(2))
    assert np.array_equal(first, second) and first.dtype == np.float32
    assert abs(float(first.std()) - 1) < 0.01 and abs(float(first.mean())) < 0.02
    assert not np.array_equal(first, arrays.make(case, case.args[0], 1))


def test_channels_last_changes_the_order_and_not_the_digest() -> None:
    x = arrays.uniform((2, 3, 4, 5), "float32", 0)
    y = arrays.channels_last(x)
    assert y.shape == x.shape and y.strides[1] == 4
    assert arrays.digest([x]) == arrays.digest([y])


@pytest.mark.parametrize(
    "value, same", [(1.0 + 1e-6, True), (1.01, False), (float("nan"), False)], ids=["close", "far", "nan"]
)
def test_answers_are_compared_by_relative_error(tmp_path: Path, value: float, same: bool) -> None:
    a, b = tmp_path / "a.npz", tmp_path / "b.npz"
    np.savez(a, x=np.array([value], np.float32))
    np.savez(b, x=np.array([1.0], np.float32))
    assert answers.compare(a, b, SINGLE)["same"] is same


def test_single_gradients_may_differ_at_kinks_and_outputs_may_not(tmp_path: Path) -> None:
    a, b = tmp_path / "a.npz", tmp_path / "b.npz"
    gradient = np.ones(100_000, np.float32)
    save(a, {"output 0": np.ones(3), "gradient 0": gradient})
    gradient[7] = 0.0
    save(b, {"output 0": np.ones(3), "gradient 0": gradient})
    kinked = Case("", "", "add", (), kinks=True)
    assert answers.compare(a, b, kinked)["same"] and not answers.compare(a, b, SINGLE)["same"]
    save(b, {"output 0": np.full(3, 1.001), "gradient 0": gradient})
    assert not answers.compare(a, b, kinked)["same"]


def test_answers_of_another_shape_or_number_differ(tmp_path: Path) -> None:
    a, b, c = (tmp_path / f"{n}.npz" for n in "abc")
    np.savez(a, x=np.zeros(2))
    np.savez(b, x=np.zeros((2, 1)))
    np.savez(c, x=np.zeros(2), y=np.zeros(2))
    assert "shape" in answers.compare(a, b, SINGLE)["where"]
    assert not answers.compare(a, c, SINGLE)["same"]


# ---- rows ----------------------------------------------------------------------------------------------------------


def a_round(seconds: float, control: float = 1.0) -> dict[str, float]:
    return {**summary([seconds] * 4), "control": control, "disturbed": 0.0}


def test_disturbed_rounds_count_only_if_there_is_no_other() -> None:
    row = a_row([1.0, 1.0], [50.0, 2.0])
    row.rounds[OTHER][0]["disturbed"] = 0.9
    assert row.ratio(MINE) == 2.0 and row.disturbed == 0.0
    row.rounds[MINE][1]["disturbed"] = 0.9
    assert row.ratio(MINE) == 26.0 and row.disturbed == 0.45


def a_row(mine: list[float], torch: list[float], name: str = "a", control: float = 1.0) -> Row:
    case = Case(name, "group", "add", (Arg((4,)),), target=2.0)
    rounds = {MINE: [a_round(s, control) for s in mine], PLAIN: [a_round(4 * s, control) for s in mine]}
    return Row(case, rounds | {OTHER: [a_round(s, control) for s in torch]}, outputs=[(4,)])


def test_the_ratio_is_the_median_of_quotients_within_rounds() -> None:
    row = a_row([1.0, 2.0, 1.0], [3.0, 6.0, 90.0])  # round 2 was slow for both, round 3 for torch alone
    assert row.best("minitorch") == MINE
    assert row.ratio(MINE) == 3.0 and row.ratio(PLAIN) == 0.75 and row.least_ratio(MINE) == 3.0


def test_a_row_without_torch_has_a_time_and_no_ratio() -> None:
    row = a_row([1.0], [1.0])
    del row.rounds[OTHER]
    found = table.as_json(row, {"float32": 1.0, "float64": 1.0, "copy": 1.0})
    assert found["time"] == 1.0 and found["ratio"] is None and found["torch"] is None
    assert "a" in table.line(found)


def test_the_share_of_the_roofline_takes_the_slower_of_arithmetic_and_traffic() -> None:
    case = Case("", "", "mul", (Arg((4,)),), cost=lambda case, outputs: 8e9, mode="forward")
    row = Row(case, {PLAIN: [a_round(2.0)]}, outputs=[(4,)])
    assert table.as_json(row, {"float32": 8.0, "copy": 1e9})["roof"] == pytest.approx(0.5)
    assert table.as_json(row, {})["roof"] is None


def test_a_row_below_its_target_and_one_with_wrong_answers_are_marked() -> None:
    row = a_row([1.0], [1.5])
    row.wrong, row.notes = True, {PLAIN: "answers differ"}
    text = table.line(table.as_json(row, {}))
    assert "<" in text and "WRONG" in text and "minitorch contiguous: answers differ" in text


def test_the_summary_counts_promises_kept() -> None:
    rows = [table.as_json(a_row([1.0], [t], name), {}) for name, t in (("a", 4.0), ("b", 1.0))]
    text = table.summary(rows)
    assert re.search(r"group +2 +2\.00 +1\.00  1 of 2", text)


# ---- report --------------------------------------------------------------------------------------------------------


def a_run(times: dict[str, float], control: float = 1.0) -> dict[str, Any]:
    rows = [table.as_json(a_row([t, t, t], [1.0] * 3, name, control), {}) for name, t in times.items()]
    return {"rows": rows, "threads": 2, "versions": {}, "machine": "m"}


def test_the_report_flags_what_became_slower() -> None:
    found = report.changes(a_run({"a": 1.0, "b": 1.0, "c": 1.0}), a_run({"a": 1.5, "b": 0.5, "d": 9.0}))
    assert [(c.name, c.verdict) for c in found] == [("a", "slower"), ("b", "faster")]


def test_a_machine_that_is_slower_in_all_is_no_change() -> None:
    (change,) = report.changes(a_run({"a": 1.0}), a_run({"a": 1.5}, control=1.5))
    assert change.verdict == "same" and change.factor == pytest.approx(1.0)


def test_the_report_command_fails_if_anything_is_slower(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = [tmp_path / name for name in ("a.json", "b.json")]
    for path, seconds in zip(paths, (1.0, 2.0)):
        path.write_text(json.dumps(a_run({"a": seconds})))
    assert command.main(["report", *map(str, paths)]) == 1
    assert "slower   2.00x" in capsys.readouterr().out
    assert command.main(["report", str(paths[0]), str(paths[0])]) == 0


# ---- the command and the processes ---------------------------------------------------------------------------------


def test_list_prints_the_filtered_cases(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["--list", "--filter", "^fold: "]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 4 and all(line.startswith("fold: ") for line in lines)


@pytest.mark.parametrize(
    "arguments, message",
    [
        (["--filter", "("], "not a regular expression"),
        (["--filter", "no such case"], "no case matches"),
        (["--rounds", "0"], "not above 0"),
    ],
)
def test_wrong_options_get_one_line(
    arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        command.main(arguments)
    assert message in capsys.readouterr().err


def test_a_name_that_the_library_lacks_is_missing() -> None:
    with pytest.raises(Missing, match=r"no linalg\.nothing"):
        resolve(np, "linalg.nothing")


def test_a_worker_that_ends_is_noticed_and_started_again() -> None:
    worker = WorkerProcess("no_such_library", sys.executable, 1)
    with pytest.raises(Crashed, match="no_such_library's process ended"):
        worker.ask("hello")
    assert worker.process is None


def test_a_case_runs_in_a_process_of_its_own() -> None:
    worker = WorkerProcess("minitorch", sys.executable, 1)
    try:
        assert "numpy" in worker.ask("hello")["versions"]
        (row,) = run([case_named("add 8x8 float32 train")], {"minitorch": worker}, 2, 0.001, ["contiguous"])
        assert not row.notes and not row.wrong and row.outputs == [(8, 8)]
        assert len(row.rounds[PLAIN]) == 2 and row.rounds[PLAIN][0]["calls"] >= 3
        assert "failed" in worker.ask("time", layout="none such", seconds=1)
    finally:
        worker.stop()
