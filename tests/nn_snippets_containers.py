"""More of `nn_snippets`: containers, parameters, copies, errors of constructors, hooks of all modules."""

from __future__ import annotations

CONTAINERS: dict[str, str] = {
    "containers": """
s = nn.Sequential(nn.ReLU(), nn.Tanh(), nn.GELU())
show(len(s), s[0], s[-1], s[1:], s[::2], [type(m).__name__ for m in s])
s[1] = nn.Sigmoid()
del s[0]
show(s, s.append(nn.ReLU()) is s, s.pop(0), s)
show(s + nn.Sequential(nn.Mish()), s * 2, 2 * s)
s += nn.Sequential(nn.ELU())
s *= 2
show(s, s.insert(1, nn.SELU()) is s, s, s.extend([nn.CELU()]) is s, len(s))
show(s.insert(-1, nn.Softsign()), '0' in dir(s))
for f in (lambda: s[70], lambda: s['a'], lambda: s.append(3), lambda: s + 3, lambda: s * 0, lambda: s * 1.5,
          lambda: s.insert(50, nn.ReLU()), lambda: s.insert(0, 3), lambda: nn.Sequential([nn.ReLU()]),
          lambda: s.pop(40)):
    fails(f)
o = nn.Sequential(OrderedDict(a=nn.ReLU(), b=nn.Tanh()))
show(o.a, o[0], o[:1])
l = nn.ModuleList([nn.ReLU(), nn.Tanh()])
l.append(nn.GELU()).extend([nn.ELU()])
l.insert(1, nn.Mish())
l += [nn.SiLU()]
show(l, len(l), l[1], l[-1], l[2:], l.pop(1), l + [nn.Tanh()], nn.ReLU() in l, l[0] in l)
l[0] = nn.Identity()
del l[1:3]
show(l, list(l._modules))
for f in (lambda: l[9], lambda: l.extend(3), lambda: nn.ModuleList(3), lambda: nn.ModuleList([3]), lambda: l(1)):
    fails(f)
d = nn.ModuleDict([('a', nn.ReLU()), ('b', nn.Tanh())])
d['c'] = nn.GELU()
d.update({'d': nn.ELU()})
show(d, len(d), 'a' in d, list(d), list(d.keys()), list(d.items()), list(d.values()), d.pop('a'), d['b'])
del d['b']
d.clear()
show(d)
for f in (lambda: d['zz'], lambda: nn.ModuleDict(3), lambda: nn.ModuleDict([3]), lambda: nn.ModuleDict([(1, 2, 3)]),
          lambda: nn.ModuleDict({'keys': nn.ReLU()}), lambda: nn.ModuleDict({1: nn.ReLU()})):
    fails(f)
""",
    "parameter containers": """
p = nn.ParameterList([torch.zeros(1), nn.Parameter(torch.ones(2)), 'x'])
p.append(torch.zeros(3)).extend([torch.ones(1)])
p += [7]
show(p, len(p), p[1], p[-1], p[1:3], [n for n, _ in p.named_parameters()], list(p.state_dict()))
p[0] = torch.ones(2, 2)
show(p[0], isinstance(p[0], nn.Parameter), [type(v).__name__ for v in p])
for f in (lambda: p[9], lambda: p.extend(3), lambda: p.extend(torch.zeros(3)), lambda: nn.ParameterList(3),
    lambda: p(1)):
    fails(f)
d = nn.ParameterDict({'b': torch.zeros(1), 'a': nn.Parameter(torch.ones(2)), 'n': 3})
show(d, list(d), len(d), 'a' in d, d['n'], [n for n, _ in d.named_parameters()])
show(d.get('zz', 5), d.setdefault('q', torch.zeros(1)), d.pop('n'), d.popitem(), list(reversed(d)))
show(d | nn.ParameterDict({'z': torch.ones(1)}), d.copy(), d.fromkeys(['u', 'v'], 1), list(d.items()),
    list(d.values()))
d |= {'m': torch.ones(1)}
del d['m']
d.update([('t', torch.ones(1))])
show(d)
for f in (lambda: d['zz'], lambda: nn.ParameterDict(3), lambda: nn.ParameterDict([3]), lambda: d(1)):
    fails(f)
d.clear()
show(d)
""",
    "parameters": """
p = nn.Parameter(torch.tensor([1.0, 2.0]))
show(p, p.requires_grad, p.is_leaf, type(p * 1).__name__, type(p.data).__name__, type(p.detach()).__name__,
    type(p[0]).__name__)
import copy, pickle
q, r = copy.deepcopy(p), pickle.loads(pickle.dumps(p))
show(type(q).__name__, q, type(r).__name__, r, q is p)
show(nn.Parameter(), nn.Parameter(torch.zeros(1), False).requires_grad, isinstance(torch.zeros(1), nn.Parameter))
t = torch.zeros(2)
v = nn.Parameter(t)
with torch.no_grad(): v.add_(1)
show(t, isinstance(v, torch.Tensor))
b = nn.Buffer(torch.zeros(1))
show(b, isinstance(b, nn.Buffer), isinstance(t, nn.Buffer), b.persistent)
fails(lambda: nn.Parameter(torch.zeros(1, dtype=torch.int64)))
""",
    "copies": """
import copy
m = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
m[0].register_forward_hook(lambda mod, args, out: out * 0)
c = copy.deepcopy(m)
show(c, c[0].weight is m[0].weight, bool((c[0].weight == m[0].weight).all()), len(c[0]._forward_hooks))
show(c[0](torch.ones(1, 2)), type(c[0].weight).__name__, c[0].weight.requires_grad)
s = copy.copy(m)
show(s[0] is m[0])
tied = nn.Module(); tied.a = nn.Linear(1, 1); tied.b = nn.Linear(1, 1); tied.b.weight = tied.a.weight
t = copy.deepcopy(tied)
show(t.a.weight is t.b.weight, len(list(t.parameters())))
""",
    "constructor errors": """
for f in (lambda: nn.Conv2d(3, 4, 3, groups=0), lambda: nn.Conv2d(3, 4, 3, groups=2), lambda: nn.Conv2d(4, 3,
    3, groups=2),
          lambda: nn.ConvTranspose2d(1, 1, 1, padding_mode='reflect'),
          lambda: nn.Bilinear(0, 1, 1), lambda: nn.GroupNorm(3, 4), lambda: nn.Dropout(1.5), lambda: nn.Dropout(-0.1),
          lambda: nn.Unflatten(1, 3), lambda: nn.Unflatten(1, (2, 'a')), lambda: nn.Hardtanh(1, 0),
          lambda: nn.Embedding(3, 2, padding_idx=3), lambda: nn.Embedding(3, 2, padding_idx=-4),
          lambda: nn.Embedding(3, 2, _weight=torch.zeros(2, 2)), lambda: nn.Embedding.from_pretrained(torch.zeros(2)),
          lambda: nn.EmbeddingBag(3, 2, padding_idx=7), lambda: nn.MultiMarginLoss(p=3),
          lambda: nn.TripletMarginLoss(margin=-1.0),
          lambda: nn.BatchNorm2d(3)(torch.zeros(2, 3)), lambda: nn.BatchNorm1d(3)(torch.zeros(2)),
          lambda: nn.InstanceNorm2d(3)(torch.zeros(2)), lambda: nn.InstanceNorm2d(3,
          affine=True)(torch.zeros(1, 2, 4, 4)),
          lambda: nn.Softmax2d()(torch.zeros(2)), lambda: nn.CircularPad2d(1)(torch.zeros(2)),
          lambda: nn.ConvTranspose2d(1, 1, 3, stride=2)(torch.zeros(1, 1, 2, 2), output_size=(9, 9)),
          lambda: nn.ConvTranspose2d(1, 1, 3, stride=2)(torch.zeros(1, 1, 2, 2), output_size=(9,)),
          lambda: nn.Linear(2)):
    fails(f)
""",
    "global hooks": """
reg = nn.modules.module if hasattr(nn, 'modules') else nn.module
seen = []
with reg.register_module_forward_hook(lambda m, a, o: seen.append(type(m).__name__)):
    nn.Sequential(nn.ReLU(), nn.Identity())(torch.zeros(1))
with reg.register_module_forward_pre_hook(lambda m, a: seen.append('pre')):
    nn.ReLU()(torch.zeros(1))
with reg.register_module_parameter_registration_hook(lambda m, n, p: seen.append(n)):
    nn.Linear(1, 1)
with reg.register_module_buffer_registration_hook(lambda m, n, p: seen.append(n)):
    nn.BatchNorm1d(1)
with reg.register_module_module_registration_hook(lambda m, n, p: seen.append(n)):
    nn.Sequential(nn.ReLU())
nn.ReLU()(torch.zeros(1))
show(seen)
""",
}
