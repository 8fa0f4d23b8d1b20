"""The facts behind an entry: file and row of its event, and what was said there."""

from __future__ import annotations

from collections.abc import Sequence

from subledger.booking.direct import opening_balance_id
from subledger.explain.dividends import cash_of
from subledger.explain.material import Material, Row
from subledger.explain.nodes import Node, facts_of, grid_of
from subledger.explain.prices import price_text
from subledger.numbers import to_text
from subledger.tables import DIMENSIONS, FEES

_DIMENSIONS = tuple(field.name for field in DIMENSIONS)
_TRADE_COLUMNS = (
    *("version", "status", "trade date", "settlement date", "settled on", "side", "quantity"),
    *("price", "gross", "fees", "net", "currency", "fees in", "settles in", "file and row"),
)
_FIGURES = ("quantity", "price", "gross", "fees", "net", "amount", "line", "version")


def source_node(material: Material, entry: Row) -> list[Node]:
    """Return the facts that an entry books, with file and row."""
    kind, event_id = entry["event_kind"], entry["event_id"]
    if kind in ("trade", "fx_trade", "settlement"):
        return [trade_facts(material, event_id, version=entry["event_version"])]
    if kind in ("corporate_action", "dividend", "dividend_settlement"):
        paid = cash_of(material, entry=entry) if kind == "dividend_settlement" else []
        cash = (cash_facts(material, row["event_id"]) for row in paid)
        return [action_facts(material, event_id), *cash]
    if kind in ("opening_lot", "opening_balance"):
        rows = (
            material.fact_rows("opening_lots", lot_id=event_id)
            if kind == "opening_lot"
            else _opening_balances(material, event_id)
        )
        return [_taken_over(material, event_id, rows=rows)]
    if kind == "revaluation":
        return _revalued_facts(material, event_id)
    if kind == "journal":
        return [journal_facts(material, event_id)]
    is_cash = kind in ("contribution", "withdrawal", "capital_settlement", "cash")
    return [cash_facts(material, event_id)] if is_cash else []


def _revalued_facts(material: Material, event_id: str) -> list[Node]:
    """Return the trade or the dividend that left a revalued item; nothing for a balance."""
    trade_id, _, _ = event_id.rpartition("/")
    if material.fact_rows("trades", trade_id=trade_id):
        return [trade_facts(material, trade_id)]
    action, _, _ = event_id.partition("/")
    if material.fact_rows("corporate_actions", event_id=action):
        return [action_facts(material, action)]
    return []


def trade_facts(material: Material, trade_id: str, *, version: int = 0) -> Node:
    """Return every fact known of a trade (of one version, where it is named), as it came."""
    key = {"version": version} if version else {}
    facts = material.fact_rows("trades", trade_id=trade_id, **key)
    moves = material.fact_rows("settlements", trade_id=trade_id)
    rows = [_trade_row(material, row) for row in facts]
    rows += [
        {
            "status": move["status"],
            "settled on": str(move["date"]),
            "file and row": f"{material.place(move)}, event {move['event_id']}",
        }
        for move in moves
    ]
    grid = grid_of(_TRADE_COLUMNS, rows, figures=_FIGURES)
    title = f"Facts of trade {trade_id}" + (f" version {version}" if version else "")
    return Node("event", title, grid=grid, batches=_batches([*facts, *moves]))


def _trade_row(material: Material, row: Row) -> dict[str, str]:
    figures = material.figures(row["currency"], row["instrument"])
    fees_in = row["fee_currency"] or row["currency"]
    settles_in = row["settlement_currency"] or row["currency"]
    dates = {"trade date": "trade_date", "settlement date": "settlement_date"}
    return {
        "version": str(row["version"]),
        "status": row["status"],
        **{label: str(row[name]) for label, name in dates.items()},
        "settled on": str(row["settled_date"] or ""),
        "side": row["side"],
        "quantity": figures.units(row["quantity"]),
        "price": price_text(row),
        "gross": figures.money(row["gross"]),
        "fees": material.figures(fees_in).money(sum(row[fee] for fee in FEES)),
        "net": figures.money(row["net"]),
        "currency": "" if figures.is_base else row["currency"],
        "fees in": "" if fees_in == row["currency"] else fees_in,
        "settles in": "" if settles_in == row["currency"] else settles_in,
        "file and row": material.place(row),
    }


def cash_facts(material: Material, event_id: str) -> Node:
    """Return a cash fact as it came."""
    rows = material.fact_rows("cash", event_id=event_id)
    row = rows[-1]
    amount = material.figures(row["currency"]).money(row["amount"])
    facts = facts_of(
        [
            ("kind", row["kind"]),
            ("date", row["date"]),
            ("settled on", row["settled_date"]),
            ("amount", f"{amount} {row['currency']}"),
            *((name, row[name]) for name in (*_DIMENSIONS, "reference", "memo")),
            ("source", material.place(row)),
        ]
    )
    return Node("event", f"Cash {event_id}", facts, batches=_batches(rows))


def action_facts(material: Material, event_id: str) -> Node:
    """Return what was announced to holders as it came."""
    rows = material.fact_rows("corporate_actions", event_id=event_id)
    row = rows[-1]
    figures = {
        name: to_text(row[f"{name}_mantissa"], row[f"{name}_scale"])
        for name in ("amount", "withholding", "reclaimable")
    }
    is_dividend = row["kind"] == "dividend"
    facts = facts_of(
        [
            ("kind", row["kind"]),
            ("instrument", row["instrument"]),
            ("ex-date", row["ex_date"]),
            ("record date", row["record_date"]),
            ("pay date", row["pay_date"]),
            ("ratio", f"{row['ratio']} for {row['per']}" if row["ratio"] else ""),
            ("new instrument", row["new_instrument"]),
            ("amount per unit", f"{figures['amount']} {row['currency']}" if is_dividend else ""),
            *(
                (f"{name} rate", figures[name] if is_dividend else "")
                for name in ("withholding", "reclaimable")
            ),
            ("source", material.place(row)),
        ]
    )
    return Node("event", f"Corporate action {event_id}", facts, batches=_batches(rows))


def journal_facts(material: Material, journal_id: str) -> Node:
    """Return the rows of a manual journal as they came."""
    rows = material.fact_rows("journals", journal_id=journal_id)
    head = rows[0]
    facts = facts_of([(name, head[name]) for name in ("reason", "attachment", "reverse_on")])
    cells = [
        {
            **{name: row[name] for name in ("account", "currency", *_DIMENSIONS)},
            "line": str(row["line"]),
            "date": str(row["date"]),
            "amount": material.figures(row["currency"]).money(row["amount"]),
            "file and row": material.place(row),
        }
        for row in rows
    ]
    columns = ("line", "date", "account", "amount", "currency", *_DIMENSIONS, "file and row")
    grid = grid_of(columns, cells, figures=_FIGURES)
    return Node("event", f"Journal {journal_id}", facts, grid=grid, batches=_batches(rows))


def _opening_balances(material: Material, event_id: str) -> list[Row]:
    """Return the balances taken over whose account, currency and dimensions make an event id."""
    return [
        row
        for row in material.facts["opening_balances"].to_pylist()
        if row["basis"] in ("", material.policy.name) and event_id == opening_balance_id(row)
    ]


def _taken_over(material: Material, event_id: str, *, rows: Sequence[Row]) -> Node:
    facts = facts_of(
        [
            *(("as of", row["as_of"]) for row in rows[-1:]),
            *(("source", material.place(row)) for row in rows),
        ]
    )
    return Node("event", f"Taken over: {event_id}", facts, batches=_batches(rows))


def _batches(rows: Sequence[Row]) -> tuple[int, ...]:
    return tuple(sorted({row["batch"] for row in rows}))
