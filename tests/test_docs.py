"""The manual: generated pages are current, shown commands print what they show, links lead on."""

from __future__ import annotations

import doctest
import importlib.util
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import pytest
import typer

from subledger.cli.app import app
from subledger.operations.reporting import REPORTS

ROOT = Path(__file__).resolve().parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_MACHINE_PATH = re.compile(r"(?<![\w.:/-])/(?:home|work|tmp|root|Users|usr|opt|var|mnt)/|[A-Z]:\\")


def _script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"docs_{name}", DOCS / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


TRANSCRIPTS = _script("transcripts")
GENERATE = _script("generate")


@pytest.fixture(scope="module")
def states(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that keeps the books as each page leaves them."""
    return tmp_path_factory.mktemp("states")


def _commands(command: object, path: str) -> Iterable[str]:
    for name, inner in getattr(command, "commands", {}).items():
        if hasattr(inner, "commands"):
            yield from _commands(inner, f"{path} {name}")
        else:
            yield f"{path} {name}"


@pytest.mark.parametrize("name", sorted(GENERATE.PAGES))
def test_a_generated_page_is_what_would_be_generated(name: str) -> None:
    page = (DOCS / name).read_text(encoding="utf-8")
    assert page == GENERATE.PAGES[name](), "run python docs/generate.py"


@pytest.mark.skipif(sys.platform != "linux", reason="the pages show the tools of Linux")
@pytest.mark.parametrize("page", TRANSCRIPTS.pages())
def test_every_command_prints_what_its_page_shows(page: str, states: Path, tmp_path: Path) -> None:
    walk = TRANSCRIPTS.follow(page, tmp_path, states=states)
    assert walk.compared > 0
    assert "\n".join(map(str, walk.differences)) == ""


def test_the_examples_of_the_python_page_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = doctest.testfile(
        str(DOCS / "python.md"), module_relative=False, optionflags=doctest.ELLIPSIS
    )
    assert done.attempted > 0
    assert done.failed == 0


def test_a_diff_is_applied_only_where_its_old_lines_stand_once(tmp_path: Path) -> None:
    file = tmp_path / "a.toml"
    file.write_text("a = 1\nb = 2\n", encoding="utf-8")
    TRANSCRIPTS.change(file, " a = 1\n-b = 2\n+b = 3\n")
    assert file.read_text(encoding="utf-8") == "a = 1\nb = 3\n"
    with pytest.raises(ValueError, match="stand there 0 times"):
        TRANSCRIPTS.change(file, "-b = 2\n+b = 3\n")


def test_a_page_with_another_output_than_the_real_one_differs() -> None:
    assert TRANSCRIPTS.same(["rows 12", "done"], ["rows 12", "done"])
    assert TRANSCRIPTS.same(["rows ...", "done"], ["rows 12", "done"])
    assert not TRANSCRIPTS.same(["rows 13", "done"], ["rows 12", "done"])
    assert not TRANSCRIPTS.same([], ["rows 12"])


def test_every_command_and_report_is_in_the_manual() -> None:
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    written = "".join(
        page.read_text(encoding="utf-8") for page in PAGES if page.name not in GENERATE.PAGES
    )
    commands = list(_commands(typer.main.get_command(app), "subledger"))
    assert len(commands) > 0
    assert [name for name in commands if f"## {name}\n" not in text] == []
    assert [name for name in REPORTS if f"`{name}`" not in written] == []


def test_every_page_is_on_the_index() -> None:
    index = (DOCS / "index.md").read_text(encoding="utf-8")
    missing = [page.name for page in PAGES if f"({page.name})" not in index]
    assert missing == ["index.md"]


def test_every_relative_link_resolves() -> None:
    found = [
        (page, link)
        for page in [*PAGES, ROOT / "README.md", ROOT / "reports" / "README.md"]
        for link in _LINK.findall(page.read_text(encoding="utf-8"))
        if "://" not in link
    ]
    assert len(found) > 0
    broken = [
        f"{page.name}: {link}"
        for page, link in found
        if not (page.parent / link.partition("#")[0]).exists()
    ]
    assert broken == []


def test_no_page_names_a_path_of_a_machine() -> None:
    found = {
        page.name: _MACHINE_PATH.findall(page.read_text(encoding="utf-8"))
        for page in [*PAGES, ROOT / "reports" / "README.md"]
    }
    assert {name: paths for name, paths in found.items() if paths} == {}
