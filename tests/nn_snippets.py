"""Code that shows how Module behaves, run with torch by the recorder and with minitorch by the tests.

``show(...)`` notes values, ``fails(f)`` notes the error of a call.
"""

from __future__ import annotations

from tests.nn_snippets_containers import CONTAINERS

SNIPPETS: dict[str, str] = {
    "attributes": """
m = nn.Module()
m.weight = nn.Parameter(torch.zeros(2))
m.child = nn.Linear(1, 1)
m.register_buffer('mean', torch.ones(1))
m.register_buffer('count', torch.ones(1), persistent=False)
m.other = nn.Buffer(torch.zeros(1), persistent=False)
m.number = 3
show(list(m._parameters), list(m._modules), list(m._buffers), sorted(m._non_persistent_buffers_set))
show(list(m.state_dict()), 'number' in m.__dict__, 'weight' in m.__dict__, 'weight' in dir(m), hasattr(m, 'nothing'))
m.weight = None
show(m.weight, list(m.parameters()) == list(m.child.parameters()))
m.child = None
show(list(m.named_children()), list(m.named_modules())[0][0])
m.mean = torch.zeros(3)
show(m.mean, list(m.state_dict()))
m.number = nn.Parameter(torch.ones(1))
show('number' in m.__dict__, [n for n, _ in m.named_parameters()])
m.number = None
del m.number
del m.mean
del m.other
show(list(m._buffers), list(m._parameters), sorted(m._non_persistent_buffers_set))
m.w = nn.Parameter(torch.ones(1))
m.w = nn.Parameter(torch.ones(2))
show(m.w.shape)
""",
    "attribute errors": """
m = nn.Linear(2, 3)
fails(lambda: m.nothing)
fails(lambda: setattr(m, 'weight', torch.zeros(3, 2)))
fails(lambda: setattr(m, 'weight', 3))
m.sub = nn.ReLU()
m.register_buffer('buf', torch.zeros(1))
fails(lambda: setattr(m, 'sub', 3))
fails(lambda: setattr(m, 'buf', 'x'))
fails(lambda: delattr(m, 'nothing'))
class Bad(nn.Module):
    def __init__(self, what):
        self.x = what
fails(lambda: Bad(nn.Parameter(torch.zeros(1))))
fails(lambda: Bad(nn.ReLU()))
fails(lambda: Bad(nn.Buffer(torch.zeros(1))))
fails(lambda: Bad(3).register_buffer('a', None))
fails(lambda: Bad(3).register_parameter('a', None))
show(Bad(3).x)
fails(lambda: nn.Module(3))
fails(lambda: nn.Module(a=3))
fails(lambda: nn.Sigmoid(3))
fails(lambda: nn.Module()(3))
""",
    "registration errors": """
m = nn.Linear(2, 3)
for register in (m.register_buffer, m.register_parameter, m.add_module):
    for name in (3, 'a.b', '', 'forward', 'weight'):
        fails(lambda: register(name, None))
fails(lambda: m.register_buffer('a', 3))
fails(lambda: m.register_parameter('a', 3))
fails(lambda: m.register_parameter('a', torch.zeros(2)))
fails(lambda: m.register_parameter('a', nn.Parameter(torch.zeros(2)) * 2))
fails(lambda: m.add_module('a', 3))
fails(lambda: m.add_module('a', torch.zeros(2)))
m.register_module('ok', None)
show(m.ok, list(m._modules))
""",
    "walking": """
shared = nn.Linear(1, 1)
m = nn.Sequential(shared, nn.Sequential(nn.BatchNorm1d(1), shared), nn.ReLU())
show([n for n, _ in m.named_modules()], [n for n, _ in m.named_modules(prefix='p')])
show([n for n, _ in m.named_modules(remove_duplicate=False)], len(list(m.modules())))
show([n for n, _ in m.named_parameters()], [n for n, _ in m.named_parameters(prefix='p', recurse=False)])
show([n for n, _ in m.named_parameters(remove_duplicate=False)])
show([n for n, _ in m.named_buffers()], [n for n, _ in m[1][0].named_buffers('q')], len(list(m.buffers())))
show([n for n, _ in m.named_children()], len(list(m.children())), len(list(m.parameters())))
show(m.get_submodule('1.0') is m[1][0], m.get_submodule('') is m, m.get_parameter('1.1.weight') is shared.weight)
show(m.get_buffer('1.0.running_mean'))
for path in ('9', '1.9', '0.weight', '1.0.weight.x'):
    fails(lambda: m.get_submodule(path))
for path in ('', '0.x', '1.0.running_mean', '7.weight', '1.0'):
    fails(lambda: m.get_parameter(path))
for path in ('', '0.weight', '1.0.x', '1.0'):
    fails(lambda: m.get_buffer(path))
m.set_submodule('1.0', nn.Tanh())
show(m)
m.set_submodule('new', nn.GELU())
show(m)
fails(lambda: m.set_submodule('', nn.Tanh()))
fails(lambda: m.set_submodule('0', 3))
fails(lambda: m.set_submodule('nope.a', nn.Tanh()))
fails(lambda: m.set_submodule('zzz', nn.Tanh(), strict=True))
fails(lambda: m.set_submodule('0.weight', nn.Tanh()))
""",
    "modes": """
m = nn.Sequential(nn.Dropout(), nn.Sequential(nn.BatchNorm1d(2)))
show(m.training, m.eval() is m, [x.training for x in m.modules()])
show([x.training for x in m.train().modules()], [x.training for x in m.train(False).modules()])
fails(lambda: m.train('yes'))
names = []
show(m.apply(lambda x: names.append(type(x).__name__)) is m, names)
show(m.requires_grad_(False) is m, [p.requires_grad for p in m.parameters()])
l = nn.Linear(2, 1)
l(torch.ones(1, 2)).sum().backward()
l.zero_grad(set_to_none=False)
show(l.weight.grad, l.bias.grad)
l.zero_grad()
show(l.weight.grad)
""",
    "conversion": """
m = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1))
w = m[0].weight
m[0](torch.ones(3, 2)).sum().backward()
for convert in ('double', 'half', 'float', 'bfloat16'):
    show(getattr(m, convert)() is m, m[0].weight is w, w.dtype, w.grad.dtype, m[1].num_batches_tracked.dtype)
show([b.dtype for b in m.buffers()])
m.to(torch.float64)
show(w.dtype, w.requires_grad, w.is_leaf, isinstance(w, nn.Parameter))
m.to('cpu'); m.to(torch.device('cpu'), torch.float32); m.to(torch.zeros(1,
    dtype=torch.float64)); m.to(dtype=torch.float32)
show(w.dtype)
m.to(); m.cpu(); m.type(torch.float64)
show(w.dtype, m[1].num_batches_tracked.dtype)
fails(lambda: m.to(torch.int64))
fails(lambda: m.to('cuda'))
fails(lambda: m.cuda())
m.float().to_empty(device='cpu')
show(w.shape, w.dtype, isinstance(m[0].weight, nn.Parameter))
c = nn.Conv2d(3, 4, 3).to(memory_format=torch.channels_last)
show(c.weight.is_contiguous(memory_format=torch.channels_last), c.bias.shape)
""",
    "state dict": """
m = nn.Sequential(nn.Linear(2, 1), nn.BatchNorm1d(1))
sd = m.state_dict()
show(type(sd).__name__, list(sd), dict(sd._metadata), type(sd['0.weight']).__name__, sd['0.weight'].requires_grad)
show(sd['0.weight'].data_ptr() == m[0].weight.data_ptr())
show(list(m.state_dict(prefix='net.')), dict(m.state_dict(prefix='net.')._metadata))
show(m.state_dict(keep_vars=True)['0.weight'] is m[0].weight)
d = {}
show(m.state_dict(destination=d) is d, list(d))
show(m.load_state_dict(sd), m.load_state_dict({}, strict=False))
show(repr(m.load_state_dict({'0.weight': torch.ones(1, 2), 'x': 3}, strict=False)), m[0].weight)
fails(lambda: m.load_state_dict({}))
fails(lambda: m.load_state_dict({'0.weight': torch.zeros(3, 2), 'x.y': torch.zeros(1), '0.w': 3}))
fails(lambda: m.load_state_dict({**sd, '0.weight': torch.zeros(3, 2)}, strict=False))
fails(lambda: m.load_state_dict({**sd, '0.weight': 'text'}))
fails(lambda: m.load_state_dict(3))
fails(lambda: m.load_state_dict({**sd, '1.extra': 1, 'extra': 2, '3.a': 1}))
b = nn.BatchNorm1d(1)
old = {k: v for k, v in b.state_dict().items() if k != 'num_batches_tracked'}
show(b.load_state_dict(old))
s = nn.Module(); s.p = nn.Parameter(torch.zeros(()))
show(s.load_state_dict({'p': torch.ones(1)}), s.p)
l, new = nn.Linear(2, 1), {'weight': torch.ones(1, 2, dtype=torch.float64), 'bias': nn.Parameter(torch.ones(1))}
show(l.load_state_dict(new, assign=True), l.weight.dtype, l.bias is new['bias'], l.weight.requires_grad)
class Extra(nn.Module):
    def get_extra_state(self):
        return {'a': 1}
    def set_extra_state(self, state):
        show(state)
e = nn.Sequential(Extra())
show(e.state_dict(), e.load_state_dict(e.state_dict()))
fails(lambda: e.load_state_dict({}))
fails(lambda: l.load_state_dict({**l.state_dict(), '_extra_state': 1}))
with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    show(list(l.state_dict({}, 'p.')))
""",
    "state dict hooks": """
m = nn.Sequential(nn.Linear(2, 1))
def pre(module, prefix, keep_vars): show('pre', prefix, keep_vars)
def post(module, state_dict, prefix, local_metadata): state_dict[prefix + 'added'] = torch.ones(1)
def bad(module, state_dict, prefix, local_metadata): return state_dict
def load_pre(module, state_dict, prefix, meta, strict, missing, unexpected, errors): state_dict.pop('0.added', None)
def load_post(module, keys): keys.missing_keys.clear()
h1, h2 = m.register_state_dict_pre_hook(pre), m[0].register_state_dict_post_hook(post)
sd = m.state_dict(prefix='a.')
show(list(sd))
fails(lambda: m.load_state_dict(m.state_dict()))
h3 = m.register_load_state_dict_pre_hook(load_pre)
show(m.load_state_dict(m.state_dict()))
h4 = m.register_load_state_dict_post_hook(load_post)
show(m.load_state_dict({}))
for h in (h1, h2, h3, h4): h.remove()
show(list(m.state_dict()))
m.register_state_dict_post_hook(bad)
fails(lambda: m.state_dict())
fails(lambda: m._register_state_dict_hook(bad))
n = nn.Linear(1, 1)
n.register_load_state_dict_post_hook(lambda module, keys: 3)
fails(lambda: n.load_state_dict(n.state_dict()))
""",
    "forward hooks": """
class Add(nn.Module):
    def forward(self, x, extra=0):
        return x + extra
m = Add()
order = []
a = m.register_forward_pre_hook(lambda mod, args: order.append('pre1'))
b = m.register_forward_pre_hook(lambda mod, args: (args[0] * 10,), prepend=True)
c = m.register_forward_pre_hook(lambda mod, args, kwargs: (args, {'extra': 5}), with_kwargs=True)
d = m.register_forward_hook(lambda mod, args, out: order.append(('out', out)))
e = m.register_forward_hook(lambda mod, args, kwargs, out: out + kwargs['extra'], with_kwargs=True)
show(m(1), order, len(m._forward_hooks), len(m._forward_pre_hooks_with_kwargs))
for h in (a, b, c, d, e): h.remove()
show(m(1, extra=2), len(m._forward_hooks), len(m._forward_pre_hooks_with_kwargs))
with m.register_forward_pre_hook(lambda mod, args: args[0] + 100):
    show(m(1))
show(m(1))
m.register_forward_pre_hook(lambda mod, args, kwargs: 3, with_kwargs=True)
fails(lambda: m(1))
class Fail(nn.Module):
    def forward(self, x):
        raise ValueError('no')
f = Fail()
f.register_forward_hook(lambda mod, args, out: show('always', out), always_call=True)
f.register_forward_hook(lambda mod, args, out: show('never', out))
fails(lambda: f(1))
""",
    "backward hooks": """
m = nn.Linear(2, 1, bias=False)
with torch.no_grad(): m.weight.fill_(2.0)
x = torch.ones(1, 2, requires_grad=True)
h = m.register_full_backward_hook(lambda mod, gi, go: show(gi, go))
p = m.register_full_backward_pre_hook(lambda mod, go: (go[0] * 3,))
m(x).sum().backward()
show(x.grad, m.weight.grad)
h.remove(); p.remove()
m.register_full_backward_hook(lambda mod, gi, go: (gi[0] * 0,))
x.grad = None
m(x).sum().backward()
show(x.grad)
fails(lambda: m.register_backward_hook(lambda *a: None))
b = m.register_full_backward_hook(lambda mod, gi, go: (gi[0], gi[0]))
fails(lambda: m(x).sum().backward())
n = nn.Linear(2, 1)
n.register_full_backward_hook(lambda mod, gi, go: show(gi, go))
with warnings.catch_warnings():
    warnings.simplefilter('ignore')
    n(torch.ones(1, 2)).sum().backward()
n(torch.ones(1, 2)).detach()
with torch.no_grad(): n(x)
class Two(nn.Module):
    def forward(self, a, b, c):
        return a * 2, b * 3
t = Two()
t.register_full_backward_hook(lambda mod, gi, go: show(gi, go))
u, v = t(x, torch.ones(1, 2, requires_grad=True), 7)
(u + v).sum().backward()
r = nn.ReLU()
r.register_backward_hook(lambda mod, gi, go: show(gi, go))
r(x).sum().backward()
fails(lambda: r.register_full_backward_hook(lambda *a: None))
""",
    "repr": """
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
        self.b = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.Tanh(), nn.Sequential(nn.ReLU()),
        nn.Sequential(nn.ReLU())])
        self.c = nn.ModuleDict({'x': nn.ReLU(), 'y': None if False else nn.Identity()})
        self.d = None
        self.e = nn.ParameterList([torch.zeros(2, 3), 5])
        self.f = nn.ParameterDict({'k': torch.zeros(3)})
        self.add_module('g', None)
    def extra_repr(self):
        return 'one=1,\\ntwo=2'
show(Net())
class One(nn.Module):
    def extra_repr(self): return 'just one'
show(One(), nn.Sequential(One()), nn.Module(), nn.Sequential(), nn.ModuleList(), nn.ModuleDict())
class Many(nn.Module):
    def extra_repr(self): return 'a\\nb'
show(Many(), nn.Sequential(Many()))
show(nn.Sequential(OrderedDict(conv=nn.Conv2d(1, 20, 5), act=nn.ReLU())))
""",
    **CONTAINERS,
}
