"""The other names of arguments: NumPy's (``axis`` for ``dim``), sizes by keyword, and ``out=`` everywhere.

A function of the package declares torch's own argument names. `answering` makes it answer to the names that torch
takes besides, without a word in the function; a usual call pays one call more for it, or goes straight to the short
form that the function's record names.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from .dtypes import bool_, complex128, dtype, float64, int64

__all__ = ["ALIASES", "answering", "as_dtype"]

# NumPy's names of torch's arguments, as torch takes them, and torch's own where one function has several names.
ALIASES = {"x": "input", "a": "input", "x1": "input", "x2": "other", "axis": "dim", "keepdims": "keepdim",
           "split_size": "split_size_or_sections", "sections": "indices_or_sections", "indices": "indices_or_sections",
           "tensor_indices_or_sections": "indices_or_sections"}  # fmt: skip
OF_METHODS = [alias for alias in ALIASES if alias not in ("x", "a", "x1", "x2")]  # nobody writes these in methods
SIZES = ("size", "shape", "dims", "repeats")  # what ``f(*sizes)`` takes as one tuple, too
_VARIADIC, _OPEN = 4, 8  # a code object's flags for ``*args`` and for ``**names``

Deliver = Callable[[Any, Any], Any]


def answering(
    fn: Callable[..., Any], deliver: Deliver | None = None, short: Callable[..., Any] | None = None
) -> Callable[..., Any]:
    """Return ``fn``, made to answer to the other names of its arguments and to ``out=``, which ``deliver`` fills.

    Without ``deliver`` it is to be a method, and is returned as it is where it declares the names itself. ``short``
    takes the arguments that have no defaults and does what ``fn`` does with its defaults.
    """
    code = getattr(fn, "__code__", None)
    if code is None or code.co_flags & _OPEN:
        return fn
    own = frozenset(code.co_varnames[: code.co_argcount + code.co_kwonlyargcount])
    variadic = bool(code.co_flags & _VARIADIC) and own.isdisjoint(SIZES)
    lacks = [a for a in (ALIASES if deliver else OF_METHODS) if ALIASES[a] in own and a not in own]
    if not lacks and not variadic and (deliver is None or ("out" in own and "dtype" not in own)):
        return fn

    def call(*args: Any, **names: Any) -> Any:
        if "dtype" in names:
            names["dtype"] = as_dtype(fn.__name__, names["dtype"])
        if not names or own.issuperset(names):
            return fn(*args, **names)
        args, names, out = _translated(args, names, own, variadic)
        result = fn(*args, **names)
        return deliver(result, out) if deliver and out is not None else result

    return functools.wraps(fn)(call if code.co_flags & _VARIADIC else _forwarding(fn, short, call))


_ABSENT: Any = type("absent", (), {"__repr__": lambda self: "absent"})()


def _forwarding(fn: Any, short: Any, otherwise: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function with the parameters of ``fn`` that passes them on, and every other call ``otherwise``.

    It is compiled from text, as that is several times faster than to gather the arguments of each call and to unpack
    them again.
    """
    code = fn.__code__
    names, count = code.co_varnames, code.co_argcount
    places, keys = names[:count], names[count : count + code.co_kwonlyargcount]
    defaults = dict(zip(reversed(places), reversed(fn.__defaults__ or ()))) | (fn.__kwdefaults__ or {})
    values = {name: defaults.get(name, _ABSENT) for name in (*places, *keys)}
    given = [f"{name}=_own[{name!r}]" for name in places]
    given += ["*"] * bool(keys) + [f"{name}=_own[{name!r}]" for name in keys]
    needed = "".join([f" or {name} is _absent" for name in (*places, *keys) if name not in defaults])
    usual = " and ".join([f"{name} is _own[{name!r}]" for name in (*places, *keys) if name in defaults]) or "True"
    kinds = " or (dtype is not None and dtype.__class__ is not _dtype)" if "dtype" in values else ""
    first = ", ".join([name for name in places if name not in defaults])
    passed = ", ".join((*places, *[f"{name}={name}" for name in keys]))
    text = f"""def call({", ".join(given)}, **_names):
    if _names{needed}{kinds}:
        own = [item for item in locals().items() if item[0] in _own and item[1] is not _own[item[0]]]
        return _otherwise(**dict(own), **_names)
    {f"if {usual}: return _short({first})" if short else ""}
    return _fn({passed})"""
    scope = {"_own": values, "_fn": fn, "_short": short, "_otherwise": otherwise, "_absent": _ABSENT, "_dtype": dtype}
    exec(compile(text, __file__, "exec"), scope)
    return scope["call"]


def as_dtype(name: str, kind: Any) -> Any:
    """Return a dtype, that of Python's types of numbers as well; TypeError for what is none."""
    if kind is None or isinstance(kind, dtype):
        return kind
    if kind not in (float, int, bool, complex):
        raise TypeError(f"{name}(): argument 'dtype' must be torch.dtype, not {type(kind).__name__}")
    return {float: float64, int: int64, bool: bool_, complex: complex128}[kind]


def _translated(
    args: tuple[Any, ...], names: dict[str, Any], own: frozenset[str], variadic: bool
) -> tuple[tuple[Any, ...], dict[str, Any], Any]:
    """Return a call's arguments under the names that the function declares, and what ``out=`` was."""
    found, out = {}, None
    for name, value in names.items():
        known = ALIASES.get(name, name)
        if name in own:
            found[name] = value
        elif name == "out":
            out = value
        elif name in SIZES and variadic:
            args = (*args, value)
        else:
            found[known if known in own and known not in names else name] = value
    if variadic and "input" in found:  # what is first cannot be given by name if more than one is given by place
        args = (found.pop("input"), *args)
    return args, found, out
