"""Entries that name their accounts themselves: manual journals and opening balances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import DIMENSION_NAMES, MANUAL, TRADE
from subledger.booking.entries import kept_dimensions, months, resolve_accounts
from subledger.booking.inputs import Terms
from subledger.booking.lines import TEXTS, At, Block, Composed
from subledger.columns import (
    Codes,
    Days,
    Texts,
    days,
    group_codes,
    numbers,
    run_starts,
    sorted_by,
    texts,
)
from subledger.numbers import Int64Array


def journal_entries(journals: pa.Table, terms: Terms) -> Composed:
    """Return the entries of DATED_JOURNALS: one per journal and stage, a reversal negated."""
    order = ("accounting_date", "journal_id", "stage", "line")
    journals = sorted_by(journals, order)
    stage = texts(journals, "stage")
    entry, first = group_codes([texts(journals, "journal_id"), stage])
    sign = np.where(stage == "manual_reversal", -1, 1)
    reversed_on, dated = days(journals, "reverse_on"), days(journals, "date")
    heads = journals.take(first)
    return Composed(
        _entry_columns(
            "journal",
            texts(heads, "journal_id"),
            stage=stage[first],
            dates=(
                days(heads, "accounting_date"),
                np.where(stage == "manual_reversal", reversed_on, dated)[first],
            ),
            reason=texts(heads, "reason"),
        ),
        [_block(_line_columns(journals, sign=sign, terms=terms), entry)],
    )


def opening_balance_id(balance: Mapping[str, Any]) -> str:
    """Return the id of a balance taken over: its day, account, currency and dimensions.

    An id of a dimension cannot hold a slash, so that no two balances share an id.
    """
    dimensions = "/".join(balance[name] for name in DIMENSION_NAMES).rstrip("/")
    parts = ("opening", str(balance["as_of"]), balance["account"], balance["currency"], dimensions)
    return ":".join(parts).removesuffix(":")


def opening_entries(balances: pa.Table, terms: Terms) -> Composed:
    """Return one entry per OPENING_BALANCES row, against the slot equity.opening."""
    count = balances.num_rows
    given = _line_columns(balances, sign=np.ones(count, np.int64), terms=terms)
    owner = {name: given[name] for name in ("book", "strategy", "broker_account")}
    nothing = Texts.repeated("", count)
    as_of = days(balances, "as_of")
    against = resolve_accounts(
        terms, "equity.opening", owner=owner, asset_class=nothing, dates=as_of
    )
    dimensions = {name: given[name] for name in ("instrument", "counterparty")}
    contra = {
        **given,
        "account": against,
        "amount": -given["amount"],
        "amount_base": -given["amount_base"],
        **kept_dimensions(terms.chart, against, columns=dimensions),
    }
    entry = np.arange(count)
    event_id = Texts.of([opening_balance_id(row) for row in balances.to_pylist()])
    return Composed(
        _entry_columns(
            "opening_balance",
            event_id,
            stage=Texts.repeated("opening", count),
            dates=(as_of, as_of),
            reason=Texts.repeated("taken over", count),
        ),
        [_block(given, entry), _block(contra, entry, place=1, slot="equity.opening")],
    )


def _block(
    lines: Mapping[str, Any], entry: Codes, *, place: int | None = None, slot: str = ""
) -> Block:
    """Return lines as a block: each at a place of its entry, or in the order given."""
    every = slice(None)
    starts = run_starts(entry)
    lengths = np.diff(np.append(starts, len(entry)))
    within = np.arange(len(entry)) - np.repeat(starts, lengths)
    return Block(
        entry=entry.astype(np.int32),
        place=(within if place is None else np.full(len(entry), place)).astype(np.int32),
        slot=slot,
        measure="",
        columns={name: At(lines[name], every) for name in TEXTS if name in lines} | {"lot_id": ""},
        amount=At(lines["amount"], every),
        amount_base=At(lines["amount_base"], every),
    )


def _entry_columns(
    event: str, event_id: Texts, *, stage: Texts, dates: tuple[Days, Days], reason: Texts
) -> dict[str, Any]:
    """Return entry columns for accounting and activity dates; such entries have no rule."""
    count, (accounting, activity) = len(event_id), dates
    kind = "manual" if event == "journal" else "normal"
    empty = Texts.repeated("", count)
    return {
        "day_order": np.full(count, MANUAL if kind == "manual" else TRADE),
        "kind": Texts.repeated(kind, count),
        "accounting_date": accounting,
        "activity_date": activity,
        "period": months(accounting),
        "activity_period": months(activity),
        "event_kind": Texts.repeated(event, count),
        "event_id": event_id,
        "event_version": np.ones(count, np.int64),
        "stage": stage,
        "leg": np.zeros(count, np.int64),
        "rule": empty,
        "rule_hash": empty,
        "reason": reason,
        "narration": reason.plain(),
    }


def _line_columns(rows: pa.Table, *, sign: Int64Array, terms: Terms) -> dict[str, Any]:
    """Return line columns of rows that carry account, currency, amounts and dimensions."""
    accounts = texts(rows, "account")
    dimensions: Mapping[str, Texts] = {name: texts(rows, name) for name in DIMENSION_NAMES}
    kept = {name: dimensions[name] for name in ("instrument", "counterparty")}
    return {
        "account": accounts,
        "currency": texts(rows, "currency"),
        "amount": sign * numbers(rows, "amount"),
        "amount_base": sign * numbers(rows, "amount_base"),
        **dimensions,
        **kept_dimensions(terms.chart, accounts, columns=kept),
    }
