"""The ledger files against the trial balance: base and units of each account, to the last digit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Context, Decimal

import pyarrow as pa

from subledger import numbers
from subledger.errors import Finding
from subledger.statements.report import Units

_EXACT = Context(prec=120)
_BASE = ""  # in place of a commodity: the balance in base
_Key = tuple[str, str, bool]  # account, commodity, whether that is an instrument
_Figures = dict[_Key, Decimal]


@dataclass(frozen=True, slots=True)
class Compared:
    """How many figures were compared: balances in base, in each currency, and holdings in units."""

    base: int
    units: int
    local: Mapping[str, int]

    @property
    def total(self) -> int:
        """Return the number of all figures."""
        return self.base + self.units + sum(self.local.values())

    def __str__(self) -> str:
        local = [f"{count} in {currency}" for currency, count in self.local.items()]
        return ", ".join([f"{self.base} in base", *local, f"{self.units} in units"])


def compare_with_trial_balance(
    ledger: pa.Table, balances: pa.Table, *, units: Units
) -> tuple[Compared, list[Finding]]:
    """Compare LEDGER_BALANCES with BALANCES; return how many figures were compared, and findings.

    Per account the base weight is the balance in base. Per account and commodity the units are the
    quantity held where lots stand, and the local balance everywhere else; of an account that holds
    lots, money beside them is compared in base. Findings: LEDGER_DIFFERS, and
    LEDGER_NOTHING_COMPARED when there was no figure.
    """
    ledger_rows, balance_rows = ledger.to_pylist(), balances.to_pylist()
    with_lots = {row["gl_code"] for row in ledger_rows if row["instrument"]}
    with_lots |= {row["account"] for row in balance_rows if row["quantity"]}
    in_ledger = _sums(_ledger_figures(ledger_rows, with_lots))
    expected = _sums(_expected_figures(balance_rows, with_lots, units=units))
    keys = sorted(in_ledger.keys() | expected.keys())
    findings = [
        _difference(key, found, expected=wanted)
        for key in keys
        if (found := in_ledger.get(key, Decimal(0))) != (wanted := expected.get(key, Decimal(0)))
    ]
    if not keys:
        findings = [Finding("LEDGER_NOTHING_COMPARED", "no figure was compared")]
    return _counted([key[1:] for key in keys]), findings


def _counted(figures: Sequence[tuple[str, bool]]) -> Compared:
    local = Counter(commodity for commodity, instrument in figures if commodity and not instrument)
    return Compared(
        base=figures.count((_BASE, False)),
        units=sum(instrument for _, instrument in figures),
        local=dict(sorted(local.items())),
    )


def _ledger_figures(
    rows: list[dict[str, str]], with_lots: set[str]
) -> Iterator[tuple[_Key, Decimal]]:
    for row in rows:
        yield (row["gl_code"], _BASE, False), Decimal(row["base_weight"])
        if row["instrument"] or row["gl_code"] not in with_lots:
            key = row["gl_code"], row["commodity"], bool(row["instrument"])
            yield key, Decimal(row["units"])


def _expected_figures(
    rows: list[dict[str, object]], with_lots: set[str], *, units: Units
) -> Iterator[tuple[_Key, Decimal]]:
    for row in rows:
        account, currency, instrument = (
            str(row[name]) for name in ("account", "currency", "instrument")
        )
        amount_base = _exact(row["amount_base"], units.decimals_of_base())
        yield (account, _BASE, False), amount_base
        if account not in with_lots:
            yield (account, currency, False), _exact(row["amount"], units.decimals[currency])
        elif row["quantity"]:
            decimals = units.quantity_decimals[instrument]
            yield (account, instrument, True), _exact(row["quantity"], decimals)


def _exact(value: object, decimals: int) -> Decimal:
    if not isinstance(value, int):
        raise TypeError(f"a balance is an int, was {type(value).__name__}")
    return numbers.to_decimal(value, decimals)


def _sums(figures: Iterator[tuple[_Key, Decimal]]) -> _Figures:
    found: _Figures = {}
    for key, value in figures:
        found[key] = _EXACT.add(found.get(key, Decimal(0)), value)
    return found


def _difference(key: _Key, ledger: Decimal, *, expected: Decimal) -> Finding:
    account, commodity, _ = key
    what = commodity or "base"
    return Finding(
        "LEDGER_DIFFERS",
        f"account {account} has {ledger:f} {what} in the ledger files,"
        f" {expected:f} in the trial balance",
        column=what,
        value=f"{ledger:f}",
    )
