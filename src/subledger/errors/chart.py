"""What the proof of a chart finds."""

from __future__ import annotations

from subledger.errors.code import Code, Exit

CHART_CODES: dict[str, Code] = {
    "CHART_FORMAT": Code(
        "A file of the chart is missing, is not TOML, or has a field that is not as it must be.",
        "correct the field named; the files' own heads say what each field means",
        Exit.FINDINGS,
    ),
    "CHART_DUPLICATE": Code(
        "Two accounts, rules or statement lines of the chart share what must be unique.",
        "rename one, or give the later version of a rule its own from date",
        Exit.FINDINGS,
    ),
    "CHART_UNKNOWN_NAME": Code(
        "The chart names an event, dimension, value, measure or basis that does not exist.",
        "use one of the names that exist",
        Exit.FINDINGS,
    ),
    "ACCOUNT_TREE": Code(
        "An account's parent is not a heading of the same type above it.",
        "name a parent with postable = false and the same type",
        Exit.FINDINGS,
    ),
    "ACCOUNT_UNMAPPED": Code(
        "A postable account is not on a line of its statement.",
        "give statement_line the id of a line in statements.toml",
        Exit.FINDINGS,
    ),
    "STATEMENT_TOTAL": Code(
        "A statement's totals do not add every line exactly once.",
        "correct the members of its totals in statements.toml",
        Exit.FINDINGS,
    ),
    "SLOT_UNRESOLVED": Code(
        "A slot is not defined, or stands for no postable account.",
        "define the slot in slots.toml with the number of a postable account",
        Exit.FINDINGS,
    ),
    "SLOT_TIE": Code(
        "Two overrides of a slot are equally specific for the same line.",
        "add a condition to the one that is to win",
        Exit.FINDINGS,
    ),
    "SLOT_UNUSED": Code(
        "No rule posts to the slot, or an override turns on an asset class where there is none.",
        "remove it from slots.toml, or use it; where there is no asset class, use another "
        "condition, or a slot of its own for each event",
        Exit.FINDINGS,
    ),
    "RULE_GAP": Code(
        "A cell of the decision table has neither a rule nor a declared gap.",
        "add a rule, or an [[unbooked]] with a reason",
        Exit.FINDINGS,
    ),
    "RULE_TIE": Code(
        "Two rules are equally specific for the same cell.",
        "add a dimension to the when of the one that is to win",
        Exit.FINDINGS,
    ),
    "RULE_SHADOWED": Code(
        "A rule, or a line of one, can never apply.",
        "remove it, or make its conditions more specific",
        Exit.FINDINGS,
    ),
    "RULE_UNBALANCED": Code(
        "Debits less credits of a rule's lines are not zero under the engine's identities.",
        "add or correct the lines so that the residual printed disappears",
        Exit.FINDINGS,
    ),
    "RULE_MEASURE": Code(
        "A line's measure does not exist in a cell.",
        "use a measure of that event and side, or narrow the line with only",
        Exit.FINDINGS,
    ),
    "RULE_ACCOUNT": Code(
        "A line cannot serve the account that its slot stands for.",
        "give the line the per and quantity that the account asks for, make the account monetary "
        "where foreign money stands on it, or map the slot elsewhere",
        Exit.FINDINGS,
    ),
}
