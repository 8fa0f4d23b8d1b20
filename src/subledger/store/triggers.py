"""The text of the triggers with which SQLite itself refuses a change of what was committed.

A committed database carries these texts and they are compared at every write and by verify, so a
text that was shipped is not edited: another condition is another trigger in a new migration.
"""

from __future__ import annotations

from collections.abc import Sequence

from subledger.store.hashing import GENESIS


def append_only(table: str, keys: Sequence[Sequence[str]]) -> dict[str, str]:
    """Return triggers that refuse UPDATE, DELETE and an INSERT over any of the unique keys.

    The third also stops INSERT OR REPLACE, which deletes without asking the delete trigger unless
    recursive triggers are on.
    """
    same = " or ".join(f"exists ({_row_with(table, key)})" for key in keys)
    abort = f"select raise(abort, '{table} is append-only')"
    return {
        f"{table}_no_update": _trigger(f"{table}_no_update", f'update on "{table}"', body=abort),
        f"{table}_no_delete": _trigger(f"{table}_no_delete", f'delete on "{table}"', body=abort),
        f"{table}_no_replace": _trigger(
            f"{table}_no_replace", f'insert on "{table}"', body=f"{abort} where {same}"
        ),
    }


def _row_with(table: str, key: Sequence[str]) -> str:
    equal = " and ".join(f'"{column}" = new."{column}"' for column in key)
    return f'select 1 from "{table}" where {equal}'  # noqa: S608 - names of our own


def _trigger(name: str, event: str, *, body: str) -> str:
    return f'create trigger "{name}" before {event} begin {body}; end'


def chained(table: str, number: str, *, chain: str, within: Sequence[str] = ()) -> dict[str, str]:
    """Return a trigger that refuses a gap in the numbers and a broken chain of a table.

    `number` counts from 1 without gap and `previous` is the `chain` column of the row before,
    both among the rows with equal `within` columns.
    """
    where = "".join(f' and "{column}" = new."{column}"' for column in within)
    rows = f'from "{table}" where 1{where}'
    body = (
        f"select raise(abort, '{table}: gap in the numbers') "
        f'where new."{number}" <> (select coalesce(max("{number}"), 0) + 1 {rows}); '
        f"select raise(abort, '{table}: chain broken') "
        f'where new."previous" <> coalesce((select "{chain}" {rows} '
        f"order by \"{number}\" desc limit 1), '{GENESIS}')"
    )
    name = f"{table}_in_order"
    return {name: _trigger(name, f'insert on "{table}"', body=body)}


def segment_order() -> dict[str, str]:
    """Return the trigger that keeps segments in order.

    The manifest's numbers have no gap, a chain per kind and basis holds, entry numbers have no
    gap per basis, and the control totals of lines agree.
    """
    same = "from segment where kind = new.kind and basis = new.basis"
    conditions = {
        "gap in the numbers": "new.n <> (select coalesce(max(n), 0) + 1 from segment)",
        "chain broken": "new.previous <> coalesce("
        f"(select chain {same} order by n desc limit 1), '{GENESIS}')",
        "gap in the entry numbers": "new.kind = 'entries' and (new.first_seq is null "
        "or new.last_seq is null or new.last_seq - new.first_seq + 1 <> new.rows "
        f"or new.first_seq <> (select coalesce(max(last_seq), 0) + 1 {same}))",
        "debit and credit differ": "new.kind = 'lines' and "
        "(new.debit is null or new.credit is null or new.debit <> new.credit)",
    }
    body = "; ".join(
        f"select raise(abort, 'segment: {what}') where {condition}"
        for what, condition in conditions.items()
    )
    return {"segment_in_order": _trigger("segment_in_order", "insert on segment", body=body)}
