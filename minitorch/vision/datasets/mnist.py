"""MNIST and its relatives: images and labels in idx files, compressed or not.

Source of the format: http://yann.lecun.com/exdb/mnist/ (the end of the page).
"""

from __future__ import annotations

import gzip
import os
import zlib
from typing import Any

import numpy as np

from ...memory import Array
from ...tensor import Tensor, wrap
from .._pil import pillow
from .vision import Transform, VisionDataset, no_download

__all__ = ["KMNIST", "MNIST", "FashionMNIST", "read_idx"]

_TYPES = {8: "u1", 9: "i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}


def read_idx(path: str | os.PathLike[str]) -> Tensor:
    """Return the tensor in an idx file, which may be compressed with gzip.

    Raises
    ------
    OSError
        If the file cannot be read.
    RuntimeError
        If it is not such a file, or cut short.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "labels")
    >>> _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    >>> read_idx(path)
    tensor([7, 2, 1], dtype=torch.uint8)
    """
    with open(path, "rb") as file:
        content = file.read()
    if content[:2] == b"\x1f\x8b":
        try:
            content = gzip.decompress(content)
        except (EOFError, OSError, zlib.error) as error:
            raise RuntimeError(f"read_idx: {os.fspath(path)!r} is damaged or cut short: {error}") from error
    return wrap(_idx(content, os.fspath(path)))


def _idx(content: bytes, path: str) -> Array:
    """Return the array that follows a type, a number of dimensions and the sizes."""
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] not in _TYPES:
        raise RuntimeError(f"read_idx: {path!r} is not an idx file: it begins with {content[:4]!r}")
    kind = np.dtype(_TYPES[content[2]])
    start = 4 + 4 * content[3]
    shape = tuple(int.from_bytes(content[i : i + 4], "big") for i in range(4, start, 4))
    expected = start + kind.itemsize * int(np.prod(shape, dtype=np.int64))
    if len(content) != expected:
        raise RuntimeError(f"read_idx: {path!r} has {len(content)} bytes, expected {expected} for shape {shape}")
    return np.frombuffer(content, kind, offset=start).reshape(shape).astype(kind.newbyteorder("="))


class MNIST(VisionDataset):
    """Handwritten digits: 60,000 images for training and 10,000 for testing, of 28 by 28 bytes.

    Parameters
    ----------
    root : path
        The folder of ``MNIST/raw`` with the four idx files (or the folder of the files), ``.gz`` or not.
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
    >>> from minitorch.vision import datasets, transforms
    >>> digits = datasets.MNIST("data", transform=transforms.ToTensor())  # doctest: +SKIP
    >>> image, label = digits[0]  # doctest: +SKIP
    """

    classes = ["0 - zero", "1 - one", "2 - two", "3 - three", "4 - four", "5 - five", "6 - six", "7 - seven",
               "8 - eight", "9 - nine"]  # fmt: skip
    source = "http://yann.lecun.com/exdb/mnist/"

    def __init__(
        self,
        root: Any,
        train: bool = True,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        download: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.train = train
        part = "train" if train else "t10k"
        no_download(type(self).__name__, download, f"{part}-*-ubyte.gz", self.raw_folder, self.source)
        self.data: Tensor = self._read(f"{part}-images-idx3-ubyte")
        self.targets: Tensor = self._read(f"{part}-labels-idx1-ubyte").long()
        if len(self.data) != len(self.targets):
            raise RuntimeError(f"{self.raw_folder}: {len(self.data)} images, but {len(self.targets)} labels")

    @property
    def raw_folder(self) -> str:
        """Where torchvision keeps the files."""
        return os.path.join(self.root, type(self).__name__, "raw")

    @property
    def class_to_idx(self) -> dict[str, int]:
        """The number of each class."""
        return {name: i for i, name in enumerate(self.classes)}

    def _read(self, name: str) -> Tensor:
        for folder in (self.raw_folder, os.fspath(self.root)):
            for ending in ("", ".gz"):
                path = os.path.join(folder, name + ending)
                if os.path.isfile(path):
                    return read_idx(path)
        raise RuntimeError(
            f"Dataset not found: no {name} or {name}.gz in {self.raw_folder!r} or {os.fspath(self.root)!r}; fetch it "
            f"from {self.source}"
        )

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Return an image and its label."""
        image = pillow(type(self).__name__).fromarray(self.data._data[index])
        return self.transformed(image, int(self.targets._data[index]))

    def __len__(self) -> int:
        return len(self.data)

    def extra_repr(self) -> str:
        """Return which part this is."""
        return f"Split: {'Train' if self.train else 'Test'}"


class FashionMNIST(MNIST):
    """Pictures of clothes in MNIST's form; its arguments and files' names.

    Examples
    --------
    >>> from minitorch.vision import datasets
    >>> datasets.FashionMNIST.classes[0]
    'T-shirt/top'
    """

    classes = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
    source = "https://github.com/zalandoresearch/fashion-mnist"


class KMNIST(MNIST):
    """Cursive Japanese characters in MNIST's form; its arguments and files' names.

    Examples
    --------
    >>> from minitorch.vision import datasets
    >>> datasets.KMNIST.classes[:2]
    ['o', 'ki']
    """

    classes = ["o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"]
    source = "https://github.com/rois-codh/kmnist"
