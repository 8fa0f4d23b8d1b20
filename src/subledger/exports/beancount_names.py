"""Names in the ledger text: accounts, commodities, tags, links and strings; none can break out.

Identifiers of a books folder are `[A-Za-z0-9_.:-]`, lot ids also `#`. What beancount does not take
as it is gets written in a reversible form; two different ids never share a name.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping

from subledger.chart.accounts import Account
from subledger.errors import Refused, refuse

ROOTS: Mapping[str, str] = {
    "asset": "Assets",
    "liability": "Liabilities",
    "equity": "Equity",
    "income": "Income",
    "expense": "Expenses",
}
RESIDUE = "Residue"
# Sub-accounts of lots on the side that their account is not for, and of what daily sums tell of.
SHORT, LONG, SUMMED = SIDES = ("Short", "Long", "Summed")

# ISO 4217 codes in use. An instrument of such a name would be read as the currency.
_ISO_4217 = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN "
    "BWP BYN BZD CAD CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD "
    "FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD "
    "JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT "
    "MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG "
    "QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SLL SOS SRD SSP STN SYP SZL THB TJS "
    "TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR "
    "ZMW ZWL"
)
CURRENCIES = frozenset(_ISO_4217.split(" "))
_WORDS = frozenset({"TRUE", "FALSE", "NULL"})

_ID = re.compile(r"[A-Za-z0-9_.:#-]+\Z", re.ASCII)
_COMMODITY = re.compile(r"[A-Z](?:[A-Z0-9._-]*[A-Z0-9])?\Z", re.ASCII)
_CURRENCY = re.compile(r"[A-Z][A-Z0-9]*\Z", re.ASCII)
_COMPONENT = re.compile(r"[A-Z0-9][A-Za-z0-9]*\Z", re.ASCII)

# One special character between letters is a number of dashes; several in a row are spelled out.
_DASHES = {"-": "-", ".": "--", "_": "---", ":": "----"}
_SPELLED = {"-": "m", ".": "d", "_": "u", ":": "c", "#": "n"}
_MARK = "X-----"
_RUN = re.compile(r"[^A-Za-z0-9]+", re.ASCII)
_LOWER = re.compile(r"[a-z]", re.ASCII)
_COMMODITY_MARK, _COMMODITY_END = "X'-", "'0"

# Control characters, line and paragraph separators, and marks that reorder the text around them.
_FORBIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def checked_id(text: str) -> str:
    """Return an identifier; raise Refused (LEDGER_TEXT) when it holds any other character."""
    if _ID.match(text) is None:
        raise _cannot_hold(text)
    return text


def component(identifier: str) -> str:
    """Return an id as one component of an account name: BRK.B gives BRK--B, alpha X-----alpha.

    Letters and digits stand for themselves; "-", ".", "_" and ":" are one to four dashes. The empty
    id is X-----.
    """
    if _COMPONENT.match(identifier) and identifier not in (RESIDUE, *SIDES):
        return identifier
    encoded = _RUN.sub(_dashes, checked_id(identifier)) if identifier else ""
    if re.match("[A-Z0-9]", encoded) and identifier not in (RESIDUE, *SIDES):
        return encoded
    return _MARK + ("0" if encoded.startswith("-") else "") + encoded


def _dashes(run: re.Match[str]) -> str:
    specials = run.group()
    if specials in _DASHES:
        return _DASHES[specials]
    return "------" + "".join(_SPELLED[special] for special in specials) + "-"


def commodity(instrument: str, currencies: Iterable[str] = ()) -> str:
    """Return an instrument id as a commodity name: BRK.B as it is, 700.HK as X'-700.HK.

    A lower-case letter is an apostrophe and its upper case, ":" is '1; a name that begins or reads
    like something else is marked with X'-, one that ends with a special character with '0.
    `currencies` are names that instruments may not take, besides ISO 4217.
    """
    taken = instrument in CURRENCIES or instrument in _WORDS or instrument in currencies
    if _COMMODITY.match(instrument) and not taken:
        return instrument
    encoded = _LOWER.sub(lambda letter: "'" + letter.group().upper(), checked_id(instrument))
    encoded = encoded.replace(":", "'1").replace("#", "'2")
    if taken or not re.match("[A-Z]", encoded):
        encoded = _COMMODITY_MARK + encoded
    return encoded if re.search("[A-Z0-9]\\Z", encoded) else encoded + _COMMODITY_END


def instrument_of(name: str) -> str:
    """Return the instrument id of a commodity name; the inverse of `commodity`."""
    text = name.removeprefix(_COMMODITY_MARK).removesuffix(_COMMODITY_END)
    text = text.replace("'1", ":").replace("'2", "#")
    return re.sub("'([A-Z])", lambda letter: letter.group(1).lower(), text)


def currency(code: str) -> str:
    """Return a currency code; raise Refused (LEDGER_TEXT) when beancount cannot hold it."""
    if _CURRENCY.match(code) is None or code in _WORDS:
        raise _cannot_hold(code)
    return code


def link(identifier: str) -> str:
    """Return an id as it stands in a link or tag: "/" is written //, ":" /. and "#" /-.

    Ids that the program makes itself may hold a slash; those of files cannot.
    """
    checked_id(identifier.replace("/", "."))
    return identifier.replace("/", "//").replace(":", "/.").replace("#", "/-")


def quoted(text: str) -> str:
    """Return a text as a string of the ledger; refuse control characters (LEDGER_TEXT)."""
    if not text.isprintable() and _FORBIDDEN.search(text):
        raise _cannot_hold(text)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def account_names(accounts: Mapping[str, Account]) -> dict[str, str]:
    """Return each account's name in the ledger: asset "Cash at brokers" is Assets:Cash-At-Brokers.

    Accounts whose names would be the same carry their number behind it.
    """
    plain = {number: _plain_name(account) for number, account in accounts.items()}
    times: dict[str, int] = {}
    for name in plain.values():
        times[name] = times.get(name, 0) + 1
    names = {
        number: name if times[name] == 1 else f"{name}-{_words(number)}"
        for number, name in plain.items()
    }
    if len(set(names.values())) < len(names):
        return {number: f"{name}-{_words(number)}" for number, name in plain.items()}
    return names


def _plain_name(account: Account) -> str:
    words = _words(account.name)
    if not words or words == RESIDUE:
        words = f"Account-{_words(account.number)}"
    return f"{ROOTS[account.type]}:{words}"


def _words(text: str) -> str:
    ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    words = re.findall("[A-Za-z0-9]+", ascii_text.replace("'", ""))
    return "-".join(word[0].upper() + word[1:] for word in words)


def _cannot_hold(text: str) -> Refused:
    return refuse("LEDGER_TEXT", "the ledger cannot hold this text", value=text)
