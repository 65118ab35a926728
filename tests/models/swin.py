"""Shifted-window attention in torchvision's style: rolls, window partitions, relative position bias, patch merging."""

import torch
import torch.nn.functional as F
from torch import nn, Tensor


def _patch_merging_pad(x: Tensor) -> Tensor:
    H, W, _ = x.shape[-3:]
    x = F.pad(x, (0, 0, 0, W % 2, 0, H % 2))
    return torch.cat([x[..., 0::2, 0::2, :], x[..., 1::2, 0::2, :], x[..., 0::2, 1::2, :], x[..., 1::2, 1::2, :]], -1)


torch.fx.wrap("_patch_merging_pad")


def _get_relative_position_bias(table: Tensor, index: Tensor, window_size: list) -> Tensor:
    N = window_size[0] * window_size[1]
    return table[index].view(N, N, -1).permute(2, 0, 1).contiguous().unsqueeze(0)


class PatchMerging(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = nn.LayerNorm(4 * dim)

    def forward(self, x: Tensor):
        return self.reduction(self.norm(_patch_merging_pad(x)))


class ShiftedWindowAttention(nn.Module):
    relative_position_bias_table: Tensor
    relative_position_index: Tensor

    def __init__(self, dim, window_size, shift_size, num_heads):
        super().__init__()
        self.window_size, self.shift_size, self.num_heads = window_size, shift_size, num_heads
        self.qkv = nn.Linear(dim, dim * 3)
        self.proj = nn.Linear(dim, dim)
        size = (2 * window_size[0] - 1) * (2 * window_size[1] - 1)
        self.relative_position_bias_table = nn.Parameter(torch.zeros(size, num_heads))
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.2)
        coords = torch.stack(torch.meshgrid(torch.arange(window_size[0]), torch.arange(window_size[1]), indexing="ij"))
        flat = torch.flatten(coords, 1)
        relative = (flat[:, :, None] - flat[:, None, :]).permute(1, 2, 0).contiguous()
        relative[:, :, 0] += window_size[0] - 1
        relative[:, :, 1] += window_size[1] - 1
        relative[:, :, 0] *= 2 * window_size[1] - 1
        self.register_buffer("relative_position_index", relative.sum(-1).flatten())

    def forward(self, input: Tensor) -> Tensor:
        B, H, W, C = input.shape
        wh, ww = self.window_size
        x = F.pad(input, (0, 0, 0, (ww - W % ww) % ww, 0, (wh - H % wh) % wh))
        _, pad_H, pad_W, _ = x.shape
        if sum(self.shift_size) > 0:
            x = torch.roll(x, shifts=(-self.shift_size[0], -self.shift_size[1]), dims=(1, 2))
        num_windows = (pad_H // wh) * (pad_W // ww)
        x = x.view(B, pad_H // wh, wh, pad_W // ww, ww, C)
        x = x.permute(0, 1, 3, 2, 4, 5).reshape(B * num_windows, wh * ww, C)
        qkv = self.qkv(x).reshape(x.size(0), x.size(1), 3, self.num_heads, C // self.num_heads).permute(2, 0, 3, 1, 4)
        q, k, v = qkv[0], qkv[1], qkv[2]
        q = q * (C // self.num_heads) ** -0.5
        attn = q.matmul(k.transpose(-2, -1))
        attn = attn + _get_relative_position_bias(self.relative_position_bias_table, self.relative_position_index,
                                                  self.window_size)
        if sum(self.shift_size) > 0:
            attn_mask = x.new_zeros((pad_H, pad_W))
            h_slices = ((0, -wh), (-wh, -self.shift_size[0]), (-self.shift_size[0], None))
            w_slices = ((0, -ww), (-ww, -self.shift_size[1]), (-self.shift_size[1], None))
            count = 0
            for h in h_slices:
                for w in w_slices:
                    attn_mask[h[0]:h[1], w[0]:w[1]] = count
                    count += 1
            attn_mask = attn_mask.view(pad_H // wh, wh, pad_W // ww, ww)
            attn_mask = attn_mask.permute(0, 2, 1, 3).reshape(num_windows, wh * ww)
            attn_mask = attn_mask.unsqueeze(1) - attn_mask.unsqueeze(2)
            attn_mask = attn_mask.masked_fill(attn_mask != 0, float(-100.0)).masked_fill(attn_mask == 0, float(0.0))
            attn = attn.view(x.size(0) // num_windows, num_windows, self.num_heads, x.size(1), x.size(1))
            attn = attn + attn_mask.unsqueeze(1).unsqueeze(0)
            attn = attn.view(-1, self.num_heads, x.size(1), x.size(1))
        x = F.softmax(attn, dim=-1).matmul(v).transpose(1, 2).reshape(x.size(0), x.size(1), C)
        x = self.proj(x)
        x = x.view(B, pad_H // wh, pad_W // ww, wh, ww, C).permute(0, 1, 3, 2, 4, 5).reshape(B, pad_H, pad_W, C)
        if sum(self.shift_size) > 0:
            x = torch.roll(x, shifts=(self.shift_size[0], self.shift_size[1]), dims=(1, 2))
        return x[:, :H, :W, :].contiguous()


class Block(nn.Module):
    def __init__(self, dim, shift):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(dim, eps=1e-5), nn.LayerNorm(dim, eps=1e-5)
        self.attn = ShiftedWindowAttention(dim, [4, 4], shift, 2)
        self.mlp = nn.Sequential(nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))

    def forward(self, x: Tensor):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class Swin(nn.Module):
    def __init__(self, dim=8, classes=4):
        super().__init__()
        self.patch = nn.Conv2d(3, dim, 2, 2)
        self.stages = nn.Sequential(Block(dim, [0, 0]), Block(dim, [2, 2]), PatchMerging(dim), Block(2 * dim, [2, 2]))
        self.norm = nn.LayerNorm(2 * dim)
        self.head = nn.Linear(2 * dim, classes)

    def forward(self, x):
        x = self.norm(self.stages(self.patch(x).permute(0, 2, 3, 1)))
        x = F.adaptive_avg_pool2d(x.permute(0, 3, 1, 2), 1)
        return self.head(torch.flatten(x, 1))


def model():
    return Swin()


def batch():
    return torch.randn(2, 3, 26, 22), torch.tensor([3, 1])


def loss(net, x, y):
    return F.cross_entropy(net(x), y)


def optimizer(net):
    return torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=0.05)


def schedule(opt):
    warm = torch.optim.lr_scheduler.LinearLR(opt, start_factor=0.1, total_iters=2)
    main = torch.optim.lr_scheduler.CosineAnnealingLR(opt, T_max=4, eta_min=1e-5)
    return torch.optim.lr_scheduler.SequentialLR(opt, schedulers=[warm, main], milestones=[2])
