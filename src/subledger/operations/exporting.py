"""Export: files that other programs read, written again from what is sealed."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from subledger.errors import refuse
from subledger.exports.beancount import month_files
from subledger.exports.beancount_frame import frame_files
from subledger.exports.beancount_text import write_plain
from subledger.exports.beancount_uses import merge_uses
from subledger.operations.books import Books
from subledger.operations.ledgers import (
    ledger_context,
    ledger_folder,
    sealed_files,
    sealed_months,
    write_ledger,
)

FULL = "beancount-full"
EXPORTS = ("beancount", FULL)


def export(
    books: Books,
    name: str,
    *,
    label: str,
    basis: str = "",
    output: Path | None = None,
) -> list[Path]:
    """Write the ledger files that a close sealed, into its folder or another one.

    `beancount-full` writes every entry and lot of all periods up to this one, whatever their close
    wrote, into another folder. Refuses with UNKNOWN_REPORT for another export, NOT_CLOSED for a
    period without a seal.
    """
    if name not in EXPORTS:
        raise refuse("UNKNOWN_REPORT", f"exports: {', '.join(EXPORTS)}", value=name)
    policy = books.policy(basis) if basis else books.policies()[0]
    reading = books.control.read()
    closes = [close for close in reading.closes(policy.name) if close.period == label]
    if not closes:
        raise refuse("NOT_CLOSED", f"{policy.name} has no seal of it", value=label)
    if name == FULL:
        if output is None:
            raise refuse("UNKNOWN_REPORT", "full detail goes to a folder: --output", value=name)
        return _in_full(books, label, basis=policy.name, output=output)
    sealed = sealed_files(reading, json.loads(closes[0].seal)["ledger"])
    read_again = {name: replace(file, sealed=False) for name, file in sealed.items()}
    return write_ledger(output or ledger_folder(books, policy.name), read_again)


def _in_full(books: Books, label: str, *, basis: str, output: Path) -> list[Path]:
    """Write every period up to one in full detail, month after month, and what frames them."""
    reading = books.control.read()
    context = ledger_context(books, reading, basis=basis)
    uses, names = merge_uses([]), []
    output.mkdir(parents=True, exist_ok=True)
    for month in sealed_months(reading, basis, through=label):
        part = month_files(context, month, before=uses)
        for name, content in part.files.items():
            write_plain(output / name, content())
            names.append(name)
        uses = merge_uses([uses, part.uses])
    for name, text in frame_files(context, uses, files=names).items():
        write_plain(output / name, [text.encode()])
        names.append(name)
    return [output / name for name in sorted(names)]
