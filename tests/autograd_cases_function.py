"""Calls of user's functions: contexts, marks, their rules under transforms."""

from collections.abc import Callable
from typing import Any

Calls = dict[str, Callable[[], Any]]


def _functions(torch: Any) -> Any:
    class Old(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return x**2

        @staticmethod
        def backward(ctx: Any, g: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x * g

    class New(torch.autograd.Function):
        @staticmethod
        def forward(x: Any) -> Any:
            return x**2

        @staticmethod
        def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
            ctx.save_for_backward(*inputs)
            ctx.save_for_forward(*inputs)

        backward = Old.backward

    class Generated(New):
        generate_vmap_rule = True

        @staticmethod
        def jvp(ctx: Any, t: Any) -> Any:
            (x,) = ctx.saved_tensors
            return 2 * x * t

    class Own(New):
        @staticmethod
        def vmap(info: Any, in_dims: Any, x: Any) -> Any:
            return Own.apply(x), in_dims[0]

    return Old, New, Generated, Own


def rules(torch: Any) -> Calls:
    (old, new, generated, own), f, forward_ad = _functions(torch), torch.func, torch.autograd.forward_ad
    x = torch.arange(6.0).reshape(2, 3)

    def dual(fn: Any) -> Any:
        with forward_ad.dual_level():
            return tuple(forward_ad.unpack_dual(fn(forward_ad.make_dual(x, torch.ones_like(x)))))

    def with_jvp(rule: Any) -> Any:
        return type("Bad", (generated,), {"jvp": staticmethod(rule)})

    both = type("Both", (own,), {"generate_vmap_rule": True})
    one_return = type("OneReturn", (new,), {"vmap": staticmethod(lambda info, in_dims, x: x)})
    return {
        "vmap, old style": lambda: f.vmap(old.apply)(x),
        "vmap, none": lambda: f.vmap(new.apply)(x),
        "vmap, generated": lambda: f.vmap(generated.apply)(x),
        "vmap, own": lambda: f.vmap(own.apply)(x),
        "vmap, both": lambda: f.vmap(both.apply)(x),
        "vmap, one return": lambda: f.vmap(one_return.apply)(x),
        "grad": lambda: f.grad(lambda v: new.apply(v).sum())(x),
        "grad of grad": lambda: f.grad(f.grad(new.apply))(x[0, 1]),
        "mapped grad, generated": lambda: f.vmap(f.grad(lambda v: generated.apply(v).sum()))(x),
        "mapped grad, own": lambda: f.vmap(f.grad(lambda v: own.apply(v).sum()))(x),
        "grad of mapped, generated": lambda: f.grad(lambda v: f.vmap(generated.apply)(v).sum())(x),
        "grad of mapped, own": lambda: f.grad(lambda v: f.vmap(own.apply)(v).sum())(x),
        "jvp": lambda: f.jvp(generated.apply, (x,), (x,)),
        "jvp, none": lambda: f.jvp(new.apply, (x,), (x,)),
        "jacfwd": lambda: f.jacfwd(generated.apply)(x[0]),
        "jacrev": lambda: f.jacrev(generated.apply)(x[0]),
        "dual": lambda: dual(generated.apply),
        "dual, none": lambda: dual(new.apply),
        "jvp, no tensor": lambda: dual(with_jvp(lambda ctx, t: 3).apply),
        "jvp, shape": lambda: dual(with_jvp(lambda ctx, t: t[0]).apply),
        "jvp, two": lambda: dual(with_jvp(lambda ctx, t: (t, t)).apply),
    }


def contexts(torch: Any) -> Calls:
    base, x = torch.autograd.Function, torch.arange(6.0).reshape(2, 3)

    def made(forward: Any, backward: Any = lambda ctx, g: g) -> Any:
        return type("Made", (base,), {"forward": staticmethod(forward), "backward": staticmethod(backward)})

    def used(fn: Any, *args: Any) -> Any:
        leaf = x.clone().requires_grad_()
        out = fn.apply(leaf, *args)
        (out[0] if isinstance(out, tuple) else out).sum().backward()
        return leaf.grad

    def twice(ctx: Any, v: Any) -> Any:
        return v * 2

    def dirty(ctx: Any, v: Any) -> Any:
        v.mul_(2)
        ctx.mark_dirty(v)
        return v

    def dirty_result() -> Any:
        leaf = x.clone().requires_grad_()
        y = leaf * 1
        z = made(dirty, lambda ctx, g: g * 2).apply(y)
        z.sum().backward()
        return z is y, z.grad_fn.name(), leaf.grad

    def pair(ctx: Any, v: Any) -> Any:
        ctx.set_materialize_grads(False)
        return v * 2, v * 3

    def constant(ctx: Any, v: Any) -> Any:
        first = v * 2
        ctx.mark_non_differentiable(first)
        return first, v * 3

    def needs(*args: Any) -> Any:
        seen: list[Any] = []

        def forward(ctx: Any, v: Any, k: Any, w: Any = None) -> Any:
            seen.append(ctx.needs_input_grad)
            return v * k

        used(made(forward, lambda ctx, g: (g, None, None)), *args)
        return seen

    def once(order: int) -> Any:
        mark = torch.autograd.function.once_differentiable
        leaf = x.clone().requires_grad_()
        y = (made(twice, mark(lambda ctx, g: g * 2)).apply(leaf) ** order).sum()
        (g,) = torch.autograd.grad(y, leaf, create_graph=True)
        if order == 2:
            g.sum().backward()
        return g.requires_grad

    def as_it_is() -> Any:
        leaf = x.clone().requires_grad_()
        y = made(lambda ctx, v: v, lambda ctx, g: g * 5).apply(leaf)
        return y is leaf, y.grad_fn.name(), torch.autograd.grad(y.sum(), leaf)

    def written_view() -> Any:
        leaf = x.clone().requires_grad_()
        made(lambda ctx, v: v.view(-1), lambda ctx, g: g.view(2, 3)).apply(leaf * 1).add_(1)

    def saved_number(ctx: Any, v: Any) -> Any:
        ctx.save_for_backward(3)
        return v

    return {
        "backward missing": lambda: used(type("Half", (base,), {"forward": staticmethod(twice)})),
        "no materialized gradients": lambda: used(made(pair, lambda ctx, a, b: a + int(b is None))),
        "needs_input_grad": lambda: needs(2.0),
        "needs_input_grad, two": lambda: needs(2.0, x.clone().requires_grad_()),
        "too few gradients": lambda: used(made(lambda ctx, v, w: v * w), x.clone().requires_grad_()),
        "extra None": lambda: used(made(twice, lambda ctx, g: (g, None, None))),
        "gradient of a number": lambda: used(made(lambda ctx, v, k: v * k, lambda ctx, g: (g, g)), 2.0),
        "gradient's shape": lambda: used(made(twice, lambda ctx, g: g[:, :2])),
        "gradient broadcast": lambda: used(made(lambda ctx, v: v.sum(), lambda ctx, g: g)),
        "gradient no tensor": lambda: used(made(twice, lambda ctx, g: 3.0)),
        "dirty leaf": lambda: used(made(dirty)),
        "dirty": dirty_result,
        "dirty, not returned": lambda: used(made(lambda ctx, v: (ctx.mark_dirty(v), v * 2)[1])),
        "non differentiable": lambda: [o.requires_grad for o in made(constant).apply(x.clone().requires_grad_())],
        "once": lambda: once(1),
        "once, twice": lambda: once(2),
        "as it is": as_it_is,
        "written view": written_view,
        "saved number": lambda: used(made(saved_number)),
        "no tensors": lambda: made(lambda ctx, v: v**2).apply(3.0),
        "forward missing": lambda: base.apply(x),
        "no_grad": lambda: _off(torch, lambda: made(twice).apply(x.clone().requires_grad_()).requires_grad),
    }


def _off(torch: Any, call: Callable[[], Any]) -> Any:
    with torch.no_grad():
        return call()


GROUPS = (rules, contexts)
