"""Cases of the comparison with torch in the corners: slopes at special points, empty and 0-d tensors, mixed indices, errors."""

from collections.abc import Iterator

POINTS = "t([0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 3.0, -3.0, 6.0, -6.0, 25.0, -25.0, 110.0, -110.0, inf, -inf, nan], dtype=float64)"
SLOPES = ["x.abs()", "x.sqrt()", "x.exp()", "x.log()", "x.log1p()", "x.expm1()", "x.tanh()", "x.sigmoid()", "x.erf()", "x.erfc()",
          "x.sin()", "x.asin()", "x.acos()", "x.atan()", "x.asinh()", "x.acosh()", "x.atanh()", "x.reciprocal()", "x.rsqrt()",
          "x.square()", "x ** 2", "x ** 3", "x ** 0.5", "x ** 0", "x ** -1", "x ** 1.5", "2 ** x", "0 ** x", "x ** x", "x.clamp(-1, 3)",
          "x.clamp(min=0)", "x.relu()", "x.sign()", "x.round()", "x.frac()", "x.floor()", "x % 2", "torch.fmod(x, 2)", "x / x", "x * x",
          "torch.atan2(x, x)", "torch.hypot(x, x)", "torch.maximum(x, -x)", "torch.minimum(x, x * 1)", "torch.fmax(x, -x)", "x.sinc()",
          "torch.where(x > 0, x, x.exp())", "x.logit()", "x.logit(0.1)", "torch.xlogy(x, x)", "torch.logaddexp(x, x)", "x.lgamma()",
          "x.nan_to_num()", "torch.copysign(x, -x)", "x.deg2rad()", "x.log2()", "x.log10()", "x.exp2()", "x.cosh()", "x.sinh()", "x.tan()",
          "F.relu6(x)", "F.elu(x)", "F.selu(x)", "F.celu(x, 0.5)", "F.gelu(x)", "F.gelu(x, approximate='tanh')", "F.silu(x)", "F.mish(x)",
          "F.softplus(x)", "F.softplus(x, 2, 5)", "F.logsigmoid(x)", "F.hardtanh(x)", "F.hardsigmoid(x)", "F.hardswish(x)",
          "F.leaky_relu(x)", "F.softsign(x)", "F.tanhshrink(x)", "F.softshrink(x)", "F.hardshrink(x)", "F.threshold(x, 0.5, 2.0)",
          "F.prelu(x, t([0.25], dtype=float64))", "x.amax(0, True).expand(17)", "x.cumsum(0)", "x.cumprod(0)", "x.softmax(0)",
          "F.log_softmax(x, 0)", "F.smooth_l1_loss(x, x * 0, reduction='none')", "F.huber_loss(x, x * 0, reduction='none')",
          "F.l1_loss(x, x * 0, reduction='none')", "F.mse_loss(x, x * 0, reduction='none')", "F.binary_cross_entropy_with_logits(x, x * 0, reduction='none')",
          "F.soft_margin_loss(x, x.detach().sign(), reduction='none')", "F.hinge_embedding_loss(x, x.sign(), reduction='none')",
          "F.poisson_nll_loss(x, x.abs(), reduction='none')", "x.addcdiv(x, x)", "x.lerp(-x, 0.3)", "torch.polygamma(1, x)", "x.digamma()", "x.erfinv()",
          "x.norm()", "x.norm(1)", "x.norm(inf)", "x.norm(3)", "x.std()", "x.var()", "x.prod()", "x.max()", "x.min()", "x.median()", "x.nansum()", "x.nanmean()",
          "x.logsumexp(0)", "x.sort().values", "x.nan_to_num(1.0).sort().values", "x.topk(3).values", "x.kthvalue(2).values", "x.quantile(0.3)", "x.aminmax().max"]  # fmt: skip
EMPTY = ["sum()", "sum(0)", "sum(1)", "sum((0, 1), keepdim=True)", "mean()", "mean(1)", "prod()", "prod(0)", "max()", "max(0)", "max(1)", "min(0)",
         "amax()", "amax(0)", "amax(1)", "argmax()", "argmax(0)", "argmax(1)", "all()", "all(0)", "any()", "any(1)", "var()", "var(0)", "std(1)", "norm()",
         "norm(2, 0)", "norm(2, 1)", "norm(inf)", "logsumexp(0)", "logsumexp(1)", "cumsum(0)", "cumprod(1)", "cummax(0)", "cummin(1)", "logcumsumexp(0)",
         "sort()", "sort(0)", "argsort(1)", "topk(0)", "topk(1)", "topk(1, 0)", "kthvalue(1)", "kthvalue(1, 0)", "median()", "median(0)", "median(1)",
         "nanmedian()", "mode()", "mode(0)", "quantile(0.5)", "quantile(0.5, 0)", "quantile(0.5, 1)", "nanquantile(0.5)", "unique()", "unique(dim=0)",
         "unique_consecutive()", "nonzero()", "argwhere()", "count_nonzero()", "count_nonzero(0)", "histc(3)", "softmax(0)", "softmax(1)", "log_softmax(1, )",
         "flatten()", "reshape(-1)", "reshape(0, 5)", "view(0)", "view(3, 0)", "view(-1, 0)", "squeeze()", "unsqueeze(0)", "t()", "flip(0)", "roll(1)", "roll(1, 0)",
         "chunk(2)", "chunk(3, 1)", "split(1)", "split(2, 1)", "unbind()", "unbind(1)", "repeat(2, 1)", "tile((2, 2))", "expand(2, -1, -1)", "tril()", "diag()",
         "diagonal()", "trace()", "diff()", "diff(dim=0)", "nansum()", "nanmean()", "aminmax()", "aminmax(dim=0)", "aminmax(dim=1)", "std(0, False)", "renorm(2, 0, 1.0)",
         "index_select(0, t([], dtype=int64))", "index_select(1, t([], dtype=int64))", "index_select(0, t([0]))", "gather(0, torch.zeros(0, 3, dtype=int64))",
         "masked_select(torch.zeros(0, 3, dtype=torch.bool))", "masked_fill(torch.zeros(0, 3, dtype=torch.bool), 1)", "take(t([], dtype=int64))", "cov()", "corrcoef()",
         "tolist()", "item()", "numpy().shape", "stride()", "is_contiguous()", "storage_offset()", "matmul(torch.zeros(3, 2))", "mm(torch.zeros(3, 0))", "__repr__()",
         "outer(torch.zeros(0))", "cross(torch.zeros(0, 3))", "repeat_interleave(2)", "repeat_interleave(2, 1)", "bincount()", "clamp(0, 1)", "equal(torch.zeros(0, 3))",
         "allclose(torch.zeros(0, 3))", "isin(t([1.0]))", "bucketize(t([1.0, 2.0]))", "unfold(1, 2, 1)", "unfold(0, 1, 1)", "pin_memory().shape", "dist(torch.zeros(0, 3))",
         "tensor_split(2)", "hsplit(1)", "movedim(0, 1)", "swapaxes(0, 1)", "rot90()", "fliplr()", "vander()", "msort()", "trapezoid()"]  # fmt: skip
INDICES = ["x[0]", "x[-1, 1]", "x[..., 1]", "x[None]", "x[:, None, 1]", "x[t([0, 1])]", "x[:, t([0, 2])]", "x[t([0, 1]), :, t([0, 1])]", "x[t([[0], [1]]), t([0, 2])]",
           "x[0, t([0, 1])]", "x[t([0, 1]), 0]", "x[:, t([0, 1]), None]", "x[..., t([0, 1])]", "x[t([True, False])]", "x[:, t([True, False, True])]", "x[x > 5]", "x[x[:, :, 0] > 3]",
           "x[t([True, False]), 1]", "x[None, t([1, 0])]", "x[t([1, 0]), None, 1:]", "x[True]", "x[False]", "x[None, True]", "x[0, True]", "x[t(True)]", "x[t(1)]", "x[t(1), t(2)]",
           "x[t(0):2]", "x[::2, 1:, -1:]", "x[1:1]", "x[5:]", "x[-5:1]", "x[:, ::3]", "x[::-1]", "x[3]", "x[0, 0, 0, 0]", "x[t([2])]", "x[t([-3])]", "x[..., ..., 0]", "x[[0, 1]]", "x[[0, 1], [1, 2]]",
           "x[[[0, 1], [1, 0]]]", "x[[True, False]]", "x[(0, 1)]", "x[t([0.5])]", "x['a']", "x[1.0]", "x[None, ..., None]", "x[t([], dtype=int64)]", "x[t([0], dtype=uint8)]", "x[t([1, 0], dtype=int32)]",
           "x[range(2)]", "x[slice(None), 1]", "x[t([0, 1])[:, None], t([0, 1, 2])]", "x[:, t([True, False, True]), t([0, 1])]", "x[t([[True, False, True], [False, True, False]])]",
           "x[t([True])]", "x[0][1][2]", "x[0, ..., t([1])]", "x[t([0]), ..., t([1])]", "x[t([0, 1]), t([0, 1, 2])]", "x[np.array([0, 1])]", "x[np.int64(1)]", "x[np.array([True, False])]", "x[(t([0, 1]),)]",
           "x[t([[0, 1]]), 0]", "x[1, t([True, True, False])]", "x[None, None, 0]", "x[t([1]), 1, t([1])]", "x[:, 1, t([0, 0])]", "x[t([0]), 1:, t([1])]"]  # fmt: skip
VALUES = ["5.0", "t([1.0, 2.0, 3.0, 4.0])", "t(7.0)", "torch.ones(1)", "torch.ones(5)", "True", "2", "x[0, 0]", "t([1, 2, 3, 4])"]
# (code, what torch's message says, which users look for)
MESSAGES = [
    ("torch.ones(2, 3) + torch.ones(4)", "The size of tensor a (3) must match the size of tensor b (4) at non-singleton dimension 1"),
    ("torch.ones(2, 3) @ torch.ones(2, 3)", "mat1 and mat2 shapes cannot be multiplied (2x3 and 2x3)"),
    ("torch.nn.functional.linear(torch.ones(2, 3), torch.ones(4, 5))", "mat1 and mat2 shapes cannot be multiplied (2x3 and 5x4)"),
    ("torch.mm(torch.ones(2), torch.ones(2, 2))", "self must be a matrix"), ("torch.bmm(torch.ones(2, 2), torch.ones(2, 2, 2))", "batch1 must be a 3D tensor"),
    ("torch.ones(2).backward()", "element 0 of tensors does not require grad and does not have a grad_fn"),
    ("x = leaf(2); (x * 2).backward()", "grad can be implicitly created only for scalar outputs"),
    ("x = leaf(2); y = (x * x).sum(); y.backward(); y.backward()", "Trying to backward through the graph a second time"),
    ("x = leaf(2); y = x.exp(); y.add_(1); y.sum().backward()", "one of the variables needed for gradient computation has been modified by an inplace operation"),
    ("x = leaf(2); y = x.exp(); y.add_(1); y.sum().backward()", "is at version 1; expected version 0 instead"),
    ("x = leaf(2); x.add_(1)", "a leaf Variable that requires grad is being used in an in-place operation"),
    ("x = leaf(2); x[0] = 1", "a view of a leaf Variable that requires grad is being used in an in-place operation"),
    ("x = leaf(2); x.numpy()", "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead."),
    ("torch.ones(2, 3).view(4)", "shape '[4]' is invalid for input of size 6"), ("torch.ones(2, 3).t().view(6)", "view size is not compatible with input tensor's size and stride"),
    ("torch.ones(2, 3).reshape(4, -1)", "shape '[4, -1]' is invalid for input of size 6"), ("torch.ones(2)[5]", "index 5 is out of bounds for dimension 0 with size 2"),
    ("torch.ones(2, 3)[:, 7]", "index 7 is out of bounds for dimension 1 with size 3"), ("torch.ones(2)[0, 0]", "too many indices for tensor of dimension 1"),
    ("torch.ones(2).sum(3)", "Dimension out of range (expected to be in range of [-1, 0], but got 3)"), ("torch.ones(2).item()", "a Tensor with 2 elements cannot be converted to Scalar"),
    ("bool(torch.ones(2))", "Boolean value of Tensor with more than one value is ambiguous"), ("float(torch.ones(2))", "only one element tensors can be converted to Python scalars"),
    ("torch.cat([torch.ones(2, 3), torch.ones(3, 2)])", "Sizes of tensors must match except in dimension 0. Expected size 3 but got size 2 for tensor number 1 in the list."),
    ("torch.stack([torch.ones(2), torch.ones(3)])", "stack expects each tensor to be equal size, but got [2] at entry 0 and [3] at entry 1"),
    ("torch.cat([])", "expected a non-empty list of Tensors"), ("torch.ones(2, 3).expand(4, 3)", "The expanded size of the tensor (4) must match the existing size (2) at non-singleton dimension 0."),
    ("torch.nn.functional.conv2d(torch.ones(1, 3, 8, 8), torch.ones(4, 2, 3, 3))", "expected input[1, 3, 8, 8] to have 2 channels, but got 3 channels instead"),
    ("torch.nn.functional.conv2d(torch.ones(1, 2, 2, 2), torch.ones(4, 2, 3, 3))", "Kernel size can't be greater than actual input size"),
    ("torch.nn.functional.cross_entropy(torch.ones(2, 3), t([0, 5]))", "Target 5 is out of bounds."),
    ("torch.nn.functional.nll_loss(torch.ones(2, 3), t([0]))", "Expected input batch_size (2) to match target batch_size (1)."),
    ("torch.nn.functional.embedding(t([5]), torch.ones(3, 2))", "index out of range in self"), ("torch.tensor([1, 2]).mean()", "Input dtype must be either a floating point or complex dtype. Got: Long"),
    ("torch.tensor([1, 2], requires_grad=True)", "Only Tensors of floating point and complex dtype can require gradients"),
    ("torch.ones(2, dtype=int64).requires_grad_()", "only Tensors of floating point dtype can require gradients"), ("torch.ones(2).add_(1j)", "result type ComplexFloat can't be cast to the desired output type Float"),
    ("t([1, 2]).add_(0.5)", "result type Float can't be cast to the desired output type Long"), ("torch.ones(2, 3).gather(1, t([[0, 5]]))", "index 5 is out of bounds for dimension 1 with size 3"),
    ("torch.ones(3).index_select(0, t([5]))", "index out of range in self"), ("torch.ones(2, 3).permute(0, 0)", "duplicate dims are not allowed"), ("torch.ones(2, 3, 4).t()", "t() expects a tensor with <= 2 dimensions, but self is 3D"),
    ("t([True]) - t([True])", "Subtraction, the `-` operator, with two bool tensors is not supported"),
    ("t([1.0]) & t([1.0])", "not implemented for 'Float'"), ("torch.zeros(2, 2).inverse()", "The diagonal element 1 is zero, the inversion could not be completed because the input matrix is singular."),
    ("torch.linalg.cholesky(-torch.eye(2))", "The factorization could not be completed because the input is not positive-definite"), ("t([1, 2]) ** -1", "Integers to negative integer powers are not allowed."),
    ("torch.tensor([[1, 2], [3]])", "expected sequence of length 2 at dim 1 (got 1)"), ("torch.tensor('a')", "new(): invalid data type 'str'"), ("torch.tensor(None)", "Could not infer dtype of NoneType"),
    ("torch.arange(0, 5, -1)", "inconsistent with step sign"), ("torch.ones(2).unflatten(0, (3, 1))", "don't multiply up to the size of dim 0"),
    ("torch.ones(-1)", "Trying to create tensor with negative dimension -1: [-1]"), ("torch.ones(2).unsqueeze(4)", "Dimension out of range (expected to be in range of [-2, 1], but got 4)"),
    ("torch.ones(5).split([1, 2])", "split_with_sizes expects split_sizes to sum exactly to 5"), ("torch.ones(2).masked_fill(t([1, 0]), 2)", "boolean"), ("torch.einsum('ij,jk', torch.ones(2, 3))", "operand"),
    ("torch.ones(2).max(3)", "Dimension out of range"), ("torch.zeros(0).max()", "Expected reduction dim to be specified for input.numel() == 0"), ("torch.ones(2).topk(5)", "selected index k out of range"),
    ("x = leaf(2); torch.autograd.grad(x.sum(), [leaf(2)])", "appears to not have been used in the graph. Set allow_unused=True if this is the desired behavior."),
    ("x = leaf(4); a, b = x.mul(1).split(2); a.add_(1)", "This view is the output of a function that returns multiple views"), ("x = leaf(2); y = x * 1; y.sum().backward(torch.ones(3))", "Mismatch in shape"),
    ("torch.ones(2, 3).scatter_(0, t([[5, 0, 0]]), 1.0)", "out of bounds for dimension 0 with size 2"), ("torch.ones(3) @ torch.ones(4)", "inconsistent tensor size, expected tensor [3] and src [4] to have the same number of elements"),
    ("torch.ones(2, 3) @ torch.ones(4)", "size mismatch, got input (2), mat (2x3), vec (4)"), ("torch.ones(2, 3, dtype=float64) @ torch.ones(3)", "dtype"), ("torch.where(t([1.0]), 1, 2)", "where expected condition to be a boolean tensor"),
    ("torch.ones(2).backward(torch.ones(2))", "does not require grad"), ("x = leaf(2).detach(); x.sum().backward()", "does not require grad"), ("with_ = torch.no_grad(); x = leaf(2); with_.__enter__(); y = x.sum(); with_.__exit__(None, None, None); y.backward()", "does not require grad"),
    ("torch.nn.functional.max_pool2d(torch.ones(1, 1, 2, 2), 3)", "Output size is too small"), ("torch.nn.functional.pad(torch.ones(1, 2, 3), (4, 4), mode='reflect')", "Padding size should be less than the corresponding input dimension"),
    ("torch.nn.functional.batch_norm(torch.ones(1, 2), None, None, training=True)", "Expected more than 1 value per channel when training"), ("torch.nn.functional.layer_norm(torch.ones(2, 3), (4,))", "Given normalized_shape=[4], expected input with shape [*, 4], but got input of size[2, 3]"),
    ("torch.nn.functional.dropout(torch.ones(2), 1.5)", "dropout probability has to be between 0 and 1, but got 1.5"), ("torch.ones(2).to('cuda')", ""), ("torch.normal(0.0, -1.0, (2,))", "normal expects std >= 0.0"),
    ("torch.multinomial(t([0.0, 0.0]), 1)", "invalid multinomial distribution"), ("torch.ones(2).bernoulli_(2.0)", "bernoulli_ expects p to be in [0, 1]"), ("torch.randint(5, 2, (2,))", "random_ expects 'from' to be less than 'to'"),
    ("torch.nn.functional.interpolate(torch.ones(1, 1, 2, 2), scale_factor=2, mode='linear')", ""), ("torch.nn.functional.one_hot(t([5]), 3)", "Class values must be smaller than num_classes."), ("torch.nn.functional.one_hot(t([-1]))", "non-negative"),
    ("torch.ones(2, 2).chunk(0)", "chunk expects `chunks` to be greater than 0"), ("torch.ones(3).narrow(0, 2, 5)", "exceeds dimension size (3)"), ("torch.ones(2).squeeze(5)", "Dimension out of range"), ("torch.from_numpy([1])", "expected np.ndarray (got list)"),
    ("torch.ones(2).foo", "'Tensor' object has no attribute 'foo'"), ("torch.ones(2, 3).sum(dim=(0, 0))", "dim 0 appears multiple times in the list of dims"), ("len(t(1.0))", "len() of a 0-d tensor"), ("[x for x in t(1.0)]", "iteration over a 0-d tensor"),
    ("torch.ones(2).copy_(torch.ones(3))", "The size of tensor a (2) must match the size of tensor b (3) at non-singleton dimension 0"), ("torch.ones(1).expand(3).add_(1)", "more than one element of the written-to tensor refers to a single memory location"),
    ("x = torch.ones(4); x[1:].add_(x[:-1])", "some elements of the input tensor and the written-to tensor refer to a single memory location"), ("torch.ones(2).deepcopy()", "has no attribute 'deepcopy'"),
    ("import copy; copy.deepcopy(leaf(2) * 2)", "Only Tensors created explicitly by the user"), ("leaf(2).exp().requires_grad_(False)", "you can only change requires_grad flags of leaf variables"),
]  # fmt: skip


def slope(code: str) -> str:
    """Return the case that compares values and slopes of a function at special points."""
    return f"F = torch.nn.functional; x = {POINTS}.requires_grad_(); y = {code}; y.sum().backward(); [y, x.grad]"


def slopes() -> Iterator[str]:
    yield from map(slope, SLOPES)


def empties() -> Iterator[str]:
    for call in EMPTY:
        yield f"torch.zeros(0, 3).{call}"
        yield f"torch.zeros(2, 0).{call}" if "(3" not in call and "0, 3" not in call else f"torch.zeros(0, 3, 2).{call}"
        yield f"t(2.5).{call}"


def mixed_indices() -> Iterator[str]:
    for code in INDICES:
        yield f"import numpy as np; x = seq(2, 3, 4); y = {code}; [whole(y), y.storage_offset(), shares(x, y)]"
        yield f"import numpy as np; x = leaf(2, 3, 4); y = {code}; grads(y, x)"
        for value in VALUES[:3] if "x[x" not in code else VALUES[:1]:
            yield f"import numpy as np; x = seq(2, 3, 4); {code} = {value}; whole(x)"
    for value in VALUES:
        for code in ("x[:, 1]", "x[t([0, 1]), t([1, 2])]", "x[x > 7]", "x[0, :, t([1, 3])]", "x[..., None, 0]"):
            yield f"x = seq(2, 3, 4); {code} = {value}; whole(x)"
            yield f"x = seq(2, 3, 4, dtype='int64'); {code} = {value}; whole(x)"
    for code in ("x[0]", "x[:, t([0, 2])]", "x[x > 7]", "x[..., 1:]", "x[t([0, 0]), 1]"):
        for operation in ("+= 1", "*= 2", "-= x[0, 0, 0]", "/= 4", "**= 2", "//= 2"):
            yield f"x = seq(2, 3, 4); {code} {operation}; whole(x)"


def messages() -> Iterator[str]:
    yield from (code for code, _ in MESSAGES)


SUBJECTS = {"slopes": slopes, "empties": empties, "mixed_indices": mixed_indices, "messages": messages}
