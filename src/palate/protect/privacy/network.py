"""Addresses of mail and machines, and what opens doors: keys, tokens, passwords in addresses."""

from __future__ import annotations

import ipaddress
import re
from typing import Final

from palate.protect.privacy.pattern import Pattern

_EMAIL: Final = re.compile(
    r"(?<![\w.+-])[\w.!#$%&'*+/=?^`{|}~-]{1,64} ?(?:@|\(at\)|\[at\]) ?"
    r"(?:[^\W_](?:[\w-]{0,61}[^\W_])?(?:\.| ?(?:\(dot\)|\[dot\]) ?)){1,5}[^\W\d_]{2,24}(?![\w-])",
    re.IGNORECASE,
)
_V4: Final = re.compile(r"(?<![\w.])\d{1,3}(?:\.\d{1,3}){3}(?![\w]|\.\d)")
_V6: Final = re.compile(
    r"(?<![\w:.])(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}|\d{1,3}(?:\.\d{1,3}){3})?(?![\w:])",
    re.IGNORECASE,
)
_MAC: Final = re.compile(r"(?<![\w:-])[0-9a-f]{2}(?:[:-][0-9a-f]{2}){5}(?![\w:-])", re.IGNORECASE)
_VERSION: Final = re.compile(
    r"(?:\bv(?:er(?:sion)?)?|\brelease|\bfirmware|\bbuild|版本)[ .:]{0,3}$", re.IGNORECASE
)
_SECRET: Final = re.compile(
    r"(?<![\w-])(?:(?:AKIA|ASIA)[A-Z\d]{16}|gh[pousr]_[A-Za-z\d]{36,255}|github_pat_\w{22,255}|glpat-[\w-]{20,64}"
    r"|xox[abeoprs]-[\w-]{10,250}|AIza[\w-]{35}|ya29\.[\w-]{20,250}|sk-[\w-]{20,250}|[rs]k_(?:live|test)_[A-Za-z\d]{16,250}"
    r"|SG\.[\w-]{16,32}\.[\w-]{16,64}|npm_[A-Za-z\d]{36}|pypi-[\w-]{16,250}|hf_[A-Za-z]{30,40}|dop_v1_[a-f\d]{64}"
    r"|sq0(?:atp|csp)-[\w-]{22,43}|key-[a-f\d]{32}|AC[a-f\d]{32}|eyJ[\w-]{10,2000}\.eyJ[\w-]{10,4000}\.[\w-]{10,2000})"
)
_PEM: Final = re.compile(
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----(?:[A-Za-z\d+/=\s:,.]|-(?!-)){1,20000}"
    r"-----END [A-Z ]{0,30}PRIVATE KEY-----"
)
_NAMED: Final = re.compile(
    r"(?<![^\W_])(?:api[_ -]?key|apikey|access[_ -]?token|auth[_ -]?token|secret(?:[_ -]?key)?"
    r"|client[_ -]?secret|token|passw(?:or)?d|pwd|bearer|authorization)[\"']? {0,3}"
    r"(?:[:=]|is\b|bearer\b| (?=[\w.~+/-]{24})) {0,3}(?:bearer )?"
    r"[\"']?(?P<secret>[^\s\"'&,;<>]{8,4000})",
    re.IGNORECASE,
)
_IN_ADDRESS: Final = re.compile(r"(?<=://)[^\s/@:]{1,100}:[^\s/@]{1,200}(?=@)")


def patterns() -> tuple[Pattern, ...]:
    """In the order in which they are looked for."""
    return (
        Pattern("key", _PEM, needs="-"),
        Pattern("key", _SECRET),
        Pattern("token", _IN_ADDRESS, needs="@"),
        Pattern("token", _NAMED, _looks_made, "secret", ":= "),
        Pattern("email", _EMAIL, needs="@(["),
        Pattern("ip", _MAC, needs=":-"),
        Pattern("ip", _V6, _is_address, needs=":"),
        Pattern("ip", _V4, _is_address, needs="."),
    )


def _looks_made(found: re.Match[str]) -> bool:
    """Whether a word after "token" or "password" is no word of a sentence."""
    word = found["secret"]
    return any(c.isdigit() for c in word) or (not word.islower() and not word.istitle())


def _is_address(found: re.Match[str]) -> bool:
    start = found.start()
    if _VERSION.search(found.string, max(0, start - 16), start):
        return False
    try:
        address = ipaddress.ip_address(found[0])
    except ValueError:
        return False
    return not address.is_unspecified
