"""Explanations as the golden texts keep them: hashes and the sources of rules named."""

from __future__ import annotations

from tests.explain.firm import StillDesk

from subledger.operations.explaining import explain


def shown(desk: StillDesk, identifier: str, basis: str = "") -> str:
    """Return an explanation in which hashes and the sources of rules are named."""
    text = "\n".join(explain(desk.books, identifier, basis=basis)) + "\n"
    for rule in desk.books.chart.rules:
        text = text.replace(rule.hash, f"<hash of {rule.id}>")
        text = text.replace(rule.source, "<source>")
    for batch in desk.books.control.read().batches():
        if batch.imported:
            name = f"<sha256 of {batch.imported.file_name}>"
            text = text.replace(batch.imported.raw_sha256, name)
    return text
