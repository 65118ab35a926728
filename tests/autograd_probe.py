"""One evaluator for torch and for minitorch: groups of short calls, each with a name, and what they come to.

A group is a function of the library under test that returns calls without arguments by their names.
"""

import warnings
from collections.abc import Callable, Iterator
from typing import Any

from . import autograd_cases_forward, autograd_cases_func, autograd_cases_function, autograd_cases_graph
from .parity import plain

Group = Callable[[Any], dict[str, Callable[[], Any]]]
MODULES = (autograd_cases_graph, autograd_cases_function, autograd_cases_func, autograd_cases_forward)
GROUPS: dict[str, Group] = {group.__name__: group for module in MODULES for group in module.GROUPS}


def answers(torch: Any, name: str) -> dict[str, Any]:
    """Return what every call of a group comes to, as JSON holds it."""
    return {key: _outcome(torch, call) for key, call in _calls(torch, name)}


def _calls(torch: Any, name: str) -> Iterator[tuple[str, Callable[[], Any]]]:
    torch.manual_seed(0)
    yield from GROUPS[name](torch).items()


def _outcome(torch: Any, call: Callable[[], Any]) -> dict[str, Any]:
    """Return the value, or the type of the exception, and the categories of the warnings."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found = {"value": plain(torch, call())}
        except Exception as error:
            found = {"raises": type(error).__name__, "message": str(error)[:160]}
    kinds = sorted({w.category.__name__ for w in caught} - {"DeprecationWarning"})
    return found | ({"warns": kinds} if kinds else {})
