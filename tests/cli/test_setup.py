from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

from subledger.config import load_settings
from subledger.errors import Finding
from subledger.operations import creating, demonstrating
from subledger.operations.books import open_books
from subledger.operations.checking import check
from subledger.operations.demonstrating import DemoResult

Run = Callable[..., Result]

TITLES = ["Trial balance", "Profit and loss", "Checks"]


def names(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))


def test_init_makes_settings_chart_and_empty_folders(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    done = run(
        "init", "--set", "entity.name=Acme LLC", "--set", "tolerance.gross=0.05", books=folder
    )
    assert (done.exit_code, done.stdout) == (0, "")
    made = ["chart_of_accounts", "chart_of_accounts/prop-us", "ledgers", "reports"]
    files = ("accounts", "posting_rules", "slots", "statements")
    made += [f"chart_of_accounts/prop-us/{name}.toml" for name in files]
    assert names(folder) == sorted([*made, "subledger.toml"])
    settings = load_settings(folder)
    assert (settings.entity, settings.tolerances["gross"]) == ("Acme LLC", "0.05")


def test_init_takes_the_chart_and_the_settings_of_another_template(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "acme"
    done = run("init", "--template", "prop-ifrs", "--set", "entity.base=GBP", books=folder)
    assert (done.exit_code, done.stdout) == (0, "")
    assert [path.name for path in (folder / "chart_of_accounts").iterdir()] == ["prop-ifrs"]
    settings = load_settings(folder)
    assert (list(settings.bases), settings.base) == (["IFRS"], "GBP")
    checked = run("rules", "check", books=folder)
    assert checked.exit_code == 0
    assert checked.stdout.startswith("chart_of_accounts/prop-ifrs for IFRS: ")
    assert checked.stdout.endswith("no findings\n")


def test_init_writes_over_nothing(run: Run, posted: Path) -> None:
    before = (posted / "subledger.toml").read_bytes()
    done = run("init", books=posted)
    assert done.exit_code == 2
    assert "BOOKS_EXIST it has subledger.toml and chart_of_accounts/prop-us" in done.stderr
    assert (posted / "subledger.toml").read_bytes() == before


def test_init_refuses_unknown_settings_and_templates_and_makes_nothing(
    run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "acme"
    wrong = run("init", "--set", "entity.nam=Acme", books=folder)
    assert (wrong.exit_code, wrong.stderr.split()[3]) == (3, "SETTING_UNKNOWN")
    unknown = run("init", "--template", "prop-xx", books=folder)
    assert unknown.exit_code == 2
    assert "UNKNOWN_TEMPLATE offered: prop-ifrs, prop-us (found 'prop-xx')" in unknown.stderr
    assert run("init", "--set", "entity.name", books=folder).exit_code == 2
    assert not folder.exists()


def test_a_dry_init_prints_the_settings(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "acme"
    done = run("init", "--set", "entity.name=Acme LLC", "--dry-run", books=folder)
    assert 'name = "Acme LLC"' in done.stdout
    assert done.stderr == "dry run: nothing was written\n"
    assert not folder.exists()


def test_the_demo_shows_balances_gains_checks_and_what_differs(
    run: Run, closed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    books = open_books(closed)
    differs = (Finding("DEMO_DIFFERS", "the bytes differ", "ledgers/US-TAX/main.beancount"),)
    result = DemoResult(books, "2022-09", check(books), 9, differs)
    monkeypatch.setattr(demonstrating, "demo", lambda *_, **__: result)
    done = run("demo", "--compare", "elsewhere")
    assert done.exit_code == 1
    titles = [line.split(",")[0] for line in done.stdout.splitlines() if not line.startswith(" ")]
    assert [title for title in titles if title in TITLES] == [*TITLES[:2] * 2, TITLES[2]]
    assert done.stderr.splitlines()[0] == (
        "ledgers/US-TAX/main.beancount: DEMO_DIFFERS the bytes differ"
    )
    assert done.stderr.splitlines()[2] == "8 of 9 files are byte for byte those of elsewhere"


def test_an_init_that_fails_leaves_nothing(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*_: object) -> Path:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(creating, "package_data", no_space)
    (tmp_path / "there").mkdir()
    for folder in (tmp_path / "acme", tmp_path / "there"):
        assert run("init", books=folder).exit_code == 74
    assert names(tmp_path) == ["there"]
