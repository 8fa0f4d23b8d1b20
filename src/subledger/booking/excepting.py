"""Exceptions: what cannot be booked, or only under doubt, as rows with a stable id."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.columns import Flags, Texts, build, days, group_codes, numbers, texts
from subledger.numbers import group_sums
from subledger.tables import EXCEPTIONS


def exception_id(*parts: str) -> str:
    """Return the stable id of an exception: the same cause has the same id in every run."""
    digest = sha256(b"".join(len(p).to_bytes(4, "big") + p.encode() for p in parts))
    return f"X-{digest.hexdigest()[:12]}"


def exceptions_table(basis: str, code: str, *, rows: Mapping[str, Any]) -> pa.Table:
    """Return EXCEPTIONS rows of one code, one per event.

    `rows` holds event_id, event_version, subject, date (of the period), amount (made positive),
    currency, message, batch and row, as columns of equal length. Where an event has several rows,
    its amount at risk is the sum of the positive ones.
    """
    period = Texts.of(np.asarray(rows["date"], "datetime64[M]").astype(str).tolist())
    keys = zip(rows["event_id"], rows["event_version"], rows["subject"], period, strict=True)
    ids = [exception_id(basis, code, *map(str, key)) for key in keys]
    number, first = group_codes([Texts.of(ids)])
    amount = np.asarray(rows["amount"], np.int64)
    alone = np.bincount(number, minlength=len(first)) == 1
    at_risk = group_sums(number, np.maximum(amount, 0), len(first))
    copied = ("event_id", "event_version", "subject", "currency", "message", "batch", "row")
    return build(
        EXCEPTIONS,
        {
            "exception_id": Texts.of(ids)[first],
            "code": code,
            "basis": basis,
            "period": period[first],
            "amount_at_risk": np.where(alone, np.abs(amount[first]), at_risk),
            **{name: rows[name][first] for name in copied},
        },
    )


class Screening:
    """Collects refusals of one table; the first reason of a row wins."""

    def __init__(self, table: pa.Table, basis: str) -> None:
        """Screen a table for one accounting basis."""
        self.table, self.basis = table, basis
        self._code = np.zeros(table.num_rows, np.int32)
        self._reasons: list[tuple[str, Texts | str]] = [("", "")]

    def refuse(self, condition: Flags, code: str, *, message: Texts | str) -> None:
        """Give a code to the rows of a condition that have none yet."""
        rows = condition & (self._code == 0)
        if rows.any():
            self._code[rows] = len(self._reasons)
            self._reasons.append((code, message))

    def bookable(self) -> pa.Table:
        """Return the rows that have no reason against them."""
        return self.table.filter(pa.array(self._code == 0)) if self._code.any() else self.table

    def exceptions(self, *, event: str, date: str, amount: str) -> list[pa.Table]:
        """Return EXCEPTIONS of the refused rows, from the columns named."""
        found = []
        keys = {"event": event, "date": date, "amount": amount}
        for number, (code, message) in enumerate(self._reasons[1:], 1):
            rows = np.flatnonzero(self._code == number)
            said = Texts.repeated(message, len(rows)) if isinstance(message, str) else message[rows]
            part = self.table.take(rows)
            found.append(refused_rows(part, basis=self.basis, code=code, keys=keys, message=said))
        return found


def refused_rows(
    part: pa.Table, *, basis: str, code: str, keys: Mapping[str, str], message: Texts
) -> pa.Table:
    """Return EXCEPTIONS of rows; `keys` names the columns of event, date, amount and subject."""
    count = part.num_rows
    has_version = "version" in part.column_names
    ones = np.ones(count, np.int64)
    return exceptions_table(
        basis,
        code,
        rows={
            "event_id": texts(part, keys["event"]),
            "event_version": numbers(part, "version") if has_version else ones,
            "subject": texts(part, keys.get("subject", "instrument")),
            "date": days(part, keys["date"]),
            "amount": numbers(part, keys["amount"]) if keys["amount"] else 0 * ones,
            "currency": texts(part, "currency"),
            "message": message,
            "batch": numbers(part, "batch"),
            "row": numbers(part, "row"),
        },
    )


def doubts_table(
    basis: str, code: str, *, doubts: list[tuple[np.datetime64, str, int]], words: str, base: str
) -> pa.Table:
    """Return EXCEPTIONS of doubts about a date: (date, instrument or currency, base amount)."""
    kind = "rate" if code.endswith("RATE") else "mark"
    merged: dict[tuple[np.datetime64, str], int] = {}
    for on, subject, amount in doubts:
        merged[on, subject] = merged.get((on, subject), 0) + amount
    keys = sorted(merged)
    count = len(keys)
    rows = {
        "event_id": Texts.of([f"{kind}:{on}:{subject}" for on, subject in keys]),
        "event_version": np.ones(count, np.int64),
        "subject": Texts.of([subject for _, subject in keys]),
        "date": np.array([on for on, _ in keys], "datetime64[D]"),
        "amount": np.array([merged[key] for key in keys], np.int64),
        "currency": Texts.repeated(base, count),
        "message": Texts.of([f"{subject}: {words} {on}" for on, subject in keys]),
        "batch": np.zeros(count, np.int64),
        "row": np.zeros(count, np.int64),
    }
    return exceptions_table(basis, code, rows=rows)
