"""Sentences with made personal data of sixteen countries, in many dresses, and numbers of things
that look like it.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from faker import Faker

LOCALES = (
    *("en_US", "en_GB", "de_DE", "fr_FR", "es_ES", "it_IT", "nl_NL", "pl_PL", "pt_BR", "zh_CN"),
    *("ja_JP", "sv_SE", "ru_RU", "ko_KR", "tr_TR", "en_IN"),
)
SAID: Mapping[str, tuple[str, ...]] = {
    "email": ("Write to {} for details.", "{}", "contact: {}, thanks", "Bitte an {} senden"),
    "phone": ("Call me at {}.", "Tel: {}", "my number is {} ok", "Reach us on {} after six"),
    "iban": ("Please transfer to {}.", "IBAN {}", "account {} at the bank"),
    "card": ("My card is {}.", "paid with {} yesterday", "{}"),
    "national id": ("SSN {}", "his id number is {}.", "national id: {}"),
    "ip": ("from {} at noon", "host {} was down"),
}
DRESSES: Mapping[str, Callable[[str], str]] = {
    "as it is": str,
    "capitals": str.upper,
    "full-width": lambda t: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in t),
    "invisible letters": "\u200b".join,
    "other blanks and dashes": lambda t: t.replace("-", "\u2011").replace(" ", "\u00a0"),
}


@dataclass(frozen=True)
class Planted:
    """A sentence with something that has to go."""

    kind: str
    dress: str
    text: str
    start: int
    end: int

    def hidden_by(self, spans: list[tuple[int, int]]) -> bool:
        """Whether no letter or digit of it is outside the spans."""
        hidden = {k for start, end in spans for k in range(start, end)}
        return all(k in hidden for k in range(self.start, self.end) if self.text[k].isalnum())


def planted(per_locale: int, seed: int, dresses: tuple[str, ...] = ("as it is",)) -> list[Planted]:
    """So many of each kind and country, in dresses drawn by chance."""
    rng = random.Random(seed)
    made = list[Planted]()
    for locale in LOCALES:
        faker = Faker(locale)
        faker.seed_instance(seed)
        makers: Mapping[str, Callable[[], str]] = {
            "email": faker.email,
            "phone": faker.phone_number,
            "iban": faker.iban,
            "card": faker.credit_card_number,
            "national id": faker.ssn,
            "ip": lambda faker=faker: faker.ipv4() if faker.pybool() else faker.ipv6(),
        }
        for _ in range(per_locale):
            for kind, make in makers.items():
                dress = rng.choice(dresses)
                value = DRESSES[dress](make())
                before, after = rng.choice(SAID[kind]).split("{}")
                text = before + value + after
                made.append(Planted(kind, dress, text, len(before), len(before) + len(value)))
    return made


def things(n: int, seed: int = 3) -> Iterator[str]:
    """Numbers of books, prices, parts, dates, sizes, versions, places, digests."""
    faker, rng = Faker("en_US"), random.Random(seed)
    faker.seed_instance(seed)
    shapes: tuple[Callable[[], str], ...] = (
        lambda: f"ISBN {faker.isbn13()}",
        lambda: f"The book {faker.isbn10()} is out",
        faker.isbn13,
        lambda: f"Price ${rng.uniform(1, 99999):,.2f}",
        lambda: f"costs {rng.randint(1, 999)}.{rng.randint(100, 999)},00 €",
        lambda: f"Part number {faker.bothify('??-####-###').upper()}",
        lambda: f"part {faker.numerify('###-####-##')}",
        lambda: faker.bothify("??####??").upper(),
        lambda: f"EAN {faker.ean13()}",
        lambda: f"{faker.date()} to {faker.date()}",
        lambda: f"version {faker.numerify('#.##.#.##')}",
        lambda: f"{rng.randint(10, 99)} x {rng.randint(10, 99)} x {rng.randint(10, 99)} cm",
        lambda: f"{faker.time()} {faker.date()}",
        lambda: f"{rng.randint(10**5, 10**7)} views",
        lambda: f"order #{rng.randint(10**8, 10**9)}",
        lambda: f"{rng.uniform(-90, 90):.6f}, {rng.uniform(-180, 180):.6f}",
        lambda: f"{rng.randint(10**9, 10**10 - 1)}",
        lambda: f"{faker.year()}-{faker.year()}",
        faker.sha1,
        faker.uuid4,
    )
    return (shapes[k % len(shapes)]() for k in range(n))


def hostile(size: int = 65536) -> dict[str, str]:
    """Texts of one length that are made of beginnings of what is looked for."""
    rng = random.Random(0)
    seeds = {
        "digits": "1",
        "digits and blanks": "1 ",
        "at signs": "a@",
        "dots": "1.",
        "colons": "ab:",
        "accounts": "DE89 ",
        "keys": "eyJ",
        "blocks": "-----BEGIN PRIVATE KEY-----",
        "full-width digits": "\uff11\uff12 ",
    }
    mixed = "".join(rng.choice("0123456789 -.()+@:abAB") for _ in range(size))
    return {name: (one * size)[:size] for name, one in seeds.items()} | {"all of them": mixed}
