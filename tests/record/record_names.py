"""Write tests/data/names.json: torch 2.13's argument names of the tensor methods and functions, and calls by keyword.

Run it in an environment that has torch 2.13.0. The names that count stand in tests/data/names.txt; the arguments
are read off torch's operator schemas, and for every schema the recorder looks for argument values that torch takes,
so that the test can make the same call. A line of calls is a case as `tests/parity.py` reads it.
"""

import inspect
import itertools
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS.parent))

from tests.parity import evaluate  # noqa: E402
from tests.parity_names_cases import ALIASES, BY_HAND, BY_NAME, BY_TYPE, SCRIPTED, UNLIKE  # noqa: E402

TRIES = 4000


def schemas(name: str) -> Iterator[Any]:
    """Yield torch's overloads of an operator on tensors, those for scripts left out."""
    for schema in torch._C._jit_get_schemas_for_operator(f"aten::{name}"):
        first = schema.arguments[0] if schema.arguments else None
        scripted = any(a.name == "names" or "Dimname" in str(a.type) for a in schema.arguments)
        if first is not None and "Tensor" in str(first.type) and not scripted and first.name != "n":
            yield schema


def candidates(argument: Any, first: bool) -> list[str]:
    """Return what may be passed to an argument."""
    kind = str(argument.type).removeprefix("Optional[").rstrip("]").replace("List[", "") + (
        "[]" if "List" in str(argument.type) else ""
    )
    if first and kind == "Tensor":
        return BY_TYPE["Tensor"]
    named = BY_NAME.get(argument.name, [])
    if "Tensor" in kind:
        named = [v for v in named if "seq" in v or "t(" in v]
    elif argument.name not in ("dim", "dims"):
        named = [v for v in named if "seq" not in v and ("t(" not in v or "float" in v)]
    return named or BY_TYPE.get(kind, ["1"])


def calls(name: str, schema: Any, as_method: bool) -> Iterator[tuple[str, list[str]]]:
    """Yield a schema's calls by keyword, plain and with NumPy's names of the arguments, and the names used."""
    arguments = [a for a in schema.arguments if a.name != "out" and not a.is_out]
    has_out = len(arguments) < len(schema.arguments)
    if has_out and (as_method or schema.arguments[-1].name != "out"):
        return
    for used in (arguments, [a for i, a in enumerate(arguments) if i == 0 or not a.has_default_value()]):
        found = first_that_runs(name, used, as_method, has_out)
        if found:
            yield found, [a.name for a in schema.arguments]
            return


def first_that_runs(name: str, arguments: list[Any], as_method: bool, out: bool) -> str:
    """Return the first call that torch takes, "" if none."""
    pools = [candidates(a, i == 0) for i, a in enumerate(arguments)]
    for values in itertools.islice(itertools.product(*pools), TRIES):
        line = call_line(name, arguments, values, as_method, out)
        answer = evaluate(torch, line)
        if not (isinstance(answer, dict) and "raises" in answer):
            return line
    return ""


def call_line(name: str, arguments: list[Any], values: tuple[str, ...], as_method: bool, out: bool) -> str:
    given = [f"{'input' if a.name == 'self' else a.name}={v}" for a, v in zip(arguments, values)]
    if as_method:
        return f"x = {values[0]}; y = x.{name}({', '.join(given[1:])}); whole([y, x])"
    if out:
        plain = ", ".join(given)
        made = f"y = torch.{name}({plain}); o = torch.zeros(0, dtype=y.dtype)"
        return f"{made}; z = torch.{name}({plain}, out=o); whole([o, z is o])"
    if name.endswith("_"):
        return f"x = {values[0]}; y = torch.{name}({', '.join(['input=x', *given[1:]])}); whole([y, y is x])"
    return f"whole(torch.{name}({', '.join(given)}))"


def renamed(line: str) -> Iterator[str]:
    """Yield the line with NumPy's names in place of torch's, where torch takes it."""
    for old, new in ALIASES:
        if new == "x2" and "x = " in line:
            continue  # nobody writes it in a call of a method
        if f"{old}=" in line.replace(f"{old}=x,", "") or f"({old}=" in line:
            changed = line.replace(f"({old}=", f"({new}=").replace(f", {old}=", f", {new}=")
            if changed != line and not failed(evaluate(torch, changed)):
                yield changed


def failed(answer: Any) -> bool:
    return isinstance(answer, dict) and "raises" in answer


def record(names: list[str]) -> dict[str, Any]:
    parameters: dict[str, list[str]] = {}
    lines: list[str] = []
    for name in names:
        for as_method, owner, prefix in ((True, torch.Tensor, "Tensor."), (False, torch, "torch.")):
            if not hasattr(owner, name):
                continue
            known: dict[str, None] = {}
            if inspect.isfunction(getattr(owner, name)) and prefix + name not in SCRIPTED:
                known |= dict.fromkeys(list(inspect.signature(getattr(owner, name)).parameters))
            for schema in schemas(name) if callable(getattr(owner, name)) and prefix + name not in SCRIPTED else ():
                for line, arguments in calls(name, schema, as_method):
                    known |= dict.fromkeys("input" if a == "self" and not as_method else a for a in arguments)
                    lines += [line, *renamed(line)]
            parameters[prefix + name] = [k for k in known if k not in ("self", "args", "kwargs")]
    lines = [x for x in dict.fromkeys(lines + BY_HAND) if not all(part in x for part in UNLIKE)]
    return {"parameters": parameters, "calls": {line: evaluate(torch, line) for line in lines}}


def main() -> None:
    names = (TESTS / "data" / "names.txt").read_text().split()
    found = record([n for n in names if not n.startswith("#")])
    sections = []
    for section, content in found.items():
        rows = ",\n".join(f"{json.dumps(k)}: {json.dumps(v, separators=(',', ':'))}" for k, v in content.items())
        sections.append(f"{json.dumps(section)}: {{\n{rows}\n}}")
    (TESTS / "data" / "names.json").write_text("{\n" + ",\n".join(sections) + "\n}\n")
    print(len(found["parameters"]), "signatures,", len(found["calls"]), "calls")


if __name__ == "__main__":
    main()
