"""The workbook calculated anew by LibreOffice: every formula gives the engine's figure."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import openpyxl
import pytest

from subledger.exports.workbook import ClosePack, write_workbook

# Without this setting LibreOffice shows the cached values and calculates nothing.
ALWAYS_CALCULATE = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load">
<prop oor:name="OOXMLRecalcMode" oor:op="fuse"><value>0</value></prop></item>
</oor:items>
"""
TOLERANCE = 0.005

pytestmark = [
    pytest.mark.libreoffice,
    pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed"),
]


def recalculated(path: Path, folder: Path) -> Path:
    profile, out = folder / "profile", folder / "out"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(ALWAYS_CALCULATE)
    command = [
        "soffice", f"-env:UserInstallation={profile.as_uri()}", "--headless",
        "--convert-to", "xlsx", "--outdir", str(out), str(path),
    ]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return out / path.name


def differences(path: Path, again: Path) -> tuple[int, list[str]]:
    """Return how many formula cells were compared, and where the cached value differs."""
    formulas = openpyxl.load_workbook(path)
    cached = openpyxl.load_workbook(path, data_only=True)
    fresh = openpyxl.load_workbook(again, data_only=True)
    compared, found = 0, []
    for sheet in formulas:
        for row in sheet:
            for cell in row:
                if cell.data_type != "f":
                    continue
                compared += 1
                ours = cached[sheet.title][cell.coordinate].value
                theirs = fresh[sheet.title][cell.coordinate].value
                if not same(ours, theirs):
                    found.append(f"{sheet.title}!{cell.coordinate}: {ours!r} {theirs!r}")
    return compared, found


def same(ours: object, theirs: object) -> bool:
    if isinstance(ours, int | float) and isinstance(theirs, int | float):
        return abs(ours - theirs) < TOLERANCE
    return ours == theirs


@pytest.mark.parametrize("most_rows", [200_000, 10])
@pytest.mark.parametrize("which", ["pack", "foreign_pack"])
def test_forced_recalculation_changes_no_formula_cell(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    *,
    which: str,
    most_rows: int,
) -> None:
    path = tmp_path / "workbook.xlsx"
    limits = {"journal_lines": most_rows, "schedule_rows": most_rows}
    write_workbook(path, request.getfixturevalue(which), **limits)
    compared, found = differences(path, recalculated(path, tmp_path))
    with capsys.disabled():
        print(f" {compared} formula cells compared")  # noqa: T201 - zero would prove nothing
    assert found == []
    assert compared > (150 if which == "pack" else 300)


def test_forced_recalculation_notices_a_figure_that_is_wrong(
    pack: ClosePack, tmp_path: Path
) -> None:
    ledger = pack.reports["trial-balance"]
    place = ledger.table.schema.get_field_index("debit")
    wrong = [cents + 1 for cents in ledger.table["debit"].to_pylist()]
    field = ledger.table.schema.field(place)
    changed = replace(ledger, table=ledger.table.set_column(place, field, [wrong]))
    path = tmp_path / "wrong.xlsx"
    write_workbook(path, replace(pack, reports={**pack.reports, "trial-balance": changed}))
    _, found = differences(path, recalculated(path, tmp_path))
    assert any(place.startswith("Trial balance!H") for place in found)
    fresh = openpyxl.load_workbook(tmp_path / "out" / "wrong.xlsx", data_only=True)
    assert fresh["Checks"]["B5"].value == "CHECKS FAIL"
