"""Balances explained: foreign money brought to the closing rate, and FX trading swept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from subledger.booking.money import accounts_of_slot
from subledger.chart.measures import BALANCE_SLOT, FX_TRADING_SLOT, LINES_OF_ITEMS
from subledger.errors import InvariantError
from subledger.explain.derivations import derivation
from subledger.explain.figures import added, subtracted
from subledger.explain.lines import rederive
from subledger.explain.material import Material, Month, Row, rows_where
from subledger.explain.nodes import Node, grid_of
from subledger.explain.rates import Workings
from subledger.tables import DIMENSIONS

_DIMENSIONS = tuple(field.name for field in DIMENSIONS)
_OWNER = ("book", "strategy", "broker_account")


_MOVES = ("date", "entry", "amount", "currency", "in base", "narration")


@dataclass(frozen=True, slots=True)
class _Moved:
    """A line of a standing entry of the month, with its entry."""

    entry: Row
    line: Row


def _standing(month: Month, **equal: object) -> Iterator[_Moved]:
    """Yield the lines with the values given of entries that stand."""
    gone = {name for name in month.entries["reverses"].to_pylist() if name}
    by_seq = {row["seq"]: row for row in month.entries.to_pylist()}
    for line in rows_where(month.lines, **equal):
        entry = by_seq[line["seq"]]
        if not entry["reverses"] and entry["entry_id"] not in gone:
            yield _Moved(entry, line)


def write_balance(written: Workings, month: Month, *, entry: Row, change: int) -> None:
    """Write out the revaluation of cash or another balance: its value less what stood.

    Raises InvariantError where another change was booked.
    """
    lines = rows_where(month.lines, seq=entry["seq"], slot=BALANCE_SLOT)
    line, on = lines[0], entry["accounting_date"]
    key = {name: line[name] for name in ("account", "currency", *_DIMENSIONS)}
    carried = rows_where(month.money_before, **key)
    moved = [
        one
        for one in _standing(month, **key)
        if one.entry["accounting_date"] <= on
        and _moves_balance(written.material, month, one=one, revaluation=entry)
    ]
    figures = written.material.figures(line["currency"])
    standing: dict[bool, int] = {}
    written.children += _moves_node(written.material, month, moved=moved)
    for in_base, name in ((False, "amount"), (True, "amount_base")):
        parts = [sum(row[name] for row in carried), sum(one.line[name] for one in moved)]
        standing[in_base] = sum(parts)
        into = f" in {written.base}" if in_base else ""
        written.add(
            added(
                figures.amount(sum(parts), in_base=in_base),
                [figures.amount(part, in_base=in_base) for part in parts],
                formula=f"balance{into} = carried into {month.label} + moved since",
            )
        )
    value = written.translate("balance", standing[False], currency=line["currency"], on=on)
    if value - standing[True] != change:
        raise InvariantError(f"{entry['entry_id']}: {change} is not the change of its value")
    written.add(
        subtracted(
            figures.base(change),
            figures.base(value),
            right=figures.base(standing[True]),
            formula="revaluation = balance at this rate - balance as it stood",
        )
    )


def _moves_node(material: Material, month: Month, *, moved: Sequence[_Moved]) -> list[Node]:
    """Return the lines that moved a balance, each with its entry."""
    rows = [
        {
            "date": str(one.entry["accounting_date"]),
            "entry": one.entry["entry_id"],
            "amount": material.figures(one.line["currency"]).money(one.line["amount"]),
            "currency": one.line["currency"],
            "in base": material.figures(material.units.base).base(one.line["amount_base"]),
            "narration": one.entry["narration"],
        }
        for one in sorted(moved, key=_by_date)
    ]
    grid = grid_of(_MOVES, rows, figures=("amount", "in base"))
    return [Node("entries", f"Moved in {month.label}", grid=grid)] if rows else []


def _by_date(one: _Moved) -> tuple[object, ...]:
    return one.entry["accounting_date"], one.entry["seq"], one.line["line"]


def _moves_balance(material: Material, month: Month, *, one: _Moved, revaluation: Row) -> bool:
    """Say whether a line belongs to the balance that a revaluation found, and to no item."""
    kind = one.entry["event_kind"]
    if kind == "revaluation":
        same = one.entry["event_id"] == revaluation["event_id"]
        return bool(same and one.entry["accounting_date"] < revaluation["accounting_date"])
    if kind not in LINES_OF_ITEMS or one.line["slot"] in (FX_TRADING_SLOT, "cash"):
        return True
    lines = rows_where(month.lines, seq=one.entry["seq"])
    derived = derivation(material, month, entry=one.entry, lines=lines)
    origins = rederive(derived, lines) if derived else None
    if origins is None:
        return True
    place = [line["line"] for line in lines].index(one.line["line"])
    return origins[place].template.amount not in LINES_OF_ITEMS[kind]


def write_sweep(written: Workings, month: Month, *, entry: Row, amount: int) -> None:
    """Write out a sweep of FX trading: what its currencies leave in base, with the sign turned.

    Raises InvariantError where another amount was swept.
    """
    material, on = written.material, entry["accounting_date"]
    chart = material.chart_at(material.batch_of(entry["seq"]))
    line = rows_where(month.lines, seq=entry["seq"], slot=FX_TRADING_SLOT)[0]
    owner = {name: line[name] for name in _OWNER}
    left: dict[str, int] = {}
    moved = []
    for row in rows_where(month.money_before, kind="fx_trading", **owner):
        left[row["currency"]] = left.get(row["currency"], 0) + row["amount_base"]
    for account in sorted(accounts_of_slot(chart, FX_TRADING_SLOT)):
        for one in _standing(month, account=account, **owner):
            swept_now = one.entry["event_kind"] == "fx_sweep" and one.entry["accounting_date"] == on
            if one.entry["accounting_date"] <= on and not swept_now:
                currency = one.line["currency"]
                left[currency] = left.get(currency, 0) + one.line["amount_base"]
                moved.append(one)
    figures = material.figures(written.base)
    balance = sum(left.values())
    if balance != -amount:
        raise InvariantError(f"{entry['entry_id']} swept {amount} of {balance}")
    written.children += _moves_node(material, month, moved=moved)
    names = sorted(left)
    written.add(
        added(
            figures.base(balance),
            [figures.base(left[name]) for name in names],
            formula=f"FX trading in {written.base} = what it stands at in {' + '.join(names)}",
        ),
        subtracted(
            figures.base(amount),
            figures.base(0),
            right=figures.base(balance),
            formula="amount = zero - FX trading",
        ),
    )
