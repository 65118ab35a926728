"""The machine as code generation and cost models see it: a record, so that tests can make one up."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["Cpu", "usable_cores"]

_SYSFS = Path("/sys/devices/system/cpu/cpu0/cache")
_KB = 1024
# What each name means to LLVM, as far as code generation here asks. Numba leaves the host's features on when
# only a name is forced, so a test of the AVX2 path sets NUMBA_CPU_NAME=haswell and NUMBA_CPU_FEATURES=
# (empty).
_AVX2 = frozenset({"sse2", "avx", "avx2", "fma"})
_AVX512 = _AVX2 | {"avx512f", "avx512bw", "avx512dq", "avx512vl"}
_NAMED: list[tuple[str, frozenset[str]]] = [
    (
        r"x86-64-v4|skylake-avx512|cascadelake|cooperlake|cannonlake|icelake.*|tigerlake|rocketlake"
        r"|sapphirerapids|emeraldrapids|graniterapids.*|znver[4-9]",
        _AVX512,
    ),
    (
        r"x86-64-v3|haswell|core-avx2|broadwell|skylake|znver[1-3]|bdver4|alderlake|raptorlake|meteorlake"
        r"|arrowlake.*|lunarlake|pantherlake|gracemont|sierraforest",
        _AVX2,
    ),
    (r"sandybridge|ivybridge|corei7-avx|core-avx-i|btver2|bdver1", frozenset({"sse2", "avx"})),
]


@dataclass(frozen=True)
class Cpu:
    """A processor. Sizes are bytes, of one core's share where a level is not shared.

    Attributes
    ----------
    arch : str
        ``x86_64``, ``aarch64``, or what the platform says.
    vector_bits : int
        Width of the widest vector registers that the compiler may use.
    has_fma : bool
        Whether a vector multiply-add is one instruction.
    l1d, l2, l3 : int
        Cache sizes; `l3` is 0 where there is none.
    cores : int
        Cores that this process may use.
    line : int
        Cache line.
    name : str
        The model, for people.

    Examples
    --------
    >>> Cpu("x86_64", 256, True, 32768, 262144, 0, cores=4).vector_bits
    256
    """

    arch: str
    vector_bits: int
    has_fma: bool
    l1d: int = 32 * _KB
    l2: int = 512 * _KB
    l3: int = 0
    cores: int = 1
    line: int = 64
    name: str = ""

    @classmethod
    def current(cls) -> Cpu:
        """Return the processor that kernels are compiled for.

        It is detected once, without Numba, and with the environment that Numba reads at its import:
        ``NUMBA_CPU_NAME`` and ``NUMBA_CPU_FEATURES`` force another instruction set.
        """
        return _current()

    def lanes(self, itemsize: int) -> int:
        """Return how many elements of `itemsize` bytes fill a vector register.

        >>> Cpu("x86_64", 512, True).lanes(4)
        16
        """
        return self.vector_bits // (8 * itemsize)


@cache
def _current() -> Cpu:
    arch = {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    details = _cpuinfo()
    features = _features(details.get("flags", ""), os.environ) if arch == "x86_64" else frozenset()
    bits, fma = _vectors(arch, features)
    sizes = _sysctl_caches() if sys.platform == "darwin" else _sysfs_caches()
    return Cpu(arch, bits, fma, cores=usable_cores(), name=_name(details), **sizes)


def _vectors(arch: str, features: frozenset[str]) -> tuple[int, bool]:
    """Return (vector bits, has fma)."""
    if arch == "x86_64":
        width = 512 if "avx512f" in features else 256 if "avx" in features else 128
        return width, "fma" in features or "avx512f" in features
    return 128, arch == "aarch64"  # NEON; scalable vectors are not used


def _features(flags: str, environ: Mapping[str, str]) -> frozenset[str]:
    """Return the x86 features that Numba compiles for, as it decides it."""
    name = environ.get("NUMBA_CPU_NAME")
    forced = environ.get("NUMBA_CPU_FEATURES", "" if name and name.lower() == "generic" else None)
    features = set(_implied(name)) if name else set(flags.split() or {"sse2"})
    if forced is None:
        features |= set(flags.split())
        without = environ.get("NUMBA_ENABLE_AVX") == "0"
        return frozenset(word for word in features if not (without and word.startswith(("avx", "fma"))))
    for word in filter(None, (word.strip() for word in forced.split(","))):
        features.discard(word[1:])
        if word.startswith("+"):
            features.add(word[1:])
    return frozenset(features)


def _implied(name: str) -> frozenset[str]:
    return next((found for pattern, found in _NAMED if re.fullmatch(pattern, name)), frozenset({"sse2"}))


def _cpuinfo() -> dict[str, str]:
    """Return the first processor's entry of /proc/cpuinfo, or what else the platform tells."""
    try:
        text = Path("/proc/cpuinfo").read_text(errors="replace").split("\n\n")[0]
    except OSError:
        return _sysctl_info() if sys.platform == "darwin" else {}
    pairs = (line.partition(":") for line in text.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}


def _sysctl_info() -> dict[str, str]:
    words = f"{_sysctl('machdep.cpu.features')} {_sysctl('machdep.cpu.leaf7_features')}".lower()
    names = {"avx1.0": "avx"}
    flags = " ".join(names.get(word, word) for word in words.split())
    return {"flags": flags, "model name": _sysctl("machdep.cpu.brand_string")}


def _sysctl(key: str) -> str:
    try:
        command = ["/usr/sbin/sysctl", "-n", key]
        return subprocess.run(command, capture_output=True, text=True, timeout=5, check=False).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""


def _sysctl_caches() -> dict[str, int]:
    # Apple's own chips report their performance cores under perflevel0; their L2 is shared by a cluster.
    keys = {
        "l1d": ("hw.perflevel0.l1dcachesize", "hw.l1dcachesize"),
        "l2": ("hw.perflevel0.l2cachesize", "hw.l2cachesize"),
        "l3": ("hw.l3cachesize",),
        "line": ("hw.cachelinesize",),
    }
    found = {field: next(filter(str.isdecimal, map(_sysctl, names)), "") for field, names in keys.items()}
    return {field: int(text) for field, text in found.items() if text and int(text)}


def _sysfs_caches() -> dict[str, int]:
    sizes: dict[str, int] = {}
    for index in sorted(_SYSFS.glob("index*")):
        try:
            level, kind = (index / "level").read_text().strip(), (index / "type").read_text().strip()
            size = _size((index / "size").read_text())
            line = int((index / "coherency_line_size").read_text())
        except (OSError, ValueError):
            continue
        field = {"1": "l1d", "2": "l2", "3": "l3"}.get(level)
        if field and kind in {"Data", "Unified"} and size > 0:
            sizes[field], sizes["line"] = size, line or 64
    return sizes


def _size(text: str) -> int:
    """Return the bytes that sysfs means.

    >>> _size("48K"), _size("2M")
    (49152, 2097152)
    """
    text = text.strip()
    unit = {"K": _KB, "M": _KB**2, "G": _KB**3}.get(text[-1:], 1)
    return int(text.rstrip("KMG")) * unit


def usable_cores() -> int:
    """Return the cores that the scheduler and, on Linux, the container's quota leave to this process."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return max(1, min(cores, int(quota) // int(period)))
    except (OSError, ValueError):  # no such file, or "max"
        return cores


def _name(details: Mapping[str, str]) -> str:
    return details.get("model name") or details.get("Hardware") or platform.processor() or platform.machine()
