"""Embedding layers: tables of vectors that are looked up by index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..ops.create import empty
from ..tape import recording
from ..tensor import Tensor
from . import functional as F
from . import init
from .module import Module
from .parameter import Parameter

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Embedding", "EmbeddingBag"]


class _Table(Module):
    """A learned table of ``num_embeddings`` vectors."""

    weight: Parameter

    def _make_weight(
        self,
        num_embeddings: int,
        embedding_dim: int,
        weight: Tensor | None,
        freeze: bool,
        factory: dict[str, Any],
    ) -> None:
        if weight is None:
            self.weight = Parameter(empty((num_embeddings, embedding_dim), **factory), requires_grad=not freeze)
            self.reset_parameters()
        elif list(weight.shape) != [num_embeddings, embedding_dim]:
            raise AssertionError("Shape of weight does not match num_embeddings and embedding_dim")
        else:
            self.weight = Parameter(weight, requires_grad=not freeze)

    def reset_parameters(self) -> None:
        """Draw the vectors from N(0, 1), as torch does; the padding vector is zero."""
        init.normal_(self.weight)
        if self.padding_idx is not None:
            with recording(False):
                self.weight[self.padding_idx].fill_(0)


def _padding(padding_idx: int | None, num_embeddings: int, name: str) -> int | None:
    if padding_idx is None:
        return None
    if not -num_embeddings <= padding_idx < num_embeddings:
        raise AssertionError(f"{name} must be within num_embeddings")
    return padding_idx % num_embeddings


def _check_matrix(embeddings: Tensor) -> None:
    if embeddings.dim() != 2:
        raise AssertionError("Embeddings parameter is expected to be 2-dimensional")


class Embedding(_Table):
    """Vectors looked up by index: integers (*) to (*, embedding_dim).

    Parameters
    ----------
    num_embeddings, embedding_dim : int
        Number and size of the vectors.
    padding_idx : int, optional
        Index whose vector starts as zero and gets no gradient.
    max_norm, norm_type : float, optional
        Vectors that are looked up are scaled down, in place, to this norm.
    scale_grad_by_freq : bool
        Divide gradients by how often the index occurs in the batch.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.nn.Embedding(10, 3)(minitorch.tensor([[1, 2, 4, 5]])).shape
    torch.Size([1, 4, 3])
    """

    __constants__ = ["num_embeddings", "embedding_dim", "padding_idx", "max_norm"]
    __constants__ += ["norm_type", "scale_grad_by_freq", "sparse"]

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
        _weight: Tensor | None = None,
        _freeze: bool = False,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.padding_idx = _padding(padding_idx, num_embeddings, "Padding_idx")
        self.max_norm, self.norm_type = max_norm, norm_type
        self.scale_grad_by_freq, self.sparse = scale_grad_by_freq, sparse
        factory = {"device": device, "dtype": dtype}
        self._make_weight(num_embeddings, embedding_dim, _weight, _freeze, factory)

    def forward(self, input: Tensor) -> Tensor:
        """Return the vectors at the indices."""
        return F.embedding(
            input,
            self.weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def extra_repr(self) -> str:
        """Return the arguments that differ from the defaults."""
        parts = [f"{self.num_embeddings}", f"{self.embedding_dim}"]
        defaults = {"padding_idx": None, "max_norm": None, "norm_type": 2, "scale_grad_by_freq": False}
        defaults["sparse"] = False
        parts += [f"{k}={v}" for k, default in defaults.items() if (v := getattr(self, k)) != default]
        return ", ".join(parts)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        padding_idx: int | None = None,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        sparse: bool = False,
    ) -> Self:
        """Return an Embedding over a given (num_embeddings, embedding_dim) tensor, frozen by default."""
        _check_matrix(embeddings)
        rows, columns = embeddings.shape
        return cls(rows, columns, padding_idx, max_norm, norm_type, scale_grad_by_freq, sparse, embeddings, freeze)


class EmbeddingBag(_Table):
    """Sums, means or maxima of vectors that are looked up, without making the vectors.

    ``mode`` is 'sum', 'mean' or 'max'. Input (B, N): B bags of N indices; or (N) with ``offsets`` (B),
    where each bag starts. Output (B, embedding_dim).

    >>> import minitorch
    >>> minitorch.nn.EmbeddingBag(10, 3)(minitorch.tensor([1, 2, 4, 5]), minitorch.tensor([0, 2])).shape
    torch.Size([2, 3])
    """

    __constants__ = ["num_embeddings", "embedding_dim", "max_norm", "norm_type", "scale_grad_by_freq"]
    __constants__ += ["mode", "sparse", "include_last_offset", "padding_idx"]

    def __init__(
        self,
        num_embeddings: int,
        embedding_dim: int,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        _weight: Tensor | None = None,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
        device: Any = None,
        dtype: Any = None,
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = num_embeddings, embedding_dim
        self.max_norm, self.norm_type, self.scale_grad_by_freq = max_norm, norm_type, scale_grad_by_freq
        self.padding_idx = _padding(padding_idx, num_embeddings, "padding_idx")
        self.mode, self.sparse, self.include_last_offset = mode, sparse, include_last_offset
        factory = {"device": device, "dtype": dtype}
        self._make_weight(num_embeddings, embedding_dim, _weight, False, factory)

    def forward(self, input: Tensor, offsets: Tensor | None = None, per_sample_weights: Tensor | None = None) -> Tensor:
        """Return one vector for each bag."""
        return F.embedding_bag(
            input,
            self.weight,
            offsets,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.mode,
            self.sparse,
            per_sample_weights,
            self.include_last_offset,
            self.padding_idx,
        )

    def extra_repr(self) -> str:
        """Return the arguments that differ from the defaults, and the mode."""
        parts = [f"{self.num_embeddings}", f"{self.embedding_dim}"]
        defaults = {"max_norm": None, "norm_type": 2, "scale_grad_by_freq": False}
        parts += [f"{k}={v!r}" for k, default in defaults.items() if (v := getattr(self, k)) != default]
        parts += [f"mode={self.mode!r}"]
        parts += [] if self.padding_idx is None else [f"padding_idx={self.padding_idx}"]
        return ", ".join(parts)

    @classmethod
    def from_pretrained(
        cls,
        embeddings: Tensor,
        freeze: bool = True,
        max_norm: float | None = None,
        norm_type: float = 2.0,
        scale_grad_by_freq: bool = False,
        mode: str = "mean",
        sparse: bool = False,
        include_last_offset: bool = False,
        padding_idx: int | None = None,
    ) -> Self:
        """Return an EmbeddingBag over a given (num_embeddings, embedding_dim) tensor, frozen by default."""
        _check_matrix(embeddings)
        rows, columns = embeddings.shape
        options = (max_norm, norm_type, scale_grad_by_freq, mode, sparse, embeddings)
        bag = cls(rows, columns, *options, include_last_offset, padding_idx)
        bag.weight.requires_grad_(not freeze)
        return bag
