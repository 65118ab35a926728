"""Paths and names that public model code imports lead somewhere, and behave as in torch's CPU build."""

import importlib
from typing import Any

import pytest

import minitorch
from minitorch import nn
from minitorch.utils import _pytree as pytree
from tests.torch_alias import torch_is_minitorch

torch: Any = minitorch  # modules and functions that are made when the package is loaded
PATHS = """
torch.nn.modules.utils:_pair torch.nn.modules.loss:_Loss torch.nn.modules.batchnorm:_BatchNorm
torch.nn.modules.instancenorm:InstanceNorm2d torch.nn.modules.transformer:TransformerEncoder
torch.nn.modules.conv:_ConvNd
torch.nn.parallel:DistributedDataParallel torch.nn.parallel.distributed:DistributedDataParallel
torch.nn.attention:SDPBackend torch.cuda.amp:autocast torch.cuda.amp:GradScaler torch.backends.cuda:matmul
torch.utils._pytree:tree_map torch.utils.model_zoo:load_url torch.utils.dlpack:from_dlpack
torch.utils.data.distributed:DistributedSampler torch.multiprocessing:Queue torch.types:Number
torch.jit.annotations:List
torch.autograd.profiler:record_function torch.distributed.nn:all_reduce torch.distributed.tensor:DTensor
torch._dynamo:is_compiling torch.fx.node:Node torch.library:custom_op torch.distributions.categorical:Categorical
torch.distributions.normal:Normal torch.distributions.multivariate_normal:MultivariateNormal
"""


@pytest.mark.parametrize("path", PATHS.split())
def test_a_path_of_torch_leads_to_the_name(path: str) -> None:
    module, name = path.split(":")
    with torch_is_minitorch():
        assert hasattr(importlib.import_module(module), name)


def test_wrappers_for_many_devices_call_the_module_and_name_its_parameters() -> None:
    model = nn.DataParallel(nn.Linear(2, 1))
    x = minitorch.ones(3, 2)
    assert list(model.state_dict()) == ["module.weight", "module.bias"] and model.device_ids == []
    assert minitorch.equal(model(x), model.module(x))
    with pytest.raises(ValueError, match="Default process group has not been initialized"):
        nn.parallel.DistributedDataParallel(model)
    with pytest.raises(ValueError, match="Default process group has not been initialized"):
        torch.distributed.all_reduce(x)


def test_batch_norms_become_synchronous_ones_that_share_their_parameters() -> None:
    plain = nn.Sequential(nn.BatchNorm2d(2), nn.ReLU())
    norm = plain[0]
    found: Any = nn.SyncBatchNorm.convert_sync_batchnorm(plain)
    assert repr(found[0]) == (
        "SyncBatchNorm(2, eps=1e-05, momentum=0.1, affine=True, bias=True, track_running_stats=True)"
    )
    assert found[0].weight is norm.weight and found[0].running_var is norm.running_var
    x = minitorch.randn(3, 2, 4)
    assert minitorch.allclose(found(x).var(), nn.Sequential(nn.BatchNorm1d(2), nn.ReLU())(x).var())
    with pytest.raises(ValueError, match=r"expected at least 2D input \(got 1D input\)"):
        found[0](minitorch.ones(2))


def test_a_tree_is_taken_apart_and_put_together() -> None:
    leaves, spec = pytree.tree_flatten({"b": 1, "a": (2, [3])})
    assert leaves == [1, 2, 3] and spec.num_leaves == 3
    assert repr(spec) == (
        "TreeSpec(dict, ['b', 'a'], [*,\n  TreeSpec(tuple, None, [*,\n    TreeSpec(list, None, [*])])])"
    )
    assert pytree.tree_unflatten([4, 5, 6], spec) == {"b": 4, "a": (5, [6])}
    assert pytree.tree_map(lambda a, b: a + b, [1, 2], [3, 4]) == [4, 6]
    assert pytree.tree_map_only(int, lambda x: -x, [1, "a"]) == [-1, "a"]
    assert pytree.tree_any(lambda x: x > 1, [1, 2]) and not pytree.tree_all(lambda x: x > 1, [1, 2])
    with pytest.raises(ValueError, match="Node arity mismatch; expected 2, but got 1"):
        pytree.tree_map(lambda a, b: a, [1, 2], [3])
    with pytest.raises(ValueError, match="has length 1 but the spec refers to a pytree that holds 3 items"):
        pytree.tree_unflatten([1], spec)


def test_a_class_becomes_a_node_once() -> None:
    class Pair:
        def __init__(self, a: int, b: int) -> None:
            self.a, self.b = a, b

    pytree.register_pytree_node(Pair, lambda p: ([p.a, p.b], None), lambda leaves, context: Pair(*leaves))
    assert pytree.tree_leaves([Pair(1, 2), 3]) == [1, 2, 3]
    assert pytree.tree_map(lambda x: 2 * x, Pair(1, 2)).b == 4
    with pytest.raises(ValueError, match="is already registered as pytree node"):
        pytree.register_pytree_node(Pair, lambda p: ([], None), lambda leaves, context: None)
    del pytree.SUPPORTED_NODES[Pair]


def test_an_operation_of_the_users_has_a_name_a_kernel_and_a_gradient() -> None:
    def function(x: minitorch.Tensor, factor: float = 2.0) -> minitorch.Tensor:
        return x * factor

    scaled = torch.library.custom_op("tests::scaled", mutates_args=())(function)

    x = minitorch.ones(2, requires_grad=True)
    with pytest.raises(RuntimeError, match=r"backward through tests.scaled.default but no autograd formula"):
        scaled(x).sum().backward()
    scaled.register_autograd(
        lambda ctx, grad: (grad * ctx.factor, None),
        setup_context=lambda ctx, inputs, output: setattr(ctx, "factor", inputs[1]),
    )
    torch.ops.tests.scaled(x, factor=5.0).sum().backward()
    assert x.grad is not None and x.grad.tolist() == [5.0, 5.0]
    with pytest.raises(AttributeError, match="'_OpNamespace' 'tests' object has no attribute 'nothing'"):
        torch.ops.tests.nothing  # noqa: B018
    with pytest.raises(OSError, match="Could not load this library"):
        torch.ops.load_library("/nowhere/lib.so")
    assert torch.ops.aten.relu.default(minitorch.tensor([-1.0])).item() == 0


def test_one_operation_runs_on_lists_of_tensors() -> None:
    a, b = [minitorch.tensor([1.0, 4.0]), minitorch.tensor([9.0])], [minitorch.ones(2), minitorch.ones(1)]
    assert [t.tolist() for t in torch._foreach_add(a, b, alpha=2)] == [[3.0, 6.0], [11.0]]
    assert [t.tolist() for t in torch._foreach_sqrt(a)] == [[1.0, 2.0], [3.0]]
    assert [t.item() for t in torch._foreach_norm([minitorch.tensor([3.0, 4.0])])] == [5.0]
    assert [t.tolist() for t in torch._foreach_maximum(a, 2.0)] == [[2.0, 4.0], [9.0]]
    torch._foreach_mul_(a, [0.0, 1.0])
    torch._foreach_addcdiv_(a, b, b, value=-1)
    assert [t.tolist() for t in a] == [[-1.0, -1.0], [8.0]]
    with pytest.raises(RuntimeError, match="must have the same number of tensors, got 2 and 1"):
        torch._foreach_add(a, b[:1])


def test_a_condition_is_checked_with_torchs_errors() -> None:
    torch._check(True)
    with pytest.raises(RuntimeError, match="Expected cond to be True, but got False"):
        torch._check(False)
    with pytest.raises(ValueError, match="too small"):
        torch._check_value(False, lambda: "too small")
    with pytest.raises(TypeError, match="cond must be a bool, but got a Tensor"):
        torch._check(minitorch.tensor(True))


def test_a_process_gets_its_share_of_a_dataset() -> None:
    sampler = torch.utils.data.distributed.DistributedSampler
    assert list(sampler(range(5), 2, 1)) == [0, 3, 4]  # torch's order for seed 0
    assert list(sampler(range(5), 2, 1, shuffle=False)) == [1, 3, 0]
    assert list(sampler(range(5), 2, 1, drop_last=True)) == [0, 3] and len(sampler(range(5), 2, 0)) == 3
    with pytest.raises(ValueError, match=r"Invalid rank 5, rank should be in the interval \[0, 1\]"):
        sampler(range(3), 2, 5)


def test_functions_without_the_underscore_still_work_and_warn() -> None:
    w = minitorch.empty(2, 3)
    for name in ("xavier_uniform", "kaiming_normal", "normal", "orthogonal"):
        with pytest.warns(FutureWarning, match=f"`nn.init.{name}` is now deprecated in favor of `nn.init.{name}_`"):
            assert getattr(nn.init, name)(w) is w
    with pytest.warns(FutureWarning, match=r"`torch.nn.utils.clip_grad_norm` is now deprecated"):
        nn.utils.clip_grad_norm([], 1.0)


def test_places_of_quantisation_leave_values_as_they_are() -> None:
    with torch_is_minitorch():
        from torch.ao.quantization import DeQuantStub, QuantStub, prepare

        functional = importlib.import_module("torch.nn").quantized.FloatFunctional()
    x = minitorch.tensor([-1.0, 2.0])
    assert DeQuantStub()(QuantStub()(x)) is x and functional.add_relu(x, x).tolist() == [0.0, 4.0]
    assert functional.cat([x, x]).tolist() == [-1.0, 2.0, -1.0, 2.0]
    with pytest.raises(NotImplementedError, match="quantisation of models is left out"):
        prepare(nn.Identity())


def test_the_version_is_that_of_the_interface_and_compares_as_versions_do() -> None:
    version = minitorch.__version__
    assert version.split("+")[0] == "2.13.0" and torch.version.__version__ == version
    assert version >= "2.9" and version >= (1, 13) and version < "2.14.0a0" and version != "2.13.1"
    with pytest.raises(ValueError, match="Invalid version: 'none'"):
        version < "none"  # noqa: B015


@pytest.mark.filterwarnings("ignore:This overload of")
def test_old_optimizers_may_give_the_scale_before_the_tensors() -> None:
    def x() -> Any:
        return minitorch.tensor([1.0, 2.0])

    y = minitorch.tensor([2.0, 4.0])
    for scaled in (x().add(2, y), x().add_(2, y), torch.add(x(), 2, y), x().add_(minitorch.tensor(2.0), y)):
        assert scaled.tolist() == [5.0, 10.0]
    for scaled in (x().sub(2, y), x().sub_(2, y), torch.sub(x(), 2, y)):
        assert scaled.tolist() == [-3.0, -6.0]
    for scaled in (x().addcmul(0.5, y, y), x().addcmul_(0.5, y, y), torch.addcmul(x(), 0.5, y, y)):
        assert scaled.tolist() == [3.0, 10.0]
    for scaled in (x().addcdiv(-1, y, y), x().addcdiv_(-1, y, y), torch.addcdiv(x(), -1, y, y)):
        assert scaled.tolist() == [0.0, 1.0]


def test_an_optimizer_that_leaves_the_bases_constructor_out_steps() -> None:
    class Wrapped(minitorch.optim.Optimizer):
        def __init__(self, inner: Any) -> None:
            self.inner, self.param_groups = inner, inner.param_groups

        def step(self, closure: Any = None) -> Any:
            return self.inner.step(closure)

    p = minitorch.ones(1, requires_grad=True)
    p.sum().backward()
    Wrapped(minitorch.optim.SGD([p], lr=0.5)).step()
    assert p.tolist() == [0.5]


def test_random_integers_like_a_tensor_take_the_bound_by_name() -> None:
    assert torch.randint_like(minitorch.zeros(50), high=2).unique().tolist() == [0.0, 1.0]


def test_given_gradients_are_brought_to_the_dtype_of_what_they_belong_to() -> None:
    layer = nn.Linear(2, 3).double()
    loss = (layer(minitorch.ones(4, 2, dtype=minitorch.float64)).tanh() ** 2).mean()
    parameters = list(layer.parameters())
    first = minitorch.autograd.grad(loss, parameters, create_graph=True)
    ones = [minitorch.ones(p.shape) for p in parameters]
    second = minitorch.autograd.grad(first, parameters, grad_outputs=ones)
    assert [g.dtype for g in second] == [minitorch.float64] * 2
