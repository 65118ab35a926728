"""Calls that look at the graph and steer it: hooks, saved values, checkpoints, anomalies, batched gradients."""

from collections.abc import Callable
from typing import Any

Calls = dict[str, Callable[[], Any]]


def _ab(torch: Any) -> tuple[Any, Any]:
    return torch.ones(2, requires_grad=True), torch.full((2,), 2.0, requires_grad=True)


def hooks(torch: Any) -> Calls:
    def order() -> Any:
        (a, b), log = _ab(torch), []
        y = (a * b).sum()
        leaf = y.grad_fn.next_functions[0][0].next_functions[0][0]
        leaf.register_hook(lambda gi, go: log.append(("leaf node", len(gi), go[0].tolist())))
        leaf.register_prehook(lambda go: log.append(("leaf node before", go[0].tolist())))
        y.grad_fn.register_hook(lambda gi, go: log.append(("node", gi[0].tolist(), go[0].tolist())))
        y.grad_fn.register_prehook(lambda go: log.append(("node before", go[0].tolist())))
        y.register_hook(lambda g: log.append(("tensor", g.tolist())))
        a.register_hook(lambda g: log.append(("leaf", g.tolist())))
        a.register_post_accumulate_grad_hook(lambda p: log.append(("after", p.grad.tolist())))
        y.backward()
        return log

    def tensor_hook(hook: Any) -> Any:
        a, _ = _ab(torch)
        a.register_hook(hook)
        (a * 2).sum().backward()
        return a.grad

    def node_hook(hook: Any, before: bool = False) -> Any:
        a, _ = _ab(torch)
        y = a * 2
        (y.grad_fn.register_prehook if before else y.grad_fn.register_hook)(hook)
        y.sum().backward()
        return a.grad

    def retained() -> Any:
        a, _ = _ab(torch)
        y = a * 2
        y.register_hook(lambda g: g * 2)
        y.retain_grad()
        y.register_hook(lambda g: g * 10)
        y.sum().backward()
        return y.grad, a.grad, y.retains_grad

    def written() -> Any:
        (a, _), log = _ab(torch), []
        y = a * 2
        y.register_hook(lambda g: log.append(("old", g.tolist())))
        y.retain_grad()
        y.mul_(3)
        y.register_hook(lambda g: log.append(("new", g.tolist())))
        y.sum().backward()
        return log, y.grad

    def removed() -> Any:
        (a, _), log = _ab(torch), []
        first = a.register_hook(lambda g: log.append(1) or first.remove())
        with a.register_hook(lambda g: log.append(2)):
            (a * 2).sum().backward()
        (a * 2).sum().backward()
        return log

    def several(mode: str, used: str) -> Any:
        (a, b), log = _ab(torch), []
        x, y, z = a * 1, b * 1, a * b
        handle = torch.autograd.graph.register_multi_grad_hook([x, y, z], lambda g: log.append(g), mode=mode)
        loss = {"all": x.sum() + y.sum() + z.sum(), "two": x.sum() + y.sum(), "none": (a * 3).sum()}[used]
        loss.backward(retain_graph=True)
        loss.backward(retain_graph=True)
        handle.remove()
        loss.backward()
        return log

    def names() -> Any:
        a, b = _ab(torch)
        y = (a * b).sum()
        node = y.grad_fn.next_functions[0][0]
        edge = torch.autograd.graph.get_gradient_edge(a)
        node.metadata["k"] = 1
        return [node.name(), [(n.name(), i) for n, i in node.next_functions], node.metadata, edge.output_nr,
                isinstance(node, torch.autograd.graph.Node), edge.node is node.next_functions[0][0],
                torch.autograd.grad(y, edge), node.next_functions[0][0].variable is a]  # fmt: skip

    return {
        "order": order,
        "replaced": lambda: tensor_hook(lambda g: g * 3),
        "no tensor": lambda: tensor_hook(lambda g: 3),
        "other dtype": lambda: tensor_hook(lambda g: g.double()),
        "other shape": lambda: tensor_hook(lambda g: g.sum()),
        "not callable": lambda: tensor_hook("a"),
        "node replaced": lambda: node_hook(lambda gi, go: (gi[0] * 5, gi[1])),
        "node, no tuple": lambda: node_hook(lambda gi, go: gi[0]),
        "node, too few": lambda: node_hook(lambda gi, go: (gi[0],)),
        "node, no tensor": lambda: node_hook(lambda gi, go: (3, None)),
        "before node replaced": lambda: node_hook(lambda go: (go[0] * 5,), True),
        "before node, no tuple": lambda: node_hook(lambda go: go[0], True),
        "retained": retained,
        "written": written,
        "removed": removed,
        **{f"several, all, {u}": (lambda u=u: several("all", u)) for u in ("all", "two", "none")},
        **{f"several, any, {u}": (lambda u=u: several("any", u)) for u in ("all", "two", "none")},
        "several, mode": lambda: several("x", "all"),
        "several, no gradient": lambda: torch.autograd.graph.register_multi_grad_hook([torch.ones(2)], print),
        "names": names,
        "on a constant": lambda: torch.ones(2).register_hook(print),
        "after on a result": lambda: (torch.ones(2, requires_grad=True) * 2).register_post_accumulate_grad_hook(print),
        "edge of a constant": lambda: torch.autograd.graph.get_gradient_edge(torch.ones(2)),
    }  # fmt: skip


def saved(torch: Any) -> Calls:
    graph = torch.autograd.graph

    def through(pack: Any, unpack: Any) -> Any:
        a, b = _ab(torch)
        with graph.saved_tensors_hooks(pack, unpack):
            y = (a * b).exp().sum()
        y.backward()
        return a.grad, b.grad

    def counted() -> Any:
        log: list[Any] = []
        found = through(lambda x: (log.append(("pack", x.requires_grad, x.is_leaf)), x * 1)[1],
                        lambda x: (log.append("unpack"), x)[1])  # fmt: skip
        return log, found

    def second_order() -> Any:
        x = torch.tensor(2.0, requires_grad=True)
        with graph.saved_tensors_hooks(lambda t: t.detach() * 1, lambda t: t):
            y = x**3
        (g,) = torch.autograd.grad(y, x, create_graph=True)
        return torch.autograd.grad(g, x)

    def raw() -> Any:
        a, _ = _ab(torch)
        y = a.exp()
        held = y.grad_fn._raw_saved_result
        held.register_hooks(lambda t: t, lambda t: t * 2)
        seen = y.grad_fn._saved_result.tolist()
        y.sum().backward()
        return seen, a.grad

    def raw_twice() -> Any:
        a, _ = _ab(torch)
        held = a.exp().grad_fn._raw_saved_result
        held.register_hooks(lambda t: t, lambda t: t)
        held.register_hooks(lambda t: t, lambda t: t)

    def freed() -> Any:
        a, _ = _ab(torch)
        y = a.exp()
        y.sum().backward()
        return y.grad_fn._saved_result

    def disabled(inside: bool) -> Any:
        with graph.disable_saved_tensors_hooks("not here"):
            return through(lambda t: t, lambda t: t) if inside else 1

    def mutated() -> Any:
        with graph.allow_mutation_on_saved_tensors():
            x = torch.ones(2, requires_grad=True)
            c = x.clone()
            o = c**2
            c.sin_()
            o.sum().backward()
        return x.grad

    def mutated_late() -> Any:
        with graph.allow_mutation_on_saved_tensors():
            x = torch.ones(2, requires_grad=True)
            o = x.clone() ** 2
        o.sum().backward()

    def nested_mutation() -> Any:
        with graph.allow_mutation_on_saved_tensors(), graph.allow_mutation_on_saved_tensors():
            pass

    def on_cpu() -> Any:
        a, b = _ab(torch)
        with graph.save_on_cpu():
            y = (a * b).sum()
        y.backward()
        return a.grad

    def bumped() -> Any:
        a = torch.ones(2)
        graph.increment_version(a)
        graph.increment_version([a, a])
        return a._version

    return {
        "copied": lambda: through(lambda t: t.clone(), lambda t: t),
        "to NumPy": lambda: through(lambda t: t.detach().numpy().copy(), torch.from_numpy),
        "counted": counted,
        "second order": second_order,
        "changed": lambda: through(lambda t: t, lambda t: t * 2),
        "no tensor": lambda: through(lambda t: t, lambda t: 1),
        "written": lambda: through(lambda t: t.add_(1), lambda t: t),
        "raw": raw,
        "raw twice": raw_twice,
        "freed": freed,
        "disabled": lambda: disabled(True),
        "disabled, unused": lambda: disabled(False),
        "mutated": mutated,
        "mutated, late": mutated_late,
        "mutated, nested": nested_mutation,
        "on cpu": on_cpu,
        "version": bumped,
        "version of a number": lambda: graph.increment_version(3),
    }


def checkpoints(torch: Any) -> Calls:
    module = torch.utils.checkpoint
    checkpoint = module.checkpoint
    leaf = torch.tensor([0.5, 1.0, 1.5], requires_grad=True)

    def run(fn: Any, *args: Any, **kwargs: Any) -> Any:
        x = leaf.detach().clone().requires_grad_()
        y = checkpoint(fn, x, *args, **kwargs)
        y.sum().backward()
        return x.grad

    def calls(early: bool, fn: Any, reentrant: bool = False) -> Any:
        log: list[str] = []

        def part(x: Any) -> Any:
            log.append("begin")
            y = fn(x)
            log.append("end")
            return y

        with module.set_checkpoint_early_stop(early):
            run(part, use_reentrant=reentrant)
        return log

    def nested(reentrant: bool) -> Any:
        log: list[str] = []

        def inner(x: Any) -> Any:
            log.append("inner")
            return x.sin().exp()

        def outer(x: Any) -> Any:
            log.append("outer")
            return checkpoint(inner, x, use_reentrant=reentrant).cos()

        return run(outer, use_reentrant=reentrant), sorted(log)

    def dropout(reentrant: bool | None) -> Any:
        def part(x: Any) -> Any:
            return torch.nn.functional.dropout(x.repeat(20), 0.5) * x.repeat(20)

        torch.manual_seed(3)
        if reentrant is not None:
            return run(part, use_reentrant=reentrant), torch.rand(1)
        x = leaf.detach().clone().requires_grad_()
        part(x).sum().backward()
        return x.grad, torch.rand(1)

    def differing(other: Any, **kwargs: Any) -> Any:
        turns = iter(range(9))
        return run(lambda x: x.sin().exp() if next(turns) == 0 else other(x), use_reentrant=False, **kwargs)

    def twice(retain: bool) -> Any:
        y = checkpoint(lambda x: x.sin().exp(), leaf, use_reentrant=False).sum()
        y.backward(retain_graph=retain)
        y.backward()
        return leaf.grad

    def sequential(segments: int, reentrant: bool) -> Any:
        x = leaf.detach().clone().requires_grad_()
        parts = [torch.sin, torch.exp, torch.cos, torch.tanh, torch.exp]
        module.checkpoint_sequential(parts, segments, x, use_reentrant=reentrant).sum().backward()
        return x.grad

    def second_order() -> Any:
        y = checkpoint(lambda x: x.sin().exp(), leaf, use_reentrant=False).sum()
        (g,) = torch.autograd.grad(y, leaf, create_graph=True)
        return torch.autograd.grad(g.sum(), leaf)

    def with_inputs() -> Any:
        y = checkpoint(torch.sin, leaf, use_reentrant=True).sum()
        return torch.autograd.grad(y, leaf)

    return {
        "plain": lambda: run(lambda x: x.sin().exp(), use_reentrant=False),
        "reentrant": lambda: run(lambda x: x.sin().exp(), use_reentrant=True),
        "not said": lambda: run(lambda x: x.sin().exp()),
        "keyword": lambda: run(lambda x, k=1: x.sin() * k, k=3, use_reentrant=False),
        "unknown keyword": lambda: run(torch.sin, use_reentrant=True, k=3),
        "context_fn": lambda: run(torch.sin, use_reentrant=True, context_fn=lambda: 1),
        "determinism_check": lambda: run(torch.sin, use_reentrant=False, determinism_check="some"),
        "no gradient": lambda: checkpoint(torch.sin, torch.ones(2), use_reentrant=True),
        "calls, early stop": lambda: calls(True, lambda x: x.sin() * 2),
        "calls, to the end": lambda: calls(False, lambda x: x.sin() * 2),
        "calls, reentrant": lambda: calls(True, lambda x: x.sin() * 2, True),
        "nested": lambda: nested(False),
        "nested, reentrant": lambda: nested(True),
        **{f"dropout, {r}": (lambda r=r: dropout(r)) for r in (None, False, True)},
        "fewer saved": lambda: differing(lambda x: x.sin()),
        "other shape": lambda: differing(lambda x: torch.cat([x, x]).sin().exp()),
        "other shape, unchecked": lambda: differing(lambda x: x.cos().exp(), determinism_check="none"),
        "twice": lambda: twice(False),
        "twice, retained": lambda: twice(True),
        "sequential 2": lambda: sequential(2, False),
        "sequential 3, reentrant": lambda: sequential(3, True),
        "second order": second_order,
        "grad, reentrant": with_inputs,
    }


def anomalies(torch: Any) -> Calls:
    autograd = torch.autograd

    def nan(mode: Any, late: bool = False) -> Any:
        x = torch.tensor([0.0, -1.0], requires_grad=True)
        if late:
            y = x.sqrt()
        with mode():
            y = y if late else x.sqrt()
            y.sum().backward()
        return x.grad

    def failing() -> Any:
        class Fail(autograd.Function):
            @staticmethod
            def forward(ctx: Any, x: Any) -> Any:
                return x.clone()

            @staticmethod
            def backward(ctx: Any, g: Any) -> Any:
                raise ValueError("no")

        with autograd.detect_anomaly():
            Fail.apply(torch.ones(2, requires_grad=True)).sum().backward()

    def second() -> Any:
        with autograd.detect_anomaly():
            x = torch.tensor([0.0], requires_grad=True)
            (g,) = autograd.grad(x.pow(1.5), x, create_graph=True)
            (h,) = autograd.grad(g, x, create_graph=True)
            autograd.grad(h * 0, x)

    def switched() -> Any:
        seen = [torch.is_anomaly_enabled()]
        with autograd.set_detect_anomaly(True, check_nan=False):
            seen += [torch.is_anomaly_enabled(), torch.is_anomaly_check_nan_enabled()]
        return [*seen, torch.is_anomaly_enabled()]

    return {
        "NaN": lambda: nan(autograd.detect_anomaly),
        "NaN, late": lambda: nan(lambda: autograd.set_detect_anomaly(True), True),
        "NaN, unchecked": lambda: nan(lambda: autograd.set_detect_anomaly(True, check_nan=False)),
        "off": lambda: nan(lambda: autograd.set_detect_anomaly(False)),
        "failing": failing,
        "second order": second,
        "switched": switched,
    }


def rows(torch: Any) -> Calls:
    conv1d = torch.nn.functional.conv1d

    def grad(grads: Any, out: Any = lambda x: x**2, **kwargs: Any) -> Any:
        x = torch.arange(1.0, 4.0, requires_grad=True)
        return torch.autograd.grad(out(x), x, grads, is_grads_batched=True, **kwargs)

    return {
        "square": lambda: grad(torch.eye(3)),
        "matmul": lambda: grad(torch.eye(2), lambda x: torch.arange(6.0).reshape(2, 3) @ x.tanh()),
        "two outputs": lambda: grad((torch.eye(3), torch.ones(3)), lambda x: (x**2, x.sum())),
        "in-place": lambda: grad(torch.eye(3), lambda x: (x * 2).mul_(x)),
        "shape": lambda: grad(torch.ones(3, 2)),
        "sort": lambda: grad(torch.eye(3), lambda x: (-x).sort()[0] ** 2),
        "conv": lambda: grad(torch.ones(2, 1, 1, 2), lambda x: conv1d(x.view(1, 1, 3), torch.ones(1, 1, 2))),
        "create_graph": lambda: grad(torch.eye(3), create_graph=True)[0].requires_grad,
    }  # fmt: skip


GROUPS = (hooks, saved, checkpoints, anomalies, rows)
