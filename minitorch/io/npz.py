"""Tensors in NumPy's archives of arrays (``.npz``): names, element types, shapes and plain bytes; no code.

Source of the format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html.
"""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..dtypes import FROM_NUMPY
from ..serialization.atomic import replacing
from ..tensor import Tensor, wrap

__all__ = ["load_npz", "save_npz"]

_Path = str | os.PathLike[str]


def save_npz(tensors: Mapping[str, Tensor], filename: _Path, compressed: bool = False) -> None:
    """Write tensors by name into an archive of NumPy, which keeps its old content if that fails.

    Parameters
    ----------
    tensors : mapping
        Tensors of any shapes by name.
    filename : path
        The file; no ending is added to its name.
    compressed : bool
        Whether the archive is compressed.

    Raises
    ------
    ValueError
        If `tensors` does not map strings to tensors.
    OSError
        If the file cannot be written.

    >>> import os, tempfile
    >>> from minitorch.io import load_npz, save_npz
    >>> path = os.path.join(tempfile.mkdtemp(), "x.npz")
    >>> save_npz({"x": minitorch.arange(3)}, path)
    >>> load_npz(path)
    {'x': tensor([0, 1, 2])}
    """
    if not isinstance(tensors, Mapping):
        raise ValueError(f"save_npz: expected a dict of tensors, got {type(tensors).__name__}")
    for name, tensor in tensors.items():
        if not isinstance(name, str) or not isinstance(tensor, Tensor):
            kinds = f"a {type(name).__name__} with a {type(tensor).__name__}"
            raise ValueError(f"save_npz: key {name!r} is invalid, expected a str with a Tensor but got {kinds}")
    kind = zipfile.ZIP_DEFLATED if compressed else zipfile.ZIP_STORED
    with replacing(filename) as file, zipfile.ZipFile(file, "w", kind) as archive:
        for name, tensor in tensors.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as record:
                np.lib.format.write_array(record, np.ascontiguousarray(tensor._data).reshape(tensor.shape))


def load_npz(filename: _Path) -> dict[str, Tensor]:
    """Return the tensors by name that an archive of NumPy holds.

    Raises
    ------
    OSError
        If the file cannot be read.
    ValueError
        If it is not such an archive, is damaged, or holds what tensors cannot: Python objects, text.

    >>> from minitorch.io import load_npz
    >>> load_npz("model.npz")  # doctest: +SKIP
    """
    name = os.fspath(filename)
    with open(filename, "rb") as file:
        try:
            archive: Any = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise ValueError("it is one array (.npy), not an archive")
            with archive:
                return {key: _tensor(key, archive[key]) for key in archive.files}
        except (EOFError, ValueError, zipfile.BadZipFile, zlib.error) as error:
            raise ValueError(f"load_npz: {name!r} is not a whole archive of tensors: {error}") from error


def _tensor(name: str, array: Any) -> Tensor:
    native = array.astype(array.dtype.newbyteorder("="), copy=False)
    if native.dtype not in FROM_NUMPY:
        raise ValueError(f"{name!r} has dtype {array.dtype}, which tensors cannot have")
    return wrap(native)
