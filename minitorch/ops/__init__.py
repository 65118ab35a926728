"""The op families; importing this package registers all of them, and a new file here is found by itself."""

from importlib import import_module
from pkgutil import iter_modules

from ._namespaces import OpNamespace
from ._namespaces import load_library as load_library
from ._namespaces import namespace as _namespace

__all__ = [m.name for m in iter_modules(__path__) if not m.name.startswith("_")]

for _name in __all__:
    import_module(f"{__name__}.{_name}")


def __getattr__(name: str) -> OpNamespace:
    if name.startswith("__"):
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    return _namespace(name)
