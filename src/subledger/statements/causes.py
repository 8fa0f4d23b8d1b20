"""Why an account stands where it stands: every line of a journal belongs to one cause.

The cause follows from the measures that a line's rule posts to its slot, else from its event. Two
bases book the same events, so that each cause says what their policies make of them: a purchase
that opens a lot in one may close a short one in the other, so cost and realised gains are one
cause. Fees that a basis puts into cost stand with the fees, and so does what they take off its
gains. Where both bases book the same events, what they differ by sums to zero cause by cause.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import pyarrow as pa

from subledger import columns, numbers, tables
from subledger.chart import Chart
from subledger.chart.measures import CURRENCY_OF, TRADE_EVENTS
from subledger.statements.fees_in_cost import fees_in_cost
from subledger.statements.posted import Clearing, Posted, sums_of_lines
from subledger.tables import FEES

FEES_OF_TRADES, LOTS = "fees of trades", "lots opened and relieved"
_TAKEN_OVER = ("opening_lot", "opening_balance")
_MEASURES: Mapping[str, str] = {
    **dict.fromkeys((*FEES, "rebate"), FEES_OF_TRADES),
    **dict.fromkeys(("cost", "cost_moved", "cost_relieved", "realised_price", "realised_fx"), LOTS),
    "interbook_cost": "cost owed between books",
    **dict.fromkeys(("mark_change", "mark_released", "mark_moved"), "unrealised price"),
    **dict.fromkeys(
        ("mark_fx_change", "mark_fx_released", "mark_fx_moved"), "unrealised FX of investments"
    ),
    **dict.fromkeys(("revaluation", "revaluation_released"), "revaluation of monetary balances"),
}
_EVENTS: Mapping[str, str] = {
    **dict.fromkeys(TRADE_EVENTS, "trades"),
    "settlement": "settlement of trades",
    "corporate_action": "corporate actions",
    **dict.fromkeys(("dividend", "dividend_settlement"), "dividends"),
    "cash_relief": "realised FX of cash spent",
    "fx_sweep": "realised FX of exchanges",
    **dict.fromkeys(("contribution", "withdrawal", "capital_settlement"), "capital"),
    "cash": "cash income and expenses",
    "journal": "manual journals",
    **dict.fromkeys(_TAKEN_OVER, "taken over"),
}
CAUSES: tuple[str, ...] = tuple(dict.fromkeys((*_EVENTS.values(), *_MEASURES.values())))

CAUSED = pa.schema([tables.text("cause"), tables.text("account"), tables.base("amount")])


def causes_of(posted: Posted) -> pa.Table:
    """Return the closing balances in base by `cause` and `account`, zero ones left out.

    Per account they add up to its balance. What income and expenses of cleared years have come to
    stands on retained earnings, under its cause.

    Raises NumberOverflow where a sum does not fit in 64 bits.
    """
    clearing = Clearing(posted)
    lines = sums_of_lines(posted, clearing)
    measures = _measures_posted(posted.chart)
    sums: Counter[tuple[str, str]] = Counter()
    for one, amount in lines.items():
        posts = measures.get((one.rule, one.slot), ())
        sums[_cause(one.event_kind, posts, base_only=one.base_only), one.account] += amount
    for account, amount in fees_in_cost(posted, clearing, lines=lines).items():
        sums[FEES_OF_TRADES, account] += amount
        sums[LOTS, account] -= amount
    found = [(*key, numbers.check_range(amount)) for key, amount in sorted(sums.items()) if amount]
    causes, accounts, amounts = zip(*found, strict=True) if found else ((), (), ())
    given = {
        "cause": columns.Texts.of(causes).dictionary(),
        "account": columns.Texts.of(accounts).dictionary(),
        "amount": pa.array(amounts, pa.int64()),
    }
    return pa.table(given, schema=CAUSED)


def _measures_posted(chart: Chart) -> dict[tuple[str, str], tuple[str, ...]]:
    """Return the measures that each rule posts to each slot."""
    found: dict[tuple[str, str], tuple[str, ...]] = {}
    for rule in chart.rules:
        for line in rule.lines:
            key = (rule.id, line.slot)
            found[key] = (*found.get(key, ()), line.amount)
    return found


def _cause(event: str, measures: Iterable[str], *, base_only: bool) -> str:
    """Return the cause of lines: of their measures, where these have one, else of their event.

    A slot can take a measure in base currency alone beside others; its lines have no local amount.
    """
    if event in _TAKEN_OVER:
        return _EVENTS[event]
    alone = {name for name in measures if CURRENCY_OF[name] == "base_only"}
    chosen = (alone if base_only else set(measures) - alone) or set(measures)
    known = {_MEASURES[name] for name in chosen if name in _MEASURES}
    return known.pop() if len(known) == 1 else _EVENTS.get(event, event)
