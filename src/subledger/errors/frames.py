"""What a data frame holds that no file could."""

from __future__ import annotations

from subledger.errors.code import Code

FRAME_CODES: dict[str, Code] = {
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
