"""Devices, layouts and memory formats: names that torch code passes around; here there is one device, the CPU."""

from __future__ import annotations

from typing import Any

__all__ = ["check_device", "device", "layout", "memory_format"]


class device:
    """A compute device. Only ``device("cpu")`` can hold tensors.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.device("cpu")
    device(type='cpu')
    """

    __slots__ = ("type", "index")
    type: str
    index: int | None
    KNOWN = ("cpu", "cuda", "ipu", "xpu", "mkldnn", "opengl", "opencl", "ideep", "hip", "ve", "fpga", "maia", "xla",
             "lazy", "vulkan", "mps", "meta", "hpu", "mtia", "privateuseone")  # fmt: skip

    def __init__(self, type: str | device, index: int | None = None) -> None:
        if isinstance(type, device):
            index, type = type.index, type.type
        name, _, number = str(type).partition(":")
        if name not in self.KNOWN or (number and not number.isdigit()):
            raise RuntimeError(f"Expected one of {', '.join(self.KNOWN)} device type at start of device string: {name}")
        self.type = name
        self.index = int(number) if number else index

    def __repr__(self) -> str:
        index = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{index})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, device) and (self.type, self.index) == (other.type, other.index)

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __enter__(self) -> device:
        check_device(self)
        return self

    def __exit__(self, *exc: object) -> None:
        return None

    def __reduce__(self) -> tuple[Any, tuple[str, int | None]]:
        return device, (self.type, self.index)


CPU = device("cpu")


def check_device(where: object) -> device:
    """Return the CPU device; raise as torch's CPU build does for any other."""
    if where is None or where is CPU:
        return CPU
    found = where if isinstance(where, device) else device(where)  # type: ignore[arg-type]
    if found.type == "cpu":
        return CPU
    if found.type == "cuda":
        raise AssertionError("Torch not compiled with CUDA enabled")
    raise NotImplementedError(f"device {found} is not available: minitorch computes on the CPU (device='cpu')")


class _Named:
    """A constant of torch's, which prints and pickles as its name."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return "torch." + self.name

    def __reduce__(self) -> str:
        return self.name


class memory_format(_Named):
    """A stride order: ``contiguous_format``, ``preserve_format``, ``channels_last``, ``channels_last_3d``.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.channels_last
    torch.channels_last
    """

    __slots__ = ()


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last")
channels_last_3d = memory_format("channels_last_3d")


class layout(_Named):
    """How a tensor's elements lie in memory: ``strided``. The sparse ones are names only.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.strided
    torch.strided
    """

    __slots__ = ()


strided = layout("strided")
sparse_coo, sparse_csr, sparse_csc, sparse_bsr, sparse_bsc = map(
    layout, ("sparse_coo", "sparse_csr", "sparse_csc", "sparse_bsr", "sparse_bsc")
)
