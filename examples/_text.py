"""A text that every Python has: its own manual of the language, as characters to be predicted."""

from __future__ import annotations

from pydoc_data.topics import topics

import minitorch as torch
from minitorch import nn
from minitorch.utils.data import TensorDataset

ALPHABET = "\n" + "".join(map(chr, range(32, 127)))
INDEX = {letter: index for index, letter in enumerate(ALPHABET)}


def manual(length: int) -> str:
    """Return the first characters of the manual's topics in the order of their names."""
    text = "\n".join(topics[name] for name in sorted(topics))
    return "".join(letter for letter in text if letter in INDEX)[:length]


def encode(text: str) -> torch.Tensor:
    """Return the numbers of a text's characters: (len(text),) of int64."""
    return torch.tensor([INDEX[letter] for letter in text])


def decode(numbers: torch.Tensor) -> str:
    """Return the text of numbers (N,)."""
    return "".join(ALPHABET[number] for number in numbers.tolist())


def windows(numbers: torch.Tensor, length: int) -> TensorDataset:
    """Return stretches (N, length) of a text, one after the other, and for each character the one that follows."""
    count = (len(numbers) - 1) // length
    text, following = numbers[: count * length], numbers[1 : count * length + 1]
    return TensorDataset(text.reshape(count, length), following.reshape(count, length))


@torch.no_grad()
def write(model: nn.Module, start: str, count: int, context: int, warmth: float = 0.6) -> str:
    """Let a model go on from a text: each character is drawn from what it expects after the last `context` ones."""
    model.eval()
    numbers = encode(start)
    for _ in range(count):
        scores = model(numbers[-context:].unsqueeze(0))[0, :, -1]
        numbers = torch.cat([numbers, torch.multinomial((scores / warmth).softmax(0), 1)])
    return decode(numbers)
