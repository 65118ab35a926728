"""A small denoising diffusion U-Net: time embeddings, group norm, SiLU, spatial self-attention, EMA weights."""

import copy
import math

import torch
import torch.nn.functional as F
from torch import einsum, nn


class SinusoidalPositionEmbeddings(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.dim = dim

    def forward(self, time):
        device = time.device
        half_dim = self.dim // 2
        embeddings = math.log(10000) / (half_dim - 1)
        embeddings = torch.exp(torch.arange(half_dim, device=device) * -embeddings)
        embeddings = time[:, None] * embeddings[None, :]
        return torch.cat((embeddings.sin(), embeddings.cos()), dim=-1)


class ResnetBlock(nn.Module):
    def __init__(self, dim, dim_out, *, time_emb_dim=None, groups=4):
        super().__init__()
        self.mlp = nn.Sequential(nn.SiLU(), nn.Linear(time_emb_dim, dim_out * 2)) if time_emb_dim else None
        self.norm1, self.proj1 = nn.GroupNorm(groups, dim), nn.Conv2d(dim, dim_out, 3, padding=1)
        self.norm2, self.proj2 = nn.GroupNorm(groups, dim_out), nn.Conv2d(dim_out, dim_out, 3, padding=1)
        self.res_conv = nn.Conv2d(dim, dim_out, 1) if dim != dim_out else nn.Identity()

    def forward(self, x, time_emb=None):
        h = self.proj1(F.silu(self.norm1(x)))
        if self.mlp is not None and time_emb is not None:
            scale, shift = self.mlp(time_emb)[:, :, None, None].chunk(2, dim=1)
            h = self.norm2(h) * (scale + 1) + shift
        return self.proj2(F.silu(h)) + self.res_conv(x)


class Attention(nn.Module):
    def __init__(self, dim, heads=2, dim_head=4):
        super().__init__()
        self.scale, self.heads = dim_head ** -0.5, heads
        self.to_qkv = nn.Conv2d(dim, dim_head * heads * 3, 1, bias=False)
        self.to_out = nn.Conv2d(dim_head * heads, dim, 1)

    def forward(self, x):
        b, c, h, w = x.shape
        q, k, v = (t.reshape(b, self.heads, -1, h * w) for t in self.to_qkv(x).chunk(3, dim=1))
        sim = einsum("b h d i, b h d j -> b h i j", q * self.scale, k)
        sim = sim - sim.amax(dim=-1, keepdim=True).detach()
        out = einsum("b h i j, b h d j -> b h i d", sim.softmax(dim=-1), v)
        return x + self.to_out(out.permute(0, 1, 3, 2).reshape(b, -1, h, w))


class Unet(nn.Module):
    def __init__(self, dim=8, channels=1):
        super().__init__()
        self.time_mlp = nn.Sequential(SinusoidalPositionEmbeddings(dim), nn.Linear(dim, 4 * dim), nn.GELU(),
                                      nn.Linear(4 * dim, 4 * dim))
        self.init_conv = nn.Conv2d(channels, dim, 1, padding=0)
        self.down = ResnetBlock(dim, dim, time_emb_dim=4 * dim)
        self.downsample = nn.Conv2d(dim * 4, 2 * dim, 1)
        self.mid1 = ResnetBlock(2 * dim, 2 * dim, time_emb_dim=4 * dim)
        self.attention = Attention(2 * dim)
        self.upsample = nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(2 * dim, dim, 3, padding=1))
        self.up = ResnetBlock(2 * dim, dim, time_emb_dim=4 * dim)
        self.final = nn.Conv2d(dim, channels, 1)

    def forward(self, x, time):
        t = self.time_mlp(time)
        x = self.init_conv(x)
        h = self.down(x, t)
        x = self.downsample(F.pixel_unshuffle(h, 2))
        x = self.attention(self.mid1(x, t))
        return self.final(self.up(torch.cat((self.upsample(x), h), dim=1), t))


class Diffusion(nn.Module):
    def __init__(self, steps=20):
        super().__init__()
        self.net = Unet()
        self.ema = copy.deepcopy(self.net).requires_grad_(False)
        betas = torch.linspace(1e-4, 0.02, steps, dtype=torch.float64)
        alphas_cumprod = torch.cumprod(1.0 - betas, dim=0)
        self.register_buffer("sqrt_alphas_cumprod", torch.sqrt(alphas_cumprod).float())
        self.register_buffer("sqrt_one_minus", torch.sqrt(1.0 - alphas_cumprod).float(), persistent=False)

    def forward(self, x, t, noise):
        a = self.sqrt_alphas_cumprod.gather(-1, t).reshape(-1, 1, 1, 1)
        b = self.sqrt_one_minus[t].view(-1, 1, 1, 1)
        return self.net(a * x + b * noise, t)

    @torch.no_grad()
    def update(self, decay=0.9):
        for p, q in zip(self.ema.parameters(), self.net.parameters()):
            p.mul_(decay).add_(q, alpha=1 - decay)


def model():
    return Diffusion()


def batch():
    return torch.randn(3, 1, 8, 8), torch.randint(0, 20, (3,)).long(), torch.randn(3, 1, 8, 8)


def loss(net, x, t, noise):
    net.update()
    return F.huber_loss(net(x, t, noise), noise)


def optimizer(net):
    return torch.optim.Adam((p for p in net.parameters() if p.requires_grad), lr=1e-3)
