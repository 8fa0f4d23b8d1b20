"""Identity of trades: content is fixed per version, status and settled date move forward."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.columns import Flags, column, days, group_codes, numbers, run_starts, texts
from subledger.errors import Finding
from subledger.events.known import CANCELLED, RANKS, known_trades, ranks
from subledger.events.naming import names_in_file
from subledger.numbers import Int64Array
from subledger.tables import TRADES

_MOVES = ("status", "settled_date")
_KEY = ("trade_id", "version")
_DERIVED = ("executed_instant", "batch", "row")
CONTENT = tuple(name for name in TRADES.schema.names if name not in (*_KEY, *_MOVES, *_DERIVED))
_SETTLED = RANKS["settled"]
_STEP = CANCELLED + 1


def admit_trades(
    incoming: pa.Table, known: Mapping[str, pa.Table], *, file: str
) -> tuple[Flags, list[Finding], list[Finding]]:
    """Return which incoming rows are news, the notes and the findings, in order of the rows.

    Findings: ID_CONFLICT (other content under a known version), STATUS_BACK (a status that lies
    behind the one known), SETTLEMENT_CONFLICT (another date of settlement than known). Note:
    VERSION_IGNORED (a lower version than known). A row equal to any known fact is no news.
    """
    concerned = pc.is_in(known["trades"]["trade_id"], value_set=pc.unique(incoming["trade_id"]))
    facts = (
        known["trades"].filter(concerned).sort_by([("batch", "ascending"), ("row", "ascending")])
    )
    judged = _Judged(facts, incoming, settlements=known["settlements"], file=file)
    return judged.news, judged.notes, judged.findings


class _Judged:
    """Known facts and the incoming rows of their trades, judged together in order."""

    def __init__(
        self, facts: pa.Table, incoming: pa.Table, *, settlements: pa.Table, file: str
    ) -> None:
        names = TRADES.schema.names
        both = pa.concat_tables([facts.select(names), incoming.select(names)])
        self.table, self.start, self.file = both.combine_chunks(), facts.num_rows, file
        self.rows = np.arange(both.num_rows)
        self.incoming: Flags = self.rows >= self.start
        self.lines = numbers(self.table, "row")
        self.ids = texts(self.table, "trade_id")
        self.status = texts(self.table, "status")
        self.version = numbers(self.table, "version")
        self.settled = days(self.table, "settled_date")
        self.findings: list[Finding] = []
        self.notes: list[Finding] = []
        self.news = self._judge(settlements)
        self.findings.sort(key=lambda finding: finding.row or 0)

    def _judge(self, settlements: pa.Table) -> Flags:
        trade, _ = group_codes([self.ids])
        key, first = group_codes([trade, self.version])
        state_code, state_first = group_codes([key, self.status, self.settled.astype(np.int64)])
        repeated = state_first[state_code] != self.rows
        conflict = self._refuse_content(first[key])
        level = np.unique(self.version, return_inverse=True)[1] * _STEP + ranks(self.status)
        before = _highest_before(trade.astype(np.int64), level)
        judged = self.incoming & ~conflict & ~repeated
        lower = judged & (before >= 0) & (level // _STEP < before // _STEP)
        self._note_lower(lower)
        same = judged & (before >= 0) & (level // _STEP == before // _STEP)
        back = same & (level < before)
        self._refuse(back, "STATUS_BACK", name="status", values=self.status)
        self._refuse_dates(same & (level == before) & (ranks(self.status) == _SETTLED))
        # A higher version than known may correct what a settlements file has told.
        self._refuse_settlements((same & ~back) | (judged & (before < 0)), settlements)
        news: Flags = (judged & ~lower)[self.start :]
        return news

    def _refuse_content(self, first: Int64Array) -> Flags:
        """Refuse incoming rows whose content differs from the first row of their version."""
        differing: dict[str, Flags] = {}
        conflict = np.zeros(len(self.rows), bool)
        for name in CONTENT:
            values = column(self.table, name)
            missing: Flags = pc.is_null(self.table[name]).to_numpy()
            flags = ((values != values[first]) | (missing != missing[first])) & self.incoming
            differing[name] = flags
            conflict |= flags
        for row in np.flatnonzero(conflict).tolist():
            names = names_in_file(name for name, flags in differing.items() if flags[row])
            message = f"version {self.version[row]} is known with other {names}"
            self._find("ID_CONFLICT", message, row=row, column="trade_id", value=self.ids[row])
        return conflict

    def _note_lower(self, lower: Flags) -> None:
        for row in np.flatnonzero(lower).tolist():
            message = f"a higher version of {self.ids[row]} is known"
            value = str(self.version[row])
            line = int(self.lines[row])
            self.notes.append(
                Finding("VERSION_IGNORED", message, self.file, line, "version", value)
            )

    def _refuse(self, where: Flags, code: str, *, name: str, values: object) -> None:
        for row in np.flatnonzero(where).tolist():
            message = f"version {self.version[row]} of {self.ids[row]} has moved further already"
            self._find(code, message, row=row, column=name, value=str(np.asarray(values)[row]))

    def _refuse_dates(self, where: Flags) -> None:
        """Refuse settled rows with another date than a settled row of the same version."""
        for row in np.flatnonzero(where).tolist():
            self._date_conflict(row, "another row")

    def _refuse_settlements(self, where: Flags, settlements: pa.Table) -> None:
        """Refuse rows that contradict the settlement that a settlements file has told."""
        told = self._told(settlements)
        at = pc.index_in(
            pa.array(self.ids, pa.string()), value_set=told["trade_id"].combine_chunks()
        )
        found = pc.fill_null(at, -1).to_numpy(zero_copy_only=False).astype(np.int64)
        event, date = texts(told, "settlement_event"), days(told, "settled_date")
        for row in np.flatnonzero(where & (found >= 0)).tolist():
            settlement, settled = event[found[row]], date[found[row]]
            if self.status[row] == "settled" and self.settled[row] != settled:
                self._date_conflict(row, f"settlement {settlement}")
            elif self.status[row] == "failed":
                message = f"settlement {settlement} has settled {self.ids[row]} already"
                self._find("STATUS_BACK", message, row=row, column="status", value="failed")

    def _told(self, settlements: pa.Table) -> pa.Table:
        """Return the trades that settlement facts settle, as if no trade row said so."""
        silent = {
            "status": pa.repeat("confirmed", len(self.rows)),
            "settled_date": pa.nulls(len(self.rows), pa.date32()),
        }
        columns = [silent.get(name, self.table[name]) for name in self.table.schema.names]
        concerned = pc.is_in(settlements["trade_id"], value_set=pa.array(self.ids, pa.string()))
        trades = pa.Table.from_arrays(columns, schema=self.table.schema)
        told, _ = known_trades(trades, settlements.filter(concerned))
        return told.filter(pc.not_equal(told["settlement_event"], ""))

    def _date_conflict(self, row: int, source: str) -> None:
        message = f"{source} says that {self.ids[row]} settled on another date"
        value = str(self.settled[row])
        self._find("SETTLEMENT_CONFLICT", message, row=row, column="settled_date", value=value)

    def _find(self, code: str, message: str, *, row: int, column: str, value: str) -> None:
        line = int(self.lines[row])
        self.findings.append(Finding(code, message, self.file, line, column, value))


def _highest_before(group: Int64Array, level: Int64Array) -> Int64Array:
    """Return the highest level among earlier rows of the same group, -1 without any."""
    order = np.argsort(group, kind="stable")
    span = int(level.max(initial=0)) + 1
    # Each group's levels lie above those of the group before, so one running maximum serves all.
    shifted = np.maximum.accumulate(level[order] + group[order] * span)
    before = np.full(len(level), -1, np.int64)
    before[order[1:]] = (shifted - group[order] * span)[:-1]
    before[order[run_starts(group[order])]] = -1
    return before


def refuse_settlements(
    news: pa.Table, known: Mapping[str, pa.Table], *, file: str
) -> list[Finding]:
    """Return what new settlement rows contradict: a date known, or a state that is final.

    Rows of a part, of another amount or of an unknown trade contradict nothing. Findings:
    SETTLEMENT_CONFLICT, STATUS_BACK.
    """
    before, _ = known_trades(known["trades"], known["settlements"])
    _, odd = known_trades(known["trades"], news)
    ids, status = before["trade_id"].to_pylist(), before["status"].to_pylist()
    state = dict(zip(ids, status, strict=True))
    settled = {
        trade: date
        for trade, date in zip(ids, before["settled_date"].to_pylist(), strict=True)
        if state[trade] == "settled"
    }
    whole = news.filter(pc.invert(pc.is_in(news["row"], value_set=odd["row"].combine_chunks())))
    rows = whole.select(["trade_id", "date", "status", "row"]).to_pylist()
    for row in rows:
        if row["status"] == "settled":
            settled.setdefault(row["trade_id"], row["date"])
    findings: list[Finding] = []
    for row in rows:
        trade, line = row["trade_id"], row["row"]
        date = settled.get(trade)
        if state[trade] == "cancelled":
            message = f"{trade} is cancelled"
            findings.append(Finding("STATUS_BACK", message, file, line, "status", row["status"]))
        elif date is not None and row["status"] == "settled" and row["date"] != date:
            message, value = f"{trade} is known to have settled on {date}", str(row["date"])
            findings.append(Finding("SETTLEMENT_CONFLICT", message, file, line, "date", value))
        elif date is not None and row["status"] != "settled" and row["date"] > date:
            message = f"{trade} has settled on {date} already"
            findings.append(Finding("STATUS_BACK", message, file, line, "status", row["status"]))
    return findings
