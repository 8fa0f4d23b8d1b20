"""Identity of trades: content is fixed per version, status and settled date move forward."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from subledger.columns import (
    Flags,
    column,
    concatenate,
    days,
    group_codes,
    numbers,
    rows_named,
    run_starts,
    sorted_by,
    texts,
)
from subledger.errors import Finding
from subledger.events.known import CANCELLED, RANKS, Rows, known_trades, ranks, settles_whole
from subledger.events.naming import names_in_file
from subledger.numbers import Int64Array
from subledger.tables import TRADES
from subledger.texts import Texts

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
    ids = texts(incoming, "trade_id")
    concerned = rows_named(texts(known["trades"], "trade_id"), among=ids) >= 0
    facts = sorted_by(known["trades"].filter(pa.array(concerned)), ("batch", "row"))
    both = concatenate(TRADES, [facts, incoming])
    judged = _Judged(both, facts.num_rows, file=file)
    judged.judge()
    judged.refuse_settlements(known["settlements"])
    judged.findings.sort(key=lambda finding: finding.row or 0)
    return judged.news[facts.num_rows :], judged.notes, judged.findings


class _Judged:
    """Known facts and the incoming rows of their trades, judged together in order."""

    def __init__(self, both: pa.Table, start: int, *, file: str) -> None:
        self.table, self.file = both, file
        self.incoming: Flags = np.arange(both.num_rows) >= start
        self.lines = numbers(self.table, "row")
        self.ids = texts(self.table, "trade_id")
        self.status = texts(self.table, "status")
        self.version = numbers(self.table, "version")
        self.settled = days(self.table, "settled_date")
        self.findings: list[Finding] = []
        self.notes: list[Finding] = []
        self.news = self.incoming.copy()
        # A higher version than known may correct what a settlements file has told.
        self.bound = self.incoming.copy()

    def judge(self) -> None:
        """Compare the rows of each trade that has several; one alone is news."""
        trade, first = group_codes([self.ids])
        if len(first) == len(trade):
            return
        rows = np.flatnonzero(np.bincount(trade)[trade] > 1)
        trade, incoming, version = trade[rows], self.incoming[rows], self.version[rows]
        status, settled = self.status[rows], self.settled[rows]
        key, first = group_codes([trade, version])
        state_code, state_first = group_codes([key, status, settled.astype(np.int64)])
        repeated = state_first[state_code] != np.arange(len(rows))
        conflict = self._refuse_content(rows, first[key])
        rank = ranks(status)
        level = np.unique(version, return_inverse=True)[1] * _STEP + rank
        before = _highest_before(trade.astype(np.int64), level)
        judged = incoming & ~conflict & ~repeated
        lower = judged & (before >= 0) & (level // _STEP < before // _STEP)
        self._note_lower(rows[lower])
        same = judged & (before >= 0) & (level // _STEP == before // _STEP)
        back = same & (level < before)
        self._refuse_back(rows[back])
        self._refuse_dates(rows[same & (level == before) & (rank == _SETTLED)])
        self.bound[rows] = (same & ~back) | (judged & (before < 0))
        self.news[rows] = judged & ~lower

    def _refuse_content(self, rows: Rows, first: Int64Array) -> Flags:
        """Refuse incoming rows whose content differs from the first row of their version."""
        differing: dict[str, Flags] = {}
        conflict = np.zeros(len(rows), bool)
        incoming = self.incoming[rows]
        for name in CONTENT:
            values = column(self.table, name)[rows]
            missing: Flags = pc.is_null(self.table[name]).to_numpy()[rows]
            flags = ((values != values[first]) | (missing != missing[first])) & incoming
            differing[name] = flags
            conflict |= flags
        for place in np.flatnonzero(conflict).tolist():
            row = rows[place]
            names = names_in_file(name for name, flags in differing.items() if flags[place])
            message = f"version {self.version[row]} is known with other {names}"
            self._find("ID_CONFLICT", message, row=row, column="trade_id", value=self.ids[row])
        return conflict

    def _note_lower(self, rows: Rows) -> None:
        for row in rows.tolist():
            message = f"a higher version of {self.ids[row]} is known"
            value = str(self.version[row])
            line = int(self.lines[row])
            self.notes.append(
                Finding("VERSION_IGNORED", message, self.file, line, "version", value)
            )

    def _refuse_back(self, rows: Rows) -> None:
        for row in rows.tolist():
            message = f"version {self.version[row]} of {self.ids[row]} has moved further already"
            self._find("STATUS_BACK", message, row=row, column="status", value=self.status[row])

    def _refuse_dates(self, rows: Rows) -> None:
        """Refuse settled rows with another date than a settled row of the same version."""
        for row in rows.tolist():
            self._date_conflict(row, "another row")

    def refuse_settlements(self, settlements: pa.Table) -> None:
        """Refuse rows that contradict the settlement that a settlements file has told."""
        if not settlements.num_rows:
            return
        told = self._told(settlements)
        found = rows_named(self.ids, among=texts(told, "trade_id"))
        event, date = texts(told, "settlement_event"), days(told, "settled_date")
        settled, failed = self.status == "settled", self.status == "failed"
        other = settled & (self.settled != np.append(date, np.datetime64("NaT", "D"))[found])
        for row in np.flatnonzero(self.bound & (found >= 0) & (other | failed)).tolist():
            settlement = event[found[row]]
            if settled[row]:
                self._date_conflict(row, f"settlement {settlement}")
            else:
                message = f"settlement {settlement} has settled {self.ids[row]} already"
                self._find("STATUS_BACK", message, row=row, column="status", value="failed")

    def _told(self, settlements: pa.Table) -> pa.Table:
        """Return the trades that settlement facts settle, as if no trade row said so."""
        count = self.table.num_rows
        silent = {
            "status": Texts.repeated("confirmed", count).dictionary(),
            "settled_date": pa.nulls(count, pa.date32()),
        }
        columns = [silent.get(name, self.table[name]) for name in self.table.schema.names]
        trades = pa.Table.from_arrays(columns, schema=self.table.schema)
        told, _ = known_trades(trades, settlements)
        return told.filter(pa.array(texts(told, "settlement_event") != ""))

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
    found = rows_named(texts(news, "trade_id"), among=texts(before, "trade_id"))
    news = news.append_column("found", pa.array(found))
    rows = news.filter(pa.array(settles_whole(news, before, found=found)))
    trade, date, status = numbers(rows, "found"), days(rows, "date"), texts(rows, "status")
    state = texts(before, "status")
    settled = np.where(state == "settled", days(before, "settled_date"), np.datetime64("NaT", "D"))
    settles = status == "settled"
    first = np.flatnonzero(settles & np.isnat(settled[trade]))[::-1]
    settled[trade[first]] = date[first]  # the first row of a trade is written last, and stays
    cancelled = (state == "cancelled")[trade]
    other = settles & (date != settled[trade]) & ~np.isnat(settled[trade])
    later = ~settles & (date > settled[trade])
    wrong = np.flatnonzero(cancelled | other | later)
    ids, lines = texts(rows, "trade_id"), numbers(rows, "row")
    findings: list[Finding] = []
    for row in wrong.tolist():
        name, line, value = ids[row], int(lines[row]), status[row]
        if cancelled[row]:
            message = f"{name} is cancelled"
            findings.append(Finding("STATUS_BACK", message, file, line, "status", value))
        elif other[row]:
            message = f"{name} is known to have settled on {settled[trade[row]]}"
            value = str(date[row])
            findings.append(Finding("SETTLEMENT_CONFLICT", message, file, line, "date", value))
        else:
            message = f"{name} has settled on {settled[trade[row]]} already"
            findings.append(Finding("STATUS_BACK", message, file, line, "status", value))
    return findings
