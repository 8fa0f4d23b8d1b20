"""Runs the commands that the pages of the manual show, and compares or rewrites their output.

Usage: `python docs/transcripts.py [PAGE...]` compares and exits 1 when one differs; with `--write`
it puts the real output in place of what differs, to be cut by hand with `...` where it is long.

What a page may hold:

    ```console            commands after `$ `, each followed by what it prints, stdout and stderr
    <!-- file: NAME -->   the next fenced block is written to that file before going on
    <!-- change: NAME --> the next fenced block is a diff that is applied to that file
    <!-- follows: PAGE --> the page goes on where another one ended

`...` stands for any text. `$ echo $?` gives the exit code of the command before it.
"""

from __future__ import annotations

import argparse
import contextlib
import doctest
import io
import os
import re
import shlex
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent
_FENCE = "```"
_DIRECTIVE = re.compile(r"<!-- (file|change|follows): (\S+) -->\Z")
_TOOLS = Path(sys.executable).parent  # bean-check and bean-query, where they are installed


@dataclass
class Difference:
    """A command whose output is not the page's."""

    page: str
    command: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.page}: $ {self.command}\n--- page\n{self.expected}--- found\n{self.found}"


@dataclass
class Walk:
    """One page being followed in a folder: its text as it should be, and what differs."""

    page: str
    folder: Path
    status: int = 0
    compared: int = 0
    lines: list[str] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)

    def follow(self, text: str) -> None:
        """Do what a page shows, from its first line to its last."""
        left = iter(text.splitlines())
        action, name = "", ""
        for line in left:
            self.lines.append(line)
            if match := _DIRECTIVE.match(line):
                action, name = match[1], match[2]
            elif line.startswith(_FENCE):
                block = self._block(left, is_console=line == "```console")
                if action == "file":
                    (self.folder / name).write_text(block, encoding="utf-8", newline="\n")
                elif action == "change":
                    change(self.folder / name, block)
                action = ""

    def _block(self, left: Iterator[str], *, is_console: bool) -> str:
        """Take the lines up to the closing fence; run them when they are commands."""
        block = []
        for line in left:
            if line.startswith(_FENCE):
                break
            block.append(line)
        if is_console:
            self._console(block)
        else:
            self.lines += block
        self.lines.append(_FENCE)
        return "".join(f"{line}\n" for line in block)

    def _console(self, block: list[str]) -> None:
        starts = [n for n, line in enumerate(block) if line.startswith("$ ")]
        for start, end in zip(starts, [*starts[1:], len(block)], strict=True):
            command, expected = block[start][2:], block[start + 1 : end]
            found = self._run(command)
            self.compared += 1
            if same(expected, found):
                found = expected
            else:
                self.differences.append(
                    Difference(self.page, command, _joined(expected), _joined(found))
                )
            self.lines += [block[start], *found]

    def _run(self, command: str) -> list[str]:
        """Run a command in the folder and return the lines that it prints."""
        if command == "echo $?":
            return [str(self.status)]
        words = shlex.split(re.split(r"\s#", command)[0])  # a lot id may hold a #
        if words[0] == "subledger" and ">" not in words:
            own, _, rest = command.partition(" | ")
            words = shlex.split(re.split(r"\s#", own)[0])
            said = io.StringIO() if rest else None
            self.status, printed = subledger(words[1:], self.folder, stderr=said)
            if said is not None:
                self.status, filtered = self._shell(rest, given=printed)
                printed = said.getvalue() + filtered
        elif words[0] == "sqlite3":
            self.status, printed = 0, query(self.folder / words[-2], words[-1])
        else:
            self.status, printed = self._shell(command)
        return [line.rstrip() for line in printed.rstrip("\n").splitlines()]

    def _shell(self, command: str, *, given: str = "") -> tuple[int, str]:
        """Run a command of the shell with a text on its stdin; return its exit code and output."""
        paths = os.pathsep.join((str(_TOOLS), os.environ.get("PATH", "")))
        done = subprocess.run(  # noqa: S602 - the manual's own commands
            command,
            shell=True,
            cwd=self.folder,
            env=os.environ | {"PATH": paths},
            input=given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout


def subledger(
    arguments: list[str], folder: Path, *, stderr: io.StringIO | None = None
) -> tuple[int, str]:
    """Run the program in this process; return its exit code and what it printed.

    What it prints on stderr goes to `stderr` where that is given.
    """
    from subledger.cli.app import app  # noqa: PLC0415 - only when a page is run

    printed, before = io.StringIO(), Path.cwd()
    status = 0
    os.chdir(folder)
    try:
        with (
            contextlib.redirect_stdout(printed),
            contextlib.redirect_stderr(printed if stderr is None else stderr),
        ):
            app(arguments, prog_name="subledger")
    except SystemExit as end:
        status = int(end.code or 0)
    finally:
        os.chdir(before)
    return status, printed.getvalue()


def query(database: Path, sql: str) -> str:
    """Return the rows of a query as the program sqlite3 prints them."""
    with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(sql).fetchall()
    return "\n".join("|".join("" if cell is None else str(cell) for cell in row) for row in rows)


def change(file: Path, diff: str) -> None:
    """Apply a diff without line numbers: lines after ` ` or `-` give way to those after ` ` or `+`.

    Raises ValueError when the old lines do not stand in the file exactly once.
    """
    lines = [line or " " for line in diff.splitlines()]
    old = "".join(f"{line[1:]}\n" for line in lines if line[0] in " -")
    new = "".join(f"{line[1:]}\n" for line in lines if line[0] in " +")
    text = file.read_text(encoding="utf-8")
    if old and text.count(old) != 1:
        raise ValueError(f"{file.name}: the old lines stand there {text.count(old)} times:\n{old}")
    text = text.replace(old, new) if old else text + new
    file.write_text(text, encoding="utf-8", newline="\n")


def same(expected: list[str], found: list[str]) -> bool:
    """Say whether what was printed is what the page shows; `...` stands for any text."""
    options = doctest.ELLIPSIS
    return doctest.OutputChecker().check_output(_joined(expected), _joined(found), options)


def _joined(lines: list[str]) -> str:
    return "".join(f"{line.rstrip()}\n" for line in lines)


def follow(page: str, folder: Path, *, states: Path) -> Walk:
    """Follow a page in an empty folder, after the one that it goes on from.

    `states` keeps each folder as a page left it, so that a page is followed once only.
    """
    text = (HERE / page).read_text(encoding="utf-8")
    first = predecessor(text)
    if first and not (states / first).is_dir():
        (states / first).mkdir()
        follow(first, states / first, states=states)
    if first:
        shutil.copytree(states / first, folder, dirs_exist_ok=True)
    walk = Walk(page, folder)
    walk.follow(text)
    return walk


def predecessor(text: str) -> str:
    """Return the page that a page goes on from, or ""."""
    found = [match for line in text.splitlines() if (match := _DIRECTIVE.match(line))]
    return next((match[2] for match in found if match[1] == "follows"), "")


def pages() -> list[str]:
    """Return the pages that show commands, in order of their names."""
    names = sorted(file.name for file in HERE.glob("*.md"))
    return [name for name in names if "```console" in (HERE / name).read_text(encoding="utf-8")]


def main() -> int:
    """Follow the pages named, or all; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("pages", nargs="*", help="names of pages; default: all that show commands")
    parser.add_argument("--write", action="store_true", help="write the real output into the pages")
    options = parser.parse_args()
    differences: list[Difference] = []
    states = Path(tempfile.mkdtemp())
    for page in options.pages or pages():
        folder = Path(tempfile.mkdtemp())
        walk = follow(page, folder, states=states)
        shutil.rmtree(folder)
        differences += walk.differences
        if options.write:
            text = "".join(f"{line}\n" for line in walk.lines)
            (HERE / page).write_text(text, encoding="utf-8", newline="\n")
    shutil.rmtree(states)
    for difference in differences:
        print(difference)
    return 1 if differences else 0


if __name__ == "__main__":
    sys.exit(main())
