"""The laws of the house that a machine can check: imports and sizes off the source, examples by a run."""

import ast
import doctest
import importlib
import inspect
import types
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "minitorch"

# The first part of a module's path decides its layer; a module imports from its own layer and lower ones.
LAYERS: dict[int, str] = {
    0: "_version errors config cpu device dtypes precision handles",
    1: "jit _cache _launch _parallel _progress _source codegen",  # jit's private parts belong to its door
    2: "kernels memory",
    3: "quiet size interception keywords convert op dispatch lanes tape masked backward inplace tensor random "
    "_printing",
    4: "ops",
    5: "autograd _explain fft func distributions nn optim utils io serialization signal special testing vision warmup "
    "linalg compat",
    6: "__init__ __main__",
}
LAYER_OF = {name: layer for layer, names in LAYERS.items() for name in names.split()}

MAX_FILE_LINES = 400
MAX_AVERAGE_LINES = 14.0  # the design says about twelve
MAX_LONG_SHARE = 0.10  # of functions over 30 lines


class Import(NamedTuple):
    """One imported module, as a dotted path (inside the package without its name), and where it stands."""

    target: str
    internal: bool
    line: int
    when_loading: bool


def module_name(path: Path) -> str:
    """Return `ops.conv` for minitorch/ops/conv.py, `ops` for its __init__, `__init__` for the package's."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


SOURCES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}
TREES = {name: ast.parse(path.read_text(), str(path)) for name, path in SOURCES.items()}
TEST_FILES = [p for p in sorted((ROOT / "tests").rglob("*.py")) if p.parent.name != "models"]  # overloads stand there
every_module = pytest.mark.parametrize("name", SOURCES)


# ---------------------------------------------------------------- imports


def _loads_later(tree: ast.Module) -> set[ast.AST]:
    """Return the nodes that do not run when the module is loaded: in functions and under TYPE_CHECKING."""
    later: set[ast.AST] = set()
    for node in ast.walk(tree):
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test)
        if typing_only or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            later.update(ast.walk(node))
    return later


def _absolute(name: str, node: ast.ImportFrom) -> str:
    """Return the dotted path inside the package that a relative import starts from."""
    package = [] if name == "__init__" else name.split(".")
    if SOURCES[name].name != "__init__.py":
        package = package[:-1]
    base = package[: len(package) - (node.level - 1)]
    return ".".join(base + (node.module.split(".") if node.module else []))


def _targets(name: str, node: ast.AST) -> Iterator[tuple[str, bool]]:
    if isinstance(node, ast.Import):
        yield from ((alias.name, False) for alias in node.names)
    elif isinstance(node, ast.ImportFrom) and not node.level:
        yield str(node.module), False
    elif isinstance(node, ast.ImportFrom):
        base = _absolute(name, node)
        for alias in node.names:  # `from . import conv` names a module, `from .conv import conv2d` does not
            inner = f"{base}.{alias.name}".lstrip(".")
            yield (inner if inner in SOURCES else base or "__init__"), True


def imports_of(name: str) -> list[Import]:
    """Return every import statement of a module, wherever it stands."""
    later = _loads_later(TREES[name])
    return [
        Import(target, internal, node.lineno, node not in later)
        for node in ast.walk(TREES[name])
        if isinstance(node, ast.Import | ast.ImportFrom)
        for target, internal in _targets(name, node)
    ]


def layer(name: str) -> int:
    """Return a module's layer."""
    top = name.split(".")[0]
    if top not in LAYER_OF:
        pytest.fail(f"minitorch/{top} stands in no layer: add it to LAYERS in {Path(__file__).name}")
    return LAYER_OF[top]


@every_module
def test_a_module_imports_from_lower_layers_only(name: str) -> None:
    upward = [
        f"line {i.line}: {i.target}" for i in imports_of(name) if i.internal and layer(i.target) > layer(name)
    ]
    assert not upward, f"{name} (layer {layer(name)}) imports from higher layers: {upward}"


@every_module
def test_nothing_inside_imports_the_top_package(name: str) -> None:
    tops = {(False, "minitorch"), (True, "__init__")}
    found = [i.line for i in imports_of(name) if (i.internal, i.target.split(".")[0]) in tops]
    assert not found, f"{name} imports the top package at lines {found}: import the module itself, relatively"


@every_module
def test_numba_and_llvmlite_are_imported_behind_their_doors_only(name: str) -> None:
    found = {i.target.split(".")[0]: i.line for i in imports_of(name) if not i.internal}
    for library in ("numba", "llvmlite", "tbb"):
        behind_the_door = name.split(".")[0] in LAYERS[1].split()
        assert library not in found or behind_the_door, f"{name}:{found[library]} imports {library}"


@every_module
def test_no_module_uses_torch_or_an_optional_package_when_it_is_loaded(name: str) -> None:
    core = {"numpy", "numba", "llvmlite", "tbb"}
    stdlib = importlib.import_module("sys").stdlib_module_names
    foreign = {i.target.split(".")[0] for i in imports_of(name) if not i.internal and i.when_loading}
    assert foreign <= core | stdlib, f"{name} needs {sorted(foreign - core - stdlib)} just to be imported"


def _cycle(graph: dict[str, set[str]]) -> list[str]:
    """Return the modules that remain when every module with all of its imports done is taken away."""
    left = dict(graph)
    while done := [name for name, needs in left.items() if not needs & left.keys()]:
        for name in done:
            del left[name]
    return sorted(left)


def test_modules_import_each_other_without_a_cycle() -> None:
    graph = {
        name: {i.target for i in imports_of(name) if i.internal and i.when_loading} - {name}
        for name in SOURCES
    }
    assert not _cycle(graph)


# ---------------------------------------------------------------- size


FILES = [p for top in ("minitorch", "tests", "bench", "examples") for p in sorted((ROOT / top).rglob("*.py"))]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_stays_under_the_line_limit(path: Path) -> None:
    lines = len(path.read_text().splitlines())
    assert lines <= MAX_FILE_LINES, f"{lines} lines: split it"


def _decorated_as_kernel(node: ast.FunctionDef) -> bool:
    names = [d.func if isinstance(d, ast.Call) else d for d in node.decorator_list]
    return any(isinstance(d, ast.Name) and d.id in {"kernel", "helper"} for d in names)


def _code_lines(node: ast.FunctionDef) -> int:
    """Return the lines of a function from `def` on, its docstring apart."""
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node, clean=False) is not None:
        text = node.body[0]
        total -= (text.end_lineno or text.lineno) - text.lineno + 1
    return total


def test_functions_are_short() -> None:
    lengths = {
        f"{name}.{node.name}": _code_lines(node)
        for name, tree in TREES.items()
        if name.split(".")[0] not in {"kernels", "codegen"}
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and not _decorated_as_kernel(node)
    }
    longest = sorted(lengths.items(), key=lambda item: -item[1])[:15]
    assert sum(lengths.values()) / max(1, len(lengths)) <= MAX_AVERAGE_LINES, longest
    assert sum(n > 30 for n in lengths.values()) <= MAX_LONG_SHARE * len(lengths), longest


def test_every_folder_is_a_package_of_three_files_at_least() -> None:
    folders = {path.parent for path in SOURCES.values()}
    for folder in folders:
        files = [path for path in SOURCES.values() if folder in path.parents]
        assert (folder / "__init__.py").exists(), f"{folder.relative_to(ROOT)} would not be installed"
        assert len(files) >= 3, f"{folder.relative_to(ROOT)} has {len(files)} files: a module would do"


# ---------------------------------------------------------------- habits


@every_module
def test_mistakes_of_users_are_raised_not_asserted(name: str) -> None:
    lines = [node.lineno for node in ast.walk(TREES[name]) if isinstance(node, ast.Assert)]
    assert not lines, f"{name} asserts at lines {lines}; `python -O` would drop the check"


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda p: p.name)
def test_no_test_is_shadowed_by_another_of_its_name(path: Path) -> None:
    for scope in ast.walk(ast.parse(path.read_text())):
        if isinstance(scope, ast.Module | ast.ClassDef):
            names = Counter(n.name for n in scope.body if isinstance(n, ast.FunctionDef | ast.ClassDef))
            assert not [name for name, times in names.items() if times > 1]


# ---------------------------------------------------------------- docstrings

PUBLIC_MODULES = (
    "minitorch",
    "minitorch.autograd",
    "minitorch.autograd.forward_ad",
    "minitorch.autograd.functional",
    "minitorch.autograd.graph",
    "minitorch.func",
    "minitorch.io",
    "minitorch.nn",
    "minitorch.nn.functional",
    "minitorch.nn.init",
    "minitorch.optim",
    "minitorch.optim.lr_scheduler",
    "minitorch.serialization",
    "minitorch.utils.checkpoint",
    "minitorch.utils.data",
    "minitorch.utils.tensorboard",
    "minitorch.vision.datasets",
    "minitorch.vision.models",
    "minitorch.vision.ops",
    "minitorch.vision.transforms",
    "minitorch.vision.transforms.functional",
    "minitorch.vision.utils",
)


def _load(name: str) -> types.ModuleType | None:
    """Return a module, or None where the package does not have it."""
    path = PACKAGE.joinpath(*name.split(".")[1:])
    if not (path.is_dir() or path.with_suffix(".py").exists()):
        return None
    try:
        return importlib.import_module(name)
    except ImportError:
        return None  # the test below says so; one broken module must not hide the other laws


def _public(module: types.ModuleType) -> Iterator[tuple[str, Any]]:
    listed = getattr(module, "__all__", None)
    for name in listed or [n for n in vars(module) if not n.startswith("_")]:
        value = getattr(module, name)
        ours = listed or str(getattr(value, "__module__", "")).startswith("minitorch")
        if callable(value) and ours:
            yield name, value


def _public_names() -> dict[str, Any]:
    """Return every public callable once, under the first dotted name that reaches it."""
    found: dict[int, tuple[str, Any]] = {}
    for module in filter(None, map(_load, PUBLIC_MODULES)):
        for name, value in _public(module):
            found.setdefault(id(value), (f"{module.__name__}.{name}", value))
    return dict(found.values())


PUBLIC = _public_names()


def _example_names() -> dict[str, Any]:
    """Return the names that an example may use without importing them."""
    names = {"nn": _load("minitorch.nn"), "F": _load("minitorch.nn.functional"), "torch": _load("minitorch")}
    return {"np": importlib.import_module("numpy"), "minitorch": names["torch"], **names}


def _run_examples(examples: list[doctest.DocTest]) -> None:
    report: list[str] = []
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    for example in examples:
        example.globs.update(_example_names())
        runner.run(example, out=report.append)
    assert not runner.failures, "".join(report)


@pytest.mark.parametrize("name", PUBLIC_MODULES)
def test_a_public_module_loads(name: str) -> None:
    importlib.import_module(name)


@pytest.mark.parametrize("name", PUBLIC)
def test_a_public_name_has_a_docstring_with_an_example_that_runs(name: str) -> None:
    text = inspect.getdoc(PUBLIC[name]) or ""
    assert text, f"{name} has no docstring"
    if not (isinstance(PUBLIC[name], type) and issubclass(PUBLIC[name], BaseException)):
        assert ">>>" in text, f"{name} shows no example"
    module = inspect.getmodule(PUBLIC[name])
    globs = dict(vars(module)) if module else {}
    _run_examples([doctest.DocTestParser().get_doctest(text, globs, name, None, 0)])


@pytest.mark.parametrize("name", [n for n in SOURCES if n != "__main__"])
def test_examples_inside_the_package_run(name: str) -> None:
    module = importlib.import_module("minitorch" if name == "__init__" else f"minitorch.{name}")
    _run_examples(doctest.DocTestFinder(exclude_empty=True).find(module))
