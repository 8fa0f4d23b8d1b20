"""Linear forms over measures, exact: the algebra in which posting rules are proved to balance."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

Form: TypeAlias = Mapping[str, int]  # coefficient per measure; a measure that is absent counts 0

_TERM = re.compile(r"\s*([+-]?)\s*([a-z][a-z_]*)\s*")


def parse_form(text: str) -> Form:
    """Parse "gross + commission - rebate"; "0" is the empty form. Raises ValueError otherwise."""
    if text.strip() == "0":
        return {}
    form: Form = {}
    at = 0
    while at < len(text):
        term = _TERM.match(text, at)
        if term is None or (at > 0 and not term.group(1)):
            raise ValueError(f"{text!r} is not a sum of measures")
        form = plus(form, {term.group(2): -1 if term.group(1) == "-" else 1})
        at = term.end()
    return form


def parse_identity(text: str) -> tuple[str, Form]:
    """Parse "net = gross + fees" to the derived measure and what it is derived from."""
    derived, equals, form = text.partition("=")
    if not equals:
        raise ValueError(f"{text!r} is not an identity")
    return derived.strip(), parse_form(form)


def plus(form: Form, other: Form, *, times: int = 1) -> Form:
    """Return form + times * other without the measures that cancel."""
    total = dict(form)
    for name, coefficient in other.items():
        total[name] = total.get(name, 0) + times * coefficient
    return {name: coefficient for name, coefficient in total.items() if coefficient}


def total(forms: Iterable[Form]) -> Form:
    """Return the sum of forms."""
    result: Form = {}
    for form in forms:
        result = plus(result, form)
    return result


def reduce(form: Form, definitions: Mapping[str, Form]) -> Form:
    """Return the form in which every derived measure is replaced by what it is derived from.

    Definitions must not be circular. Two forms are equal under the identities exactly when they
    reduce to the same form, because each identity defines one measure of its own.
    """
    derived = [name for name in form if name in definitions]
    while derived:
        name = derived[0]
        form = plus(plus(form, {name: form[name]}, times=-1), definitions[name], times=form[name])
        derived = [name for name in form if name in definitions]
    return form


def form_text(form: Form, order: Sequence[str]) -> str:
    """Return the form as text, added measures first, each group in the order given."""
    names = sorted(form, key=lambda name: (form[name] < 0, order.index(name)))
    text = ""
    for name in names:
        coefficient = form[name]
        sign = "-" if coefficient < 0 else "+"
        factor = "" if abs(coefficient) == 1 else f"{abs(coefficient)} "
        lead = f" {sign} " if text else ("-" if coefficient < 0 else "")
        text += f"{lead}{factor}{name}"
    return text or "0"
