"""The stream: a Mersenne Twister, its state in torch's format, and the draws that all numbers are made of."""

from __future__ import annotations

import operator
import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from .. import convert, dtypes, interception
from ..device import CPU, device
from ..dtypes import dtype
from ..kernels import rng
from ..memory import Array

__all__ = [
    "Stream",
    "as_dtype",
    "deliver",
    "flat_or_new",
    "memory_axes",
    "memory_order",
    "unit_float32",
    "unit_float64",
]

DEFAULT_SEED = 67280421310721
WORDS = 624

# The layout of torch's get_state, a C struct of its early days: 64 bits a word, and the second half of a
# normal pair.
STATE = np.dtype(
    [("seed", "<u8"), ("left", "<i4"), ("seeded", "<i4"), ("next", "<u8"), ("words", "<u8", WORDS),
     ("x", "<f8"), ("normal", "<f8"), ("rho", "<f8"), ("has_normal", "<i4"), ("pad", "<i4"),
     ("float", "<f4"), ("has_float", "<i4")]
)  # fmt: skip

_CHUNK = 1 << 14  # values made at a time where draws need scratch memory: it stays in the second-level cache


class Stream:
    """A Mersenne Twister on arrays, seeded and advanced as torch's CPU generator is."""

    def __init__(self, device: Any = "cpu") -> None:
        self._device = _cpu(device)
        self._lock = threading.RLock()
        self._words = np.empty(WORDS, np.uint32)
        self._used = np.empty(1, np.int64)  # how many of the words were drawn; all of them: time for new ones
        self._restart(DEFAULT_SEED)

    @property
    def device(self) -> device:
        """Where the generator lives: the CPU."""
        return self._device

    # ---- seeds ---------------------------------------------------------------------------------------------

    def manual_seed(self, seed: int) -> Any:
        """Start over from a seed and return the generator.

        Seeds from -2**63 to 2**64 - 1 are taken, negative ones as seed + 2**64; the stream depends on the low
        32 bits.

        Raises
        ------
        RuntimeError
            If the seed is not an int.
        ValueError
            If the seed is out of range.
        """
        if isinstance(seed, (bool, np.bool_)) or not isinstance(seed, (int, np.integer)):
            raise RuntimeError(f"manual_seed expected a long, but got {type(seed).__name__}")
        value = operator.index(seed)
        if not -(1 << 63) <= value < 1 << 64:
            raise ValueError(
                f"manual_seed: Overflow when unpacking long long (seed={value}), need -2**63 <= seed < 2**64"
            )
        with self._lock:
            self._restart(value % (1 << 64))
        return self

    def seed(self) -> int:
        """Start over from a seed that the operating system draws, and return it."""
        value = int.from_bytes(os.urandom(8), "little")
        with self._lock:
            self._restart(value)
        return value

    def initial_seed(self) -> int:
        """Return the seed that the stream started from."""
        return self._seed

    def _restart(self, seed: int) -> None:
        self._seed = seed
        self._words[:] = _spread(seed & 0xFFFFFFFF)
        self._used[0] = WORDS
        self._fresh = True  # nothing drawn yet, which torch's state tells apart from a full block drawn
        self._normal: float | None = None  # the second half of the last pair, for the next call

    # ---- state ---------------------------------------------------------------------------------------------

    def state_array(self) -> Array:
        """Return the state as torch lays it out: 5056 bytes."""
        state = np.zeros((), STATE)
        with self._lock:
            used = int(self._used[0])
            state["seed"], state["seeded"], state["words"] = self._seed, 1, self._words
            state["left"], state["next"] = WORDS + 1 - used, 0 if self._fresh else used
            if self._normal is not None:
                state["normal"], state["has_normal"] = self._normal, 1
        return np.frombuffer(state.tobytes(), np.uint8).copy()

    def load_state_array(self, array: Array) -> None:
        """Continue from a state of 5056 bytes, made here or by torch.

        Raises
        ------
        RuntimeError
            If the array has another size, or is not the state of a Mersenne Twister.
        """
        if array.size != STATE.itemsize:
            raise RuntimeError(
                f"Expected a CPUGeneratorImplState of size {STATE.itemsize} "
                f"but found the input RNG state size to be {array.size}"
            )
        state = np.frombuffer(np.ascontiguousarray(array, np.uint8).tobytes(), STATE)[0]
        left, following = int(state["left"]), int(state["next"])
        fresh = (left, following) == (1, 0)
        if state["seeded"] != 1 or not 0 < left <= WORDS or not (fresh or left + following == WORDS + 1):
            raise RuntimeError("Invalid mt19937 state")
        with self._lock:
            self._seed, self._fresh = int(state["seed"]), fresh
            self._words[:], self._used[0] = state["words"], WORDS + 1 - left
            self._normal = float(state["normal"]) if state["has_normal"] else None

    def renew_lock(self) -> None:
        """Take a lock that nobody holds: a thread of the parent may have held the old one at the fork."""
        self._lock = threading.RLock()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (), self.state_array()

    def __setstate__(self, state: Array) -> None:
        self.load_state_array(state)

    # ---- draws ---------------------------------------------------------------------------------------------

    def _draw(self, out: Array) -> None:
        """Fill an array of uint32 with draws."""
        if interception.active:
            interception.drawn()
        if out.size:
            with self._lock:
                rng.draw(1, out.size, self._words, self._used, out)
                self._fresh = False

    def _fill(self, out: Array, words: int, transform: Callable[[Array], Array]) -> None:
        """Fill flat `out` piece by piece: `transform` makes values of the draws, `words` for each."""
        kind = dtypes.of(out)
        scratch = np.empty(words * min(out.size, _CHUNK), np.uint32)
        with self._lock:
            for start in range(0, out.size, _CHUNK):
                part = out[start : start + _CHUNK]
                bits = scratch[: words * part.size]
                self._draw(bits)
                part[...] = convert.cast(transform(bits), kind)

    def _units(self, n: int) -> Array:
        """Return n uniform float64 in [0, 1), of two draws each."""
        out = np.empty(n)
        self._draw(out.view(np.uint32))
        unit_float64(out)
        return out

    def _normals(self, n: int) -> Array:
        """Return n standard normal float64, made in pairs; a half left over waits for the next call."""
        out = np.empty(n)
        with self._lock:
            start = 1 if n and self._normal is not None else 0
            u = self._units(n - start + (n - start) % 2)
            radius, angle = np.sqrt(-2.0 * np.log1p(-u[1::2])), 2.0 * np.pi * u[0::2]
            u[0::2], u[1::2] = radius * np.cos(angle), radius * np.sin(angle)
            out[:start], out[start:] = self._normal, u[: n - start]
            if n:
                self._normal = float(u[-1]) if (n - start) % 2 else None
        return out


# ---- arrays ------------------------------------------------------------------------------------------------


def unit_float32(out: Array, low: float = 0.0, high: float = 1.0) -> None:
    """Turn draws in the memory of a float32 array into uniform numbers, in place."""
    rng.uniform_float32(out.size, out.nbytes, np.float32(low), np.float32(high), out)


def unit_float64(out: Array, low: float = 0.0, high: float = 1.0) -> None:
    """Turn draws in the memory of a float64 array into uniform numbers, in place."""
    rng.uniform_float64(out.size, out.nbytes, np.float64(low), np.float64(high), out)


def memory_order(out: Array) -> Array:
    """View an array with its dimensions in the order of `memory_axes`."""
    return out.transpose(memory_axes(out))


def memory_axes(out: Array) -> tuple[int, ...]:
    """Return the dimensions from the longest stride to the shortest: torch fills elements in that order.

    Raises
    ------
    RuntimeError
        If the array cannot be written or elements share memory.
    """
    if not out.flags.writeable:
        raise RuntimeError("random: cannot fill a read-only array (writeable=False); fill a copy of it")
    if out.flags.c_contiguous:
        return tuple(range(out.ndim))
    if any(step == 0 and n > 1 for step, n in zip(out.strides, out.shape)):
        raise RuntimeError(
            "unsupported operation: more than one element of the written-to tensor refers to a single memory "
            "location. Please clone() the tensor before performing the operation."
        )
    return tuple(sorted(range(out.ndim), key=lambda d: (out.strides[d], out.shape[d])))[::-1]


def deliver(flat: Array, view: Array) -> None:
    """Copy what was made in memory of its own into the view that it was made for."""
    if not view.flags.c_contiguous:
        view[...] = flat.reshape(view.shape)


def flat_or_new(view: Array) -> Array:
    """Return a flat array to fill for `view`: its own memory if that is dense, else new memory."""
    return view.reshape(-1) if view.flags.c_contiguous else np.empty(view.size, view.dtype)


def as_dtype(given: Any) -> dtype:
    """Return a dtype for one of ours or NumPy's."""
    return given if isinstance(given, dtype) else dtypes.FROM_NUMPY[np.dtype(given)]


def _spread(seed: int) -> list[int]:
    """Return the first words of a Mersenne Twister (`init_genrand` of its authors' mt19937ar, 2002)."""
    words = [seed]
    for i in range(1, WORDS):
        seed = (1812433253 * (seed ^ (seed >> 30)) + i) & 0xFFFFFFFF
        words.append(seed)
    return words


def _cpu(where: Any) -> device:
    found = where if isinstance(where, device) else device(where)
    if found.type != "cpu":
        raise RuntimeError(f"Generator: device={str(found)!r} is not available, use device='cpu'")
    return CPU if found.index is None else found
