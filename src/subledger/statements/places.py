"""Where the journal of a basis has posted the measures of trades, as its accounts are now."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger import columns
from subledger.chart import Chart
from subledger.chart.measures import SIDES
from subledger.columns import Codes, Flags, Texts
from subledger.journal.journal import Journal
from subledger.numbers import Int64Array
from subledger.statements import grouping
from subledger.statements.posted import Clearing, Kind, Posted, blocks, journals
from subledger.tables import ENTRIES
from subledger.texts import from_arrow

TRADE = "trade"
EFFECT_OF: Mapping[str, str] = {"cost": "open", "cost_relieved": "close", "realised_price": "close"}
_PLACED = pa.schema(
    [
        *(pa.field(name, pa.int64()) for name in ("trade", "leg")),
        *(pa.field(name, pa.string()) for name in ("slot", "lot_id", "account")),
    ]
)


class Places:
    """The accounts on which measures of trades stand: those of the lines with the same key.

    Usually that is the account of the slot to which trades of a side post the measure. Only trades
    that may stand elsewhere are looked up line by line: those that have such lines, and those that
    were booked more than once. A measure that is zero has no line; it moves nothing that a reader
    would look for, and stands on the account of the first slot that takes it.
    """

    def __init__(self, posted: Posted, clearing: Clearing, *, kinds: Collection[Kind]) -> None:
        self._posted = posted
        self._clearing = clearing
        self._slots = {measure: _slots(posted.chart, measure) for measure in EFFECT_OF}
        self._usual = {measure: self._usual_of(measure) for measure in EFFECT_OF}
        trades = (kind for kind in kinds if kind.event_kind == TRADE)
        self._away = {(kind.slot, kind.account) for kind in trades if self._is_away(kind)}

    def without_line(self, measure: str) -> str:
        """Return the account on which a measure stands that was zero and has no line."""
        slots = self._slots[measure]
        return self._posted.chart.slots[slots[0]].default if slots else ""

    def _usual_of(self, measure: str) -> Mapping[str, str]:
        """Return the account of a measure by the side of the trade."""
        chart, default = self._posted.chart, self.without_line(measure)
        slots = {side: _slots(chart, measure, side=side) for side in SIDES}
        found = {
            side: chart.slots[of_side[0]].default if of_side else default
            for side, of_side in slots.items()
        }
        # A gain is looked up by its trade alone, of which another leg may be of the other side.
        alike = measure != "realised_price" or {*found.values()} == {default}
        return found if alike else dict.fromkeys(SIDES, default)

    def _is_away(self, kind: Kind) -> bool:
        """Say whether lines of a kind stand elsewhere than is usual for a measure."""
        rules = [rule for rule in self._posted.chart.rules if rule.id == kind.rule]
        sides = {side for rule in rules for side in rule.when.get("side", SIDES)} or {*SIDES}
        cleared = {False, self._clearing.through is not None}
        return any(
            kind.account not in {self._clearing.stands(usual[side], cleared=one) for one in cleared}
            for measure, usual in self._usual.items()
            for side in sides
            if kind.slot in self._slots[measure]
        )

    def marked(self, rows: pa.Table, month: date) -> pa.Table:
        """Return rows of trades of a month, `event_id`, with what `usually` and others need.

        `odd` says which trades are to be looked up, since lines of them may stand elsewhere;
        `cleared` whether their year is cleared.
        """
        found = [*self._booked_again, *self._elsewhere.get(month, ())]
        odd = np.zeros(rows.num_rows, bool)
        if any(map(len, found)):
            odd = number_among(rows["event_id"], pa.concat_arrays(found)) >= 0
        cleared = pa.repeat(pa.scalar(self._clearing.covers(month)), rows.num_rows)
        return rows.append_column("odd", pa.array(odd)).append_column("cleared", cleared)

    def usually(self, measure: str, rows: pa.Table) -> Texts:
        """Return the account on which a measure of each trade stands if nothing is unusual."""
        usual, cleared = self._usual[measure], bool(columns.flags(rows, "cleared").any())
        side = columns.texts(rows, "side")
        return side.mapped(lambda one: self._clearing.stands(usual[one], cleared=cleared))

    @cached_property
    def _booked_again(self) -> list[pa.Array]:
        """Return the ids of trades that were reversed."""
        found = []
        for part in self._posted.parts(ENTRIES):
            if "reversal" in columns.texts(part.read(columns=["kind"]), "kind").distinct():
                rows = part.read(columns=["kind", "event_id"])
                found.append(plain(rows.filter(pc.equal(rows["kind"], "reversal"))["event_id"]))
        return found

    @cached_property
    def _elsewhere(self) -> Mapping[date, list[pa.Array]]:
        """Return by month the ids of trades that have lines elsewhere than is usual."""
        found: dict[date, list[pa.Array]] = {}
        heads = ("event_kind", "event_id", *self._clearing.of_entries)
        wanted = ("slot", *self._clearing.of_lines)
        parts = journals(self._posted, entries=heads, lines=wanted) if self._away else ()
        for through, journal in parts:
            ids = plain(journal.entries["event_id"])
            rows = np.flatnonzero(self._has_lines_away(journal))
            found.setdefault(through, []).append(ids.take(pa.array(rows)))
        return found

    def _has_lines_away(self, journal: Journal) -> Flags:
        """Say of each entry whether it is a trade's with lines elsewhere than is usual."""
        found = []
        for block, entry in blocks(journal):
            account = self._clearing.accounts(block, entry)
            slot = columns.texts(block.lines, "slot")
            kind, first = columns.group_codes([slot, account])
            pairs = zip(slot[first], account[first], strict=True)
            away = np.array([pair in self._away for pair in pairs], bool)
            has = np.zeros(block.entries.num_rows, bool)
            has[entry[away[kind]]] = True
            found.append(has & (columns.texts(block.entries, "event_kind") == TRADE))
        return np.concatenate(found)

    def accounts(
        self, rows: pa.Table, lines: pa.Table, *, measure: str, on: Sequence[str]
    ) -> Texts:
        """Return the account where a measure of trades stands, by the first line with the same key.

        `lines` are those of `lines_of` these trades; `on` names the columns of the key.
        """
        slots = pa.array(self._slots[measure], pa.string())
        chosen = lines.filter(pc.is_in(lines["slot"], slots))
        found = grouping.pick(chosen["account"], grouping.lookup(rows, chosen, on=on))
        return from_arrow(pc.fill_null(found, self.without_line(measure)))

    def lines_of(self, trades: pa.Array) -> pa.Table:
        """Return the lines of measures of some trades, in the journal's order.

        `trade` is the position of the trade's id among those given.
        """
        found = [_PLACED.empty_table()]
        heads = ("event_kind", "event_id", "leg", *self._clearing.of_entries)
        wanted = ("slot", "lot_id", *self._clearing.of_lines)
        for _, journal in journals(self._posted, entries=heads, lines=wanted):
            of_trades = columns.texts(journal.entries, "event_kind") == TRADE
            trade = number_among(journal.entries["event_id"], trades)
            trade[~of_trades] = -1
            numbered = journal.entries.append_column("trade", pa.array(trade))
            for block, entry in blocks(Journal(numbered, journal.lines)):
                found.append(self._placed(block, entry))
        return pa.concat_tables(found)

    def _placed(self, block: Journal, entry: Codes) -> pa.Table:
        """Return the lines of measures of numbered trades."""
        of_trade = columns.numbers(block.entries, "trade")[entry]
        takes = columns.texts(block.lines, "slot").isin(set().union(*self._slots.values()))
        rows = np.flatnonzero((of_trade >= 0) & takes)
        given = {
            "trade": pa.array(of_trade[rows]),
            "leg": pa.array(columns.numbers(block.entries, "leg")[entry[rows]]),
            **{name: block.lines[name].take(pa.array(rows)) for name in ("slot", "lot_id")},
            "account": self._clearing.accounts(block, entry)[rows].plain(),
        }
        return pa.table(given).cast(_PLACED)


def number_among(column: pa.ChunkedArray, ids: pa.Array) -> Int64Array:
    """Return the position of each id among others; -1 where it is not there."""
    return columns.filled(pc.index_in(plain(column), value_set=ids), -1)


def plain(column: pa.ChunkedArray) -> pa.Array:
    """Return a column of ids as plain text, however it is held."""
    return column.cast(pa.string()).combine_chunks()


def _slots(chart: Chart, measure: str, *, side: str = "") -> list[str]:
    """Return the slots to which rules of trades post a measure, or those of one side, in order."""
    effect = EFFECT_OF[measure]
    rules = [
        rule
        for rule in chart.rules
        if rule.event == TRADE
        and (not side or side in rule.when.get("side", SIDES))
        and (not side or effect in rule.when.get("effect", (effect,)))
    ]
    return sorted({ln.slot for rule in rules for ln in rule.lines if ln.amount == measure})
