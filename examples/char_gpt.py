"""Predict Python's manual, character by character, with a small GPT, and let it write.

    python examples/char_gpt.py --epochs 3

Writes curves.png, written.txt and model.safetensors into runs/char_gpt/ (--out), and a checkpoint from which --resume
goes on. The network: Radford et al., "Language Models are Unsupervised Multitask Learners", 2019.
"""

from __future__ import annotations

import _language as language
import _options as options
from _run import start
from _text import ALPHABET

import minitorch as torch
from minitorch import nn
from minitorch.nn import functional as F


class Attention(nn.Module):
    """Every position looks back at itself and those before it, with several heads."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.inner = nn.Linear(width, 3 * width)
        self.outer = nn.Linear(width, width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, T, width) for (N, T, width)."""
        n, length, width = x.shape
        parts = self.inner(x).view(n, length, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        seen = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        return self.outer(seen.transpose(1, 2).reshape(n, length, width))


class Block(nn.Module):
    """Attention, then a perceptron at every position; each is added to what came in."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attention = Attention(width, heads)
        self.perceptron = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return (N, T, width) for (N, T, width)."""
        x = x + self.attention(self.norm1(x))
        return x + self.perceptron(self.norm2(x))


class GPT(nn.Module):
    """Characters and places to vectors, blocks over them, and scores with the characters' own vectors."""

    def __init__(self, letters: int, context: int, width: int = 96, heads: int = 4, depth: int = 3) -> None:
        super().__init__()
        self.letters = nn.Embedding(letters, width)
        self.places = nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(depth)))
        self.norm = nn.LayerNorm(width)
        for embedding in (self.letters, self.places):
            nn.init.normal_(embedding.weight, std=0.05)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scores (N, letters, T) of the characters that follow those of x (N, T)."""
        vectors = self.letters(x) + self.places(torch.arange(x.shape[1]))
        return F.linear(self.norm(self.blocks(vectors)), self.letters.weight).transpose(1, 2)


def main(argv: list[str] | None = None) -> float:
    """Train and write; return the bits a character."""
    about = "Train a small GPT on the characters of Python's manual."
    args = options.parse_args(argv, "char_gpt", about, epochs=6, batch_size=32, lr=0.003)
    return language.train(args, GPT(len(ALPHABET), language.CONTEXT))


if __name__ == "__main__":
    start(main)
