"""The files that frame the months: options and includes, accounts, commodities."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import pyarrow as pa

from subledger.exports import beancount_names as names
from subledger.exports.beancount_accounts import AccountBook
from subledger.exports.beancount_input import LedgerContext

MAIN, ACCOUNTS, COMMODITIES = "main.beancount", "accounts.beancount", "commodities.beancount"
FRAME = (MAIN, ACCOUNTS, COMMODITIES)
# Every option that the program writes; a file with another one was not written by it.
OPTIONS = (
    "title",
    "operating_currency",
    "tolerance_multiplier",
    "booking_method",
    *(f"name_{root.lower()}" for root in names.ROOTS.values()),
)
_NO_DATE = date(1970, 1, 1)

_ABOUT = """\
;; The ledger of one accounting basis. bean-check proves it, fava shows it, any editor opens it.
;; Lots stand at base unit cost under Account:BOOK:INSTRUMENT; what the unit cost leaves over stands
;; in Residue. Unrealised gains are posted: read statements at cost; at market they count twice.

"""
SUMMARIES = ";; Periods in daily sums: "
_IN_SUMS = """\
;; Months of very many entries are told in sums per day and owner, without lots: their units stand
;; per account and instrument in Summed, without cost, as do lots of that time ever after.
"""
_LOTS = (
    "SELECT account, currency, cost_date, cost_label, sum(units(position)), sum(cost(position))"
    " WHERE cost_label != '' GROUP BY account, currency, cost_date, cost_label"
    " HAVING not empty(sum(units(position))) ORDER BY account, cost_date"
)
_RESULT = (
    "SELECT year, month, account, sum(weight) WHERE account ~ '^(Income|Expenses)'"
    " GROUP BY year, month, account ORDER BY year, month, account"
)
_QUERIES = (
    ("trial-balance", "SELECT account, sum(weight) GROUP BY account ORDER BY account"),
    ("open-lots", _LOTS),
    ("result-by-month", _RESULT),
)


def frame_files(
    context: LedgerContext, uses: pa.Table, *, files: Iterable[str], summaries: Sequence[str] = ()
) -> dict[str, str]:
    """Return main, accounts and commodities, by file name.

    `uses` is USES of every period so far, `files` are the names of the periods' files, `summaries`
    the periods that are told in daily sums.
    """
    rows = uses.to_pylist()
    start = min((row["first_date"] for row in rows), default=_NO_DATE)
    return {
        MAIN: _main(context, start, files=sorted(files), summaries=summaries),
        ACCOUNTS: "".join(_accounts(context, rows, start=start)),
        COMMODITIES: "".join(_commodities(context, rows, start=start)),
    }


def _main(
    context: LedgerContext, start: date, *, files: list[str], summaries: Sequence[str]
) -> str:
    values = (
        f"{context.entity}, {context.basis}",
        names.currency(context.units.base),
        "0",
        "STRICT",
        *names.ROOTS.values(),
    )
    options = "".join(
        f"option {names.quoted(name)} {names.quoted(value)}\n"
        for name, value in zip(OPTIONS, values, strict=True)
    )
    fava = "".join(
        f'{start} custom "fava-option" "{name}" "{value}"\n'
        for name, value in (
            ("invert-income-liabilities-equity", "true"),
            ("show-accounts-with-zero-transactions", "false"),
            ("collapse-pattern", "^(Assets|Liabilities):[^:]+$"),
        )
    )
    queries = "".join(f'{start} query "{name}" "{sql}"\n' for name, sql in _QUERIES)
    includes = "".join(f'include "{name}"\n' for name in (ACCOUNTS, COMMODITIES, *files))
    about = _ABOUT
    if summaries:
        about = f"{_ABOUT}{_IN_SUMS}{SUMMARIES}{' '.join(summaries)}\n\n"
    return f"{about}{options}\n{fava}\n{queries}\n{includes}"


def _accounts(context: LedgerContext, uses: list[dict[str, Any]], *, start: date) -> Iterator[str]:
    plain = AccountBook(context.accounts).plain
    subs: dict[str, list[dict[str, Any]]] = {}
    for use in uses:
        if use["name"] != plain[use["account"]]:
            subs.setdefault(use["account"], []).append(use)
    for number in sorted(context.accounts):
        if context.accounts[number].postable:
            name = plain[number]
            yield f"{start} open {name}\n{_metadata(context, number)}"
        for use in sorted(subs.get(number, []), key=lambda use: str(use["name"]).split(":")):
            yield (
                f"{use['first_date']} open {use['name']}{_constraint(context, use)}\n"
                f"{_metadata(context, number)}{_sub_metadata(use)}"
            )


def _metadata(context: LedgerContext, number: str) -> str:
    account = context.accounts[number]
    return (
        f"  gl-code: {names.quoted(number)}\n"
        f"  name: {names.quoted(account.name)}\n"
        f"  statement-line: {names.quoted(account.statement_line)}\n"
    )


def _constraint(context: LedgerContext, use: dict[str, Any]) -> str:
    if use["residue"]:
        return f" {names.currency(context.units.base)}"
    if use["units"]:
        return f" {names.commodity(use['instrument'], context.units.decimals)}"
    return ""


def _sub_metadata(use: dict[str, Any]) -> str:
    pairs = ((key, use[key]) for key in ("book", "instrument"))
    text = "".join(f"  {key}: {names.quoted(value)}\n" for key, value in pairs if value)
    return text + ('  part: "residue"\n' if use["residue"] else "")


def _commodities(
    context: LedgerContext, uses: list[dict[str, Any]], *, start: date
) -> Iterator[str]:
    first: dict[str, date] = {}
    for use in uses:
        if use["instrument"]:
            known = first.get(use["instrument"], use["first_date"])
            first[use["instrument"]] = min(known, use["first_date"])
    base = context.units.base
    yield (
        f"{start} commodity {names.currency(base)}\n"
        f"  precision: {context.units.decimals_of_base()}\n"
    )
    for row in sorted(context.instruments.to_pylist(), key=lambda row: str(row["instrument"])):
        if row["instrument"] in first:
            yield _commodity(context, row, day=first[row["instrument"]])


def _commodity(context: LedgerContext, row: dict[str, Any], *, day: date) -> str:
    instrument = row["instrument"]
    pairs = (
        ("ticker", instrument),
        ("name", row["name"]),
        ("asset-class", row["asset_class"]),
        ("currency", row["currency"]),
        ("exchange", row["exchange"]),
        ("isin", row["isin"]),
        ("cusip", row["cusip"]),
        ("figi", row["figi"]),
    )
    text = "".join(f"  {key}: {names.quoted(value)}\n" for key, value in pairs if value)
    decimals = context.units.quantity_decimals[instrument]
    commodity = names.commodity(instrument, context.units.decimals)
    return f"{day} commodity {commodity}\n{text}  precision: {decimals}\n"
