"""Write tests/data/optim_schedulers.json: torch 2.13's learning rates. Run it where torch 2.13.0 is.

A schedule is written as Python source that both sides evaluate, with the optimizer as ``o``, the module as
``L`` and ``e`` for ``last_epoch``.
"""

import json
import warnings
from pathlib import Path
from typing import Any

import torch
from torch.optim import lr_scheduler as L

SINGLE = {
    "LambdaLR": "L.LambdaLR(o, [lambda t: 0.95**t, lambda t: 1 / (1 + t)], last_epoch=e)",
    "MultiplicativeLR": "L.MultiplicativeLR(o, lambda t: 0.9 + 0.01 * (t % 5), last_epoch=e)",
    "StepLR": "L.StepLR(o, 3, 0.5, last_epoch=e)",
    "MultiStepLR": "L.MultiStepLR(o, [7, 3, 3, 15], 0.3, last_epoch=e)",
    "ConstantLR": "L.ConstantLR(o, 0.25, 4, last_epoch=e)",
    "ConstantLR whole": "L.ConstantLR(o, last_epoch=e)",
    "LinearLR": "L.LinearLR(o, 0.1, 0.8, 7, last_epoch=e)",
    "LinearLR whole": "L.LinearLR(o, last_epoch=e)",
    "ExponentialLR": "L.ExponentialLR(o, 0.93, last_epoch=e)",
    "PolynomialLR": "L.PolynomialLR(o, 9, 1.5, last_epoch=e)",
    "PolynomialLR whole": "L.PolynomialLR(o, last_epoch=e)",
    "CosineAnnealingLR": "L.CosineAnnealingLR(o, 6, 0.001, last_epoch=e)",
    "CosineAnnealingWarmRestarts": "L.CosineAnnealingWarmRestarts(o, 3, 2, 0.001, last_epoch=e)",
    "CosineAnnealingWarmRestarts even": "L.CosineAnnealingWarmRestarts(o, 4, last_epoch=e)",
    "CyclicLR": "L.CyclicLR(o, 0.01, 0.1, 4, last_epoch=e)",
    "CyclicLR triangular2": "L.CyclicLR(o, [0.01, 0.02], [0.1, 0.3], 3, 5, 'triangular2', last_epoch=e)",
    "CyclicLR exp_range": "L.CyclicLR(o, 0.01, 0.1, 4, 2, 'exp_range', 0.97, last_epoch=e)",
    "CyclicLR function": "L.CyclicLR(o, 0.01, 0.1, 4, scale_fn=lambda x: 0.9**x, "
    "scale_mode='iterations', cycle_momentum=False, last_epoch=e)",
    "OneCycleLR": "L.OneCycleLR(o, 0.2, 200, last_epoch=e)",
    "OneCycleLR three": "L.OneCycleLR(o, [0.2, 0.5], None, 10, 12, 0.25, 'linear', div_factor=10.0, "
    "final_div_factor=100.0, three_phase=True, last_epoch=e)",
}
COMBINED = {
    "SequentialLR": "L.SequentialLR(o, [L.LinearLR(o, 0.1, 1.0, 4), L.CosineAnnealingLR(o, 8), "
    "L.StepLR(o, 2)], [4, 12])",
    "SequentialLR nested": "L.SequentialLR(o, [L.SequentialLR(o, [L.ConstantLR(o, 0.5, 3), "
    "L.ExponentialLR(o, 0.9)], [3]), L.CosineAnnealingWarmRestarts(o, 5)], [10])",
    "ChainedScheduler": "L.ChainedScheduler([L.ConstantLR(o, 0.1, 3), L.ExponentialLR(o, 0.9)])",
    "ChainedScheduler many": "L.ChainedScheduler([L.CosineAnnealingLR(o, 10), L.LinearLR(o, 0.1, 1.0, 5), "
    "L.MultiStepLR(o, [4, 30], 0.5)], o)",
}
PLATEAU = {
    "min": "L.ReduceLROnPlateau(o, patience=3, factor=0.5)",
    "max abs": "L.ReduceLROnPlateau(o, 'max', 0.3, 2, 0.05, 'abs', 4, [0.01, 0.001])",
    "min abs": "L.ReduceLROnPlateau(o, 'min', 0.9, 0, 0.1, 'abs', 1, 0.02, 0.004)",
    "max": "L.ReduceLROnPlateau(o, 'max', patience=1, cooldown=2)",
}
EPOCHS = [2, 5, 1, 0, 11, 3]


def optimizer(kind: str) -> Any:
    groups = [{"params": [torch.nn.Parameter(torch.ones(2))], "lr": lr} for lr in (0.1, 0.4)]
    return torch.optim.Adam(groups) if kind == "Adam" else torch.optim.SGD(groups, lr=0.1, momentum=0.9)


def make(source: str, o: Any, e: int = -1) -> Any:
    return eval(source, {"L": L, "o": o, "e": e})


def momenta(o: Any) -> list[Any]:
    return [group["betas"][0] if "betas" in group else group["momentum"] for group in o.param_groups]


def short(values: list[float]) -> list[float]:
    """Keep 12 digits, and one number where both groups have the same."""
    kept = [float(f"{value:.12g}") for value in values]
    return kept[:1] if len(set(kept)) == 1 else kept


def way(source: str, kind: str, steps: int = 100) -> dict[str, Any]:
    """Return the rates (and momenta) of 100 epochs and the state after them."""
    o = optimizer(kind)
    s = make(source, o)
    rates, moved = [short(s.get_last_lr())], [short(momenta(o))]
    for _ in range(steps):
        o.step()
        s.step()
        rates.append(short(s.get_last_lr()))
        moved.append(short(momenta(o)))
    found = {"source": source, "optimizer": kind, "rates": rates, "state": plain(s.state_dict())}
    return found | ({"momenta": moved} if found["state"].get("cycle_momentum") else {})


def plain(state: Any) -> Any:
    """Return a state as JSON can hold it."""
    if isinstance(state, dict):
        return {str(key): plain(value) for key, value in state.items()}
    if isinstance(state, (list, tuple)):
        return [plain(item) for item in state]
    return state if isinstance(state, (int, float, str, bool, type(None))) else type(state).__name__


def resumed(source: str) -> list[Any]:
    """Return the rates of schedules made with ``last_epoch`` after some epochs of a first run."""
    found = []
    for stop in range(1, 14):
        o = optimizer("SGD")
        s = make(source, o)
        for _ in range(stop):
            o.step()
            s.step()
        before = short([group["lr"] for group in o.param_groups])
        fresh = make(source, o, s.last_epoch)
        rates = [short(fresh.get_last_lr())]
        for _ in range(2):
            o.step()
            fresh.step()
            rates.append(short(fresh.get_last_lr()))
        found.append({"stop": stop, "before": before, "rates": rates})
    return found


def jumped(source: str) -> list[Any]:
    """Return the rates for epochs given to `step`, the deprecated form."""
    o = optimizer("SGD")
    s = make(source, o)
    rates = []
    for epoch in EPOCHS:
        s.step(epoch)
        rates.append(short(s.get_last_lr()))
    return rates


def plateau(source: str) -> dict[str, Any]:
    o = optimizer("SGD")
    s = make(source, o)
    metrics = [round(1.0 / (1 + 0.3 * i) + 0.07 * ((i * 7) % 5), 6) for i in range(40)]
    rates = []
    for metric in metrics:
        s.step(metric)
        rates.append(short(s.get_last_lr()))
    return {"source": source, "metrics": metrics, "rates": rates, "state": plain(s.state_dict())}


def main() -> None:
    warnings.simplefilter("ignore")
    answers = {
        "torch": torch.__version__,
        "ways": [way(source, "SGD") for source in (*SINGLE.values(), *COMBINED.values())]
        + [way(source, "Adam") for name, source in SINGLE.items() if name.startswith(("Cyclic", "OneCycle"))],
        "resumed": {source: resumed(source) for source in SINGLE.values()},
        "epochs": EPOCHS,
        "jumped": {source: jumped(source) for source in SINGLE.values()},
        "plateau": [plateau(source) for source in PLATEAU.values()],
    }
    path = Path(__file__).parent.parent / "data" / "optim_schedulers.json"
    path.write_text(json.dumps(answers, separators=(",", ":")).replace('{"source"', '\n{"source"') + "\n")


if __name__ == "__main__":
    main()
