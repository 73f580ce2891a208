"""Numbers of bank accounts (IBAN) and payment cards, by their checksums."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from stdnum import iban, luhn, numdb
from stdnum.iso7064 import mod_97_10

from palate.protect.privacy.national_ids import named_as_of_a_thing
from palate.protect.privacy.pattern import Pattern, digits

_ISSUERS: Final = re.compile(r"3|4|5|2[2-7]|6|8[12]|1800|2131")
"""First digits of cards of the large networks."""


def patterns() -> tuple[Pattern, ...]:
    """One for accounts, one for cards."""
    start = r"(?<![^\W_])(?=[A-Za-z]{2}[0-9]{2})"
    of_length = dict[int, list[str]]()
    for country, length in _lengths().items():
        of_length.setdefault(length, []).append(country)
    lengths = "|".join(
        rf"(?:{'|'.join(map(_either_case, countries))})(?:[ -]?[A-Za-z0-9]){{{length - 2}}}"
        for length, countries in of_length.items()
    )
    grouped = r"(?:[ -][A-Za-z0-9]{4}){2,7}(?:[ -][A-Za-z0-9]{1,3})?"
    other = rf"{start}[A-Za-z0-9]{{4}}(?:[A-Za-z0-9]{{11,30}}|{grouped})(?![^\W_])"
    return (
        Pattern(
            "iban",
            re.compile(rf"{start}(?:{lengths})(?![^\W_])"),
            _is_account,
            needs="0123456789",
        ),
        Pattern("iban", re.compile(other), _sums_up, needs="0123456789"),
        Pattern(
            "card",
            re.compile(r"(?<![\w.,])(?<!\d-)\d(?:[ -]?\d){11,18}(?![\w]|-\d|[.,]\d)"),
            _is_card,
            needs="0123456789",
        ),
    )


def _either_case(country: str) -> str:
    """Faster than an expression that looks at no case."""
    return "".join(f"[{letter}{letter.lower()}]" for letter in country)


@cache
def _lengths() -> dict[str, int]:
    """Country -> letters and digits of its accounts, as the register of IBANs says."""
    register = numdb.get("iban")
    found = dict[str, int]()
    for first in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
        for second in "ABCDEFGHIJKLMNOPQRSTUVWXYZ":
            said = register.info(first + second)[0][1].get("bban", "")
            if said:
                found[first + second] = 4 + sum(map(int, re.findall(r"(\d+)!", said)))
    return found


def _is_account(found: re.Match[str]) -> bool:
    return bool(iban.is_valid(found[0], check_country=False))


def _sums_up(found: re.Match[str]) -> bool:
    """By its checksum alone: a country that the register does not have."""
    return bool(mod_97_10.is_valid(_turned(found[0])))


def _turned(number: str) -> str:
    """The number with its country and check digits at the end, as the checksum reads it."""
    letters = "".join(c for c in number.upper() if c.isalnum())
    return letters[4:] + letters[:4]


def _is_card(found: re.Match[str]) -> bool:
    number = digits(found[0])
    return (
        _ISSUERS.match(number) is not None
        and not named_as_of_a_thing(found)
        and bool(luhn.is_valid(number))
    )
