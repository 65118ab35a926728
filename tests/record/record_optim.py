"""Write tests/data/optim.json: where torch 2.13's optimizers go. Run it where torch 2.13.0 is installed.

Every case starts from the same two parameters and follows the same made-up gradients (`gradient`, which the
test repeats) for 100 steps; the parameters after some of the steps and the state's keys are kept.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np
import torch

KEPT = (1, 10, 100)
CASES: list[tuple[str, dict[str, Any]]] = [
    ("SGD", {"lr": 0.05}),
    ("SGD", {"lr": 0.05, "momentum": 0.9}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.1, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.001, "momentum": 0.5, "maximize": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "fused": True}),
    ("SGD", {"lr": 0.05, "weight_decay": 0.1, "foreach": True}),
    ("Adam", {"lr": 0.05}),
    ("Adam", {"lr": 0.05, "amsgrad": True, "weight_decay": 0.01}),
    ("Adam", {"lr": 0.01, "maximize": True, "betas": [0.8, 0.95], "eps": 1e-6}),
    ("Adam", {"lr": 0.05, "betas": [0.3, 0.9], "decoupled_weight_decay": True, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.05, "betas": [0.0, 0.0]}),
    ("Adam", {"lr": 0.05, "fused": True, "weight_decay": 0.01}),
    ("AdamW", {"lr": 0.05}),
    ("AdamW", {"lr": 0.05, "weight_decay": 0.3, "amsgrad": True}),
    ("AdamW", {"lr": 0.01, "maximize": True}),
    ("Adagrad", {"lr": 0.1}),
    ("Adagrad", {"lr": 0.1, "lr_decay": 0.01, "weight_decay": 0.01, "initial_accumulator_value": 0.5}),
    ("Adagrad", {"lr": 0.01, "maximize": True}),
    ("Adadelta", {"lr": 1.0}),
    ("Adadelta", {"lr": 0.5, "rho": 0.95, "eps": 1e-4, "weight_decay": 0.01}),
    ("Adadelta", {"maximize": True}),
    ("Adamax", {"lr": 0.05}),
    ("Adamax", {"lr": 0.01, "weight_decay": 0.01, "betas": [0.8, 0.9], "maximize": True}),
    ("NAdam", {"lr": 0.05}),
    ("NAdam", {"lr": 0.05, "weight_decay": 0.01, "momentum_decay": 0.01}),
    ("NAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("NAdam", {"lr": 0.01, "maximize": True}),
    ("RAdam", {"lr": 0.05}),
    ("RAdam", {"lr": 0.05, "weight_decay": 0.01, "betas": [0.8, 0.9]}),
    ("RAdam", {"lr": 0.05, "weight_decay": 0.1, "decoupled_weight_decay": True}),
    ("RAdam", {"lr": 0.01, "maximize": True}),
    ("RMSprop", {"lr": 0.01}),
    ("RMSprop", {"lr": 0.01, "momentum": 0.9, "weight_decay": 0.01}),
    ("RMSprop", {"lr": 0.01, "centered": True, "alpha": 0.9}),
    ("RMSprop", {"lr": 0.001, "centered": True, "momentum": 0.5, "maximize": True}),
    ("Rprop", {"lr": 0.01}),
    ("Rprop", {"lr": 0.1, "etas": [0.4, 1.1], "step_sizes": [1e-3, 0.5]}),
    ("Rprop", {"lr": 1e-4, "step_sizes": [1e-6, 1e-3], "maximize": True}),
    ("ASGD", {"lr": 0.05}),
    ("ASGD", {"lr": 0.05, "lambd": 0.01, "alpha": 0.5, "t0": 20, "weight_decay": 0.01}),
    ("ASGD", {"lr": 0.001, "maximize": True}),
    ("Adafactor", {}),
    ("Adafactor", {"lr": 0.1, "weight_decay": 0.1, "beta2_decay": -0.5, "d": 2.0}),
    ("Adafactor", {"lr": 0.02, "eps": [1e-3, 0.1], "maximize": True}),
    ("Adadelta", {"lr": 0.5, "foreach": True, "capturable": False}),
    ("RMSprop", {"lr": 0.01, "centered": True, "momentum": 0.5, "foreach": True, "weight_decay": 0.1}),
    ("Adam", {"lr": 0.01, "foreach": True, "amsgrad": True, "maximize": True}),
    ("AdamW", {"lr": 0.01, "fused": True, "amsgrad": True, "weight_decay": 0.1}),
    ("Adagrad", {"lr": 0.1, "fused": True, "weight_decay": 0.01}),
    ("NAdam", {"lr": 0.01, "foreach": True, "weight_decay": 0.1, "decoupled_weight_decay": True, "maximize": True}),
    ("RAdam", {"lr": 0.01, "foreach": True, "weight_decay": 0.1, "maximize": True}),
    ("Rprop", {"lr": 0.01, "foreach": True}),
    ("ASGD", {"lr": 0.05, "foreach": True, "weight_decay": 0.01}),
    ("Adamax", {"lr": 0.05, "foreach": True, "weight_decay": 0.01}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "nesterov": True, "foreach": True, "maximize": True}),
    ("SGD", {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "fused": True, "weight_decay": 0.1}),
]


def start(dtype: str) -> tuple[Any, Any]:
    """Return the values of the two parameters before the first step."""
    w = np.linspace(-1.5, 2.0, 6).reshape(2, 3).astype(dtype)
    return w, np.asarray([0.5, -0.25], dtype)


def gradient(p: Any, t: int) -> Any:
    """Return a gradient at ``p`` in step ``t``: a bowl with ripples that move."""
    return (2 * (p - p.dtype.type(0.75)) + np.sin(3 * p + p.dtype.type(t))).astype(p.dtype)


def run(name: str, options: dict[str, Any], dtype: str) -> dict[str, Any]:
    """Return what is kept of one optimizer's way."""
    params = [torch.nn.Parameter(torch.from_numpy(value)) for value in start(dtype)]
    optimizer = getattr(torch.optim, name)(params, **options)
    kept = []
    for t in range(1, 101):
        for i, p in enumerate(params):
            # The second parameter has no gradient in every seventh step.
            skipped = i == 1 and t % 7 == 3
            p.grad = None if skipped else torch.from_numpy(gradient(p.detach().numpy(), t))
        optimizer.step()
        if t in KEPT:
            kept.append([p.detach().flatten().tolist() for p in params])
    found = {"name": name, "options": options, "dtype": dtype, "kept": kept}
    if dtype == "float32":
        return found
    state = optimizer.state_dict()
    return found | {
        "group": {key: value for key, value in state["param_groups"][0].items() if key != "params"},
        "state": {key: as_list(value) for key, value in state["state"].get(0, {}).items()},
        "repr": repr(optimizer),
    }


LBFGS: list[dict[str, Any]] = [
    {"lr": 0.5},
    {"lr": 0.1, "history_size": 3, "max_iter": 5},
    {"line_search_fn": "strong_wolfe"},
    {"line_search_fn": "strong_wolfe", "history_size": 2, "max_iter": 7, "lr": 0.2},
    {"line_search_fn": "strong_wolfe", "max_iter": 40, "max_eval": 12, "lr": 3.0},
]
MUON: list[tuple[list[int], dict[str, Any]]] = [
    ([4, 6], {"lr": 0.1}),
    ([6, 4], {"lr": 0.1, "adjust_lr_fn": "match_rms_adamw"}),
    ([3, 3], {"lr": 0.02, "nesterov": False, "weight_decay": 0.0, "momentum": 0.8}),
    ([9, 2], {"lr": 0.05, "ns_steps": 3, "adjust_lr_fn": "original"}),
]


def valley(x: Any, y: Any) -> Any:
    """Return a loss with a long bent valley (Rosenbrock's function in four dimensions)."""
    return ((1 - x) ** 2).sum() + 20 * ((y - x**2) ** 2).sum() + 0.5 * ((x[0] - y[1]) ** 2)


def run_lbfgs(options: dict[str, Any]) -> dict[str, Any]:
    x = torch.tensor([-1.2, 0.5], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([1.0, -0.7], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([x, y], **options)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = valley(x, y)
        loss.backward()
        return loss

    kept = []
    for _ in range(6):
        loss = optimizer.step(closure)
        state = optimizer.state_dict()["state"][0]
        kept.append([loss.item(), state["func_evals"], state["n_iter"], *x.tolist(), *y.tolist()])
    return {"options": options, "kept": kept, "keys": list(state)}


def run_muon(shape: list[int], options: dict[str, Any]) -> dict[str, Any]:
    size = int(np.prod(shape))
    p = torch.nn.Parameter(torch.linspace(-1, 1, size).reshape(shape))
    optimizer = torch.optim.Muon([p], **options)
    kept = []
    for t in range(1, 101):
        p.grad = torch.from_numpy(gradient(p.detach().numpy(), t))
        optimizer.step()
        if t in KEPT:
            kept.append(p.detach().flatten().tolist())
    return {"shape": shape, "options": options, "kept": kept}


def as_list(value: Any) -> Any:
    return value.tolist() if isinstance(value, torch.Tensor) else value


def main() -> None:
    cases = [run(name, options, dtype) for name, options in CASES for dtype in ("float32", "float64")]
    answers = {"torch": torch.__version__, "steps": KEPT, "cases": cases}
    answers["lbfgs"] = [run_lbfgs(options) for options in LBFGS]
    answers["muon"] = [run_muon(shape, options) for shape, options in MUON]
    path = Path(__file__).parent.parent / "data" / "optim.json"
    path.write_text(json.dumps(answers, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


if __name__ == "__main__":
    main()
