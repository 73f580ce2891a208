"""Numbers that a state gives to a person, by their form, and by their check digits where they have
some (python-stdnum).
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from typing import Final, TypeAlias

from stdnum.iso7064 import mod_11_2

from palate.protect.privacy.pattern import Pattern, digits, said_before

Check: TypeAlias = Callable[[str], bool]
"""Whether a number of that form is one."""


def _by(module: str) -> Check:
    """The check of a module of stdnum, which is imported when a number is first looked at."""

    def check(number: str) -> bool:
        return bool(importlib.import_module(f"stdnum.{module}").is_valid(number))

    return check


def _some_digit(number: str) -> bool:
    """There are no check digits."""
    return digits(number).strip("0") != ""


def _chinese(number: str) -> bool:
    """By its check digit alone: the register of counties changes."""
    return bool(mod_11_2.is_valid(number.replace(" ", "").upper()))


_SAYS_SO: Final = re.compile(
    r"\b(?:ssn|social security|national (?:id|insurance)|tax (?:id|number)"
    r"|id(?:entity)? ?(?:card|no|number)|passport|personal (?:id|no|number)|nino|bsn"
    r"|steuer-?(?:id|nummer)|pesel|cpf|inn|aadhaar|nir|dni|nie|nif"
    r"|codice fiscale|personnummer|cpr|hetu|egn|cnp|rrn|tc kimlik|ahv|avs)\b"
    r"|инн|снилс|身份证|個人番号|マイナンバー|주민등록",
    re.IGNORECASE,
)
_OF_THINGS: Final = re.compile(
    r"(?:\b(?:isbn|ean|upc|gtin|sku|asin|part|item|model|order|invoice|serial|article|art|ref|lot|batch"
    r"|price|catalog(?:ue)?|product|version|tracking)\b|#|№)[^\w]{0,4}(?:no|nr|number|code|id)?[^\w]{0,4}$",
    re.IGNORECASE,
)
"""What stands right before a number of a thing."""

_WITH_DIGITS: Final[tuple[tuple[str, Check, bool], ...]] = (
    # (expression, check, whether its form alone says enough)
    (r"\d{3}[- ]\d{2}[- ]\d{4}", _some_digit, True),  # United States
    (r"[12] ?\d{2} ?\d{2} ?(?:\d{2}|2[AB]) ?\d{3} ?\d{3} ?\d{2}", _by("fr.nir"), True),
    (r"\d{8}[- ]?[A-Z]", _by("es.dni"), True),
    (
        r"[1-9]\d{5} ?(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]) ?\d{3}[\dX]",
        _chinese,
        True,
    ),
    (r"\d{6}-[1-8]\d{6}", _some_digit, True),  # Korea: newer ones have no check digit
    (r"(?:19|20)?\d{6}[-+]\d{4}", _by("se.personnummer"), True),
    (r"\d{6}[-+A-FU-Y]\d{3}[\dA-Y]", _by("fi.hetu"), True),
    (r"\d{3}\.\d{3}\.\d{3}-\d{2}", _by("br.cpf"), True),
    (r"756[. ]?\d{4}[. ]?\d{4}[. ]?\d{2}", _by("ch.ssn"), True),
    (r"\d{4}[ -]\d{4}[ -]\d{4}", _by("in_.aadhaar"), True),
    (r"\d{2} \d{3} \d{3} \d{3}", _by("de.idnr"), True),
    (r"\d{6}[ -]?\d{4}", _by("dk.cpr"), False),
    (r"\d{3}[ -]\d{3}[ -]\d{3}", _by("ca.sin"), False),
    (r"\d{11}", _by("pl.pesel"), True),
    (r"\d{11}", _by("br.cpf"), True),
    (r"\d{11}", _by("tr.tckimlik"), True),
    (r"\d{11}", _by("no.fodselsnummer"), True),
    (r"\d{12}", _by("ru.inn"), True),
    (r"\d{6,14}", _some_digit, False),
)
_WITH_LETTERS: Final[tuple[tuple[str, Check, bool], ...]] = (
    (r"[A-Z]{2} ?\d{2} ?\d{2} ?\d{2} ?[A-DFMPT]", _some_digit, True),  # United Kingdom
    (
        r"[A-Z]{6} ?[\dL-V]{2} ?[A-EHLMPRST] ?[\dL-V]{2} ?[A-Z][\dL-V]{3} ?[A-Z]",
        _by("it.codicefiscale"),
        True,
    ),
    (r"[XYZ][- ]?\d{7}[- ]?[A-Z]", _by("es.nie"), True),
    (r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z\d]\d", _by("mx.curp"), True),
    (r"[A-Z]{5}\d{4}[A-Z]", _by("in_.pan"), False),
)


def patterns() -> tuple[Pattern, ...]:
    """One for numbers that begin with a letter, one for others."""
    return _pattern("(?=[A-Z])", _WITH_LETTERS), _pattern(r"(?=\d)", _WITH_DIGITS)


def named_as_of_a_thing(found: re.Match[str]) -> bool:
    """Whether a word right before says that it is the number of an article, an order, a price."""
    start = found.start()
    return _OF_THINGS.search(found.string, max(0, start - 24), start) is not None


def _pattern(start: str, forms: tuple[tuple[str, Check, bool], ...]) -> Pattern:
    each = [(re.compile(form, re.IGNORECASE), check, enough) for form, check, enough in forms]
    either = "|".join(dict.fromkeys(form for form, _, _ in forms))

    def holds(found: re.Match[str]) -> bool:
        said = said_before(found, _SAYS_SO)
        alone = not named_as_of_a_thing(found)
        return any(
            (said or (enough and alone)) and form.fullmatch(found[0]) and check(found[0])
            for form, check, enough in each
        )

    expression = rf"(?<![\w+.,])(?<!\w-){start}(?:{either})(?![\w]|-\w|[.,]\d)"
    return Pattern("national id", re.compile(expression, re.IGNORECASE), holds, needs="0123456789")
