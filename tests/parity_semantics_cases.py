"""Cases of the comparison with torch, messages included: inference tensors."""

from collections.abc import Iterator

MADE = "n = t([3.0, 4.0]); w = t([1.0, 2.0], requires_grad=True)"
WITHIN = f"{MADE}; with torch.inference_mode(): a = t([5.0, 6.0])"
OUTSIDE = ["a.is_inference()", "torch.is_inference(a)", "a * w", "w * a", "a + w", "w - a", "torch.matmul(w, a)", "F.linear(w, a[None])",
           "torch.cat([w, a])", "(w + a).sum().backward(); w.grad", "w.sin().backward(a); w.grad", "w.sin().backward(a); w.grad.is_inference()",
           "a.add_(1)", "a.zero_()", "a.fill_(2.0)", "a[0] = 5", "a[0] = n[1]", "a[a > 1] = 5", "a.copy_(n)", "a.normal_()", "a.unsqueeze_(0)",
           "a.t_()", "a.detach_()", "a.relu_()", "F.relu(a, inplace=True)", "torch.add(n, n, out=a)", "with torch.no_grad(): a.add_(1)",
           "with torch.no_grad(): a[0] = 1", "with torch.no_grad(): y = a * w; y.is_inference()", "a.requires_grad_()", "a.requires_grad = True",
           "a.requires_grad_(False).requires_grad", "a._version", "n._version", "(n.add_(a))._version", "n.copy_(a)", "(a * 2).is_inference()",
           "a.view(2, 1).is_inference()", "a[0].is_inference()", "a.detach().is_inference()", "a.clone().is_inference()", "a.data.is_inference()",
           "a.expand(3, 2).is_inference()", "a.to(torch.float32) is a", "a.to(torch.float64).is_inference()", "a.contiguous() is a", "a.clone().requires_grad_()",
           "(w * a.clone()).sum().backward(); w.grad", "a.view(2, 1).add_(1)", "a.numpy()", "torch.from_numpy(a.numpy()).is_inference()",
           "import copy; copy.deepcopy(a).is_inference()", "a.is_leaf", "a.requires_grad", "a.grad_fn", "repr(a)", "torch.is_inference_mode_enabled()",
           "torch.func.grad(lambda x: (x * a).sum())(n)", "torch.func.vmap(lambda x: x * 2)(a)", "torch.autograd.grad((w * 2).sum(), a)", "a.sum().backward()",
           "torch.utils.checkpoint.checkpoint(lambda z: z * w, a, use_reentrant=False)", "torch.nn.init.zeros_(a)", "torch.nn.Linear(2, 2)(a)",
           "F.mse_loss(w, n + a)", "torch.exp(w).mul(a)", "torch.where(a > 5, w, 0.0)", "F.cross_entropy(torch.stack([w, w]), (a > 5).long())",
           "(a > 5).is_inference()", "torch.optim.SGD([w], 0.1).step()"]  # fmt: skip
INNER = ["torch.ones(2)", "torch.zeros(2)", "torch.arange(2)", "torch.rand(2)", "torch.tensor([1.0])", "torch.from_numpy(n.numpy())", "torch.Tensor(2)",
         "n * 2", "n + w", "n.clone()", "w.clone()", "n.sum()", "n > 1", "n.argmax()", "n.sort().values", "torch.cat([n, n])", "n[t([0])]", "n.double()",
         "torch.stack([n, w])", "torch.nn.functional.softmax(w, 0)", "torch.nn.Linear(2, 2)(n)", "torch.nonzero(n)", "n.unique()", "torch.where(n > 1)[0]",
         "n.view(2, 1)", "n.detach()", "n.data", "n.t()", "n[0]", "n.add_(1)", "n.float()", "torch.nn.Parameter(torch.ones(2))", "torch.empty_like(n)",
         "torch.randperm(3)", "n.new_zeros(2)", "torch.einsum('i,i->', n, n)", "n.split(1)[0]", "torch.linalg.norm(n)", "torch.eye(2)"]  # fmt: skip


def inference() -> Iterator[str]:
    for code in OUTSIDE:
        yield f"F = torch.nn.functional; {WITHIN}; {code}"
    for code in INNER:
        yield f"{MADE}; with torch.inference_mode(): a = {code}; a.is_inference()"
    views = f"{MADE}; with torch.inference_mode(): v = n.view(2, 1)"
    for code in ("v.is_inference()", "v.requires_grad", "v.add_(1)", "n._version", "v.mul_(w.reshape(2, 1))", "v * w", "(v * w).sum().backward(); w.grad"):
        yield f"{views}; {code}"
    yield from (
        f"{MADE}; with torch.inference_mode(): n.add_(1); n._version",
        f"{MADE}; with torch.inference_mode(): w.add_(1); [w, w._version, w.is_leaf]",
        f"{WITHIN}; with torch.inference_mode(): a.add_(1); a",
        f"{WITHIN}; with torch.inference_mode(): a.requires_grad_(); [a.requires_grad, a.is_leaf]",
        f"{WITHIN}; with torch.inference_mode(): y = a * w; [y.requires_grad, y.grad_fn, y.is_inference()]",
        f"{WITHIN}; with torch.inference_mode(): v = a._version",
        "with torch.inference_mode(): x = torch.is_inference_mode_enabled(); x",
        "with torch.inference_mode(False): x = torch.is_inference_mode_enabled(); x",
        f"{MADE}; with torch.inference_mode(), torch.inference_mode(False): y = w * 2; [y.is_inference(), y.requires_grad]",
        f"{MADE}; with torch.inference_mode(), torch.enable_grad(): y = w * 2; [y.is_inference(), y.requires_grad]",
        f"{MADE}; f = torch.inference_mode()(lambda x: x * 2); y = f(w); [y.is_inference(), y.requires_grad, f(w) + w]",
        f"{MADE}; m = torch.nn.Linear(2, 1); y = torch.inference_mode()(m)(n); [y.is_inference(), y.requires_grad]",
    )  # fmt: skip


LIKE = ["t([1.0, 2.0]), t([1.0, 2.1])", "t([1.0, 2.0, 3.0]), t([1.0, 2.1, 5.0]), rtol=0.1, atol=0.0", "t([1, 2]), t([1, 3])", "t([1.0]), t([1.0], dtype=float64)",
        "t([1.0, 2.0]), t([1.0])", "t([[1.0, 2.0]]), t([[1.0, 5.0]])", "1.0, 1.0", "1.0, 1.1", "1, 2", "True, False", "[1.0, 2.0], [1.0, 3.0]", "[1.0, 2.0], [1.0]",
        "(t([1.0]), t([2.0])), (t([1.0]), t([3.0]))", "{'a': t([1.0])}, {'a': t([2.0])}", "{'a': 1.0}, {'b': 1.0}", "t([nan]), t([nan])", "t([nan]), t([nan]), equal_nan=True",
        "'a', 'a'", "t([1.0]), t([2.0]), msg='boo'", "t([1.0]), t([2.0]), msg=lambda m: 'X' + m", "t([1.0]), t([2.0]), rtol=1.0", "t([1.0]), t([1.0], dtype=float64), check_dtype=False",
        "t(1.0), t(2.0)", "t([True]), t([False])", "t([1j]), t([2j])", "torch.ones(2, 2), torch.zeros(2, 2)", "torch.zeros(0), torch.zeros(0)", "None, None", "None, 1",
        "t([1.0, 2.0]).half(), t([1.0, 2.002]).half()", "t([inf]), t([1.0])", "torch.ones(2, 3).t(), torch.ones(3, 2), check_stride=True", "leaf(2), leaf(2)"]  # fmt: skip


def closeness() -> Iterator[str]:
    for args in LIKE:
        yield f"torch.testing.assert_close({args})"


def shifts() -> Iterator[str]:
    for x in ("t([1, -8, 255, 0])", "t([1, -8, 100, 0], dtype=int8)", "t([1, 8, 255, 0], dtype=uint8)", "t([1, -2, 3, 4], dtype=int32)", "t([1.0, 2.0, 3.0, 4.0])", "t([True, False, True, True])"):
        for code in ("x << 1", "x >> 1", "x << t([0, 3, 7, 40])", "x >> t([0, 3, 7, 40])", "x << -1", "x >> -1", "2 << x", "64 >> x", "x << 70", "x >> 70", "x << 1.5",
                     "torch.bitwise_left_shift(x, 2)", "x.bitwise_right_shift(2)", "x.bitwise_left_shift_(1)", "torch.gcd(x, x + 4)", "torch.lcm(x, x)"):  # fmt: skip
            yield f"x = {x}; {code}"
    yield from ("x = t([1, 2]); x <<= 2; x", "x = t([8, 2]); x >>= 1; x", "torch.gcd(t([12, -18]), t([18, 12]))", "torch.lcm(t([4, 0]), t([6, 3]))", "torch.gcd(t([1.0]), t([2.0]))",
                "torch.zeros(2, dtype=int)", "torch.full((2,), 1, dtype=float)", "torch.empty(2, dtype=bool).dtype", "torch.zeros(2, dtype='float')", "torch.tensor([1], dtype='float')",
                "torch.zeros_like(torch.ones(2), dtype='x')", "torch.ones(2, dtype=complex)", "torch.arange(3, dtype=float)", "torch.tensor([1.5], dtype=int)", "x = torch.ones(3); y = torch.zeros(3, out=x); [y is x, x]")  # fmt: skip


SUBJECTS = {"inference": inference, "closeness": closeness, "shifts": shifts}
