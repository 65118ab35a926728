"""Write tests/data/random.json, numbers that torch 2.13 draws. Run it where torch 2.13.0 is installed.

A scenario is a seed and a sequence of steps on one generator, so that a step also shows how much the ones
before it drew. A step holds the operation, its parameters and the values in logical order (of long results
the first and last 24). Scenarios end in the sum of the state's bytes, weighted by place, which tells one
state from another.

Recorded on a CPU that is not Intel's: on those, torch takes bernoulli_(number) and exponential_ from MKL
instead.
"""

import json
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional as F
from torch.utils.data import (
    DataLoader,
    RandomSampler,
    SubsetRandomSampler,
    WeightedRandomSampler,
    random_split,
)

Step = dict[str, Any]
KEPT = 24
FLOATS = ["float32", "float64", "float16", "bfloat16"]
EDGES = [0, 1, 2, 15, 16, 17, 31, 32, 33, 100, 1000]


def empty(shape: list[int], dtype: str, layout: str = "contiguous") -> torch.Tensor:
    """Return memory to fill: dense, every second element, transposed, channels last or a transposed slice."""
    kind = getattr(torch, dtype)
    if layout == "strided":
        return torch.empty([*shape, 2], dtype=kind)[..., 0]
    if layout == "transposed":
        return torch.empty(shape[::-1], dtype=kind).permute(*range(len(shape))[::-1])
    if layout == "channels_last":
        return torch.empty(shape, dtype=kind).contiguous(memory_format=torch.channels_last)
    if layout == "slice":
        return torch.empty([shape[1], 2 * shape[0]], dtype=kind).t()[::2]
    return torch.empty(shape, dtype=kind)


def weights_of(shape: list[int], dtype: str) -> torch.Tensor:
    """Return weights 1 ... 7 over and over, with a zero here and there."""
    n = int(torch.Size(shape).numel())
    flat = torch.tensor([(5 * i) % 8 for i in range(n)], dtype=torch.float64)
    return flat.reshape(shape).to(getattr(torch, dtype))


def run(step: Step) -> torch.Tensor:
    """Do a step."""
    op, args = step["op"], step.get("args", [])
    if op == "randperm":
        return torch.randperm(args[0], dtype=getattr(torch, step["dtype"]))
    if op == "bernoulli_tensor":
        return torch.bernoulli(torch.linspace(0, 1, step["shape"][0]).to(getattr(torch, step["dtype"])))
    if op == "bernoulli_columns":
        out = empty(step["shape"], step["dtype"], step["layout"])
        return out.bernoulli_(torch.linspace(0, 1, step["shape"][1]))
    if op == "dropout":
        return F.dropout(torch.ones(step["shape"], dtype=getattr(torch, step["dtype"])), args[0])
    if op == "multinomial":
        return torch.multinomial(weights_of(step["shape"], step["dtype"]), *args)
    if op == "normal_of":
        base = weights_of(step["shape"], step["dtype"])
        mean, std = (base if a == "weights" else a for a in args)
        return torch.normal(mean, std)
    out = empty(step["shape"], step["dtype"], step.get("layout", "contiguous"))
    if op == "trunc_normal_":
        return torch.nn.init.trunc_normal_(out, *args)
    return getattr(out, op)(*args)


def fill(op: str, shape: list[int], *args: Any, dtype: str = "float32", layout: str = "contiguous") -> Step:
    return {"op": op, "shape": shape, "dtype": dtype, "layout": layout, "args": list(args)}


def short(result: torch.Tensor) -> list[float | int]:
    values = result.reshape(-1).tolist()
    return values if len(values) <= 2 * KEPT else values[:KEPT] + values[-KEPT:]


def digest(state: torch.Tensor) -> int:
    """Return a number that depends on the place of every byte of a state but the waiting normal number's."""
    weights = torch.arange(1, state.numel() + 1)
    weights[5024:5032] = 0  # a float64 of library functions, whose last bits are the machine's
    return int((state.long() * weights).sum())


def scenario(seed: int, *steps: Step) -> dict[str, Any]:
    torch.manual_seed(seed)
    for step in steps:
        result = run(step)
        step["values"], step["shape_out"] = short(result), list(result.shape)
    return {"seed": seed, "steps": list(steps), "state": digest(torch.get_rng_state())}


def sizes(op: str, *args: Any, dtypes: list[str] = FLOATS) -> list[dict[str, Any]]:
    """Fill arrays of all sizes around the edges of blocks, one after the other."""
    return [scenario(3, *(fill(op, [n], *args, dtype=d) for n in EDGES)) for d in dtypes]


def continuous() -> list[dict[str, Any]]:
    found = sizes("uniform_") + sizes("normal_") + sizes("uniform_", -0.3, 0.77) + sizes("normal_", 0.3, 1.7)
    shaped = [("uniform_", -1.0, 1.0), ("normal_",), ("log_normal_",), ("exponential_",), ("bernoulli_", 0.3)]
    layouts = [("strided", [5, 4]), ("transposed", [5, 4]), ("transposed", [2, 3, 4]), ("slice", [6, 5])]
    layouts += [("channels_last", [2, 3, 4, 5]), ("transposed", [3, 2])]
    for dtype in ("float32", "float64", "float16"):
        for op, *args in shaped:
            found.append(scenario(5, *(fill(op, s, *args, dtype=dtype, layout=name) for name, s in layouts)))
    for dtype in FLOATS:
        found.append(scenario(
            6, fill("exponential_", [9], dtype=dtype), fill("exponential_", [20], 2.5, dtype=dtype),
            fill("cauchy_", [9], dtype=dtype), fill("cauchy_", [9], 1.0, 0.5, dtype=dtype),
            fill("log_normal_", [9], dtype=dtype), fill("log_normal_", [9], 0.0, 0.25, dtype=dtype),
            fill("geometric_", [20], 0.3, dtype=dtype), fill("trunc_normal_", [50], dtype=dtype),
            fill("trunc_normal_", [7], 0.0, 0.02, dtype=dtype),
            fill("trunc_normal_", [40], 0.0, 1.0, 1.0, 1.5, dtype=dtype),
            fill("uniform_", [3], dtype=dtype),
        ))  # fmt: skip
    for dtype in ("float32", "float64", "bfloat16"):
        pairs = [["weights", 2.0], [0.5, "weights"], ["weights", "weights"]]
        found.append(
            scenario(7, *(fill("normal_of", s, *p, dtype=dtype) for p in pairs for s in ([5], [4, 6])))
        )
    return found


def integers() -> list[dict[str, Any]]:
    found = []
    bounds = [
        (0, 10),
        (-5, 5),
        (0, 1),
        (0, 64),
        (3, 1000),
        (0, 2**27),
        (0, 2**28 - 1),
        (0, 2**28),
        (0, 2**31 - 1),
    ]
    found.append(scenario(8, *(fill("random_", [20], *b, dtype="int32") for b in bounds)))
    bounds += [(0, 2**31), (0, 2**32 - 1), (0, 2**32), (-(2**40), 2**40), (0, 2**62), (-(2**63), 2**63 - 1)]
    bounds += [(-(2**62), 7)]
    found.append(scenario(8, *(fill("random_", [20], *b, dtype="int64") for b in bounds)))
    wide = [
        (0, 10),
        (-5, 5),
        (0, 2**24),
        (0, 2**26 + 3),
        (-(2**26) - 5, 2**26),
        (0, 2**28),
        (0, 2**28 + 64),
        (0, 2**40),
    ]
    for dtype in ("float32", "float64", "bfloat16"):
        found.append(scenario(8, *(fill("random_", [20], *b, dtype=dtype) for b in wide)))
    found.append(
        scenario(
            8, *(fill("random_", [20], *b, dtype="float16") for b in [(0, 10), (0, 65504), (-4099, 4099)])
        )
    )
    bounded = {
        "uint8": (3, 256),
        "int8": (-128, 128),
        "int16": (-9, 2**15),
        "bool": (0, 2),
        "uint16": (0, 70),
    }
    for dtype, b in bounded.items():
        found.append(
            scenario(9, fill("random_", [20], *b, dtype=dtype), fill("random_", [20], *b, dtype=dtype))
        )
    everything = ["int64", "int32", "int16", "int8", "uint8", "bool", *FLOATS]
    found.append(scenario(9, *(fill("random_", [9], dtype=d) for d in everything)))
    found.append(scenario(9, *(fill("random_", [9], 5, None, dtype=d) for d in everything if d != "bool")))
    found.append(
        scenario(
            9,
            fill("random_", [9], -(2**63), None, dtype="int64"),
            fill("random_", [4, 3], 0, 9, layout="transposed"),
        )
    )
    found.append(scenario(9, *(fill("geometric_", [9], 0.1, dtype=d) for d in ("int64", "int32", "uint8"))))
    perms = [0, 1, 2, 3, 10, 100, 1000]
    found.append(scenario(10, *({"op": "randperm", "args": [n], "dtype": "int64"} for n in perms)))
    small = [(n, d) for n in (9, 100) for d in ("int32", "uint8", "float32", "bfloat16", "float16")]
    found.append(scenario(10, *({"op": "randperm", "args": [n], "dtype": d} for n, d in small)))
    return found


def tosses() -> list[dict[str, Any]]:
    found = sizes("bernoulli_", 0.3, dtypes=["float32", "bool", "int64", "bfloat16"])
    found.append(scenario(11, *(fill("bernoulli_", [6], p) for p in (0.0, 1.0, 0.5, 1e-9))))
    found.append(scenario(11, *(fill("bernoulli_tensor", [n], dtype=d) for d in FLOATS for n in (5, 40))))
    columns = [
        (d, layout) for d in ("float32", "int64") for layout in ("contiguous", "transposed", "strided")
    ]
    found.append(
        scenario(11, *(fill("bernoulli_columns", [6, 5], dtype=d, layout=name) for d, name in columns))
    )
    found.append(
        scenario(
            12, *(fill("dropout", [4, 7], p, dtype=d) for d in FLOATS for p in (0.5, 0.1, 0.0, 1.0, 0.3))
        )
    )
    for dtype in ("float32", "float64"):
        draws = [
            ([9], 1, False),
            ([9], 4, False),
            ([9], 1, True),
            ([9], 40, True),
            ([3, 9], 5, False),
            ([3, 9], 1, False),
        ]
        draws += [([3, 9], 20, True)]
        found.append(
            scenario(13, *(fill("multinomial", shape, *rest, dtype=dtype) for shape, *rest in draws))
        )
    return found


def mixed() -> list[dict[str, Any]]:
    """Return sequences in which cached halves of pairs and blocks meet everything else."""
    steps = [
        fill("uniform_", [5]),
        fill("normal_", [3]),
        {"op": "randperm", "args": [10], "dtype": "int64"},
        fill("dropout", [7], 0.25),
        fill("normal_", [20]),
        fill("bernoulli_", [11], 0.4),
        fill("normal_", [1]),
        fill("random_", [3], 0, 10, dtype="int64"),
        fill("normal_", [2], dtype="float64"),
        fill("uniform_", [2], dtype="float64"),
        fill("normal_", [3], 1.0, 2.0, dtype="bfloat16"),
        fill("multinomial", [9], 2, False),
        fill("log_normal_", [3]),
        fill("normal_", [0]),
        fill("normal_", []),
        fill("uniform_", [700]),
        fill("normal_", [17], dtype="float64"),
    ]
    seeds = [0, 1, 42, 2**31, 2**32 + 5, 2**63, 2**64 - 1, -1, -12345]
    return [scenario(seed, *(dict(step) for step in steps)) for seed in seeds]


def samplers() -> dict[str, Any]:
    """Return what samplers and loaders yield after ``manual_seed(0)``, and two uniform numbers after that."""

    def seeded() -> torch.Generator:
        return torch.Generator().manual_seed(5)

    data = list(range(10))
    loader = {"batch_size": 4, "shuffle": True}
    cases = {
        "sampler": lambda: list(RandomSampler(data)),
        "sampler_twice": lambda: [list(s) for s in [RandomSampler(data)] * 2],
        "sampler_generator": lambda: list(RandomSampler(data, generator=seeded())),
        "sampler_replacement": lambda: list(RandomSampler(data, replacement=True, num_samples=40)),
        "sampler_num_samples": lambda: list(RandomSampler(data, num_samples=25)),
        "subset": lambda: list(SubsetRandomSampler([3, 1, 4, 1, 5, 9])),
        "weighted": lambda: list(WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 5, replacement=True)),
        "weighted_once": lambda: list(
            WeightedRandomSampler([0.1, 0.9, 0.4, 0.7, 3.0, 0.6], 5, replacement=False)
        ),
        "loader": lambda: [b.tolist() for b in DataLoader(data, **loader)],
        "loader_epochs": lambda: [[b.tolist() for b in epoch] for epoch in [DataLoader(data, **loader)] * 3],
        "loader_generator": lambda: [
            [b.tolist() for b in e] for e in [DataLoader(data, generator=seeded(), **loader)] * 2
        ],
        "loader_sequential": lambda: [b.tolist() for b in DataLoader(data, batch_size=4)],
        "split": lambda: [s.indices for s in random_split(data, [7, 3])],
        "split_fractions": lambda: [s.indices for s in random_split(data, [0.35, 0.35, 0.3])],
        "split_generator": lambda: [s.indices for s in random_split(data, [7, 3], generator=seeded())],
    }
    found: dict[str, Any] = {}
    for name, case in cases.items():
        torch.manual_seed(0)
        found[name] = {"order": case(), "then": torch.rand(2).tolist()}
    return found


def states() -> list[dict[str, Any]]:
    """Return states in torch's bytes: the first 48, the last 40 and a digest of all."""
    found = []
    for seed, steps in [
        (0, []),
        (-7, [fill("uniform_", [3])]),
        (5, [fill("normal_", [3])]),
        (5, [fill("uniform_", [624])]),
    ]:
        torch.manual_seed(seed)
        for step in steps:
            run(step)
        state = torch.get_rng_state()
        found.append(
            {
                "seed": seed,
                "steps": steps,
                "head": state[:48].tolist(),
                "tail": state[-40:].tolist(),
                "digest": digest(state),
            }
        )
    return found


def main() -> None:
    torch.set_warn_always(False)
    data = Path(__file__).parent.parent / "data"
    scenarios = continuous() + integers() + tosses() + mixed()
    lines = ",\n".join(json.dumps(s, separators=(",", ":")) for s in scenarios)
    head = f'"torch":{json.dumps(torch.__version__)},"states":{json.dumps(states())}'
    text = f'{{{head},"scenarios":[\n{lines}\n]}}\n'
    (data / "random.json").write_text(text)
    (data / "random_samplers.json").write_text(json.dumps(samplers(), indent=1) + "\n")


if __name__ == "__main__":
    main()
