"""Logs that TensorBoard shows, with the writer and the methods of ``torch.utils.tensorboard``.

The files are written by the tensorboardX package, which minitorch itself does not need.
"""

from __future__ import annotations

import importlib
from typing import Any, NoReturn

import numpy as np

from ..tensor import Tensor

__all__ = ["SummaryWriter"]


def _library() -> Any:
    try:
        return importlib.import_module("tensorboardX")
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "SummaryWriter: this needs the tensorboardX package, which is not installed: pip install tensorboardX",
            name=error.name,
        ) from error


def _plain(value: Any) -> Any:
    """Return a value with its tensors as numbers or NumPy arrays; bfloat16 as float32."""
    if isinstance(value, Tensor):
        value = value.detach()
        value = value.float() if str(value.dtype) == "torch.bfloat16" else value
        return value.numpy() if value.ndim else value.item()
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


class SummaryWriter:
    """Writes scalars, images, histograms and more for TensorBoard, which shows them with ``tensorboard --logdir``.

    Parameters
    ----------
    log_dir : path, optional
        Folder of the files; by default a new one below ``runs``.
    comment : str
        End of the default folder's name.
    purge_step : int, optional
        Step from which on what an earlier run has written is hidden.
    max_queue, flush_secs : int
        When waiting records go to the disk.
    filename_suffix : str
        End of the files' names.

    Raises
    ------
    ModuleNotFoundError
        If the tensorboardX package is not installed.

    Examples
    --------
    >>> from minitorch.utils.tensorboard import SummaryWriter
    >>> with SummaryWriter("runs/first") as writer:  # doctest: +SKIP
    ...     writer.add_scalar("loss", 0.5, global_step=1)
    """

    def __init__(
        self,
        log_dir: Any = None,
        comment: str = "",
        purge_step: int | None = None,
        max_queue: int = 10,
        flush_secs: int = 120,
        filename_suffix: str = "",
    ) -> None:
        folder = None if log_dir is None else str(log_dir)
        self._writer = _library().SummaryWriter(folder, comment, purge_step, max_queue, flush_secs, filename_suffix)
        self.log_dir: str = self._writer.logdir

    def get_logdir(self) -> str:
        """Return the folder of the files."""
        return self.log_dir

    # ---- numbers -------------------------------------------------------------------------------------------

    def add_scalar(
        self,
        tag: str,
        scalar_value: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        new_style: bool = False,
        double_precision: bool = False,
    ) -> None:
        """Add a number, or a tensor of one element, to a curve. The last two arguments are accepted."""
        value = scalar_value.item() if isinstance(scalar_value, Tensor) else scalar_value
        self._writer.add_scalar(tag, value, global_step, walltime)

    def add_scalars(
        self,
        main_tag: str,
        tag_scalar_dict: dict[str, Any],
        global_step: int | None = None,
        walltime: float | None = None,
    ) -> None:
        """Add numbers to several curves of one picture."""
        self._writer.add_scalars(main_tag, _plain(tag_scalar_dict), global_step, walltime)

    def add_histogram(
        self,
        tag: str,
        values: Any,
        global_step: int | None = None,
        bins: Any = "tensorflow",
        walltime: float | None = None,
        max_bins: int | None = None,
    ) -> None:
        """Add the distribution of a tensor's elements."""
        flat = values.detach().flatten() if isinstance(values, Tensor) else values
        self._writer.add_histogram(tag, _plain(flat), global_step, bins, walltime, max_bins)

    def add_pr_curve(
        self,
        tag: str,
        labels: Any,
        predictions: Any,
        global_step: int | None = None,
        num_thresholds: int = 127,
        weights: Any = None,
        walltime: float | None = None,
    ) -> None:
        """Add precision over recall of predicted probabilities (N,) for labels 0 and 1 (N,)."""
        arrays = (_plain(labels), _plain(predictions))
        self._writer.add_pr_curve(tag, *arrays, global_step, num_thresholds, _plain(weights), walltime)

    def add_hparams(
        self,
        hparam_dict: dict[str, Any],
        metric_dict: dict[str, Any],
        hparam_domain_discrete: dict[str, list[Any]] | None = None,
        run_name: str | None = None,
        global_step: int | None = None,
    ) -> None:
        """Add a run's settings with the numbers it reached; the domains of settings are not written.

        Raises
        ------
        TypeError
            If one of the two is not a dict.
        """
        if not isinstance(hparam_dict, dict) or not isinstance(metric_dict, dict):
            raise TypeError("hparam_dict and metric_dict should be dictionary.")
        self._writer.add_hparams(_plain(hparam_dict), _plain(metric_dict), run_name, global_step)

    # ---- pictures, text ------------------------------------------------------------------------------------

    def add_image(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "CHW",
    ) -> None:
        """Add a picture of bytes, or of fractions from 0 to 1."""
        self._writer.add_image(tag, _plain(img_tensor), global_step, walltime, dataformats)

    def add_images(
        self,
        tag: str,
        img_tensor: Any,
        global_step: int | None = None,
        walltime: float | None = None,
        dataformats: str = "NCHW",
    ) -> None:
        """Add pictures (N, C, H, W), or a list of pictures (C, H, W), side by side."""
        images = np.stack(_plain(img_tensor)) if isinstance(img_tensor, list) else _plain(img_tensor)
        self._writer.add_images(tag, images, global_step, walltime, dataformats)

    def add_figure(
        self, tag: str, figure: Any, global_step: int | None = None, close: bool = True, walltime: float | None = None
    ) -> None:
        """Add a figure of matplotlib, or a list of them."""
        self._writer.add_figure(tag, figure, global_step, close, walltime)

    def add_text(
        self, tag: str, text_string: str, global_step: int | None = None, walltime: float | None = None
    ) -> None:
        """Add a text, in Markdown."""
        self._writer.add_text(tag, text_string, global_step, walltime)

    def add_embedding(
        self,
        mat: Any,
        metadata: Any = None,
        label_img: Any = None,
        global_step: int | None = None,
        tag: str = "default",
        metadata_header: Any = None,
    ) -> None:
        """Add points (N, D) that the projector shows, with a label and a picture each."""
        arrays = (_plain(mat), _plain(metadata), _plain(label_img))
        self._writer.add_embedding(*arrays, global_step, tag, metadata_header)

    def add_graph(self, model: Any, input_to_model: Any = None, verbose: bool = False, **options: Any) -> NoReturn:
        """Raise NotImplementedError: programs are not traced, so there is no graph to draw."""
        raise NotImplementedError("add_graph: models are not traced; add_text('model', repr(model)) shows their layers")

    # ---- the end -------------------------------------------------------------------------------------------

    def flush(self) -> None:
        """Write waiting records to the disk."""
        self._writer.flush()

    def close(self) -> None:
        """Write waiting records to the disk and end."""
        self._writer.close()

    def __enter__(self) -> SummaryWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()
