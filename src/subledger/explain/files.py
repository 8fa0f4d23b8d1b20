"""The imports that an explanation rests on: file, hash of its bytes, when and by whom."""

from __future__ import annotations

from collections.abc import Sequence

from subledger.explain.material import Material
from subledger.explain.nodes import Node, grid_of

_COLUMNS = ("batch", "file", "imported", "by", "sha256")


def files_node(material: Material, answer: Sequence[Node]) -> list[Node]:
    """Return the files named anywhere in an answer, as one node."""
    named = sorted({batch for top in answer for node in top.walk() for batch in node.batches})
    rows = [
        {
            "batch": str(batch),
            "file": command.file,
            "imported": command.at,
            "by": command.actor,
            "sha256": command.sha256,
        }
        for batch in named
        if (command := material.commands.get(batch)) is not None and command.file
    ]
    return [Node("sources", "Files", grid=grid_of(_COLUMNS, rows))] if rows else []
