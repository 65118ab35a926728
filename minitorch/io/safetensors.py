"""Tensors in safetensors files: names, dtypes, shapes and plain bytes; no code, so safe to load.

The functions are those of ``safetensors.torch``, and the files are the ones it reads and writes. They need
the ``safetensors`` package, which minitorch itself does not.

Source of the format: https://github.com/huggingface/safetensors.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..device import check_device
from ..dtypes import ALL
from ..serialization.atomic import whole_or_not
from ..tensor import Tensor, wrap

__all__ = ["load", "load_file", "save", "save_file"]

_Path = str | os.PathLike[str]

_CODES = {"bool": "BOOL", "bfloat16": "BF16", "complex64": "C64"}
_CODES |= {f"float{bits}": f"F{bits}" for bits in (16, 32, 64)}
_CODES |= {f"int{bits}": f"I{bits}" for bits in (8, 16, 32, 64)}
_CODES |= {f"uint{bits}": f"U{bits}" for bits in (8, 16, 32, 64)}
_DTYPES = {_CODES[dtype.name]: dtype for dtype in ALL if dtype.name in _CODES}


def save(tensors: Mapping[str, Tensor], metadata: dict[str, str] | None = None) -> bytes:
    """Return tensors by name, of any shapes, as the bytes of a safetensors file.

    Raises
    ------
    ValueError
        If `tensors` does not map strings to tensors, or a dtype (complex128) is unknown to the format.
    ModuleNotFoundError
        If the safetensors package is not installed.

    >>> from minitorch import nn
    >>> from minitorch.io import load, save
    >>> sorted(load(save(nn.Linear(2, 3).state_dict())))
    ['bias', 'weight']
    """
    library = _library("save")
    arrays = _arrays("save", tensors)
    return bytes(library.serialize({name: _spec(library, *pair) for name, pair in arrays.items()}, metadata))


def save_file(tensors: Mapping[str, Tensor], filename: _Path, metadata: dict[str, str] | None = None) -> None:
    """Write tensors by name into a safetensors file, which keeps its old content if that fails.

    Raises what `save` raises, and OSError if the file cannot be written.

    >>> from minitorch.io import save_file
    >>> model = minitorch.nn.Linear(2, 3)
    >>> save_file(model.state_dict(), "model.safetensors")  # doctest: +SKIP
    """
    library = _library("save_file")
    arrays = _arrays("save_file", tensors)
    specs = {name: _spec(library, *pair) for name, pair in arrays.items()}
    with whole_or_not(filename) as beside:
        try:
            library.serialize_file(specs, beside, metadata)
        except library.SafetensorError as error:
            raise OSError(f"save_file: cannot write {os.fspath(filename)!r}: {error}") from error


def load(data: bytes) -> dict[str, Tensor]:
    """Return the tensors by name that the bytes of a safetensors file hold.

    Raises
    ------
    ValueError
        If the bytes are not such a file, or hold a dtype that minitorch lacks.
    ModuleNotFoundError
        If the safetensors package is not installed.

    >>> from minitorch.io import load, save
    >>> load(save({"x": minitorch.arange(3)}))
    {'x': tensor([0, 1, 2])}
    """
    return _load("load", "data", data)


def load_file(filename: _Path, device: Any = "cpu") -> dict[str, Tensor]:
    """Return the tensors by name that a safetensors file holds.

    Raises what `load` raises, and OSError (FileNotFoundError, ...) if the file cannot be read.

    >>> from minitorch.io import load_file
    >>> model.load_state_dict(load_file("model.safetensors"))  # doctest: +SKIP
    <All keys matched successfully>
    """
    check_device(device)
    with open(filename, "rb") as file:
        return _load("load_file", f"filename={os.fspath(filename)!r}", file.read())


def _library(fn: str) -> Any:
    try:
        return importlib.import_module("safetensors")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"{fn}: this needs the safetensors package, which is not installed: pip install safetensors",
            name=error.name,
        ) from error


def _arrays(fn: str, tensors: Mapping[str, Tensor]) -> dict[str, tuple[str, Any]]:
    """Return the dtype's name and the C-contiguous little-endian array of each tensor."""
    if not isinstance(tensors, Mapping):
        raise ValueError(f"{fn}: expected a dict of tensors, got {type(tensors).__name__}")
    arrays = {}
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            raise ValueError(
                f"{fn}: key {name!r} is invalid, expected a str with a Tensor but got a "
                f"{type(name).__name__} with a {type(tensor).__name__}"
            )
        if tensor.dtype.name not in _CODES:
            raise ValueError(f"{fn}: {name!r} has dtype={tensor.dtype}, which safetensors files cannot hold")
        array = np.ascontiguousarray(tensor._data).reshape(tensor.shape)  # ascontiguousarray makes 0-d 1-d
        little = array.dtype.newbyteorder("<")
        arrays[name] = tensor.dtype.name, array.astype(little, copy=False)
    return arrays


def _spec(library: Any, dtype: str, array: Any) -> Any:
    """Return what the library wants to know of an array; versions before 0.8 want its bytes in a dict."""
    if not hasattr(library, "TensorSpec"):
        return {"dtype": dtype, "shape": array.shape, "data": array.tobytes()}
    return library.TensorSpec(dtype=dtype, shape=array.shape, data_ptr=array.ctypes.data, data_len=array.nbytes)


def _load(fn: str, source: str, data: bytes) -> dict[str, Tensor]:
    library = _library(fn)
    try:
        entries = library.deserialize(data)
    except library.SafetensorError as error:
        raise ValueError(f"{fn}: {source} is not a whole safetensors file: {error}") from error
    unknown = {entry["dtype"] for _, entry in entries} - _DTYPES.keys()
    if unknown:
        raise ValueError(f"{fn}: {source} holds dtypes {sorted(unknown)}, which minitorch does not have")
    return {name: _tensor(entry) for name, entry in entries}


def _tensor(entry: Any) -> Tensor:
    native = _DTYPES[entry["dtype"]].numpy
    stored = np.frombuffer(entry["data"], native.newbyteorder("<")).reshape(entry["shape"])
    return wrap(np.array(stored, native))  # memory of its own, that may be written
