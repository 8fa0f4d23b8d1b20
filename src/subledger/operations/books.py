"""An opened books folder: its settings, its chart and its store."""

from __future__ import annotations

import getpass
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

import pyarrow as pa

from subledger.arrow_alone import leave_pandas_out
from subledger.booking.inputs import Terms
from subledger.booking.partitioning import INLINE, Executor
from subledger.booking.policy import BasisPolicy
from subledger.chart import Chart, load_chart, prove_chart
from subledger.columns import numbers, texts
from subledger.config import FILE_NAME, Settings, load_settings
from subledger.errors import Finding, Refused, refuse
from subledger.periods import NotAPeriod, Period, parse_period
from subledger.statements.report import Units
from subledger.store.control import Control
from subledger.store.reading import Reading

leave_pandas_out()  # every command comes by here; the API has loaded pandas before


@dataclass(frozen=True)
class Books:
    """One firm's books on disk."""

    folder: Path
    settings: Settings
    control: Control
    executor: Executor = INLINE  # who books

    @cached_property
    def chart(self) -> Chart:
        """Return the chart, proved; refuse with every violation."""
        chart = read_chart(self.settings.chart_folder)
        findings = prove_chart(chart, tuple(self.settings.bases))
        if findings:
            raise Refused(findings)
        return chart

    def policy(self, basis: str) -> BasisPolicy:
        """Return the policies of a basis; refuse with UNKNOWN_BASIS."""
        if basis not in self.settings.bases:
            known = ", ".join(self.settings.bases)
            raise refuse("UNKNOWN_BASIS", f"bases of these books: {known}", value=basis)
        return self.settings.bases[basis]

    def policies(self, bases: Sequence[str] = ()) -> list[BasisPolicy]:
        """Return the policies of the bases named, or of every basis."""
        return [self.policy(basis) for basis in (bases or self.settings.bases)]

    def terms(self, policy: BasisPolicy, instruments: pa.Table) -> Terms:
        """Return the terms under which a basis is booked."""
        return Terms(
            policy,
            self.chart,
            instruments,
            self.settings.currencies,
            self.settings.tolerances["settlement"],
        )

    def units(self, reading: Reading) -> Units:
        """Return the decimals of every currency and instrument."""
        instruments = reading.instruments()
        names = texts(instruments, "instrument")
        decimals = numbers(instruments, "quantity_decimals").tolist()
        return Units(
            self.settings.base,
            self.settings.currencies,
            dict(zip(names, decimals, strict=True)),
        )

    def period(self, label: str, policy: BasisPolicy) -> Period:
        """Return the period of a label under a basis's fiscal calendar; refuse NOT_A_PERIOD."""
        try:
            return parse_period(label, policy.fiscal_first_month)
        except NotAPeriod:
            raise refuse("NOT_A_PERIOD", "not a period", value=label) from None


def open_books(folder: Path, *, create_store: bool = True, executor: Executor = INLINE) -> Books:
    """Open a books folder; refuse with NOT_A_BOOKS_FOLDER or with every fault of its settings."""
    settings = load_settings(folder)
    control = Control.open(
        folder,
        settings.store_url,
        create=create_store,
        clock=lambda: datetime.now(UTC),
        actor=getpass.getuser(),
    )
    require_fixed(settings, control.read().fixed())
    return Books(folder, settings, control, executor)


def require_fixed(settings: Settings, fixed: Mapping[str, str]) -> None:
    """Refuse with SETTING_FIXED settings in which facts are held already and that differ now."""
    now = {"entity": settings.entity, "base": settings.base}
    now |= {f"decimals.{name}": str(places) for name, places in settings.currencies.items()}
    findings = [
        Finding("SETTING_FIXED", f"it was fixed as {value}", FILE_NAME, column=key, value=now[key])
        for key, value in sorted(fixed.items())
        if now.get(key) != value
    ]
    if findings:
        raise Refused(findings)


def read_chart(folder: Path) -> Chart:
    """Read a chart's TOML files; refuse with every violation of their form."""
    return load_chart({path.name: path.read_bytes() for path in sorted(folder.glob("*.toml"))})
