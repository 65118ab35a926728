"""What the recorder of calls by name needs beside torch's schemas: NumPy's names, and the calls written by hand."""

# torch takes NumPy's names of some arguments, too.
ALIASES = [("dim", "axis"), ("keepdim", "keepdims"), ("input", "x"), ("other", "x2")]

# Methods that are Python functions in torch, and properties: they have no schema.
BY_HAND = [
    *(f"whole(torch.{name}({key}=seq(2, 3)))" for name in ("exp", "relu", "sum", "neg", "detach") for key in ("a", "x1")),
    *(f"x = seq(2, 3); whole([x.{name}])" for name in ("T", "mT", "data", "dtype", "grad", "grad_fn", "is_cpu", "is_cuda",
                                                        "is_leaf", "itemsize", "nbytes", "ndim", "requires_grad", "shape")),
    *(f"x = seq(2, 3); whole([x.{name}()])" for name in ("cpu", "bool", "byte", "int", "long", "short", "half", "float",
      "double", "bfloat16", "dim", "ndimension", "numel", "nelement", "element_size", "is_contiguous", "is_floating_point",
      "is_signed", "size", "stride", "storage_offset", "tolist", "numpy", "type", "retain_grad", "contiguous")
      if name != "retain_grad"),
    "x = seq(2, 3); whole(x.size(dim=1))", "x = seq(2, 3); whole(x.stride(dim=0))", "x = seq(2, 3); x.type(dtype=torch.int64)",
    "x = seq(2, 3); x.type('torch.IntTensor')", "x = seq(2, 3); x.type_as(other=t([1]))", "x = seq(2, 3); x.to(dtype=torch.int8)",
    "x = seq(2, 3); x.to(other=t([1]))", "x = seq(2, 3); x.to(device='cpu', dtype=torch.float64, non_blocking=True, copy=True)",
    "x = seq(2, 3); x.new_tensor(data=[1.5], dtype=torch.float64, device='cpu', requires_grad=True)",
    "x = seq(2, 3); x.new_zeros(size=(2,), dtype=torch.int8)", "x = seq(2, 3); x.new_full(size=(2,), fill_value=3)",
    "x = seq(2, 3); x.new_ones(size=(2,))", "x = seq(2, 3); x.new_empty(size=(0,))", "x = seq(2, 3); x.new_ones(2, 1)",
    "x = seq(2, 3); whole(x.split(split_size=2, dim=1))", "x = seq(2, 3); whole(torch.split(tensor=x, split_size_or_sections=[1, 2], dim=1))",
    "x = seq(2, 3); whole(x.split_with_sizes(split_sizes=[1, 2], dim=1))", "x = seq(2, 3); whole(x.norm(p=1, dim=1, keepdim=True))",
    "x = seq(2, 3); whole(torch.norm(input=x, p='fro', dim=(0, 1), keepdim=True, dtype=torch.float64))",
    "x = t([2, 1, 2]); whole(x.unique(sorted=True, return_inverse=True, return_counts=True, dim=0))",
    "x = t([2, 1, 2]); whole(torch.unique(input=x, sorted=True, return_inverse=True, return_counts=True, dim=0))",
    "x = t([2, 1, 2]); whole(x.unique_consecutive(return_inverse=True, return_counts=True, dim=0))",
    "x = t([2, 1, 2]); whole(torch.unique_consecutive(x, return_inverse=True, return_counts=True, dim=0))",
    "x = seq(2, 3).requires_grad_(requires_grad=True); x.requires_grad", "x = seq(2, 3); x.requires_grad_(False).requires_grad",
    "x = leaf(2); y = x * 2; y.sum().backward(gradient=t(2.0).double(), retain_graph=True, create_graph=False, inputs=[x]); x.grad",
    "x = leaf(2); h = x.register_hook(hook=lambda g: g * 2); x.sum().backward(); x.grad",
    "x = leaf(2); h = x.register_post_accumulate_grad_hook(hook=lambda p: None); x.sum().backward(); x.grad",
    "x = leaf(2); y = x * 1; y.retain_grad(); y.sum().backward(); [y.retains_grad, y.grad]",
    "x = seq(2, 3); whole(torch.einsum('ij->ji', x))", "whole(torch.tensordot(a=seq(2, 3), b=seq(3, 2), dims=1))",
    "whole(torch.cdist(x1=seq(2, 3), x2=seq(1, 3), p=1.0))", "whole(torch.meshgrid(seq(2), seq(3), indexing='ij'))",
    "x = seq(4); whole(x.unflatten(dim=0, sizes=(2, 2)))", "whole(torch.unflatten(input=seq(4), dim=0, sizes=(2, -1)))",
    "torch.manual_seed(0); x = torch.zeros(3); whole(x.normal_(mean=1.0, std=2.0))",
    "torch.manual_seed(0); x = torch.zeros(3); whole(x.uniform_(from_=0) if False else x.uniform_(1, 2))",
    "torch.manual_seed(0); x = torch.zeros(3); whole(x.uniform_(**{'from': 1.0, 'to': 2.0}))",
    "torch.manual_seed(0); x = torch.zeros(3); whole(x.random_(**{'from': 1, 'to': 20}))",
    "torch.manual_seed(0); x = torch.zeros(3); whole(x.random_(20))", "torch.manual_seed(0); x = torch.zeros(3); whole(x.random_(to=20))",
    "torch.manual_seed(0); x = torch.zeros(3); whole(x.bernoulli_(p=0.3))", "torch.manual_seed(0); whole((seq(3) / 3).bernoulli())",
    "torch.manual_seed(0); x = torch.zeros(3); whole(x.exponential_(lambd=2.0))",
    "torch.manual_seed(0); whole(t([1.0, 2.0, 3.0]).multinomial(num_samples=2, replacement=True))",
    "torch.manual_seed(0); whole(torch.multinomial(input=t([1.0, 2.0, 3.0]), num_samples=2, replacement=False))",
    "torch.manual_seed(0); whole(torch.bernoulli(input=t([0.1, 0.5, 0.9])))",
]  # fmt: skip

# Lines left out: torch gives this one result, made in ``out=``, strides that no rule of its demands.
UNLIKE = ("torch.nonzero(", "out=o")

SCRIPTED = ("Tensor.to", "Tensor.index")  # their schemas are those of compiled scripts

# Candidate values by the type of an argument, and by its name where that says more; the first that torch takes is kept.
BY_TYPE = {
    "Tensor": ["(seq(2, 3) / 4 + 0.25)", "(seq(3, 3) / 8 + 0.125)", "seq(3)", "t([[1, 0, 2], [0, 1, 1]])", "t([2, 0, 1])",
               "(seq(2, 3) > 2)", "seq(2, 3, 3)", "t(1.5)"],
    "int": ["1", "0", "2"], "float": ["0.5", "2.0"], "number": ["2", "0.5"], "bool": ["True", "False"],
    "int[]": ["(1, 0)", "(3, 2)", "[2]", "(1, 1)", "(3, 1, 2)"], "float[]": ["[0.25, 0.5]"], "Tensor[]": ["[t([1, 0])]"],
    "ScalarType": ["torch.float64"], "str": ["'mean'", "'floor'", "'sum'", "'linear'", "'add'", "'ij'"],
}  # fmt: skip
BY_NAME = {
    "dim": ["1", "0", "(0, 1)", "-1"], "dim0": ["0"], "dim1": ["1"], "axis0": ["0"], "axis1": ["1"],
    "index": ["t([[1, 0, 1], [0, 1, 1]])", "t([1, 0])"], "indices": ["t([[1, 0, 1], [0, 1, 1]])", "[t([1, 0])]", "(2, 3)", "2"],
    "mask": ["(seq(2, 3) > 2)"], "condition": ["(seq(2, 3) > 2)"], "dtype": ["torch.float64"], "p": ["2", "0.5"],
    "alpha": ["2"], "beta": ["3"], "value": ["2", "-seq(2, 3)", "-seq(2)", "0.5"], "rounding_mode": ["'floor'"],
    "tensor1": ["-seq(2, 3)", "-seq(3)"], "tensor2": ["(seq(2, 3) + 1)"], "mat": ["seq(2, 3)", "-seq(3, 3)"],
    "src": ["-seq(2, 3)", "-seq(2)"], "source": ["-seq(2, 3)"], "weight": ["0.25", "seq(3)"], "end": ["seq(2, 3)"],
    "mat1": ["seq(2, 2)"], "mat2": ["-seq(2, 3)", "-seq(3, 2)"], "vec": ["seq(3)"], "vec1": ["seq(2)"], "vec2": ["seq(3)"],
    "batch1": ["seq(2, 2, 2)"], "batch2": ["-seq(2, 2, 3)"], "k": ["1"], "diagonal": ["1"], "q": ["0.5", "t([0.25, 0.5])"],
    "min": ["0.5", "seq(2, 3)"], "max": ["1.0", "seq(2, 3) + 1"], "reduce": ["'amax'", "'add'", "'prod'"],
    "unbiased": ["False"], "correction": ["0"], "num_samples": ["2"], "decimals": ["1"], "size": ["(2, 3)", "(3, 2)", "3"],
    "stride": ["(1, 2)"], "storage_offset": ["1"], "shape": ["(3, 2)"], "repeats": ["2", "(2, 1)"], "dims": ["(1, 0)", "1", "(1,)"],
    "shifts": ["1", "(1, 1)"], "start_dim": ["0"], "end_dim": ["1"], "split_size": ["1"], "split_sizes": ["[2, 1]"],
    "start": ["0"], "length": ["2"], "step": ["2"], "dimension": ["1"], "sections": ["2"], "chunks": ["2"], "sizes": ["(3, 1)"],
    "source ": [], "destination": ["1"], "bins": ["4"], "minlength": ["6"], "output_size": ["6", "4"], "eps": ["0.01"],
    "nan": ["0.5"], "posinf": ["1.0"], "neginf": ["-1.0"], "other": ["(seq(2, 3) + 1)", "seq(3, 3)", "seq(3)", "t([[1, 2, 3]])",
    "2", "(seq(2, 3) > 3)"], "exponent": ["(seq(2, 3) + 1)", "2"], "generator": ["None"], "offset": ["1"], "n": ["1"],
    "memory_format": ["torch.contiguous_format"], "layout": ["torch.strided"], "device": ["'cpu'"], "pin_memory": ["False"],
    "equal_nan": ["True"], "rtol": ["0.1"], "atol": ["0.1"], "as_tuple": ["True"], "fill_value": ["2.0"], "accumulate": ["True"],
    "values": ["seq(3)"], "prepend": ["seq(2, 1)"], "append": ["seq(2, 1)"], "interpolation": ["'lower'"], "lambd": ["0.5"],
    "low": ["0"], "high": ["5"], "from": ["1"], "to": ["3"], "mean": ["1.0"], "std": ["2.0"], "input": [], "lower": ["0.1"],
    "upper": ["0.3"], "vec2 ": [], "copy": ["True"], "non_blocking": ["False"], "wrap": ["True"], "include_self": ["False"],
}  # fmt: skip
