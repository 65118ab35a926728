"""What SummaryWriter writes, TensorBoard's own reader reads back."""

import io
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import minitorch as torch
from minitorch.utils.tensorboard import SummaryWriter


def events(folder: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the reader's own business
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

        found = EventAccumulator(str(folder), {"histograms": 0, "images": 0, "scalars": 0, "tensors": 0})
        return found.Reload()


def test_scalars_come_back(tmp_path: Path) -> None:
    with SummaryWriter(tmp_path, flush_secs=1) as writer:
        for step in range(3):
            writer.add_scalar("loss", torch.tensor(1.5) / (step + 1), step, walltime=100.0 + step)
            writer.add_scalar("accuracy", step * 0.25, step)
        writer.add_scalar("parameter", torch.nn.Parameter(torch.ones(1)), 7)
    found = events(tmp_path)
    losses = [(e.step, e.value, e.wall_time) for e in found.Scalars("loss")]
    assert losses == [(0, 1.5, 100), (1, 0.75, 101), (2, 0.5, 102)]
    assert [e.value for e in found.Scalars("accuracy")] == [0, 0.25, 0.5]
    assert [(e.step, e.value) for e in found.Scalars("parameter")] == [(7, 1)]


def test_several_scalars_go_into_runs_of_their_own(tmp_path: Path) -> None:
    with SummaryWriter(str(tmp_path)) as writer:
        writer.add_scalars("loss", {"train": torch.tensor(2.0), "test": 3.0}, 1)
    values = {path.name: events(path).Scalars("loss")[0].value for path in (tmp_path / "loss").iterdir()}
    assert values == {"train": 2, "test": 3}


def test_images_come_back(tmp_path: Path) -> None:
    from PIL import Image

    bytes_ = torch.arange(24).reshape(3, 2, 4).to(torch.uint8)
    with SummaryWriter(tmp_path) as writer:
        writer.add_image("bytes", bytes_, 1)
        writer.add_image("grey", torch.tensor([[0.0, 1.0]]), 2, dataformats="HW")
        writer.add_images("several", torch.zeros(4, 3, 5, 5), 3)
        writer.add_images("listed", [torch.ones(3, 5, 5), torch.zeros(3, 5, 5)], 4)
    found = events(tmp_path)
    image = found.Images("bytes")[0]
    assert (image.step, image.height, image.width) == (1, 2, 4)
    pixels = np.asarray(Image.open(io.BytesIO(image.encoded_image_string)))
    assert pixels.transpose(2, 0, 1).tolist() == bytes_.tolist()
    grey = np.asarray(Image.open(io.BytesIO(found.Images("grey")[0].encoded_image_string)))
    assert grey.max() == 255 and grey.min() == 0
    assert found.Images("several")[0].width >= 10 and found.Images("listed")[0].step == 4


def test_histograms_come_back(tmp_path: Path) -> None:
    values = torch.tensor([[0.0, 1.0], [2.0, 5.0]])
    with SummaryWriter(tmp_path) as writer:
        writer.add_histogram("weights", values, 4)
        writer.add_histogram("bfloat16", values.bfloat16(), 4, bins="auto")
    for tag in ("weights", "bfloat16"):
        (found,) = events(tmp_path).Histograms(tag)
        told = found.histogram_value
        assert (found.step, told.min, told.max, told.num, told.sum) == (4, 0, 5, 4, 8)
        assert sum(told.bucket) == 4


def test_text_figures_curves_and_settings_are_written(tmp_path: Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    with SummaryWriter(tmp_path) as writer:
        writer.add_text("note", "**hello**", 1)
        figure = pyplot.figure()
        writer.add_figure("plot", figure, 2)
        writer.add_pr_curve("pr", torch.tensor([0, 1, 1]), torch.tensor([0.2, 0.7, 0.9]), 3)
        writer.add_hparams({"lr": 0.1}, {"score": torch.tensor(0.5)}, run_name="best")
        writer.flush()
        assert writer.get_logdir() == writer.log_dir == str(tmp_path)
    found = events(tmp_path)
    assert "plot" in found.Tags()["images"] and len(found.Tags()["tensors"]) >= 2
    (run,) = [path for path in tmp_path.iterdir() if path.is_dir()]
    assert events(run).Scalars("score")[0].value == 0.5


def test_what_cannot_be_written_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with SummaryWriter(tmp_path) as writer:
        with pytest.raises(NotImplementedError, match="models are not traced"):
            writer.add_graph(torch.nn.Linear(1, 1), torch.ones(1, 1))
        with pytest.raises(TypeError, match="should be dictionary"):
            writer.add_hparams([], {})  # type: ignore[arg-type]
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ModuleNotFoundError, match="pip install tensorboardX"):
        SummaryWriter(tmp_path)
