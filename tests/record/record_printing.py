"""Write tests/data/printing.json: what torch 2.13 prints. Run it in an environment that has torch 2.13.0.

A case holds the dtype, the shape, the values (or the first one and the step of an evenly spaced run),
whether the tensor requires a gradient or was made by an addition, the print options, the default dtype and
torch's text.
"""

import json
import random
from pathlib import Path
from typing import Any

import torch

FLOATS = ["float32", "float64", "float16", "bfloat16"]
INTS = ["int64", "int32", "int16", "int8", "uint8", "bool"]
COMPLEXES = ["complex64", "complex128"]
NAN, INF = float("nan"), float("inf")
Case = dict[str, Any]


def case_of(dtype: str, shape: list[int], values: list[Any], **more: Any) -> Case:
    return {"dtype": dtype, "shape": shape, "values": values, **more}


def build(case: Case) -> torch.Tensor:
    """Make the tensor that a case describes."""
    dtype = getattr(torch, case["dtype"])
    if "step" in case:
        size = int(torch.Size(case["shape"]).numel())
        flat = torch.tensor([case["values"][0] + i * case["step"] for i in range(size)], dtype=dtype)
    elif dtype.is_complex:
        flat = torch.tensor([complex(*pair) for pair in case["values"]], dtype=dtype)
    else:
        flat = torch.tensor(case["values"], dtype=dtype)
    return flat.reshape(case["shape"])


def text(case: Case) -> str:
    """Return what torch prints for a case."""
    torch.set_printoptions(profile="default")
    torch.set_default_dtype(getattr(torch, case.get("default", "float32")))
    torch.set_printoptions(**case.get("options", {}))
    x = build(case)
    if case.get("grad") == "leaf":
        x.requires_grad_()
    elif case.get("grad") == "add":
        x = x.requires_grad_() + 0
    elif case.get("grad") == "parameter":
        x = torch.nn.Parameter(x)
    return repr(x)


def corners() -> list[Case]:
    """Return the cases that were thought of."""
    rows: list[list[float]] = [
        [1, 2, 3], [1.5, 2, 3], [0.0], [-0.0], [0, 0], [1e5, 1], [1e8], [1.0000001e8, 1e8], [1, 1000],
        [1, 1001], [1.5, 1500], [1.5, 1501], [1e-4, 1e-2], [1.1e-4, 1e-2], [1e-5, 1], [123456.0], [1234567.0],
        [1e10], [1e38], [1e-38], [NAN], [INF], [-INF], [NAN, 1], [INF, 1], [NAN, 1.5, -INF], [NAN, 0],
        [0, 1e-6],
        [0, 1234.5, -3], [-1, 1], [-1.5, 1], [0.99999], [9.99996, 1], [999.99999], [0.5, -0.25, NAN, INF],
        [1e8, -1e8], [2, 0.1], [100, 0.1], [101, 0.1], [-100, -0.1], [33554432, 1], [65504, 1], [1e-45],
        [5e-324], [1.7e308, 1],
    ]  # fmt: skip
    cases: list[Case] = [case_of("float32", [len(v)], v) for v in rows]
    cases += [case_of("float64", [len(v)], v) for v in rows]
    cases += [case_of(d, [], [v]) for d in FLOATS for v in (0.0, 1.5, 3, 1e-6, 12345, NAN)]
    cases += [case_of(d, [3], [1.0, 7.25, 3e4]) for d in FLOATS]
    shapes = ([0], [0, 3], [2, 0], [1, 0, 4])
    cases += [case_of(d, s, []) for d in FLOATS + INTS + COMPLEXES for s in shapes]
    cases += [case_of(d, [3], v) for d in INTS for v in ([0, 1, 1], [1, 1, 0], [100, 0, 7])]
    cases += [case_of(d, [], [1]) for d in INTS]
    cases += [case_of(d, [2], [-100, 7]) for d in ("int64", "int32", "int16", "int8")]
    big = 2**63 - 1
    cases += [case_of("int64", [2], [big, -big - 1])]
    cases += [case_of("int64", [1000], [0], step=1)]
    return cases + complex_corners() + grad_corners() + long_corners()


def complex_corners() -> list[Case]:
    rows = [
        [(1, 2)], [(1.5, 2), (3, -1)], [(0, 0)], [(1, 2e-9)], [(NAN, 1), (1, -INF)], [(1e5, 0.5), (1, 2)],
        [(-0.5, -0.0), (10, 0.25)], [(0, 1), (1, 0)], [(1e-3, 1e-3)],
    ]  # fmt: skip
    cases: list[Case] = [case_of(d, [len(v)], v) for d in COMPLEXES for v in rows]
    cases += [case_of("complex64", [], [(1.5, -2)])]
    run = [(i / 7, -i / 3) for i in range(24)]
    cases += [case_of("complex64", s, run) for s in ([24], [4, 6], [2, 3, 4])]
    return cases


def grad_corners() -> list[Case]:
    cases: list[Case] = []
    for grad in ("leaf", "add", "parameter"):
        for n in (0, 1, 2, 5, 6, 7, 8, 9, 13, 14, 15, 16, 17):
            for d in ("float32", "float64"):
                cases.append(case_of(d, [n], [i / 3 for i in range(n)], grad=grad))
        cases.append(case_of("float64", [0, 2], [], grad=grad))
        cases.append(case_of("float32", [], [2.5], grad=grad))
        cases.append(case_of("float32", [2, 3], [0.0, 1, 2, 3, 4, 5], grad=grad))
        cases.append(case_of("complex64", [1], [(0.5, 1)], grad=grad))
    for d in ("float32", "float64", "complex64", "complex128", "int64", "int32"):
        values = [(1, 0.5)] if d.startswith("c") else [1]
        cases.append(case_of(d, [1], values, default="float64"))
        cases.append(case_of(d, [0], [], default="float64"))
    return cases


def long_corners() -> list[Case]:
    shapes = [[1001], [100, 100], [7, 300], [300, 7], [3, 1000, 2], [1, 1, 1, 1], [2, 2, 2, 2], [2, 3, 1],
              [30], [2, 1, 30], [11, 10, 10], [1, 1001], [1001, 1]]  # fmt: skip
    cases: list[Case] = []
    runs = (("float32", 0.0, 0.125), ("float32", 0.0, 1.0), ("int64", -5, 3), ("bool", 0, 0))
    for shape in shapes:
        for d, first, step in runs:
            small = d == "float32" and step == 0.125
            cases.append(case_of(d, shape, [first], step=step))
            if small:
                few = {"edgeitems": 2}
                cases.append(case_of(d, shape, [first], step=step, options=few))
                cases.append(case_of("float64", shape, [1.0], step=step, grad="add"))
    for options in option_sets():
        for shape in ([12], [40, 30]):
            cases.append(case_of("float32", shape, [-2.0], step=0.3, options=options))
        for row in ([0.0, 0.0], [NAN, INF], [1.0, 2.0], [1e9, 1.0], [1e-9, 0.5]):
            cases.append(case_of("float32", [2], row, options=options))
        cases.append(case_of("complex64", [1], [(1, 0.3)], options=options))
    return cases


def option_sets() -> list[dict[str, Any]]:
    return [
        {"precision": 0}, {"precision": 1}, {"precision": 8}, {"precision": 10}, {"threshold": 5},
        {"threshold": 5, "edgeitems": 1}, {"threshold": 5, "edgeitems": 0}, {"threshold": 0, "edgeitems": 2},
        {"linewidth": 40}, {"linewidth": 0}, {"linewidth": 120},
        {"profile": "short"}, {"profile": "SHORT", "precision": 3}, {"profile": "none"},
        {"sci_mode": True}, {"sci_mode": False}, {"sci_mode": True, "precision": 2},
    ]  # fmt: skip


def at_random(count: int) -> list[Case]:
    """Return cases that were not thought of."""
    pick = random.Random(0)
    cases = []
    for _ in range(count):
        dtype = pick.choice(FLOATS[:2] * 4 + FLOATS + INTS[:1] + COMPLEXES)
        shape = pick.choice([[], [1], [3], [11], [25], [2, 3], [3, 9], [5, 2], [2, 2, 3]])
        size = int(torch.Size(shape).numel())
        values: list[Any] = [number(pick, dtype.startswith("int")) for _ in range(size)]
        if dtype.startswith("c"):
            values = [(v, number(pick, False)) for v in values]
        case = case_of(dtype, shape, values)
        if pick.random() < 0.3:
            case["options"] = pick.choice(option_sets())
        if pick.random() < 0.3 and not dtype.startswith("int"):
            case["grad"] = pick.choice(["leaf", "add"])
        cases.append(case)
    return cases


def number(pick: random.Random, whole: bool) -> float:
    value = pick.gauss(0, 1) * 10 ** pick.choice([0, 0, 0, 1, 2, 3, -2, -4, 6])
    return int(value) if whole else pick.choice([float(f"{value:.4g}")] * 8 + [0.0, 1.0, float(round(value))])


def main() -> None:
    cases = corners() + at_random(200)
    for case in cases:
        case["text"] = text(case)
    lines = ",\n".join(json.dumps(case) for case in cases)
    out = Path(__file__).parent.parent / "data" / "printing.json"
    out.write_text(f"[\n{lines}\n]\n")
    print(f"{len(cases)} cases, {out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
