"""Every implementation of convolution, forced one by one, and what each has to answer.

Nothing here is a test; `test_kernels_conv_variants` runs some problems, `python -m tests.conv_variants FIRST LAST` as
many as one likes, and prints those that fail.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple
from unittest import mock

import numpy as np

from minitorch import _parallel, jit
from minitorch.kernels import (
    conv,
    conv_lanes,
    conv_planes,
    conv_weight,
    lane_plan,
    lattice,
    plane_plan,
    slabs,
    small,
    small_weight,
    tiles,
    winograd,
    winograd_parts,
    winograd_weight,
    winograd_weight_wide,
    winograd_wide,
)
from minitorch.kernels.conv import conv_forward, conv_input_grad
from minitorch.kernels.conv_ref import conv_forward_ref, conv_input_grad_ref, conv_weight_grad_ref
from minitorch.kernels.conv_weight import conv_weight_grad
from minitorch.kernels.window import window3d
from tests.conv_problems import Problem, laid_out, problem

MODULES = (
    conv, conv_lanes, conv_weight, lane_plan, lattice, plane_plan, small, small_weight, tiles, winograd, winograd_parts,
    winograd_weight,
)  # fmt: skip


class Variant(NamedTuple):
    """One implementation: the limits that make it the chosen one, where it can be, and what must then have run."""

    changes: tuple[tuple[Any, str, Any], ...]
    applies: Callable[[Problem], bool]
    entries: tuple[tuple[Any, str], ...]
    winograd: bool = False
    budget: float = 0.0  # of Winograd's error, in units of the last place by the largest sum of absolute terms


# ---- variants --------------------------------------------------------------------------------------------------------

_SMALL_WINOGRAD = tuple((winograd, name, 0) for name in ("LEAST_CHANNELS", "LEAST_PATCHES", "LEAST_USE"))
_NOTHING_SMALL = ((small, "exceeded", lambda *_: True),)  # of every variant, but the one that changes it back
_NO_LANES = (conv_lanes, "turns_of", lambda *_: 0)
_GROUPS_APART = (conv, "regroup", lambda case: (case, 1))


def _is_3x3(p: Problem) -> bool:
    stride, padding, dilation, groups = p.how
    flat = tuple(p.w.shape[2:]) in ((3, 3), (1, 3, 3)) and set(stride) == set(dilation) == {1} and groups == 1
    narrow = min(p.w.shape[:2]) < tiles.host_tile(p.x.itemsize)[1]
    return flat and not narrow and max(map(max, padding)) <= 2


def _cuts(side: int) -> Callable[[Problem], bool]:
    def applies(p: Problem) -> bool:
        window = window3d(p.x.shape[2:], p.w.shape[2:], *p.how[:3])
        return p.how[3] == 1 and all(lattice.lattice(window, inverse, side) for inverse in (False, True))

    return applies


def _never(case: Any) -> bool:
    return False


def _parts(side: int) -> tuple[tuple[Any, str, Any], ...]:
    def chosen(images: int, channels: int, filters: int, window: Any, dtype: Any, inverse: bool) -> Any:
        return lattice.lattice(window, inverse, side)

    return ((conv, "best_lattice", chosen), (conv, "by_winograd", _never), (conv_weight, "by_winograd", _never))


_SLABS = ((conv, "SLAB_BYTES", 0), (conv_weight, "SLAB_BYTES", 0), (slabs, "SLAB_BYTES", 1), (slabs, "SHARE", 0))
_SUMS = ((conv, "multiply"), (conv_weight, "outer"))
_SMALL_BLOCKS = (
    (winograd, "BLOCK_BYTES", 0), (winograd_parts, "BLOCK_BYTES", 0), (winograd_parts, "CHUNK_BYTES", 0),
    (winograd_parts, "LEAST_CHUNK", 5), (winograd_weight, "LEAST_CHUNK", 5), (winograd_weight, "CHUNK_BYTES", 0),
    (winograd_weight, "SHARE", 0),
)  # fmt: skip
_WINOGRAD = ((winograd, "forward"), (winograd_weight, "finish"))
_BY_LANES = ((conv_lanes, "tile_rows"), (conv_lanes, "outer_rows"))
_WIDE_LIMITS = ((winograd_wide, "FILTER_BYTES", 0), (winograd_weight_wide, "SUMS_BYTES", 0))
_WIDE = ((winograd_wide, "multiply_panels"), (winograd_weight_wide, "add_blocks"))
_IN_PARTS = ((winograd_parts, "forward"), (winograd_parts, "transform_sums"))
_ALWAYS = lambda p: True  # noqa: E731


def _may_be_written(p: Problem) -> bool:
    return p.x.flags.writeable and p.w.flags.writeable and p.gy.flags.writeable


_BY_PLANES = ((conv_planes, "plane_sums"), (conv_planes, "plane_products"))
_NO_PLANES = (conv_planes, "is_planar", lambda *_: False)


def _fits_planes(x: Any, window: Any, channels: int, filters: int, groups: int) -> bool:
    return x.size > 0 and plane_plan.fits(window, channels // groups, filters // groups, groups)


def _are_planar(p: Problem) -> bool:
    window = window3d(p.x.shape[2:], p.w.shape[2:], *p.how[:3])
    return p.gy.size > 0 and _fits_planes(p.x, window, p.x.shape[1], p.w.shape[0], p.how[3])


_PLANES = (conv_planes, "is_planar", _fits_planes)  # whatever the memory order


def _has_lanes(p: Problem) -> bool:
    return lane_plan.turns_of(p.x.shape[1], p.w.shape[0], p.how[3], p.x.itemsize) > 0


VARIANTS: dict[str, Variant] = {
    "small": Variant(((small, "exceeded", lambda *_: False), (small_weight, "MOST_RUNS", 1 << 40)), _may_be_written,
                     ((small, "correlate"), (small_weight, "outer"))),
    "direct": Variant((_NO_LANES,), _ALWAYS, _SUMS),
    "direct, groups apart": Variant((_GROUPS_APART,), lambda p: p.how[3] > 1, _SUMS),
    "direct, rows folded": Variant((_NO_LANES, (conv, "FEW_CHANNELS", 1 << 20)), lambda p: p.how[3] == 1, _SUMS),
    "direct, taps apart": Variant((_NO_LANES, (conv, "folds", lambda case: False),
                                   (conv_weight, "folds", lambda case: False)), lambda p: p.how[3] == 1, _SUMS),
    "direct, past the caches": Variant((_NO_LANES, (tiles, "STREAM_BYTES", 0)), _ALWAYS, _SUMS),
    "direct, small blocks": Variant((_NO_LANES, (tiles, "BLOCKS", 1), (tiles, "PANEL_BYTES", 0), (tiles, "ITEMS", 64),
                                     (conv_weight, "BLOCK_BYTES", 0), (conv_weight, "PARTIAL_BYTES", 0)),
                                    _ALWAYS, _SUMS),
    "direct, image by image": Variant((_NO_LANES, *_SLABS), _ALWAYS, _SUMS),
    "lanes": Variant((), _has_lanes, _BY_LANES),
    "lanes, image by image": Variant(_SLABS, _has_lanes, _BY_LANES),
    "planes": Variant((_PLANES,), _are_planar, _BY_PLANES),
    "planes, small bands": Variant((_PLANES, (plane_plan, "BUFFER_BYTES", 0), (plane_plan, "LEAST_ROWS", 1)),
                                   _are_planar, _BY_PLANES),
    "winograd": Variant((*_SMALL_WINOGRAD, (winograd_wide, "FILTER_BYTES", 1 << 40)), _is_3x3, _WINOGRAD, True, 60),
    "winograd, small blocks": Variant((*_SMALL_WINOGRAD, *_SMALL_BLOCKS), _is_3x3, _WINOGRAD, True, 60),
    "winograd, image by image": Variant((*_SMALL_WINOGRAD, *_SLABS), _is_3x3, _WINOGRAD, True, 60),
    "winograd, wide": Variant((*_SMALL_WINOGRAD, *_WIDE_LIMITS), _is_3x3, _WIDE, True, 60),
    "winograd, wide, small blocks": Variant(
        (*_SMALL_WINOGRAD, *_WIDE_LIMITS, *_SMALL_BLOCKS), _is_3x3, _WIDE, True, 60
    ),
    "parts of 3x3": Variant(_parts(3), _cuts(3), _IN_PARTS, True, 60),
    "parts of 2x2": Variant(_parts(2), _cuts(2), _IN_PARTS, True, 150),
    "parts, small blocks": Variant((*_parts(3), *_SMALL_BLOCKS), _cuts(3), _IN_PARTS, True, 60),
}  # fmt: skip


@contextmanager
def forced(variant: Variant) -> Iterator[list[str]]:
    """Have every convolution computed by the variant; yields the names of what ran."""
    ran: list[str] = []

    def watched(place: Any, name: str) -> Any:
        kernel = getattr(place, name)

        def run(*args: Any) -> None:
            ran.append(name)
            kernel(*args)

        return mock.patch.object(place, name, run)

    patches = [mock.patch.object(*change) for change in (_NO_PLANES, *_NOTHING_SMALL, *variant.changes)]
    patches += [watched(*entry) for entry in variant.entries]
    _forget_plans()
    for patch in patches:
        patch.start()
    try:
        yield ran
    finally:
        for patch in reversed(patches):
            patch.stop()
        _forget_plans()


def _forget_plans() -> None:
    for module in MODULES:
        for value in vars(module).values():
            if hasattr(value, "cache_clear"):
                value.cache_clear()


# ---- answers ---------------------------------------------------------------------------------------------------------


def answers(p: Problem, winograd: bool) -> list[Any]:
    """Return the output, the input's and the weight's gradient."""
    with np.errstate(all="ignore"):  # as operations run
        return [
            conv_forward(p.x, p.w, p.bias, *p.how, winograd),
            conv_input_grad(p.gy, p.w, p.x.shape[2:], *p.how, None, winograd),
            conv_weight_grad(p.gy, p.x, p.w.shape[2:], *p.how, winograd),
        ]


def _reference(x: Any, w: Any, bias: Any, gy: Any, how: Any, size: Any, kernel: Any) -> list[Any]:
    return [
        conv_forward_ref(x, w, bias, *how),
        conv_input_grad_ref(gy, w, size, *how),
        conv_weight_grad_ref(gy, x, kernel, *how),
    ]


def references(p: Problem) -> tuple[list[Any], list[Any]]:
    """Return the three answers in float64, and the sums of their terms' absolute values."""
    x, w, gy = (np.asarray(a, np.float64) for a in (p.x, p.w, p.gy))
    bias = None if p.bias is None else p.bias.astype(np.float64)
    rest = p.how, x.shape[2:], w.shape[2:]
    sizes = _reference(abs(x), abs(w), None if bias is None else abs(bias), abs(gy), *rest)
    return _reference(x, w, bias, gy, *rest), sizes


def wrong(p: Problem, name: str) -> str:
    """Return what is wrong with a variant's answers, or nothing."""
    variant = VARIANTS[name]
    with forced(variant) as ran:
        found = answers(p, variant.winograd)
    missing = {entry for _, entry in variant.entries} - set(ran)
    if missing:
        return f"{missing} did not run"
    want, sizes = references(p)
    terms = (p.w[0].size, p.gy.shape[1] // p.how[3] * p.w[0, 0].size, p.gy[:, 0].size)
    unit = np.finfo(p.x.dtype).eps
    for direction, got, exact, size, count in zip(("y", "gx", "gw"), found, want, sizes, terms):
        if got.shape != exact.shape or got.dtype != p.x.dtype:
            return f"{direction} is {got.shape} {got.dtype}"
        # a sum's own error grows with its length; Winograd's spreads over a patch
        bound = unit * (variant.budget * size.max(initial=0) if variant.winograd else (2 + np.sqrt(count)) * size)
        excess = abs(got - exact) - bound
        if excess.size and not excess.max() <= 0:
            at = np.unravel_index(np.argmax(excess), excess.shape)
            return f"{direction}{list(map(int, at))} is {got[at]}, not {exact[at]}"
    return ""


# ---- NaN and infinity ------------------------------------------------------------------------------------------------


def planted(p: Problem, seed: int) -> Problem:
    """Return the problem with NaN and infinities in some places of one or two operands."""
    rng = np.random.default_rng(seed)
    operands = [np.where(a == 0, a.dtype.type(1), a) for a in (p.x, p.w, p.gy)]
    for i in rng.choice(3, int(rng.integers(1, 3)), replace=False):
        flat = operands[i].reshape(-1)
        for at in rng.integers(0, flat.size, min(flat.size, int(rng.integers(1, 4)))):
            flat[at] = rng.choice([np.nan, np.inf, -np.inf])
    x, w, gy = (laid_out(a, "plain" if o == "expanded" else o) for a, o in zip(operands, p.layouts))
    return Problem(x, w, p.bias, gy, p.how, p.layouts)


def _marks(a: Any) -> dict[str, Any]:
    """Return indicators: NaN, positive, negative, and these two where finite."""
    return {
        "nan": np.isnan(a) * 1.0, "up": (a > 0) * 1.0, "down": (a < 0) * 1.0,
        "finite up": ((a > 0) & np.isfinite(a)) * 1.0, "finite down": ((a < 0) & np.isfinite(a)) * 1.0,
        "all": np.ones(a.shape), "odd": ~np.isfinite(a) * 1.0,
    }  # fmt: skip


def kinds(p: Problem) -> list[tuple[Any, Any]]:
    """Return for each direction which results are finite (0), inf, -inf, NaN (3), and which the padding may make NaN.

    A padded zero times an infinite weight is NaN where padding is multiplied, and nothing where it is skipped. torch
    does either, by dtype and processor; so may we.
    """
    x, w, gy = _marks(p.x), _marks(p.w), _marks(p.gy)
    size, kernel = p.x.shape[2:], p.w.shape[2:]
    found = []
    for direction, (a, b) in enumerate(((x, w), (gy, w), (gy, x))):

        def sums(left: str, right: str, a: Any = a, b: Any = b, direction: int = direction) -> Any:
            return _one(direction, a[left], b[right], p.how, size, kernel)

        nan = sums("nan", "all") + sums("all", "nan")
        up, down = "finite up", "finite down"
        more = sums("up", "up") + sums("down", "down") - sums(up, up) - sums(down, down)
        less = sums("up", "down") + sums("down", "up") - sums(up, down) - sums(down, up)
        kind = np.where((nan > 0) | ((more > 0) & (less > 0)), 3, np.where(more > 0, 1, np.where(less > 0, 2, 0)))
        inside = sums("all", "odd") + (direction == 2) * sums("odd", "all")
        found.append((kind, _met_padding(direction, a, b, p, size, kernel) > inside))
    return found


def _one(direction: int, a: Any, b: Any, how: Any, size: Any, kernel: Any) -> Any:
    if direction == 0:
        return np.rint(conv_forward_ref(a, b, None, *how))
    if direction == 1:
        return np.rint(conv_input_grad_ref(a, b, size, *how))
    return np.rint(conv_weight_grad_ref(a, b, kernel, *how))


def _met_padding(direction: int, a: Any, b: Any, p: Problem, size: Any, kernel: Any) -> Any:
    """Count the odd factors that a result meets, in the map or beside it."""
    stride, padding, dilation, groups = p.how
    nothing = ((0, 0),) * len(size)
    if direction == 1:  # beside the output's gradient: as if the output were larger on all sides
        reach = [d * k for d, k in zip(dilation, kernel)]
        wide = np.pad(a["all"], ((0, 0), (0, 0), *((r, r) for r in reach)), constant_values=1)
        whole = [n + 2 * r * s for n, r, s in zip(size, reach, stride)]
        sums = np.rint(conv_input_grad_ref(wide, b["odd"], whole, *p.how))
        return sums[(..., *(slice(r * s, r * s + n) for n, r, s in zip(size, reach, stride)))]
    pads = ((0, 0), (0, 0), *padding)
    if direction == 0:
        return np.rint(conv_forward_ref(np.pad(a["all"], pads, constant_values=1), b["odd"], None, stride, nothing,
                                        dilation, groups))  # fmt: skip
    wide = np.pad(b["all"], pads, constant_values=1)
    met = conv_weight_grad_ref(a["odd"], wide, kernel, stride, nothing, dilation, groups)
    return np.rint(met + conv_weight_grad_ref(a["all"], b["odd"], kernel, *p.how))


def wrongly_passed(p: Problem, name: str) -> str:
    """Return how a variant fails to pass NaN and infinity on, and to leave other results alone, or nothing."""
    variant = VARIANTS[name]
    with forced(variant):
        found = answers(p, variant.winograd)
    clean = Problem(*(np.where(np.isfinite(a), a, 1) if a is not None else None for a in p[:4]), *p[4:])
    want, sizes = references(clean)
    for direction, got, (kind, free), exact, size in zip(("y", "gx", "gw"), found, kinds(p), want, sizes):
        is_kind = np.where(np.isnan(got), 3, np.where(np.isposinf(got), 1, np.where(np.isneginf(got), 2, 0)))
        bad = (is_kind != kind) & ~(free & (is_kind == 3))
        near = (is_kind != 0) | (abs(np.where(is_kind == 0, got, 0) - exact) <= 1e-4 * size.max(initial=0))
        if bad.any() or not near.all():
            at = tuple(int(i[0]) for i in np.nonzero(bad | ~near))
            return f"{direction}{list(at)} is {got[at]}, not {[exact[at], 'inf', '-inf', 'NaN'][kind[at]]}"
    return ""


# ---- threads ---------------------------------------------------------------------------------------------------------


@contextmanager
def spread() -> Iterator[None]:
    """Have even the smallest call cut into as many pieces as the threads would take."""
    places = ((jit, "_SERIAL_WORK"), (_parallel, "SERIAL_WORK"), (_parallel, "CHUNK_WORK"))
    patches = [mock.patch.object(place, name, 1) for place, name in places]
    before = jit.get_num_threads()
    for patch in patches:
        patch.start()
    try:
        yield
    finally:
        jit.set_num_threads(before)
        for patch in patches:
            patch.stop()


def differing(p: Problem, name: str) -> str:
    """Say so if the number of threads changes a bit of a variant's answers."""
    variant, seen = VARIANTS[name], set()
    with forced(variant), spread():
        for threads in (1, 2, 3, 5):
            jit.set_num_threads(threads)
            seen.add(tuple(a.tobytes() for a in answers(p, variant.winograd)))
    return "" if len(seen) == 1 else f"{len(seen)} different answers"


def problems(name: str, seeds: Iterable[int], most: float = 3e6) -> Iterator[tuple[int, Problem]]:
    """Yield the seeds whose problem the variant can be forced on, with their problem."""
    for seed in seeds:
        p = problem(seed, most)
        if VARIANTS[name].applies(p):
            yield seed, p


def main() -> None:
    """Run the problems of a range of seeds."""
    first, last = int(sys.argv[1]), int(sys.argv[2])
    most = float(sys.argv[3]) if len(sys.argv) > 3 else 3e6
    ran = dict.fromkeys(VARIANTS, 0)
    for seed in range(first, last):
        p = problem(seed, most)
        odd = planted(p, seed)
        for name, variant in VARIANTS.items():
            if variant.applies(p):
                ran[name] += 1
                for check, of in ((wrong, p), (wrongly_passed, odd), (differing, p)):
                    said = check(of, name)
                    if said:
                        print(seed, name, check.__name__, said, of, flush=True)
    print(ran)


if __name__ == "__main__":
    main()
