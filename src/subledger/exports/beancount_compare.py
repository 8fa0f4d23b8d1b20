"""The ledger files against the trial balance: base and units of each account, to the last digit."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal

import pyarrow as pa

from subledger import numbers
from subledger.errors import Finding
from subledger.statements.report import Units

_EXACT = Context(prec=120)
_Figures = dict[tuple[str, str], Decimal]


def compare_with_trial_balance(
    ledger: pa.Table, balances: pa.Table, *, units: Units
) -> tuple[int, list[Finding]]:
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
    return len(keys), findings


_BASE = ""  # in place of a commodity: the balance in base


def _ledger_figures(
    rows: list[dict[str, str]], with_lots: set[str]
) -> Iterator[tuple[tuple[str, str], Decimal]]:
    for row in rows:
        yield (row["gl_code"], _BASE), Decimal(row["base_weight"])
        if row["instrument"] or row["gl_code"] not in with_lots:
            yield (row["gl_code"], row["commodity"]), Decimal(row["units"])


def _expected_figures(
    rows: list[dict[str, object]], with_lots: set[str], *, units: Units
) -> Iterator[tuple[tuple[str, str], Decimal]]:
    for row in rows:
        account, currency, instrument = (
            str(row[name]) for name in ("account", "currency", "instrument")
        )
        amount_base = _exact(row["amount_base"], units.decimals_of_base())
        yield (account, _BASE), amount_base
        if account not in with_lots:
            yield (account, currency), _exact(row["amount"], units.decimals[currency])
        elif row["quantity"]:
            decimals = units.quantity_decimals[instrument]
            yield (account, instrument), _exact(row["quantity"], decimals)


def _exact(value: object, decimals: int) -> Decimal:
    if not isinstance(value, int):
        raise TypeError(f"a balance is an int, was {type(value).__name__}")
    return numbers.to_decimal(value, decimals)


def _sums(figures: Iterator[tuple[tuple[str, str], Decimal]]) -> _Figures:
    found: _Figures = {}
    for key, value in figures:
        found[key] = _EXACT.add(found.get(key, Decimal(0)), value)
    return found


def _difference(key: tuple[str, str], ledger: Decimal, *, expected: Decimal) -> Finding:
    account, commodity = key
    what = commodity or "base"
    return Finding(
        "LEDGER_DIFFERS",
        f"account {account} has {ledger:f} {what} in the ledger files,"
        f" {expected:f} in the trial balance",
        column=what,
        value=f"{ledger:f}",
    )
