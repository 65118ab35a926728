"""In-place changes of a tensor's shape: transpose_, squeeze_, unsqueeze_, t_, as_strided_, resize_.

The tensor becomes a view of what it was: same memory, other shape.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..inplace import check_writable
from ..memory import Array
from ..op import register
from ..tape import mode
from ..tensor import method, wrap
from ._common import Tensor, ints
from .rearrange import swapaxes
from .shape import squeeze, t, transpose, unsqueeze
from .strided import _whole, as_strided

__all__ = ["resize_as_"]


def _twin(x: Tensor) -> Tensor:
    """Return another tensor in the place of ``x``: its array, storage and history."""
    old = wrap(x._data, type(x) if type(x) is not Tensor else Tensor)
    old._storage, old._base, old._chain, old._seen = x._storage, x._base, x._chain, x._seen
    old._node, old._index, old._requires = x._node, x._index, x._requires
    if x._storage.private:
        x._storage.join(old)
    return old


def _become(x: Tensor, view: Tensor) -> Tensor:
    """Make ``x`` the view."""
    x._storage.written()
    x._data, x._base, x._chain, x._seen = view._data, view._base, view._chain, view._seen
    x._node, x._index, x._requires = view._node, view._index, view._requires
    return x


def _inplace_view(name: str, fn: Callable[..., Tensor]) -> None:
    def fn_(self: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        view = fn(_twin(self), *args, **kwargs)
        if mode.enabled:
            if self._requires and self._node is None:
                raise RuntimeError(
                    "a view of a leaf Variable that requires grad is being used in an in-place operation."
                )
            check_writable(self)
        return _become(self, view)

    fn_.__name__ = fn_.__qualname__ = name
    fn_.__doc__ = f"Change the tensor's shape as `{name[:-1]}` does, and return it."
    method(fn_, name)


for _name, _fn in (("transpose_", transpose), ("swapaxes_", swapaxes), ("swapdims_", transpose), ("t_", t),
                   ("squeeze_", squeeze), ("unsqueeze_", unsqueeze), ("as_strided_", as_strided)):  # fmt: skip
    _inplace_view(_name, _fn)


# ---- sizes ---------------------------------------------------------------------------------------------------------


def _resized(array: Array, size: tuple[int, ...]) -> Array:
    """Return an array of another size on the same memory, or on a larger copy of it."""
    flat, start = _whole(array)
    need = int(np.prod(size))
    if start + need > flat.size:
        more = np.zeros(start + need, array.dtype)
        more[: flat.size] = flat
        flat = more
    return flat[start : start + need].reshape(size)


@method
def resize_(self: Tensor, *sizes: Any, memory_format: Any = None) -> Tensor:
    """Give the tensor another size, keeping the elements in memory; new ones at the end are 0."""
    if self.requires_grad:
        raise RuntimeError("cannot resize variables that require grad")
    size = ints(sizes)
    if min(size, default=0) < 0:
        raise RuntimeError(f"Trying to create tensor with negative dimension {min(size)}: {list(size)}")
    self._data = _resized(self._visible(), size)
    return self


def resize_as_(input: Tensor, the_template: Tensor, *, memory_format: Any = None) -> Tensor:
    """Give the tensor the size of another one.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.resize_as_(minitorch.tensor([1.0, 2.0, 3.0]), minitorch.zeros(2))
    tensor([1., 2.])
    """
    return resize_(input, the_template._data.shape)


register(resize_as_, differentiable=False)
