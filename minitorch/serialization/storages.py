"""Storages of a checkpoint: bytes found by key, shared by all tensors that view them, and the devices they name."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pickle import UnpicklingError
from typing import Any

import numpy as np

from ..device import device
from ..dtypes import dtype
from ..memory import Array, Storage
from ..tensor import Tensor, wrap
from .rebuild import StorageKind

__all__ = ["Storages", "other_byte_order", "part", "placer"]

_NO_CUDA = (
    "Attempting to deserialize object on a {kind} device but torch.{kind}.is_available() is False. If you are "
    "running on a CPU-only machine, please use load with map_location=minitorch.device('cpu') to map your storages "
    "to the CPU."
)

Place = Callable[[Tensor, str], Tensor]


class Storages:
    """The storages of one file, as 1-d tensors.

    Parameters
    ----------
    read : callable
        From a key and a number of bytes to those bytes, as a vector of uint8; it is called once for each key.
    place : callable
        From a storage and the device it was saved from to the storage, as `placer` gives it.
    swap : bool
        Whether the file has the other byte order.
    """

    def __init__(self, read: Callable[[Any, int], Array], place: Place, swap: bool = False) -> None:
        self._read, self._place, self._swap = read, place, swap
        self._bytes: dict[Any, tuple[Array, Storage]] = {}
        self._tensors: dict[Any, Tensor] = {}

    def persistent(self, saved: Any) -> Any:
        """Return what a checkpoint's persistent id stands for."""
        if not isinstance(saved, tuple) or len(saved) < 2 or saved[0] not in ("storage", "module"):
            raise UnpicklingError(f"unknown reference {saved!r}")
        if saved[0] == "module":  # a class, followed by its source, which is not looked at
            return saved[1]
        _, kind, key, location, numel, *view = saved
        whole = self.get(kind, key, location, numel)
        if not view or view[0] is None:
            return whole
        _, offset, size = view[0]
        return part(whole, offset, size)

    def get(self, kind: Any, key: Any, location: str, numel: int) -> Tensor:
        """Return the storage of a key as a tensor of ``numel`` elements."""
        if not isinstance(kind, StorageKind) or not isinstance(numel, int) or numel < 0:
            raise UnpicklingError(f"a storage has type {kind!r} and {numel!r} elements")
        if (key, kind.dtype) not in self._tensors:
            raw, shared = self._raw(key, kind.dtype, numel)
            storage = wrap(raw.view(kind.dtype.numpy))
            storage._storage = shared
            self._tensors[key, kind.dtype] = self._place(storage, location)
        return self._tensors[key, kind.dtype]

    def _raw(self, key: Any, kind: dtype, numel: int) -> tuple[Array, Storage]:
        if key not in self._bytes:
            raw = self._read(key, numel * kind.itemsize)
            if raw.nbytes != numel * kind.itemsize:
                raise UnpicklingError(f"storage {key} has {raw.nbytes} bytes instead of {numel * kind.itemsize}")
            self._bytes[key] = (_swapped(raw, kind) if self._swap else raw), Storage()
        return self._bytes[key]


def part(whole: Tensor, offset: int, size: int) -> Tensor:
    """Return ``size`` elements of a storage from ``offset`` on, as a storage that shares its memory."""
    if offset < 0 or size < 0 or offset + size > whole._data.size:
        raise UnpicklingError(f"elements {offset} to {offset + size} of a storage of {whole._data.size} are asked for")
    piece = wrap(whole._data[offset : offset + size])
    piece._storage = whole._storage
    return piece


def _swapped(raw: Array, kind: dtype) -> Array:
    """Return bytes in this machine's order; complex numbers are two floats, bfloat16 two bytes."""
    width = kind.itemsize // 2 if kind.is_complex else kind.itemsize
    return np.ascontiguousarray(raw.reshape(-1, width)[:, ::-1]).reshape(-1)


def placer(map_location: Any) -> Place:
    """Return the function that puts storages where ``map_location`` says.

    Parameters
    ----------
    map_location : None, str, device, dict or callable
        As `load` takes it.
    """
    if map_location is None:
        return _as_saved
    if callable(map_location) and not isinstance(map_location, device):
        return lambda storage, location: _chosen(map_location(storage, location), storage, location)
    if isinstance(map_location, dict):
        return lambda storage, location: _as_saved(storage, str(map_location.get(location, location)))
    return lambda storage, location: _as_saved(storage, map_location)


def _chosen(result: Any, storage: Tensor, location: str) -> Tensor:
    return _as_saved(storage, location) if result is None else storage


def _as_saved(storage: Tensor, location: Any) -> Tensor:
    kind = device(location).type
    if kind != "cpu":
        raise RuntimeError(_NO_CUDA.format(kind=kind))
    return storage


def other_byte_order(order: str) -> bool:
    """Return whether a file's byte order, "little" or "big", is not this machine's."""
    if order not in ("little", "big"):
        raise ValueError(f"Unknown endianness type: {order}")
    return order != sys.byteorder
