"""Runs the benchmarks that benchmarks.md shows and puts what they print in place of what stood.

Usage: `python docs/benchmarks.py`. After a line `<!-- bench: OPTIONS -->` the next fenced block is
replaced by the output of `subledger bench OPTIONS`. It takes minutes; nothing else should run.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().with_name("benchmarks.md")
_START, _END, _FENCE = "<!-- bench: ", " -->", "```"


def measured(page: str) -> str:
    """Return the page with each run that it names measured anew."""
    lines, inside, options = [], False, ""
    for line in page.splitlines():
        if line.startswith(_START) and line.endswith(_END):
            options = line.removeprefix(_START).removesuffix(_END)
        opens = line.startswith(_FENCE) and not inside
        if not inside or line == _FENCE or not options:
            lines.append(line)
        if opens and options:
            lines += output(options.split()).splitlines()
        if line.startswith(_FENCE):
            inside = opens
            options = options if inside else ""
    return "\n".join(lines) + "\n"


def output(options: list[str]) -> str:
    """Return what `subledger bench` prints with these options."""
    command = [str(Path(sys.executable).with_name("subledger")), "bench", *options]
    done = subprocess.run(  # noqa: S603 - our own command
        command, capture_output=True, text=True, check=True
    )
    return done.stdout


if __name__ == "__main__":
    PAGE.write_text(measured(PAGE.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
