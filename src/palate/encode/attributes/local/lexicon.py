"""How glad a text is, by a list of words with marks."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import PackageNotFoundError, version
from typing import Any, ClassVar, Literal

import numpy as np

from palate import config
from palate.encode.attributes.local.sentences import DIGITS
from palate.encode.attributes.local.zero_shot import label_answer
from palate.encode.text.chinese import simplified
from palate.optional import need
from palate.store import digest
from palate.tables.questions import Answer, Answers, Question

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_SHARP = 6.0


@dataclass(frozen=True)
class LexiconSettings:
    """Settings of `answers.lexicon.v1`."""

    questions: tuple[str, ...] = ()
    """The attributes that are about how glad a text is; empty: every scale, and every label whose
    options are among those of `sides`."""

    sides: Mapping[str, float] = field(
        default_factory=lambda: {
            "positive": 1.0,
            "neutral": 0.0,
            "negative": -1.0,
            "好评": 1.0,
            "差评": -1.0,
        }
    )
    """Option of a label -> where it lies between -1 and 1."""

    language: Literal["auto", "english", "chinese"] = "auto"
    """`"auto"`: Chinese where most letters are."""

    simplify: bool = False
    """Read traditional Chinese characters as simplified ones, which the list is in (extra
    `chinese`)."""


class Lexicon:
    """VADER's marks for English, SnowNLP's classifier of shopping reviews for Chinese.

    A scale is answered from end to end; a label by the option that lies nearest. It reads whole
    texts: of several aspects in one text it says the same of each.

    Args:
        settings: See `LexiconSettings`.

    Cost: thousands of sentences a second in English, about a thousand in Chinese.

    Paper: C. Hutto and E. Gilbert, VADER: A parsimonious rule-based model for sentiment analysis of
        social media text, ICWSM (2014).
    """

    Settings = LexiconSettings
    name: ClassVar[str] = "answers.lexicon.v1"

    def __init__(self, settings: LexiconSettings = LexiconSettings()) -> None:
        self.settings = settings

    @property
    def identity(self) -> str:
        """The part, its settings and the versions of the lists."""
        lists = [_version("vaderSentiment"), _version("snownlp")]
        return f"{self.name} {digest([config.resolved(self.settings), lists])}"

    def answers(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        """In the order of the texts."""
        for place, text in enumerate(texts):
            mark = self.mark(text)
            yield place, tuple(self._answer(q, mark) for q in questions)

    def mark(self, text: str) -> float | None:
        """Between -1 and 1; None where no word has a mark."""
        letters = [c for c in text if c.isalpha()]
        chinese = self.settings.language == "chinese" or (
            self.settings.language == "auto"
            and 2 * len(_CHINESE.findall(text)) > max(len(letters), 1)
        )
        if chinese:
            read = simplified(text) if self.settings.simplify else text
            return 2 * float(self._chinese(read).sentiments) - 1 if read.strip() else None
        marks = self._english.polarity_scores(text)
        return float(marks["compound"]) if marks["pos"] or marks["neg"] or marks["neu"] else None

    @cached_property
    def _english(self) -> Any:
        module = need(
            "vaderSentiment.vaderSentiment", extra="sentiment", purpose="mark English words"
        )
        return module.SentimentIntensityAnalyzer()

    @cached_property
    def _chinese(self) -> Any:
        return need("snownlp", extra="sentiment", purpose="mark Chinese texts").SnowNLP

    def _answer(self, question: Question, mark: float | None) -> Answer:
        s = self.settings
        meant = not s.questions or question.name in s.questions
        if mark is None or question.evidence or not meant:
            return Answer()
        if question.kind == "scale":
            low, high = question.ends
            return Answer(number=round(low + (high - low) * (mark + 1) / 2, DIGITS))
        if question.kind != "label" or not set(question.options) <= set(s.sides):
            return Answer()
        distance = np.array([abs(mark - s.sides[option]) for option in question.options])
        share = np.exp(-_SHARP * distance**2)
        return label_answer(share / share.sum())


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:  # it may not be needed for this language
        return ""
