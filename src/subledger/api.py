"""The Python face: books as an object, reports as DataFrames, refusals as one exception."""

from __future__ import annotations

import csv
import functools
import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import ParamSpec, TypeAlias, TypedDict, TypeVar, Unpack

import pandas as pd

from subledger import executors, frames
from subledger.errors import refuse
from subledger.operations import books as opening
from subledger.operations import (
    checking,
    closing,
    creating,
    importing,
    marking,
    packaging,
    posting,
    reconciling,
    relieving,
    reporting,
    verifying,
)
from subledger.operations import exceptions as queue
from subledger.operations.checking import CheckResult
from subledger.operations.closing import CloseResult
from subledger.operations.failing import only_refusals
from subledger.operations.importing import ImportResult
from subledger.operations.packaging import PackageResult
from subledger.operations.posting import PostResult
from subledger.operations.splitting import require_splits
from subledger.operations.verifying import VerifyResult

P = ParamSpec("P")
R = TypeVar("R")

Source: TypeAlias = str | Path | pd.DataFrame


class ImportOptions(TypedDict, total=False):
    """Options of an import: our name for each column, the file's format, whether to write."""

    mapping: Mapping[str, str] | None
    format: str
    dry_run: bool


def _refusing(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function that raises Refused for whatever is refused."""

    @functools.wraps(function)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with only_refusals():
            return function(*args, **kwargs)

    return run


@_refusing
def create(
    folder: str | Path,
    *,
    template: str = "prop-us",
    settings: Mapping[str, object] | None = None,
) -> Books:
    """Make a new books folder and open it.

    >>> books = create("acme", settings={"entity.name": "Acme Trading LLC"})  # doctest: +SKIP

    `settings` are values by key path; BOOKS_EXIST is refused.
    """
    creating.create(Path(folder), template=template, settings=settings)
    return open(folder)


@_refusing
def open(folder: str | Path) -> Books:  # noqa: A001 - subledger.open, as json.load
    """Open a books folder.

    >>> books = open("acme")  # doctest: +SKIP
    """
    return Books(opening.open_books(Path(folder)))


class Books:
    """One firm's books: what is imported, posted, closed and reported.

    Every method raises `Refused` with all its findings when what is asked is refused, and then
    nothing was done. `basis` names one accounting basis or several; without it writing, checking
    and packaging act on all, a report on the first.
    """

    def __init__(self, books: opening.Books) -> None:
        self._books = books

    def __repr__(self) -> str:
        """Return the folder."""
        return f"<subledger.Books {self._books.settings.entity!r} in {str(self.folder)!r}>"

    @contextmanager
    def _booked_by(self, executor: str) -> Iterator[opening.Books]:
        with executors.executor(executor) as run:
            inline = run is executors.INLINE
            yield self._books if inline else replace(self._books, executor=run)

    @property
    def folder(self) -> Path:
        """Return the books folder."""
        return self._books.folder

    @property
    def bases(self) -> list[str]:
        """Return the names of the accounting bases, the first one first."""
        return list(self._books.settings.bases)

    @_refusing
    def import_facts(
        self,
        kind: str,
        source: Source,
        *,
        mapping: Mapping[str, str] | None = None,
        format: str = "auto",  # noqa: A002 - the name of the command line's option
        dry_run: bool = False,
    ) -> ImportResult:
        """Import a file or a DataFrame of a kind (`trades`, `cash`, ...), all of it or nothing.

        A DataFrame is rendered as the CSV file that it would be, so that verdicts and hashes are
        those of the file; rows are numbered from 2. `mapping` gives our name for a column's;
        `format` is that of a file (`auto`: by its first bytes).
        """
        if isinstance(source, pd.DataFrame):
            if format not in {"auto", "csv"}:
                raise refuse("NOT_OFFERED", "a DataFrame is read as csv", value=format)
            data = _csv(frames.columns_of(source))
            delivery = importing.Delivery(kind, frames.FILE, data, mapping, "csv")
        else:
            delivery = importing.delivered(
                kind, Path(source), mapping=mapping, source_format=format
            )
        return importing.import_bytes(self._books, delivery, dry_run=dry_run)

    def import_instruments(self, source: Source, **options: Unpack[ImportOptions]) -> ImportResult:
        """Import what can be held; options as of `import_facts`."""
        return self.import_facts("instruments", source, **options)

    def import_trades(self, source: Source, **options: Unpack[ImportOptions]) -> ImportResult:
        """Import trades in whatever state they are; options as of `import_facts`."""
        return self.import_facts("trades", source, **options)

    def import_cash(self, source: Source, **options: Unpack[ImportOptions]) -> ImportResult:
        """Import contributions, withdrawals and other cash; options as of `import_facts`."""
        return self.import_facts("cash", source, **options)

    def import_settlements(self, source: Source, **options: Unpack[ImportOptions]) -> ImportResult:
        """Import what became of settlements; options as of `import_facts`."""
        return self.import_facts("settlements", source, **options)

    def import_prices(self, source: Source, **options: Unpack[ImportOptions]) -> ImportResult:
        """Import prices; options as of `import_facts`."""
        return self.import_facts("prices", source, **options)

    def import_rates(self, source: Source, **options: Unpack[ImportOptions]) -> ImportResult:
        """Import exchange rates, one base = rate quote; options as of `import_facts`."""
        return self.import_facts("rates", source, **options)

    def import_corporate_actions(
        self, source: Source, **options: Unpack[ImportOptions]
    ) -> ImportResult:
        """Import what issuers announced; options as of `import_facts`."""
        return self.import_facts("corporate_actions", source, **options)

    def import_journals(self, source: Source, **options: Unpack[ImportOptions]) -> ImportResult:
        """Import manual journals; options as of `import_facts`."""
        return self.import_facts("journals", source, **options)

    def import_opening_lots(self, source: Source, **options: Unpack[ImportOptions]) -> ImportResult:
        """Import tax lots taken over from another system; options as of `import_facts`."""
        return self.import_facts("opening_lots", source, **options)

    def import_opening_balances(
        self, source: Source, **options: Unpack[ImportOptions]
    ) -> ImportResult:
        """Import balances taken over from another system; options as of `import_facts`."""
        return self.import_facts("opening_balances", source, **options)

    @_refusing
    def post(
        self,
        *,
        basis: str | Sequence[str] = (),
        dry_run: bool = False,
        executor: str = "inline",
    ) -> list[PostResult]:
        """Post what is known and not in the journal yet; posting twice posts nothing.

        `executor` says who books, here and in `close` and `mark`: `inline`, `threads`, `dask` or
        `dask://HOST:PORT`. The result is the same.
        """
        with self._booked_by(executor) as books:
            return posting.post(books, _names(basis), dry_run=dry_run)

    @_refusing
    def mark(
        self,
        on: date | str,
        *,
        basis: str | Sequence[str] = (),
        dry_run: bool = False,
        executor: str = "inline",
    ) -> list[PostResult]:
        """Value the open lots of a day and post the change; bases at cost are left out."""
        with self._booked_by(executor) as books:
            return marking.mark(books, _day(on), bases=_names(basis), dry_run=dry_run)

    @_refusing
    def close(
        self,
        period: str,
        *,
        basis: str | Sequence[str] = (),
        dry_run: bool = False,
        executor: str = "inline",
    ) -> list[CloseResult]:
        """Close a month (`2026-01`) or a year (`2026`), or refuse with every reason at once."""
        with self._booked_by(executor) as books:
            return closing.close(books, period, bases=_names(basis), dry_run=dry_run)

    @_refusing
    def report(
        self,
        name: str,
        period: str,
        *,
        basis: str = "",
        by: str | Sequence[str] = (),
        as_at: int | None = None,
    ) -> pd.DataFrame:
        """Return a report of a period: amounts as Decimal, dates as datetime64.

        `by` splits a trial balance or a P&L by columns; `as_at` is the number of a batch.
        """
        view = reporting.view_of(self._books, period, basis=basis, as_at=as_at)
        splits = _names(by)
        if name in reporting.REPORTS:
            require_splits(name, splits)
        return frames.frame(reporting.report(view, name, by=splits), view.units)

    @_refusing
    def exceptions(
        self, *, basis: str | Sequence[str] = (), as_at: int | None = None
    ) -> pd.DataFrame:
        """Return the exceptions with their status and, where one was given, the reason."""
        report = queue.list_exceptions(self._books, _names(basis), as_at=as_at)
        return frames.frame(report, self._books.units(self._books.control.read(as_at)))

    @_refusing
    def waive(self, exception_id: str, *, reason: str, dry_run: bool = False) -> None:
        """Let an exception no longer block the close, for a reason."""
        queue.waive(self._books, exception_id, reason=reason, dry_run=dry_run)

    @_refusing
    def sweep(self, exception_id: str, *, reason: str = "", dry_run: bool = False) -> date:
        """Move an exception's event to the next open period; return its new day."""
        return queue.sweep(self._books, exception_id, reason=reason, dry_run=dry_run)

    @_refusing
    def package(
        self, period: str, *, basis: str | Sequence[str] = (), dry_run: bool = False
    ) -> list[PackageResult]:
        """Write the workbook and the reports of a period below `reports/`."""
        return packaging.package(self._books, period, bases=_names(basis), dry_run=dry_run)

    @_refusing
    def verify(
        self, period: str | None = None, *, basis: str | Sequence[str] = ()
    ) -> list[VerifyResult]:
        """Prove the books anew from what is on disk; findings are in the results."""
        return verifying.verify(self._books, period, bases=_names(basis))

    @_refusing
    def check(self, *, basis: str | Sequence[str] = ()) -> list[CheckResult]:
        """Prove what the journal holds; whether each check passed is in the results."""
        return checking.check(self._books, _names(basis))

    @_refusing
    def reconcile(self, kind: str, path: str | Path, *, basis: str = "") -> pd.DataFrame:
        """Compare a broker's statement with the books; `kind` is "trades": realised gains."""
        if kind != "trades":
            raise refuse("NOT_OFFERED", "offered: trades", column="kind", value=kind)
        report = reconciling.reconcile_trades(self._books, Path(path), basis=basis)
        return frames.frame(report, self._books.units(self._books.control.read()))

    @_refusing
    def explain(self, identifier: str, *, basis: str = "", as_at: int | None = None) -> str:
        """Return the walk from an entry, lot, relief or trade back to its file and row."""
        from subledger.operations import explaining  # noqa: PLC0415

        return "\n".join(explaining.explain(self._books, identifier, basis=basis, as_at=as_at))


@dataclass(frozen=True)
class Relieved:
    """What the lot engine did: `realised` and `lots`, with the columns of these reports."""

    realised: pd.DataFrame
    lots: pd.DataFrame


@_refusing
def relieve(
    trades: pd.DataFrame,
    *,
    method: str = "FIFO",
    fees: str = "capitalise",
    decimals: int = 8,
    allow_short: bool = True,
) -> Relieved:
    """Relieve tax lots by the trades of a DataFrame, without books.

    Args:
        trades: The columns of a trades file, in one currency; cancelled trades do not count. A
            trade that names lots in the column `lots` relieves these, whatever the method.
        method: FIFO, LIFO, HIFO, LOFO (dearest or cheapest unit first, fees included), AVERAGE,
            SPECIFIC (trades name their lots where more than one could be meant), PRO_RATA,
            INTRADAY_FIFO, MIN_GAIN, MAX_GAIN, BEST_TAX, HIGHEST_PRICE or LOWEST_PRICE.
        fees: capitalise puts them into cost and out of proceeds; expense leaves them aside.
        decimals: Decimals of money, 0 to 8.
        allow_short: Whether a sale beyond the position opens a short, or is refused.

    >>> trades = pd.DataFrame({
    ...     "trade_id": ["T1", "T2"], "status": ["settled", "settled"],
    ...     "trade_date": ["2026-01-05", "2026-01-07"],
    ...     "settlement_date": ["2026-01-06", "2026-01-08"],
    ...     "settled_date": ["2026-01-06", "2026-01-08"],
    ...     "book": "B1", "broker_account": "PB1", "instrument": "AAPL",
    ...     "side": ["buy", "sell"], "quantity": [100, 40], "price": ["10.00", "12.50"],
    ...     "currency": "USD", "commission": ["1.00", "0.40"],
    ... })
    >>> done = relieve(trades, decimals=2)
    >>> done.realised[["lot_id", "quantity", "proceeds", "cost", "gain"]].values.tolist()
    [['T1', Decimal('40'), Decimal('499.60'), Decimal('400.40'), Decimal('99.20')]]
    >>> done.lots[["lot_id", "quantity", "cost"]].values.tolist()
    [['T1', Decimal('60'), Decimal('600.60')]]

    Raises:
        Refused: NOT_OFFERED for a method, policy or case that is not offered, every finding about
            the rows, and OVER_CLOSE, SHORT_NOT_ALLOWED, LOT_UNKNOWN, LOTS_MISMATCH or
            LOTS_NOT_NAMED for trades that cannot be relieved.
    """
    terms = relieving.ReliefTerms(method, fees, decimals, allow_short)
    done = relieving.relieve(frames.columns_of(trades), frames.FILE, terms=terms)
    return Relieved(frames.frame(done.realised, done.units), frames.frame(done.lots, done.units))


def _csv(columns: Mapping[str, Iterable[str]]) -> bytes:
    """Return text columns as the canonical CSV file that they would be."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue().encode()


def _names(given: str | Sequence[str]) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) and given else tuple(given)


def _day(on: date | str) -> date:
    if isinstance(on, date):
        return on
    try:
        return date.fromisoformat(on)
    except ValueError:
        raise refuse("DATE_FORMAT", "not a day as 2026-01-31", column="on", value=on) from None
