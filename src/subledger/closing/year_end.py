"""The year-end close: income and expenses cleared to retained earnings, per dimension."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from subledger.booking.entries import resolve_accounts
from subledger.booking.inputs import Terms
from subledger.columns import Texts, build, group_codes, numbers, texts
from subledger.journal.journal import Journal
from subledger.numbers import group_sums
from subledger.periods import Period
from subledger.tables import ENTRIES, LINES

_OWNER = ("book", "strategy", "broker_account")


def clear_profit_and_loss(balances: pa.Table, year: Period, *, terms: Terms, seq: int) -> Journal:
    """Return one entry of kind `closing`, dated the year's last day, after everything else.

    `balances` are BALANCES at the end of the year. Every income and expense balance is turned
    back, and its sum goes to the account of the slot equity.retained, per book, strategy, broker
    account and currency, so that each of them still sums to zero. Without such balances the
    journal is empty.
    """
    accounts = texts(balances, "account")
    cleared = [terms.chart.accounts[name].type in ("income", "expense") for name in accounts]
    rows = balances.filter(pa.array(cleared, pa.bool_()))
    if not rows.num_rows:
        return Journal.empty()
    lines = _lines(rows, year, terms=terms)
    count = len(lines["account"])
    entry_id = f"{terms.policy.name}-{seq:08d}"
    end = np.array([year.end], "datetime64[D]")
    words = f"Cleared income and expenses of {year.label} to retained earnings"
    fixed = {"kind": "closing", "period": year.label, "activity_period": year.label}
    fixed |= {"event_kind": "year_end", "event_id": f"year-end:{year.label}", "stage": "closing"}
    fixed |= {"rule": "", "rule_hash": "", "reverses": "", "reason": "", "narration": words}
    entry = {name: np.array([value], dtype=object) for name, value in fixed.items()}
    entry |= {"seq": np.array([seq]), "entry_id": np.array([entry_id], dtype=object)}
    entry |= {"accounting_date": end, "activity_date": end}
    entry |= {"event_version": np.ones(1, np.int64), "leg": np.zeros(1, np.int64)}
    numbered = {"seq": np.full(count, seq), "line": np.arange(1, count + 1)}
    return Journal(build(ENTRIES, entry), build(LINES, lines | numbered))


def _lines(rows: pa.Table, year: Period, *, terms: Terms) -> dict[str, Any]:
    """Return the clearing lines, then those of retained earnings."""
    owner = {name: texts(rows, name) for name in _OWNER}
    currency = texts(rows, "currency")
    codes, first = group_codes([*owner.values(), currency])
    kept = len(first)
    nothing = Texts.repeated("", kept)
    retained = resolve_accounts(
        terms,
        "equity.retained",
        owner={name: values[first] for name, values in owner.items()},
        asset_class=nothing,
        dates=np.full(kept, np.datetime64(year.end)),
    )
    amounts = {
        name: np.concatenate([-numbers(rows, name), group_sums(codes, numbers(rows, name), kept)])
        for name in ("amount", "amount_base")
    }
    total = rows.num_rows + kept
    return {
        "account": Texts.joined([texts(rows, "account"), retained]),
        "slot": Texts.joined(
            [Texts.repeated("", rows.num_rows), Texts.repeated("equity.retained", kept)]
        ),
        "currency": Texts.joined([currency, currency[first]]),
        **amounts,
        "quantity": np.ma.masked_array(np.zeros(total, np.int64), np.ones(total, bool)),
        "lot_id": Texts.repeated("", total),
        **{name: Texts.joined([values, values[first]]) for name, values in owner.items()},
        "instrument": Texts.joined([texts(rows, "instrument"), nothing]),
        "counterparty": Texts.joined([texts(rows, "counterparty"), nothing]),
    }
