"""Telephone numbers as people write them in many countries."""

from __future__ import annotations

import re
from typing import Final

from stdnum import isbn

from palate.protect.privacy.national_ids import named_as_of_a_thing
from palate.protect.privacy.pattern import Pattern, digits, said_before

_MONEY: Final = "EUR|USD|GBP|zł|\u0440\u0443\u0431|kr|\u5143|\u5186|\uc6d0|€"
_NUMBER: Final = re.compile(
    r"(?<![\w+.,:/$€£¥])(?<![$€£¥] )(?<!\d[-/])(?<!\d:\d\d )"
    r"(?:\+ ?|00)?\(?\d(?:[ .\-()/]{0,2}\d){5,16}"
    r"(?:,? ?(?:x|ext\.?|extension|#) ?\d{1,6})?"
    rf"(?![\w€£¥%]|[-/.,]\d| ?(?:{_MONEY}))",
    re.IGNORECASE,
)
_SAYS_SO: Final = re.compile(
    r"\b(?:tele?(?:phone|fono|fon|phoon)?|phone|mobile?|cell|call(?:ing)?|ring|dial|text(?: me)?"
    r"|fax|sms|whatsapp|hotline|handy|anrufen|rufen|portable|appel\w*|llam\w*|m[oó]vil|celular"
    r"|cellulare|chiam\w*|ligu?e|bel|ring|komórk\w*|(?:my|your|h(?:is|er)) number|num[eé]ro|numer"
    r"|nummer|ara\w*|cep|contact|reach)\b"
    "|\u0442\u0435\u043b|\u0437\u0432\u043e\u043d|\u043c\u043e\u0431|电话|手机|電話|携帯|전화|연락",
    re.IGNORECASE,
)
"""Words for a telephone, Russian ones by their code points, which look like Latin letters."""
_DATE: Final = re.compile(
    r"(?:19|20)\d\d[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:0?[1-9]|[12]\d|3[01])"
    r"|(?:0?[1-9]|[12]\d|3[01])[-./ ](?:0?[1-9]|1[0-2])[-./ ](?:19|20)\d\d"
    r"|(?:19|20)\d\d ?- ?(?:19|20)\d\d"
)
_FORMS: Final = re.compile(
    r"\+.*|00[1-9].{6,}"
    r"|(?:[1-9] ?)?\(\d{1,5}\)[ .-]?\d.{3,}"  # an area in brackets
    r"|(?:1[ .-]?)?\d{3}[ .-]\d{3}[ .-]\d{4}.*"  # North America
    r"|\d{3}[ -]\d{3}[ -]\d{3}"  # Spain, Poland
    r"|[6-9]\d{2}(?: \d{2}){3}|[89]\d \d{3} \d{2} \d{2}"  # Spain
    r"|\d{2} 9?\d{4}-\d{4}"  # Brazil
    r"|[78][ -]?\(?\d{3}\)?[ -]?\d{3}[ -]?\d{2}[ -]?\d{2}|[78] \d{3} \d{3} \d{4}"  # Russia
    r"|1[3-9]\d[ -]?\d{4}[ -]?\d{4}"  # China, mobile
    r"|3[2-9]\d[ -]?\d{6,7}"  # Italy, mobile
    r"|[6-9]\d{4}[ -]\d{5}"  # India
    r"|0\d{8,13}|0(?=\d*[ .\-()/])\d(?:[ .\-()/]{0,2}\d){6,13}.*"  # with its leading 0
    r"|\d{3} \d \d{3}",  # Turkey, short
    re.IGNORECASE,
)


def patterns() -> tuple[Pattern, ...]:
    """One, for all countries."""
    return (Pattern("phone", _NUMBER, _is_phone, needs="0123456789"),)


def _is_phone(found: re.Match[str]) -> bool:
    number = found[0]
    said = digits(re.split("[x#e,]", number, maxsplit=1, flags=re.IGNORECASE)[0])
    if not 7 <= len(said) <= 16 or len(set(said)) == 1 or _DATE.fullmatch(number):
        return False
    if number.startswith("+"):
        return True
    if named_as_of_a_thing(found):
        return False
    if _FORMS.fullmatch(number) and not _of_a_book(number):
        return True
    return said_before(found, _SAYS_SO)


def _of_a_book(number: str) -> bool:
    """An ISBN: its last group is the check digit, or it has no groups."""
    groups = number.replace(" ", "-").split("-")
    return (len(groups) == 1 or len(groups[-1]) == 1) and bool(isbn.is_valid(number))
