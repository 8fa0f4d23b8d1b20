"""Runs a folder of tests/refusals: its files in order, through reading and identity."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, replace
from pathlib import Path

import pyarrow as pa

from subledger.chart import load_chart
from subledger.errors import Finding
from subledger.events.context import Context, Limits
from subledger.events.identity import admit
from subledger.importers.canonical import read_file
from subledger.importers.formats import format_of
from subledger.importers.source import Intake

ROOT = Path(__file__).parents[2]
REFUSALS = ROOT / "tests" / "refusals"


def _accounts() -> Context:
    folder = ROOT / "chart_of_accounts" / "prop-us"
    chart = load_chart({path.name: path.read_bytes() for path in folder.glob("*.toml")})
    return Context(
        base_currency="USD",
        decimals={"USD": 2, "EUR": 2, "JPY": 0},
        accounts=chart.accounts,
        bases=("US-GAAP", "US-TAX"),
    )


@dataclass
class Books:
    """What a books folder would know, in memory."""

    context: Context = field(default_factory=_accounts)
    known: dict[str, pa.Table] = field(default_factory=dict)

    def import_file(
        self,
        kind: str,
        data: bytes,
        file: str,
        *,
        mapping: dict[str, str] | None = None,
        rounding: dict[str, str] | None = None,
    ) -> list[Finding]:
        """Import a file whole or not at all; return its findings, then its notes."""
        context = replace(self.context, batch=self.context.batch + 1)
        intake = Intake(
            file=file,
            kind=kind,
            format=format_of(data),
            limits=context.limits,
            rounding=rounding or {},
        )
        reading = read_file(data, intake, context=context, mapping=mapping)
        if reading.findings:
            return [*reading.findings, *reading.notes]
        admission = admit(kind, reading.table, known=self.known, file=file)
        if not admission.findings:
            before = self.known.get(kind, admission.rows.schema.empty_table())
            self.known[kind] = pa.concat_tables([before, admission.rows])
            changed = {
                name: self.known[name]
                for name in ("instruments", "trades", "settlements")
                if name in self.known
            }
            self.context = replace(context, **changed)
        return [*admission.findings, *reading.notes, *admission.notes]


def run_case(folder: Path) -> list[Finding]:
    """Import the files of a case in its order; only the last may have findings."""
    case = tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    books = Books()
    if "limits" in case:
        books.context = replace(books.context, limits=Limits(**case["limits"]))
    *before, (kind, name) = case["imports"]
    for earlier, first in before:
        assert books.import_file(earlier, (folder / first).read_bytes(), first) == []
    data = (folder / name).read_bytes()
    return books.import_file(
        kind, data, name, mapping=case.get("mapping"), rounding=case.get("rounding")
    )
