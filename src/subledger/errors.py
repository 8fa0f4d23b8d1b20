"""Every refusal: a stable code, where it was, what was found and what to do.

`CODES` is the one list of codes; the manual's table is generated from it and every code of a file
has a runnable bad input in `tests/refusals/<code>/`. A user's mistake raises `Refused`, which
carries all findings at once; a broken promise of our own raises `InvariantError`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class Exit(IntEnum):
    """Exit codes of the command line, as scripts rely on them."""

    OK = 0
    FINDINGS = 1
    USAGE = 2
    REFUSED = 3
    CLOSED = 4
    INTEGRITY = 5
    BUG = 70
    CANNOT_WRITE = 73
    IO = 74
    BUSY = 75


@dataclass(frozen=True, slots=True)
class Code:
    """What a code means, what to do about it, and the exit code of a command that it stops."""

    meaning: str
    remedy: str
    exit: Exit = Exit.REFUSED
    waivable: bool = False  # only for codes of the exception queue


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found: its code, its place, its value; `file`, `row`, `column` where they apply.

    `row` is the line number in the file as an editor shows it (the header is line 1).
    """

    code: str
    message: str
    file: str = ""
    row: int | None = None
    column: str = ""
    value: str = ""

    @property
    def remedy(self) -> str:
        """Return what to do about it."""
        return CODES[self.code].remedy

    def __str__(self) -> str:
        place = self.file
        if self.row is not None:
            place += f" row {self.row}"
        if self.column:
            place += f" column {self.column}" if place else f"column {self.column}"
        found = f" (found {self.value!r})" if self.value else ""
        head = f"{place}: {self.code}" if place else self.code
        return f"{head} {self.message}{found}\n  fix: {self.remedy}"


class Refused(Exception):
    """What was asked is refused; nothing was done. `findings` lists every reason."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings: tuple[Finding, ...] = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))

    @property
    def exit(self) -> Exit:
        """Return the gravest exit code among the findings."""
        return max((CODES[finding.code].exit for finding in self.findings), default=Exit.REFUSED)


class InvariantError(AssertionError):
    """A promise of the program itself is broken; the command stops and nothing is written."""


def refuse(code: str, message: str, **where: object) -> Refused:
    """Return a Refused with one finding."""
    return Refused([Finding(code, message, **where)])  # type: ignore[arg-type]


_FILE_CODES: dict[str, Code] = {
    "NOT_AN_ID": Code(
        "An id has another form than 1 to 64 letters, digits, _ . : or -.",
        "write the id in these characters; blanks and slashes are not among them",
    ),
    "DATE_FORMAT": Code(
        "A date is not written YYYY-MM-DD in ASCII digits.",
        "write it as 2026-01-31",
    ),
    "NO_SUCH_DAY": Code(
        "A date names a day that the calendar does not have.",
        "correct the day",
    ),
    "DATE_BEFORE_1970": Code(
        "A date lies before 1970-01-01.",
        "correct the date",
    ),
    "NUMBER_FORMAT": Code(
        "A number is not a plain decimal.",
        "write digits, a point before the decimals, and a minus sign where it is negative",
    ),
    "NUMBER_EXPONENT": Code(
        "A number is written with an exponent.",
        "write it out in full",
    ),
    "NUMBER_PLUS_SIGN": Code(
        "A number is written with a plus sign.",
        "leave the sign out",
    ),
    "NUMBER_SEPARATOR": Code(
        "A number is written with a comma or an apostrophe.",
        "leave out separators of thousands, and write a point before the decimals",
    ),
    "NUMBER_BLANK": Code(
        "A number is written with blanks.",
        "leave the blanks out",
    ),
    "NUMBER_UNDERSCORE": Code(
        "A number is written with underscores.",
        "leave the underscores out",
    ),
    "NUMBER_NOT_FINITE": Code(
        "A number is infinite or not a number.",
        "leave the value empty where there is none",
    ),
    "NUMBER_DIGITS": Code(
        "A number has more than 28 significant digits.",
        "round it at the source",
    ),
    "NUMBER_DECIMALS": Code(
        "A number has more than 18 decimals.",
        "round it at the source",
    ),
    "EXCESS_DECIMALS": Code(
        "An amount or quantity has more decimals than its unit.",
        "round it at the source, or open a new books folder whose unit has more decimals",
    ),
    "NUMBER_TOO_LARGE": Code(
        "A number does not fit in 64 bits at the decimals of its unit.",
        "check the value; use fewer decimals for the currency or instrument if it is right",
    ),
    "NOT_AN_INTEGER": Code(
        "A whole number is expected.",
        "write digits alone",
    ),
    "BELOW_MINIMUM": Code(
        "A whole number lies below the first that is allowed.",
        "count from the first that is allowed",
    ),
    "NOT_A_BOOLEAN": Code(
        "A value is neither true nor false.",
        "write true or false",
    ),
    "NOT_A_CHOICE": Code(
        "A value is none of those that the column knows.",
        "write one of the values listed",
    ),
    "INSTANT_FORMAT": Code(
        "A time is not ISO 8601 with date, time of day and offset.",
        "write it as 2026-01-31T09:30:00-05:00",
    ),
    "INSTANT_WITHOUT_OFFSET": Code(
        "A time has no offset from UTC.",
        "add Z, or the offset as -05:00",
    ),
    "LEAP_SECOND": Code(
        "A time has the second 60.",
        "write the second 59, or the next minute's 00",
    ),
    "INSTANT_RANGE": Code(
        "A time lies beyond what 64 bits of nanoseconds hold.",
        "correct the date",
    ),
    "TEXT_NOT_NFC": Code(
        "A text is not in Unicode normal form C.",
        "normalise it at the source",
    ),
    "CONTROL_CHARACTER": Code(
        "A text holds a control character or a line break.",
        "remove it",
    ),
    "BIDI_CHARACTER": Code(
        "A text holds a character that changes the direction of writing.",
        "remove it",
    ),
    "TEXT_TOO_LONG": Code(
        "A text has more than 10,000 characters.",
        "shorten it",
    ),
    "LOTS_FORMAT": Code(
        "The named lots are not written lot_id:quantity;... with positive quantities.",
        "write each lot as lot_id:quantity and divide lots with ;",
    ),
    "ISIN_FORMAT": Code(
        "An ISIN is not two letters, nine characters and a digit.",
        "correct the ISIN, or leave it empty",
    ),
    "ISIN_CHECK_DIGIT": Code(
        "The check digit of an ISIN is wrong.",
        "correct the ISIN, or leave it empty",
    ),
    "EMPTY_VALUE": Code(
        "A required value is empty.",
        "give the value",
    ),
    "FILE_TOO_LARGE": Code(
        "The file is larger than the limit.",
        "divide it into smaller files",
    ),
    "TOO_MANY_ROWS": Code(
        "The file has more rows than the limit.",
        "divide it into smaller files",
    ),
    "INVALID_UTF8": Code(
        "The file is not UTF-8.",
        "save it as UTF-8",
    ),
    "NUL_BYTE": Code(
        "The file holds a NUL character.",
        "export it again; a transfer may have damaged it",
    ),
    "EMPTY_FILE": Code(
        "The file has no header.",
        "give the first line the names of the columns",
    ),
    "BLANK_LINE": Code(
        "A blank line stands between rows.",
        "remove the line",
    ),
    "WRONG_FIELD_COUNT": Code(
        "A row has more or fewer fields than the header.",
        "quote fields that hold a comma, and give every row all fields",
    ),
    "UNCLOSED_QUOTE": Code(
        "A quoted field is never closed.",
        "close the quote; a quote inside a field is written twice",
    ),
    "MALFORMED_QUOTE": Code(
        "A quoted field goes on after its closing quote.",
        "write a quote inside a field twice",
    ),
    "FIELD_TOO_LONG": Code(
        "A field is longer than any text may be.",
        "shorten it, or close the quote that opens it",
    ),
    "DUPLICATE_COLUMN": Code(
        "Two columns have the same name.",
        "remove one, or map it to another name",
    ),
    "UNKNOWN_COLUMN": Code(
        "The header has a column that this file does not know.",
        "correct its name, or map it with --mapping (to an empty name to leave it out)",
    ),
    "MISSING_COLUMN": Code(
        "The header lacks a required column.",
        "add the column, or map the source's column to it with --mapping",
    ),
    "MAPPED_COLUMN_MISSING": Code(
        "The mapping names a column that the file does not have.",
        "correct the mapping",
    ),
    "UNKNOWN_CURRENCY": Code(
        "A currency is not known.",
        "correct its code, or give its decimals under [currencies.CODE]",
    ),
    "UNKNOWN_INSTRUMENT": Code(
        "An instrument is not known.",
        "import it with the instruments file first, or correct its id",
    ),
    "INSTRUMENT_CURRENCY": Code(
        "The currency is not the instrument's.",
        "correct the currency, or use the id of the line that trades in it",
    ),
    "DATE_ORDER": Code(
        "A date lies before one that it must not precede.",
        "correct one of the two dates",
    ),
    "NOT_POSITIVE": Code(
        "A value that must be above zero is not.",
        "write quantities unsigned; side says the direction",
    ),
    "NEGATIVE_PRICE": Code(
        "A price is below zero where the instrument has none such.",
        "correct the price, or set negative_price of the instrument",
    ),
    "NEGATIVE_AMOUNT": Code(
        "An amount that is unsigned is below zero.",
        "write it unsigned",
    ),
    "ZERO_AMOUNT": Code(
        "An amount of cash is zero.",
        "remove the row, or correct the amount",
    ),
    "CASH_SIGN": Code(
        "An amount of cash has the wrong sign for its kind.",
        "write money received above zero and money paid below",
    ),
    "SETTLED_DATE_UNEXPECTED": Code(
        "A trade that is not settled has a settled_date.",
        "leave it empty, or correct the status",
    ),
    "GROSS_MISMATCH": Code(
        "The stated gross is outside tolerance.gross of quantity x price x multiplier.",
        "correct quantity, price, multiplier or gross_amount",
    ),
    "NET_MISMATCH": Code(
        "The stated net does not follow from gross, fees and accrued interest.",
        "correct net_amount, a fee, its sign (positive = cost) or accrued_interest",
    ),
    "DECIMALS_RANGE": Code(
        "The decimals of a quantity are not 0 to 8.",
        "give 0 to 8",
    ),
    "MULTIPLIER_MISSING": Code(
        "The instrument's class has no default multiplier.",
        "give the multiplier",
    ),
    "TRADE_UNITS_UNKNOWN": Code(
        "A settlement states a quantity or amount of a trade that is not known.",
        "import the trade first",
    ),
    "UNKNOWN_ACCOUNT": Code(
        "The chart has no such account.",
        "correct the number, or add the account to the chart",
    ),
    "HEADING_ACCOUNT": Code(
        "The account is a heading.",
        "use one of the accounts below it",
    ),
    "NOT_MANUAL": Code(
        "The account is posted by rules alone.",
        "use another account; lots and unsettled items come from trades and opening_lots",
    ),
    "DIMENSION_MISSING": Code(
        "The account requires a dimension that the row does not give.",
        "give the dimension",
    ),
    "BASE_AMOUNT_MISSING": Code(
        "amount_base is missing for an amount in another currency.",
        "give the amount in base currency",
    ),
    "BASE_AMOUNT_DIFFERS": Code(
        "An amount in base currency and its base amount differ.",
        "make them equal, or correct the currency",
    ),
    "BASIS_NOT_CONFIGURED": Code(
        "The row names a basis that the books folder does not keep.",
        "use a name under [basis.*], or leave it empty for every basis",
    ),
    "BASIS_OVERLAP": Code(
        "An opening is given for every basis and for one of them besides.",
        "give it once per basis, or once for all",
    ),
    "JOURNAL_LINE_TWICE": Code(
        "A journal has two lines of one number.",
        "number its lines 1, 2, 3",
    ),
    "JOURNAL_MIXED": Code(
        "The lines of a journal differ in what they must share.",
        "give all lines the same date, reason and reverse_on, or divide the journal",
    ),
    "JOURNAL_ONE_LINE": Code(
        "A journal has one line.",
        "add the other side",
    ),
    "JOURNAL_UNBALANCED": Code(
        "The lines of a journal do not sum to zero per currency and in base.",
        "correct an amount, or add the missing line",
    ),
    "ID_CONFLICT": Code(
        "A known id comes with other content.",
        "send the correction under a higher version (trades) or under a new id",
    ),
    "STATUS_BACK": Code(
        "A status lies behind the one that is known.",
        "send the correction as a higher version of the trade",
    ),
    "SETTLEMENT_CONFLICT": Code(
        "Two facts say different dates of one settlement.",
        "find out which is right; a higher version of the trade corrects it",
    ),
    "INSTRUMENT_CONFLICT": Code(
        "An instrument is known with other economic attributes.",
        "correct the row, or give the changed instrument an id of its own",
    ),
    "SETTLED_DATE_TAKEN": Code(
        "A settled trade has no settled_date; its settlement_date was taken.",
        "nothing, if the trade settled on its contractual date",
        Exit.OK,
    ),
    "VERSION_IGNORED": Code(
        "A lower version of a trade than known was ignored.",
        "nothing, if the higher version is right",
        Exit.OK,
    ),
}

_EXCEPTION_CODES: dict[str, Code] = {
    "LATE": Code(
        "An event is dated in a closed period; it was kept and posted nowhere.",
        "sweep it into the open period (subledger exceptions sweep ID) or waive it with a reason",
        Exit.FINDINGS,
        waivable=True,
    ),
    "MISSING_PRICE": Code(
        "An open lot has no price on or before the mark date.",
        "import a price for the instrument; a missing price cannot be waived",
        Exit.FINDINGS,
    ),
    "STALE_PRICE": Code(
        "The latest price is older than the last session of the instrument's exchange.",
        "import the price of that session, or accept it: subledger exceptions waive ID --reason",
        Exit.FINDINGS,
        waivable=True,
    ),
    "NO_RULE": Code(
        "No posting rule covers the event.",
        "add a rule for its cell of the decision table, or waive it with a reason",
        Exit.FINDINGS,
        waivable=True,
    ),
    "OVER_CLOSE": Code(
        "A trade with position_effect close is larger than the open position.",
        "import the missing acquisition, or amend the trade",
        Exit.FINDINGS,
        waivable=True,
    ),
    "SHORT_NOT_ALLOWED": Code(
        "A sale goes beyond the position where lots.allow_short is false.",
        "import the missing acquisition, or set lots.allow_short",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_CURRENCY": Code(
        "The row is in another currency than the base currency, which is not booked yet.",
        "waive it with a reason; it stays listed until currencies are booked",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_ASSET_CLASS": Code(
        "The instrument's asset class is not booked yet.",
        "waive it with a reason; it stays listed until the class is booked",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_CASH_KIND": Code(
        "The kind of this cash row is not booked yet.",
        "waive it with a reason, and book it as a manual journal until the kind is booked",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_ACCRUED_INTEREST": Code(
        "The trade carries accrued interest, which is not booked yet.",
        "waive it with a reason; it stays listed until accrued interest is booked",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_SPECIFIC_LOTS": Code(
        "The trade names the lots to relieve, which is not booked yet.",
        "waive it with a reason; it stays listed until specific identification is booked",
        Exit.FINDINGS,
        waivable=True,
    ),
    "LATER_PARTIAL_SETTLEMENT": Code(
        "A settlement of a part, or of another amount, is not booked yet.",
        "waive it with a reason; the whole item stays unsettled",
        Exit.FINDINGS,
        waivable=True,
    ),
    "UNKNOWN_TRADE": Code(
        "A settlement names a trade that is not known.",
        "import the trade; until then the settlement waits here",
        Exit.FINDINGS,
        waivable=True,
    ),
}

_STATE_CODES: dict[str, Code] = {
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
        "name another folder with --books", Exit.USAGE,
    ),
    "DEMO_DIFFERS": Code(
        "The rebuilt books are not the committed ones.",
        "if the change is meant, copy ledgers and reports from the rebuilt folder",
        Exit.FINDINGS,
    ),
    "UNKNOWN_KIND": Code(
        "There is no kind of file of that name.", "use one of the kinds listed", Exit.USAGE
    ),
    "FILE_UNREADABLE": Code(
        "The file cannot be read.", "check the path and your permission to read it", Exit.USAGE
    ),
    "PRICE_SEALED": Code(
        "A price that a close has sealed cannot be corrected.",
        "leave the row out; the correction belongs to the open period", Exit.CLOSED,
    ),
    "NOTHING_KNOWN": Code(
        "Nothing is known under that id.",
        "give the id of an entry, lot, relief or trade as a report shows it",
        Exit.USAGE,
    ),
    "NOT_OFFERED": Code("This is not offered yet.", "leave it out", Exit.USAGE),
}

_STORE_CODES: dict[str, Code] = {
    "BUSY": Code(
        "Another command holds the write lock of the control database.",
        "wait until it has ended, then run the command again",
        Exit.BUSY,
    ),
    "IO_ERROR": Code(
        "The disk is full or reported an error; nothing was committed.",
        "make room or replace the disk, then run the command again",
        Exit.IO,
    ),
    "CANNOT_WRITE": Code(
        "The store may not be written; nothing was changed.",
        "give the user write permission for the folder, or use a copy of the books folder",
        Exit.CANNOT_WRITE,
    ),
    "NO_STORE": Code("The books folder has no store yet.", "import something first", Exit.USAGE),
    "STORE_URL": Code(
        "The store's url cannot be used.",
        "write sqlite:///store/control.db (a path below the books folder) or postgresql+psycopg://",
        Exit.USAGE,
    ),
    "STORE_NEWER": Code(
        "The store was written by a newer version of the program.",
        "use that version, or a later one",
        Exit.USAGE,
    ),
    "SETTING_FIXED": Code(
        "The setting was fixed at first posting and cannot change.",
        "restore the former value, or open a new books folder and take over lots and balances",
        Exit.USAGE,
    ),
    "UNKNOWN_BATCH": Code(
        "There is no batch of that number.",
        "give --as-at the number of a batch that subledger status shows",
        Exit.USAGE,
    ),
    "STORE_DAMAGED": Code(
        "The control database cannot be read as one.",
        "restore the latest backup of the books folder, then run subledger verify",
        Exit.INTEGRITY,
    ),
    "STORE_SCHEMA": Code(
        "The control database's tables or triggers are not those the program made.",
        "find out who changed them; restore the latest backup of the books folder",
        Exit.INTEGRITY,
    ),
    "STORE_BEHIND": Code(
        "The control database is older than the segments beside it.",
        "restore the newer control database, which belongs to these segments",
        Exit.INTEGRITY,
    ),
    "SEGMENT_MISSING": Code(
        "A segment that the manifest names is not there.",
        "restore the file from a backup",
        Exit.INTEGRITY,
    ),
    "SEGMENT_CHANGED": Code(
        "A segment's file or content is not what was sealed.",
        "restore the file from a backup",
        Exit.INTEGRITY,
    ),
    "CHAIN_BROKEN": Code(
        "The chain of the segments does not hold.",
        "restore the control database from a backup",
        Exit.INTEGRITY,
    ),
    "SEQUENCE_GAP": Code(
        "Numbers that must follow each other without gap do not.",
        "restore the control database from a backup",
        Exit.INTEGRITY,
    ),
    "TOTALS_DIFFER": Code(
        "The lines of a segment do not sum to zero or to the manifest's control totals.",
        "restore the control database and the segment from a backup",
        Exit.INTEGRITY,
    ),
    "BATCH_CHANGED": Code(
        "What a batch recorded is not what it committed.",
        "restore the control database from a backup",
        Exit.INTEGRITY,
    ),
    "SEAL_CHANGED": Code(
        "The seal of a close is not what was sealed.",
        "compare with the copy of the seals kept outside, and restore from a backup",
        Exit.INTEGRITY,
    ),
    "RAW_MISSING": Code(
        "An imported file is no longer in the store.",
        "restore the file from a backup",
        Exit.INTEGRITY,
    ),
    "RAW_CHANGED": Code(
        "An imported file in the store is not what was imported.",
        "restore the file from a backup",
        Exit.INTEGRITY,
    ),
}

_FRAME_CODES: dict[str, Code] = {
    "FRAME_COLUMN": Code(
        "A column of the DataFrame has no text as its name, or stands twice.",
        "name each column once, as the file's header would",
    ),
    "FRAME_FLOAT": Code(
        "A float of the DataFrame does not state its decimal number exactly.",
        "give Decimals or strings for amounts, quantities and prices",
    ),
    "FRAME_VALUE": Code(
        "A value of the DataFrame is of a kind that a file cannot hold.",
        "give strings, Decimals, ints, booleans or dates",
    ),
}

_CONFIG_CODES: dict[str, Code] = {
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

_WORKBOOK_CODES: dict[str, Code] = {
    "WORKBOOK_LIMIT": Code(
        "A sheet of a workbook cannot hold what the books hold.",
        "use the CSV files of the reports, which have no limit",
    ),
}

_LEDGER_CODES: dict[str, Code] = {
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
        "restore the file from your backup",
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

_CHART_CODES: dict[str, Code] = {
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
        "No rule posts to the slot.", "remove it from slots.toml, or use it", Exit.FINDINGS
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
        "A line's measure does not exist in a cell, or not in the line's currency.",
        "use a measure of that event and side, or narrow the line with only",
        Exit.FINDINGS,
    ),
    "RULE_ACCOUNT": Code(
        "A line cannot serve the account that its slot stands for.",
        "give the line the per and quantity that the account asks for, or map the slot elsewhere",
        Exit.FINDINGS,
    ),
}

CODES: dict[str, Code] = {
    **_CHART_CODES,
    **_CONFIG_CODES,
    **_FILE_CODES,
    **_EXCEPTION_CODES,
    **_STATE_CODES,
    **_STORE_CODES,
    **_FRAME_CODES,
    **_LEDGER_CODES,
    **_WORKBOOK_CODES,
}
