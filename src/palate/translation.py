"""What palate says, in another language: sentences that were made in English, looked up when they
are shown.

Files of a run, JSON and exceptions stay in English, so that one run can be read in any language and
by any tool. A catalogue (`translations/zh.po`, gettext's form) holds sentences with places in
braces, and a sentence is recognised by what stands between its places. Whatever no entry fits stays
as it is.
"""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from typing import Any, Final

from palate.errors import BadInput, nearest

ENGLISH: Final = "en"
LANGUAGES: Final[Mapping[str, str]] = {ENGLISH: "English", "zh": "中文"}
"""Code -> name of the language in itself."""

VARIABLES: Final = ("PALATE_LANG", "LC_ALL", "LC_MESSAGES", "LANG")
"""Variables of the environment that name a language, the first that is set counts."""

PLACE: Final = re.compile(r"\{(\w+)\}")
"""`{name}` is left as it is, `{NAME}` is translated too and may be empty, `{n}` and `{n2}` are
numbers, `{word}` has no blank and `{q}` no quotation mark."""

_NUMBER: Final = r"[-+\u2212\u2013]?\d[\d,.]*\d?(?:[ \u00a0\u202f]?%)?"
_KINDS: Final = {"n": _NUMBER, "word": r"\S+", "q": '[^"]+'}
_STRONG: Final = 12
"""Letters outside places from which on a pattern is recognised even where the text in one of its
places is not."""
_WORDS: Final = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")
_SENTENCES: Final = re.compile(r"(?<=[.!?])(?<!e\.g\.) (?=[A-Za-z0-9\"])")
_ENDS: Final = {".": "\u3002", ":": "\uff1a", "?": "\uff1f"}
"""Ends of a sentence in Latin letters -> their full-width forms."""
_BLANKS: Final = re.compile(r"[ \t\r\n\u00a0\u202f]+")
_HIDDEN: Final = re.compile(
    r'(<(script|style|pre|code|bdi(?! class="own")|svg(?= translate="no"))\b.*?</\2>|<!--.*?-->'
    r"|<[^>]+>)",
    re.DOTALL | re.IGNORECASE,
)
_SHOWN: Final = re.compile(r'\b(aria-label|title|alt|placeholder|data-tip|data-head)="([^"]*)"')
_LANG: Final = re.compile(r'(<html lang=")[^"]*(")')


@dataclass(frozen=True)
class Pattern:
    """A sentence with places.

    Attributes:
        regex: Matches the English sentence.
        literal: The longest run of it without a place.
        weight: Letters outside places; of two that match, the heavier one is meant.
        target: The other language's sentence, with the same places.
        ends_open: Whether a place that is copied is the last of it.
    """

    regex: re.Pattern[str]
    literal: str
    weight: int
    target: str
    ends_open: bool


@dataclass(frozen=True)
class _Found:
    """A sentence in the other language, and the weight and end of its entry."""

    text: str
    weight: float
    ends_open: bool


class Translator:
    """Sentences of one language.

    Args:
        entries: English sentence -> its translation, with the same places.
    """

    def __init__(self, entries: Mapping[str, str]) -> None:
        self._exact = {k: v for k, v in entries.items() if not PLACE.search(k)}
        made = (_pattern(k, v) for k, v in entries.items() if PLACE.search(k))
        self._patterns = sorted(made, key=lambda p: -p.weight)
        self._known: dict[str, str] = {}

    def plain(self) -> dict[str, Any]:
        """All that is looked up, for a page that draws itself: `exact`, sentence -> translation,
        and `patterns`, the heaviest first, each with regex, literal, weight, target, and whether
        it ends with a place that is copied.
        """
        patterns = [
            [p.regex.pattern.replace("(?P<", "(?<"), p.literal, p.weight, p.target, p.ends_open]
            for p in self._patterns
        ]
        return {"exact": self._exact, "patterns": patterns}

    def text(self, text: str) -> str:
        """The text with every line translated; what is not known stays.

        >>> Translator({"all test users": "全部测试用户"}).text("  All test users.")
        '  全部测试用户。'
        """
        return "\n".join(map(self._line, text.split("\n")))

    def page(self, page: str, language: str) -> str:
        """A page of HTML with its texts, tips and labels translated; names (`bdi`, but for those
        of class `own`, which palate made of words; drawings of them), code and scripts stay.
        """
        parts = _HIDDEN.split(page)
        # the expression has two groups: text, element, its name (or None), text ...
        shown = [self._html(part) for part in parts[0::3]]
        inner = [_SHOWN.sub(self._attribute, part) for part in parts[1::3]]
        whole = "".join(a + b for a, b in zip(shown, [*inner, ""], strict=True))
        return _LANG.sub(rf"\g<1>{language}\g<2>", whole, count=1)

    def _attribute(self, found: re.Match[str]) -> str:
        said = self.text(html.unescape(found[2]))
        return f'{found[1]}="{html.escape(said)}"'

    def _html(self, text: str) -> str:
        plain = _BLANKS.sub(" ", html.unescape(text))
        said = self._line(plain)
        return text if said == plain else html.escape(said)

    def _line(self, line: str) -> str:
        bare = line.strip()
        if not any(letter.isalpha() for letter in bare):
            return line
        start = line[: len(line) - len(line.lstrip())]
        end = line[len(line.rstrip()) :]
        return start + self._passage(bare) + end

    def _passage(self, text: str) -> str:
        if text not in self._known:
            self._known[text] = self._sentences(text) or self._sentence(text) or text
        return self._known[text]

    def _sentences(self, text: str) -> str | None:
        """Sentence by sentence; those in the other language follow each other without a blank.
        None for one sentence, and where the whole has an entry or none of them is known.
        """
        each = _SENTENCES.split(text)
        said = [self._sentence(one) for one in each]
        if len(each) == 1 or text in self._exact or not any(said):
            return None
        out = ""
        for one, other in zip(each, said, strict=True):
            blank = out and not (out[-1] in _ENDS.values() and other)
            out += (" " if blank else "") + (other or one)
        return out

    def _sentence(self, text: str) -> str | None:
        """With its end or without, by whichever entry says more of it; of one entry with a place at
        its end the place would take the point for its own.
        """
        whole = self._found(text)
        bare = self._found(text[:-1]) if text[-1] in _ENDS and len(text) > 1 else None
        if bare is None:
            return None if whole is None else whole.text
        if whole is None or (bare.weight, bare.ends_open) > (whole.weight, False):
            return bare.text + _ENDS[text[-1]]
        return whole.text

    def _found(self, text: str) -> _Found | None:
        forms = (text, text[0].lower() + text[1:], text[0].upper() + text[1:])
        for form in forms:
            if form in self._exact:
                return _Found(self._exact[form], math.inf, False)
        for pattern in self._patterns:
            for form in forms:
                match = pattern.regex.fullmatch(form) if pattern.literal in form else None
                said = self._filled(pattern, match.groupdict()) if match else None
                if said is not None:
                    return _Found(said, pattern.weight, pattern.ends_open)
        return None

    def _filled(self, pattern: Pattern, given: Mapping[str, str]) -> str | None:
        """The other sentence with its places filled; None where the pattern says so little that
        what stands in its places decides, and that is unknown.
        """
        said = dict(given)
        for name, text in given.items():
            if name.rstrip("0123456789").isupper() and text:
                said[name] = self._line(text)
                if pattern.weight < _STRONG and _WORDS.search(said[name]):
                    return None
        return PLACE.sub(lambda place: said[place[1]], pattern.target)


def translator(language: str) -> Translator | None:
    """The translator for a language; None for English.

    Raises:
        BadInput: There is no such language.
    """
    if language not in LANGUAGES:
        raise BadInput(
            f'"{language}" is no language that palate speaks',
            where="--lang",
            allowed=", ".join(LANGUAGES),
            next_step=nearest(language, LANGUAGES),
        )
    return None if language == ENGLISH else _translator(language)


def in_language(page: str, language: str) -> str:
    """A page of HTML in a language; see `Translator.page`.

    Raises:
        BadInput: There is no such language.
    """
    speaks = translator(language)
    return speaks.page(page, language) if speaks else page


def language_of(environment: Mapping[str, str]) -> str:
    """The language that the environment asks for; English where palate does not speak it.

    >>> language_of({"LANG": "zh_CN.UTF-8"}), language_of({"LANG": "de_DE"}), language_of({})
    ('zh', 'en', 'en')
    """
    named = next((environment[name] for name in VARIABLES if environment.get(name)), ENGLISH)
    code = re.split(r"[_.@-]", named)[0].lower()
    return code if code in LANGUAGES else ENGLISH


def entries_of(text: str) -> Iterator[tuple[str, str]]:
    r"""(msgid, msgstr) of a catalogue in gettext's form, without its head.

    >>> dict(entries_of('msgid "a"\nmsgstr ""\n"b"\n"c"'))
    {'a': 'bc'}
    """
    found: dict[str, str] = {}
    key = ""
    for line in [*text.splitlines(), 'msgid ""']:
        word, _, rest = line.partition(" ")
        if word == "msgid":
            if found.get("msgid") and found.get("msgstr"):
                yield found["msgid"], found["msgstr"]
            found = {}
        if word in ("msgid", "msgstr"):
            key, found[word] = word, json.loads(rest)
        elif line.startswith('"'):
            found[key] += json.loads(line)


@lru_cache(maxsize=4)
def _translator(language: str) -> Translator:
    file = resources.files("palate") / "translations" / f"{language}.po"
    return Translator(dict(entries_of(file.read_text(encoding="utf-8"))))


def _pattern(source: str, target: str) -> Pattern:
    pieces = PLACE.split(source)
    literals, names = pieces[0::2], pieces[1::2]
    regex = re.escape(literals[0])
    for name, literal in zip(names, literals[1:], strict=True):
        regex += f"(?P<{name}>{_kind(name)})" + re.escape(literal)
    longest = max(literals, key=len)
    letters = sum(letter.isalpha() for literal in literals for letter in literal)
    # a place that is translated knows the end of its own sentence
    open_end = not literals[-1] and not names[-1].rstrip("0123456789").isupper()
    return Pattern(re.compile(regex, re.DOTALL), longest, letters, target, open_end)


def _kind(name: str) -> str:
    kind = name.rstrip("0123456789")
    return _KINDS.get(kind, ".*?" if kind.isupper() else ".+?")
