"""What cannot be done in the state the books are in."""

from __future__ import annotations

from subledger.errors.code import Code, Exit

STATE_CODES: dict[str, Code] = {
    "NOT_A_BOOKS_FOLDER": Code(
        "The folder has no subledger.toml.",
        "run subledger init, or name the folder with --books",
        Exit.USAGE,
    ),
    "BOOKS_EXIST": Code(
        "The folder holds books already.",
        "name another folder with --books, or use the books that are there",
        Exit.USAGE,
    ),
    "PERIOD_CLOSED": Code(
        "The period is closed; a closed period accepts nothing.",
        "date the change in an open period",
        Exit.CLOSED,
    ),
    "POLICY_CLOSED": Code(
        "A policy of a closed period was changed.",
        "write it as [[basis.NAME.override]] with a from after the last closed day",
        Exit.CLOSED,
    ),
    "ACCOUNT_USED": Code(
        "An account that holds entries vanished from the chart, or changed its type.",
        "put it back; an account that is no longer wanted keeps its line",
        Exit.CLOSED,
    ),
    "PERIOD_ORDER": Code(
        "Periods close in order, months before their year.",
        "close the earlier period first",
        Exit.CLOSED,
    ),
    "CHECK_FAILED": Code(
        "A check of the close failed.", "settle what it names, then close again", Exit.FINDINGS
    ),
    "EXCEPTION_OPEN": Code(
        "The exception queue is not empty.",
        "fix its cause, or run subledger exceptions waive ID --reason, or sweep ID",
        Exit.FINDINGS,
    ),
    "UNKNOWN_EXCEPTION": Code(
        "There is no open exception of that id.", "see subledger exceptions list", Exit.USAGE
    ),
    "NOT_WAIVABLE": Code(
        "This exception cannot be waived.", "do what its own line says", Exit.FINDINGS
    ),
    "NOT_SWEEPABLE": Code(
        "This exception cannot be swept to the next period.",
        "waive it with a reason, or correct it with a manual journal",
        Exit.FINDINGS,
    ),
    "REASON_MISSING": Code("A reason is required.", "say why with --reason", Exit.USAGE),
    "UNKNOWN_BASIS": Code(
        "There is no accounting basis of that name.",
        "use one of [basis.*] in subledger.toml",
        Exit.USAGE,
    ),
    "UNKNOWN_REPORT": Code(
        "There is no report of that name.", "use one of the names listed", Exit.USAGE
    ),
    "UNKNOWN_SPLIT": Code(
        "The report is not split by that column.", "use one of the columns listed", Exit.USAGE
    ),
    "NOT_A_PERIOD": Code(
        "This is not a period.",
        "write a month 2026-01, a quarter 2026-Q1 or a year 2026",
        Exit.USAGE,
    ),
    "UNKNOWN_EVENT": Code(
        "There is no such event, dimension or value.", "use one of those listed", Exit.USAGE
    ),
    "NOT_CLOSED": Code(
        "The period is not closed.", "close it first: subledger close PERIOD", Exit.CLOSED
    ),
    "SEAL_DIFFERS": Code(
        "What the store holds is not what the close sealed.",
        "restore the store from a backup; the seal names the period and the table",
        Exit.INTEGRITY,
    ),
    "DEMO_FOLDER": Code(
        "The demo would replace a folder that it did not make.",
        "name another folder with --books",
        Exit.USAGE,
    ),
    "DEMO_DIFFERS": Code(
        "The rebuilt books are not the committed ones.",
        "if the change is meant, copy ledgers and reports from the rebuilt folder",
        Exit.FINDINGS,
    ),
    "UNKNOWN_KIND": Code(
        "There is no kind of file of that name.", "use one of the kinds listed", Exit.USAGE
    ),
    "UNKNOWN_FORMAT": Code(
        "There is no format of that name.", "use one of the formats listed", Exit.USAGE
    ),
    "FILE_UNREADABLE": Code(
        "The file cannot be read.", "check the path and your permission to read it", Exit.USAGE
    ),
    "MAPPING_FORMAT": Code(
        "A mapping file is not TOML with a [columns] table of texts.",
        'write [columns], then lines like "Their Name" = "our_name"',
        Exit.USAGE,
    ),
    "PRICE_SEALED": Code(
        "A price that a close has sealed cannot be corrected.",
        "leave the row out; the correction belongs to the open period",
        Exit.CLOSED,
    ),
    "RATE_SEALED": Code(
        "An exchange rate of a closed period cannot be corrected.",
        "leave the row out; the correction belongs to the open period",
        Exit.CLOSED,
    ),
    "NOTHING_KNOWN": Code(
        "Nothing is known under that id.",
        "give the id of an entry, lot, relief or trade as a report shows it",
        Exit.USAGE,
    ),
    "NOT_OFFERED": Code("This is not offered yet.", "leave it out", Exit.USAGE),
    "UNKNOWN_EXECUTOR": Code(
        "There is no executor of that name.",
        "use inline, threads, dask or dask://HOST:PORT",
        Exit.USAGE,
    ),
    "DASK_MISSING": Code(
        "Dask is not installed.", "install subledger[dask], or use inline or threads", Exit.USAGE
    ),
    "WORKER_LOST": Code(
        "A Dask worker was lost while it booked; nothing was written.",
        "see why it ended (memory, network), then run the command again",
        Exit.IO,
    ),
    "NO_SCHEDULER": Code(
        "No Dask scheduler answers at that address; nothing was done.",
        "check the address and that dask scheduler runs there, then run the command again",
        Exit.IO,
    ),
}
