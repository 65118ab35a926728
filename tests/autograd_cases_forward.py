"""Calls of forward mode and of autograd.functional."""

from collections.abc import Callable
from typing import Any

Calls = dict[str, Callable[[], Any]]


def dual_numbers(torch: Any) -> Calls:
    fwd, nnf = torch.autograd.forward_ad, torch.nn.functional
    x = torch.arange(1.0, 4.0)

    def dual(fn: Any, value: Any = x) -> Any:
        with fwd.dual_level():
            return tuple(fwd.unpack_dual(fn(fwd.make_dual(value, torch.ones_like(value)))))

    def quiet(d: Any) -> Any:
        with torch.no_grad():
            return d * 3

    def written(d: Any) -> Any:
        out = torch.zeros(3)
        out[1:] = d[1:]
        return out

    def overwritten(d: Any) -> Any:
        out = d.clone()
        out[0] = 7.0
        out[1:].mul_(2)
        return out

    def nested() -> Any:
        with fwd.dual_level(), fwd.dual_level():
            pass

    def of_integers() -> Any:
        with fwd.dual_level():
            fwd.make_dual(torch.ones(2, dtype=torch.int64), torch.ones(2))

    def reverse_over() -> Any:
        leaf = x.clone().requires_grad_()
        with fwd.dual_level():
            tangent = fwd.unpack_dual(fwd.make_dual(leaf, torch.ones(3)).pow(3).sum()).tangent
            return torch.autograd.grad(tangent, leaf)

    return {
        "sin": lambda: dual(torch.sin),
        "constant": lambda: dual(lambda d: torch.ones(1)),
        "detach": lambda: dual(lambda d: d.detach()),
        "in-place": lambda: dual(lambda d: d.clone().mul_(2)),
        "no_grad": lambda: dual(quiet),
        "write": lambda: dual(written),
        "overwrite": lambda: dual(overwritten),
        "softmax": lambda: dual(lambda d: nnf.softmax(d, 0)),
        "scan": lambda: dual(lambda d: d.cumsum(0).prod()),
        "norm": lambda: dual(torch.linalg.norm),
        "matmul": lambda: dual(lambda d: d.view(3, 1) @ d.view(1, 3)),
        "max": lambda: dual(lambda d: d.max()),
        "sort": lambda: dual(lambda d: (-d).sort()[0]),
        "stack": lambda: dual(lambda d: torch.stack([d, d * 2])),
        "where": lambda: dual(lambda d: torch.where(d > 1.5, d * 2, torch.zeros(()))),
        "division": lambda: dual(lambda d: 1 / d - d / 2),
        "indexing": lambda: dual(lambda d: d[torch.tensor([2, 0])]),
        "comparison": lambda: dual(lambda d: d > 2),
        "layer_norm": lambda: dual(lambda d: nnf.layer_norm(d, (3,))),
        "gelu": lambda: dual(nnf.gelu),
        "no level": lambda: fwd.make_dual(x, x),
        "unpacked without a level": lambda: tuple(fwd.unpack_dual(x)),
        "exit without a level": lambda: fwd.exit_dual_level(),
        "nested": nested,
        "integers": of_integers,
        "reverse over forward": reverse_over,
    }


def functional(torch: Any) -> Calls:
    module = torch.autograd.functional
    x, y = torch.arange(1.0, 4.0), torch.arange(2.0, 5.0)
    calls: Calls = {}

    def cube(a: Any) -> Any:
        return (a**3).sum()

    def two(a: Any, b: Any) -> Any:
        return a * b, a.sum()

    def leaf() -> Any:
        return x[:1].clone().requires_grad_()

    def vector(fn: Any) -> Any:
        return None if fn is module.vjp else (x[:1], y[:1])

    for name in ("vjp", "jvp", "hvp", "vhp"):
        fn = getattr(module, name)
        calls |= {
            f"{name}, no vector": lambda fn=fn: fn(cube, x),
            f"{name}, vector": lambda fn=fn: fn(cube, x, x),
            f"{name}, several numbers": lambda fn=fn: fn(torch.exp, x, x),
            f"{name}, two": lambda fn=fn: fn(two, (x, y), (x, y)),
            f"{name}, two, shape": lambda fn=fn: fn(two, (x, y), (x, torch.tensor(1.0))),
            f"{name}, number": lambda fn=fn: fn(cube, 3),
            f"{name}, shape": lambda fn=fn: fn(cube, x, x[:2]),
            f"{name}, length": lambda fn=fn: fn(cube, x, (x, x)),
            f"{name}, list": lambda fn=fn: fn(cube, [x], 3),
            f"{name}, no tensor": lambda fn=fn: fn(lambda a: 3, x[:1]),
            f"{name}, independent, strict": lambda fn=fn: fn(lambda a: torch.ones(1).sum(), x[:1], strict=True),
            f"{name}, linear, strict": lambda fn=fn: fn(lambda a: a.sum(), x[:1], strict=True),
            f"{name}, linear": lambda fn=fn: fn(lambda a, b: a.sum(), (x[:1], y[:1]), vector(fn)),
            f"{name}, graph": lambda fn=fn: [t.requires_grad for t in fn(cube, leaf(), create_graph=True)],
            f"{name}, no graph": lambda fn=fn: [t.requires_grad for t in fn(cube, leaf())],
        }  # fmt: skip
    ways: dict[str, dict[str, Any]] = {
        "rows": {}, "at once": {"vectorize": True}, "strict": {"strict": True}, "graph": {"create_graph": True},
    }  # fmt: skip
    for name, options in ways.items():
        calls |= {
            f"jacobian, {name}": lambda o=options: module.jacobian(torch.exp, x, **o),
            f"jacobian, two, {name}": lambda o=options: module.jacobian(two, (x, y), **o),
            f"jacobian, constant, {name}": lambda o=options: module.jacobian(lambda a: torch.ones(2), x, **o),
            f"jacobian, one unused, {name}": lambda o=options: module.jacobian(lambda a, b: a * 2, (x, y), **o),
            f"hessian, {name}": lambda o=options: module.hessian(cube, x, **o),
            f"hessian, two, {name}": lambda o=options: module.hessian(lambda a, b: (a * b).sum(), (x, y), **o),
            f"hessian, several numbers, {name}": lambda o=options: module.hessian(torch.exp, x, **o),
            f"hessian, linear, {name}": lambda o=options: module.hessian(lambda a: a.sum(), x, **o),
        }
    forward = {"vectorize": True, "strategy": "forward-mode"}
    return calls | {
        "jacobian, forward": lambda: module.jacobian(torch.exp, x, **forward),
        "hessian, forward": lambda: module.hessian(cube, x, False, False, True, "forward-mode").detach(),
        "forward, not at once": lambda: module.jacobian(torch.exp, x, strategy="forward-mode"),
        "forward, graph": lambda: module.jacobian(torch.exp, x, create_graph=True, **forward),
        "at once, strict": lambda: module.jacobian(torch.exp, x, vectorize=True, strict=True),
        "strategy": lambda: module.jacobian(torch.exp, x, strategy="some"),
    }  # fmt: skip


GROUPS = (dual_numbers, functional)
