"""What can be wrong with a file that is imported."""

from __future__ import annotations

from subledger.errors.code import Code, Exit
from subledger.errors.flex import FLEX_CODES
from subledger.errors.formats import FORMAT_CODES

FILE_CODES: dict[str, Code] = {
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
    "SAME_CURRENCY": Code(
        "Two currencies that are exchanged for each other are the same.",
        "correct one of the two",
    ),
    "NOT_A_FRACTION": Code(
        "A rate of withholding is not a fraction from 0 to 1.",
        "write 15 % as 0.15",
    ),
    "RECLAIM_ABOVE_WITHHOLDING": Code(
        "More can be reclaimed than is withheld.",
        "give both as fractions of the gross amount; the reclaimable is a part of the withheld",
    ),
    "RATIO_DIRECTION": Code(
        "The ratio of a corporate action is not one of its kind.",
        "write a split of 2 for 1 as ratio 2, and a reverse split of 1 for 10 as ratio 1, per 10",
    ),
    "RATIO_TOO_LONG": Code(
        "The ratio of a corporate action has more digits than can be computed with.",
        "write it as two whole numbers, ratio and per",
    ),
    "INSTRUMENT_DIFFERS": Code(
        "The new instrument of a change of symbol is not the same thing under another name.",
        "correct new_instrument, or its facts in the instruments file",
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
    **FORMAT_CODES,
    **FLEX_CODES,
}
