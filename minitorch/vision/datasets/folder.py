"""Datasets in folders, one folder a class."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from .._pil import pillow
from .vision import Transform, VisionDataset

__all__ = ["DatasetFolder", "ImageFolder", "default_loader", "find_classes", "make_dataset"]

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


def find_classes(directory: Any) -> tuple[list[str], dict[str, int]]:
    """Return the names of a folder's folders in order, and the number of each; FileNotFoundError for none.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> for name in ("dog", "cat"):
    ...     (root / name).mkdir()
    >>> find_classes(root)
    (['cat', 'dog'], {'cat': 0, 'dog': 1})
    """
    classes = sorted(entry.name for entry in os.scandir(directory) if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"Couldn't find any class folder in {directory}.")
    return classes, {name: i for i, name in enumerate(classes)}


def make_dataset(
    directory: Any,
    class_to_idx: dict[str, int] | None = None,
    extensions: Any = None,
    is_valid_file: Callable[[str], bool] | None = None,
    allow_empty: bool = False,
) -> list[tuple[str, int]]:
    """Return the files of a folder of classes with the number of each class, sorted.

    Raises
    ------
    ValueError
        For no classes, and unless exactly one of ``extensions`` and ``is_valid_file`` is given.
    FileNotFoundError
        For a class without files, unless that is allowed.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> (root / "cat").mkdir()
    >>> (root / "cat" / "a.png").touch()
    >>> [number for path, number in make_dataset(root, extensions=".png")]
    [0]
    """
    if class_to_idx is None:
        _, class_to_idx = find_classes(directory)
    elif not class_to_idx:
        raise ValueError("'class_to_index' must have at least one entry to collect any samples.")
    if (extensions is None) == (is_valid_file is None):
        raise ValueError("Both extensions and is_valid_file cannot be None or not None at the same time")
    endings = (extensions,) if isinstance(extensions, str) else tuple(extensions or ())
    wanted = is_valid_file or (lambda path: path.lower().endswith(endings))
    root = os.path.expanduser(directory)
    samples: list[tuple[str, int]] = []
    empty = []
    for name in sorted(class_to_idx):
        found = [path for path in _files(os.path.join(root, name)) if wanted(path)]
        samples += [(path, class_to_idx[name]) for path in found]
        empty += [] if found else [name]
    if empty and not allow_empty:
        supported = f" Supported extensions are: {', '.join(endings)}" if endings else ""
        raise FileNotFoundError(f"Found no valid file for the classes {', '.join(empty)}.{supported}")
    return samples


def _files(folder: str) -> list[str]:
    walk = sorted(os.walk(folder, followlinks=True))
    return [os.path.join(parent, name) for parent, _, names in walk for name in sorted(names)]


def default_loader(path: str) -> Any:
    """Return the image in a file, as an image of Pillow with three channels.

    Examples
    --------
    >>> default_loader("cat.png")  # doctest: +SKIP
    """
    with open(path, "rb") as file:
        return pillow("ImageFolder").open(file).convert("RGB")


class DatasetFolder(VisionDataset):
    """Files in folders, one folder a class: ``root/class/.../file``.

    Parameters
    ----------
    root : path
        The folder of the classes.
    loader : callable
        From a path to a sample.
    extensions : str or tuple, optional
        Endings of the files that are taken.
    transform, target_transform : callable, optional
        Of the sample, and of the class's number.
    is_valid_file : callable, optional
        From a path to whether it is taken, instead of ``extensions``.
    allow_empty : bool
        Whether a class may have no files.

    Raises
    ------
    FileNotFoundError
        For a folder without classes, or a class without files.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> root = pathlib.Path(tempfile.mkdtemp())
    >>> (root / "cat").mkdir()
    >>> _ = (root / "cat" / "a.txt").write_text("meow")
    >>> DatasetFolder(root, lambda path: pathlib.Path(path).read_text(), ".txt")[0]
    ('meow', 0)
    """

    def __init__(
        self,
        root: Any,
        loader: Callable[[str], Any],
        extensions: Any = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        super().__init__(root, transform=transform, target_transform=target_transform)
        self.loader, self.extensions = loader, extensions
        self.classes, self.class_to_idx = self.find_classes(self.root)
        self.samples = make_dataset(self.root, self.class_to_idx, extensions, is_valid_file, allow_empty)
        self.targets = [number for _, number in self.samples]

    def find_classes(self, directory: Any) -> tuple[list[str], dict[str, int]]:
        """Return the classes and their numbers; subclasses may find others."""
        return find_classes(directory)

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Return a sample and the number of its class."""
        path, target = self.samples[index]
        return self.transformed(self.loader(path), target)

    def __len__(self) -> int:
        return len(self.samples)


class ImageFolder(DatasetFolder):
    """Pictures in folders, one folder a class, read with Pillow; `DatasetFolder`'s arguments.

    Examples
    --------
    >>> from minitorch.vision import datasets, transforms
    >>> pets = datasets.ImageFolder("pets", transforms.ToTensor())  # doctest: +SKIP
    >>> pets.classes  # doctest: +SKIP
    ['cat', 'dog']
    """

    def __init__(
        self,
        root: Any,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        loader: Callable[[str], Any] = default_loader,
        is_valid_file: Callable[[str], bool] | None = None,
        allow_empty: bool = False,
    ) -> None:
        extensions = IMG_EXTENSIONS if is_valid_file is None else None
        super().__init__(root, loader, extensions, transform, target_transform, is_valid_file, allow_empty)
        self.imgs = self.samples
