"""Calls of torch.func: vmap, grad, Jacobians, their nesting, and modules under them."""

import warnings
from collections.abc import Callable
from typing import Any

Calls = dict[str, Callable[[], Any]]


def _data(torch: Any) -> tuple[Any, Any]:
    return torch.arange(12.0).reshape(3, 4) / 7 - 0.5, torch.arange(12.0).reshape(4, 3) / 5 - 1


def _write_first(a: Any, value: Any) -> Any:
    a[0] = value
    return a


def mapped(torch: Any) -> Calls:
    (x, y), vmap, nnf = _data(torch), torch.vmap, torch.nn.functional
    picks = torch.tensor([[0, 1], [1, 2], [3, 3]])
    return {
        "matmul": lambda: vmap(lambda a: a @ y)(x),
        "two dims": lambda: vmap(lambda a, b: a * b.sum(), in_dims=(0, 1))(x, y),
        "nested": lambda: vmap(vmap(lambda a, b: a * b + 1, in_dims=(0, None)), in_dims=(None, 0))(x, x[:, 0]),
        "all pairs": lambda: vmap(vmap(lambda a, b: a @ b, (None, 0)), (0, None))(x, x),
        "layer_norm": lambda: vmap(lambda a: nnf.layer_norm(a, (4,), y[:, 0], y[:, 1]))(x),
        "cross_entropy": lambda: vmap(lambda a, t: nnf.cross_entropy(a[None], t[None]))(x, torch.tensor([0, 2, 1])),
        "cat": lambda: vmap(lambda a: torch.cat([a, y[0]]))(x),
        "stack": lambda: vmap(lambda a: torch.stack([a, a * 2], 1))(x),
        "index": lambda: vmap(lambda a: a[torch.tensor([2, 0])])(x),
        "index by mapped": lambda: vmap(lambda a, i: a[i])(x, picks),
        "gather": lambda: vmap(lambda a, i: a.gather(0, i))(x, picks),
        "embedding": lambda: vmap(lambda i: nnf.embedding(i, y))(picks),
        "in-place": lambda: vmap(lambda a: a.clone().mul_(2).add_(1))(x),
        "write": lambda: vmap(lambda a: _write_first(a.clone(), 5.0))(x),
        "write mapped": lambda: vmap(lambda a: _write_first(a.clone(), a.sum()))(x),
        "zeros_like write": lambda: vmap(lambda a: _write_first(torch.zeros_like(a), a.sum()))(x),
        "max of a dimension": lambda: vmap(lambda a: tuple(a.max(0)))(x),
        "sort": lambda: vmap(lambda a: a.sort(descending=True)[0])(x),
        "topk": lambda: vmap(lambda a: a.topk(2)[0])(x),
        "argmax": lambda: vmap(lambda a: a.argmax())(x),
        "where": lambda: vmap(lambda a: torch.where(a > 0, a, -a))(x),
        "out_dims": lambda: vmap(lambda a: (a, a.sum()), out_dims=(1, 0))(x),
        "dict": lambda: vmap(lambda d: {"o": d["a"] * 2})({"a": x}),
        "dict in_dims": lambda: vmap(lambda d: d["a"] + d["b"], in_dims=({"a": 0, "b": None},))({"a": x, "b": x[0]}),
        "einsum": lambda: vmap(lambda a, b: torch.einsum("i,j->ij", a, b))(x, x),
        "std": lambda: vmap(lambda a: a.std())(x),
        "var keepdim": lambda: vmap(lambda a: a.var(0, keepdim=True))(x),
        "cumsum": lambda: vmap(lambda a: a.cumsum(0))(x),
        "norm": lambda: vmap(torch.linalg.norm)(x),
        "inverse": lambda: vmap(torch.linalg.inv)(torch.eye(3).expand(2, 3, 3) + 0.1),
        "solve": lambda: vmap(torch.linalg.solve, in_dims=(None, 0))(torch.eye(4) * 2, x),
        "split": lambda: vmap(lambda a: a.split(2)[1])(x),
        "chunks": lambda: vmap(lambda a: a * 2, chunk_size=2)(x),
        "bmm": lambda: vmap(torch.bmm)(torch.ones(2, 3, 4, 5), torch.ones(2, 3, 5, 2)),
        "pad": lambda: vmap(lambda a: nnf.pad(a, (1, 2)))(x),
        "outer": lambda: vmap(torch.outer)(x, x),
        "triu": lambda: vmap(torch.triu)(torch.ones(2, 3, 3)),
        "roll": lambda: vmap(lambda a: a.roll(1, 0))(x),
        "flip": lambda: vmap(lambda a: a.flip(0))(x),
        "repeat": lambda: vmap(lambda a: a.repeat(2, 2))(x),
        "views": lambda: vmap(lambda a: a.view(2, 2).t().contiguous().view(-1))(x),
        "unfold": lambda: vmap(lambda a: a.unfold(0, 2, 1))(x),
        "mv": lambda: vmap(torch.mv, in_dims=(None, 0))(y.t(), x),
        "promotion of 0-d": lambda: vmap(lambda a, s: a * s)(x, torch.arange(3.0).double()),
        "max_pool2d": lambda: vmap(lambda a: nnf.max_pool2d(a, 2))(torch.arange(64.0).reshape(2, 2, 4, 4)),
        "avg_pool2d": lambda: vmap(lambda a: nnf.avg_pool2d(a, 2))(torch.arange(64.0).reshape(2, 2, 4, 4)),
        "softmax": lambda: vmap(lambda a: nnf.softmax(a, -1))(x),
        "logsumexp": lambda: vmap(lambda a: a.logsumexp(0))(x),
        "clamp": lambda: vmap(lambda a: a.clamp(-0.2, 0.5))(x),
        "shared output": lambda: vmap(lambda a: torch.ones(2))(x),
        "shared output, None": lambda: vmap(lambda a: torch.ones(2), out_dims=None)(x),
        "negative in_dims": lambda: vmap(lambda a: a.sum(), in_dims=-1)(x),
        "number argument": lambda: vmap(lambda a, b: a + b, in_dims=(0, None))(x, 3.0),
        "keyword argument": lambda: vmap(lambda a, b=0: a + b)(x, b=2.0),
    }


def mapping_errors(torch: Any) -> Calls:
    (x, _), vmap = _data(torch), torch.vmap

    def equal_rows(randomness: str) -> Any:
        found = vmap(lambda a: a * 0 + torch.rand(4), randomness=randomness)(x)
        return (found[0] == found[1]).all().item()

    return {
        "no inputs": lambda: vmap(lambda a: a)(),
        "in_dims too long": lambda: vmap(lambda a: a, in_dims=(0, 0))(x),
        "in_dims out of range": lambda: vmap(lambda a: a, in_dims=3)(x),
        "in_dims no int": lambda: vmap(lambda a: a, in_dims="a")(x),
        "all None": lambda: vmap(lambda a: a, in_dims=(None,))(x),
        "sizes": lambda: vmap(lambda a, b: a.sum())(x, x.t()),
        "output no tensor": lambda: vmap(lambda a: 3)(x),
        "output None": lambda: vmap(lambda a: None)(x),
        "out_dims out of range": lambda: vmap(lambda a: a, out_dims=5)(x),
        "out_dims too short": lambda: vmap(lambda a: (a, a), out_dims=(0,))(x),
        "out_dims None": lambda: vmap(lambda a: a, out_dims=None)(x),
        "item": lambda: vmap(lambda a: a.sum().item())(x),
        "if": lambda: vmap(lambda a: a if a.sum() > 0 else -a)(x),
        "rand": lambda: vmap(lambda a: torch.rand(2))(x),
        "dropout": lambda: vmap(lambda a: torch.nn.functional.dropout(a))(x),
        "randomness": lambda: vmap(lambda a: a, randomness="some")(x),
        "same random numbers": lambda: equal_rows("same"),
        "different random numbers": lambda: equal_rows("different"),
        "number mapped": lambda: vmap(lambda a, b: a + b)(x, 3.0),
        "chunk_size": lambda: vmap(lambda a: a, chunk_size=0)(x),
        "backward": lambda: vmap(lambda a: a.sum().backward())(x.clone().requires_grad_()),
        "mask": lambda: vmap(lambda a: a[a > 0])(x),
    }  # fmt: skip


def derivatives(torch: Any) -> Calls:
    (x, y), f, vmap = _data(torch), torch.func, torch.vmap
    nnf, one = torch.nn.functional, torch.tensor(1.0)

    def energy(a: Any) -> Any:
        return (a.tanh() @ y).pow(2).sum()

    return {
        "grad": lambda: vmap(f.grad(lambda a: (a.sin() * a.exp()).sum()))(x),
        "grad of grad": lambda: vmap(f.grad(lambda s: f.grad(lambda t: t**3)(s)))(x[0]),
        "grad of a dict": lambda: f.grad(lambda d: (d["a"] ** 2).sum())({"a": x}),
        "argnums": lambda: f.grad(lambda a, b: (a * b * b).sum(), argnums=(0, 1))(x, x),
        "has_aux": lambda: f.grad(lambda a: (a.pow(2).sum(), a * 2), has_aux=True)(x),
        "grad_and_value": lambda: f.grad_and_value(lambda a: (a**2).sum())(x),
        "grad keeps off the tape": lambda: f.grad(lambda a: (a**2).sum())(x).requires_grad,
        "grad of an outer leaf": lambda: f.grad(lambda a: (a**2).sum())(x.clone().requires_grad_()).requires_grad,
        "no_grad inside": lambda: f.grad(lambda a: _without_grad(torch, a))(x),
        "no_grad outside": lambda: _outside(torch, lambda: f.grad(lambda a: (a**2).sum())(x)),
        "vjp": lambda: f.vjp(lambda a: (a.sin(), a.sum()), x)[1]((x, torch.tensor(1.0))),
        "jvp": lambda: f.jvp(lambda a: a.sin(), (x,), (x,)),
        "jvp of two": lambda: f.jvp(lambda a, b: a * b, (x, x), (x, x + 1)),
        "jvp of a constant": lambda: f.jvp(lambda a: (a.sin(), torch.ones(3)), (x,), (x,)),
        "jacrev": lambda: f.jacrev(lambda a: a.tanh() @ y)(x[0]),
        "jacrev of a dict": lambda: f.jacrev(lambda a: {"s": a.sin(), "p": a.prod()})(x[0]),
        "jacrev argnums": lambda: f.jacrev(lambda a, b: a.sin() * b, argnums=(0, 1))(x[0], x[1]),
        "jacrev chunks": lambda: f.jacrev(lambda a: a.tanh() @ y, chunk_size=2)(x[0]),
        "jacfwd": lambda: f.jacfwd(lambda a: a.tanh() @ y)(x[0]),
        "jacfwd argnums": lambda: f.jacfwd(lambda a, b: a.sin() * b, argnums=(0, 1))(x[0], x[1]),
        "mapped jacrev": lambda: vmap(f.jacrev(lambda a: a.tanh() @ y))(x),
        "mapped jacfwd": lambda: vmap(f.jacfwd(lambda a: a.tanh() @ y))(x),
        "hessian": lambda: f.hessian(energy)(x[0]),
        "reverse over reverse": lambda: f.jacrev(f.jacrev(energy))(x[0]),
        "forward over forward": lambda: f.jacfwd(f.jacfwd(energy))(x[0]),
        "reverse over forward": lambda: f.jacrev(f.jacfwd(energy))(x[0]),
        "mapped hessian": lambda: vmap(f.hessian(lambda a: nnf.softmax(a, 0).pow(2).sum()))(x),
        "jvp of grad": lambda: f.jvp(f.grad(lambda a: (a.exp().sum()).log()), (x[0],), (x[1],)),
        "grad of jvp": lambda: f.grad(lambda a: f.jvp(lambda b: b.exp().sum().log(), (a,), (x[1],))[1])(x[0]),
        "third order": lambda: f.jacfwd(f.jacrev(f.jacfwd(lambda a: a.exp().sum().sin())))(x[0]),
        "Jacobian of mapped grad": lambda: f.jacrev(lambda v: vmap(f.grad(lambda a: (a.sin() * a).sum()))(v))(x),
        "forward over mapped forward": lambda: f.jacfwd(lambda v: vmap(f.jacfwd(lambda a: a.sigmoid()))(v))(x),
        "mapped grad with a write": lambda: vmap(f.grad(lambda a: _write_first(a * 3, a[1] * 2).pow(2).sum()))(x),
        "mapped grad with relu_": lambda: vmap(f.grad(lambda a: nnf.relu(a * 2, inplace=True).pow(2).sum()))(x),
        "linearize": lambda: _quietly(lambda: f.linearize(lambda a: a.sin(), x)[1](x)),
        "no perturbation confusion": lambda: f.grad(lambda a: a * f.grad(lambda b: a + b)(one))(one),
        "not scalar": lambda: f.grad(lambda a: a)(x),
        "not a tensor": lambda: f.grad(lambda a: 3.0)(x),
        "argument no tensor": lambda: f.grad(lambda a: a.sum())(3.0),
        "aux no tensor": lambda: f.grad(lambda a: (a.sum(), 3), has_aux=True)(x),
        "argnums out of range": lambda: f.grad(lambda a: a.sum(), argnums=2)(x),
        "integers": lambda: f.grad(lambda a: a.sum())(torch.tensor([1, 2])),
        "vjp of no tensor": lambda: f.vjp(lambda a: 3, x),
        "cotangent's shape": lambda: f.vjp(lambda a: a.sin(), x)[1](torch.ones(7)),
        "primals no tuple": lambda: f.jvp(lambda a: a.sin(), x, x),
        "tangent's shape": lambda: f.jvp(lambda a: a.sin(), (x,), (x[0],)),
        "tangents' number": lambda: f.jvp(lambda a: a.sin(), (x,), (x, x)),
    }  # fmt: skip


def _quietly(call: Callable[[], Any]) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch's linearize warns of a trace that it makes
        return call()


def _without_grad(torch: Any, a: Any) -> Any:
    with torch.no_grad():
        scale = a.sum()
    return (a * scale).sum()


def _outside(torch: Any, call: Callable[[], Any]) -> Any:
    with torch.no_grad():
        return call()


def modules(torch: Any) -> Calls:
    (x, _), f, nn, vmap = _data(torch), torch.func, torch.nn, torch.vmap
    first = nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d(2)
    net = nn.Sequential(*first, nn.Flatten(), nn.Linear(12, 5))
    linears, convs = [nn.Linear(4, 2) for _ in range(3)], [nn.Conv2d(2, 3, 3) for _ in range(2)]
    for k, model in enumerate([net, *linears, *convs]):
        with torch.no_grad():
            for i, p in enumerate(model.parameters()):
                p.copy_(torch.sin(torch.arange(float(p.numel())).reshape(p.shape) * 1.3 + i + k) * 0.3)
    images = torch.cos(torch.arange(4 * 2 * 16.0).reshape(4, 2, 4, 4) * 0.7)
    classes, params = torch.tensor([0, 1, 2, 3]), {k: v.detach() for k, v in net.named_parameters()}

    def loss(p: Any, a: Any, t: Any) -> Any:
        return nn.functional.cross_entropy(f.functional_call(net, p, (a.unsqueeze(0),)), t.unsqueeze(0))

    def square(p: Any, a: Any) -> Any:
        return f.functional_call(net, p, (a.unsqueeze(0),)).pow(2).sum()

    def ensemble(models: Any, given: Any, in_dims: Any) -> Any:
        p, b = f.stack_module_state(models)
        return vmap(lambda q, c, a: f.functional_call(models[0], (q, c), (a,)), in_dims=in_dims)(p, b, given)

    def given(*dicts: Any, **kwargs: Any) -> Any:
        return f.functional_call(linears[0], dicts[0] if len(dicts) == 1 else list(dicts), x, **kwargs)

    def tied() -> Any:
        model = nn.Module()
        model.a = nn.Linear(4, 4, bias=False)
        model.b = nn.Linear(4, 4, bias=False)
        model.b.weight = model.a.weight
        model.forward = lambda v: model.b(model.a(v))
        return model

    return {
        "gradients of every sample": lambda: vmap(f.grad(loss), in_dims=(None, 0, 0))(params, images, classes),
        "gradients of every sample, square": lambda: vmap(f.grad(square), in_dims=(None, 0))(params, images),
        "ensemble on one batch": lambda: ensemble(linears, x, (0, 0, None)),
        "ensemble on a batch each": lambda: ensemble(linears, x, (0, 0, 0)),
        "ensemble of convolutions": lambda: ensemble(convs, images, (0, 0, None)),
        "ensemble of convolutions, own": lambda: ensemble(convs, images.reshape(2, 2, 2, 4, 4), (0, 0, 0)),
        "functional_call": lambda: given({"weight": torch.ones(2, 4)}),
        "functional_call, kwargs": lambda: f.functional_call(linears[0], {}, None, {"input": x}),
        "functional_call, several": lambda: given({"weight": torch.ones(2, 4)}, {"bias": x[0, :2]}),
        "tied": lambda: f.functional_call(tied(), {"a.weight": torch.eye(4)}, x),
        "tied twice": lambda: f.functional_call(tied(), {"a.weight": torch.eye(4), "b.weight": torch.eye(4) * 2}, x),
        "strict, missing": lambda: given({"weight": torch.ones(2, 4)}, strict=True),
        "no such submodule": lambda: given({"a.weight": torch.ones(2, 4)}),
        "given twice": lambda: given({"weight": x}, {"weight": x}),
        "no dict": lambda: given(3),
        "no tensor": lambda: given({"weight": 3}),
        "stateless": lambda: nn.utils.stateless.functional_call(linears[0], {"weight": torch.ones(2, 4)}, (x,)),
        "no models": lambda: f.stack_module_state([]),
        "models of two classes": lambda: f.stack_module_state([linears[0], convs[0]]),
        "a leaf outside": lambda: _through_vmap(torch, x),
    }  # fmt: skip


def _through_vmap(torch: Any, x: Any) -> Any:
    w = torch.ones(4, requires_grad=True)
    torch.vmap(lambda a: (a * w).sum())(x).sum().backward()
    return w.grad


GROUPS = (mapped, mapping_errors, derivatives, modules)
