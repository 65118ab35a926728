"""Drawn shapes that examples learn from: discs, squares and triangles, still and moving."""

from __future__ import annotations

import math

import minitorch as torch

SHAPES = ("disc", "square", "triangle")


def inside(shape: int, dx: torch.Tensor, dy: torch.Tensor, size: torch.Tensor) -> torch.Tensor:
    """Return which points, given their distances from the centre, lie inside a shape of a size: bool."""
    if shape == 0:
        return dx.square() + dy.square() <= size.square()
    if shape == 1:
        return torch.maximum(dx.abs(), dy.abs()) <= 0.85 * size
    return (dy <= 0.6 * size) & (1.7 * dx.abs() <= dy + 1.1 * size)


def axes(length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the x (1, length) and the y (length, 1) of a square picture's pixels."""
    along = torch.arange(length, dtype=torch.float32)
    return along.reshape(1, -1), along.reshape(-1, 1)


def uniform(count: int, low: float, high: float, generator: torch.Generator) -> torch.Tensor:
    """Return random numbers (count, 1, 1) between two bounds."""
    return low + (high - low) * torch.rand(count, 1, 1, generator=generator)


def scenes(count: int, length: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return noisy pictures (count, 1, length, length) of three shapes each, and what each pixel shows.

    The labels (count, length, length) are 0 for the ground and 1 to 3 for a disc, a square or a triangle. Which shape
    hides which is random; brightness tells nothing about the kind.
    """
    random = torch.Generator().manual_seed(seed)
    x, y = axes(length)
    heights, lights = [torch.full((count, length, length), 0.01)], [torch.zeros(count, 1, 1)]
    for shape in range(len(SHAPES)):
        size = uniform(count, 0.12 * length, 0.22 * length, random)
        dx = x - uniform(count, 0.15 * length, 0.85 * length, random)
        dy = y - uniform(count, 0.15 * length, 0.85 * length, random)
        heights.append(inside(shape, dx, dy, size) * uniform(count, 0.1, 1.0, random))
        lights.append(uniform(count, 0.5, 1.0, random))
    labels = torch.stack(heights, 1).argmax(1)
    pictures = torch.cat(lights, 1).reshape(count, -1).gather(1, labels.flatten(1)).reshape(labels.shape)
    pictures += 0.25 * torch.randn(count, length, length, generator=random)
    return pictures.unsqueeze(1), labels


def clips(count: int, frames: int, length: int, directions: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Return noisy clips (count, 1, frames, length, length) of one moving shape, and its direction (count,).

    Direction d is an angle of d / directions of a full turn. The shape's kind, size, speed and place in the middle of
    the clip are random, and a single frame does not tell where it goes.
    """
    random = torch.Generator().manual_seed(seed)
    x, y = axes(length)
    kinds = torch.randint(len(SHAPES), (count, 1, 1), generator=random)
    labels = torch.randint(directions, (count,), generator=random)
    angle = (2 * math.pi / directions) * labels.reshape(-1, 1, 1)
    size = uniform(count, 0.1 * length, 0.18 * length, random)
    speed = uniform(count, 0.4, 0.8, random) * length / (2 * frames)
    middle = [uniform(count, 0.4 * length, 0.6 * length, random) for _ in "xy"]
    drawn = []
    for frame in range(frames):
        way = speed * (frame - (frames - 1) / 2)
        dx, dy = x - middle[0] - way * angle.cos(), y - middle[1] - way * angle.sin()
        covered = [inside(shape, dx, dy, size) & (kinds == shape) for shape in range(len(SHAPES))]
        drawn.append(covered[0] | covered[1] | covered[2])
    pictures = torch.stack(drawn, 1).float()
    pictures += 0.3 * torch.randn(*pictures.shape, generator=random)
    return pictures.unsqueeze(1), labels
