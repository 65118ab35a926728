"""Calls of transforms that are recorded from torchvision: on images of Pillow, bytes and fractions."""

import random
from typing import Any

import numpy as np

CASES = {
    "resize": "T.Resize((5, 9))", "resize short": "T.Resize(6)", "resize max": "T.Resize(6, max_size=7)",
    "resize up": "T.Resize([20])", "resize cubic": "T.Resize(5, M.BICUBIC)", "resize nearest": "T.Resize(5, M.NEAREST)",
    "resize plain": "T.Resize((4, 5), antialias=False)", "centre": "T.CenterCrop(4)",
    "centre out": "T.CenterCrop((13, 7))",
    "five": "T.FiveCrop(4)", "pad": "T.Pad(2)", "pad sides": "T.Pad([1, 2, 3, 0], fill=7)",
    "pad edge": "T.Pad((1, 3), padding_mode='edge')", "pad reflect": "T.Pad(3, padding_mode='reflect')",
    "pad symmetric": "T.Pad([1, 2, 3, 4], padding_mode='symmetric')", "grey": "T.Grayscale()",
    "grey 3": "T.Grayscale(3)",
    "flip": "T.RandomHorizontalFlip()", "vertical": "T.RandomVerticalFlip(0.6)",
    "random grey": "T.RandomGrayscale(0.5)",
    "crop": "T.RandomCrop(5)", "crop padded": "T.RandomCrop((6, 9), padding=2, fill=3)",
    "crop needed": "T.RandomCrop((14, 13), pad_if_needed=True, padding_mode='reflect')",
    "resized crop": "T.RandomResizedCrop(6)", "odd crop": "T.RandomResizedCrop((4, 6), (0.9, 1.0), (2.0, 3.0))",
    "rotate": "T.RandomRotation(30)", "rotate smooth": "T.RandomRotation((20, 50), M.BILINEAR)",
    "rotate expand": "T.RandomRotation(40, expand=True, fill=9)", "rotate about": "T.RandomRotation(40, center=(2, 3))",
    "brightness": "T.ColorJitter(brightness=0.6)", "contrast": "T.ColorJitter(contrast=(0.2, 3.0))",
    "saturation": "T.ColorJitter(saturation=2)", "hue": "T.ColorJitter(hue=0.4)",
    "jitter": "T.ColorJitter(0.4, 0.4, 0.4, 0.1)", "apply": "T.RandomApply([T.ColorJitter(0.9)], 0.4)",
    "choice": "T.RandomChoice([T.Pad(1), T.CenterCrop(3)])", "order": "T.RandomOrder([T.Pad(1), T.CenterCrop(9)])",
}  # fmt: skip
TENSORS = {
    "normalize": "T.Normalize([0.4, 0.5, 0.6], (0.2, 0.3, 0.4))", "erase": "T.RandomErasing(0.7)",
    "erase noise": "T.RandomErasing(1, value='random')", "erase colour": "T.RandomErasing(1, value=(0.1, 0.2, 0.3))",
    "uint8": "T.ConvertImageDtype(torch.uint8)", "int16": "T.ConvertImageDtype(torch.int16)",
}  # fmt: skip
BYTES = {"float": "T.ConvertImageDtype(torch.float32)", "int": "T.ConvertImageDtype(torch.int32)"}
PICTURES = {"tensor": "T.ToTensor()", "pil": "T.PILToTensor()"}


def pixels() -> Any:
    """Return a picture (9, 11, 3) of bytes: waves, so that smooth filters are told apart, and some noise."""
    y, x = np.mgrid[:9, :11]
    waves = [127 + 100 * np.sin(a * x + b * y) for a, b in ((0.5, 0.3), (0.2, -0.6), (-0.4, 0.1))]
    noise = np.random.RandomState(0).randint(-20, 20, (9, 11, 3))
    return (np.stack(waves, -1) + noise).clip(0, 255).astype(np.uint8)


def inputs(torch: Any) -> dict[str, tuple[Any, dict[str, str]]]:
    """Return the kinds of images, each with the cases that it takes."""
    from PIL import Image

    tensor = torch.from_numpy(np.ascontiguousarray(pixels().transpose(2, 0, 1)))
    fractions = tensor.to(torch.float32) / 255
    return {"picture": (Image.fromarray(pixels()), CASES | PICTURES), "bytes": (tensor, CASES | BYTES),
            "fractions": (fractions, CASES | TENSORS)}  # fmt: skip


def plain(value: Any) -> Any:
    """Return the type, the shape and numbers, every fifth of them, of what a transform returns."""
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    array = np.asarray(value)
    kind = value.mode if isinstance(getattr(value, "mode", None), str) else str(value.dtype)
    numbers = array.astype(np.float64).ravel()[::5].tolist()
    return [kind, list(array.shape), [float(f"{number:.6g}") for number in numbers]]


def run(torch: Any, transforms: Any, kind: str, case: str) -> Any:
    """Return three results of a case under one seed."""
    image, cases = inputs(torch)[kind]
    transform = eval(cases[case], {"T": transforms, "M": transforms.InterpolationMode, "torch": torch})
    torch.manual_seed(1)
    random.seed(1)
    return [repr(transform), *(plain(transform(image)) for _ in range(3 if "Random" in cases[case] else 1))]
