"""Paraphrases of labelled texts by a language model: kept once written, and only those that hold
what their source holds.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

from palate.answering import Paraphrases, Spends
from palate.encode.attributes.paraphrasing import PROMPT
from palate.encode.row_cache import RowCache, key_of
from palate.encode.row_values import RECORD
from palate.encode.text.chinese import HAN

_NUMBER: Final = re.compile(r"(?<![A-Za-z\d])\d+(?:[.,:]\d+)*")
_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_START: Final = re.compile(r"(?:^|[.!?:;\u3002\uff01\uff1f\"\u201c(])\W*$")
_NOT: Final = re.compile(
    r"\b(?:not?|never|nor|none|nothing|without|hardly|cannot)\b|n['\u2019]t\b"
    r"|[\u4e0d\u6ca1\u65e0\u672a\u522b\u975e]",
    re.IGNORECASE,
)
"""Words that turn a sentence into its contrary; in Chinese: bu, mei, wu, wei, bie, fei."""
_SHORTEST, _LONGEST = 0.5, 2.0


def unfaithful(source: str, said: str) -> str:
    """What is wrong with a paraphrase; empty where nothing shows.

    Names and numbers have to be those of the source, all of them and no others; a source without
    a negation gets none, and one with keeps one; it is neither much shorter nor much longer, and
    not the source itself. A name is a word with a capital letter or a digit within a sentence, and
    in Chinese every word in Latin letters.

    Args:
        source: What somebody wrote.
        said: What a model made of it.

    >>> unfaithful("The Dell XT788 costs 30 euros.", "At 30 euros, you get the Dell XT788.")
    ''
    >>> unfaithful("The Dell costs 30 euros.", "The Dell is for 40 euros.")
    'numbers: 30, 40'
    >>> unfaithful("Nice food at a low price.", "Nice food at a low price in Rome.")
    'names: rome'
    """
    numbers = _differing(_NUMBER.findall(source), _NUMBER.findall(said))
    if numbers:
        return f"numbers: {', '.join(numbers)}"
    names = sorted((_names(source) - _words(said)) | (_names(said) - _words(source)))
    if names:
        return f"names: {', '.join(names)}"
    if bool(_NOT.search(source)) != bool(_NOT.search(said)):
        return "a negation came or went"
    before, after = _size(source), _size(said)
    if not _SHORTEST * before <= after <= _LONGEST * before:
        return "its length is another"
    return "it is the source" if _pieces(source) == _pieces(said) else ""


class FaithfulParaphrases:
    """Paraphrases of texts that pass `unfaithful`; no text is sent twice.

    Args:
        provider: Who writes.
        n: Paraphrases of each text.
        cache: Where they are kept; None: in memory alone.

    Attributes:
        written: How many the provider wrote, of all texts so far.
        dropped: How many of these were not faithful.
        cost: Of what was written now, in the currency of the provider's prices.
    """

    def __init__(self, provider: Paraphrases, n: int, cache: RowCache | None = None) -> None:
        self.written = self.dropped = 0
        self.cost = 0.0
        self._provider, self._n, self._cache = provider, n, cache
        self._known: dict[str, tuple[str, ...]] = {}

    def of(self, text: str) -> Sequence[str]:
        """The faithful ones of a text, distinct; empty where there is none.

        Raises:
            PalateError: The provider gave up; what it wrote until then is kept.
        """
        if text not in self._known:
            found = self._kept(text)
            sound = tuple(dict.fromkeys(one for one in found if not unfaithful(text, one)))
            self.written += len(found)
            self.dropped += len(found) - len(sound)
            self._known[text] = sound
        return self._known[text]

    def _kept(self, text: str) -> tuple[str, ...]:
        if self._cache is None:
            return tuple(self._write(text)["texts"])
        # all that changes them but the text; what is faithful is judged again at each look
        who: Any = self._provider
        identity = {
            "records": "paraphrases.v1",
            "provider": who.identity,
            "prompt": PROMPT,
            "n": self._n,
        }
        key = key_of(text.encode("utf-8", "surrogatepass"))
        with self._cache.table(identity, RECORD) as table:
            found = table.get([key]).get(key)
            if found is None:
                found = self._write(text)
                table.put([key], [found])
        return tuple(found["texts"])

    def _write(self, text: str) -> dict[str, Any]:
        started, meter = time.perf_counter(), self._provider
        before = meter.spent().cost if isinstance(meter, Spends) else 0.0
        texts = list(self._provider.paraphrases(text, self._n))
        cost = meter.spent().cost - before if isinstance(meter, Spends) else 0.0
        self.cost += cost
        return {"texts": texts, "seconds": time.perf_counter() - started, "cost": cost}


def _differing(one: Sequence[str], other: Sequence[str]) -> list[str]:
    a, b = Counter(one), Counter(other)
    return sorted((a - b) | (b - a))


def _words(text: str) -> set[str]:
    return {word.casefold() for word in _WORD.findall(HAN.sub(" ", text))}


def _names(text: str) -> set[str]:
    chinese = HAN.search(text) is not None
    plain = HAN.sub(lambda found: " " * len(found[0]), text)
    found = set()
    for match in _WORD.finditer(plain):
        word = match[0]
        if word.isdigit() or word == "I" or word.startswith(("I'", "I\u2019")):
            continue
        starts = _START.search(text[: match.start()]) is not None
        marked = any(c.isdigit() for c in word) or any(c.isupper() for c in word[1:])
        if marked or (word[0].isupper() and not starts) or (chinese and len(word) > 1):
            found.add(word.casefold())
    return found


def _pieces(text: str) -> list[str]:
    spaced = HAN.sub(lambda found: f" {' '.join(found[0])} ", text)
    return [word.casefold() for word in _WORD.findall(spaced)]


def _size(text: str) -> int:
    return max(len(_pieces(text)), 1)
