"""Every code of a file has a bad input that is refused with exactly the text it promises."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

from subledger.errors import CODES, FILE_CODES, Exit

REFUSALS = Path(__file__).parents[1] / "refusals"
CASES = sorted(folder for folder in REFUSALS.iterdir() if folder.name in FILE_CODES)


@pytest.fixture(scope="module")
def cases() -> ModuleType:
    name = "refusal_cases"
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def test_every_code_of_a_file_has_a_folder_and_every_folder_has_a_code() -> None:
    folders = {folder.name for folder in REFUSALS.iterdir()}
    assert sorted(set(FILE_CODES) - folders) == []
    assert sorted(folders - set(CODES)) == []


@pytest.mark.parametrize("folder", CASES, ids=lambda folder: folder.name)
def test_the_bad_input_is_refused_with_the_text_it_promises(
    folder: Path, cases: ModuleType
) -> None:
    findings = cases.run_case(folder)
    expected = (folder / "expected.txt").read_text(encoding="utf-8")
    assert "".join(f"{finding}\n" for finding in findings) == expected
    assert folder.name in {finding.code for finding in findings}


def test_only_notes_let_a_file_pass() -> None:
    passing = {code for code in FILE_CODES if CODES[code].exit is Exit.OK}
    assert passing == {
        "SETTLED_DATE_TAKEN",
        "VERSION_IGNORED",
        "FLEX_SKIPPED",
        "FLEX_NOT_IMPORTED",
        "FLEX_ASSUMED",
        "FLEX_NET_DIFFERS",
        "FLEX_RATES_DIFFER",
        "INTAKE_ROUNDED",
    }
