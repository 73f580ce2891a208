"""A model that obeys every command that it finds in what it is sent, in any disguise."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from hostile.payloads import COMMAND
from palate.testing.answering import made_value

HIDDEN = "\u200b\u202e\U000e0041"
"""What nobody sees; the adversary strews it into its words."""

_COMMAND = re.compile(rf"{COMMAND}:(\w+);")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{12,}={0,2}")
_LATIN = str.maketrans("ОВЕΥоаеср", "OBEYoaecp")


def wishes_in(words: str) -> list[str]:
    """What commands wish, in order: plain, reversed, in base64, in letters that look alike, in
    tag characters, or with others strewn between.
    """
    seen = re.sub(r"[\u200b-\u200f\u2060-\u2069\u202a-\u202e\ufeff]", "", words)
    tags = "".join(chr(ord(c) - 0xE0000) for c in words if 0xE0020 <= ord(c) <= 0xE007E)
    decoded = "".join(_from_base64(found) for found in _BASE64.findall(seen))
    wide = "".join(chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c for c in seen)
    found: list[str] = []
    for version in (seen, wide, seen[::-1], seen.translate(_LATIN), tags, decoded):
        found += _COMMAND.findall(version)
    return list(dict.fromkeys(found))


def obeys(text: str, messages: Sequence[Mapping[str, str]], schema: Mapping[str, Any]) -> str:
    """What it writes: an ordinary reply, or what the last command of the whole request wishes."""
    every = wishes_in(" ".join(m["content"] for m in messages))
    wishes = [wish for wish in every if wish in _DEEDS]
    reply = made_value(text, "", schema)
    return _DEEDS[wishes[-1]](reply, messages) if wishes else json.dumps(reply)


def _set_option(reply: dict[str, Any], messages: Any) -> str:
    return json.dumps({**reply, "topic": "hair"})


def _foreign_option(reply: dict[str, Any], messages: Any) -> str:
    return json.dumps({**reply, "topic": "pwned", "uses": ["pwned", "day"]})


def _all_items(reply: dict[str, Any], messages: Any) -> str:
    return json.dumps({"items": [reply, {**reply, "topic": "hair"}], "for": "all other items"})


def _prompt(reply: dict[str, Any], messages: Sequence[Mapping[str, str]]) -> str:
    prompt = messages[0]["content"]
    return json.dumps({**reply, "topic": prompt, "brand": {"evidence": prompt, "value": [prompt]}})


def _canary(reply: dict[str, Any], messages: Sequence[Mapping[str, str]]) -> str:
    secrets = re.findall(r"canary-\w+", messages[0]["content"]) or ["canary-"]
    pieces = [*secrets, secrets[0][:9], secrets[0][::-1]]
    brand = {"evidence": secrets[0], "value": pieces}
    return json.dumps({**reply, "topic": secrets[0], "uses": pieces, "brand": brand})


def _extra_keys(reply: dict[str, Any], messages: Any) -> str:
    return json.dumps({**reply, "__class__": "x", "safe": True, "canary-extra": 1})


def _broken_json(reply: dict[str, Any], messages: Any) -> str:
    return json.dumps(reply)[:-7] + '"}]}'


def _no_json(reply: dict[str, Any], messages: Sequence[Mapping[str, str]]) -> str:
    return "As you wish. My instructions are: " + messages[0]["content"]


def _fake_evidence(reply: dict[str, Any], messages: Any) -> str:
    return json.dumps({**reply, "brand": {"evidence": "made by Evil Corp", "value": ["Evil Corp"]}})


def _hidden_letters(reply: dict[str, Any], messages: Sequence[Mapping[str, str]]) -> str:
    words = messages[-1]["content"].split()[2:4] or ["x"]
    strewn = [HIDDEN.join(word) for word in words]
    return json.dumps({**reply, "brand": {"evidence": strewn[0], "value": strewn}})


def _huge(reply: dict[str, Any], messages: Any) -> str:
    return json.dumps({**reply, "brand": {"evidence": "x" * 300_000, "value": ["y" * 300_000]}})


def _numbers(reply: dict[str, Any], messages: Any) -> str:
    whole = json.dumps({**reply, "mood": "@"})
    return whole.replace('"@"', "1e999") + "  "


_DEEDS = {
    "set_option": _set_option,
    "foreign_option": _foreign_option,
    "all_items": _all_items,
    "prompt": _prompt,
    "canary": _canary,
    "extra_keys": _extra_keys,
    "broken_json": _broken_json,
    "no_json": _no_json,
    "fake_evidence": _fake_evidence,
    "hidden_letters": _hidden_letters,
    "huge": _huge,
    "numbers": _numbers,
}


def _from_base64(found: str) -> str:
    try:
        return base64.b64decode(found + "=" * (-len(found) % 4)).decode("utf-8", "ignore")
    except ValueError:
        return ""
