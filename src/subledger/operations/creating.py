"""Create: a new books folder from the packaged chart of accounts and a template's settings."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from subledger.config import FILE_NAME, settings_text
from subledger.errors import refuse

_IN_SOURCES = {"sample_firm": "tests/books/sample_firm"}  # others stand at the repository's root


def package_data(name: str) -> Path:
    """Return packaged data: the folder chart_of_accounts or sample_firm, or subledger.toml.

    An installed package carries it; in a checkout of the sources it stands in the repository.
    """
    installed = Path(str(files("subledger"))) / "data" / name
    return installed if installed.exists() else _repository() / _IN_SOURCES.get(name, name)


def _repository() -> Path:
    return Path(__file__).resolve().parents[3]


def create(
    folder: Path, *, template: str = "prop-us", settings: Mapping[str, object] | None = None
) -> None:
    """Make a new books folder: subledger.toml, a chart of accounts, ledgers and reports.

    Args:
        folder: The folder, which is made where it is not there.
        template: The name of the chart and of the settings that go with it.
        settings: Values by key path, as in `{"entity.name": "Acme Trading LLC"}`.

    Raises:
        Refused: UNKNOWN_TEMPLATE; every finding about the settings; BOOKS_EXIST when something
            would be written over. Nothing is left half done.
    """
    text = settings_text(template, settings)
    require_free(folder, template)
    chart = Path("chart_of_accounts", template)
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".subledger-", dir=folder))
    placed: list[Path] = []
    try:
        shutil.copytree(package_data("chart_of_accounts") / template, staging / template)
        (staging / FILE_NAME).write_text(text, encoding="utf-8", newline="\n")
        for name in ("chart_of_accounts", "ledgers", "reports"):
            if not (folder / name).exists():
                (folder / name).mkdir()
                placed.append(folder / name)
        (staging / template).rename(folder / chart)
        placed.append(folder / chart)
        (staging / FILE_NAME).rename(folder / FILE_NAME)
    except BaseException:
        for path in reversed(placed):
            shutil.rmtree(path, ignore_errors=True)
        raise
    finally:
        shutil.rmtree(staging, ignore_errors=True)
        if made and not (folder / FILE_NAME).exists():
            shutil.rmtree(folder, ignore_errors=True)


def require_free(folder: Path, template: str) -> None:
    """Refuse with BOOKS_EXIST a folder in which something would be written over."""
    names = (FILE_NAME, f"chart_of_accounts/{template}")
    taken = [name for name in names if (folder / name).exists()]
    if taken:
        raise refuse("BOOKS_EXIST", f"it has {' and '.join(taken)}", file=str(folder))
