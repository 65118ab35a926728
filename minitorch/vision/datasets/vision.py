"""What the datasets of images share: a folder, transforms, a text, and the refusal to download."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ...utils.data import Dataset

__all__ = ["VisionDataset"]

Transform = Callable[[Any], Any]


class VisionDataset(Dataset[Any]):
    """Base class of datasets of images in a folder of the user's.

    Parameters
    ----------
    root : path
        The folder.
    transforms : callable, optional
        Of an image and its target; excludes the other two.
    transform, target_transform : callable, optional
        Of the image, and of the target.

    Raises
    ------
    ValueError
        For both kinds of transforms.

    Examples
    --------
    >>> from minitorch.vision.datasets import FakeData
    >>> FakeData(size=3)
    Dataset FakeData
        Number of datapoints: 3
    """

    def __init__(
        self,
        root: Any = None,
        transforms: Callable[[Any, Any], Any] | None = None,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
    ) -> None:
        if transforms is not None and (transform is not None or target_transform is not None):
            raise ValueError("Only transforms or transform/target_transform can be passed as argument")
        self.root = os.path.expanduser(root) if isinstance(root, str) else root
        self.transforms, self.transform, self.target_transform = transforms, transform, target_transform

    def transformed(self, image: Any, target: Any) -> tuple[Any, Any]:
        """Return an image and its target as the user wants them."""
        if self.transforms is not None:
            return self.transforms(image, target)
        image = image if self.transform is None else self.transform(image)
        return image, target if self.target_transform is None else self.target_transform(target)

    def extra_repr(self) -> str:
        """Return a line for the text of the dataset."""
        return ""

    def __repr__(self) -> str:
        lines = [f"Number of datapoints: {len(self)}"]  # type: ignore[arg-type]
        lines += [f"Root location: {self.root}"] if self.root is not None else []
        lines += self.extra_repr().splitlines()
        for name, transform in (("Transform", self.transform), ("Target transform", self.target_transform)):
            if transform is not None:
                first, *rest = repr(transform).splitlines()
                lines += [f"{name}: {first}", *(" " * (len(name) + 2) + line for line in rest)]
        return "\n".join([f"Dataset {type(self).__name__}", *("    " + line for line in lines)])


def no_download(name: str, download: bool, files: str, root: Any, source: str) -> None:
    """Raise, if a download is asked for, what to do instead."""
    if download:
        raise RuntimeError(
            f"{name}: download=True, but nothing is downloaded; fetch {files} from {source} yourself, put them into "
            f"{os.fspath(root)!r} and leave download out"
        )
