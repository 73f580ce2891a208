"""Named attributes of the items, as the one who answers questions about their texts sees them."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, ClassVar, Self, cast

import numpy as np
import polars as pl
from annotated_types import Ge

from palate import config
from palate.answering import Learns, Notices
from palate.arrays import Rows
from palate.capabilities import Knowledge, KnowsUntil, MadeOf, ReadsFields, TellsTables
from palate.encode.attributes.answer_table import answer_table, findings
from palate.encode.attributes.columns import AttributeColumns
from palate.encode.attributes.propose import proposals
from palate.encode.attributes.records import (
    AnswerRecord,
    Asking,
    CachesRecords,
    meter_and_most,
    plain_questions,
    questions_of,
    record_identity,
)
from palate.encode.attributes.untrusted import cleaned
from palate.encode.attributes.wanted import Wanted, wanted
from palate.encode.content import Layout, chosen_fields, digest_of, digest_of_rows, texts_of
from palate.errors import BadInput, PalateError
from palate.part_state import PartState, fitted, nested, state_of
from palate.stages import Provider
from palate.store import Artefact, digest
from palate.tables import Block, Catalogue, Origin, Vocabulary
from palate.tables.questions import Lesson, Question


@dataclass(frozen=True)
class LlmAttributesSettings:
    """Settings of `attributes.llm.v1`."""

    want: Mapping[str, Any] = field(default_factory=dict)
    """Name of an attribute -> `{kind, of, describe, from, to, evidence, at_most, levels}`: a
    `"label"` or `"labels"` of the options `of` (a table: options by what stands above them;
    `"propose"`: found among the training items), a `"scale"` `from` one number `to` another, or a
    `"text"`. A run needs one at least; without, `palate attributes propose` suggests some."""

    fields: tuple[str, ...] = ()
    """Fields of the catalogue to read; none means every text field."""

    layout: Layout = "joined"
    """`"joined"`: the texts one after the other; `"named"`: each after its field's name."""

    provider: Mapping[str, Any] = field(default_factory=lambda: {"part": "answers.zero_shot.v1"})
    """Who answers: a part of the stage `provider` and its settings."""

    proposer: Mapping[str, Any] = field(default_factory=dict)
    """Who finds the options of `of = "propose"`; empty: the provider itself."""

    sample: Annotated[int, Ge(1)] = 200
    """Training items that are read to find options, drawn by `seed`."""

    min_items: Annotated[int, Ge(1)] = 2
    """Training items that a value of a `"text"` attribute needs to become a column."""

    seed: int = 0
    """For the sample, and for whatever is random in a provider that learns."""

    def __post_init__(self) -> None:
        if self.want:
            wanted(self.want)


class LlmAttributes(CachesRecords, KnowsUntil, MadeOf, ReadsFields, TellsTables):
    """Attributes with names, as a provider answers: a language model, a classifier, a dictionary.

    Every answer is held against its question, and one that does not fit counts as unknown. The
    columns are the probabilities of the options, less their mean over the training items, which
    takes away what a provider says of every text; a scale is one column between 0 and 1, centred
    likewise; a text has a column for each frequent value. For vectors without names use
    `text.transformer.v1`; both beside each other tell more than one.

    What was answered is kept in the row cache under the text, the questions and the provider's
    identity. Options that are to be proposed, means, frequent values, and what a provider learns
    come from the training items alone.

    Args:
        settings: See `LlmAttributesSettings`.

    Cost: that of the provider, once for each distinct text.
    """

    Settings = LlmAttributesSettings
    name: ClassVar[str] = "attributes.llm.v1"
    inner: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "provider": ("provider",),
        "proposer": ("provider",),
    }

    def __init__(self, settings: LlmAttributesSettings = LlmAttributesSettings()) -> None:
        self.settings = settings

    @property
    def wants(self) -> dict[str, Wanted]:
        """The table `want`, read."""
        return wanted(self.settings.want)

    def asking(self, catalogue: Catalogue) -> Asking:
        """What it would ask about the items; no question is put, and nothing learnt.

        A service may be asked which model answers there, which its answers are kept under.
        """
        everything = np.arange(len(catalogue), dtype=np.int32)
        fields = chosen_fields(catalogue, self.settings.fields, everything)
        provider = self.part("provider")
        # options that are yet to be found take about as much room as these
        stand_in = tuple(f"option {j}" for j in range(1, 13))
        questions = [w.question(n, stand_in) for n, w in self.wants.items()]
        meter, most = meter_and_most(provider)
        notes = [] if meter is None else [meter.terms()]
        if most is not None:
            notes.insert(0, f"the teacher answers for {most} items at most")
        identity = None
        if isinstance(provider, Learns) or any(w.proposes for w in self.wants.values()):
            notes.insert(0, "decided by training; kept answers are not counted")
        else:
            try:
                identity = record_identity(provider, questions)
            except PalateError as trouble:
                # A service that is away does not keep a plan from being made.
                notes.insert(0, f"kept answers are not counted: {trouble.what}")
        return Asking(
            self._texts(catalogue, fields),
            identity,
            lambda texts: None if meter is None else meter.estimate(texts[:most], questions),
            "; ".join(notes),
        )

    def fit(self, catalogue: Catalogue, rows: Rows) -> Self:
        """Find options, let the provider learn, ask about the items `rows`, and learn their means.

        Raises:
            BadRecipe: The catalogue has no such field, or no one can propose options.
            BadInput: No answer is known of any training item.
            PalateError: The provider gave up.
        """
        self.fields_ = chosen_fields(catalogue, self.settings.fields, rows)
        known = np.unique(rows)
        ids = Vocabulary.of(catalogue.items.names(known))
        items = replace(catalogue, items=ids, fields=catalogue.fields[known])
        texts = self._texts(items, self.fields_)
        self.questions_ = self._questions(texts)
        self.provider_ = self._learnt(
            Lesson(items, texts, self.questions_, self.settings.seed, self.answered.answers)
        )
        records = self._records(texts)
        answers = [records[t].answers for t in texts if t is not None and t in records]
        self.columns_ = AttributeColumns.learn(
            self.questions_, self.wants, answers, self.settings.min_items
        )
        if not self.columns_.names or all(a.unknown for row in answers for a in row):
            raise BadInput(
                f"nothing is known of any of the {len(items)} training items",
                where=", ".join(self.fields_),
                allowed="answers to at least one question",
                next_step="name other fields, describe the attributes more plainly, or take"
                " another provider",
            )
        self.fitted_on_ = digest({"texts": digest_of(texts), "rows": digest_of_rows(known)})
        return self

    def encode(self, catalogue: Catalogue) -> Block:
        """Dense float32 [n_items, d]; columns are named `attribute=option`, or `attribute`."""
        columns: AttributeColumns = fitted(self, "columns_")
        texts = self._texts(catalogue, self.fields_)
        records = self._records(texts)
        answers = [None if t is None or t not in records else records[t].answers for t in texts]
        matrix, present = columns.encode(answers)
        origin = Origin(
            self.name,
            self.fields_,
            config.resolved(self.settings),
            digest([self.provider_.identity, plain_questions(self.questions_)]),
            digest({"texts": digest_of(texts), "fitted_on": self.fitted_on_}),
        )
        found = findings(texts, self.questions_, records, self.name)
        if isinstance(self.provider_, Notices):
            found = (*found, *self.provider_.notices())
        return Block("attributes.llm", matrix, present, origin, columns.names, findings=found)

    def knowledge(self) -> Knowledge | None:
        """That of its provider."""
        provider = self.part("provider")
        return provider.knowledge() if isinstance(provider, KnowsUntil) else None

    def tables(self, catalogue: Catalogue) -> Mapping[str, pl.DataFrame]:
        """`attributes`: value, confidence, evidence, source, time and cost of each item's
        attributes; see `palate.encode.attributes.answer_table.COLUMNS`.
        """
        fitted(self, "columns_")
        texts = self._texts(catalogue, self.fields_)
        ids = catalogue.items.ids
        source = str(self.settings.provider["part"])
        found = answer_table(ids, texts, self.questions_, self._records(texts), source)
        return {"attributes": found}

    def state(self) -> Artefact:
        """The questions with their options, the means, and what the provider learnt.

        Raises:
            Refused: The encoder has not been fitted.
        """
        facts: dict[str, Any] = {
            "fields": list(fitted(self, "fields_")),
            "questions": plain_questions(self.questions_),
            "columns": fitted(self, "columns_").plain(),
            "identity": self.provider_.identity,
            "fitted_on": self.fitted_on_,
        }
        learnt = Artefact({}, {})
        if isinstance(self.provider_, Learns):
            learnt = self.provider_.state()
        arrays, inner = nested("provider", learnt)
        return state_of(self, arrays, {**facts, **inner}, elsewhere=("fields",))

    def load(self, state: Artefact) -> Self:
        """Take up what `state` gave, instead of `fit`.

        Raises:
            BadInput: It is the state of another part or other settings, or the provider at hand is
                not the one that answered.
        """
        kept = PartState.of(self, state)
        self.questions_ = questions_of(kept.fact("questions", list[dict[str, Any]]))
        self.columns_ = AttributeColumns.of(
            self.questions_, kept.fact("columns", list[dict[str, Any]])
        )
        self.fitted_on_ = kept.fact("fitted_on", str)
        provider: Any = copy.copy(self.part("provider"))
        learnt = kept.inside("provider")
        loaded: Any = provider.load(learnt) if isinstance(provider, Learns) else provider
        self.provider_ = cast(Provider, loaded)
        if kept.fact("identity", str) != self.provider_.identity:
            raise BadInput(
                "the provider at hand is not the one that answered when this was fitted, so its"
                " answers would mean something else",
                where=self.name,
                allowed=kept.fact("identity", str)[:80],
                next_step="give back the model and the prompt that it had, or fit again",
            )
        self.fields_ = kept.fact("fields", tuple[str, ...])
        return self

    def _texts(self, catalogue: Catalogue, fields: tuple[str, ...]) -> list[str | None]:
        """What is read of each item, cleaned: evidence has to stand in this, letter by letter."""
        texts = texts_of(catalogue, fields, self.settings.layout)
        return [None if t is None else cleaned(t, len(t) + 1) or None for t in texts]

    def _questions(self, texts: Sequence[str | None]) -> tuple[Question, ...]:
        open_ones = {n: w for n, w in self.wants.items() if w.proposes}
        provider = self.part("proposer") or self.part("provider")
        found = proposals(open_ones, texts, provider, self.settings.sample, self.settings.seed)
        return tuple(w.question(n, found.get(n, ())) for n, w in self.wants.items())

    def _learnt(self, lesson: Lesson) -> Provider:
        # a part may be fitted twice, and what one fit learnt is nothing to the other; connections
        # and loaded weights are shared
        provider: Any = copy.copy(self.part("provider"))
        ready: Any = provider.learn(lesson) if isinstance(provider, Learns) else provider
        return cast(Provider, ready)

    def _records(self, texts: Sequence[str | None]) -> dict[str, AnswerRecord]:
        return self.answered.records(self.provider_, texts, self.questions_)
