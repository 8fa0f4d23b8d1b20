"""The house rules as limits: sizes, arguments, homes of libraries, the manual, the lock."""

from __future__ import annotations

import ast
import importlib.util
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from subledger import errors

ROOT = Path(__file__).resolve().parents[1]
SOURCE = ROOT / "src" / "subledger"

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_LINE = 100
MAX_PARAMETERS = 5
MAX_POSITIONAL = 2

CORE = (
    "booking", "chart", "closing", "columns", "conversion", "errors", "events", "explain",
    "instruments", "journal", "lots", "numbers", "periods", "reconcile", "statements", "tables",
    "texts", "valuation",
)  # fmt: skip
CORE_LIBRARIES = {"numpy", "pyarrow", "subledger"}
CLOCKS_AND_TERMINALS = {"sqlite3", "time", "socket", "subprocess", "random", "secrets", "logging"}
HOMES = {
    "alembic": {"store"},
    "babel": {"config"},
    "dask": {"executors"},
    "distributed": {"executors"},
    "exchange_calendars": {"calendars"},
    "ibflex": {"importers"},
    "llvmlite": {"lots"},
    "numba": {"lots"},
    "openpyxl": {"exports", "importers"},
    "pandas": {"api", "calendars", "exports", "frames"},
    "pydantic": {"config"},
    "python_calamine": {"importers"},
    "rich": {"cli"},
    "sqlalchemy": {"store"},
    "typer": {"cli"},
    "xlsxwriter": {"exports"},
}
CATCH_ALLS = {"base", "common", "helper", "helpers", "manager", "misc", "util", "utils"}
# Arithmetic is written as it is read: mul_div(a, b, divisor), either(condition, one, other).
ARITHMETIC = {SOURCE / "numbers.py", SOURCE / "texts.py"}
# Compiled functions take plain arrays; numba itself is imported in one file, when it is needed.
KERNELS = {SOURCE / "lots" / "compiling.py", *(SOURCE / "lots").glob("kernel_*.py")}
COMPILERS = {"llvmlite", "numba"}

Function = ast.FunctionDef | ast.AsyncFunctionDef


def python_files(*folders: Path) -> list[Path]:
    files = [file for folder in folders for file in sorted(folder.rglob("*.py"))]
    assert files
    return files


def room(file: Path) -> str:
    """Return the room of a file of the package: its folder, or its name without one."""
    return file.relative_to(SOURCE).parts[0].removesuffix(".py")


def core_files() -> list[Path]:
    return [file for file in python_files(SOURCE) if room(file) in CORE]


def functions(file: Path) -> Iterator[Function]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, Function):
            yield node


def place(file: Path, node: ast.stmt | ast.expr) -> str:
    return f"{file.relative_to(ROOT)}:{node.lineno}"


def imported(file: Path) -> Iterator[tuple[str, ast.stmt]]:
    """Yield the top-level package of every import of a file, wherever it stands."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name.split(".")[0], node
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place(file, node)}: imports are absolute"
            yield (node.module or "").split(".")[0], node


def is_command(function: Function) -> bool:
    """Say whether a function is a Typer command: its parameters are the command's options."""
    return any(
        isinstance(decorator, ast.Call)
        and isinstance(decorator.func, ast.Attribute)
        and decorator.func.attr in {"command", "callback"}
        for decorator in function.decorator_list
    )


def test_no_file_is_longer_than_400_lines_and_no_line_than_100_columns() -> None:
    too_long = []
    for file in python_files(SOURCE, ROOT / "tests", ROOT / "docs"):
        lines = file.read_text(encoding="utf-8").splitlines()
        if len(lines) > MAX_FILE_LINES:
            too_long.append(f"{file.relative_to(ROOT)}: {len(lines)} lines")
        too_long += [
            f"{file.relative_to(ROOT)}:{number}: {len(line)} columns"
            for number, line in enumerate(lines, start=1)
            if len(line) > MAX_LINE
        ]
    assert too_long == []


def test_no_function_is_longer_than_60_lines() -> None:
    too_long = [
        f"{place(file, function)} {function.name}: {length} lines"
        for file in python_files(SOURCE, ROOT / "tests", ROOT / "docs")
        for function in functions(file)
        if (length := (function.end_lineno or 0) - function.lineno + 1) > MAX_FUNCTION_LINES
    ]
    assert too_long == []


def test_a_function_has_at_most_5_parameters_and_all_but_two_are_named() -> None:
    """Methods of Python's protocols, Typer commands and arithmetic excepted."""
    found = []
    for file in python_files(SOURCE):
        for function in functions(file):
            arguments = function.args
            positional = [argument.arg for argument in arguments.posonlyargs + arguments.args]
            if positional[:1] in (["self"], ["cls"]):
                positional = positional[1:]
            count = len(positional) + len(arguments.kwonlyargs)
            dunder = function.name.startswith("__") and function.name != "__init__"
            if dunder or is_command(function) or file in ARITHMETIC | KERNELS:
                continue
            if count > MAX_PARAMETERS or len(positional) > MAX_POSITIONAL:
                found.append(
                    f"{place(file, function)} {function.name}: {count} ({len(positional)} unnamed)"
                )
    assert found == []


def test_every_module_says_its_purpose() -> None:
    silent = [
        str(file.relative_to(ROOT))
        for file in python_files(SOURCE, ROOT / "docs")
        if not (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").rstrip(" \n")
    ]
    assert silent == []


def test_no_module_is_a_catch_all() -> None:
    names = {part.removesuffix(".py") for file in python_files(SOURCE) for part in file.parts}
    assert names & CATCH_ALLS == set()


def test_no_float_is_written_in_the_core() -> None:
    floats = [
        f"{place(file, node)}: {node.value}"
        for file in core_files()
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, float)
    ]
    assert floats == []


def test_the_core_imports_the_standard_library_numpy_and_pyarrow_and_nothing_else() -> None:
    strangers = [
        f"{place(file, node)}: {name}"
        for file in core_files()
        for name, node in imported(file)
        if name not in CORE_LIBRARIES
        and not (name in COMPILERS and file in KERNELS)
        and (name not in sys.stdlib_module_names or name in CLOCKS_AND_TERMINALS)
    ]
    assert strangers == []


def test_a_library_is_imported_only_in_its_home() -> None:
    strays = [
        f"{place(file, node)}: {name}"
        for file in python_files(SOURCE)
        for name, node in imported(file)
        if name in HOMES and room(file) not in HOMES[name]
    ]
    assert strays == []


def test_nothing_is_left_to_do_in_a_comment() -> None:
    words = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
    files = python_files(SOURCE, ROOT / "tests", ROOT / "docs")
    files += sorted((ROOT / "chart_of_accounts").rglob("*.toml"))
    assert [str(f) for f in files if words.search(f.read_text(encoding="utf-8"))] == []


def test_the_layers_hold() -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo"],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_manual_has_a_line_for_every_code() -> None:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert page == module.errors_page(), "run python docs/generate.py"
    assert [code for code in errors.CODES if f"| `{code}` |" not in page] == []


def test_every_code_of_a_file_has_a_runnable_bad_input() -> None:
    codes = {*errors.FILE_CODES, *errors.CONFIG_CODES} - {"UNKNOWN_TEMPLATE"}
    folders = {folder.name for folder in (ROOT / "tests" / "refusals").iterdir()}
    assert sorted(codes - folders) == []


@pytest.fixture(scope="module")
def lock() -> str:
    return (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_the_lock_names_no_index_and_no_path(lock: str) -> None:
    allowed = re.compile(r"([a-z0-9-]+==[^ ]+( ; .+)? \\|    --hash=sha256:[0-9a-f]{64}( \\)?)\Z")
    assert [line for line in lock.splitlines() if not allowed.match(line)] == []


def test_the_lock_holds_every_package_that_pyproject_asks_for(lock: str) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked = [
        *project["build-system"]["requires"],
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["verify"],
        *(
            package
            for group in project["dependency-groups"].values()
            for package in group
            if isinstance(package, str)
        ),
    ]
    names = {re.split(r"[<>=!~\[; ]", package)[0].replace("_", "-").lower() for package in asked}
    locked = set(re.findall(r"^([a-z0-9-]+)==", lock, flags=re.MULTILINE))
    assert names - locked == set()
    assert locked & {"skfolio", "fava"} == set()


def test_no_file_of_the_project_is_ignored_by_git() -> None:
    """An ignore rule that matches a room would leave it out of every clone."""
    files = [str(file.relative_to(ROOT)) for file in python_files(SOURCE, ROOT / "tests")]
    done = subprocess.run(
        ["git", "check-ignore", "--no-index", "--stdin"],
        cwd=ROOT,
        input="\n".join(files),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 128:
        pytest.skip("not a git checkout")
    assert done.stdout == ""
