"""Sums of products by Einstein's notation: planned pair by pair, computed by matrix products.

The order of the pairs is NumPy's greedy plan (`numpy.einsum_path`). Each pair is a batched matrix product, or a
broadcast product where nothing is summed, so every order of derivative exists.
"""

from __future__ import annotations

import math
import string
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np

from ..op import Failure, Make, Sample, register
from ..tensor import wrap
from ._common import Tensor, tensor_arg
from .matmul import matmul
from .reduce import sum as total
from .shape import reshape

__all__ = ["einsum"]

# A label is a letter, or ".0", ".1", ... for the dimensions under an ellipsis, counted from the last one.
Labels = list[str]
Operand = tuple[Tensor, Labels]

# ---- reading -------------------------------------------------------------------------------------------------------


def _sublist(item: Any) -> str:
    return "".join("..." if i is Ellipsis else string.ascii_letters[i] for i in item)


def _equation(args: tuple[Any, ...]) -> tuple[str, list[Tensor]]:
    """Return the equation and the operands of either form of call."""
    if len(args) < 2:
        raise ValueError(
            "einsum(): must specify the equation string and at least one operand, or at least one operand and its "
            "subscripts list"
        )
    if isinstance(args[0], str):
        operands = args[1] if len(args) == 2 and isinstance(args[1], (list, tuple)) else args[1:]
        return args[0].replace(" ", ""), [tensor_arg("einsum", x, "operands", 2) for x in operands]
    output = "->" + _sublist(args[-1]) if len(args) % 2 else ""
    pairs = len(args) // 2
    text = ",".join(_sublist(args[2 * i + 1]) for i in range(pairs))
    return text + output, [tensor_arg("einsum", args[2 * i], "operands") for i in range(pairs)]


def _check_letters(term: str, start: int) -> None:
    for i, letter in enumerate(term.replace("...", "___")):
        if letter not in string.ascii_letters + "_":
            raise RuntimeError(
                f"einsum(): invalid subscript given at index {start + i} in the equation string, subscripts must be in "
                "[a-zA-Z]"
            )


def _labels(term: str, ndim: int, which: int) -> Labels:
    """Return the label of each dimension of an operand."""
    before, dots, behind = term.partition("...")
    hidden = ndim - len(before) - len(behind)
    if hidden < 0 or (hidden and not dots):
        raise RuntimeError(
            f"einsum(): the number of subscripts in the equation ({len(before + behind)}) "
            f"{'is more than' if dots else 'does not match'} the number of dimensions ({ndim}) for operand {which}"
            f"{'' if dots else ' and no ellipsis was given'}"
        )
    return [*before, *(f".{k}" for k in reversed(range(hidden))), *behind]


def _parse(equation: str, operands: list[Tensor]) -> tuple[list[Labels], Labels]:
    """Return the labels of the operands and of the result."""
    left, arrow, right = equation.partition("->")
    terms = left.split(",")
    if len(terms) != len(operands):
        few = "fewer" if len(operands) < len(terms) else "more"
        raise RuntimeError(
            f"einsum(): {few} operands were provided than specified in the equation: {len(operands)} for {left}"
        )
    _check_letters(left.replace(",", "_"), 0)
    labels = [_labels(term, x._data.ndim, i) for i, (term, x) in enumerate(zip(terms, operands))]
    hidden = sorted({n for own in labels for n in own if n[0] == "."}, key=lambda n: -int(n[1:]))
    if not arrow:
        counts = Counter(n for own in labels for n in own)
        return labels, [*hidden, *sorted(n for n, times in counts.items() if times == 1 and n[0] != ".")]
    _check_letters(right, len(left) + 2)
    before, dots, behind = right.partition("...")
    output = [*before, *(hidden if dots else []), *behind]
    for name in output:
        if output.count(name) > 1:
            raise RuntimeError(f"einsum(): output subscript {name} appears more than once in the output")
        if not any(name in own for own in labels):
            raise RuntimeError(
                f"einsum(): output subscript {name} does not appear in the equation for any input operand"
            )
    return labels, output


# ---- preparing -----------------------------------------------------------------------------------------------------


def _diagonals(x: Tensor, labels: Labels) -> Operand:
    """Return the operand without repeated labels: the diagonals that they name."""
    while twice := [n for n, times in Counter(labels).items() if times > 1]:
        i, j = [k for k, n in enumerate(labels) if n == twice[0]][:2]
        along = wrap(np.arange(x._data.shape[i]))
        x = x.movedim((i, j), (0, 1))[along, along]
        labels = [twice[0], *(n for k, n in enumerate(labels) if k not in (i, j))]
    return x, labels


def _sizes(operands: list[Tensor], labels: list[Labels]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for which, (x, own) in enumerate(zip(operands, labels)):
        for name, n in zip(own, x._data.shape):
            seen = sizes.get(name, 1)
            if n != seen and 1 not in (n, seen):
                raise RuntimeError(
                    f"einsum(): subscript {name} has size {n} for operand {which} which does not broadcast with "
                    f"previously seen size {seen}"
                )
            sizes[name] = n if seen == 1 else seen
    return sizes


def _widened(x: Tensor, labels: Labels, sizes: dict[str, int]) -> Tensor:
    shape = tuple(sizes[n] for n in labels)
    return x if x._data.shape == shape else x.expand(shape)


# ---- contracting ---------------------------------------------------------------------------------------------------


def _summed(part: Operand, kept: set[str]) -> Operand:
    """Sum over the labels that nothing else has."""
    x, labels = part
    gone = tuple(i for i, n in enumerate(labels) if n not in kept)
    return (total(x, gone), [n for n in labels if n in kept]) if gone else part


def _arranged(part: Operand, *groups: Labels) -> Tensor:
    """Return the operand with each group of labels as one dimension."""
    x, labels = part
    x = x.permute([labels.index(n) for group in groups for n in group]) if labels else x
    shape = iter(x._data.shape)
    return reshape(x, tuple(math.prod([next(shape) for _ in group]) for group in groups))


def _contracted(a: Operand, b: Operand, needed: set[str], sizes: dict[str, int]) -> Operand:
    """Multiply two operands, summing over the labels that they share and nothing else needs."""
    a, b = _summed(a, needed | set(b[1])), _summed(b, needed | set(a[1]))
    shared = [n for n in a[1] if n in b[1]]
    batch, inner = [n for n in shared if n in needed], [n for n in shared if n not in needed]
    rows, columns = [n for n in a[1] if n not in shared], [n for n in b[1] if n not in shared]
    labels = [*batch, *rows, *columns]
    if inner:
        lead = [batch] if batch else []
        product = matmul(_arranged(a, *lead, rows, inner), _arranged(b, *lead, inner, columns))
    else:
        product = _arranged(a, batch, rows, []) * _arranged(b, batch, [], columns)
    return reshape(product, tuple(sizes[n] for n in labels)), labels


def _plan(parts: list[Operand], output: Labels, sizes: dict[str, int]) -> list[tuple[int, ...]]:
    """Return the pairs to contract, in order."""
    if len(parts) < 3:
        return [tuple(range(len(parts)))]
    letter = dict(zip(sizes, string.ascii_letters))
    terms = ",".join("".join(letter[n] for n in own) for _, own in parts)
    shapes = [np.broadcast_to(np.zeros(()), x._data.shape) for x, _ in parts]
    path, _ = np.einsum_path(f"{terms}->{''.join(letter[n] for n in output)}", *shapes, optimize="greedy")
    return [tuple(pair) for pair in path[1:]]


def _evaluated(parts: list[Operand], output: Labels, sizes: dict[str, int]) -> Tensor:
    for group in _plan(parts, output, sizes):
        chosen = [parts[i] for i in group]
        parts = [p for i, p in enumerate(parts) if i not in group]
        needed = {n for _, own in parts for n in own} | set(output)
        result = chosen[0]
        for k, other in enumerate(chosen[1:], 2):
            later = {n for _, own in chosen[k:] for n in own}
            result = _contracted(result, other, needed | later, sizes)
        parts.append(result)
    x, labels = _summed(parts[0], set(output))
    return x.permute([labels.index(n) for n in output]) if labels != output else x


def einsum(*args: Any) -> Tensor:
    """Return the sum of products that an equation such as ``"ij,jk->ik"`` describes.

    Parameters
    ----------
    args : the equation and its operands, or operands and lists of numbered dimensions in turn. Letters that are not
        on the right are summed over; a letter twice in one operand is its diagonal; ``...`` broadcasts.

    Raises
    ------
    RuntimeError : an equation that does not fit the operands. ValueError : no operands.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.einsum("ij,j->i", minitorch.tensor([[1.0, 2.0], [3.0, 4.0]]), minitorch.tensor([1.0, 1.0]))
    tensor([3., 7.])
    """
    equation, operands = _equation(args)
    labels, output = _parse(equation, operands)
    sizes = _sizes(operands, labels)
    parts = [_diagonals(x, own) for x, own in zip(operands, labels)]
    return _evaluated([(_widened(x, own, sizes), own) for x, own in parts], output, sizes)


# ---- samples -------------------------------------------------------------------------------------------------------


def _samples(make: Make) -> Iterator[Sample]:
    yield Sample("matrices", ("ij,jk->ik", make(2, 3), make(3, 4)))
    yield Sample("batch", ("bij,bjk->bik", make(2, 2, 3), make(2, 3, 2)))
    yield Sample("three", ("ij,jk,kl->il", make(2, 3), make(3, 2), make(2, 2)))
    yield Sample("trace", ("ii", make(3, 3)))
    yield Sample("outer", ("i,j->ji", make(2), make(3)))
    yield Sample("ellipsis", ("...i,...i->...", make(2, 3), make(3)))
    yield Sample("implicit", ("ba", make(2, 3)))
    yield Sample("summed alone", ("ij,kj->k", make(2, 3), make(2, 3)))
    yield Sample("zero size", ("ij,jk->ik", make(2, 0), make(0, 3)))


def _failures(make: Make) -> Iterator[Failure]:
    yield Failure(("ij,jk", make(2, 3), make(3)), RuntimeError, r"\(2\) does not match the number of dimensions \(1\)")
    yield Failure(("ij,ik", make(2, 3), make(3, 1)), RuntimeError, "subscript i has size 3 for operand 1")
    yield Failure(("i->ii", make(3)), RuntimeError, "output subscript i appears more than once")
    yield Failure(("i,i",), ValueError, "at least one operand")


register(einsum, samples=_samples, failures=_failures, methods=())
