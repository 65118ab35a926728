"""`save`: write what `load`, here and in torch, reads."""

from __future__ import annotations

import io
import os
import pickle
import sys
import uuid
import zipfile
from collections import OrderedDict
from functools import cache
from typing import IO, Any

import numpy as np

from ..device import device
from ..dtypes import dtype
from ..memory import Array
from ..nn.parameter import Parameter
from ..tensor import Size, Tensor, wrap
from .atomic import replacing
from .rebuild import STORAGES, user_attributes

__all__ = ["save"]

_ALIGNMENT = 64  # bytes: where records begin, so that they can be mapped
_ZIP64 = (1 << 31) - 1


def save(
    obj: object,
    f: Any,
    pickle_module: Any = pickle,
    pickle_protocol: int = 2,
    _use_new_zipfile_serialization: bool = True,
) -> None:
    """Write an object into a file in ``torch.save``'s zip format, which torch loads too.

    Tensors that share memory share it again when they are loaded. A file that is there already is replaced only when
    the new one is complete and on the disk.

    Parameters
    ----------
    obj : object
        Tensors, numbers, strings, containers and whatever else can be pickled; `load` makes instances of classes
        only where it is told to.
    f : str, path or binary file
        Where to write.
    pickle_module : module
        Only ``pickle``.
    pickle_protocol : int
        2 to 5; torch reads 2 without being told to trust the file.

    Raises
    ------
    OSError
        If the file cannot be written; it is then as it was.
    PicklingError
        For an object that cannot be pickled.
    ValueError
        For another ``pickle_module``, and for torch's old format.

    Examples
    --------
    >>> import os, tempfile, minitorch
    >>> path = os.path.join(tempfile.mkdtemp(), "model.pt")
    >>> model = minitorch.nn.Linear(2, 1)
    >>> minitorch.save(model.state_dict(), path)
    >>> model.load_state_dict(minitorch.load(path))
    <All keys matched successfully>
    """
    if pickle_module is not pickle or not _use_new_zipfile_serialization:
        raise ValueError("save: files are written by the module pickle in torch's zip format, and in no other way")
    if not 2 <= pickle_protocol <= 5:
        raise ValueError(f"save: pickle_protocol={pickle_protocol}, expected 2 to 5")
    content = io.BytesIO()
    pickler = _Pickler(content, pickle_protocol)
    pickler.dump(obj)
    if isinstance(f, (str, os.PathLike)):
        with replacing(f) as file:
            _write(file, content.getvalue(), pickler.storages, _stem(f))
    elif hasattr(f, "write"):
        _write(f, content.getvalue(), pickler.storages, "archive")
    else:
        raise AttributeError(f"expected 'f' to be string, path, or a file-like object with a 'write' attribute: {f!r}")


def _stem(path: Any) -> str:
    """Return the folder inside the archive: the file's name without its ending."""
    return os.path.splitext(os.path.basename(os.fspath(path)))[0] or "archive"


# ---- the archive -------------------------------------------------------------------------------------------


def _write(file: IO[bytes], content: bytes, storages: list[Array], folder: str) -> None:
    records: list[tuple[str, Any]] = [("data.pkl", content), (".format_version", b"1")]
    records += [(".storage_alignment", str(_ALIGNMENT).encode()), ("byteorder", sys.byteorder.encode())]
    records += [(f"data/{number}", array) for number, array in enumerate(storages)]
    records += [("version", b"3\n"), (".data/serialization_id", f"{uuid.uuid4().int % 10**40:040}".encode())]
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, record in records:
            _write_record(archive, f"{folder}/{name}", record)


def _write_record(archive: zipfile.ZipFile, name: str, content: Any) -> None:
    """Write bytes or an array as a record whose bytes begin at a multiple of the alignment."""
    view = content.view(np.uint8).data if isinstance(content, np.ndarray) else memoryview(content)
    info = zipfile.ZipInfo(name)
    info.file_size = view.nbytes
    archive_file: Any = archive.fp
    long = 20 if info.file_size * 1.05 > _ZIP64 else 0  # what the library adds for entries of this size
    start = archive_file.tell() + 30 + len(name.encode()) + long + 4
    info.extra = b"FB" + (-start % _ALIGNMENT).to_bytes(2, "little") + b"Z" * (-start % _ALIGNMENT)
    with archive.open(info, "w") as record:
        record.write(view)


# ---- the pickle --------------------------------------------------------------------------------------------


class _Name:
    """A name of torch's, which the pickle holds although there is no such module here."""

    def __init__(self, full: str) -> None:
        self.module, _, self.name = full.rpartition(".")

    def __call__(self) -> None:
        """Do nothing; the pickler wants to see that functions can be called."""


@cache
def _name(full: str) -> _Name:
    """Return the one object of a name, so that the pickle holds it once."""
    return _Name(full)


class _Stored:
    """A reference to a storage: its type, its number in the archive, its number of elements."""

    def __init__(self, kind: str, number: int, numel: int) -> None:
        self.id = "storage", _name(kind), str(number), "cpu", numel


_STORAGES = {kind.dtype: f"torch.{name}" for name, kind in STORAGES.items() if name != "UntypedStorage"}


def _block(array: Array) -> Array | None:
    """Return the whole memory that an array views as a vector; None if it is not one block."""
    owner = array.base if isinstance(array.base, np.ndarray) else array
    flat = owner.ravel(order="K")
    return flat if not owner.size or np.may_share_memory(flat, owner) else None


_Python: Any = pickle._Pickler  # the one in Python, which can be taught to write names that do not exist


class _Pickler(_Python):  # type: ignore[misc]
    """Python's pickler, taught torch's way to take tensors apart."""

    dispatch = dict(_Python.dispatch)

    def __init__(self, file: IO[bytes], protocol: int) -> None:
        super().__init__(file, protocol)
        self.storages: list[Array] = []
        self._found: dict[int, tuple[int, dtype, Array]] = {}  # by the identity of the owner of the memory

    def persistent_id(self, obj: Any) -> Any:
        return obj.id if type(obj) is _Stored else None

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Tensor):
            return self._parameter(obj) if type(obj) is Parameter else self._tensor(obj)
        if type(obj) is Size:
            return _name("torch.Size"), (tuple(obj),)
        if type(obj) is device:
            return _name("torch.device"), (obj.type,) if obj.index is None else (obj.type, obj.index)
        return NotImplemented

    def save_name(self, obj: _Name) -> None:
        """Write a name without looking for it."""
        self.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
        self.memoize(obj)

    def save_dtype(self, obj: dtype) -> None:
        """Write torch's name of a dtype."""
        self.save(_name(f"torch.{obj.name}"))

    dispatch[_Name] = save_name
    dispatch[dtype] = save_dtype

    def _parameter(self, param: Tensor) -> Any:
        arguments: tuple[Any, ...] = (param.detach(), param.requires_grad, OrderedDict())
        if attributes := user_attributes(param):
            return _name("torch._utils._rebuild_parameter_with_state"), (*arguments, attributes)
        return _name("torch._utils._rebuild_parameter"), arguments

    def _tensor(self, tensor: Tensor) -> Any:
        kind, shown = tensor.dtype, tensor
        if _block(tensor._visible()) is None:
            shown = wrap(np.ascontiguousarray(tensor._data))  # memory that nobody can describe
        stored, offset = self._storage(shown._data, kind)
        hooks: dict[str, Any] = OrderedDict()
        arguments: tuple[Any, ...] = (stored, offset, tuple(shown.shape), shown.stride(), tensor.requires_grad, hooks)
        function = _name("torch._utils._rebuild_tensor_v2")
        if kind not in _STORAGES:
            function, arguments = _name("torch._utils._rebuild_tensor_v3"), (*arguments, kind)
        attributes = user_attributes(tensor)
        if type(tensor) is Tensor and not attributes:
            return function, arguments
        own = _name("torch.Tensor") if type(tensor) is Tensor else type(tensor)
        return _name("torch._tensor._rebuild_from_type_v2"), (function, own, arguments, attributes)

    def _storage(self, array: Array, kind: dtype) -> tuple[_Stored, int]:
        """Return the reference to the memory of an array, and where in it the array begins, in elements."""
        flat: Any = _block(array)
        owner = array.base if isinstance(array.base, np.ndarray) else array
        number, known, _ = self._found.setdefault(id(owner), (len(self.storages), kind, owner))
        if number == len(self.storages):
            self.storages.append(flat)
        if known is not kind:
            raise RuntimeError("Cannot save multiple tensors or storages that view the same data as different types")
        begin = array.__array_interface__["data"][0] - flat.__array_interface__["data"][0] if array.size else 0
        name = _STORAGES.get(kind, "torch.storage.UntypedStorage")
        numel = flat.nbytes // (kind.itemsize if kind in _STORAGES else 1)
        return _Stored(name, number, numel), begin // kind.itemsize
