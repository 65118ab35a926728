"""Switches and questions of the top-level namespace that change nothing here, and torch's legacy tensor types."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .. import convert, dtypes
from ..device import CPU, check_device, device
from ..tensor import Tensor, wrap

__all__ = ["TENSOR_TYPES", "are_deterministic_algorithms_enabled", "get_default_device",
           "get_deterministic_debug_mode", "get_num_interop_threads", "is_deterministic_algorithms_warn_only_enabled",
           "is_storage", "is_warn_always_enabled", "set_default_device", "set_default_tensor_type",
           "set_deterministic_debug_mode", "set_num_interop_threads", "set_warn_always", "typename",
           "use_deterministic_algorithms"]  # fmt: skip

_settings: dict[str, Any] = {"deterministic": False, "warn_only": False, "warn_always": False, "interop": 1}


# ---- settings ------------------------------------------------------------------------------------------------------


def use_deterministic_algorithms(mode: bool, *, warn_only: bool = False) -> None:
    """Ask for deterministic algorithms. All of minitorch's are, whatever is asked for.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.use_deterministic_algorithms(False)
    """
    _settings["deterministic"], _settings["warn_only"] = bool(mode), bool(warn_only)


def are_deterministic_algorithms_enabled() -> bool:
    """Return what `use_deterministic_algorithms` set.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.are_deterministic_algorithms_enabled()
    False
    """
    return _settings["deterministic"]


def is_deterministic_algorithms_warn_only_enabled() -> bool:
    """Return whether `use_deterministic_algorithms` was asked to warn only.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.is_deterministic_algorithms_warn_only_enabled()
    False
    """
    return _settings["warn_only"]


def get_deterministic_debug_mode() -> int:
    """Return 0, 1 (warn) or 2 (error): what `use_deterministic_algorithms` set.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.get_deterministic_debug_mode()
    0
    """
    return (1 if _settings["warn_only"] else 2) if _settings["deterministic"] else 0


def set_deterministic_debug_mode(debug_mode: int | str) -> None:
    """Set "default" (0), "warn" (1) or "error" (2), as `use_deterministic_algorithms`.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.set_deterministic_debug_mode("default")
    """
    modes: dict[Any, int] = {"default": 0, "warn": 1, "error": 2, 0: 0, 1: 1, 2: 2}
    if debug_mode not in modes:
        raise RuntimeError(
            f"invalid value of debug_mode, expected `default`, `warn`, `error`, or 0, 1, 2, but got {debug_mode}"
        )
    use_deterministic_algorithms(modes[debug_mode] > 0, warn_only=modes[debug_mode] == 1)


def set_default_device(device: Any) -> None:
    """Set the device of new tensors: the CPU. Others raise as they do where a tensor is made on them.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.set_default_device("cpu")
    """
    check_device(device)


def get_default_device() -> device:
    """Return the device of new tensors.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.get_default_device()
    device(type='cpu')
    """
    return CPU


def get_num_interop_threads() -> int:
    """Return the number of operations that torch would run at once; minitorch runs one.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.get_num_interop_threads()
    1
    """
    return _settings["interop"]


def set_num_interop_threads(n: int) -> None:
    """Accept a number of operations to run at once.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.set_num_interop_threads(1)
    """
    if n <= 0:
        raise RuntimeError("set_num_interop_threads expects a positive integer")
    _settings["interop"] = int(n)


def set_warn_always(b: bool) -> None:
    """Accept whether torch's warnings should be given each time.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.set_warn_always(False)
    """
    _settings["warn_always"] = bool(b)


def is_warn_always_enabled() -> bool:
    """Return what `set_warn_always` set.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.is_warn_always_enabled()
    False
    """
    return _settings["warn_always"]


# ---- types ---------------------------------------------------------------------------------------------------------


class _TensorType(type):
    """The type of torch's legacy tensor types: calls make tensors, `isinstance` asks for the dtype."""

    dtype: dtypes.dtype

    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor) and instance.dtype is cls.dtype

    def __call__(cls, *args: Any, device: Any = None) -> Tensor:
        check_device(device)
        return wrap(convert.legacy(args, cls.dtype))


_KINDS = {"Float": dtypes.float32, "Double": dtypes.float64, "Half": dtypes.float16, "BFloat16": dtypes.bfloat16,
          "Long": dtypes.int64, "Int": dtypes.int32, "Short": dtypes.int16, "Char": dtypes.int8, "Byte": dtypes.uint8,
          "Bool": dtypes.bool_}  # fmt: skip
_DOC = """Make a tensor of dtype {kind}: of given sizes (uninitialised), or of data.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.{name}([1, 0]).dtype
    {kind}
    """
TENSOR_TYPES: dict[str, Any] = {
    f"{name}Tensor": _TensorType(
        f"{name}Tensor", (), {"dtype": kind, "__doc__": _DOC.format(name=f"{name}Tensor", kind=kind)}
    )
    for name, kind in _KINDS.items()
}


def set_default_tensor_type(t: Any) -> None:
    """Set the default dtype by a tensor type or its name; `set_default_dtype` is the modern way.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.set_default_tensor_type("torch.FloatTensor")
    """
    found = TENSOR_TYPES.get(t.removeprefix("torch.")) if isinstance(t, str) else t
    if found is None or found not in TENSOR_TYPES.values():
        raise TypeError(f"invalid type object: only floating-point types are supported as the default type, got {t!r}")
    dtypes.set_default_dtype(found.dtype)


def typename(obj: Any, /) -> str:
    """Return the name of an object's type with its module; of a tensor, torch's name of its kind.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.typename(minitorch.ones(1))
    'torch.FloatTensor'
    """
    if isinstance(obj, Tensor):
        return obj.type()
    named = obj if hasattr(obj, "__qualname__") else type(obj)
    module = getattr(named, "__module__", "") or ""
    return named.__qualname__ if module in ("", "builtins") else f"{module}.{named.__qualname__}"


def is_storage(obj: object, /) -> bool:
    """Return whether an object is a storage: they are not exposed, so False.

    Examples
    --------
    >>> import minitorch
    >>> minitorch.is_storage(minitorch.ones(1))
    False
    """
    return False


def _assert(condition: Any, message: str = "") -> None:
    """Raise AssertionError with the message unless the condition holds."""
    if not condition:
        raise AssertionError(message)


# ---- methods as functions ------------------------------------------------------------------------------------------

_WRITERS = (
    "abs", "acos", "acosh", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctanh", "asin", "asinh", "atan",
    "atanh", "ceil", "cos", "cosh", "deg2rad", "erf", "erfc", "exp", "exp2", "expm1", "fix", "floor", "frac", "log",
    "log10", "log1p", "log2", "logit", "nan_to_num", "neg", "negative", "rad2deg", "reciprocal", "relu", "round",
    "rsqrt", "sigmoid", "sin", "sinc", "sinh", "sqrt", "square", "tan", "tanh", "trunc", "zero", "detach",
)  # fmt: skip
_WRITERS_OF = {
    "addmv": "minitorch.eye(1), x", "as_strided": "(1,), (1,)", "clamp": "0.0", "clamp_max": "1.0", "clamp_min": "0.0",
    "clip": "0.0", "fill": "1.0", "index_put": "[minitorch.tensor([0])], x", "xlogy": "2.0",
}  # fmt: skip
_READERS = {"is_complex": "False", "is_signed": "True", "get_device": "-1", "detach": "tensor([0.5000])",
            "conj": "tensor([0.5000])"}  # fmt: skip


def _forward(name: str, text: str) -> Callable[..., Any]:
    def fn(*args: Any, **names: Any) -> Any:
        if not args:
            args = tuple(names.pop(key) for key in ("input", "x", "a", "x1") if key in names)
        if not args:
            raise TypeError(f'{name}() missing 1 required positional arguments: "input"')
        return getattr(args[0], name)(*args[1:], **names)

    fn.__name__ = fn.__qualname__ = name
    fn.__doc__ = text
    return fn


def method_functions() -> dict[str, Callable[..., Any]]:
    """Return torch's functions that only call the tensor method of their name."""
    example = "\n\n    Examples\n    --------\n    >>> import minitorch\n    >>> x = minitorch.tensor([0.5])\n    >>> "
    names = {}
    for name, others in (dict.fromkeys(_WRITERS, "") | _WRITERS_OF).items():
        text = f"Write the result of `{name}` over the tensor, and return it.{example}"
        call = f"minitorch.{name}_({', '.join(['x', others][: 1 + bool(others)])})"
        names[f"{name}_"] = _forward(f"{name}_", f"{text}{call} is x\n    True\n    ")
    for name, shown in _READERS.items():
        names[name] = _forward(
            name, f"Return what `Tensor.{name}` does.{example}minitorch.{name}(x)\n    {shown}\n    "
        )
    return names
