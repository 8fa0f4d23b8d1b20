"""The machine of a benchmark: what a reader needs to compare, and nothing that names it."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

PACKAGES = ("subledger", "numpy", "numba", "pyarrow", "duckdb", "pandas", "xlsxwriter")


def machine() -> dict[str, str]:
    """Return cores, memory, processor, system, Python, and the versions of packages."""
    return {
        "cores": str(_cores()),
        "memory": _memory(),
        "processor": _processor(),
        "system": _system(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "packages": ", ".join(f"{name} {found}" for name in PACKAGES if (found := _version(name))),
    }


def installed(program: str) -> str:
    """Return where a program stands, beside this interpreter or on the PATH, or ""."""
    beside = shutil.which(program, path=str(Path(sys.executable).parent))
    return beside or shutil.which(program) or ""


def version_of(program: str) -> str:
    """Return the first line that an installed program prints of itself."""
    done = subprocess.run(  # noqa: S603 - asks for its version
        [program, "--version"], capture_output=True, text=True, check=False
    )
    return next(iter(done.stdout.strip().splitlines()), "")


def _cores() -> int:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _memory() -> str:
    if not hasattr(os, "sysconf") or "SC_PHYS_PAGES" not in os.sysconf_names:
        return ""
    size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return f"{size / 2**30:.1f} GiB"


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text(errors="replace").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def _system() -> str:
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except OSError:
        return f"{platform.system()} {platform.release()}"


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""
