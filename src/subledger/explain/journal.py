"""Entries of the months at hand: which stand, which were reversed, and what replaced them."""

from __future__ import annotations

from subledger.explain.material import Material, Row


def live_entries(material: Material, **equal: object) -> list[Row]:
    """Return the entries with the values given that stand: neither reversals nor reversed."""
    found = [row for _, row in material.rows("entries", **equal)]
    gone = {row["reverses"] for row in found if row["reverses"]}
    return [row for row in found if not row["reverses"] and row["entry_id"] not in gone]


def reversal_of(material: Material, entry: Row) -> Row | None:
    """Return the entry that reversed an entry, None while it stands."""
    found = [row for _, row in material.rows("entries", reverses=entry["entry_id"])]
    return found[0] if found else None


def replacement_of(material: Material, reversal: Row) -> Row | None:
    """Return the first entry after a reversal that books the same part of the same event."""
    key = {name: reversal[name] for name in ("event_kind", "event_id", "stage", "leg")}
    found = [
        row
        for _, row in material.rows("entries", **key)
        if row["seq"] > reversal["seq"] and not row["reverses"]
    ]
    return min(found, key=lambda row: int(row["seq"]), default=None)


def entry_text(row: Row) -> str:
    """Return an entry in one line."""
    return f"{row['entry_id']} of {row['accounting_date']}: {row['narration']}"


def event_text(row: Row) -> str:
    """Return the event of an entry, and which part of it the entry books."""
    leg = f", leg {row['leg']}" if row["leg"] else ""
    return f"{row['event_kind']} {row['event_id']} version {row['event_version']}{leg}"
