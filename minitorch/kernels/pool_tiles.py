"""The tiles of `codegen.pool` over a run of any length: wide ones, narrow ones, and a last one that overlaps them.

Runs shorter than a vector are masked.  Addresses and steps are bytes, but where elements are counted.
"""

from __future__ import annotations

from typing import Any

from ..codegen.gemm import lanes_of, size_of
from ..codegen.pool import choose_tile, copy_tile, max_tile, merge_tile, split_tile, sum_tile, tile_vectors
from ..jit import helper


@helper
def max_vectors(
    lines: int, table: int, taps: int, at: int, step: int, number: int, tap: int, out: int, places: int, width: int,
    count: int, like: Any, index: Any,
) -> None:  # fmt: skip
    """Run `max_tile` over `count` elements; places of `width` bytes, none if 0."""
    lanes, size = lanes_of(like), size_of(like)
    c, wide = 0, tile_vectors(like) * lanes
    while c + wide <= count:
        kept = places + c * width if places else 0
        max_tile(1, 0, lines, table, taps, at + c * size, step, number, tap, out + c * size, kept, lanes, like, index)
        c += wide
    while c < count:
        c = min(c, max(count - lanes, 0))
        kept = places + c * width if places else 0
        if count < lanes:
            max_tile(0, 1, lines, table, taps, at, step, number, tap, out, kept, count, like, index)
        else:
            x = at + c * size
            max_tile(0, 0, lines, table, taps, x, step, number, tap, out + c * size, kept, lanes, like, index)
        c += lanes


@helper
def choose_vectors(
    lines: int, table: int, taps: int, at: int, step: int, number: int, stride: int, out: int, past: int, width: int,
    count: int, like: Any, index: Any,
) -> None:  # fmt: skip
    """Run `choose_tile` over `count` elements; at, step: elements of g and of the places of `width` bytes alike."""
    lanes, size = lanes_of(like), size_of(like)
    c, wide = 0, tile_vectors(like) * lanes
    while c + wide <= count:
        choose_tile(
            1, 0, lines, table, taps, (at + c) * size, step * size, (at + c) * width, step * width, number, -stride,
            out + c * size, past, lanes, like, index,
        )  # fmt: skip
        c += wide
    while c < count:
        c = min(c, max(count - lanes, 0))
        if count < lanes:
            choose_tile(
                0, 1, lines, table, taps, at * size, step * size, at * width, step * width, number, -stride,
                out, past, count, like, index,
            )  # fmt: skip
        else:
            choose_tile(
                0, 0, lines, table, taps, (at + c) * size, step * size, (at + c) * width, step * width, number, -stride,
                out + c * size, past, lanes, like, index,
            )  # fmt: skip
        c += lanes


@helper
def sum_vectors(
    lines: int, table: int, taps: int, at: int, step: int, by: int, by_step: int, out: int, past: int, count: int,
    factor: Any,
) -> None:  # fmt: skip
    """Run `sum_tile` over `count` elements; the divisors at `by` are the same for all if `by_step` is 0."""
    lanes, size = lanes_of(factor), size_of(factor)
    c, wide = 0, tile_vectors(factor) * lanes
    while c + wide <= count:
        b = by + c * by_step
        sum_tile(1, 0, lines, table, taps, at + c * size, step, b, out + c * size, past, lanes, factor)
        c += wide
    while c < count:
        c = min(c, max(count - lanes, 0))
        if count < lanes:
            sum_tile(0, 1, lines, table, taps, at, step, by, out, past, count, factor)
        else:
            b = by + c * by_step
            sum_tile(0, 0, lines, table, taps, at + c * size, step, b, out + c * size, past, lanes, factor)
        c += lanes


@helper
def copy_vectors(g: int, places: int, to: int, to_places: int, width: int, count: int, like: Any, index: Any) -> None:
    """Copy `count` elements and their places of `width` bytes."""
    lanes, size = lanes_of(like), size_of(like)
    c = 0
    while c < count:
        c = min(c, max(count - lanes, 0))
        if count < lanes:
            copy_tile(0, 1, g, places, to, to_places, count, like, index)
        else:
            near, far = c * size, c * width
            copy_tile(0, 0, g + near, places + far, to + near, to_places + far, lanes, like, index)
        c += lanes


@helper
def split_vectors(x: int, evens: int, odds: int, count: int, like: Any) -> None:
    """Store every other one of `count` elements at `evens`, the others at `odds`."""
    lanes, size = lanes_of(like), size_of(like)
    for c in range(0, count, 2 * lanes):
        half = c // 2 * size
        if count - c >= 2 * lanes:
            split_tile(0, x + c * size, evens + half, odds + half, count - c, like)
        else:
            split_tile(1, x + c * size, evens + half, odds + half, count - c, like)


@helper
def merge_vectors(evens: int, odds: int, out: int, count: int, like: Any) -> None:
    """Put `count` elements together again."""
    lanes, size = lanes_of(like), size_of(like)
    for c in range(0, count, 2 * lanes):
        half = c // 2 * size
        if count - c >= 2 * lanes:
            merge_tile(0, evens + half, odds + half, out + c * size, count - c, like)
        else:
            merge_tile(1, evens + half, odds + half, out + c * size, count - c, like)
