"""Vision models have torchvision's names, shapes, text, fresh weights and outputs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch as torch
from minitorch import nn
from minitorch.vision import models, ops

from . import vision_models as V

Recorded = Callable[[str], Any]
NAMES = [name for name, value in vars(models).items() if type(value).__name__ == "Entry" and name != "unet"]


@pytest.fixture
def unfilled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave new weights as they are: filling the largest models takes seconds."""
    for name in ("uniform_", "normal_", "kaiming_uniform_", "kaiming_normal_", "zeros_", "ones_"):
        monkeypatch.setattr(nn.init, name, lambda tensor, *args, **kwargs: tensor)


def close(found: Any, expected: list[float]) -> None:
    flat = found.flatten()[:: max(1, found.numel() // 40)].numpy()
    np.testing.assert_allclose(flat, expected, rtol=1e-4, atol=1e-4 * np.abs(expected).max())


def test_every_model_of_the_families_is_there(recorded: Recorded) -> None:
    assert set(NAMES) == set(recorded("vision_models")) - set(V.OPTIONS)


@pytest.mark.usefixtures("unfilled")
@pytest.mark.parametrize("name", NAMES)
def test_names_shapes_counts_and_text_are_torchvisions(name: str, recorded: Recorded) -> None:
    assert V.described(getattr(models, name)()) == recorded("vision_models")[name]["state"]


@pytest.mark.usefixtures("unfilled")
@pytest.mark.parametrize("name", V.OUTPUTS)
def test_outputs_are_torchvisions(name: str, recorded: Recorded) -> None:
    with torch.no_grad():
        close(V.fill(torch, getattr(models, name)())(V.image(torch)), recorded("vision_models")[name]["output"])


@pytest.mark.usefixtures("unfilled")
@pytest.mark.parametrize("name", V.FEATURES)
def test_features_are_torchvisions(name: str, recorded: Recorded) -> None:
    with torch.no_grad():
        features = V.fill(torch, getattr(models, name)().features)
        close(features(V.image(torch)), recorded("vision_models")[name]["features"])


@pytest.mark.usefixtures("unfilled")
@pytest.mark.parametrize("case", V.OPTIONS)
def test_options_do_what_they_do_in_torchvision(case: str, recorded: Recorded) -> None:
    name, options = V.OPTIONS[case]
    model = getattr(models, name)(**options)
    assert V.described(model) == recorded("vision_models")[case]["state"]
    with torch.no_grad():
        close(V.fill(torch, model)(V.image(torch)), recorded("vision_models")[case]["output"])


@pytest.mark.parametrize("name", V.FRESH)
def test_fresh_weights_under_a_seed_are_torchvisions(name: str, recorded: Recorded) -> None:
    torch.manual_seed(0)
    np.testing.assert_allclose(V.fresh(getattr(models, name)()), recorded("vision_models")[name]["fresh"], rtol=1e-5)


# ---------------------------------------------------------------- weights


def small(**kwargs: Any) -> Any:
    return models.mobilenet_v3_small(num_classes=3, width_mult=0.25, **kwargs)


@pytest.mark.parametrize("ending", ["pth", "safetensors"])
def test_weights_come_from_a_file_of_the_user(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"weights.{ending}"
    source = small()
    (torch.io.save_file if ending == "safetensors" else torch.save)(source.state_dict(), path)
    for given in (path, str(path), source.state_dict()):
        loaded = small(weights=given).state_dict()
        assert all(torch.equal(value, loaded[name]) for name, value in source.state_dict().items())


def test_weights_that_are_no_file_say_what_to_do(tmp_path: Path) -> None:
    for given in ({"weights": "DEFAULT"}, {"weights": tmp_path / "none.pth"}, {"pretrained": True}, {"weights": 3}):
        with pytest.raises(ValueError, match=r"resnet18: .* is no file; weights are not downloaded"):
            models.resnet18(**given)
    torch.save([1], tmp_path / "list.pth")
    with pytest.raises(ValueError, match="holds a list, expected a state dict"):
        models.resnet18(weights=tmp_path / "list.pth")
    assert models.squeezenet1_1(pretrained=False, weights=None, progress=False).num_classes == 1000


def test_files_of_densenets_with_the_old_names_are_read() -> None:
    source = models.DenseNet(4, (2, 1, 1, 1), 8, num_classes=2)
    old = {}
    for name, value in source.state_dict().items():
        for layer in ("norm", "conv"):
            name = name.replace(f".{layer}1.", f".{layer}.1.") if "denselayer" in name else name
            name = name.replace(f".{layer}2.", f".{layer}.2.") if "denselayer" in name else name
        old[name] = value
    options = {"growth_rate": 4, "block_config": (2, 1, 1, 1), "num_init_features": 8, "num_classes": 2}
    entry = type(models.densenet121)("densenet", models.DenseNet, about="", source="",
                                     renamed=models.densenet121._renamed)  # fmt: skip
    assert old.keys() != source.state_dict().keys()
    assert torch.equal(entry(weights=old, **options).features.conv0.weight, source.features.conv0.weight)


# ---------------------------------------------------------------- training and other parts


def test_a_memory_efficient_densenet_has_the_same_gradients() -> None:
    options: dict[str, Any] = {"growth_rate": 4, "block_config": (2, 2), "num_init_features": 8, "num_classes": 2}
    plain, thrifty = models.DenseNet(**options), models.DenseNet(**options, memory_efficient=True)
    thrifty.load_state_dict(plain.state_dict())
    for model in (plain, thrifty):
        model.eval()(V.image(torch, 32)).square().sum().backward()
    for a, b in zip(plain.parameters(), thrifty.parameters()):
        assert torch.allclose(a.grad, b.grad, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("shape", [(1, 1, 16, 16), (2, 1, 13, 18), (1, 1, 9, 5)])
def test_a_unet_labels_every_pixel_of_images_of_any_size(shape: tuple[int, ...]) -> None:
    model = models.unet(in_channels=1, num_classes=3, width=4, depth=3, dropout=0.1)
    scores = model(torch.randn(shape))
    assert scores.shape == (shape[0], 3, *shape[2:])
    scores.sum().backward()
    assert all(p.grad is not None for p in model.parameters())


@pytest.mark.parametrize("size", [8, 32, 64])
def test_dcgans_fit_together(size: int) -> None:
    generator = models.DCGANGenerator(10, 2, 1, size)
    images = generator(torch.randn(3, 10, 1, 1))
    assert images.shape == (3, 1, size, size) and bool((images.abs() <= 1).all())
    assert models.DCGANDiscriminator(2, 1, size)(images).shape == (3,)
    with pytest.raises(ValueError, match="size=20, expected a power of two"):
        models.DCGANGenerator(size=20)


def test_a_dcgan_has_the_parameters_of_the_published_example() -> None:
    names = [name for name, _ in models.DCGANGenerator().named_parameters()]
    assert names == [f"main.{i}.{p}" for i in (0, 1, 3, 4, 6, 7, 9, 10, 12) for p in ("weight", "bias")
                     if p == "weight" or i in (1, 4, 7, 10)]  # fmt: skip
    assert sum(p.numel() for p in models.DCGANGenerator().parameters()) == 3_576_704
    assert sum(p.numel() for p in models.DCGANDiscriminator().parameters()) == 2_765_568


def test_stochastic_depth_drops_rows_or_the_batch_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    rows = ops.stochastic_depth(torch.ones(1000, 2, 2), 0.25, "row")
    assert sorted(set(rows.flatten().tolist())) == pytest.approx([0, 4 / 3])
    assert float(rows.mean()) == pytest.approx(1, abs=0.1)
    assert len(set(ops.stochastic_depth(torch.ones(50, 2), 0.5, "batch").flatten().tolist())) == 1
    assert ops.StochasticDepth(0.5, "row").eval()(torch.ones(3)).tolist() == [1, 1, 1]
    with pytest.raises(ValueError, match="between 0 and 1"):
        ops.stochastic_depth(torch.ones(1), 1.5, "row")
    with pytest.raises(ValueError, match="mode"):
        ops.stochastic_depth(torch.ones(1), 0.5, "column")


@pytest.mark.parametrize(
    "make, error",
    [
        (lambda: models.ResNet(models.resnet18._args[0], [1] * 4, groups=2), "groups=1"),
        (lambda: models.resnet18(replace_stride_with_dilation=[True]), "3-element"),
        (lambda: models.resnet18(replace_stride_with_dilation=[True] * 3), "Dilation > 1"),
        (lambda: models.MobileNetV2(inverted_residual_setting=[[1, 2]]), "4-element"),
        (lambda: models.MobileNetV3([], 8), "should not be empty"),
        (lambda: models.MobileNetV3([1], 8), "InvertedResidualConfig"),  # type: ignore[list-item]
        (lambda: models.EfficientNet([], 0.1), "should not be empty"),
        (lambda: models.EfficientNet([1], 0.1), "MBConvConfig"),  # type: ignore[list-item]
        (lambda: models.SqueezeNet("2"), "Unsupported SqueezeNet version 2"),
    ],
)
def test_wrong_options_are_errors(make: Callable[[], Any], error: str) -> None:
    with pytest.raises((ValueError, TypeError, NotImplementedError), match=error):
        make()
