"""``Module``: the base class of all layers and models.

It is built in storeys, one file each: ``_members`` (what it holds), ``_tree`` (walking and printing),
``_state_dict`` (saving and loading), ``_hooks``; this file adds the call itself and conversions.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..tape import recording
from ..tensor import Tensor
from ._constructors import own_constructor
from ._handles import RemovableHandle as RemovableHandle
from ._handles import register_module_backward_hook as register_module_backward_hook
from ._handles import register_module_buffer_registration_hook as register_module_buffer_registration_hook
from ._handles import register_module_forward_hook as register_module_forward_hook
from ._handles import register_module_forward_pre_hook as register_module_forward_pre_hook
from ._handles import register_module_full_backward_hook as register_module_full_backward_hook
from ._handles import register_module_full_backward_pre_hook as register_module_full_backward_pre_hook
from ._handles import register_module_module_registration_hook as register_module_module_registration_hook
from ._handles import (
    register_module_parameter_registration_hook as register_module_parameter_registration_hook,
)
from ._handles import shared
from ._hooks import HookedCall, Hooks

if TYPE_CHECKING:
    from typing_extensions import Self

__all__ = ["Module"]

# Errors whose text gets the layer's name in front: these types exactly, so that a subclass with a text of its
# own is left alone.
_NAMED_ERRORS = (RuntimeError, ValueError, TypeError, IndexError, NotImplementedError)


class Module(Hooks):
    """Base class of all layers and models.

    A subclass makes its layers in ``__init__`` (after ``super().__init__()``) and says in ``forward`` how the
    output follows from the input. Layers and ``Parameter``s that are assigned to attributes become part of
    the model: ``parameters()``, ``state_dict()``, ``to()``, ``train()`` and ``print`` reach them.

    When a layer inside a model raises, the message starts with the layer's path:
    ``features.3 (Conv2d): ...``.

    Examples
    --------
    >>> import minitorch
    >>> from minitorch import nn
    >>> class Net(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.fc = nn.Linear(4, 2)
    ...     def forward(self, x):
    ...         return self.fc(x).relu()
    >>> Net()(minitorch.zeros(3, 4)).shape
    torch.Size([3, 2])
    """

    dump_patches: bool = False
    _compiled_call_impl: Callable[..., Any] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        own_constructor(cls)

    def forward(self, *input: Any) -> Any:
        """Compute the output; every subclass overrides this."""
        raise NotImplementedError(f'Module [{type(self).__name__}] is missing the required "forward" function')

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the hooks and ``forward``."""
        try:
            if (
                self._forward_hooks
                or self._forward_pre_hooks
                or self._backward_hooks
                or self._backward_pre_hooks
                or shared.forward
                or shared.forward_pre
                or shared.backward
                or shared.backward_pre
            ):
                return HookedCall(self, args, kwargs).run()
            return self.forward(*args, **kwargs)
        except Exception as error:
            name_layer(self, error)
            raise

    # ---- conversion ---------------------------------------------------------------------------------------

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Self:
        """Replace the data of every parameter, gradient and buffer by ``fn`` of it; parameters keep
        identity.
        """
        if recurse:
            for module in self.children():
                module._apply(fn)
        for param in self._parameters.values():
            if param is not None:
                _convert(param, fn)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Convert floating-point parameters and buffers, in place; return self.

        ``to(dtype)``, ``to(device)``, ``to(device, dtype)``, ``to(tensor)`` and ``to(memory_format=...)``
        as for ``Tensor.to``. TypeError for a dtype that is not floating-point.

        >>> import minitorch
        >>> minitorch.nn.Linear(2, 3).to(minitorch.float64).weight.dtype
        torch.float64
        """
        target = _ToArguments(*args, **kwargs)
        return self._apply(target.convert)

    def float(self) -> Self:
        """Convert floating-point parameters and buffers to float32; return self."""
        return self._apply(lambda t: t.float() if t.is_floating_point() else t)

    def double(self) -> Self:
        """Convert floating-point parameters and buffers to float64; return self."""
        return self._apply(lambda t: t.double() if t.is_floating_point() else t)

    def half(self) -> Self:
        """Convert floating-point parameters and buffers to float16; return self."""
        return self._apply(lambda t: t.half() if t.is_floating_point() else t)

    def bfloat16(self) -> Self:
        """Convert floating-point parameters and buffers to bfloat16; return self."""
        return self._apply(lambda t: t.bfloat16() if t.is_floating_point() else t)

    def type(self, dst_type: Any) -> Self:
        """Convert all parameters and buffers to ``dst_type``; return self."""
        return self._apply(lambda t: t.type(dst_type))

    def cpu(self) -> Self:
        """Move to the CPU, where minitorch's tensors are anyway; return self."""
        return self._apply(lambda t: t.cpu())

    def cuda(self, device: Any = None) -> Self:
        """Raise as torch's CPU build does: there is no CUDA device."""
        return self._apply(lambda t: t.cuda(device))

    def to_empty(self, *, device: Any, recurse: bool = True) -> Self:
        """Replace every parameter and buffer by an uninitialised one of the same shape; return self."""
        return self._apply(lambda t: t.new_empty(t.shape, device=device), recurse=recurse)

    def share_memory(self) -> Self:
        """Move parameters and buffers to memory that processes share; return self."""
        return self._apply(lambda t: t.share_memory_())

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Do nothing: minitorch's kernels are compiled already. Accepts torch's arguments."""


def _convert(param: Any, fn: Callable[[Tensor], Tensor]) -> None:
    grad = param.grad
    with recording(False):
        param.data = fn(param)
        if grad is not None:
            param.grad = fn(grad).requires_grad_(grad.requires_grad)


class _ToArguments:
    """The arguments of ``Module.to``, understood once and applied to each tensor."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.memory_format = kwargs.pop("memory_format", None)
        probe = Tensor([0.0]).to(*args, **kwargs)
        self.dtype = probe.dtype if _names_dtype(args, kwargs) else None
        if self.dtype is not None and not (self.dtype.is_floating_point or self.dtype.is_complex):
            raise TypeError(
                f"nn.Module.to only accepts floating point or complex dtypes, but got desired dtype={self.dtype}"
            )

    def convert(self, tensor: Tensor) -> Any:
        dtype = self.dtype if tensor.is_floating_point() and self.dtype is not None else tensor.dtype
        if self.memory_format is not None and tensor.dim() in (4, 5):
            return tensor.to(dtype, memory_format=self.memory_format)
        return tensor.to(dtype)


def _names_dtype(args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    from ..dtypes import dtype

    return any(isinstance(value, (dtype, Tensor, type)) for value in (*args, *kwargs.values()))


# ---- errors -----------------------------------------------------------------------------------------------


def name_layer(module: Module, error: Exception) -> None:
    """Put the path of the layer that raised in front of the error's text, while the error passes ``module``.

    The innermost module notes itself on the error; each module further out knows a longer path to it. A
    layer that is called on its own has no path, and its message stays torch's.
    """
    if type(error) not in _NAMED_ERRORS or len(error.args) != 1 or not isinstance(error.args[0], str):
        return
    noted = error.__dict__.setdefault("_layer", (module, error.args[0]))
    layer, text = noted
    if layer is module:
        return
    path = next((path for path, part in module.named_modules() if part is layer), "")
    if path:
        error.args = (f"{path} ({layer._get_name()}): {text}",)
