"""The shipped chart, whole and broken in one place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.chart.changes import Lines, Proved

from subledger.chart import Chart, load_chart, prove_chart
from subledger.errors import Refused

SHIPPED = Path(__file__).parents[2] / "chart_of_accounts" / "prop-us"
BASES = ("US-GAAP", "US-TAX")

Broken = Callable[[str, str, str], list[tuple[str, str]]]


@pytest.fixture(scope="session")
def files() -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in SHIPPED.glob("*.toml")}


@pytest.fixture(scope="session")
def shipped(files: dict[str, bytes]) -> Chart:
    return load_chart(files)


@pytest.fixture
def broken(files: dict[str, bytes]) -> Broken:
    """Return code and message of everything found after one replacement in one file.

    `old` must be there exactly once; "" appends.
    """

    def found(file: str, old: str, new: str) -> list[tuple[str, str]]:
        text = files[file].decode()
        if old:
            assert text.count(old) == 1, f"{old!r} is there {text.count(old)} times"
        changed = text.replace(old, new) if old else text + new
        try:
            findings = prove_chart(load_chart({**files, file: changed.encode()}), BASES)
        except Refused as refused:
            findings = list(refused.findings)
        return [(finding.code, finding.message) for finding in findings]

    return found


@pytest.fixture
def proved(shipped: Chart) -> Proved:
    """Return code and message of everything found after a change of one rule's lines."""

    def found(rule_id: str, change: Callable[[Lines], Lines]) -> list[tuple[str, str]]:
        rules = tuple(
            replace(rule, lines=change(rule.lines)) if rule.id == rule_id else rule
            for rule in shipped.rules
        )
        findings = prove_chart(replace(shipped, rules=rules), BASES)
        return [(finding.code, finding.message) for finding in findings]

    return found
