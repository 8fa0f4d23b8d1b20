"""Entries that name their accounts themselves: manual journals and opening balances."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.drafts import DIMENSION_NAMES, MANUAL, TRADE
from subledger.booking.entries import Composed, kept_dimensions, months, resolve_accounts
from subledger.booking.inputs import Terms
from subledger.columns import Days, Texts, days, group_codes, numbers, texts
from subledger.numbers import Int64Array


def journal_entries(journals: pa.Table, terms: Terms) -> Composed:
    """Return the entries of DATED_JOURNALS: one per journal and stage, a reversal negated."""
    order = ("accounting_date", "journal_id", "stage", "line")
    journals = journals.sort_by([(name, "ascending") for name in order])
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
        _line_columns(journals, entry.astype(np.int64), sign=sign, terms=terms),
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
    entry = np.arange(count)
    given = _line_columns(balances, entry, sign=np.ones(count, np.int64), terms=terms)
    contra = {name: values.copy() for name, values in given.items()}
    owner = {name: given[name] for name in ("book", "strategy", "broker_account")}
    nothing = np.full(count, "", dtype=object)
    as_of = days(balances, "as_of")
    contra["account"] = resolve_accounts(
        terms, "equity.opening", owner=owner, asset_class=nothing, dates=as_of
    )
    contra["slot"] = np.full(count, "equity.opening", dtype=object)
    for name in ("amount", "amount_base"):
        contra[name] = -contra[name]
    dimensions = {name: contra[name] for name in ("instrument", "counterparty")}
    contra |= kept_dimensions(terms.chart, contra["account"], columns=dimensions)
    event_id = np.array([opening_balance_id(row) for row in balances.to_pylist()], dtype=object)
    return Composed(
        _entry_columns(
            "opening_balance",
            event_id,
            stage=np.full(count, "opening", dtype=object),
            dates=(as_of, as_of),
            reason=np.full(count, "taken over", dtype=object),
        ),
        {name: np.concatenate([given[name], contra[name]]) for name in given},
    )


def _entry_columns(
    event: str, event_id: Texts, *, stage: Texts, dates: tuple[Days, Days], reason: Texts
) -> dict[str, Any]:
    """Return entry columns for accounting and activity dates; such entries have no rule."""
    count, (accounting, activity) = len(event_id), dates
    kind = "manual" if event == "journal" else "normal"
    empty = np.full(count, "", dtype=object)
    return {
        "day_order": np.full(count, MANUAL if kind == "manual" else TRADE),
        "kind": np.full(count, kind, dtype=object),
        "accounting_date": accounting,
        "activity_date": activity,
        "period": months(accounting),
        "activity_period": months(activity),
        "event_kind": np.full(count, event, dtype=object),
        "event_id": event_id,
        "event_version": np.ones(count, np.int64),
        "stage": stage,
        "leg": np.zeros(count, np.int64),
        "rule": empty,
        "rule_hash": empty,
        "reason": reason,
        "narration": reason,
    }


def _line_columns(
    rows: pa.Table, entry: Int64Array, *, sign: Int64Array, terms: Terms
) -> dict[str, Any]:
    """Return line columns of rows that carry account, currency, amounts and dimensions."""
    count, accounts = rows.num_rows, texts(rows, "account")
    dimensions: Mapping[str, Texts] = {name: texts(rows, name) for name in DIMENSION_NAMES}
    kept = {name: dimensions[name] for name in ("instrument", "counterparty")}
    return {
        "entry": entry,
        "position": np.arange(count),
        "within": np.full(count, -1),
        "account": accounts,
        "slot": np.full(count, "", dtype=object),
        "measure": np.full(count, "", dtype=object),
        "currency": texts(rows, "currency"),
        "amount": sign * numbers(rows, "amount"),
        "amount_base": sign * numbers(rows, "amount_base"),
        "quantity": np.zeros(count, np.int64),
        "has_quantity": np.zeros(count, bool),
        "lot_id": np.full(count, "", dtype=object),
        **dimensions,
        **kept_dimensions(terms.chart, accounts, columns=kept),
    }
