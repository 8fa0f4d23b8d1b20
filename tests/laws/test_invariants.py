"""The register of invariants is whole: each once, with tests that exist or what is missing."""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.laws.invariants import INVARIANTS

TESTS = Path(__file__).resolve().parents[1]
_NAMED = re.compile(r"Invariants? (\d+(?:, \d+)*(?: and \d+)?)\b")


def _naming() -> Iterator[tuple[int, str, str]]:
    """Yield the invariants that tests name at the head of their docstring."""
    for file in sorted(TESTS.rglob("test_*.py")):
        module = ".".join(file.relative_to(TESTS).with_suffix("").parts)
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                named = _NAMED.match(ast.get_docstring(node) or "")
                for number in re.findall(r"\d+", named[1] if named else ""):
                    yield int(number), module, node.name


def test_every_invariant_stands_once_with_its_tests_or_with_what_is_missing() -> None:
    assert list(INVARIANTS) == list(range(1, 49))
    for number, one in INVARIANTS.items():
        assert one.tests or one.not_yet, number
        assert one.says
        assert bool(one.tests) == bool(one.tolerance), number
        assert len(one.not_yet.split()) != 1
        assert len(set(one.tests)) == len(one.tests)
    assert len({one.says for one in INVARIANTS.values()}) == len(INVARIANTS)


@pytest.mark.parametrize("number", INVARIANTS)
def test_the_tests_that_an_invariant_names_exist(number: int) -> None:
    for test in INVARIANTS[number].tests:
        module, _, name = test.partition(":")
        assert name.startswith("test_")
        assert callable(getattr(importlib.import_module(f"tests.{module}"), name))


def test_every_test_that_names_an_invariant_is_on_the_register() -> None:
    found = list(_naming())
    assert len(found) > 60
    missing = [
        (number, module, name)
        for number, module, name in found
        if f"{module}:{name}" not in INVARIANTS[number].tests
    ]
    assert missing == []
