"""Names in a text, as a tagger of named entities finds them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from palate import config
from palate.encode.attributes.checked import LONGEST
from palate.optional import need
from palate.store import digest
from palate.tables.questions import Answer, Answers, Question

USUAL: Mapping[str, tuple[str, ...]] = {
    "brand": ("ORG", "PRODUCT"),
    "organisation": ("ORG",),
    "person": ("PERSON",),
    "people": ("PERSON",),
    "place": ("GPE", "LOC", "FAC"),
    "country": ("GPE",),
    "event": ("EVENT",),
    "work": ("WORK_OF_ART",),
    "date": ("DATE",),
    "money": ("MONEY",),
}
"""Attribute -> the kinds of entities that are its values, where the recipe does not say."""


@dataclass(frozen=True)
class EntitiesSettings:
    """Settings of `answers.entities.v1`."""

    model: str = "en_core_web_sm"
    """A pipeline of spaCy that is installed, or its folder."""

    kinds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Attribute -> kinds of entities, as the pipeline calls them; `brand`, `person`, `place` and a
    few more have usual ones."""


class Entities:
    """Named entities, for attributes of kind `"text"`; all others stay unknown.

    Each value stands in the text, so it is its own evidence.

    Args:
        settings: See `EntitiesSettings`.

    Cost: about 300 titles a second on one core; no price.
    """

    Settings = EntitiesSettings
    name: ClassVar[str] = "answers.entities.v1"

    def __init__(self, settings: EntitiesSettings = EntitiesSettings()) -> None:
        self.settings = settings

    @property
    def identity(self) -> str:
        """The part, its settings, the pipeline's version and spaCy's."""
        meta = self.pipeline.meta
        facts = [
            config.resolved(self.settings),
            meta["name"],
            meta["version"],
            meta["spacy_version"],
        ]
        return f"{self.name} {digest(facts)}"

    @cached_property
    def pipeline(self) -> Any:
        """The loaded pipeline.

        Raises:
            MissingExtra: spaCy, or the pipeline's package, is not installed.
        """
        spacy = need("spacy", extra="entities", purpose="find named entities")
        unused = ["parser", "attribute_ruler", "lemmatizer", "tagger"]
        try:
            return spacy.load(self.settings.model, exclude=unused)
        except OSError:
            need(self.settings.model, extra="entities", purpose="find named entities")
            raise

    def answers(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        """In the order of the texts."""
        kinds = [
            self.settings.kinds.get(q.name, USUAL.get(q.name.lower(), ()))
            if q.kind == "text"
            else ()
            for q in questions
        ]
        for place, read in enumerate(self.pipeline.pipe(texts, batch_size=1)):
            found = [(e.label_, e.text.strip()) for e in read.ents]
            yield place, tuple(_answer(found, wanted) for wanted in kinds)


def _answer(found: Sequence[tuple[str, str]], kinds: Sequence[str]) -> Answer:
    fit = [text for label, text in found if label in kinds and text and len(text) <= LONGEST]
    words = tuple(dict.fromkeys(fit))
    return Answer(words=words, evidence=words)
