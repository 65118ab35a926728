"""Transforms of images give torchvision's pixels under torchvision's seed, for Pillow's images and for tensors."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import minitorch as torch
from minitorch.vision import transforms as T
from minitorch.vision import utils
from minitorch.vision.transforms import functional as F

from . import vision_transforms as V

CALLS = [(kind, case) for kind, (_, cases) in V.inputs(torch).items() for case in cases]


def same(found: Any, expected: Any, budget: float) -> None:
    if isinstance(expected[0], list):
        for a, b in zip(found, expected, strict=True):
            same(a, b, budget)
        return
    assert found[:2] == expected[:2]
    np.testing.assert_allclose(found[2], expected[2], rtol=0, atol=budget)


@pytest.mark.parametrize("kind, case", CALLS)
def test_transforms_give_torchvisions_pixels(kind: str, case: str, recorded: Callable[[str], Any]) -> None:
    expected = recorded("vision_transforms")[f"{kind}: {case}"]
    found = V.run(torch, T, kind, case)
    assert found[0] == expected[0] and len(found) == len(expected)
    for a, b in zip(found[1:], expected[1:]):
        same(a, b, 2e-5 if kind == "fractions" else 1.0 if kind == "bytes" else 0.0)
    if kind == "bytes":  # rounding of halves may differ in a pixel here and there, no more
        numbers = [np.concatenate([np.ravel(part[2]) for part in flat(result[1:])]) for result in (found, expected)]
        assert np.mean(numbers[0] != numbers[1]) < 0.01


def flat(value: Any) -> list[Any]:
    return [value] if isinstance(value[0], str) else [part for item in value for part in flat(item)]


@pytest.mark.parametrize("channels, mode", [(1, "L"), (2, "LA"), (3, "RGB"), (4, "RGBA")])
def test_pictures_and_tensors_turn_into_each_other(channels: int, mode: str) -> None:
    tensor = torch.arange(channels * 6).reshape(channels, 2, 3).to(torch.uint8)
    picture = T.ToPILImage()(tensor)
    assert picture.mode == mode and picture.size == (3, 2)
    assert torch.equal(T.PILToTensor()(picture), tensor)
    assert torch.equal(T.ToTensor()(picture), tensor.float() / 255)
    assert torch.equal(T.PILToTensor()(T.ToPILImage()(tensor / 255 + 1e-4)), tensor)


@pytest.mark.parametrize("dtype, mode", [("int16", "I;16"), ("int32", "I"), ("float32", "F")])
def test_pictures_of_other_numbers_keep_them(dtype: str, mode: str) -> None:
    tensor = torch.arange(6).reshape(1, 2, 3).to(getattr(torch, dtype))
    picture = F.to_pil_image(tensor, mode)
    assert picture.mode == mode and F.to_tensor(picture).tolist() == tensor.tolist()


def test_a_picture_of_bits_becomes_zeros_and_ones() -> None:
    from PIL import Image

    picture = Image.fromarray(np.uint8([[0, 255, 255]])).convert("1")
    assert F.to_tensor(picture).tolist() == [[[0, 1, 1]]]


def test_gradients_pass_through_transforms_of_fractions() -> None:
    x = torch.rand(3, 8, 8, requires_grad=True)
    for transform in (T.Resize(5), T.Pad(1, padding_mode="reflect"), T.ColorJitter(0.1, 0.1, 0.1),
                      T.RandomRotation(10, T.InterpolationMode.BILINEAR), T.RandomCrop(4),
                      T.Normalize([0.5] * 3, [0.5] * 3)):  # fmt: skip
        (grad,) = torch.autograd.grad(transform(x).square().sum(), x)
        assert float(grad.abs().sum()) > 0


def test_transforms_leave_their_input_alone() -> None:
    x = torch.rand(3, 8, 8)
    before = x.clone()
    for transform in (T.Normalize([1] * 3, [2] * 3), T.RandomErasing(1), T.Grayscale(), T.ColorJitter(0.5)):
        transform(x)
        assert torch.equal(x, before)
    T.Normalize([1] * 3, [2] * 3, inplace=True)(x)
    assert not torch.equal(x, before)


@pytest.mark.parametrize(
    "call, error",
    [
        (lambda: T.Resize(4.5), "Size should be int or sequence"),
        (lambda: T.Resize((1, 2, 3)), "1 or 2 values"),
        (lambda: T.Resize(3, 9), "InterpolationMode"),
        (lambda: T.Resize(5, max_size=4)(torch.zeros(1, 8, 8)), "strictly greater"),
        (lambda: T.Resize((5, 5), max_size=9)(torch.zeros(1, 8, 8)), "max_size should only be passed"),
        (lambda: F.resize(torch.zeros(1, 8, 8), 4, T.InterpolationMode.BOX), "for PIL Images"),
        (lambda: T.CenterCrop((1, 2, 3)), "only two dimensions"),
        (lambda: T.CenterCrop(2)([1]), "PIL Image or a Tensor"),
        (lambda: T.FiveCrop(9)(torch.zeros(1, 8, 8)), "bigger than input size"),
        (lambda: T.Pad((1, 2, 3)), "1, 2, or 4 element"),
        (lambda: T.Pad("1"), "inappropriate padding"),
        (lambda: T.Pad(1, fill=None), "inappropriate fill"),
        (lambda: T.Pad(1, padding_mode="wrap"), "Padding mode"),
        (lambda: T.RandomCrop(9)(torch.zeros(1, 8, 8)), r"Required crop size \(9, 9\) is larger"),
        (lambda: T.RandomResizedCrop(3, 0.5), "Scale should be a sequence"),
        (lambda: T.RandomRotation(-1), "must be positive"),
        (lambda: T.RandomRotation((1, 2, 3)), "length 2"),
        (lambda: F.rotate(torch.zeros(1, 3, 3), 1, T.InterpolationMode.BICUBIC), "unsupported with Tensor"),
        (lambda: T.ColorJitter(-1), "non negative"),
        (lambda: T.ColorJitter("1"), "single number"),
        (lambda: T.ColorJitter(hue=0.7), "between"),
        (lambda: F.adjust_hue(torch.zeros(3, 1, 1), 0.6), "is not in"),
        (lambda: F.adjust_brightness(torch.zeros(3, 1, 1), -1), "not non-negative"),
        (lambda: F.adjust_contrast(torch.zeros(2, 1, 1), 1), "permitted channel values"),
        (lambda: T.Grayscale(2)(torch.zeros(3, 1, 1)), "either 1 or 3"),
        (lambda: F.to_grayscale(torch.zeros(3, 1, 1)), "PIL Image"),
        (lambda: T.RandomErasing(value="black"), "should be 'random'"),
        (lambda: T.RandomErasing(2), "probability"),
        (lambda: T.RandomErasing(scale=(0, 2)), "Scale should be between"),
        (lambda: T.RandomErasing(1, value=(1, 2))(torch.zeros(3, 9, 9)), "number of input channels"),
        (lambda: T.ToTensor()([1]), "PIL Image or ndarray"),
        (lambda: T.ToTensor()(np.zeros(3)), "2/3 dimensional"),
        (lambda: T.PILToTensor()(torch.zeros(1)), "should be PIL Image"),
        (lambda: T.ToPILImage()([1]), "Tensor or ndarray"),
        (lambda: T.ToPILImage()(torch.zeros(5, 2, 2)), "> 4 channels"),
        (lambda: T.ToPILImage("RGB")(torch.zeros(1, 2, 2)), "Incorrect mode"),
        (lambda: T.ToPILImage()(np.zeros((2, 2, 3))), "not supported"),
        (lambda: T.Normalize([0], [0])(torch.zeros(1, 2, 2)), "division by zero"),
        (lambda: T.Normalize([0], [1])(torch.zeros(2, 2)), "tensor image of size"),
        (lambda: T.Normalize([0], [1])(torch.zeros(1, 2, 2).long()), "float tensor"),
        (lambda: T.ConvertImageDtype(3), "torch.dtype"),
        (lambda: T.ConvertImageDtype(torch.int64)(torch.zeros(1)), "cannot be performed safely"),
        (lambda: T.Lambda(3), "callable"),
        (lambda: T.RandomOrder(3), "sequence"),
    ],
)
def test_wrong_images_and_options_are_errors(call: Callable[[], Any], error: str) -> None:
    with pytest.raises((TypeError, ValueError, RuntimeError), match=error):
        call()


# ---------------------------------------------------------------- pictures of tensors


def test_a_grid_holds_the_images_row_by_row() -> None:
    images = torch.arange(3.0).reshape(3, 1, 1, 1).expand(3, 1, 2, 3)
    grid = utils.make_grid(images, nrow=2, padding=1, pad_value=9)
    assert grid.shape == (3, 7, 9) and grid[:, 0].eq(9).all()
    assert grid[0, 1].tolist() == [9, 0, 0, 0, 9, 1, 1, 1, 9] and grid[2, 4].tolist() == [9, 2, 2, 2] + [9] * 5
    assert torch.equal(utils.make_grid([torch.ones(3, 2, 2)]), torch.ones(3, 2, 2))
    assert utils.make_grid(torch.ones(4, 4)).shape == (3, 4, 4)


def test_a_grid_may_be_normalised_as_a_whole_or_image_by_image() -> None:
    images = torch.tensor([0.0, 1, 2, 4]).reshape(2, 1, 1, 2)
    assert utils.make_grid(images, padding=0, normalize=True)[0].tolist() == [[0, 0.25, 0.5, 1]]
    assert utils.make_grid(images, padding=0, normalize=True, scale_each=True)[0].tolist() == [[0, 1, 0, 1]]
    ranged = utils.make_grid(images, padding=0, normalize=True, value_range=(1, 3))
    assert ranged[0].tolist() == [[0, 0, 0.5, 1]] and images.flatten().tolist() == [0, 1, 2, 4]
    with pytest.raises(TypeError, match="value_range"):
        utils.make_grid(images, normalize=True, value_range=3)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="list of tensors expected"):
        utils.make_grid(3)


def test_a_saved_image_is_read_back() -> None:
    from PIL import Image

    file = io.BytesIO()
    image = torch.tensor([0, 51, 255]).reshape(1, 1, 3).expand(3, 2, 3) / 255
    utils.save_image(image, file, "png")
    assert np.asarray(Image.open(file))[0, :, 1].tolist() == [0, 51, 255]


def test_without_pillow_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "PIL.Image", None)
    with pytest.raises(ModuleNotFoundError, match=r"save_image: this needs the Pillow package.*pip install pillow"):
        utils.save_image(torch.zeros(3, 2, 2), io.BytesIO(), "png")
