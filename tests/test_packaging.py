"""What a newcomer's installation promises."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
TARGETS = [
    *("demo", "examples", "setup", "lint", "type", "test", "test-processors", "test-all"),
    *("bench", "bench-torch", "warmup", "clean"),
]


def requirements(lines: list[str]) -> dict[str, Requirement]:
    return {r.name: r for r in map(Requirement, lines)}


def test_the_core_depends_on_four_packages_and_nothing_else() -> None:
    assert set(requirements(PROJECT["dependencies"])) == {"numpy", "numba", "llvmlite", "tbb"}


@pytest.mark.parametrize(
    ("sys_platform", "machine", "wanted"),
    [
        ("linux", "x86_64", True),
        ("win32", "AMD64", True),
        ("linux", "aarch64", False),
        ("darwin", "arm64", False),
        ("darwin", "x86_64", False),
    ],
)
def test_tbb_is_asked_for_only_where_a_wheel_exists(sys_platform: str, machine: str, wanted: bool) -> None:
    marker = requirements(PROJECT["dependencies"])["tbb"].marker
    assert marker is not None
    assert marker.evaluate({"sys_platform": sys_platform, "platform_machine": machine}) is wanted


def test_torch_is_asked_for_only_by_the_comparison() -> None:
    extras = {name: requirements(lines) for name, lines in PROJECT["optional-dependencies"].items()}
    assert [name for name, wanted in extras.items() if "torch" in wanted] == ["torch"]
    assert str(extras["torch"]["torch"].specifier) == "==2.13.0"
    assert "torch==2.13.0" in (ROOT / "Makefile").read_text()


def test_the_version_stands_in_one_place_and_in_the_changelog_form() -> None:
    text = (ROOT / "minitorch/_version.py").read_text()
    match = re.search(r'^__version__ = "(\d+\.\d+\.\d+)"$', text, re.M)
    assert match
    assert "version" in PROJECT["dynamic"]
    headings = re.findall(r"^## \[(.+?)\]", (ROOT / "CHANGELOG.md").read_text(), re.M)
    assert headings[0] in {"Unreleased", match[1]}


@pytest.mark.skipif(shutil.which("make") is None, reason="no make on this machine")
def test_make_help_lists_every_target() -> None:
    out = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(TARGETS) <= set(re.findall(r"^make ([\w-]+)", out, re.M))


def test_the_readme_names_the_commands_that_continuous_integration_runs() -> None:
    readme = (ROOT / "README.md").read_text()
    command = re.search(r"^(make .+?)(?: <.*)?$", (ROOT / ".ci/run").read_text(), re.M)
    assert command
    for wanted in ("make demo", "make test", command[1]):
        assert wanted in readme


def test_typing_information_is_installed() -> None:
    assert (ROOT / "minitorch/py.typed").exists()
    assert "Typing :: Typed" in PROJECT["classifiers"]


def _modules_after_import() -> set[str]:
    code = "import sys, minitorch; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    return {name.split(".")[0] for name in run.stdout.split()}


def test_importing_the_package_loads_no_optional_package() -> None:
    # SciPy is Numba's to load
    optional = {"torch", "sklearn", "matplotlib", "tqdm", "safetensors", "hypothesis", "pytest"}
    assert not optional & _modules_after_import()


CODE = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)


def run_code(code: str, *lines: str) -> str:
    """Run README code in its own process; code of an op family runs as a module of that package."""
    name = "minitorch.ops.readme" if code.startswith("# minitorch/ops/") else "__main__"
    scope = {"__name__": name, "__package__": name.rpartition(".")[0]}
    program = f"import minitorch\nscope = {scope!r}\nexec({code!r}, scope)\n" + "\n".join(lines)
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_the_readmes_training_loop_learns() -> None:
    losses = [float(line.split()[1]) for line in run_code(CODE[0]).splitlines()]
    assert len(losses) == 10
    assert losses[-1] < losses[0] / 3


def test_the_readmes_new_operation_needs_no_other_file() -> None:
    out = run_code(
        CODE[1],
        "x = minitorch.tensor([0.0, 1.0, -2.0], dtype=minitorch.float64, requires_grad=True)",
        "assert minitorch.autograd.gradcheck(minitorch.Tensor.log_cosh, x)",
        "assert minitorch.autograd.gradgradcheck(minitorch.Tensor.log_cosh, x)",
        "print(minitorch.tensor([0.0, 1.0]).log_cosh())",
    )
    assert out == "tensor([0.0000, 0.4338])\n"


def test_the_readme_lists_the_environment_variables_that_are_read() -> None:
    named = {
        path: set(re.findall(r"\bMINITORCH_[A-Z_]+", (ROOT / path).read_text()))
        for path in ("README.md", "minitorch/config.py")
    }
    assert named["README.md"] == named["minitorch/config.py"]
