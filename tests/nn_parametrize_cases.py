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
}
