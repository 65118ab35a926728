"""Cases of the comparison with torch: half precision and integers in products and layers, complex numbers and gradients."""

from collections.abc import Iterator

PRODUCTS = ["torch.matmul(a, a.mT)", "a @ a[0, 0]", "a[0, 0] @ a.mT", "torch.mm(a[0], a[0].t())", "torch.bmm(a, a.mT)",
            "torch.mv(a[0], a[0, 0])", "torch.dot(a[0, 0], a[0, 0])", "torch.inner(a, a)", "torch.outer(a[0, 0], a[0, 0])",
            "torch.einsum('bij,bkj->bik', a, a)", "torch.tensordot(a, a, dims=([2], [2]))", "torch.addmm(a[0, :, :2], a[0], a[0].t())",
            "torch.addmv(a[0, :, 0], a[0], a[0, 0])", "torch.baddbmm(a[:, :, :2], a, a.mT)", "torch.addbmm(a[0, :, :2], a, a.mT)",
            "torch.addr(a[0], a[0, :, 0], a[0, 0])", "torch.kron(a[0], a[0])", "torch.linalg.multi_dot([a[0], a[0].t(), a[0]])",
            "torch.linalg.matrix_power(a[0] @ a[0].t(), 3)", "torch.trace(a[0])", "torch.cross(a, a.flip(2), dim=2)",
            "torch.chain_matmul(a[0], a[0].t())", "torch.linalg.vecdot(a, a)", "torch.vander(a[0, 0])", "a.cumsum(0)",
            "torch.nn.functional.linear(a, a[0])", "torch.nn.functional.linear(a, a[0], a[0, :, 0])"]  # fmt: skip
LAYERS = ["F.conv1d(a, a)", "F.conv1d(a, a, a[0, :, 0], padding=1, stride=2)", "F.conv2d(a[None], a[None])",
          "F.conv_transpose1d(a, a)", "F.max_pool1d(a, 2)", "F.avg_pool1d(a, 2)", "F.adaptive_avg_pool1d(a, 2)", "F.softmax(a, 1)",
          "F.log_softmax(a, -1)", "F.gelu(a)", "F.silu(a)", "F.layer_norm(a, (3,))", "F.group_norm(a, 1)", "F.batch_norm(a, None, None, training=True)",
          "F.mse_loss(a, a.flip(0))", "F.l1_loss(a, a.flip(0))", "F.cross_entropy(a[0], t([0, 1]))", "F.pad(a, (1, 2))",
          "F.interpolate(a, scale_factor=2)", "F.interpolate(a, scale_factor=2, mode='linear')", "F.cosine_similarity(a, a.flip(2), 2)",
          "F.embedding(t([1, 0]), a[0])", "F.scaled_dot_product_attention(a, a, a)", "F.normalize(a)", "F.elu(a)", "F.softplus(a)",
          "F.leaky_relu(a)", "F.hardswish(a)", "F.one_hot(t([1, 0]))", "F.unfold(a[None], 2)", "F.instance_norm(a)",
          "F.binary_cross_entropy_with_logits(a, a)", "F.smooth_l1_loss(a, a.flip(0))", "F.glu(a[:, :, :2])", "F.rms_norm(a, (3,))"]  # fmt: skip
# Functions of complex numbers whose gradients are compared; z and w are leaves.
COMPLEX = ["z * w", "z / w", "z + 2j * w", "z - w", "z ** 2", "z ** 2.5", "z ** w", "2 ** z", "z.exp()", "z.log()", "z.sqrt()",
           "z.sin()", "z.cos()", "z.tan()", "z.tanh()", "z.sinh()", "z.cosh()", "z.asin()", "z.atan()", "z.abs()", "z.real", "z.imag",
           "torch.angle(z)", "z.conj()", "torch.view_as_real(z)", "z.sgn()", "z.reciprocal()", "z.square()", "z.rsqrt()",
           "z.sigmoid()", "z.log2()", "z.log10()", "z.log1p()", "z.expm1()", "z.exp2()", "-z", "z.sum()", "z.mean(0)", "z.prod()",
           "z.prod(1)", "z.cumsum(0)", "z.cumprod(1)", "z.var()", "z.std(0)", "z.norm()", "torch.linalg.vector_norm(z, 3)", "z.norm(1)",
           "z @ w.mT", "z @ w[0]", "torch.dot(z[0], w[0])", "torch.vdot(z[0], w[0])", "torch.mv(z, w[0])", "torch.bmm(z[None], w.mT[None])",
           "torch.outer(z[0], w[0])", "torch.inner(z, w)", "torch.einsum('ij,kj->ik', z, w)", "torch.addcmul(z, z, w, value=2j)",
           "torch.addcdiv(z, z, w)", "torch.lerp(z, w, 0.3)", "torch.addmm(z[:, :2], z, w.mT)", "z.t()", "z.mH", "z.flatten()",
           "z[0]", "z[:, t([0, 0])]", "z.gather(0, t([[1, 0, 0]]))", "torch.where(t([True, False, True]), z, w)", "torch.cat([z, w])",
           "z.masked_fill(t([True, False, True]), 2j)", "torch.kron(z, w)", "z.cumsum(1) * w", "z.abs() * w", "z * z.conj()", "z.flip(0)",
           "z.roll(1)", "z.diff()", "torch.polar(z.abs(), w.real)", "torch.complex(z.real, w.imag)", "z.tril()", "z.expand(2, 2, 3)",
           "z.repeat(2, 1)", "z.mul(2 + 1j)", "z.div(1 - 1j)", "(1 + 2j) / z", "3 * z", "2j - z", "z.real * w.imag", "z.abs().pow(2)",
           "z.unfold(1, 2, 1)", "torch.linalg.inv(z[:, :2])", "torch.linalg.det(z[:, :2])", "torch.linalg.solve(z[:, :2], w)", "z.clone()",
           "torch.view_as_complex(torch.view_as_real(z) * 2)", "z.index_add(0, t([0, 0]), w)", "z.scatter_add(0, t([[0, 1, 0]]), w)",
           "z.trace()", "z.diagonal()", "torch.stack([z, w])", "z.acos()", "z.acosh()", "z.asinh()", "z.atanh()", "torch.linalg.norm(z, 'nuc')",
           "torch.cross(z, w)", "z.logcumsumexp(1)", "torch.logaddexp(z, w)", "torch.linalg.matrix_norm(z)", "z.nan_to_num()",
           "z.softmax(1)", "z.conj_physical()", "z.resolve_conj()", "torch.sinc(z)", "z.tensor_split(2)[0]", "z.isclose(w)",
           "torch.baddbmm(z[None, :, :2], z[None], w.mT[None])", "torch.tensordot(z, w, dims=2)", "z.H", "z.adjoint()", "z == w", "z != w",
           "z.logical_not()", "z.isnan()", "z.isfinite()", "z.isinf()", "z.isreal()", "z.is_complex()", "z.clamp(0)", "z < w", "z.max()", "z.sort()",
           "z.floor()", "z.sign()", "z.relu()", "z.any()", "z.all()", "z.argmax()", "z.round()", "z % w", "z // w", "z.atan2(w)", "z.median()",
           "z.to(torch.complex64)", "z.real.dtype", "z.numpy()", "z.tolist()", "z[0, 0].item()", "z.unique()", "z.topk(1)", "torch.maximum(z, w)",
           "z.cummax(0)", "z.erf()", "z.lgamma()", "z.bool()", "z.float()", "z.int()", "z.new_zeros(2)", "z.count_nonzero()", "z.nonzero()"]  # fmt: skip


def half() -> Iterator[str]:
    for dtype in ("float16", "bfloat16"):
        for code in (*PRODUCTS, *LAYERS):
            head = f"F = torch.nn.functional; a = ((seq(2, 2, 3) - 5) / 8).to({dtype})"
            yield f"{head}; whole({code})"
            yield f"{head}.requires_grad_(); y = {code}; y.float().sum().backward(); whole(a.grad)"


def integers() -> Iterator[str]:
    for dtype in ("int64", "uint8", "int8", "bool"):
        for code in (*PRODUCTS, *LAYERS[:4], *LAYERS[7:10]):
            yield f"F = torch.nn.functional; a = seq(2, 2, 3, dtype='{dtype}'); whole({code})"


Z = "z = torch.view_as_complex((seq(2, 3, 2, dtype='float64') - 4.5) / 4); w = (z + (0.5 - 2j)) * (0.5 + 1j)"


def complex_gradient(code: str) -> str:
    """Return the case that compares the gradients of a function of two complex leaves."""
    real = "torch.view_as_real(y).cumsum(0).square() if y.is_complex() else y.square()"
    return f"{Z}; z.requires_grad_(); w = w.requires_grad_(); y = {code}; ({real}).sum().backward(); [z.grad, w.grad]"


def complex_numbers() -> Iterator[str]:
    for code in COMPLEX:
        if not any(rounded in code for rounded in (".inv", ".det", ".solve")):
            yield f"{Z}; whole({code})"
        yield complex_gradient(code)
    yield from (
        "torch.complex(t([1.0]), t([2.0]))", "torch.complex(t([1.0]), t([2.0]).double())", "torch.polar(t([1.0]), t([2.0]))",
        "torch.complex(t([1]), t([2]))", "torch.view_as_real(t([1.0]))", "torch.view_as_complex(t([1.0]))", "t([1.0]).imag",
        "t([1.0]).real", "torch.angle(t([1.0, -1.0, nan, 0.0]))", "torch.angle(t([1, -1]))", "t([1.0]).conj()", "t([1, 2]).conj()",
        "x = t([1 + 2j]); x.real = 5; x", "x = t([1 + 2j]); x.imag = t([7.0]); x", "x = t([1 + 2j]); x.real.mul_(3); x",
        "x = t([1 + 2j]); torch.view_as_real(x)[0, 1] = 9; x", "torch.tensor([1 + 1j], dtype=complex64).float()", "torch.is_complex(t([1j]))",
        "torch.complex64.to_real()", "torch.float32.to_complex()", "torch.zeros(2, dtype=complex64) + t([1.0, 2.0]).double()",
        "torch.ones(2, dtype=complex64) * t(2.0).double()", "torch.full((2,), 1j)", "torch.full((2,), 1 + 0j, dtype=float32)",
        "torch.arange(3) * 1j", "t([1.0]) * 1j", "t([1.0]).double() * 1j", "t([True]) * 1j", "t([1], dtype=int8) + (1 + 0j)",
        "x = t([1.0]); x.add_(1j)", "x = t([1j]); x.add_(1.0)", "x = t([1j]); x.mul_(t([2.0]))", "torch.linspace(0, 1j, 3)",
        "torch.eye(2, dtype=complex64)", "torch.allclose(t([1j]), t([1j]))", "torch.equal(t([1j]), t([1j]))", "complex(t(1 + 2j))",
        "float(t(1 + 2j))", "float(t(1 + 0j))", "int(t(1j))", "bool(t(1j))", "t([1j, 2]).tolist()", "t(1j).item()", "abs(t(3 + 4j))",
        "z = leaf(2); (z * 1j).real.sum().backward(); z.grad", "z = leaf(2); (z * (1 + 2j)).imag.sum().backward(); z.grad",
        "z = leaf(2); (z + 1j).abs().sum().backward(); z.grad", "z = t([1j], requires_grad=True); (z * 2).sum().backward()",
        "z = leaf(2); w = t([1j, 2 + 1j], dtype=complex128); (z * w).abs().sum().backward(); z.grad",
        "z = leaf(2, 2); w = t([[1j, 2], [0, 1 - 1j]], dtype=complex128); (w @ z.to(complex128)).abs().sum().backward(); z.grad",
        "torch.randn(2, dtype=complex64)", "torch.rand(2, dtype=complex64)", "torch.sgn(t([3 + 4j, 0]))", "torch.isreal(t([1 + 0j, 1j]))",
        "torch.bincount(t([1j]))", "torch.tensor(1j) ** 2", "torch.pow(1j, t([2]))", "t([1j]).cumprod(0)",
    )  # fmt: skip


SUBJECTS = {"half": half, "integers": integers, "complex": complex_numbers}
