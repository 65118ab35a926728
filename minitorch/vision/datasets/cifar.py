"""CIFAR-10 and CIFAR-100: small colour images, in the files pickled by Python or in the binary ones.

Source: https://www.cs.toronto.edu/~kriz/cifar.html. The pickles are read without running anything of them.
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any

import numpy as np

from ...memory import Array
from ...serialization.names import Names
from ...serialization.pickles import UnpicklingError, read_pickle
from .._pil import pillow
from .vision import Transform, VisionDataset, no_download

__all__ = ["CIFAR10", "CIFAR100"]

_IMAGE = 3 * 32 * 32


class CIFAR10(VisionDataset):
    """Photographs of ten kinds of things: 50,000 for training and 10,000 for testing, of 32 by 32 pixels.

    Parameters
    ----------
    root : path
        The folder of ``cifar-10-batches-py`` or ``cifar-10-batches-bin``, or one of these.
    train : bool
        Whether to read the training images.
    transform, target_transform : callable, optional
        Of the image (of Pillow), and of the label.
    download : bool
        True is a RuntimeError that tells where the files are found.

    Raises
    ------
    RuntimeError
        If the files are missing or damaged.

    Examples
    --------
    >>> from minitorch.vision import datasets
    >>> photographs = datasets.CIFAR10("data", train=False)  # doctest: +SKIP
    >>> photographs.data.shape  # doctest: +SKIP
    (10000, 32, 32, 3)
    """

    base_folder = "cifar-10-batches-py"
    _binary_folder = "cifar-10-batches-bin"
    _parts = {True: [f"data_batch_{i}" for i in range(1, 6)], False: ["test_batch"]}
    _meta, _names_file, _names_key, _key = "batches.meta", "batches.meta.txt", "label_names", "labels"
    _label_bytes = 1  # in a binary record, before the image; the last is the label

    def __init__(
        self,
        root: Any,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        name, source = type(self).__name__, "https://www.cs.toronto.edu/~kriz/cifar.html"
        no_download(name, download, f"{self.base_folder} or {self._binary_folder}", self.root, source)
        self.train = train
        folder, binary = self._folder()
        read = self._from_binary if binary else self._from_pickle
        parts = [read(folder / part) for part in self._parts[train]]
        images = np.concatenate([images for images, _ in parts])
        self.data: Array = np.ascontiguousarray(images.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1))
        self.targets: list[int] = [label for _, labels in parts for label in labels]
        self.classes: list[str] = self._classes(folder, binary)

    def _folder(self) -> tuple[Path, bool]:
        """Return where the files are, and whether they are binary."""
        first = self._parts[self.train][0]
        for name, binary in ((self.base_folder, False), (self._binary_folder, True)):
            for folder in (Path(self.root, name), Path(self.root)):
                if (folder / (f"{first}.bin" if binary else first)).is_file():
                    return folder, binary
        raise RuntimeError(
            f"Dataset not found or corrupted: neither {self.base_folder} nor {self._binary_folder} with {first} is in "
            f"{os.fspath(self.root)!r}; fetch one from https://www.cs.toronto.edu/~kriz/cifar.html"
        )

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class."""
        return {name: i for i, name in enumerate(self.classes)}

    def _from_pickle(self, path: Path) -> tuple[Array, list[int]]:
        content = _unpickled(path)
        images: Any = content.get("data")
        labels: Any = content.get(self._key)
        good = isinstance(images, np.ndarray) and images.dtype == np.uint8 and images.shape[1:] == (_IMAGE,)
        if not good or not isinstance(labels, list) or len(labels) != len(images):
            raise RuntimeError(f"Dataset not found or corrupted: {os.fspath(path)!r} has no images with labels")
        return images, labels

    def _from_binary(self, path: Path) -> tuple[Array, list[int]]:
        path = path.with_name(path.name + ".bin")
        content = np.frombuffer(path.read_bytes(), np.uint8)
        record = self._label_bytes + _IMAGE
        if not content.size or content.size % record:
            raise RuntimeError(
                f"Dataset not found or corrupted: {os.fspath(path)!r} has {content.size} bytes, expected a multiple "
                f"of {record}"
            )
        rows = content.reshape(-1, record)
        return rows[:, self._label_bytes :], rows[:, self._label_bytes - 1].tolist()

    def _classes(self, folder: Path, binary: bool) -> list[str]:
        if binary:
            return (folder / self._names_file).read_text().split()
        return list(_unpickled(folder / self._meta)[self._names_key])

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Return an image and its label."""
        image = pillow(type(self).__name__).fromarray(self.data[index])
        return self.transformed(image, self.targets[index])

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        """Return which part this is."""
        return f"Split: {'Train' if self.train else 'Test'}"


def _unpickled(path: Path) -> dict[str, Any]:
    """Return the dict in a pickle of Python 2, of which nothing is run."""
    try:
        content = read_pickle(io.BytesIO(path.read_bytes()), Names(), encoding="latin-1")
    except UnpicklingError as error:
        raise RuntimeError(f"Dataset not found or corrupted: {os.fspath(path)!r}: {error}") from error
    if not isinstance(content, dict):
        raise RuntimeError(f"Dataset not found or corrupted: {os.fspath(path)!r} holds no dict")
    return content


class CIFAR100(CIFAR10):
    """Photographs of a hundred kinds of things, with CIFAR10's arguments.

    Examples
    --------
    >>> from minitorch.vision import datasets
    >>> datasets.CIFAR100("data")  # doctest: +SKIP
    Dataset CIFAR100
        Number of datapoints: 50000
    """

    base_folder = "cifar-100-python"
    _binary_folder = "cifar-100-binary"
    _parts = {True: ["train"], False: ["test"]}
    _meta, _names_file, _names_key, _key = "meta", "fine_label_names.txt", "fine_label_names", "fine_labels"
    _label_bytes = 2  # the coarse label, then the fine one
