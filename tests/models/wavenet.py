"""A WaveNet-like stack: causal dilated convolutions, gated activations, residual and skip connections."""

import torch
import torch.nn as nn
import torch.nn.functional as F


class CausalConv1d(nn.Conv1d):
    def __init__(self, in_channels, out_channels, kernel_size, dilation=1, **kwargs):
        super().__init__(in_channels, out_channels, kernel_size, dilation=dilation, **kwargs)
        self.left = (kernel_size - 1) * dilation

    def forward(self, input):
        return super().forward(F.pad(input, (self.left, 0)))


class ResidualBlock(nn.Module):
    def __init__(self, residual_channels, skip_channels, dilation):
        super().__init__()
        self.dilated = CausalConv1d(residual_channels, 2 * residual_channels, 2, dilation=dilation)
        self.res = nn.Conv1d(residual_channels, residual_channels, 1)
        self.skip = nn.Conv1d(residual_channels, skip_channels, 1)

    def forward(self, x):
        filter, gate = self.dilated(x).chunk(2, dim=1)
        z = torch.tanh(filter) * torch.sigmoid(gate)
        return self.res(z) + x, self.skip(z)


class WaveNet(nn.Module):
    def __init__(self, classes=16, channels=8, skip=12, layers=3, stacks=2):
        super().__init__()
        self.embed = nn.Embedding(classes, channels)
        self.blocks = nn.ModuleList(
            ResidualBlock(channels, skip, 2 ** i) for _ in range(stacks) for i in range(layers))
        self.end = nn.Sequential(nn.ReLU(), nn.Conv1d(skip, skip, 1), nn.GLU(dim=1), nn.Conv1d(skip // 2, classes, 1))

    def forward(self, tokens):
        x = self.embed(tokens).transpose(1, 2)
        skips = 0
        for block in self.blocks:
            x, skip = block(x)
            skips = skip + skips
        return self.end(skips)


def mu_law(x, classes):
    mu = torch.tensor(classes - 1.0)
    y = torch.sign(x) * torch.log1p(mu * x.abs()) / torch.log1p(mu)
    return ((y + 1) / 2 * mu + 0.5).long()


def model():
    return WaveNet()


def batch():
    t = torch.linspace(0, 30, 41)
    wave = torch.stack([torch.sin(t * f) * torch.exp(-t / 20) for f in (0.5, 1.1, 1.7)])
    return (mu_law(wave, 16),)


def loss(net, tokens):
    return F.cross_entropy(net(tokens[:, :-1]), tokens[:, 1:])


def optimizer(net):
    return torch.optim.RAdam(net.parameters(), lr=0.01)


def schedule(opt):
    return torch.optim.lr_scheduler.OneCycleLR(opt, max_lr=0.01, total_steps=5)
