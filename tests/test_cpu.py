"""What is found out about the machine, and about the environment, on machines that are made up."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from minitorch import cpu
from minitorch.config import Config
from minitorch.cpu import Cpu

AVX512 = "fpu sse sse2 ssse3 fma avx avx2 avx512f avx512dq avx512bw avx512vl"
AVX2 = "fpu sse sse2 fma avx avx2"


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Forget what was detected, before and after."""
    cpu._current.cache_clear()
    monkeypatch.delenv("NUMBA_CPU_NAME", raising=False)
    monkeypatch.delenv("NUMBA_CPU_FEATURES", raising=False)
    yield monkeypatch
    cpu._current.cache_clear()


def test_the_current_machine_is_plausible() -> None:
    here = Cpu.current()
    assert here.vector_bits in {128, 256, 512}
    assert 4096 <= here.l1d <= here.l2
    assert here.cores >= 1 and here.line in {32, 64, 128, 256}
    assert here is Cpu.current()


@pytest.mark.parametrize(
    "flags, environ, bits, fma",
    [
        (AVX512, {}, 512, True),
        (AVX2, {}, 256, True),
        ("sse2 avx", {}, 256, False),
        ("sse2", {}, 128, False),
        ("", {}, 128, False),
        # only the name is forced: Numba keeps the host's features
        (AVX512, {"NUMBA_CPU_NAME": "haswell"}, 512, True),
        (AVX512, {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""}, 256, True),
        (AVX512, {"NUMBA_CPU_NAME": "x86-64-v3", "NUMBA_CPU_FEATURES": ""}, 256, True),
        (AVX512, {"NUMBA_CPU_NAME": "x86-64", "NUMBA_CPU_FEATURES": ""}, 128, False),
        (AVX512, {"NUMBA_CPU_NAME": "generic"}, 128, False),
        (AVX512, {"NUMBA_CPU_NAME": "sandybridge", "NUMBA_CPU_FEATURES": ""}, 256, False),
        (AVX2, {"NUMBA_CPU_NAME": "znver4", "NUMBA_CPU_FEATURES": ""}, 512, True),
        (AVX512, {"NUMBA_CPU_FEATURES": "-avx512f"}, 256, True),
        ("sse2", {"NUMBA_CPU_FEATURES": "+avx2,+avx,+fma"}, 256, True),
        (AVX512, {"NUMBA_ENABLE_AVX": "0"}, 128, False),
    ],
)
def test_x86_vectors_are_those_that_numba_compiles_for(
    flags: str, environ: dict[str, str], bits: int, fma: bool
) -> None:
    assert cpu._vectors("x86_64", cpu._features(flags, environ)) == (bits, fma)


def test_forcing_the_cpu_is_seen_by_the_record(fresh: pytest.MonkeyPatch) -> None:
    fresh.setattr(cpu.platform, "machine", lambda: "AMD64")
    fresh.setattr(cpu, "_cpuinfo", lambda: {"flags": AVX512, "model name": "Some CPU"})
    fresh.setenv("NUMBA_CPU_NAME", "haswell")
    fresh.setenv("NUMBA_CPU_FEATURES", "")
    here = Cpu.current()
    assert (here.arch, here.vector_bits, here.has_fma, here.name) == ("x86_64", 256, True, "Some CPU")


def test_arm_is_neon(fresh: pytest.MonkeyPatch) -> None:
    fresh.setattr(cpu.platform, "machine", lambda: "arm64")
    here = Cpu.current()
    assert (here.arch, here.vector_bits, here.has_fma) == ("aarch64", 128, True)


def _sysfs(folder: Path, entries: list[tuple[str, str, str]]) -> Path:
    for number, (level, kind, size) in enumerate(entries):
        index = folder / f"index{number}"
        index.mkdir()
        (index / "level").write_text(level + "\n")
        (index / "type").write_text(kind + "\n")
        (index / "size").write_text(size + "\n")
        (index / "coherency_line_size").write_text("64\n")
    return folder


def test_caches_are_read_from_sysfs(fresh: pytest.MonkeyPatch, tmp_path: Path) -> None:
    entries = [("1", "Data", "48K"), ("1", "Instruction", "32K"), ("2", "Unified", "2M"), ("3", "Unified", "1G")]
    fresh.setattr(cpu, "_SYSFS", _sysfs(tmp_path, entries))
    assert cpu._sysfs_caches() == {"l1d": 49152, "l2": 2 << 20, "l3": 1 << 30, "line": 64}


def test_a_machine_that_tells_nothing_gets_ordinary_caches(fresh: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fresh.setattr(cpu, "_SYSFS", _sysfs(tmp_path, [("1", "Data", "what?")]))
    fresh.setattr(cpu, "_cpuinfo", dict)
    fresh.setattr(cpu.sys, "platform", "other")
    here = Cpu.current()
    assert (here.l1d, here.l2, here.l3, here.line) == (32768, 524288, 0, 64)


def test_macos_is_asked_by_sysctl(fresh: pytest.MonkeyPatch) -> None:
    answers = {
        "hw.perflevel0.l1dcachesize": "131072", "hw.perflevel0.l2cachesize": "12582912", "hw.l3cachesize": "0",
        "hw.cachelinesize": "128", "machdep.cpu.brand_string": "Apple M1",
        "machdep.cpu.features": "SSE2 FMA AVX1.0", "machdep.cpu.leaf7_features": "AVX2",
    }  # fmt: skip

    def run(command: list[str], **options: object) -> SimpleNamespace:
        return SimpleNamespace(stdout=answers.get(command[-1], "") + "\n")

    fresh.setattr(cpu.subprocess, "run", run)
    assert cpu._sysctl_caches() == {"l1d": 131072, "l2": 12582912, "line": 128}
    details = cpu._sysctl_info()
    assert cpu._vectors("x86_64", cpu._features(details["flags"], {})) == (256, True)
    assert cpu._name(details) == "Apple M1"


def test_the_containers_quota_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cpu.os, "sched_getaffinity", lambda pid: set(range(8)), raising=False)
    for text, cores in (("max 100000", 8), ("250000 100000", 2), ("50000 100000", 1)):
        monkeypatch.setattr(cpu.Path, "read_text", lambda self, text=text: text)
        assert cpu.usable_cores() == cores


# ---------------------------------------------------------------- the environment


def test_defaults() -> None:
    config = Config.read({})
    assert (config.debug, config.verbose, config.force, config.num_threads) == (False, None, {}, None)
    assert "minitorch" in str(config.cache_dir)


def test_every_variable_is_read() -> None:
    config = Config.read(
        {
            "MINITORCH_CACHE_DIR": "/somewhere", "MINITORCH_DEBUG": "1", "MINITORCH_VERBOSE": "0",
            "MINITORCH_FORCE": "conv2d=ref, matmul = tiles", "MINITORCH_NUM_THREADS": "3",
        }
    )  # fmt: skip
    assert config.cache_dir == Path("/somewhere").absolute()
    assert (config.debug, config.verbose, config.num_threads) == (True, False, 3)
    assert config.force == {"conv2d": "ref", "matmul": "tiles"}


@pytest.mark.parametrize(
    "name, value",
    [
        ("MINITORCH_DEBUG", "maybe"),
        ("MINITORCH_FORCE", "conv2d"),
        ("MINITORCH_FORCE", "conv2d="),
        ("MINITORCH_NUM_THREADS", "0"),
        ("MINITORCH_NUM_THREADS", "many"),
    ],
)
def test_a_variable_that_says_nothing_sensible_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match=name):
        Config.read({name: value})


@pytest.mark.parametrize(
    "environ, threads",
    [
        ({"OMP_NUM_THREADS": "4,2"}, 4),
        ({"OMP_NUM_THREADS": "nonsense"}, None),
        ({"OMP_NUM_THREADS": "4", "NUMBA_NUM_THREADS": "2"}, 2),
        ({"OMP_NUM_THREADS": "4", "MINITORCH_NUM_THREADS": "1"}, 1),
    ],
)
def test_the_number_of_threads_has_its_order_of_precedence(environ: dict[str, str], threads: int | None) -> None:
    assert Config.read(environ).num_threads == threads


@pytest.mark.parametrize(
    "platform, environ, end",
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "x/minitorch"),
        ("linux", {}, ".cache/minitorch"),
        ("darwin", {}, "Library/Caches/minitorch"),
        ("win32", {"LOCALAPPDATA": "/local"}, "local/minitorch/Cache"),
    ],
)
def test_the_cache_lives_where_the_platform_keeps_caches(
    monkeypatch: pytest.MonkeyPatch, platform: str, environ: dict[str, str], end: str
) -> None:
    monkeypatch.setattr("sys.platform", platform)
    assert Config.read(environ).cache_dir.as_posix().endswith(end)
