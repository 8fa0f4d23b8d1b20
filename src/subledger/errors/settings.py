"""What is wrong with subledger.toml."""

from __future__ import annotations

from subledger.errors.code import Code, Exit

CONFIG_CODES: dict[str, Code] = {
    "SETTINGS_SYNTAX": Code(
        "subledger.toml is not TOML in UTF-8.", "correct the line that is named"
    ),
    "SETTING_UNKNOWN": Code(
        "subledger.toml has a key that means nothing.", "correct its spelling, or remove it"
    ),
    "SETTING_MISSING": Code("subledger.toml lacks a required key.", "add the key"),
    "SETTING_VALUE": Code(
        "A setting has a value that it cannot have.", "write one of the values that it may have"
    ),
    "NOT_OFFERED_YET": Code(
        "A setting has a value that is planned and not offered yet.",
        "use one of the values offered until it is",
    ),
    "UNKNOWN_TEMPLATE": Code(
        "There is no template of that name.", "use one of the templates listed", Exit.USAGE
    ),
}
