"""Clusters of texts, named by the words that set them apart: the control of every vocabulary that a
language model proposes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any, ClassVar, Self

import numpy as np
from annotated_types import Ge, Gt, Le

from palate.answering import Learns, Proposes, ProposesGroups, ProposesSchema
from palate.arrays import Doubles, Longs
from palate.capabilities import MadeOf
from palate.encode.attributes.local.sentences import encoder_identity, products, unit_vectors
from palate.encode.attributes.local.zero_shot import label_answer, labels_answer, softmax
from palate.encode.attributes.proposing import groups_for
from palate.encode.attributes.schema import from_fields
from palate.encode.attributes.wanted import USUAL
from palate.encode.text.chinese import Chinese, cut, pieces, simplified
from palate.part_state import PartState, fitted, state_of
from palate.seeding import seed_of
from palate.store import Artefact, digest
from palate.tables.questions import Answer, Answers, Lesson, Question

_CHUNK = 512
_WORD = re.compile(r"\b[^\W\d_]{2,}\b")


@dataclass(frozen=True)
class ClustersSettings:
    """Settings of `answers.clusters.v1`."""

    encoder: Mapping[str, Any] = field(default_factory=lambda: {"part": "text.transformer.v1"})
    """The sentence encoder: a part that encodes single texts, and its settings."""

    words: Annotated[int, Ge(1), Le(5)] = 2
    """Words in the name of a cluster."""

    chinese: Chinese = "characters"
    """Names of Chinese texts are what stands between two signs, or, with `"words"`, the words of a
    dictionary (extra `chinese`)."""

    simplify: bool = False
    """Names have simplified Chinese characters (extra `chinese`)."""

    numbered: bool = False
    """Names are numbers instead of words: the control of the names themselves."""

    sharpness: Annotated[float, Gt(0)] = 20.0
    """How quickly probabilities go to 0 and 1 with the difference of the cosines."""


class Clusters(Learns, MadeOf, Proposes, ProposesGroups, ProposesSchema):
    """k-means over sentence vectors, each cluster named by class-based TF-IDF of its words.

    As a proposer it gives options to anybody; as a provider it answers only what it proposed
    itself, by the nearest centre. A list that a person or a language model wrote has better names;
    what those are worth shows beside this.

    Args:
        settings: See `ClustersSettings`.

    Cost: that of encoding each text once, and of k-means on the sample.

    Paper: M. Grootendorst, BERTopic: Neural topic modeling with a class-based TF-IDF procedure,
        arXiv:2203.05794 (2022).
    """

    Settings = ClustersSettings
    name: ClassVar[str] = "answers.clusters.v1"
    inner: ClassVar[Mapping[str, tuple[str, ...]]] = {"encoder": ("encoder",)}

    def __init__(self, settings: ClustersSettings = ClustersSettings()) -> None:
        self.settings = settings

    @property
    def identity(self) -> str:
        """The part, its settings, the encoder's weights and the centres."""
        s = self.settings
        centres = {n: [o, c.tolist()] for n, (o, c) in fitted(self, "centres_").items()}
        encoder = encoder_identity(self.part("encoder"))
        return f"{self.name} {digest([encoder, s.sharpness, centres])}"

    def propose(
        self, texts: Sequence[str], question: Question, at_most: int, seed: int
    ) -> Sequence[str]:
        """Names of as many clusters, the largest first; of fewer where texts are few."""
        vectors = unit_vectors(self.part("encoder"), texts)
        members, centres = _clustered(vectors, min(at_most, len(texts)), seed)
        order = _by_size(members)
        names = self._names(texts, members, order)
        self._proposed()[question.name] = (names, centres[order])
        return names

    def propose_groups(
        self, texts: Sequence[str], question: Question, at_most: int, seed: int
    ) -> Mapping[str, Sequence[str]]:
        """Names of clusters within clusters (Ward's agglomeration, cut twice), the largest
        first.
        """
        vectors = unit_vectors(self.part("encoder"), texts)
        inner, outer = _nested(vectors, min(at_most, len(texts)), groups_for(at_most))
        centres = np.stack([vectors[inner == j].mean(axis=0) for j in range(inner.max() + 1)])
        order, order_outer = _by_size(inner), _by_size(outer)
        names = self._names(texts, inner, order)
        self._proposed()[question.name] = (names, _unit(centres)[order])
        above = _different([*names, *self._names(texts, outer, order_outer, "group")])[len(names) :]
        outer_of = {int(j): int(outer[inner == j][0]) for j in order}
        return {
            group: [name for name, j in zip(names, order, strict=True) if outer_of[int(j)] == g]
            for group, g in zip(above, order_outer.tolist(), strict=True)
        }

    def propose_schema(
        self,
        texts: Sequence[str],
        fields: Mapping[str, Sequence[Sequence[str]]],
        at_most: int,
        seed: int,
    ) -> Sequence[Mapping[str, Any]]:
        """Topics to be found by clustering, how glad a text sounds, and the fields whose values
        are few: what anything can be described by, without a language model.
        """
        usual = [{"name": name, **USUAL[name]} for name in ("topics", "mood")]
        return [*usual, *from_fields(fields)][:at_most]

    def learn(self, lesson: Lesson) -> Self:
        """Take up the centres of what it proposed; there is nothing else to learn."""
        there = {q.name: q.options for q in lesson.questions}
        self.centres_: dict[str, tuple[list[str], Doubles]] = {
            name: (list(there[name]), _centres_of(there[name], *found))
            for name, found in self._proposed().items()
            if set(there.get(name, ())) <= set(found[0]) and there.get(name)
        }
        return self

    def answers(
        self, texts: Sequence[str], questions: Sequence[Question]
    ) -> Iterator[tuple[int, Answers]]:
        """In the order of the texts."""
        learnt = fitted(self, "centres_")
        known = [q for q in questions if list(q.options) == learnt.get(q.name, ((), ()))[0]]
        known = [q for q in known if not q.evidence]
        for start in range(0, len(texts), _CHUNK):
            part = texts[start : start + _CHUNK]
            encoder = self.part("encoder")
            vectors = unit_vectors(encoder, part) if known else np.zeros((len(part), 1))
            shares = {
                q.name: softmax(self.settings.sharpness * products(vectors, learnt[q.name][1].T))
                for q in known
            }
            for row, vector in enumerate(vectors):
                yield start + row, tuple(_answer(q, shares, row, vector) for q in questions)

    def state(self) -> Artefact:
        """Names and centres.

        Raises:
            Refused: It has not learnt.
        """
        learnt = fitted(self, "centres_")
        arrays: dict[str, Any] = {f"centres{j}": c for j, (_, c) in enumerate(learnt.values())}
        return state_of(self, arrays, {"names": [[n, *o] for n, (o, _) in learnt.items()]})

    def load(self, state: Artefact) -> Self:
        """Take up names and centres, instead of `learn`.

        Raises:
            BadInput: It is the state of another part or other settings, or is not whole.
        """
        kept = PartState.of(self, state)
        self.centres_ = {
            name: (options, kept.array(f"centres{j}", np.float64, len(options), None))
            for j, (name, *options) in enumerate(kept.fact("names", list[list[str]]))
        }
        return self

    def _names(
        self, texts: Sequence[str], members: Longs, order: Longs, kind: str = "cluster"
    ) -> list[str]:
        """Of the clusters in this order, no two alike."""
        if self.settings.numbered:
            return [f"{kind} {j + 1}" for j in range(len(order))]
        names = _named(texts, members, len(order), self.settings)
        return _different([names[j] for j in order])

    def _proposed(self) -> dict[str, tuple[list[str], Doubles]]:
        if "proposed_" not in vars(self):
            self.proposed_: dict[str, tuple[list[str], Doubles]] = {}
        return self.proposed_


def _clustered(vectors: Doubles, k: int, seed: int) -> tuple[Longs, Doubles]:
    """The cluster of each vector, and float64 [k, d], centres of length one."""
    from sklearn.cluster import KMeans

    model = KMeans(k, n_init=4, random_state=seed_of(seed, "clusters") % 2**32)
    members = np.asarray(model.fit_predict(vectors), np.int64)
    return members, _unit(np.asarray(model.cluster_centers_, np.float64))


def _unit(centres: Doubles) -> Doubles:
    length = np.linalg.norm(centres, axis=1, keepdims=True)
    return np.asarray(centres / np.where(length > 0, length, 1.0))


def _nested(vectors: Doubles, k: int, k_outer: int) -> tuple[Longs, Longs]:
    """int64 [n], the cluster of each vector, and the wider one around it."""
    from scipy.cluster import hierarchy

    if len(vectors) < 2:
        return np.zeros(len(vectors), np.int64), np.zeros(len(vectors), np.int64)
    tree = hierarchy.linkage(vectors, "ward")
    inner, outer = (hierarchy.fcluster(tree, n, "maxclust") for n in (k, min(k, k_outer)))
    return inner.astype(np.int64) - 1, outer.astype(np.int64) - 1


def _by_size(members: Longs) -> Longs:
    """The clusters, the largest first."""
    sizes = np.bincount(members)
    return np.lexsort((np.arange(len(sizes)), -sizes))


def _named(texts: Sequence[str], members: Longs, k: int, settings: ClustersSettings) -> list[str]:
    """The words that are frequent in each cluster and rare in the others."""
    from sklearn.feature_extraction.text import CountVectorizer

    joined = ["\n".join(t for t, m in zip(texts, members, strict=True) if m == j) for j in range(k)]
    counter = CountVectorizer(analyzer=partial(_words, settings=settings))
    try:
        counts = np.asarray(counter.fit_transform(joined).todense(), np.float64)
    except ValueError:  # not one word in any text
        return [f"cluster {j + 1}" for j in range(k)]
    words = counter.get_feature_names_out()
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    weight = share * np.log1p(counts.sum() / k / counts.sum(axis=0))
    names = []
    for j, row in enumerate(weight):
        best = np.lexsort((np.arange(len(row)), -row))[: settings.words]
        names.append(" ".join(words[b] for b in best if row[b] > 0) or f"cluster {j + 1}")
    return names


def _words(text: str, settings: ClustersSettings) -> list[str]:
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    plain = simplified(text.lower()) if settings.simplify else text.lower()
    runs = _WORD.findall(plain)
    if settings.chinese == "words":
        runs = [w for run in runs for w in pieces(run, cut) if len(w) > 1]
    return [word for word in runs if word not in ENGLISH_STOP_WORDS]


def _different(names: Sequence[str]) -> list[str]:
    """The names, a number behind each that was there before."""
    out: list[str] = []
    for name in names:
        again = sum(kept == name or kept.startswith(f"{name} (") for kept in out)
        out.append(f"{name} ({again + 1})" if again else name)
    return out


def _centres_of(options: Sequence[str], names: Sequence[str], centres: Doubles) -> Doubles:
    return centres[[names.index(option) for option in options]]


def _answer(question: Question, shares: Mapping[str, Doubles], row: int, vector: Doubles) -> Answer:
    if question.name not in shares or not vector.any():
        return Answer()
    found = shares[question.name][row]
    return label_answer(found) if question.kind == "label" else labels_answer(found)
