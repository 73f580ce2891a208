"""Labels of all items as named columns, out of a few hundred that somebody gave."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Self, TypeAlias

import numpy as np
import polars as pl

from palate import config
from palate.arrays import Doubles, Rows
from palate.capabilities import (
    KeepsIds,
    Knowledge,
    KnowsUntil,
    MadeOf,
    ReadsFields,
    ReadsFiles,
    TellsTables,
)
from palate.encode.attributes.columns import AttributeColumns
from palate.encode.attributes.local.known import KnownAnswers, known_answers, sampled_lesson
from palate.encode.attributes.local.sentences import encoder_identity, has_vector, unit_vectors
from palate.encode.attributes.local.zero_shot import label_answer, labels_answer
from palate.encode.attributes.records import (
    Asking,
    CachesRecords,
    meter_of,
)
from palate.encode.attributes.untrusted import cleaned
from palate.encode.attributes.wanted import Wanted, wanted
from palate.encode.content import chosen_fields, digest_of, digest_of_rows, texts_of
from palate.encode.labels.copies import ChangedCopies, paraphrases_by
from palate.encode.labels.given import GivenLabels, KnownLabels, LabelReading
from palate.encode.labels.label_file import read_labels
from palate.encode.labels.label_table import LabelledItems, label_findings, label_table, too_few
from palate.encode.labels.self_training import LearntLabels, learn_labels
from palate.encode.labels.settings import LEAST, SemiSupervisedSettings
from palate.encode.labels.stored import LearntQuestions
from palate.encode.labels.text_space import TextSpace
from palate.errors import BadInput, BadRecipe
from palate.part_state import PartState, fitted, state_of, texts
from palate.seeding import generator
from palate.store import Artefact, digest
from palate.tables import Block, Catalogue, Origin, Vocabulary
from palate.tables.questions import Answer, Answers, Lesson, Question

Taught: TypeAlias = tuple[Rows, Mapping[str, KnownAnswers]]
"""Rows of items that a teacher answered for, and its answers."""


class SemiSupervised(
    CachesRecords, KeepsIds, KnowsUntil, MadeOf, ReadsFields, ReadsFiles, TellsTables
):
    """A few hundred labels in, probabilities for all items out, and sets that say what is open.

    Each text is encoded once; a small classifier learns the labels of training items, is taught on
    its own surest answers where that helps, and its probabilities are calibrated on labels that it
    did not see. The columns are those of `attributes.llm.v1`: probabilities less their mean over
    the training items. In the table for people an answer stands only where the prediction set
    holds one option; else the item is unknown, and the table says what it may be.

    A label of an item that training does not know is what this item says of itself, and teaches
    nothing. Where there is only a provider and no label, `answers.taught.v1` in `attributes.llm.v1`
    answers questions of all kinds, without sets.

    Args:
        settings: See `SemiSupervisedSettings`.

    Cost: each text encoded once; `folds + 1` fits of a second or less, twice with self-training.

    Yarowsky, Unsupervised word sense disambiguation rivaling supervised methods, ACL 1995.
    """

    Settings = SemiSupervisedSettings
    name: ClassVar[str] = "labels.semi_supervised.v1"
    reads_files: ClassVar[tuple[str, ...]] = ("labels",)
    inner: ClassVar[Mapping[str, tuple[str, ...]]] = {
        "encoder": ("encoder",),
        "teacher": ("provider",),
        "paraphraser": ("provider",),
    }

    def __init__(self, settings: SemiSupervisedSettings) -> None:
        self.settings = settings

    @property
    def wants(self) -> dict[str, Wanted]:
        """The table `want`, read."""
        return wanted(self.settings.want)

    def asking(self, catalogue: Catalogue) -> Asking:
        """Which questions the teacher would get; none is put."""
        everything = np.arange(len(catalogue), dtype=np.int32)
        teacher, most = self.part("teacher"), self.settings.sample
        meter = None if teacher is None else meter_of(teacher)
        given = self._given(catalogue)
        questions = [w.question(n, ("one option", "another")) for n, w in self.wants.items()]
        return Asking(
            self._texts(catalogue, self._chosen(catalogue, everything, given)),
            None,
            lambda found: None if meter is None else meter.estimate(found[:most], questions),
            self._note(most if teacher is not None else 0),
        )

    def _note(self, most: int) -> str:
        note = f"the teacher answers for {most} items" if most else "learnt from labels"
        paraphrased = self.part("paraphraser") is not None
        return note + "; each labelled text is paraphrased in one request" * paraphrased

    def fit(self, catalogue: Catalogue, rows: Rows) -> Self:
        """Learn from the labels of the items `rows`.

        Raises:
            BadRecipe: The catalogue has no such field, or one of labels would be read as text.
            BadInput: There are fewer than `LEAST` labels, or the file of labels is none.
            PalateError: The teacher gave up.
        """
        known = np.unique(rows)
        self.given_ = self._given(catalogue)
        self.fields_ = self._chosen(catalogue, rows, self.given_)
        ids = Vocabulary.of(catalogue.items.names(known))
        items = replace(catalogue, items=ids, fields=catalogue.fields[known])
        found = self._texts(items, self.fields_)
        questions = self._questions(items, self.given_)
        for question in questions:
            if len(question.options) < 2:
                raise too_few(question, 0, self.name)
        wide = self._vectors(found)
        space = TextSpace.learn(wide, self.settings.directions, self.settings.seed)
        vectors = space.columns(wide)
        taught = self._taught(Lesson(items, found, questions, self.settings.seed))
        copies = self._copies(found, space)
        learnt = {q.name: self._learnt(q, items, vectors, taught, copies) for q in questions}
        bare = LearntQuestions(
            questions,
            learnt,
            encoder_identity(self.part("encoder")),
            digest({"texts": digest_of(found), "rows": digest_of_rows(known)}),
            space,
        )
        self.learnt_ = bare
        answers = [a for a in self._answers(items, vectors) if a is not None]
        columns = AttributeColumns.learn(questions, self.wants, answers, 1)
        self.learnt_ = replace(bare, columns=columns)
        return self

    def encode(self, catalogue: Catalogue) -> Block:
        """Dense float32 [n_items, d]; columns are named `label=option`."""
        learnt: LearntQuestions = fitted(self, "learnt_")
        found = self._texts(catalogue, self.fields_)
        matrix, present = learnt.columns.encode(self._answers(catalogue, self._all_columns(found)))
        given = [
            [row and list(row) for row in self.given_.rows(q.name, catalogue)]
            for q in learnt.questions
        ]
        origin = Origin(
            self.name,
            (*self.fields_, *sorted(set(self.given_.fields.values()))),
            config.resolved(self.settings),
            learnt.digest(),
            digest([given, digest_of(found)]),
        )
        found_odd = label_findings(learnt, self.name)
        return Block("labels", matrix, present, origin, learnt.columns.names, findings=found_odd)

    def reading(self, items: Catalogue) -> LabelReading:
        """What there is to label, without learning anything of labels.

        Args:
            items: The training items.

        Raises:
            BadRecipe: The catalogue has no such field, or one of labels would be read as text.
        """
        given = GivenLabels.of((), list(self.wants), self._label_fields(items))
        everything = np.arange(len(items), dtype=np.int32)
        found = self._texts(items, self._chosen(items, everything, given))
        wide = self._vectors(found)
        space = TextSpace.learn(wide, self.settings.directions, self.settings.seed)
        questions = self._questions(items, given)
        return LabelReading(questions, found, space.columns(wide), given)

    def knowledge(self) -> Knowledge | None:
        """That of its teacher."""
        teacher: object = self.part("teacher")
        return teacher.knowledge() if isinstance(teacher, KnowsUntil) else None

    def tables(self, catalogue: Catalogue) -> Mapping[str, pl.DataFrame]:
        """`attributes`: value, confidence and source of each item's labels, and what they may be
        where that is open; see `palate.encode.attributes.answer_table.COLUMNS`.
        """
        learnt: LearntQuestions = fitted(self, "learnt_")
        vectors = self._all_columns(self._texts(catalogue, self.fields_))
        tables = []
        for question in learnt.questions:
            one = learnt.by_name[question.name]
            items = LabelledItems(
                has_vector(vectors),
                one.probabilities(vectors),
                *one.may_be(vectors),
                self.given_.known(question, catalogue),
            )
            tables.append(label_table(catalogue.items.ids, question, items, self.name))
        return {"attributes": pl.concat(tables)}

    def state(self) -> Artefact:
        """The questions, what was learnt of each, and labels that the file gave, by item.

        Raises:
            Refused: The encoder has not been fitted.
        """
        learnt: LearntQuestions = fitted(self, "learnt_")
        arrays, facts = learnt.plain()
        ids, given = self.given_.plain()
        facts |= {"fields": list(self.fields_), "given": given}
        facts["label_fields"] = dict(self.given_.fields)
        return state_of(
            self, {**arrays, **texts("given_ids", ids)}, facts, elsewhere=("fields", "labels")
        )

    def load(self, state: Artefact) -> Self:
        """Take up what `state` gave, instead of `fit`; the file of labels is not read.

        Raises:
            BadInput: It is the state of another part or other settings, is not whole, or the
                sentence encoder at hand is another one.
        """
        kept = PartState.of(self, state)
        ids, given = kept.texts("given_ids"), kept.fact("given", list[dict[str, tuple[str, ...]]])
        if len(ids) != len(given):
            raise kept.damaged("it does not say whose labels it has")
        found = LearntQuestions.of(kept, self.settings.classifier)
        if found.encoder != encoder_identity(self.part("encoder")):
            raise BadInput(
                "the sentence encoder at hand is not the one that this was fitted with, so its"
                " vectors would mean something else",
                where=self.name,
                next_step="give back the model that it had, or fit again",
            )
        self.learnt_ = found
        self.given_ = GivenLabels.again(ids, given, kept.fact("label_fields", dict[str, str]))
        self.fields_ = kept.fact("fields", tuple[str, ...])
        return self

    def without_ids(self, state: Artefact, ids: Collection[str]) -> Artefact:
        """The state without the labels of these items."""
        kept = PartState.of(self, state)
        known, given = kept.texts("given_ids"), kept.fact("given", list[dict[str, Any]])
        left = [(i, by) for i, by in zip(known, given, strict=True) if i not in ids]
        arrays = {**state.arrays, **texts("given_ids", [i for i, _ in left])}
        return Artefact(arrays, {**state.facts, "given": [by for _, by in left]})

    def _given(self, catalogue: Catalogue) -> GivenLabels:
        path = self.settings.labels
        labels = read_labels(Path(path)) if path else ()
        return GivenLabels.of(labels, list(self.wants), self._label_fields(catalogue))

    def _questions(self, items: Catalogue, given: GivenLabels) -> tuple[Question, ...]:
        return tuple(
            w.question(n, given.options(n, items, w.most) if w.proposes else ())
            for n, w in self.wants.items()
        )

    def _label_fields(self, catalogue: Catalogue) -> dict[str, str]:
        fields = dict(self.settings.label_fields)
        for name in fields.values():
            catalogue.column(name, where="label_fields")
        own = {n: n for n in self.wants if n not in fields and n in catalogue.fields.columns}
        return {**own, **fields}

    def _chosen(self, catalogue: Catalogue, rows: Rows, given: GivenLabels) -> tuple[str, ...]:
        """Fields to read; a field of labels would be an answer that tells itself."""
        held = set(given.fields.values())
        both = sorted(held & set(self.settings.fields))
        if both:
            raise BadRecipe(
                f'the field "{both[0]}" holds labels, and would be read as text too',
                where="fields",
                allowed="fields that every item has",
                next_step="leave it out of fields, or of label_fields",
            )
        if self.settings.fields:
            return chosen_fields(catalogue, self.settings.fields, rows)
        others = replace(catalogue, fields=catalogue.fields.drop(held))
        return chosen_fields(others, (), rows)

    def _texts(self, catalogue: Catalogue, fields: tuple[str, ...]) -> list[str | None]:
        found = texts_of(catalogue, fields, self.settings.layout)
        return [None if t is None else cleaned(t, len(t) + 1) or None for t in found]

    def _vectors(self, found: Sequence[str | None]) -> Doubles:
        return unit_vectors(self.part("encoder"), found, self.answered.cache)

    def _all_columns(self, found: Sequence[str | None]) -> Doubles:
        return self.learnt_.space.columns(self._vectors(found))

    def _taught(self, lesson: Lesson) -> Taught:
        """Rows of the lesson that the teacher answered for, and its answers."""
        teacher = self.part("teacher")
        if teacher is None:
            return np.zeros(0, np.int32), {}
        drawn = sampled_lesson(replace(lesson, request=self.answered.answers), self.settings.sample)
        return lesson.items.items.rows(drawn.items.items.ids), known_answers(drawn, teacher, {})

    def _known(self, question: Question, items: Catalogue, taught: Taught) -> KnownLabels:
        """What a person said of the items, and, of others, the teacher."""
        one = self.given_.known(question, items)
        rows, answers = taught
        if question.name not in answers:
            return one
        said = answers[question.name]
        new = said.known & ~one.known[rows]
        known, values = one.known.copy(), one.values.copy()
        known[rows[new]], values[rows[new]] = True, said.values[new]
        return replace(one, known=known, values=values)

    def _learnt(
        self,
        question: Question,
        items: Catalogue,
        vectors: Doubles,
        taught: Taught,
        copies: ChangedCopies | None,
    ) -> LearntLabels:
        one, there = self._known(question, items, taught), has_vector(vectors)
        rows, others = (np.flatnonzero(there & k) for k in (one.known, ~one.known))
        if len(rows) < LEAST:
            raise too_few(question, len(rows), self.name)
        if len(others) > self.settings.pool:
            rng = generator(self.settings.seed, "items without a label", question.name)
            others = np.sort(rng.permutation(others)[: self.settings.pool])
        return learn_labels(
            question,
            vectors[rows],
            one.values[rows],
            one.drawn[rows],
            vectors[others],
            self.settings.how,
            None if copies is None else copies(rows, question.name),
        )

    def _copies(self, found: Sequence[str | None], space: TextSpace) -> ChangedCopies | None:
        """Of the texts; None where none are wanted."""
        s = self.settings
        if not s.augment.copies:
            return None
        said = paraphrases_by(self.part("paraphraser"), s.augment, self.answered.cache)

        def vectors(texts: Sequence[str]) -> Doubles:
            return space.columns(self._vectors(texts))

        return ChangedCopies.of(found, s.augment, said, self._vectors, vectors, s.seed)

    def _answers(self, catalogue: Catalogue, vectors: Doubles) -> list[Answers | None]:
        """Of each item; None where nothing is known."""
        said = [self._of_question(q, catalogue, vectors) for q in self.learnt_.questions]
        rows = list(zip(*said, strict=True)) if len(catalogue) else []
        return [None if all(a.unknown for a in row) else row for row in rows]

    def _of_question(
        self, question: Question, catalogue: Catalogue, vectors: Doubles
    ) -> list[Answer]:
        p = self.learnt_.by_name[question.name].probabilities(vectors)
        there = has_vector(vectors)
        if self.settings.keep_given:
            one = self.given_.known(question, catalogue)
            p, there = np.where(one.known[:, None], one.values, p), there | one.known
        made = label_answer if question.kind == "label" else labels_answer
        return [made(row) if known else Answer() for row, known in zip(p, there, strict=True)]
