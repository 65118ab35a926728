"""Lazy layers: what they show before, at and after their first input, with torch and minitorch: see `nn_calls`."""

from __future__ import annotations

CASES: dict[str, tuple[str, str]] = {}
SNIPPETS = {
    "lazy layers": """
for layer, shape in (('Linear(3)', (2, 5)), ('Linear(3, bias=False)', (2, 4, 5)), ('Conv1d(4, 3)', (2, 3, 5)),
                     ('Conv2d(4, 3, padding=1, bias=False)', (3, 4, 4)), ('Conv3d(4, 2, groups=2)', (1, 2, 3, 3, 3)),
                     ('Conv2d(4, (3, 1), padding="same", padding_mode="reflect")', (2, 3, 4, 4)),
                     ('ConvTranspose1d(4, 3)', (2, 3)), ('ConvTranspose2d(4, 3, stride=2, groups=2)', (1, 6, 2, 2)),
                     ('ConvTranspose3d(1, 2)', (1, 1, 1, 2, 2)), ('BatchNorm1d()', (3, 2)),
                     ('BatchNorm2d()', (2, 3, 2, 2)),
                     ('BatchNorm3d(affine=False)', (2, 1, 2, 2, 2)), ('BatchNorm1d(bias=False)', (3, 2)),
                     ('BatchNorm1d(track_running_stats=False)', (3, 2, 2)), ('InstanceNorm1d()', (2, 3, 4)),
                     ('InstanceNorm2d(affine=False, track_running_stats=False)', (2, 3, 2, 2)),
                     ('InstanceNorm3d()', (1, 2, 2, 2, 2))):
    m = eval('nn.Lazy' + layer)
    show(m, m.state_dict(), m.has_uninitialized_params())
    out = m(torch.linspace(-1, 1, __import__('math').prod(shape)).reshape(shape))
    show((out * 1000).detach().round() + 0, m, type(m).__name__)
    show({k: (v * 1000).round() + 0 for k, v in m.state_dict().items()}, hasattr(m, '_load_hook'))
    show(m(torch.ones(shape)).shape, type(m.weight).__name__)
""",
    "parameters without a shape": """
m = nn.LazyLinear(3)
w = m.weight
for use in (lambda: w.shape, lambda: w + 1, lambda: w.sum(), lambda: w.numel(), lambda: len(w), lambda: w[0],
            lambda: w.abs(), lambda: torch.add(w, 1), lambda: nn.init.zeros_(w), lambda: m.share_memory()):
    try:
        use()
    except Exception as error:
        show(type(error).__name__, str(error).split(' in <')[0][:43])
show(w.dtype, w.requires_grad, w.is_leaf, w.grad, w.data, w.is_floating_point(), w.double().dtype, str(w), w.device)
show(m.double().weight.dtype, m.half().weight, list(m.parameters()), isinstance(w, nn.Parameter))
import copy, pickle
show(copy.deepcopy(m).weight, pickle.loads(pickle.dumps(w)))
optimizer = torch.optim.SGD(m.parameters(), lr=1)
m.float()(torch.ones(1, 2)).sum().backward()
before = m.weight.detach().clone()
optimizer.step()
show((before - m.weight).detach(), m.weight is w)
p = nn.UninitializedParameter(dtype=torch.float64)
p.materialize((2, 1))
b = nn.UninitializedBuffer(requires_grad=False)
show(b, b.requires_grad, b.persistent)
b.materialize([2], dtype=torch.int64)
show(p.shape, p.dtype, p.requires_grad, b.shape, b.dtype, type(p).__name__, type(b).__name__)
show(nn.parameter.is_lazy(nn.UninitializedParameter()), nn.parameter.is_lazy(p))
""",
    "loading lazy layers": """
m = nn.LazyLinear(3)
show(m.load_state_dict(nn.Linear(4, 3).state_dict()), m, m.weight)
m(torch.ones(1, 4))
show(m)
m, other = nn.LazyLinear(3), nn.LazyLinear(3)
show(m.load_state_dict(other.state_dict()), m.weight)
fails(lambda: nn.Linear(4, 3).load_state_dict(other.state_dict()))
m = nn.LazyConv2d(2, 3)
show(m.load_state_dict(nn.Conv2d(4, 2, 3).state_dict()))
m(torch.ones(1, 4, 3, 3))
show(m)
m = nn.Sequential(nn.LazyBatchNorm2d(), nn.LazyConv2d(2, 1))
fails(lambda: m.load_state_dict({}))
show(m.load_state_dict(nn.Sequential(nn.BatchNorm2d(3), nn.Conv2d(3, 2, 1)).state_dict()), m)
m(torch.ones(2, 3, 1, 1))
show(m)
""",
    "lazy errors": """
fails(lambda: nn.LazyConv2d(4, 3)(torch.zeros(2, 3)))
fails(lambda: nn.LazyConv1d(4, 3)(torch.zeros(1, 2, 3, 4, 4)))
fails(lambda: nn.LazyConv2d(4, 3, groups=2)(torch.zeros(1, 3, 6, 6)))
fails(lambda: nn.LazyConv2d(3, 3, groups=2))
fails(lambda: nn.LazyBatchNorm2d()(torch.zeros(2, 3)))
class Mine(nn.modules.lazy.LazyModuleMixin, nn.Module):
    def __init__(self):
        super().__init__()
        self.p = nn.UninitializedParameter()
    def forward(self, x):
        return x
class Unfinished(Mine):
    def initialize_parameters(self, x):
        pass
class Finished(Mine):
    def initialize_parameters(self, x):
        self.p.materialize(x.shape)
fails(lambda: Mine()(1))
fails(lambda: Unfinished()(1))
m = Finished()
m(torch.ones(2))
show(m.p.shape, type(m).__name__, m.has_uninitialized_params())
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter('always')
    nn.LazyLinear(1)
show([str(w.message) for w in caught], [w.category.__name__ for w in caught])
""",
}
