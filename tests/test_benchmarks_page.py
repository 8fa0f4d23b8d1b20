"""The page of benchmarks: each run that it names is put in its place, and all else stays."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

DOCS = Path(__file__).resolve().parents[1] / "docs"


@pytest.fixture
def script(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    spec = importlib.util.spec_from_file_location("docs_benchmarks", DOCS / "benchmarks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "output", lambda options: f"ran {options}\nin two lines\n")
    return module


def test_a_run_replaces_the_block_after_its_line_and_no_other(script: ModuleType) -> None:
    page = """\
before
<!-- bench: --trades 5 -->
```text
old
older
```
between
```console
$ kept
```
<!-- bench: --peers -->
```text
```
after
"""
    assert (
        script.measured(page)
        == """\
before
<!-- bench: --trades 5 -->
```text
ran ['--trades', '5']
in two lines
```
between
```console
$ kept
```
<!-- bench: --peers -->
```text
ran ['--peers']
in two lines
```
after
"""
    )


def test_every_run_of_the_page_stands_before_a_block(script: ModuleType) -> None:
    text = (DOCS / "benchmarks.md").read_text(encoding="utf-8")
    again = script.measured(text)
    assert again.count("in two lines") == text.count("<!-- bench: ") > 0
    assert script.measured(again) == again
