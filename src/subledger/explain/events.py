"""The facts behind an entry: file and row of its event, and what was said there."""

from __future__ import annotations

from collections.abc import Sequence

from subledger.booking.direct import opening_balance_id
from subledger.explain.legs import price_text
from subledger.explain.material import Material, Row
from subledger.explain.nodes import Node, facts_of, grid_of
from subledger.tables import DIMENSIONS, FEES

_DIMENSIONS = tuple(field.name for field in DIMENSIONS)
_TRADE_COLUMNS = (
    *("version", "status", "trade date", "settlement date", "settled on", "side", "quantity"),
    *("price", "gross", "fees", "net", "file and row"),
)
_FIGURES = ("quantity", "price", "gross", "fees", "net", "amount", "line", "version")


def source_node(material: Material, entry: Row) -> list[Node]:
    """Return the facts that an entry books, with file and row."""
    kind, event_id = entry["event_kind"], entry["event_id"]
    match kind:
        case "trade" | "settlement":
            return [trade_facts(material, event_id, version=entry["event_version"])]
        case "contribution" | "withdrawal" | "capital_settlement":
            return [cash_facts(material, event_id)]
        case "journal":
            return [journal_facts(material, event_id)]
        case "opening_lot":
            taken = material.fact_rows("opening_lots", lot_id=event_id)
            return [_taken_over(material, event_id, rows=taken)]
        case "opening_balance":
            return [_taken_over(material, event_id, rows=_opening_balances(material, event_id))]
        case _:
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
        "fees": figures.money(sum(row[fee] for fee in FEES)),
        "net": figures.money(row["net"]),
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
