"""What can be wrong with a broker's Flex statement, and what is noted while it is read."""

from __future__ import annotations

from subledger.errors.code import Code, Exit

FLEX_CODES: dict[str, Code] = {
    "FLEX_KIND": Code(
        "A Flex statement brings no rows of that kind.",
        "import one of the kinds listed, or another file",
    ),
    "FLEX_DOCTYPE": Code(
        "The XML declares a document type, through which entities could be defined.",
        "download the statement again; the broker's statements have no document type",
    ),
    "FLEX_MALFORMED": Code(
        "The file is no well-formed XML, or no Flex statement.",
        "download the statement again; a transfer may have damaged it",
    ),
    "FLEX_VALUE": Code(
        "A value of a Flex statement cannot be read.",
        "set the query's dates to yyyy-MM-dd and its times to HH:mm:ss, and run it again",
    ),
    "FLEX_CANCELLATION": Code(
        "An execution cancels another one that the file does not hold.",
        "run the query over days that hold both, and import that file",
    ),
    "FLEX_CASH_TYPE": Code(
        "A cash transaction has a type that no kind of cash stands for.",
        "leave the type out of the query, and import such cash with a cash file",
    ),
    "FLEX_SUMMARY_DIFFERS": Code(
        "Cash transactions of one day differ from the summary that the statement gives of them.",
        "run the query again with all cash transactions, or without summaries",
    ),
    "FLEX_PRICES_DIFFER": Code(
        "A statement gives two prices of one instrument on one day.",
        "import that day's prices with a prices file",
    ),
    "FLEX_NO_BASE": Code(
        "A statement has rates but does not say of which base currency.",
        "include the currency of the section Account Information in the query",
    ),
    "FLEX_SKIPPED": Code(
        "An element or attribute of a Flex statement is not known and was skipped.",
        "nothing, if it holds nothing that is booked; else report it as a bug",
        Exit.OK,
    ),
    "FLEX_NOT_IMPORTED": Code(
        "A part of a Flex statement is left out.",
        "nothing, if it repeats what is imported; else import it as a canonical file",
        Exit.OK,
    ),
    "FLEX_ASSUMED": Code(
        "A Flex statement leaves something open, and the likely answer was taken.",
        "compare it; include more fields in the query so that nothing is left open",
        Exit.OK,
    ),
    "FLEX_NET_DIFFERS": Code(
        "The net cash of an execution does not follow from its amount and fees.",
        "compare it with the broker; what was booked follows from amount and fees",
        Exit.OK,
    ),
    "FLEX_RATES_DIFFER": Code(
        "A statement gives several rates of a currency on one day; the last was taken.",
        "nothing, or import that day's rates with a rates file",
        Exit.OK,
    ),
    "INTAKE_ROUNDED": Code(
        "A value with more decimals than its unit was rounded, as the settings declare.",
        "nothing; for every digit, open a books folder whose unit has more decimals",
        Exit.OK,
    ),
}
