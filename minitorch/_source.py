"""What a kernel's machine code depends on, as one digest: the reason why no stale code ever runs.

The digest is taken from the objects in memory, not from files: the bytecode and constants of the kernel's
body, of every helper, intrinsic and plain function it reaches by name, and the values of the globals and
closure cells they use. So a helper edited in another file changes its callers' digests, a comment does not,
and kernels made by factories, by ``exec`` or in a notebook are cached like any other. Sources that the walk
may not see in full (the IR generators of ``codegen`` and this layer) are added as files.
"""

from __future__ import annotations

import enum
import functools
import hashlib
import pickle
import sys
import sysconfig
import uuid
from functools import cache
from pathlib import Path
from types import BuiltinFunctionType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

__all__ = ["fingerprint"]

_PACKAGE = Path(__file__).parent
_CODEGEN = f"{__package__}.codegen"
_PLAIN = (int, float, complex, str, bytes, bool, type(None), type(Ellipsis))
# Equal constants may or may not be one object (it depends on whether a module came from its source or its bytecode).
_BY_VALUE = (tuple, frozenset, CodeType)
_DISPATCHED = ("py_func", "_defn")  # Numba's dispatchers and ours; Numba's intrinsics
_WRAPPERS = (
    functools.partial, functools.cached_property, type(functools.lru_cache(len)), MethodType, property,
    staticmethod, classmethod,
)  # fmt: skip
_WRAPPED = (
    *_DISPATCHED, "exact", "targetoptions", "__wrapped__", "__func__", "__self__", "fget", "func", "args", "keywords",
)  # fmt: skip
_OF_NO_CONSEQUENCE = {"__doc__", "__module__", "__qualname__", "__firstlineno__", "__static_attributes__"}


def fingerprint(*roots: object) -> str:
    """Return a digest of everything that the compiled form of `roots` (functions, values) depends on."""
    walk = _Walk()
    for root in roots:
        walk.visit(root)
    walk.add("launcher", _digest_files("_launch.py"), _digest_files("_cache.py"), _digest_files("_source.py"))
    if walk.codegen:
        walk.add("codegen", _digest_files("codegen/**/*.py"))
    return walk.digest.hexdigest()


@cache
def _digest_files(pattern: str) -> str:
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.glob(pattern)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _versioned(name: str | None) -> bool:
    """Say whether a module's version is part of the cache key, so that its objects are known by name."""
    return name is not None and _versioned_root(name.partition(".")[0])


@cache
def _versioned_root(name: str) -> bool:
    if name in {"numpy", "numba", "llvmlite"}:
        return True
    if name not in sys.stdlib_module_names or name == "__main__":
        return False
    path = getattr(sys.modules.get(name), "__file__", None)  # a user's file may bear a standard module's name
    return path is None or Path(path).is_relative_to(sysconfig.get_path("stdlib"))


class _Walk:
    """Feeds objects into one digest, each object once (later meetings are named by their number)."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.seen: dict[int, int] = {}
        self.alive: list[object] = []  # an id is good only while its object lives
        self.codegen = False  # whether anything of codegen was met

    def add(self, *words: object) -> None:
        """Add words, unambiguously separated."""
        for word in words:
            data = word if isinstance(word, bytes) else str(word).encode()
            self.digest.update(b"%d:" % len(data) + data)

    def visit(self, value: Any) -> None:
        """Add a value and all that it reaches."""
        if isinstance(value, _PLAIN) and not isinstance(value, enum.Enum):
            return self.add(type(value).__name__, repr(value))
        if not isinstance(value, _BY_VALUE):
            if id(value) in self.seen:
                return self.add("again", self.seen[id(value)])
            self.seen[id(value)] = len(self.seen)
            self.alive.append(value)
        self._visit_new(value)

    def _visit_new(self, value: Any) -> None:
        if isinstance(value, FunctionType):
            self._function(value)
        elif isinstance(value, CodeType):
            self._code(value)
        elif isinstance(value, (tuple, list, set, frozenset, dict)):
            self._container(value)
        elif isinstance(value, type):
            self._class(value)
        elif isinstance(value, (ModuleType, BuiltinFunctionType)):
            self.add("named", value.__name__)
        elif type(value).__module__ == "numpy":
            self._numpy(value)
        elif isinstance(value, _WRAPPERS) or any(hasattr(value, name) for name in _DISPATCHED):
            self._wrapper(value)
        else:
            self._object(value)

    def _wrapper(self, value: Any) -> None:
        self.add("wrapper", type(value).__name__)
        for name in _WRAPPED:
            if hasattr(value, name):
                self.add(name)
                self.visit(getattr(value, name))

    def _function(self, function: FunctionType) -> None:
        if _versioned(function.__module__):
            return self.add("named", function.__module__, function.__qualname__)
        if function.__module__ is not None and function.__module__.startswith(_CODEGEN):
            self.codegen = True
        self.visit(function.__code__)
        self.visit([function.__defaults__, function.__kwdefaults__])
        names = sorted(_names(function.__code__))
        for name in names:
            if name in function.__globals__:
                self._global(name, function.__globals__[name], names)
        for cell in function.__closure__ or ():
            try:
                self.visit(cell.cell_contents)
            except ValueError:  # still empty: a function that refers to itself
                self.add("empty")

    def _global(self, name: str, value: Any, names: list[str]) -> None:
        self.add("global", name)
        self.visit(value)
        if isinstance(value, ModuleType) and not _versioned(value.__name__):
            for attribute in names:  # module.attribute: both are among the code's names
                if hasattr(value, attribute):
                    self.add("attribute", attribute)
                    self.visit(getattr(value, attribute))

    def _code(self, code: CodeType) -> None:
        self.add("code", code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
        self.add(code.co_argcount, code.co_kwonlyargcount, code.co_flags)
        self.add(getattr(code, "co_exceptiontable", b""))
        self.visit(code.co_consts)

    def _container(self, value: Any) -> None:
        self.add(type(value).__name__, len(value))
        if isinstance(value, (set, frozenset)):
            value = sorted(value, key=repr)
        for item in value.items() if isinstance(value, dict) else value:
            self.visit(item)

    def _class(self, value: type) -> None:
        self.add("class", value.__module__, value.__qualname__)
        if not _versioned(value.__module__):
            self.visit(value.__bases__)
            for name, member in sorted(vars(value).items()):
                known = isinstance(member, (FunctionType, tuple, *_WRAPPERS, *_PLAIN))
                if known and name not in _OF_NO_CONSEQUENCE:
                    self.add(name)
                    self.visit(member)

    def _numpy(self, value: Any) -> None:
        if hasattr(value, "tobytes"):  # arrays and scalars; Numba freezes them into the code
            self.add("array", value.dtype, value.shape, value.tobytes())
        else:
            self.add("numpy", repr(value))

    def _object(self, value: Any) -> None:
        self.visit(type(value))
        if not _versioned(type(value).__module__):
            names = [name for each in type(value).__mro__ for name in getattr(each, "__slots__", ())]
            self.visit({name: getattr(value, name, None) for name in names})
            self.visit(getattr(value, "__dict__", None))
        elif " at 0x" not in repr(value):
            self.add(repr(value))
        else:
            self._opaque(value)

    def _opaque(self, value: Any) -> None:
        try:
            self.add("pickle", pickle.dumps(value, 4))
        except Exception:  # whatever it is, it cannot be compared: never take a cached kernel for it
            self.add("unique", uuid.uuid4())


def _names(code: CodeType) -> set[str]:
    inner = (_names(constant) for constant in code.co_consts if isinstance(constant, CodeType))
    return set(code.co_names).union(*inner)
