"""What is wrong with the ledger files."""

from __future__ import annotations

from subledger.errors.code import Code, Exit

LEDGER_CODES: dict[str, Code] = {
    "LEDGER_MANIFEST": Code(
        "The ledger folder has no manifest that can be read.",
        "take the ledger folder from the books again: subledger export beancount PERIOD",
        Exit.INTEGRITY,
    ),
    "LEDGER_TOOL_MISSING": Code(
        "The programs that check the ledger files are not installed.",
        'install them: pip install "subledger[verify]"',
        Exit.FINDINGS,
    ),
    "LEDGER_CHECK": Code(
        "bean-check refuses a line of the ledger files.",
        "restore the file from your backup; if it was never edited, report this as a bug",
        Exit.INTEGRITY,
    ),
    "LEDGER_UNSAFE": Code(
        "A ledger file holds what the program never writes; it was not opened.",
        "restore the file from your backup",
        Exit.INTEGRITY,
    ),
    "LEDGER_EDITED": Code(
        "A line of a ledger file is not what the sealed journal says.",
        "restore the file from your backup; corrections are journals of an open period",
        Exit.INTEGRITY,
    ),
    "LEDGER_FILE_MISSING": Code(
        "A ledger file that was written by a close is missing.",
        "write it again with subledger export beancount PERIOD, or restore it from your backup",
        Exit.INTEGRITY,
    ),
    "LEDGER_FILE_UNKNOWN": Code(
        "A file in the ledger folder was not written by a close.",
        "move it out of the ledger folder",
        Exit.INTEGRITY,
    ),
    "LEDGER_DIFFERS": Code(
        "An account of the ledger files is not what the trial balance says.",
        "restore the ledger files from your backup; if never edited, report this as a bug",
        Exit.INTEGRITY,
    ),
    "LEDGER_NOTHING_COMPARED": Code(
        "No figure of the ledger files could be compared.",
        "name a closed period; if it has entries, restore the ledger files from your backup",
        Exit.INTEGRITY,
    ),
    "LEDGER_TEXT": Code(
        "A text cannot be written to the ledger files.",
        "take control characters and unusual marks out of the text that is named",
    ),
}
