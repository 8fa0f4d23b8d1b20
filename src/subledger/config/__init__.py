"""subledger.toml as typed, validated settings (currency digits from babel)."""

from __future__ import annotations

from subledger.config.settings import (
    FILE_NAME,
    Rates,
    Settings,
    Source,
    load_settings,
    parse_settings,
)
from subledger.config.template import TEMPLATES, settings_text

__all__ = [
    "FILE_NAME",
    "TEMPLATES",
    "Rates",
    "Settings",
    "Source",
    "load_settings",
    "parse_settings",
    "settings_text",
]
