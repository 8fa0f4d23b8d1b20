"""The command line: parse, call one operation, print, and exit with a code scripts can rely on."""

from __future__ import annotations

from subledger.cli.app import app, main

__all__ = ["app", "main"]
