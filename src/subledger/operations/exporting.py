"""Export: files that other programs read, written again from what is sealed."""

from __future__ import annotations

import json
from pathlib import Path

from subledger.errors import refuse
from subledger.operations.books import Books
from subledger.operations.ledgers import ledger_folder, write_ledger

EXPORTS = ("beancount",)


def export(
    books: Books, name: str, *, label: str, basis: str = "", output: Path | None = None
) -> list[Path]:
    """Write the ledger files that a close sealed, into its folder or another one.

    Refuses with UNKNOWN_REPORT for another export, NOT_CLOSED for a period without a seal.
    """
    if name not in EXPORTS:
        raise refuse("UNKNOWN_REPORT", f"exports: {', '.join(EXPORTS)}", value=name)
    policy = books.policy(basis) if basis else books.policies()[0]
    reading = books.control.read()
    closes = [close for close in reading.closes(policy.name) if close.period == label]
    if not closes:
        raise refuse("NOT_CLOSED", f"{policy.name} has no seal of it", value=label)
    sealed = json.loads(closes[0].seal)["ledger"]
    texts = {name: reading.raw(sha).decode() for name, sha in sealed.items()}
    return write_ledger(output or ledger_folder(books, policy.name), texts)
