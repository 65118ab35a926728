"""Predict Python's manual, character by character, with an LSTM, and let it write.

    python examples/char_lstm.py --epochs 3

Writes curves.png, written.txt and model.safetensors into runs/char_lstm/ (--out), and a checkpoint from which --resume
goes on.
"""

from __future__ import annotations

import _language as language
import _options as options
from _run import start
from _text import ALPHABET

import minitorch as torch
from minitorch import nn


class CharLSTM(nn.Module):
    """Characters to vectors, an LSTM over them, and a linear layer to scores."""

    def __init__(self, letters: int, width: int = 192) -> None:
        super().__init__()
        self.embedding = nn.Embedding(letters, 64)
        self.lstm = nn.LSTM(64, width, batch_first=True)
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(width, letters)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the scores (N, letters, T) of the characters that follow those of x (N, T)."""
        outputs, _ = self.lstm(self.embedding(x))
        return self.head(self.dropout(outputs)).transpose(1, 2)


def main(argv: list[str] | None = None) -> float:
    """Train and write; return the bits a character."""
    about = "Train an LSTM on the characters of Python's manual."
    args = options.parse_args(argv, "char_lstm", about, epochs=6, batch_size=32, lr=0.004)
    return language.train(args, CharLSTM(len(ALPHABET)))


if __name__ == "__main__":
    start(main)
