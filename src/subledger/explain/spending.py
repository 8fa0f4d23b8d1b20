"""Spent foreign cash explained: which cash lots were relieved, and what they had cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from subledger.booking.drafts import CASH, ENTITLEMENT, MANUAL, SETTLEMENT, TRADE
from subledger.booking.money import accounts_of_slot
from subledger.booking.naming_lots import chain_of
from subledger.chart.measures import BALANCE_SLOT
from subledger.explain.figures import Figures, added, operand, ratio, subtracted
from subledger.explain.journal import entry_text
from subledger.explain.material import Material, Month, Row, rows_where
from subledger.explain.nodes import Arithmetic, Fact
from subledger.explain.rates import Workings
from subledger.numbers import part_of

_POOL = ("account", "broker_account", "currency")
_DAY_ORDER = {
    **dict.fromkeys(("trade", "fx_trade", "opening_lot", "opening_balance"), TRADE),
    "dividend": ENTITLEMENT,
    "settlement": SETTLEMENT,
    "journal": MANUAL,
}
_FIRST_OF_A_DAY = ("opening_balance", "dividend_settlement")


@dataclass(slots=True)
class _CashLot:
    """Cash that came at one rate, or is owed at one."""

    lot_id: str
    side: int
    opened: int
    closed: int
    cost_base: int
    relieved_base: int

    def take(self, units: int) -> _Taken:
        """Relieve some units; return what was taken."""
        before = self.relieved_base
        self.closed += units
        self.relieved_base = part_of(self.cost_base, self.closed, self.opened)
        return _Taken(replace(self), units, self.relieved_base - before, before)


@dataclass(frozen=True, slots=True)
class _Taken:
    """What one lot gave: the lot after it, units, their cost, and what was relieved before."""

    lot: _CashLot
    units: int
    cost: int
    before: int


@dataclass(frozen=True, slots=True)
class _Spent:
    """What one movement relieved, and what that was worth on its day."""

    side: int
    worth: int
    taken: Sequence[_Taken]

    @property
    def gain(self) -> int:
        """Return what it was worth less what it had cost; of owed cash the other way round."""
        return self.side * (self.worth - sum(one.cost for one in self.taken))


def write_spending(written: Workings, month: Month, *, entry: Row, gain: int) -> bool:
    """Write out how spending relieved cash lots; say whether the replay gives the gain booked."""
    line = rows_where(month.lines, seq=entry["seq"], slot=BALANCE_SLOT)[0]
    pool = {name: line[name] for name in _POOL}
    material = written.material
    chart = material.chart_at(material.batch_of(entry["seq"]))
    if line["account"] not in accounts_of_slot(chart, "cash"):
        return False
    figures = material.figures(line["currency"])
    for by_leg in (True, False):
        moves = _moves(month, pool=pool, by_leg=by_leg)
        spent = _replay(material, month, pool=pool, moves=moves, until=entry["event_id"])
        if spent is not None and spent.gain == gain:
            written.facts += _spent_by(month, entry["event_id"])
            _write(written, spent, figures=figures)
            return True
    return False


def _spent_by(month: Month, event: str) -> list[Fact]:
    """Return the entry that moved the cash, from the id of the movement."""
    gone = {name for name in month.entries["reverses"].to_pylist() if name}
    found = [
        row
        for row in month.entries.to_pylist()
        if not row["reverses"] and row["entry_id"] not in gone and _name_of(row) == event
    ]
    return [Fact("spent by", entry_text(row)) for row in found]


def _name_of(entry: Row) -> str:
    return "/".join(str(entry[part]) for part in ("event_id", "event_kind", "stage", "leg"))


def _moves(month: Month, *, pool: Row, by_leg: bool) -> list[tuple[str, Row]]:
    """Return the lines that moved cash of a pool with their event, in the order of booking.

    The items of one settlement follow by leg where it was traded in the month, else by name.
    """
    gone = {name for name in month.entries["reverses"].to_pylist() if name}
    by_seq = {row["seq"]: row for row in month.entries.to_pylist()}
    found = []
    for line in rows_where(month.lines, **pool):
        entry = by_seq[line["seq"]]
        kind = entry["event_kind"]
        stands = not entry["reverses"] and entry["entry_id"] not in gone
        if stands and line["amount"] and kind not in ("cash_relief", "revaluation", "fx_sweep"):
            found.append((entry, line))
    items = (0, 1, 2) if by_leg else (0, 2, 1)

    def order(pair: tuple[Row, Row]) -> tuple[object, ...]:
        entry, line = pair
        kind = entry["event_kind"]
        leg = items[entry["leg"]] if kind == "settlement" else entry["leg"]
        return (
            entry["accounting_date"],
            _DAY_ORDER.get(kind, CASH),
            kind not in _FIRST_OF_A_DAY,
            entry["event_id"],
            entry["stage"],
            leg,
            line["line"],
        )

    seen: dict[str, int] = {}
    named = []
    for entry, line in sorted(found, key=order):
        name = _name_of(entry)
        seen[name] = seen.get(name, 0) + 1
        named.append((name if seen[name] == 1 else f"{name}/{seen[name]}", line))
    return named


def _replay(
    material: Material,
    month: Month,
    *,
    pool: Row,
    moves: Sequence[tuple[str, Row]],
    until: str,
) -> _Spent | None:
    """Replay a pool of cash lots through the month; return what the named movement relieved."""
    lots = [
        _CashLot(
            row["lot_id"],
            1 if row["side"] == "long" else -1,
            *(row[name] for name in ("opened", "closed", "cost_base", "relieved_base")),
        )
        for row in rows_where(month.cash_lots_before, **pool)
    ]
    averages = material.policy.cash_fx == "average"
    for name, line in moves:
        direction = 1 if line["amount"] > 0 else -1
        units, worth = abs(line["amount"]), direction * line["amount_base"]
        held = [lot for lot in lots if lot.side == -direction]
        closing = min(units, sum(lot.opened - lot.closed for lot in held))
        worth_closed = part_of(worth, closing, units) if closing else 0
        taken = list(_taken(held, closing))
        if name == until:
            return _Spent(-direction, worth_closed, taken)
        lots = [lot for lot in lots if lot.opened > lot.closed]
        if closing < units:
            new = _CashLot(name, direction, units - closing, 0, worth - worth_closed, 0)
            lots = _entered(lots, new, averages=averages)
    return None


def _taken(held: Sequence[_CashLot], units: int) -> Iterator[_Taken]:
    for lot in held:
        part = min(units, lot.opened - lot.closed)
        if part:
            units -= part
            yield lot.take(part)


def _entered(lots: list[_CashLot], new: _CashLot, *, averages: bool) -> list[_CashLot]:
    """Return lots with a new one; at average cost it and those of its side become one."""
    same = [lot for lot in lots if lot.side == new.side]
    if not averages or not same:
        return [*lots, new]
    chain, _ = chain_of(same[0].lot_id)
    version = 1 + max(chain_of(lot.lot_id)[1] for lot in same)
    pooled = _CashLot(
        f"{chain}#{version}",
        new.side,
        new.opened + sum(lot.opened - lot.closed for lot in same),
        0,
        new.cost_base + sum(lot.cost_base - lot.relieved_base for lot in same),
        0,
    )
    return [*(lot for lot in lots if lot.side != new.side), pooled]


def _write(written: Workings, spent: _Spent, *, figures: Figures) -> None:
    for one in spent.taken:
        lot = one.lot
        words = ratio(
            figures.base(lot.cost_base), figures.money(lot.closed), whole=figures.money(lot.opened)
        )
        verb = "that came" if lot.side > 0 else "owed"
        written.add(
            Arithmetic(
                f"cost of {figures.money(one.units)} {verb} with {lot.lot_id}"
                " = round(its cost x spent / came) - relieved before",
                f"{figures.base(one.cost)} = {words} - {operand(figures.base(one.before))}",
            )
        )
    cost = figures.base(sum(one.cost for one in spent.taken))
    written.add(
        added(
            cost,
            [figures.base(one.cost) for one in spent.taken],
            formula="cost = cost of each part",
        )
    )
    worth = figures.base(spent.worth)
    left, right = (worth, cost) if spent.side > 0 else (cost, worth)
    words_ = "worth on the day - cost" if spent.side > 0 else "cost - worth on the day"
    written.add(
        subtracted(figures.base(spent.gain), left, right=right, formula=f"fx_gain = {words_}")
    )
