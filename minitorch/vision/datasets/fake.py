"""Random images, for trying programs."""

from __future__ import annotations

from typing import Any

from ...ops.random import randint, randn
from ...random import fork_rng, manual_seed
from ..transforms.functional import to_pil_image
from .vision import Transform, VisionDataset

__all__ = ["FakeData"]


class FakeData(VisionDataset):
    """Noise with random labels, the same for the same index.

    Parameters
    ----------
    size : int
        Number of images.
    image_size : tuple
        Their shape (C, H, W).
    num_classes : int
        Number of labels.
    transform, target_transform : callable, optional
        Of the image (of Pillow), and of the label.
    random_offset : int
        Added to the index to make the seed.

    Examples
    --------
    >>> from minitorch.vision import datasets, transforms
    >>> image, label = datasets.FakeData(image_size=(3, 8, 8), transform=transforms.ToTensor())[0]
    >>> image.shape
    torch.Size([3, 8, 8])
    """

    def __init__(
        self,
        size: int = 1000,
        image_size: tuple[int, ...] = (3, 224, 224),
        num_classes: int = 10,
        transform: Transform | None = None,
        target_transform: Transform | None = None,
        random_offset: int = 0,
    ) -> None:
        super().__init__(None, transform=transform, target_transform=target_transform)
        self.size, self.image_size, self.num_classes, self.random_offset = size, image_size, num_classes, random_offset

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        """Return an image and its label."""
        if index >= len(self):
            raise IndexError(f"{type(self).__name__} index out of range")
        with fork_rng():
            manual_seed(index + self.random_offset)
            image = randn(*self.image_size)
            target = int(randint(0, self.num_classes, size=(1,)).item())
        return self.transformed(to_pil_image(image), target)

    def __len__(self) -> int:
        return self.size
