"""Weight norm, spectral norm and parametrisations, as text for torch and minitorch: see `nn_calls`."""

from __future__ import annotations

from tests.nn_calls import parse

CASES = parse("""
nn.utils.weight_norm(nn.Linear(3, 4)) => m(x(2, 3))
nn.utils.weight_norm(nn.Conv2d(2, 3, 2), dim=1) => m(x(2, 2, 3, 3))
nn.utils.weight_norm(nn.Linear(3, 4), dim=None) => m(x(2, 3))
nn.utils.spectral_norm(nn.Linear(3, 4)) => m(x(2, 3))
nn.utils.spectral_norm(nn.ConvTranspose2d(2, 3, 2), n_power_iterations=3) => m(x(2, 2, 3, 3))
nn.utils.remove_weight_norm(nn.utils.weight_norm(nn.Linear(3, 4))) => m(x(2, 3))
nn.utils.remove_spectral_norm(nn.utils.spectral_norm(nn.Linear(3, 4))) => m(x(2, 3))
nn.utils.parametrizations.weight_norm(nn.Linear(3, 4)) => m(x(2, 3))
nn.utils.parametrizations.weight_norm(nn.Conv2d(2, 3, 2), dim=1) => m(x(2, 2, 3, 3))
nn.utils.parametrizations.spectral_norm(nn.Linear(3, 4)) => m(x(2, 3))
nn.utils.parametrizations.spectral_norm(nn.ConvTranspose2d(2, 3, 2)) => m(x(2, 2, 3, 3))
nn.utils.parametrize.register_parametrization(nn.Linear(3, 4), 'weight', nn.Tanh()) => m(x(2, 3))
nn.utils.parametrizations.orthogonal(nn.Linear(3, 3)) => m(x(2, 3))
nn.utils.parametrizations.orthogonal(nn.Linear(3, 3), orthogonal_map='cayley') => m(x(2, 3))
nn.utils.parametrizations.orthogonal(nn.Linear(3, 3), orthogonal_map='householder') => m(x(2, 3))
nn.utils.parametrizations.orthogonal(nn.Linear(3, 4)) => m(x(2, 3))
nn.utils.parametrizations.orthogonal(nn.Linear(4, 3).double(), use_trivialization=False) => m(x(2, 4))
nn.utils.parametrizations.orthogonal(nn.Linear(4, 3).double(), orthogonal_map='matrix_exp') => m(x(2, 4))
nn.utils.parametrizations.orthogonal(nn.Linear(3, 4), 'weight', 'matrix_exp', use_trivialization=False) => m(x(2, 3))
nn.utils.parametrizations.orthogonal(nn.Linear(4, 3), orthogonal_map='cayley', use_trivialization=False) => m(x(2, 4))
nn.utils.parametrizations.orthogonal(nn.Linear(3, 3), 'weight', 'householder', use_trivialization=False) => m(x(2, 3))
nn.utils.parametrizations.orthogonal(nn.Conv2d(2, 2, 3)) => m(x(1, 2, 3, 3))
""")

SNIPPETS = {
    "parametrize": """
P = torch.nn.utils.parametrize
class Symmetric(nn.Module):
    def forward(self, x):
        return x.triu() + x.triu(1).transpose(-1, -2)
    def right_inverse(self, x):
        return x.triu()
class Wide(nn.Module):
    def forward(self, x):
        return x[:1]
m = nn.Linear(3, 3)
show(P.is_parametrized(m), type(m).__name__)
P.register_parametrization(m, 'weight', Symmetric())
show(P.is_parametrized(m), P.is_parametrized(m, 'weight'), P.is_parametrized(m, 'bias'), type(m).__name__)
show((m.weight == m.weight.T).all(), list(m.state_dict()), P.type_before_parametrizations(m) is nn.Linear)
m.weight = torch.ones(3, 3)
show(m.weight, m.parametrizations.weight.original, m.weight is m.weight)
with P.cached():
    show(m.weight is m.weight)
P.register_parametrization(m, 'weight', nn.Tanh())
show(m, m.weight)
fails(lambda: setattr(m, 'weight', torch.ones(3, 3)))
fails(lambda: P.register_parametrization(m, 'bias', Wide()))
fails(lambda: P.register_parametrization(m, 'nothing', Wide()))
fails(lambda: m.__getstate__())
show(P.remove_parametrizations(m, 'weight').weight, m)
fails(lambda: P.remove_parametrizations(m, 'weight'))
n = torch.nn.utils.parametrizations.weight_norm(nn.Linear(2, 2))
fails(lambda: P.remove_parametrizations(n, 'weight', leave_parametrized=False))
import copy
twin = copy.deepcopy(n)
show((twin.weight == n.weight).all(), twin.parametrizations.weight.original0 is n.parametrizations.weight.original0)
""",
    "wrong arguments": """
U = torch.nn.utils
fails(lambda: U.remove_weight_norm(nn.Linear(2, 2)))
fails(lambda: U.remove_spectral_norm(nn.Linear(2, 2)))
fails(lambda: U.weight_norm(U.weight_norm(nn.Linear(2, 2))))
fails(lambda: U.spectral_norm(U.spectral_norm(nn.Linear(2, 2))))
fails(lambda: U.spectral_norm(nn.Linear(2, 2), n_power_iterations=0))
fails(lambda: U.parametrizations.spectral_norm(nn.Linear(2, 2), n_power_iterations=0))
fails(lambda: U.parametrizations.spectral_norm(nn.Linear(2, 2), dim=3))
fails(lambda: U.parametrizations.spectral_norm(nn.Linear(2, 2), 'nothing'))
""",
    "orthogonal": """
O = torch.nn.utils.parametrizations.orthogonal
m = O(nn.Linear(3, 2))
show(m, list(m.state_dict()))
m.weight = torch.eye(3)[1:]
show(m.weight.detach().round() + 0, m.parametrizations.weight.original)
for map in ('matrix_exp', 'cayley', 'householder'):
    fails(lambda: setattr(O(nn.Linear(2, 2), orthogonal_map=map, use_trivialization=False), 'weight', torch.eye(2)))
fails(lambda: O(nn.Linear(2, 2), 'nope'))
fails(lambda: O(nn.Linear(2, 2), orthogonal_map='x'))
fails(lambda: O(nn.BatchNorm1d(2)))
fails(lambda: setattr(O(nn.Linear(2, 2)), 'weight', torch.zeros(3, 2)))
""",
    "transfer": """
P = torch.nn.utils.parametrize
a, b = nn.utils.parametrizations.weight_norm(nn.Linear(2, 3)), nn.Linear(2, 3)
show(P.transfer_parametrizations_and_params(a, b) is b, (a.weight == b.weight).all(), list(b.state_dict()))
show(a.parametrizations.weight.original0 is b.parametrizations.weight.original0)
c = nn.Linear(2, 3)
P.register_parametrization(c, 'bias', nn.Tanh())
P.register_parametrization(c, 'weight', nn.ReLU())
d = P.transfer_parametrizations_and_params(c, nn.Linear(2, 3), 'bias')
show(list(d.state_dict()), (c.bias == d.bias).all(), P.is_parametrized(d, 'weight'))
e = P.transfer_parametrizations_and_params(c, nn.Module())
show(e, list(e.state_dict()))
show(list(P.transfer_parametrizations_and_params(nn.Linear(1, 1), nn.Linear(2, 3)).state_dict()))
""",
    "skip_init, memory formats, nn.grad": """
U, G = torch.nn.utils, torch.nn.grad
before = torch.get_rng_state()
show(U.skip_init(nn.Linear, 3, 4, bias=False), U.skip_init(nn.Conv1d, 1, 2, 3, dtype=torch.float64).weight.dtype)
show((before == torch.get_rng_state()).all())
fails(lambda: U.skip_init(3))
fails(lambda: U.skip_init(nn.ReLU))
fails(lambda: U.skip_init(int))
m = nn.Sequential(nn.Conv2d(2, 3, 3), nn.ConvTranspose3d(2, 2, 3))
show(U.convert_conv2d_weight_memory_format(m, torch.channels_last) is m)
show(m[0].weight.is_contiguous(memory_format=torch.channels_last), type(m[0].weight).__name__)
U.convert_conv3d_weight_memory_format(m, torch.channels_last_3d)
show(m[1].weight.is_contiguous(memory_format=torch.channels_last_3d), m[1].weight.is_contiguous())
x, w = torch.arange(16.).reshape(1, 1, 4, 4), torch.arange(4.).reshape(1, 1, 2, 2)
g = torch.arange(9.).reshape(1, 1, 3, 3)
show(G.conv2d_input((1, 1, 4, 4), w, g), G.conv2d_weight(x, (1, 1, 2, 2), g))
show(G.conv1d_input((1, 2, 7), torch.ones(4, 1, 3), torch.ones(1, 4, 4), stride=2, padding=1, groups=2))
show(G.conv3d_weight(torch.ones(1, 1, 3, 3, 3), (1, 1, 2, 2, 2), torch.ones(1, 1, 2, 2, 2)))
show(G.conv2d_input((1, 1, 4, 4), w.requires_grad_(), g).requires_grad, x.requires_grad)
""",
}
